"""Areas that come from elsewhere, brought onto the grid as a coverage."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from geo.coverage.arrangement import arrange, sheet
from geo.coverage.grid import canonical, in_degrees, multi, polygons, snapped
from geo.coverage.transferring import Areas

PAIRS_OF_ALL: Final = 50_000_000


@dataclass(frozen=True)
class Settling:
    """What was done to one area: `rounded` vertices that were not on the grid, `shift_deg` the farthest that one moved,
    `vertices` it got from its neighbours, `repaired` whether a ring crossed itself, `parts_lost` narrower than the grid."""

    rounded: int
    shift_deg: float
    vertices: int
    repaired: bool
    parts_lost: int

    def __bool__(self) -> bool:
        return bool(self.rounded or self.vertices or self.repaired or self.parts_lost)


@dataclass(frozen=True)
class Settled:
    """`areas`: all areas, on the grid and noded; those that had nothing done to them are the same objects. `done`: code → what
    was done, of those that had."""

    areas: Mapping[str, MultiPolygon]
    done: Mapping[str, Settling]


def settle(areas: Mapping[str, BaseGeometry]) -> Settled:
    """Rounds vertices to the grid, and gives both sides of a border the same vertices: where a neighbour's corner lies on an edge,
    the edge gets a vertex. Nothing moves by more than a cell (1e-8 degree); overlaps and gaps wider than that stay.

    `areas`: code → Polygon or MultiPolygon in degrees. An area whose ring crosses itself is repaired first, by GEOS's `structure`
    method. An area narrower than the grid is left out, and named in `done`. Raises `TooComplex`.
    """
    rounded: dict[str, int] = {}
    shifts: dict[str, float] = {}
    repaired: set[str] = set()
    before: dict[str, MultiPolygon] = {}
    for code, area in areas.items():
        xy = shapely.get_coordinates(area)
        moved = np.abs(snapped(xy) - xy)
        rounded[code] = int((moved > 0).any(axis=1).sum())
        shifts[code] = float(moved.max(initial=0.0))
        whole = sheet({code: area})[code]
        if not area.is_valid:
            repaired.add(code)
        if not whole.is_valid:
            mended = shapely.make_valid(whole, method="structure", keep_collapsed=False)
            whole = multi(polygons(shapely.set_precision(mended, 1.0)))
        before[code] = whole
    made = arrange(before, [], unsettled=True, most_pairs=PAIRS_OF_ALL)
    after: dict[str, MultiPolygon] = {}
    done: dict[str, Settling] = {}
    for code, area in made.areas.items():
        old = areas[code]
        vertices = len(shapely.get_coordinates(area)) - len(shapely.get_coordinates(before[code]))
        lost = max(0, len(polygons(old)) - len(polygons(area)))
        report = Settling(rounded[code], shifts[code], max(0, vertices), code in repaired, lost)
        if report:
            done[code] = report
        if not area.is_empty:
            after[code] = canonical(in_degrees(area)) if report or not isinstance(old, MultiPolygon) else old
    return Settled(after, done)


def is_settled(areas: Areas) -> bool:
    """Whether areas are on the grid and noded: what every verb leaves behind if it was so before."""
    return not settle(areas).done
