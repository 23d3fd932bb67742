"""Answers as the providers document them, and the places that they mean."""

from __future__ import annotations

from typing import Any

import orjson

from geo.crs import Crs, convert

PLACE = (118.7300, 32.0100)
"""CGCS2000; 建邺区, 南京."""


def shifted(crs: Crs, place: tuple[float, float] = PLACE) -> tuple[float, float]:
    """The place as a provider of another system writes it."""
    lon, lat = convert([place[0]], [place[1]], Crs.CGCS2000, crs)
    return round(float(lon[0]), 6), round(float(lat[0]), 6)


def amap(place: tuple[float, float] = PLACE, **changes: Any) -> dict[str, Any]:
    lon, lat = shifted(Crs.GCJ02, place)
    geocode = {
        "formatted_address": "江苏省南京市建邺区庐山路188号", "country": "中国", "province": "江苏省", "citycode": "025", "city": "南京市",
        "district": "建邺区", "township": [], "neighborhood": {"name": [], "type": []}, "building": {"name": [], "type": []},
        "adcode": "320105", "street": "庐山路", "number": "188号", "location": f"{lon},{lat}", "level": "门牌号",
    } | changes  # fmt: skip
    return {"status": "1", "info": "OK", "infocode": "10000", "count": "1", "geocodes": [geocode]}


def amap_error(code: str, info: str) -> dict[str, Any]:
    return {"status": "0", "info": info, "infocode": code}


def baidu(place: tuple[float, float] = PLACE, **changes: Any) -> dict[str, Any]:
    lon, lat = shifted(Crs.BD09, place)
    result = {
        "location": {"lng": lon, "lat": lat},
        "precise": 1,
        "confidence": 80,
        "comprehension": 100,
        "level": "门址",
    }
    return {"status": 0, "result": result | changes}


def baidu_error(status: int, message: str) -> dict[str, Any]:
    return {"status": status, "message": message}


def tianditu(place: tuple[float, float] = PLACE, **changes: Any) -> dict[str, Any]:
    location = {
        "score": 100,
        "level": "门址",
        "lon": str(place[0]),
        "lat": str(place[1]),
        "keyWord": "南京市建邺区庐山路188号",
    }
    return {"msg": "ok", "location": location | changes, "searchVersion": "6.4.9V", "status": "0"}


def tencent(place: tuple[float, float] = PLACE, **changes: Any) -> dict[str, Any]:
    lon, lat = shifted(Crs.GCJ02, place)
    result = {
        "title": "庐山路188号", "location": {"lng": lon, "lat": lat}, "ad_info": {"adcode": "320105"},
        "address_components": {"province": "江苏省", "city": "南京市", "district": "建邺区", "street": "庐山路", "street_number": "188"},
        "similarity": 0.99, "deviation": 1000, "reliability": 7, "level": 9,
    } | changes  # fmt: skip
    return {"status": 0, "message": "Success", "request_id": "f2", "result": result}


def nominatim(place: tuple[float, float] = PLACE, **changes: Any) -> list[dict[str, Any]]:
    address = {
        "house_number": "188", "road": "庐山路", "suburb": "沙洲街道", "city": "建邺区", "state": "江苏省", "ISO3166-2-lvl4": "CN-JS",
        "postcode": "210019", "country": "中国", "country_code": "cn",
    }  # fmt: skip
    place_found = {
        "place_id": 1, "licence": "Data © OpenStreetMap contributors, ODbL 1.0.", "osm_type": "way", "osm_id": 2, "lat": str(place[1]),
        "lon": str(place[0]), "category": "building", "type": "yes", "place_rank": 30, "importance": 0.00001, "addresstype": "building",
        "name": "", "display_name": "188, 庐山路, 沙洲街道, 建邺区, 江苏省, 210019, 中国", "address": address,
    } | changes  # fmt: skip
    return [place_found]


def geocodejson(place: tuple[float, float] = PLACE, **changes: Any) -> dict[str, Any]:
    said = {
        "place_id": 1,
        "type": "house",
        "label": "188, 庐山路",
        "city": "南京市",
        "district": "建邺区",
        "state": "江苏省",
    } | changes
    feature = {
        "type": "Feature", "properties": {"geocoding": said}, "geometry": {"type": "Point", "coordinates": list(place)},
    }  # fmt: skip
    return {"type": "FeatureCollection", "geocoding": {"version": "0.1.0"}, "features": [feature]}


def photon(place: tuple[float, float] = PLACE, **changes: Any) -> dict[str, Any]:
    said = {
        "osm_id": 1,
        "type": "house",
        "street": "庐山路",
        "city": "南京市",
        "district": "建邺区",
        "state": "江苏省",
    } | changes
    return {"type": "FeatureCollection", "features": [{"geometry": {"coordinates": list(place)}, "properties": said}]}


def as_bytes(value: Any) -> bytes:
    return orjson.dumps(value)
