"""Distances between points on the ellipsoid."""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from pyproj import Geod


@lru_cache(maxsize=1)
def _geod() -> "Geod":
    # pyproj takes a tenth of a second to import: only who asks for a distance pays.
    from pyproj import Geod

    # GB 22021-2008: the CGCS2000 ellipsoid.
    return Geod(a=6378137.0, rf=298.257222101)


def distance_m(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> NDArray[np.float64]:
    """Geodesic distances in metres on the CGCS2000 ellipsoid between CGCS2000 coordinates (degrees, shapes that broadcast).

    Accurate to nanometres (Karney 2013). NaN where a coordinate is not finite or a latitude is beyond a pole.
    """
    arrays = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in (lon1, lat1, lon2, lat2)))
    x1, y1, x2, y2 = (a.flatten() for a in arrays)
    _, _, metres = _geod().inv(x1, y1, x2, y2)
    return np.asarray(metres, dtype=np.float64).reshape(arrays[0].shape)
