"""Compiled: what lies where, in cells of a grid laid over vertices and segments."""

from typing import Any

import numpy as np
from numba.extending import register_jitable
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@register_jitable
def mixed(a: int, b: int) -> Any:
    """A hash of two numbers (the finaliser of SplitMix64, Steele, Lea and Flood 2014), not negative."""
    h = np.uint64(a) * np.uint64(0x9E3779B97F4A7C15) ^ (np.uint64(b) + np.uint64(0x632BE59BD9B4E019))
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    h ^= h >> np.uint64(31)
    return np.int64(h & np.uint64(0x7FFFFFFFFFFFFFFF))


@register_jitable
def table_for(n: int) -> Ints:
    """An empty hash table with room for n entries."""
    size = 16
    while size < 2 * n:
        size *= 2
    return np.full(size, -1, dtype=np.int64)


@register_jitable
def pairs_numbered(pairs: Ints) -> tuple[Ints, Ints]:
    """Numbers for the different rows of `pairs`, in the order in which they first come: (number of each row, the different rows)."""
    table = table_for(len(pairs))
    mask = len(table) - 1
    number = np.empty(len(pairs), dtype=np.int64)
    different = np.empty_like(pairs)
    n = 0
    for at in range(len(pairs)):
        a, b = pairs[at, 0], pairs[at, 1]
        slot = mixed(a, b) & mask
        while True:
            found = table[slot]
            if found < 0:
                table[slot] = n
                different[n, 0] = a
                different[n, 1] = b
                number[at] = n
                n += 1
                break
            if different[found, 0] == a and different[found, 1] == b:
                number[at] = found
                break
            slot = (slot + 1) & mask
    return number, different[:n].copy()


@register_jitable
def frame_of(points: Ints) -> tuple[Any, Any, Any, Any, Any]:
    """West, south, side of a cell, columns, rows of a grid with about one point to a cell."""
    west = south = np.int64(2**62)
    east = north = np.int64(-(2**62))
    for at in range(len(points)):
        west = min(west, points[at, 0])
        east = max(east, points[at, 0])
        south = min(south, points[at, 1])
        north = max(north, points[at, 1])
    wide, high = east - west + 1, north - south + 1
    side: Any = np.int64(np.ceil(np.sqrt(float(wide) * float(high) / len(points))))
    # A long and narrow extent must not make more cells than points.
    side = max(side, (wide + high) // (2 * len(points)) + 1, 1)
    return west, south, side, wide // side + 1, high // side + 1


@register_jitable
def points_in_cells(points: Ints, west: int, south: int, side: int, nx: int, ny: int) -> tuple[Ints, Ints]:
    """(where each cell begins in the list, the points' numbers cell by cell)."""
    starts = np.zeros(nx * ny + 1, dtype=np.int64)
    cell = np.empty(len(points), dtype=np.int64)
    for at in range(len(points)):
        cell[at] = (points[at, 0] - west) // side * ny + (points[at, 1] - south) // side
        starts[cell[at] + 1] += 1
    for at in range(nx * ny):
        starts[at + 1] += starts[at]
    listed = np.empty(len(points), dtype=np.int64)
    free = starts[:-1].copy()
    for at in range(len(points)):
        listed[free[cell[at]]] = at
        free[cell[at]] += 1
    return starts, listed


@register_jitable
def rows_of_segment(
    ax: int, ay: int, bx: int, by: int, column: int, west: int, south: int, side: int, ny: int, reach: int
) -> tuple[Any, Any]:
    """First and last row of the cells of a column that a segment, widened by `reach`, passes. `ax` ≤ `bx`."""
    low, high = float(min(ay, by)), float(max(ay, by))
    if bx > ax:
        slope = float(by - ay) / float(bx - ax)
        left = max(float(ax), float(west + column * side - reach))
        right = min(float(bx), float(west + (column + 1) * side + reach))
        y0 = float(ay) + (left - float(ax)) * slope
        y1 = float(ay) + (right - float(ax)) * slope
        low, high = max(low, min(y0, y1)), min(high, max(y0, y1))
    first: Any = np.int64(np.floor((low - 1.0 - float(reach) - float(south)) / float(side)))
    last: Any = np.int64(np.floor((high + 1.0 + float(reach) - float(south)) / float(side)))
    return max(first, 0), min(last, ny - 1)


@register_jitable
def segments_in_cells(
    points: Ints, segments: Ints, west: int, south: int, side: int, nx: int, ny: int
) -> tuple[Ints, Ints]:
    """The same of segments, pairs of points' numbers: each is listed in every cell that it passes."""
    starts = np.zeros(nx * ny + 1, dtype=np.int64)
    listed = np.empty(0, dtype=np.int64)
    free = starts
    for filling in range(2):
        for at in range(len(segments)):
            a, b = segments[at, 0], segments[at, 1]
            if points[a, 0] > points[b, 0]:
                a, b = b, a
            ax, ay, bx, by = points[a, 0], points[a, 1], points[b, 0], points[b, 1]
            for column in range((ax - west) // side, (bx - west) // side + 1):
                first, last = rows_of_segment(ax, ay, bx, by, column, west, south, side, ny, 0)
                for row in range(first, last + 1):
                    if filling:
                        listed[free[column * ny + row]] = at
                        free[column * ny + row] += 1
                    else:
                        starts[column * ny + row + 1] += 1
        if not filling:
            for at in range(nx * ny):
                starts[at + 1] += starts[at]
            listed = np.empty(starts[-1], dtype=np.int64)
            free = starts[:-1].copy()
    return starts, listed
