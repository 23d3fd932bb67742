"""The inner loop of the search as machine code: one unit at a time changes district, and no district falls apart.

All arithmetic is of whole numbers, chance comes from a generator that is carried along: the same input gives the same answer on
every machine.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
from numba.extending import register_jitable
from numpy.typing import NDArray

from geo.compiling import kept, stamp_of

EXCESS, OVER, MOVED, CUT = range(4)
"""What is counted of an assignment, and the order of `weights`."""

OUTER = 16
"""How many times heavier load beyond `least` and `most` weighs than load beyond `lower` and `upper`."""


@register_jitable
def _draw(chance: NDArray[np.uint64]) -> Any:
    # xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016.
    x = chance[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    chance[0] = x
    return (x * np.uint64(2685821657736338717)) >> np.uint64(33)  # 31 bits


@register_jitable
def _beyond(load: int, lower: int, upper: int) -> Any:
    if load > upper:
        return load - upper
    if load < lower:
        return lower - load
    return 0


@register_jitable
def _out_of_balance(
    m: int,
    d: int,
    load: int,
    lower: NDArray[np.int64],
    upper: NDArray[np.int64],
    least: NDArray[np.int64],
    most: NDArray[np.int64],
) -> Any:
    """Load beyond the bounds that are asked for, and many times that beyond those that must not be left."""
    return _beyond(load, lower[m, d], upper[m, d]) + OUTER * _beyond(load, least[m, d], most[m, d])


@register_jitable
def _stays_whole(
    unit: int,
    starts: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    barred: NDArray[np.uint8],
    owner: NDArray[np.int32],
    marks: NDArray[np.int64],
    waiting: NDArray[np.int32],
) -> Any:
    """Whether the district of a unit has no more parts without it than with it."""
    own = owner[unit]
    sought = 0
    first = -1
    for at in range(starts[unit], starts[unit + 1]):
        if barred[at] == 0 and owner[neighbours[at]] == own:
            sought += 1
            first = neighbours[at]
    if sought < 2:
        return True
    # marks[-1] is the number of the search: what bears it has been met; twice the number: it is sought.
    marks[-1] += 2
    stamp = marks[-1]
    for at in range(starts[unit], starts[unit + 1]):
        if barred[at] == 0 and owner[neighbours[at]] == own:
            marks[neighbours[at]] = stamp - 1
    marks[unit] = stamp
    marks[first] = stamp
    waiting[0] = first
    head, tail = 0, 1
    sought -= 1
    while head < tail:
        here = waiting[head]
        head += 1
        for at in range(starts[here], starts[here + 1]):
            there = neighbours[at]
            if barred[at] == 0 and owner[there] == own and marks[there] != stamp:
                if marks[there] == stamp - 1:
                    sought -= 1
                    if sought == 0:
                        return True
                marks[there] = stamp
                waiting[tail] = there
                tail += 1
    return False


def _anneal(
    starts: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    lengths: NDArray[np.int64],
    barred: NDArray[np.uint8],
    units: NDArray[np.int32],
    growing: NDArray[np.uint8],
    owner: NDArray[np.int32],
    present: NDArray[np.int32],
    unit_loads: NDArray[np.int64],
    stake: NDArray[np.int64],
    loads: NDArray[np.int64],
    sizes: NDArray[np.int64],
    lower: NDArray[np.int64],
    upper: NDArray[np.int64],
    least: NDArray[np.int64],
    most: NDArray[np.int64],
    scales: NDArray[np.int64],
    weights: NDArray[np.int64],
    may_move: int,
    heat: int,
    draws: NDArray[np.int64],
    steps: int,
    counts: NDArray[np.int64],
    chance: NDArray[np.uint64],
    marks: NDArray[np.int64],
    waiting: NDArray[np.int32],
) -> int:
    """Tries `steps` changes at one heat, in place; how many were made.

    `units`: those that may move. `growing` (k,): districts that may take a unit. `loads` (m, k), `sizes` (k,), `counts` (4,) follow `owner`.
    `lower`, `upper` (m, k): the loads that are asked for; `least`, `most` (m, k): those that no district should leave.
    `scales` (m,): what one of a measure's load beyond its bounds weighs. `draws`: sorted -ln(u) · 2^16 for evenly spread u.
    """
    made = 0
    measures = unit_loads.shape[0]
    districts = sizes.shape[0]
    for _ in range(steps):
        unit = units[_draw(chance) % np.uint64(units.shape[0])]
        source = owner[unit]
        degree = starts[unit + 1] - starts[unit]
        if degree == 0:
            continue
        at = starts[unit] + np.int64(_draw(chance) % np.uint64(degree))
        target = owner[neighbours[at]]
        if target == source or barred[at] != 0:
            # A district that has nothing yet may begin anywhere.
            target = np.int32(_draw(chance) % np.uint64(districts))
            if sizes[target] != 0 or target == source:
                continue
        if target < 0 or growing[target] == 0 or (source >= 0 and sizes[source] == 1):
            continue
        excess = np.int64(0)
        for m in range(measures):
            weight = unit_loads[m, unit]
            carried = loads[m, target]
            more = _out_of_balance(m, target, carried + weight, lower, upper, least, most)
            more -= _out_of_balance(m, target, carried, lower, upper, least, most)
            if source >= 0:
                carried = loads[m, source]
                more += _out_of_balance(m, source, carried - weight, lower, upper, least, most)
                more -= _out_of_balance(m, source, carried, lower, upper, least, most)
            excess += more * scales[m]
        moved = np.int64(0)
        home = present[unit]
        if home >= 0:
            if source == home:
                moved = stake[unit]
            elif target == home:
                moved = -stake[unit]
        now_over = max(np.int64(0), counts[2] - may_move)
        over = max(np.int64(0), counts[2] + moved - may_move) - now_over
        cut = np.int64(0)
        shut = False
        for near in range(starts[unit], starts[unit + 1]):
            other = owner[neighbours[near]]
            if other == target:
                if barred[near] != 0:
                    shut = True
                    break
                cut -= lengths[near]
            elif other == source:
                cut += lengths[near]
        if shut:
            continue
        change = weights[0] * excess + weights[1] * over + weights[2] * moved + weights[3] * cut
        if source < 0:
            change = min(change, np.int64(0))  # whoever has nobody is taken in; balance follows
        if change > 0 and change > (heat * draws[_draw(chance) % np.uint64(draws.shape[0])]) >> 16:
            continue
        if source >= 0 and not _stays_whole(unit, starts, neighbours, barred, owner, marks, waiting):
            continue
        owner[unit] = target
        for m in range(measures):
            loads[m, target] += unit_loads[m, unit]
            if source >= 0:
                loads[m, source] -= unit_loads[m, unit]
        sizes[target] += 1
        if source >= 0:
            sizes[source] -= 1
        counts[0] += excess
        counts[1] += over
        counts[2] += moved
        counts[3] += cut
        made += 1
    return made


anneal: Final = kept(
    _anneal, stamp_of([Path(__file__)]), nogil=True, error_model="numpy", fastmath=False, boundscheck=False
)
"""`_anneal` as machine code."""
