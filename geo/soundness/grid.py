"""The grid on which borders lie: 1e-8 degrees, about a millimetre. A coordinate on it is the double nearest to its decimal."""

from typing import Any, Final, cast

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely import MultiPolygon

GRID: Final = 1e-8
STEPS: Final = 1e8


def on_grid(degrees: ArrayLike) -> NDArray[np.float64]:
    """The coordinates moved to the nearest place of the grid."""
    return np.asarray(np.rint(np.asarray(degrees, dtype=np.float64) * STEPS) / STEPS, dtype=np.float64)


def steps(degrees: ArrayLike) -> NDArray[np.int64]:
    """The coordinates as whole steps of the grid."""
    return np.rint(np.asarray(degrees, dtype=np.float64) * STEPS).astype(np.int64)


def lies_on_grid(shape: Any) -> bool:
    """Whether every vertex of the shape is on the grid."""
    points = shapely.get_coordinates(shape)
    return bool((points == on_grid(points)).all())


def multi(shape: Any) -> MultiPolygon:
    """The areas of any shape as a MultiPolygon of two dimensions; lines and points are left out."""
    parts = shapely.get_parts(shape)
    while len(nested := np.flatnonzero(shapely.get_type_id(parts) >= 4)):
        parts = np.concatenate([np.delete(parts, nested), shapely.get_parts(parts[nested])])
    polygons = parts[(shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)]
    return cast("MultiPolygon", shapely.multipolygons(shapely.force_2d(polygons)))
