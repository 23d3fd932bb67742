"""Any file of places → one table: what it holds, what it says of its system, and which records could not be read."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import polars as pl

from app.exchange.rejections import FileRefused, no_problems
from app.gazetteer.formats.apart import read_apart
from app.gazetteer.formats.limits import LARGEST_FILE, LARGEST_GEOJSON
from app.gazetteer.formats.separated import Separated
from app.uploads.archive import gather_shapefile, unpack
from app.uploads.refused import UploadRefused

FORMATS: Final = {
    ".csv": "csv",
    ".txt": "csv",
    ".gpkg": "gpkg",
    ".shp": "shp",
    ".geojson": "geojson",
    ".json": "geojson",
    ".parquet": "parquet",
    ".geoparquet": "parquet",
}
SINGLE: Final = (".gpkg", ".csv", ".geojson", ".json", ".parquet")
"""Files that a zip may hold beside a shapefile's parts."""

READABLE: Final = ".csv, .gpkg, .shp, .zip, .geojson, .parquet"

_MAGIC: Final = {"gpkg": b"SQLite format 3\0", "shp": b"\x00\x00\x27\x0a", "parquet": b"PAR1"}
"""How a file of the format begins. GDAL would go by that alone and not by the name."""


@dataclass(frozen=True)
class Table:
    """A file of places as it is written.

    `frame`: `row`, columns as String (null where empty); with a geometry also `@x`, `@y` (Float64) and `@shape`. `crs`: what the
    file says of its system, None for nothing. `problems`: records that could not be read. `text`: row → the record.
    """

    frame: pl.DataFrame
    format: str
    crs: str | dict[str, Any] | None
    encoding: str | None
    problems: pl.DataFrame
    read: int
    sha256: str
    text: Callable[[int], str]

    @property
    def columns(self) -> list[str]:
        """Names of the columns of the file."""
        return [name for name in self.frame.columns if name != "row" and not name.startswith("@")]


def read_table(path: Path, *, layer: str | None = None, encoding: str | None = None) -> Table:
    """Read a file by its suffix and its first bytes. Raises `FileRefused`, `OSError`."""
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise FileRefused("FILE_TOO_LARGE", detail=f"{size:,} > {LARGEST_FILE:,} B")
    with tempfile.TemporaryDirectory(prefix="guidan-") as folder, tempfile.TemporaryDirectory(prefix="guidan-") as own:
        try:
            if path.suffix.lower() != ".zip":
                return _read(path, Path(own), layer, encoding)
            inner = unpack(path, Path(folder), layer, single=SINGLE, largest=LARGEST_FILE)
            table = _read(inner, Path(own), None if inner.suffix == ".shp" else layer, encoding)
        except UploadRefused as refused:
            raise FileRefused(refused.code, detail=refused.detail) from refused
    return Table(**{**table.__dict__, "sha256": _sha256(path)})


def _read(path: Path, folder: Path, layer: str | None, encoding: str | None) -> Table:
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise FileRefused("FORMAT", detail=READABLE)
    if kind == "csv":
        separated = Separated(path, encoding)
        return Table(
            separated.frame, kind, None, encoding, separated.problems, separated.read, separated.sha256, separated.text
        )
    _check_beginning(path, kind)
    sha256 = _sha256(path)
    if kind == "shp":
        path, layer = gather_shapefile(path, folder, largest=LARGEST_FILE), None
    said, frame = read_apart(path, kind, layer=layer, encoding=encoding)
    frame = frame.with_columns(
        pl.col(pl.String).exclude("^@.*$").str.strip_chars().replace("", None),
        row=pl.int_range(1, frame.height + 1, dtype=pl.Int64),
    )
    return Table(frame, kind, said["crs"], said["encoding"], no_problems(), frame.height, sha256, _record_of(frame))


def _check_beginning(path: Path, kind: str) -> None:
    if kind == "geojson" and path.stat().st_size > LARGEST_GEOJSON:
        raise FileRefused("FILE_TOO_LARGE", detail=f"{path.stat().st_size:,} > {LARGEST_GEOJSON:,} B")
    with path.open("rb") as stream:
        begins = stream.read(100)
    if not begins:
        raise FileRefused("EMPTY_FILE")
    if kind in _MAGIC and not begins.startswith(_MAGIC[kind]):
        raise FileRefused("NOT_OF_ITS_FORMAT", detail=path.suffix)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _record_of(frame: pl.DataFrame) -> Callable[[int], str]:
    def text(row: int) -> str:
        values = {name: value for name, value in frame.row(row - 1, named=True).items() if value is not None}
        return orjson.dumps({name: value for name, value in values.items() if name != "row"}).decode()

    return text
