"""Land of an area that lies outside of its branch."""

import numpy as np
import shapely
from shapely import MultiPolygon

from geo.coverage.grid import multi, polygons
from geo.coverage.measure import area_m2
from geo.soundness.complexity import box_crossings
from geo.soundness.defects.kinds import CLIP, OUTSIDE_BRANCH, Defect, Way
from geo.soundness.defects.layer import Layer, Positions
from geo.soundness.errors import TooComplex
from geo.soundness.limits import Thresholds
from geo.soundness.measure import widths_m


def outside_branch(layer: Layer, of: Positions, branch: MultiPolygon | None, thresholds: Thresholds) -> list[Defect]:
    """For each area among `of` what lies outside of the branch. `details["tolerated"]`: it is nowhere wider than is tolerated."""
    if branch is None or not len(of):
        return []
    shapely.prepare(branch)
    beyond = of[~shapely.covers(branch, layer.sound[of])]
    found = []
    for position in beyond:
        area = layer.sound[position]
        if (
            shapely.get_num_coordinates(area) > 5_000
            and box_crossings(area, branch, most=thresholds.max_crossings) > thresholds.max_crossings
        ):
            raise TooComplex
        pieces = np.array(polygons(shapely.difference(area, branch)), dtype=object)
        if not len(pieces):
            continue
        widths = widths_m(pieces)
        kept = widths >= thresholds.noise_width_m
        if not kept.any():
            continue
        width = float(widths[kept].max())
        code = layer.codes[position]
        found.append(
            Defect(
                OUTSIDE_BRANCH,
                (code,),
                multi(pieces[kept]),
                area_m2=float(area_m2(pieces[kept]).sum()),
                details={"width_m": round(width, 3), "tolerated": width <= thresholds.outside_tolerance_m},
                ways=(Way(CLIP, code),),
            )
        )
    return found
