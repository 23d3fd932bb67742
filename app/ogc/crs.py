"""The coordinate reference systems that GIS clients may ask for, with the order of axes that their definitions say."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from app.models.base import SRID

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
STORAGE = f"{EPSG}{SRID}"

_CODES = (SRID, 4326, 3857, *range(4491, 4555))
"""CGCS2000, WGS 84, Web Mercator, and CGCS2000's Gauss-Kruger zones of 6° (4491 to 4512) and 3° (4513 to 4554)."""

DEGREE_DIGITS, METRE_DIGITS = 9, 5
"""Decimals of coordinates: finer than the grid of editing (1e-8°, about 1 mm), so that what comes back unchanged is the same."""


@dataclass(frozen=True, slots=True)
class Crs:
    """A system. `flipped`: its first axis points north, so coordinates are written y, x. `degrees`: not projected.

    CRS84 and WGS 84 are taken as CGCS2000: they differ by less than the areas' own accuracy (decimetres).
    """

    uri: str
    srid: int
    name: str
    flipped: bool
    degrees: bool

    @property
    def digits(self) -> int:
        """Decimals of a coordinate."""
        return DEGREE_DIGITS if self.degrees else METRE_DIGITS

    def to_store(self, geometry: BaseGeometry) -> BaseGeometry:
        """From this system, in the order of its axes, to CGCS2000 degrees, longitude first. What has no place there becomes infinite."""
        transformer = None if self.degrees else _transformer(self.srid)

        def convert(xy: NDArray[np.float64]) -> NDArray[np.float64]:
            placed = xy[:, ::-1] if self.flipped else xy
            if transformer is None:
                return placed
            return np.column_stack(transformer.transform(placed[:, 0], placed[:, 1]))

        return shapely.transform(geometry, convert)


@lru_cache
def supported() -> tuple[Crs, ...]:
    """All of them, CRS84 first."""
    made = [Crs(CRS84, SRID, "WGS 84 longitude, latitude", flipped=False, degrees=True)]
    for code in _CODES:
        known = pyproj.CRS.from_epsg(code)
        north_first = known.axis_info[0].direction == "north"
        made.append(Crs(f"{EPSG}{code}", code, known.name, flipped=north_first, degrees=known.is_geographic))
    return tuple(made)


@lru_cache
def _by_uri() -> dict[str, Crs]:
    return {known.uri: known for known in supported()}


def find(uri: str) -> Crs | None:
    """The system of a URI, None for one that is not supported."""
    return _by_uri().get(uri)


def uris() -> Sequence[str]:
    """The URIs of all of them, CRS84 first."""
    return list(_by_uri())


def _transformer(srid: int) -> pyproj.Transformer:
    # Not kept: a transformer belongs to the thread that made it.
    return pyproj.Transformer.from_crs(srid, SRID, always_xy=True)
