"""Verbs of one vertex: it is moved, inserted or deleted in every area that has it, so that borders stay shared."""

import itertools
from collections.abc import Callable, Mapping
from math import cos, radians
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import GEOSException, MultiPolygon, Polygon

from geo.coverage.arrangement import Arrangement, Cells, Edges, arrange, sheet, tidy
from geo.coverage.changes import Change, Moved, finish
from geo.coverage.errors import (
    AreaVanishes,
    MoveCrossesBorder,
    NoBorderThere,
    NoSuchVertex,
    NotExact,
    NothingThere,
    NoTool,
    VertexIsJunction,
)
from geo.coverage.grid import CELLS_PER_DEGREE, EMPTY, NO_BOXES, Coordinate, Ints, cells, multi, polygons
from geo.coverage.transferring import Areas

NEAR_CELLS: Final = 50
"""How far beside a vertex a hand may name it: 5 cm, less than any two vertices that a person could tell apart."""
NEAR_DEG: Final = 0.0005
"""How far beside a border a place may lie for a vertex to be inserted: 55 m unless the caller says otherwise."""

Pair = tuple[int, int]
Ring = list[Pair]


def move_vertex(areas: Areas, at: Coordinate, to: Coordinate) -> Change:
    """The vertex at a place moves to another, in every area that has it.

    `areas`: all that touch the envelope of the vertex's edges and of `to` (see `reach`). `at`, `to`: (lon, lat) degrees. Moved onto
    another border or vertex, the two become one, which is how a gap is closed.
    Raises `NoSuchVertex`, `MoveCrossesBorder` when borders would cross or land of another would be swallowed, `AreaVanishes`.
    """
    before = sheet(areas)
    vertex = _vertex(before, at)
    target = _cell(to)

    def moved(ring: Ring) -> Ring:
        return [target if point == vertex else point for point in ring]

    noded = _noded(before, _edges_at(before, (vertex,)))
    return _deformed(areas, before, noded, {vertex}, moved, target)


def insert_vertex(areas: Areas, at: Coordinate, to: Coordinate | None = None, *, within: float = NEAR_DEG) -> Change:
    """The edge nearest to a place gets a vertex, in both areas, which is put where `to` says (at the place itself without it).

    `areas`: as for `move_vertex`. `within`: degrees; farther away there is no border. Raises `NoBorderThere`, `MoveCrossesBorder`, `NothingThere`
    where there is a vertex already.
    """
    before = sheet(areas)
    a, b, foot = nearest_edge(before, at, within)
    noded = _noded(before, [np.array([a, b])])
    if len(noded.bent):
        a, b, foot = nearest_edge(noded.areas, at, within)
    target = foot if to is None else _cell(to)
    if target in (a, b):
        raise NothingThere

    def longer(ring: Ring) -> Ring:
        found = ring[:1]
        for start, end in itertools.pairwise(ring):
            if (start, end) in ((a, b), (b, a)):
                found.append(target)
            found.append(end)
        return found

    return _deformed(areas, before, noded, {a, b}, longer, target)


def delete_vertex(areas: Areas, at: Coordinate) -> Change:
    """The vertex at a place goes, in every area that has it: the border runs straight between its neighbours.

    `areas`: as for `move_vertex`. Raises `NoSuchVertex`, `VertexIsJunction` where more than two edges meet, `MoveCrossesBorder`, `AreaVanishes`.
    """
    before = sheet(areas)
    vertex = _vertex(before, at)
    noded = _noded(before, _edges_at(before, (vertex,)))
    ends = Edges.of(noded.areas).ends
    beside = {(int(x), int(y)) for x, y in ends[(ends[:, :2] == vertex).all(axis=1), 2:]}
    beside |= {(int(x), int(y)) for x, y in ends[(ends[:, 2:] == vertex).all(axis=1), :2]}
    if len(beside) > 2:
        raise VertexIsJunction

    def shorter(ring: Ring) -> Ring:
        if ring[0] == vertex:
            ring = ring[1:-1]
            ring = [*ring, ring[0]]
        return [point for point in ring if point != vertex]

    return _deformed(areas, before, noded, {vertex}, shorter, *beside)


def _cell(place: Coordinate) -> Pair:
    if not np.isfinite(place).all():
        raise NoTool
    x, y = cells(np.array([place[:2]], dtype=np.float64))[0]
    return int(x), int(y)


def _vertex(before: Cells, at: Coordinate) -> Pair:
    """The vertex that a place names."""
    x, y = _cell(at)
    ends = Edges.of(before).ends[:, :2]
    if len(ends):
        away = np.hypot(ends[:, 0] - x, ends[:, 1] - y)
        k = int(np.argmin(away))
        if away[k] <= NEAR_CELLS:
            return int(ends[k, 0]), int(ends[k, 1])
    raise NoSuchVertex


def nearest_edge(before: Cells, at: Coordinate, within: float) -> tuple[Pair, Pair, Pair]:
    """The edge nearest to a place on the ground, and the grid point on it that is nearest. Areas in cells; `within` degrees.

    Raises `NoBorderThere`.
    """
    x, y = _cell(at)
    shrink = cos(radians(y / CELLS_PER_DEGREE))
    ends = Edges.of(before).ends.astype(np.float64) - [x, y, x, y]
    if not len(ends):
        raise NoBorderThere
    ax, ay, bx, by = (ends * [shrink, 1, shrink, 1]).T
    dx, dy = bx - ax, by - ay
    along = np.clip(-(ax * dx + ay * dy) / np.maximum(dx * dx + dy * dy, 1e-300), 0, 1)
    away = np.hypot(ax + along * dx, ay + along * dy)
    k = int(np.argmin(away))
    if away[k] > within * CELLS_PER_DEGREE:
        raise NoBorderThere
    x1, y1, x2, y2 = ends[k]
    foot = (x + round(x1 + along[k] * (x2 - x1)), y + round(y1 + along[k] * (y2 - y1)))
    return (x + int(x1), y + int(y1)), (x + int(x2), y + int(y2)), foot


def _noded(before: dict[str, MultiPolygon], lines: list[Ints]) -> Arrangement:
    """The areas with these edges noded: a neighbour that has one of their ends on an edge of its own gets it as a vertex, and follows it."""
    try:
        return arrange(before, lines)
    except (NotExact, GEOSException):
        return Arrangement(before, lines, NO_BOXES)


def _deformed(
    areas: Areas, before: Cells, noded: Arrangement, where: set[Pair], edit: Callable[[Ring], Ring], *around: Pair
) -> Change:
    """Rings that have all of `where` are edited; the edges at `around` are new and must not cross anything."""
    changed: dict[str, MultiPolygon] = {}
    for code, area in noded.areas.items():
        edited = _edited(area, where, edit)
        if edited is not None:
            changed[code] = edited
            if edited.is_empty:
                raise AreaVanishes
    if not changed:
        return Change({}, ())
    lines = _edges_at(changed, around)
    try:
        made = arrange({**noded.areas, **changed}, lines)
        after = dict(made.areas)
        for code in changed:
            after[code] = tidy(after[code])
            if after[code].is_empty:
                raise AreaVanishes
        _refuse_new_overlaps(noded.areas, after, set(changed))
    except (NotExact, GEOSException):
        raise MoveCrossesBorder from None
    return finish(
        areas,
        before,
        after,
        _passed_on(noded.areas, after, sorted(changed), _frame(lines, noded.areas, changed, where)),
        np.concatenate([noded.bent, made.bent]),
    )


def _edited(area: MultiPolygon, where: set[Pair], edit: Callable[[Ring], Ring]) -> MultiPolygon | None:
    """An area with its rings edited, None where no ring was. A ring that is left with less than three corners is gone."""
    xy = shapely.get_coordinates(area)
    if not all(bool((xy == point).all(axis=1).any()) for point in where):
        return None
    parts: list[Polygon] = []
    any_edited = False
    for part in polygons(area):
        rings: list[NDArray[np.float64] | Ring] = []
        for ring in (part.exterior, *part.interiors):
            old = shapely.get_coordinates(ring)
            points = [(int(x), int(y)) for x, y in old]
            new = edit(points)
            if new == points:
                rings.append(old)
                continue
            any_edited = True
            new = [point for k, point in enumerate(new) if k == 0 or point != new[k - 1]]
            rings.append(new if len(new) > 3 else [])
        if len(rings[0]):
            parts.append(Polygon(rings[0], [hole for hole in rings[1:] if len(hole)]))
    return multi(parts) if any_edited else None


def _edges_at(changed: Mapping[str, MultiPolygon], points: tuple[Pair, ...]) -> list[Ints]:
    """The edges that end at one of the points, each a line."""
    ends = Edges.of(changed).ends
    at = np.zeros(len(ends), dtype=np.bool_)
    for point in points:
        at |= (ends[:, :2] == point).all(axis=1) | (ends[:, 2:] == point).all(axis=1)
    return [edge.reshape(2, 2) for edge in np.unique(ends[at], axis=0)]


def _refuse_new_overlaps(before: Cells, after: Cells, changed: set[str]) -> None:
    """Raises `MoveCrossesBorder` where an area that was edited covers land of another that it did not cover before."""
    inner = "2********"
    for code in sorted(changed):
        others = [
            other
            for other in after
            if other != code and not (other in changed and other < code) and not after[other].is_empty
        ]
        meet = shapely.relate_pattern(after[code], np.array([after[other] for other in others], dtype=object), inner)
        for other in np.array(others, dtype=object)[meet]:
            if not bool(shapely.relate_pattern(before.get(code, EMPTY), before[other], inner)):
                raise MoveCrossesBorder


def _frame(lines: list[Ints], before: Cells, changed: Mapping[str, MultiPolygon], where: set[Pair]) -> Polygon:
    """The box around all edges that were or are at the edited place: beyond it nothing changed."""
    old = _edges_at({code: before[code] for code in changed}, tuple(where))
    xy = np.concatenate([*lines, *old])
    (west, south), (east, north) = xy.min(axis=0) - 2, xy.max(axis=0) + 2
    return Polygon([(west, south), (east, south), (east, north), (west, north)])


def _passed_on(before: Cells, after: Cells, changed: list[str], frame: Polygon) -> list[Moved]:
    """Which land went from whom to whom, from comparing the areas: corners where old and new borders cross are rounded."""
    moved: list[Moved] = []
    was = {code: multi(polygons(shapely.intersection(before[code], frame))) for code in changed}
    now = {code: multi(polygons(shapely.intersection(after[code], frame))) for code in changed}
    for code in changed:
        lost, won = _less(was[code], now[code]), _less(now[code], was[code])
        for other in changed:
            if other != code:
                there = multi(polygons(shapely.intersection(lost, now[other], grid_size=1)))
                moved.append(Moved(code, other, there))
                lost, won = _less(lost, there), _less(won, was[other])
        moved += [Moved(code, None, lost), Moved(None, code, won)]
    return [land for land in moved if not land.area.is_empty]


def _less(land: MultiPolygon, other: MultiPolygon) -> MultiPolygon:
    return multi(polygons(shapely.difference(land, other, grid_size=1)))
