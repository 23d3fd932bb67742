"""Weigh the candidates of each text, choose one, and say how sure that is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.address.compiled import compiled
from geo.geocoding.cascade import CAPACITY, WIDTH, Found
from geo.geocoding.gazetteer import metres
from geo.geocoding.index import F64, I32


class Chosen(NamedTuple):
    """Per text: the column of the chosen candidate (-1 = none), the numbers behind its confidence
    (`calibration.LAST`), and each candidate's weight (log-odds)."""

    column: I32
    answer: F64
    logit: F64


@compiled
def choose(found: Found, weights: F64, apart: float) -> Chosen:
    """The likeliest candidate of each text; `apart`: metres beyond which another candidate is a rival."""
    rows = len(found.count)
    column, answer = np.full(rows, -1, np.int32), np.zeros((rows, 6))
    logit = np.full((rows, CAPACITY), -30.0)
    for i in range(rows):
        best = -1
        for c in range(found.count[i]):
            z = 0.0
            for k in range(WIDTH):
                z += weights[k] * found.evidence[i, c, k]
            logit[i, c] = z
            if best < 0 or z > logit[i, best]:
                best = c
        column[i] = best
        if best < 0:
            continue
        rival, support, second = -8.0, -8.0, -8.0
        for c in range(found.count[i]):
            if c == best:
                continue
            d = metres(found.lon[i, best], found.lat[i, best], found.lon[i, c], found.lat[i, c])
            if d > apart:
                rival = max(rival, logit[i, c])
            elif found.how[i, c] != found.how[i, best] or d > 5.0:
                support = max(support, logit[i, c])
        answer[i, 0] = 1.0
        answer[i, 1] = logit[i, best]
        answer[i, 2] = max(rival, -6.0)
        answer[i, 3] = 1.0 if rival <= -6.0 else 0.0
        answer[i, 4] = max(support, -6.0)
        answer[i, 5] = max(rival - logit[i, best], -6.0)
    return Chosen(column, answer, logit)
