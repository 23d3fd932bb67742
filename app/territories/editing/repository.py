"""A draft's territories as they are drawn: read for a neighbourhood, written as immutable shapes, with every step in the books."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import shapely
from shapely import MultiPolygon
from sqlalchemy import Connection, text

from app.models.base import SRID

Envelope = tuple[float, float, float, float]
"""West, south, east, north in CGCS2000 degrees."""

NOWHERE: Final[Envelope] = (0.0, 0.0, 0.0, 0.0)
"""An envelope that no territory touches: what is loaded are the teams that a verb names."""

Areas = dict[str, MultiPolygon]
"""Team code → territory, CGCS2000 degrees."""


@dataclass(frozen=True, slots=True)
class Held:
    """A team's territory in a draft: its shape's id (None: nothing), and the draft's revision when it last changed."""

    shape_id: int | None
    revision: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a step makes of a team's territory, by shapes; None: nothing. `land`: whether its land changes, or only its vertices."""

    team_code: str
    before_shape_id: int | None
    after_shape_id: int | None
    land: bool = True


_TERRITORIES = """
    SELECT t.team_code, t.shape_id, t.revision, ST_AsBinary(s.geom) AS area
    FROM territory t JOIN territory_shape s ON s.id = t.shape_id
    WHERE t.plan_id = :plan AND {condition}
    ORDER BY t.team_code
"""
_ALL = text(_TERRITORIES.format(condition="true"))
_NEAR = text(
    _TERRITORIES.format(
        condition="(s.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4490) OR t.team_code = ANY (:codes))"
    )
)
_HELD = text("SELECT team_code, shape_id, revision FROM territory WHERE plan_id = :plan AND team_code = ANY (:codes)")
_STORE = text(
    f"""
    INSERT INTO territory_shape (geom)
    SELECT ST_GeomFromWKB(area, {SRID}) FROM unnest(CAST(:areas AS bytea[])) AS area
    ON CONFLICT DO NOTHING
    """  # noqa: S608 (a number)
)
_IDS = text(
    """
    SELECT s.id FROM unnest(CAST(:areas AS bytea[])) WITH ORDINALITY AS given (area, n)
    JOIN territory_shape s ON s.digest = sha256(given.area)
    ORDER BY n
    """
)
_SET = text(
    """
    INSERT INTO territory AS t (plan_id, team_code, shape_id, revision)
    SELECT :plan, team_code, shape_id, :revision
    FROM unnest(CAST(:teams AS text[]), CAST(:shapes AS bigint[])) AS row (team_code, shape_id)
    ON CONFLICT (plan_id, team_code) DO UPDATE SET shape_id = excluded.shape_id, revision = excluded.revision
    """
)
_REVISE = text("UPDATE territory_plan SET revision = revision + 1 WHERE id = :plan RETURNING revision")
_EDIT = text(
    """
    INSERT INTO territory_edit (plan_id, revision, person, verb, arguments, edit_id)
    VALUES (:plan, :revision, :person, :verb, CAST(:arguments AS jsonb), :edit) RETURNING id
    """
)
_CHANGES = text(
    """
    INSERT INTO territory_change (edit_id, team_code, before_shape_id, after_shape_id, land)
    SELECT :edit, team_code, before, after, land
    FROM unnest(CAST(:teams AS text[]), CAST(:before AS bigint[]), CAST(:after AS bigint[]), CAST(:land AS boolean[]))
        AS row (team_code, before, after, land)
    """
)
_SHAPES = text("SELECT id, ST_AsBinary(geom) AS area FROM territory_shape WHERE id = ANY (:ids)")


def read_areas(
    connection: Connection, plan_id: int, envelope: Envelope | None = None, codes: Sequence[str] = ()
) -> Areas:
    """The territories that an envelope touches, and those of `codes`; all of the plan without an envelope."""
    values: dict[str, Any] = {"plan": plan_id}
    if envelope is not None:
        west, south, east, north = envelope
        values |= {"west": west, "south": south, "east": east, "north": north, "codes": list(codes)}
    rows = connection.execute(_ALL if envelope is None else _NEAR, values)
    return {row.team_code: _area(row.area) for row in rows}


def read_held(connection: Connection, plan_id: int, codes: Sequence[str]) -> dict[str, Held]:
    """What these teams hold; a team that has never held anything in the plan is not among them."""
    rows = connection.execute(_HELD, {"plan": plan_id, "codes": list(codes)})
    return {row.team_code: Held(row.shape_id, row.revision) for row in rows}


def read_shapes(connection: Connection, ids: Sequence[int]) -> dict[int, MultiPolygon]:
    """Shapes by their ids."""
    return {row.id: _area(row.area) for row in connection.execute(_SHAPES, {"ids": list(ids)})}


def store_shapes(connection: Connection, areas: Sequence[MultiPolygon]) -> list[int]:
    """The ids of the shapes, in their order; a shape that is known already keeps its id."""
    if not areas:
        return []
    written = [shapely.to_wkb(area, byte_order=1, output_dimension=2, include_srid=False) for area in areas]
    connection.execute(_STORE, {"areas": written})
    return list(connection.execute(_IDS, {"areas": written}).scalars())


def record(
    connection: Connection,
    plan_id: int,
    *,
    person: str,
    verb: str,
    arguments: Mapping[str, Any],
    changes: Sequence[Change],
    edit_id: int | None = None,
) -> tuple[int, int]:
    """Writes a step: the plan's new revision, what the teams hold, the history. Returns the revision and the step's id.

    `edit_id`: the step that this one takes back or repeats. The plan must be locked (`plans.repository.lock_plan`).
    """
    revision: int = connection.execute(_REVISE, {"plan": plan_id}).scalar_one()
    teams = [change.team_code for change in changes]
    after = [change.after_shape_id for change in changes]
    connection.execute(_SET, {"plan": plan_id, "teams": teams, "shapes": after, "revision": revision})
    values = {
        "plan": plan_id,
        "revision": revision,
        "person": person,
        "verb": verb,
        "arguments": orjson.dumps(arguments).decode(),
        "edit": edit_id,
    }
    step: int = connection.execute(_EDIT, values).scalar_one()
    before = [change.before_shape_id for change in changes]
    land = [change.land for change in changes]
    connection.execute(_CHANGES, {"edit": step, "teams": teams, "before": before, "after": after, "land": land})
    return revision, step


def _area(wkb: bytes | memoryview) -> MultiPolygon:
    area = shapely.from_wkb(bytes(wkb))
    assert isinstance(area, MultiPolygon)
    return area
