"""Puts a new draft onto the editing grid, so that from then on neighbours share their borders vertex by vertex."""

from sqlalchemy import Connection

from app.territories.editing import repository
from app.territories.editing.repository import Change
from geo.coverage import settle


def settle_draft(connection: Connection, plan_id: int, by: str) -> int:
    """Moves vertices by less than the grid of `geo.coverage` and gives neighbours the vertices of each other; the number of territories
    that this changed. It is the first step in the history of the draft, and nobody undoes it."""
    areas = repository.read_areas(connection, plan_id)
    settled = settle(areas)
    changed = {code: settled.areas.get(code) for code in settled.done}
    if not changed:
        return 0
    held = repository.read_held(connection, plan_id, list(changed))
    stored = iter(repository.store_shapes(connection, [area for area in changed.values() if area is not None]))
    changes = [
        Change(code, held[code].shape_id, next(stored) if area is not None else None, land=False)
        for code, area in changed.items()
    ]
    repository.record(connection, plan_id, person=by, verb="SETTLE", arguments={}, changes=changes)
    return len(changes)
