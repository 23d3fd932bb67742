"""Take addresses apart, as people read them: folded, divisions, road and number, estate, building to room.

The parts are strings of the folded text. A gazetteer is not needed; the geocoder reads the same steps with the roads
and names that it knows.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.address.characters import SEPARATOR, Codes, Texts, fold
from geo.address.compiled import compiled, entry
from geo.address.divisions import CONTRADICTED, STALE, WEAK, Divisions, resolve_divisions, skip_separators
from geo.address.lexicon import NOTHING, Lexicon, build_lexicon, longest_before
from geo.address.numbers import KINDS, LETTER, read_number
from geo.address.tail import (
    BUILDING,
    GROUP,
    HOUSE,
    LANE,
    NO_COUNT,
    ROOM,
    YARD,
    begins_number,
    build_counters,
    counter_at,
    find_unit,
)

ROAD_WORDS: Final = (
    "路", "街", "大道", "道", "巷", "弄", "胡同", "公路", "大街", "里", "坊", "径", "支路", "环路", "步行街", "高速",
)  # fmt: skip
VILLAGE_WORDS: Final = ("村", "社区", "村委会", "居委会", "屯", "寨", "庄", "营")
NUMBER_KINDS: Final = {HOUSE: "号", LANE: "弄", YARD: "院"}
# Spans in the order of the columns that `take_apart` fills, two each.
SPANS: Final = ("village", "group", "road", "number", "second_number", "estate", "building", "unit", "floor", "room")
VILLAGE, GROUP_SPAN, ROAD, NUMBER, SECOND, ESTATE, BUILDING_SPAN, UNIT_SPAN, FLOOR_SPAN, ROOM_SPAN = range(10)
OF_COUNT: Final = np.array(
    [NUMBER, NUMBER, NUMBER, BUILDING_SPAN, UNIT_SPAN, FLOOR_SPAN, ROOM_SPAN, GROUP_SPAN], np.int64
)


def parse(texts: pl.Series, divisions: Divisions, prior_city: npt.NDArray[np.int32] | None = None) -> pl.DataFrame:
    """One row per text: province, city, district, town (official names, null = not stated), village, group, road,
    number, second_number, number_key (the number's value), estate, building, unit, floor, room, hint (what stood in
    brackets), stale, short, contradicted (how the divisions are stated).

    `prior_city`: positions in `divisions` that settle ambiguous districts, or -1.
    """
    folded = fold(texts)
    stated = resolve_divisions(folded, divisions, None, prior_city)
    rows = len(folded.start)
    spans, keys = np.full((rows, len(SPANS), 2), -1, np.int64), np.full(rows, -1, np.int64)
    take_apart(
        folded.codes,
        stated.rest,
        folded.main_end,
        build_counters(),
        build_lexicon(pl.Series(ROAD_WORDS), reverse=True),
        build_lexicon(pl.Series(VILLAGE_WORDS), reverse=True),
        spans,
        keys,
    )
    names = pl.Series([*divisions.names, None], dtype=pl.String)
    towns = pl.Series([*divisions.town_names, None], dtype=pl.String)
    columns = {
        "province": names.gather(stated.province % len(names)),
        "city": names.gather(stated.city % len(names)),
        "district": names.gather(stated.district % len(names)),
        "town": towns.gather(stated.town % len(towns)),
    }
    for i, name in enumerate(SPANS):
        columns[name] = folded.slices(spans[:, i, 0], spans[:, i, 1])
    columns["number_key"] = pl.Series(np.where(keys >= 0, keys, 0)).set(pl.Series(keys < 0), None)
    columns["hint"] = hints(folded)
    for name, flag in (("stale", STALE), ("short", WEAK), ("contradicted", CONTRADICTED)):
        columns[name] = pl.Series((stated.flags & flag) != 0)
    return pl.DataFrame(columns)


def hints(folded: Texts) -> pl.Series:
    """What stood in brackets, joined by `;`."""
    found = folded.slices(folded.main_end, folded.end)
    return found.str.strip_chars("()").str.replace_all(")(", ";", literal=True)


@entry
def take_apart(
    codes: Codes,
    rest: npt.NDArray[np.int64],
    main_end: npt.NDArray[np.int64],
    counters: Lexicon,
    road_words: Lexicon,
    village_words: Lexicon,
    spans: npt.NDArray[np.int64],
    keys: npt.NDArray[np.int64],
) -> None:
    """Fill `spans` (rows × parts × first, last) and `keys` (value of the number) from left to right."""
    for row in range(len(rest)):
        at, end = rest[row], main_end[row]
        unit = find_unit(counters, codes, at, end)
        begin = skip_separators(codes, at, unit)
        i = begin
        while i < unit:
            word, width = longest_before(village_words, codes, begin, i)
            if (
                word != NOTHING
                and i - begin > width
                and spans[row, VILLAGE, 0] < 0
                and followed_by_group(counters, codes, i, unit)
            ):
                spans[row, VILLAGE, 0], spans[row, VILLAGE, 1] = begin, i
                begin = i
            if not begins_number(codes, i, begin):
                i += 1
                continue
            value, _, after = read_number(codes, i, unit)
            if value < 0:
                i += 1
                continue
            counted, length = counter_at(counters, codes, after, unit)
            named, _ = longest_before(road_words, codes, begin, i)
            if counted == GROUP and length > 0 and spans[row, GROUP_SPAN, 0] < 0:
                spans[row, GROUP_SPAN, 0], spans[row, GROUP_SPAN, 1] = i, after + length
                begin = after + length
            elif (length > 0 and counted <= YARD and counted != NO_COUNT) or (length == 0 and named != NOTHING):
                slot = NUMBER if spans[row, NUMBER, 0] < 0 else SECOND
                if i > begin and slot == NUMBER:
                    # Without a road word a longer name before a number is an estate (花园小区12号), a shorter a lane.
                    part = ROAD if named != NOTHING or i - begin <= 4 else ESTATE
                    spans[row, part, 0], spans[row, part, 1] = begin, i
                if slot == NUMBER:
                    keys[row] = value
                spans[row, slot, 0], spans[row, slot, 1] = i, after + length
                begin = after + length
            i = max(after + length, i + 1)
        begin = skip_separators(codes, begin, unit)
        if spans[row, ROAD, 0] < 0 and spans[row, ESTATE, 0] < 0:
            for p in range(unit, begin + 1, -1):
                word, width = longest_before(road_words, codes, begin, p)
                if word != NOTHING and p - begin > width:
                    spans[row, ROAD, 0], spans[row, ROAD, 1] = begin, p
                    begin = p
                    break
        begin = skip_separators(codes, begin, unit)
        if unit > begin and spans[row, ESTATE, 0] < 0:
            spans[row, ESTATE, 0], spans[row, ESTATE, 1] = begin, unit
        read_unit(codes, unit, end, counters, spans[row])


@compiled
def followed_by_group(counters: Lexicon, codes: Codes, at: int, end: int) -> bool:
    """A numbered group (村民组) follows."""
    if at >= end:
        return False
    value, _, after = read_number(codes, at, end)
    counted, length = counter_at(counters, codes, after, end)
    return value >= 0 and length > 0 and counted == GROUP


@compiled
def read_unit(codes: Codes, begin: int, end: int, counters: Lexicon, spans: npt.NDArray[np.int64]) -> None:
    """Building, unit, floor and room behind `begin`; a bare last number is the room."""
    i = begin
    while i < end:
        if codes[i] == SEPARATOR or not begins_number(codes, i, begin):
            i += 1
            continue
        at = i + 1 if KINDS[codes[i]] == LETTER else i
        value, _, after = read_number(codes, at, end)
        if value < 0:
            after = at
        if after == i:
            i += 1
            continue
        counted, length = counter_at(counters, codes, after, end)
        part = -1
        if length > 0 and BUILDING <= counted <= ROOM:
            part = OF_COUNT[counted]
        elif length == 0 and after == end and i > begin:
            part = ROOM_SPAN
        if part >= 0 and spans[part, 0] < 0:
            spans[part, 0], spans[part, 1] = i, after + length
        i = max(after + length, i + 1)
