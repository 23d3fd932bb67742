"""Orphans counted in bins, so that a city of a million is drawn as fast as a village."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from app.tiles.grid import EXTENT, HALF_WORLD_M, Tile, to_mercator

BIN_SHIFT = 4
"""A tile has 2 to this power bins on each side: 32 pixels wide where a tile is drawn 512 pixels wide."""

EXACT_AT_MOST = 5_000
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
    """A pyramid of counts: for each zoom, sorted by tile, the policies of each bin, kind and team.

    `orphans`: one row for each policy, with `lon`, `lat` in CGCS2000 degrees, `kind`, the rung, or the state where there is no
    rung, and `team_code`, null without one. Each level is summed up from the closer one, so the million is looked at once.
    """

    def __init__(self, orphans: pl.DataFrame) -> None:
        place = to_mercator(orphans.select("lon", "lat").to_numpy())
        closest = EXACT_FROM_LATEST - 1
        unit = 2 * HALF_WORLD_M / 2 ** (closest + BIN_SHIFT)
        level = orphans.select("kind", "team_code").with_columns(
            bin_x=pl.Series(np.floor((place[:, 0] + HALF_WORLD_M) / unit).astype(np.int64)),
            bin_y=pl.Series(np.floor((HALF_WORLD_M - place[:, 1]) / unit).astype(np.int64)),
            policies=pl.lit(1, pl.Int64),
            sum_x=pl.Series(place[:, 0]),
            sum_y=pl.Series(place[:, 1]),
        )
        self._levels: list[pl.DataFrame] = []
        for zoom in range(closest, -1, -1):
            tile = (pl.col("bin_x") // 2**BIN_SHIFT) * 2**zoom + pl.col("bin_y") // 2**BIN_SHIFT
            level = (
                level.group_by("bin_x", "bin_y", "kind", "team_code")
                .agg(pl.col("policies", "sum_x", "sum_y").sum())
                .with_columns(tile=tile)
                .sort("tile", "bin_x", "bin_y")
            )
            self._levels.insert(0, level)
            level = level.with_columns(pl.col("bin_x", "bin_y") // 2)
        self.exact_from = next(
            (zoom for zoom, counts in enumerate(self._levels) if _fullest(counts) <= EXACT_AT_MOST), EXACT_FROM_LATEST
        )

    def bins(self, tile: Tile) -> Bins:
        """The tile's bins: policies, the commonest kind and team, policies of each kind as `n_KIND`; placed at the mean of their points.

        The tile's zoom is less than `EXACT_FROM_LATEST`. Ties go to the name that sorts first; no team sorts last.
        """
        level = self._levels[tile.z]
        number = tile.x * 2**tile.z + tile.y
        first, last = (int(level["tile"].search_sorted(number, side)) for side in ("left", "right"))
        mine = level.slice(first, last - first)
        each = ["bin_x", "bin_y"]
        places = mine.group_by(each).agg(pl.col("policies", "sum_x", "sum_y").sum()).sort(each)
        kinds = _most_first(mine, "kind").group_by(each, maintain_order=True).agg("kind", "policies")
        teams = _most_first(mine, "team_code").group_by(each, maintain_order=True).first()
        west, _, _, north = tile.bounds_m()
        unit = tile.side_m / EXTENT
        policies = places["policies"].to_numpy()
        properties = [
            {
                "count": total,
                "rung": names[0],
                "team_code": team,
                **{f"n_{name}": n for name, n in zip(names, numbers, strict=True)},
            }
            for total, names, numbers, team in zip(
                places["policies"], kinds["kind"], kinds["policies"], teams["team_code"], strict=True
            )
        ]
        x = (places["sum_x"].to_numpy() / policies - west) / unit
        y = (north - places["sum_y"].to_numpy() / policies) / unit
        return Bins(x, y, properties)


def _most_first(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """For each bin, in the order of the bins, the values of a column with their policies, the commonest first."""
    each = ["bin_x", "bin_y"]
    counted = rows.group_by(*each, column).agg(pl.col("policies").sum())
    return counted.sort(*each, "policies", column, descending=[False, False, True, False], nulls_last=True)


def _fullest(level: pl.DataFrame) -> int:
    """The policies of the tile that has most."""
    most = level.group_by("tile").agg(pl.col("policies").sum())["policies"].max()
    return int(most) if isinstance(most, int) else 0
