"""Grouping and location: one policyholder's open orphans become a bundle with one service address (rulebook 4.4, 4.5, 5.5)."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from app.allocation.domain import (
    CONFIRMED_KINDS,
    KIND_RANK,
    PRECISE_LEVELS,
    SERVICED_STATES,
    UNALLOCATED_STATES,
    Address,
    Bundle,
    Case,
    Holder,
    World,
)
from app.allocation.nature import classify
from app.allocation.strategy import Strategy


def group(holder: Holder, cases: Sequence[Case], world: World, strategy: Strategy) -> Bundle | None:
    """The bundle of a holder's cases that a run may allocate: not waiting for approval, not allocated already.

    None when there is no such case. `cases` are all open cases of the holder, by policy number.
    """
    orphans = {case.policy.policy_no for case in cases if not case.pending}
    for policy in holder.policies:
        if policy.case is not None and policy.case.state in SERVICED_STATES:
            orphans.discard(policy.policy_no)
        elif policy.case is not None and policy.case.state not in UNALLOCATED_STATES:
            orphans.add(policy.policy_no)
    members = [
        case
        for case in cases
        if not case.pending and (case.policy.case is None or case.policy.case.state in UNALLOCATED_STATES)
    ]
    if not members:
        return None
    excluded = excluded_agents(cases, holder.agent_code)
    leavers = {
        event.origin_agent_code
        for case in members
        for event in case.events
        if event.reason == "AGENT_TERMINATED" and event.origin_agent_code
    }
    nature = classify(holder, orphans, leavers, world.agents)
    lowest = min(members, key=lambda case: case.policy.policy_no)
    due = [case.notice_due_on for case in members if case.notice_due_on is not None]
    first_event_on = min(case.events[0].event_on for case in members)
    notice_due_on = min(due) if due else None
    branch_code = lowest.policy.branch_code
    candidates = current_addresses(holder.addresses)
    address = candidates[0] if candidates else None
    located_by, review_code, hold_until = locate(
        address, candidates, branch_code, first_event_on, notice_due_on, world, strategy
    )
    return Bundle(
        policyholder_id=holder.policyholder_id,
        holder_agent_code=holder.agent_code,
        bundle_no=lowest.policy.policy_no,
        cases=members,
        branch_code=branch_code,
        producing_team_code=producing_team(members, world),
        excluded_agents=excluded,
        designations=designations(members),
        nature=nature.nature,
        servicers=nature.collection,
        marketing_servicers=nature.marketing,
        address=address,
        located_by=located_by,
        review_code=review_code,
        hold_until=hold_until,
        first_event_on=first_event_on,
        notice_due_on=notice_due_on,
    )


def excluded_agents(cases: Sequence[Case], holder_agent_code: str | None) -> frozenset[str]:
    """Agents whom the bundle may never go to (H6): the leaver, the agent whom the customer asked to leave, the holder.

    A customer's request counts even before approval, an agent's request once it is approved (rulebook 5.5).
    """
    excluded = {holder_agent_code} if holder_agent_code else set()
    for case in cases:
        for event in case.events:
            if event.origin_agent_code and (
                event.reason in ("AGENT_TERMINATED", "CUSTOMER_REQUEST")
                or (event.reason == "AGENT_REQUEST" and event.approval_ref)
            ):
                excluded.add(event.origin_agent_code)
    return frozenset(excluded)


def designations(cases: Sequence[Case]) -> tuple[str, ...]:
    """Agents named by an event with an approval, latest event first, each once."""
    named = {
        (event.event_on, event.event_id, event.designated_agent_code)
        for case in cases
        for event in case.events
        if event.approval_ref and event.designated_agent_code
    }
    return tuple(dict.fromkeys(code for _, _, code in sorted(named, reverse=True)))


def producing_team(cases: Sequence[Case], world: World) -> str | None:
    """The team of the origin agent of most policies; tie: lowest policy number. A dissolved team's successor stands in for it."""
    teams = []
    for case in cases:
        agent = world.agents.get(case.origin_agent_code or "")
        if agent is not None:
            teams.append(successor(agent.team_code, world))
    if not teams:
        return None
    count = Counter(teams)
    most = max(count.values())
    return next(team for team in teams if count[team] == most)


def successor(team_code: str, world: World) -> str:
    """The team itself, or for a dissolved one the team that stands in for it, however many steps away."""
    seen = {team_code}
    while True:
        team = world.teams.get(team_code)
        if team is None or team.successor_code is None or team.successor_code in seen:
            return team_code
        team_code = team.successor_code
        seen.add(team_code)


def current_addresses(addresses: Sequence[Address]) -> list[Address]:
    """The candidate addresses: of each kind the latest, best kind first."""
    latest: dict[str, Address] = {}
    for address in addresses:
        known = latest.get(address.kind)
        if known is None or _recency(address) > _recency(known):
            latest[address.kind] = address
    return sorted(latest.values(), key=lambda address: KIND_RANK[address.kind])


def _recency(address: Address) -> tuple[date, str, float, float, str]:
    """The latest day; what follows only makes the choice independent of the order of rows."""
    return (
        address.updated_on or date.min,
        address.text or "",
        address.lon or 0.0,
        address.lat or 0.0,
        address.community_code or "",
    )


def locate(
    address: Address | None,
    candidates: Sequence[Address],
    branch_code: str,
    first_event_on: date,
    notice_due_on: date | None,
    world: World,
    strategy: Strategy,
) -> tuple[str, str | None, date | None]:
    """(located_by, why it waits in location review or None, until when it is held).

    Outside the city and a conflict of branches wait for a person however long it takes; a too coarse or unsure point waits
    out the hold and then counts as not locatable. A known community code needs no waiting: a community is precise enough.
    """
    if address is None:
        return "NONE", None, None
    code = address.community_code
    if conflicting(candidates):
        return "NONE", "BRANCH_CONFLICT", None
    precise = address.given or address.confirmed or address.level in PRECISE_LEVELS
    if address.lon is not None:
        city = world.city_of_branch.get(branch_code)
        if city is not None and city.has_area and city.branches.isdisjoint(address.branches):
            return "NONE", "OUTSIDE_CITY", None
        sure = address.given or address.confidence >= strategy.accept_confidence
        if sure and (precise or address.within_one):
            return "POINT", None, None
    elif address.level == "NONE":
        return ("COMMUNITY" if code else "NONE"), None, None
    if code:
        return "COMMUNITY", None, None
    hold_until = first_event_on + timedelta(days=strategy.location_hold_days)
    if notice_due_on is not None:
        hold_until = min(hold_until, notice_due_on - timedelta(days=strategy.hold_ends_before_notice_days))
    if world.as_of < hold_until:
        return "NONE", "UNSURE" if precise else "TOO_COARSE", hold_until
    return "NONE", None, hold_until


def conflicting(candidates: Sequence[Address]) -> bool:
    """Whether the candidate addresses fall in different branches and none is confirmed (rulebook 4.4, 5.5).

    Only candidates with a point inside some branch count; it is a conflict if no single branch covers them all.
    """
    if any(candidate.kind in CONFIRMED_KINDS or candidate.confirmed for candidate in candidates):
        return False
    reached = [frozenset(c.branches) for c in candidates if c.lon is not None and c.branches]
    return len(reached) > 1 and not frozenset.intersection(*reached)
