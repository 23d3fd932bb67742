"""Weigh the candidates of each text, choose one, and say how sure that is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geo.address.compiled import compiled
from geo.geocoding.distance import metres
from geo.geocoding.evidence import WIDTH
from geo.geocoding.index import CAPACITY, F64, I32, Found


class Chosen(NamedTuple):
    """Per text: the column of the chosen candidate (-1 = none), the numbers behind its confidence
    (`calibration.LAST`), and each candidate's share of belief; what is missing to 1 belongs to "none of them"."""

    column: I32
    answer: F64
    belief: F64


@compiled
def choose(found: Found, weights: F64, apart: float) -> Chosen:
    """The candidate with most belief in and around it; `apart`: metres beyond which another one is a rival."""
    rows = len(found.count)
    column, answer = np.full(rows, -1, np.int32), np.zeros((rows, 5))
    belief = np.zeros((rows, CAPACITY))
    for i in range(rows):
        count, places = found.count[i], found.candidates[i]
        total = 1.0
        for c in range(count):
            z = 0.0
            for k in range(WIDTH):
                z += weights[k] * found.evidence[i, c, k]
            belief[i, c] = np.exp(min(z, 50.0))
            total += belief[i, c]
        best, most = -1, -1.0
        for c in range(count):
            belief[i, c] /= total
            if belief[i, c] > most:
                best, most = c, belief[i, c]
        column[i] = best
        if best < 0:
            continue
        near, rival = 0.0, 0.0
        for c in range(count):
            d = metres(places[best].lon, places[best].lat, places[c].lon, places[c].lat)
            if d <= apart:
                near += belief[i, c]
            else:
                rival = max(rival, belief[i, c])
        answer[i, 0] = 1.0
        answer[i, 1] = log_odds(near)
        answer[i, 2] = log_odds(most)
        answer[i, 3] = log_odds(rival)
        answer[i, 4] = log_odds(1.0 / total)
    return Chosen(column, answer, belief)


@compiled
def log_odds(p: float) -> float:
    """ln(p / (1 − p)), kept within ±6."""
    q = min(max(p, 0.0025), 0.9975)
    return np.log(q / (1.0 - q))
