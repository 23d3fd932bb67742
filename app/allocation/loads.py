"""The counters that keep allocations within capacity, counted anew from the facts."""

from __future__ import annotations

from sqlalchemy import Connection, text

# A policy that is an open orphan is on its way to somebody else and no longer burdens its servicer; one that only waits
# for approval still does (rulebook 5.2 and 5.5).
_AGENTS = """
INSERT INTO agent_load (agent_code, serviced, allocated)
SELECT a.code, coalesce(s.policies, 0), coalesce(h.cases, 0)
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
ON CONFLICT (agent_code) DO UPDATE SET serviced = excluded.serviced, allocated = excluded.allocated
WHERE (agent_load.serviced, agent_load.allocated) IS DISTINCT FROM (excluded.serviced, excluded.allocated)
"""

_TEAMS = """
INSERT INTO team_load (team_code, allocated)
SELECT t.code, coalesce(h.cases, 0)
FROM team t
LEFT JOIN (SELECT team_code, count(*) AS cases FROM allocation WHERE live GROUP BY team_code) h ON h.team_code = t.code
ON CONFLICT (team_code) DO UPDATE SET allocated = excluded.allocated
WHERE team_load.allocated IS DISTINCT FROM excluded.allocated
"""


def refresh(connection: Connection) -> int:
    """Set `team_load` and `agent_load` of every team and agent to what the store says; returns how many differed.

    Within the connection's transaction. Allocations by others wait until it ends: they could otherwise move a counter between
    its being counted and its being written.
    """
    connection.execute(text("LOCK TABLE team_load, agent_load IN SHARE ROW EXCLUSIVE MODE"))
    return connection.execute(text(_TEAMS)).rowcount + connection.execute(text(_AGENTS)).rowcount
