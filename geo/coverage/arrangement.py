"""A neighbourhood and the lines of a tool, brought to shared vertices: all that a verb does afterwards creates no new vertex."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LinearRing, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.coverage.errors import NotExact
from geo.coverage.grid import Ints, doubled_area, doubled_ring, in_cells, multi, polygons
from geo.coverage.noding import MOST_PAIRS, Point, node

Number = TypeVar("Number", bound=np.generic)
Cells = Mapping[str, MultiPolygon]
"""code → area in cells"""


@dataclass(frozen=True)
class Arrangement:
    """`areas`: code → area in cells. `lines`: the tool's lines as (k, 2) cells. `bent`: (k, 4) boxes in cells of the edges that got vertices."""

    areas: dict[str, MultiPolygon]
    lines: list[Ints]
    bent: Ints


@dataclass(frozen=True)
class Edges:
    """The edges of areas: `ends` (n, 4) cells; `at` (n,) which coordinate an edge starts from; `first` (areas + 1,) an area's
    first coordinate."""

    codes: list[str]
    ends: Ints
    at: NDArray[np.intp]
    first: NDArray[np.intp]

    @classmethod
    def of(cls, areas: Cells) -> "Edges":
        codes = [code for code, area in areas.items() if not area.is_empty]
        if not codes:
            return cls([], np.empty((0, 4), dtype=np.int64), np.empty(0, dtype=np.intp), np.zeros(1, dtype=np.intp))
        _, xy, (rings, parts, wholes) = shapely.to_ragged_array([areas[code] for code in codes])
        cells = xy.astype(np.int64)
        starts = np.ones(len(cells), dtype=np.bool_)
        starts[rings[1:] - 1] = False
        at = np.flatnonzero(starts)
        return cls(codes, np.hstack([cells[at], cells[at + 1]]), at, rings[parts[wholes]].astype(np.intp))

    def meeting(self, boxes: Ints, among: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
        """(n,) whether the box of an edge (of those `among`) meets one of the (m, 4) boxes (west, south, east, north)."""
        found = np.zeros(len(self.ends), dtype=np.bool_)
        rest = np.arange(len(self.ends)) if among is None else np.flatnonzero(among)
        # First the box around all, so that many boxes are only compared with what is near them.
        for frames in (box_around(boxes), boxes):
            own = boxes_of(self.ends[rest])
            met = np.zeros(len(rest), dtype=np.bool_)
            for west, south, east, north in frames if len(rest) else ():
                met |= (own[:, 0] <= east) & (own[:, 2] >= west) & (own[:, 1] <= north) & (own[:, 3] >= south)
            rest = rest[met]
        found[rest] = True
        return found


def boxes_of(segments: Ints) -> Ints:
    """(n, 4) segments → (n, 4) boxes: west, south, east, north."""
    x1, y1, x2, y2 = segments.T
    return np.column_stack([np.minimum(x1, x2), np.minimum(y1, y2), np.maximum(x1, x2), np.maximum(y1, y2)])


def sheet(areas: Mapping[str, BaseGeometry]) -> dict[str, MultiPolygon]:
    """Areas in degrees → areas in cells, without repeated vertices."""
    whole: dict[str, MultiPolygon] = {}
    for code, area in areas.items():
        rounded = multi(polygons(in_cells(area)))
        xy = shapely.get_coordinates(rounded)
        if bool((xy[1:] == xy[:-1]).all(axis=1).any()):
            rounded = _distinct(rounded)
        whole[code] = rounded
    return whole


def _distinct(area: MultiPolygon) -> MultiPolygon:
    """An area without repeated vertices; rings of less than three are gone."""
    parts: list[Polygon] = []
    for part in polygons(area):
        shell, *holes = (_without_repeats(shapely.get_coordinates(ring)) for ring in (part.exterior, *part.interiors))
        if len(shell) > 3:
            parts.append(Polygon(shell, [hole for hole in holes if len(hole) > 3]))
    return multi(parts)


def arrange(
    areas: Cells, lines: Sequence[Ints], *, unsettled: bool = False, most_pairs: int = MOST_PAIRS
) -> Arrangement:
    """Nodes areas with lines. Only edges that the lines meet, or that a bent edge meets, are looked at; with `unsettled` all
    edges are held against each other.

    Both sides of an edge get the same vertices, so that no land is lost between them.
    Raises `TooComplex`, and `NotExact` when an area would cross itself.
    """
    lines = [_without_repeats(line) for line in lines]
    tool = np.concatenate([np.empty((0, 4), dtype=np.int64), *(np.hstack([line[:-1], line[1:]]) for line in lines)])
    edges = Edges.of(areas)
    chosen = np.ones(len(edges.ends), dtype=np.bool_) if unsettled else edges.meeting(box_around(boxes_of(tool)))
    while True:
        unique, which = undirected(edges.ends[chosen])
        fresh = np.ones(len(unique) + len(tool), dtype=np.bool_)
        fresh[: len(unique)] = unsettled
        chains = node(np.concatenate([unique, tool]), fresh, most_pairs)
        bent = {k: chain for k, chain in chains.items() if k < len(unique)}
        wider = edges.meeting(boxes_of(unique[list(bent)]), ~chosen)
        if not wider.any():
            break
        chosen |= wider
    touched = _substituted(areas, edges, np.flatnonzero(chosen), which, unique, bent)
    new_lines = []
    before = len(unique)
    for line in lines:
        points: list[Point] = []
        for k in range(len(line) - 1):
            points.extend(chains.get(before + k, [(int(line[k, 0]), int(line[k, 1])), (0, 0)])[:-1])
        points.extend((int(x), int(y)) for x, y in line[-1:])
        new_lines.append(np.array(points, dtype=np.int64).reshape(-1, 2))
        before += max(0, len(line) - 1)
    return Arrangement({**areas, **touched}, new_lines, boxes_of(unique[list(bent)]))


def _without_repeats(line: NDArray[Number]) -> NDArray[Number]:
    keep = np.ones(len(line), dtype=np.bool_)
    keep[1:] = (line[1:] != line[:-1]).any(axis=1)
    return line[keep]


def box_around(boxes: Ints) -> Ints:
    """(n, 4) boxes → the (1, 4) box around them, (0, 4) for none."""
    if not len(boxes):
        return boxes
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])[None, :]


def undirected(ends: Ints) -> tuple[Ints, NDArray[np.intp]]:
    """(n, 4) → the (k, 4) different edges, each from its lesser end to its greater, and for each of the n which it is."""
    turned = (ends[:, 0] > ends[:, 2]) | ((ends[:, 0] == ends[:, 2]) & (ends[:, 1] > ends[:, 3]))
    one_way = np.where(turned[:, None], ends[:, [2, 3, 0, 1]], ends)
    order = np.lexsort(one_way.T[::-1])
    ordered = one_way[order]
    new = np.ones(len(ordered), dtype=np.bool_)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    which = np.empty(len(ends), dtype=np.intp)
    which[order] = np.cumsum(new) - 1
    return ordered[new], which


def _substituted(
    areas: Cells,
    edges: Edges,
    chosen: NDArray[np.intp],
    which: NDArray[np.intp],
    unique: Ints,
    chains: Mapping[int, list[Point]],
) -> dict[str, MultiPolygon]:
    """The areas that have an edge among `chains`, with the chain in its place, in both directions."""
    places: dict[int, tuple[list[int], list[Point]]] = {}
    for position in np.flatnonzero(np.isin(which, list(chains))):
        edge, same = chosen[position], int(which[position])
        at = int(edges.at[edge])
        inner = chains[same][1:-1]
        if not np.array_equal(edges.ends[edge, :2], unique[same, :2]):
            inner = inner[::-1]
        area = int(np.searchsorted(edges.first, at, side="right")) - 1
        where, points = places.setdefault(area, ([], []))
        where.extend([at - int(edges.first[area]) + 1] * len(inner))
        points.extend(inner)
    touched: dict[str, MultiPolygon] = {}
    for area, (where, points) in places.items():
        code = edges.codes[area]
        touched[code] = with_vertices(areas[code], np.array(where), np.array(points, dtype=np.float64))
    return touched


def with_vertices(area: MultiPolygon, where: NDArray[np.intp], points: NDArray[np.float64]) -> MultiPolygon:
    """An area with points inserted before the coordinates at the positions `where` (of the area as it was)."""
    kind, xy, (rings, parts, wholes) = shapely.to_ragged_array([area])
    longer = np.insert(xy, where, points, axis=0)
    grown = rings + np.searchsorted(np.sort(where), rings, side="left")
    # A chain before the last coordinate of a ring stands at that coordinate's position, and belongs to this ring.
    return tidy(shapely.from_ragged_array(kind, longer, (grown, parts, wholes))[0])


def signed_doubled_area(area: MultiPolygon) -> int:
    """Twice the area as the rings say it, shells less holes, whether or not they cross themselves."""
    total = 0
    for part in polygons(area):
        shell = doubled_ring(shapely.get_coordinates(part.exterior))
        total += abs(shell) - sum(abs(doubled_ring(shapely.get_coordinates(hole))) for hole in part.interiors)
    return total


def tidy(area: MultiPolygon) -> MultiPolygon:
    """An area whose edges were bent: where two of its edges came to lie on one another, what was between them is gone.

    Raises `NotExact` when its rings cross, so that it has no one reading.
    """
    if area.is_empty or area.is_valid:
        return area
    repaired = multi(polygons(shapely.make_valid(area, method="structure", keep_collapsed=False)))
    if doubled_area(repaired) != signed_doubled_area(area):
        raise NotExact
    return repaired


def boundary_lines(shape: BaseGeometry) -> list[Ints]:
    """The rings of polygons in cells, each (k, 2)."""
    rings: Any = shapely.get_rings(shapely.get_parts(multi(polygons(shape))))
    return [shapely.get_coordinates(ring).astype(np.int64) for ring in rings]


def enclosed(rings: Sequence[Ints]) -> MultiPolygon:
    """All land that noded closed lines enclose: of a line that crosses itself, every loop."""
    found: list[Polygon] = []
    for ring in rings:
        if len(ring) < 4:
            continue
        simple = Polygon(ring)
        if simple.is_valid:
            found.append(simple)
        else:
            lines: Any = shapely.get_parts(shapely.unary_union(LinearRing(ring)))
            loops: Any = shapely.polygonize(lines)
            found.extend(polygons(loops))
    if len(found) == 1:
        return multi(found)
    return multi(polygons(shapely.unary_union(found)))
