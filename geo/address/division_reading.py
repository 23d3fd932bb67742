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
from geo.address.division_lookup import (
    AMBIGUOUS,
    BAN,
    BY_LOCAL,
    CHU,
    CIT,
    CONTRADICTED,
    DAO,
    DIST,
    FLAGS,
    GUESSED_CITY,
    I32,
    I64,
    IS_ESTATE,
    IS_KIND,
    JIE,
    LATE,
    LONGEST,
    LOOSE,
    OFFICE,
    OTHER,
    POS,
    PROV,
    READINGS,
    SCAN,
    SCORE,
    TOWN_AT,
    TWN,
    WEAK,
    WIDTH,
    XIAO,
    ZHEN,
    ZON,
    longest_in,
    skip_separators,
    step_in,
)  # fmt: skip
from geo.address.division_steps import extend_by_divisions, extend_by_town, extend_by_zone
from geo.address.division_words import (
    CITY_OF,
    DIVISIONS,
    FIRST,
    FULL,
    HOW,
    LABEL,
    LOCAL_DISTRICT,
    LOCAL_FIRST,
    LOCAL_WEIGHT,
    LOCAL_WORDS,
    DivisionWords,
)  # fmt: skip
from geo.address.lexicon import NOTHING
from geo.address.numbers import DIGIT, KINDS


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
