"""OGC API Features, requirement by requirement, for each class that /conformance claims. The names are those of the standard."""

from __future__ import annotations

import re
from typing import Any

import pyproj
import pytest
import shapely
from fastapi.testclient import TestClient

from tests.ogc.conftest import GEOJSON, feature, ring

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


def links(told: dict[str, Any], rel: str) -> list[dict[str, str]]:
    return [link for link in told["links"] if link["rel"] == rel]


def path(href: str) -> str:
    assert href.startswith("http://testserver/ogc")
    return href.removeprefix("http://testserver")


@pytest.fixture
def told(client: TestClient, draft: int, orphans: list[str]) -> dict[str, Any]:
    """The landing page of a world with a draft and orphans."""
    answer = client.get("/ogc/")
    assert answer.status_code == 200
    landing: dict[str, Any] = answer.json()
    return landing


def test_core(client: TestClient, told: dict[str, Any]) -> None:
    """Part 1: root-success, api-definition, conformance, fc-md, sfc-md, fc-op, fc-limit, fc-response, f-op."""
    for rel in ("self", "alternate", "service-desc", "service-doc", "conformance", "data"):
        for link in links(told, rel):
            answer = client.get(path(link["href"]))
            assert answer.status_code == 200
            assert answer.headers["content-type"].split(";")[0] == link["type"].split(";")[0], link
    assert len(links(told, "conformance")) == 1
    listed = client.get("/ogc/collections").json()
    assert {one["id"] for one in listed["collections"]} >= {"communities", "branches", "territories", "orphans"}
    assert links(listed, "self")
    assert links(listed, "alternate")
    for one in listed["collections"]:
        alone = client.get(path(links(one, "self")[0]["href"])).json()
        assert (alone["id"], alone.get("extent"), alone["title"]) == (one["id"], one.get("extent"), one["title"])
        assert alone["itemType"] == "feature"
        for link in links(alone, "items"):
            answer = client.get(path(link["href"]))
            assert answer.status_code == 200
            assert answer.headers["content-type"].split(";")[0] == link["type"]
        page = client.get(f"/ogc/collections/{one['id']}/items").json()
        assert page["type"] == "FeatureCollection"
        assert page["numberReturned"] == len(page["features"]) == page["numberMatched"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", page["timeStamp"])
        for item in page["features"]:
            answer = client.get(f"/ogc/collections/{one['id']}/items/{item['id']}")
            assert answer.status_code == 200
            single = answer.json()
            assert {name: single[name] for name in item} == item
            assert {link["rel"] for link in single["links"]} == {"self", "alternate", "collection"}


@pytest.mark.parametrize(
    "query",
    [
        "x=1",
        "limit=0",
        "limit=-1",
        "limit=1.5",
        "limit=",
        "limit=ten",
        "bbox=1,2,3",
        "datetime=yesterday",
        "F=json",
        "f=xml",
    ],
)
def test_query_param_invalid(client: TestClient, query: str) -> None:
    """Part 1: /req/core/query-param-unknown, /req/core/query-param-invalid."""
    answer = client.get(f"/ogc/collections/communities/items?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"].startswith("OGC_PARAMETER_")
    assert answer.json()["description"]


def test_unknown_parameters_are_refused_everywhere(client: TestClient, told: dict[str, Any]) -> None:
    for place in (
        "",
        "conformance",
        "api",
        "collections",
        "collections/territories",
        "collections/territories/queryables",
    ):
        assert client.get(f"/ogc/{place}?nonsense=1").status_code == 400
    assert client.get("/ogc/collections/communities/items/C01?bbox=1,2,3,4").status_code == 400


def test_fc_limit_response(client: TestClient) -> None:
    """A limit beyond the maximum is the maximum; no more features than asked for."""
    for limit in ("10001", "9" * 400):
        assert client.get(f"/ogc/collections/communities/items?limit={limit}").json()["numberReturned"] == 6
    assert client.get("/ogc/collections/communities/items?limit=4").json()["numberReturned"] == 4


def test_fc_bbox_response(client: TestClient) -> None:
    def within(box: str, **more: str) -> list[str]:
        answer = client.get("/ogc/collections/communities/items", params={"bbox": box, **more})
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["features"]]

    assert within("120.001,30.001,120.002,30.002") == ["C01"]
    assert within("120.001,30.001,-100,120.002,30.002,9000") == ["C01"]
    assert within("120.01,30.001,120.01,30.002") == ["C01", "C02"]  # a line on a border touches both
    assert within("120.031,30.011,120.031,30.011") == ["C06"]
    assert within("170,20,121,40") == ["C01", "C02", "C03", "C04", "C05", "C06"]  # across the antimeridian
    assert within("121,20,119,40") == []
    # latitude first, as EPSG:4490 says
    assert within("30.001,120.001,30.002,120.002", **{"bbox-crs": f"{EPSG}4490"}) == ["C01"]
    assert within("120.001,30.001,120.002,30.002", **{"bbox-crs": CRS84}) == ["C01"]
    to_metres = pyproj.Transformer.from_crs(4490, 4549, always_xy=True)
    east, north = to_metres.transform(120.001, 30.001)
    box = f"{north},{east},{north + 50},{east + 50}"  # the zones put the northing first
    assert within(box, **{"bbox-crs": f"{EPSG}4549"}) == ["C01"]


def test_fc_time_response(client: TestClient) -> None:
    def at(text: str) -> int:
        answer = client.get("/ogc/collections/territories/items", params={"datetime": text})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["numberMatched"])

    assert at("2025-12-31") == 0
    assert at("2026-01-01") == 4
    assert at("2025-12-31T15:59:59Z") == 0
    assert at("2025-12-31T16:00:00Z") == 4  # the day begins in China
    assert at("2025-12-31T23:59:59.5+08:00") == 0
    assert at("../2025-12-31") == at("/2025-12-31") == 0
    assert at("2025-01-01/2026-01-01") == 4
    assert at("2030-01-01/..") == at("2030-01-01/") == 4
    # a collection without days takes no notice, but says what cannot be read
    assert client.get("/ogc/collections/communities/items?datetime=1999-01-01").json()["numberMatched"] == 6


def test_html(client: TestClient, told: dict[str, Any], draft: int) -> None:
    """Part 1, HTML: /req/html/definition, /req/html/content. No script, nothing from elsewhere."""
    for place in (
        "",
        "conformance",
        "api",
        "collections",
        "collections/territories",
        "collections/territories/queryables",
        "collections/communities/items",
        "collections/communities/items/C01",
        f"collections/territory-plan-{draft}/items",
    ):
        for answer in (
            client.get(f"/ogc/{place}?f=html"),
            client.get(f"/ogc/{place}", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}),
        ):
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert answer.text.startswith('<!doctype html><html lang="zh-CN">')
            assert "<script" not in answer.text
            assert re.findall(r'(?:src|href)="(?!http://testserver/ogc)', answer.text) == []
            assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "社区C01" in client.get("/ogc/collections/communities/items?f=html").text


def test_oas30(client: TestClient, told: dict[str, Any], draft: int) -> None:
    """Part 1, OpenAPI 3.0: what is defined is there, and every parameter of a filter is defined."""
    definition = client.get("/ogc/api").json()
    assert definition["openapi"].startswith("3.0.")
    assert definition["servers"] == [{"url": "http://testserver/ogc"}]
    known = definition["components"]["parameters"]
    assert known["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 10000, "default": 1000}
    operations = [
        operation["operationId"] for methods in definition["paths"].values() for operation in methods.values()
    ]
    assert len(operations) == len(set(operations))
    for where, methods in definition["paths"].items():
        concrete = where.replace("{collectionId}", "communities").replace("{featureId}", "nothing")
        assert client.get(f"/ogc{concrete}").status_code in (200, 404)
        for operation in methods.values():
            for parameter in operation["parameters"]:
                assert parameter.get("$ref", "").rpartition("/")[2] in known or parameter["in"] in ("query", "path")
    queryables = client.get("/ogc/collections/territories/queryables").json()["properties"]
    filters = {
        parameter["name"]
        for parameter in definition["paths"]["/collections/territories/items"]["get"]["parameters"]
        if "name" in parameter
    }
    assert filters == set(queryables) - {"geometry"}
    assert set(definition["paths"][f"/collections/territory-plan-{draft}/items/{{featureId}}"]) == {
        "get",
        "put",
        "delete",
    }
    assert set(definition["paths"]["/collections/territories/items"]) == {"get"}


def test_queryables(client: TestClient, told: dict[str, Any]) -> None:
    """Part 3: /req/queryables/*, /req/queryables-query-parameters/*."""
    for one in client.get("/ogc/collections").json()["collections"]:
        (link,) = [link for link in one["links"] if link["rel"] == "http://www.opengis.net/def/rel/ogc/1.0/queryables"]
        answer = client.get(path(link["href"]))
        assert answer.headers["content-type"] == "application/schema+json"
        schema = answer.json()
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["$id"] == f"http://testserver/ogc/collections/{one['id']}/queryables"
        assert schema["type"] == "object"
        assert schema["additionalProperties"] is False
        items = client.get(f"/ogc/collections/{one['id']}/items").json()["features"]
        for name in set(schema["properties"]) - {"geometry"}:
            for item in items[:1]:
                value = item["properties"][name]
                if value is None:
                    continue
                text = str(value).lower() if isinstance(value, bool) else str(value)
                found = client.get(f"/ogc/collections/{one['id']}/items", params={name: text}).json()
                assert item["id"] in [each["id"] for each in found["features"]]
                assert all(each["properties"][name] == value for each in found["features"])
    assert client.get("/ogc/collections/orphans/items?policyholder=王小明").status_code == 400


def test_crs(client: TestClient, told: dict[str, Any]) -> None:
    """Part 2: /req/crs/*: lists, storageCrs, parameter crs, bbox-crs, Content-Crs, the order of axes."""
    listed = client.get("/ogc/collections").json()
    assert listed["crs"][0] == CRS84
    assert len(listed["crs"]) == len(set(listed["crs"])) == 68
    assert all(one["crs"] == ["#/crs"] and one["storageCrs"] == f"{EPSG}4490" for one in listed["collections"])
    assert client.get("/ogc/collections/communities").json()["crs"] == listed["crs"]
    plain = client.get("/ogc/collections/communities/items/C02")
    assert plain.headers["content-crs"] == f"<{CRS84}>"
    base = shapely.from_geojson(plain.text)
    for uri in listed["crs"]:
        answer = client.get("/ogc/collections/communities/items/C02", params={"crs": uri})
        assert answer.headers["content-crs"] == f"<{uri}>"
        many = client.get("/ogc/collections/communities/items", params={"crs": uri, "code": "C02"})
        assert many.headers["content-crs"] == f"<{uri}>"
        assert many.json()["features"][0]["geometry"] == answer.json()["geometry"]
        # PROJ, told to keep to the definitions' axes, gives the same places
        code = "OGC:CRS84" if uri == CRS84 else f"EPSG:{uri.rpartition('/')[2]}"
        authority = pyproj.Transformer.from_crs("OGC:CRS84", code) if "4490" not in code else None
        given = shapely.get_coordinates(shapely.from_geojson(answer.text))
        for (lon, lat), (first, second) in zip(shapely.get_coordinates(base), given, strict=True):
            expected = authority.transform(lon, lat) if authority else (lat, lon)
            close = 1e-8 if abs(first) < 181 else 1e-3
            assert first == pytest.approx(expected[0], abs=close)
            assert second == pytest.approx(expected[1], abs=close)
    for name in ("crs", "bbox-crs"):
        for bad in ("EPSG:4490", f"{EPSG}2436", "", f"{EPSG}4490'--"):
            answer = client.get("/ogc/collections/communities/items", params={name: bad, "bbox": "1,1,2,2"})
            assert (answer.status_code, answer.json()["code"]) == (400, "OGC_CRS_UNKNOWN")


def test_create_replace_delete(client: TestClient, told: dict[str, Any], draft: int) -> None:
    """Part 4: /req/create-replace-delete/*, /req/features/*: OPTIONS, POST with Location, PUT, DELETE, Content-Crs."""
    items = f"/ogc/collections/territory-plan-{draft}/items"
    by = {"by": "李制图"}
    assert client.options(items).headers["allow"] == "GET, POST, OPTIONS"
    assert client.options(f"{items}/T-E3").headers["allow"] == "GET, PUT, DELETE, OPTIONS"
    assert client.options("/ogc/collections/communities/items").headers["allow"] == "GET, OPTIONS"
    assert client.options("/ogc/collections/communities/items/C01").headers["allow"] == "GET, OPTIONS"
    made = client.post(items, params=by, json=feature([ring(0, 0.01, 0.01, 0.02)], team_code="T-E3"), headers=GEOJSON)
    assert made.status_code == 201
    assert made.headers["location"] == f"http://testserver{items}/T-E3"
    got = client.get(path(made.headers["location"]))
    assert shapely.from_geojson(got.text).equals(shapely.box(120, 30.01, 120.01, 30.02))
    turned = [[[y, x] for x, y in ring(0, 0.02, 0.01, 0.02)]]
    body = {"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": [turned]}, "properties": {}}
    headers = {**GEOJSON, "Content-Crs": f"<{EPSG}4490>"}
    assert client.put(f"{items}/T-E3", params=by, json=body, headers=headers).status_code == 204
    got = client.get(f"{items}/T-E3")
    assert shapely.from_geojson(got.text).equals(shapely.box(120, 30.01, 120.02, 30.02))
    assert client.delete(f"{items}/T-E3", params=by).status_code == 204
    assert client.get(f"{items}/T-E3").status_code == 404
    assert client.delete(f"{items}/T-E3", params=by).status_code == 404
    assert client.put(f"{items}/T-E3", params=by, json=body, headers=headers).status_code == 404


def test_optimistic_locking_etags(client: TestClient, told: dict[str, Any], draft: int) -> None:
    """Part 4: /req/optimistic-locking-etags/*."""
    item = f"/ogc/collections/territory-plan-{draft}/items/T-E2"
    by = {"by": "李制图"}
    tag = client.get(item).headers["etag"]
    changed = feature([ring(0.020, 0.029, 0, 0.010)], team_code="T-E2")
    done = client.put(item, params=by, json=changed, headers={**GEOJSON, "If-Match": tag})
    assert done.status_code == 204
    newer = done.headers["etag"]
    assert newer == client.get(item).headers["etag"] != tag
    late = client.put(
        item, params=by, json=feature([ring(0.020, 0.028, 0, 0.010)]), headers={**GEOJSON, "If-Match": tag}
    )
    assert (late.status_code, late.json()["code"]) == (412, "TERRITORY_CHANGED")
    assert client.delete(item, params=by, headers={"If-Match": tag}).status_code == 412
    assert client.delete(item, params=by, headers={"If-Match": f'"nothing", {newer}'}).status_code == 204


def test_what_is_claimed_is_tested(client: TestClient) -> None:
    claimed = client.get("/ogc/conformance").json()["conformsTo"]
    tested = {
        "1/1.0/conf/core": test_core,
        "1/1.0/conf/geojson": test_core,
        "1/1.0/conf/html": test_html,
        "1/1.0/conf/oas30": test_oas30,
        "2/1.0/conf/crs": test_crs,
        "3/1.0/conf/queryables": test_queryables,
        "3/1.0/conf/queryables-query-parameters": test_queryables,
        "4/1.0/conf/create-replace-delete": test_create_replace_delete,
        "4/1.0/conf/features": test_create_replace_delete,
        "4/1.0/conf/optimistic-locking-etags": test_optimistic_locking_etags,
    }
    assert claimed == [f"http://www.opengis.net/spec/ogcapi-features-{name}" for name in tested]
