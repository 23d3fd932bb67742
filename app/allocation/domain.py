"""The values that allocation is decided on and what it decides: plain Python, no database, no clock.

Facts come in grouped by policyholder, because nature, grouping and the service address are decided per holder
(rulebook 4.3–4.5); the loads of teams and agents are the only thing that one decision changes for the next.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import lcm
from typing import NamedTuple

PRECISE_LEVELS = frozenset({"UNIT", "DOOR", "COMPOUND", "POI", "COMMUNITY"})
"""Match levels that are precise enough to be matched to a territory (rulebook 4.5)."""

CONFIRMED_KINDS = frozenset({"CUSTOMER_CONFIRMED", "VISIT_CONFIRMED"})
KIND_RANK = {"CUSTOMER_CONFIRMED": 0, "VISIT_CONFIRMED": 1, "POSTAL": 2, "HOME": 3, "WORK": 4}
"""Which address is the service address (rulebook 4.4)."""

VALID_STATES = frozenset({"01", "02"})
"""Agent states with a valid contract; 03 is valid on paper and counted as not valid (rulebook 4.3)."""

UNALLOCATED_STATES = frozenset(
    {"REPORTED", "PENDING_APPROVAL", "POOLED", "CLASSIFIED", "GROUPED", "LOCATION_REVIEW", "LOCATED", "CITY_REVIEW"}
)
"""Open cases that a run looks at again; all other open ones are left as they are."""


SERVICED_STATES = frozenset({"CONFIRMED", "SERVICING"})
"""Open cases whose policy is serviced again: for nature they are no orphans any more."""


class Event(NamedTuple):
    """An intake event (rulebook 4.1)."""

    event_id: str
    reason: str
    event_on: date
    origin_agent_code: str | None
    formalities_on: date | None
    approval_ref: str | None
    designated_agent_code: str | None


class OpenCase(NamedTuple):
    """The open case that a policy already has."""

    case_id: int
    state: str
    generation: int
    decision_id: int | None


class Policy(NamedTuple):
    """A policy with its events up to the run's date, oldest first, and its open case if it has one."""

    policy_no: str
    branch_code: str
    combination_id: str | None
    term_years: int | None
    status: str
    lapsed_on: date | None
    seller_code: str | None
    servicer_code: str | None
    servicer_since: date | None
    served_by_collection: bool
    events: Sequence[Event] = ()
    case: OpenCase | None = None


class Owner(NamedTuple):
    """A team whose territory covers a point; `touching`: the point is on its border."""

    team_code: str
    touching: bool


class Address(NamedTuple):
    """A candidate address with its location. `lon`, `lat` in CGCS2000 degrees, None without a point.

    `given`: the point came with the address, so it is exact; `confirmed`: a person decided on it in location review. `community_code` only if such a community exists.
    `branches`, `communities`, `owners` cover the point, borders included. `within_one`: the whole disc of `radius_m` around
    the point lies in the territory of one team. `near_border`: a territory that does not cover the point is nearer than `radius_m`.
    """

    address_id: int
    kind: str
    updated_on: date | None
    text: str | None
    community_code: str | None
    given: bool
    lon: float | None
    lat: float | None
    level: str
    confidence: float
    radius_m: float
    confirmed: bool = False
    branches: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    owners: tuple[Owner, ...] = ()
    within_one: bool = False
    near_border: bool = False


class Holder(NamedTuple):
    """All that is known of one policyholder; policies by number."""

    policyholder_id: str
    agent_code: str | None
    policies: Sequence[Policy]
    addresses: Sequence[Address]


@dataclass(slots=True)
class AgentState:
    """An agent on the run's date. `failure` names the constraint that keeps the agent from receiving, None if there is none."""

    code: str
    team_code: str
    force: str
    valid: bool
    """State 01 or 02: the contract counts for nature."""
    failure: str | None
    capacity: int
    communities: frozenset[str]
    load: int = 0
    received: int = 0


@dataclass(slots=True)
class TeamState:
    """A team on the run's date. `failure` names the constraint that keeps it from receiving, None if there is none.

    `failure` does not look at the force: a marketing team may be designated, but never an automatic target (H3).
    """

    code: str
    branch_code: str
    city_code: str
    force: str
    failure: str | None
    capacity: int
    members: list[AgentState] = field(default_factory=list)
    load: int = 0
    successor_code: str | None = None
    """The team that stands in for this one once it has been dissolved; None while it lives."""
    weight: int = 0
    """Least common multiple of the capacities of the branch's teams over this capacity: load × weight compares ratios exactly."""


def weigh(teams: Sequence[TeamState]) -> None:
    """Set the weights of the teams of one branch, so that load × weight orders them as load / capacity does, exactly."""
    multiple = lcm(*(team.capacity for team in teams if team.capacity > 0))
    for team in teams:
        team.weight = multiple // team.capacity if team.capacity > 0 else 0


class City(NamedTuple):
    """A city: its branches, and whether its area is known (else nothing can lie outside of it)."""

    code: str
    branches: frozenset[str]
    has_area: bool


Distance = Callable[[float, float, str], int | None]
"""(lon, lat, team_code) → whole metres to that team's territory, None for a team without one."""


@dataclass(slots=True)
class World:
    """The organisation on the run's date with the loads that a run changes as it goes."""

    as_of: date
    plan_version: str
    teams: dict[str, TeamState]
    agents: dict[str, AgentState]
    city_of_branch: dict[str, City]
    teams_of_branch: dict[str, list[TeamState]]
    """Collection teams, by code."""
    owners_of_community: dict[str, tuple[str, ...]]
    """Community code → teams whose territory covers the whole community polygon, by code."""
    distance: Distance


class Candidate(NamedTuple):
    """A team (and agent) that a rung looked at. `check`: PASS, or the constraint that failed it; load and capacity in policies."""

    team_code: str
    agent_code: str | None
    check: str
    load: int
    capacity: int


class Asked(NamedTuple):
    """A rung that was asked, what came of it, and every candidate."""

    rung: str
    outcome: str
    candidates: tuple[Candidate, ...] = ()


@dataclass(slots=True)
class Case:
    """A policy in orphan management as a run sees it."""

    policy: Policy
    events: tuple[Event, ...]
    """The events that opened it or joined it, oldest first."""
    pending: bool
    origin_agent_code: str | None
    collection_serviced: bool
    """Ever serviced by the collection force: what H1 is keyed on."""
    notice_due_on: date | None

    @property
    def reasons(self) -> list[str]:
        """The reasons, each once, in the order in which they came."""
        return list(dict.fromkeys(event.reason for event in self.events))


@dataclass(slots=True)
class Bundle:
    """One policyholder's open orphans, moved as one, with the facts of stages nature, grouping and location."""

    policyholder_id: str
    holder_agent_code: str | None
    bundle_no: str
    """The lowest policy number: bundles need no other name."""
    cases: list[Case]
    branch_code: str
    producing_team_code: str | None
    excluded_agents: frozenset[str]
    designations: tuple[str, ...]
    """Designated agents with an approval, latest event first."""
    nature: str
    servicers: tuple[str, ...]
    """Collection agents with a valid contract who service the holder, best first."""
    marketing_servicers: tuple[str, ...]
    address: Address | None
    located_by: str
    """POINT, COMMUNITY or NONE."""
    review_code: str | None
    """Why it waits in location review; None: it goes on."""
    hold_until: date | None
    first_event_on: date
    notice_due_on: date | None

    @property
    def collection_serviced(self) -> bool:
        """Whether H1 holds for any policy of the bundle."""
        return any(case.collection_serviced for case in self.cases)


class Decision(NamedTuple):
    """What became of a bundle: state LOCATION_REVIEW (no rung), CITY_REVIEW, TEAM_POOL or ASSIGNED."""

    state: str
    rung: str | None
    team_code: str | None
    agent_code: str | None
    flags: tuple[str, ...]
    trail: tuple[Asked, ...]


class Refusal(NamedTuple):
    """An event that opened nothing, and why."""

    event_id: str
    policy_no: str
    code: str
