"""Location review as it goes over the wire."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, PlainSerializer, model_validator

from app.fields import CaseState, Code, Crs, Input, Latitude, Level, Line, Longitude, Output
from app.review.claim import LEASE_S, LONGEST_LEASE_S, MOST

Money = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
"""An amount in yuan, two decimals."""

WaitingCode = Literal["TOO_COARSE", "UNSURE", "OUTSIDE_CITY", "BRANCH_CONFLICT", "ADDRESS_UNRESOLVED"]
Bucket = Literal["OVERDUE", "SOON", "LATER", "NO_NOTICE"]
AddressKind = Literal["CUSTOMER_CONFIRMED", "VISIT_CONFIRMED", "POSTAL", "HOME", "WORK"]
Kind = Literal["CANDIDATE", "POINT", "NOT_LOCATABLE"]
Reach = Literal["KEY", "THIS"]
Unlocatable = Literal["INCOMPLETE", "NO_SUCH_PLACE", "SEVERAL_PLACES", "DEMOLISHED", "OTHER"]

Person = Annotated[Code, Field(description="Who reviews; goes into the books", examples=["李复核"])]
Seconds = Annotated[int, Field(ge=10, le=LONGEST_LEASE_S, description="How long the claim is held")]


class ReviewHolder(Output):
    """A policyholder as far as a reviewer may see."""

    name: str | None = Field(examples=["王＊＊"])
    phone: str | None = Field(examples=["199****0000"])


class ReviewFacts(Output):
    """What a list and an item both tell.

    `code`: why it waits; `reasons`: what the geocoder said of it; `hold_until`: when it goes on without a person. `stake`: (premium + 1
    yuan) × uncertainty in fen; the queue is ordered by `bucket`, `stake` and `id`. `decided`: a person has decided, but the point lies
    outside the city.
    """

    id: int
    bundle_no: str
    branch_code: str
    code: WaitingCode
    reasons: list[str]
    district: str | None
    place: str | None
    address: str | None
    address_kind: AddressKind
    policyholder: ReviewHolder
    notice_due_on: date | None
    bucket: Bucket
    hold_until: date | None
    first_event_on: date
    policies: int
    premium: Money
    uncertainty: float
    stake: int
    decided: bool
    claimed_by: str | None
    claimed_until: datetime | None


class Waiting(ReviewFacts):
    """An item of the queue. The address and the place lack house numbers; `sharing`: addresses that name the same place."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 12,
                    "bundle_no": "P000000001",
                    "branch_code": "NJ-GL",
                    "code": "TOO_COARSE",
                    "reasons": ["ONLY_ROAD"],
                    "district": "鼓楼区",
                    "place": "鼓楼区 和燕园",
                    "address": "南京市鼓楼区和燕园＊＊幢＊＊室",
                    "address_kind": "HOME",
                    "policyholder": {"name": "王＊＊", "phone": "199****0000"},
                    "notice_due_on": "2026-03-12",
                    "bucket": "SOON",
                    "hold_until": "2026-03-07",
                    "first_event_on": "2026-02-10",
                    "policies": 2,
                    "premium": 8600.0,
                    "uncertainty": 0.62,
                    "stake": 533262,
                    "decided": False,
                    "sharing": 5,
                    "claimed_by": None,
                    "claimed_until": None,
                }
            ]
        }
    )

    sharing: int


class WaitingPage(Output):
    """A page of the queue; `next`: the cursor of the next page, null on the last one."""

    items: list[Waiting]
    next: str | None


class ReviewFigures(Output):
    """How many wait for a person, each by one of their features; `decided`: those that wait although a person has decided."""

    items: int
    policies: int
    premium: Money
    claimed: int
    decided: int
    by_code: dict[WaitingCode, int]
    by_bucket: dict[Bucket, int]
    by_branch: dict[str, int]
    by_district: dict[str, int]
    by_reason: dict[str, int]


class Named(Output):
    """A branch, team or community."""

    code: str
    name: str


class Covered(Output):
    """A point and what covers it. `outside_city`: it lies outside of the policy's city."""

    lon: float | None
    lat: float | None
    level: Level
    confidence: float
    branches: list[Named]
    teams: list[Named]
    communities: list[Named]
    outside_city: bool


class ReviewCandidate(Covered):
    """A place that the address may mean, best first; `radius_m`: nine in ten such answers lie within."""

    rank: int
    id: str
    radius_m: float | None
    name: str | None
    district: str
    address: str | None


class OtherAddress(Covered):
    """Another address of the same policyholder."""

    kind: AddressKind
    address: str | None
    updated_on: date | None


class Parts(Output):
    """What the address says, as far as it was read."""

    city: str | None
    district: str | None
    town: str | None
    road: str | None
    number: str | None
    estate: str | None
    village: str | None


class PresentLocation(Output):
    """Where the address is now: by the geocoder, or with provider REVIEW by a person."""

    lon: float | None
    lat: float | None
    level: Level
    confidence: float
    radius_m: float | None
    matched: str | None
    provider: str


class Sharing(Output):
    """Who shares the place that the address names: addresses, holders, their policies, and items of the queue."""

    addresses: int
    holders: int
    policies: int
    waiting: int


class ReviewItem(ReviewFacts):
    """An item with all that a person needs to decide on it. `full`: with house numbers and exact points, for who has claimed it."""

    sharing: Sharing
    full: bool
    branch_name: str
    policy_nos: list[str]
    community_code: str | None
    parts: Parts
    location: PresentLocation | None
    location_decision_id: int | None
    candidates: list[ReviewCandidate]
    others: list[OtherAddress]
    gazetteer_version: str
    etag: str = Field(description="For If-Match when deciding")


class ClaimIn(Input):
    """Which items are wanted: the next ones of the queue, or one by its id. `claim`: one that is held already and added to."""

    reviewer: Person
    id: int | None = Field(default=None, ge=1, lt=2**63)
    count: int = Field(default=1, ge=1, le=MOST)
    claim: UUID | None = None
    seconds: Seconds = LEASE_S
    branch_code: Code | None = None
    code: WaitingCode | None = None
    reason: Code | None = None
    district: Code | None = None
    text: Line | None = None


class RenewIn(Input):
    """A claim to be held longer."""

    claim: UUID
    seconds: Seconds = LEASE_S


class ReleaseIn(Input):
    """A claim to be given back, or one item of it."""

    claim: UUID
    id: int | None = Field(default=None, ge=1, lt=2**63)


class Claimed(Output):
    """What is claimed, until when. `items` is empty where nothing is free."""

    claim: UUID
    until: datetime | None
    ids: list[int]
    items: list[ReviewItem]


class Renewed(Output):
    """What is still claimed, until when."""

    claim: UUID
    until: datetime | None
    ids: list[int]


class Released(Output):
    """How many items were given back."""

    released: int


class ChoiceIn(Input):
    """A choice: a candidate by its `id`, a point with its system, or that the address cannot be located, and why.

    `scope`: KEY settles all addresses that name the same place, THIS only this one. `outside_city`: a point outside of the policy's city
    is meant.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"kind": "CANDIDATE", "candidate": "9f86d081884c"},
                {"kind": "POINT", "lon": 118.79, "lat": 32.05, "crs": "CGCS2000", "scope": "THIS"},
                {"kind": "NOT_LOCATABLE", "reason": "INCOMPLETE"},
            ]
        },
    )

    kind: Kind
    scope: Reach = "KEY"
    candidate: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")] | None = None
    lon: Longitude | None = None
    lat: Latitude | None = None
    crs: Crs | None = None
    reason: Unlocatable | None = None
    note: Line | None = None
    outside_city: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        given = {
            "CANDIDATE": self.candidate is not None,
            "POINT": self.lon is not None and self.lat is not None,
            "NOT_LOCATABLE": self.reason is not None,
        }
        extra = {
            "CANDIDATE": self.candidate is not None,
            "POINT": self.lon is not None or self.lat is not None or self.crs is not None,
            "NOT_LOCATABLE": self.reason is not None,
        }
        if not given[self.kind] or any(there for kind, there in extra.items() if kind != self.kind):
            raise ValueError("a candidate, a point or a reason, as the kind says")
        return self


class DecisionIn(ChoiceIn):
    """A decision under a claim."""

    model_config = ConfigDict(json_schema_extra={"examples": []})

    reviewer: Person
    claim: UUID | None = Field(default=None, description="From POST /location-reviews/claim")


class AddressReached(Output):
    """One of the addresses that a choice settles; `moved_m`: how far from where it is now."""

    kind: AddressKind
    address: str | None
    name: str | None
    level: Level
    confidence: float
    moved_m: float | None


class Reached(Output):
    """What a choice comes to. `cases_staying`: cases whose point lies outside of their city; `allocated`: cases that have a target already
    and keep it. `which`: up to 50 of the addresses, those that move farthest first.

    `warnings`: OUTSIDE_CITY, DECIDED_BEFORE (somebody has decided on one of them), ALLOCATED_ALREADY, NO_TERRITORY,
    OTHER_DISTRICT (than the address states).
    """

    kind: Kind
    scope: Reach
    lon: float | None
    lat: float | None
    level: Level
    addresses: int
    holders: int
    policies: int
    items: int
    cases: int
    cases_located: int
    cases_staying: int
    allocated: int
    branches: list[Named]
    teams: list[Named]
    warnings: list[Literal["OUTSIDE_CITY", "DECIDED_BEFORE", "ALLOCATED_ALREADY", "NO_TERRITORY", "OTHER_DISTRICT"]]
    which: list[AddressReached]


class Settled(Reached):
    """A decision that was made: its number, and the policies that are located now."""

    id: int
    located_policy_nos: list[str]


class LocationDecision(Output):
    """What a person decided; kept for good. `candidates`: as they were shown."""

    id: int
    kind: Kind
    scope: Reach
    place: str | None
    branch_code: str
    address: str | None
    lon: float | None
    lat: float | None
    level: Level
    matched: str | None
    reason: Unlocatable | None
    note: str | None
    addresses: int
    learned: bool
    decided_by: str
    decided_at: datetime
    undone_by: str | None
    undone_at: datetime | None
    undone_reason: str | None
    etag: str


class LocationDecisionPage(Output):
    """A page of decisions, newest first."""

    items: list[LocationDecision]
    next: str | None


class UndoIn(Input):
    """Who takes a decision back; another person than the one who made it says why."""

    reviewer: Person
    reason: Line | None = None


class AllocatedCase(Output):
    """A case that has its target already."""

    policy_no: str
    state: CaseState
    team_code: str | None


class Undone(Output):
    """What taking a decision back came to. `allocated`: cases that stay where they are, the first 200 of them."""

    id: int
    addresses: int
    cases_waiting: int
    waiting_policy_nos: list[str]
    cases_allocated: int
    allocated: list[AllocatedCase]
