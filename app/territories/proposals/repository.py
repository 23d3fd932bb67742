"""Reads the map of a branch, and keeps proposals."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, RowMapping, text

from app.access.principal import Scope
from app.territories.proposals.errors import ProposalNotFound

# A community is the branch's in whose area its inside lies; without an area, those that the branch's territories reach into.
_COMMUNITIES = text(
    """
    SELECT c.code, coalesce(c.name, c.code) AS name, ST_AsBinary(c.geom) AS area
    FROM branch_area b JOIN community c ON c.geom && b.geom AND ST_Covers(b.geom, ST_PointOnSurface(c.geom))
    WHERE b.branch_code = :branch
    UNION
    SELECT c.code, coalesce(c.name, c.code), ST_AsBinary(c.geom)
    FROM territory t JOIN territory_shape s ON s.id = t.shape_id
    JOIN community c ON c.geom && s.geom AND ST_Covers(s.geom, ST_PointOnSurface(c.geom))
    WHERE t.plan_id = :plan AND NOT EXISTS (SELECT FROM branch_area WHERE branch_code = :branch)
    ORDER BY code
    """
)
_TERRITORIES = text(
    """
    SELECT t.team_code, ST_AsBinary(s.geom) AS area FROM territory t JOIN territory_shape s ON s.id = t.shape_id
    WHERE t.plan_id = :plan ORDER BY t.team_code
    """
)
_HOLDERS = text(
    """
    CREATE TEMPORARY TABLE proposal_holder ON COMMIT DROP AS
    SELECT DISTINCT policyholder_id AS id FROM policy WHERE branch_code = :branch AND status <> 'ENDED'
    """
)
_NEW = text(
    """
    INSERT INTO territory_proposal (branch_code, plan_id, wish, seed, requested_by)
    VALUES (:branch, :plan, CAST(:wish AS jsonb), :seed, :by) RETURNING id
    """
)
_READ = text(
    """
    SELECT id, branch_code, plan_id, wish, seed, status, stage, progress, result, error, draft_id, requested_by, created_at, finished_at
    FROM territory_proposal WHERE id = :id AND (CAST(:branches AS text[]) IS NULL OR branch_code = ANY (:branches))
    """
)
_LIST = text(
    """
    SELECT id, branch_code, plan_id, seed, status, stage, progress, result ->> 'outcome' AS outcome, draft_id, requested_by, created_at,
        finished_at
    FROM territory_proposal
    WHERE (CAST(:branch AS text) IS NULL OR branch_code = :branch) AND (CAST(:before AS bigint) IS NULL OR id < :before)
      AND (CAST(:branches AS text[]) IS NULL OR branch_code = ANY (:branches))
    ORDER BY id DESC LIMIT :limit
    """
)
_START = text(
    """
    UPDATE territory_proposal SET status = 'RUNNING' WHERE id = :id AND status IN ('QUEUED', 'RUNNING') RETURNING wish
    """
)
_TELL = text(
    """
    UPDATE territory_proposal SET stage = :stage, progress = :share WHERE id = :id AND status = 'RUNNING' RETURNING id
    """
)
_FINISH = text(
    """
    UPDATE territory_proposal
    SET status = 'DONE', result = CAST(:result AS jsonb), plan_id = :plan, stage = NULL, progress = 1, finished_at = now()
    WHERE id = :id AND status = 'RUNNING'
    """
)
_END = text(
    """
    UPDATE territory_proposal SET status = :status, error = :error, stage = NULL, finished_at = now()
    WHERE id = :id AND status IN ('QUEUED', 'RUNNING') RETURNING id
    """
)
_TAKEN = text("UPDATE territory_proposal SET draft_id = :draft WHERE id = :id")
_LOCK = text("SELECT draft_id FROM territory_proposal WHERE id = :id FOR UPDATE")


def read_communities(
    connection: Connection, branch_code: str, plan_id: int | None
) -> tuple[list[str], list[str], list[BaseGeometry]]:
    """Codes, names and areas of a branch's communities, by code."""
    rows = connection.execute(_COMMUNITIES, {"branch": branch_code, "plan": plan_id}).all()
    return [row.code for row in rows], [row.name for row in rows], [shapely.from_wkb(bytes(row.area)) for row in rows]


def read_territories(connection: Connection, plan_id: int) -> dict[str, BaseGeometry]:
    """The territories of a version, by team code."""
    rows = connection.execute(_TERRITORIES, {"plan": plan_id})
    return {row.team_code: shapely.from_wkb(bytes(row.area)) for row in rows}


def choose_holders(connection: Connection, branch_code: str) -> str:
    """Notes who has an open policy that the branch manages, in a temporary table; a SELECT of their ids."""
    connection.execute(text("DROP TABLE IF EXISTS proposal_holder"))
    connection.execute(_HOLDERS, {"branch": branch_code})
    return "SELECT id FROM proposal_holder"


def new_proposal(
    connection: Connection, branch_code: str, *, plan_id: int | None, wish: Mapping[str, Any], seed: int, by: str | None
) -> int:
    """A queued proposal; its id."""
    values = {"branch": branch_code, "plan": plan_id, "wish": orjson.dumps(wish).decode(), "seed": seed, "by": by}
    made: int = connection.execute(_NEW, values).scalar_one()
    return made


def read_proposal(connection: Connection, proposal_id: int, scope: Scope) -> RowMapping:
    """A proposal. Raises `ProposalNotFound`."""
    row = connection.execute(_READ, {"id": proposal_id, "branches": _listed(scope)}).mappings().one_or_none()
    if row is None:
        raise ProposalNotFound
    return row


def list_proposals(
    connection: Connection, *, scope: Scope, branch_code: str | None, before: int | None, limit: int
) -> Sequence[RowMapping]:
    """Proposals, the newest first, without their results."""
    values = {"branch": branch_code, "before": before, "branches": _listed(scope), "limit": limit}
    return connection.execute(_LIST, values).mappings().all()


def start(connection: Connection, proposal_id: int) -> Mapping[str, Any] | None:
    """Marks a proposal as running; its wish, or None if it is over already."""
    found: Mapping[str, Any] | None = connection.execute(_START, {"id": proposal_id}).scalar_one_or_none()
    return found


def tell(connection: Connection, proposal_id: int, stage: str, share: float) -> bool:
    """Writes how far it is; False if it is no longer running: somebody has cancelled it."""
    values = {"id": proposal_id, "stage": stage, "share": min(max(share, 0.0), 1.0)}
    return connection.execute(_TELL, values).one_or_none() is not None


def finish(connection: Connection, proposal_id: int, result: Mapping[str, Any], plan_id: int | None) -> None:
    """Stores what was found."""
    values = {"id": proposal_id, "result": orjson.dumps(result).decode(), "plan": plan_id}
    connection.execute(_FINISH, values)


def end(connection: Connection, proposal_id: int, status: str, error: str | None = None) -> bool:
    """Ends a proposal that is not over: FAILED or CANCELLED; whether there was anything to end."""
    values = {"id": proposal_id, "status": status, "error": error}
    return connection.execute(_END, values).one_or_none() is not None


def lock_taken(connection: Connection, proposal_id: int) -> int | None:
    """The draft that was made of a proposal; nobody else makes one before the transaction ends."""
    found: int | None = connection.execute(_LOCK, {"id": proposal_id}).scalar_one()
    return found


def note_taken(connection: Connection, proposal_id: int, draft_id: int) -> None:
    """Notes which draft was made of it."""
    connection.execute(_TAKEN, {"id": proposal_id, "draft": draft_id})


def _listed(scope: Scope) -> list[str] | None:
    return scope.listed_branches
