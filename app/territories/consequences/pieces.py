"""The land that changes hands between two versions, piece by piece: overlays of what differs, for the map and for areas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from app.territories.consequences.owning import Change
from geo.cores import on_all_cores
from geo.coverage.measure import area_m2
from geo.points import Edges, changed_edges, crossings_at_most, edges_of

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


def land_of(
    changes: Sequence[Change], around: Mapping[str, BaseGeometry], differing: Sequence[Edges] | None = None
) -> Land:
    """The land of the changes; `around`: team → territory of those that do not change. Areas in CGCS2000 degrees, valid. `differing`: the
    edges in which each change differs, where they are known already.

    What each team loses is laid over what the others have. Whatever is left of it by area, or of what each gains, was or will be
    nobody's, and only then is it cut out.
    """
    codes = [change.team_code for change in changes]
    before = _filled([change.before for change in changes])
    after = _filled([change.after for change in changes])
    before_m2, after_m2 = _sizes(before), _sizes(after)

    def by_team(sizes: NDArray[np.float64]) -> dict[str, float]:
        return dict(zip(codes, sizes.tolist(), strict=True))

    if differing is None:
        edges = zip(edges_of(list(before)), edges_of(list(after)), strict=True)
        differing = [changed_edges(old, new) for old, new in edges]
    if _too_complex(differing, list(around.values())):
        return Land(by_team(before_m2), by_team(after_m2), None, None, None)
    others = _filled(list(around.values()))
    old, new = np.concatenate([before, others]), np.concatenate([after, others])
    owners = [*codes, *around]
    lost = on_all_cores(shapely.difference, before, after)
    lost_m2 = _sizes(lost)
    # What a team keeps is what it does not lose, so what it gains has to be cut out only where no other team gives it.
    gained_m2 = np.maximum(after_m2 - before_m2 + lost_m2, 0.0)
    giver, taker = _meeting(lost, new)
    pieces = on_all_cores(shapely.intersection, lost[giver], new[taker])
    pieces_m2 = _sizes(pieces)
    made = _pieces([codes[at] for at in giver.tolist()], [owners[at] for at in taker.tolist()], pieces, pieces_m2)
    short = _short(lost_m2, giver, pieces_m2)
    left = _left(lost[short], new)
    made += _pieces([codes[at] for at in short.tolist()], [None] * len(short), left, _sizes(left))
    short = _short(gained_m2, taker, pieces_m2)
    left = _left(on_all_cores(shapely.difference, after[short], before[short]), old)
    made += _pieces([None] * len(short), [codes[at] for at in short.tolist()], left, _sizes(left))
    made.sort(key=lambda piece: (-piece.area_m2, piece.from_team_code or "", piece.to_team_code or ""))
    return Land(by_team(before_m2), by_team(after_m2), by_team(gained_m2), by_team(lost_m2), tuple(made))


def _sizes(areas: Geometries) -> NDArray[np.float64]:
    return area_m2(areas) if len(areas) else np.empty(0)


def _filled(areas: Sequence[BaseGeometry | None]) -> Geometries:
    filled = np.empty(len(areas), dtype=object)
    filled[:] = [MultiPolygon() if area is None else area for area in areas]
    return filled


def _too_complex(differing: Sequence[Edges], around: Sequence[BaseGeometry]) -> bool:
    """Whether so many of the changed edges, and of those around them, may cross that the overlay has no bound worth waiting for."""
    edges = list(differing)
    changed = [each.ends for each in edges if len(each)]
    if around and changed:
        sides = [
            (ends[:, 0::2].min(), ends[:, 1::2].min(), ends[:, 0::2].max(), ends[:, 1::2].max()) for ends in changed
        ]
        _, near = shapely.STRtree(around).query(shapely.box(*np.array(sides).T))
        edges += edges_of([around[at] for at in np.unique(near).tolist()])
    most = CROSSINGS * sum(map(len, edges)) + MOST_CROSSINGS
    return crossings_at_most(edges, most) > most


def _meeting(lost: Geometries, new: Geometries) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of what a team loses and what another one has."""
    if not len(lost):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    giver, taker = shapely.STRtree(new).query(lost, predicate="intersects")
    apart = giver != taker
    return giver[apart], taker[apart]


def _short(
    areas_m2: NDArray[np.float64], number: NDArray[np.int64], pieces_m2: NDArray[np.float64]
) -> NDArray[np.int64]:
    """The areas of which the pieces do not account for all. `number`: which area each of the pieces, `pieces_m2` large, is a part of."""
    taken_m2 = np.bincount(number, pieces_m2, len(areas_m2))[: len(areas_m2)]
    return np.flatnonzero(np.abs(areas_m2 - taken_m2) >= LEAST_M2)


def _left(areas: Geometries, owners: Geometries) -> Geometries:
    """What of each area no owner has."""
    tree = shapely.STRtree(owners)

    def left(some: Geometries) -> Geometries:
        taken = [shapely.union_all(owners[tree.query(area, predicate="intersects")]) for area in some]
        return np.asarray(shapely.difference(some, _filled(taken)))

    return on_all_cores(left, areas)


def _pieces(
    old: Sequence[str | None], new: Sequence[str | None], shapes: Geometries, sizes: NDArray[np.float64]
) -> list[LandPiece]:
    large = np.flatnonzero(sizes >= LEAST_M2).tolist()
    return [LandPiece(old[at], new[at], _polygons(shapes[at]), float(sizes[at])) for at in large]


def _polygons(shape: BaseGeometry) -> MultiPolygon:
    """The polygons of an overlay's result; points and lines where areas only touched are left out."""
    if isinstance(shape, MultiPolygon):
        return shape
    if isinstance(shape, Polygon):
        return MultiPolygon([] if shape.is_empty else [shape])
    parts = shapely.get_parts(shapely.get_parts(shape))
    return MultiPolygon([part for part in parts if isinstance(part, Polygon) and not part.is_empty])
