"""Defects of a version, as they go over the wire."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from app.fields import Output

DefectSeverity = Literal["ERROR", "WARNING", "NOTE"]
DefectCode = Literal[
    "INVALID_RING",
    "OVERLAP",
    "GAP",
    "HOLE",
    "SLIVER",
    "OUTSIDE_BRANCH",
    "UNOWNED_COMMUNITY",
    "COMMUNITY_SHARED",
    "DISCONNECTED_PART",
    "TOO_MANY_VERTICES",
    "DUPLICATED_VERTEX",
    "TEAM_WITHOUT_TERRITORY",
    "TEAM_DISSOLVED",
    "TEAM_WRONG_FORCE",
    "NAME_CLASH",
    "OPEN_CONFLICT",
]


class DefectTeam(Output):
    """A team that a defect concerns."""

    code: str
    name: str


class DefectWay(Output):
    """A way to mend a defect: what the verb REPAIR takes as `way` and `team_code`."""

    way: str
    team_code: str | None
    title: str
    title_en: str


class TerritoryDefectOut(Output):
    """Something wrong with a version: where, how grave, whom it touches, and the ways to mend it, the best first.

    `at`: a point at the place, to walk to. `geometry`: the place; null where there is none, or in lists where it has very many vertices.
    `inherited`: the draft had it when it was made, from its base. `details`: figures such as `width_m`, `share`, `borders`; a sliver's `kind`.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 41,
                    "code": "GAP",
                    "severity": "WARNING",
                    "title": "无主空白",
                    "title_en": "Nobody's land",
                    "teams": [{"code": "T-E1", "name": "收展一队"}],
                    "community_codes": [],
                    "bbox": [120.01, 30.01, 120.012, 30.012],
                    "at": [120.011, 30.011],
                    "geometry": None,
                    "area_m2": 42800.5,
                    "length_m": 193.1,
                    "details": {"width_m": 103.4, "borders": [{"team_code": "T-E1", "length_m": 193.1}]},
                    "customers": 12,
                    "orphans": 3,
                    "inherited": False,
                    "ways": [
                        {
                            "way": "GIVE",
                            "team_code": "T-E1",
                            "title": "划给 收展一队",
                            "title_en": "Give it to 收展一队",
                        }
                    ],
                }
            ]
        }
    )

    id: int
    code: DefectCode
    severity: DefectSeverity
    title: str
    title_en: str
    teams: list[DefectTeam]
    community_codes: list[str]
    bbox: tuple[float, float, float, float] | None = Field(description="West, south, east, north")
    at: tuple[float, float] | None
    geometry: dict[str, Any] | None
    area_m2: float | None
    length_m: float | None
    details: dict[str, Any]
    customers: int | None
    orphans: int | None
    inherited: bool
    ways: list[DefectWay]


class TerritoryDefectPage(Output):
    """Defects, errors first, then those that touch most customers. `fresh`: nothing has changed since they were looked for.

    `judged_on`: the day on which the teams are judged; null: the version was never checked.
    """

    items: list[TerritoryDefectOut]
    next: str | None
    errors: int
    warnings: int
    notes: int
    fresh: bool
    judged_on: date | None
    checked_at: datetime | None


class DefectGift(Output):
    """Land that a way would give, with who lives there; no team: nobody."""

    from_team_code: str | None
    to_team_code: str | None
    area_m2: float
    customers: int
    orphans: int
    geometry: dict[str, Any]


class DefectOffer(Output):
    """A way to mend a defect and what it would give to whom. `refused`: the code of what keeps it from being taken at present."""

    way: str
    team_code: str | None
    title: str
    title_en: str
    gifts: list[DefectGift]
    refused: str | None


class DefectOffers(Output):
    """A defect with what each way would do."""

    defect: TerritoryDefectOut
    offers: list[DefectOffer]


class TerritoryCheckOut(Output):
    """What a check of the whole version found."""

    errors: int
    warnings: int
    notes: int
    added: int
    gone: int
