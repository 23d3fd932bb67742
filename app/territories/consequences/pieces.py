"""The land that changes hands between two versions, piece by piece: overlays of what differs, for the map and for areas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from app.territories.consequences.owning import Change
from geo.coverage.measure import area_m2
from geo.points import changed_edges, edges_of

Geometries = NDArray[Any]

LEAST_M2: Final = 1.0
"""What is smaller is a trace of rounding and no land."""

CROSSINGS: Final = 40
MOST_CROSSINGS: Final = 100_000
"""Boxes of changed edges that meet, for each changed edge and beyond that: of more the overlay could take minutes (two combs)."""


@dataclass(frozen=True, slots=True)
class LandPiece:
    """Land that goes from a team to a team; None: nobody. `area`: CGCS2000 degrees."""

    from_team_code: str | None
    to_team_code: str | None
    area: MultiPolygon
    area_m2: float


@dataclass(frozen=True, slots=True)
class Land:
    """By team, in m²: what it had, has, gains and loses; and the pieces. The last three are None where the borders are too complex to be
    laid over each other."""

    before_m2: Mapping[str, float]
    after_m2: Mapping[str, float]
    gained_m2: Mapping[str, float] | None
    lost_m2: Mapping[str, float] | None
    pieces: tuple[LandPiece, ...] | None


def land_of(changes: Sequence[Change], around: Mapping[str, BaseGeometry]) -> Land:
    """The land of the changes; `around`: team → territory of those that do not change. Areas in CGCS2000 degrees, valid."""
    codes = [change.team_code for change in changes]
    before = _filled([change.before for change in changes])
    after = _filled([change.after for change in changes])
    if _too_complex(before, after):
        return Land(_sizes(codes, before), _sizes(codes, after), None, None, None)
    lost, gained = shapely.difference(before, after), shapely.difference(after, before)
    others = _filled(list(around.values()))
    pieces = [
        *_given(codes, lost, [*codes, *around], np.concatenate([after, others])),
        *_unowned(codes, gained, np.concatenate([before, others])),
    ]
    pieces.sort(key=lambda piece: (-piece.area_m2, piece.from_team_code or "", piece.to_team_code or ""))
    return Land(_sizes(codes, before), _sizes(codes, after), _sizes(codes, gained), _sizes(codes, lost), tuple(pieces))


def _sizes(codes: Sequence[str], areas: Geometries) -> dict[str, float]:
    return dict(zip(codes, area_m2(areas).tolist(), strict=True)) if len(areas) else {}


def _filled(areas: Sequence[BaseGeometry | None]) -> Geometries:
    filled = np.empty(len(areas), dtype=object)
    filled[:] = [MultiPolygon() if area is None else area for area in areas]
    return filled


def _too_complex(before: Geometries, after: Geometries) -> bool:
    """Whether so many of the changed edges may cross that the overlay has no bound worth waiting for."""
    edges = [
        changed_edges(old, new).ends for old, new in zip(edges_of(list(before)), edges_of(list(after)), strict=True)
    ]
    ends = np.concatenate([np.empty((0, 4)), *edges])
    if len(ends) < 500:
        return False
    boxes = shapely.box(
        np.minimum(ends[:, 0], ends[:, 2]),
        np.minimum(ends[:, 1], ends[:, 3]),
        np.maximum(ends[:, 0], ends[:, 2]),
        np.maximum(ends[:, 1], ends[:, 3]),
    )
    tree = shapely.STRtree(boxes)
    most = CROSSINGS * len(ends) + MOST_CROSSINGS
    pairs = 0
    for some in np.array_split(boxes, max(1, len(boxes) // 1_000)):
        pairs += tree.query(some).shape[1]
        if pairs > most:
            return True
    return False


def _given(codes: Sequence[str], lost: Geometries, owners: Sequence[str], owned: Geometries) -> Sequence[LandPiece]:
    """What the teams lose, piece by piece to whoever owns it afterwards, or to nobody."""
    giver, taker = shapely.STRtree(owned).query(lost, predicate="intersects")
    pieces = shapely.intersection(lost[giver], owned[taker])
    left = _left(lost, giver, owned[taker])
    return _made(
        [*(codes[at] for at in giver.tolist()), *codes],
        [*(owners[at] for at in taker.tolist()), *([None] * len(codes))],
        [*pieces, *left],
    )


def _unowned(codes: Sequence[str], gained: Geometries, owned: Geometries) -> Sequence[LandPiece]:
    """What the teams gain of land that nobody owned."""
    taker, owner = shapely.STRtree(owned).query(gained, predicate="intersects")
    return _made([None] * len(codes), list(codes), _left(gained, taker, owned[owner]))


def _left(areas: Geometries, number: NDArray[np.int64], taken: Geometries) -> list[BaseGeometry]:
    """Each area without what is taken of it; `number`: which area each of `taken` meets."""
    order = np.argsort(number, kind="stable")
    number, taken = number[order], taken[order]
    starts = np.searchsorted(number, np.arange(len(areas) + 1))
    return [
        shapely.difference(area, shapely.union_all(taken[a:b])) if b > a else area
        for area, a, b in zip(areas, starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    ]


def _made(old: Sequence[str | None], new: Sequence[str | None], shapes: Sequence[BaseGeometry]) -> Sequence[LandPiece]:
    areas = _filled([_polygons(shape) for shape in shapes])
    sizes = area_m2(areas).tolist() if len(areas) else []
    return [
        LandPiece(giver, taker, area, size)
        for giver, taker, area, size in zip(old, new, areas, sizes, strict=True)
        if size >= LEAST_M2 and giver != taker
    ]


def _polygons(shape: BaseGeometry) -> MultiPolygon:
    """The polygons of an overlay's result; points and lines where areas only touched are left out."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    return MultiPolygon([part for part in parts if part.geom_type == "Polygon"])
