"""Square metres and metres of shapes whose edges are straight in degrees: by the ellipsoid's scale at the place.

The scale is taken at the middle latitude of each shape (areas) or edge (lengths). An area 10 km high is off by 1e-7 of itself, one of
100 km by 1e-5: far below what a border is known to.
"""

from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.soundness.grid import GRID

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]

# GB 22021-2008: the CGCS2000 ellipsoid.
_SEMI_MAJOR_M: Final = 6378137.0
_FLATTENING: Final = 1.0 / 298.257222101
_ECCENTRICITY_2: Final = _FLATTENING * (2.0 - _FLATTENING)


def scales(lat: ArrayLike) -> tuple[Floats, Floats]:
    """Metres of a degree of longitude and of latitude at the latitudes (degrees): N cos φ and M, each times π / 180."""
    phi = np.radians(np.asarray(lat, dtype=np.float64))
    w2 = 1.0 - _ECCENTRICITY_2 * np.sin(phi) ** 2
    prime_vertical = _SEMI_MAJOR_M / np.sqrt(w2)
    meridian = _SEMI_MAJOR_M * (1.0 - _ECCENTRICITY_2) / (w2 * np.sqrt(w2))
    return np.radians(prime_vertical * np.cos(phi)), np.radians(meridian)


def areas_m2(shapes: Any) -> Floats:
    """Square metres of each shape (CGCS2000 degrees); nought for what is empty, missing or no area."""
    array = np.atleast_1d(np.asarray(shapes, dtype=object))
    bounds = np.nan_to_num(shapely.bounds(array))
    across, along = scales((bounds[:, 1] + bounds[:, 3]) / 2.0)
    return np.asarray(np.nan_to_num(shapely.area(array)) * across * along, dtype=np.float64)


def area_m2(shape: Any) -> float:
    """Square metres of one shape."""
    return float(areas_m2(shape)[0])


def lengths_m(shapes: Any) -> Floats:
    """Metres of the lines of each shape: of an area its whole border, holes included."""
    array = np.atleast_1d(np.asarray(shapes, dtype=object))
    parts, of_part = shapely.get_parts(array, return_index=True)
    # Parts of collections of areas and lines: rings of the former, the latter as they are.
    polygons = shapely.get_type_id(parts) == 3
    rings, of_ring = shapely.get_rings(parts[polygons], return_index=True)
    lines = np.concatenate([rings, parts[~polygons]])
    owner = np.concatenate([of_part[polygons][of_ring], of_part[~polygons]])
    points, line = shapely.get_coordinates(lines, return_index=True)
    if len(points) < 2:
        return np.zeros(len(array))
    across, along = scales((points[1:, 1] + points[:-1, 1]) / 2.0)
    step = np.diff(points, axis=0)
    metres = np.hypot(step[:, 0] * across, step[:, 1] * along)
    same = line[1:] == line[:-1]
    return np.bincount(owner[line[1:][same]], weights=metres[same], minlength=len(array))


def length_m(shape: Any) -> float:
    """Metres of the lines of one shape."""
    return float(lengths_m(shape)[0])


def widths_m(shapes: Any) -> Floats:
    """Mean width in metres of each area: 2 · area / border, which is exact for a long strip; nought for what has no border."""
    border = lengths_m(shapes)
    return np.divide(2.0 * areas_m2(shapes), border, out=np.zeros_like(border), where=border > 0)


def grid_m() -> float:
    """Metres of a step of the grid along a meridian at 32° N."""
    return float(scales(32.0)[1]) * GRID
