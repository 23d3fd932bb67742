"""What files of territories read from the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import shapely
from shapely import MultiPolygon
from sqlalchemy import Connection, RowMapping, text

from app.territories.files.communities import WHOLE
from app.territories.files.compare import World

_TEAMS = text("SELECT code, name FROM team WHERE branch_code = :branch ORDER BY code")
_OTHERS = text("SELECT code FROM team WHERE branch_code <> :branch ORDER BY code")
_PRESENT = text(
    """
    SELECT t.team_code, encode(ST_AsBinary(s.geom, 'NDR'), 'hex') AS geom
    FROM territory t JOIN territory_shape s ON s.id = t.shape_id WHERE t.plan_id = :plan ORDER BY t.team_code
    """
)
# Communities of a branch: those in its outline, and those that its territories reach. GiST on community finds them.
_NEAR = """
    SELECT DISTINCT c.code FROM community c JOIN branch_area b ON ST_Intersects(b.geom, c.geom) WHERE b.branch_code = :branch
    UNION
    SELECT DISTINCT c.code FROM territory t JOIN territory_shape s ON s.id = t.shape_id JOIN community c ON ST_Intersects(s.geom, c.geom)
    WHERE t.plan_id = :plan
"""
_COMMUNITIES = text(
    f"""
    SELECT code, encode(ST_AsBinary(geom, 'NDR'), 'hex') AS geom FROM community WHERE code IN ({_NEAR}) ORDER BY code
    """  # noqa: S608 (fixed words)
)
_TERRITORIES = text(
    """
    SELECT t.team_code, team.name, team.force, t.since, ST_AsBinary(s.geom, 'NDR') AS geom
    FROM territory t JOIN territory_shape s ON s.id = t.shape_id JOIN team ON team.code = t.team_code
    WHERE t.plan_id = :plan ORDER BY t.team_code
    """
)
# A community is a branch's own where a point of its inside lies in the outline; those that only touch it need no owner here.
_SHARES = text(
    """
    WITH held AS (
        SELECT c.code, t.team_code, CASE WHEN ST_Covers(s.geom, c.geom) THEN 1.0
               ELSE ST_Area(ST_Intersection(s.geom, c.geom)) / ST_Area(c.geom) END AS share
        FROM territory t JOIN territory_shape s ON s.id = t.shape_id JOIN community c ON ST_Intersects(s.geom, c.geom)
        WHERE t.plan_id = :plan
    ), own AS (
        SELECT c.code FROM community c JOIN branch_area b ON b.geom && c.geom AND ST_Covers(b.geom, ST_PointOnSurface(c.geom))
        WHERE b.branch_code = :branch
    )
    SELECT c.code AS community_code, c.name AS community_name, held.team_code, team.name AS team_name,
           CASE WHEN held.share >= :whole THEN 1.0 ELSE held.share END AS share
    FROM community c LEFT JOIN held ON held.code = c.code AND held.share > 1.0 - :whole LEFT JOIN team ON team.code = held.team_code
    WHERE held.team_code IS NOT NULL OR c.code IN (SELECT code FROM own)
    ORDER BY c.code, held.share DESC NULLS LAST, held.team_code
    """
)


@dataclass(frozen=True)
class Held:
    """A territory of a version. `since`: null in a draft; `area`: CGCS2000 degrees."""

    team_code: str
    name: str
    force: str
    since: date | None
    area: MultiPolygon


def read_world(connection: Connection, plan: RowMapping, *, communities: bool) -> World:
    """What a file is held against; `communities`: also their areas, which only a table of communities needs."""
    values = {"branch": plan["branch_code"], "plan": plan["id"]}
    near = {row.code: row.geom for row in connection.execute(_COMMUNITIES, values)} if communities else {}
    return World(
        [(row.code, row.name) for row in connection.execute(_TEAMS, values)],
        list(connection.execute(_OTHERS, values).scalars()),
        {row.team_code: row.geom for row in connection.execute(_PRESENT, values)},
        near,
    )


def read_territories(connection: Connection, plan_id: int) -> list[Held]:
    """The territories of a version, by team code."""
    rows = connection.execute(_TERRITORIES, {"plan": plan_id}).all()
    areas = shapely.from_wkb([bytes(row.geom) for row in rows])
    return [Held(row.team_code, row.name, row.force, row.since, area) for row, area in zip(rows, areas, strict=True)]


def read_shares(connection: Connection, plan: RowMapping) -> list[dict[str, Any]]:
    """Which team has which share of which community, by community and share; a community of the branch that nobody has: once, without a team."""
    values = {"plan": plan["id"], "branch": plan["branch_code"], "whole": WHOLE}
    return [dict(row) for row in connection.execute(_SHARES, values).mappings()]
