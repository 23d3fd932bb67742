"""Within the team: which agent gets a bundle of the pool when the lead asks for automatic distribution (rulebook 5.2)."""

from fractions import Fraction

from app.allocation.domain import AgentState, Bundle, World


def duty_communities(bundle: Bundle) -> frozenset[str]:
    """The communities whose duty holders come first: the address's code, else those that cover the point."""
    address = bundle.address
    if address is None:
        return frozenset()
    if address.community_code:
        return frozenset({address.community_code})
    return frozenset(address.communities) if bundle.located_by == "POINT" else frozenset()


def choose_agent(bundle: Bundle, team_code: str, world: World) -> AgentState | None:
    """The agent of a team for a bundle; None when no member can take it, which then stays in the pool.

    Eligible agents with room for the whole bundle, not excluded by H6: the duty holder of the community first, then the lowest
    (load + n) / capacity, the fewest received lately, the lowest agent code.
    """
    n = len(bundle.cases)
    duty = duty_communities(bundle)
    able = [
        agent
        for agent in world.teams[team_code].members
        if agent.failure is None and agent.code not in bundle.excluded_agents and agent.load + n <= agent.capacity
    ]
    if not able:
        return None
    return min(
        able,
        key=lambda agent: (
            duty.isdisjoint(agent.communities),
            Fraction(agent.load + n, agent.capacity),
            agent.received,
            agent.code,
        ),
    )
