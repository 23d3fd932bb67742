"""Runs, cases and decisions as they go over the wire."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from app.fields import CaseState, Code, Day, Input, Level, Output, Rung

MAX_POLICIES = 10_000
"""Policies that one POST /allocations/batch may name."""

Status = Literal["QUEUED", "RUNNING", "PROPOSED", "CONFIRMED", "DISCARDED", "FAILED"]
AddressKind = Literal["CUSTOMER_CONFIRMED", "VISIT_CONFIRMED", "POSTAL", "HOME", "WORK"]


class RunIn(Input):
    """What a run shall allocate: all orphans of a date, or those of one branch.

    `confirm`: put the result into effect at once, else it stays proposed until somebody has looked at it. `distribute`: also
    hand each team's share to its agents.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"as_of": "2026-03-10", "confirm": False}]})

    as_of: Day
    branch_code: Code | None = None
    confirm: bool = Field(default=False, strict=True)
    distribute: bool = Field(default=False, strict=True)


class AllocationIn(Input):
    """A policy to allocate, with the rest of its bundle. `as_of`: today unless given."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"policy_no": "P000000001", "confirm": True}]})

    policy_no: Code
    as_of: Day | None = None
    confirm: bool = Field(default=False, strict=True)


class AllocationsIn(Input):
    """Policies to allocate together, in a run of their own."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"policy_nos": ["P000000001", "P000000002"]}]})

    policy_nos: list[Code] = Field(min_length=1, max_length=MAX_POLICIES)
    as_of: Day | None = None
    confirm: bool = Field(default=False, strict=True)
    distribute: bool = Field(default=False, strict=True)


class RunCounts(Output):
    """Policies that a run decided on, by rung and by state, and the events that opened nothing, by reason."""

    by_rung: dict[str, int]
    by_state: dict[str, int]
    refused: dict[str, int]
    cases: int
    bundles: int
    kept_in_team_rate: float | None


class Run(Output):
    """A run: QUEUED → RUNNING → PROPOSED → CONFIRMED or DISCARDED; CONFIRMED at once if so asked; or FAILED.

    `progress`: 0–1 of the present `stage`. `error`: for a failed run, what happened and what to do.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 7,
                    "as_of": "2026-03-10",
                    "branch_code": None,
                    "policies": None,
                    "confirm": False,
                    "distribute": False,
                    "status": "RUNNING",
                    "stage": "allocate",
                    "progress": 0.4,
                    "counts": None,
                    "seconds": {},
                    "strategy_version": None,
                    "plan_version": None,
                    "error": None,
                    "requested_by": "branch",
                    "created_at": "2026-03-10T01:02:03Z",
                    "finished_at": None,
                    "settled_at": None,
                }
            ]
        }
    )

    id: int
    as_of: date
    branch_code: str | None
    policies: int | None = Field(description="How many policies it was narrowed to; null: not narrowed")
    confirm: bool
    distribute: bool
    status: Status
    stage: str | None
    progress: float
    counts: Annotated[RunCounts | None, BeforeValidator(lambda counts: counts or None)]
    seconds: dict[str, float]
    strategy_version: int | None
    plan_version: str | None
    error: str | None
    requested_by: str | None
    created_at: datetime
    finished_at: datetime | None
    settled_at: datetime | None


class RunPage(Output):
    """A page of runs, newest first."""

    items: list[Run]
    next: str | None


class CaseFacts(Output):
    """A policy in orphan management: where it is in its life, and what was decided."""

    policy_no: str
    policyholder_id: str
    branch_code: str
    state: CaseState
    generation: int
    reasons: list[str]
    first_event_on: date
    notice_due_on: date | None
    nature: Literal["PURE", "NON_PURE"] | None
    bundle_no: str | None
    rung: Rung | None
    flags: Annotated[list[str], BeforeValidator(lambda flags: flags or [])]
    team_code: str | None
    team_name: str | None
    agent_code: str | None
    level: Level | None
    run_id: int | None


class CasePage(Output):
    """A page of cases by policy number."""

    items: list[CaseFacts]
    next: str | None


class Candidate(Output):
    """A team (and agent) that a rung looked at: PASS, or the constraint that failed it, and in words."""

    team_code: str
    team_name: str | None
    agent_code: str | None
    outcome: str
    load: int
    capacity: int
    zh: str
    en: str


class AskedRung(Output):
    """A rung of the ladder that was asked, what came of it, and every candidate."""

    rung: Rung
    outcome: str
    zh: str
    en: str
    candidates: list[Candidate]


class Explanation(Output):
    """Why the case is where it is, in words, and every rung that was asked, in order."""

    zh: str
    en: str
    ladder: list[AskedRung]


class Case(CaseFacts):
    """A case with all that it was decided on, and the explanation. `lon`, `lat` in CGCS2000 degrees."""

    origin_agent_code: str | None
    collection_serviced: bool
    nature_evidence: str | None
    address_kind: AddressKind | None
    lon: float | None
    lat: float | None
    confidence: float | None
    radius_m: float | None
    community_code: str | None
    located_by: Literal["POINT", "COMMUNITY", "NONE"] | None
    review_code: str | None
    hold_until: date | None
    strategy_version: int | None
    plan_version: str | None
    explanation: Explanation


class Decided(Output):
    """What was decided of a policy and the rest of its bundle. A policy that waits for approval has no decision yet."""

    policy_no: str
    policy_nos: list[str] = Field(description="The policies of the bundle, moved as one")
    policyholder_id: str | None
    branch_code: str | None
    state: CaseState
    reasons: list[str]
    first_event_on: date | None
    notice_due_on: date | None
    origin_agent_code: str | None
    collection_serviced: bool | None
    nature: Literal["PURE", "NON_PURE"] | None
    bundle_no: str | None
    rung: Rung | None
    flags: list[str]
    team_code: str | None
    team_name: str | None
    agent_code: str | None
    review_code: str | None
    located_by: Literal["POINT", "COMMUNITY", "NONE"] | None
    address_kind: AddressKind | None
    lon: float | None
    lat: float | None
    level: Level | None
    confidence: float | None
    run_id: int | None
    explanation: Explanation
