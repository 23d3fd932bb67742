"""What readers that use GDAL share, within the confined process: the one driver, the layer, the encoding of a shapefile."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from app.uploads.refused import UploadRefused

MOSTLY_VALID: Final = 0.97
"""Share of the texts that are valid in an encoding from which on it is theirs: a text cut to its column's width may end within a letter."""

_DBF_SAMPLE: Final = 4 * 1024 * 1024
_MODULES: Final = ("rtree", "rtree_i32", "fts3", "fts4", "fts5")


def choose_layer(path: str, driver: str, wanted: str | None) -> str:
    """The only layer of a file, or the one that is `wanted`. Raises `UploadRefused`, the errors of pyogrio."""
    import pyogrio

    drivers = set(pyogrio.list_drivers())
    if drivers != {driver}:
        raise UploadRefused("UNREADABLE_FILE", f"{len(drivers)} drivers")
    if driver == "GPKG":
        _check_tables(path)
    layers = [str(name) for name, _ in pyogrio.list_layers(path)]
    if wanted is not None:
        if wanted not in layers:
            raise UploadRefused("LAYER", "、".join(layers), ", ".join(layers))
        return wanted
    if len(layers) != 1:
        raise UploadRefused("LAYER" if layers else "EMPTY_FILE", "、".join(layers), ", ".join(layers))
    return layers[0]


def _check_tables(path: str) -> None:
    """A GeoPackage is a database, and a table of it may be a program: one that stands for another file, or a query."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
            database.execute("PRAGMA trusted_schema = 0")
            made = database.execute(
                "SELECT sql FROM sqlite_master WHERE type = 'table' AND sql LIKE 'create virtual%'"
            ).fetchall()
            queries = database.execute(
                "SELECT count(*) FROM sqlite_master JOIN gpkg_contents ON table_name = name WHERE type = 'view'"
            ).fetchone()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise UploadRefused("UNREADABLE_FILE", f"GeoPackage, {type(error).__name__}") from error
    for (sql,) in made:
        module = str(sql).lower().partition(" using ")[2].partition("(")[0].strip().strip("\"'`[]")
        if module not in _MODULES:
            raise UploadRefused("UNREADABLE_FILE", "含有虚拟表", "it holds a virtual table")
    if queries[0]:
        raise UploadRefused("UNREADABLE_FILE", "图层是视图，不是表", "a layer is a view and no table")


def encoding_of_shapefile(path: Path) -> str | None:
    """The encoding of the attributes where nothing declares it: the one that their bytes are valid in. None: it is declared.

    Raises `UploadRefused` if they are valid in none.
    """
    table = path.with_suffix(".dbf")
    if path.with_suffix(".cpg").exists() or not table.exists():
        return None
    with table.open("rb") as stream:
        head = stream.read(32)
        if len(head) < 32:
            raise UploadRefused("UNREADABLE_FILE", "dbf")
        if head[29] not in (0, 0x57):
            return None  # the language driver names a code page
        header, width = struct.unpack_from("<HH", head, 8)
        fields = stream.read(max(header - 32, 0))
        body = stream.read(_DBF_SAMPLE)
    texts, at = [], 1
    for start in range(0, len(fields) - 31, 32):
        if fields[start] == 0x0D:
            break
        length = fields[start + 16]
        texts.append(fields[start : start + 11].rstrip(b"\0"))
        if fields[start + 11] == 0x43:  # C: characters
            texts += [body[row + at : row + at + length].strip(b" \0") for row in range(0, len(body), max(width, 1))]
        at += length
    foreign = [text for text in texts if not text.isascii()]
    for encoding, name in (("utf-8", "UTF-8"), ("gb18030", "GBK")):
        if sum(_valid(text, encoding) for text in foreign) >= MOSTLY_VALID * len(foreign):
            return name
    raise UploadRefused("ENCODING_UNDECLARED")


def _valid(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def short(error: Exception) -> str:
    """The first words of a library's message, without the place on this machine that it may name."""
    return str(error).split("\n")[0].rsplit("/", 1)[-1][:120]


def said_of(meta: dict[str, Any], layer: str, encoding: str | None) -> dict[str, Any]:
    """What a file says of itself."""
    return {"crs": meta["crs"], "layer": layer, "encoding": encoding}
