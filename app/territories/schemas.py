"""Who owns a place, as it goes over the wire."""

from datetime import date
from typing import Literal

from pydantic import ConfigDict, Field

from app.fields import Level, Output


class Point(Output):
    """A point in CGCS2000 degrees."""

    lon: float
    lat: float


class Owner(Output):
    """A team whose territory covers the place.

    `touching`: the place is on the border of the territory. `eligible`: the team may be given orphans by its region; if not,
    `reason` says why: ENDED, NOT_TAKING_PART or NOT_COLLECTION. Whether there is room is asked by an allocation only.
    """

    team_code: str
    name: str
    branch_code: str
    effective_from: date
    touching: bool
    eligible: bool
    reason: Literal["ENDED", "NOT_TAKING_PART", "NOT_COLLECTION"] | None
    successor_code: str | None


class CoveringCommunity(Output):
    """A community that covers the place."""

    code: str
    name: str | None


class OwnersAt(Output):
    """Who owns a place on a date. For an address: how well it was located; a given point has no level.

    `precise`: good enough to be matched to a territory; if not, the teams are those of a rough guess.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "point": {"lon": 120.018, "lat": 30.005},
                    "level": None,
                    "confidence": None,
                    "radius_m": None,
                    "matched": None,
                    "precise": True,
                    "date": "2026-03-10",
                    "teams": [
                        {
                            "team_code": "T-E1",
                            "name": "收展一队",
                            "branch_code": "E",
                            "effective_from": "2026-01-01",
                            "touching": False,
                            "eligible": True,
                            "reason": None,
                            "successor_code": None,
                        }
                    ],
                    "branch_codes": ["E"],
                    "communities": [{"code": "C02", "name": "第二社区"}],
                }
            ]
        }
    )

    point: Point
    level: Level | None
    confidence: float | None
    radius_m: float | None
    matched: str | None = Field(description="What the geocoder matched the address to")
    precise: bool
    date: date
    teams: list[Owner]
    branch_codes: list[str]
    communities: list[CoveringCommunity]
