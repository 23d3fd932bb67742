"""The second step of a run: its proposals become allocations, or are given back."""

from sqlalchemy import Connection, text

from app.allocation import loads
from app.allocation.repository import waiting
from app.errors import RunNotFound, RunNotProposed


def _settle(connection: Connection, run_id: int, status: str) -> None:
    row = connection.execute(text("SELECT status FROM run WHERE id = :id FOR UPDATE"), {"id": run_id}).one_or_none()
    if row is None:
        raise RunNotFound
    if row.status != "PROPOSED":
        raise RunNotProposed
    connection.execute(
        text("UPDATE run SET status = :status, settled_at = now() WHERE id = :id"), {"id": run_id, "status": status}
    )


def confirm_run(connection: Connection, run_id: int) -> int:
    """Put the proposals of a run into their teams' pools, or with their agents; how many cases.

    Raises `RunNotFound`, `RunNotProposed`.
    """
    _settle(connection, run_id, "CONFIRMED")
    return connection.execute(
        text("""
            UPDATE orphan_case c
            SET state = CASE WHEN a.agent_code IS NULL THEN 'TEAM_POOL' ELSE 'ASSIGNED' END
            FROM allocation a
            WHERE a.run_id = :id AND a.live AND a.case_id = c.id AND c.state = 'PROPOSED'
        """),
        {"id": run_id},
    ).rowcount


def discard_run(connection: Connection, run_id: int) -> int:
    """Give the proposals of a run back: their cases are located again and wait for the next run; how many cases.

    Raises `RunNotFound`, `RunNotProposed`.
    """
    _settle(connection, run_id, "DISCARDED")
    count = connection.execute(
        text("""
            UPDATE orphan_case c SET state = 'LOCATED'
            FROM allocation a
            WHERE a.run_id = :id AND a.live AND a.case_id = c.id AND c.state = 'PROPOSED'
        """),
        {"id": run_id},
    ).rowcount
    connection.execute(text("UPDATE allocation SET live = false WHERE run_id = :id AND live"), {"id": run_id})
    waiting.follow_run(connection, run_id)
    loads.refresh(connection)
    return count
