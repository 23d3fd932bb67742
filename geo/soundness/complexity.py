"""How much work an overlay or a check would be, before it is begun: GEOS cannot be stopped once it runs.

The measure is the number of pairs of edges whose boxes cross. Every true crossing is among them, and the indexes inside GEOS compare
about as many pairs; so it bounds both the time and the vertices that can come of it.
"""

from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

_PAIRS_AT_A_TIME: Final = 1_000_000
"""Sixteen megabytes."""


def edges(shapes: Any) -> NDArray[np.float64]:
    """The edges of all rings and lines of the shapes: float64 (n, 2, 2), from and to."""
    parts = shapely.get_parts(np.atleast_1d(np.asarray(shapes, dtype=object)))
    while len(nested := np.flatnonzero(shapely.get_type_id(parts) >= 4)):
        parts = np.concatenate([np.delete(parts, nested), shapely.get_parts(parts[nested])])
    polygons = shapely.get_type_id(parts) == 3
    lines = np.concatenate([shapely.get_rings(parts[polygons]), parts[~polygons]])
    points, line = shapely.get_coordinates(lines, return_index=True)
    if len(points) < 2:
        return np.empty((0, 2, 2))
    both = np.stack([points[:-1], points[1:]], axis=1)
    inside: NDArray[np.float64] = both[line[1:] == line[:-1]]
    return inside


def box_crossings(first: Any, second: Any | None = None, *, most: int) -> int:
    """Pairs of edges, one of each shape (or shapes), whose boxes cross or touch; without `second` those within the first.

    Counting ends soon after `most`, so that asking costs little whatever the answer. Edges that follow each other in a ring count, too:
    about one for each vertex.
    """
    ours = edges(first)
    theirs = ours if second is None else edges(second)
    if not len(ours) or not len(theirs):
        return 0
    if second is not None and len(ours) > len(theirs):
        ours, theirs = theirs, ours
    if second is not None:
        # Only what lies in the other's box can meet it.
        ours, theirs = _within(ours, theirs), _within(theirs, ours)
        if not len(ours) or not len(theirs):
            return 0
    tree = shapely.STRtree(np.array(shapely.linestrings(theirs), dtype=object))
    asked = np.array(shapely.linestrings(ours), dtype=object)
    limit = 2 * most + len(ours) if second is None else most
    count, start = 0, 0
    width = max(1, min(4096, _PAIRS_AT_A_TIME // len(theirs)))
    while start < len(asked) and count <= limit:
        count += tree.query(asked[start : start + width]).shape[1]
        start += width
    return (count - min(start, len(ours))) // 2 if second is None else count


def _within(some: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = others.min(axis=(0, 1)), others.max(axis=(0, 1))
    meets = ((some.max(axis=1) >= low) & (some.min(axis=1) <= high)).all(axis=1)
    reaching: NDArray[np.float64] = some[meets]
    return reaching
