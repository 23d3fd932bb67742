"""Areas as flat arrays of vertices, ready for arithmetic over whole columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.errors import NotAnAreaError

_POLYGON, _MULTIPOLYGON, _MISSING = 3, 6, -1


@dataclass(frozen=True, slots=True, eq=False)
class Rings:
    """The rings of A areas with P parts (polygons) and V vertices; the parts of an area lie side by side, in its order.

    `xy` (V, 2): vertices in degrees, ring after ring, each closed. An edge leads from vertex k to k + 1 unless `ends[k]`.
    `part_start` (P + 1): where each part's vertices begin. `part_area` (P): its area. `boxes` (P, 4): west, south, east, north.
    `area_start` (A + 1): where each area's parts begin; an area without place (missing or empty) has none.
    """

    xy: NDArray[np.float64]
    ends: NDArray[np.bool_]
    part_start: NDArray[np.int64]
    part_area: NDArray[np.int32]
    boxes: NDArray[np.float64]
    area_start: NDArray[np.int64]

    @property
    def parts(self) -> int:
        return len(self.part_area)

    @property
    def areas(self) -> int:
        return len(self.area_start) - 1


def flatten(areas: Sequence[BaseGeometry | None] | NDArray[Any]) -> Rings:
    """The `Rings` of `areas`: polygons and multipolygons in degrees (a third ordinate is dropped); `None` and empty ones have no
    place. Raises `NotAnAreaError` with the position of the first that is something else or has a coordinate that is not finite.
    """
    shapes: NDArray[Any] = np.empty(len(areas), dtype=object)
    shapes[:] = areas
    kinds = shapely.get_type_id(shapes)
    wrong = ~np.isin(kinds, (_POLYGON, _MULTIPOLYGON, _MISSING)) & ~shapely.is_empty(shapes)
    if wrong.any():
        raise NotAnAreaError(int(wrong.argmax()))
    parts, part_area = shapes, np.arange(len(shapes))
    if (kinds != _POLYGON).any():
        # Takes multipolygons apart and leaves out what is missing; copies every part, which is not cheap.
        parts, part_area = shapely.get_parts(shapes, return_index=True)
    occupied = ~shapely.is_empty(parts)
    parts, part_area = parts[occupied], part_area[occupied]

    xy = shapely.get_coordinates(parts)
    part_start = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(parts))])
    if not np.isfinite(xy).all():
        finite = np.isfinite(xy).all(axis=1)
        raise NotAnAreaError(int(part_area[np.searchsorted(part_start, finite.argmin(), side="right") - 1]))
    ends = np.zeros(len(xy), dtype=np.bool_)
    ends[part_start[1:] - 1] = True
    holed = np.flatnonzero(shapely.get_num_interior_rings(parts) > 0)
    if len(holed):
        rings, owner = shapely.get_rings(parts[holed], return_index=True)
        lengths = shapely.get_num_coordinates(rings)
        after = np.cumsum(lengths)
        first_of_part = (
            after[np.flatnonzero(np.diff(owner, prepend=-1))] - lengths[np.flatnonzero(np.diff(owner, prepend=-1))]
        )
        ends[part_start[holed][owner] + after - first_of_part[owner] - 1] = True
    return Rings(
        xy=np.ascontiguousarray(xy, dtype=np.float64),
        ends=ends,
        part_start=part_start.astype(np.int64),
        part_area=part_area.astype(np.int32),
        boxes=np.ascontiguousarray(shapely.bounds(parts), dtype=np.float64).reshape(-1, 4),
        area_start=np.searchsorted(part_area, np.arange(len(shapes) + 1)).astype(np.int64),
    )
