"""What a step of drawing would mean: the draft with it, against the draft as it is."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Connection

from app.territories.consequences.compare import base_of, read_versions
from app.territories.consequences.customers import customers
from app.territories.consequences.measure import Change, Consequences, Ground, added, consequences
from app.territories.consequences.repository import read_around, read_differences
from app.territories.editing.edit import Outcome
from app.territories.editing.repository import read_shapes
from geo.errors import NotAnAreaError

Shapes = Mapping[str, tuple[int | None, int | None]]
"""Team → its shape in a draft's base and in the draft, where these differ."""

FEW = 50
"""So many territories that have changed since a draft was measured are measured by themselves; more, and the whole draft anew."""


def of_step(connection: Connection, plan_id: int, outcome: Outcome, on: date) -> Consequences | None:
    """The consequences of what a verb has worked out for a draft, whose own consequences stand before it; None where an area of the draft
    is not sound enough to be measured."""
    changes = [Change(one.team_code, one.before, one.after) for one in outcome.changed if one.land]
    try:
        base_id = base_of(connection, plan_id, on)
        differing = {team: (old, new) for team, old, new in read_differences(connection, base_id, plan_id)}
        loads = {} if base_id is None else _gained(connection, base_id, plan_id, outcome.branch_code, on, differing)
        return _on_ground(connection, base_id, plan_id, outcome.branch_code, changes, on, loads)
    except NotAnAreaError:
        return None


def _on_ground(
    connection: Connection,
    base_id: int | None,
    plan_id: int,
    branch_code: str,
    changes: Sequence[Change],
    on: date,
    loads: Mapping[str, int],
) -> Consequences:
    """The consequences of changes of a draft; all other territories are as the draft has them. `loads`: gained up to there."""
    shapes = [shape for change in changes for shape in (change.before, change.after)]
    around = read_around(connection, plan_id, branch_code, on, shapes)
    changing = {change.team_code for change in changes}
    beside = {code: area for code, area in around.items() if code not in changing}
    ground = Ground(read_around(connection, base_id, branch_code, on, shapes), loads) if base_id is not None else None
    return consequences(connection, branch_code, changes, on, around=beside, ground=ground)


def _gained(
    connection: Connection, base_id: int, plan_id: int, branch_code: str, on: date, differing: Shapes
) -> Mapping[str, int]:
    """Team code → what its load has gained or lost from a draft's base to the draft as it is.

    Kept with the customers; after an edit only what it has changed is measured.
    """
    with customers(connection) as book:
        key = ("gained", book.world, on, base_id, plan_id)
        if key in book.derived:
            measured, loads = book.derived[key]
            since = _since(measured, differing)
        if key not in book.derived or len(since) > FEW:
            versions = read_versions(connection, base_id, plan_id, on)
            loads = consequences(connection, branch_code, versions.changes, on, around=versions.around).gained
        elif since:
            shapes = read_shapes(connection, [shape for pair in since.values() for shape in pair if shape is not None])
            changes = [
                Change(team, None if old is None else shapes[old], None if new is None else shapes[new])
                for team, (old, new) in since.items()
            ]
            found = _on_ground(connection, base_id, plan_id, branch_code, changes, on, loads)
            loads = added(loads, found.gained)
        book.derived[key] = differing, loads
        told: Mapping[str, int] = loads
        return told


def _since(measured: Shapes, differing: Shapes) -> Shapes:
    """Team → its shape in a draft when it was measured, and now, where these differ."""
    found = {}
    for team in measured.keys() | differing.keys():
        base = (measured.get(team) or differing[team])[0]
        old, new = measured.get(team, (base, base))[1], differing.get(team, (base, base))[1]
        if old != new:
            found[team] = (old, new)
    return found
