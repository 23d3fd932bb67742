"""An address asked about, as it goes over the wire."""

from typing import Literal

from pydantic import ConfigDict, Field

from app.fields import Code, Day, Input, Level, Line, Output

MAX_TEXTS = 1000
"""Addresses that one POST /addresses/geocode/batch may hold."""

Reason = Literal[
    "NOT_FOUND",
    "ONLY_DISTRICT",
    "ONLY_ROAD",
    "DISTRICT_CONTRADICTION",
    "AMBIGUOUS_NAME",
    "SOURCES_DISAGREE",
    "STALE_DIVISION",
    "RURAL",
    "INEXACT_NAME",
    "INTERPOLATED",
    "NEAR_BORDER",
    "UNSURE",
]
"""Why an answer is less sure than it might be; the glossary explains each."""


class GeocodeIn(Input):
    """An address text, and nothing else of anybody. `city`: settles what the text leaves open, never what it says.

    `on`: the date of the territories, today unless given. `candidates`: how many of the places that it may mean are wanted.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "建邺区庐山路188号新地中心3幢1203室", "city": "南京市"}]}
    )

    text: Line
    city: Code | None = None
    on: Day | None = None
    candidates: int = Field(default=5, ge=0, le=20)


class GeocodeBatchIn(Input):
    """Several address texts, answered in order."""

    texts: list[Line] = Field(min_length=1, max_length=MAX_TEXTS)
    city: Code | None = None
    on: Day | None = None


class TerritoryShare(Output):
    """A team and the share (0–1) of the error disc that lies in its territory."""

    team_code: str
    share: float


class PlaceCandidate(Output):
    """A place that the address may mean, in CGCS2000 degrees; `belief` (0–1): what is missing to 1 in the sum belongs to none of them."""

    lon: float
    lat: float
    level: Level
    belief: float
    name: str
    district: str
    address: str


class Geocoded(Output):
    """Where an address is. Without a point (`lon`, `lat` null) the level tells what is known.

    `radius_m`, `radius50_m`: metres within which nine of ten, and half, of such answers lie. `share`: of the error disc, what lies in the
    same territories as the point. `decision`: `accept`, or `review` for the `reasons`.
    """

    lon: float | None
    lat: float | None
    level: Level
    confidence: float
    radius_m: float | None
    radius50_m: float | None
    province: str
    city: str
    district: str
    subdistrict: str
    matched: str
    provider: str
    decision: Literal["accept", "review"]
    reasons: list[Reason]
    share: float | None
    territories: list[TerritoryShare]


class GeocodedOne(Geocoded):
    """One address with the places that it may mean, likeliest first."""

    candidates: list[PlaceCandidate]


class GeocodedBatch(Output):
    """Answers in the order of the texts."""

    items: list[Geocoded]
