"""Undo and redo: each person's own steps, as many as the draft has, for as long as it is one."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, text

from app.territories.editing import repository
from app.territories.editing.errors import NothingToRedo, NothingToUndo, StepBuiltUpon
from app.territories.editing.repository import NOWHERE, Change
from app.territories.plans.errors import PlanNotEditable
from app.territories.plans.repository import lock_plan
from app.territories.validation.renew import renew_defects
from geo.coverage import reach, settle

# The last step of a person that stands, or the first that was taken back; undos and redos are not undone themselves.
_LAST_DONE = text(
    """
    SELECT id, verb, revision FROM territory_edit
    WHERE plan_id = :plan AND person = :person AND state = 'DONE' AND verb NOT IN ('UNDO', 'REDO', 'SETTLE')
    ORDER BY revision DESC LIMIT 1
    """
)
_FIRST_UNDONE = text(
    """
    SELECT id, verb, revision FROM territory_edit
    WHERE plan_id = :plan AND person = :person AND state = 'UNDONE' ORDER BY revision LIMIT 1
    """
)
_CHANGES = text(
    "SELECT team_code, before_shape_id, after_shape_id, land FROM territory_change WHERE edit_id = :edit ORDER BY team_code"
)
_MARK = text("UPDATE territory_edit SET state = :state WHERE id = :edit")
_FORGET = text(
    "UPDATE territory_edit SET state = 'DISCARDED' WHERE plan_id = :plan AND person = :person AND state = 'UNDONE'"
)
_LATER = text(
    """
    SELECT e.person, c.team_code FROM territory_edit e JOIN territory_change c ON c.edit_id = e.id
    WHERE e.plan_id = :plan AND c.team_code = ANY (:teams) AND c.land AND e.revision > :since ORDER BY e.revision DESC
    """
)
_MARKED = text("SELECT max(revision) FROM territory_edit WHERE edit_id = :edit")
_STEPS = text(
    """
    SELECT e.id, e.revision, e.person, e.verb, e.state, e.edit_id, e.at,
           ARRAY(SELECT c.team_code FROM territory_change c WHERE c.edit_id = e.id ORDER BY 1) AS team_codes
    FROM territory_edit e
    WHERE e.plan_id = :plan AND e.revision < :before ORDER BY e.revision DESC LIMIT :limit
    """
)


def undo(connection: Connection, plan_id: int, *, by: str) -> tuple[int, int, list[Change]]:
    """Takes a person's last step back: the plan's revision, the step taken back, and what changed.

    Raises `NothingToUndo`; `StepBuiltUpon` where somebody has changed the same territories since; `PlanNotFound`, `PlanNotEditable`.
    """
    return _go(connection, plan_id, by, back=True)


def redo(connection: Connection, plan_id: int, *, by: str) -> tuple[int, int, list[Change]]:
    """Repeats the step that a person took back last. Raises as `undo` does, and `NothingToRedo`."""
    return _go(connection, plan_id, by, back=False)


def forget_undone(connection: Connection, plan_id: int, by: str) -> None:
    """After a new step what the person took back before cannot be repeated any more."""
    connection.execute(_FORGET, {"plan": plan_id, "person": by})


def next_steps(connection: Connection, plan_id: int, by: str) -> tuple[str | None, str | None]:
    """The verbs that a person would take back, and repeat."""
    values = {"plan": plan_id, "person": by}
    done = connection.execute(_LAST_DONE, values).one_or_none()
    undone = connection.execute(_FIRST_UNDONE, values).one_or_none()
    return done.verb if done else None, undone.verb if undone else None


def list_steps(connection: Connection, plan_id: int, *, before: int, limit: int) -> Sequence[RowMapping]:
    """The steps of a draft, newest first, from before a revision."""
    return connection.execute(_STEPS, {"plan": plan_id, "before": before, "limit": limit}).mappings().all()


def _go(connection: Connection, plan_id: int, by: str, *, back: bool) -> tuple[int, int, list[Change]]:
    plan = lock_plan(connection, plan_id)
    if plan["state"] != "DRAFT":
        raise PlanNotEditable
    step = connection.execute(_LAST_DONE if back else _FIRST_UNDONE, {"plan": plan_id, "person": by}).one_or_none()
    if step is None:
        raise NothingToUndo if back else NothingToRedo
    changes = [
        Change(row.team_code, row.after_shape_id, row.before_shape_id, row.land)
        if back
        else Change(row.team_code, row.before_shape_id, row.after_shape_id, row.land)
        for row in connection.execute(_CHANGES, {"edit": step.id})
    ]
    held = repository.read_held(connection, plan_id, [change.team_code for change in changes])
    moved_on = [
        change.team_code
        for change in changes
        if (held[change.team_code].shape_id if change.team_code in held else None) != change.before_shape_id
    ]
    if moved_on:
        since = step.revision if back else _last_mark(connection, step.id)
        later = connection.execute(_LATER, {"plan": plan_id, "teams": moved_on, "since": since}).all()
        if later:
            raise StepBuiltUpon(team_codes=sorted({row.team_code for row in later}), person=later[0].person)
        changes = _noded_anew(connection, plan_id, changes)
    revision, _ = repository.record(
        connection,
        plan_id,
        person=by,
        verb="UNDO" if back else "REDO",
        arguments={"verb": step.verb},
        changes=changes,
        edit_id=step.id,
    )
    connection.execute(_MARK, {"edit": step.id, "state": "UNDONE" if back else "DONE"})
    renew_defects(connection, plan_id, [change.team_code for change in changes])
    return revision, step.id, changes


def _last_mark(connection: Connection, edit_id: int) -> int:
    """The revision in which a step was taken back last."""
    revision: int = connection.execute(_MARKED, {"edit": edit_id}).scalar_one()
    return revision


def _noded_anew(connection: Connection, plan_id: int, changes: Sequence[Change]) -> list[Change]:
    """The changes, where territories have got vertices of their neighbours since: both sides of a border get the same ones again."""
    codes = [change.team_code for change in changes]
    ids = {change.team_code: change.after_shape_id for change in changes}
    shapes = repository.read_shapes(connection, [shape for shape in ids.values() if shape is not None])
    wanted = {code: shapes[shape] for code, shape in ids.items() if shape is not None}
    present = repository.read_areas(connection, plan_id, NOWHERE, codes)
    around = repository.read_areas(connection, plan_id, reach(*present.values(), *wanted.values()), codes)
    settled = settle({code: area for code, area in around.items() if code not in ids} | wanted)
    areas = {code: settled.areas.get(code) for code in (*wanted, *(code for code in settled.done if code not in ids))}
    stored = repository.store_shapes(connection, [area for area in areas.values() if area is not None])
    kept = [code for code, area in areas.items() if area is not None]
    after = dict(zip(kept, stored, strict=True))
    held = repository.read_held(connection, plan_id, [*codes, *areas])
    land = {change.team_code: change.land for change in changes}
    return [
        Change(code, held[code].shape_id if code in held else None, after.get(code), land.get(code, False))
        for code in sorted({*codes, *areas})
    ]
