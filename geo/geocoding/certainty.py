"""What an uncertain point means among areas: the share of its error disc in each, and the confidence that follows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.geocoding.calibration import F64, RINGS, confidence_of, masses
from geo.matching import AreaIndex, circles


class Certainty(NamedTuple):
    """Of n points: confidence (0–1) as `calibration.confidence_of`; share: of the error disc, what lies in the same areas as
    the point; and pairs of a point and an area with the share of the disc inside it, largest first for each point."""

    confidence: F64
    share: F64
    point: npt.NDArray[np.int64]
    area: npt.NDArray[np.int32]
    inside: F64


def certainty(areas: AreaIndex, lon: F64, lat: F64, within: F64, *, inside: bool = True) -> Certainty:
    """For n points in CGCS2000 degrees with their chances of lying within each of `calibration.RADII` (n × radii).

    The disc is weighed by these chances; what lies beyond the last radius is in no area that is known. Without `inside` the pairs of
    points and areas are left out.
    """
    around = circles(areas, lon, lat, RINGS, shares=inside)
    mass = masses(within)
    share = (mass[around.point] * around.share).sum(axis=1)
    order = np.lexsort((around.area, -share, around.point))
    return Certainty(
        confidence_of(within, around.same),
        (mass * around.same).sum(axis=1),
        around.point[order],
        around.area[order],
        share[order],
    )
