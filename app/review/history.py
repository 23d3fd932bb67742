"""What people decided, newest first."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, text

from app.access.principal import Scope
from app.errors import LocationDecisionNotFound

_SELECT = """
    SELECT d.id, d.kind, d.scope, d.key, d.branch_code, ST_X(d.point) AS lon, ST_Y(d.point) AS lat, d.level, d.matched, d.district,
        d.reason, d.note, d.candidates, d.addresses, d.decided_by, d.decided_at, d.undone_by, d.undone_at, d.undone_reason, a.text AS address,
        EXISTS (SELECT FROM learned_place p WHERE p.decision_id = d.id) AS learned
    FROM location_decision d LEFT JOIN address a ON a.id = d.address_id
"""
_LIST = text(
    _SELECT
    + """
    WHERE (CAST(:before AS bigint) IS NULL OR d.id < :before)
      AND (CAST(:branches AS text[]) IS NULL OR d.branch_code = ANY (:branches))
      AND (CAST(:by AS text) IS NULL OR d.decided_by = :by)
      AND (CAST(:standing AS boolean) IS NULL OR (d.undone_at IS NULL) = :standing)
    ORDER BY d.id DESC LIMIT :limit
    """
)
_ONE = text(_SELECT + " WHERE d.id = :id AND (CAST(:branches AS text[]) IS NULL OR d.branch_code = ANY (:branches))")


def _branches(scope: Scope) -> list[str] | None:
    return scope.listed_branches


def list_decisions(
    connection: Connection,
    *,
    scope: Scope,
    limit: int,
    before: int | None = None,
    by: str | None = None,
    standing: bool | None = None,
) -> Sequence[RowMapping]:
    """Up to `limit` decisions, newest first, older than `before`; of one person, or only those that stand (or do not)."""
    bound = {"before": before, "branches": _branches(scope), "by": by, "standing": standing, "limit": limit}
    return connection.execute(_LIST, bound).mappings().all()


def read_decision(connection: Connection, decision_id: int, *, scope: Scope) -> RowMapping:
    """One decision. Raises `LocationDecisionNotFound`."""
    row = connection.execute(_ONE, {"id": decision_id, "branches": _branches(scope)}).mappings().one_or_none()
    if row is None:
        raise LocationDecisionNotFound
    return row
