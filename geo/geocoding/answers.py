"""Answers as a table: codes and positions become words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.geocoding.calibration import RADII
from geo.geocoding.gazetteer import LEVELS

PROVIDER: Final = "gazetteer"
SCHEMA: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "lon": pl.Float64, "lat": pl.Float64, "level": pl.String, "confidence": pl.Float64, "radius_m": pl.Float64,
    "province": pl.String, "city": pl.String, "district": pl.String, "matched": pl.String, "provider": pl.String,
    "reasons": pl.String, "subdistrict": pl.String, "radius50_m": pl.Float64, "within": pl.Array(pl.Float32, len(RADII)),
}  # fmt: skip
REASONS: Final = (
    "NOT_FOUND", "ONLY_DISTRICT", "ONLY_ROAD", "DISTRICT_CONTRADICTION", "AMBIGUOUS_NAME", "SOURCES_DISAGREE", "STALE_DIVISION", "RURAL",
    "INEXACT_NAME", "INTERPOLATED",
)  # fmt: skip
DEGREES, METRES = 8, 1  # decimals: a millimetre and a decimetre
FEW: Final = 64  # up to so many rows a list is faster than a column


class Names(NamedTuple):
    """Words by position, an empty one last, so that position -1 is empty; as a list for a few and as a column for many."""

    listed: list[str]
    column: pl.Series

    @classmethod
    def of(cls, words: Sequence[str]) -> Names:
        """Names for words in this order."""
        return cls([*words, ""], pl.Series([*words, ""], dtype=pl.String))

    def taken(self, at: npt.NDArray[Any]) -> pl.Series:
        """The words at these positions (-1: none)."""
        if len(at) <= FEW:
            return pl.Series([self.listed[i] for i in at.tolist()], dtype=pl.String)
        return self.column.gather(np.where(at >= 0, at, len(self.listed) - 1).astype(np.uint32))


class Words(NamedTuple):
    """The names of divisions, of towns, and of the gazetteer's places."""

    divisions: Names
    towns: Names
    places: Names

    @classmethod
    def of(cls, divisions: Sequence[str], towns: Sequence[str], places: Sequence[str]) -> Words:
        """From lists by position."""
        return cls(Names.of(divisions), Names.of(towns), Names.of(places))


_LEVELS: Final = Names.of(LEVELS)
_PROVIDER: Final = Names.of((PROVIDER,))


def frame_of(out: dict[str, npt.NDArray[Any]], words: Words) -> pl.DataFrame:
    """The columns of `SCHEMA` from columns of positions, codes and numbers (NaN: null)."""
    distinct, at = np.unique(out["reasons"], return_inverse=True)
    reasons = Names.of([";".join(r for i, r in enumerate(REASONS) if code >> i & 1) for code in distinct.tolist()])
    columns = {
        "lon": pl.Series(out["lon"].round(DEGREES), nan_to_null=True),
        "lat": pl.Series(out["lat"].round(DEGREES), nan_to_null=True),
        "level": _LEVELS.taken(out["level"]),
        "confidence": pl.Series(out["confidence"].round(4)),
        "radius_m": pl.Series(out["radius"].round(METRES), nan_to_null=True),
        "province": words.divisions.taken(out["province"]),
        "city": words.divisions.taken(out["city"]),
        "district": words.divisions.taken(out["district"]),
        "matched": words.places.taken(out["place"]),
        "provider": _PROVIDER.taken(np.zeros(len(at), np.int8)),
        "reasons": reasons.taken(at),
        "subdistrict": words.towns.taken(out["town"]),
        "radius50_m": pl.Series(out["radius50"].round(METRES), nan_to_null=True),
        "within": pl.Series(out["within"].round(4), dtype=pl.Array(pl.Float32, len(RADII))),
    }
    return pl.DataFrame({name: columns[name] for name in SCHEMA})


def row_of(out: dict[str, npt.NDArray[Any]], words: Words) -> dict[str, Any]:
    """The same for a single answer, as a dictionary: a table of one row costs more than finding the place."""

    def number(name: str, digits: int) -> float | None:
        value = float(out[name].round(digits)[0])
        return None if value != value else value

    code = int(out["reasons"][0])
    return {
        "lon": number("lon", DEGREES),
        "lat": number("lat", DEGREES),
        "level": LEVELS[int(out["level"][0])],
        "confidence": number("confidence", 4),
        "radius_m": number("radius", METRES),
        "province": words.divisions.listed[int(out["province"][0])],
        "city": words.divisions.listed[int(out["city"][0])],
        "district": words.divisions.listed[int(out["district"][0])],
        "matched": words.places.listed[int(out["place"][0])],
        "provider": PROVIDER,
        "reasons": ";".join(r for i, r in enumerate(REASONS) if code >> i & 1),
        "subdistrict": words.towns.listed[int(out["town"][0])],
        "radius50_m": number("radius50", METRES),
        "within": out["within"][0].round(4).tolist(),
    }
