"""Orphans counted in cells, so that a city of a million is drawn as fast as a village."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.tiles.grid import EXTENT, HALF_WORLD_M, Tile, to_mercator

CELL_ZOOM = 17
"""The cells are the tiles of this zoom."""

BINS = 16
"""Bins on each side of a tile: 32 pixels where a tile is drawn 512 pixels wide."""

EXACT_AT_MOST = 10_000
"""A zoom shows orphans one by one if its fullest tile has at most so many."""

EXACT_FROM_LATEST = 14
"""… and this zoom and closer ones always do."""


@dataclass(frozen=True, slots=True)
class Bins:
    """What a tile shows: one entry per bin. Places in units of the tile, y down as in the tile."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    properties: list[dict[str, Any]]


class Density:
    """Cells with their counts of open orphans.

    Parallel columns, one entry per cell, kind and team: `cell_x`, `cell_y` of the tile grid at `CELL_ZOOM`; `kind`, the rung, or the
    state where there is no rung; `team`, None without one; `policies`; the mean `lon`, `lat` in CGCS2000 degrees.
    """

    def __init__(
        self,
        cell_x: NDArray[np.int64],
        cell_y: NDArray[np.int64],
        kind: Sequence[str],
        team: Sequence[str | None],
        policies: NDArray[np.int64],
        lonlat: NDArray[np.float64],
    ) -> None:
        self._x, self._y, self._policies = cell_x, cell_y, policies
        self._kinds, self._kind = _numbered(kind)
        self._teams, self._team = _numbered([code or "" for code in team])
        self._place = to_mercator(lonlat.reshape(-1, 2))
        self.exact_from = self._exact_from()

    def _exact_from(self) -> int:
        """The farthest zoom from which on orphans are shown one by one."""
        for zoom in range(EXACT_FROM_LATEST):
            shift = CELL_ZOOM - zoom
            key = (self._x >> shift) * 2**zoom + (self._y >> shift)
            _, tiles = np.unique(key, return_inverse=True)
            if not len(key) or np.bincount(tiles, weights=self._policies).max() <= EXACT_AT_MOST:
                return zoom
        return EXACT_FROM_LATEST

    def bins(self, tile: Tile) -> Bins:
        """The tile's bins: policies, the commonest kind and team, policies of each kind as `n_KIND`; placed at the mean of their points.

        The tile's zoom is less than `EXACT_FROM_LATEST`. Ties go to the name that sorts first.
        """
        shift = CELL_ZOOM - tile.z
        mine = np.flatnonzero((self._x >> shift == tile.x) & (self._y >> shift == tile.y))
        side = shift - (BINS.bit_length() - 1)
        bin_x = (self._x[mine] >> side) - tile.x * BINS
        bin_y = (self._y[mine] >> side) - tile.y * BINS
        bins, which = np.unique(bin_x * BINS + bin_y, return_inverse=True)
        n = self._policies[mine].astype(np.float64)
        total = np.bincount(which, weights=n)
        west, _, _, north = tile.bounds_m()
        place = self._place[mine]
        unit = 2 * HALF_WORLD_M / 2**tile.z / EXTENT
        x = (np.bincount(which, weights=place[:, 0] * n) / total - west) / unit
        y = (north - np.bincount(which, weights=place[:, 1] * n) / total) / unit
        kinds = _table(which, self._kind[mine], n, len(bins), len(self._kinds))
        teams = _table(which, self._team[mine], n, len(bins), len(self._teams))
        properties = [
            {
                "count": int(total[row]),
                "rung": self._kinds[int(kinds[row].argmax())],
                "team_code": self._teams[int(teams[row].argmax())] or None,
                **{f"n_{self._kinds[column]}": int(kinds[row, column]) for column in np.flatnonzero(kinds[row])},
            }
            for row in range(len(bins))
        ]
        return Bins(x, y, properties)


def _numbered(words: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """The different words, sorted, and each entry's number among them."""
    different = sorted(set(words))
    number = {word: at for at, word in enumerate(different)}
    return different, np.array([number[word] for word in words], dtype=np.int64)


def _table(
    row: NDArray[np.intp], column: NDArray[np.int64], weight: NDArray[np.float64], rows: int, columns: int
) -> NDArray[np.float64]:
    """Sums of `weight` by row and column, shape (rows, columns)."""
    sums = np.bincount(row * columns + column, weights=weight, minlength=rows * columns)
    return sums.astype(np.float64).reshape(rows, columns)
