"""Verbs of a line: the border follows it, or the area is split along it."""

from collections.abc import Sequence

import shapely
from shapely import MultiPolygon, Point
from shapely.geometry.base import BaseGeometry

from geo.coverage.arrangement import Arrangement, arrange, sheet
from geo.coverage.changes import Change, Moved
from geo.coverage.errors import LineDoesNotCross, NotExact, NothingThere, SameArea
from geo.coverage.faces import bounding, faces, joined, line_cells, longest_neighbour
from geo.coverage.grid import Coordinate, Ints, cells
from geo.coverage.transferring import Areas, Move, applied, reassign, require

Line = BaseGeometry | Sequence[Sequence[float]]


def reshape(areas: Areas, code: str, line: Line) -> Change:
    """The border of a code's area follows the line.

    Where the line runs outside, the land between it and the border becomes the area's; where it runs inside, the smaller land
    beyond it is cut off and goes to the neighbour with the longest border along it, or to nobody where there is none. A hole
    that the line crosses keeps its larger side. Ends that hang loose do nothing. A closed line only adds land.

    `areas`: all that touch the envelope of the area and the line. `line`: LineString, MultiLineString or coordinates, degrees.
    Raises `NoArea`, `NoTool`, `LineDoesNotCross`, `TooComplex`, `NotExact`.
    """
    require(areas, code)
    wanted = line_cells(line)
    alone = _alone(areas, code, wanted)
    closed = all(bool((part[0] == part[-1]).all()) for part in wanted)
    found = faces(alone.areas[code], alone.lines)
    changed = found.bays if closed else [*found.cut_off, *found.bays]
    if not changed:
        raise LineDoesNotCross

    def follow(made: Arrangement) -> tuple[dict[str, MultiPolygon], list[Moved]]:
        again = faces(made.areas[code], made.lines)
        moves: list[Move] = [(joined(again.bays), code, None)] if again.bays else []
        moves += [
            (MultiPolygon([piece]), longest_neighbour(made.areas, piece, {code}), {code})
            for piece in again.cut_off
            if not closed
        ]
        return reassign(made.areas, moves)

    change = applied(areas, bounding(alone.lines, changed), follow)
    if not change.pieces:
        raise LineDoesNotCross
    return change


def split(areas: Areas, code: str, line: Line, to: str, part: Coordinate | None = None) -> Change:
    """A piece of a code's area goes to another code, a new one for instance.

    `areas`: all that touch the area, and `to`'s own. `line`: cuts the area from border to border, as often as it likes.
    `part`: (lon, lat) in the piece that goes; without it, of every polygon that is cut all goes but its largest piece.
    Raises `NoArea`, `SameArea`, `NoTool`, `LineDoesNotCross`, `NothingThere` when `part` lies in no piece that the line makes,
    `TooComplex`, `NotExact`.
    """
    if code == to:
        raise SameArea
    require(areas, code)
    wanted = line_cells(line)
    alone = _alone(areas, code, wanted)
    pieces = [piece for group in faces(alone.areas[code], alone.lines).inside for piece in group]
    if not pieces:
        raise LineDoesNotCross
    at = None if part is None else Point(cells(shapely.get_coordinates(Point(part)))[0])

    def cut(made: Arrangement) -> tuple[dict[str, MultiPolygon], list[Moved]]:
        found = faces(made.areas[code], made.lines)
        if at is None:
            goes = found.cut_off
        else:
            goes = [piece for group in found.inside for piece in group if piece.covers(at)][:1]
        if not goes:
            raise NothingThere
        return reassign(made.areas, [(joined(goes), to, {code})])

    change = applied(areas, bounding(alone.lines, pieces), cut)
    if not change.pieces:
        raise LineDoesNotCross
    return change


def _alone(areas: Areas, code: str, lines: Sequence[Ints]) -> Arrangement:
    """The line with this area only: what of it matters is found before others' borders get vertices from it."""
    own = sheet({code: areas[code]})
    try:
        return arrange(own, lines)
    except NotExact:
        return arrange(own, lines, unsettled=True)
