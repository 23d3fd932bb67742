"""Whether a coordinate can be right: finite, on Earth, in China, longitude first."""

from enum import IntEnum
from typing import Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

# A coarse outline drawn some thirty to fifty kilometres outside of the land borders and of the coasts, with Hainan, Taiwan, Hong
# Kong and Macau, and down to 3.4° N with the islands of the South China Sea. No map of a border: it answers "can this be right?".
_OUTLINE: Final = shapely.from_wkt("""POLYGON ((
    73.0 40.0, 73.0 38.2, 74.2 36.8, 75.6 36.2, 76.0 35.4, 77.6 34.9, 78.2 33.6, 78.0 32.4, 78.2 31.1,
    79.6 30.3, 81.0 29.7, 83.5 28.5, 85.6 27.8, 86.0 27.5, 88.2 27.4, 88.9 26.9, 89.4 27.6, 91.2 27.4,
    91.6 26.5, 94.0 26.4, 96.8 26.8, 98.0 27.1, 98.2 25.8, 97.2 25.3, 97.1 23.5, 98.3 23.4, 98.7 22.0,
    99.7 21.2, 101.2 20.8, 102.1 20.8, 102.4 21.9, 103.6 22.2, 105.2 22.7, 106.1 22.5, 106.3 21.6, 107.0 21.3,
    107.9 20.9, 107.9 18.0, 109.2 16.0, 109.2 3.4, 113.5 3.4, 119.5 11.0, 119.5 18.0, 120.0 21.3, 122.4 21.4,
    125.2 25.4, 125.2 26.5, 123.6 28.5, 123.6 38.6, 124.6 39.5, 126.5 40.5, 127.4 41.1, 128.7 41.1, 129.0 41.7,
    129.8 41.9, 130.8 42.0, 131.5 42.6, 131.7 44.7, 133.3 44.6, 134.3 45.6, 134.9 47.0, 135.7 47.9, 135.7 49.0,
    131.4 48.9, 130.0 49.8, 128.4 50.3, 127.8 51.3, 127.1 52.3, 126.3 53.4, 123.8 54.0, 120.5 53.8, 119.5 52.8,
    119.8 52.0, 118.6 50.4, 116.6 50.4, 114.9 48.3, 114.9 47.3, 116.0 46.8, 115.5 46.1, 113.4 45.3, 111.6 45.6,
    110.8 44.5, 110.9 43.8, 109.2 43.0, 106.0 42.6, 104.8 42.3, 103.4 42.4, 101.8 43.1, 97.0 43.3, 96.0 44.8,
    91.5 45.9, 91.6 47.1, 90.6 48.3, 88.7 49.2, 88.0 49.8, 85.2 49.0, 84.9 47.5, 82.5 47.8, 81.9 46.0,
    79.3 45.3, 80.1 43.3, 79.6 42.5, 78.0 41.8, 76.4 41.7, 76.0 40.9, 74.5 41.0, 73.0 40.0
))""")
# GEOS builds the index of a prepared polygon at its first use: here, before threads can meet in it.
shapely.prepare(_OUTLINE)
shapely.contains_xy(_OUTLINE, 105.0, 35.0)


def inside_china(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Which CGCS2000 coordinates may lie in China: a plausibility mask of the broadcast shape, NaN outside.

    True for every place in China; also for a strip of some thirty to fifty kilometres around it, so True proves nothing.
    """
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    return np.asarray(shapely.contains_xy(_OUTLINE, x, y), dtype=np.bool_)


class CoordinateFault(IntEnum):
    """What is wrong with a coordinate; the first that applies is named."""

    NONE = 0
    NOT_FINITE = 1
    AXES_SWAPPED = 2  # not in China as given, but with its axes exchanged: latitude was probably written first
    LON_OUT_OF_RANGE = 3
    LAT_OUT_OF_RANGE = 4
    OUTSIDE_CHINA = 5


def coordinate_faults(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.uint8]:
    """The `CoordinateFault` of each coordinate (degrees, any of the four systems), as uint8 of the broadcast shape."""
    x, y = np.broadcast_arrays(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
    finite = np.isfinite(x) & np.isfinite(y)
    plausible = inside_china(x, y)
    faults = np.select(
        [~finite, plausible, inside_china(y, x), np.abs(x) > 180.0, np.abs(y) > 90.0],
        [
            CoordinateFault.NOT_FINITE,
            CoordinateFault.NONE,
            CoordinateFault.AXES_SWAPPED,
            CoordinateFault.LON_OUT_OF_RANGE,
            CoordinateFault.LAT_OUT_OF_RANGE,
        ],
        CoordinateFault.OUTSIDE_CHINA,
    )
    return faults.astype(np.uint8)
