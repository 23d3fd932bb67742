"""A town drawn as a grid: a letter is an estate at the middle of its cell, 400 m a cell, and its name is made of the letter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyogrio.raw
import shapely

from geo.crs import Crs, convert

WEST, NORTH = 118.70, 32.10
CELL = 0.004

TOWN = """
    A.B.C.D.E.F
    .G.H.I.J.K.
    L.M.N.O.P.Q
    .R.S.T.U.V.
    W.X.Y.Z....
"""

COLUMNS = ("id", "name", "kind", "province", "city", "district", "subdistrict", "road", "number", "address", "source")
NUMERALS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥天地玄黄"


def town(
    drawn: str = TOWN,
    *,
    source: str = "甲图",
    prefix: str = "",
    noise_m: float = 0.0,
    seed: int = 1,
    city: str = "乙市",
) -> pl.DataFrame:
    """The estates of a map, from north to south: the contract's columns, lon and lat in CGCS2000 degrees.

    Their points are off by `noise_m` metres (standard deviation a direction).
    """
    draw = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for line, text in enumerate(drawn.strip().splitlines()):
        for column, letter in enumerate(text.strip()):
            if letter == ".":
                continue
            name = f"{NUMERALS[ord(letter) - ord('A')]}字花园"
            rows.append(
                dict.fromkeys(COLUMNS)
                | {"id": f"{prefix}{letter}", "name": name, "kind": "COMPOUND", "province": "甲省", "city": city}
                | {
                    "district": "东区" if column < 6 else "西区",
                    "road": "中央路",
                    "number": str(column + 1),
                    "source": source,
                }
                | {
                    "lon": WEST + CELL * column + draw.normal(0, noise_m / 94_000),
                    "lat": NORTH - CELL * line + draw.normal(0, noise_m / 111_000),
                }
            )
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys(COLUMNS, pl.String))


def in_system(places: pl.DataFrame, system: Crs) -> pl.DataFrame:
    """The same places with their coordinates in another system."""
    lon, lat = convert(places["lon"].to_numpy(), places["lat"].to_numpy(), Crs.CGCS2000, system)
    return places.with_columns(lon=pl.Series(lon), lat=pl.Series(lat))


def write_csv(path: Path, places: pl.DataFrame, crs: str | None = None, encoding: str = "utf-8") -> Path:
    """A CSV, with a column crs if one is given."""
    frame = places if crs is None else places.with_columns(crs=pl.lit(crs))
    path.write_bytes(frame.write_csv().encode(encoding))
    return path


def write_gis(
    path: Path,
    places: pl.DataFrame,
    crs: str | None,
    *,
    driver: str,
    xy: Sequence[str] = ("lon", "lat"),
    names: Iterable[str] = COLUMNS,
    **options: Any,
) -> Path:
    """A GeoPackage or Shapefile of points."""
    names = list(names)
    points = shapely.to_wkb(shapely.points(places[xy[0]].to_numpy(), places[xy[1]].to_numpy()))
    pyogrio.raw.write(
        path,
        np.asarray(points, dtype=object),
        [places[name].to_numpy().astype(object) for name in names],
        [name[:10] if driver == "ESRI Shapefile" else name for name in names],
        geometry_type="Point",
        crs=crs,
        driver=driver,
        **options,
    )
    return path
