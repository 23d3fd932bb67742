"""The gazetteer as arrays: places, their names, the roads and houses, and which district lies where."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.address.lexicon import Lexicon

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

CELL = 0.008  # degrees: the grid that tells which districts lie near a point


class Index(NamedTuple):
    """A gazetteer ready to be searched. CSR pairs: the members of i are [first[i], first[i + 1]).

    Places are entries of several sources that name one place. Coordinates are CGCS2000 degrees.
    """

    counters: Lexicon
    endings: Lexicon  # neutral words and phases behind a name
    # places
    lon: F64
    lat: F64
    kind: npt.NDArray[np.int8]  # position in LEVELS
    city: I32
    district: I32  # as most sources say
    voted: I32  # as most places around say
    vote: npt.NDArray[np.float32]  # the share of them
    sources: npt.NDArray[np.int16]
    spread: npt.NDArray[np.float32]  # metres: the farthest entry from the point
    rivals: npt.NDArray[np.int16]  # sources of other places with the same plain name in the city
    # names
    names: Lexicon
    name_first: I64
    name_place: I32
    name_kind: npt.NDArray[np.int8]
    # roads
    roads: Lexicon  # reversed
    road_first: I64  # houses by road, ordered by city, number
    house_city: I32
    house_number: I32
    house_branch: I32
    house_place: I32
    # houses by place
    place_first: I64
    place_road: I32
    place_number: I32
    # (cell, district) pairs within one cell of some place of the district
    cells: npt.NDArray[np.int64]
