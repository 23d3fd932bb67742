"""Circles around points, and whose areas they run through: what an uncertain point means for who it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.matching.index import AreaIndex

DIRECTIONS = 16
"""Places looked at on each circle: a share is good to about a sixteenth."""
_AT_ONCE = 50_000
_FEW = 4
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True, eq=False)
class Circles:
    """What lies on circles around n points.

    `same`: n × radii, the share of each circle that lies in the same areas as its centre, all of them and no other.
    `point`, `area`, `share`: pairs of a point and an area that some of its circles meet, sorted by point, then area, with
    the share of each circle that the area covers (pairs × radii).
    """

    same: NDArray[np.float64]
    point: NDArray[np.int64]
    area: NDArray[np.int32]
    share: NDArray[np.float64]


def circles(
    index: AreaIndex, lon: ArrayLike, lat: ArrayLike, radii_m: Sequence[float], *, shares: bool = True
) -> Circles:
    """Looks at `DIRECTIONS` places on each circle around n points (CGCS2000 degrees, finite; radii in metres, up to some km).

    Points asked for twice are looked at once. Without `shares` the pairs are left out: half the work.
    """
    x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    if len(x) <= _FEW:
        return _circles(index, np.column_stack([x, y]), radii_m, shares)
    places, back = np.unique(np.column_stack([x, y]), axis=0, return_inverse=True)
    back = back.reshape(-1)
    parts = [_circles(index, places[at : at + _AT_ONCE], radii_m, shares) for at in range(0, len(places), _AT_ONCE)]
    if not parts:
        return Circles(np.empty((0, len(radii_m))), *_no_pairs(len(radii_m)))
    same = np.concatenate([part.same for part in parts])[back]
    of = np.concatenate([part.point + at * _AT_ONCE for at, part in enumerate(parts)])
    area, share = np.concatenate([p.area for p in parts]), np.concatenate([p.share for p in parts])
    # The pairs of a place once for each point that lies there.
    first = np.searchsorted(of, np.arange(len(places) + 1))
    sizes = np.diff(first)[back]
    point = np.repeat(np.arange(len(x)), sizes)
    pair = np.arange(len(point)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(first[:-1][back], sizes)
    return Circles(same, point, area[pair], share[pair])


def _no_pairs(radii: int) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    return np.empty(0, np.int64), np.empty(0, np.int32), np.empty((0, radii))


def _circles(index: AreaIndex, places: NDArray[np.float64], radii_m: Sequence[float], shares: bool) -> Circles:
    n, radii = len(places), len(radii_m)
    turn = 2 * np.pi * (np.arange(DIRECTIONS) + 0.5) / DIRECTIONS
    east = np.outer(radii_m, np.sin(turn)).ravel() / _METRES_PER_DEGREE
    north = np.outer(radii_m, np.cos(turn)).ravel() / _METRES_PER_DEGREE
    lon = places[:, :1] + east / np.cos(np.radians(places[:, 1:]))
    lat = places[:, 1:] + north
    centre, around = index.covers(places[:, 0], places[:, 1]), index.covers(lon.ravel(), lat.ravel())
    # Which areas cover a place, as one number: a sum of arbitrary numbers, one for each area (multiples of 2^64 over the golden ratio).
    number = np.arange(1, len(index) + 1, dtype=np.int64) * np.int64(-7046029254386353131)
    own, met = np.zeros(n, np.int64), np.zeros(n * radii * DIRECTIONS, np.int64)
    np.add.at(own, centre.point, number[centre.area])
    np.add.at(met, around.point, number[around.area])
    same = (met.reshape(n, radii, DIRECTIONS) == own[:, None, None]).mean(axis=2)
    if not shares:
        return Circles(same, *_no_pairs(radii))
    step = radii * DIRECTIONS
    keys, at = np.unique(around.point // step * len(index) + around.area, return_inverse=True)
    share = np.zeros((len(keys), radii))
    np.add.at(share, (at, around.point % step // DIRECTIONS), 1.0 / DIRECTIONS)
    return Circles(same, keys // max(1, len(index)), (keys % max(1, len(index))).astype(np.int32), share)
