"""What speaks for and against a candidate, as numbers. `EVIDENCE` names them; `calibration` weighs them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from geo.address.compiled import compiled
from geo.address.divisions import CONTRADICTED, STALE, WEAK
from geo.address.lexicon import slot_of
from geo.geocoding.distance import metres
from geo.geocoding.house_search import road_range
from geo.geocoding.index import BY_INTERPOLATION, CELL, F32, I64, Index, Records

EVIDENCE: Final = (
    "bias", "name full", "name plain", "name base", "name core", "name part", "name length", "name of two", "left gap",
    "right gap", "other phase", "in hint", "places of the name", "house exact", "house of other branch", "house near",
    "same road", "other road", "no road in text", "far from road", "interpolated", "width of gap", "one-sided",
    "difference of numbers", "district agrees", "short district agrees", "district contradicts",
    "short district contradicts", "sources", "spread", "rivals", "vote", "outlier", "road only", "house agrees",
    "house disagrees", "estimate agrees", "estimate disagrees", "two names", "error", "lonely", "name at a house",
    "name on a road", "whole name at a house", "agreeing houses", "disagreeing houses", "clean name", "clean long name",
    "clean unique name", "another clean name", "unknown name in text", "clean name on a road", "clean part",
    "behind another road", "part behind the name", "number behind the name",
    "name of a street",
)  # fmt: skip
WIDTH: Final = len(EVIDENCE)
(BIAS, NAME, LENGTH, TWO, LEFT, RIGHT, PHASE, HINT, PLACES, EXACT, BRANCH, NEAR, SAME, OTHER, NO_ROAD, FAR, INTERPOLATED,
 GAP, ONE_SIDED, DIFFERENCE, AGREES, AGREES_SHORT, CONTRADICTS, CONTRADICTS_SHORT, SOURCES, SPREAD, RIVALS, VOTE, OUTLIER,
 ROAD_ONLY, HOUSE_AGREES, HOUSE_DISAGREES, ESTIMATE_AGREES, ESTIMATE_DISAGREES, NAMES, ERROR, LONELY, NAME_HOUSE, NAME_ROAD,
 WHOLE_HOUSE, HOUSES_AGREE, HOUSES_DISAGREE, CLEAN, CLEAN_LONG, CLEAN_UNIQUE, OTHER_CLEAN, UNKNOWN_NAME, CLEAN_ROAD,
 CLEAN_PART, OTHER_ROAD, PART_BEHIND, NUMBER_BEHIND, STREET) = (0, 1, *range(6, 57))  # fmt: skip


@compiled
def compare(candidates: Records, evidence: F32, count: int) -> None:
    """How the candidates of one text support or contradict each other by where they lie."""
    for c in range(count):
        house, estimate, clean = 1e9, 1e9, 1e9
        agreeing, disagreeing = 0, 0
        for o in range(count):
            if o == c:
                continue
            d = metres(candidates[c].lon, candidates[c].lat, candidates[o].lon, candidates[o].lat)
            if evidence[o, CLEAN] > 0.0:
                clean = min(clean, d)
            if candidates[o].exact:
                house = min(house, d)
                if d < 300.0:
                    agreeing += 1
                else:
                    disagreeing += 1
            elif candidates[o].how & BY_INTERPOLATION:
                estimate = min(estimate, d)
        evidence[c, HOUSES_AGREE] = np.log2(1.0 + agreeing)
        evidence[c, HOUSES_DISAGREE] = np.log2(1.0 + disagreeing)
        evidence[c, OTHER_CLEAN] = 1.0 if 500.0 < clean < 1e8 else 0.0
        evidence[c, HOUSE_AGREES] = 1.0 if house < 250.0 else 0.0
        evidence[c, HOUSE_DISAGREES] = 1.0 if 600.0 < house < 1e8 else 0.0
        evidence[c, ESTIMATE_AGREES] = 1.0 if estimate < 300.0 else 0.0
        evidence[c, ESTIMATE_DISAGREES] = 1.0 if 1000.0 < estimate < 1e8 else 0.0


@compiled
def weigh_place(places: Records, place: int, e: F32) -> None:
    """What the gazetteer itself says about the soundness of a place."""
    p = places[place]
    e[SOURCES] = np.log2(p.sources)
    e[SPREAD] = min(p.spread, 400.0) / 400.0
    e[RIVALS] = p.rivals / (p.sources + p.rivals)
    e[VOTE] = p.vote
    e[OUTLIER] = 1.0 if p.voted != p.district else 0.0
    e[ERROR] = np.log(p.error / 30.0)
    e[LONELY] = np.log(1.0 + p.lonely / 200.0) if p.lonely >= 0.0 else 0.5


@compiled
def weigh_roads(
    places: Records,
    road_first: I64,
    houses: Records,
    place_first: I64,
    on_roads: Records,
    city: int,
    mentions: I64,
    known: int,
    place: int,
    e: F32,
) -> None:
    """How the roads of a place agree with those of the text."""
    if known == 0:
        e[NO_ROAD] = 1.0
        return
    same, near, own = False, False, 0
    far = 1e9
    for m in range(known):
        road, number = mentions[m, 0], mentions[m, 1]
        for k in range(place_first[place], place_first[place + 1]):
            own += 1
            if on_roads[k].road == road:
                same = True
                if number >= 0 and on_roads[k].number >= 0 and abs(on_roads[k].number - number) <= 12:
                    near = True
        if not same:
            low, high = road_range(road_first, houses, road, city)
            stride = max(1, (high - low) // 32)
            for h in range(low, high, stride):
                other = houses[h].place
                if other != place:
                    far = min(far, metres(places[place].lon, places[place].lat, places[other].lon, places[other].lat))
    if not same:
        e[OTHER] = 1.0 if own > 0 else 0.0
        e[FAR] = np.log(1.0 + min(far, 20000.0) / 100.0) if far < 1e8 else 0.0
        return
    e[SAME] = 1.0
    if near:
        e[NEAR] = 1.0
    if named(e):
        e[NAME_ROAD] = 1.0
        e[CLEAN_ROAD] = e[CLEAN]
        if e[EXACT] > 0.0:
            e[NAME_HOUSE] = 1.0
            if e[NAME + 3] + e[NAME + 4] == 0.0:
                e[WHOLE_HOUSE] = 1.0


@compiled
def named(e: F32) -> bool:
    """Some name of the candidate stands in the text."""
    return bool(e[NAME] + e[NAME + 1] + e[NAME + 2] + e[NAME + 3] + e[NAME + 4] > 0.0)


@compiled
def district_near(cells: I64, lon: float, lat: float, district: int) -> bool:
    """Whether some place of the district lies within a cell or so of the point."""
    key = cell_key(lon, lat, district)
    return bool(cells[slot_of(cells, key)] == key)


@compiled
def cell_key(lon: float, lat: float, district: int) -> np.int64:
    """One number for a cell of the grid and a district."""
    return (np.int64(np.floor(lon / CELL)) * 100_000 + np.int64(np.floor(lat / CELL))) * 100_000 + np.int64(district)


@compiled
def weigh_district(places: Records, cells: I64, district: int, flags: int, candidate: Any, e: F32) -> None:
    """Whether the candidate lies in the stated district, or at least near it."""
    if district < 0:
        return
    weak = (flags & (WEAK | STALE | CONTRADICTED)) != 0
    agrees = district_near(cells, candidate.lon, candidate.lat, district)
    place = candidate.place
    if places[place].district == district if place >= 0 else agrees:
        e[AGREES_SHORT if weak else AGREES] = 1.0
    elif not agrees:
        e[CONTRADICTS_SHORT if weak else CONTRADICTS] = 1.0


@compiled
def weigh(
    index: Index,
    candidates: Records,
    evidence: F32,
    count: int,
    city: int,
    district: int,
    flags: int,
    mentions: I64,
    known: int,
    unknown: int,
) -> None:
    """All evidence that needs more than the way in which a candidate was found."""
    compare(candidates, evidence, count)
    for c in range(count):
        e, place = evidence[c], candidates[c].place
        e[BIAS] = 1.0
        if place >= 0:
            weigh_roads(
                index.places,
                index.road_first,
                index.houses,
                index.place_first,
                index.on_roads,
                city,
                mentions,
                known,
                place,
                e,
            )
            weigh_place(index.places, place, e)
        e[UNKNOWN_NAME] = 0.0 if named(e) else min(unknown, 5) / 5.0
        weigh_district(index.places, index.cells, district, flags, candidates[c], e)
