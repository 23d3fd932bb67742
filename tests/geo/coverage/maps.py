"""Draws coverages as names in a grid of squares, north on top, and reads them back the same way.

A square is .001 degrees wide and high; places are given in squares from the drawing's lower left corner. Whether a coverage is sound is worked
out here in whole numbers of Python and with GEOS alone, so that the verbs are tested by nothing of their own.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from geo.coverage import Change, settle

EAST, NORTH, SQUARE = 120.0, 30.0, 0.001
CELLS = 10**8
Areas = dict[str, MultiPolygon]


def at(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a place in squares."""
    return round(EAST + x * SQUARE, 10), round(NORTH + y * SQUARE, 10)


def line(*places: tuple[float, float]) -> LineString:
    return LineString([at(*place) for place in places])


def shape(*places: tuple[float, float]) -> Polygon:
    return Polygon([at(*place) for place in places])


def square(x0: float, y0: float, x1: float, y1: float) -> Polygon:
    return box(*at(x0, y0), *at(x1, y1))


def drawn(drawing: str) -> Areas:
    """Name → area; `.` is nobody's, `A+B` both's. Borders have a vertex at each corner of a square."""
    found: dict[str, list[Polygon]] = {}
    for row, text in enumerate(reversed(drawing.strip().splitlines())):
        for column, names in enumerate(text.split()):
            for name in names.split("+"):
                if name != ".":
                    found.setdefault(name, []).append(square(column, row, column + 1, row + 1))
    return dict(settle({name: _multi(shapely.union_all(parts)) for name, parts in found.items()}).areas)


def picture(areas: Mapping[str, MultiPolygon | None], like: str) -> str:
    """The drawing of areas on the squares of another drawing: who has the middle of each square."""
    rows = [text.split() for text in like.strip().splitlines()]
    lines = []
    for down, row in enumerate(rows):
        names = []
        for column in range(len(row)):
            middle = Point(at(column + 0.5, len(rows) - down - 0.5))
            owners = [code for code, area in sorted(areas.items()) if area is not None and area.covers(middle)]
            names.append("+".join(owners) or ".")
        lines.append(" ".join(names))
    return "\n".join(lines)


def same(drawing: str) -> str:
    """A drawing with single blanks, as `picture` writes it."""
    return "\n".join(" ".join(text.split()) for text in drawing.strip().splitlines())


def after(areas: Mapping[str, MultiPolygon], change: Change) -> Areas:
    """The areas with a change done."""
    whole = {**areas, **change.areas}
    return {code: area for code, area in whole.items() if area is not None}


def squares_of(area: BaseGeometry | None) -> float:
    """An area in squares."""
    return 0.0 if area is None else round(area.area / SQUARE**2, 6)


def moved(change: Change) -> dict[tuple[str | None, str | None], float]:
    """(from, to) → squares that changed hands."""
    return {(piece.from_code, piece.to_code): squares_of(piece.area) for piece in change.pieces}


def whole_numbers(area: BaseGeometry) -> list[list[tuple[int, int]]]:
    """The rings of an area, shells first, in whole cells; fails where a vertex is not on the grid."""
    rings: list[list[tuple[int, int]]] = []
    for part in shapely.get_parts(area):
        for ring in (part.exterior, *part.interiors):
            points = []
            for x, y in ring.coords:
                cells = round(x * CELLS), round(y * CELLS)
                assert (cells[0] / CELLS, cells[1] / CELLS) == (x, y), "off the grid"
                points.append(cells)
            rings.append(points)
    return rings


def doubled(area: BaseGeometry) -> int:
    """Twice an area in cells, exactly, by the shoelace formula on Python's whole numbers: shells run one way, holes the other."""
    return sum(
        x1 * y2 - x2 * y1
        for ring in whole_numbers(shapely.orient_polygons(area))
        for (x1, y1), (x2, y2) in pairwise(ring)
    )


def flaws(areas: Mapping[str, MultiPolygon]) -> list[str]:
    """What is wrong with a coverage: invalid areas, overlaps (exactly), vertices on a neighbour's edge that it does not have."""
    found = [f"{code} is invalid" for code, area in areas.items() if not area.is_valid]
    found += [f"{code} is no MultiPolygon" for code, area in areas.items() if not isinstance(area, MultiPolygon)]
    if found or not areas:
        return found
    in_cells = {code: shapely.transform(area, lambda xy: np.rint(xy * CELLS)) for code, area in areas.items()}
    union = shapely.union_all(list(in_cells.values()))
    domain = union.envelope.buffer(1000, join_style="mitre")
    nobodys = shapely.transform(shapely.difference(domain, union), lambda xy: xy / CELLS)
    total = sum(map(doubled, areas.values())) + doubled(nobodys)
    width, height = round(domain.bounds[2] - domain.bounds[0]), round(domain.bounds[3] - domain.bounds[1])
    if total != 2 * width * height:
        found.append(f"areas and nobody's land are {total - 2 * width * height} half cells more than the whole")
    vertices: dict[tuple[int, int], None] = {}
    edges: dict[tuple[tuple[int, int], tuple[int, int]], None] = {}
    directed: dict[tuple[tuple[int, int], tuple[int, int]], str] = {}
    for code, area in areas.items():
        for ring in whole_numbers(shapely.orient_polygons(area)):
            vertices.update(dict.fromkeys(ring))
            for a, b in pairwise(ring):
                edges[min(a, b), max(a, b)] = None
                if (a, b) in directed:
                    found.append(f"{code} and {directed[a, b]} lie on the same side of an edge")
                directed[a, b] = code
    points = list(vertices)
    tree = shapely.STRtree(shapely.points(points))
    ends = list(edges)
    for e, p in tree.query(shapely.linestrings(ends), predicate="dwithin", distance=0.49).T:
        if points[p] not in ends[e]:
            found.append(f"vertex {points[p]} lies on the edge {ends[e]} that does not have it")
    return found


def vertices_of(area: MultiPolygon | None) -> set[tuple[float, float]]:
    """The vertices of an area in squares."""
    if area is None:
        return set()
    return {(round((x - EAST) / SQUARE, 4), round((y - NORTH) / SQUARE, 4)) for x, y in shapely.get_coordinates(area)}


def _multi(area: BaseGeometry) -> MultiPolygon:
    parts: Sequence[Any] = list(shapely.get_parts(area))
    return MultiPolygon(parts)
