"""The ladder: an ordered list of rungs, each asked in turn; the first with an eligible target wins (rulebook 5.2).

A rung is a function of the bundle, the world with its loads, and the strategy. It answers with what came of it and every
candidate it looked at; it changes nothing. `decide` climbs, `take` writes the decision into the loads.
"""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from app.allocation.domain import Asked, Bundle, Candidate, Decision, Owner, TeamState, World
from app.allocation.grouping import successor
from app.allocation.strategy import Strategy

PASS = "PASS"  # noqa: S105
TAKEN = "TAKEN"


class Answer(NamedTuple):
    """What a rung says: what came of it, the target if it has one, the flags it raises, its candidates."""

    outcome: str
    team: TeamState | None = None
    agent_code: str | None = None
    flags: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    rung: str | None = None
    """The rung's name in the decision, where it is not the one that was asked."""


Rung = Callable[[Bundle, World, Strategy], Answer]


def check_team(team: TeamState, bundle: Bundle, world: World, *, automatic: bool) -> str:
    """PASS, or the first hard constraint (rulebook 5.1) that keeps the bundle from this team."""
    if team.failure is not None:
        return team.failure
    if team.force == "MARKETING":
        if automatic:
            return "H3_MARKETING"
        if bundle.collection_serviced:
            return "H1"
    home = world.city_of_branch.get(bundle.branch_code)
    if home is not None and team.city_code != home.code:
        return "H9"
    if team.load + len(bundle.cases) > team.capacity:
        return "H4"
    return PASS


def check_agent(agent_code: str, bundle: Bundle, world: World, *, automatic: bool) -> Candidate:
    """The agent with their team as a candidate: both must be eligible, with room for the whole bundle in both."""
    agent = world.agents.get(agent_code)
    team = world.teams.get(agent.team_code) if agent is not None else None
    if agent is None or team is None:
        return Candidate("", agent_code, "H2_UNKNOWN_AGENT", 0, 0)
    if agent_code in bundle.excluded_agents:
        check = "H6"
    elif agent.failure is not None:
        check = agent.failure
    else:
        check = check_team(team, bundle, world, automatic=automatic)
        if check == PASS and agent.load + len(bundle.cases) > agent.capacity:
            return Candidate(team.code, agent_code, "H4_AGENT", agent.load, agent.capacity)
    return Candidate(team.code, agent_code, check, team.load, team.capacity)


def _teams(codes: Iterable[str], bundle: Bundle, world: World) -> tuple[list[TeamState], tuple[Candidate, ...]]:
    """The eligible teams among some, and all of them as candidates."""
    eligible, candidates = [], []
    for code in codes:
        team = world.teams[code]
        check = check_team(team, bundle, world, automatic=True)
        candidates.append(Candidate(code, None, check, team.load, team.capacity))
        if check == PASS:
            eligible.append(team)
    return eligible, tuple(candidates)


def _first_agent(agent_codes: Sequence[str], bundle: Bundle, world: World, *, automatic: bool) -> Answer:
    candidates = []
    for code in agent_codes:
        candidate = check_agent(code, bundle, world, automatic=automatic)
        candidates.append(candidate)
        if candidate.check == PASS:
            return Answer(TAKEN, world.teams[candidate.team_code], code, candidates=tuple(candidates))
    return Answer("NONE_ELIGIBLE", candidates=tuple(candidates))


def designated(bundle: Bundle, world: World, strategy: Strategy) -> Answer:
    """Rung 1: the approved customer's choice. A marketing agent may be designated unless H1."""
    if not bundle.designations:
        return Answer("NO_DESIGNATION")
    return _first_agent(bundle.designations, bundle, world, automatic=False)


def current_servicer(bundle: Bundle, world: World, strategy: Strategy) -> Answer:
    """Rung 2: a collection agent who already services the policyholder, with the agent's team."""
    if bundle.servicers:
        return _first_agent(bundle.servicers, bundle, world, automatic=True)
    if bundle.marketing_servicers:
        return Answer("ONLY_MARKETING", flags=("NON_PURE_MARKETING",))
    return Answer("PURE")


def owners(bundle: Bundle, world: World) -> tuple[Owner, ...]:
    """The teams that own the bundle's place: of the point, borders included, or of the community when only its code is known.

    A successor stands in for a dissolved team; a team that owns a place twice is inside if it is inside once.
    """
    if bundle.address is None or bundle.located_by == "NONE":
        return ()
    if bundle.located_by == "POINT":
        found: Iterable[Owner] = bundle.address.owners
    else:
        codes = world.owners_of_community.get(bundle.address.community_code or "", ())
        found = (Owner(code, False) for code in codes)
    touching: dict[str, bool] = {}
    for owner in found:
        code = successor(owner.team_code, world)
        touching[code] = touching.get(code, True) and owner.touching
    return tuple(Owner(code, touching[code]) for code in sorted(touching))


def region(bundle: Bundle, world: World, strategy: Strategy) -> Answer:
    """Rungs 3 and 4: the team that owns the region, and who among several (border or overlap) does."""
    if bundle.located_by == "NONE":
        return Answer("NOT_LOCATED")
    owning = owners(bundle, world)
    if not owning:
        return Answer("NO_OWNER")
    eligible, candidates = _teams((owner.team_code for owner in owning), bundle, world)
    if not eligible:
        return Answer("NONE_ELIGIBLE", candidates=candidates)
    if len(eligible) == 1:
        return Answer(TAKEN, eligible[0], candidates=candidates)
    flags: tuple[str, ...] = ()
    if bundle.located_by == "POINT":
        codes = {team.code for team in eligible}
        inside = sum(not owner.touching for owner in owning if owner.team_code in codes)
        flags = ("OVERLAP",) if inside >= 2 else ("BORDER",)
    team, rung = settle_tie(eligible, bundle, world)
    return Answer(TAKEN, team, flags=flags, candidates=candidates, rung=rung)


def settle_tie(eligible: Sequence[TeamState], bundle: Bundle, world: World) -> tuple[TeamState, str]:
    """Rung 4: the producing team if among them, else who holds the community's code, else the lowest load ratio, then the code.

    Where several hold the community, the ratio decides among them (rulebook 5.5).
    """
    for team in eligible:
        if team.code == bundle.producing_team_code:
            return team, "REGION_TIE_ORIGIN"
    code = bundle.address.community_code if bundle.address is not None else None
    if code and bundle.located_by == "POINT":
        holding = {successor(owner, world) for owner in world.owners_of_community.get(code, ())}
        held = [team for team in eligible if team.code in holding]
        if len(held) == 1:
            return held[0], "REGION_TIE_COMMUNITY"
        eligible = held or eligible
    return min(eligible, key=lambda team: (Fraction(team.load, team.capacity), team.code)), "REGION_TIE_LOAD"


def branch_of_place(bundle: Bundle, world: World) -> str:
    """The branch to balance in: the one whose area covers the point, else the managing one (rulebook 5.2, 5.5).

    On the line between two: the managing one if among them, else the lowest code.
    """
    if bundle.located_by == "POINT" and bundle.address is not None and bundle.address.branches:
        home = world.city_of_branch.get(bundle.branch_code)
        # On the line between two cities: balancing never leaves the own one (H9).
        own = [code for code in bundle.address.branches if home is not None and code in home.branches]
        branches = own or bundle.address.branches
        return bundle.branch_code if bundle.branch_code in branches else min(branches)
    return bundle.branch_code


def origin_team(bundle: Bundle, world: World, strategy: Strategy) -> Answer:
    """Rung 5: the producing team, if it is a collection team of the branch of the place."""
    team = world.teams.get(bundle.producing_team_code or "")
    if team is None:
        return Answer("NO_PRODUCER")
    if team.force != "COLLECTION":
        return Answer("PRODUCER_IS_MARKETING")
    if team.branch_code != branch_of_place(bundle, world):
        return Answer("PRODUCER_IN_OTHER_BRANCH")
    eligible, candidates = _teams((team.code,), bundle, world)
    if eligible:
        return Answer(TAKEN, team, candidates=candidates)
    return Answer("NONE_ELIGIBLE", candidates=candidates)


def branch_balance(bundle: Bundle, world: World, strategy: Strategy) -> Answer:
    """Rung 6: the lowest (load + n) / capacity in the branch; then most room, nearest territory, lowest code."""
    teams = world.teams_of_branch.get(branch_of_place(bundle, world), [])
    eligible, candidates = _teams((team.code for team in teams), bundle, world)
    if not eligible:
        return Answer("NONE_ELIGIBLE", candidates=candidates)
    n = len(bundle.cases)
    lowest = min((team.load + n) * team.weight for team in eligible)
    level = [team for team in eligible if (team.load + n) * team.weight == lowest]
    if len(level) > 1:
        room = max(team.capacity - team.load for team in level)
        level = [team for team in level if team.capacity - team.load == room]
    if len(level) > 1:
        level = nearest(level, bundle, world)
    return Answer(TAKEN, min(level, key=lambda team: team.code), candidates=candidates)


def nearest(teams: Sequence[TeamState], bundle: Bundle, world: World) -> list[TeamState]:
    """The teams whose territory is nearest to the point, in whole metres; one without territory is last; all of them without a point."""
    if (
        bundle.located_by != "POINT"
        or bundle.address is None
        or bundle.address.lon is None
        or bundle.address.lat is None
    ):
        return list(teams)
    lon, lat = bundle.address.lon, bundle.address.lat
    metres = [(world.distance(lon, lat, team.code), team) for team in teams]
    known = [m for m, _ in metres if m is not None]
    return [team for m, team in metres if m == min(known)] if known else list(teams)


def city_review(bundle: Bundle, world: World, strategy: Strategy) -> Answer:
    """Rung 7: nobody in the branch can take it; a person in the city decides."""
    return Answer("FOR_A_PERSON")


LADDER: tuple[tuple[str, Rung], ...] = (
    ("DESIGNATED", designated),
    ("CURRENT_SERVICER", current_servicer),
    ("REGION_OWNER", region),
    ("ORIGIN_TEAM", origin_team),
    ("BRANCH_BALANCE", branch_balance),
    ("CITY_REVIEW", city_review),
)


def ladder(strategy: Strategy) -> tuple[tuple[str, Rung], ...]:
    """The rungs in the order in which the strategy asks them."""
    if not strategy.region_before_servicer:
        return LADDER
    first, servicer, owner, *rest = LADDER
    return (first, owner, servicer, *rest)


def decide(bundle: Bundle, world: World, strategy: Strategy) -> Decision:
    """The decision on a bundle with the loads as they are. Changes nothing.

    A bundle in location review is asked no rung. Every rung that was asked leaves its outcome in the trail.
    """
    if bundle.review_code is not None:
        return Decision("LOCATION_REVIEW", None, None, None, (), ())
    flags: set[str] = {"ADDRESS_UNRESOLVED"} if bundle.located_by == "NONE" else set()
    trail: list[Asked] = []
    for name, rung in ladder(strategy):
        answer = rung(bundle, world, strategy)
        trail.append(Asked(answer.rung or name, answer.outcome, answer.candidates))
        flags.update(answer.flags)
        if answer.team is not None:
            if answer.team.branch_code != bundle.branch_code:
                flags.add("CROSS_BRANCH")
            if bundle.located_by == "POINT" and bundle.address is not None and bundle.address.near_border:
                flags.add("NEAR_BORDER")
            state = "ASSIGNED" if answer.agent_code else "TEAM_POOL"
            return Decision(
                state, answer.rung or name, answer.team.code, answer.agent_code, tuple(sorted(flags)), tuple(trail)
            )
    return Decision("CITY_REVIEW", "CITY_REVIEW", None, None, tuple(sorted(flags)), tuple(trail))


def take(decision: Decision, bundle: Bundle, world: World) -> None:
    """Add the bundle to the loads of its target."""
    if decision.team_code is not None:
        world.teams[decision.team_code].load += len(bundle.cases)
        if decision.agent_code is not None:
            agent = world.agents[decision.agent_code]
            agent.load += len(bundle.cases)
            agent.received += len(bundle.cases)
