"""Points in strips of latitude, each sorted by longitude: what an area's box holds is found by a few binary searches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.points.edges import Edges

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]


def strip_order(lon: Floats, lat: Floats) -> Positions:
    """The order in which an index wants n points: strips of about √n by latitude, by longitude within each.

    Strips hold equally many points, so that some that lie far away do not make them too coarse for the others.
    """
    strips = max(1, int(len(lon) ** 0.5))
    by_lat = np.argsort(lat, kind="stable")
    strip = np.empty(len(lon), dtype=np.int64)
    strip[by_lat] = np.arange(len(lon)) * strips // max(1, len(lon))
    return np.lexsort((lon, strip))


@dataclass(frozen=True, slots=True, eq=False)
class PointIndex:
    """n points in CGCS2000 degrees, in the order of `strip_order`; positions are those of that order, and always ascending.

    `start` (s + 1): where each strip begins; `low`, `high` (s): its latitudes. Never changes; safe to be used by several threads.
    An area covers a point as `geo.matching` and PostGIS's `ST_Covers` say it, to the last bit (docs/decisions/0004-matching.md).
    """

    lon: Floats
    lat: Floats
    start: Positions
    low: Floats
    high: Floats

    @classmethod
    def build(cls, lon: Floats, lat: Floats) -> PointIndex:
        """The index of points that are finite and stand in the order of `strip_order` already."""
        x, y = (np.require(each, np.float64, ["C", "A", "W"]) for each in (lon, lat))
        strips = max(1, int(len(x) ** 0.5)) if len(x) else 0
        start = -(-np.arange(strips + 1) * len(x) // max(1, strips))
        low = np.minimum.reduceat(y, start[:-1]) if strips else np.empty(0)
        high = np.maximum.reduceat(y, start[:-1]) if strips else np.empty(0)
        return cls(x, y, start.astype(np.int64), low, high)

    def __len__(self) -> int:
        return len(self.lon)

    def covered(self, edges: Edges) -> Positions:
        """Positions of the points that the area with these edges covers. Its parts may overlap, otherwise it must be valid."""
        from geo.points.kernels import covered  # Numba takes half a second to import

        found: Positions = covered(
            self.lon, self.lat, self.start, self.low, self.high, np.ascontiguousarray(edges.ends), edges.part
        )
        return found

    def select(self, positions: Positions) -> PointIndex:
        """The index of some of the points; its position k is the point at `positions[k]`."""
        return PointIndex(
            self.lon[positions],
            self.lat[positions],
            np.searchsorted(positions, self.start).astype(np.int64),
            self.low,
            self.high,
        )
