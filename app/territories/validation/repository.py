"""Defects in the store, and what they were found with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import orjson
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, RowMapping, text

from app.models.base import SRID
from app.territories.validation.organisation import NOWHERE
from app.territories.validation.severity import severity_of
from geo.soundness.defects import Defect, Way

Envelope = tuple[float, float, float, float]

_COLUMNS = """d.id, d.code, d.severity, d.team_codes, d.community_codes, ST_AsBinary(d.geom) AS place, d.area_m2, d.length_m,
    d.details, d.ways, d.customers, d.orphans"""
_KNOWN = text(f"SELECT {_COLUMNS} FROM territory_defect d WHERE d.plan_id = :plan")  # noqa: S608 (fixed words)
_NEAR = text(
    f"""
    SELECT {_COLUMNS} FROM territory_defect d
    WHERE d.plan_id = :plan AND (d.team_codes && CAST(:teams AS text[]) OR d.community_codes && CAST(:communities AS text[])
        OR d.code = ANY (:always) OR d.geom && ST_MakeEnvelope(:west, :south, :east, :north, {SRID}))
    """  # noqa: S608
)
_DELETE = text("DELETE FROM territory_defect WHERE id = ANY (:ids)")
_INSERT = text(
    f"""
    INSERT INTO territory_defect
        (plan_id, code, severity, team_codes, community_codes, geom, area_m2, length_m, details, ways, customers, orphans)
    SELECT :plan, row.code, row.severity, ARRAY(SELECT jsonb_array_elements_text(row.teams)),
        ARRAY(SELECT jsonb_array_elements_text(row.communities)), ST_GeomFromWKB(row.place, {SRID}), row.area_m2, row.length_m,
        row.details, row.ways, row.customers, row.orphans
    FROM unnest(CAST(:code AS text[]), CAST(:severity AS text[]), CAST(:teams AS jsonb[]), CAST(:communities AS jsonb[]),
        CAST(:place AS bytea[]), CAST(:area_m2 AS float8[]), CAST(:length_m AS float8[]), CAST(:details AS jsonb[]),
        CAST(:ways AS jsonb[]), CAST(:customers AS int[]), CAST(:orphans AS int[]))
        WITH ORDINALITY AS row (code, severity, teams, communities, place, area_m2, length_m, details, ways, customers, orphans, n)
    ORDER BY row.n
    RETURNING id
    """  # noqa: S608
)
_COUNT = text(
    """
    UPDATE territory_defect d SET customers = row.customers, orphans = row.orphans
    FROM unnest(CAST(:ids AS bigint[]), CAST(:customers AS int[]), CAST(:orphans AS int[])) AS row (id, customers, orphans)
    WHERE d.id = row.id
    """
)
_INHERIT_ALL = text("UPDATE territory_defect SET inherited = true WHERE plan_id = :plan")
# An edit beside it gives a defect other borders or ways: it is the same one, and as long as it has not grown, nobody has made it.
_INHERIT = text(
    """
    UPDATE territory_defect n SET inherited = true
    FROM territory_defect o
    WHERE n.id = ANY (:added) AND o.id = ANY (:gone) AND o.inherited AND n.code = o.code AND n.community_codes = o.community_codes
      AND (n.team_codes = o.team_codes OR n.team_codes && o.team_codes)
      AND (n.geom IS NULL AND o.geom IS NULL OR ST_Intersects(n.geom, o.geom))
      AND coalesce(n.area_m2, 0) <= coalesce(o.area_m2, 0) * 1.001 + 1
    """
)
_CHECK = text("SELECT on_day, world FROM territory_check WHERE plan_id = :plan")
_CHECKED = text(
    """
    INSERT INTO territory_check (plan_id, on_day, world) VALUES (:plan, :day, :world)
    ON CONFLICT (plan_id) DO UPDATE SET on_day = excluded.on_day, world = excluded.world, checked_at = now()
    """
)
_CHANGED = text(
    """
    SELECT coalesce(t.team_code, c.team_code) AS team_code, c.shape_id AS before_id, t.shape_id AS after_id,
           ST_AsBinary(b.geom) AS before, ST_AsBinary(a.geom) AS after
    FROM (SELECT * FROM territory WHERE plan_id = :plan) t
    FULL JOIN (SELECT * FROM territory_checked WHERE plan_id = :plan) c ON c.team_code = t.team_code
    LEFT JOIN territory_shape b ON b.id = c.shape_id
    LEFT JOIN territory_shape a ON a.id = t.shape_id
    WHERE c.shape_id IS DISTINCT FROM t.shape_id
    ORDER BY 1
    """
)
_FORGET = text("DELETE FROM territory_checked WHERE plan_id = :plan AND team_code = ANY (:teams)")
_FORGET_ALL = text("DELETE FROM territory_checked WHERE plan_id = :plan")
_REMEMBER = """
    INSERT INTO territory_checked (plan_id, team_code, shape_id)
    SELECT plan_id, team_code, shape_id FROM territory WHERE plan_id = :plan AND shape_id IS NOT NULL {only}
"""
_REMEMBER_ALL = text(_REMEMBER.format(only=""))
_REMEMBER_SOME = text(_REMEMBER.format(only="AND team_code = ANY (:teams)"))
_BRANCH_AREA = text("SELECT ST_AsBinary(geom) FROM branch_area WHERE branch_code = :branch")
_COMMUNITIES = text(
    f"""
    SELECT code, ST_AsBinary(geom) AS area FROM community
    WHERE geom && ST_MakeEnvelope(:west, :south, :east, :north, {SRID}) ORDER BY code
    """  # noqa: S608
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A defect as it is kept, with its number."""

    id: int
    defect: Defect
    severity: str
    customers: int | None
    orphans: int | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A team whose territory is another one than was checked. None: no territory."""

    team_code: str
    before: MultiPolygon | None
    after: MultiPolygon | None


def read_known(connection: Connection, plan_id: int) -> list[Stored]:
    """All defects of a version."""
    return [stored(row) for row in connection.execute(_KNOWN, {"plan": plan_id}).mappings()]


def read_near(
    connection: Connection,
    plan_id: int,
    envelope: Envelope,
    *,
    teams: Sequence[str],
    communities: Sequence[str],
    always: Sequence[str],
) -> list[Stored]:
    """The defects whose place meets an envelope, or that name one of the teams or communities, or have one of the codes `always`."""
    west, south, east, north = envelope
    values = {
        "plan": plan_id,
        "teams": list(teams),
        "communities": list(communities),
        "always": list(always),
        "west": west,
        "south": south,
        "east": east,
        "north": north,
    }
    return [stored(row) for row in connection.execute(_NEAR, values).mappings()]


def stored(row: RowMapping) -> Stored:
    """A defect from a row with its columns."""
    defect = Defect(
        row["code"],
        tuple(row["team_codes"]),
        shapely.from_wkb(bytes(row["place"])) if row["place"] is not None else NOWHERE,
        row["area_m2"],
        row["length_m"],
        tuple(row["community_codes"]),
        row["details"],
        tuple(Way(way["way"], way["team_code"]) for way in row["ways"]),
    )
    return Stored(row["id"], defect, row["severity"], row["customers"], row["orphans"])


def identity(defect: Defect) -> bytes:
    """What makes a defect found again the same one: all but how many customers it touches."""
    told = [
        defect.code,
        list(defect.team_codes),
        list(defect.community_codes),
        dict(defect.details),
        [[way.code, way.team_code] for way in defect.ways],
        shapely.to_wkb(shapely.normalize(defect.place), hex=True, byte_order=1, include_srid=False),
    ]
    return sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).digest()


def inherit_all(connection: Connection, plan_id: int) -> None:
    """What a draft has now came with the version that it was made from."""
    connection.execute(_INHERIT_ALL, {"plan": plan_id})


def inherit(connection: Connection, gone: Sequence[int], added: Sequence[int]) -> None:
    """Of what was added, that is inherited which takes the place of something inherited and is no larger."""
    if gone and added:
        connection.execute(_INHERIT, {"gone": list(gone), "added": list(added)})


def delete(connection: Connection, ids: Sequence[int]) -> None:
    """Takes defects away."""
    if ids:
        connection.execute(_DELETE, {"ids": list(ids)})


def insert(
    connection: Connection, plan_id: int, found: Sequence[Defect], counts: Sequence[tuple[int, int]]
) -> list[int]:
    """Keeps defects with the customers and orphans that each touches; their ids, in order."""
    if not found:
        return []
    values: dict[str, Any] = {
        "plan": plan_id,
        "code": [one.code for one in found],
        "severity": [severity_of(one) for one in found],
        "teams": [_json(list(one.team_codes)) for one in found],
        "communities": [_json(list(one.community_codes)) for one in found],
        "place": [_wkb(one.place) for one in found],
        "area_m2": [one.area_m2 for one in found],
        "length_m": [one.length_m for one in found],
        "details": [_json(dict(one.details)) for one in found],
        "ways": [_json([{"way": way.code, "team_code": way.team_code} for way in one.ways]) for one in found],
        "customers": [customers for customers, _ in counts],
        "orphans": [orphans for _, orphans in counts],
    }
    return list(connection.execute(_INSERT, values).scalars())


def count(connection: Connection, ids: Sequence[int], counts: Sequence[tuple[int, int]]) -> None:
    """Sets the customers and orphans that defects touch."""
    if ids:
        values = {"ids": list(ids), "customers": [c for c, _ in counts], "orphans": [o for _, o in counts]}
        connection.execute(_COUNT, values)


def last_check(connection: Connection, plan_id: int) -> RowMapping | None:
    """The day and the world of the last check of the whole; None: never."""
    return connection.execute(_CHECK, {"plan": plan_id}).mappings().one_or_none()


def changed_since(connection: Connection, plan_id: int) -> list[Changed]:
    """The teams whose territories are not those that were checked."""
    rows = connection.execute(_CHANGED, {"plan": plan_id})
    return [Changed(row.team_code, _area(row.before), _area(row.after)) for row in rows]


def remember(
    connection: Connection,
    plan_id: int,
    *,
    teams: Sequence[str] | None = None,
    day: date | None = None,
    world: str = "",
) -> None:
    """Notes that the present territories of these teams, or all of them, are checked."""
    if teams is not None:
        connection.execute(_FORGET, {"plan": plan_id, "teams": list(teams)})
        connection.execute(_REMEMBER_SOME, {"plan": plan_id, "teams": list(teams)})
        return
    connection.execute(_FORGET_ALL, {"plan": plan_id})
    connection.execute(_REMEMBER_ALL, {"plan": plan_id})
    connection.execute(_CHECKED, {"plan": plan_id, "day": day, "world": world})


def branch_area(connection: Connection, branch_code: str) -> MultiPolygon | None:
    """The area of a branch; None where it is not known."""
    return _area(connection.execute(_BRANCH_AREA, {"branch": branch_code}).scalar_one_or_none())


def communities_in(connection: Connection, envelope: Envelope) -> Mapping[str, MultiPolygon]:
    """The communities that an envelope touches."""
    west, south, east, north = envelope
    rows = connection.execute(_COMMUNITIES, {"west": west, "south": south, "east": east, "north": north})
    return {row.code: area for row in rows if (area := _area(row.area)) is not None}


def _area(wkb: bytes | memoryview | None) -> MultiPolygon | None:
    if wkb is None:
        return None
    area = shapely.from_wkb(bytes(wkb))
    assert isinstance(area, MultiPolygon)
    return area


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _wkb(place: BaseGeometry) -> bytes | None:
    return None if place.is_empty else bytes(shapely.to_wkb(place, byte_order=1, include_srid=False))
