"""From areas to a graph: which units border on which, for how long, and over which of their borders no district may reach."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.districting.problem import NOBODY, Flags, Ints, Owners

DEGREE_M = 111_320.0
"""Metres in a degree of longitude at the equator; a degree of latitude is 0.5 % shorter or longer, which a border's weight does not feel."""

NEAR_M = 2.0
"""Borders no farther apart than this are one: files of different sources do not meet to the centimetre."""

LEAST_M = 20.0
"""A shorter common border is a corner: nobody gets from one unit to the other there."""

BESIDE_M = 60.0
"""A bar this close to a border runs along it: rivers are drawn by their middle, borders by a bank."""


@dataclass(frozen=True, eq=False)
class Borders:
    """Of n areas: `edges` (e, 2) with the lower index first, in order; `lengths` (e,) decimetres; `barred` (e,); `areas` (n,) square
    decimetres and `perimeters` (n,) decimetres. An edge of length 0 joins what lies apart."""

    edges: Owners
    lengths: Ints
    barred: Flags
    areas: NDArray[np.float64]
    perimeters: NDArray[np.float64]


def borders(
    areas: Sequence[BaseGeometry],
    *,
    present: Owners | None = None,
    bars: Sequence[BaseGeometry] = (),
) -> Borders:
    """The graph of polygons in CGCS2000 degrees. `bars`: lines or areas (rivers, railways) over which no district may reach.

    A bar shuts the border between two units when at least half of that border runs along it, or when it lies between their insides.
    `present` (n,): a part of the map that borders on nothing is joined to the nearest unit of the same district, or, if nobody has it,
    to the nearest unit; not over a bar.
    """
    shapes = np.array(areas, dtype=object)
    plane = shapely.transform(shapes, _to_metres(shapes))
    rims = shapely.boundary(plane)
    pairs = _neighbours(plane)
    one, other = pairs[:, 0], pairs[:, 1]
    common = shapely.intersection(rims[one], shapely.buffer(plane[other], NEAR_M, quad_segs=2))
    metres = shapely.length(common)
    kept = metres >= LEAST_M
    pairs, common, metres = pairs[kept], common[kept], metres[kept]
    insides = shapely.point_on_surface(plane)
    lines = shapely.transform(np.array(bars, dtype=object), _to_metres(shapes)) if len(bars) else np.array([])
    barred = _barred(pairs, common, metres, insides, lines)
    if present is not None:
        joints = _joints(plane, pairs, present)
        if len(joints):
            none = np.zeros(len(joints))
            shut = _barred(joints, np.full(len(joints), shapely.LineString()), none, insides, lines)
            pairs, metres = np.concatenate([pairs, joints]), np.concatenate([metres, none])
            barred = np.concatenate([barred, shut])
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return Borders(
        pairs[order].astype(np.int32),
        np.round(metres[order] * 10).astype(np.int64),
        barred[order],
        shapely.area(plane) * 100,
        shapely.length(rims) * 10,
    )


def _to_metres(shapes: NDArray[np.object_]) -> "_Plane":
    west, south, east, north = shapely.total_bounds(shapes)
    return _Plane(float(west + east) / 2, float(south + north) / 2)


@dataclass(frozen=True)
class _Plane:
    """Metres east and north of a middle."""

    lon: float
    lat: float

    def __call__(self, degrees: NDArray[np.float64]) -> NDArray[np.float64]:
        east = (degrees[:, 0] - self.lon) * np.cos(np.radians(self.lat))
        return np.asarray(np.column_stack([east, degrees[:, 1] - self.lat]) * DEGREE_M)


def _neighbours(plane: NDArray[np.object_]) -> NDArray[np.int64]:
    tree = shapely.STRtree(plane)
    found = tree.query(plane, predicate="dwithin", distance=NEAR_M).T
    return np.asarray(found[found[:, 0] < found[:, 1]], dtype=np.int64)


def _barred(
    pairs: NDArray[np.int64],
    common: NDArray[np.object_],
    metres: NDArray[np.float64],
    insides: NDArray[np.object_],
    bars: NDArray[np.object_],
) -> Flags:
    if not len(bars) or not len(pairs):
        return np.zeros(len(pairs), np.bool_)
    lines = shapely.union_all([bar if bar.geom_type.endswith("LineString") else bar.boundary for bar in bars])
    bodies = shapely.union_all([bar for bar in bars if bar.geom_type.endswith("Polygon")])
    beside = shapely.buffer(shapely.union_all(bars), BESIDE_M)
    along = shapely.length(shapely.intersection(common, beside))
    ways = shapely.linestrings(np.stack([shapely.get_coordinates(insides[pairs[:, k]]) for k in (0, 1)], axis=1))
    crossings = shapely.get_num_geometries(shapely.intersection(ways, lines))
    between = (crossings % 2 == 1) & shapely.crosses(ways, lines)
    if not shapely.is_empty(bodies):
        # A way through a body of water leaves it again: two crossings of its banks are one of the river.
        wet = shapely.length(shapely.intersection(ways, bodies)) > 0
        dry = ~shapely.contains(bodies, insides)
        between = np.where(wet, dry[pairs[:, 0]] & dry[pairs[:, 1]], between)
    return np.asarray(((metres > 0) & (along * 2 >= metres)) | between, dtype=np.bool_)


def _joints(plane: NDArray[np.object_], pairs: NDArray[np.int64], present: Owners) -> NDArray[np.int64]:
    """Pairs that join parts of the map which border on nothing."""
    part = _parts(len(plane), pairs)
    count = int(part.max()) + 1
    if count == 1:
        return np.zeros((0, 2), np.int64)
    joints: set[tuple[int, int]] = set()
    for district in sorted(set(present.tolist()) - {NOBODY}):
        units = (present == district).nonzero()[0]
        groups = [units[part[units] == p] for p in sorted(set(part[units].tolist()))]
        for group in groups[1:]:
            joints.add(_closest(plane, group, groups[0]))
    owned = {int(part[unit]) for unit in (present != NOBODY).nonzero()[0]}
    largest = int(np.bincount(part).argmax())
    for lonely in range(count):
        if lonely not in owned and lonely != largest:
            joints.add(_closest(plane, (part == lonely).nonzero()[0], (part != lonely).nonzero()[0]))
    return np.array(sorted(joints), np.int64).reshape(-1, 2)


def _closest(plane: NDArray[np.object_], ones: NDArray[np.int64], others: NDArray[np.int64]) -> tuple[int, int]:
    at, near = shapely.STRtree(plane[others]).query_nearest(plane[ones], all_matches=False)
    distances = shapely.distance(plane[ones[at]], plane[others[near]])
    best = int(distances.argmin())
    a, b = int(ones[at[best]]), int(others[near[best]])
    return (a, b) if a < b else (b, a)


def _parts(n: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the number of the connected part of each, from 0 in the order of their lowest unit."""
    parent = list(range(n))

    def root(unit: int) -> int:
        while parent[unit] != unit:
            parent[unit] = parent[parent[unit]]
            unit = parent[unit]
        return unit

    for a, b in pairs.tolist():
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    roots = [root(unit) for unit in range(n)]
    number = {r: position for position, r in enumerate(sorted(set(roots)))}
    return np.array([number[r] for r in roots], np.int64)
