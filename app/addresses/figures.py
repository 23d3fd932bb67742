"""How good answers are whose truth is known: distances by level, calibration, and what a threshold accepts."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from app.allocation.areas import Flags, Floats
from app.allocation.domain import PRECISE_LEVELS
from geo.geocoding.calibration import GOOD

THRESHOLDS: Final = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.96, 0.97, 0.98, 0.99)
BINS: Final = 10


def figures(confidence: Floats, off: Floats, level: Sequence[str], right: Flags, asked: int) -> dict[str, Any]:
    """Figures of n answers among `asked` questions (the others had none): what `guidan calibrate` prints and keeps.

    `off`: metres from the truth; `right`: in the same territories as the truth. Calibration error: the mean difference of stated and
    observed over ten equal bins of confidence; observed is right territory or within 500 m. Curve: for each threshold the share of
    the questions accepted (precise level, at least so confident) and the share of these in the right territory.
    """
    levels = np.array(level)
    precise = np.isin(levels, sorted(PRECISE_LEVELS))
    good = right | (off <= GOOD)
    bins = np.clip((confidence * BINS).astype(np.int64), 0, BINS - 1)
    filled = [bins == b for b in range(BINS) if (bins == b).any()]
    error = sum(abs(confidence[b].mean() - good[b].mean()) * b.sum() for b in filled) / max(1, len(off))
    curve = []
    for threshold in THRESHOLDS:
        taken = precise & (confidence >= threshold)
        if taken.any():
            curve.append(
                {
                    "threshold": threshold,
                    "accepted": round(float(taken.sum() / max(1, asked)), 4),
                    "right": round(float(right[taken].mean()), 4),
                }
            )
    return {
        "asked": asked,
        "answered": len(off),
        "calibration_error": round(float(error), 4),
        "levels": {
            name: {
                "n": int((levels == name).sum()),
                "p50_m": round(float(np.median(off[levels == name]))),
                "p90_m": round(float(np.quantile(off[levels == name], 0.9))),
            }
            for name in dict.fromkeys(sorted(levels.tolist()))
        },
        "curve": curve,
    }
