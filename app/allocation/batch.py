"""A batch: the cases of many holders, decided in the rulebook's order while the loads grow (5.2, 5.5).

One holder is a batch of one: there is no other implementation.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from app.allocation.distribution import choose_agent
from app.allocation.domain import Bundle, Case, Decision, Holder, Refusal, World
from app.allocation.grouping import group
from app.allocation.intake import open_cases
from app.allocation.rules import decide, take
from app.allocation.strategy import Strategy


@dataclass(slots=True)
class Batch:
    """What a batch works on: bundles to decide, cases that wait for approval, events that opened nothing."""

    bundles: list[Bundle] = field(default_factory=list)
    pending: list[tuple[str, Case]] = field(default_factory=list)
    """(policyholder, case)."""
    refusals: list[Refusal] = field(default_factory=list)


def prepare(holders: Iterable[Holder], world: World, strategy: Strategy, *, branch_code: str | None = None) -> Batch:
    """Intake, nature, grouping and location of each holder. With `branch_code`, of what that branch manages alone.

    The loads of the world must be those without the orphans of the batch (rulebook 5.5).
    """
    batch = Batch()
    for holder in holders:
        cases, refusals = open_cases(holder, world.agents, world.as_of, strategy)
        if branch_code is None:
            batch.refusals += refusals
        else:
            managed = {policy.policy_no for policy in holder.policies if policy.branch_code == branch_code}
            batch.refusals += [refusal for refusal in refusals if refusal.policy_no in managed]
        if not cases:
            continue
        bundle = group(holder, cases, world, strategy)
        if bundle is not None and branch_code in (None, bundle.branch_code):
            batch.bundles.append(bundle)
        batch.pending += [
            (holder.policyholder_id, case)
            for case in cases
            if case.pending and branch_code in (None, case.policy.branch_code)
        ]
    batch.bundles.sort(key=batch_order)
    return batch


def batch_order(bundle: Bundle) -> tuple[date, date, str]:
    """Notice due date (none last), first event, lowest policy number."""
    return bundle.notice_due_on or date.max, bundle.first_event_on, bundle.bundle_no


def allocate(
    bundles: Sequence[Bundle],
    world: World,
    strategy: Strategy,
    *,
    distribute: bool = False,
    progress: Callable[[int], None] | None = None,
) -> list[Decision]:
    """The decisions on bundles in batch order; the loads of `world` grow as it goes. `progress` hears of every thousandth."""
    decisions = []
    for position, bundle in enumerate(bundles):
        decision = decide(bundle, world, strategy)
        take(decision, bundle, world)
        decisions.append(decision)
        if progress is not None and position % 1000 == 0:
            progress(position)
    if distribute:
        for position, (bundle, decision) in enumerate(zip(bundles, decisions, strict=True)):
            if decision.state == "TEAM_POOL" and decision.team_code is not None:
                agent = choose_agent(bundle, decision.team_code, world)
                if agent is not None:
                    agent.load += len(bundle.cases)
                    agent.received += len(bundle.cases)
                    decisions[position] = decision._replace(state="ASSIGNED", agent_code=agent.code)
    return decisions
