"""Two hostile combs upon each other, both valid: what becomes of them, in how long and how much memory, and what others feel of it.

Three ways: by the way that a drawn shape takes (`within_limits`), in a child by force, and the check of a draft that holds them
(`defects`). Beside each runs a caller in the same process that does an ordinary edit again and again; its p99 is compared with that of
rounds without the combs, which take turns.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from statistics import quantiles
from time import perf_counter, sleep
from typing import Any

import shapely
from shapely import MultiPolygon, Polygon, box

from app.bench.ragged import CELL, SOUTH, WEST, ragged
from app.territories import limited
from geo import coverage
from geo.errors import GeoError
from geo.soundness.complexity import box_crossings
from geo.soundness.defects import defects


def comb(vertices: int, turned: bool) -> MultiPolygon:
    """A valid comb of so many vertices whose teeth reach from one side of a square to the other, upwards or (turned) to the right."""
    teeth = (vertices - 3) // 4
    points = [(0.0, 0.0)]
    for n in range(teeth):
        x = n / teeth
        points += [(x, 1.0), (x + 0.4 / teeth, 1.0), (x + 0.5 / teeth, 0.01), (x + 0.9 / teeth, 0.01)]
    points += [(1.0, 0.01), (1.0, 0.0)]
    return MultiPolygon(
        [Polygon([(WEST + (y if turned else x) * 0.05, SOUTH + (x if turned else y) * 0.05) for x, y in points])]
    )


def run(*, vertices: int = 2_000, rounds: int = 3, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """The figures; seconds, megabytes, and ratios of the parallel caller's p99."""
    first, second = comb(vertices, False), comb(vertices, True)
    assert first.is_valid
    assert second.is_valid
    crossings = box_crossings(first, second, most=10**8)
    limited.warm()
    ways: dict[str, Callable[[], object]] = {
        "drawn": lambda: limited.within_limits(coverage.replace, second, {"a": first}, {"a": first}, "b", second),
        "forced_apart": lambda: limited.run_apart(coverage.replace, {"a": first}, "b", second),
        "checked": lambda: defects({"a": first, "b": second}),
    }
    found: dict[str, Any] = {
        "vertices_each": int(shapely.get_num_coordinates(first)) - 1,
        "pairs_of_edges_whose_boxes_cross": crossings,
    }
    for name, way in ways.items():
        say(name)
        figures = _measured(way, rounds)
        found |= {f"{name}_{key}": value for key, value in figures.items()}
    return found


def _measured(way: Callable[[], object], rounds: int) -> dict[str, Any]:
    seconds, outcomes, peak = [], set(), 0.0
    alone: list[float] = []
    beside: list[float] = []
    for _ in range(rounds):
        alone += _ordinary(until=perf_counter() + 2.0)
        over = threading.Event()
        took: list[float] = []
        caller = threading.Thread(target=lambda: took.extend(_ordinary(over=over)))  # noqa: B023
        caller.start()
        sleep(0.05)
        since = perf_counter()
        before = limited.peak_memory()
        try:
            way()
            outcomes.add("DONE")
        except GeoError as refused:
            outcomes.add(refused.code)
        seconds.append(perf_counter() - since)
        peak = max(peak, limited.peak_memory(), before)
        # Where it was refused at once, the caller still runs as long as in its other rounds.
        sleep(max(0.0, 2.0 - seconds[-1]))
        over.set()
        caller.join()
        beside += took
    usual, then = (quantiles(times, n=100, method="inclusive")[98] for times in (alone, beside))
    return {
        "outcome": "/".join(sorted(outcomes)),
        "seconds": round(max(seconds), 3),
        "child_peak_mb": round(peak / 1e6),
        "others_p99_ms": round(usual, 2),
        "others_p99_ms_beside": round(then, 2),
        "others_p99_ratio": round(then / usual, 2),
    }


_AREAS, _ = ragged(4, 4, 62)


def _ordinary(*, until: float = float("inf"), over: threading.Event | None = None) -> list[float]:
    """Milliseconds of an ordinary edit of 16 territories, again and again."""
    took = []
    x, y = WEST + 2 * CELL, SOUTH + 2 * CELL
    lasso = box(x - 0.0005, y - 0.0005, x + 0.0005, y + 0.0005)
    while perf_counter() < until and not (over is not None and over.is_set()):
        since = perf_counter()
        coverage.give(_AREAS, lasso, "T000000")
        took.append((perf_counter() - since) * 1000)
        sleep(0.002)
    return took
