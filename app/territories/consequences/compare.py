"""Two versions of a branch's territories side by side: what differs between them, in land and in customers."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, RowMapping

from app.territories.consequences.errors import OtherBranch
from app.territories.consequences.measure import Change, Consequences, consequences_of
from app.territories.consequences.owning import redrawing
from app.territories.consequences.pieces import Land, land_of
from app.territories.consequences.repository import read_around, read_differences
from app.territories.editing.repository import read_shapes
from app.territories.plans.repository import plan_in_force, read_plan

Around = Mapping[str, BaseGeometry]
"""Team → territory of those near a change that do not change themselves."""


@dataclass(frozen=True, slots=True)
class Versions:
    """Two versions and the teams whose territories differ. `before`: None where there is none, so that nobody owned anything."""

    before: RowMapping | None
    after: RowMapping
    changes: tuple[Change, ...]
    around: Around


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two versions."""

    versions: Versions
    consequences: Consequences
    land: Land


def read_versions(connection: Connection, before_id: int | None, after_id: int, on: date) -> Versions:
    """The two versions; only shapes that differ are read, and those around them. Raises `PlanNotFound`, `OtherBranch`."""
    after = read_plan(connection, after_id)
    before = None if before_id is None else read_plan(connection, before_id)
    if before is not None and before["branch_code"] != after["branch_code"]:
        raise OtherBranch
    differing = read_differences(connection, before_id, after_id)
    ids = {shape for _, old, new in differing for shape in (old, new) if shape is not None}
    shapes = read_shapes(connection, sorted(ids))
    changes = tuple(
        Change(team, None if old is None else shapes[old], None if new is None else shapes[new])
        for team, old, new in differing
    )
    around = read_around(connection, after_id, after["branch_code"], on, list(shapes.values())) if shapes else {}
    changing = {change.team_code for change in changes}
    return Versions(before, after, changes, {code: area for code, area in around.items() if code not in changing})


def base_of(connection: Connection, plan_id: int, on: date, *, in_force: bool = False) -> int | None:
    """The version that a plan is looked at against: its base, or, asked for or without a base, what is in force on the date."""
    plan = read_plan(connection, plan_id)
    if plan["base_id"] is not None and not in_force:
        return int(plan["base_id"])
    found = plan_in_force(connection, plan["branch_code"], on)
    return None if found == plan_id and not in_force else found


def compare(connection: Connection, before_id: int | None, after_id: int, on: date) -> Comparison:
    """The comparison, with customers and loads as they are now. Raises `PlanNotFound`, `OtherBranch`."""
    versions = read_versions(connection, before_id, after_id, on)
    drawn = redrawing(versions.changes, versions.around)
    # The land needs no database, and most of either work no interpreter's lock: they go on side by side.
    with ThreadPoolExecutor(1, thread_name_prefix="land") as beside:
        land = beside.submit(land_of, versions.changes, versions.around, drawn.difference)
        found = consequences_of(connection, versions.after["branch_code"], drawn, on)
        return Comparison(versions, found, land.result())
