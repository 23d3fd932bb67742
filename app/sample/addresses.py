"""The rows of addresses.csv: addresses as people write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from app.sample import vocabulary
from app.sample.book import Book
from app.sample.declared import declare
from app.sample.divisions import Divisions
from app.sample.draws import Bools, Ints, choose, member_of, stream
from app.sample.estates import OLD, VILLAGE, Estates, Names
from app.sample.policies import dates, day, holder_ids, names_of
from app.sample.terrain import METRES_PER_LAT, METRES_PER_LON

KINDS = ("CUSTOMER_CONFIRMED", "VISIT_CONFIRMED", "POSTAL", "HOME", "WORK")
CONFIRMED, VISITED, POSTAL, HOME, WORK = range(5)

FORMS = (
    "full",
    "city",
    "bare",
    "nocity",
    "nodistrict_suffix",
    "noroad",
    "fullwidth",
    "spaces",
    "traditional",
    "numerals",
    "hint",
    "hopeless",
)
_FORM_SHARES = (0.42, 0.19, 0.09, 0.02, 0.05, 0.08, 0.03, 0.03, 0.03, 0.02, 0.034, 0.006)
_FULLWIDTH = dict(zip("0123456789", "０１２３４５６７８９", strict=True))


@dataclass(frozen=True)
class Written:
    """Who gives which estate as which kind of address; one entry an address, sorted by holder."""

    holder: Ints
    kind: Ints
    estate: Ints
    updated_on: Ints
    """Days since 1970-01-01."""


def collect(book: Book, estates: Estates, divisions: Divisions, as_of: date, seed: int) -> Written:
    """One address for everybody, a second for one holder in eight, a third for a few."""
    rng = stream(seed, "written")
    holders, today = book.holders, day(as_of)
    second = np.flatnonzero(rng.random(holders) < 0.12)
    third = second[rng.random(len(second)) < 0.12]
    holder = np.concatenate([np.arange(holders), second, third])
    kind = np.concatenate(
        [
            np.array([HOME, POSTAL, CONFIRMED, VISITED])[choose(rng, (0.60, 0.30, 0.06, 0.04), holders)],
            choose(rng, (0.10, 0.12, 0.15, 0.08, 0.55), len(second)),
            choose(rng, (0.15, 0.15, 0.30, 0.30, 0.10), len(third)),
        ]
    )
    count = len(holder)
    home = book.home[holder]
    branch = divisions.branch_of[estates.places.community]
    by_branch = np.argsort(branch, kind="stable")
    many = np.bincount(branch, minlength=divisions.branches)
    drawn = member_of(rng, np.cumsum(many) - many, many, branch[home])
    near = np.where(drawn >= 0, by_branch[drawn], home)
    far = choose(rng, estates.households * (0.2 + estates.places.density), count)
    away = (np.arange(count) >= holders) & (kind >= POSTAL) & (rng.random(count) < 0.75)
    estate = np.where(away, np.where(rng.random(count) < 0.78, near, far), home)
    updated = today - 1 - (rng.random(count) ** 1.5 * 3_900).astype(np.int64)
    order = np.lexsort((kind, holder))
    return Written(holder[order], kind[order], estate[order], updated[order])


def address_rows(
    book: Book, estates: Estates, divisions: Divisions, names: Names, as_of: date, seed: int
) -> pl.DataFrame:
    """Columns as in the contract: the text in many forms, some with a community code or a declared point."""
    rng = stream(seed, "addresses")
    written = collect(book, estates, divisions, as_of, seed)
    count = len(written.holder)
    form = choose(rng, _FORM_SHARES, count)
    community = estates.places.community[written.estate]
    text = _texts(rng, estates, divisions, names, written.estate, community, form)

    hopeless = form == FORMS.index("hopeless")
    known = (rng.random(count) < 0.08) & ~(hopeless & (rng.random(count) < 0.7))
    located = (rng.random(count) < 0.05) & ~hopeless
    gone = located & (rng.random(count) < 0.02)
    lonlat = estates.places.lonlat[written.estate] + rng.normal(0, 9, (count, 2)) / (METRES_PER_LON, METRES_PER_LAT)
    # Somebody who moved away gives a point far outside the city.
    lonlat = np.where(gone[:, None], lonlat + np.array([1.9, 1.2]), lonlat)
    point, crs = declare(rng, lonlat, located, (0.35, 0.40, 0.15, 0.10))
    elsewhere = np.array(vocabulary.ELSEWHERE)[rng.integers(0, len(vocabulary.ELSEWHERE), count)]
    text = text.zip_with(pl.Series(~gone), pl.Series(elsewhere))
    return pl.DataFrame(
        {
            "policyholder_id": holder_ids(written.holder),
            "kind": names_of(KINDS, written.kind),
            "text": text,
            "lon": point[0],
            "lat": point[1],
            "crs": crs,
            "community_code": names_of(divisions.codes, np.where(known & ~gone, community, -1)),
            "updated_on": dates(written.updated_on),
        }
    )


def _texts(
    rng: np.random.Generator,
    estates: Estates,
    divisions: Divisions,
    names: Names,
    estate: Ints,
    community: Ints,
    form: Ints,
) -> pl.Series:
    count = len(estate)
    places = estates.places
    village = estates.style[estate] == VILLAGE
    # A village has no street address: its people write town, village, group and house.
    kind = np.where(village & np.isin(form, (1, 2)), 0, form)
    with_subdistrict = (rng.random(count) < 0.13) | village
    aliased: Bools = rng.random(count) < 0.06
    called = names_of(names.estates, estate).zip_with(pl.Series(~aliased), names_of(names.aliases, estate))
    district = divisions.district_of[community]
    frame = pl.DataFrame(
        {
            "form": pl.Series([FORMS[index] for index in range(len(FORMS))]).gather(pl.Series(kind)),
            "district": names_of(divisions.district_names, district),
            "subdistrict": names_of(
                divisions.subdistrict_names, np.where(with_subdistrict, divisions.subdistrict_of[community], -1)
            ),
            "road": names_of(names.roads, np.where(village, -1, places.road[estate])),
            "number": places.number[estate],
            "estate": called,
            "tail": _tails(rng, estates, estate, numerals=kind == FORMS.index("numerals")),
            "hint": names_of(vocabulary.HINTS, rng.integers(0, len(vocabulary.HINTS), count)),
            "hopeless": names_of(vocabulary.HOPELESS, rng.integers(0, len(vocabulary.HOPELESS), count)),
        }
    )
    province, city = pl.lit(vocabulary.PROVINCE), pl.lit(vocabulary.CITY)
    subdistrict = pl.col("subdistrict").fill_null("")
    door = (
        pl.when(pl.col("road").is_null())
        .then(pl.lit(""))
        .otherwise(pl.col("road") + pl.col("number").cast(pl.String) + "号")
    )
    place = pl.col("estate") + pl.col("tail")
    is_form = {name: pl.col("form") == name for name in FORMS}
    plain = (
        pl.when(is_form["hopeless"])
        .then(pl.col("hopeless"))
        .when(is_form["city"])
        .then(city + door + place)
        .when(is_form["bare"])
        .then(province + city + pl.col("district") + door + pl.col("tail"))
        .when(is_form["nocity"])
        .then(province + pl.col("district") + subdistrict + door + place)
        .when(is_form["nodistrict_suffix"])
        .then(province + city + pl.col("district").str.head(2) + subdistrict + door + place)
        .when(is_form["noroad"])
        .then(city + pl.col("district") + subdistrict + place)
        .when(is_form["spaces"])
        .then(pl.concat_str([province + city, pl.col("district"), subdistrict + door, place], separator=" "))
        .when(is_form["hint"])
        .then(province + city + pl.col("district") + door + place + "（" + pl.col("hint") + "）")
        .otherwise(province + city + pl.col("district") + subdistrict + door + place)
    )
    text = frame.select(plain.alias("text")).to_series()
    for name, table in (("fullwidth", _FULLWIDTH), ("traditional", vocabulary.TRADITIONAL)):
        rows = pl.Series(np.flatnonzero(kind == FORMS.index(name)))
        changed = text.gather(rows).to_frame("text").select(pl.col("text").str.replace_many(table)).to_series()
        text = text.scatter(rows, changed)
    return text


def _tails(rng: np.random.Generator, estates: Estates, estate: Ints, numerals: Bools) -> pl.Series:
    """Building, unit and room, or group and house in a village; a few leave all of it out."""
    count = len(estate)
    style = estates.style[estate]
    building = 1 + (rng.random(count) * estates.buildings[estate]).astype(np.int64)
    unit = rng.integers(1, 5, count)
    floors = np.where(style == OLD, 7, 29)
    floor = 1 + (rng.random(count) * floors).astype(np.int64)
    room = floor * 100 + rng.integers(1, 5, count)
    word = choose(rng, (0.42, 0.26, 0.24, 0.08), count)
    without_unit = (rng.random(count) < np.where(style == OLD, 0.45, 0.12)) | (word == 3)
    frame = pl.DataFrame(
        {
            "building": _count(building, numerals),
            "word": names_of(("幢", "栋", "号楼", "座"), word),
            "unit": _count(unit, numerals),
            "with_unit": ~without_unit,
            "room": _digits(room, numerals),
            "village": style == VILLAGE,
            "house": _digits(rng.integers(1, 140, count), numerals & False),
            "none": rng.random(count) < 0.04,
        }
    )
    column = pl.col
    unit_text = pl.when(column("with_unit")).then(column("unit") + "单元").otherwise(pl.lit(""))
    tail = (
        pl.when(column("none"))
        .then(pl.lit(""))
        .when(column("village"))
        .then(column("unit") + "组" + column("house") + "号")
        .otherwise(column("building") + column("word") + unit_text + column("room") + "室")
    )
    return frame.select(tail.alias("tail")).to_series()


def _count(number: Ints, numerals: Bools) -> pl.Series:
    table = tuple(vocabulary.numeral(value) if value else "" for value in range(100))
    return pl.Series(number).cast(pl.String).zip_with(pl.Series(~numerals), names_of(table, np.minimum(number, 99)))


def _digits(number: Ints, numerals: Bools) -> pl.Series:
    table = tuple(vocabulary.digits(value) for value in range(4_000))
    return pl.Series(number).cast(pl.String).zip_with(pl.Series(~numerals), names_of(table, number))
