"""Edits that met: both versions are kept, and the draft is not submitted before a person has chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import orjson
from shapely import MultiPolygon
from sqlalchemy import Connection, RowMapping, text

from app.territories.editing import repository
from app.territories.editing.errors import ConflictNotFound, ConflictSettled
from app.territories.editing.repository import Areas

if TYPE_CHECKING:
    from app.territories.editing.edit import Changed
    from app.territories.editing.schemas import Verb

_BY_OTHERS = text(
    """
    SELECT DISTINCT c.team_code FROM territory_edit e JOIN territory_change c ON c.edit_id = e.id
    WHERE e.plan_id = :plan AND e.revision > :since AND e.person <> :by AND c.land
    """
)
# What the territories that were changed since were before the first of those changes.
_BEFORE = text(
    """
    SELECT DISTINCT ON (c.team_code) c.team_code, c.before_shape_id
    FROM territory_edit e JOIN territory_change c ON c.edit_id = e.id
    WHERE e.plan_id = :plan AND e.revision > :since
    ORDER BY c.team_code, e.revision
    """
)
_PUT_ASIDE = text(
    """
    INSERT INTO territory_conflict (plan_id, person, version, verb, arguments)
    VALUES (:plan, :by, :version, :verb, CAST(:arguments AS jsonb)) RETURNING id
    """
)
_SIDES = text(
    """
    INSERT INTO territory_conflict_side (conflict_id, team_code, mine_shape_id, theirs_shape_id, theirs_edit_id)
    SELECT :conflict, mine.team_code, mine.shape_id, t.shape_id, (
        SELECT e.id FROM territory_edit e JOIN territory_change c ON c.edit_id = e.id
        WHERE e.plan_id = :plan AND c.team_code = mine.team_code AND e.revision > :version
        ORDER BY e.revision DESC LIMIT 1)
    FROM unnest(CAST(:teams AS text[]), CAST(:shapes AS bigint[])) AS mine (team_code, shape_id)
    LEFT JOIN territory t ON t.plan_id = :plan AND t.team_code = mine.team_code
    """
)
_LIST = text(
    """
    SELECT c.id, c.person, c.version, c.verb, c.at, c.choice, c.resolved_by, c.resolved_at, (
        SELECT jsonb_agg(jsonb_build_object(
            'team_code', s.team_code, 'theirs_person', e.person,
            'mine', CAST(ST_AsGeoJSON(mine.geom, 9) AS jsonb), 'theirs', CAST(ST_AsGeoJSON(theirs.geom, 9) AS jsonb)) ORDER BY s.team_code)
        FROM territory_conflict_side s
        LEFT JOIN territory_shape mine ON mine.id = s.mine_shape_id
        LEFT JOIN territory_shape theirs ON theirs.id = s.theirs_shape_id
        LEFT JOIN territory_edit e ON e.id = s.theirs_edit_id
        WHERE s.conflict_id = c.id) AS sides
    FROM territory_conflict c
    WHERE c.plan_id = :plan AND (:settled OR c.choice IS NULL) ORDER BY c.id
    """
)
_READ = text("SELECT * FROM territory_conflict WHERE plan_id = :plan AND id = :id FOR UPDATE")
_MINE = text("SELECT team_code, mine_shape_id FROM territory_conflict_side WHERE conflict_id = :conflict")
_SETTLE = text("UPDATE territory_conflict SET choice = :choice, resolved_by = :by, resolved_at = now() WHERE id = :id")

Choice = Literal["MINE", "THEIRS"]


def changed_by_others(connection: Connection, plan_id: int, *, since: int, by: str) -> set[str]:
    """The teams whose territory somebody else has changed after a version of the draft."""
    return set(connection.execute(_BY_OTHERS, {"plan": plan_id, "since": since, "by": by}).scalars())


def as_of(connection: Connection, plan_id: int, areas: Areas, version: int) -> Areas:
    """These territories as they were in an earlier version of the draft."""
    before = {
        row.team_code: row.before_shape_id for row in connection.execute(_BEFORE, {"plan": plan_id, "since": version})
    }
    shapes = repository.read_shapes(connection, [shape for shape in before.values() if shape is not None])
    seen = {code: area for code, area in areas.items() if code not in before}
    return seen | {code: shapes[shape] for code, shape in before.items() if shape is not None}


def put_aside(
    connection: Connection,
    plan_id: int,
    verb: Verb,
    *,
    version: int,
    by: str,
    changed: Sequence[Changed],
    clashes: Sequence[str],
) -> int:
    """Keeps what an edit would have made of the territories that it clashes over; the conflict's id."""
    values = {
        "plan": plan_id,
        "by": by,
        "version": version,
        "verb": verb.verb,
        "arguments": orjson.dumps(verb.model_dump(mode="json")).decode(),
    }
    conflict_id: int = connection.execute(_PUT_ASIDE, values).scalar_one()
    mine = {one.team_code: one.after for one in changed}
    teams = sorted({*mine, *clashes})
    drawn = [code for code in teams if mine.get(code) is not None]
    shapes = dict(
        zip(drawn, repository.store_shapes(connection, [area for code in drawn if (area := mine[code])]), strict=True)
    )
    connection.execute(
        _SIDES,
        {
            "conflict": conflict_id,
            "plan": plan_id,
            "version": version,
            "teams": teams,
            "shapes": [shapes.get(code) for code in teams],
        },
    )
    return conflict_id


def list_conflicts(connection: Connection, plan_id: int, *, settled: bool) -> Sequence[RowMapping]:
    """The open conflicts of a draft, or all of them, with both versions of each territory as GeoJSON."""
    return connection.execute(_LIST, {"plan": plan_id, "settled": settled}).mappings().all()


def mine_of(connection: Connection, conflict_id: int) -> dict[str, MultiPolygon | None]:
    """Team → the territory that the edit would have made of what its editor saw; None: no territory."""
    sides = {row.team_code: row.mine_shape_id for row in connection.execute(_MINE, {"conflict": conflict_id})}
    shapes = repository.read_shapes(connection, [shape for shape in sides.values() if shape is not None])
    return {code: None if shape is None else shapes[shape] for code, shape in sides.items()}


def settle_conflict(connection: Connection, plan_id: int, conflict_id: int, *, choice: Choice, by: str) -> Any:
    """Marks a conflict as settled; its row. Raises `ConflictNotFound`, `ConflictSettled`."""
    row = connection.execute(_READ, {"plan": plan_id, "id": conflict_id}).mappings().one_or_none()
    if row is None:
        raise ConflictNotFound
    if row["choice"] is not None:
        raise ConflictSettled
    connection.execute(_SETTLE, {"id": conflict_id, "choice": choice, "by": by})
    return row
