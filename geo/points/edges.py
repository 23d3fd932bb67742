"""The edges of areas as flat arrays, and those in which two areas differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.matching.rings import flatten

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Edges of an area, m of them: `ends` (m, 4) are ax, ay, bx, by in degrees; `part` (m) the part of the area, ascending."""

    ends: Floats
    part: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.part)


NOTHING = Edges(np.empty((0, 4)), np.empty(0, dtype=np.int32))


def edges_of(areas: Sequence[BaseGeometry | None]) -> list[Edges]:
    """The edges of each area; `None` and empty ones have none. Raises `NotAnAreaError` as `geo.matching` does."""
    rings = flatten(areas)
    first = np.flatnonzero(~rings.ends)
    ends = np.column_stack([rings.xy[first], rings.xy[first + 1]]) if len(first) else np.empty((0, 4))
    part = (np.searchsorted(rings.part_start, first, side="right") - 1).astype(np.int32)
    cuts = np.searchsorted(part, rings.area_start)
    return [Edges(ends[a:b], part[a:b]) for a, b in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)]


def changed_edges(before: Edges, after: Edges) -> Edges:
    """The edges that an odd number of times stand in `before` and `after` together, whatever their direction, as one part.

    A ray crosses the border of `before` and that of `after` together an odd number of times exactly if it so crosses these edges:
    what they have in common is crossed twice. So a point that is inside one of the two areas alone has odd parity against them, and
    a point off them with even parity is as it was. Nothing is computed of the coordinates, so this is exact.
    """
    ends = np.concatenate([before.ends, after.ends])
    if not len(ends):
        return NOTHING
    backwards = (ends[:, 0] > ends[:, 2]) | ((ends[:, 0] == ends[:, 2]) & (ends[:, 1] > ends[:, 3]))
    ends = np.where(backwards[:, None], ends[:, [2, 3, 0, 1]], ends) + 0.0  # one nought, not two
    # Equal edges come to lie side by side. Different ones of the same number may part equal ones: these then stay, in pairs,
    # which changes no parity.
    number = _number(ends)
    order = np.argsort(number, kind="stable")
    ends = ends[order]
    new = np.ones(len(ends), dtype=np.bool_)
    new[1:] = (ends[1:] != ends[:-1]).any(axis=1)
    starts = np.flatnonzero(new)
    odd = np.diff(np.append(starts, len(ends))) % 2 == 1
    kept = ends[starts[odd]]
    return Edges(np.ascontiguousarray(kept), np.zeros(len(kept), dtype=np.int32))


def _number(ends: Floats) -> NDArray[np.uint64]:
    """64 bits of each edge (Steele, Lea and Flood 2014, the finaliser of SplitMix64, over the bits of the coordinates)."""
    bits = np.ascontiguousarray(ends).view(np.uint64)
    number = np.zeros(len(ends), dtype=np.uint64)
    for column in range(4):
        mixed = number + bits[:, column] + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        number = mixed ^ (mixed >> np.uint64(31))
    return number


def crossings_at_most(edges: Sequence[Edges], most: int) -> int:
    """How many pairs of edges may cross, by their boxes: a bound of what an overlay has to work through; counted up to `most`."""
    from geo.points.kernels import meeting_boxes  # Numba takes half a second to import

    ends = np.concatenate([np.empty((0, 4)), *(each.ends for each in edges)])
    west, east = np.minimum(ends[:, 0], ends[:, 2]), np.maximum(ends[:, 0], ends[:, 2])
    south, north = np.minimum(ends[:, 1], ends[:, 3]), np.maximum(ends[:, 1], ends[:, 3])
    order = np.argsort(west, kind="stable")
    return int(meeting_boxes(np.column_stack([west, south, east, north])[order], most))
