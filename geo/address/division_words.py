"""The words by which divisions, towns and functional zones are written, and what each can mean."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.address.characters import fold_words
from geo.address.lexicon import Lexicon, build_lexicon
from geo.address.words import (
    ABBREVIATIONS,
    FOLLOWERS,
    LABELS,
    PEOPLES,
    PLACEHOLDERS,
    ROAD_FOLLOWERS,
    ZONE_KINDS,
    ZONES,
)

I32 = npt.NDArray[np.int32]
DATA: Final = Path(__file__).resolve().parents[2] / "data"
PROVINCE, CITY, DISTRICT, TOWN = 0, 1, 2, 3
LEVELS: Final = {"province": PROVINCE, "city": CITY, "district": DISTRICT}
# How a division is written. `OLD` is a former name that was given up before `RECENT`.
FULL, SHORT, FORMER, FORMER_SHORT, OLD, OLD_SHORT = 0, 1, 2, 3, 4, 5
RECENT: Final = 2009
# Behind the number of zones: a word that says "zone" and no more.
ANY_ZONE: Final = -1

_SHORTER: Final = re.compile(
    rf"(?:(?:{'|'.join(PEOPLES)})*(?:自治区|自治州|自治县|自治旗)|特别行政区|新区|地区|林区|特区|省|市|盟|区|县|旗)$"
)
_TOWN_KINDS: Final = ("街道", "镇", "乡", "苏木")
_TOWN: Final = re.compile(r"(?:民族|(?:.族)+)?(?:街道|镇|乡|苏木)$")


class DivisionWords(NamedTuple):
    """Words of divisions and what each can mean. Meanings of word w are [first[w], first[w + 1]).

    `zone_*` likewise for zones: `zone[m]` is a zone or `ANY_ZONE`; of a zone z, `zone_city[z]` and `zone_district[z]` are positions
    of divisions or -1. `town_exact[t]` tells a town's present name from another kind (镇 that became 街道). `moved` are sorted
    keys (former parent << 32 | division). `local_*`: names that tell districts of one name apart, with a weight.
    """

    lexicon: Lexicon
    first: I32
    meaning: I32
    how: npt.NDArray[np.int8]
    followers: Lexicon
    road_followers: Lexicon
    labels: Lexicon
    placeholders: Lexicon
    zones: Lexicon
    zone_first: I32
    zone: I32
    zone_city: I32
    zone_district: I32
    towns: Lexicon
    town_first: I32
    town: I32
    town_exact: npt.NDArray[np.int8]
    level: I32
    province: I32
    city: I32
    town_parent: I32
    moved: npt.NDArray[np.int64]
    local: Lexicon
    local_first: I32
    local_district: I32
    local_weight: I32


def short_name(name: str) -> str:
    """江苏省 → 江苏, 黔南布依族苗族自治州 → 黔南, 浦东新区 → 浦东; the name itself if under two characters remain."""
    shorter = _SHORTER.sub("", name)
    while shorter.endswith(tuple(p for p in PEOPLES if len(p) > 1)) and name.endswith(
        ("自治区", "自治州", "自治县", "自治旗")
    ):
        people = next(p for p in PEOPLES if len(p) > 1 and shorter.endswith(p))
        shorter = shorter.removesuffix(people)
    if len(shorter) < 2 and name.endswith("自治区"):
        shorter = name.removesuffix("自治区")  # 西藏, 内蒙古: the people is part of the name
    return shorter if len(shorter) >= 2 else name


def table(name: str) -> pl.DataFrame:
    """A shipped table, all columns as strings, nothing null."""
    return pl.read_csv(DATA / name, infer_schema_length=0).with_columns(pl.all().fill_null(""))


class Meanings:
    """Words and what each can mean: gathered by folded word, then laid out as flat arrays."""

    def __init__(self) -> None:
        self.ways: dict[str, dict[int, int]] = {}

    def add(self, word: str, meaning: int, how: int) -> None:
        """One more meaning of a word; of two ways to write it the surer counts."""
        meanings = self.ways.setdefault(word, {})
        meanings[meaning] = min(how, meanings.get(meaning, how))

    def arrays(self) -> tuple[Lexicon, I32, I32, I32]:
        """(lexicon, first, meaning, how)."""
        words = list(self.ways)
        merged: dict[str, dict[int, int]] = {}
        for word, key in zip(words, fold_words(pl.Series(words, dtype=pl.String)).to_list(), strict=True):
            meanings = merged.setdefault(key, {})
            for meaning, how in self.ways[word].items():
                meanings[meaning] = min(how, meanings.get(meaning, how))
        merged.pop("", None)
        first = np.cumsum([0, *[len(m) for m in merged.values()]], dtype=np.int64).astype(np.int32)
        pairs = [pair for meanings in merged.values() for pair in sorted(meanings.items())]
        flat = np.array(pairs, np.int32).reshape(-1, 2)
        lexicon = build_lexicon(pl.Series(list(merged), dtype=pl.String))
        return lexicon, first, flat[:, 0].copy(), flat[:, 1].copy()


def words_of_divisions(names: list[str], codes: list[str], at: dict[str, int]) -> Meanings:
    """Every way to write each division: in full, short, by a former name, by a usual abbreviation."""
    words = Meanings()
    for i, name in enumerate(names):
        words.add(name, i, FULL)
        short = short_name(name)
        if short != name:
            words.add(short, i, SHORT)
            for kind, ending in (("自治州", "州"), ("自治县", "县"), ("自治旗", "旗")):
                if name.endswith(kind):
                    words.add(short + ending, i, FULL)
    for former, year, code, _ in table("division_changes.csv").iter_rows():
        if code in at:
            old = int(year) < RECENT
            words.add(former, at[code], OLD if old else FORMER)
            short = short_name(former)
            if len(short) >= 2 and short != former:
                words.add(short, at[code], OLD_SHORT if old else FORMER_SHORT)
    # Zones among the statistical codes (苏州工业园区) are written without the city in front as well.
    for code, i in at.items():
        if code[4] == "7" and code[:4] + "00" in at:
            city = short_name(names[at[code[:4] + "00"]])
            bare = re.sub(rf"^.*?{city}市?", "", names[i]) if city in names[i] else names[i]
            if len(bare) >= 3 and bare != names[i]:
                words.add(bare, i, SHORT)
    for word, code in ABBREVIATIONS.items():
        if code in at:
            words.add(word, at[code], SHORT)
    return words


def words_of_zones(codes: list[str], names: list[str], at: dict[str, int]) -> tuple[Meanings, I32, I32, list[str]]:
    """Every way to write each zone: its name, without the city in front, with another word for its kind (高新区,
    高新技术产业开发区). Also city and district of each zone, and the names."""
    rows = table("zones.csv")
    words, cities, districts, zone_names = Meanings(), [], [], []
    for name, city, district in rows.iter_rows():
        if city and city not in at:
            continue
        zone = len(zone_names)
        zone_names.append(name)
        cities.append(at.get(city, -1))
        districts.append(at.get(district, -1))
        short = short_name(names[at[city]]) if city else ""
        for kinds in (*ZONE_KINDS, ("",)):
            ending = next((k for k in kinds if name.endswith(k)), None)
            if ending is None:
                continue
            stem = name.removesuffix(ending) if ending else name
            for kind in kinds:
                whole = stem + kind
                words.add(whole, zone, FULL)
                bare = whole.removeprefix(short) if short else whole
                if bare != whole and len(bare) >= 3:
                    words.add(bare, zone, SHORT)
            break
    for word in ZONES:
        words.add(word, ANY_ZONE, FULL)
    return words, np.array(cities, np.int32), np.array(districts, np.int32), zone_names


def words_of_towns(town_names: list[str], town_parent: I32) -> Meanings:
    """Names of towns, and the same with another word for the kind (镇 → 街道): `how` is 1 for the latter."""
    words = Meanings()
    taken = set(zip(town_names, town_parent.tolist(), strict=True))
    for town, (name, parent) in enumerate(zip(town_names, town_parent.tolist(), strict=True)):
        words.add(name, town, 0)
        stem = _TOWN.sub("", name)
        if len(stem) < 2:
            continue
        for kind in _TOWN_KINDS[:3]:
            if (stem + kind, parent) not in taken:
                words.add(stem + kind, town, 1)
    return words


def division_words(
    names: list[str],
    codes: list[str],
    level: npt.NDArray[np.int8],
    province: I32,
    city: I32,
    town_names: list[str],
    town_parent: I32,
) -> tuple[DivisionWords, list[str]]:
    """All words, and the names of the zones."""
    at = {code: i for i, code in enumerate(codes) if code}
    lexicon, first, meaning, how = words_of_divisions(names, codes, at).arrays()
    zone_words, zone_city, zone_district, zone_names = words_of_zones(codes, names, at)
    zones, zone_first, zone, _ = zone_words.arrays()
    towns, town_first, town, town_how = words_of_towns(town_names, town_parent).arrays()
    moved = [
        at[parent] << 32 | at[code]
        for parent, code, _ in table("former_parents.csv").iter_rows()
        if parent in at and code in at
    ]
    local = Meanings()
    for word, code, districts in table("district_words.csv").iter_rows():
        if code in at:
            local.add(word, at[code], weight_of(word, int(districts)))
    local_lexicon, local_first, local_district, local_weight = local.arrays()
    words = DivisionWords(
        lexicon,
        first,
        meaning,
        how.astype(np.int8),
        build_lexicon(pl.Series(FOLLOWERS)),
        build_lexicon(pl.Series(ROAD_FOLLOWERS)),
        build_lexicon(fold_words(pl.Series(LABELS))),
        build_lexicon(pl.Series(PLACEHOLDERS)),
        zones,
        zone_first,
        zone,
        zone_city,
        zone_district,
        towns,
        town_first,
        town,
        (town_how == 0).astype(np.int8),
        level.astype(np.int32),
        province,
        city,
        town_parent,
        np.array(sorted(moved), np.int64),
        local_lexicon,
        local_first,
        local_district,
        local_weight,
    )
    return words, zone_names


def weight_of(word: str, districts: int) -> int:
    """What a local name says: two points decide alone; two characters or a usual estate name need another beside them."""
    usual = word.endswith(
        ("花园", "家园", "花苑", "公寓", "小区", "新村", "新城", "庄园", "广场", "名都", "嘉园", "雅苑")
    )
    return 1 if len(word) <= 2 or usual or districts > 2 else 2
