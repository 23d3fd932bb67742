"""Take addresses apart, as people read them: folded, divisions, road and number, estate, building to room.

The parts are strings of the folded text. A gazetteer is not needed; the geocoder reads the same steps with the roads
and names that it knows.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.address.characters import Texts, fold
from geo.address.detail_words import NUMBER_KINDS, SPANS, vocabulary
from geo.address.details import take_apart, values_of
from geo.address.division_words import ZONE_ENDINGS
from geo.address.divisions import (
    AMBIGUOUS,
    BY_LOCAL,
    BY_TOWN,
    BY_ZONE,
    CONTRADICTED,
    GUESSED_CITY,
    LATE,
    MOST_CANDIDATES,
    STALE,
    WEAK,
    Divisions,
    resolve_divisions,
)

# Parts whose numbers are told as values beside the text.
KEYS: Final = {
    "number_key": "number", "second_key": "second_number", "third_key": "third_number", "group_key": "group", "building_key": "building", "unit_key": "unit",
    "floor_key": "floor", "room_key": "room",
}  # fmt: skip
# How the divisions are stated, as columns: the bits of `Stated.flags` that each tells.
SAID: Final = {
    "stale": STALE, "short": WEAK, "contradicted": CONTRADICTED, "ambiguous": AMBIGUOUS, "city_guessed": GUESSED_CITY,
    "district_inferred": BY_ZONE | BY_TOWN | BY_LOCAL, "late": LATE,
}  # fmt: skip
_ZONE: Final = rf"^[^\d,]{{0,12}}?(?:{'|'.join(ZONE_ENDINGS)})"


def parse(texts: pl.Series, divisions: Divisions, prior_city: npt.NDArray[np.int32] | None = None) -> pl.DataFrame:
    """One row per text.

    province, city, district, town: official names, null = not stated. village, group, road, number, second_number, estate, building, unit,
    floor, room, third_number: strings of the folded text. number_key and the other keys: the numbers' values, Chinese numerals
    included. number_kind: 号, 弄 or 院. hint: what stood in brackets. zone: a functional zone as it is called. other: a division that
    contradicts those stated (it is never taken in their place). candidates: where the text may mean several divisions, all of
    them with what lies above, joined by `;`. stale, short, contradicted, ambiguous, city_guessed, district_inferred (from a
    zone, town or local name), late (not at the head): how the divisions are stated.

    `prior_city`: positions in `divisions` that settle ambiguous districts, or -1.
    """
    folded = fold(texts)
    rows = len(folded.start)
    several = np.full((rows, MOST_CANDIDATES), -1, np.int32)
    stated = resolve_divisions(folded, divisions, None, prior_city, several)
    spans, kinds = np.full((rows, len(SPANS), 2), -1, np.int64), np.full(rows, -1, np.int8)
    zones, ends = zones_of(folded, stated.rest, divisions, stated.zone, stated.district)
    take_apart(folded.codes, ends, folded.main_end, vocabulary(), spans, kinds)
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
    for key, part in KEYS.items():
        values = np.full(rows, -1, np.int64)
        values_of(folded.codes, np.ascontiguousarray(spans[:, SPANS.index(part)]), values)
        columns[key] = pl.Series(np.where(values >= 0, values, 0)).set(pl.Series(values < 0), None)
    words = pl.Series([*(NUMBER_KINDS[k] for k in sorted(NUMBER_KINDS)), None], dtype=pl.String)
    columns["number_kind"] = words.gather(kinds.astype(np.int64) % len(words))
    columns["hint"] = hints(folded)
    columns["zone"] = zones
    columns["other"] = names.gather(stated.other % len(names))
    columns["candidates"] = paths(divisions, several, stated.flags)
    for name, flag in SAID.items():
        columns[name] = pl.Series((stated.flags & flag) != 0)
    return pl.DataFrame(columns)


def zones_of(
    folded: Texts,
    rest: npt.NDArray[np.int64],
    divisions: Divisions,
    zone: npt.NDArray[np.int32],
    district: npt.NDArray[np.int32],
) -> tuple[pl.Series, npt.NDArray[np.int64]]:
    """The zone of each text, and where what follows it begins: known by name, one of the statistical districts, or read by its ending."""
    known = pl.Series([*divisions.zone_names, None], dtype=pl.String)
    found = known.gather(np.where(zone >= 0, zone, len(known) - 1))
    codes = pl.Series([code[4:5] == "7" for code in [*divisions.codes, ""]])
    names = pl.Series([*divisions.names, None], dtype=pl.String)
    statistical = codes.gather(district % len(codes))
    tail = folded.slices(rest, folded.main_end)
    read = tail.str.extract(rf"({_ZONE})")
    ends = rest + read.str.len_chars().fill_null(0).to_numpy().astype(np.int64)
    frame = pl.DataFrame(
        {"found": found, "statistical": statistical, "name": names.gather(district % len(names)), "read": read}
    )
    chosen = frame.select(
        pl.coalesce(pl.col("found"), pl.when(pl.col("statistical")).then(pl.col("name")), pl.col("read"))
    ).to_series()
    before = folded.slices(np.maximum(folded.start, rest - 12), rest)
    generic = before.str.extract(rf"((?:{'|'.join(ZONE_ENDINGS)}))$")
    chosen = pl.select(pl.when(pl.Series(zone == -2)).then(pl.coalesce(generic, chosen)).otherwise(chosen)).to_series()
    return chosen, ends


def paths(divisions: Divisions, several: npt.NDArray[np.int32], flags: npt.NDArray[np.int32]) -> pl.Series:
    """The candidates of ambiguous texts in words; null elsewhere."""
    out: list[str | None] = [None] * len(flags)
    for row in np.flatnonzero(flags & AMBIGUOUS).tolist():
        out[row] = ";".join(divisions.path(int(c)) for c in several[row] if c >= 0)
    return pl.Series(out, dtype=pl.String)


def hints(folded: Texts) -> pl.Series:
    """What stood in brackets, joined by `;`."""
    found = folded.slices(folded.main_end, folded.end)
    return found.str.strip_chars("()").str.replace_all(")(", ";", literal=True)
