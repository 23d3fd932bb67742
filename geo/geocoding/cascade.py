"""From a parsed text to candidate places with the evidence for each.

Steps per text, in this order: names found in the text → houses with the same road and number → a number between
two known houses → the road alone. Every step adds candidates or adds evidence to one that is there; nothing is
accepted here. The evidence is a row of numbers (`EVIDENCE` names them) that `calibration` weighs.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.address.characters import CLOSE, OPEN, SEPARATOR, Codes
from geo.address.compiled import compiled
from geo.address.divisions import CONTRADICTED, STALE, WEAK
from geo.address.lexicon import NOTHING, Lexicon, longest_at, step
from geo.address.tail import find_unit, read_mentions
from geo.geocoding.gazetteer import district_near, metres
from geo.geocoding.index import F64, I32, I64, Index

F32 = npt.NDArray[np.float32]

EVIDENCE: Final = (
    "bias", "name full", "name plain", "name base", "name core", "name part", "name length", "name of two", "left gap",
    "right gap", "other phase", "in hint", "places of the name", "house exact", "house of other branch", "house near",
    "same road", "other road", "no road in text", "far from road", "interpolated", "width of gap", "one-sided",
    "difference of numbers", "district agrees", "short district agrees", "district contradicts",
    "short district contradicts", "sources", "spread", "rivals", "vote", "outlier", "road only", "house shared", "two names",
)  # fmt: skip
WIDTH: Final = len(EVIDENCE)
(BIAS, NAME, LENGTH, TWO, LEFT, RIGHT, PHASE, HINT, PLACES, EXACT, BRANCH, NEAR, SAME, OTHER, NO_ROAD, FAR, INTERPOLATED,
 GAP, ONE_SIDED, DIFFERENCE, AGREES, AGREES_SHORT, CONTRADICTS, CONTRADICTS_SHORT, SOURCES, SPREAD, RIVALS, VOTE, OUTLIER,
 ROAD_ONLY, SHARED, NAMES) = (0, 1, *range(6, 36))  # fmt: skip
CAPACITY: Final = 24  # candidates per text
HITS: Final = 16
# How a candidate was found: bits.
BY_NAME, BY_HOUSE, BY_INTERPOLATION, BY_ROAD = 1, 2, 4, 8


class Parsed(NamedTuple):
    """What the kernels need of each text: the characters and what its divisions say."""

    codes: Codes
    start: I64
    main_end: I64
    end: I64
    scan: I64
    rest: I64
    city: I32
    district: I32
    flags: I32


class Found(NamedTuple):
    """Candidates per text, in `CAPACITY` columns of which `count[row]` are filled."""

    count: I32
    place: I32  # position in the index, or -1 for a point on a road
    lon: F64
    lat: F64
    how: npt.NDArray[np.int8]
    number_exact: npt.NDArray[np.bool_]
    evidence: F32  # rows × CAPACITY × WIDTH
    unit: I64  # where the building begins in the text
    has_road: npt.NDArray[np.bool_]


def empty_found(rows: int) -> Found:
    """Room for the candidates of so many texts."""
    shape = (rows, CAPACITY)
    return Found(
        np.zeros(rows, np.int32),
        np.full(shape, -1, np.int32),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape, np.int8),
        np.zeros(shape, np.bool_),
        np.zeros((*shape, WIDTH), np.float32),
        np.zeros(rows, np.int64),
        np.zeros(rows, np.bool_),
    )


@compiled
def find_candidates(parsed: Parsed, index: Index, first: int, found: Found) -> None:
    """Fill `found` with the candidates of the texts first, first + 1, …"""
    mentions = np.empty((6, 6), np.int64)
    hits = np.empty((HITS, 4), np.int64)
    for i in range(len(found.count)):
        row = first + i
        codes, begin, main_end = parsed.codes, parsed.scan[row], parsed.main_end[row]
        unit = find_unit(index.counters, codes, begin, main_end)
        found.unit[i] = unit
        known = read_mentions(index.counters, index.roads, codes, begin, unit, mentions)
        found.has_road[i] = known > 0
        found.count[i] = 0
        add_names(parsed, index, row, unit, mentions, known, hits, found, i)
        add_houses(parsed, index, row, mentions, known, found, i)
        weigh(parsed, index, row, mentions, known, found, i)


@compiled
def add(found: Found, i: int, place: int, lon: float, lat: float, how: int) -> int:
    """The column of this place among the candidates of text i; -1 if there is no room."""
    if place >= 0:
        for c in range(found.count[i]):
            if found.place[i, c] == place:
                found.how[i, c] |= how
                return c
    c = found.count[i]
    if c == CAPACITY:
        return -1
    found.count[i] += 1
    found.place[i, c], found.lon[i, c], found.lat[i, c], found.how[i, c] = place, lon, lat, how
    found.number_exact[i, c] = False
    found.evidence[i, c, :] = 0.0
    return c


@compiled
def find_names(
    index: Index, codes: Codes, begin: int, end: int, mentions: I64, known: int, hits: I64, count: int
) -> int:
    """Append the names in codes[begin:end] to `hits` (alias, first, last, in a road); returns their number.

    At each position only the longest name and shorter ones of whole names stay; a name inside a road's name or
    its number is left out.
    """
    for at in range(begin, end):
        node = 0
        for p in range(at, end):
            node = step(index.names, node, codes[p])
            if node < 0:
                break
            alias = index.names.values[node]
            if alias == NOTHING:
                continue
            last = p + 1
            inside = False
            for m in range(known):
                if at >= mentions[m, 3] and last <= mentions[m, 4] and not (
                    at == mentions[m, 3] and last == mentions[m, 4] and mentions[m, 1] >= 0
                ):
                    inside = True
            if inside:
                continue
            kind = best_kind(index, alias)
            covered = False
            for h in range(count):
                if hits[h, 1] <= at and hits[h, 2] >= last and hits[h, 3] <= kind:
                    covered = True
            if covered:
                continue
            kept = 0
            for h in range(count):  # a longer name of no weaker kind takes the place of those inside it
                if not (at <= hits[h, 1] and last >= hits[h, 2] and kind <= hits[h, 3]):
                    hits[kept, :] = hits[h, :]
                    kept += 1
            count = kept
            if count < HITS:
                hits[count, 0], hits[count, 1], hits[count, 2], hits[count, 3] = alias, at, last, kind
                count += 1
    return count


@compiled
def best_kind(index: Index, alias: int) -> int:
    """The strongest way in which some place has this name."""
    kind = 9
    for k in range(index.name_first[alias], index.name_first[alias + 1]):
        kind = min(kind, index.name_kind[k])
    return kind


@compiled
def add_names(
    parsed: Parsed, index: Index, row: int, unit: int, mentions: I64, known: int, hits: I64, found: Found, i: int
) -> None:
    """Places whose names stand in the text."""
    codes, city = parsed.codes, parsed.city[row]
    count = find_names(index, codes, parsed.scan[row], unit, mentions, known, hits, 0)
    main = count
    if parsed.end[row] > parsed.main_end[row]:
        count = find_names(index, codes, parsed.main_end[row], parsed.end[row], mentions, 0, hits, count)
    for h in range(count):
        alias, first, last = hits[h, 0], hits[h, 1], hits[h, 2]
        many = 0
        for k in range(index.name_first[alias], index.name_first[alias + 1]):
            if city < 0 or index.city[index.name_place[k]] == city:
                many += 1
        if many == 0 or many > 40 or (hits[h, 3] == 4 and many > 6):
            continue
        left, right, phase = surroundings(parsed, index, row, unit, mentions, known, first, last)
        for k in range(index.name_first[alias], index.name_first[alias + 1]):
            place, kind = index.name_place[k], index.name_kind[k]
            if city >= 0 and index.city[place] != city:
                continue
            # With many places of one name those of the stated district come first.
            if many > 8 and parsed.district[row] >= 0 and index.district[place] != parsed.district[row]:
                continue
            c = add(found, i, place, index.lon[place], index.lat[place], BY_NAME)
            if c < 0:
                continue
            e = found.evidence[i, c]
            value = 3.0 * (kind <= 3) + 0.4 * min(last - first, 8) - 0.5 * min(left, 4) - 0.5 * min(right, 4) - 0.5 * kind
            if e[BIAS] != 0.0:
                e[NAMES] = 1.0
                if e[BIAS] >= value:
                    continue
            e[BIAS] = value  # replaced by 1 in the end; until then the strength of the best name
            e[NAME : NAME + 5] = 0.0
            e[NAME + kind] = 1.0
            e[LENGTH] = min(last - first, 8) / 8.0
            e[TWO] = 1.0 if last - first <= 2 else 0.0
            e[LEFT], e[RIGHT] = min(left, 4) / 4.0, min(right, 4) / 4.0
            e[PHASE] = 1.0 if phase else 0.0
            e[HINT] = 1.0 if h >= main else 0.0
            e[PLACES] = np.log2(many)


@compiled
def surroundings(
    parsed: Parsed, index: Index, row: int, unit: int, mentions: I64, known: int, first: int, last: int
) -> tuple[int, int, bool]:
    """Characters left and right of a name that nothing explains, and whether a phase follows it."""
    codes = parsed.codes
    hint = first >= parsed.main_end[row]
    low = parsed.main_end[row] if hint else (parsed.rest[row] if first >= parsed.rest[row] else parsed.scan[row])
    high = parsed.end[row] if hint else unit
    for m in range(known):
        if mentions[m, 4] <= first:
            low = max(low, mentions[m, 4])
        if mentions[m, 3] >= last:
            high = min(high, mentions[m, 3])
    left = 0
    p = first
    while p > low and codes[p - 1] != SEPARATOR and codes[p - 1] != OPEN:
        left += 1
        p -= 1
    p, phase = last, False
    for _ in range(3):
        word, length = longest_at(index.endings, codes, p, high)
        if word == NOTHING:
            break
        phase = phase or word < 52
        p += length
    right = 0
    while p < high and codes[p] != SEPARATOR and codes[p] != CLOSE:
        right += 1
        p += 1
    return left, right, phase


@compiled
def road_range(index: Index, road: int, city: int) -> tuple[int, int]:
    """The houses of a road in a city (in all cities if -1)."""
    low, high = index.road_first[road], index.road_first[road + 1]
    if city < 0:
        return low, high
    a, b = low, high
    while a < b:
        middle = (a + b) // 2
        if index.house_city[middle] < city:
            a = middle + 1
        else:
            b = middle
    begin = a
    b = high
    while a < b:
        middle = (a + b) // 2
        if index.house_city[middle] <= city:
            a = middle + 1
        else:
            b = middle
    return begin, a


@compiled
def add_houses(
    parsed: Parsed, index: Index, row: int, mentions: I64, known: int, found: Found, i: int
) -> None:
    """Houses of the same road and number; else between neighbours; else the road."""
    city, district = parsed.city[row], parsed.district[row]
    for m in range(known):
        low, high = road_range(index, mentions[m, 0], city)
        number, branch = mentions[m, 1], mentions[m, 2]
        if high <= low:
            continue
        exact = 0
        if number >= 0:
            for h in range(low, high):
                if index.house_number[h] != number:
                    continue
                place = index.house_place[h]
                c = add(found, i, place, index.lon[place], index.lat[place], BY_HOUSE)
                if c >= 0:
                    same = index.house_branch[h] == branch
                    found.evidence[i, c, EXACT if same else BRANCH] = 1.0
                    found.number_exact[i, c] = found.number_exact[i, c] or same
                    exact += 1
            if exact <= 1 or district >= 0:
                interpolate(index, low, high, number, district, found, i)
        if found.count[i] == 0:
            road_point(index, low, high, district, found, i)


@compiled
def interpolate(index: Index, low: int, high: int, number: int, district: int, found: Found, i: int) -> None:
    """A point between the nearest lower and higher numbers of the same side; with one neighbour, that one."""
    below, above = -1, -1
    for parity in range(2):
        for h in range(low, high):
            n = index.house_number[h]
            if n < 0 or n == number or (parity == 0 and (n - number) % 2 != 0):
                continue
            if district >= 0 and index.district[index.house_place[h]] != district:
                continue
            if n < number and (below < 0 or n > index.house_number[below]):
                below = h
            if n > number and (above < 0 or n < index.house_number[above]):
                above = h
        if below >= 0 or above >= 0:
            break
    if below < 0 and above < 0:
        return
    if below >= 0 and above >= 0:
        a, b = index.house_place[below], index.house_place[above]
        n, o = index.house_number[below], index.house_number[above]
        share = (number - n) / (o - n)
        width = metres(index.lon[a], index.lat[a], index.lon[b], index.lat[b])
        nearest = min(number - n, o - number)
        lon = index.lon[a] + share * (index.lon[b] - index.lon[a])
        lat = index.lat[a] + share * (index.lat[b] - index.lat[a])
        if width > 3000.0:
            near = a if number - n <= o - number else b
            lon, lat = index.lon[near], index.lat[near]
        one = 0.0
    else:
        h = below if below >= 0 else above
        a = index.house_place[h]
        lon, lat = index.lon[a], index.lat[a]
        nearest = abs(index.house_number[h] - number)
        width, one = 0.0, 1.0
    c = add(found, i, -1, lon, lat, BY_INTERPOLATION)
    if c >= 0:
        e = found.evidence[i, c]
        e[INTERPOLATED] = 1.0
        e[GAP] = np.log(1.0 + width / 50.0)
        e[ONE_SIDED] = one
        e[DIFFERENCE] = np.log(1.0 + nearest)


@compiled
def road_point(index: Index, low: int, high: int, district: int, found: Found, i: int) -> None:
    """The house nearest to the middle of all houses of the road (in the stated district, if it has any)."""
    for narrow in range(2):
        lon, lat, n = 0.0, 0.0, 0
        for h in range(low, high):
            place = index.house_place[h]
            if narrow == 0 and district >= 0 and index.district[place] != district:
                continue
            lon += index.lon[place]
            lat += index.lat[place]
            n += 1
        if n == 0:
            continue
        lon, lat = lon / n, lat / n
        best, distance, total = -1, 1e18, 0.0
        for h in range(low, high):
            place = index.house_place[h]
            if narrow == 0 and district >= 0 and index.district[place] != district:
                continue
            d = metres(lon, lat, index.lon[place], index.lat[place])
            total += d
            if d < distance:
                best, distance = place, d
        c = add(found, i, -1, index.lon[best], index.lat[best], BY_ROAD)
        if c >= 0:
            e = found.evidence[i, c]
            e[ROAD_ONLY] = 1.0
            e[GAP] = np.log(1.0 + (total / n) / 50.0)
            e[ONE_SIDED] = 1.0 if n == 1 else 0.0
        return


@compiled
def weigh(
    parsed: Parsed, index: Index, row: int, mentions: I64, known: int, found: Found, i: int
) -> None:
    """Evidence that needs the whole: roads, districts, sources."""
    city, district, flags = parsed.city[row], parsed.district[row], parsed.flags[row]
    weak = (flags & (WEAK | STALE | CONTRADICTED)) != 0
    for c in range(found.count[i]):
        e, place = found.evidence[i, c], found.place[i, c]
        e[BIAS] = 1.0
        lon, lat = found.lon[i, c], found.lat[i, c]
        houses = 0
        if place >= 0:
            weigh_roads(index, city, mentions, known, place, lon, lat, e)
            houses = index.sources[place]
            e[SOURCES] = np.log2(houses)
            e[SPREAD] = min(index.spread[place], 400.0) / 400.0
            e[RIVALS] = index.rivals[place] / (index.sources[place] + index.rivals[place])
            e[VOTE] = index.vote[place]
            e[OUTLIER] = 1.0 if index.voted[place] != index.district[place] else 0.0
        if district >= 0:
            agrees = district_near(index.cells, lon, lat, district)
            if place >= 0 and index.district[place] == district:
                e[AGREES_SHORT if weak else AGREES] = 1.0
            elif place < 0 and agrees:
                e[AGREES_SHORT if weak else AGREES] = 1.0
            elif not agrees:
                e[CONTRADICTS_SHORT if weak else CONTRADICTS] = 1.0


@compiled
def weigh_roads(
    index: Index, city: int, mentions: I64, known: int, place: int, lon: float, lat: float, e: F32
) -> None:
    """How the roads of a place agree with those of the text."""
    if known == 0:
        e[NO_ROAD] = 1.0
        return
    same, near, own = False, False, 0
    far = 1e9
    for m in range(known):
        road, number = mentions[m, 0], mentions[m, 1]
        for k in range(index.place_first[place], index.place_first[place + 1]):
            own += 1
            if index.place_road[k] == road:
                same = True
                if number >= 0 and index.place_number[k] >= 0 and abs(index.place_number[k] - number) <= 12:
                    near = True
        if not same:
            low, high = road_range(index, road, city)
            stride = max(1, (high - low) // 128)
            for h in range(low, high, stride):
                other = index.house_place[h]
                if other != place:
                    far = min(far, metres(lon, lat, index.lon[other], index.lat[other]))
    if same:
        e[SAME] = 1.0
        if near:
            e[NEAR] = 1.0
    else:
        e[OTHER] = 1.0 if own > 0 else 0.0
        e[FAR] = np.log(1.0 + min(far, 20000.0) / 100.0) if far < 1e8 else 0.0
