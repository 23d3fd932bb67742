"""Any geocoder that geopy knows, by its name there: Photon, ArcGIS, Pelias …

geopy builds the address and reads the answer; the fetch between them is ours, with its limits: its adapter first takes the
address down and later plays the body back. Nothing here opens a connection.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from geopy import adapters
from geopy.exc import (
    GeocoderAuthenticationFailure,
    GeocoderInsufficientPrivileges,
    GeocoderQueryError,
    GeocoderQuotaExceeded,
    GeocoderRateLimited,
    GeocoderServiceError,
    GeocoderTimedOut,
    GeocoderUnavailable,
    GeopyError,
)
from geopy.geocoders import SERVICE_TO_GEOCODER

from geo.crs import Crs
from geo.errors import GeoError
from geo.providers.protocol import Access, Failure, Fault, Outcome, Question, Reply, Request
from geo.providers.reading import answer, document, member, word

PREFIX: Final = "geopy:"

_LEVELS: Final = {
    "house": "DOOR", "pointaddress": "DOOR", "streetaddress": "DOOR", "address": "DOOR", "building": "COMPOUND", "venue": "POI", "poi": "POI",
    "street": "ROAD", "road": "ROAD", "streetname": "ROAD", "locality": "SUBDISTRICT", "neighbourhood": "COMMUNITY",
    "district": "DISTRICT", "county": "DISTRICT", "city": "CITY",
}  # fmt: skip
"""Words by which geocoders name the kind of a place; any other one is no level."""

_KIND_MEMBERS: Final = (
    ("properties", "type"), ("properties", "layer"), ("attributes", "Addr_type"), ("addresstype",), ("type",), ("resultType",),
)  # fmt: skip

_DIVISION_MEMBERS: Final = ("state", "region", "county", "city", "district", "localadmin", "borough")

_OSM: Final = {"photon", "nominatim", "pickpoint", "locationiq"}
"""Those that answer from OpenStreetMap, as `nominatim` does."""

_FAULTS: Final[tuple[tuple[type[Exception], Fault], ...]] = (
    (GeocoderRateLimited, Fault.BUSY),
    (GeocoderQuotaExceeded, Fault.QUOTA_SPENT),
    (GeocoderAuthenticationFailure, Fault.ACCESS_DENIED),
    (GeocoderInsufficientPrivileges, Fault.ACCESS_DENIED),
    (GeocoderQueryError, Fault.QUESTION_REFUSED),
    (GeocoderTimedOut, Fault.UNAVAILABLE),
    (GeocoderUnavailable, Fault.UNAVAILABLE),
    (GeocoderServiceError, Fault.UNAVAILABLE),
)


class UnknownGeocoderError(GeoError):
    """geopy has no geocoder of this name, or cannot make it of these options."""

    code = "GEOPY_UNKNOWN"
    zh = "geopy 没有这个名称的服务，或所给选项不合它的要求；请核对 GUIDAN_PROVIDERS 与 GUIDAN_GEOPY_OPTIONS。"
    en = "geopy has no geocoder of this name, or not with these options. Check GUIDAN_PROVIDERS and GUIDAN_GEOPY_OPTIONS."


class _Taken(Exception):
    """The address that geopy would fetch."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.url, self.headers = url, dict(headers)
        super().__init__("taken")


class _Adapter(adapters.BaseSyncAdapter):  # type: ignore[misc]
    """Takes the address down, or plays a body back where one is there."""

    body: bytes | None = None

    def get_json(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> Any:
        if self.body is None:
            raise _Taken(url, headers)
        return document(self.body)

    def get_text(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> str:
        if self.body is None:
            raise _Taken(url, headers)
        return self.body.decode("utf-8", "replace")


class ThroughGeopy:
    """One geocoder of geopy. `options` are the arguments of its class; `crs` among them says what its coordinates are in
    (default WGS-84; 百度's are BD-09). Raises `UnknownGeocoderError`.
    """

    needs_key = False
    rate = 1.0

    def __init__(self, service: str, options: Mapping[str, Any] | None = None) -> None:
        chosen = dict(options or {})
        kind = SERVICE_TO_GEOCODER.get(service)
        self.name = PREFIX + service
        self.title = f"geopy {kind.__name__ if kind else service}"
        self.data = "osm" if service in _OSM else "baidu" if service.startswith("baidu") else self.name
        try:
            self.crs = Crs(chosen.pop("crs", Crs.BD09 if service.startswith("baidu") else Crs.WGS84))
            chosen.setdefault("user_agent", "guidan")
            self._made: Any = kind(adapter_factory=_Adapter, **chosen) if kind else None
        except (GeopyError, TypeError, ValueError) as error:
            raise UnknownGeocoderError from error
        if self._made is None or not isinstance(self._made.adapter, _Adapter):
            raise UnknownGeocoderError
        self.url = f"{self._made.scheme}://{getattr(self._made, 'domain', '')}".removesuffix("://")

    def request(self, question: Question, access: Access) -> Request:
        """What geopy would fetch; the address is that of its own options."""
        taken = self._play(None, question.full)
        if isinstance(taken, _Taken):
            kept = {name: value for name, value in taken.headers.items() if name.lower() != "user-agent"}
            return Request(taken.url, kept)
        return Request("")

    def read(self, body: bytes) -> Outcome:
        """The first place that geopy reads from the body; its raw form is searched for a kind and for divisions."""
        found = self._play(body, "-")
        if isinstance(found, Exception):
            return Failure(next((fault for kind, fault in _FAULTS if isinstance(found, kind)), Fault.UNREADABLE))
        if found is None:
            return Failure(Fault.NOT_FOUND)
        try:
            lat, lon, raw = float(found.latitude), float(found.longitude), found.raw
        except (AttributeError, TypeError, ValueError):
            return Failure(Fault.UNREADABLE)
        if not (math.isfinite(lat) and math.isfinite(lon)):
            return Failure(Fault.UNREADABLE)
        kinds = (re.sub("[^a-z]", "", word(member(raw, *path)).lower()) for path in _KIND_MEMBERS)
        level = next((_LEVELS[kind] for kind in kinds if kind in _LEVELS), "NONE")
        where = member(raw, "properties") or member(raw, "address") or raw
        stated = dict.fromkeys(word(member(where, name)) for name in _DIVISION_MEMBERS)
        return answer(lon, lat, self.crs, level, "", province="".join(stated))

    def refusal(self, reply: Reply) -> Failure | None:
        """HTTP statuses have their usual meaning."""
        return None

    def _play(self, body: bytes | None, query: str) -> Any:
        """What a call of geopy gives or raises. A fresh adapter each time: calls may come from several threads."""
        made = copy.copy(self._made)
        made.adapter = _Adapter(proxies=None, ssl_context=None)
        made.adapter.body = body
        try:
            return made.geocode(query, exactly_one=True)
        except (
            Exception
        ) as error:  # a stranger's reader over a stranger's data: whatever it raises is an answer to report
            return error
