"""The words by which divisions, towns and functional zones are written, and what each can mean."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, NamedTuple

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
# By these a zone is known whose name no table has, longer ones first.
ZONE_ENDINGS: Final = tuple(
    sorted(
        (z for z in ZONES if len(z) > 2 and z not in ("市辖区", "新城区", "风景区", "旅游度假区", "度假区", "大学城")),
        key=len,
        reverse=True,
    )
)
# Behind the number of zones: a word that says "zone" and no more.
ANY_ZONE: Final = -1

_SHORTER: Final = re.compile(
    rf"(?:(?:{'|'.join(PEOPLES)})*(?:自治区|自治州|自治县|自治旗)|特别行政区|新区|地区|林区|特区|省|市|盟|区|县|旗)$"
)
_TOWN_KINDS: Final = ("街道", "镇", "乡", "苏木")
_TOWN: Final = re.compile(r"(?:民族|(?:.族)+)?(?:街道|镇|乡|苏木)$")


# Lexicons in the order in which `DivisionWords` holds them.
DIVISIONS, FOLLOWING, ROAD_FOLLOWING, LABEL, PLACEHOLDER, ZONE_WORDS, TOWN_WORDS, LOCAL_WORDS = range(8)
# Arrays in `data`, as positions in `base`. Meanings of word w are [FIRST[w], FIRST[w + 1]); likewise for zones, towns and local names.
(FIRST, MEANING, HOW, LEVEL, PROVINCE_OF, CITY_OF, ZONE_FIRST, ZONE_MEANING, ZONE_CITY, ZONE_DISTRICT, TOWN_FIRST, TOWN_MEANING,
 TOWN_EXACT, TOWN_PARENT, LOCAL_FIRST, LOCAL_DISTRICT, LOCAL_WEIGHT, MOVED) = range(24, 42)  # fmt: skip


class DivisionWords(NamedTuple):
    """Words of divisions and what each can mean, in few arrays: machine code passes each of them at every call.

    `slots` (key, next node), `values`: the lexicons one behind the other; `base[3 k]` is where the slots of lexicon k begin, `base[3 k + 1]` their mask,
    `base[3 k + 2]` where its values begin. `data`: the arrays named above, `base[name]` is where one begins. A zone is a position or
    `ANY_ZONE`; TOWN_EXACT tells a town's present name from another kind (镇 that became 街道); MOVED holds pairs (former parent, division).
    `heads[c]`: bits of the lexicons in which a word begins with c (1 divisions, 2 zones, 4 placeholders, 8 towns, 16 local names, 32 labels,
    64 followers, 128 road followers).
    """

    slots: npt.NDArray[np.int64]
    values: I32
    data: I32
    base: npt.NDArray[np.int64]
    heads: npt.NDArray[np.uint8]


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
    for word, code in ABBREVIATIONS.items():
        if code in at:
            words.add(word, at[code], SHORT)
    return words


def forms_of_zone(name: str, city: str) -> list[tuple[str, int]]:
    """A zone's name, without the city in front, with another word for its kind; and whether that is its full or a short name."""
    kinds = next((kinds for kinds in ZONE_KINDS if name.endswith(kinds)), ("",))
    ending = next((k for k in kinds if k and name.endswith(k)), "")
    stem = name.removesuffix(ending) if ending else name
    forms = []
    for kind in kinds:
        whole = stem + kind
        forms.append((whole, FULL))
        bare = re.sub(rf"^{city}市?", "", whole) if city else whole
        if bare != whole and len(bare) >= 2:
            forms.append((bare, SHORT))
    return forms


def words_of_zones(codes: list[str], names: list[str], at: dict[str, int]) -> tuple[Meanings, I32, I32, list[str]]:
    """Every way to write each zone: its name, without the city in front, with another word for its kind (高新区,
    高新技术产业开发区). Also city and district of each zone, and the names."""
    # Zones among the statistical codes (苏州工业园区) are districts of their own, unless the table of zones knows better.
    statistical = [(names[i], code[:4] + "00", code) for code, i in at.items() if code[4] == "7"]
    words = Meanings()
    cities: list[int] = []
    districts: list[int] = []
    zone_names: list[str] = []
    for name, city, district in [*table("zones.csv").iter_rows(), *statistical]:
        if city and city not in at:
            continue
        zone, place = len(zone_names), at.get(city, -1)
        forms = forms_of_zone(name, short_name(names[place]) if city else "")
        known = {z for form, _ in forms for z in words.ways.get(form, {}) if cities[z] == place}
        if (name, city, district) in statistical and known:
            continue
        zone_names.append(name)
        cities.append(place)
        districts.append(at.get(district, -1))
        for form, how in forms:
            words.add(form, zone, how)
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
        (at[parent], at[code])
        for parent, code, _ in table("former_parents.csv").iter_rows()
        if parent in at and code in at
    ]
    local = Meanings()
    for word, code, weight in table("district_words.csv").iter_rows():
        if code in at:
            local.add(word, at[code], int(weight))
    local_lexicon, local_first, local_district, local_weight = local.arrays()
    labels, placeholders = build_lexicon(fold_words(pl.Series(LABELS))), build_lexicon(pl.Series(PLACEHOLDERS))
    followers, road_followers = build_lexicon(pl.Series(FOLLOWERS)), build_lexicon(pl.Series(ROAD_FOLLOWERS))
    heads = np.zeros(0x10000, np.uint8)
    for bit, known in enumerate(
        (lexicon, zones, placeholders, towns, local_lexicon, labels, followers, road_followers)
    ):
        roots = known.keys[(known.keys >= 0) & (known.keys >> 16 == 0)]
        heads[roots & 0xFFFF] |= 1 << bit
    lexicons = (lexicon, followers, road_followers, labels, placeholders, zones, towns, local_lexicon)
    arrays = (
        first, meaning, how, level, province, city, zone_first, zone, zone_city, zone_district, town_first, town, town_how == 0, town_parent,
        local_first, local_district, local_weight, np.array(moved).ravel(),
    )  # fmt: skip
    return pack(lexicons, arrays, heads), zone_names


def pack(
    lexicons: tuple[Lexicon, ...], arrays: tuple[npt.NDArray[Any], ...], heads: npt.NDArray[np.uint8]
) -> DivisionWords:
    """Lexicons and arrays one behind the other."""
    base, slots, nodes = [], 0, 0
    for known in lexicons:
        base += [slots, len(known.keys) - 1, nodes]
        slots += len(known.keys)
        nodes += len(known.values)
    offsets = np.cumsum([0, *[len(a) for a in arrays]])
    return DivisionWords(
        np.concatenate([np.stack([known.keys, known.targets], axis=1).ravel() for known in lexicons]),
        np.concatenate([known.values for known in lexicons]),
        np.concatenate([a.astype(np.int32) for a in arrays]),
        np.array([*base, *offsets], np.int64),
        heads,
    )
