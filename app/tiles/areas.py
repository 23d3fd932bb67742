"""Areas held in memory as one coverage: simplified per zoom with shared borders kept shared, labelled and coloured."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from app.tiles.colouring import colour
from app.tiles.grid import BUFFER, EXTENT, HALF_WORLD_M, Tile, to_mercator

Geometries = NDArray[np.object_]

LEVELS = (12, 10, 8, 6)
"""Zooms that have a simplified version of their own; a zoom between takes the finer one, a closer one the areas as they are."""

TOLERANCE_PX = 0.75
"""How coarse a simplified border may be, in pixels of a tile drawn 512 pixels wide."""

LABEL_TOLERANCE = 0.02
"""How exactly the middle of an area is sought, as a part of the square root of its size."""


class Areas:
    """The areas of one layer at one version of its content.

    `lonlat`: polygons in CGCS2000 degrees. `properties`: one mapping for each, in the same order. `coloured`: give each a `colour`
    that its neighbours do not have. The polygons that share borders go on sharing them at every zoom (shapely's coverage
    simplification, Visvalingam–Whyatt on the edges); areas that overlap are simplified one by one.
    """

    def __init__(self, lonlat: Geometries, properties: Sequence[dict[str, Any]], *, coloured: bool = False) -> None:
        self._exact: Geometries = shapely.transform(lonlat, to_mercator) if len(lonlat) else lonlat
        self.properties = list(properties)
        if coloured and len(lonlat):
            pairs = shapely.STRtree(self._exact).query(self._exact, predicate="intersects")
            colours = colour(len(lonlat), pairs)
            self.properties = [{**each, "colour": number} for each, number in zip(properties, colours, strict=True)]
        self._bounds = shapely.bounds(self._exact).reshape(-1, 4)
        self._levels: dict[int, Geometries] = {}
        self._lock = Lock()
        self._middle, self._reach = _labels(self._exact)

    def at_zoom(self, zoom: int) -> Geometries:
        """The polygons in Web Mercator metres as they are drawn at this zoom."""
        wanted = min((level for level in LEVELS if level >= zoom), default=None)
        if wanted is None or not len(self._exact):
            return self._exact
        with self._lock:
            geometries = self._exact
            for level in LEVELS:
                if level not in self._levels:
                    tolerance = TOLERANCE_PX * 2 * HALF_WORLD_M / 512 / 2**level
                    self._levels[level] = shapely.coverage_simplify(geometries, tolerance)
                geometries = self._levels[level]
                if level == wanted:
                    break
        return geometries

    def inside(self, tile: Tile) -> NDArray[np.intp]:
        """Which areas may be seen in the tile, its buffer included."""
        west, south, east, north = tile.bounds_m(BUFFER / EXTENT)
        box = self._bounds
        return np.flatnonzero((box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south))

    def labels(self, tile: Tile) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
        """The areas whose label lies in the tile, its place in Web Mercator metres, shape (n, 2), and the room around it in metres."""
        west, south, east, north = tile.bounds_m()
        x, y = self._middle[:, 0], self._middle[:, 1]
        found = np.flatnonzero((x >= west) & (x < east) & (y > south) & (y <= north))
        return found, self._middle[found], self._reach[found]


def _labels(geometries: Geometries) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where each area's name is best written, shape (n, 2), and how far its border is from there: the largest circle inside it."""
    if not len(geometries):
        return np.empty((0, 2)), np.empty(0)
    parts, owner = shapely.get_parts(geometries, return_index=True)
    sizes = shapely.area(parts)
    order = np.lexsort((-sizes, owner))
    _, first = np.unique(owner[order], return_index=True)
    largest = parts[order[first]]
    side = np.sqrt(np.maximum(sizes[order[first]], 1.0))
    lines = np.array(
        [
            shapely.maximum_inscribed_circle(part, LABEL_TOLERANCE * length)
            for part, length in zip(largest, side, strict=True)
        ]
    )
    start = shapely.get_coordinates(shapely.get_point(lines, 0))
    return start, shapely.length(lines)
