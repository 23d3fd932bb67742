"""Reads cases with their decisions, for the explanation of one and for the export of all."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, RowMapping, text

# The open case of a policy, else its newest.
_CASES = """
    SELECT DISTINCT ON (c.policy_no COLLATE "C")
        c.policy_no, c.policyholder_id, c.state, c.open, c.generation, c.reasons, c.event_ids, c.first_event_on,
        c.notice_due_on, c.origin_agent_code, c.collection_serviced, c.branch_code, c.bundle_no, c.nature,
        d.id AS decision_id, d.run_id, d.nature_evidence, d.address_kind, d.level, d.confidence, d.radius_m,
        d.community_code, d.located_by, d.rung, d.flags, d.review_code, d.hold_until, d.strategy_version, d.plan_version,
        d.trail, ST_X(d.point) AS lon, ST_Y(d.point) AS lat,
        a.team_code, a.agent_code, t.name AS team_name
    FROM orphan_case c
    LEFT JOIN decision d ON d.id = c.decision_id AND c.state NOT IN ('PENDING_APPROVAL', 'LOCATED')
    LEFT JOIN allocation a ON a.case_id = c.id AND a.live
    LEFT JOIN team t ON t.code = a.team_code
    {where}
    ORDER BY c.policy_no COLLATE "C", c.open DESC, c.id DESC
"""


def read_case(connection: Connection, policy_no: str) -> RowMapping | None:
    """The case of a policy with its decision and live allocation."""
    query = text(_CASES.format(where="WHERE c.policy_no = :policy_no"))
    return connection.execute(query, {"policy_no": policy_no}).mappings().one_or_none()


def stream_cases(connection: Connection, run_id: int | None = None) -> Iterator[RowMapping]:
    """All cases by policy number, or those that a run decided; fetched in parts, not held whole."""
    where = "WHERE d.run_id = :run_id" if run_id is not None else ""
    query = text(_CASES.format(where=where)).execution_options(yield_per=20_000)
    values: dict[str, Any] = {"run_id": run_id} if run_id is not None else {}
    yield from connection.execute(query, values).mappings()


def team_names(connection: Connection) -> dict[str, str]:
    """Team code → name."""
    return {row.code: row.name for row in connection.execute(text("SELECT code, name FROM team"))}
