"""Defects that an area has by itself: rings that cross themselves, too many or repeated vertices, parts apart from the rest."""

import re

import numpy as np
import shapely
from shapely import MultiPoint, Point
from shapely.geometry.base import BaseGeometry

from geo.coverage.grid import polygons
from geo.coverage.measure import area_m2, vertices
from geo.soundness.defects.kinds import (
    DISCONNECTED_PART,
    DROP_DUPLICATES,
    DUPLICATED_VERTEX,
    INVALID_RING,
    MEND,
    PART,
    SLIVER,
    TOO_MANY_VERTICES,
    Defect,
    Way,
    gifts,
)
from geo.soundness.defects.layer import Layer, Positions
from geo.soundness.limits import Thresholds
from geo.soundness.measure import may_be_narrower, widths_m

_PLACE = re.compile(r"\[(-?[\d.eE+-]+) (-?[\d.eE+-]+)\]")
_MOST_POINTS = 1000


def invalid_rings(layer: Layer, of: Positions) -> list[Defect]:
    """Areas whose rings cross or touch themselves; the place is where GEOS met it first."""
    found = []
    for position in of[~layer.valid[of]]:
        area = layer.areas[position]
        reason = shapely.is_valid_reason(area)
        at = _PLACE.search(reason)
        place: BaseGeometry = Point(float(at[1]), float(at[2])) if at else shapely.envelope(area)
        code = layer.codes[position]
        details = {"reason": reason.split("[")[0]}
        found.append(Defect(INVALID_RING, (code,), place, details=details, ways=(Way(MEND, code),)))
    return found


def vertex_defects(layer: Layer, of: Positions, thresholds: Thresholds) -> list[Defect]:
    """Areas with too many vertices, and with vertices that repeat the one before."""
    found = []
    areas = layer.areas[of]
    counts = vertices(areas) if len(areas) else np.zeros(0, dtype=np.int64)
    for position, count in zip(
        of[counts > thresholds.max_vertices], counts[counts > thresholds.max_vertices], strict=True
    ):
        place = shapely.point_on_surface(layer.sound[position])
        found.append(Defect(TOO_MANY_VERTICES, (layer.codes[position],), place, details={"vertices": int(count)}))
    parts, of_part = shapely.get_parts(areas, return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    points, of_point = shapely.get_coordinates(rings, return_index=True)
    same = (of_point[1:] == of_point[:-1]) & (points[1:] == points[:-1]).all(axis=1)
    if same.any():
        owner = of_part[of_ring[of_point[1:]]]
        for position in np.unique(owner[same]):
            at = np.unique(points[1:][same & (owner == position)], axis=0)
            code = layer.codes[of[position]]
            found.append(
                Defect(
                    DUPLICATED_VERTEX,
                    (code,),
                    MultiPoint(at[:_MOST_POINTS]),
                    details={"vertices": int((same & (owner == position)).sum())},
                    ways=(Way(DROP_DUPLICATES, code),),
                )
            )
    return found


def part_defects(layer: Layer, of: Positions, thresholds: Thresholds) -> list[Defect]:
    """Parts of an area apart from its largest, and slivers: narrow or tiny parts, or areas that are nothing else."""
    return [
        found
        for position, part, main in _candidates(layer, of, thresholds)
        if (found := part_defect(layer, layer.codes[position], part, thresholds, main=main)) is not None
    ]


def part_defect(
    layer: Layer, code: str, part: BaseGeometry, thresholds: Thresholds, *, main: bool = False
) -> Defect | None:
    """What is wrong with a part of an area; `main`: its largest, which is at most a sliver. `layer` must hold all that touch the part."""
    size, width = float(area_m2(part)[0]), float(widths_m([part])[0])
    sliver = width < thresholds.sliver_width_m or size < thresholds.sliver_area_m2
    if main and not sliver:
        return None
    (borders,) = layer.borders([part], without=(code,))
    return Defect(
        SLIVER if sliver else DISCONNECTED_PART,
        (code,),
        part,
        area_m2=size,
        details={
            **({"kind": PART} if sliver else {}),
            "width_m": round(width, 3),
            "borders": [{"team_code": other, "length_m": round(metres, 2)} for other, metres in borders],
        },
        ways=gifts(other for other, _ in borders),
    )


def _candidates(layer: Layer, of: Positions, thresholds: Thresholds) -> list[tuple[int, BaseGeometry, bool]]:
    """Position, part, and whether it is the largest of its area: all but largest parts that are surely no slivers."""
    areas = layer.sound[of]
    if not len(areas):
        return []
    alone = shapely.get_num_geometries(areas) == 1
    maybe = ~alone | may_be_narrower(areas, thresholds.sliver_width_m) | (shapely.area(areas) < 1e-8)
    listed: list[tuple[int, BaseGeometry, bool]] = []
    for position in of[maybe]:
        parts = sorted(polygons(layer.sound[position]), key=lambda part: part.area, reverse=True)
        listed += [(int(position), part, n == 0) for n, part in enumerate(parts)]
    return listed
