"""The tile grid: Web Mercator (EPSG:3857) squares, z/x/y counted from the north-west as every web map does."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.tiles.errors import TileOutsideGrid

EXTENT = 4096
"""Units that a tile's side is divided into."""

BUFFER = 128
"""Units by which geometry reaches over the tile's edge, so that strokes meet."""

MAX_ZOOM = 22

RADIUS_M = 6378137.0
"""Radius of the sphere of EPSG:3857 (EPSG Guidance Note 7-2, method 1024)."""

HALF_WORLD_M = np.pi * RADIUS_M
MAX_LATITUDE = 85.0


@dataclass(frozen=True, slots=True)
class Tile:
    """A square of the grid. Raises `TileOutsideGrid` if there is no such square."""

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        if not 0 <= self.z <= MAX_ZOOM or not 0 <= self.x < 2**self.z or not 0 <= self.y < 2**self.z:
            raise TileOutsideGrid()

    @property
    def side_m(self) -> float:
        """Length of a side in Web Mercator metres."""
        return float(2 * HALF_WORLD_M / 2**self.z)

    def bounds_m(self, margin: float = 0.0) -> tuple[float, float, float, float]:
        """West, south, east, north in Web Mercator metres, widened by `margin` sides on each side."""
        west = -HALF_WORLD_M + self.x * self.side_m
        north = HALF_WORLD_M - self.y * self.side_m
        add = margin * self.side_m
        return float(west - add), float(north - self.side_m - add), float(west + self.side_m + add), float(north + add)


def to_mercator(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Longitude and latitude in degrees (CGCS2000 or WGS-84), shape (n, 2), to Web Mercator metres, shape (n, 2).

    Spherical formulas of EPSG:3857; latitudes beyond 85° are drawn at 85°.
    """
    latitude = np.radians(np.clip(lonlat[:, 1], -MAX_LATITUDE, MAX_LATITUDE))
    x = np.radians(lonlat[:, 0]) * RADIUS_M
    y = np.arcsinh(np.tan(latitude)) * RADIUS_M
    return np.column_stack((x, y))


def to_degrees(metres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Web Mercator metres, shape (n, 2), to longitude and latitude in degrees, shape (n, 2): the inverse of `to_mercator`."""
    found: NDArray[np.float64] = np.degrees(
        np.column_stack((metres[:, 0] / RADIUS_M, np.arctan(np.sinh(metres[:, 1] / RADIUS_M))))
    )
    return found
