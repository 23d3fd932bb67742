"""Land that two areas both have."""

import numpy as np
import shapely

from geo.coverage.grid import multi, polygons
from geo.coverage.measure import area_m2
from geo.soundness.defects.kinds import OVERLAP, SLIVER, Defect, gifts
from geo.soundness.defects.layer import Layer, Positions
from geo.soundness.limits import Thresholds
from geo.soundness.measure import widths_m


def overlaps(layer: Layer, of: Positions, thresholds: Thresholds) -> list[Defect]:
    """Each pair of areas with land in common, at least one of them among `of`. What the grid's rounding makes is left out.

    A pair whose common land is nowhere wider than a sliver is a `SLIVER` of the kind `OVERLAP`. Raises `errors.TooComplex`.
    """
    found: list[Defect] = []
    if not len(of):
        return found
    first, second = layer.crossing_pairs(of, thresholds.max_crossings)
    common = shapely.intersection(layer.sound[first], layer.sound[second])
    for a, b, shape in zip(first, second, common, strict=True):
        pieces = np.array(polygons(shape), dtype=object)
        widths = widths_m(pieces) if len(pieces) else np.zeros(0)
        kept = widths >= thresholds.noise_width_m
        if not kept.any():
            continue
        sizes = area_m2(pieces[kept])
        width = float(widths[kept].max())
        sliver = width < thresholds.sliver_width_m or bool((sizes < thresholds.sliver_area_m2).all())
        codes = (layer.codes[a], layer.codes[b])
        # The larger area is likelier to be meant where the piece is a crumb of either.
        ways = sorted(codes, key=lambda code: (-layer.sound[layer.position[code]].area, code))
        found.append(
            Defect(
                SLIVER if sliver else OVERLAP,
                codes,
                multi(pieces[kept]),
                area_m2=float(sizes.sum()),
                details={**({"kind": OVERLAP} if sliver else {}), "width_m": round(width, 3)},
                ways=gifts(ways),
            )
        )
    return found
