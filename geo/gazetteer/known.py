"""Which entries of a file and of the known places are one place, by plain name within a city."""

from __future__ import annotations

from typing import Final

import polars as pl

from geo.address.characters import fold_words
from geo.geocoding.gazetteer import prepare
from geo.geocoding.merging import SAME_PLACE, name_keys

FARTHEST: Final = 20_000.0
"""Metres between two entries of one name beyond which they can tell nothing of a shift, the longest of which is about 1.3 km."""

_CITY: Final = r"(?:市|地区|自治州|盟)$"
_METRES_LON, _METRES_LAT = 111_320.0, 110_900.0


def keyed(places: pl.DataFrame) -> pl.DataFrame:
    """What entries are found by: `row` (position in `places`), `key`, `city` (plain, null if not stated), `source`, `lon`, `lat`.

    `places`: the contract's columns, lon and lat in degrees of any system; entries without a point, or with neither a name nor a
    house number, are left out. The key is the plain name (`geo.geocoding.merging.name_keys`), else road and number.
    """
    frame = prepare(places.with_columns(row=pl.int_range(pl.len(), dtype=pl.Int64)))
    house = pl.when((pl.col("road_word") != "") & (pl.col("number_word") != "")).then(
        pl.col("road_word") + pl.col("number_word").str.strip_suffix("号") + pl.lit("号")
    )
    name = name_keys(frame)
    return frame.select(
        "row",
        pl.when(name.str.len_chars() >= 2).then(name).otherwise(house).alias("key"),
        fold_words(frame["city"]).str.replace(_CITY, "").replace("", None).alias("city"),
        "source",
        "lon",
        "lat",
    ).drop_nulls("key")


def pairs(entries: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """One row per source and place that both sides know: `source`, `lon`, `lat` (as in `entries`), `known_lon`, `known_lat`.

    Both sides: as `keyed` gives. A name that one side has at places more than `SAME_PLACE` apart says nothing and is left out. An
    entry or a known place without a city is compared where its name is known once only.
    """
    mine = _one_place(entries, ["source", "city", "key"])
    theirs = _one_place(known, ["city", "key"]).rename({"lon": "known_lon", "lat": "known_lat"})
    same_city = mine.drop_nulls("city").join(theirs.drop_nulls("city"), on=["city", "key"], how="inner")
    once = theirs.filter(pl.len().over("key") == 1)
    elsewhere = pl.concat(
        [
            mine.filter(pl.col("city").is_null()).join(once.drop("city"), on="key", how="inner"),
            mine.drop_nulls("city").join(once.filter(pl.col("city").is_null()).drop("city"), on="key", how="inner"),
        ]
    )
    columns = ["source", "lon", "lat", "known_lon", "known_lat"]
    found = pl.concat([same_city.select(columns), elsewhere.select(columns)])
    x = (pl.col("lon") - pl.col("known_lon")) * _METRES_LON * pl.col("known_lat").radians().cos()
    y = (pl.col("lat") - pl.col("known_lat")) * _METRES_LAT
    return found.filter((x**2 + y**2).sqrt() <= FARTHEST)


def _one_place(entries: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    lon, lat = pl.col("lon"), pl.col("lat")
    x = (lon.max() - lon.min()) * _METRES_LON * lat.mean().radians().cos()
    y = (lat.max() - lat.min()) * _METRES_LAT
    return (
        entries.group_by(by, maintain_order=True)
        .agg(lon.median(), lat.median(), extent=(x**2 + y**2).sqrt())
        .filter(pl.col("extent") <= SAME_PLACE)
        .drop("extent")
    )
