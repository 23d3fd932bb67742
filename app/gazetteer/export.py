"""`guidan gazetteer export`: the gazetteer, or an earlier version of it, into a file that can be imported again."""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import polars as pl
from sqlalchemy import Connection

from app.gazetteer import repository
from app.gazetteer.formats.reading import FORMATS
from app.gazetteer.stopped import VersionNotFound
from app.uploads.archive import PARTS
from geo.crs import Crs, convert

DRIVERS: Final = {"gpkg": "GPKG", "shp": "ESRI Shapefile"}
EPSG: Final = {Crs.CGCS2000: "EPSG:4490", Crs.WGS84: "EPSG:4326"}
WRITABLE: Final = ".csv, .gpkg, .shp, .geojson, .parquet"

LONGEST_IN_DBF: Final = 254
"""Bytes of a text in a shapefile's table."""


@dataclass(frozen=True)
class Export:
    """`cut`: texts that a shapefile cannot hold in full."""

    rows: int
    cut: int = 0


def export_places(
    connection: Connection,
    output: Path,
    *,
    version: int | None = None,
    crs: Crs = Crs.CGCS2000,
    encoding: str = "UTF-8",
) -> Export:
    """Write the gazetteer as it is, or as it was at a version; the suffix says in which format. An old file is replaced at once.

    Raises `VersionNotFound`, `ValueError` for a suffix that cannot be written, `OSError`.
    """
    kind = FORMATS.get(output.suffix.lower())
    if kind is None:
        raise ValueError(WRITABLE)
    if version is not None and repository.find_version(connection, version) is None:
        raise VersionNotFound
    frame = repository.places_at(connection, version)
    lon, lat = convert(frame["lon"].to_numpy(), frame["lat"].to_numpy(), Crs.CGCS2000, crs)
    frame = frame.with_columns(lon=pl.Series(lon), lat=pl.Series(lat)).with_columns(crs=pl.lit(crs.value))
    frame = frame.select(*(name for name in frame.columns if name not in ("source", "crs")), "crs", "source")
    with tempfile.TemporaryDirectory(prefix=".guidan-", dir=output.parent) as folder:
        written = Path(folder) / f"places{output.suffix.lower()}"
        cut = _write(frame, written, kind, crs, encoding)
        if kind == "shp":
            # A .prj of an older export would lie about points that have no code.
            for suffix in PARTS:
                output.with_suffix(suffix).unlink(missing_ok=True)
        for part in sorted(Path(folder).iterdir()):
            part.replace(output.with_suffix(part.suffix) if part.suffix != written.suffix else output)
    return Export(frame.height, cut)


def _write(frame: pl.DataFrame, path: Path, kind: str, crs: Crs, encoding: str) -> int:
    match kind:
        case "csv":
            frame.write_csv(path)
        case "geojson":
            _write_geojson(frame, path, crs)
        case "parquet":
            frame.write_parquet(path)
        case _:
            return _write_with_gdal(frame, path, kind, crs, encoding)
    return 0


def _write_geojson(frame: pl.DataFrame, path: Path, crs: Crs) -> None:
    with path.open("wb") as out:
        out.write(b'{"type":"FeatureCollection","crs_declared":' + orjson.dumps(crs.value) + b',"features":[\n')
        for number, row in enumerate(frame.drop("crs").iter_rows(named=True)):
            lon, lat = row.pop("lon"), row.pop("lat")
            geometry = {"type": "Point", "coordinates": [lon, lat]}
            feature = orjson.dumps({"type": "Feature", "properties": row, "geometry": geometry})
            out.write((b",\n" if number else b"") + feature)
        out.write(b"\n]}\n")


def _write_with_gdal(frame: pl.DataFrame, path: Path, kind: str, crs: Crs, encoding: str) -> int:
    """GCJ-02 and BD-09 have no code: the file then says nothing, and a column `crs` does."""
    import pyogrio
    import shapely

    attributes = frame.drop("lon", "lat") if crs not in EPSG else frame.drop("lon", "lat", "crs")
    points = shapely.to_wkb(shapely.points(frame["lon"].to_numpy(), frame["lat"].to_numpy()))
    names = attributes.columns if kind == "gpkg" else [name[:10] for name in attributes.columns]
    options: dict[str, Any] = {"encoding": encoding} if kind == "shp" else {"layer": "gazetteer"}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="'crs' was not provided")
        # Texts that a shapefile cuts are counted below; the warning would repeat one of them.
        warnings.filterwarnings("ignore", category=RuntimeWarning)
        pyogrio.raw.write(
            path,
            np.asarray(points, dtype=object),
            [column.to_numpy().astype(object) for column in attributes.iter_columns()],
            names,
            geometry_type="Point",
            crs=EPSG.get(crs),
            driver=DRIVERS[kind],
            **options,
        )
    if kind != "shp":
        return 0
    return sum(_cut(column, encoding) for column in attributes.iter_columns())


def _cut(column: pl.Series, encoding: str) -> int:
    """How many texts are longer than a shapefile's table can hold. A letter takes four bytes at most."""
    long = column.filter(column.str.len_bytes() * 2 > LONGEST_IN_DBF)
    return sum(len(text.encode(encoding, "replace")) > LONGEST_IN_DBF for text in long.drop_nulls().to_list())
