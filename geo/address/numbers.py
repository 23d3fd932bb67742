"""Numbers in addresses: Arabic, Chinese, with a stem before or a branch behind, and the word that follows.

A number is read only where a counting word follows (号, 弄, 幢, 单元, 室 …) or a road stands before it, so that
names keep their characters: 八一路, 三里屯, 十七中.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from geo.address.characters import DASH, Codes
from geo.address.compiled import compiled

# What a character can be part of. One byte per UTF-16 code unit.
DIGIT, NUMERAL, LETTER, STEM = 1, 2, 3, 4


def _kinds() -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    table = np.zeros(0x10000, np.uint8)
    for kind, signs in (
        (DIGIT, "0123456789"),
        (NUMERAL, "〇零一二三四五六七八九十百千两壹贰叁肆伍陆柒捌玖拾"),
        (LETTER, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        (STEM, "甲乙丙丁戊己"),
    ):
        for sign in signs:
            table[ord(sign)] = kind
    return table


def _digits() -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    table = np.full(0x10000, -1, np.int32)
    for value, signs in enumerate(
        ("〇零0", "一壹1", "二贰两2", "三叁3", "四肆4", "五伍5", "六陆6", "七柒7", "八捌8", "九玖9")
    ):
        for sign in signs:
            table[ord(sign)] = value
    for value, signs in ((10, "十拾"), (100, "百"), (1000, "千")):
        for sign in signs:
            table[ord(sign)] = value
    return table


KINDS: Final = _kinds()
DIGITS: Final = _digits()
ZHI, DI = ord("之"), ord("第")
LIMIT: Final = 100_000_000


@compiled
def chinese_value(codes: Codes, begin: int, end: int) -> int:
    """The value of Chinese numerals: positional (二二〇三) or with units (一百零五, 十二)."""
    units = False
    for i in range(begin, end):
        if DIGITS[codes[i]] >= 10:
            units = True
    total, digit = 0, -1
    for i in range(begin, end):
        value = DIGITS[codes[i]]
        if not units:
            total = total * 10 + value
        elif value >= 10:
            total += (1 if digit < 0 else digit) * value
            digit = -1
        else:
            digit = value
    if units and digit > 0:
        total += digit
    return min(total, LIMIT)


@compiled
def read_number(codes: Codes, at: int, end: int) -> tuple[int, int, int]:
    """(value, branch, next position) of the number that begins at `at`; value -1 if none does.

    `branch` tells 12-1, 12之1, 甲12, 12甲 and 12A apart from 12 (0 = none). Ranges are read as their first number.
    """
    branch = 0
    i = at
    if i < end and KINDS[codes[i]] == STEM:
        branch = 1000 + codes[i] % 1000
        i += 1
    begin = i
    kind = KINDS[codes[i]] if i < end else 0
    if kind != DIGIT and kind != NUMERAL:
        return -1, 0, at
    while i < end and KINDS[codes[i]] == kind:
        i += 1
    if i - begin > 8:
        return -1, 0, at
    value = chinese_value(codes, begin, i)
    if i + 1 < end and (codes[i] == DASH or codes[i] == ZHI) and KINDS[codes[i + 1]] in (DIGIT, NUMERAL):
        j = i + 1
        while j < end and KINDS[codes[j]] == KINDS[codes[i + 1]]:
            j += 1
        branch = max(1, min(chinese_value(codes, i + 1, j), 999)) + (2000 if branch else 0)
        i = j
    elif i < end and KINDS[codes[i]] == STEM:
        branch = 1000 + codes[i] % 1000
        i += 1
    elif i < end and KINDS[codes[i]] == LETTER and kind == DIGIT:
        branch = 3000 + codes[i]
        i += 1
    while i + 1 < end and codes[i] == DASH and KINDS[codes[i + 1]] in (DIGIT, LETTER):  # 12-1-302
        i += 1
        while i < end and KINDS[codes[i]] in (DIGIT, LETTER):
            i += 1
    return value, branch, i
