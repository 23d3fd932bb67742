"""How the sources of a gazetteer agree: places with their entries, each source's error, and what contradicts itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from geo.address.divisions import Divisions, build_divisions
from geo.geocoding.gazetteer import division_positions, neighbours_vote, prepare
from geo.geocoding.merging import SAME_PLACE, first_of, majority, merge, name_keys, source_errors

DISAGREE: Final = 500.0
"""Metres beyond which entries of one name are worth a look."""

AGAINST: Final = 0.2
"""Share of the neighbours that state the same district as a place does, below which the place is worth a look."""

SAME_NAME_FAR, SOURCES_DISAGREE, DISTRICT_CONTRADICTS = "SAME_NAME_FAR", "SOURCES_DISAGREE", "DISTRICT_CONTRADICTS"


@dataclass(frozen=True)
class Survey:
    """The gazetteer, merged.

    `entries`: the rows with `key`, `city_at`, `place`; `places`: `place`, lon, lat, sources, spread_m, error_m, name, city,
    district, stated (position of the district), voted, vote; `errors`: source → metres.
    """

    entries: pl.DataFrame
    places: pl.DataFrame
    errors: dict[str, float]
    divisions: Divisions


def survey(gazetteer: pl.DataFrame) -> Survey:
    """Merge the entries of a gazetteer: the contract's columns, degrees in CGCS2000."""
    frame = prepare(gazetteer)
    divisions = build_divisions(None, frame)
    city, district = division_positions(frame, divisions)
    key = name_keys(frame)
    # Entries without a name are not one place because they lie near each other.
    frame = frame.with_columns(
        key=pl.when(key.str.len_chars() >= 2).then(key).otherwise(pl.format("#{}", "entry")),
    )
    frame = frame.with_columns(word=pl.when(key.str.len_chars() >= 2).then(pl.col("word")).otherwise(pl.col("key")))
    place_of, merged = merge(frame, city, frame["lon"].to_numpy(), frame["lat"].to_numpy())
    count = len(merged["lon"])
    stated = majority(place_of, district, count)
    voted, vote = neighbours_vote(merged["lon"], merged["lat"], stated, merged["sources"])
    first = first_of(place_of, np.arange(len(place_of), dtype=np.int32), count)
    places = pl.DataFrame(
        {
            "place": np.arange(count, dtype=np.int32),
            "lon": merged["lon"],
            "lat": merged["lat"],
            "sources": merged["sources"],
            "spread_m": merged["spread"],
            "error_m": merged["error"],
            "stated": stated,
            "voted": voted,
            "vote": vote,
        }
    ).with_columns(
        frame.select("name", "city", "district")[first] if count else frame.select("name", "city", "district")
    )
    entries = frame.with_columns(city_at=pl.Series(city), place=pl.Series(place_of))
    return Survey(entries, places, source_errors(frame, name_keys(frame), city), divisions)


def sources(found: Survey) -> pl.DataFrame:
    """Per source: `source`, `rows`, `error_m` (its typical error), `shared` (names that it has in common with another source),
    `agreeing` (share of these within `SAME_PLACE`), `spread_p50_m`, `spread_p90_m` (distances to the other sources).

    Null where nothing is in common.
    """
    pairs = _pairs(found.entries)
    both = pl.concat([pairs.select("source", "metres"), pairs.select(source="source_b", metres="metres")])
    measured = both.group_by("source").agg(
        shared=pl.len(),
        agreeing=(pl.col("metres") <= SAME_PLACE).mean(),
        spread_p50_m=pl.col("metres").median(),
        spread_p90_m=pl.col("metres").quantile(0.9),
    )
    rows = found.entries.group_by("source").agg(rows=pl.len())
    error = pl.col("source").replace_strict(found.errors, default=None, return_dtype=pl.Float64)
    return (
        rows.join(measured, on="source", how="left")
        .with_columns(error_m=error)
        .sort("rows", "source", descending=[True, False])
    )


def contradictions(found: Survey) -> pl.DataFrame:
    """What is worth a look, worst first: `code`, `name`, `city`, `district`, `metres`, `share`, `ids`, `sources`, `neighbours`.

    SOURCES_DISAGREE: two sources have a name once each in a city, more than `DISAGREE` apart. SAME_NAME_FAR: one source has a
    name at places that far apart in one district. DISTRICT_CONTRADICTS: hardly a neighbour is in the district that a place
    states; `neighbours` names theirs, `share` is how many agree with the place.
    """
    columns = ["code", "name", "city", "district", "metres", "share", "ids", "sources", "neighbours"]
    pairs = _pairs(found.entries).filter(pl.col("metres") > DISAGREE)
    disagree = pairs.group_by("city", "key").agg(
        pl.col("name").first(),
        pl.col("district").first(),
        pl.col("metres").max(),
        ids=pl.col("id").unique().sort(),
        ids_b=pl.col("id_b").unique().sort(),
        sources=pl.col("source").unique().sort(),
        sources_b=pl.col("source_b").unique().sort(),
    )
    disagree = disagree.with_columns(
        code=pl.lit(SOURCES_DISAGREE),
        ids=pl.col("ids").list.set_union("ids_b").list.sort(),
        sources=pl.col("sources").list.set_union("sources_b").list.sort(),
        share=pl.lit(None, pl.Float64),
        neighbours=pl.lit(None, pl.String),
    ).select(columns)
    return pl.concat([disagree, _far(found).select(columns), _misplaced(found).select(columns)]).sort(
        pl.col("code").replace_strict(
            {SOURCES_DISAGREE: 0, DISTRICT_CONTRADICTS: 1, SAME_NAME_FAR: 2}, return_dtype=pl.Int8
        ),
        pl.col("metres").fill_null(0.0) * -1.0,
        pl.col("share").fill_null(0.0),
        "name",
        "ids",
    )


def _metres() -> pl.Expr:
    x = (pl.col("lon") - pl.col("lon_b")) * 111320.0 * ((pl.col("lat") + pl.col("lat_b")) * 0.5).radians().cos()
    y = (pl.col("lat") - pl.col("lat_b")) * 110900.0
    return (x**2 + y**2).sqrt()


def _pairs(entries: pl.DataFrame) -> pl.DataFrame:
    """Entries of two sources with one name in one city, where each source has the name once."""
    once = (
        entries.filter(~pl.col("key").str.starts_with("#"))
        .select("id", "name", "city", "district", "key", "city_at", "source", "lon", "lat")
        .unique(["key", "city_at", "source"], keep="none", maintain_order=True)
    )
    return (
        once.join(once.select("id", "key", "city_at", "source", "lon", "lat"), on=["key", "city_at"], suffix="_b")
        .filter(pl.col("source") < pl.col("source_b"))
        .with_columns(metres=_metres())
    )


def _far(found: Survey) -> pl.DataFrame:
    by = ["key", "city_at", "district", "source"]
    named = found.entries.filter(~pl.col("key").str.starts_with("#") & (pl.col("district") != ""))
    middle = (
        named.group_by([*by, "place"], maintain_order=True)
        .agg(pl.col("id", "name", "city", "lon", "lat").first())
        .filter(pl.len().over(by).is_between(2, 20))
    )
    apart = (
        middle.join(middle.select(*by, "place", "id", "lon", "lat"), on=by, suffix="_b")
        .filter(pl.col("place") < pl.col("place_b"))
        .with_columns(metres=_metres())
        .filter(pl.col("metres") > DISAGREE)
    )
    return apart.group_by(by, maintain_order=True).agg(
        pl.lit(SAME_NAME_FAR).alias("code"),
        pl.col("name", "city").first(),
        pl.col("metres").max(),
        share=pl.lit(None, pl.Float64),
        ids=pl.col("id").append(pl.col("id_b")).unique().sort(),
        sources=pl.concat_list(pl.col("source").first()),
        neighbours=pl.lit(None, pl.String),
    )


def _misplaced(found: Survey) -> pl.DataFrame:
    against = found.places.filter(
        (pl.col("stated") >= 0)
        & (pl.col("voted") >= 0)
        & (pl.col("voted") != pl.col("stated"))
        & (pl.col("vote") < AGAINST)
    )
    names = found.divisions.names
    told = against.select(
        "place",
        code=pl.lit(DISTRICT_CONTRADICTS),
        name="name",
        city="city",
        district=pl.Series([names[i] for i in against["stated"].to_list()], dtype=pl.String),
        metres=pl.lit(None, pl.Float64),
        share=pl.col("vote").cast(pl.Float64),
        neighbours=pl.Series([names[i] for i in against["voted"].to_list()], dtype=pl.String),
    )
    own = (
        found.entries.join(told.select("place"), on="place", how="semi")
        .group_by("place")
        .agg(ids=pl.col("id").unique().sort(), sources=pl.col("source").unique().sort())
    )
    return told.join(own, on="place", how="left", maintain_order="left")


def places_named(found: Survey, text: str) -> pl.DataFrame:
    """Merged places with an entry whose name holds these letters: `place`'s columns and `entries` (a list of structs), nearest
    agreement last."""
    wanted = found.entries.filter(pl.col("name").str.contains(text, literal=True)).select("place").unique()
    listed = (
        found.entries.join(wanted, on="place", how="semi")
        .group_by("place", maintain_order=True)
        .agg(entries=pl.struct("id", "name", "source", "lon", "lat", "district", "address"))
    )
    return found.places.join(listed, on="place", how="inner").sort("spread_m", "place", descending=[True, False])
