"""Draws a world: areas as names in a grid of squares, teams with their members, policyholders as sentences.

Offsets are degrees from 120 E, 30 N (EPSG:4490), longitude first; a square is .010 degrees wide and high. What covers a
point is worked out here with shapely alone, so that the rules are tested on areas that nothing of the product has touched.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import cos, radians
from typing import Any, NamedTuple

from shapely import Point, box, unary_union
from shapely.affinity import scale
from shapely.geometry.base import BaseGeometry

from app.allocation.batch import Batch, allocate, prepare
from app.allocation.domain import (
    Address,
    AgentState,
    Bundle,
    City,
    Decision,
    Event,
    Holder,
    OpenCase,
    Owner,
    Policy,
    TeamState,
    World,
    weigh,
)
from app.allocation.strategy import Strategy

RUN_DATE = date(2026, 3, 10)
LONG_AGO = date(2026, 2, 1)
"""When an event happens unless a test says otherwise: early enough for every hold to be over on the run's date."""

EAST, NORTH = 120.0, 30.0
SQUARE = 0.010
METRES = 111_320.0
"""A degree of latitude: a sphere is true enough for drawings."""

Place = tuple[float, float]


def place(x: float, y: float) -> Place:
    """Longitude and latitude of an offset, with no more digits than a drawing has."""
    return round(EAST + x, 9), round(NORTH + y, 9)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> BaseGeometry:
    return box(*place(x0, y0), *place(x1, y1))


def squares(drawing: str) -> dict[str, BaseGeometry]:
    """Name → all squares in which a drawing (north on top) names it. `A+B`: both are there; `.`: nobody is."""
    found: dict[str, list[BaseGeometry]] = {}
    for row, line in enumerate(reversed(drawing.strip().splitlines())):
        for column, names in enumerate(line.split()):
            for name in names.split("+"):
                if name != ".":
                    x, y = column * SQUARE, row * SQUARE
                    found.setdefault(name, []).append(rectangle(x, y, x + SQUARE, y + SQUARE))
    return {name: unary_union(parts) for name, parts in found.items()}


class Member(NamedTuple):
    """An agent of a team. `failure`: the constraint that keeps the agent from receiving."""

    load: int = 0
    capacity: int = 100
    failure: str | None = None
    valid: bool = True
    duty: tuple[str, ...] = ()
    received: int = 0


LEAVING = Member(0, failure="H2_STATE", valid=False)
ON_LEAVE = Member(0, failure="H2_ON_LEAVE")


class Team(NamedTuple):
    branch: str
    members: Mapping[str, Member]
    force: str
    failure: str | None
    capacity: int | None
    pool: int
    successor: str | None


class Outcome(NamedTuple):
    """What came of a run, with the world as the run left it."""

    batch: Batch
    decisions: list[Decision]
    world: World

    def of(self, policy_no: str) -> Decision:
        """The decision on the bundle that holds a policy."""
        return next(
            decision
            for bundle, decision in zip(self.batch.bundles, self.decisions, strict=True)
            if policy_no in [case.policy.policy_no for case in bundle.cases]
        )


@dataclass
class Town:
    """The organisation and its areas. `cities`: branch → city; every branch drawn is in city X unless it says otherwise."""

    branches: str
    communities: str = "."
    territories: str = "."
    cities: Mapping[str, str] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    as_of: date = RUN_DATE

    def __post_init__(self) -> None:
        self.branch_areas = squares(self.branches)
        self.community_areas = squares(self.communities)
        self.territory_areas = squares(self.territories)

    def team(
        self,
        code: str,
        branch: str,
        members: Mapping[str, int | Member],
        *,
        force: str = "COLLECTION",
        failure: str | None = None,
        capacity: int | None = None,
        pool: int = 0,
        successor: str | None = None,
    ) -> "Town":
        """Add or replace a team; a member given as a number has that load and room for 100."""
        known = {name: Member(who) if isinstance(who, int) else who for name, who in members.items()}
        self.teams[code] = Team(branch, known, force, failure, capacity, pool, successor)
        return self

    def territory(self, team_code: str, x0: float, y0: float, x1: float, y1: float) -> "Town":
        """Add a rectangle that is not a square of the grid to a team's territory."""
        parts = [rectangle(x0, y0, x1, y1), *filter(None, [self.territory_areas.get(team_code)])]
        self.territory_areas[team_code] = unary_union(parts)
        return self

    def world(self) -> World:
        """A world with the loads of the tables, that nobody else holds."""
        agents, teams = {}, {}
        for code, row in self.teams.items():
            members = [
                AgentState(
                    name,
                    code,
                    row.force,
                    who.valid,
                    who.failure,
                    who.capacity,
                    frozenset(who.duty),
                    who.load,
                    who.received,
                )
                for name, who in row.members.items()
            ]
            agents.update({member.code: member for member in members})
            able = [member for member in members if member.failure is None]
            capacity = sum(member.capacity for member in able) if row.capacity is None else row.capacity
            teams[code] = TeamState(
                code,
                row.branch,
                self.city(row.branch),
                row.force,
                row.failure or (None if able else "H2_NO_MEMBER"),
                capacity,
                members,
                row.pool + sum(member.load for member in able),
                row.successor,
            )
        of_branch: dict[str, list[TeamState]] = {}
        for code in sorted(teams):
            if teams[code].force == "COLLECTION":
                of_branch.setdefault(teams[code].branch_code, []).append(teams[code])
        for level in of_branch.values():
            weigh(level)
        return World(
            as_of=self.as_of,
            plan_version="drawn",
            teams=teams,
            agents=agents,
            city_of_branch={code: self._city_of(code) for code in self._branch_codes()},
            teams_of_branch=of_branch,
            owners_of_community={
                code: tuple(sorted(team for team, own in self.territory_areas.items() if own.covers(area)))
                for code, area in self.community_areas.items()
            },
            distance=self.distance,
        )

    def city(self, branch: str) -> str:
        return self.cities.get(branch, "X")

    def _branch_codes(self) -> set[str]:
        return {*self.branch_areas, *self.cities, *(row.branch for row in self.teams.values())}

    def _city_of(self, branch: str) -> City:
        reach = frozenset(code for code in self._branch_codes() if self.city(code) == self.city(branch))
        return City(self.city(branch), reach, not reach.isdisjoint(self.branch_areas))

    def distance(self, lon: float, lat: float, team_code: str) -> int | None:
        """Whole metres from a point to a team's territory, None for a team without one."""
        area = self.territory_areas.get(team_code)
        return None if area is None else round(_metres(Point(lon, lat), area))

    def address(
        self,
        at: Place | None = None,
        code: str | None = None,
        kind: str = "POSTAL",
        *,
        level: str | None = None,
        confidence: float = 0.9,
        radius_m: float = 30.0,
        updated_on: date | None = None,
        text: str | None = None,
        address_id: int = 1,
    ) -> Address:
        """An address: with `at` alone the point came with it; with a `level` it was geocoded to `at`."""
        given = at is not None and level is None
        if at is None:
            return Address(address_id, kind, updated_on, text, code, False, None, None, level or "NONE", 0.0, 0.0)
        lon, lat = place(*at)
        point = Point(lon, lat)
        areas = self.territory_areas
        return Address(
            address_id=address_id,
            kind=kind,
            updated_on=updated_on,
            text=text,
            community_code=code,
            given=given,
            lon=lon,
            lat=lat,
            level=level or "UNIT",
            confidence=1.0 if given else confidence,
            radius_m=0.0 if given else radius_m,
            branches=_covering(self.branch_areas, point),
            communities=_covering(self.community_areas, point),
            owners=tuple(Owner(team, not areas[team].contains(point)) for team in _covering(areas, point)),
            within_one=not given and _holds_disc(point, radius_m, areas.values()),
            near_border=not given
            and any(not area.covers(point) and _metres(point, area) < radius_m for area in areas.values()),
        )

    def holder(
        self,
        *policies: Policy,
        at: Place | None = None,
        code: str | None = None,
        addresses: Sequence[Address] | None = None,
        name: str = "H",
        agent: str | None = None,
    ) -> Holder:
        """A policyholder; with neither `at`, `code` nor `addresses` nothing is known of where they live."""
        if addresses is None:
            addresses = [self.address(at, code)] if at or code else []
        return Holder(name, agent, sorted(policies, key=lambda policy: policy.policy_no), addresses)

    def run(self, *holders: Holder, strategy: Strategy | None = None, distribute: bool = False) -> Outcome:
        """Prepare and decide all of them on the run's date."""
        strategy = strategy or Strategy()
        world = self.world()
        batch = prepare(holders, world, strategy)
        return Outcome(batch, allocate(batch.bundles, world, strategy, distribute=distribute), world)

    def decide(self, *holders: Holder, strategy: Strategy | None = None, distribute: bool = False) -> Decision:
        """The only decision of a run."""
        (decision,) = self.run(*holders, strategy=strategy, distribute=distribute).decisions
        return decision

    def bundle(self, holder: Holder, strategy: Strategy | None = None) -> Bundle:
        """The only bundle of a holder."""
        (bundle,) = prepare([holder], self.world(), strategy or Strategy()).bundles
        return bundle


def _covering(areas: Mapping[str, BaseGeometry], point: Point) -> tuple[str, ...]:
    return tuple(sorted(code for code, area in areas.items() if area.covers(point)))


def _flat(area: BaseGeometry, point: Point) -> BaseGeometry:
    """An area in degrees of latitude around a point, east-west shrunk as the latitude wants."""
    return scale(area, cos(radians(point.y)), 1, origin=point)


def _metres(point: Point, area: BaseGeometry) -> float:
    return float(_flat(area, point).distance(point)) * METRES


def _holds_disc(point: Point, radius_m: float, areas: Iterable[BaseGeometry]) -> bool:
    disc = point.buffer(radius_m / METRES)
    reached = [area for area in (_flat(area, point) for area in areas) if area.intersects(disc)]
    return len(reached) == 1 and bool(reached[0].covers(disc))


def event(
    reason: str = "AGENT_TERMINATED",
    of: str | None = "A8",
    on: date = LONG_AGO,
    *,
    event_id: str | None = None,
    formalities: date | None = None,
    approved: bool = False,
    designates: str | None = None,
) -> Event:
    """An intake event on a policy that `of` serviced until then."""
    approval = "approval" if approved else None
    return Event(event_id or f"{reason} {of} {on}", reason, on, of, formalities, approval, designates)


def policy(
    policy_no: str,
    *events: Event,
    branch: str = "E",
    servicer: str | None = None,
    since: date | None = None,
    seller: str | None = None,
    collection: bool = False,
    combination: str | None = None,
    term: int | None = 20,
    status: str = "IN_FORCE",
    lapsed: date | None = None,
    state: str | None = None,
) -> Policy:
    """A policy with its events; `state`: of the open case that it already has."""
    case = OpenCase(1, state, 1, None) if state else None
    known = tuple(sorted(events, key=lambda known: (known.event_on, known.event_id)))
    return Policy(
        policy_no, branch, combination, term, status, lapsed, seller, servicer, since, collection, known, case
    )


def orphan(policy_no: str = "P1", of: str | None = "A8", **columns: Any) -> Policy:
    """A policy that `of` serviced until the contract with them ended."""
    return policy(policy_no, event(of=of), servicer=of, **columns)


def serviced(policy_no: str, by: str | None, since: date | None = date(2020, 1, 1), **columns: Any) -> Policy:
    """A policy that nothing happened to: `by` services it."""
    return policy(policy_no, servicer=by, since=since, **columns)


def checks(decision: Decision, rung: str) -> dict[str, str]:
    """Target → PASS or failed constraint, as a rung of the trail has it; an agent where it looked at one."""
    (asked,) = [asked for asked in decision.trail if asked.rung == rung]
    return {candidate.agent_code or candidate.team_code: candidate.check for candidate in asked.candidates}


def outcomes(decision: Decision) -> dict[str, str]:
    """Rung → what came of it, in the order in which they were asked."""
    return {asked.rung: asked.outcome for asked in decision.trail}


def rulebook_town() -> Town:
    """The world of the worked examples: branches E and W, loads as in the rulebook, room for 100 in every agent."""
    town = Town(
        branches="""
            E   E   E   W
            E   E   E   W
        """,
        communities="""
            C04 .   .   C06
            C01 C02 C03 C05
        """,
        territories="""
            .    .    .    T-W2
            T-E1 T-E1 T-E2 T-W1
        """,
    )
    town.territory("T-E1", 0.018, 0.004, 0.022, 0.006)
    town.team("T-E1", "E", {"A1": 40, "A2": 80, "A3": LEAVING._replace(load=10)})
    town.team("T-E2", "E", {"A4": 50, "A5": ON_LEAVE})
    town.team("T-E3", "E", {"A6": 20})
    town.team("M-E1", "E", {"A8": 10}, force="MARKETING")
    town.team("T-W1", "W", {"A7": 100})
    town.team("T-W2", "W", {}, failure="H2_ENDED")
    town.team("T-W3", "W", {"A9": 30})
    return town
