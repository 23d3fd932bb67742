"""Versions in the store: read, made, copied, moved from state to state."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, RowMapping, text

from app.territories.plans.errors import PlanNotFound

PLAN = """
    p.id, p.branch_code, o.name AS branch_name, p.number, p.name, p.note, p.origin, p.state, p.base_id, p.revision,
    p.effective_from, p.effective_to, p.created_by, p.created_at, p.submitted_by, p.submitted_at, p.approved_by, p.approved_at,
    p.published_by, p.published_at
"""
"""Columns of a plan `p` of the branch `o`."""

_READ = text(f"SELECT {PLAN} FROM territory_plan p JOIN organisation o ON o.code = p.branch_code WHERE p.id = :id")  # noqa: S608 (fixed words)
_LOCK = text("SELECT id FROM territory_plan WHERE id = :id FOR UPDATE")
_IN_FORCE = text(
    """
    SELECT id FROM territory_plan
    WHERE branch_code = :branch AND state = 'PUBLISHED' AND daterange(effective_from, effective_to) @> CAST(:on AS date)
    """
)
_COPY = text(
    """
    INSERT INTO territory (plan_id, team_code, shape_id)
    SELECT :to, team_code, shape_id FROM territory WHERE plan_id = :from AND shape_id IS NOT NULL
    """
)
_NEW = text(
    """
    INSERT INTO territory_plan (branch_code, number, name, note, origin, state, base_id, created_by)
    VALUES (:branch, (SELECT coalesce(max(number), 0) + 1 FROM territory_plan WHERE branch_code = :branch),
            :name, :note, :origin, 'DRAFT', :base, :by)
    RETURNING id
    """
)
_STEP = text(
    """
    INSERT INTO territory_step (plan_id, from_state, to_state, person, reason, effective_from)
    VALUES (:plan, :from_state, :to_state, :person, :reason, :effective_from)
    """
)


def read_plan(connection: Connection, plan_id: int) -> RowMapping:
    """A plan with the columns `PLAN`. Raises `PlanNotFound`."""
    row = connection.execute(_READ, {"id": plan_id}).mappings().one_or_none()
    if row is None:
        raise PlanNotFound
    return row


def lock_plan(connection: Connection, plan_id: int) -> RowMapping:
    """Like `read_plan`; nobody else edits it or moves it on before the transaction ends."""
    if connection.execute(_LOCK, {"id": plan_id}).one_or_none() is None:
        raise PlanNotFound
    return read_plan(connection, plan_id)


def plan_in_force(connection: Connection, branch_code: str, on: date) -> int | None:
    """The version that decides in a branch on a day; None if there is none."""
    return connection.execute(_IN_FORCE, {"branch": branch_code, "on": on}).scalar_one_or_none()


def new_draft(
    connection: Connection,
    branch_code: str,
    *,
    name: str,
    origin: str,
    by: str | None,
    note: str | None = None,
    base_id: int | None = None,
    content_id: int | None = None,
) -> int:
    """Makes a draft that holds what the version `content_id` holds, or nothing; its id. The branch must be locked (`app.db.lock_branches`)."""
    values = {"branch": branch_code, "name": name, "note": note, "origin": origin, "base": base_id, "by": by}
    made: int = connection.execute(_NEW, values).scalar_one()
    if content_id is not None:
        connection.execute(_COPY, {"from": content_id, "to": made})
    record_step(connection, made, None, "DRAFT", by)
    return made


def record_step(
    connection: Connection,
    plan_id: int,
    from_state: str | None,
    to_state: str,
    person: str | None,
    *,
    reason: str | None = None,
    effective_from: date | None = None,
) -> None:
    """Writes a step in the life of a plan into the books."""
    values = {
        "plan": plan_id,
        "from_state": from_state,
        "to_state": to_state,
        "person": person,
        "reason": reason,
        "effective_from": effective_from,
    }
    connection.execute(_STEP, values)


def set_columns(connection: Connection, plan_id: int, values: Mapping[str, object]) -> None:
    """Sets columns of a plan; the names are the caller's own words."""
    assigned = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(text(f"UPDATE territory_plan SET {assigned} WHERE id = :id"), {**values, "id": plan_id})  # noqa: S608
