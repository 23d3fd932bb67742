"""Compiled: lays the edges of every part over a grid of cells.

Cell (i, j) is x0 + i·w ≤ lon < x0 + (i + 1)·w, and so on; its corner is the lower left one. A cell that a part's border passes keeps
the border's edges there and whether the part covers the corner, so that a point is decided by the edges between the corner and
itself. A cell that no border passes keeps only the parts that cover it whole. Cells are numbered up the columns: i · ny + j.
"""

from typing import Any

import numpy as np
from numba.extending import register_jitable
from numpy.typing import NDArray

from geo.matching.compiling import compiled
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
) -> tuple[Any, ...]:
    """Where the borders and interiors of the parts first … last - 1 lie, part by part.

    Returns (border_cell, border_part, border_state, border_start, runs) and (full_cell, full_part, full_count). A border entry is a
    cell (i · ny + j) that the part's border passes, with its state (whether the part covers the corner) and where its `runs` begin,
    with one more at the end; a run (n, 2) is the first vertex and the number of edges that follow each other in the cell. A
    full entry is a first cell and a count of cells up its column that the part covers whole.
    """
    across = 1.0 / width
    up = 1.0 / height
    border_cell = np.empty(1024, dtype=np.int32)
    border_part = np.empty(1024, dtype=np.int32)
    border_state = np.empty(1024, dtype=np.uint8)
    border_start = np.empty(1025, dtype=np.int32)
    borders = 0
    full_cell = np.empty(1024, dtype=np.int32)
    full_part = np.empty(1024, dtype=np.int32)
    full_count = np.empty(1024, dtype=np.int32)
    fulls = 0
    out_from = np.empty(1024, dtype=np.int32)
    out_count = np.empty(1024, dtype=np.int32)
    outs = 0
    # Of the part at hand: runs as they are met, and per cell the number of runs, the last run, and the crossings of its left side.
    run_cell = np.empty(1024, dtype=np.int32)
    run_from = np.empty(1024, dtype=np.int32)
    run_count = np.empty(1024, dtype=np.int32)
    passed = np.zeros(1, dtype=np.int32)
    latest = np.zeros(1, dtype=np.int32)
    flips = np.zeros(1, dtype=np.uint8)

    for part in range(first, last):
        west = max(0, int(np.floor((boxes[part, 0] - x0) * across - _PAD)))
        east = min(nx - 1, int(np.floor((boxes[part, 2] - x0) * across + _PAD)))
        south = max(0, int(np.floor((boxes[part, 1] - y0) * up - _PAD)))
        north = min(ny - 1, int(np.floor((boxes[part, 3] - y0) * up + _PAD)))
        columns = east - west + 1
        rows = north - south + 1
        cells = columns * rows
        if cells > len(passed):
            passed = np.zeros(2 * cells, dtype=np.int32)
            latest = np.zeros(2 * cells, dtype=np.int32)
            flips = np.zeros(2 * cells, dtype=np.uint8)
        else:
            passed[:cells] = 0
            flips[:cells] = 0

        runs = 0
        start = part_start[part]
        bx = xy[start, 0]
        by = xy[start, 1]
        fbx = (bx - x0) * across
        fby = (by - y0) * up
        ib = int(fbx)
        jb = int(fby)
        # Well inside of its cell: an edge between two such vertices of one cell lies in no other, and crosses no side.
        b_deep = abs(fbx - ib - 0.5) < 0.5 - _PAD and abs(fby - jb - 0.5) < 0.5 - _PAD
        for k in range(start, part_start[part + 1] - 1):
            ax, ay, fax, fay, ia, ja, a_deep = bx, by, fbx, fby, ib, jb, b_deep
            bx = xy[k + 1, 0]
            by = xy[k + 1, 1]
            fbx = (bx - x0) * across
            fby = (by - y0) * up
            ib = int(fbx)
            jb = int(fby)
            b_deep = abs(fbx - ib - 0.5) < 0.5 - _PAD and abs(fby - jb - 0.5) < 0.5 - _PAD
            if ends[k]:
                continue
            if a_deep and b_deep and ia == ib and ja == jb:
                local = (ia - west) * rows + (ja - south)
                run = latest[local]
                if passed[local] > 0 and run_from[run] + run_count[run] == k:
                    run_count[run] += 1
                    continue
            left = min(fax, fbx)
            right = max(fax, fbx)
            low = min(fay, fby)
            high = max(fay, fby)
            south_row = max(south, int(np.floor(low - _PAD)))
            north_row = min(north, int(np.floor(high + _PAD)))
            for j in range(south_row, north_row + 1):
                # The stretch of the edge within this row; a flat edge gets all its columns in both of its rows.
                from_x = left
                to_x = right
                if south_row < north_row and high - low >= 0.01:
                    slope = (fbx - fax) / (fby - fay)
                    at_bottom = fax + (max(low, j - _PAD) - fay) * slope
                    at_top = fax + (min(high, j + 1 + _PAD) - fay) * slope
                    from_x = max(left, min(at_bottom, at_top))
                    to_x = min(right, max(at_bottom, at_top))
                for i in range(max(west, int(np.floor(from_x - _PAD))), min(east, int(np.floor(to_x + _PAD))) + 1):
                    local = (i - west) * rows + (j - south)
                    run = latest[local]
                    if passed[local] > 0 and run_from[run] + run_count[run] == k:
                        run_count[run] += 1
                    else:
                        if runs == len(run_cell):
                            run_cell = grown(run_cell, runs + 1)
                            run_from = grown(run_from, runs + 1)
                            run_count = grown(run_count, runs + 1)
                        run_cell[runs] = local
                        run_from[runs] = k
                        run_count[runs] = 1
                        latest[local] = runs
                        passed[local] += 1
                        runs += 1
                    x = x0 + i * width
                    if (ax <= x) != (bx <= x):
                        bottom = above(x, y0 + j * height, ax, ay, bx, by)
                        top = above(x, y0 + (j + 1) * height, ax, ay, bx, by)
                        flips[local] ^= np.uint8(bottom != top)

        border_cell = grown(border_cell, borders + cells)
        border_part = grown(border_part, borders + cells)
        border_state = grown(border_state, borders + cells)
        border_start = grown(border_start, borders + cells + 1)
        full_cell = grown(full_cell, fulls + cells)
        full_part = grown(full_part, fulls + cells)
        full_count = grown(full_count, fulls + cells)
        out_from = grown(out_from, outs + runs)
        out_count = grown(out_count, outs + runs)
        # Up every column of corners: a corner is covered after an odd number of crossings.
        position = outs
        for i in range(columns):
            covered = np.uint8(0)
            follows = False
            for j in range(rows):
                local = i * rows + j
                number = passed[local]
                cell = (west + i) * ny + south + j
                if number > 0:
                    border_cell[borders] = cell
                    border_part[borders] = part
                    border_state[borders] = covered
                    border_start[borders] = position
                    borders += 1
                    follows = False
                elif covered == 1:
                    if follows:
                        full_count[fulls - 1] += 1
                    else:
                        full_cell[fulls] = cell
                        full_part[fulls] = part
                        full_count[fulls] = 1
                        fulls += 1
                    follows = True
                # From here on: where this cell's next run goes.
                passed[local] = position
                position += number
                covered ^= flips[local]
        for run in range(runs):
            to = passed[run_cell[run]]
            out_from[to] = run_from[run]
            out_count[to] = run_count[run]
            passed[run_cell[run]] = to + 1
        outs += runs
    border_start[borders] = outs
    return (
        border_cell[:borders],
        border_part[:borders],
        border_state[:borders],
        border_start[: borders + 1],
        out_from[:outs],
        out_count[:outs],
        full_cell[:fulls],
        full_part[:fulls],
        full_count[:fulls],
    )


@compiled
def tabulate(
    cells: int,
    border_cell: NDArray[np.int32],
    border_part: NDArray[np.int32],
    border_state: NDArray[np.uint8],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    run_from: NDArray[np.int32],
    run_count: NDArray[np.int32],
    full_cell: NDArray[np.int32],
    full_part: NDArray[np.int32],
    full_count: NDArray[np.int32],
    part_area: NDArray[np.int32],
) -> tuple[Any, ...]:
    """(table, lists): what each cell keeps, from the entries of `lay`, in the order of their parts.

    `table` per cell: -1 nothing; the area that covers the whole cell if nothing else is there; else -2 - o, where its list begins
    at lists[o]. A list: the number of items; per item the area, 4 · runs + state (2: covers the whole cell), and per run the
    first vertex and the number of edges. Everything of a cell lies together, because a lookup mostly waits for memory.
    """
    table = np.full(cells, -1, dtype=np.int32)
    size = np.zeros(cells, dtype=np.int32)
    for e in range(len(border_cell)):
        size[border_cell[e]] += 2 + 2 * (end[e] - begin[e])
    for f in range(len(full_cell)):
        area = part_area[full_part[f]]
        for c in range(full_cell[f], full_cell[f] + full_count[f]):
            size[c] += 2
            table[c] = area
    length = 0
    for c in range(cells):
        # Two numbers are one area that covers the cell and nothing else.
        if size[c] > 2:
            table[c] = -2 - length
            length += 1 + size[c]
    lists = np.zeros(length, dtype=np.int32)
    for c in range(cells):
        # From here on: where the cell's next item goes.
        size[c] = -1 - table[c]
    e = 0
    f = 0
    while e < len(border_cell) or f < len(full_cell):
        if f == len(full_cell) or (e < len(border_cell) and border_part[e] <= full_part[f]):
            c = border_cell[e]
            to = size[c]
            lists[-2 - table[c]] += 1
            lists[to] = part_area[border_part[e]]
            lists[to + 1] = 4 * (end[e] - begin[e]) + border_state[e]
            to += 2
            for run in range(begin[e], end[e]):
                lists[to] = run_from[run]
                lists[to + 1] = run_count[run]
                to += 2
            size[c] = to
            e += 1
        else:
            for c in range(full_cell[f], full_cell[f] + full_count[f]):
                if table[c] < -1:
                    lists[-2 - table[c]] += 1
                    lists[size[c]] = part_area[full_part[f]]
                    lists[size[c] + 1] = 2
                    size[c] += 2
            f += 1
    return table, lists
