"""Nominatim (OpenStreetMap): `/search` with `format=jsonv2`, or `geocodejson` of an installation that speaks only that. WGS-84."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from geo.crs import Crs
from geo.providers.protocol import Access, Failure, Fault, Outcome, Question, Reply, Request
from geo.providers.reading import answer, document, first, member, number, word

_RANKS: Final = ((30, "DOOR"), (26, "ROAD"), (23, "COMMUNITY"), (17, "SUBDISTRICT"), (13, "DISTRICT"), (7, "CITY"))
"""Address rank at least …: its page "Place Ranking"; a house number or a named object has 30."""

_TYPES: Final = {
    "house": "DOOR", "building": "COMPOUND", "residential": "COMPOUND", "neighbourhood": "COMMUNITY", "quarter": "COMMUNITY",
    "village": "COMMUNITY", "hamlet": "COMMUNITY", "locality": "COMMUNITY", "road": "ROAD", "street": "ROAD", "highway": "ROAD",
    "suburb": "SUBDISTRICT", "town": "SUBDISTRICT", "township": "SUBDISTRICT", "city_district": "DISTRICT", "district": "DISTRICT",
    "county": "DISTRICT", "borough": "DISTRICT", "city": "CITY", "municipality": "CITY", "state": "NONE", "province": "NONE",
    "country": "NONE", "amenity": "POI", "shop": "POI", "office": "POI", "tourism": "POI", "leisure": "POI", "railway": "POI",
    "historic": "POI", "man_made": "POI", "place": "POI",
}  # fmt: skip
"""`addresstype` (and the `type` of geocodejson)."""

_NOT_A_DIVISION: Final = {"country", "country_code", "postcode", "house_number", "road", "amenity", "building", "shop"}


class Nominatim:
    """Nominatim: the parts of the address stand apart, since it finds 建国路 88号 but not 建国路88号."""

    name = "nominatim"
    title = "Nominatim"
    data = "osm"
    url = "https://nominatim.openstreetmap.org"
    needs_key = False
    rate = 1.0

    def request(self, question: Question, access: Access) -> Request:
        """`q` from coarse to fine; `addressdetails` for the divisions, `countrycodes` cn."""
        known = question.parts
        finest = [known.get("road", ""), known.get("number", "")] if known.get("road") else [known.get("estate", "")]
        parts = [known.get("city") or question.city, known.get("district", ""), *finest]
        query = " ".join(filter(None, parts)) if any(finest) else question.full
        asked = {
            "q": query,
            "format": "jsonv2",
            "addressdetails": "1",
            "limit": "1",
            "countrycodes": "cn",
            "accept-language": "zh-CN",
        }
        return Request(f"{access.url}/search?{urlencode(asked)}")

    def read(self, body: bytes) -> Outcome:
        """The first place of the list (jsonv2) or of `features` (geocodejson)."""
        value = document(body)
        if isinstance(value, list):
            return self._place(first(value)) if value else Failure(Fault.NOT_FOUND)
        features = member(value, "features")
        if isinstance(features, list):
            return self._feature(first(features)) if features else Failure(Fault.NOT_FOUND)
        said = member(value, "error")
        code = word(member(said, "code")) or (word(said) and "error")
        return Failure(Fault.QUESTION_REFUSED if code.startswith("4") else Fault.UNREADABLE, code)

    def refusal(self, reply: Reply) -> Failure | None:
        """403 is its usage policy: asking on would make it worse. The usual meaning fits."""
        return None

    @staticmethod
    def _place(place: Any) -> Outcome:
        kind, rank = word(member(place, "addresstype")), number(member(place, "place_rank"))
        level = _TYPES.get(kind)
        if level is None:
            level = "NONE" if rank is None else next((level for least, level in _RANKS if rank >= least), "NONE")
        if level == "POI" and word(member(place, "address", "house_number")):
            level = "DOOR"
        own = number(member(place, "importance"))
        return answer(
            member(place, "lon"),
            member(place, "lat"),
            Crs.WGS84,
            level,
            word(member(place, "place_rank")),
            own_confidence=None if own is None else min(1.0, max(0.0, own)),
            province=_divisions(member(place, "address")),
        )

    @staticmethod
    def _feature(feature: Any) -> Outcome:
        said = member(feature, "properties", "geocoding")
        point = member(feature, "geometry", "coordinates")
        lon, lat = (point[0], point[1]) if isinstance(point, list) and len(point) >= 2 else (None, None)
        stated = {name: member(said, name) for name in ("district", "county", "city", "state")}
        return answer(
            lon, lat, Crs.WGS84, _TYPES.get(word(member(said, "type")), "NONE"), "", province=_divisions(stated)
        )


def _divisions(address: Any) -> str:
    """What an address states, from coarse to fine, in one text: OSM calls a Chinese district city, county, suburb or
    city_district, so that only the names tell what is meant (`geo.providers.contradiction` reads them)."""
    if not isinstance(address, dict):
        return ""
    names = [
        word(value) for key, value in address.items() if key not in _NOT_A_DIVISION and not key.startswith("ISO3166")
    ]
    return "".join(dict.fromkeys(reversed(names)))
