"""Compiled: vertices where borders touch or cross, so that whatever lies on one another is one line.

Areas as people draw them do not always meet vertex to vertex: a corner lies in the middle of a neighbour's edge, or areas overlap.
"""

from typing import Any

import numpy as np
from numba.extending import register_jitable
from numpy.typing import NDArray

from geo.simplifying.cells import (
    frame_of,
    pairs_numbered,
    points_in_cells,
    rows_of_segment,
    segments_in_cells,
)
from geo.simplifying.compiling import compiled

Ints = NDArray[np.int64]

REACH = 2
"""A vertex within so many millimetres of an edge lies on it: what rounding to the grid can move it by, and a little."""

FARTHEST = 2**30
"""Differences of coordinates that are multiplied; beyond it (1,000 km) their products would not fit 64 bits."""


@register_jitable
def turn(ax: int, ay: int, bx: int, by: int, cx: int, cy: int) -> int:
    """Twice the area of a triangle, positive if it turns left. Exact for extents of up to `FARTHEST`."""
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)


@register_jitable
def _far(ax: int, ay: int, bx: int, by: int) -> bool:
    return abs(bx - ax) >= FARTHEST or abs(by - ay) >= FARTHEST


@register_jitable
def _lies_on(px: int, py: int, ax: int, ay: int, bx: int, by: int) -> float:
    """How far along the segment a point that lies on it is, from 0 to 1; -1 if it does not."""
    dx, dy = float(bx - ax), float(by - ay)
    along = float(px - ax) * dx + float(py - ay) * dy
    length = dx * dx + dy * dy
    if along <= 0.0 or along >= length:
        return -1.0
    across = float(px - ax) * dy - float(py - ay) * dx
    if across * across > float(REACH * REACH) * length:
        return -1.0
    return along / length


@compiled
def added(points: Ints, segments: Ints) -> tuple[Ints, NDArray[np.float64], Ints]:
    """The vertices that segments lack: (segment, how far along it, x and y), in no order.

    `points`: different vertices. `segments`: pairs of their numbers, each pair once, in whatever order.
    """
    west, south, side, nx, ny = frame_of(points)
    starts, listed = points_in_cells(points, west, south, side, nx, ny)
    crossing_starts, crossing = segments_in_cells(points, segments, west, south, side, nx, ny)
    of: list[Any] = [np.int64(0) for _ in range(0)]
    along: list[Any] = [np.float64(0) for _ in range(0)]
    place: list[Any] = [(np.int64(0), np.int64(0)) for _ in range(0)]
    for at in range(len(segments)):
        a, b = segments[at, 0], segments[at, 1]
        if points[a, 0] > points[b, 0] or (points[a, 0] == points[b, 0] and points[a, 1] > points[b, 1]):
            a, b = b, a
        ax, ay, bx, by = points[a, 0], points[a, 1], points[b, 0], points[b, 1]
        if _far(ax, ay, bx, by):
            continue
        first_column = max((ax - REACH - west) // side, 0)
        last_column = min((bx + REACH - west) // side, nx - 1)
        for column in range(first_column, last_column + 1):
            first, last = rows_of_segment(ax, ay, bx, by, column, west, south, side, ny, REACH)
            for cell in range(column * ny + first, column * ny + last + 1):
                for entry in range(starts[cell], starts[cell + 1]):
                    p = listed[entry]
                    if p == a or p == b:  # noqa: SIM109 (machine code)
                        continue
                    t = _lies_on(points[p, 0], points[p, 1], ax, ay, bx, by)
                    if t > 0.0:
                        of.append(at)
                        along.append(t if a == segments[at, 0] else 1.0 - t)
                        place.append((points[p, 0], points[p, 1]))
                for entry in range(crossing_starts[cell], crossing_starts[cell + 1]):
                    other = crossing[entry]
                    if other <= at:
                        continue
                    c, d = segments[other, 0], segments[other, 1]
                    if c == a or c == b or d == a or d == b:  # noqa: SIM109
                        continue
                    if points[c, 0] > points[d, 0] or (points[c, 0] == points[d, 0] and points[c, 1] > points[d, 1]):
                        c, d = d, c
                    cx, cy, dx, dy = points[c, 0], points[c, 1], points[d, 0], points[d, 1]
                    if max(ax, cx) > min(bx, dx) or max(min(ay, by), min(cy, dy)) > min(max(ay, by), max(cy, dy)):
                        continue
                    if _far(cx, cy, dx, dy) or _far(ax, ay, cx, cy) or _far(ax, ay, dx, dy):
                        continue
                    c_side, d_side = turn(ax, ay, bx, by, cx, cy), turn(ax, ay, bx, by, dx, dy)
                    a_side, b_side = turn(cx, cy, dx, dy, ax, ay), turn(cx, cy, dx, dy, bx, by)
                    if not (((c_side > 0) != (d_side > 0)) and ((a_side > 0) != (b_side > 0))):
                        continue
                    if c_side == 0 or d_side == 0 or a_side == 0 or b_side == 0:
                        continue  # a vertex on the line, met above
                    # Computed from the smaller end of the smaller segment: whichever of the two is looked at first, the same point.
                    if (ax, ay, bx, by) <= (cx, cy, dx, dy):
                        t = float(a_side) / float(a_side - b_side)
                        x = ax + np.int64(np.rint(t * float(bx - ax)))
                        y = ay + np.int64(np.rint(t * float(by - ay)))
                    else:
                        t = float(c_side) / float(c_side - d_side)
                        x = cx + np.int64(np.rint(t * float(dx - cx)))
                        y = cy + np.int64(np.rint(t * float(dy - cy)))
                    ta = float(a_side) / float(a_side - b_side)
                    tc = float(c_side) / float(c_side - d_side)
                    if not ((x == ax and y == ay) or (x == bx and y == by)):
                        of.append(at)
                        along.append(ta if a == segments[at, 0] else 1.0 - ta)
                        place.append((x, y))
                    if not ((x == cx and y == cy) or (x == dx and y == dy)):
                        of.append(other)
                        along.append(tc if c == segments[other, 0] else 1.0 - tc)
                        place.append((x, y))
    n = len(of)
    found = np.empty(n, dtype=np.int64)
    how_far = np.empty(n, dtype=np.float64)
    where = np.empty((n, 2), dtype=np.int64)
    for at in range(n):
        found[at] = of[at]
        how_far[at] = along[at]
        where[at, 0], where[at, 1] = place[at]
    return found, how_far, where


@compiled
def numbered(xy: Ints, rings: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """(vertex of each place in the rings, the different vertices, segment from each place to the next, the different segments).

    A segment is a pair of vertices, the one that sorts first in front.
    """
    vertex, points = pairs_numbered(xy)
    ends = np.empty_like(xy)
    for ring in range(len(rings) - 1):
        first, last = rings[ring], rings[ring + 1]
        for at in range(first, last):
            following = first if at + 1 == last else at + 1
            ends[at, 0] = min(vertex[at], vertex[following])
            ends[at, 1] = max(vertex[at], vertex[following])
    segment, segments = pairs_numbered(ends)
    return vertex, points, segment, segments


@compiled
def inserted(
    xy: Ints, rings: Ints, vertex: Ints, segment: Ints, segments: Ints, starts: Ints, where: Ints
) -> tuple[Ints, Ints]:
    """The rings with the added vertices, which are sorted by segment and along it; `starts`: where each segment's begin."""
    more = 0
    for at in range(len(xy)):
        more += starts[segment[at] + 1] - starts[segment[at]]
    out = np.empty((len(xy) + more, 2), dtype=np.int64)
    out_rings = np.zeros_like(rings)
    n = 0
    for ring in range(len(rings) - 1):
        for at in range(rings[ring], rings[ring + 1]):
            out[n] = xy[at]
            n += 1
            first, last = starts[segment[at]], starts[segment[at] + 1]
            forward = segments[segment[at], 0] == vertex[at]
            for step in range(last - first):
                p = where[first + step] if forward else where[last - 1 - step]
                if p[0] != out[n - 1, 0] or p[1] != out[n - 1, 1]:
                    out[n] = p
                    n += 1
        out_rings[ring + 1] = n
    return out[:n].copy(), out_rings


MOST_AT_A_VERTEX = 6
"""Areas that are told to touch one another at one vertex; a seventh only touches the first six."""


@compiled
def touching(vertex: Ints, starts: Ints, vertices: int) -> Ints:
    """Pairs of areas, the lower number first, that have a vertex in common. `starts`: where each area's places begin in `vertex`."""
    there = np.full((vertices, MOST_AT_A_VERTEX), -1, dtype=np.int64)
    # Along a border it is the same pair again and again: most repetitions are seen by looking at the one before.
    count = 0
    for counting in range(2):
        if counting == 0:
            pairs = np.empty((1, 2), dtype=np.int64)
        else:
            pairs = np.empty((count, 2), dtype=np.int64)
            there[:] = -1
        count = 0
        last_a = last_b = np.int64(-1)
        for area in range(len(starts) - 1):
            for at in range(starts[area], starts[area + 1]):
                me = vertex[at]
                for slot in range(MOST_AT_A_VERTEX):
                    other = there[me, slot]
                    if other == area:
                        break
                    if other < 0:
                        there[me, slot] = area
                        break
                    if other != last_a or area != last_b:
                        if counting == 1:
                            pairs[count, 0] = other
                            pairs[count, 1] = area
                        count += 1
                        last_a, last_b = other, np.int64(area)
    _, different = pairs_numbered(pairs)
    return different
