"""The territories of a version as files of a GIS, and as a table of communities. The same version gives the same bytes."""

from __future__ import annotations

import csv
import sqlite3
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import shapely

from app.territories.files.errors import NotEncodable
from app.territories.files.formats import Written
from app.territories.files.repository import Held
from app.uploads.archive import PARTS

LAYER: Final = "territories"
FIELDS: Final = ("team_code", "name", "force", "effective_from")
DBF_FIELDS: Final = ("team_code", "name", "force", "since")
SHARES: Final = ("community_code", "community_name", "team_code", "team_name", "share")
ENCODINGS: Final = {"utf-8": "UTF-8", "gbk": "GBK"}

# A zip and a GeoPackage keep when they were written; that would make each export another one.
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def write_territories(folder: Path, stem: str, kind: Written, held: Sequence[Held], encoding: str = "utf-8") -> Path:
    """Write GeoJSON, GeoPackage or a zipped shapefile called `stem` into an empty folder; the file. Raises `NotEncodable`, `OSError`."""
    match kind:
        case "geojson":
            return _write_geojson(folder / f"{stem}.geojson", held)
        case "gpkg":
            path = _write_with_gdal(folder / f"{stem}.gpkg", held, "GPKG", FIELDS, layer=LAYER)
            return _without_time(path)
        case _:
            _check_encodable([one.name for one in held] + [one.team_code for one in held], encoding)
            path = folder / f"{stem}.shp"
            _write_with_gdal(path, held, "ESRI Shapefile", DBF_FIELDS, encoding=ENCODINGS[encoding])
            path.with_suffix(".cpg").write_bytes(ENCODINGS[encoding].encode("ascii"))
            _without_date(path.with_suffix(".dbf"))
            return _packed(path)


def write_shares(path: Path, shares: Sequence[Mapping[str, Any]], encoding: str = "utf-8") -> Path:
    """Write who has which community; a cell that a spreadsheet would take for a formula begins with '. Raises `NotEncodable`, `OSError`."""
    cells = [[_cell(row[name]) for name in SHARES] for row in shares]
    _check_encodable([cell for row in cells for cell in row], encoding)
    with path.open("w", encoding=encoding, newline="") as out:
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(SHARES)
        writer.writerows(cells)
    return path


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float | int):
        return f"{float(value):.6f}".rstrip("0").rstrip(".")
    text = str(value)
    return "'" + text if text.startswith(_FORMULA) else text


def _check_encodable(texts: Sequence[str], encoding: str) -> None:
    try:
        for one in texts:
            one.encode(encoding)
    except UnicodeEncodeError as error:
        raise NotEncodable from error


def _write_geojson(path: Path, held: Sequence[Held]) -> Path:
    """RFC 7946, with the contract's `crs_declared`; exterior rings run counter-clockwise."""
    with path.open("wb") as out:
        out.write(b'{"type":"FeatureCollection","crs_declared":"CGCS2000","features":[')
        for number, one in enumerate(held):
            area = shapely.orient_polygons(one.area)
            feature = {
                "type": "Feature",
                "properties": dict(zip(FIELDS, _attributes(one), strict=True)),
                "geometry": shapely.geometry.mapping(area),
            }
            out.write((b",\n" if number else b"\n") + orjson.dumps(feature))
        out.write(b"\n]}\n")
    return path


def _attributes(one: Held) -> tuple[str, str, str, str | None]:
    return one.team_code, one.name, one.force, _day(one.since)


def _day(day: date | None) -> str | None:
    """ISO 8601; none for a draft, and for what has always been so."""
    return None if day is None or day == date.min else day.isoformat()


def _write_with_gdal(path: Path, held: Sequence[Held], driver: str, names: Sequence[str], **options: Any) -> Path:
    import pyogrio

    shapes = np.array(
        [shapely.to_wkb(shapely.multipolygons(shapely.get_parts(one.area))) for one in held], dtype=object
    )
    columns = [np.array(list(column), dtype=object) for column in zip(*map(_attributes, held), strict=True)]
    with warnings.catch_warnings():
        # A name that a shapefile cuts: the code says whose territory it is.
        warnings.filterwarnings("ignore", category=RuntimeWarning)
        pyogrio.raw.write(
            path,
            shapes,
            columns or [np.array([], dtype=object) for _ in names],
            list(names),
            geometry_type="MultiPolygon" if driver == "GPKG" else "Polygon",
            crs="EPSG:4490",
            driver=driver,
            **options,
        )
    return path


def _without_time(path: Path) -> Path:
    """A GeoPackage as if it had been written at the beginning of time, all free pages left out."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE gpkg_contents SET last_change = '1980-01-01T00:00:00.000Z'")
        database.commit()
        database.execute("VACUUM")
    # How often it has been changed (bytes 24 to 27 of its head, and again 92 to 95) depends on how fast it was written.
    with path.open("r+b") as database_file:
        for place in (24, 92):
            database_file.seek(place)
            database_file.write((1).to_bytes(4, "big"))
    return path


def _without_date(path: Path) -> None:
    """A table of a shapefile without the day of its last change (bytes 1 to 3 of its head)."""
    with path.open("r+b") as table:
        table.seek(1)
        table.write(bytes((80, 1, 1)))


def _packed(path: Path) -> Path:
    """A shapefile's parts as one zip, the same at any time."""
    packed = path.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix in PARTS:
            part = path.with_suffix(suffix)
            if part.exists():
                member = zipfile.ZipInfo(part.name, _NO_TIME)
                member.compress_type = zipfile.ZIP_DEFLATED
                member.external_attr = 0o644 << 16
                archive.writestr(member, part.read_bytes())
    return packed
