"""How long each verb takes on a neighbourhood as large as they come: 25 areas of 500 vertices."""

from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any

import shapely
from shapely import Point

from app.bench.matching import coverage as tiles
from geo import coverage
from geo.coverage import Change


def run(areas: int = 25, vertices: int = 500, rounds: int = 9, seed: int = 1) -> dict[str, float]:
    """Verb → median milliseconds of processor time of `rounds` times, on `areas` areas of about so many vertices, settled beforehand; and that of
    settling them."""
    raw = {f"T{k:02d}": tile for k, tile in enumerate(tiles(areas, vertices, seed))}
    settled = dict(coverage.settle(raw).areas)
    code, beside = f"T{areas // 2:02d}", f"T{areas // 2 + 1:02d}"
    west, south, east, north = settled[code].bounds
    x, y, wide = (west + east) / 2, (south + north) / 2, east - west
    vertex = tuple(shapely.get_coordinates(settled[code])[vertices // 5])
    near = (vertex[0] + 1e-5, vertex[1] + 1e-5)
    lasso, large = Point(east, north).buffer(0.3 * wide), Point(x, y).buffer(0.9 * wide)
    across = [(west - wide, y), (x, y + 0.1 * wide), (east + wide, y)]
    bulge = [(x, y), (x + 1.2 * wide, y), (x + 1.2 * wide, y + 0.1 * wide), (x, y + 0.1 * wide)]
    hollow = {other: area for other, area in settled.items() if other != code}
    verbs: dict[str, Callable[[], Change | Any]] = {
        "give": lambda: coverage.give(settled, lasso, code),
        "give (over nine areas)": lambda: coverage.give(settled, large, code),
        "draw": lambda: coverage.draw(settled, "N", large, take=True),
        "cut_hole": lambda: coverage.cut_hole(settled, code, Point(x, y).buffer(0.2 * wide)),
        "split": lambda: coverage.split(settled, code, across, "N"),
        "reshape": lambda: coverage.reshape(settled, code, bulge),
        "merge": lambda: coverage.merge(settled, code, beside),
        "move_vertex": lambda: coverage.move_vertex(settled, vertex, near),
        "insert_vertex": lambda: coverage.insert_vertex(settled, near, within=0.01),
        "delete_vertex": lambda: coverage.delete_vertex(settled, vertex),
        "fill_gap": lambda: coverage.fill_gap(hollow, (x, y)),
        "replace": lambda: coverage.replace(settled, code, Point(x, y).buffer(0.5 * wide)),
        "settle": lambda: coverage.settle(raw),
    }
    return {name: round(median(_milliseconds(verb) for _ in range(rounds)), 1) for name, verb in verbs.items()}


def _milliseconds(verb: Callable[[], Any]) -> float:
    since = process_time()
    verb()
    return (process_time() - since) * 1000
