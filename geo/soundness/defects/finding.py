"""All defects of a coverage, or those around a change."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from geo.coverage.grid import multi, polygons
from geo.soundness.defects.communities import community_defects
from geo.soundness.defects.gaps import faces, gap_defects, gaps_near
from geo.soundness.defects.kinds import DISCONNECTED_PART, GAP, HOLE, PART, Defect
from geo.soundness.defects.layer import TOUCHING_DEG, Layer, Positions
from geo.soundness.defects.outside import outside_branch
from geo.soundness.defects.overlaps import overlaps
from geo.soundness.defects.rings import invalid_rings, part_defect, part_defects, vertex_defects
from geo.soundness.limits import Thresholds

Areas = Mapping[str, MultiPolygon]

THRESHOLDS: Final = Thresholds()
NO_COMMUNITIES: Final[Areas] = MappingProxyType({})


def defects(
    areas: Areas,
    *,
    branch: MultiPolygon | None = None,
    communities: Areas = NO_COMMUNITIES,
    thresholds: Thresholds = THRESHOLDS,
) -> list[Defect]:
    """Every defect of a coverage. All areas in CGCS2000 degrees: `areas` by team, `communities` by code, the branch's own.

    Raises `geo.soundness.errors.TooComplex` rather than run for minutes.
    """
    layer = Layer.of(areas)
    everything = layer.positions(None)
    found = faces(layer, branch, thresholds)
    return [
        *_of_areas(layer, everything, found.overlapping(layer, thresholds), branch, thresholds),
        *gap_defects(layer, found.gaps(thresholds), thresholds),
        *community_defects(layer, communities, branch, thresholds),
    ]


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What has to be looked at after a change.

    `areas`: at least the changed ones and all that touch what the changed codes had or have, or the communities. `before`: what each
    changed code had (None: nothing). `gaps`: the known pieces of nobody's land that touch what the changed codes had or have.
    `parts`: code and place of the known defects of parts of other areas that touch what the changed codes had or have; their neighbours
    may be others now. `communities`: those that the changed land touches.
    """

    areas: Areas
    before: Mapping[str, MultiPolygon | None]
    gaps: Sequence[BaseGeometry] = ()
    parts: Sequence[tuple[str, BaseGeometry]] = ()
    communities: Areas = field(default_factory=dict)
    branch: MultiPolygon | None = None


def defects_near(around: Neighbourhood, thresholds: Thresholds = THRESHOLDS) -> list[Defect]:
    """The defects that concern the changed codes (those of `around.before`), and the nobody's land in place of `around.gaps`.

    They replace: defects of an area, outside or overlap that name a changed code; `around.gaps`, `around.parts`; those of
    `around.communities`.
    The time depends on what is around, and on nothing else. Raises `geo.soundness.errors.TooComplex`.
    """
    layer = Layer.of(around.areas)
    if around.branch is not None:
        shapely.prepare(around.branch)
    of = layer.positions(around.before)
    parts = [part_defect(layer, code, part, thresholds) for code, part in around.parts]
    gaps = gaps_near(layer, around.before, around.before, around.gaps, around.branch, thresholds)
    return [
        *_of_areas(layer, of, of, around.branch, thresholds),
        *(part for part in parts if part is not None),
        *gap_defects(layer, gaps, thresholds),
        *community_defects(layer, around.communities, around.branch, thresholds),
    ]


def superseded(
    known: Sequence[Defect], touched: BaseGeometry, changed: Collection[str], communities: Collection[str]
) -> list[int]:
    """Positions of the known defects that `defects_near` finds anew after a change, if they are still there.

    `touched`: all that the changed codes had or have. `communities`: those of `Neighbourhood.communities`.
    """
    shapely.prepare(touched)
    near = shapely.dwithin(np.array([one.place for one in known], dtype=object), touched, TOUCHING_DEG)
    gone = []
    for position, (one, meets) in enumerate(zip(known, np.atleast_1d(near), strict=True)):
        if one.community_codes:
            stale = not set(one.community_codes).isdisjoint(communities)
        elif one.kind in (GAP, HOLE):
            stale = bool(meets)
        else:
            stale = not set(one.team_codes).isdisjoint(changed) or (
                one.kind in (PART, DISCONNECTED_PART) and bool(meets)
            )
        if stale:
            gone.append(position)
    return gone


def neighbourhood(
    areas: Areas,
    before: Mapping[str, MultiPolygon | None],
    known: Sequence[Defect],
    *,
    communities: Areas,
    branch: MultiPolygon | None,
) -> Neighbourhood:
    """What `defects_near` looks at, out of the known defects that are `superseded`."""
    return Neighbourhood(
        areas,
        before,
        [one.place for one in known if one.kind in (GAP, HOLE) and not one.community_codes],
        [
            (one.team_codes[0], one.place)
            for one in known
            if one.kind in (PART, DISCONNECTED_PART) and one.team_codes[0] not in before
        ],
        communities,
        branch,
    )


def changed_land(before: Mapping[str, MultiPolygon | None], after: Mapping[str, MultiPolygon | None]) -> MultiPolygon:
    """The land that a change gives or takes: what changed codes have now or had before, and not both."""
    lands = []
    for code, old in before.items():
        new = after.get(code)
        old_land = old if old is None or old.is_valid else shapely.make_valid(old, method="structure")
        new_land = new if new is None or new.is_valid else shapely.make_valid(new, method="structure")
        if old_land is None or new_land is None:
            lands += polygons(old_land or new_land)
        elif old_land is not new_land:
            lands += polygons(shapely.symmetric_difference(old_land, new_land))
    return multi(lands)


def _of_areas(
    layer: Layer, of: Positions, crossing: Positions, branch: MultiPolygon | None, thresholds: Thresholds
) -> list[Defect]:
    """Defects of the areas `of`; overlaps of `crossing` with any."""
    if not len(of):
        return []
    return [
        *invalid_rings(layer, of),
        *overlaps(layer, crossing, thresholds),
        *outside_branch(layer, of, branch, thresholds),
        *part_defects(layer, of, thresholds),
        *vertex_defects(layer, of, thresholds),
    ]
