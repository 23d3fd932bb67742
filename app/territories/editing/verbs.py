"""The verbs of drawing, each done by `geo.coverage` to the territories around it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import shapely
from shapely import MultiPolygon
from sqlalchemy import Connection, text

from app.territories.editing import repository
from app.territories.editing.drawn import area_of, line_of, region_of
from app.territories.editing.errors import UnknownCommunity
from app.territories.editing.repository import NOWHERE, Areas, Envelope
from app.territories.editing.schemas import (
    AssignCommunities,
    CutHole,
    DeleteVertex,
    Draw,
    FillGap,
    Give,
    InsertVertex,
    Merge,
    MoveVertex,
    Remove,
    Repair,
    Replace,
    Reshape,
    Split,
    Verb,
)
from app.territories.validation.repair import work_out_repair
from geo import coverage
from geo.coverage import Change
from geo.coverage.reach import MARGIN_DEG
from geo.coverage.vertices import NEAR_DEG

_COMMUNITIES = text("SELECT code, ST_AsBinary(geom) AS area FROM community WHERE code = ANY (:codes) ORDER BY code")
_BRANCH_AREA = text("SELECT ST_AsBinary(geom) FROM branch_area WHERE branch_code = :branch")


@dataclass(frozen=True, slots=True)
class Worked:
    """The territories around a verb, and what it makes of them."""

    before: Areas
    change: Change


def teams_named(verb: Verb) -> list[str]:
    """The teams that a verb names."""
    names = ("team_code", "to_team_code", "into_team_code", "from_team_codes")
    values = [value for name in names if (value := getattr(verb, name, None)) is not None]
    return [code for value in values for code in ([value] if isinstance(value, str) else value)]


def work_out(
    connection: Connection, plan_id: int, branch_code: str, verb: Verb, seen: Callable[[Areas], Areas]
) -> Worked:
    """Does a verb to the territories of a draft, in memory. `seen`: what the editor saw of territories as they are stored now.

    Raises `UnknownCommunity`, and `geo.errors.GeoError` for a shape or a place with which the verb cannot be done.
    """
    codes = teams_named(verb)

    def load(envelope: Envelope) -> Areas:
        return seen(repository.read_areas(connection, plan_id, envelope, codes))

    def around(*tools: Any, whole: str | None = None, margin: float = MARGIN_DEG) -> Areas:
        """The territories that the tools may touch; `whole`: and all around this team's."""
        named = load(NOWHERE).get(whole) if whole is not None else None
        reached = (
            coverage.reach(*tools, *([named] if named is not None else []), margin=margin)
            if tools or named
            else NOWHERE
        )
        return dict(coverage.neighbourhood(load, reached)[1])

    match verb:
        case Draw():
            region = region_of(verb.geometry)
            areas = around(region)
            return Worked(areas, coverage.draw(areas, verb.team_code, region, take=verb.take))
        case Give():
            region = region_of(verb.geometry)
            areas = around(region)
            return Worked(areas, coverage.give(areas, region, verb.to_team_code, verb.from_team_codes))
        case CutHole():
            region = region_of(verb.geometry)
            areas = around(region)
            return Worked(areas, coverage.cut_hole(areas, verb.team_code, region))
        case AssignCommunities():
            wholes = _communities(connection, verb.community_codes)
            areas = around(*wholes)
            return Worked(areas, coverage.assign(areas, wholes, verb.to_team_code))
        case Replace():
            area = area_of(verb.geometry)
            areas = around(area)
            return Worked(areas, coverage.replace(areas, verb.team_code, area))
        case Remove():
            areas = around(whole=verb.team_code)
            return Worked(areas, coverage.remove(areas, verb.team_code))
        case Merge():
            areas = around(whole=verb.team_code)
            return Worked(areas, coverage.merge(areas, verb.team_code, verb.into_team_code))
        case Reshape():
            line = line_of(verb.line)
            areas = around(line, whole=verb.team_code)
            return Worked(areas, coverage.reshape(areas, verb.team_code, line))
        case Split():
            line = line_of(verb.line)
            areas = around(line, whole=verb.team_code)
            return Worked(areas, coverage.split(areas, verb.team_code, line, verb.to_team_code, verb.part))
        case MoveVertex():
            areas = around(verb.at, verb.to)
            return Worked(areas, coverage.move_vertex(areas, verb.at, verb.to))
        case InsertVertex():
            areas = around(verb.at, verb.to, margin=NEAR_DEG)
            return Worked(areas, coverage.insert_vertex(areas, verb.at, verb.to))
        case DeleteVertex():
            areas = around(verb.at)
            return Worked(areas, coverage.delete_vertex(areas, verb.at))
        case FillGap():
            within = _branch_area(connection, branch_code)
            _, found = coverage.gap_around(load, verb.at, within)
            return Worked(dict(found), coverage.fill_gap(found, verb.at, verb.to_team_code, within))
        case Repair():
            areas, change = work_out_repair(connection, plan_id, verb.defect_id, verb.way, verb.team_code, seen)
            return Worked(areas, change)
    raise NotImplementedError(verb.verb)


def _communities(connection: Connection, codes: list[str]) -> list[MultiPolygon]:
    found = {row.code: row.area for row in connection.execute(_COMMUNITIES, {"codes": codes})}
    unknown = sorted(set(codes) - set(found))
    if unknown:
        raise UnknownCommunity(community_codes=unknown[:20])
    return [shapely.from_wkb(bytes(area)) for area in found.values()]  # type: ignore[misc]


def _branch_area(connection: Connection, branch_code: str) -> MultiPolygon | None:
    found = connection.execute(_BRANCH_AREA, {"branch": branch_code}).scalar_one_or_none()
    return None if found is None else shapely.from_wkb(bytes(found))  # type: ignore[return-value]
