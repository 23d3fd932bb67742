"""Weigh the candidates of each text, choose one, and say how sure that is."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from geo.address.compiled import compiled, entry
from geo.geocoding.distance import metres
from geo.geocoding.evidence import AGREES, AGREES_SHORT, CLEAN, FAR, HOUSE_DISAGREES, RIVALS, WIDTH
from geo.geocoding.index import BY_HOUSE, BY_INTERPOLATION, BY_NAME, BY_ROAD, CAPACITY, F32, F64, I32, Found, Records

BESIDE: Final = 300.0  # metres within which candidates tell of one place
ROAD_ERROR: Final = 150.0  # metres, of a point between two houses
LEAST_ERROR: Final = 40.0  # metres, of any point: an estate is not a point


class Chosen(NamedTuple):
    """Per text: the column of the chosen candidate (-1 = none), the numbers behind its confidence
    (`calibration.LAST`), each candidate's share of belief (what is missing to 1 belongs to "none of them"), and the
    point: the mean of the chosen candidate and those beside it, weighed by belief and precision."""

    column: I32
    answer: F64
    belief: F64
    lon: F64
    lat: F64


@entry
def choose(found: Found, places: Records, weights: F64, apart: float) -> Chosen:
    """The candidate with most belief in and around it; `apart`: metres beyond which another one is a rival."""
    rows = len(found.counts)
    column, answer = np.full(rows, -1, np.int32), np.zeros((rows, 16))
    lon, lat = np.full(rows, np.nan), np.full(rows, np.nan)
    belief = np.zeros((rows, CAPACITY))
    for i in range(rows):
        count, candidates = found.counts[i], found.candidates[i]
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
        if best >= 0 and candidates[best].place < 0:
            best, most = named_beside(candidates, found.evidence[i], belief[i], count, best)
        column[i] = best
        if best < 0:
            continue
        near, rival = 0.0, 0.0
        x, y, weight = 0.0, 0.0, 0.0
        for c in range(count):
            d = metres(candidates[best].lon, candidates[best].lat, candidates[c].lon, candidates[c].lat)
            if d <= apart:
                near += belief[i, c]
                if d <= BESIDE:
                    place = candidates[c].place
                    error = places[place].error if place >= 0 else ROAD_ERROR
                    w = belief[i, c] / (error * error + LEAST_ERROR * LEAST_ERROR)
                    x += w * candidates[c].lon
                    y += w * candidates[c].lat
                    weight += w
            else:
                rival = max(rival, belief[i, c])
        lon[i], lat[i] = x / weight, y / weight
        answer[i, 0] = 1.0
        answer[i, 1] = log_odds(near)
        answer[i, 2] = log_odds(most)
        answer[i, 3] = log_odds(rival)
        answer[i, 4] = log_odds(1.0 / total)
        how, place = candidates[best].how, candidates[best].place
        named = (how & BY_NAME) != 0
        answer[i, 5] = 1.0 if named else 0.0
        answer[i, 6] = 1.0 if named and candidates[best].exact else 0.0
        answer[i, 7] = 1.0 if not named and (how & BY_HOUSE) != 0 else 0.0
        answer[i, 8] = 1.0 if how == BY_INTERPOLATION else 0.0
        answer[i, 9] = 1.0 if how == BY_ROAD else 0.0
        answer[i, 10] = found.evidence[i, best, CLEAN]
        e = found.evidence[i, best]
        answer[i, 12] = e[AGREES] + e[AGREES_SHORT]
        answer[i, 13], answer[i, 14], answer[i, 15] = e[FAR], e[RIVALS], e[HOUSE_DISAGREES]
        answer[i, 11] = np.log2(1.0 * places[place].sources) if place >= 0 else 0.0
    return Chosen(column, answer, belief, lon, lat)


@compiled
def named_beside(candidates: Records, evidence: F32, belief: F64, count: int, best: int) -> tuple[int, float]:
    """Of a point on a road and a place beside it whose name stands in the text, the place is the answer."""
    named, most = best, 0.0
    for c in range(count):
        if evidence[c, CLEAN] > 0.0 and belief[c] > most:
            d = metres(candidates[best].lon, candidates[best].lat, candidates[c].lon, candidates[c].lat)
            if d <= BESIDE:
                named, most = c, belief[c]
    return named, belief[named]


@compiled
def log_odds(p: float) -> float:
    """ln(p / (1 − p)), kept within ±6."""
    q = min(max(p, 0.0025), 0.9975)
    return float(np.log(q / (1.0 - q)))
