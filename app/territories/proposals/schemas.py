"""Proposals of territories as they go over the wire."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from app.fields import Code, Crs, Day, Input, Line, Output

ProposalStatus = Literal["QUEUED", "RUNNING", "DONE", "FAILED", "CANCELLED"]
ProposalOutcome = Literal["BALANCED", "CLOSER", "PRESENT", "NOTHING_TO_DO"]
ProposalMeasure = Literal["policies", "premium"]
BindingCode = Literal["KEEP", "LOCK", "PIN", "BARRIER", "HEAVY_UNIT", "SEPARATE", "UNREACHABLE", "VACANT", "GRAIN"]
ProposalPerson = Annotated[Code, Field(description="Who does it; goes into the books", examples=["李制图"])]


class Pin(Input):
    """A community that must be this team's."""

    community_code: Code
    team_code: Code


class Apart(Input):
    """Two communities that must not be one team's."""

    one: Code
    other: Code


class ProposalBarriers(Input):
    """Lines or areas over which no territory may reach: a GeoJSON geometry, feature or collection, and its system."""

    crs: Crs
    geojson: dict[str, Any]


class ProposalIn(Input):
    """What is asked for. `tolerance`, `keep`: shares. `plan_id`: the version to start from; what is in force on `as_of` unless given."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "branch_code": "E",
                    "by": "李制图",
                    "locked": ["T-E2"],
                    "pinned": [{"community_code": "C01", "team_code": "T-E1"}],
                    "seed": 7,
                }
            ]
        }
    )

    branch_code: Code
    by: ProposalPerson
    as_of: Day | None = None
    plan_id: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    seed: int = Field(default=1, ge=0, lt=2**31, description="Of chance; the same seed gives the same proposal")
    tolerance: float = Field(default=0.05, ge=0, le=1, description="How far a load may be from its fair share")
    keep: float = Field(default=0.95, ge=0, le=1, description="Share of `weigh` that must stay with its team")
    weigh: ProposalMeasure = "policies"
    measures: list[ProposalMeasure] = Field(default=["policies"], min_length=1, max_length=2)
    locked: list[Code] = Field(default=[], max_length=1000, description="Teams that keep exactly what they have")
    pinned: list[Pin] = Field(default=[], max_length=10_000)
    include: list[Code] = Field(default=[], max_length=1000, description="Teams that have no territory yet")
    apart: list[Apart] = Field(default=[], max_length=1000)
    barriers: ProposalBarriers | None = None


class DraftOfProposalIn(Input):
    """Who takes a proposal, and what the draft is called."""

    by: ProposalPerson
    name: Line | None = None


class ProposalFigures(Output):
    """Of the branch before or after. `worst_deviation`: the largest difference of a load from its fair share; `max_min`: of load over capacity, null
    if a team carries nothing; `compactness`: mean of 4π area / perimeter², 1 is a disc."""

    worst_deviation: float
    gini: float
    max_min: float | None
    moved: int
    moved_share: float
    kept_share: float
    border_km: float
    compactness: float | None
    parts: int
    unowned: int
    within_tolerance: bool


class ProposedLoad(Output):
    """Of a team before or after: policies, and their difference from the fair share."""

    load: int
    ratio: float
    deviation: float
    communities: int
    compactness: float | None


class ProposedTeam(Output):
    """A team before and after."""

    team_code: str
    team_name: str
    capacity: int
    locked: bool
    before: ProposedLoad
    after: ProposedLoad


class ProposedChange(Output):
    """A community that changes hands; from null: it was nobody's. `premium` in yuan."""

    community_code: str
    community_name: str
    from_team_code: str | None
    to_team_code: str | None
    policies: int
    premium: int


class ProposalBinding(Output):
    """What stands in the way. `proved`: it follows from the numbers; else found by trying. `needed`: least share that must move; `found`: share with which
    a way was found; `load`: over the fair share."""

    code: BindingCode
    proved: bool
    detail: str
    detail_en: str
    team_codes: list[str]
    community_codes: list[str]
    needed: float | None
    found: float | None
    load: float | None


class ProposalNote(Output):
    """What was left aside in posing the question."""

    code: Literal["SPLIT", "LEFT_OUT", "TEAM_STANDS_STILL", "TEAM_RELEASED"]
    detail: str
    detail_en: str


class ProposalResult(Output):
    """What was found. `outcome`: BALANCED all is met; CLOSER better than the present; PRESENT nothing better, the present stays; NOTHING_TO_DO the present
    meets everything. `proved`: nothing better can be had."""

    outcome: ProposalOutcome
    seed: int
    solver: str
    plan_id: int | None
    plan_version: int
    as_of: date
    tolerance: float
    keep: float
    weigh: ProposalMeasure
    measures: list[ProposalMeasure]
    proved: bool
    least_moved: float
    before: ProposalFigures
    after: ProposalFigures
    teams: list[ProposedTeam]
    changes: list[ProposedChange]
    bindings: list[ProposalBinding]
    notes: list[ProposalNote]


class ProposalSummary(Output):
    """A proposal in a list."""

    id: int
    branch_code: str
    plan_id: int | None
    seed: int
    status: ProposalStatus
    stage: str | None
    progress: float
    outcome: ProposalOutcome | None
    draft_id: int | None
    requested_by: str | None
    created_at: datetime
    finished_at: datetime | None


class TerritoryProposal(Output):
    """A proposal: how far it is, and once it is DONE what was found. `error`: what happened to a FAILED one and what to do."""

    id: int
    branch_code: str
    plan_id: int | None
    seed: int
    status: ProposalStatus
    stage: str | None
    progress: float
    result: ProposalResult | None
    error: str | None
    draft_id: int | None
    requested_by: str | None
    created_at: datetime
    finished_at: datetime | None


class TerritoryProposalPage(Output):
    """A page of proposals, the newest first."""

    items: list[ProposalSummary]
    next: str | None
