"""Versions to be looked at: lists, one, its life and its territories."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Row, RowMapping, text

from app.access.principal import Scope
from app.territories.plans.errors import PlanNotEditable, PlanNotFound
from app.territories.plans.life import allowed, state_on
from app.territories.plans.repository import PLAN, lock_plan
from app.territories.plans.schemas import TerritoryPlan

PROPERTIES: Final = ("team_code", "name", "force", "ended", "since", "version")
"""What is told of a territory beside its area."""

# Published versions go by the day, as `app.territories.plans.life.state_on` says for one.
_STATE = """
    CASE WHEN p.state <> 'PUBLISHED' THEN p.state
         WHEN p.effective_to <= :today OR p.effective_from = p.effective_to THEN 'SUPERSEDED'
         WHEN p.effective_from > :today THEN 'SCHEDULED' ELSE 'ACTIVE' END
"""
_PLANS = f"""
    SELECT {PLAN},
           (SELECT count(*) FROM territory t WHERE t.plan_id = p.id AND t.shape_id IS NOT NULL) AS territories,
           (SELECT count(*) FROM territory_defect d WHERE d.plan_id = p.id AND d.severity = 'ERROR') AS errors,
           (SELECT count(*) FROM territory_conflict c WHERE c.plan_id = p.id AND c.choice IS NULL) AS conflicts
    FROM territory_plan p JOIN organisation o ON o.code = p.branch_code
    WHERE (CAST(:branches AS text[]) IS NULL OR p.branch_code = ANY (:branches)) AND {{condition}}
    ORDER BY p.id DESC LIMIT :limit
"""  # noqa: S608 (fixed words)
_LIST = text(
    _PLANS.format(
        condition=f"""(CAST(:branch AS text) IS NULL OR p.branch_code = :branch)
            AND (CAST(:state AS text) IS NULL OR {_STATE} = :state) AND (CAST(:before AS bigint) IS NULL OR p.id < :before)"""
    )
)
_ONE = text(_PLANS.format(condition="p.id = :id"))
_LIFE = text(
    "SELECT at, from_state, to_state, person, reason, effective_from FROM territory_step WHERE plan_id = :id ORDER BY id"
)
_TERRITORIES = """
    SELECT t.team_code, team.name, team.force, coalesce(team.ended_on <= :today, false) AS ended, t.since,
           t.revision AS version, ST_AsBinary(s.geom) AS area
    FROM territory t JOIN territory_shape s ON s.id = t.shape_id JOIN team ON team.code = t.team_code
    WHERE t.plan_id = :plan {near} ORDER BY t.team_code
"""
_ALL = text(_TERRITORIES.format(near=""))
_NEAR = text(_TERRITORIES.format(near="AND s.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4490)"))


def list_plans(
    connection: Connection,
    *,
    scope: Scope,
    today: date,
    branch_code: str | None,
    state: str | None,
    limit: int,
    before: int | None,
) -> list[TerritoryPlan]:
    """Versions, newest first, from before the one with a number. `state`: as it is called today."""
    values = {
        "branches": _branches(scope),
        "branch": branch_code,
        "state": state,
        "today": today,
        "limit": limit,
        "before": before,
    }
    return [_shown(row, today) for row in connection.execute(_LIST, values).mappings()]


def one_plan(connection: Connection, plan_id: int, *, scope: Scope, today: date) -> TerritoryPlan:
    """One version. Raises `PlanNotFound`, also for one out of the caller's scope."""
    values = {"branches": _branches(scope), "id": plan_id, "limit": 1}
    row = connection.execute(_ONE, values).mappings().one_or_none()
    if row is None:
        raise PlanNotFound
    return _shown(row, today)


def rename(connection: Connection, plan_id: int, values: Mapping[str, str | None]) -> None:
    """Sets the name and the note of a draft; None: stays. Raises `PlanNotFound`, `PlanNotEditable`."""
    if lock_plan(connection, plan_id)["state"] != "DRAFT":
        raise PlanNotEditable
    connection.execute(
        text("UPDATE territory_plan SET name = coalesce(:name, name), note = coalesce(:note, note) WHERE id = :id"),
        {**values, "id": plan_id},
    )


def life(connection: Connection, plan_id: int) -> Sequence[RowMapping]:
    """The steps in the life of a version, oldest first."""
    return connection.execute(_LIFE, {"id": plan_id}).mappings().all()


def territories(
    connection: Connection, plan_id: int, box: tuple[float, float, float, float] | None, today: date
) -> Sequence[Row[Any]]:
    """`PROPERTIES` and `area` (WKB) of the territories that a box touches, or of all."""
    values: dict[str, Any] = {"plan": plan_id, "today": today}
    if box is None:
        return connection.execute(_ALL, values).all()
    west, south, east, north = box
    return connection.execute(_NEAR, {**values, "west": west, "south": south, "east": east, "north": north}).all()


def _branches(scope: Scope) -> list[str] | None:
    return scope.listed_branches


def _shown(row: RowMapping, today: date) -> TerritoryPlan:
    state = state_on(row["state"], row["effective_from"], row["effective_to"], today)
    return TerritoryPlan.model_validate(
        {**row, "state": state, "version": row["revision"], "steps": list(allowed(row["state"]))}
    )
