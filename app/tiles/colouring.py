"""Colours for areas such that neighbours differ."""

import numpy as np
from numpy.typing import NDArray

PALETTE = 7
"""Colours that the page draws with. Any planar map gets by with fewer; overlaps may need more and then go beyond."""


def colour(areas: int, neighbours: NDArray[np.int64]) -> list[int]:
    """A colour number for each of `areas` areas, different for every pair in `neighbours`, shape (2, pairs).

    Smallest-last order (Matula and Beck 1983): the area with the fewest uncoloured neighbours is coloured last, so that a planar
    map never needs more than six. Among the colours that are free the least used so far is taken, which spreads the palette.
    The same areas in the same order give the same colours.
    """
    touching: list[set[int]] = [set() for _ in range(areas)]
    for a, b in neighbours.T.tolist():
        if a != b:
            touching[a].add(b)
            touching[b].add(a)
    used = [0] * PALETTE
    colours = [-1] * areas
    for area in reversed(_fewest_neighbours_first(touching)):
        taken = {colours[other] for other in touching[area]}
        free = [number for number in range(len(used)) if number not in taken]
        if not free:
            used.append(0)
            free = [len(used) - 1]
        chosen = min(free, key=lambda number: (used[number], number))
        colours[area] = chosen
        used[chosen] += 1
    return colours


def _fewest_neighbours_first(touching: list[set[int]]) -> list[int]:
    """The areas in the order in which they are taken off the map, each time one with the fewest neighbours left."""
    degree = [len(others) for others in touching]
    shelves: list[set[int]] = [set() for _ in range(max(degree, default=0) + 1)]
    for area, count in enumerate(degree):
        shelves[count].add(area)
    order: list[int] = []
    gone = [False] * len(touching)
    lowest = 0
    while len(order) < len(touching):
        lowest = max(lowest - 1, 0)
        while not shelves[lowest]:
            lowest += 1
        area = min(shelves[lowest])
        shelves[lowest].remove(area)
        gone[area] = True
        order.append(area)
        for other in touching[area]:
            if not gone[other]:
                shelves[degree[other]].remove(other)
                degree[other] -= 1
                shelves[degree[other]].add(other)
    return order
