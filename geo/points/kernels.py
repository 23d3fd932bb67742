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
    # Strips go from south to north: those that the box meets lie side by side.
    lowest, highest = 0, len(low)
    while lowest < highest:
        middle = (lowest + highest) // 2
        if high[middle] < south:
            lowest = middle + 1
        else:
            highest = middle
    highest = lowest
    while highest < len(low) and low[highest] <= north:
        highest += 1
    # Where the box begins and ends in each of them.
    first = np.zeros(highest - lowest, dtype=np.int64)
    last = np.zeros(highest - lowest, dtype=np.int64)
    most = 0
    for s in range(lowest, highest):
        a, b = start[s], start[s + 1]
        while a < b:
            middle = (a + b) // 2
            if x[middle] < west:
                a = middle + 1
            else:
                b = middle
        first[s - lowest] = a
        b = start[s + 1]
        while a < b:
            middle = (a + b) // 2
            if x[middle] <= east:
                a = middle + 1
            else:
                b = middle
        last[s - lowest] = a
        most += a - first[s - lowest]
    found = np.empty(most, dtype=np.int64)
    number = 0
    near = np.empty(edges, dtype=np.int64)
    for s in range(lowest, highest):
        if first[s - lowest] == last[s - lowest]:
            continue
        meeting = 0
        for e in range(edges):
            ay, by = ends[e, 1], ends[e, 3]
            if max(ay, by) >= low[s] and min(ay, by) <= high[s]:
                near[meeting] = e
                meeting += 1
        for p in range(first[s - lowest], last[s - lowest]):
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


@compiled
def meeting_boxes(boxes: NDArray[np.float64], most: int) -> Any:
    """How many pairs of boxes (n, 4: west, south, east, north), sorted by west, have a place in common; counted up to `most`.

    They are swept from west to east within strips of latitude about as high as a box: each box stands in some three of them.
    """
    count = len(boxes)
    pairs = 0
    if count < 2:
        return pairs
    bottom, top, heights = boxes[0, 1], boxes[0, 3], 0.0
    for b in range(count):
        bottom = min(bottom, boxes[b, 1])
        top = max(top, boxes[b, 3])
        heights += boxes[b, 3] - boxes[b, 1]
    strips = 1
    if heights > 0.0:
        strips = int(min(max((top - bottom) * count / heights, 1.0), float(count)))
    per_degree = strips / (top - bottom) if top > bottom else 0.0
    lowest = np.empty(count, dtype=np.int64)
    highest = np.empty(count, dtype=np.int64)
    start = np.zeros(strips + 2, dtype=np.int64)
    for b in range(count):
        lowest[b] = min(int((boxes[b, 1] - bottom) * per_degree), strips - 1)
        highest[b] = min(int((boxes[b, 3] - bottom) * per_degree), strips - 1)
        for s in range(lowest[b], highest[b] + 1):
            start[s + 2] += 1
    start = np.cumsum(start)
    standing = np.empty(start[-1], dtype=np.int64)
    for b in range(count):
        for s in range(lowest[b], highest[b] + 1):
            standing[start[s + 1]] = b
            start[s + 1] += 1
    for s in range(strips):
        for at in range(start[s], start[s + 1]):
            one = standing[at]
            for beside in range(at + 1, start[s + 1]):
                other = standing[beside]
                if boxes[other, 0] > boxes[one, 2]:
                    break
                # A pair counts in the lowest strip in which both stand.
                if max(lowest[one], lowest[other]) != s:
                    continue
                if boxes[other, 1] <= boxes[one, 3] and boxes[one, 1] <= boxes[other, 3]:
                    pairs += 1
            if pairs > most:
                return pairs
    return pairs
