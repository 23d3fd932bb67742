"""Takes a decision back: its addresses go where the geocoder had them, and what waited for them waits again."""

from typing import Any

from sqlalchemy import Connection, RowMapping, text

from app.access.principal import Scope
from app.allocation.domain import UNALLOCATED_STATES
from app.allocation.repository.waiting import enter
from app.db import lock_branches
from app.errors import LocationDecisionChanged, LocationDecisionNotFound, LocationDecisionUndone, UndoReasonMissing
from app.locating.columns import GEOCODED
from app.locating.locate import LOCATING_LOCK
from app.locating.settled import STORE

LISTED = 200
"""Policies named in an answer; all are counted."""

# An address that arrived after the decision was settled by it as well.
_ADDRESSES = text("SELECT address_id FROM location WHERE review_id = :id ORDER BY 1")
_BRANCHES = text(
    """
    SELECT DISTINCT c.branch_code FROM orphan_case c JOIN address a ON a.policyholder_id = c.policyholder_id
    WHERE a.id = ANY (:ids) AND c.open
    """
)

# Another decision on the same place, still standing, holds for its addresses again.
_OTHER = text(
    STORE.format(
        wanted="""(
            SELECT l.address_id, l.key, (
                SELECT o.id FROM location_decision o
                WHERE o.key = l.key AND o.scope = 'KEY' AND o.undone_at IS NULL ORDER BY o.id DESC LIMIT 1) AS review_id
            FROM location l JOIN address a ON a.id = l.address_id WHERE l.address_id = ANY (:ids) AND a.point IS NULL) AS wanted"""
    )
)
_RESTORE = text(
    f"""
    UPDATE location l SET {", ".join(f"{name} = b.{name}" for name in GEOCODED)}, review_id = NULL
    FROM location_before b WHERE b.address_id = l.address_id AND l.review_id = :id
    """  # noqa: S608 (fixed names)
)
# What the geocoder was never asked: the next run asks it.
_FORGET = text("DELETE FROM location WHERE review_id = :id")
_FORGET_BEFORE = text(
    """
    DELETE FROM location_before b WHERE b.address_id = ANY (:ids) AND NOT EXISTS (
        SELECT FROM location l WHERE l.address_id = b.address_id AND l.review_id IS NOT NULL)
    """
)
# Only a person's decision makes LOCATED of a case that a run had put into review.
_WAIT = text(
    """
    UPDATE orphan_case c SET state = 'LOCATION_REVIEW'
    FROM decision d
    WHERE d.id = c.decision_id AND c.state = 'LOCATED' AND d.review_code IS NOT NULL AND c.policyholder_id IN (
        SELECT policyholder_id FROM address WHERE id = ANY (:ids))
      AND NOT EXISTS (SELECT FROM location l WHERE l.address_id = d.address_id AND l.review_id IS NOT NULL)
    RETURNING c.policy_no
    """
)
_DECISIONS = text(
    """
    SELECT DISTINCT c.decision_id FROM orphan_case c JOIN address a ON a.policyholder_id = c.policyholder_id
    WHERE a.id = ANY (:ids) AND c.open AND c.decision_id IS NOT NULL
    """
)
_ALLOCATED = text(
    """
    SELECT c.policy_no, c.state, x.team_code
    FROM orphan_case c JOIN decision d ON d.id = c.decision_id LEFT JOIN allocation x ON x.case_id = c.id AND x.live
    WHERE d.address_id = ANY (:ids) AND c.open AND NOT c.state = ANY (:unallocated)
    ORDER BY c.policy_no
    """
)
_FREE = text("UPDATE location_review SET location_decision_id = NULL WHERE location_decision_id = :id")
_MARK = text(
    """
    UPDATE location_decision SET undone_by = :by, undone_at = now(), undone_reason = :reason WHERE id = :id
    """
)


def etag(row: RowMapping | dict[str, Any]) -> str:
    """What If-Match names: another value once the decision is undone."""
    return f'"{row["id"]}-{"standing" if row["undone_at"] is None else "undone"}"'


def undo(
    connection: Connection,
    decision_id: int,
    *,
    by: str,
    scope: Scope,
    reason: str | None = None,
    if_match: str | None = None,
) -> dict[str, Any]:
    """Take a decision back in the connection's transaction; who may it be: anybody in its scope, another person with a reason.

    Its cases go back into location review unless they are allocated already: those stay and are listed. The learned place is taken
    out. Raises `LocationDecisionNotFound`, `LocationDecisionUndone`, `UndoReasonMissing`, `LocationDecisionChanged`.
    """
    ids = list(connection.execute(_ADDRESSES, {"id": decision_id}).scalars())
    connection.execute(text("SET LOCAL lock_timeout = '10s'"))
    lock_branches(connection, connection.execute(_BRANCHES, {"ids": ids}).scalars())
    connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": LOCATING_LOCK})
    query = text("SELECT * FROM location_decision WHERE id = :id FOR UPDATE")
    row = connection.execute(query, {"id": decision_id}).mappings().one_or_none()
    if row is None or (scope.branch_codes is not None and row["branch_code"] not in scope.branch_codes):
        raise LocationDecisionNotFound
    if if_match is not None and if_match != etag(row):
        raise LocationDecisionChanged
    if row["undone_at"] is not None:
        raise LocationDecisionUndone
    if reason is None and row["decided_by"] != by:
        raise UndoReasonMissing
    ids = list(connection.execute(_ADDRESSES, {"id": decision_id}).scalars())
    connection.execute(_MARK, {"id": decision_id, "by": by, "reason": reason})
    connection.execute(text("DELETE FROM learned_place WHERE decision_id = :id"), {"id": decision_id})
    connection.execute(_OTHER, {"ids": ids})
    connection.execute(_FREE, {"id": decision_id})
    connection.execute(_RESTORE, {"id": decision_id})
    connection.execute(_FORGET, {"id": decision_id})
    connection.execute(_FORGET_BEFORE, {"ids": ids})
    waiting = connection.execute(_WAIT, {"ids": ids}).scalars().all()
    enter(connection, list(connection.execute(_DECISIONS, {"ids": ids}).scalars()))
    kept = sorted(UNALLOCATED_STATES)
    allocated = [dict(each) for each in connection.execute(_ALLOCATED, {"ids": ids, "unallocated": kept}).mappings()]
    return {
        "id": decision_id,
        "addresses": len(ids),
        "cases_waiting": len(waiting),
        "waiting_policy_nos": sorted(waiting)[:LISTED],
        "cases_allocated": len(allocated),
        "allocated": allocated[:LISTED],
    }
