"""Nobody's land between areas: finding the gap at a place, and filling it."""

from collections.abc import Callable

import shapely
from shapely import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.coverage.arrangement import Arrangement, arrange, sheet
from geo.coverage.changes import Change, Moved
from geo.coverage.errors import GapNotEnclosed, NoArea, NotExact, NothingThere
from geo.coverage.faces import longest_neighbour
from geo.coverage.grid import Coordinate, Envelope, canonical, cells, in_degrees, multi, polygons
from geo.coverage.reach import reach
from geo.coverage.transferring import Areas, Region, applied, reassign, united


def gap(areas: Areas, at: Coordinate, limit: BaseGeometry | None = None) -> MultiPolygon:
    """The connected piece of nobody's land at a place, in degrees: a hole of an area or a gap between areas.

    `areas`: all around the gap (see `gap_around`). `limit`: where land ends, such as the branch's area: a gap that the areas alone do
    not enclose ends there.
    Raises `NothingThere` where the land is somebody's or beyond the limit, `GapNotEnclosed`.
    """
    return canonical(in_degrees(_gap(areas, at, limit)))


def fill_gap(areas: Areas, at: Coordinate, to: str | None = None, limit: BaseGeometry | None = None) -> Change:
    """The gap at a place goes to a code, or to whoever has the longest border along it.

    `areas`: all around the gap, and `to`'s own. Arguments as `gap`. Raises what `gap` raises, `NoArea` where nobody borders on it, `NotExact`.
    """
    # Only the gap's own outline gives its neighbours vertices, and not all of the limit.
    region = Region.of([in_degrees(_gap(areas, at, limit))])

    def fill(made: Arrangement) -> tuple[dict[str, MultiPolygon], list[Moved]]:
        land = region.land(made.lines)
        taker = to if to is not None else longest_neighbour(made.areas, land)
        if taker is None:
            raise NoArea
        return reassign(made.areas, [(land, taker, {None})])

    return applied(areas, region.lines, fill)


def gap_around(
    load: Callable[[Envelope], Areas], at: Coordinate, limit: BaseGeometry | None = None, start: float = 0.005
) -> tuple[MultiPolygon, Areas]:
    """The gap at a place and all areas that touch its envelope, loading no more than it takes.

    `load`: (west, south, east, north) → the areas that touch it. `start`: how far around the place to look first, in degrees; it is
    doubled until a gap is found whose whole envelope was looked at, or nothing more is found. Raises what `gap` raises.
    """
    around = reach(at, margin=start)
    areas = load(around)
    while True:
        try:
            found = gap(areas, at, limit)
            need = reach(found)
        except GapNotEnclosed:
            start *= 2
            need = reach(at, margin=start)
            if start > 1.0:
                raise
        wider = (
            min(around[0], need[0]),
            min(around[1], need[1]),
            max(around[2], need[2]),
            max(around[3], need[3]),
        )
        if wider == around:
            return found, areas
        around, areas = wider, load(wider)


def _gap(areas: Areas, at: Coordinate, limit: BaseGeometry | None) -> MultiPolygon:
    """The gap in cells."""
    before = sheet(areas)
    region = None if limit is None else Region.of([limit])
    lines = [] if region is None else region.lines
    try:
        made = arrange(before, lines)
    except NotExact:
        made = arrange(before, lines, unsettled=True)
    place = Point(cells(shapely.get_coordinates(Point(at)))[0])
    held = united([part for area in made.areas.values() for part in area.geoms])
    if region is not None:
        within = region.land(made.lines)
        if not within.covers(place):
            raise NothingThere
        free = polygons(shapely.difference(within, held))
    else:
        holes = [Polygon(hole) for part in held.geoms for hole in part.interiors]
        free = [piece for hole in holes if hole.covers(place) for piece in polygons(shapely.difference(hole, held))]
    # A place on the rim may touch two; the larger is meant.
    found = sorted((piece for piece in free if piece.covers(place)), key=lambda piece: -piece.area)
    if found:
        return multi(found[:1])
    if held.covers(place):
        raise NothingThere
    raise GapNotEnclosed
