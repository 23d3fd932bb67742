"""What lines cut out of an area: faces inside of it, bays outside, and who borders on them longest."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any

import numpy as np
import shapely
from shapely import LineString, MultiLineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.coverage.arrangement import Cells
from geo.coverage.errors import NoTool
from geo.coverage.grid import CELLS_PER_DEGREE, Ints, cells, doubled_area, multi, polygons

Edge = tuple[int, int, int, int]


def line_cells(line: BaseGeometry | Sequence[Sequence[float]]) -> list[Ints]:
    """A line in degrees, as a geometry or as coordinates → (k, 2) cells for each of its parts. Raises `NoTool`."""
    if isinstance(line, BaseGeometry):
        parts = [part for part in shapely.get_parts(line) if isinstance(part, LineString)]
        coordinates = [shapely.get_coordinates(part) for part in parts]
    else:
        coordinates = [np.array([point[:2] for point in line], dtype=np.float64).reshape(-1, 2)]
    if not all(np.isfinite(xy).all() for xy in coordinates):
        raise NoTool
    found = [whole for whole in map(cells, coordinates) if len(whole) > 1 and bool((whole != whole[0]).any())]
    if not found:
        raise NoTool
    return found


@dataclass(frozen=True)
class Faces:
    """`inside`: for each polygon of the area that the lines cut, its pieces, the largest first. `bays`: land outside that the
    lines and the area's border enclose together."""

    inside: list[list[Polygon]]
    bays: list[Polygon]

    @property
    def cut_off(self) -> list[Polygon]:
        return [piece for pieces in self.inside for piece in pieces[1:]]


def faces(area: MultiPolygon, lines: Sequence[Ints]) -> Faces:
    """The faces of an area in cells with lines that are noded with it.

    Of a hole (or a void between parts) that the lines cut, the largest piece stays what it is and the others are bays.
    """
    drawn = set().union(*(edges_of_line(line) for line in lines))
    found = _polygonized([area.boundary, MultiLineString([line for line in lines if len(line) > 1])])
    parts = np.array(polygons(area), dtype=object)
    shapely.prepare(parts)
    tree = shapely.STRtree(parts)
    voids = [face for face in _polygonized([area.boundary]) if not len(_holding(tree, face))]
    of_part: dict[int, list[Polygon]] = {}
    of_void: dict[int, list[Polygon]] = {}
    bays: list[Polygon] = []
    void_tree = shapely.STRtree(voids)
    for face in found:
        within = _holding(tree, face)
        if len(within):
            of_part.setdefault(int(within[0]), []).append(face)
            continue
        if drawn.isdisjoint(edges_of(face)):
            continue
        hole = _holding(void_tree, face)
        if len(hole):
            of_void.setdefault(int(hole[0]), []).append(face)
        else:
            bays.append(face)
    for pieces in of_void.values():
        bays.extend(sorted(pieces, key=doubled_area, reverse=True)[1:])
    inside = [sorted(pieces, key=doubled_area, reverse=True) for pieces in of_part.values() if len(pieces) > 1]
    return Faces(inside, bays)


def _polygonized(lines: Sequence[BaseGeometry]) -> list[Polygon]:
    # Noded already: this only takes edges that lie on one another for one.
    parts: Any = shapely.get_parts(shapely.unary_union(lines))
    return polygons(shapely.polygonize(parts))


def _holding(tree: shapely.STRtree, face: Polygon) -> Any:
    """Which polygons of the tree have the face in them: a place inside of the face tells, as no border passes through it."""
    return tree.query(shapely.point_on_surface(face), predicate="within")


def edges_of_line(line: Ints) -> set[Edge]:
    """The edges of a line in cells, each from its lesser end to its greater."""
    points = [(int(x), int(y)) for x, y in line]
    return {(*min(a, b), *max(a, b)) for a, b in itertools.pairwise(points)}


def edges_of(shape: BaseGeometry) -> set[Edge]:
    """The edges of polygons in cells, each from its lesser end to its greater."""
    found: set[Edge] = set()
    for part in polygons(shape):
        for ring in (part.exterior, *part.interiors):
            found |= edges_of_line(shapely.get_coordinates(ring).astype(np.int64))
    return found


def longest_neighbour(areas: Cells, land: BaseGeometry, without: Iterable[str] = ()) -> str | None:
    """The code whose border runs along `land` for the longest way on the ground (the first by name of equals); None where
    nobody's does. Noded areas in cells."""
    west, south, east, north = land.bounds
    shrink = cos(radians((south + north) / 2 / CELLS_PER_DEGREE))
    rim = edges_of(land)
    best: tuple[float, str] | None = None
    for code in sorted(set(areas) - set(without)):
        area = areas[code]
        if area.is_empty:
            continue
        own = area.bounds
        if own[0] > east or own[2] < west or own[1] > north or own[3] < south:
            continue
        shared = np.array(sorted(rim & edges_of(area)), dtype=np.float64).reshape(-1, 4)
        length = float(np.hypot((shared[:, 2] - shared[:, 0]) * shrink, shared[:, 3] - shared[:, 1]).sum())
        if length > 0 and (best is None or length > best[0]):
            best = length, code
    return best[1] if best else None


def bounding(lines: Sequence[Ints], pieces: Iterable[Polygon]) -> list[Ints]:
    """The stretches of lines that bound one of the pieces."""
    rims = set().union(*(edges_of(piece) for piece in pieces))
    kept: list[Ints] = []
    for line in lines:
        run: list[Any] = []
        for k in range(len(line) - 1):
            if edges_of_line(line[k : k + 2]) <= rims:
                run = run or [line[k]]
                run.append(line[k + 1])
            elif run:
                kept.append(np.array(run))
                run = []
        if run:
            kept.append(np.array(run))
    return kept


def joined(pieces: Iterable[Polygon]) -> MultiPolygon:
    """Noded polygons as one area."""
    some = list(pieces)
    return multi(some) if len(some) < 2 else multi(polygons(shapely.union_all(some)))
