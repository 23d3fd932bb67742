"""How a policyholder's personal data are shown before a policy is assigned (rulebook section 9): name, phone, house number, point.

Masking errs on the side of hiding: what cannot be recognised as harmless is hidden.
"""

import re

HIDDEN = "＊＊"

POINT_DIGITS = 3
"""Decimals of a degree that a masked point keeps: about 100 m, an estate but not a door."""

_NUMERAL = "0-9０-９〇零一二三四五六七八九十百千两"
_UNIT = "号院|号楼|号|弄|巷|栋|幢|座|楼|单元|层|室|房|户|门|组|支|甲|乙"
_HOUSE = re.compile(
    # a road's own number is no house number: 312国道
    r"(?![0-9０-９]+(?:国道|省道|县道|乡道))"
    # Arabic digits with what is written onto them (12-3, A座1203, 188弄甲) …
    r"(?:[A-Za-zＡ-Ｚａ-ｚ#＃]?[0-9０-９][0-9０-９A-Za-zＡ-Ｚａ-ｚ\-－—~～/#＃]*"
    # … letters of a building …
    r"|[A-Za-zＡ-Ｚａ-ｚ](?=(?:" + _UNIT + r"))"
    # … Chinese numerals and the old stems only in front of a unit, because roads and estates are named with them
    r"|[" + _NUMERAL + r"甲乙丙丁]+(?=(?:" + _UNIT + r")))"
)
_DIGIT = re.compile(r"[0-9０-９]")


def mask_name(name: str | None) -> str | None:
    """The first character of a name, the rest hidden, whatever its length: 王小明 → 王＊＊."""
    stripped = (name or "").strip()
    return stripped[0] + HIDDEN if stripped else None


def mask_phone(phone: str | None) -> str | None:
    """The first three and the last four digits: 19912340000 → 199****0000; of a shorter number only the last two."""
    digits = "".join(_DIGIT.findall(phone or ""))
    if not digits:
        return None
    if len(digits) < 11:
        return "****" + digits[-2:] if len(digits) > 4 else "****"
    return f"{digits[:-8]}****{digits[-4:]}" if len(digits) == 11 else f"****{digits[-4:]}"


def mask_address(text: str | None) -> str | None:
    """An address without its house number, building, unit and room: 建邺区庐山路188号3幢1203室 → 建邺区庐山路＊＊号＊＊幢＊＊室."""
    return _HOUSE.sub(HIDDEN, text) if text else None


def mask_degrees(degrees: float | None) -> float | None:
    """A coordinate rounded to `POINT_DIGITS` decimals."""
    return None if degrees is None else round(degrees, POINT_DIGITS)
