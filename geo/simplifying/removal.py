"""Compiled: in which order vertices can go without any border touching another.

Visvalingam and Whyatt (1993): of a border between two nodes the vertex goes first whose triangle with its neighbours is smallest. It
may go only if no other vertex lies in that triangle, border included: no vertex that the own border has still, and no vertex that any
other border ever had. By that, borders that do not cross at first do not cross afterwards, although each is simplified by itself
(de Berg, van Kreveld and Schirra 1998): a line that crossed the new edge would have to enter and leave the triangle through it, with
a vertex inside. So what becomes of a border follows from its own vertices and those in its bounding box, and from nothing else.
"""

import heapq
from typing import Any

import numpy as np
from numba.extending import register_jitable
from numpy.typing import NDArray

from geo.simplifying.cells import frame_of, points_in_cells
from geo.simplifying.compiling import compiled
from geo.simplifying.noding import FARTHEST, turn

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@register_jitable
def nodes_of(vertex: Ints, rings: Ints, points: Ints) -> NDArray[np.bool_]:
    """Which vertices stay whatever happens: where other than two edges meet, and of a ring without any its first and last by place."""
    first_neighbour = np.full(len(points), -1, dtype=np.int64)
    second_neighbour = np.full(len(points), -1, dtype=np.int64)
    node = np.zeros(len(points), dtype=np.bool_)
    for ring in range(len(rings) - 1):
        first, last = rings[ring], rings[ring + 1]
        for at in range(first, last):
            me = vertex[at]
            before = vertex[last - 1 if at == first else at - 1]
            after = vertex[first if at + 1 == last else at + 1]
            for other in (before, after):
                if first_neighbour[me] < 0 or first_neighbour[me] == other:
                    first_neighbour[me] = other
                elif second_neighbour[me] < 0 or second_neighbour[me] == other:
                    second_neighbour[me] = other
                else:
                    node[me] = True
    for me in range(len(points)):
        if second_neighbour[me] < 0:
            node[me] = True
    for ring in range(len(rings) - 1):
        first, last = rings[ring], rings[ring + 1]
        least = most = vertex[first]
        has_node = False
        for at in range(first, last):
            me = vertex[at]
            # The two that a first ring has chosen are nodes to a second one along the same vertices: then it chooses no others.
            has_node = has_node or node[me]
            x, y = points[me, 0], points[me, 1]
            if x < points[least, 0] or (x == points[least, 0] and y < points[least, 1]):
                least = me
            if x > points[most, 0] or (x == points[most, 0] and y > points[most, 1]):
                most = me
        if not has_node:
            node[least] = node[most] = True
    return node


@register_jitable
def _is_within(px: int, py: int, ax: int, ay: int, bx: int, by: int, cx: int, cy: int) -> bool:
    """Whether a point lies in a triangle or on its border."""
    ab = turn(ax, ay, bx, by, px, py)
    bc = turn(bx, by, cx, cy, px, py)
    ca = turn(cx, cy, ax, ay, px, py)
    return (ab >= 0 and bc >= 0 and ca >= 0) or (ab <= 0 and bc <= 0 and ca <= 0)


@compiled
def vertex_ranks(vertex: Ints, rings: Ints, points: Ints) -> Floats:
    """For each vertex twice the triangle, in square millimetres, with which it goes; infinite for what never goes.

    What has a rank of at least t is what is left when triangles below t have gone, one after the other.
    """
    ranks = np.full(len(points), np.inf, dtype=np.float64)
    if len(points) == 0:
        return ranks
    node = nodes_of(vertex, rings, points)
    west, south, side, nx, ny = frame_of(points)
    starts, listed = points_in_cells(points, west, south, side, nx, ny)
    border = np.full(len(points), -1, dtype=np.int64)
    gone = np.zeros(len(points), dtype=np.bool_)
    n_borders = 0
    longest: Any = 0
    for ring in range(len(rings) - 1):
        longest = max(longest, rings[ring + 1] - rings[ring])
    line = np.empty(longest + 1, dtype=np.int64)
    before = np.empty(longest + 1, dtype=np.int64)
    after = np.empty(longest + 1, dtype=np.int64)
    stamp = np.empty(longest + 1, dtype=np.int64)
    for ring in range(len(rings) - 1):
        first, last = rings[ring], rings[ring + 1]
        size = last - first
        begin = -1
        for at in range(first, last):
            if node[vertex[at]]:
                begin = at - first
                break
        step = 0
        while step < size:
            # The border from this node to the next one round the ring.
            n = 0
            while True:
                line[n] = vertex[first + (begin + step + n) % size]
                n += 1
                if n > 1 and node[line[n - 1]]:
                    break
            step += n - 1
            if n < 3 or border[line[1]] >= 0:
                continue  # nothing between the nodes, or met before in the ring of a neighbour
            mine = n_borders
            n_borders += 1
            for k in range(1, n - 1):
                border[line[k]] = mine
            closed = line[0] == line[n - 1]
            left = n - 2
            heap: list[Any] = [(np.int64(0), np.int64(0), np.int64(0), np.int64(0), np.int64(0)) for _ in range(0)]
            for k in range(n):
                before[k], after[k], stamp[k] = k - 1, k + 1, 0
            for k in range(1, n - 1):
                a, b, c = line[k - 1], line[k], line[k + 1]
                heap.append((_triangle(points, a, b, c), points[b, 0], points[b, 1], k, np.int64(0)))
            heapq.heapify(heap)
            reached = 0.0
            while len(heap) > 0:
                area, _, _, k, stamped = heapq.heappop(heap)
                if stamped != stamp[k] or area < 0:
                    continue
                # A border that comes back to where it began keeps an inside.
                if closed and left <= 2:
                    break
                a, b, c = line[before[k]], line[k], line[after[k]]
                if not _is_free(points, a, b, c, mine, border, gone, starts, listed, west, south, side, nx, ny):
                    continue
                reached = max(reached, float(area))
                ranks[b] = reached
                gone[b] = True
                left -= 1
                stamp[k] += 1
                before[after[k]] = before[k]
                after[before[k]] = after[k]
                for other in (before[k], after[k]):
                    if 0 < other < n - 1:
                        stamp[other] += 1
                        p, q, r = line[before[other]], line[other], line[after[other]]
                        entry = (_triangle(points, p, q, r), points[q, 0], points[q, 1], other, stamp[other])
                        heapq.heappush(heap, entry)
    return ranks


@register_jitable
def _triangle(points: Ints, a: int, b: int, c: int) -> Any:
    """Twice the area; -1 for one too large to be computed."""
    ax, ay, bx, by, cx, cy = points[a, 0], points[a, 1], points[b, 0], points[b, 1], points[c, 0], points[c, 1]
    if max(abs(bx - ax), abs(by - ay), abs(cx - bx), abs(cy - by), abs(ax - cx), abs(ay - cy)) >= FARTHEST:
        return np.int64(-1)
    return abs(turn(ax, ay, bx, by, cx, cy))


@register_jitable
def _is_free(
    points: Ints,
    a: int,
    b: int,
    c: int,
    mine: int,
    border: Ints,
    gone: NDArray[np.bool_],
    starts: Ints,
    listed: Ints,
    west: int,
    south: int,
    side: int,
    nx: int,
    ny: int,
) -> bool:
    """Whether nothing lies in the triangle that vertex b makes with a and c."""
    if a == c:
        return False
    ax, ay, bx, by, cx, cy = points[a, 0], points[a, 1], points[b, 0], points[b, 1], points[c, 0], points[c, 1]
    low_x, high_x = min(ax, bx, cx), max(ax, bx, cx)
    low_y, high_y = min(ay, by, cy), max(ay, by, cy)
    for column in range((low_x - west) // side, (high_x - west) // side + 1):
        for cell in range(column * ny + (low_y - south) // side, column * ny + (high_y - south) // side + 1):
            for entry in range(starts[cell], starts[cell + 1]):
                p = listed[entry]
                if p == a or p == b or p == c or (gone[p] and border[p] == mine):  # noqa: SIM109
                    continue
                px, py = points[p, 0], points[p, 1]
                if px < low_x or px > high_x or py < low_y or py > high_y:
                    continue
                if _is_within(px, py, ax, ay, bx, by, cx, cy):
                    return False
    return True
