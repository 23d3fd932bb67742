"""Points counted in cells at every zoom, so that a million are drawn as fast as a village, and a change costs what has changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.tiles.grid import EXTENT, HALF_WORLD_M, Tile, to_mercator

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

BIN_SHIFT = 4
"""A tile has 2 to this power bins on each side: 32 pixels wide where a tile is drawn 512 pixels wide."""

CLOSEST = 15
"""The closest zoom that is counted. Bins are 76 m wide there."""

MOST_LATER = 50_000
"""So many changed points are kept beside the pyramid; then it is built anew, from memory."""

_FULL = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Points by a key of their own, each in a group: a number in the list of what is said of them. `xy`: millimetres of Web Mercator."""

    key: Ints
    xy: Ints
    group: Ints

    @classmethod
    def at(cls, key: Ints, lonlat: NDArray[np.float64], group: Ints) -> Points:
        """Points in CGCS2000 degrees."""
        return cls(key, np.rint(to_mercator(lonlat) * 1000).astype(np.int64), group)

    def __len__(self) -> int:
        return len(self.key)

    def take(self, which: NDArray[Any]) -> Points:
        """Some of them."""
        return Points(self.key[which], self.xy[which], self.group[which])

    def and_also(self, other: Points) -> Points:
        """Both together."""
        return Points(
            np.concatenate([self.key, other.key]),
            np.concatenate([self.xy, other.xy]),
            np.concatenate([self.group, other.group]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """Sums by bin and group, in the order of the bins' places on the Z-curve: a tile's are side by side."""

    bin: Ints
    group: Ints
    sums: Ints  # points, x, y

    def slice(self, first: int, last: int) -> _Level:
        a, b = np.searchsorted(self.bin, [first, last])
        return _Level(self.bin[a:b], self.group[a:b], self.sums[a:b])


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """The bins of a tile. `x`, `y`: the mean of their points in units of the tile, y down. `bin`, `group`, `points`: how many points of
    a group are in which of the bins, none of it zero."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    bin: Ints
    group: Ints
    points: Ints


class Pyramid:
    """Points counted by bin and group for every zoom to `CLOSEST`. It never changes; `changed` gives another one.

    All sums are of whole numbers, so that it does not matter in which order points came.
    """

    def __init__(self, base: Points) -> None:
        order = np.argsort(base.key, kind="stable")
        self._base = base.take(order)
        self._levels = _levels(_level(base.xy, base.group, np.ones(len(base), dtype=np.int64)))
        self._later: dict[int, tuple[int, int, int] | None] = {}
        self._changes = self._levels[:0]

    def __len__(self) -> int:
        gone = sum(1 for key in self._later if self._position(key) is not None)
        return len(self._base) - gone + sum(1 for row in self._later.values() if row is not None)

    def changed(self, keys: Ints, now: Points) -> Pyramid:
        """With the points of these keys as they are now; those that are not in `now` are gone."""
        if not len(keys):
            return self
        later = dict(self._later)
        later.update(dict.fromkeys(keys.tolist()))
        for key, (x, y), group in zip(now.key.tolist(), now.xy.tolist(), now.group.tolist(), strict=True):
            later[key] = (x, y, group)
        there = [(key, *row) for key, row in later.items() if row is not None]
        rows = np.array(there, dtype=np.int64).reshape(-1, 4)
        added = Points(rows[:, 0], rows[:, 1:3], rows[:, 3])
        overridden = np.fromiter(later, dtype=np.int64, count=len(later))
        place = np.searchsorted(self._base.key, overridden)
        known = place < len(self._base)
        known[known] = self._base.key[place[known]] == overridden[known]
        if len(later) > MOST_LATER:
            left = np.ones(len(self._base), dtype=np.bool_)
            left[place[known]] = False
            return Pyramid(self._base.take(left).and_also(added))
        removed = self._base.take(place[known])
        both = removed.and_also(added)
        weights = np.concatenate([np.full(len(removed), -1, dtype=np.int64), np.ones(len(added), dtype=np.int64)])
        made = object.__new__(Pyramid)
        made._base, made._levels, made._later = self._base, self._levels, later
        made._changes = _levels(_level(both.xy, both.group, weights))
        return made

    def _position(self, key: int) -> int | None:
        at = int(np.searchsorted(self._base.key, key))
        return at if at < len(self._base) and self._base.key[at] == key else None

    def counted(self, tile: Tile, seen: Bools | None = None) -> Counted:
        """The bins of a tile, of the groups that are `seen`; beyond `CLOSEST` those of that zoom whose place lies in the tile."""
        closer = max(tile.z - CLOSEST, 0)
        first = int(_interleaved(np.array([[tile.x >> closer, tile.y >> closer]]))[0])
        level = self._summed(tile.z - closer, first << 2 * BIN_SHIFT, (first + 1) << 2 * BIN_SHIFT, seen)
        begun = np.flatnonzero(np.diff(level.bin, prepend=-1))
        if not len(begun):
            none = np.empty(0, dtype=np.int64)
            return Counted(np.empty(0), np.empty(0), none, none, none)
        totals = np.add.reduceat(level.sums, begun)
        west, _, _, north = tile.bounds_m()
        unit = tile.side_m / EXTENT
        x = (totals[:, 1] / totals[:, 0] / 1000 - west) / unit
        y = (north - totals[:, 2] / totals[:, 0] / 1000) / unit
        number = np.repeat(np.arange(len(begun)), np.diff(begun, append=len(level.bin)))
        if closer:
            here = (x >= 0) & (x < EXTENT) & (y >= 0) & (y < EXTENT)
            inside = here[number]
            renumbered = np.cumsum(here) - 1
            return Counted(x[here], y[here], renumbered[number[inside]], level.group[inside], level.sums[inside, 0])
        return Counted(x, y, number, level.group, level.sums[:, 0])

    def _summed(self, zoom: int, first: int, last: int, seen: Bools | None) -> _Level:
        level = self._levels[zoom].slice(first, last)
        if self._changes:
            change = self._changes[zoom].slice(first, last)
            if len(change.bin):
                level = _merged(level, change)
        if seen is not None:
            kept = seen[level.group]
            level = _Level(level.bin[kept], level.group[kept], level.sums[kept])
        return level

    def fullest(self, seen: Bools | None = None) -> list[int]:
        """For each zoom to `CLOSEST` the points of the tile that has most, of the groups that are `seen`."""
        level = self._summed(CLOSEST, 0, _FULL, seen)
        tile, points = level.bin >> 2 * BIN_SHIFT, level.sums[:, 0]
        found: list[int] = []
        for _ in range(CLOSEST + 1):
            begun = np.flatnonzero(np.diff(tile, prepend=-1))
            points = np.add.reduceat(points, begun) if len(begun) else points
            tile = tile[begun]
            found.insert(0, int(points.max()) if len(points) else 0)
            tile = tile >> 2
        return found


def _interleaved(cells: Ints) -> Ints:
    """Places on the Z-curve (Morton 1966) of cells (x, y), shape (n, 2), of up to 2^31 a side."""
    spread = cells.astype(np.int64)
    spread = (spread | spread << 16) & 0x0000FFFF0000FFFF
    spread = (spread | spread << 8) & 0x00FF00FF00FF00FF
    spread = (spread | spread << 4) & 0x0F0F0F0F0F0F0F0F
    spread = (spread | spread << 2) & 0x3333333333333333
    spread = (spread | spread << 1) & 0x5555555555555555
    found: Ints = spread[:, 0] << 1 | spread[:, 1]
    return found


GROUP_BITS = 25
"""Bins take 38 bits of a key, groups the rest: 33 million of them."""


def _level(xy: Ints, group: Ints, weights: Ints) -> _Level:
    unit = 2 * HALF_WORLD_M * 1000 / 2 ** (CLOSEST + BIN_SHIFT)
    half = HALF_WORLD_M * 1000
    cells = np.floor(np.column_stack((xy[:, 0] + half, half - xy[:, 1])) / unit).astype(np.int64)
    most = 2 ** (CLOSEST + BIN_SHIFT) - 1
    sums = np.column_stack((weights, xy * weights[:, None]))
    return _grouped(_interleaved(np.clip(cells, 0, most)), group, sums)


def _grouped(bins: Ints, group: Ints, sums: Ints) -> _Level:
    key = bins << GROUP_BITS | group
    order = np.argsort(key, kind="stable")
    key = key[order]
    begun = np.flatnonzero(np.diff(key, prepend=-1))
    if not len(begun):
        return _Level(bins, group, sums)
    key = key[begun]
    summed = np.add.reduceat(sums[order], begun)
    # Somebody who moved within a bin leaves its count as it was, and not its place.
    left = (summed != 0).any(axis=1)
    return _Level(key[left] >> GROUP_BITS, key[left] & (2**GROUP_BITS - 1), summed[left])


def _merged(one: _Level, other: _Level) -> _Level:
    return _grouped(
        np.concatenate([one.bin, other.bin]),
        np.concatenate([one.group, other.group]),
        np.concatenate([one.sums, other.sums]),
    )


def _levels(closest: _Level) -> list[_Level]:
    """From the farthest to the closest zoom, each summed up from the closer one."""
    levels = [closest]
    for _ in range(CLOSEST):
        level = levels[0]
        levels.insert(0, _grouped(level.bin >> 2, level.group, level.sums))
    return levels
