"""What is wrong with a coverage after a verb, found by means other than those that did the verb."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from app.bench.coverage.drawing import Areas, World, union_of
from geo.coverage import Change
from geo.coverage.grid import CELLS_PER_DEGREE, doubled_area, in_cells, polygons

NEAR_VERTEX: Final = 0.49
"""Cells: a vertex that near to an edge of which it is no end was missed when borders were noded."""


@dataclass
class Audit:
    """What was found wrong after a verb; `overlap`, `gap`: the widest in cells, on average over its length."""

    overlaps: int = 0
    gaps: int = 0
    broken: int = 0
    invalid: int = 0
    overlap: float = 0.0
    gap: float = 0.0
    inexact: int = 0

    @property
    def clean(self) -> bool:
        return not (self.overlaps or self.gaps or self.broken or self.invalid or self.inexact)


def width_cells(shape: BaseGeometry) -> float:
    """The average width of the widest part of a shape in cells: twice its area by its outline."""
    return max((2 * part.area / part.length for part in polygons(shape)), default=0.0)


def audit(world: World, before: Areas, change: Change) -> Audit:
    """Looks at the whole world after a change with means other than those that made it.

    Overlaps: GEOS's own test of a coverage, and the sum of all areas with nobody's land, in whole numbers. Gaps: land that was somebody's, that
    nobody gave away, and that is nobody's now by more than a cell. Broken: a vertex on an edge of which it is no end.
    """
    found = Audit()
    after = [in_cells(area) for area in world.areas.values()]
    found.invalid = int((~shapely.is_valid(after)).sum())
    xy = shapely.get_coordinates(after)
    degrees = shapely.get_coordinates(list(world.areas.values()))
    found.inexact += int((xy / CELLS_PER_DEGREE != degrees).any())
    found.broken = _broken(after)
    if found.invalid:
        # No overlay can be trusted with what is invalid: the rest is not asked.
        return found
    union = shapely.union_all(after)
    nobodys = shapely.difference(world.domain, union)
    whole = sum(map(doubled_area, after)) + doubled_area(nobodys)
    exact = whole == doubled_area(world.domain)
    if not exact or not shapely.coverage_is_valid(after):
        # GEOS's test takes an edge at a corner where a neighbour's hole touches its own shell for one inside of it (3.14).
        i, j = shapely.STRtree(after).query(after, predicate="intersects")
        inner = (i < j) & shapely.relate_pattern(np.array(after)[i], np.array(after)[j], "2********")
        shared = [shapely.intersection(after[a], after[b]) for a, b in zip(i[inner], j[inner], strict=True)]
        found.overlaps += len(shared) or not exact
        found.overlap = max(map(width_cells, shared), default=0.0)
    expected = union_of(before)
    for piece in change.pieces:
        if piece.from_code is None:
            expected = shapely.union(expected, in_cells(piece.area))
    for piece in change.pieces:
        if piece.to_code is None:
            expected = shapely.difference(expected, in_cells(piece.area))
    lost = shapely.symmetric_difference(expected, union)
    found.gap = width_cells(lost)
    found.gaps += found.gap > 1.0
    return found


def _broken(areas: list[MultiPolygon]) -> int:
    """How many vertices lie on an edge, or as good as, of which they are no end."""
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(areas))]
    ends: NDArray[Any] = np.unique(np.concatenate([np.hstack([ring[:-1], ring[1:]]) for ring in rings]), axis=0)
    points = np.unique(ends[:, :2], axis=0)
    lines: Any = shapely.linestrings(ends.reshape(-1, 2, 2))
    marks: Any = shapely.points(points)
    line, point = shapely.STRtree(marks).query(lines, predicate="dwithin", distance=NEAR_VERTEX)
    no_end = (points[point] != ends[line, :2]).any(axis=1) & (points[point] != ends[line, 2:]).any(axis=1)
    return len(np.unique(point[no_end]))
