"""Point in polygon: `geo.matching` against geopandas `sjoin`, in one run, on the same points and polygons."""

from collections.abc import Callable
from time import perf_counter, process_time
from typing import Any, TypeVar

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.cores import usable_cores
from geo.matching import AreaIndex, Matches
from geo.matching.grid import lay_grid
from geo.matching.rings import flatten

T = TypeVar("T")

_WEST, _SOUTH, _SPAN_DEG = 118.4, 31.6, 0.8
# Pairs are summed as point · this + area, modulo 2^64: no two pairs of a benchmark are the same number.
_MIX = 1_000_003


def coverage(polygons: int, vertices: int, seed: int) -> NDArray[Any]:
    """That many polygons of about so many vertices each, tiling a square of 0.8 degrees around Nanjing: borders are shared and
    winding, corners moved."""
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(polygons)))
    steps = max(1, vertices // 4)
    step = _SPAN_DEG / side
    corners = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1), indexing="ij"), axis=-1) * step
    corners[1:-1, 1:-1] += rng.uniform(-0.3 * step, 0.3 * step, (side - 1, side - 1, 2))
    corners += [_WEST, _SOUTH]
    # Lines along the columns and along the rows, (side + 1, side, steps + 1, 2) and the like; each winds beside its chord.
    t = np.linspace(0, 1, steps + 1)
    wave = np.sin(np.pi * t) * 0.1 * step

    def winding(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
        chord = b - a
        across = np.stack([-chord[..., 1], chord[..., 0]], axis=-1) / step
        line: NDArray[Any] = a[..., None, :] + t[:, None] * chord[..., None, :]
        sway = np.sin(rng.uniform(2, 9, a.shape[:-1])[..., None] * 2 * np.pi * t) * wave
        line += sway[..., None] * across[..., None, :]
        line[..., 0, :], line[..., -1, :] = a, b
        return line

    up = winding(corners[:, :-1], corners[:, 1:])
    along = winding(corners[:-1], corners[1:])
    rings = np.concatenate([along[:, :-1], up[1:], along[:, 1:, ::-1], up[:-1, :, ::-1]], axis=2)
    keep = np.ones(rings.shape[2], dtype=np.bool_)
    keep[[(steps + 1) * k for k in (1, 2, 3)]] = False
    areas: NDArray[Any] = np.asarray(shapely.polygons(rings[:, :, keep].reshape(side * side, -1, 2)[:polygons]))
    return areas


def run(
    points: int = 1_000_000, polygons: int = 5_000, vertices: int = 20, seed: int = 1, rounds: int = 3
) -> dict[str, Any]:
    """Seconds of building and asking the index and of `sjoin` within and intersects, their ratios, and whether all found the
    same pairs.

    Each is measured `rounds` times, one after the other, and the best counts: by the clock, and in processor time, which says
    more on a busy machine. Compiling the kernels is not counted: they are kept on disk.
    """
    areas = coverage(polygons, vertices, seed)
    rng = np.random.default_rng([seed, 1])
    lon = _WEST + rng.uniform(-0.02, 1.02, points) * _SPAN_DEG
    lat = _SOUTH + rng.uniform(-0.02, 1.02, points) * _SPAN_DEG
    frame = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(lon, lat), crs=4490)
    area_frame = geopandas.GeoDataFrame(geometry=areas, crs=4490)
    AreaIndex.build(areas[:1]).prepare()
    clock: dict[str, float] = {}
    processor: dict[str, float] = {}

    def timed(name: str, work: Callable[[], T]) -> T:
        since, since_processor = perf_counter(), process_time()
        done = work()
        processor[name] = min(process_time() - since_processor, processor.get(name, np.inf))
        clock[name] = min(perf_counter() - since, clock.get(name, np.inf))
        return done

    def joined(predicate: str) -> tuple[NDArray[Any], NDArray[Any]]:
        found = geopandas.sjoin(frame, area_frame, predicate=predicate)
        return found.index.to_numpy(), found["index_right"].to_numpy()

    def built_and_asked() -> Matches:
        index = timed("build", lambda: _ready(areas, points))
        return timed("covers", lambda: index.covers(lon, lat))

    sums: dict[str, tuple[int, int]] = {}
    for _ in range(rounds):
        matches = timed("whole", built_and_asked)
        sums["covers"] = _checksum(matches.point, matches.area)
        sums["within"] = _checksum(*timed("within", lambda: joined("within")))
        sums["intersects"] = _checksum(*timed("intersects", lambda: joined("intersects")))
    alone = lay_grid(flatten(areas), points, threads=1)
    for _ in range(rounds):
        first = timed("first", lambda: alone.first(lon, lat))
    sums["first"] = _checksum(np.flatnonzero(first >= 0), first[first >= 0])
    return {
        "points": points,
        "polygons": polygons,
        "vertices": vertices,
        "pairs": sums["covers"][0],
        "same_pairs": len(set(sums.values())) == 1,
        "threads": usable_cores(),
        "grid": f"{alone.nx} x {alone.ny}, {alone.nbytes / 2**20:.0f} MiB",
        "build_s": clock["build"],
        "covers_s": clock["covers"],
        "first_one_thread_s": clock["first"],
        "sjoin_within_s": clock["within"],
        "sjoin_intersects_s": clock["intersects"],
        "times_faster_than_within": clock["within"] / clock["whole"],
        "times_faster_than_intersects": clock["intersects"] / clock["whole"],
        "times_faster_than_within_once_built": clock["within"] / clock["covers"],
        "times_faster_than_intersects_once_built": clock["intersects"] / clock["covers"],
        "times_less_processor_time_than_within": processor["within"] / processor["whole"],
        "times_less_processor_time_than_intersects": processor["intersects"] / processor["whole"],
    }


def _ready(areas: NDArray[Any], points: int) -> AreaIndex:
    index = AreaIndex.build(areas, expected_points=points)
    index.prepare()
    return index


def _checksum(point: NDArray[Any], area: NDArray[Any]) -> tuple[int, int]:
    with np.errstate(over="ignore"):
        mixed = point.astype(np.uint64) * np.uint64(_MIX) + area.astype(np.uint64)
        mixed *= mixed | np.uint64(1)
    return len(point), int(mixed.sum(dtype=np.uint64))


def main() -> None:
    """Prints the figures for polygons of 20 and of 500 vertices."""
    for vertices in (20, 500):
        for name, value in run(vertices=vertices).items():
            print(f"{name:42} {value:.4g}" if isinstance(value, float) else f"{name:42} {value}")
        print()


if __name__ == "__main__":
    main()
