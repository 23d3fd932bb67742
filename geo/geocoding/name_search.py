"""Candidates by name: places whose names, or shorter forms of them, stand in the text."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.address.characters import CLOSE, OPEN, SEPARATOR, Codes
from geo.address.compiled import compiled
from geo.address.lexicon import NOTHING, Lexicon, longest_at, step
from geo.address.numbers import DIGIT, KINDS
from geo.geocoding.house_search import add
from geo.geocoding.index import BY_NAME, F32, I32, I64, Index, Records

HITS: Final = 16
MANY: Final = 40  # places of one name in a city: beyond that the name says nothing
MANY_PARTS: Final = 6
# Positions in `evidence.EVIDENCE` that this step fills.
BIAS, NAME, LENGTH, TWO, LEFT, RIGHT, PHASE, HINT, PLACES, NAMES = 0, 1, 6, 7, 8, 9, 10, 11, 12, 38
CLEAN, CLEAN_LONG, CLEAN_UNIQUE, CLEAN_PART, OTHER_ROAD, PART_BEHIND, NUMBER_BEHIND, STREET = (
    46,
    47,
    48,
    52,
    53,
    54,
    55,
    56,
)


def _marks(signs: str) -> npt.NDArray[np.bool_]:
    table = np.zeros(0x10000, np.bool_)
    for sign in signs:
        table[ord(sign)] = True
    return table


# Characters that end a road, a number or a hint of direction: an estate's name may begin behind them.
BEHIND_ROAD: Final = _marks("路街道巷弄号镇旁侧")
# Characters that end the name of a street; a road that ends otherwise (里, 村, 庄) is rather an estate.
STREET_ENDS: Final = _marks("路街道")
# Characters that end the name of a part of an estate.
PART_ENDS: Final = _marks("园苑区里村坊期阁轩居庭院邸团郡府湾")


@compiled
def find_names(
    names: Lexicon,
    name_kind: I32,
    codes: Codes,
    begin: int,
    end: int,
    mentions: I64,
    known: int,
    hits: I64,
    count: int,
) -> int:
    """Append the names in codes[begin:end] to `hits` (name, first, last, strongest kind); returns their number.

    A name inside another of no weaker kind is left out, and so is one inside a road's name or its number.
    """
    for at in range(begin, end):
        node = 0
        for p in range(at, end):
            node = step(names, node, codes[p])
            if node < 0:
                break
            name = names.values[node]
            if name == NOTHING:
                continue
            last = p + 1
            skipped = False
            for m in range(known):
                within = at >= mentions[m, 3] and last <= mentions[m, 4]
                whole = at == mentions[m, 3] and last == mentions[m, 4]
                skipped = skipped or (within and not whole)
            kind = name_kind[name]
            for h in range(count):
                skipped = skipped or (hits[h, 1] <= at and hits[h, 2] >= last and hits[h, 3] <= kind)
            if skipped:
                continue
            kept = 0
            for h in range(count):
                if not (at <= hits[h, 1] and last >= hits[h, 2] and kind <= hits[h, 3]):
                    for k in range(4):
                        hits[kept, k] = hits[h, k]
                    kept += 1
            count = kept
            if count < HITS:
                hits[count, 0], hits[count, 1], hits[count, 2], hits[count, 3] = name, at, last, kind
                count += 1
    return count


@compiled
def surroundings(
    endings: Lexicon, phases: int, codes: Codes, low: int, high: int, first: int, last: int
) -> tuple[int, int, bool, bool, bool, bool]:
    """Characters left and right of a name that nothing explains; whether a phase follows it; whether a road that
    the gazetteer does not know stands before it; whether what follows is the name of a part, or a number.

    `low`, `high`: where the road, the divisions or the bracket before it end, and the building behind it begins.
    """
    left, p, behind_road = 0, first, False
    while p > low and codes[p - 1] != SEPARATOR and codes[p - 1] != OPEN:
        if BEHIND_ROAD[codes[p - 1]] and p - 1 > low:
            behind_road = True
            break
        left += 1
        p -= 1
    p, phase = last, False
    for _ in range(3):
        word, length = longest_at(endings, codes, p, high)
        if word == NOTHING:
            break
        phase = phase or word < phases
        p += length
    right, number = 0, p < high and KINDS[codes[p]] == DIGIT
    while p < high and codes[p] != SEPARATOR and codes[p] != CLOSE:
        right += 1
        p += 1
    part = 2 <= right <= 6 and PART_ENDS[codes[p - 1]]
    return left, right, phase, behind_road, part, number


@compiled
def note_name(
    e: F32,
    kind: int,
    length: int,
    left: int,
    right: int,
    phase: bool,
    behind_road: bool,
    part: bool,
    number: bool,
    street: bool,
    hint: bool,
    many: int,
) -> None:
    """Write the evidence of a name, unless a stronger name of the same place is there already."""
    value = 3.0 * (kind <= 3) + 0.4 * min(length, 8) - 0.5 * min(left, 4) - 0.5 * min(right, 4) - 0.5 * kind
    if e[BIAS] != 0.0:  # holds the strength of the best name until all evidence is weighed
        e[NAMES] = 1.0
        if e[BIAS] >= value:
            return
    e[BIAS] = value
    for k in range(5):
        e[NAME + k] = 1.0 if k == kind else 0.0
    clean = left == 0 and right == 0 and not hint
    e[LENGTH] = min(length, 8) / 8.0
    e[TWO] = 1.0 if length <= 2 else 0.0
    e[LEFT], e[RIGHT] = min(left, 4) / 4.0, min(right, 4) / 4.0
    e[PHASE] = 1.0 if phase else 0.0
    e[HINT] = 1.0 if hint else 0.0
    e[PLACES] = np.log2(many)
    e[CLEAN] = 1.0 if clean and kind <= 2 else 0.0
    e[CLEAN_LONG] = 1.0 if clean and kind <= 2 and length >= 4 else 0.0
    e[CLEAN_UNIQUE] = 1.0 if clean and kind <= 1 and many == 1 else 0.0
    e[CLEAN_PART] = 1.0 if clean and kind > 2 else 0.0
    e[OTHER_ROAD] = 1.0 if behind_road else 0.0
    e[PART_BEHIND] = 1.0 if part else 0.0
    e[NUMBER_BEHIND] = 1.0 if number else 0.0
    e[STREET] = 1.0 if street else 0.0


@compiled
def add_names(
    index: Index,
    codes: Codes,
    scan: int,
    rest: int,
    unit: int,
    hint: int,
    end: int,
    city: int,
    district: int,
    mentions: I64,
    known: int,
    hits: I64,
    candidates: Records,
    evidence: F32,
) -> int:
    """Places whose names stand in codes[scan:unit], then in the bracketed codes[hint:end]. Returns their number."""
    places, first_of, meanings = index.places, index.name_first, index.meanings
    total = find_names(index.names, index.name_kind, codes, scan, unit, mentions, known, hits, 0)
    main = total
    if end > hint:
        total = find_names(index.names, index.name_kind, codes, hint, end, mentions, 0, hits, total)
    count = 0
    for h in range(total):
        name, first, last = hits[h, 0], hits[h, 1], hits[h, 2]
        many = 0
        for k in range(first_of[name], first_of[name + 1]):
            if city < 0 or places[meanings[k].place].city == city:
                many += 1
        if many == 0 or many > MANY or (hits[h, 3] == 4 and many > MANY_PARTS):
            continue
        low, high = hint, end
        if h < main:
            low, high = rest if first >= rest else scan, unit
            for m in range(known):
                if mentions[m, 4] <= first:
                    low = max(low, mentions[m, 4])
                if mentions[m, 3] >= last:
                    high = min(high, mentions[m, 3])
        left, right, phase, behind_road, part, number = surroundings(
            index.endings, index.phases, codes, low, high, first, last
        )
        street = False
        for m in range(known):
            if h < main and first == mentions[m, 3] and last == mentions[m, 5] and STREET_ENDS[codes[last - 1]]:
                street = True
        for k in range(first_of[name], first_of[name + 1]):
            place, kind = meanings[k].place, meanings[k].kind
            if city >= 0 and places[place].city != city:
                continue
            # With many places of one name only those of the stated district can win.
            if many > 8 and district >= 0 and places[place].district != district:
                continue
            c, count = add(candidates, evidence, count, place, place, places[place].lon, places[place].lat, BY_NAME)
            if c >= 0:
                note_name(
                    evidence[c],
                    kind,
                    last - first,
                    left,
                    right,
                    phase,
                    behind_road,
                    part,
                    number,
                    street,
                    h >= main,
                    many,
                )
    return count
