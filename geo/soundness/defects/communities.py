"""Communities that nobody owns, or that several teams own."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon

from geo.coverage.grid import multi, polygons
from geo.coverage.measure import area_m2
from geo.soundness.defects.kinds import COMMUNITY_SHARED, UNOWNED_COMMUNITY, Defect, gifts
from geo.soundness.defects.layer import Layer
from geo.soundness.limits import Thresholds


def community_defects(
    layer: Layer, communities: Mapping[str, MultiPolygon], branch: MultiPolygon | None, thresholds: Thresholds
) -> list[Defect]:
    """What is wrong with the owners of these communities, each taken as far as it lies in the branch.

    `layer` must hold all areas that touch them.
    """
    codes = sorted(communities)
    shapes = np.empty(len(codes), dtype=object)
    shapes[:] = [_sound(communities[code]) for code in codes]
    if branch is not None and len(codes):
        shapely.prepare(branch)
        for n in np.flatnonzero(~shapely.covers(branch, shapes)).tolist():
            shapes[n] = multi(polygons(shapely.intersection(shapes[n], branch)))
    whole = area_m2(shapes)
    owners = _owners(layer, shapes, whole)
    found: list[Defect] = []
    for n, code in enumerate(codes):
        least = max(thresholds.community_m2, thresholds.community_share * whole[n])
        if whole[n] < thresholds.community_m2:
            continue
        shares = sorted(
            ((size, other) for other, size in owners[n].items() if size >= least), key=lambda one: (-one[0], one[1])
        )
        told = [{"team_code": other, "share": round(float(size / whole[n]), 6)} for size, other in shares]
        if len(shares) > 1:
            found.append(
                Defect(
                    COMMUNITY_SHARED,
                    tuple(other for _, other in shares),
                    shapes[n],
                    area_m2=float(whole[n]),
                    community_codes=(code,),
                    details={"owners": told},
                    ways=gifts(other for _, other in shares),
                )
            )
        if whole[n] - sum(owners[n].values()) >= least:
            found += _unowned(layer, code, shapes[n], float(whole[n]), least, told)
    return found


def _sound(shape: MultiPolygon) -> MultiPolygon:
    if shape.is_valid:
        return shape
    return multi(polygons(shapely.make_valid(shape, method="structure", keep_collapsed=False)))


def _owners(layer: Layer, shapes: NDArray[Any], whole: NDArray[np.float64]) -> list[dict[str, float]]:
    """For each community the square metres that each area has of it."""
    owners: list[dict[str, float]] = [{} for _ in shapes]
    if not layer.codes or not len(shapes):
        return owners
    community, area = layer.tree.query(shapes)
    shapely.prepare(layer.sound[area])
    shapely.prepare(shapes)
    # Shares by square degrees are shares by square metres, as far as a community reaches.
    share = np.full(len(area), np.nan)
    share[shapely.covers(layer.sound[area], shapes[community])] = 1.0
    all_of_it = np.maximum(shapely.area(shapes), 1e-30)[community]
    inside = np.flatnonzero(np.isnan(share))
    inside = inside[shapely.covers(shapes[community[inside]], layer.sound[area[inside]])]
    share[inside] = shapely.area(layer.sound[area[inside]]) / all_of_it[inside]
    apart = np.flatnonzero(np.isnan(share))
    apart = apart[shapely.touches(shapes[community[apart]], layer.sound[area[apart]])]
    share[apart] = 0.0
    across = np.flatnonzero(np.isnan(share))
    common = shapely.intersection(shapes[community[across]], layer.sound[area[across]])
    share[across] = shapely.area(common) / all_of_it[across]
    sizes = share * whole[community]
    for n, position, size in zip(community.tolist(), area.tolist(), sizes.tolist(), strict=True):
        if size > 0.0:
            owners[n][layer.codes[position]] = size
    return owners


def _unowned(
    layer: Layer, code: str, shape: MultiPolygon, whole: float, least: float, told: list[dict[str, object]]
) -> list[Defect]:
    near = layer.sound[layer.tree.query(shape)]
    free = multi(polygons(shapely.difference(shape, shapely.union_all(near)) if len(near) else shape))
    size = float(area_m2(free)[0])
    if size < least:
        return []
    (borders,) = layer.borders([free])
    teams = list(dict.fromkeys([*(str(one["team_code"]) for one in told), *(other for other, _ in borders)]))
    return [
        Defect(
            UNOWNED_COMMUNITY,
            tuple(str(one["team_code"]) for one in told),
            free,
            area_m2=size,
            community_codes=(code,),
            details={"share": round(size / whole, 6), "owners": told},
            ways=gifts(teams),
        )
    ]
