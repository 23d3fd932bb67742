"""What a file of territories would make of a version, as it goes over the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from app.fields import Output

RowAction = Literal["NEW", "CHANGED", "UNCHANGED", "REPAIRED", "REFUSED"]
TeamAction = Literal["NEW", "CHANGED", "UNCHANGED", "KEPT", "REMOVED"]


class TerritoryFileRepair(Output):
    """Something that was done to a shape to make it sound: how often, and how many square metres that changed."""

    code: str
    count: int
    area_m2: float
    zh: str
    en: str


class TerritoryFileRow(Output):
    """What becomes of a record. Areas, in square metres, are those of its team as a whole, before and after.

    `code`, `zh`, `en`: why it is refused and what to do; or what else there is to know of it.
    """

    row: int
    team_code: str | None
    team_name: str | None
    given: str | None = Field(description="The team as the record has it")
    community_code: str | None = Field(description="Of a table of communities")
    action: RowAction
    code: str | None
    zh: str | None
    en: str | None
    repairs: list[TerritoryFileRepair]
    area_before_m2: float | None
    area_after_m2: float | None


class TerritoryFileTeam(Output):
    """What becomes of a team. KEPT and REMOVED: the file does not name it."""

    team_code: str
    team_name: str | None
    action: TeamAction
    in_file: bool
    area_before_m2: float | None
    area_after_m2: float | None


class TerritoryFileOverlap(Output):
    """Two territories that would overlap afterwards: a defect of the draft."""

    team_codes: tuple[str, str]
    area_m2: float


class TerritoryFileReport(Output):
    """A file of territories held against a version. Saved as one edit unless it is a dry run or changes nothing.

    `crs`, `encoding`, `layer`, `columns`: how the file was read. `overlaps`: the largest; `overlap_count`: of all.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plan_id": 12,
                    "version": 4,
                    "dry_run": False,
                    "edit_id": 31,
                    "format": "geojson",
                    "crs": "CGCS2000",
                    "encoding": "UTF-8",
                    "layer": None,
                    "columns": {"team_code": "team_code"},
                    "counts": {"CHANGED": 1},
                    "rows": [
                        {
                            "row": 1,
                            "team_code": "T-E1",
                            "team_name": "收展一队",
                            "given": "T-E1",
                            "community_code": None,
                            "action": "CHANGED",
                            "code": None,
                            "zh": None,
                            "en": None,
                            "repairs": [],
                            "area_before_m2": 2139042.3,
                            "area_after_m2": 1069521.2,
                        }
                    ],
                    "teams": [
                        {
                            "team_code": "T-E1",
                            "team_name": "收展一队",
                            "action": "CHANGED",
                            "in_file": True,
                            "area_before_m2": 2139042.3,
                            "area_after_m2": 1069521.2,
                        }
                    ],
                    "overlaps": [],
                    "overlap_count": 0,
                }
            ]
        }
    )

    plan_id: int
    version: int = Field(description="Of the plan, after it")
    dry_run: bool
    edit_id: int | None = Field(description="The edit that it was saved as")
    format: str
    crs: str | None
    encoding: str | None
    layer: str | None
    columns: dict[str, str]
    counts: dict[RowAction, int]
    rows: list[TerritoryFileRow]
    teams: list[TerritoryFileTeam]
    overlaps: list[TerritoryFileOverlap]
    overlap_count: int
