"""Small maps as grids of units, and every way to divide them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.districting import NOBODY, Problem

BORDER = 100
"""Length of the border of two units of a grid."""


def edges_of(width: int, height: int) -> list[tuple[int, int]]:
    """Neighbours by side; unit `row * width + column`."""
    at = [(row, column) for row in range(height) for column in range(width)]
    right = [(r * width + c, r * width + c + 1) for r, c in at if c + 1 < width]
    down = [(r * width + c, (r + 1) * width + c) for r, c in at if r + 1 < height]
    return sorted(right + down)


def grid(width: int, height: int, loads: Any, capacities: Any, present: Any, **rules: Any) -> Problem:
    """A grid as a problem. `bars`: pairs of units that must not be in one district."""
    edges = edges_of(width, height)
    bars = {tuple(sorted(pair)) for pair in rules.pop("bars", ())}
    extra = sorted(bars - set(edges))
    barred = [edge in bars for edge in edges] + [True] * len(extra)
    lengths = [BORDER] * len(edges) + [0] * len(extra)
    return Problem.of(loads, capacities, present, [*edges, *extra], lengths, barred=barred, **rules)


def rows(drawn: str) -> list[int]:
    """Districts drawn as letters, row by row; a dot is nobody."""
    return [NOBODY if letter == "." else ord(letter) - ord("a") for letter in drawn.split() for letter in letter]


@cache
def every_way(width: int, height: int, districts: int) -> NDArray[np.int32]:
    """(ways, units): each assignment of all units of a grid to districts that are not empty and in one part; for a dozen units at most."""
    n = width * height
    near = [0] * n
    for a, b in edges_of(width, height):
        near[a] |= 1 << b
        near[b] |= 1 << a

    def whole(units: int) -> bool:
        reached, fresh = 0, units & -units
        while fresh:
            reached |= fresh
            around = 0
            for unit in range(n):
                if fresh >> unit & 1:
                    around |= near[unit]
            fresh = around & units & ~reached
        return reached == units

    connected = {units for units in range(1, 1 << n) if whole(units)}
    found: list[list[int]] = []

    def divide(left: int, given: list[int]) -> None:
        if len(given) == districts - 1:
            if left in connected:
                found.append([*given, left])
            return
        part = left
        while part:
            if part in connected and part != left:
                divide(left & ~part, [*given, part])
            part = (part - 1) & left

    divide((1 << n) - 1, [])
    masks = np.array(found, np.int64)
    owners = np.zeros((len(masks), n), np.int32)
    for d in range(districts):
        owners[(masks[:, d, None] >> np.arange(n)) & 1 == 1] = d
    return owners


def moved_of(problem: Problem, ways: NDArray[np.int32]) -> NDArray[np.int64]:
    """(ways,) the stake that each moves."""
    return np.asarray(((ways != problem.present) & (problem.present != NOBODY)) @ problem.stake)


def worst_of(problem: Problem, ways: NDArray[np.int32]) -> NDArray[np.float64]:
    """(ways,) the worst deviation of each, in the first measure."""
    loads = np.stack([(ways == d) @ problem.loads[0] for d in range(problem.districts)], axis=1)
    fair = loads[0].sum() * problem.capacities[0] / problem.capacities[0].sum()
    return np.asarray(np.abs(loads / fair - 1).max(axis=1))
