"""Defects to be looked at: the gravest first, then those that touch most customers."""

from collections.abc import Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection, RowMapping, text

from app.territories.validation.words import title, way_words

MOST_VERTICES: Final = 2_000
"""A place of more vertices is told whole only when the defect is asked for by itself."""

_RANK = "array_position(ARRAY['ERROR', 'WARNING', 'NOTE'], d.severity)"
_ROWS = f"""
    SELECT d.id, d.code, d.severity, d.team_codes, d.community_codes, d.area_m2, d.length_m, d.details, d.ways,
        d.customers, d.orphans, d.inherited, {_RANK} AS rank, coalesce(d.customers, 0) AS many,
        ST_XMin(d.geom) AS west, ST_YMin(d.geom) AS south, ST_XMax(d.geom) AS east, ST_YMax(d.geom) AS north,
        CASE WHEN ST_NPoints(d.geom) <= :most THEN ST_AsGeoJSON(d.geom, 9) END AS geometry,
        ST_AsGeoJSON(ST_PointOnSurface(d.geom), 9) AS at
    FROM territory_defect d WHERE d.plan_id = :plan AND {{condition}}
    ORDER BY rank, many DESC, d.id LIMIT :limit
"""  # noqa: S608 (fixed words)
_LIST = text(
    _ROWS.format(
        condition=f"""(CAST(:severity AS text) IS NULL OR d.severity = :severity) AND (CAST(:code AS text) IS NULL OR d.code = :code)
            AND (CAST(:team AS text) IS NULL OR :team = ANY (d.team_codes))
            AND (CAST(:rank AS int) IS NULL OR ({_RANK}, -coalesce(d.customers, 0), d.id) > (:rank, -CAST(:many AS int), :id))"""
    )
)
_ONE = text(_ROWS.format(condition="d.id = ANY (:ids)"))
_OF_TEAMS = text(_ROWS.format(condition="d.team_codes && CAST(:teams AS text[])"))
_COUNTS = text("SELECT severity, count(*) AS n FROM territory_defect WHERE plan_id = :plan GROUP BY severity")
_NAMES = text("SELECT code, name FROM team WHERE code = ANY (:codes)")
_STATE = text(
    """
    SELECT c.on_day, c.checked_at, NOT EXISTS (
        SELECT FROM (SELECT * FROM territory WHERE plan_id = :plan) t
        FULL JOIN (SELECT * FROM territory_checked WHERE plan_id = :plan) k ON k.team_code = t.team_code
        WHERE k.shape_id IS DISTINCT FROM t.shape_id) AS fresh
    FROM territory_check c WHERE c.plan_id = :plan
    """
)


def list_defects(
    connection: Connection,
    plan_id: int,
    *,
    severity: str | None,
    code: str | None,
    team: str | None,
    limit: int,
    after: tuple[int, int, int] | None = None,
) -> list[dict[str, Any]]:
    """Defects of a version as `TerritoryDefectOut` has them, with `rank` and `many` beside. `after`: rank, customers and number of the last one."""
    rank, many, number = after or (None, None, None)
    values = {
        "plan": plan_id,
        "severity": severity,
        "code": code,
        "team": team,
        "limit": limit,
        "rank": rank,
        "many": many,
        "id": number,
        "most": MOST_VERTICES,
    }
    return told(connection, connection.execute(_LIST, values).mappings().all())


def these_defects(
    connection: Connection, plan_id: int, ids: Sequence[int], *, whole: bool = False
) -> list[dict[str, Any]]:
    """Some defects, in the order of the list. `whole`: their places, however many vertices they have."""
    values = {"plan": plan_id, "ids": list(ids), "limit": len(ids), "most": 2**31 - 1 if whole else MOST_VERTICES}
    return told(connection, connection.execute(_ONE, values).mappings().all()) if ids else []


def defects_of_teams(connection: Connection, plan_id: int, teams: Sequence[str]) -> list[dict[str, Any]]:
    """The defects that concern some teams, up to 200, in the order of the list."""
    values = {"plan": plan_id, "teams": list(teams), "limit": 200, "most": MOST_VERTICES}
    return told(connection, connection.execute(_OF_TEAMS, values).mappings().all())


def counts(connection: Connection, plan_id: int) -> dict[str, int]:
    """How many defects of each severity a version has."""
    return {row.severity: row.n for row in connection.execute(_COUNTS, {"plan": plan_id})}


def state(connection: Connection, plan_id: int) -> RowMapping | None:
    """`on_day`, `checked_at` and `fresh`: whether the territories are still those that were checked. None: never checked."""
    return connection.execute(_STATE, {"plan": plan_id}).mappings().one_or_none()


def told(connection: Connection, rows: Sequence[RowMapping]) -> list[dict[str, Any]]:
    """Rows in the words of the interface."""
    codes = {code for row in rows for code in row["team_codes"]}
    codes |= {way["team_code"] for row in rows for way in row["ways"] if way["team_code"]}
    names = {row.code: row.name for row in connection.execute(_NAMES, {"codes": sorted(codes)})} if codes else {}
    found = []
    for row in rows:
        zh, en = title(row["code"], row["details"])
        ways = []
        for way in row["ways"]:
            way_zh, way_en = way_words(way["way"], names.get(way["team_code"], way["team_code"]))
            ways.append({**way, "title": way_zh, "title_en": way_en})
        found.append(
            {
                **{name: row[name] for name in ("id", "code", "severity", "community_codes", "area_m2", "length_m")},
                **{name: row[name] for name in ("details", "customers", "orphans", "inherited", "rank", "many")},
                "title": zh,
                "title_en": en,
                "teams": [{"code": code, "name": names.get(code, code)} for code in row["team_codes"]],
                "bbox": [row["west"], row["south"], row["east"], row["north"]] if row["west"] is not None else None,
                "at": orjson.loads(row["at"])["coordinates"] if row["at"] else None,
                "geometry": orjson.loads(row["geometry"]) if row["geometry"] else None,
                "ways": ways,
            }
        )
    return found
