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
    DISTRICT,
    FORMER,
    FORMER_SHORT,
    FULL,
    OLD,
    OLD_SHORT,
    PROVINCE,
    SHORT,
    DivisionWords,
)
from geo.address.lexicon import NOTHING, longest_at, step
from geo.address.numbers import DIGIT, KINDS

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
DAO, BAN, JIE, ZHEN, XIAO, SHI, QU, CHU, DI = (ord(c) for c in "道办街镇小事区处地")
LU, XIANG, LONG, YUAN = (ord(c) for c in "路巷弄院")
DIRECTIONS = "东西南北中内外前后上下新老大小一二三四五六七八九十支横直正环"


def _direction_table() -> npt.NDArray[np.uint8]:
    out = np.zeros(0x10000, np.uint8)
    for sign in DIRECTIONS:
        out[ord(sign)] = 1
    return out


IS_DIRECTION = _direction_table()


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
        if (
            code == LU
            or code == XIANG
            or code == LONG
            or (code in (DAO, JIE) and not (code == JIE and i + 1 < end and codes[i + 1] == DAO))
        ):
            stem = i - at
            if code == DAO and stem > 0 and codes[i - 1] == ord("大"):
                stem -= 1
            sides = 0
            while sides < stem and IS_DIRECTION[codes[at + sides]]:
                sides += 1
            if sides == stem and stem < 3:
                stem = 0
            return stem
    return 99


@compiled
def fits(words: DivisionWords, r: I64, division: int) -> bool:
    """A division is consistent with what the reading holds."""
    level = words.level[division]
    if r[PROV] >= 0 and words.province[division] != r[PROV]:
        return False
    if level == PROVINCE:
        return True
    city = words.city[division]
    if level == CITY:
        return (r[CIT] < 0 or r[CIT] == division) and (r[DIST] < 0 or words.city[r[DIST]] == division)
    if r[DIST] >= 0:
        return r[DIST] == division
    return r[CIT] < 0 or city == r[CIT] or city < 0


@compiled
def has_moved(words: DivisionWords, parent: int, division: int) -> bool:
    """The division once lay in the parent."""
    if parent < 0 or len(words.moved) == 0:
        return False
    key = (np.int64(parent) << 32) | np.int64(division)
    at = np.searchsorted(words.moved, key)
    return bool(at < len(words.moved) and words.moved[at] == key)


@compiled
def add(readings: I64, count: int, r: I64) -> int:
    """Append a reading unless a better one that means the same stands there already; returns the number of readings."""
    for i in range(count):
        o = readings[i]
        if (
            o[POS] == r[POS] and o[PROV] == r[PROV] and o[CIT] == r[CIT] and o[DIST] == r[DIST]
            and o[TWN] == r[TWN] and o[ZON] == r[ZON] and (o[FLAGS] & LOOSE) == (r[FLAGS] & LOOSE)
        ):  # fmt: skip
            if r[SCORE] > o[SCORE]:
                o[:] = r
            return count
    if count < len(readings):
        readings[count] = r
        count += 1
    return count


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
) -> int:
    """All words of divisions that follow reading `at`; returns the number of readings."""
    r = readings[at].copy()
    begin = r[POS]
    node = 0
    _, town_length = longest_at(words.towns, codes, begin, min(end, begin + LONGEST))
    for i in range(begin, min(end, begin + LONGEST)):
        node = step(words.lexicon, node, codes[i])
        if node < 0:
            break
        word = words.lexicon.values[node]
        if word == NOTHING:
            continue
        length = i + 1 - begin
        after = skip_separators(codes, i + 1, end)
        apart = after > i + 1 or after >= end
        _, road = longest_at(words.road_followers, codes, i + 1, end)
        if codes[i] == SHI and i + 1 < end and codes[i + 1] == ord("场"):
            road = 1
        joined = -1
        consistent, contradicting = False, -1
        for m in range(words.first[word], words.first[word + 1]):
            division, how = words.meaning[m], words.how[m]
            level = words.level[division]
            short = how in (SHORT, FORMER_SHORT, OLD_SHORT)
            moved = False
            if not fits(words, r, division):
                if level == DISTRICT and (r[DIST] < 0 or r[DIST] != division):
                    moved = has_moved(words, r[DIST] if r[DIST] >= 0 else r[CIT], division) and not short
                if not moved:
                    if how == FULL and contradicting < 0:
                        contradicting = division
                    continue
            consistent = True
            repeated = division in (r[PROV], r[CIT], r[DIST]) or (level == PROVINCE and r[PROV] >= 0)
            # 北京 and 上海 name a province and its city: the city says both.
            if level == CITY and r[CIT] < 0:
                repeated = False
            loose = False
            if short:
                if joined < 0:
                    _, joined = longest_at(words.followers, codes, i + 1, end)
                    stem = 99 if apart else road_stem(codes, i + 1, end)
                    if stem < 2:
                        joined = 1
                    elif stem < 99:
                        joined = 0  # 花园路, 府前路: a road of its own
                if r[DIST] >= 0 or length == 1 or level == PROVINCE or joined > 0 or repeated:
                    loose = True
                elif level == CITY:
                    loose = not (r[PROV] >= 0 or covered[division] or alone)
                elif r[CIT] < 0 and r[PROV] < 0:
                    near = covered[division] or (prior >= 0 and words.city[division] == prior)
                    loose = after >= end or not (near or (alone and 2 <= road_stem(codes, i + 1, end) < 99))
                elif r[CIT] < 0:
                    loose = after >= end
                if length == 1 and begin != r[SCAN]:
                    continue
            elif road > 0 and not apart:
                # 沛县路 is a road, 路桥区路桥大道 is none.
                if length <= 3 or codes[i] == SHI:
                    loose = True
            elif length == 2 and r[CIT] < 0 and r[PROV] < 0 and codes[i] == QU:
                loose = how != FULL
            new[:] = r
            new[POS] = after
            new[FLAGS] = (r[FLAGS] & ~LOOSE) | (LOOSE if loose else 0)
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
            new[SCORE] = r[SCORE] + gain
            new[SCAN] = after
            if not repeated:
                new[PROV] = words.province[division]
                if words.city[division] >= 0:
                    new[CIT] = words.city[division]
                if level == DISTRICT:
                    new[DIST] = division
                    if r[CIT] < 0:
                        new[FLAGS] |= GUESSED_CITY
                    new[FLAGS] &= ~WEAK
                    if short:
                        new[FLAGS] |= WEAK
                        new[SCAN] = begin
                    if moved:
                        new[FLAGS] |= STALE
            new[TOWN_AT] = after
            count = add(readings, count, new)
        # A full name that contradicts what is stated already: kept beside it, never in its place.
        if (
            not consistent and contradicting >= 0 and length > 2 and length > town_length and road == 0
            and r[DIST] < 0 and (r[CIT] >= 0 or r[PROV] >= 0)
        ):  # fmt: skip
            _, joined = longest_at(words.followers, codes, i + 1, end)
            other = r[OTHER]
            inside = other >= 0 and (words.city[contradicting] == other or words.province[contradicting] == other)
            if joined == 0:
                new[:] = r
                new[POS] = after
                new[SCAN] = after
                new[TOWN_AT] = after
                new[FLAGS] = (r[FLAGS] & ~LOOSE) | CONTRADICTED
                if other < 0 or inside:
                    new[OTHER] = contradicting
                new[SCORE] = r[SCORE] + 1
                count = add(readings, count, new)
    return count


@compiled
def extend_by_zone(words: DivisionWords, codes: Codes, end: int, readings: I64, count: int, at: int, new: I64) -> int:
    """A functional zone or a placeholder that follows reading `at`."""
    r = readings[at].copy()
    begin = r[POS]
    word, length = longest_at(words.placeholders, codes, begin, end)
    if (
        word != NOTHING
        and (r[PROV] >= 0 or (length > 2 and begin == r[SCAN]))
        and (length > 1 or (r[DIST] < 0 and r[CIT] >= 0))
    ):
        new[:] = r
        new[POS] = skip_separators(codes, begin + length, end)
        new[SCAN], new[TOWN_AT] = new[POS], new[POS]
        new[FLAGS] = r[FLAGS] & ~LOOSE
        new[SCORE] = r[SCORE] + length
        count = add(readings, count, new)
    if r[ZON] != -1:
        return count
    word, length = longest_at(words.zones, codes, begin, end)
    if word == NOTHING:
        return count
    _, road = longest_at(words.road_followers, codes, begin + length, end)
    if road > 0:
        return count
    any_zone, known, several = False, -1, False
    for m in range(words.zone_first[word], words.zone_first[word + 1]):
        zone = words.zone[m]
        if zone == ANY_ZONE:
            any_zone = True
            continue
        city = words.zone_city[zone]
        if r[CIT] >= 0 and city >= 0 and city != r[CIT] and words.level[city] == CITY:
            continue
        if r[PROV] >= 0 and city >= 0 and words.province[city] != r[PROV]:
            continue
        if r[DIST] >= 0 and words.zone_district[zone] >= 0 and words.zone_district[zone] != r[DIST]:
            continue
        several = several or (known >= 0 and words.zone_district[known] != words.zone_district[zone])
        known = zone
    if several or known < 0:
        if not any_zone or (length <= 2 and r[CIT] < 0) or (r[CIT] < 0 and r[PROV] < 0 and r[DIST] < 0 and length < 3):
            return count
        known = -2
    new[:] = r
    new[POS] = skip_separators(codes, begin + length, end)
    new[SCAN], new[TOWN_AT] = new[POS], new[POS]
    new[ZON] = known
    new[FLAGS] = r[FLAGS] & ~LOOSE
    new[SCORE] = r[SCORE] + 3 * length + (1 if known >= 0 else 0)
    if known >= 0:
        city, district = words.zone_city[known], words.zone_district[known]
        if city >= 0:
            new[PROV] = words.province[city]
            if words.city[city] >= 0:
                new[CIT] = words.city[city]
        if district >= 0 and r[DIST] < 0:
            new[DIST] = district
            new[FLAGS] |= WEAK | BY_ZONE
    return add(readings, count, new)


@compiled
def extend_by_town(words: DivisionWords, codes: Codes, end: int, readings: I64, count: int, at: int, new: I64) -> int:
    """A town that follows reading `at`; it tells the district where none is stated and only one has it."""
    r = readings[at].copy()
    begin = r[POS]
    word, length = longest_at(words.towns, codes, begin, min(end, begin + LONGEST))
    if word == NOTHING:
        return count
    after = begin + length
    # 街道办事处, 街道办, 地区办事处
    if codes[after - 1] == DAO and after < end and codes[after] == BAN:
        after += 3 if after + 2 < end and codes[after + 1] == SHI and codes[after + 2] == CHU else 1
    after = skip_separators(codes, after, end)
    town, district, several, exact = -1, -1, False, 0
    for m in range(words.town_first[word], words.town_first[word + 1]):
        candidate = words.town[m]
        parent = words.town_parent[candidate]
        if words.town_exact[m] < exact:
            continue
        if r[DIST] >= 0:
            if parent != r[DIST]:
                continue
        elif r[CIT] >= 0:
            if words.city[parent] != r[CIT]:
                continue
        elif r[PROV] >= 0:
            if words.province[parent] != r[PROV]:
                continue
        elif length < 4:
            continue
        if words.town_exact[m] > exact:
            exact, town, several = 1, -1, False
        several = several or town >= 0
        town = candidate
    if town < 0:
        return count
    if r[DIST] < 0 and (several or (exact == 0 and r[CIT] < 0)):
        return count
    if r[TWN] >= 0 and r[TWN] != town:
        return count
    new[:] = r
    new[POS] = after
    new[FLAGS] = r[FLAGS] & ~LOOSE
    new[TWN] = town if not several else r[TWN]
    new[TOWN_AT] = begin
    # A name of the usual kind (城关镇) says less without a city.
    new[SCORE] = r[SCORE] + 3 * length - (2 if exact == 0 else 0)
    if r[DIST] < 0:
        district = words.town_parent[town]
        if words.level[district] == DISTRICT:
            new[DIST] = district
            new[FLAGS] |= WEAK | BY_TOWN
        new[PROV] = words.province[district]
        if words.city[district] >= 0:
            if r[CIT] < 0:
                new[FLAGS] |= GUESSED_CITY
            new[CIT] = words.city[district]
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
    readings[0] = seed
    readings[0, POS], readings[0, SCAN], readings[0, TOWN_AT] = begin, begin, begin
    count, at = 1, 0
    while at < count:
        if readings[at, POS] < end:
            count = extend_by_divisions(words, codes, end, readings, count, at, covered, alone, prior, new)
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
        r = readings[i]
        if r[FLAGS] & LOOSE or r[SCORE] != best:
            continue
        lowest = r[DIST] if r[DIST] >= 0 else r[CIT] if r[CIT] >= 0 else r[PROV]
        own = 0
        if lowest >= 0:
            if prior >= 0 and words.city[lowest] == prior:
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
        word, length = longest_at(words.local, codes, at, min(end, at + 12))
        if word == NOTHING or length < 2:
            continue
        for m in range(words.local_first[word], words.local_first[word + 1]):
            for t in range(found):
                if readings[ties[t], DIST] == words.local_district[m]:
                    votes[t] += words.local_weight[m]
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
    for at in range(begin, end - 2):
        node, full = 0, False
        for i in range(at, min(end, at + LONGEST)):
            node = step(words.lexicon, node, codes[i])
            if node < 0:
                break
            word = words.lexicon.values[node]
            if word != NOTHING and i - at >= 2 and words.how[words.first[word]] == FULL:
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
    chosen = np.empty(WIDTH, np.int64)
    ties, votes = np.empty(32, np.int64), np.empty(32, np.int64)
    alone = not covered.any()
    seed[FLAGS], seed[SCORE] = 0, 0
    for row in range(len(start)):
        begin, end = skip_separators(codes, start[row], main_end[row]), main_end[row]
        prior = prior_city[row]
        for _ in range(3):
            word, length = longest_at(words.labels, codes, begin, end)
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
            new_seed = chosen.copy()
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
                    if at + 2 < end and codes[at] == BAN and codes[at + 1] == SHI:
                        at += 3
                    at = skip_separators(codes, at, end)
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
