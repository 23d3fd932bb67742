"""What the layers are made of, read from the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, RowMapping, TextClause, text

from app.access.principal import Scope
from app.db import read_sql_file
from app.territories.plans.errors import PlanNotFound
from app.tiles.areas import Areas
from app.tiles.shapes import ShapeBook

Geometries = NDArray[np.object_]


@cache
def sql(name: str) -> TextClause:
    """A statement of this subject."""
    return text(read_sql_file("app.tiles", f"sql/{name}"))


@dataclass(frozen=True, slots=True)
class Plan:
    """A territory plan as far as its tiles need it. `on`: the day that they are shown of: the first of a published one, else today."""

    id: int
    branch_code: str
    published: bool
    on: date


_PLAN = text("SELECT branch_code, state, effective_from FROM territory_plan WHERE id = :id")
_SHAPES = text("SELECT id, ST_AsBinary(geom) AS shape FROM territory_shape WHERE id = ANY (:ids)")


def read_plan(connection: Connection, plan_id: int, today: date, scope: Scope) -> Plan:
    """The plan of this number. Raises `PlanNotFound`, also where it is not published and another branch's than the caller's."""
    row = connection.execute(_PLAN, {"id": plan_id}).one_or_none()
    if row is None:
        raise PlanNotFound
    published = row.state == "PUBLISHED"
    # What is published is no secret; what is being drawn concerns those who draw it.
    inside = scope.team_codes is None and (scope.branch_codes is None or row.branch_code in scope.branch_codes)
    if not published and not inside:
        raise PlanNotFound
    return Plan(plan_id, row.branch_code, published, row.effective_from if published else today)


def read_branches(connection: Connection, book: ShapeBook, before: Areas | None = None) -> Areas:
    """The areas of the branches."""
    return _by_content(connection, book, "load_branches", before)


def read_communities(connection: Connection, book: ShapeBook, before: Areas | None = None) -> Areas:
    """The communities."""
    return _by_content(connection, book, "load_communities", before)


def read_territories(connection: Connection, book: ShapeBook, on: date, before: Areas | None = None) -> Areas:
    """The territories in force on a date."""
    return _by_shape(connection, book, "load_territories", {"on": on}, before)


def read_plan_territories(connection: Connection, book: ShapeBook, plan: Plan, before: Areas | None = None) -> Areas:
    """The territories of a version of a plan."""
    return _by_shape(connection, book, "load_plan", {"plan": plan.id, "on": plan.on}, before)


def _by_content(connection: Connection, book: ShapeBook, query: str, before: Areas | None) -> Areas:
    rows = connection.execute(sql(query)).mappings().all()
    shapes = _geometries([row["shape"] for row in rows])
    return _ready(Areas.of(shapes, [_told(row, "shape") for row in rows], book=book, before=before), before)


def _by_shape(
    connection: Connection, book: ShapeBook, query: str, values: dict[str, Any], before: Areas | None
) -> Areas:
    rows = connection.execute(sql(query), values).mappings().all()

    def load(keys: list[str]) -> Geometries:
        ids = [int(key.removeprefix("shape ")) for key in keys]
        found = {row.id: row.shape for row in connection.execute(_SHAPES, {"ids": ids})}
        return _geometries([found[each] for each in ids])

    keys = [f"shape {row['shape_id']}" for row in rows]
    told = [_told(row, "shape_id") for row in rows]
    return _ready(Areas(book, keys, load, told, coloured="team_code", before=before), before)


def _ready(areas: Areas, before: Areas | None) -> Areas:
    # Who edits looks at a neighbourhood: far zooms are made ready when somebody asks for one.
    areas.prepare(far=before is None)
    return areas


def _geometries(shapes: list[bytes]) -> Geometries:
    made: Geometries = shapely.from_wkb(np.array([bytes(shape) for shape in shapes], dtype=object))
    return made


def _told(row: RowMapping, left_out: str) -> dict[str, Any]:
    return {str(key): value for key, value in row.items() if key != left_out}
