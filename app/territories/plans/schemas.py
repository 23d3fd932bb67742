"""Versions of territories as they go over the wire."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.fields import Code, Day, Input, Line, Output

PlanState = Literal["DRAFT", "IN_REVIEW", "APPROVED", "SCHEDULED", "ACTIVE", "SUPERSEDED", "DISCARDED"]
PlanOrigin = Literal["DELIVERED", "DRAWN", "ROLLED_BACK", "PROPOSED"]
PlanStep = Literal["submit", "withdraw", "reject", "approve", "publish", "discard"]
PlanPerson = Annotated[Code, Field(description="Who does it; goes into the books", examples=["李制图"])]
PlanId = Annotated[int, Field(ge=1, lt=2**63)]


class TerritoryPlan(Output):
    """A version of a branch's territories. A published one decides from `effective_from` until before `effective_to`.

    `version`: rises with every edit of a draft. `steps`: what may be done next. `errors`, `conflicts`: what holds it back.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 12,
                    "branch_code": "E",
                    "branch_name": "东支公司",
                    "number": 3,
                    "name": "二季度区域",
                    "note": None,
                    "origin": "DRAWN",
                    "state": "DRAFT",
                    "base_id": 9,
                    "version": 4,
                    "territories": 2,
                    "effective_from": None,
                    "effective_to": None,
                    "created_by": "李制图",
                    "created_at": "2026-03-10T01:00:00Z",
                    "submitted_by": None,
                    "submitted_at": None,
                    "approved_by": None,
                    "approved_at": None,
                    "published_by": None,
                    "published_at": None,
                    "steps": ["submit", "discard"],
                    "errors": 0,
                    "conflicts": 0,
                }
            ]
        }
    )

    id: int
    branch_code: str
    branch_name: str
    number: int
    name: str
    note: str | None
    origin: PlanOrigin
    state: PlanState
    base_id: int | None
    version: int
    territories: int
    effective_from: date | None
    effective_to: date | None
    created_by: str | None
    created_at: datetime
    submitted_by: str | None
    submitted_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    published_by: str | None
    published_at: datetime | None
    steps: list[PlanStep]
    errors: int
    conflicts: int


class TerritoryPlanPage(Output):
    """Versions, newest first."""

    items: list[TerritoryPlan]
    next: str | None


class PlanIn(Input):
    """A new draft: of the version `base_id`, else of the one in force today; `empty`: without any territory."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"branch_code": "E", "name": "二季度区域", "by": "李制图"}]}
    )

    branch_code: Code
    name: Line
    by: PlanPerson
    note: Line | None = None
    base_id: PlanId | None = None
    empty: bool = False


class PlanChangeIn(Input):
    """A draft's name and note."""

    by: PlanPerson
    name: Line | None = None
    note: Line | None = None


class PlanMoveIn(Input):
    """Who takes the step, and why."""

    by: PlanPerson
    reason: Line | None = None


class PublishIn(Input):
    """From which day on the version decides. `replace`: also if another version than its base is in force on that day."""

    by: PlanPerson
    effective_from: Day
    replace: bool = False


class PlanLifeStep(Output):
    """A step in the life of a version."""

    at: datetime
    from_state: str | None
    to_state: str
    person: str | None
    reason: str | None
    effective_from: date | None


class PlanLife(Output):
    """The life of a version, oldest step first."""

    items: list[PlanLifeStep]
