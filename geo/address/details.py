"""What follows the divisions, part by part: village, group, road, numbers, estate, building, unit, floor, room.

One walk from the left over the numbers of a text. The words before a number are names; the word behind it says what it counts. Where
no word does, the place decides: behind a road it is a house number, behind an estate or a building it is a building, a unit or a room.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.address.characters import DASH, SEPARATOR, Codes
from geo.address.compiled import compiled, entry
from geo.address.detail_names import ends_with, name_parts, put, put_village
from geo.address.detail_words import (
    BUILDING_AT,
    DIXIA,
    FLOOR_AT,
    FU,
    FUMINUS,
    GROUP_AT,
    NUMBER,
    ORDINAL,
    PART_OF,
    ROOM_AT,
    SECOND,
    THIRD,
    TO,
    UNIT_AT,
    UNTIL,
    XIA,
    ZHI_LANE,
    F,
    Vocabulary,
)  # fmt: skip
from geo.address.division_lookup import skip_separators
from geo.address.lexicon import NOTHING, longest_at
from geo.address.numbers import DIGIT, KINDS, LETTER, NUMERAL, STEM, ZHI, chinese_value, read_number
from geo.address.tail import BUILDING, FLOOR, GROUP, HOUSE, NO_COUNT, ROOM, UNIT, YARD, begins_number


@compiled
def composite(codes: Codes, at: int, after: int, housed: bool, spans: npt.NDArray[np.int64]) -> bool:
    """Numbers joined by dashes that nothing counts: 5-2-301, 1-502 behind a building, 12-302."""
    count, begin = 1, at
    for i in range(at, after):
        if codes[i] == DASH:
            count += 1
    first = housed or spans[BUILDING_AT, 0] >= 0
    if spans[ROOM_AT, 0] >= 0:
        return False
    part = 0
    for i in range(at, after + 1):
        if i < after and codes[i] != DASH:
            continue
        slot = ROOM_AT
        if part < count - 1:
            slot = UNIT_AT if first or part > 0 else BUILDING_AT
        put(spans, slot, begin, i)
        begin = i + 1
        part += 1
    return True


@compiled
def number_end(codes: Codes, after: int, end: int) -> int:
    """Where a house number ends that goes on behind 号: 12号之一, 61号甲, 12号-1."""
    stem = after < end and KINDS[codes[after]] == STEM
    if stem and not (after + 1 < end and (KINDS[codes[after + 1]] in (DIGIT, NUMERAL) or codes[after + 1] == ZHI_LANE)):
        return after + 1
    if (
        after + 1 < end
        and (codes[after] == ZHI or codes[after] == DASH)
        and KINDS[codes[after + 1]] in (DIGIT, NUMERAL)
    ):
        i = after + 1
        kind = KINDS[codes[i]]
        while i < end and KINDS[codes[i]] == kind:
            i += 1
        return i
    return after


@entry
def take_apart(
    codes: Codes,
    rest: npt.NDArray[np.int64],
    main_end: npt.NDArray[np.int64],
    v: Vocabulary,
    spans: npt.NDArray[np.int64],
    kinds: npt.NDArray[np.int8],
) -> None:
    """Fill `spans` (rows × parts × first, last) and `kinds` (what the first number counts) from left to right."""
    for row in range(len(rest)):
        take_one(codes, skip_separators(codes, rest[row], main_end[row]), main_end[row], v, spans[row], kinds, row)


@compiled
def take_one(
    codes: Codes,
    begin: int,
    end: int,
    v: Vocabulary,
    spans: npt.NDArray[np.int64],
    kinds: npt.NDArray[np.int8],
    row: int,
) -> None:
    """The parts of one text."""
    i = start = begin
    inside = False  # a building, unit, floor or room has been read: what follows is no road
    while i < end:
        code = codes[i]
        word, length = longest_at(v.floors, codes, i, end)
        if word != NOTHING and spans[FLOOR_AT, 0] < 0 and i > start:
            if not inside:
                name_parts(v, codes, begin, i, False, spans)
            put(spans, FLOOR_AT, i, i + length)
            inside, i = True, i + length
            begin = i
            continue
        first = i
        sign = False
        if code in (FU, ORDINAL, FUMINUS) and i + 1 < end and KINDS[codes[i + 1]] in (DIGIT, NUMERAL):
            i, sign = i + 1, True
        elif code == DIXIA and i + 2 < end and codes[i + 1] == XIA and KINDS[codes[i + 2]] in (DIGIT, NUMERAL):
            i, sign = i + 2, True
        if not sign and not begins_number(codes, i, begin):
            i = first + 1
            continue
        letter = KINDS[codes[i]] == LETTER
        value, _, after = read_number(codes, i, end)
        if letter:
            after = i
            while after < end and KINDS[codes[after]] in (LETTER, DIGIT):
                after += 1
            while after + 1 < end and codes[after] == DASH and KINDS[codes[after + 1]] in (DIGIT, LETTER):
                after += 1
                while after < end and KINDS[codes[after]] in (DIGIT, LETTER):
                    after += 1
            value = 0
        if value < 0:
            i = first + 1
            continue
        numeral = KINDS[codes[i]] == NUMERAL
        while (
            after + 1 < end
            and (codes[after] == TO or codes[after] == UNTIL)
            and KINDS[codes[after + 1]] in (DIGIT, NUMERAL)
        ):
            _, _, after = read_number(codes, after + 1, end)
        word, length = longest_at(v.counters, codes, after, end)
        counted = word - 1 if word != NOTHING and word > 0 else NO_COUNT
        if word == NOTHING:
            length = 0
        named = ends_with(v.roads, codes, begin, first)
        if length > 0 and counted == NO_COUNT:
            i = after + length  # 三期, 五路: part of a name
            continue
        if length > 0 and counted == GROUP:
            if not inside and spans[GROUP_AT, 0] < 0:
                p = first
                while p > begin and codes[p - 1] == SEPARATOR:
                    p -= 1
                put_village(v, codes, begin, p, spans)
                put(spans, GROUP_AT, first, after + length)
                begin = after + length
            elif spans[GROUP_AT, 1] == first:
                spans[GROUP_AT, 1] = begin = after + length  # 五大队二小队
            i = after + length
            continue
        if length > 0 and HOUSE <= counted <= YARD and not letter:
            doubtful = numeral and counted != HOUSE and length == 1 and after + 1 < end and first == begin
            if inside or doubtful:
                if inside and counted == HOUSE and spans[ROOM_AT, 0] < 0 and spans[BUILDING_AT, 0] >= 0:
                    put(spans, ROOM_AT, first, after + length)
                i = after + length
                continue
            last = number_end(codes, after + length, end)
            if spans[NUMBER, 0] < 0:
                name_parts(v, codes, begin, first, True, spans)
                put(spans, NUMBER, first, last)
                kinds[row] = counted
            else:
                if first > begin:
                    name_parts(v, codes, begin, first, True, spans)
                put(spans, SECOND if spans[SECOND, 0] < 0 else THIRD, first, last)
            begin = i = last
            continue
        if length > 0 and BUILDING <= counted <= ROOM:
            single = length == 1 and after + 1 < end
            # 三层 and 二楼 end a text or stand before a number; 五门, 三房 begin names.
            doubtful = (
                numeral
                and single
                and counted in (FLOOR, UNIT, ROOM)
                and KINDS[codes[after + 1]] not in (DIGIT, NUMERAL, LETTER)
                and codes[after + 1] != SEPARATOR
            )
            if doubtful and not inside:
                i = after + length
                continue
            if not inside:
                name_parts(v, codes, begin, first, False, spans)
            part = PART_OF[counted]
            if letter and counted == BUILDING:
                # A3幢, B座: the letter is part of the building's name.
                put(spans, part if spans[part, 0] < 0 else UNIT_AT, i, after + length)
            elif spans[part, 0] < 0:
                if counted in (BUILDING, ROOM):
                    split = -1
                    for p in range(i, after):
                        if codes[p] == DASH:
                            split = p
                    if split > 0 and counted == ROOM and (spans[BUILDING_AT, 0] < 0 or spans[UNIT_AT, 0] < 0):
                        composite(codes, i, after, False, spans)
                        spans[ROOM_AT, 1] = after + length
                    else:
                        put(spans, part, first, after + length)
                else:
                    put(spans, part, first, after + length)
            inside = True
            begin = i = after + length
            continue
        if (
            not letter
            and codes[after - 1] == F
            and after - i >= 2
            and spans[FLOOR_AT, 0] < 0
            and (after == end or codes[after] == SEPARATOR)
        ):
            if not inside:
                name_parts(v, codes, begin, first, False, spans)
            put(spans, FLOOR_AT, first, after)
            inside = True
            begin = i = after
            continue
        # Nothing counts it.
        dashes = False
        for p in range(i, after):
            dashes = dashes or codes[p] == DASH
        if inside:
            if letter and not dashes and spans[ROOM_AT, 0] < 0 and (after == end or codes[after] == SEPARATOR):
                put(spans, ROOM_AT, i, after)
            elif not numeral or after == end:
                composite(codes, i, after, False, spans)
            begin = i = after
            continue
        if named > 0 and not letter and not numeral and spans[NUMBER, 0] < 0:
            name_parts(v, codes, begin, first, True, spans)
            kinds[row] = HOUSE
            dash, dashed = 0, 0
            for p in range(i, after):
                if codes[p] == DASH:
                    dashed += 1
                    dash = p if dash == 0 else dash
            if dashed > 1:  # 花园街5-2-301
                put(spans, NUMBER, first, dash)
                composite(codes, dash + 1, after, True, spans)
                inside = True
            else:
                put(spans, NUMBER, first, after)
            begin = i = after
            continue
        whole = after >= end or codes[after] == SEPARATOR
        if not numeral and whole and first > begin and (dashes or value > 100 or letter):
            name_parts(v, codes, begin, first, False, spans)
            composite(codes, i, after, False, spans)
            inside = True
            begin = i = after
            continue
        if spans[NUMBER, 0] >= 0 and first == begin and not numeral and (dashes or whole) and not letter:
            composite(codes, i, after, False, spans)
            inside = True
            begin = i = after
            continue
        i = max(after, first + 1)
    if not inside:
        name_parts(v, codes, begin, end, False, spans)


@entry
def values_of(codes: Codes, spans: npt.NDArray[np.int64], out: npt.NDArray[np.int64]) -> None:
    """The value of the first number in each span (rows × first, last); -1 where there is none. Floors below the ground are negative."""
    for row in range(len(spans)):
        out[row] = -1
        for i in range(spans[row, 0], spans[row, 1]):
            kind = KINDS[codes[i]]
            if kind in (DIGIT, NUMERAL):
                last = i
                while last < spans[row, 1] and KINDS[codes[last]] == kind:
                    last += 1
                if last - i <= 8:
                    out[row] = chinese_value(codes, i, last)
                break
