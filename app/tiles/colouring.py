"""Colours for areas such that neighbours differ."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

COLOURS = (
    ("#d3e4cf", "#86a881"),
    ("#d2e2ef", "#84a3bd"),
    ("#f0dfc6", "#c0a276"),
    ("#e1d9ec", "#a394b8"),
    ("#f1d8d2", "#bf9087"),
    ("#cfe6e3", "#7eaaa5"),
    ("#ece7bf", "#b3aa6b"),
)
"""Fill and border of each number, as the page has them (web/src/map/palette.ts). Any planar map gets by with fewer; overlaps may
need more numbers, and then colours come again."""

PALETTE = len(COLOURS)


def fill_and_border(number: int) -> tuple[str, str]:
    """The two colours of a number, as `#rrggbb`."""
    return COLOURS[number % PALETTE]


def colour(areas: int, neighbours: NDArray[np.int64]) -> list[int]:
    """A colour number for each of `areas` areas, different for every pair in `neighbours`, shape (2, pairs).

    Smallest-last order (Matula and Beck 1983): the area with the fewest uncoloured neighbours is coloured last, so that a planar
    map never needs more than six. Among the colours that are free the least used so far is taken, which spreads the palette.
    The same areas in the same order give the same colours.
    """
    touching = beside(areas, neighbours)
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


def beside(areas: int, neighbours: NDArray[np.int64]) -> list[set[int]]:
    """For each of `areas` areas those that it touches, of `neighbours`, shape (2, pairs); an area is no neighbour of itself."""
    touching: list[set[int]] = [set() for _ in range(areas)]
    for a, b in neighbours.T.tolist():
        if a != b:
            touching[a].add(b)
            touching[b].add(a)
    return touching


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


def steady_colours(names: Sequence[str], touching: Sequence[set[int]]) -> list[int]:
    """Colours that hardly change when the map does: each area takes the one that its name prefers, unless a neighbour has it.

    In an order that only the names give, an area takes the first colour of its own order of preference that no neighbour has taken, so
    that a change of the map is felt where it is. Where the palette does not suffice this way, all are coloured by `colour`.
    """
    drawn = [hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names]
    preference = [int.from_bytes(each, "big") for each in drawn]
    colours = [-1] * len(names)
    for area in sorted(range(len(names)), key=lambda at: (drawn[at], names[at])):
        start, step = preference[area] % PALETTE, 1 + preference[area] // PALETTE % (PALETTE - 1)
        liked = [(start + k * step) % PALETTE for k in range(PALETTE)]
        taken = {colours[other] for other in touching[area]}
        colours[area] = next((number for number in liked if number not in taken), PALETTE)
        if colours[area] == PALETTE:
            colours[area] = _make_room(area, liked, colours, touching)
    if PALETTE in colours:
        pairs = [(a, b) for a, others in enumerate(touching) for b in others]
        return colour(len(names), np.array(pairs, dtype=np.int64).reshape(-1, 2).T)
    return colours


def _make_room(area: int, liked: Sequence[int], colours: list[int], touching: Sequence[set[int]]) -> int:
    """A colour for an area around which all are taken, after those who have it have taken another one; `PALETTE` if they cannot."""
    for number in liked:
        moves: dict[int, int] = {}
        for other in sorted(each for each in touching[area] if colours[each] == number):
            taken = {colours[each] for each in touching[other] if each != area} | {number}
            taken |= {moves[each] for each in touching[other] if each in moves}
            free = [each for each in range(PALETTE) if each not in taken]
            if not free:
                break
            moves[other] = free[0]
        else:
            for other, chosen in moves.items():
                colours[other] = chosen
            return number
    return PALETTE
