"""Reads the divisions at the head of each text: compiled, row by row.

A reading is a chain of words from the left, each consistent with those before it. All readings of a text are grown side by side
and the one that explains the most characters wins; so 吉林吉林, 济南市中区 and 长安街道 need no rule of their own. Where several
divisions are explained equally well nothing is chosen, unless a local name further on settles it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.address.characters import OPEN, SEPARATOR, Codes
from geo.address.compiled import compiled, entry
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
    LABEL,
    LEVEL,
    LOCAL_DISTRICT,
    LOCAL_FIRST,
    LOCAL_WEIGHT,
    LOCAL_WORDS,
    MEANING,
    MOVED,
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
from geo.address.numbers import DIGIT, KINDS, NUMERAL

I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]

# How the district was stated: bits of `Stated.flags`.
WEAK, STALE, CONTRADICTED, AMBIGUOUS, GUESSED_CITY, BY_ZONE, BY_TOWN, BY_LOCAL, LATE = 1, 2, 4, 8, 16, 32, 64, 128, 256
# A reading that counts only if another word follows it.
LOOSE = 1 << 20
# Columns of a reading.
POS, PROV, CIT, DIST, TWN, ZON, FLAGS, SCORE, SCAN, TOWN_AT, OTHER = range(11)
READINGS, WIDTH = 96, 11
LONGEST = 24
DAO, BAN, JIE, ZHEN, XIAO, OFFICE, QU, CHU, SHI = (ord(c) for c in "道办街镇小事区处市")
LU, XIANG, LONG, BIG, CHANG, XIANG_TOWN = (ord(c) for c in "路巷弄大场乡")
DIRECTIONS = "东西南北中内外前后上下新老大小一二三四五六七八九十支横直正环"


def _table(signs: str) -> npt.NDArray[np.uint8]:
    out = np.zeros(0x10000, np.uint8)
    for sign in signs:
        out[ord(sign)] = 1
    return out


IS_DIRECTION = _table(DIRECTIONS)
# The last character of a full name, and what stands before it in other words (小区, 园区).
IS_KIND = _table("省市区县州旗盟")
IS_ESTATE = _table("小社园城景新东西南北中库厂校院片地老一二三四五六七八九ABCDEFG0123456789")


@compiled
def step_in(words: DivisionWords, lexicon: int, node: int, code: int) -> int:
    """The node of one of the lexicons after one more character, or -1."""
    at, mask = words.base[3 * lexicon], words.base[3 * lexicon + 1]
    key = (np.int64(node) << 16) | np.int64(code)
    slot = ((key * 0x9E3779B97F4A7C1) >> 20) & mask
    found = words.slots[2 * (at + slot)]
    while found not in (-1, key):
        slot = (slot + 1) & mask
        found = words.slots[2 * (at + slot)]
    return int(words.slots[2 * (at + slot) + 1])  # free slots hold -1


@compiled
def longest_in(words: DivisionWords, lexicon: int, codes: Codes, at: int, end: int) -> tuple[int, int]:
    """(value, length) of the longest word of one of the lexicons that begins at `at` and ends by `end`; (-1, 0) if there is none."""
    node, value, length = 0, NOTHING, 0
    values = words.base[3 * lexicon + 2]
    for i in range(at, end):
        node = step_in(words, lexicon, node, codes[i])
        if node < 0:
            break
        if words.values[values + node] != NOTHING:
            value, length = words.values[values + node], i + 1 - at
    return value, length


@compiled
def followed(words: DivisionWords, lexicon: int, bit: int, codes: Codes, at: int, end: int) -> int:
    """Length of the word of one of the lexicons that begins here; `bit`: the lexicon's in `heads`."""
    if at >= end or not words.heads[codes[at]] & bit:
        return 0
    _, length = longest_in(words, lexicon, codes, at, end)
    return length


@compiled
def skip_separators(codes: Codes, at: int, end: int) -> int:
    """The next position that is not a separator."""
    while at < end and codes[at] == SEPARATOR:
        at += 1
    return at


@compiled
def road_stem(codes: Codes, at: int, end: int) -> int:
    """Characters between here and the next word for a road; 99 if digits, a separator or nine characters come before it."""
    for i in range(at, min(end, at + 9)):
        code = codes[i]
        if code == SEPARATOR or KINDS[code] == DIGIT:
            return 99
        road = code in (LU, XIANG, LONG)
        if code == JIE:
            road = i + 1 >= end or codes[i + 1] != DAO
        elif code == DAO:
            # 道 is part of other words (马道街): it ends a road before a number or as 大道.
            road = i + 1 >= end or codes[i - 1] == BIG or codes[i + 1] == SEPARATOR or KINDS[codes[i + 1]] == DIGIT
        if road:
            stem = i - at
            if code == DAO and stem > 0 and codes[i - 1] == BIG:
                stem -= 1
            sides, numerals = 0, 0
            while sides < stem and IS_DIRECTION[codes[at + sides]]:
                numerals += KINDS[codes[at + sides]] == NUMERAL
                sides += 1
            if sides == stem and numerals < 2:  # 八一路 is a road, 西一路 the end of one
                stem = 0
            return stem
    return 99


@compiled
def fits(words: DivisionWords, province: int, city: int, district: int, division: int) -> bool:
    """A division is consistent with what a reading holds."""
    if province >= 0 and words.data[words.base[PROVINCE_OF] + division] != province:
        return False
    level = words.data[words.base[LEVEL] + division]
    if level == PROVINCE:
        return True
    above = words.data[words.base[CITY_OF] + division]
    if level == CITY:
        return (city < 0 or city == division) and (
            district < 0 or words.data[words.base[CITY_OF] + district] == division
        )
    if district >= 0:
        return district == division
    return city < 0 or above == city or above < 0


@compiled
def has_moved(words: DivisionWords, parent: int, division: int) -> bool:
    """The division once lay in the parent."""
    if parent >= 0:
        for i in range(words.base[MOVED], words.base[MOVED + 1], 2):
            if words.data[i] == parent and words.data[i + 1] == division:
                return True
    return False


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


@compiled
def grow(
    words: DivisionWords,
    codes: Codes,
    begin: int,
    end: int,
    covered: npt.NDArray[np.bool_],
    alone: bool,
    prior: int,
    seed: I64,
    readings: I64,
    new: I64,
) -> int:
    """All readings from `begin`; the first is the empty one. Returns their number."""
    for k in range(WIDTH):
        readings[0, k] = seed[k]
    readings[0, POS], readings[0, SCAN], readings[0, TOWN_AT] = begin, begin, begin
    count, at = 1, 0
    while at < count:
        if readings[at, POS] < end:
            whole = False
            if words.heads[codes[readings[at, POS]]] & 1:
                count, whole = extend_by_divisions(words, codes, end, readings, count, at, covered, alone, prior, new)
            if not whole:
                count = extend_by_zone(words, codes, end, readings, count, at, new)
                count = extend_by_town(words, codes, end, readings, count, at, new)
        at += 1
    return count


@compiled
def best_of(
    words: DivisionWords, readings: I64, count: int, covered: npt.NDArray[np.bool_], prior: int, ties: I64
) -> tuple[int, int]:
    """(number of equally good readings that mean different divisions, written to `ties`; 1 if prior or gazetteer chose)."""
    best = -1
    for i in range(count):
        if not readings[i, FLAGS] & LOOSE and readings[i, SCORE] > best:
            best = readings[i, SCORE]
    found, rank, settled = 0, -1, 0
    for i in range(count):
        if readings[i, SCORE] != best:
            continue
        r = readings[i]
        if r[FLAGS] & LOOSE or r[SCORE] != best:
            continue
        lowest = r[DIST] if r[DIST] >= 0 else r[CIT] if r[CIT] >= 0 else r[PROV]
        own = 0
        if lowest >= 0:
            if prior >= 0 and words.data[words.base[CITY_OF] + lowest] == prior:
                own += 2
            if covered[lowest]:
                own += 1
        if own > rank:
            settled = 1 if found > 0 else 0
            rank, found = own, 0
        elif own < rank:
            settled = 1
            continue
        same = False
        for t in range(found):
            o = readings[ties[t]]
            same = same or (o[DIST] == r[DIST] and o[CIT] == r[CIT] and o[PROV] == r[PROV])
        if not same and found < len(ties):
            ties[found] = i
            found += 1
    return found, settled


@compiled
def settle_by_local_names(
    words: DivisionWords, codes: Codes, begin: int, end: int, readings: I64, ties: I64, found: int, votes: I64
) -> int:
    """The reading whose district alone has the local names of the text (position in `ties`), or -1."""
    for t in range(found):
        votes[t] = 0
    for at in range(begin, end):
        if not words.heads[codes[at]] & 16:
            continue
        word, length = longest_in(words, LOCAL_WORDS, codes, at, min(end, at + 12))
        # Two characters inside other words (华大 in 国华大厦) say nothing.
        if word == NOTHING or (length <= 2 and at > begin and codes[at - 1] != SEPARATOR):
            continue
        for m in range(words.data[words.base[LOCAL_FIRST] + word], words.data[words.base[LOCAL_FIRST] + word + 1]):
            for t in range(found):
                if readings[ties[t], DIST] == words.data[words.base[LOCAL_DISTRICT] + m]:
                    votes[t] += words.data[words.base[LOCAL_WEIGHT] + m]
    chosen, others = -1, 0
    for t in range(found):
        if votes[t] >= 2 and (chosen < 0 or votes[t] > votes[chosen]):
            if chosen >= 0:
                others += votes[chosen]
            chosen = t
        else:
            others += votes[t]
    return chosen if chosen >= 0 and others == 0 else -1


@compiled
def find_late(
    words: DivisionWords,
    codes: Codes,
    begin: int,
    end: int,
    covered: npt.NDArray[np.bool_],
    prior: int,
    seed: I64,
    readings: I64,
    new: I64,
    ties: I64,
) -> int:
    """The reading of a full name that stands further on (a recipient before it, the order turned around), or -1."""
    last = -1  # of the next word for a kind of division, 小区 and 社区 left out
    for at in range(begin, end - 2):
        if last < at + 2:
            last = at + 2
            while last < end and not (IS_KIND[codes[last]] and not IS_ESTATE[codes[last - 1]]):
                last += 1
            if last >= end:
                break
        if last > at + 12 or not words.heads[codes[at]] & 1:
            continue
        node, full = 0, False
        for i in range(at, min(end, at + LONGEST)):
            node = step_in(words, DIVISIONS, node, codes[i])
            if node < 0:
                break
            word = words.values[words.base[3 * DIVISIONS + 2] + node]
            if (
                word != NOTHING
                and i - at >= 2
                and words.data[words.base[HOW] + words.data[words.base[FIRST] + word]] == FULL
            ):
                full = True
        if not full:
            continue
        count = grow(words, codes, at, end, covered, False, prior, seed, readings, new)
        found, _ = best_of(words, readings, count, covered, prior, ties)
        if found != 1:
            continue
        r = readings[ties[0]]
        gained = (r[DIST] >= 0 and seed[DIST] < 0) or (r[CIT] >= 0 and seed[CIT] < 0)
        # Inside a name (阳光城区 …) a word of three characters says little; a chain or a break before it says more.
        apart = at == begin or codes[at - 1] == SEPARATOR or codes[at - 1] == OPEN
        if gained and not r[FLAGS] & CONTRADICTED and (apart or r[SCORE] - seed[SCORE] >= 12):
            return int(ties[0])
    return -1


@entry
def read_divisions(
    codes: Codes,
    start: I64,
    main_end: I64,
    text_end: I64,
    words: DivisionWords,
    covered: npt.NDArray[np.bool_],
    prior_city: I32,
    found: I32,
    places: I64,
    candidates: I32,
) -> None:
    """Fill `found` (province, city, district, town, flags, zone, other), `places` (scan, town_at, rest, zone_at, zone_end) and, where a
    text may mean several divisions, `candidates` (as many as it has columns)."""
    readings, new, seed = np.empty((READINGS, WIDTH), np.int64), np.empty(WIDTH, np.int64), np.full(WIDTH, -1, np.int64)
    chosen, new_seed = np.empty(WIDTH, np.int64), np.empty(WIDTH, np.int64)
    ties, votes = np.empty(32, np.int64), np.empty(32, np.int64)
    alone = not covered.any()
    seed[FLAGS], seed[SCORE] = 0, 0
    for row in range(len(start)):
        begin, end = skip_separators(codes, start[row], main_end[row]), main_end[row]
        prior = prior_city[row]
        for _ in range(3):
            word, length = NOTHING, 0
            if begin < end and words.heads[codes[begin]] & 32:
                word, length = longest_in(words, LABEL, codes, begin, end)
            if word != NOTHING and begin + length < end:
                begin = skip_separators(codes, begin + length, end)
            elif (
                begin + 6 < end
                and KINDS[codes[begin]] == DIGIT
                and KINDS[codes[begin + 5]] == DIGIT
                and KINDS[codes[begin + 6]] != DIGIT
            ):
                begin = skip_separators(codes, begin + 6, end)  # a postcode
            else:
                break
        open_prior = alone and prior < 0
        count = grow(words, codes, begin, end, covered, open_prior, prior, seed, readings, new)
        several, _ = best_of(words, readings, count, covered, prior, ties)
        flags = 0
        if several > 1:
            local = settle_by_local_names(words, codes, readings[ties[0], POS], end, readings, ties, several, votes)
            if local >= 0:
                ties[0] = ties[local]
                several, flags = 1, BY_LOCAL | WEAK
        if several > 1:
            first = readings[ties[0]]
            weak = first[FLAGS] & WEAK
            for t in range(min(several, candidates.shape[1])):
                r = readings[ties[t]]
                candidates[row, t] = r[DIST] if r[DIST] >= 0 else r[CIT] if r[CIT] >= 0 else r[PROV]
            chosen[:] = first
            for t in range(1, several):
                r = readings[ties[t]]
                for level in (PROV, CIT, DIST, TWN):
                    if r[level] != chosen[level]:
                        chosen[level] = -1
            if weak and first[PROV] >= 0 and chosen[PROV] < 0:
                # A short name of several divisions is as likely no division at all.
                chosen[:] = seed
                chosen[POS], chosen[SCAN], chosen[TOWN_AT] = begin, begin, begin
            else:
                chosen[FLAGS] = (chosen[FLAGS] & ~(GUESSED_CITY | WEAK)) | AMBIGUOUS
        else:
            chosen[:] = readings[ties[0]]
            chosen[FLAGS] |= flags
        if chosen[DIST] < 0 and not chosen[FLAGS] & (AMBIGUOUS | CONTRADICTED):
            for k in range(WIDTH):
                new_seed[k] = chosen[k]
            late = find_late(words, codes, chosen[POS], end, covered, prior, new_seed, readings, new, ties)
            if late < 0 and chosen[CIT] < 0 and text_end[row] > end:
                late = find_late(words, codes, end, text_end[row], covered, prior, new_seed, readings, new, ties)
            if late >= 0:
                r = readings[late]
                for level in (PROV, CIT, DIST):
                    chosen[level] = r[level]
                if r[DIST] >= 0:
                    chosen[TWN] = r[TWN]
                chosen[FLAGS] |= (r[FLAGS] & ~LOOSE) | LATE | WEAK
                if new_seed[SCORE] == 0 and r[POS] <= end:
                    # What stood before it is no part of the address's head.
                    chosen[POS], chosen[SCAN], chosen[TOWN_AT] = r[POS], r[SCAN], r[TOWN_AT]
        at = chosen[POS]
        town_at = chosen[TOWN_AT]
        if chosen[TWN] < 0 and town_at == at:
            for i in range(at + 2, min(end - 1, at + 7)):
                if codes[i] == JIE and codes[i + 1] == DAO:
                    at = i + 2
                    if at + 2 < end and codes[at] == BAN and codes[at + 1] == OFFICE:
                        at += 3
                    at = skip_separators(codes, at, end)
                    break
                if codes[i] == BAN and (
                    codes[i - 1] == JIE or (i + 2 < end and codes[i + 1] == OFFICE and codes[i + 2] == CHU)
                ):
                    # 韦曲街办, 某某办事处
                    at = skip_separators(codes, i + 1 if codes[i - 1] == JIE else i + 3, end)
                    break
                if codes[i] == ZHEN and codes[i - 1] != XIAO and i + 2 < end:
                    at = skip_separators(codes, i + 1, end)
                    break
        found[row, 0], found[row, 1], found[row, 2], found[row, 3] = (
            chosen[PROV],
            chosen[CIT],
            chosen[DIST],
            chosen[TWN],
        )
        found[row, 4], found[row, 5], found[row, 6] = chosen[FLAGS] & ~LOOSE, chosen[ZON], chosen[OTHER]
        places[row, 0], places[row, 1], places[row, 2] = chosen[SCAN], town_at, at
