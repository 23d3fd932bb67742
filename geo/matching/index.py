"""The index over a set of areas: what the rest of the product asks."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from geo.cores import usable_cores
from geo.crs import distance_m
from geo.matching import direct
from geo.matching.formulas import RADIANS, SHORTEST_DEGREE_M
from geo.matching.rings import Rings, flatten

if TYPE_CHECKING:
    from geo.matching.grid import Grid

# How much work is done directly before a grid is laid, counted in edges looked at: about the time that loading the compiled
# kernels takes. A call, and a part that it meets, cost as much as so many edges.
_DIRECT_WORK = 20_000_000
_CALL_WORK = 20_000
_PART_WORK = 4_000
# The chart is as good as the ellipsoid up to here; beyond, the geodesic to the place that was found is computed.
_CHART_REACH_M = 100_000.0


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Pairs of a point and an area that covers it, sorted by point, then area.

    `point` and `area`: positions in what was asked and in what the index was built from. `touching`: the point lies on the
    area's border and not in its interior.
    """

    point: NDArray[np.int64]
    area: NDArray[np.int32]
    touching: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.point)


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """Pairs of a point and an area that is near but does not cover it, sorted by point, then area; metres between them."""

    point: NDArray[np.int64]
    area: NDArray[np.int32]
    metres: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.point)


class AreaIndex:
    """Areas, ready to be asked. Safe to be used by several threads; never changes what it answers.

    Coordinates are CGCS2000 degrees, longitude first; edges are straight in degrees, as in PostGIS's `geometry`. A point is
    covered if it lies inside or on the border, decided as PostGIS's `ST_Covers` does, to the last bit: docs/decisions/0004-matching.md.
    Points with a coordinate that is not finite are covered by nothing and near to nothing.

    Few points are compared with the areas directly. Once that would cost more than it, a grid is laid and kernels are compiled (some
    seconds once per machine, then loaded from disk); both ways give the same answers. `prepare` does it at once.
    """

    def __init__(self, rings: Rings, expected_points: int, threads: int | None) -> None:
        self._rings = rings
        self._expected_points = expected_points
        self._threads = threads
        self._grid: Grid | None = None
        self._laying = threading.Lock()
        self._work = 0.0

    @classmethod
    def build(
        cls,
        areas: Sequence[BaseGeometry | None] | NDArray[Any],
        *,
        expected_points: int = 1_000_000,
        threads: int | None = None,
    ) -> "AreaIndex":
        """The index of polygons and multipolygons with holes, overlaps and shared borders; `None` and empty ones cover nothing.

        They must be valid in the sense of `ST_IsValid`, except that parts of one area may overlap or share edges.
        `expected_points`: how many lookups the grid should be laid out for. `threads`: at most so many; all cores if not given.
        Raises `NotAnAreaError` for other geometries and for coordinates that are not finite.
        """
        return cls(flatten(areas), expected_points, threads)

    def __len__(self) -> int:
        """How many areas it was built from."""
        return self._rings.areas

    def prepare(self) -> None:
        """Lays the grid and compiles the kernels now: for a service at its start, and for who measures."""
        self._ready().warm()

    def covers(self, lon: ArrayLike, lat: ArrayLike) -> Matches:
        """All areas that cover each of the points (two arrays of n degrees)."""
        x, y = _points(lon, lat)
        grid = self._grid_for(len(x))
        return Matches(*(grid.covers(x, y) if grid else direct.covering_areas(self._rings, x, y)))

    def first(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.int32]:
        """For each of n points the area with the lowest position that covers it, -1 for none: all there is if areas are disjoint."""
        x, y = _points(lon, lat)
        grid = self._grid_for(len(x))
        if grid:
            return grid.first(x, y)
        found = np.full(len(x), -1, dtype=np.int32)
        point, area, _ = direct.covering_areas(self._rings, x, y)
        # Backwards, so that the first area of a point is the last to be written.
        found[point[::-1]] = area[::-1]
        return found

    def covers_one(self, lon: float, lat: float) -> list[tuple[int, bool]]:
        """(area, touching) of all areas that cover one point, by area."""
        grid = self._grid_for(1)
        return grid.covers_one(float(lon), float(lat)) if grid else direct.covering_one(self._rings, lon, lat)

    def distance_m(self, lon: ArrayLike, lat: ArrayLike, area: ArrayLike) -> NDArray[np.float64]:
        """Metres from each of n points to the area of the same position in `area` (n positions, or one for all): 0 if covered.

        The geodesic on the CGCS2000 ellipsoid to the nearest place of the area, whose edges are straight in degrees; within 1 mm
        up to 100 km. Infinity for an area without place, NaN for a point that is not finite.
        """
        return self._distance_m(lon, lat, area, to_border=False)

    def border_distance_m(self, lon: ArrayLike, lat: ArrayLike, area: ArrayLike) -> NDArray[np.float64]:
        """As `distance_m`, but to the area's border, from the inside as from the outside: how safely a point is where it is."""
        return self._distance_m(lon, lat, area, to_border=True)

    def _distance_m(self, lon: ArrayLike, lat: ArrayLike, area: ArrayLike, to_border: bool) -> NDArray[np.float64]:
        x, y = _points(lon, lat)
        of = np.array(np.broadcast_to(np.asarray(area, dtype=np.int32), x.shape))
        if len(of) and (of.min() < 0 or of.max() >= len(self)):
            raise IndexError("area")
        metres = np.full(len(x), np.nan)
        known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        x, y, of = x[known], y[known], of[known]
        sine, cosine = np.sin(y * RADIANS), np.cos(y * RADIANS)
        grid = self._grid_for(10 * len(x))
        if grid:
            found, place = grid.nearest(x, y, sine, cosine, of, to_border)
        else:
            found, place = direct.nearest(self._rings, x, y, sine, cosine, of, to_border)
        far = (found > _CHART_REACH_M) & np.isfinite(found)
        found[far] = distance_m(x[far], y[far], place[far, 0], place[far, 1])
        metres[known] = found
        return metres

    def near(self, lon: ArrayLike, lat: ArrayLike, radius_m: ArrayLike) -> Neighbours:
        """The areas that do not cover a point but are nearer to it than its radius (n metres, or one for all).

        Distances as `distance_m` gives them. A radius that is not positive has no neighbours. Made for radii of up to some
        kilometres: the borders in the circle are all measured.
        """
        x, y = _points(lon, lat)
        radius = np.array(np.broadcast_to(np.asarray(radius_m, dtype=np.float64), x.shape))
        asked = np.flatnonzero(np.isfinite(x) & np.isfinite(y) & (radius > 0))
        x, y, radius = x[asked], y[asked], radius[asked]
        window = _window(y, radius)
        sine, cosine = np.sin(y * RADIANS), np.cos(y * RADIANS)
        grid = self._grid_for(10 * len(x))
        if grid:
            point, area, metres = grid.near(x, y, sine, cosine, radius, window)
        else:
            point, area, metres = direct.near(self._rings, x, y, sine, cosine, radius, window)
        return Neighbours(asked[point], area, metres)

    def _grid_for(self, points: int) -> "Grid | None":
        """The grid, if it is there or is worth laying for so many more points."""
        if self._grid is None:
            parts, edges = self._rings.parts, len(self._rings.xy)
            self._work += _CALL_WORK + min(parts, points) * _PART_WORK + points * edges / max(1, parts)
            if self._work <= _DIRECT_WORK:
                return None
        return self._ready()

    def _ready(self) -> "Grid":
        with self._laying:
            if self._grid is None:
                # Numba takes half a second to import: only who has many points pays.
                from geo.matching.grid import lay_grid

                self._grid = lay_grid(self._rings, self._expected_points, self._threads or usable_cores())
            return self._grid


def _points(lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # The kernels are compiled for arrays that are contiguous, aligned and writeable: others are copied.
    x = np.require(lon, np.float64, ["C", "A", "W"])
    y = np.require(lat, np.float64, ["C", "A", "W"])
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError("lon and lat must be two arrays of one length")
    return x, y


def _window(lat: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2): half width and half height, in degrees, that surely hold the circles."""
    height = np.minimum(180.0, 1.001 * radius / SHORTEST_DEGREE_M)
    narrowest = np.cos(np.minimum(90.0, np.abs(lat) + height) * RADIANS)
    width = np.minimum(360.0, height / np.maximum(narrowest, 1e-3))
    return np.column_stack([width, height])
