"""Personal data out of address texts, before anything is stored: phones, numbers of documents, names of recipients.

People paste whole delivery labels (收件人：张三 138… 江苏省…). What identifies a person is dropped; what locates the address stays, in its
own words. A name is taken for one only where its place says so: behind a label, with a title, beside a phone, or alone at one end.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import polars as pl

from geo.address.characters import fold_words
from geo.address.division_words import short_name, table
from geo.address.words import COMPOUND_SURNAMES, PERSON_LABELS, PHONE_LABELS, PLACE_ENDINGS, SURNAMES, TITLES

# Digits and signs as they may be typed, full-width ones included; a digit may be masked.
_D: Final = r"[0-9０-９*＊×]"
_GAP: Final = r"[\s\-－—–‐.·]{0,2}"
_BEFORE: Final = r"(?<![0-9０-９A-Za-z*＊])"
_AFTER: Final = r"(?![0-9０-９*＊])"
_LABEL: Final = rf"(?:(?:{'|'.join(PHONE_LABELS)})[\s:：号码为是]*)?"
_COUNTRY: Final = r"(?:0086|００８６|86|８６)"
_AREA: Final = rf"[0０][1-9１-９]{_D}{{1,2}}"
_NUMBERS: Final = (
    # Identity cards first: a phone could stand in one.
    rf"{_BEFORE}[1-9１-９]{_D}{{5}}(?:19|20|１９|２０|\*\*){_D}{{9}}[0-9０-９XxＸｘ*＊]",
    r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
    # Mobiles, with the country's code, in groups or masked.
    rf"{_LABEL}{_BEFORE}(?:(?:[(（][+＋]?{_COUNTRY}[)）]|[+＋]?{_COUNTRY}){_GAP})?[1１][3-9３-９]{_D}{_GAP}{_D}{{4}}{_GAP}{_D}{{4}}{_AFTER}",
    # Landlines with an area code and perhaps an extension; service numbers.
    rf"{_LABEL}(?:[+＋]?(?:86|８６){_GAP})?{_BEFORE}(?:[(（]{_AREA}[)）]|{_AREA}){_GAP}{_D}{{3,4}}{_GAP}{_D}{{4}}(?:{_GAP}(?:转|轉|分机|ext\.?|#|-)\s*{_D}{{1,6}})?{_AFTER}",
    rf"{_LABEL}{_BEFORE}[48４８][0０][0０]{_GAP}{_D}{{3,4}}{_GAP}{_D}{{3,4}}{_AFTER}",
    # A number without area code only behind a word for it.
    rf"(?:{'|'.join(PHONE_LABELS)})[\s:：号码为是]*[+＋(（]?{_D}(?:{_GAP}{_D}){{4,20}}(?:\s*(?:转|分机)\s*{_D}{{1,6}})?",
    r"(?:微信号?|QQ号?|qq号?|WX|wx)[\s:：]*[A-Za-z0-9_\-]{4,20}",
)
NUMBERS: Final = re.compile("|".join(_NUMBERS))
# Where a number was: names are looked for beside it.
_MARK: Final = "\ufffc"
_HAN: Final = "[\u4e00-\u9fff]"
_EDGE: Final = r"[\s,，;；、。.!！/|:：]"
_SURNAME: Final = rf"(?:{'|'.join(COMPOUND_SURNAMES)}|[{SURNAMES}])"
_NAME: Final = rf"{_SURNAME}{_HAN}{{1,2}}"
# With letters or signs in place of characters: 李*明, 张某某, 陆xg.
_VEILED: Final = rf"{_SURNAME}(?:[*＊某xX×]{{1,2}}{_HAN}?|[A-Za-z]{{1,3}})"
_TITLE: Final = rf"(?:{'|'.join(TITLES)})"
LABELLED: Final = re.compile(
    rf"(?:{'|'.join(PERSON_LABELS)})[\s:：是为]+(?:{_HAN}{{1,4}}(?:·{_HAN}{{1,6}})*?|[A-Za-z][A-Za-z .]{{1,30}}?)"
    rf"(?:{_TITLE})?(?=$|{_EDGE}|[()（）{_MARK}]|[0-9])"
    rf"|(?:{'|'.join(PERSON_LABELS)})(?:{_NAME})(?:{_TITLE})?(?=$|{_EDGE}|[()（）{_MARK}])"
)
TITLED: Final = re.compile(
    rf"(?:(?<=^)|(?<={_EDGE})|(?<=[()（）{_MARK}])|(?<=[0-9A-Za-z室号楼户栋幢层房座]))"
    rf"{_SURNAME}{_HAN}{{0,2}}{_TITLE}(?:代?收|亲收|亲启|启)?(?=$|{_EDGE}|[()（）{_MARK}])"
)
RECEIVED: Final = re.compile(
    rf"(?:(?<=^)|(?<={_EDGE})|(?<=[()（）{_MARK}0-9室号楼户栋幢层房座])){_SURNAME}{_HAN}{{1,2}}(?:代?收|亲收|亲启)(?=$|{_EDGE}|[)）{_MARK}])"
)
BESIDE: Final = re.compile(
    rf"(?:(?<=^)|(?<={_EDGE})|(?<=[()（）0-9A-Za-z室号楼户栋幢层房座旁]))(?![室号楼户栋幢层房座旁])(?:{_VEILED}|{_HAN}{{2,4}}){_EDGE}*(?={_MARK})"
    rf"|(?<={_MARK}){_EDGE}*(?:{_NAME}|{_VEILED})(?=$|{_EDGE}|[()（）])"
)
FIRST: Final = re.compile(rf"^{_EDGE}*(?:{_NAME}|{_VEILED}){_EDGE}*(?={_MARK})")
LEADING: Final = re.compile(rf"^{_EDGE}*({_NAME}|{_VEILED})(?={_EDGE}|{_MARK})")
TRAILING: Final = re.compile(rf"(?:{_EDGE}|(?<={_MARK}))({_NAME}|{_VEILED}){_EDGE}*$")
_ENDS_LIKE_A_DOOR: Final = re.compile(r"[0-9０-９A-Za-z室号楼户栋幢层房座元旁店口内)）]$")
_BEGINS_LIKE_AN_ADDRESS: Final = re.compile(rf"^{_EDGE}*{_HAN}{{2,10}}(?:省|市|区|县|旗|州)")
_ADMINISTRATIVE: Final = rf"[省市区县旗镇乡村路街号]{_EDGE}*$"
_EMPTY: Final = re.compile(r"[(（\[【]\s*[,，;；:：、]*\s*(?:收|代收)?\s*[)）\]】]")
_EDGES: Final = re.compile(rf"^{_EDGE}+|[\s,，;；、:：]+$")
_RUNS: Final = re.compile(r"([,，;；、])(?:\s*[,，;；、:：])+")
# Cheap and over whole columns: what cannot hold any of it is left alone.
_SUSPECT: Final = (
    r"[1１][3-9３-９][0-9０-９*＊×][\s\-－—–‐.·]{0,2}[0-9０-９*＊×]{3}|[0０][1-9１-９][0-9０-９]{1,2}[)）]?[\s\-－—–‐.·]{0,2}[0-9０-９]{3}"
    r"|[48４８][0０]{2}[\s\-－—–‐.·]{0,2}[0-9０-９]{3}|[0-9０-９*＊]{14}|@|收|亲启|(?i:tel|phone|mob|fax|qq|wx|微信)|电话|手机|電話|手機|联系|聯|传真|热线|致电|座机"
    rf"|身份证|^\s*{_HAN}{{2,4}}[\s,，]|[\s,，]{_HAN}{{2,4}}\s*$|{'|'.join(PERSON_LABELS)}|{'|'.join(TITLES)}"
)


def strip_personal(texts: pl.Series) -> pl.Series:
    """The texts without phones, numbers of documents, mail addresses and recipients' names; null stays null.

    What remains is as it was written, but for separators left dangling. A text without any of these comes back unchanged.
    """
    column = texts.cast(pl.String)
    suspects = column.str.contains(_SUSPECT).fill_null(False).arg_true()
    if suspects.is_empty():
        return column
    cleaned = [_clean(text) for text in column.gather(suspects).to_list()]
    return column.scatter(suspects, pl.Series(cleaned, dtype=pl.String)).rename(texts.name)


def _clean(text: str) -> str:
    """One text."""
    marked = NUMBERS.sub(_MARK, text)
    found = _MARK in marked
    for pattern in (LABELLED, RECEIVED, TITLED):
        marked = pattern.sub(_MARK if found else "", marked)
    if found:
        marked = FIRST.sub(lambda m: m[0] if re.search(_ADMINISTRATIVE, m[0]) else "", marked)
        marked = _before_province().sub(_MARK, marked)
        marked = BESIDE.sub(lambda m: m[0] if _is_place(m[0]) else "", marked)
    leading = LEADING.match(marked)
    if leading and not _is_place(leading[1]) and (found or _BEGINS_LIKE_AN_ADDRESS.match(marked[leading.end() :])):
        marked = marked[leading.end() :]
    trailing = TRAILING.search(marked)
    if (
        trailing
        and not _is_place(trailing[1])
        and (found or _ENDS_LIKE_A_DOOR.search(marked[: trailing.start()].rstrip()))
    ):
        marked = marked[: trailing.start()]
    if marked == text:
        return text
    marked = _EMPTY.sub("", marked.replace(_MARK, " "))
    return _EDGES.sub("", _RUNS.sub(r"\1", re.sub(r"\s{2,}", " ", marked)))


@cache
def _before_province() -> re.Pattern[str]:
    """A name written right before a province's or municipality's name, at the beginning or behind a number."""
    rows = table("divisions.csv")
    provinces = "|".join(rows.filter(pl.col("level") == "province")["name"].to_list())
    return re.compile(rf"(?:^|{_MARK}){_EDGE}*{_NAME}(?={provinces})")


def _is_place(word: str) -> bool:
    """The word is the name of a division, or ends as places do."""
    bare = re.sub(rf"{_EDGE}|{_MARK}", "", word)
    return re.search(rf"(?:{PLACE_ENDINGS})$", bare) is not None or fold_words(pl.Series([bare]))[0] in _places()


@cache
def _places() -> frozenset[str]:
    """Names and short names of all divisions and towns."""
    names: list[str] = [*table("divisions.csv")["name"].to_list(), *table("division_changes.csv")["former"].to_list()]
    towns: list[str] = table("towns.csv")["name"].to_list()
    stems = {re.sub(r"(?:街道|镇|乡|苏木)$", "", name) for name in towns}
    return frozenset({*names, *(short_name(name) for name in names), *towns, *stems})
