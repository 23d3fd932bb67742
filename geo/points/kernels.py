"""What is compiled: the points of an index that an area covers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.matching.compiling import compiled
from geo.matching.formulas import cross


@compiled
def covered(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    start: NDArray[np.int64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    ends: NDArray[np.float64],
    part: NDArray[np.int32],
) -> Any:
    """Ascending positions of the points that some part covers, its border included; `ends` and `part` as `Edges` has them.

    `x`, `y`: n points in strips, by x within each; strip s is start[s] to start[s + 1], its latitudes are low[s] to high[s].
    The test is that of `geo.matching.direct`, to the bit.
    """
    edges = len(part)
    found = np.empty(0, dtype=np.int64)
    if edges == 0:
        return found
    west, east, south, north = ends[0, 0], ends[0, 0], ends[0, 1], ends[0, 1]
    for e in range(edges):
        west = min(west, ends[e, 0], ends[e, 2])
        east = max(east, ends[e, 0], ends[e, 2])
        south = min(south, ends[e, 1], ends[e, 3])
        north = max(north, ends[e, 1], ends[e, 3])
    strips = len(low)
    # Where the box begins and ends in each strip that it meets.
    first = np.zeros(strips, dtype=np.int64)
    last = np.zeros(strips, dtype=np.int64)
    most = 0
    for s in range(strips):
        if start[s] == start[s + 1] or high[s] < south or low[s] > north:
            continue
        a, b = start[s], start[s + 1]
        while a < b:
            middle = (a + b) // 2
            if x[middle] < west:
                a = middle + 1
            else:
                b = middle
        first[s] = a
        b = start[s + 1]
        while a < b:
            middle = (a + b) // 2
            if x[middle] <= east:
                a = middle + 1
            else:
                b = middle
        last[s] = a
        most += last[s] - first[s]
    found = np.empty(most, dtype=np.int64)
    number = 0
    near = np.empty(edges, dtype=np.int64)
    for s in range(strips):
        if first[s] == last[s]:
            continue
        meeting = 0
        for e in range(edges):
            ay, by = ends[e, 1], ends[e, 3]
            if max(ay, by) >= low[s] and min(ay, by) <= high[s]:
                near[meeting] = e
                meeting += 1
        for p in range(first[s], last[s]):
            px, py = x[p], y[p]
            if py < south or py > north:
                continue
            inside = False
            covers = False
            now = -1
            for k in range(meeting):
                e = near[k]
                if part[e] != now:
                    if inside:
                        break
                    now = part[e]
                ax, ay, bx, by = ends[e, 0], ends[e, 1], ends[e, 2], ends[e, 3]
                if (ay > py and by > py) or (ay < py and by < py):
                    continue
                side = cross(ax, ay, bx, by, px, py)
                if side == 0.0 and min(ax, bx) <= px <= max(ax, bx) and min(ay, by) <= py <= max(ay, by):
                    covers = True
                    break
                if (ay <= py and py < by and side > 0.0) or (by <= py and py < ay and side < 0.0):
                    inside = not inside
            if covers or inside:
                found[number] = p
                number += 1
    return found[:number]
