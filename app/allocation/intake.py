"""Intake: which events of a policyholder open a case, and which open nothing (rulebook 4.1, readings in 5.5)."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from app.allocation.domain import AgentState, Case, Event, Holder, Policy, Refusal
from app.allocation.strategy import Strategy

NEEDS_APPROVAL = frozenset({"AGENT_REQUEST", "CUSTOMER_REQUEST", "OTHER_CHANNEL"})


def add_months(day: date, months: int) -> date:
    """The same day of the month some months later; in a shorter month its last day (rulebook 5.5)."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def failure_of(
    event: Event, policy: Policy, agents: Mapping[str, AgentState], as_of: date, strategy: Strategy
) -> str | None:
    """Why an event opens no case, or None if it passes its test. Waiting for approval is no failure."""
    if policy.status == "ENDED":
        return "POLICY_ENDED"
    if event.reason == "LAPSED_SELF_SOLD":
        if policy.status != "LAPSED" or policy.lapsed_on is None:
            return "NOT_LAPSED"
        if add_months(policy.lapsed_on, strategy.lapse_months) > as_of:
            return "LAPSE_TOO_SHORT"
        seller = agents.get(policy.seller_code or "")
        if seller is None or not seller.valid:
            return "SELLER_NOT_VALID"
    return None


def waits(events: Sequence[Event]) -> bool:
    """Whether a case with these events waits for approval: no reason is valid by itself (rulebook 5.5)."""
    return all(event.reason in NEEDS_APPROVAL and not event.approval_ref for event in events)


def open_cases(
    holder: Holder, agents: Mapping[str, AgentState], as_of: date, strategy: Strategy
) -> tuple[list[Case], list[Refusal]]:
    """The cases of one policyholder on a date, by policy number, and the events that opened nothing.

    Combined policies are atomic: an event on one part brings the other parts along, and if one part waits for approval all
    wait. A part that is brought along has the events of the part that brought it.
    """
    refusals: list[Refusal] = []
    events_of: dict[str, tuple[Event, ...]] = {}
    for policy in holder.policies:
        passed = []
        for event in policy.events:
            if event.event_on > as_of:
                continue
            failure = failure_of(event, policy, agents, as_of, strategy)
            if failure is None:
                passed.append(event)
            else:
                refusals.append(Refusal(event.event_id, policy.policy_no, failure))
        if passed:
            events_of[policy.policy_no] = tuple(passed)
    if not events_of:
        return [], refusals

    pending = {number: waits(events) for number, events in events_of.items()}
    parts_of: dict[str, list[Policy]] = {}
    for policy in holder.policies:
        if policy.combination_id and policy.status != "ENDED":
            parts_of.setdefault(policy.combination_id, []).append(policy)
    for parts in parts_of.values():
        own = [part.policy_no for part in parts if part.policy_no in events_of]
        if own and len(parts) > 1:
            wait = any(pending[number] for number in own)
            brought = tuple(
                sorted({event for number in own for event in events_of[number]}, key=lambda e: (e.event_on, e.event_id))
            )
            for part in parts:
                events_of.setdefault(part.policy_no, brought)
                pending[part.policy_no] = wait

    cases = [
        _case(policy, events_of[policy.policy_no], pending[policy.policy_no], agents, strategy)
        for policy in holder.policies
        if policy.policy_no in events_of
    ]
    return cases, refusals


def _case(
    policy: Policy, events: tuple[Event, ...], pending: bool, agents: Mapping[str, AgentState], strategy: Strategy
) -> Case:
    servicers = [policy.servicer_code, *(event.origin_agent_code for event in events)]
    collection = policy.served_by_collection or any(
        code is not None and code in agents and agents[code].force == "COLLECTION" for code in servicers
    )
    return Case(policy, events, pending, events[0].origin_agent_code, collection, notice_due(policy, events, strategy))


def notice_due(policy: Policy, events: Sequence[Event], strategy: Strategy) -> date | None:
    """When the policyholder must have been told: 30 days after the leaver's formalities, for contracts of one year or longer.

    A contract of unknown term counts as longer (rulebook 5.5). None: no notice is due.
    """
    if policy.term_years is not None and policy.term_years < 1:
        return None
    formalities = [event.formalities_on for event in events if event.formalities_on is not None]
    return min(formalities) + timedelta(days=strategy.notice_days) if formalities else None
