"""One more word of a reading: divisions, zones and placeholders, towns that follow what has been read."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.address.characters import SEPARATOR, Codes
from geo.address.compiled import compiled
from geo.address.division_lookup import (
    BAN,
    BY_TOWN,
    BY_ZONE,
    CHANG,
    CHU,
    CIT,
    CONTRADICTED,
    DAO,
    DIST,
    FLAGS,
    GUESSED_CITY,
    I64,
    IS_DIRECTION,
    IS_KIND,
    LONGEST,
    LOOSE,
    OFFICE,
    OTHER,
    POS,
    PROV,
    QU,
    READINGS,
    SCAN,
    SCORE,
    SHI,
    STALE,
    TOWN_AT,
    TWN,
    WEAK,
    WIDTH,
    XIANG_TOWN,
    ZHEN,
    ZON,
    fits,
    followed,
    has_moved,
    longest_in,
    road_stem,
    skip_separators,
    step_in,
)  # fmt: skip
from geo.address.division_words import (
    ANY_ZONE,
    CITY,
    CITY_OF,
    DISTRICT,
    DIVISIONS,
    FIRST,
    FOLLOWING,
    FORMER,
    FORMER_SHORT,
    FULL,
    HOW,
    LEVEL,
    MEANING,
    OLD,
    OLD_SHORT,
    PLACEHOLDER,
    PROVINCE,
    PROVINCE_OF,
    ROAD_FOLLOWING,
    SHORT,
    TOWN_EXACT,
    TOWN_FIRST,
    TOWN_MEANING,
    TOWN_PARENT,
    TOWN_WORDS,
    ZONE_CITY,
    ZONE_DISTRICT,
    ZONE_FIRST,
    ZONE_MEANING,
    ZONE_WORDS,
    DivisionWords,
)  # fmt: skip
from geo.address.lexicon import NOTHING
from geo.address.numbers import DIGIT, KINDS


@compiled
def add(readings: I64, count: int, new: I64) -> int:
    """Append a reading unless a better one that means the same stands there already; returns the number of readings."""
    for i in range(count):
        if (
            readings[i, POS] == new[POS] and readings[i, DIST] == new[DIST] and readings[i, CIT] == new[CIT] and readings[i, PROV] == new[PROV]
            and readings[i, TWN] == new[TWN] and readings[i, ZON] == new[ZON] and (readings[i, FLAGS] & LOOSE) == (new[FLAGS] & LOOSE)
        ):  # fmt: skip
            if new[SCORE] > readings[i, SCORE]:
                for k in range(WIDTH):
                    readings[i, k] = new[k]
            return count
    if count < READINGS:
        for k in range(WIDTH):
            readings[count, k] = new[k]
        count += 1
    return count


@compiled
def take(readings: I64, at: int, new: I64) -> None:
    """Copy a reading into a row of its own."""
    for k in range(WIDTH):
        new[k] = readings[at, k]


@compiled
def extend_by_divisions(
    words: DivisionWords,
    codes: Codes,
    end: int,
    readings: I64,
    count: int,
    at: int,
    covered: npt.NDArray[np.bool_],
    alone: bool,
    prior: int,
    new: I64,
) -> tuple[int, bool]:
    """All words of divisions that follow reading `at`; returns the number of readings, and whether one was written in full."""
    begin, r_prov, r_city, r_dist = readings[at, POS], readings[at, PROV], readings[at, CIT], readings[at, DIST]
    r_flags, r_score, r_scan = readings[at, FLAGS] & ~LOOSE, readings[at, SCORE], readings[at, SCAN]
    node, whole = 0, False
    for i in range(begin, min(end, begin + LONGEST)):
        node = step_in(words, DIVISIONS, node, codes[i])
        if node < 0:
            break
        word = words.values[words.base[3 * DIVISIONS + 2] + node]
        if word == NOTHING:
            continue
        length = i + 1 - begin
        if length > 1 and i + 1 < end and IS_KIND[codes[i + 1]]:
            # 江苏 in 江苏省 needs no reading of its own, but 济南 in 济南市中区 does.
            longer = step_in(words, DIVISIONS, node, codes[i + 1])
            if longer >= 0 and words.values[words.base[3 * DIVISIONS + 2] + longer] != NOTHING:
                split = codes[i + 1] == SHI and i + 2 < end and IS_DIRECTION[codes[i + 2]]
                if not split:
                    continue
        after = i + 1
        while after < end and codes[after] == SEPARATOR:
            after += 1
        apart = after > i + 1 or after >= end
        road, joined, stem, plain = -1, -1, -1, True
        consistent, contradicting = False, -1
        for m in range(words.data[words.base[FIRST] + word], words.data[words.base[FIRST] + word + 1]):
            division, how = words.data[words.base[MEANING] + m], words.data[words.base[HOW] + m]
            level = words.data[words.base[LEVEL] + division]
            short = how in (SHORT, FORMER_SHORT, OLD_SHORT)
            moved = False
            if not fits(words, r_prov, r_city, r_dist, division):
                if level == DISTRICT and not short:
                    moved = has_moved(words, r_dist if r_dist >= 0 else r_city, division)
                if not moved:
                    if how == FULL and contradicting < 0:
                        contradicting = division
                    continue
            consistent = True
            repeated = division in (r_prov, r_city, r_dist) or (level == PROVINCE and r_prov >= 0)
            # 北京 and 上海 name a province and its city: the city says both.
            if level == CITY and r_city < 0:
                repeated = False
            loose = False
            if short:
                if length == 1 and begin != r_scan:
                    continue
                if joined < 0:
                    joined = followed(words, FOLLOWING, 64, codes, i + 1, end)
                    plain = joined == 0
                    stem = 99 if apart else road_stem(codes, i + 1, end)
                    if stem < 2:
                        joined = 1
                    elif stem < 99:
                        joined = 0  # 花园路, 府前路: a road of its own
                if r_dist >= 0 or length == 1 or level == PROVINCE or joined > 0 or repeated:
                    loose = True
                elif level == CITY:
                    loose = not (r_prov >= 0 or covered[division] or alone)
                elif r_city < 0 and r_prov < 0:
                    near = covered[division] or (prior >= 0 and words.data[words.base[CITY_OF] + division] == prior)
                    loose = after >= end or not (near or (alone and plain and 2 <= stem < 99))
                elif r_city < 0:
                    loose = after >= end
            else:
                if road < 0:
                    road = followed(words, ROAD_FOLLOWING, 128, codes, i + 1, end)
                if road > 0 and not apart and codes[i] != QU:
                    # 沛县路 is a road, 路桥区路桥大道 and 沛县路边村 are none.
                    next_code = codes[i + 1 + road] if i + 1 + road < end else SEPARATOR
                    loose = road > 1 or next_code == SEPARATOR or KINDS[next_code] == DIGIT or codes[i + 1] == CHANG
                elif length == 2 and r_city < 0 and r_prov < 0 and codes[i] == QU:
                    loose = how != FULL
                whole = whole or not loose
            take(readings, at, new)
            new[POS], new[SCAN], new[TOWN_AT] = after, after, after
            if (
                short
                and level == DISTRICT
                and after == i + 1
                and after + 1 < end
                and codes[after] in (ZHEN, XIANG_TOWN)
            ):
                new[POS] = new[TOWN_AT] = after + 1  # 吉阳镇, which is 吉阳区 now
            new[FLAGS] = r_flags | (LOOSE if loose else 0)
            gain = 4 * length
            if repeated:
                gain = 2 * length
            elif short:
                gain -= 3
            if how >= FORMER:
                gain -= 1 + (1 if how >= OLD else 0)
                new[FLAGS] |= STALE
            if level == CITY and not repeated:
                gain += 1
            new[SCORE] = r_score + gain
            if not repeated:
                new[PROV] = words.data[words.base[PROVINCE_OF] + division]
                if words.data[words.base[CITY_OF] + division] >= 0:
                    new[CIT] = words.data[words.base[CITY_OF] + division]
                if level == DISTRICT:
                    new[DIST] = division
                    if r_city < 0:
                        new[FLAGS] |= GUESSED_CITY
                    new[FLAGS] &= ~WEAK
                    if short:
                        new[FLAGS] |= WEAK
                        new[SCAN] = begin
                    if moved:
                        new[FLAGS] |= STALE
            count = add(readings, count, new)
        # A full name that contradicts what is stated already: kept beside it, never in its place.
        if not consistent and contradicting >= 0 and length > 2 and r_dist < 0 and (r_city >= 0 or r_prov >= 0):
            _, town_length = longest_in(words, TOWN_WORDS, codes, begin, min(end, begin + LONGEST))
            road = followed(words, ROAD_FOLLOWING, 128, codes, i + 1, end)
            joined = followed(words, FOLLOWING, 64, codes, i + 1, end)
            other = readings[at, OTHER]
            inside = other >= 0 and (
                words.data[words.base[CITY_OF] + contradicting] == other
                or words.data[words.base[PROVINCE_OF] + contradicting] == other
            )
            if joined == 0 and road == 0 and length > town_length:
                take(readings, at, new)
                new[POS], new[SCAN], new[TOWN_AT] = after, after, after
                new[FLAGS] = r_flags | CONTRADICTED
                if other < 0 or inside:
                    new[OTHER] = contradicting
                new[SCORE] = r_score + 1
                count = add(readings, count, new)
    return count, whole


@compiled
def extend_by_zone(words: DivisionWords, codes: Codes, end: int, readings: I64, count: int, at: int, new: I64) -> int:
    """A functional zone or a placeholder that follows reading `at`."""
    r = readings[at]
    begin = r[POS]
    heads = words.heads[codes[begin]]
    word, length = NOTHING, 0
    if heads & 4:
        word, length = longest_in(words, PLACEHOLDER, codes, begin, end)
    if (
        word != NOTHING
        and (r[PROV] >= 0 or (length > 2 and begin == r[SCAN]))
        and (length > 1 or (r[DIST] < 0 and r[CIT] >= 0))
    ):
        take(readings, at, new)
        new[POS] = skip_separators(codes, begin + length, end)
        new[SCAN], new[TOWN_AT] = new[POS], new[POS]
        new[FLAGS] = r[FLAGS] & ~LOOSE
        new[SCORE] = r[SCORE] + length
        count = add(readings, count, new)
    if r[ZON] != -1 or not heads & 2:
        return count
    word, length = longest_in(words, ZONE_WORDS, codes, begin, end)
    if word == NOTHING:
        return count
    road = followed(words, ROAD_FOLLOWING, 128, codes, begin + length, end)
    if road > 0:
        return count
    any_zone, known, several = False, -1, False
    for m in range(words.data[words.base[ZONE_FIRST] + word], words.data[words.base[ZONE_FIRST] + word + 1]):
        zone = words.data[words.base[ZONE_MEANING] + m]
        if zone == ANY_ZONE:
            any_zone = True
            continue
        city = words.data[words.base[ZONE_CITY] + zone]
        if r[CIT] >= 0 and city >= 0 and city != r[CIT] and words.data[words.base[LEVEL] + city] == CITY:
            continue
        if r[PROV] >= 0 and city >= 0 and words.data[words.base[PROVINCE_OF] + city] != r[PROV]:
            continue
        if (
            r[DIST] >= 0
            and words.data[words.base[ZONE_DISTRICT] + zone] >= 0
            and words.data[words.base[ZONE_DISTRICT] + zone] != r[DIST]
        ):
            continue
        several = several or (
            known >= 0 and words.data[words.base[ZONE_DISTRICT] + known] != words.data[words.base[ZONE_DISTRICT] + zone]
        )
        known = zone
    if length <= 2 and r[CIT] < 0:
        return count
    if several or known < 0:
        if not any_zone or (r[CIT] < 0 and r[PROV] < 0 and r[DIST] < 0 and length < 3):
            return count
        known = -2
    take(readings, at, new)
    new[POS] = skip_separators(codes, begin + length, end)
    new[SCAN], new[TOWN_AT] = new[POS], new[POS]
    new[ZON] = known
    new[FLAGS] = r[FLAGS] & ~LOOSE
    new[SCORE] = r[SCORE] + 3 * length + (1 if known >= 0 else 0)
    if known >= 0:
        city, district = words.data[words.base[ZONE_CITY] + known], words.data[words.base[ZONE_DISTRICT] + known]
        if city >= 0:
            new[PROV] = words.data[words.base[PROVINCE_OF] + city]
            if words.data[words.base[CITY_OF] + city] >= 0:
                new[CIT] = words.data[words.base[CITY_OF] + city]
        if district >= 0 and r[DIST] < 0:
            new[DIST] = district
            new[FLAGS] |= WEAK | BY_ZONE
    return add(readings, count, new)


@compiled
def extend_by_town(words: DivisionWords, codes: Codes, end: int, readings: I64, count: int, at: int, new: I64) -> int:
    """A town that follows reading `at`; it tells the district where none is stated and only one has it."""
    r = readings[at]
    begin = r[POS]
    if not words.heads[codes[begin]] & 8:
        return count
    word, length = longest_in(words, TOWN_WORDS, codes, begin, min(end, begin + LONGEST))
    if word == NOTHING:
        return count
    after = begin + length
    # 街道办事处, 街道办, 地区办事处
    if codes[after - 1] == DAO and after < end and codes[after] == BAN:
        after += 3 if after + 2 < end and codes[after + 1] == OFFICE and codes[after + 2] == CHU else 1
    after = skip_separators(codes, after, end)
    town, district, several, exact = -1, -1, False, 0
    for m in range(words.data[words.base[TOWN_FIRST] + word], words.data[words.base[TOWN_FIRST] + word + 1]):
        candidate = words.data[words.base[TOWN_MEANING] + m]
        parent = words.data[words.base[TOWN_PARENT] + candidate]
        if words.data[words.base[TOWN_EXACT] + m] < exact:
            continue
        if r[DIST] >= 0:
            if parent != r[DIST]:
                continue
        elif r[CIT] >= 0:
            if words.data[words.base[CITY_OF] + parent] != r[CIT]:
                continue
        elif r[PROV] >= 0:
            if words.data[words.base[PROVINCE_OF] + parent] != r[PROV]:
                continue
        elif length < 4:
            continue
        if words.data[words.base[TOWN_EXACT] + m] > exact:
            exact, town, several = 1, -1, False
        several = several or town >= 0
        town = candidate
    if town < 0:
        return count
    if r[DIST] < 0 and (several or (exact == 0 and r[CIT] < 0)):
        return count
    if r[TWN] >= 0 and r[TWN] != town:
        return count
    take(readings, at, new)
    new[POS] = after
    new[FLAGS] = r[FLAGS] & ~LOOSE
    new[TWN] = town if not several else r[TWN]
    new[TOWN_AT] = begin
    # A name of the usual kind (城关镇) says less without a city.
    new[SCORE] = r[SCORE] + 3 * length - (2 if exact == 0 else 0)
    if r[DIST] < 0:
        district = words.data[words.base[TOWN_PARENT] + town]
        if words.data[words.base[LEVEL] + district] == DISTRICT:
            new[DIST] = district
            new[FLAGS] |= WEAK | BY_TOWN
        new[PROV] = words.data[words.base[PROVINCE_OF] + district]
        if words.data[words.base[CITY_OF] + district] >= 0:
            if r[CIT] < 0:
                new[FLAGS] |= GUESSED_CITY
            new[CIT] = words.data[words.base[CITY_OF] + district]
    return add(readings, count, new)
