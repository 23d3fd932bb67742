"""The rows of gazetteer.csv: where estates, doors, roads and other places are, as several sources tell it."""

from __future__ import annotations

import numpy as np
import polars as pl

from app.sample import vocabulary
from app.sample.communities import Coverage
from app.sample.declared import in_systems, spread
from app.sample.divisions import Divisions
from app.sample.draws import Bools, Floats, Ints, choose, stream
from app.sample.estates import VILLAGE, Estates, Names
from app.sample.policies import names_of, numbered
from app.sample.roads import Roads, locate
from app.sample.terrain import to_degrees

SOURCES = ("A", "B", "C", "D")
"""Two listings of estates (BD-09 and GCJ-02), a street register (CGCS2000) and a map of places (WGS-84)."""
_SYSTEM_OF_SOURCE = np.array([0, 1, 3, 2])
LISTING_A, LISTING_B, REGISTER, MAP = range(4)


def gazetteer_rows(
    coverage: Coverage, roads: Roads, estates: Estates, divisions: Divisions, names: Names, seed: int
) -> pl.DataFrame:
    """Columns as in the contract. One estate in seven is missing; one in six is listed twice, tens of metres apart."""
    rng = stream(seed, "gazetteer")
    listed = rng.random(estates.size) < 0.85
    first = np.flatnonzero(listed)
    second = first[rng.random(len(first)) < 0.18]
    source = choose(rng, (0.5, 0.4, 0.0, 0.1), len(first))
    other = np.where(source[np.searchsorted(first, second)] == LISTING_A, LISTING_B, LISTING_A)
    parts = [
        _estates(rng, estates, divisions, names, first, source, (2.0, 22.0), renamed=0.0),
        _estates(rng, estates, divisions, names, second, other, (18.0, 70.0), renamed=0.35),
        _doors(rng, estates, divisions, names, np.flatnonzero(rng.random(estates.size) < np.where(listed, 0.08, 0.30))),
        _roads(rng, coverage, roads, divisions, names),
        _sights(rng, coverage, estates, divisions, names),
        _communities(rng, coverage, divisions),
    ]
    rows = pl.concat(parts)
    return rows.select(numbered("G", np.arange(len(rows)), 7).alias("id"), pl.all())


def _frame(
    name: pl.Series,
    kind: str,
    lonlat: Floats,
    source: Ints,
    community: Ints,
    divisions: Divisions,
    *,
    road: pl.Series | None = None,
    number: pl.Series | None = None,
    address: pl.Series | None = None,
    with_subdistrict: Bools | None = None,
) -> pl.DataFrame:
    count = len(name)
    (lon, lat), crs = in_systems(lonlat, _SYSTEM_OF_SOURCE[source])
    nothing = pl.Series([None] * count, dtype=pl.String)
    shown = np.ones(count, dtype=bool) if with_subdistrict is None else with_subdistrict
    return pl.DataFrame(
        {
            "name": name,
            "kind": pl.Series([kind] * count, dtype=pl.String),
            "province": pl.Series([vocabulary.PROVINCE] * count, dtype=pl.String),
            "city": pl.Series([vocabulary.CITY] * count, dtype=pl.String),
            "district": names_of(divisions.district_names, divisions.district_of[community]),
            "subdistrict": names_of(
                divisions.subdistrict_names, np.where(shown, divisions.subdistrict_of[community], -1)
            ),
            "road": nothing if road is None else road,
            "number": nothing if number is None else number,
            "address": nothing if address is None else address,
            "lon": lon,
            "lat": lat,
            "crs": crs,
            "source": names_of(SOURCES, source),
        }
    )


def _estates(
    rng: np.random.Generator,
    estates: Estates,
    divisions: Divisions,
    names: Names,
    which: Ints,
    source: Ints,
    metres: tuple[float, float],
    renamed: float,
) -> pl.DataFrame:
    places = estates.places
    count = len(which)
    name = names_of(names.estates, which)
    name = name.zip_with(pl.Series(rng.random(count) >= renamed), names_of(names.aliases, which))
    village = estates.style[which] == VILLAGE
    # Listings know the road of most estates and the number of nearly as many.
    roaded = ~village & (rng.random(count) < 0.92)
    numbered_ = roaded & (rng.random(count) < 0.90)
    road = names_of(names.roads, np.where(roaded, places.road[which], -1))
    number = pl.Series(np.where(numbered_, places.number[which], -1)).replace(-1, None).cast(pl.String)
    community = places.community[which]
    district = names_of(divisions.district_names, divisions.district_of[community])
    style = choose(rng, (0.45, 0.30, 0.25), count)
    frame = pl.DataFrame({"district": district, "road": road, "number": number, "name": name, "style": style})
    door = pl.col("road").fill_null("") + pl.when(pl.col("number").is_null()).then(pl.lit("")).otherwise(
        pl.col("number") + "号"
    )
    address = frame.select(
        pl.when(pl.col("style") == 0)
        .then(pl.col("district") + door)
        .when(pl.col("style") == 1)
        .then("(" + pl.col("district").str.head(2) + ")" + door + pl.col("name"))
        .otherwise(pl.col("district").str.head(2) + "-" + door)
        .alias("address")
    ).to_series()
    lonlat = places.lonlat[which] + spread(rng, count, metres)
    return _frame(
        name,
        "COMPOUND",
        lonlat,
        source,
        community,
        divisions,
        road=road,
        number=number,
        address=address,
        with_subdistrict=village | (rng.random(count) < 0.55),
    )


def _doors(rng: np.random.Generator, estates: Estates, divisions: Divisions, names: Names, which: Ints) -> pl.DataFrame:
    places = estates.places
    which = which[estates.style[which] != VILLAGE]
    road = names_of(names.roads, places.road[which])
    number = pl.Series(places.number[which]).cast(pl.String)
    name = pl.DataFrame({"road": road, "number": number}).select(pl.concat_str(["road", "number"]) + "号").to_series()
    source = np.full(len(which), REGISTER, dtype=np.int64)
    community = places.community[which]
    lonlat = places.lonlat[which] + spread(rng, len(which), (0.0, 6.0))
    return _frame(name, "DOOR", lonlat, source, community, divisions, road=road, number=number, address=name)


def _roads(
    rng: np.random.Generator, coverage: Coverage, roads: Roads, divisions: Divisions, names: Names
) -> pl.DataFrame:
    lonlat = to_degrees(roads.middle)
    community = locate(coverage.polygons, lonlat)
    which = np.flatnonzero((community >= 0) & (rng.random(roads.size) < 0.30))
    name = names_of(names.roads, which)
    source = np.full(len(which), REGISTER, dtype=np.int64)
    shown = np.zeros(len(which), dtype=bool)
    return _frame(name, "ROAD", lonlat[which], source, community[which], divisions, road=name, with_subdistrict=shown)


def _sights(
    rng: np.random.Generator, coverage: Coverage, estates: Estates, divisions: Divisions, names: Names
) -> pl.DataFrame:
    which = np.sort(rng.permutation(estates.size)[: max(3, estates.size // 25)])
    places = estates.places
    community = places.community[which]
    lonlat = places.lonlat[which] + spread(rng, len(which), (25.0, 40.0))
    found = locate(coverage.polygons, lonlat)
    community = np.where(found >= 0, found, community)
    kind = names_of(vocabulary.POI_KINDS, rng.integers(0, len(vocabulary.POI_KINDS), len(which)))
    base = pl.Series(vocabulary.base_names(rng, len(which)))
    name = pl.DataFrame({"base": base, "kind": kind}).select(pl.concat_str(["base", "kind"])).to_series()
    road = names_of(names.roads, places.road[which])
    source = np.full(len(which), MAP, dtype=np.int64)
    return _frame(name, "POI", lonlat, source, community, divisions, road=road, address=road)


def _communities(rng: np.random.Generator, coverage: Coverage, divisions: Divisions) -> pl.DataFrame:
    count = len(coverage.polygons)
    which = np.flatnonzero(rng.random(count) < 0.40)
    source = np.full(len(which), REGISTER, dtype=np.int64)
    lonlat = to_degrees(coverage.centres[which])
    return _frame(names_of(divisions.names, which), "COMMUNITY", lonlat, source, which, divisions)
