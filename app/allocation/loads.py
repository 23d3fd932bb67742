"""The counters that keep allocations within capacity, counted anew from the facts."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Connection, text

# A policy that is an open orphan is on its way to somebody else and no longer burdens its servicer; one that only waits
# for approval still does (rulebook 5.2 and 5.5).
_AGENTS: Final = """
    SELECT a.code, coalesce(s.policies, 0) AS serviced, coalesce(h.cases, 0) AS allocated
    FROM agent a
    LEFT JOIN (
        SELECT p.servicer_code, count(*) AS policies
        FROM policy p
        WHERE p.status <> 'ENDED' AND p.servicer_code IS NOT NULL
          AND NOT EXISTS (
            SELECT FROM orphan_case c WHERE c.policy_no = p.policy_no AND c.open AND c.state <> 'PENDING_APPROVAL')
        GROUP BY p.servicer_code
    ) s ON s.servicer_code = a.code
    LEFT JOIN (
        SELECT agent_code, count(*) AS cases FROM allocation WHERE live AND agent_code IS NOT NULL GROUP BY agent_code
    ) h ON h.agent_code = a.code
"""

_TEAMS: Final = """
    SELECT t.code, coalesce(h.cases, 0) AS allocated
    FROM team t
    LEFT JOIN (SELECT team_code, count(*) AS cases FROM allocation WHERE live GROUP BY team_code) h ON h.team_code = t.code
"""

_SET_AGENTS: Final = f"""
    INSERT INTO agent_load (agent_code, serviced, allocated) {_AGENTS}
    ON CONFLICT (agent_code) DO UPDATE SET serviced = excluded.serviced, allocated = excluded.allocated
    WHERE (agent_load.serviced, agent_load.allocated) IS DISTINCT FROM (excluded.serviced, excluded.allocated)
"""

_SET_TEAMS: Final = f"""
    INSERT INTO team_load (team_code, allocated) {_TEAMS}
    ON CONFLICT (team_code) DO UPDATE SET allocated = excluded.allocated
    WHERE team_load.allocated IS DISTINCT FROM excluded.allocated
"""

_DIFFERENCES: Final = f"""
    SELECT 'agent_load.serviced' AS counter, f.code, l.serviced AS counted, f.serviced AS fact
    FROM ({_AGENTS}) f LEFT JOIN agent_load l ON l.agent_code = f.code WHERE l.serviced IS DISTINCT FROM f.serviced
    UNION ALL
    SELECT 'agent_load.allocated', f.code, l.allocated, f.allocated
    FROM ({_AGENTS}) f LEFT JOIN agent_load l ON l.agent_code = f.code WHERE l.allocated IS DISTINCT FROM f.allocated
    UNION ALL
    SELECT 'team_load.allocated', f.code, l.allocated, f.allocated
    FROM ({_TEAMS}) f LEFT JOIN team_load l ON l.team_code = f.code WHERE l.allocated IS DISTINCT FROM f.allocated
    ORDER BY 1, 2
"""  # noqa: S608


class Difference(NamedTuple):
    """A counter that is not what the facts say; `counted` is None where there is no counter at all."""

    counter: str
    code: str
    counted: int | None
    fact: int


def refresh(connection: Connection) -> int:
    """Set `team_load` and `agent_load` of every team and agent to what the store says; returns how many differed.

    Within the connection's transaction. Allocations by others wait until it ends: they could otherwise move a counter between
    its being counted and its being written.
    """
    connection.execute(text("LOCK TABLE team_load, agent_load IN SHARE ROW EXCLUSIVE MODE"))
    return connection.execute(text(_SET_TEAMS)).rowcount + connection.execute(text(_SET_AGENTS)).rowcount


def differences(connection: Connection) -> list[Difference]:
    """The counters that are not what the facts say, by name and code."""
    return [Difference(*row) for row in connection.execute(text(_DIFFERENCES))]
