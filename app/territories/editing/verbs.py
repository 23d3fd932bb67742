"""The verbs of drawing, each done by `geo.coverage` to the territories around it."""

from collections.abc import Callable, Mapping
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
from app.territories.limited import within_limits
from app.territories.validation.repair import work_out_repair
from geo import coverage
from geo.coverage import Change
from geo.coverage.errors import NoArea
from geo.coverage.reach import MARGIN_DEG
from geo.coverage.vertices import NEAR_DEG

_COMMUNITIES = text("SELECT code, ST_AsBinary(geom) AS area FROM community WHERE code = ANY (:codes) ORDER BY code")
_BRANCH_AREA = text("SELECT ST_AsBinary(geom) FROM branch_area WHERE branch_code = :branch")


Act = Callable[[Mapping[str, MultiPolygon]], Change]
"""A verb on a neighbourhood."""


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
    named = seen(repository.read_areas(connection, plan_id, NOWHERE, teams_named(verb)))
    loaded = dict(named)
    load = _loading(connection, plan_id, loaded, seen)

    def done(act: Act, *tools: Any, whole: str | None = None, margin: float = MARGIN_DEG) -> Worked:
        """The verb done where its tools reach, and around the whole territory of a team."""
        if whole is not None:
            if whole not in named:
                raise NoArea
            tools = (*tools, named[whole])
        return Worked(loaded, coverage.perform(load, coverage.reach(*tools, margin=margin), named, act))

    match verb:
        case Draw():
            region = region_of(verb.geometry)
            branch = None if verb.take else _branch_area(connection, branch_code)
            # Land of another branch's teams is others' land, too.
            beside = {} if branch is None else {branch_code: branch}

            def draw(areas: Mapping[str, MultiPolygon]) -> Change:
                met = {**areas, **beside}
                return within_limits(
                    coverage.draw, region, met, areas, verb.team_code, region, take=verb.take, within=branch
                )

            return done(draw, region)
        case Give():
            region = region_of(verb.geometry)
            return done(
                lambda areas: within_limits(
                    coverage.give, region, areas, areas, region, verb.to_team_code, verb.from_team_codes
                ),
                region,
            )
        case CutHole():
            region = region_of(verb.geometry)
            return done(
                lambda areas: within_limits(coverage.cut_hole, region, areas, areas, verb.team_code, region), region
            )
        case AssignCommunities():
            wholes = _communities(connection, verb.community_codes)
            return done(lambda areas: coverage.assign(areas, wholes, verb.to_team_code), *wholes)
        case Replace():
            area = area_of(verb.geometry)
            return done(lambda areas: within_limits(coverage.replace, area, areas, areas, verb.team_code, area), area)
        case Remove():
            return done(lambda areas: coverage.remove(areas, verb.team_code), whole=verb.team_code)
        case Merge():
            return done(lambda areas: coverage.merge(areas, verb.team_code, verb.into_team_code), whole=verb.team_code)
        case Reshape():
            line = line_of(verb.line)
            return done(
                lambda areas: within_limits(coverage.reshape, line, areas, areas, verb.team_code, line),
                line,
                whole=verb.team_code,
            )
        case Split():
            line = line_of(verb.line)
            return done(
                lambda areas: within_limits(
                    coverage.split, line, areas, areas, verb.team_code, line, verb.to_team_code, verb.part
                ),
                line,
                whole=verb.team_code,
            )
        case MoveVertex():
            return done(lambda areas: coverage.move_vertex(areas, verb.at, verb.to), verb.at, verb.to)
        case InsertVertex():
            return done(
                lambda areas: coverage.insert_vertex(areas, verb.at, verb.to), verb.at, verb.to, margin=NEAR_DEG
            )
        case DeleteVertex():
            return done(lambda areas: coverage.delete_vertex(areas, verb.at), verb.at)
        case FillGap():
            within = _branch_area(connection, branch_code)
            gap, _ = coverage.gap_around(load, verb.at, within)
            return done(lambda areas: coverage.fill_gap(areas, verb.at, verb.to_team_code, within), gap)
        case Repair():
            return Worked(*work_out_repair(connection, plan_id, verb.defect_id, verb.way, verb.team_code, seen))
    raise NotImplementedError(verb.verb)


def work_out_claim(connection: Connection, plan_id: int, wanted: Mapping[str, MultiPolygon | None]) -> Worked:
    """Teams get the territories that were chosen for them; other teams' land stays theirs. Raises `geo.errors.GeoError`."""
    named = repository.read_areas(connection, plan_id, NOWHERE, list(wanted))
    loaded = dict(named)
    load = _loading(connection, plan_id, loaded)
    shapes = [shape for shape in (*named.values(), *wanted.values()) if shape is not None]
    tool = MultiPolygon([part for shape in wanted.values() if shape is not None for part in shape.geoms])

    def claim(areas: Mapping[str, MultiPolygon]) -> Change:
        return within_limits(coverage.claim, tool, areas, areas, dict(wanted))

    return Worked(loaded, coverage.perform(load, coverage.reach(*shapes), named, claim))


def _loading(
    connection: Connection, plan_id: int, loaded: Areas, seen: Callable[[Areas], Areas] = lambda areas: areas
) -> Callable[[Envelope], Areas]:
    """Reads the territories that an envelope touches, and keeps them in `loaded`."""

    def load(envelope: Envelope) -> Areas:
        found = seen(repository.read_areas(connection, plan_id, envelope))
        loaded.update(found)
        return found

    return load


def _communities(connection: Connection, codes: list[str]) -> list[MultiPolygon]:
    found = {row.code: row.area for row in connection.execute(_COMMUNITIES, {"codes": codes})}
    unknown = sorted(set(codes) - set(found))
    if unknown:
        raise UnknownCommunity(community_codes=unknown[:20])
    return [shapely.from_wkb(bytes(area)) for area in found.values()]  # type: ignore[misc]


def _branch_area(connection: Connection, branch_code: str) -> MultiPolygon | None:
    found = connection.execute(_BRANCH_AREA, {"branch": branch_code}).scalar_one_or_none()
    return None if found is None else shapely.from_wkb(bytes(found))  # type: ignore[return-value]
