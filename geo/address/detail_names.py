"""Shares the words before a number out to village, hamlet, road and estate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.address.characters import SEPARATOR, Codes
from geo.address.compiled import compiled
from geo.address.detail_words import (
    BIG,
    DAO,
    ESTATE,
    GROUP_AT,
    KOU,
    QU,
    ROAD,
    SIDES,
    VILLAGE,
    XIANG,
    XIAO,
    ZHEN,
    Vocabulary,
)  # fmt: skip
from geo.address.division_lookup import skip_separators
from geo.address.lexicon import NOTHING, Lexicon, longest_at, longest_before
from geo.address.numbers import DIGIT, KINDS


@compiled
def ends_with(lexicon: Lexicon, codes: Codes, begin: int, at: int) -> int:
    """Length of the longest word of a reversed lexicon that ends at `at`; 0 if there is none."""
    word, length = longest_before(lexicon, codes, begin, at)
    return length if word != NOTHING else 0


@compiled
def put(spans: npt.NDArray[np.int64], part: int, first: int, last: int) -> None:
    """Write a part unless it is there already or empty."""
    if spans[part, 0] < 0 and last > first:
        spans[part, 0], spans[part, 1] = first, last


@compiled
def find_village(v: Vocabulary, codes: Codes, begin: int, end: int) -> int:
    """Where the village at the head of a name ends; `begin` if there is none."""
    for p in range(begin + 2, end + 1):
        width = ends_with(v.villages, codes, begin, p)
        if width == 0 or p - begin <= width or ends_with(v.not_villages, codes, begin, p) > 0:
            continue
        # 村 of 村委会, 社区 of 社区居委会: the longer word ends further on.
        longer = False
        for q in range(p + 1, min(end, p + 6) + 1):
            longer = longer or ends_with(v.villages, codes, begin, q) >= q - p + width
        if longer:
            continue
        # 中关村南大街 is a road: no village if a road's ending stands right behind it.
        road = False
        for q in range(p + 1, min(end, p + 4) + 1):
            wide = ends_with(v.inner, codes, p, q)
            road = road or (wide > 0 and q - p - wide <= 1)
        if not road:
            return p
    return begin


@compiled
def behind_town(codes: Codes, begin: int, end: int) -> int:
    """Where a village's name begins behind a town that no table knows (板利乡板利村)."""
    for i in range(begin + 2, end - 2):
        if codes[i - 1] in (XIANG, ZHEN) and codes[i - 2] != XIAO and i - begin <= 6:
            return i
    return begin


@compiled
def name_parts(
    v: Vocabulary, codes: Codes, begin: int, end: int, before_number: bool, spans: npt.NDArray[np.int64]
) -> None:
    """Share a name out to village, road and estate. `before_number`: a house number follows."""
    begin = skip_separators(codes, begin, end)
    while end > begin and codes[end - 1] == SEPARATOR:
        end -= 1
    if end <= begin:
        return
    if spans[VILLAGE, 0] < 0 and spans[ROAD, 0] < 0:
        p = find_village(v, codes, begin, end)
        if p > begin:
            put(spans, VILLAGE, behind_town(codes, begin, p), p)
            begin = skip_separators(codes, p, end)
            if end <= begin:
                return
            # A hamlet behind it: 板利村板利屯.
            width = ends_with(v.hamlets, codes, begin, end)
            if width > 0 and end - begin > width and end - begin <= 6 and spans[GROUP_AT, 0] < 0:
                put(spans, GROUP_AT, begin, end)
                return
    width = ends_with(v.roads, codes, begin, end)
    if width > 0 and end - begin > width and before_number and spans[ROAD, 0] < 0:
        # Only the last segment is the road.
        first = begin
        for p in range(begin, end):
            if codes[p] == SEPARATOR:
                first = p + 1
        if end - first > width:
            if first > begin + 1:
                name_parts_before(v, codes, begin, first - 1, spans)
            put(spans, ROAD, first, end)
            return
    if (
        before_number
        and spans[ROAD, 0] < 0
        and end - begin <= 4
        and ends_with(v.estate_ends, codes, begin, end) == 0
        and ends_with(v.inner, codes, begin, end) == 0
    ):
        inner = False
        for p in range(begin + 2, end):
            inner = inner or ends_with(v.inner, codes, begin, p) > 0
        if not inner:
            # Without a road word a longer name before a number is an estate (花园小区12号), a shorter a lane.
            put(spans, ROAD, begin, end)
            return
    name_parts_before(v, codes, begin, end, spans)


@compiled
def name_parts_before(v: Vocabulary, codes: Codes, begin: int, end: int, spans: npt.NDArray[np.int64]) -> None:
    """A road at the head of the name, the rest is the estate."""
    if spans[ROAD, 0] < 0:
        for p in range(begin + 2, end + 1):
            width = ends_with(v.inner, codes, begin, p)
            if width == 0 or p - begin <= width:
                continue
            following = codes[p] if p < end else SEPARATOR
            if following in (DAO, KOU, QU):
                continue
            # The longest ending: 大道东段, 路北段; and 花园路路 is none.
            last = p
            for q in range(p + 1, min(end, p + 3) + 1):
                wide = ends_with(v.inner, codes, begin, q)
                if wide > q - p:
                    last = q
            if last < end and codes[last - 1] == DAO and codes[last - 2] == BIG and codes[last] in SIDES:
                last += 1  # 工业大道南
            estate, length = longest_at(v.estates, codes, last, end)
            if estate != NOTHING and last + length == end:
                break
            put(spans, ROAD, begin, last)
            begin = skip_separators(codes, last, end)
            break
    crossing, length = longest_at(v.crossing, codes, begin, end)
    if crossing != NOTHING:
        begin += length
    elif begin < end and (codes[begin] == ord("与") or codes[begin] == ord("和")):
        # 甲路与乙路交叉口: what follows the crossing is the estate; without a crossing the sign begins a name (和平花园).
        for i in range(begin + 1, end):
            crossing, length = longest_at(v.crossing, codes, i, end)
            if crossing != NOTHING:
                begin = i + length
                break
        if crossing != NOTHING and (end - begin <= 2 or has_digit(codes, begin, end)):
            return  # 东侧, 东100米
    while end > begin and codes[end - 1] == SEPARATOR:
        end -= 1
    put(spans, ESTATE, begin, end)


@compiled
def has_digit(codes: Codes, begin: int, end: int) -> bool:
    """An Arabic digit stands in codes[begin:end]."""
    found = False
    for i in range(begin, end):
        found = found or KINDS[codes[i]] == DIGIT
    return found


@compiled
def put_village(v: Vocabulary, codes: Codes, begin: int, end: int, spans: npt.NDArray[np.int64]) -> None:
    """The name before a group: its village, or the whole of it."""
    begin = skip_separators(codes, begin, end)
    p = find_village(v, codes, begin, end)
    if p > begin:
        put(spans, VILLAGE, behind_town(codes, begin, p), p)
        name_parts_before(v, codes, p, end, spans)
    elif end - begin >= 2:
        put(spans, VILLAGE, begin, end)
