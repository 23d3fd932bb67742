"""Snap rounding in whole numbers: gives segments that cross, or pass through another's vertex, a shared vertex on the grid.

A segment gets a vertex wherever another crosses it (at the nearest grid point) and wherever it passes through the cell around
another's vertex (the "hot pixels" of Hobby 1999, "Practical segment intersection with finite precision output"). A new vertex
bends the segment by up to half a cell, so that it may then pass through further cells: what was bent is looked at again until
nothing changes ("iterated snap rounding", Halperin and Packer 2002). Afterwards segments meet in shared vertices only, and
every other vertex is at least half a cell away. All decisions are exact: int64 holds the products of differences of up to ten degrees.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.coverage.errors import TooComplex
from geo.coverage.grid import Ints

LONGEST_CELLS: Final = 1_000_000_000
"""Ten degrees: no edge may be longer, or int64 would not hold the products."""
MOST_PAIRS: Final = 2_000_000
"""Pairs of nearby segments that are looked at in one round; two hostile combs of 2,000 teeth have 4,000,000."""
PAIRS_A_MEETING: Final = 40
"""So many pairs are allowed for each place where segments really meet: 50,000 places in one round, which take about a second."""
MOST_ROUNDS: Final = 60
_CHUNK: Final = 4096

Point = tuple[int, int]


def node(segments: Ints, fresh: NDArray[np.bool_], most_pairs: int = MOST_PAIRS) -> dict[int, list[Point]]:
    """(n, 4) segments in cells (x1, y1, x2, y2; none of length nought) → position of each segment that gets vertices → its
    points from end to end.

    `fresh`: (n,) which segments may meet others; those that are not fresh are known not to meet one another.
    Raises `TooComplex` for more than `most_pairs` pairs of neighbours, or an edge of more than ten degrees.
    """
    if len(segments) and int(np.abs(segments[:, 2:] - segments[:, :2]).max()) > LONGEST_CELLS:
        raise TooComplex
    chains: dict[int, list[Point]] = {}
    pieces, parent, asked = segments, np.arange(len(segments)), fresh
    for _ in range(MOST_ROUNDS):
        found = _meetings(pieces, asked, most_pairs)
        if not found:
            return chains
        changed: set[int] = set()
        for piece, points in found.items():
            x1, y1, x2, y2 = pieces[piece].tolist()
            of = int(parent[piece])
            changed.add(of)
            chain = chains.setdefault(of, [(x1, y1), (x2, y2)])
            at = _position(chain, (x1, y1), (x2, y2))
            dx, dy = x2 - x1, y2 - y1
            chain[at + 1 : at + 1] = sorted(points, key=lambda p: ((p[0] - x1) * dx + (p[1] - y1) * dy, p))
        keep = ~np.isin(parent, list(changed))
        links = [(of, *a, *b) for of in sorted(changed) for a, b in zip(chains[of], chains[of][1:], strict=False)]
        new = np.array(links, dtype=np.int64).reshape(-1, 5)
        pieces = np.concatenate([pieces[keep], new[:, 1:]])
        parent = np.concatenate([parent[keep], new[:, 0]])
        asked = np.zeros(len(pieces), dtype=np.bool_)
        asked[-len(new) :] = True
    raise TooComplex


def _position(chain: Sequence[Point], a: Point, b: Point) -> int:
    return next(k for k in range(len(chain) - 1) if chain[k] == a and chain[k + 1] == b)


def _meetings(pieces: Ints, asked: NDArray[np.bool_], most_pairs: int) -> dict[int, set[Point]]:
    """Position of a piece → the vertices that it must get."""
    ask = np.flatnonzero(asked)
    if not len(ask):
        return {}
    lines: Any = shapely.linestrings(pieces.reshape(-1, 2, 2).astype(np.float64))
    tree = shapely.STRtree(lines)
    found: dict[int, set[Point]] = {}
    pairs = 0
    for start in range(0, len(ask), _CHUNK):
        some = ask[start : start + _CHUNK]
        i, j = tree.query(tree.geometries[some])
        i = some[i]
        # A pair of two that are asked is found twice.
        once = (i != j) & ~(asked[j] & (j < i))
        i, j = i[once], j[once]
        pairs += len(i)
        if pairs > most_pairs:
            raise TooComplex
        _meet(pieces, i, j, found, most_pairs // PAIRS_A_MEETING)
    return found


def _meet(pieces: Ints, i: NDArray[np.intp], j: NDArray[np.intp], found: dict[int, set[Point]], most: int) -> None:
    a, b = pieces[i], pieces[j]
    hit = np.zeros(len(i), dtype=np.bool_)
    meetings = len(found)
    for segment, at, other in ((a, i, b), (b, j, a)):
        for end in (0, 2):
            x, y = other[:, end], other[:, end + 1]
            through = _passes(segment, x, y)
            hit |= through
            meetings += int(np.count_nonzero(through))
            if meetings > most:
                raise TooComplex
            for k in np.flatnonzero(through):
                found.setdefault(int(at[k]), set()).add((int(x[k]), int(y[k])))
    left = np.flatnonzero(~hit)
    a, b = a[left], b[left]
    crossing = (_sides(a, b) < 0) & (_sides(b, a) < 0)
    if meetings + np.count_nonzero(crossing) > most:
        raise TooComplex
    for k in np.flatnonzero(crossing):
        point = _crossing(a[k].tolist(), b[k].tolist())
        for segment, at in ((a[k], i), (b[k], j)):
            if point not in ((segment[0], segment[1]), (segment[2], segment[3])):
                found.setdefault(int(at[left[k]]), set()).add(point)


def _passes(segment: Ints, x: Ints, y: Ints) -> NDArray[np.bool_]:
    """Whether each segment runs through the open cell around a point that is not one of its ends.

    By the separating axes of a segment and a square: the point is in the segment's box, and the corners of its cell are not
    all on one side: |cross| < (|dx| + |dy|) / 2.
    """
    x1, y1, x2, y2 = segment.T
    dx, dy = x2 - x1, y2 - y1
    boxed = (
        (np.minimum(x1, x2) <= x) & (x <= np.maximum(x1, x2)) & (np.minimum(y1, y2) <= y) & (y <= np.maximum(y1, y2))
    )
    cross = dx * (y - y1) - dy * (x - x1)
    near = 2 * np.abs(cross) < np.abs(dx) + np.abs(dy)
    end = ((x == x1) & (y == y1)) | ((x == x2) & (y == y2))
    through: NDArray[np.bool_] = boxed & near & ~end
    return through


def _sides(a: Ints, b: Ints) -> Ints:
    """-1 where the ends of b lie strictly on two sides of the line of a, else 0 or 1."""
    x1, y1, x2, y2 = a.T
    dx, dy = x2 - x1, y2 - y1
    first = np.sign(dx * (b[:, 1] - y1) - dy * (b[:, 0] - x1))
    second = np.sign(dx * (b[:, 3] - y1) - dy * (b[:, 2] - x1))
    sides: Ints = first * second
    return sides


def _crossing(a: Sequence[int], b: Sequence[int]) -> Point:
    """The grid point nearest to where two segments cross, in whole numbers of any size."""
    ax, ay, bx, by = a
    cx, cy, dx, dy = b
    ux, uy, vx, vy = bx - ax, by - ay, dx - cx, dy - cy
    below = ux * vy - uy * vx
    along = (cx - ax) * vy - (cy - ay) * vx
    if below < 0:
        below, along = -below, -along
    return ax + (2 * along * ux + below) // (2 * below), ay + (2 * along * uy + below) // (2 * below)
