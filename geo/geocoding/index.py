"""The gazetteer as arrays: places, their names, the roads and houses, and which district lies where.

Records are structured arrays, so that compiled steps take few arguments and read fields by name. Where groups are
stored one behind the other, `*_first` holds their offsets: the members of i are [first[i], first[i + 1]).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.address.characters import Codes
from geo.address.lexicon import Lexicon

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
F32 = npt.NDArray[np.float32]
Records = npt.NDArray[Any]

# Entries of several sources that name one place. lon, lat: CGCS2000 degrees; kind: position in PLACE_KINDS; city,
# district: positions in `Divisions`, -1 = unknown; voted: the district of most places around, vote: share of them
# that say what this place says; spread, error, lonely: metres from the point to its farthest entry, expected error
# of its sources together, and to the nearest other place on one of its roads (-1 = none); rivals: sources of other
# places with the same plain name in the city.
PLACE: Final = np.dtype(
    [
        ("lon", np.float64), ("lat", np.float64), ("kind", np.int32), ("city", np.int32), ("district", np.int32),
        ("voted", np.int32), ("sources", np.int32), ("rivals", np.int32), ("vote", np.float32), ("spread", np.float32),
        ("error", np.float32), ("lonely", np.float32),
    ]
)  # fmt: skip
# What a name can mean: a place, and the kind of alias (`names.KINDS`).
MEANING: Final = np.dtype([("place", np.int32), ("kind", np.int32)])
# A house on a road; number -1: the place lies on the road without a number; lane: 1 where the number is a lane's (弄), which are
# counted beside the houses.
HOUSE: Final = np.dtype(
    [("city", np.int32), ("number", np.int32), ("branch", np.int32), ("lane", np.int32), ("place", np.int32)]
)
# A road of a place.
ON_ROAD: Final = np.dtype([("road", np.int32), ("number", np.int32)])
# A place that a text may mean. place: -1 for a point on a road, which `near` is nearest to; how: bits, see below.
CANDIDATE: Final = np.dtype(
    [
        ("lon", np.float64), ("lat", np.float64), ("place", np.int32), ("near", np.int32), ("how", np.int32),
        ("exact", np.int32),
    ]
)  # fmt: skip
BY_NAME, BY_HOUSE, BY_INTERPOLATION, BY_ROAD = 1, 2, 4, 8
ASSUMED_CITY: Final = 1 << 16
"""Beside the bits of `geo.address.divisions` in the flags of a text: it states no city itself."""
CAPACITY: Final = 24  # candidates per text
CELL: Final = 0.008  # degrees: the grid that tells which districts lie near a point


class Index(NamedTuple):
    """A gazetteer ready to be searched."""

    counters: Lexicon
    endings: Lexicon  # phases and neutral words behind a name; the first `phases` are phases
    phases: int
    places: Records  # PLACE
    names: Lexicon
    name_first: I64
    meanings: Records  # MEANING, by name
    name_kind: I32  # the strongest kind among the meanings of a name
    roads: Lexicon  # reversed
    road_first: I64
    houses: Records  # HOUSE, by road, then ordered by city and number
    place_first: I64
    on_roads: Records  # ON_ROAD, by place
    cells: I64  # hash set of (cell, district) within one cell of some place of the district


class Parsed(NamedTuple):
    """What the steps need of each text: its characters and what its divisions say (see `address.divisions`)."""

    codes: Codes
    start: I64
    main_end: I64
    end: I64
    scan: I64
    rest: I64
    city: I32
    district: I32
    flags: I32
    town: I32


class Found(NamedTuple):
    """Candidates per text, in `CAPACITY` columns of which `counts[row]` are filled, with the evidence for each."""

    counts: I32
    candidates: Records  # CANDIDATE, rows × CAPACITY
    evidence: F32  # rows × CAPACITY × evidence.WIDTH
