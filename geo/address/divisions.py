"""Which province, city, district, town and zone an address states.

The table of divisions ships with the product (`data/*.csv`) and takes in what the gazetteer itself names. Words are read from the
left: full names, short names (江苏, 南京, 鼓楼), former names, functional zones, towns (see `division_reading`). A short name counts only where
its city is known and no road or estate word follows it (上海路, 建邺新村). Several divisions of one name are settled by what else is stated,
then by the prior city, then by the cities that the gazetteer covers, then by local names; never by a guess.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.address.characters import Texts, fold
from geo.address.division_lookup import (
    AMBIGUOUS,
    BY_LOCAL,
    BY_TOWN,
    BY_ZONE,
    CONTRADICTED,
    GUESSED_CITY,
    LATE,
    STALE,
    WEAK,
    skip_separators,
)  # fmt: skip
from geo.address.division_reading import read_divisions
from geo.address.division_words import (
    CITY,
    DATA,
    DISTRICT,
    LEVELS,
    PROVINCE,
    TOWN,
    DivisionWords,
    division_words,
    short_name,
    table,
)

__all__ = [
    "AMBIGUOUS",
    "BY_LOCAL",
    "BY_TOWN",
    "BY_ZONE",
    "CITY",
    "CONTRADICTED",
    "DATA",
    "DISTRICT",
    "GUESSED_CITY",
    "LATE",
    "LEVELS",
    "PROVINCE",
    "STALE",
    "TOWN",
    "WEAK",
    "Divisions",
    "Stated",
    "build_divisions",
    "division_candidates",
    "resolve_divisions",
    "shipped_divisions",
    "short_name",
    "skip_separators",
]  # fmt: skip
MOST_CANDIDATES: Final = 16


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
    zone_names: list[str]

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

    def path(self, division: int) -> str:
        """江苏省南京市鼓楼区: a division with all above it; a city that bears its province's name stands once."""
        above = dict.fromkeys(int(p) for p in (self.province[division], self.city[division], division) if p >= 0)
        return "".join(dict.fromkeys(self.names[p] for p in above))


class Stated(NamedTuple):
    """What each text states, per row: positions in `Divisions` or -1; where the rest begins.

    `rest` is behind the last division word, `scan` before the last *short* one (it may belong to a name);
    `flags` are bits of `division_reading`; `town` is a position in `town_names`. `zone`: a position in `zone_names`, -2 for a zone that
    no table knows, -1 for none. `other`: the division that contradicts what is stated, or -1.
    """

    province: npt.NDArray[np.int32]
    city: npt.NDArray[np.int32]
    district: npt.NDArray[np.int32]
    town: npt.NDArray[np.int32]
    flags: npt.NDArray[np.int32]
    scan: npt.NDArray[np.int64]
    town_at: npt.NDArray[np.int64]
    rest: npt.NDArray[np.int64]
    zone: npt.NDArray[np.int32]
    other: npt.NDArray[np.int32]


def shipped_divisions() -> pl.DataFrame:
    """The shipped table: code, name, level (`province`/`city`/`district`), parent (a code or empty)."""
    return table("divisions.csv")


def build_divisions(shipped: pl.DataFrame | None = None, places: pl.DataFrame | None = None) -> Divisions:
    """Divisions from a table as `shipped_divisions` gives (the default), completed by the distinct
    (province, city, district) of a gazetteer, fictional ones included."""
    shipped = shipped_divisions() if shipped is None else shipped
    names: list[str] = shipped["name"].to_list()
    codes: list[str] = shipped["code"].to_list()
    levels = [LEVELS[level] for level in shipped["level"].to_list()]
    at = {code: i for i, code in enumerate(codes)}
    parents = [at.get(parent, -1) for parent in shipped["parent"].to_list()]
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
    towns = table("towns.csv").filter(pl.col("parent").is_in(list(at)))
    town_names: list[str] = towns["name"].to_list()
    town_parent = np.array([at[p] for p in towns["parent"].to_list()], np.int32)
    words, zone_names = division_words(names, codes, level, province, city, town_names, town_parent)
    return Divisions(names, codes, level, province, city, town_names, town_parent, words, zone_names)


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


def resolve_divisions(
    texts: Texts,
    divisions: Divisions,
    covered: npt.NDArray[np.bool_] | None = None,
    prior_city: npt.NDArray[np.int32] | None = None,
    candidates: npt.NDArray[np.int32] | None = None,
) -> Stated:
    """Read the divisions of each text. `covered[i]`: the gazetteer has places in division i;
    `prior_city[row]`: position of the city where the policy is managed, or -1. `candidates` (rows × any number, filled with -1)
    takes the divisions that a row flagged `AMBIGUOUS` may mean."""
    rows = len(texts.start)
    covered = np.zeros(len(divisions.names), np.bool_) if covered is None else covered
    prior_city = np.full(rows, -1, np.int32) if prior_city is None else prior_city
    candidates = np.empty((rows, 0), np.int32) if candidates is None else candidates
    found = np.full((rows, 7), -1, np.int32)
    places = np.zeros((rows, 3), np.int64)
    read_divisions(
        texts.codes, texts.start, texts.main_end, texts.end, divisions.words, covered, prior_city, found, places, candidates
    )  # fmt: skip
    province, city, district, town, flags, zone, other = (found[:, i].copy() for i in range(7))
    scan, town_at, rest = (places[:, i].copy() for i in range(3))
    return Stated(province, city, district, town, flags, scan, town_at, rest, zone, other)


def division_candidates(text: str, divisions: Divisions, prior_city: int = -1) -> list[int]:
    """The divisions that one text may mean (positions; the lowest level that is stated): one if it is clear, several if its name is
    borne by several and nothing settles which, none if it states none. `prior_city` settles what it can."""
    candidates = np.full((1, MOST_CANDIDATES), -1, np.int32)
    stated = resolve_divisions(fold(pl.Series([text])), divisions, None, np.array([prior_city], np.int32), candidates)
    several = [int(c) for c in candidates[0] if c >= 0]
    if several and stated.flags[0] & AMBIGUOUS:
        return several
    lowest = next((int(p[0]) for p in (stated.district, stated.city, stated.province) if p[0] >= 0), -1)
    return [lowest] if lowest >= 0 else []
