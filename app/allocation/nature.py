"""Nature: is an agent of the channel still servicing the policyholder? (rulebook 4.3, readings in 5.5)"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import NamedTuple

from app.allocation.domain import AgentState, Holder


class Nature(NamedTuple):
    """PURE or NON_PURE with its evidence: the agents who still service the holder, best first, by force."""

    nature: str
    collection: tuple[str, ...]
    marketing: tuple[str, ...]


def classify(
    holder: Holder, orphans: Collection[str], leavers: Collection[str], agents: Mapping[str, AgentState]
) -> Nature:
    """The nature of a holder.

    `orphans`: policy numbers with an open case that does not wait for approval; they are serviced by nobody. `leavers`: agents
    who do not count. Agents are ranked by most policies, then latest start, then code (rulebook 5.2, rung 2).
    """
    serviced: dict[str, tuple[int, date]] = {}
    for policy in holder.policies:
        code = policy.servicer_code
        if code is None or policy.status == "ENDED" or policy.policy_no in orphans or code in leavers:
            continue
        agent = agents.get(code)
        if agent is None or not agent.valid:
            continue
        count, since = serviced.get(code, (0, date.min))
        serviced[code] = count + 1, max(since, policy.servicer_since or date.min)
    if not serviced:
        return Nature("PURE", (), ())
    ranked = sorted(serviced, key=lambda code: (-serviced[code][0], -serviced[code][1].toordinal(), code))
    return Nature(
        "NON_PURE",
        tuple(code for code in ranked if agents[code].force == "COLLECTION"),
        tuple(code for code in ranked if agents[code].force == "MARKETING"),
    )
