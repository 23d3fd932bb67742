"""What follows the divisions: roads with house numbers, and where the building, unit and room begin."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.address.characters import SEPARATOR, Codes
from geo.address.compiled import compiled
from geo.address.lexicon import NOTHING, Lexicon, build_lexicon, longest_at, longest_before
from geo.address.numbers import DIGIT, KINDS, LETTER, NUMERAL, STEM, read_number

# Counting words behind a number. Values: what they count.
NO_COUNT, HOUSE, LANE, YARD, BUILDING, UNIT, FLOOR, ROOM, GROUP = -1, 0, 1, 2, 3, 4, 5, 6, 7
FANG, MEN = ord("房"), ord("门")
COUNTERS: Final = {
    "号": HOUSE, "号门": HOUSE, "号院": YARD, "院": YARD, "弄": LANE, "支弄": LANE, "号弄": LANE, "里弄": LANE,
    "幢": BUILDING, "栋": BUILDING, "号楼": BUILDING, "楼栋": BUILDING, "座": BUILDING, "#楼": BUILDING, "#": BUILDING,
    "#幢": BUILDING, "#栋": BUILDING, "号幢": BUILDING, "号栋": BUILDING, "号房": BUILDING, "单元": UNIT, "#单元": UNIT, "门": UNIT,
    "门洞": UNIT, "梯": UNIT, "层": FLOOR, "楼": FLOOR, "F": FLOOR, "室": ROOM, "房": ROOM, "号室": ROOM, "房间": ROOM, "户": ROOM,
    "组": GROUP, "队": GROUP, "村民组": GROUP, "小组": GROUP, "组团": NO_COUNT, "期": NO_COUNT, "区": NO_COUNT, "街区": NO_COUNT,
    "村": NO_COUNT, "号小区": NO_COUNT, "号大院": YARD, "号地块": NO_COUNT, "号线": NO_COUNT, "路": NO_COUNT, "街": NO_COUNT, "巷": NO_COUNT,
    "号路": NO_COUNT, "号街": NO_COUNT, "号桥": NO_COUNT, "号花园": NO_COUNT, "号公馆": NO_COUNT, "号公寓": NO_COUNT,
}  # fmt: skip


def build_counters() -> Lexicon:
    """The counting words; their values are the constants above plus one."""
    words = list(COUNTERS)
    return build_lexicon(pl.Series(words), np.array([COUNTERS[w] for w in words], np.int32) + 1)


@compiled
def counter_at(counters: Lexicon, codes: Codes, at: int, end: int) -> tuple[int, int]:
    """(what is counted, length of the word) behind a number; (-1, 0) if no counting word stands there."""
    value, length = longest_at(counters, codes, at, end)
    if value == NOTHING or value == 0:
        return NO_COUNT, 0
    return value - 1, length


@compiled
def begins_number(codes: Codes, at: int, begin: int) -> bool:
    """A number or a letter of a building begins here, not inside another."""
    kind = KINDS[codes[at]]
    if kind == 0:
        return False
    before = KINDS[codes[at - 1]] if at > begin else 0
    if kind == STEM:
        return before != DIGIT
    return before != kind and not (kind == DIGIT and before == LETTER) and before != STEM


@compiled
def find_unit(counters: Lexicon, codes: Codes, begin: int, end: int) -> int:
    """Where building, unit, floor or room begin; `end` if the text has none."""
    i = begin
    while i < end:
        if not begins_number(codes, i, begin):
            i += 1
            continue
        kind = KINDS[codes[i]]
        at = i + 1 if kind == LETTER else i
        value, _, after = read_number(codes, at, end)
        if value < 0:
            after = at if kind == LETTER else i + 1
            if kind != LETTER:
                i = after
                continue
        counted, length = counter_at(counters, codes, after, end)
        if length > 0 and counted >= BUILDING and counted <= ROOM:
            numeral = kind in (NUMERAL, STEM)
            single = after + length < end and length == 1
            doubtful = (numeral and single and (counted in (FLOOR, UNIT) or codes[after] == FANG)) or (
                counted == UNIT
                and length == 1
                and codes[after] == MEN
                and after + 1 < end
                and KINDS[codes[after + 1]] != DIGIT
            )
            if not doubtful and i > begin:
                return i
        i = max(after, i + 1)
    return end


@compiled
def read_mentions(
    counters: Lexicon,
    roads: Lexicon,
    codes: Codes,
    begin: int,
    end: int,
    out: npt.NDArray[np.int64],
) -> int:
    """Known roads in codes[begin:end] and the number behind each; `roads` is a reversed lexicon.

    Rows of `out`: road, number (-1 = none), branch, first and last position of the mention, position where the
    road's name ends, whether the number counts lanes (弄) instead of houses. Returns how many rows were filled. Of overlapping roads the one with a number wins, then
    the longer.
    """
    count = 0
    for p in range(begin + 2, end + 1):
        road, length = longest_before(roads, codes, begin, p)
        if road == NOTHING:
            continue
        first, last, number, branch, lane = p - length, p, -1, 0, 0
        if p < end and begins_number(codes, p, begin):
            value, b, after = read_number(codes, p, end)
            if value >= 0:
                counted, width = counter_at(counters, codes, after, end)
                chinese = KINDS[codes[p]] == NUMERAL
                if width > 0 and (counted in (HOUSE, LANE, YARD)):
                    number, branch, last = value, b, after + width
                    lane = 1 if counted == LANE else 0
                elif not chinese and (width == 0 or counted == NO_COUNT) and value < 10000:
                    number, branch, last = value, b, after
        if count > 0 and first < out[count - 1, 5]:
            worse = number < 0 and (out[count - 1, 1] >= 0 or length <= out[count - 1, 5] - out[count - 1, 3])
            if worse:
                continue
            count -= 1
        if count == len(out):
            break
        out[count, 0], out[count, 1], out[count, 2] = road, number, branch
        out[count, 3], out[count, 4], out[count, 5], out[count, 6] = first, last, p, lane
        count += 1
    return count


@compiled
def is_boundary(codes: Codes, at: int, begin: int, end: int) -> bool:
    """A text, a segment or a bracket begins or ends at this position."""
    return at <= begin or at >= end or codes[at] == SEPARATOR or codes[at - 1] == SEPARATOR
