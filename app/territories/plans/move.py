"""Moves a version from state to state, and publishes it on a date."""

from datetime import date

from sqlalchemy import Connection, RowMapping, text

from app.db import lock_branches
from app.territories.plans import repository
from app.territories.plans.errors import (
    PlanHasConflicts,
    PlanHasErrors,
    PlanOutdated,
    PublishedInThePast,
    SamePerson,
)
from app.territories.plans.life import Step, after
from app.territories.validation.renew import renew_all

_OPEN_CONFLICTS = text("SELECT count(*) FROM territory_conflict WHERE plan_id = :id AND choice IS NULL")
_ERRORS = text("SELECT count(*) FROM territory_defect WHERE plan_id = :id AND severity = 'ERROR'")
_DREW = text("SELECT FROM territory_edit WHERE plan_id = :id AND person = :person AND verb <> 'SETTLE' LIMIT 1")
_CLEARED = "submitted_by = NULL, submitted_at = NULL, approved_by = NULL, approved_at = NULL"
_MOVES = {
    "submit": "submitted_by = :by, submitted_at = now()",
    "approve": "approved_by = :by, approved_at = now()",
    "withdraw": _CLEARED,
    "reject": _CLEARED,
    "discard": "note = note",
}

# A team whose land is as before, its shape only put onto the grid at most, keeps the day from which it has it.
_SINCE = text(
    """
    UPDATE territory t SET since = coalesce((
        SELECT b.since FROM territory b
        WHERE b.plan_id = :before AND b.team_code = t.team_code AND (b.shape_id = t.shape_id OR EXISTS (
            SELECT FROM territory_edit e JOIN territory_change c ON c.edit_id = e.id
            WHERE e.plan_id = t.plan_id AND e.verb = 'SETTLE' AND c.team_code = t.team_code
              AND c.before_shape_id = b.shape_id AND c.after_shape_id = t.shape_id))), :day)
    WHERE t.plan_id = :id
    """
)
_SUPERSEDE = text(
    """
    UPDATE territory_plan SET effective_to = :day
    WHERE branch_code = :branch AND state = 'PUBLISHED' AND daterange(effective_from, effective_to) @> CAST(:day AS date)
    RETURNING id
    """
)
_NEXT = text(
    """
    SELECT min(effective_from) FROM territory_plan
    WHERE branch_code = :branch AND state = 'PUBLISHED' AND effective_from > :day
      AND (effective_to IS NULL OR effective_from < effective_to)
    """
)
_PUBLISH = text(
    """
    UPDATE territory_plan
    SET state = 'PUBLISHED', effective_from = :day, effective_to = :until, published_by = :by, published_at = now()
    WHERE id = :id
    """
)


def blockers(connection: Connection, plan_id: int) -> tuple[int, int]:
    """How many errors and open conflicts keep a version from being submitted or published."""
    errors: int = connection.execute(_ERRORS, {"id": plan_id}).scalar_one()
    conflicts: int = connection.execute(_OPEN_CONFLICTS, {"id": plan_id}).scalar_one()
    return errors, conflicts


def move(connection: Connection, plan_id: int, step: Step, *, by: str, reason: str | None = None) -> None:
    """Submit, withdraw, reject, approve or discard a version.

    Errors and open conflicts hold it back from being submitted and approved. Who approves has neither drawn nor submitted it (a
    constraint says the latter too). Raises `PlanNotFound`, `PlanStepRefused`, `PlanHasConflicts`, `PlanHasErrors`, `SamePerson`.
    """
    plan = repository.lock_plan(connection, plan_id)
    reached = after(step, plan["state"])
    if step == "submit":
        renew_all(connection, plan_id)
    if step in ("submit", "approve"):
        _refuse_blocked(connection, plan)
    if step == "approve" and (
        by in (plan["submitted_by"], plan["created_by"])
        or connection.execute(_DREW, {"id": plan_id, "person": by}).one_or_none() is not None
    ):
        raise SamePerson
    connection.execute(
        text(f"UPDATE territory_plan SET state = :state, {_MOVES[step]} WHERE id = :id"),  # noqa: S608 (fixed words)
        {"state": reached, "by": by, "id": plan_id},
    )
    repository.record_step(connection, plan_id, plan["state"], reached, by, reason=reason)


def publish(
    connection: Connection, plan_id: int, *, effective_from: date, by: str, today: date, replace: bool = False
) -> None:
    """Let an approved version decide from a day on, until before the next scheduled one; what it follows ends on the day before.

    It all happens in the connection's transaction. `replace`: also where another version than its base is in force on that day.
    Raises `PlanNotFound`, `PlanStepRefused`, `PublishedInThePast`, `PlanHasErrors`, `PlanHasConflicts`, `PlanOutdated`.
    """
    branch = repository.read_plan(connection, plan_id)["branch_code"]
    lock_branches(connection, [branch])
    plan = repository.lock_plan(connection, plan_id)
    reached = after("publish", plan["state"])
    if effective_from < today:
        raise PublishedInThePast
    renew_all(connection, plan_id, on=effective_from)
    _refuse_blocked(connection, plan)
    if repository.plan_in_force(connection, branch, effective_from) != plan["base_id"] and not replace:
        raise PlanOutdated
    connection.execute(text("DELETE FROM territory WHERE plan_id = :id AND shape_id IS NULL"), {"id": plan_id})
    on_day = {"branch": branch, "day": effective_from}
    before = connection.execute(_SUPERSEDE, on_day).scalar_one_or_none()
    until = connection.execute(_NEXT, on_day).scalar_one()
    connection.execute(_SINCE, {"id": plan_id, "before": before, "day": effective_from})
    connection.execute(_PUBLISH, {"id": plan_id, "day": effective_from, "until": until, "by": by})
    repository.record_step(connection, plan_id, plan["state"], reached, by, effective_from=effective_from)


def _refuse_blocked(connection: Connection, plan: RowMapping) -> None:
    errors, conflicts = blockers(connection, plan["id"])
    if conflicts:
        raise PlanHasConflicts(conflicts=conflicts)
    if errors and plan["origin"] != "ROLLED_BACK":
        raise PlanHasErrors(errors=errors)
