"""Coordinates as they come in: declared, inside China, converted to CGCS2000. One rule for records and for the vertices of areas."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from app.exchange.rejections import no_problems
from app.exchange.values import Check, found, masks
from app.geometry import point_hex
from geo.crs import Crs, convert, parse_crs
from geo.errors import UnknownCrsError

Floats = NDArray[np.float64]

WEST, EAST, SOUTH, NORTH = 73.0, 136.0, 3.0, 54.0
"""Degrees. China with its islands lies within: outside of this a coordinate is a mistake."""

DECIMALS: Final = 7
"""Digits that a converted coordinate keeps (1 cm), or one less if it was written with fewer: a conversion makes nothing finer. What
was on a border before it was written in GCJ-02 is on it again after the conversion."""

DEGREES: Final = "如 118.7969|like 118.7969"


def to_store(lon: Floats, lat: Floats, crs: Crs) -> tuple[Floats, Floats]:
    """Degrees in `crs` → degrees in CGCS2000: as they are if they are in it or in WGS-84, else rounded (`DECIMALS`)."""
    if crs in (Crs.CGCS2000, Crs.WGS84):
        return lon, lat
    fewer = DECIMALS - 1
    coarse = (np.round(lon, fewer) == lon) & (np.round(lat, fewer) == lat)
    new_lon, new_lat = convert(lon, lat, crs, Crs.CGCS2000)
    return (
        np.where(coarse, np.round(new_lon, fewer), np.round(new_lon, DECIMALS)),
        np.where(coarse, np.round(new_lat, fewer), np.round(new_lat, DECIMALS)),
    )


def place_problem(lon: Floats, lat: Floats) -> str | None:
    """The code of what is wrong with a set of coordinates in degrees, none of them empty; None if they lie in China."""
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        return "NOT_FINITE"
    if _inside(lon, lat).all():
        return None
    if _inside(lat, lon).all():
        return "SWAPPED_AXES"
    if (np.abs(lon) > 180).any() or (np.abs(lat) > 90).any():
        return "OUT_OF_RANGE"
    return "OUTSIDE_CHINA"


def _inside(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    return (lon >= WEST) & (lon <= EAST) & (lat >= SOUTH) & (lat <= NORTH)


def with_points(frame: pl.DataFrame, *, required: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The frame with `point` (EWKB as text) and `declared_crs` in place of `lon`, `lat` and `crs`, and the problems.

    `frame`: `row` and String columns `lon`, `lat`, `crs`, null where empty. A record without a coordinate has neither point nor
    declared system, unless one is `required`.
    """
    lon, lat, crs = pl.col("lon"), pl.col("lat"), pl.col("crs")
    here = lon.is_not_null() & lat.is_not_null()
    systems = _systems(frame)
    x, y = pl.col("x"), pl.col("y")
    finite = x.is_finite() & y.is_finite()
    inside = x.is_between(WEST, EAST) & y.is_between(SOUTH, NORTH)
    swapped = y.is_between(WEST, EAST) & x.is_between(SOUTH, NORTH)
    in_range = x.is_between(-180, 180) & y.is_between(-90, 90)
    checks = [
        *(
            Check(name, "MISSING_VALUE", pl.col(name).is_null() & pl.col(other).is_not_null())
            for name, other in (("lon", "lat"), ("lat", "lon"))
            if not required
        ),
        Check("lon", "BAD_NUMBER", lon.is_not_null() & x.is_null(), DEGREES),
        Check("lat", "BAD_NUMBER", lat.is_not_null() & y.is_null(), DEGREES),
        Check("lon", "NOT_FINITE", ~x.is_finite()),
        Check("lat", "NOT_FINITE", ~y.is_finite()),
        Check("lon", "SWAPPED_AXES", finite & ~inside & swapped),
        Check("lon", "OUT_OF_RANGE", finite & ~swapped & ~x.is_between(-180, 180), "-180 – 180"),
        Check("lat", "OUT_OF_RANGE", finite & ~swapped & ~y.is_between(-90, 90), "-90 – 90"),
        Check("lon", "OUTSIDE_CHINA", finite & ~inside & ~swapped & in_range),
        Check("crs", "CRS_UNDECLARED", here & crs.is_null()),
        Check("crs", "CRS_UNKNOWN", here & crs.is_not_null() & pl.col("system").is_null()),
    ]
    masked = (
        frame.lazy()
        .select("row", "lon", "lat", "crs")
        .with_columns(
            x=lon.cast(pl.Float64, strict=False),
            y=lat.cast(pl.Float64, strict=False),
            system=crs.replace_strict(systems, default=None, return_dtype=pl.String)
            if systems
            else pl.lit(None, pl.String),
        )
        .with_columns(masks(checks))
        .collect()
    )
    problems = _naming_the_place(found(masked, checks), masked)
    usable = masked.select(finite & inside & pl.col("system").is_not_null()).to_series().fill_null(False)
    points = _points(masked, usable)
    return (
        frame.drop("lon", "lat", "crs").with_columns(
            points, pl.when(usable).then(masked.get_column("system")).otherwise(None).alias("declared_crs")
        ),
        problems,
    )


def _systems(frame: pl.DataFrame) -> dict[str, str]:
    """What is written in the column crs → the system it names; unknown ones are left out."""
    systems: dict[str, str] = {}
    for written in frame.get_column("crs").unique().drop_nulls():
        try:
            systems[written] = parse_crs(written).value
        except UnknownCrsError:
            continue
    return systems


def _points(masked: pl.DataFrame, usable: pl.Series) -> pl.Series:
    here = masked.filter(usable)
    lon, lat = here.get_column("x").to_numpy(writable=True), here.get_column("y").to_numpy(writable=True)
    system = here.get_column("system")
    for crs in system.unique():
        these = (system == crs).to_numpy()
        lon[these], lat[these] = to_store(lon[these], lat[these], Crs(crs))
    # Each usable record takes the next of the points, the others none.
    place = pl.when(usable).then(usable.cum_sum() - 1).otherwise(None)
    return point_hex(lon, lat).gather(pl.select(place.cast(pl.UInt32)).to_series()).alias("point")


def _naming_the_place(problems: pl.DataFrame, masked: pl.DataFrame) -> pl.DataFrame:
    """Problems of the place itself say where it is."""
    if problems.is_empty():
        return no_problems()
    place = pl.format("{}, {}", pl.col("lon").fill_null(""), pl.col("lat").fill_null(""))
    named = problems.join(masked.select("row", place=place), on="row", how="left")
    return named.with_columns(
        detail=pl.when(pl.col("code").is_in(["SWAPPED_AXES", "OUTSIDE_CHINA"])).then("place").otherwise("detail")
    ).drop("place")
