"""Texts read for the search: what they state, against the divisions that a gazetteer covers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.address.characters import fold
from geo.address.divisions import Divisions, resolve_divisions
from geo.geocoding.index import ASSUMED_CITY, I32, Index, Parsed


def covered_by(index: Index, divisions: Divisions) -> npt.NDArray[np.bool_]:
    """For each division whether some place of the index lies in it."""
    covered = np.zeros(len(divisions.names), np.bool_)
    for positions in (index.places["city"], index.places["district"]):
        covered[positions[positions >= 0]] = True
    return covered


def read_texts(texts: pl.Series, divisions: Divisions, covered: npt.NDArray[np.bool_], prior: I32) -> Parsed:
    """`prior`: for each text the city (position in `divisions`, -1 = none) that settles what it leaves open."""
    folded = fold(texts)
    stated = resolve_divisions(folded, divisions, covered, prior)
    city = np.where(stated.city >= 0, stated.city, prior).astype(np.int32)
    return Parsed(
        folded.codes,
        folded.start,
        folded.main_end,
        folded.end,
        stated.scan,
        stated.rest,
        city,
        stated.district,
        np.where(stated.city >= 0, stated.flags, stated.flags | ASSUMED_CITY).astype(np.int32),
        stated.town,
    )
