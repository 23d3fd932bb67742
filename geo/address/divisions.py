"""Which province, city, district and town an address states.

The table of divisions ships with the product (`data/divisions.csv`, `data/towns.csv`,
`data/division_changes.csv`) and takes in what the gazetteer itself names. Words are read from the left: full
names, short names (江苏, 南京, 鼓楼), former names. A short name counts only where its city is known and no
road or estate word follows it (上海路, 建邺新村). Several divisions of one name are settled by what else is stated,
then by the prior city, then by the cities that the gazetteer covers; never by a guess.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.address.characters import SEPARATOR, Codes, Texts, fold_words
from geo.address.compiled import compiled, entry
from geo.address.lexicon import NOTHING, Lexicon, build_lexicon, longest_at, step
from geo.address.words import FOLLOWERS, PEOPLES, ZONES

DATA: Final = Path(__file__).resolve().parents[2] / "data"
PROVINCE, CITY, DISTRICT, TOWN = 0, 1, 2, 3
DAO, BAN, JIE, ZHEN, XIAO = (ord(c) for c in "道办街镇小")
LEVELS: Final = {"province": PROVINCE, "city": CITY, "district": DISTRICT}
FULL, SHORT, FORMER = 0, 1, 2
# How the district was stated: bits of `Stated.flags`.
WEAK, STALE, CONTRADICTED, AMBIGUOUS, GUESSED_CITY = 1, 2, 4, 8, 16

_SHORTER: Final = re.compile(
    rf"(?:(?:{'|'.join(PEOPLES)})*(?:自治区|自治州|自治县|自治旗)|特别行政区|新区|地区|林区|特区|省|市|盟|区|县|旗)$"
)


class Divisions(NamedTuple):
    """All divisions as arrays; a division is its position. `city[i]` and `province[i]` are positions or -1."""

    names: list[str]
    codes: list[str]
    level: npt.NDArray[np.int8]
    province: npt.NDArray[np.int32]
    city: npt.NDArray[np.int32]
    town_names: list[str]
    town_parent: npt.NDArray[np.int32]
    words: DivisionWords

    def position(self, level: int, name: str, city: str = "") -> int:
        """The first division of that level and full name (in the city, where given), or -1."""
        for i, known in enumerate(self.names):
            if known == name and self.level[i] == level and (not city or self.city_name(i) in ("", city)):
                return i
        return -1

    def city_name(self, division: int) -> str:
        """The name of the city that a division lies in, or nothing."""
        city = int(self.city[division])
        return self.names[city] if city >= 0 else ""


class DivisionWords(NamedTuple):
    """Words of divisions and what each can mean. Meanings of word w are [first[w], first[w + 1])."""

    lexicon: Lexicon
    first: npt.NDArray[np.int32]
    meaning: npt.NDArray[np.int32]
    how: npt.NDArray[np.int8]
    followers: Lexicon
    zones: Lexicon
    towns: Lexicon
    town_first: npt.NDArray[np.int32]
    town: npt.NDArray[np.int32]
    level: npt.NDArray[np.int8]
    province: npt.NDArray[np.int32]
    city: npt.NDArray[np.int32]
    town_parent: npt.NDArray[np.int32]


class Stated(NamedTuple):
    """What each text states, per row: positions in `Divisions` or -1; where the rest begins.

    `rest` is behind the last division word, `scan` before the last *short* one (it may belong to a name);
    `flags` are the bits above; `town` is a position in `town_names`.
    """

    province: npt.NDArray[np.int32]
    city: npt.NDArray[np.int32]
    district: npt.NDArray[np.int32]
    town: npt.NDArray[np.int32]
    flags: npt.NDArray[np.int32]
    scan: npt.NDArray[np.int64]
    town_at: npt.NDArray[np.int64]
    rest: npt.NDArray[np.int64]


def shipped_divisions() -> pl.DataFrame:
    """The shipped table: code, name, level (`province`/`city`/`district`), parent (a code or empty)."""
    return pl.read_csv(DATA / "divisions.csv", infer_schema_length=0).with_columns(pl.col("parent").fill_null(""))


def short_name(name: str) -> str:
    """江苏省 → 江苏, 黔南布依族苗族自治州 → 黔南, 浦东新区 → 浦东; the name itself if under two characters remain."""
    shorter = _SHORTER.sub("", name)
    while shorter.endswith(tuple(p for p in PEOPLES if len(p) > 1)) and name.endswith(
        ("自治区", "自治州", "自治县", "自治旗")
    ):
        people = next(p for p in PEOPLES if len(p) > 1 and shorter.endswith(p))
        shorter = shorter.removesuffix(people)
    return shorter if len(shorter) >= 2 else name


def build_divisions(table: pl.DataFrame | None = None, places: pl.DataFrame | None = None) -> Divisions:
    """Divisions from a table as `shipped_divisions` gives (the default), completed by the distinct
    (province, city, district) of a gazetteer, fictional ones included."""
    table = shipped_divisions() if table is None else table
    names: list[str] = table["name"].to_list()
    codes: list[str] = table["code"].to_list()
    levels = [LEVELS[level] for level in table["level"].to_list()]
    at = {code: i for i, code in enumerate(codes)}
    parents = [at.get(parent, -1) for parent in table["parent"].to_list()]
    if places is not None:
        complete(names, codes, levels, parents, places)
    province, city = np.full(len(names), -1, np.int32), np.full(len(names), -1, np.int32)
    for i in range(len(names)):
        above = i
        while above >= 0:
            if levels[above] == PROVINCE:
                province[i] = above
            elif levels[above] == CITY:
                city[i] = above
            above = parents[above]
    level = np.array(levels, np.int8)
    towns = pl.read_csv(DATA / "towns.csv", infer_schema_length=0).filter(pl.col("parent").is_in(list(at)))
    town_names: list[str] = towns["name"].to_list()
    town_parent = np.array([at[p] for p in towns["parent"].to_list()], np.int32)
    words = division_words(names, codes, level, province, city, town_names, town_parent)
    return Divisions(names, codes, level, province, city, town_names, town_parent, words)


def complete(names: list[str], codes: list[str], levels: list[int], parents: list[int], places: pl.DataFrame) -> None:
    """Append the divisions of a gazetteer that the table lacks."""
    known: dict[tuple[int, int, str], int] = {}
    for i, name in enumerate(names):
        known.setdefault((levels[i], parents[i], name), i)
    triples = places.select("province", "city", "district").unique(maintain_order=True)
    for province, city, district in triples.iter_rows():
        above = -1
        for level, name in ((PROVINCE, province), (CITY, city), (DISTRICT, district)):
            if not name:
                continue
            position = known.get((level, above, name), -1)
            if position < 0 and level == CITY:
                position = next((i for (lv, _, n), i in known.items() if lv == CITY and n == name), -1)
            if position < 0:
                position = len(names)
                names.append(name)
                codes.append("")
                levels.append(level)
                parents.append(above)
                known[level, above, name] = position
            above = position


def division_words(
    names: list[str],
    codes: list[str],
    level: npt.NDArray[np.int8],
    province: npt.NDArray[np.int32],
    city: npt.NDArray[np.int32],
    town_names: list[str],
    town_parent: npt.NDArray[np.int32],
) -> DivisionWords:
    """Every way to write each division, gathered by word."""
    ways: dict[str, dict[int, int]] = {}

    def add(word: str, division: int, how: int) -> None:
        meanings = ways.setdefault(word, {})
        meanings[division] = min(how, meanings.get(division, how))

    for i, name in enumerate(names):
        add(name, i, FULL)
        short = short_name(name)
        if short != name:
            add(short, i, SHORT)
            if name.endswith("自治州"):
                add(short + "州", i, FULL)
            if name.endswith("自治县") and len(short) >= 2:
                add(short + "县", i, FULL)
            if name.endswith("自治旗") and len(short) >= 2:
                add(short + "旗", i, FULL)
    at = {code: i for i, code in enumerate(codes) if code}
    changes = DATA / "division_changes.csv"
    if changes.exists():
        for former, _, code, _ in pl.read_csv(changes, infer_schema_length=0).iter_rows():
            if code in at:
                add(former, at[code], FORMER)
                if len(short_name(former)) >= 2 and short_name(former) != former:
                    add(short_name(former), at[code], FORMER + SHORT)
    words = list(ways)
    folded = fold_words(pl.Series(words, dtype=pl.String)).to_list()
    merged: dict[str, dict[int, int]] = {}
    for word, key in zip(words, folded, strict=True):
        for division, how in ways[word].items():
            meanings = merged.setdefault(key, {})
            meanings[division] = min(how, meanings.get(division, how))
    first, meaning, how_read = [0], [], []
    for meanings in merged.values():
        for division, how in sorted(meanings.items()):
            meaning.append(division)
            how_read.append(how)
        first.append(len(meaning))
    by_town: dict[str, list[int]] = {}
    for i, name in enumerate(fold_words(pl.Series(town_names, dtype=pl.String)).to_list()):
        by_town.setdefault(name, []).append(i)
    town_first = np.cumsum([0, *[len(v) for v in by_town.values()]], dtype=np.int64).astype(np.int32)
    return DivisionWords(
        build_lexicon(pl.Series(list(merged), dtype=pl.String)),
        np.array(first, np.int32),
        np.array(meaning, np.int32),
        np.array(how_read, np.int8),
        build_lexicon(pl.Series(FOLLOWERS)),
        build_lexicon(pl.Series(ZONES)),
        build_lexicon(pl.Series(list(by_town), dtype=pl.String)),
        town_first,
        np.array([t for v in by_town.values() for t in v], np.int32),
        level,
        province,
        city,
        town_parent,
    )


def resolve_divisions(
    texts: Texts,
    divisions: Divisions,
    covered: npt.NDArray[np.bool_] | None = None,
    prior_city: npt.NDArray[np.int32] | None = None,
) -> Stated:
    """Read the divisions of each text. `covered[i]`: the gazetteer has places in division i;
    `prior_city[row]`: position of the city where the policy is managed, or -1."""
    rows = len(texts.start)
    covered = np.zeros(len(divisions.names), np.bool_) if covered is None else covered
    prior_city = np.full(rows, -1, np.int32) if prior_city is None else prior_city
    found = np.full((rows, 5), -1, np.int32)
    places = np.zeros((rows, 3), np.int64)
    read_divisions(texts.codes, texts.start, texts.main_end, divisions.words, covered, prior_city, found, places)
    return Stated(
        found[:, 0].copy(),
        found[:, 1].copy(),
        found[:, 2].copy(),
        found[:, 3].copy(),
        found[:, 4].copy(),
        places[:, 0].copy(),
        places[:, 1].copy(),
        places[:, 2].copy(),
    )


@compiled
def choose_meaning(
    words: DivisionWords,
    word: int,
    province: int,
    city: int,
    district: int,
    prior: int,
    covered: npt.NDArray[np.bool_],
) -> tuple[int, int, int]:
    """(division or -1, how it was written, number of divisions it may be) in the light of what is known."""
    best, best_rank, best_how, count = -1, -1, 0, 0
    for m in range(words.first[word], words.first[word + 1]):
        division = words.meaning[m]
        level = words.level[division]
        if province >= 0 and words.province[division] != province:
            continue
        if city >= 0 and (level == PROVINCE or (level == CITY and division != city)):
            continue
        if city >= 0 and level == DISTRICT and words.city[division] != city and words.city[division] >= 0:
            continue
        if district >= 0 and division != district:
            continue
        if level == PROVINCE and (city >= 0 or (province >= 0 and division != province)):
            continue
        rank = 0
        if prior >= 0 and words.city[division] == prior:
            rank += 8
        if covered[division]:
            rank += 4
        if words.how[m] != SHORT:
            rank += 2
        # 北京 and 上海 name a province and its city: the city says both.
        if level == CITY:
            rank += 1
        if rank > best_rank:
            best, best_rank, best_how, count = division, rank, words.how[m], 1
        elif rank == best_rank:
            count += 1
    return best, best_how, count


@compiled
def skip_separators(codes: Codes, at: int, end: int) -> int:
    """The next position that is not a separator."""
    while at < end and codes[at] == SEPARATOR:
        at += 1
    return at


@entry
def read_divisions(
    codes: Codes,
    start: npt.NDArray[np.int64],
    main_end: npt.NDArray[np.int64],
    words: DivisionWords,
    covered: npt.NDArray[np.bool_],
    prior_city: npt.NDArray[np.int32],
    found: npt.NDArray[np.int32],
    places: npt.NDArray[np.int64],
) -> None:
    """Fill `found` (province, city, district, town, flags) and `places` (scan, town_at, rest) for all rows."""
    for row in range(len(start)):
        at, end = skip_separators(codes, start[row], main_end[row]), main_end[row]
        province, city, district, flags = -1, -1, -1, 0
        prior = prior_city[row]
        scan = at
        for _ in range(8):
            # All words that begin here: the best is the one that leaves a readable division behind it.
            node, best, best_length, best_how, best_count, best_score, seen = 0, -1, 0, 0, 0, 0, 0
            for i in range(at, min(end, at + 16)):
                node = step(words.lexicon, node, codes[i])
                if node < 0:
                    break
                word = words.lexicon.values[node]
                if word == NOTHING:
                    continue
                length = i + 1 - at
                division, how, count = choose_meaning(words, word, province, city, district, prior, covered)
                if division < 0:
                    if length > 2 and words.how[words.first[word]] == FULL:
                        seen = length
                    continue
                level = words.level[division]
                new_city = words.city[division] if level != PROVINCE else city
                follow, follow_length = longest_at(words.lexicon, codes, i + 1, end)
                chained = 0
                if follow != NOTHING and follow_length >= 2:
                    after, after_how, _ = choose_meaning(
                        words, follow, words.province[division], new_city, -1, prior, covered
                    )
                    if after >= 0 and words.level[after] > level:
                        chained = follow_length if after_how != SHORT else 1
                if how == SHORT or how == FORMER + SHORT:
                    known = (
                        city >= 0
                        or chained > 0
                        or (level != PROVINCE and covered[division])
                        or (level == CITY and province >= 0)
                    )
                    if level == PROVINCE:
                        known = chained > 0
                    _, joined = longest_at(words.followers, codes, i + 1, end)
                    if not known or (joined > 0 and chained < 2) or i + 1 >= end:
                        continue
                score = 4 * (length + chained) + (2 if how == FULL else 0)
                if score > best_score:
                    best, best_length, best_how, best_count, best_score = division, length, how, count, score
            if best < 0:
                if seen > 0 and (city >= 0 or province >= 0):
                    # A full name that contradicts what is stated already.
                    zone, _ = longest_at(words.zones, codes, at, end)
                    _, joined = longest_at(words.followers, codes, at + seen, end)
                    if zone == NOTHING and joined == 0 and district < 0:
                        flags |= CONTRADICTED
                        at = skip_separators(codes, at + seen, end)
                        scan = at
                        continue
                break
            level = words.level[best]
            if level == PROVINCE:
                province = best
            elif best_count > 1 and prior < 0 and (level == DISTRICT and city < 0):
                flags |= AMBIGUOUS
            else:
                province = words.province[best]
                if city < 0 and level == DISTRICT:
                    flags |= GUESSED_CITY
                if words.city[best] >= 0:
                    city = words.city[best]
                if level == DISTRICT:
                    district = best
                    flags &= ~WEAK
                    if best_how == SHORT or best_how == FORMER + SHORT:
                        flags |= WEAK
            if best_how >= FORMER:
                flags |= STALE
            weak = best_how == SHORT or best_how == FORMER + SHORT
            before = at
            at = skip_separators(codes, at + best_length, end)
            scan = before if weak and level == DISTRICT else at
        _, zone_length = longest_at(words.zones, codes, at, end)
        if zone_length > 2 or (zone_length > 0 and city >= 0):
            at = skip_separators(codes, at + zone_length, end)
        town_at, town = at, -1
        word, length = longest_at(words.towns, codes, at, end)
        if word != NOTHING:
            for t in range(words.town_first[word], words.town_first[word + 1]):
                candidate = words.town[t]
                parent = words.town_parent[candidate]
                fits = parent == district or (
                    district < 0 and (words.city[parent] == city if city >= 0 else covered[parent])
                )
                if fits:
                    town = candidate if town == -1 else -2
            if town == -2:
                town = -1
            at = skip_separators(codes, at + length, end)
            if codes[at - 1] == DAO and at + 3 <= end and codes[at] == BAN:
                at += 3  # 办事处
        else:
            for i in range(at + 2, min(end - 1, at + 7)):
                if codes[i] == JIE and codes[i + 1] == DAO:
                    at = skip_separators(codes, i + 2, end)
                    break
                if codes[i] == ZHEN and codes[i - 1] != XIAO and i + 2 < end:
                    at = skip_separators(codes, i + 1, end)
                    break
        found[row, 0], found[row, 1], found[row, 2], found[row, 3], found[row, 4] = (
            province,
            city,
            district,
            town,
            flags,
        )
        places[row, 0], places[row, 1], places[row, 2] = scan, town_at, at
