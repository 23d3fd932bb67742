"""Small maps as grids of units, and every way to divide them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.districting import NOBODY, Problem
from geo.districting.judging import broken_rules

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


def every_way(problem: Problem) -> Iterator[NDArray[np.int32]]:
    """Each assignment of the free units that breaks no rule; for a dozen units at most."""
    free = problem.free.nonzero()[0]
    open_districts = (~problem.locked).nonzero()[0].tolist()
    start = problem.present.copy()
    pinned = problem.pinned != NOBODY
    start[pinned] = problem.pinned[pinned]
    for choice in product(open_districts, repeat=len(free)):
        owner = start.copy()
        owner[free] = choice
        if not broken_rules(problem, owner):
            yield owner
