"""The grid on which all vertices of a coverage lie, and areas in its whole numbers.

Inside the package a coordinate is a whole number of grid cells (kept in a float64, where it is exact), so that which side of an
edge a vertex lies on, where edges cross and how large an area is are decided without rounding. Docs: decision record 0021.
"""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

CELLS_PER_DEGREE: Final = 1e8
"""A cell is 1e-8 degree: 1.1 mm north-south."""
GRID_DEG: Final = 1e-8

Ints = NDArray[np.int64]
Coordinate = tuple[float, float]
Envelope = tuple[float, float, float, float]
"""west, south, east, north in degrees"""

EMPTY: Final = MultiPolygon()
NO_BOXES: Final[Ints] = np.empty((0, 4), dtype=np.int64)


def snapped(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Degrees → the nearest degrees on the grid: what a decimal number of eight places reads as."""
    on_grid: NDArray[np.float64] = np.rint(degrees * CELLS_PER_DEGREE) / CELLS_PER_DEGREE
    return on_grid


def cells(degrees: NDArray[np.float64]) -> Ints:
    """(n, 2) degrees → (n, 2) whole cells."""
    return np.rint(degrees * CELLS_PER_DEGREE).astype(np.int64)


def in_cells(shape: BaseGeometry) -> Any:
    """A geometry in degrees → the same in cells. Nothing is repaired."""
    return shapely.transform(shape, lambda xy: np.rint(xy * CELLS_PER_DEGREE))


def in_degrees(shape: BaseGeometry) -> Any:
    """A geometry in cells → the same in degrees."""
    return shapely.transform(shape, lambda xy: xy / CELLS_PER_DEGREE)


def canonical(shape: BaseGeometry) -> MultiPolygon:
    """The one way to write an area: largest part first, rings start at their lowest vertex, shells counter-clockwise."""
    whole: Any = shapely.orient_polygons(shapely.normalize(multi(polygons(shape))))
    return whole  # type: ignore[no-any-return]


def polygons(shape: BaseGeometry | None) -> list[Polygon]:
    """The polygons of a geometry of any kind; points and lines in it are left out."""
    if shape is None or shape.is_empty:
        return []
    if isinstance(shape, Polygon):
        return [shape]
    found: list[Polygon] = []
    for part in getattr(shape, "geoms", ()):
        found.extend(polygons(part))
    return found


def multi(parts: Iterable[Polygon]) -> MultiPolygon:
    return MultiPolygon(list(parts))


def doubled_area(shape: BaseGeometry) -> int:
    """Twice the area of polygons in cells, exactly: the shoelace formula in whole numbers modulo 2^64.

    Exact as long as the result is below 2^62: some 200 square degrees.
    """
    total = 0
    for part in polygons(shape):
        total += abs(doubled_ring(shapely.get_coordinates(part.exterior)))
        total -= sum(abs(doubled_ring(shapely.get_coordinates(hole))) for hole in part.interiors)
    return total


def doubled_ring(ring: NDArray[Any]) -> int:
    """Twice the signed area of a closed ring in cells, exactly; positive when it runs counter-clockwise."""
    xy = ring.astype(np.int64)
    xy = xy - xy[0]
    with np.errstate(over="ignore"):
        return int(np.sum(xy[:-1, 0] * xy[1:, 1] - xy[1:, 0] * xy[:-1, 1]))
