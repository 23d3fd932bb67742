"""Looks words of divisions up in a text, and what follows them: the compiled parts that a reading is made of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.address.characters import SEPARATOR, Codes
from geo.address.compiled import compiled
from geo.address.division_words import (
    CITY,
    CITY_OF,
    LEVEL,
    MOVED,
    PROVINCE,
    PROVINCE_OF,
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
IS_ESTATE = _table("小社园一二三四五六七八九ABCDEFG0123456789")


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
