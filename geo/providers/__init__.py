"""Online geocoding providers behind one protocol: pure values in, pure values out. Off by default; `app.locating.providers` asks them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from geo.providers.amap import Amap
from geo.providers.baidu import Baidu
from geo.providers.nominatim import Nominatim
from geo.providers.protocol import (
    PASSING,
    SETTLED,
    Access,
    Answer,
    Failure,
    Fault,
    Outcome,
    Provider,
    Question,
    Reply,
    Request,
    read_reply,
)
from geo.providers.tencent import Tencent
from geo.providers.through_geopy import PREFIX, ThroughGeopy, UnknownGeocoderError
from geo.providers.tianditu import Tianditu

__all__ = [
    "KNOWN",
    "PASSING",
    "PREFIX",
    "SETTLED",
    "Access",
    "Answer",
    "Failure",
    "Fault",
    "Outcome",
    "Provider",
    "Question",
    "Reply",
    "Request",
    "ThroughGeopy",
    "UnknownGeocoderError",
    "provider_named",
    "read_reply",
]

KNOWN: Final[tuple[type[Provider], ...]] = (Amap, Baidu, Tianditu, Tencent, Nominatim)
"""Those that need no other name; geopy's are `geopy:NAME`."""


def provider_named(name: str, geopy_options: Mapping[str, Any] | None = None) -> Provider | None:
    """The provider that a configuration names, or None. Raises `UnknownGeocoderError` for a `geopy:` name that geopy refuses."""
    if name.startswith(PREFIX):
        return ThroughGeopy(name.removeprefix(PREFIX), geopy_options)
    return next((kind() for kind in KNOWN if kind.name == name), None)
