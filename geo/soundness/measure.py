"""How wide areas are."""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.coverage.measure import area_m2, length_m

_METRES_OF_A_DEGREE = 111_694.0
"""At most, along a meridian."""


def widths_m(areas: Any) -> NDArray[np.float64]:
    """(n,) areas in CGCS2000 degrees → (n,) mean widths in metres: 2 · area / border, exact for a long strip; nought without a border."""
    border = length_m(areas)
    width: NDArray[np.float64] = np.zeros_like(border)
    np.divide(2.0 * area_m2(areas), border, out=width, where=border > 0)
    return width


def may_be_narrower(areas: NDArray[Any], width_m: float) -> NDArray[np.bool_]:
    """(n,) areas → (n,) whether they may have a mean width below `width_m`; false is sure. Costs a tenth of measuring it."""
    border = shapely.length(areas)
    # Degrees of longitude are shorter: the border by at most half below 60° N, the area likewise.
    low = np.divide(shapely.area(areas), border, out=np.zeros_like(border), where=border > 0) * _METRES_OF_A_DEGREE
    return np.asarray(low < width_m, dtype=np.bool_)
