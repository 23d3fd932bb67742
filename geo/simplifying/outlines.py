"""The rings of areas as flat arrays of whole millimetres, and back to geometries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.simplifying.compiling import compiled

Ints = NDArray[np.int64]
Geometries = NDArray[np.object_]

GRID_M = 0.001
"""Vertices lie on a grid of a millimetre of the plane, so that every test of the simplification is exact."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """The rings of some areas. `xy`, shape (n, 2): vertices in millimetres, a ring's first one is not repeated at its end.

    `rings`, `polygons`, `areas`: where each ring begins among the vertices, each polygon among the rings (its shell first), each area
    among the polygons; one more entry than there are.
    """

    xy: Ints
    rings: Ints
    polygons: Ints
    areas: Ints

    def __len__(self) -> int:
        return len(self.areas) - 1

    def starts(self) -> Ints:
        """Where each area begins among the vertices; one more entry than there are areas."""
        found: Ints = self.rings[self.polygons[self.areas]]
        return found

    def one(self, at: int) -> Outlines:
        """One of the areas by itself, with arrays of its own."""
        first, last = self.areas[at], self.areas[at + 1]
        polygons = self.polygons[first : last + 1]
        rings = self.rings[polygons[0] : polygons[-1] + 1]
        return Outlines(
            self.xy[rings[0] : rings[-1]].copy(),
            rings - rings[0],
            polygons - polygons[0],
            np.array([0, last - first], dtype=np.int64),
        )

    @classmethod
    def joined(cls, parts: list[Outlines]) -> Outlines:
        """Several after one another."""
        return cls(
            np.concatenate([part.xy for part in parts]),
            _chained([part.rings for part in parts]),
            _chained([part.polygons for part in parts]),
            _chained([part.areas for part in parts]),
        )


def _chained(starts: list[Ints]) -> Ints:
    lengths = np.concatenate([np.diff(each) for each in starts])
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths, dtype=np.int64)])


def flatten(areas: Geometries) -> Outlines:
    """The rings of polygons and multipolygons, shape (k,), given in metres of a plane. Vertices that fall on the one before are left
    out, and so are rings without an inside."""
    if not len(areas):
        zero = np.zeros(1, dtype=np.int64)
        return Outlines(np.empty((0, 2), dtype=np.int64), zero, zero, zero)
    kind, points, starts = shapely.to_ragged_array(np.asarray(areas, dtype=object))
    if kind == shapely.GeometryType.POLYGON:
        rings, polygons = starts
        parts: NDArray[Any] = np.arange(len(areas) + 1)
    elif kind == shapely.GeometryType.MULTIPOLYGON:
        rings, polygons, parts = starts
    else:
        raise ValueError("areas must be polygons or multipolygons")
    grid = np.rint(np.ascontiguousarray(points[:, :2], dtype=np.float64) / GRID_M).astype(np.int64)
    return Outlines(*_tidied(grid, _ints(rings), _ints(polygons), _ints(parts)))


def _ints(array: NDArray[Any]) -> Ints:
    return np.ascontiguousarray(array, dtype=np.int64)


@compiled
def _tidied(xy: Ints, rings: Ints, polygons: Ints, areas: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Without repeated vertices, and without rings of fewer than three; a polygon without its shell is none."""
    points = np.empty_like(xy)
    ring_starts = np.zeros(len(rings), dtype=np.int64)
    polygon_starts = np.zeros(len(polygons), dtype=np.int64)
    area_starts = np.zeros(len(areas), dtype=np.int64)
    n = n_rings = n_polygons = 0
    for area in range(len(areas) - 1):
        for polygon in range(areas[area], areas[area + 1]):
            has_shell = False
            for ring in range(polygons[polygon], polygons[polygon + 1]):
                begun = n
                for at in range(rings[ring], rings[ring + 1]):
                    if n == begun or xy[at, 0] != points[n - 1, 0] or xy[at, 1] != points[n - 1, 1]:
                        points[n] = xy[at]
                        n += 1
                while n - begun > 1 and points[n - 1, 0] == points[begun, 0] and points[n - 1, 1] == points[begun, 1]:
                    n -= 1
                is_shell = ring == polygons[polygon]
                if n - begun < 3 or not (is_shell or has_shell):
                    n = begun
                    continue
                has_shell = True
                n_rings += 1
                ring_starts[n_rings] = n
            if has_shell:
                n_polygons += 1
                polygon_starts[n_polygons] = n_rings
        area_starts[area + 1] = n_polygons
    return points[:n].copy(), ring_starts[: n_rings + 1].copy(), polygon_starts[: n_polygons + 1].copy(), area_starts


@compiled
def kept_rings(
    xy: Ints, rings: Ints, polygons: Ints, areas: Ints, ranks: NDArray[np.float64], least: float
) -> tuple[Ints, Ints, Ints, Ints]:
    """The closed rings of the vertices whose rank is at least so much; rings of fewer than three are gone, holes with their shell."""
    n = n_rings = n_polygons = 0
    count = 0
    for at in range(len(ranks)):
        count += ranks[at] >= least
    points = np.empty((count + len(rings), 2), dtype=np.int64)
    ring_starts = np.zeros(len(rings), dtype=np.int64)
    polygon_starts = np.zeros(len(polygons), dtype=np.int64)
    area_starts = np.zeros(len(areas), dtype=np.int64)
    for area in range(len(areas) - 1):
        for polygon in range(areas[area], areas[area + 1]):
            has_shell = False
            for ring in range(polygons[polygon], polygons[polygon + 1]):
                begun = n
                for at in range(rings[ring], rings[ring + 1]):
                    if ranks[at] >= least:
                        points[n] = xy[at]
                        n += 1
                is_shell = ring == polygons[polygon]
                if n - begun < 3 or not (is_shell or has_shell):
                    n = begun
                    continue
                points[n] = points[begun]
                n += 1
                has_shell = True
                n_rings += 1
                ring_starts[n_rings] = n
            if has_shell:
                n_polygons += 1
                polygon_starts[n_polygons] = n_rings
        area_starts[area + 1] = n_polygons
    return points[:n].copy(), ring_starts[: n_rings + 1].copy(), polygon_starts[: n_polygons + 1].copy(), area_starts
