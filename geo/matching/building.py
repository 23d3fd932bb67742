"""Compiled: lays the edges of every part over a grid of cells.

Cell (i, j) is x0 + i·w ≤ lon < x0 + (i + 1)·w, and so on; its corner is the lower left one. A cell that a part's border passes keeps
the border's edges there and whether the part covers the corner, so that a point is decided by the edges between the corner and
itself. A cell that no border passes keeps only the parts that cover it whole.
"""

from typing import Any

import numpy as np
from numba.extending import register_jitable
from numpy.typing import NDArray

from geo.matching.compiling import STAMP, compiled
from geo.matching.formulas import cross

# Edges are entered into every cell within this share of a cell of them: far more than rounding can move anything.
_PAD = 1e-3


@register_jitable
def above(x: float, y: float, ax: float, ay: float, bx: float, by: float) -> bool:
    """Whether (x, y) lies above an edge that passes the vertical line at x (half open: ax ≤ x < bx or the reverse).

    Where rounding leaves no answer any will do, as long as it is always the same: see `kernels.locate`.
    """
    if y >= ay and y >= by:
        return True
    if y < ay and y < by:
        return False
    return bool((cross(ax, ay, bx, by, x, y) > 0.0) == (ax < bx))


@register_jitable
def grown(array: NDArray[Any], needed: int) -> NDArray[Any]:
    if needed <= len(array):
        return array
    bigger = np.empty(max(needed, 2 * len(array)), dtype=array.dtype)
    bigger[: len(array)] = array
    return bigger


@compiled
def lay(
    xy: NDArray[np.float64],
    ends: NDArray[np.bool_],
    part_start: NDArray[np.int64],
    boxes: NDArray[np.float64],
    first: int,
    last: int,
    x0: float,
    y0: float,
    width: float,
    height: float,
    nx: int,
    ny: int,
    stamp: int = STAMP,
) -> tuple[Any, ...]:
    """Entries of the parts first … last - 1, in their order, and the edges that they refer to.

    Returns (cell, part, state, start, edges): of each entry its cell j·nx + i, its part, its state (2: the part covers the whole
    cell; 0 or 1: a border passes, and the part does not or does cover the corner), where its edges begin, with one more at the
    end; the edges as vertex numbers k for the edge from k to k + 1.
    """
    across = 1.0 / width
    up = 1.0 / height
    entry_cell = np.empty(1024, dtype=np.int64)
    entry_part = np.empty(1024, dtype=np.int32)
    entry_state = np.empty(1024, dtype=np.uint8)
    entry_start = np.empty(1025, dtype=np.int64)
    entries = 0
    edge = np.empty(4096, dtype=np.int32)
    edges = 0
    crossed = np.zeros(1, dtype=np.int32)
    flips = np.zeros(1, dtype=np.uint8)
    hit_cell = np.empty(1024, dtype=np.int32)
    hit_edge = np.empty(1024, dtype=np.int32)

    for part in range(first, last):
        west = max(0, int(np.floor((boxes[part, 0] - x0) * across - _PAD)))
        east = min(nx - 1, int(np.floor((boxes[part, 2] - x0) * across + _PAD)))
        south = max(0, int(np.floor((boxes[part, 1] - y0) * up - _PAD)))
        north = min(ny - 1, int(np.floor((boxes[part, 3] - y0) * up + _PAD)))
        columns = east - west + 1
        rows = north - south + 1
        cells = columns * rows
        if cells + 1 > len(crossed):
            crossed = np.zeros(2 * cells + 1, dtype=np.int32)
            flips = np.zeros(2 * cells + 1, dtype=np.uint8)
        else:
            crossed[: cells + 1] = 0
            flips[:cells] = 0

        hits = 0
        for k in range(part_start[part], part_start[part + 1] - 1):
            if ends[k]:
                continue
            ax = xy[k, 0]
            ay = xy[k, 1]
            bx = xy[k + 1, 0]
            by = xy[k + 1, 1]
            fax = (ax - x0) * across
            fay = (ay - y0) * up
            fbx = (bx - x0) * across
            fby = (by - y0) * up
            left = min(fax, fbx)
            right = max(fax, fbx)
            low = min(fay, fby)
            high = max(fay, fby)
            j1 = max(south, int(np.floor(low - _PAD)))
            j2 = min(north, int(np.floor(high + _PAD)))
            steep = high - low >= 0.01
            for j in range(j1, j2 + 1):
                # The stretch of the edge within this row; a flat edge gets all its columns in both of its rows.
                from_x = left
                to_x = right
                if steep:
                    slope = (fbx - fax) / (fby - fay)
                    at_bottom = fax + (max(low, j - _PAD) - fay) * slope
                    at_top = fax + (min(high, j + 1 + _PAD) - fay) * slope
                    from_x = max(left, min(at_bottom, at_top))
                    to_x = min(right, max(at_bottom, at_top))
                i1 = max(west, int(np.floor(from_x - _PAD)))
                i2 = min(east, int(np.floor(to_x + _PAD)))
                for i in range(i1, i2 + 1):
                    local = (i - west) * rows + (j - south)
                    if hits == len(hit_cell):
                        hit_cell = grown(hit_cell, hits + 1)
                        hit_edge = grown(hit_edge, hits + 1)
                    hit_cell[hits] = local
                    hit_edge[hits] = k
                    hits += 1
                    crossed[local] += 1
                    x = x0 + i * width
                    if (ax <= x) != (bx <= x):
                        bottom = above(x, y0 + j * height, ax, ay, bx, by)
                        top = above(x, y0 + (j + 1) * height, ax, ay, bx, by)
                        flips[local] ^= np.uint8(bottom != top)

        entry_cell = grown(entry_cell, entries + cells)
        entry_part = grown(entry_part, entries + cells)
        entry_state = grown(entry_state, entries + cells)
        entry_start = grown(entry_start, entries + cells + 1)
        edge = grown(edge, edges + hits)
        # Up every column of corners: a corner is covered after an odd number of crossings.
        position = edges
        for i in range(columns):
            covered = np.uint8(0)
            for j in range(rows):
                local = i * rows + j
                count = crossed[local]
                if count > 0 or covered == 1:
                    entry_cell[entries] = (south + j) * nx + west + i
                    entry_part[entries] = part
                    entry_state[entries] = covered if count > 0 else np.uint8(2)
                    entry_start[entries] = position
                    entries += 1
                # From here on: where this cell's next edge goes.
                crossed[local] = position
                position += count
                covered ^= flips[local]
        for hit in range(hits):
            local = hit_cell[hit]
            edge[crossed[local]] = hit_edge[hit]
            crossed[local] += 1
        edges += hits
    entry_start[entries] = edges
    return entry_cell[:entries], entry_part[:entries], entry_state[:entries], entry_start[: entries + 1], edge[:edges]


@compiled
def list_by_cell(
    cells: int,
    entry_cell: NDArray[np.int64],
    entry_part: NDArray[np.int32],
    entry_state: NDArray[np.uint8],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    edge: NDArray[np.int32],
    part_area: NDArray[np.int32],
    stamp: int = STAMP,
) -> tuple[Any, ...]:
    """(table, lists): what each cell keeps, from the entries of `lay` and where their edges begin and end in `edge`.

    `table` per cell: -1 nothing; an area that alone covers the whole cell; else -2 - o, where its list begins at lists[o].
    A list: the number of items; then per item the area, 4 · runs + state, and per run of edges the first vertex and how many.
    One run of numbers per cell, because a lookup's time is what it waits for memory. Items are in the order of the parts.
    """
    entries = len(entry_cell)
    alone = np.full(cells, -1, dtype=np.int32)
    size = np.zeros(cells, dtype=np.int32)
    items = np.zeros(cells, dtype=np.int32)
    runs = np.zeros(entries, dtype=np.int32)
    for e in range(entries):
        c = entry_cell[e]
        area = part_area[entry_part[e]]
        # An area whose parts overlap covers a cell twice.
        if entry_state[e] == 2 and (alone[c] == -1 or alone[c] == area):
            alone[c] = area
        else:
            alone[c] = -2
        for n in range(begin[e], end[e]):
            if n == begin[e] or edge[n] != edge[n - 1] + 1:
                runs[e] += 1
        size[c] += 2 + 2 * runs[e]
        items[c] += 1
    length = 0
    for c in range(cells):
        if alone[c] == -2:
            length += 1 + size[c]
    table = np.empty(cells, dtype=np.int32)
    lists = np.empty(length, dtype=np.int32)
    position = 0
    for c in range(cells):
        table[c] = alone[c]
        if alone[c] == -2:
            table[c] = -2 - position
            lists[position] = items[c]
            items[c] = position + 1
            position += 1 + size[c]
    # From here on `items` says where a cell's next item goes.
    for e in range(entries):
        c = entry_cell[e]
        if table[c] < -1:
            to = items[c]
            lists[to] = part_area[entry_part[e]]
            lists[to + 1] = 4 * runs[e] + entry_state[e]
            to += 2
            for n in range(begin[e], end[e]):
                if n == begin[e] or edge[n] != edge[n - 1] + 1:
                    lists[to] = edge[n]
                    lists[to + 1] = 1
                    to += 2
                else:
                    lists[to - 1] += 1
            items[c] = to
    return table, lists
