"""Conversions of coordinates: points per second on one core, and the greatest error of going there and back."""

from itertools import permutations
from time import process_time
from typing import Any

import numpy as np

from geo.crs import Crs, convert, distance_m

_SYSTEMS = (Crs.WGS84, Crs.GCJ02, Crs.BD09)


def run(points: int = 1_000_000, seed: int = 1, rounds: int = 3) -> list[dict[str, Any]]:
    """For each pair of systems: points per second of processor time (the best of `rounds`; NumPy uses one core here) and the
    greatest distance in metres between a point and where it ends after going there and back, over points all over China."""
    rng = np.random.default_rng(seed)
    lon, lat = rng.uniform(73.4, 135.2, points), rng.uniform(3.4, 53.7, points)
    figures = []
    for source, target in permutations(_SYSTEMS, 2):
        best = np.inf
        for _ in range(rounds):
            since = process_time()
            there = convert(lon, lat, source, target)
            best = min(best, process_time() - since)
        back = convert(*there, target, source)
        figures.append(
            {
                "conversion": f"{source} -> {target}",
                "points_per_second": points / best,
                "round_trip_error_m": float(distance_m(lon, lat, *back).max()),
            }
        )
    return figures


def main() -> None:
    """Prints the figures."""
    for figure in run():
        print(
            f"{figure['conversion']:16} {figure['points_per_second'] / 1e6:6.2f} million points a second a core, "
            f"there and back within {figure['round_trip_error_m'] * 1000:.6f} mm"
        )


if __name__ == "__main__":
    main()
