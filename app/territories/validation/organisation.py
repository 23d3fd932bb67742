"""Defects of who owns, whatever the shapes are: teams without a territory, dissolved, of the wrong force, of one name; open conflicts."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any
from unicodedata import normalize

import shapely
from shapely import GeometryCollection, MultiPolygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, RowMapping, text

from geo.coverage.measure import area_m2
from geo.soundness.defects import Defect, Way

CODES = ("TEAM_WITHOUT_TERRITORY", "TEAM_DISSOLVED", "TEAM_WRONG_FORCE", "NAME_CLASH", "OPEN_CONFLICT")

# A team of another branch appears only if something has given it land here; teams with which nothing can be wrong do not.
_TEAMS = text(
    """
    SELECT * FROM (
    SELECT count(*) OVER (PARTITION BY btrim(normalize(team.name, NFKC))) AS namesakes, team.code, team.name, team.force, team.takes_part, team.founded_on, team.ended_on, t.shape_id,
           successor.code AS successor_code, successor.ended_on AS successor_ended_on
    FROM team LEFT JOIN territory t ON t.plan_id = :plan AND t.team_code = team.code AND t.shape_id IS NOT NULL
    LEFT JOIN team successor ON successor.code = team.successor_code AND successor.branch_code = team.branch_code
        AND successor.force = 'COLLECTION'
    WHERE team.branch_code = :branch OR t.shape_id IS NOT NULL) AS team
    WHERE shape_id IS NULL OR ended_on IS NOT NULL OR force <> 'COLLECTION' OR namesakes > 1
    ORDER BY code
    """
)
_SHAPES = text("SELECT id, ST_AsBinary(geom) AS area FROM territory_shape WHERE id = ANY (:ids)")
_CONFLICTS = text(
    """
    SELECT c.id, array_agg(s.team_code ORDER BY s.team_code) AS team_codes,
           ST_AsBinary(ST_Envelope(ST_Collect(coalesce(mine.geom, theirs.geom)))) AS place
    FROM territory_conflict c LEFT JOIN territory_conflict_side s ON s.conflict_id = c.id
    LEFT JOIN territory_shape mine ON mine.id = s.mine_shape_id
    LEFT JOIN territory_shape theirs ON theirs.id = s.theirs_shape_id
    WHERE c.plan_id = :plan AND c.choice IS NULL GROUP BY c.id ORDER BY c.id
    """
)
NOWHERE = GeometryCollection()
"""The place of a defect that has none."""


def organisation_defects(connection: Connection, plan_id: int, branch_code: str, on: date) -> list[Defect]:
    """Those of a version, its teams judged on a day."""
    rows = connection.execute(_TEAMS, {"plan": plan_id, "branch": branch_code}).mappings().all()
    wrong = [row for row in rows if row["shape_id"] is not None and (_ended(row, on) or row["force"] != "COLLECTION")]
    shapes = _read(connection, [row["shape_id"] for row in wrong])
    found = team_defects(rows, on, shapes)
    for row in connection.execute(_CONFLICTS, {"plan": plan_id}).mappings():
        place = shapely.from_wkb(bytes(row["place"])) if row["place"] is not None else NOWHERE
        teams = tuple(code for code in row["team_codes"] if code is not None)
        found.append(Defect("OPEN_CONFLICT", teams, place, details={"conflict_id": row["id"]}))
    return found


def team_defects(
    teams: Sequence[RowMapping | dict[str, Any]], on: date, shapes: dict[int, BaseGeometry]
) -> list[Defect]:
    """Defects of a branch's teams on a day; `shapes`: territories by id, of teams that should have none. Pure."""
    found: list[Defect] = []
    names: defaultdict[str, list[str]] = defaultdict(list)
    for one in teams:
        row = dict(one)
        code, ended, holds = row["code"], _ended(row, on), row["shape_id"] is not None
        begun = row["founded_on"] is None or row["founded_on"] <= on
        if not ended:
            names[normalize("NFKC", row["name"]).strip()].append(code)
        if holds and ended:
            ways = [Way("REMOVE", code)]
            heir = row["successor_code"]
            if heir is not None and not (row["successor_ended_on"] is not None and row["successor_ended_on"] <= on):
                ways.insert(0, Way("GIVE", heir))
            details = {"ended_on": row["ended_on"].isoformat(), "successor_code": heir}
            found.append(_holding("TEAM_DISSOLVED", row, shapes, details, ways))
        if holds and row["force"] != "COLLECTION":
            found.append(_holding("TEAM_WRONG_FORCE", row, shapes, {"force": row["force"]}, [Way("REMOVE", code)]))
        if not holds and not ended and begun and row["takes_part"] and row["force"] == "COLLECTION":
            found.append(Defect("TEAM_WITHOUT_TERRITORY", (code,), NOWHERE))
    found += [
        Defect("NAME_CLASH", tuple(codes), NOWHERE, details={"name": name})
        for name, codes in names.items()
        if len(codes) > 1 and name
    ]
    return found


def _ended(row: RowMapping | dict[str, Any], on: date) -> bool:
    return row["ended_on"] is not None and row["ended_on"] <= on


def _holding(
    code: str,
    row: RowMapping | dict[str, Any],
    shapes: dict[int, BaseGeometry],
    details: dict[str, Any],
    ways: list[Way],
) -> Defect:
    area = shapes[row["shape_id"]]
    return Defect(code, (row["code"],), area, area_m2=float(area_m2(area)[0]), details=details, ways=tuple(ways))


def _read(connection: Connection, ids: list[int]) -> dict[int, BaseGeometry]:
    if not ids:
        return {}
    found: dict[int, BaseGeometry] = {}
    for row in connection.execute(_SHAPES, {"ids": ids}):
        area = shapely.from_wkb(bytes(row.area))
        assert isinstance(area, MultiPolygon)
        found[row.id] = area
    return found
