"""Sizes of areas on the CGCS2000 ellipsoid. Edges are straight in degrees, as they are for whoever decides by them."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from geo.crs import distance_m

# GB 22021-2008: the CGCS2000 ellipsoid.
_A_M: Final = 6378137.0
_F: Final = 1.0 / 298.257222101
_E: Final = float(np.sqrt(_F * (2.0 - _F)))
_B2_M2: Final = (_A_M * (1.0 - _F)) ** 2
# Three Gauss-Legendre places on an edge integrate polynomials of fifth degree exactly.
_PLACES, _WEIGHTS = np.polynomial.legendre.leggauss(3)


def _belt(lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area in m² between the equator and a latitude (radians), for each radian of longitude.

    b²/2 · (sin φ / (1 - e² sin² φ) + artanh(e sin φ) / e): Snyder, Map Projections, a Working Manual (1987), equation 3-12,
    times a²(1 - e²)/2; the same integral as 《第三次全国国土调查技术规程》 (TD/T 1055-2019) develops into a series.
    """
    sine = np.sin(lat)
    belt: NDArray[np.float64] = _B2_M2 / 2 * (sine / (1 - (_E * sine) ** 2) + np.arctanh(_E * sine) / _E)
    return belt


def area_m2(areas: BaseGeometry | Sequence[BaseGeometry] | NDArray[Any]) -> NDArray[np.float64]:
    """(n,) geometries in CGCS2000 degrees → (n,) areas in m²; 0 for what has no area, holes taken off.

    The belt below each edge is integrated along it (Gauss-Legendre), relative to the geometry's own south.
    """
    shapes = np.atleast_1d(np.asarray(areas, dtype=object))
    parts, of_part = shapely.get_parts(shapes, return_index=True)
    flat = shapely.get_type_id(parts) == 3
    parts, of_part = parts[flat], of_part[flat]
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    total: NDArray[np.float64] = np.zeros(len(shapes))
    if not len(rings):
        return total
    outer = np.ones(len(rings), dtype=np.bool_)
    outer[1:] = of_ring[1:] != of_ring[:-1]
    xy, of_point = shapely.get_coordinates(rings, return_index=True)
    lon, lat = np.radians(xy).T
    south = np.full(len(rings), np.inf)
    np.minimum.at(south, of_point, lat)
    edge = of_point[1:] == of_point[:-1]
    a, b, ring = lat[:-1][edge], lat[1:][edge], of_point[1:][edge]
    width = (lon[1:] - lon[:-1])[edge]
    middle, half = (a + b) / 2, (b - a) / 2
    low = _belt(south)[ring]
    height = sum(w * (_belt(middle + half * p) - low) for p, w in zip(_PLACES, _WEIGHTS, strict=True)) / 2
    size = np.abs(np.bincount(ring, weights=width * height, minlength=len(rings)))
    np.add.at(total, of_part[of_ring], np.where(outer, size, -size))
    return total


def length_m(lines: BaseGeometry | Sequence[BaseGeometry] | NDArray[Any]) -> NDArray[np.float64]:
    """(n,) geometries in CGCS2000 degrees → (n,) lengths in m: of polygons that of all their rings. Geodesics between vertices."""
    shapes = np.atleast_1d(np.asarray(lines, dtype=object))
    total: NDArray[np.float64] = np.zeros(len(shapes))
    parts, of_part = shapely.get_parts(shapes, return_index=True)
    flat = shapely.get_type_id(parts) == 3
    rings, of_ring = shapely.get_rings(parts[flat], return_index=True)
    linear = np.isin(shapely.get_type_id(parts), (1, 2))
    all_lines = np.concatenate([rings, parts[linear]])
    owner = np.concatenate([of_part[flat][of_ring], of_part[linear]])
    xy, of_point = shapely.get_coordinates(all_lines, return_index=True)
    edge = of_point[1:] == of_point[:-1]
    if edge.any():
        steps = distance_m(xy[:-1, 0][edge], xy[:-1, 1][edge], xy[1:, 0][edge], xy[1:, 1][edge])
        np.add.at(total, owner[of_point[1:][edge]], steps)
    return total


def compactness(areas: BaseGeometry | Sequence[BaseGeometry] | NDArray[Any]) -> NDArray[np.float64]:
    """(n,) areas → (n,) 4π · area / outline²: 1 for a circle, towards 0 for a ragged or scattered area; 0 for an empty one.

    Polsby and Popper, "The Third Criterion", Yale Law & Policy Review 9 (1991).
    """
    outline = length_m(areas)
    ratio: NDArray[np.float64] = np.zeros(len(outline))
    np.divide(4 * np.pi * area_m2(areas), outline**2, out=ratio, where=outline > 0)
    return ratio


def vertices(areas: BaseGeometry | Sequence[BaseGeometry] | NDArray[Any]) -> NDArray[np.int64]:
    """(n,) areas → (n,) how many different vertices: the closing one of a ring is not counted."""
    shapes = np.atleast_1d(np.asarray(areas, dtype=object))
    rings: ArrayLike = [sum(len(shapely.get_rings(part)) for part in shapely.get_parts(shape)) for shape in shapes]
    return np.asarray(shapely.get_num_coordinates(shapes) - np.asarray(rings), dtype=np.int64)
