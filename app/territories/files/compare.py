"""A file of territories held against a version: what would become of each record. Nothing is changed."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

from app.territories.files.errors import ColumnMalformed, TerritoryFileRefused
from app.territories.files.examine import READER
from app.territories.files.formats import (
    CLOCK_SECONDS,
    DRIVERS,
    FORMATS,
    LARGEST_UNPACKED,
    MAGIC,
    MEDIA_TYPES,
    MEMORY,
    MOST_COLUMNS,
    MOST_ROWS,
    READABLE,
    SECONDS,
    SINGLE,
)
from app.territories.files.words import of_row
from app.uploads.apart import run_apart
from app.uploads.archive import gather_shapefile, unpack
from app.uploads.refused import UploadRefused


@dataclass(frozen=True)
class Said:
    """What a person says of a file. `columns`: what is looked for → the file's column; `missing`: what becomes of teams that it lacks."""

    crs: str | None = None
    encoding: str | None = None
    layer: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    missing: Literal["keep", "remove"] = "keep"


@dataclass(frozen=True)
class World:
    """What a file is held against. `teams`: code and name of the branch's; `others`: codes of other branches'; areas as hexadecimal WKB."""

    teams: Sequence[tuple[str, str]]
    others: Sequence[str]
    present: Mapping[str, str]
    communities: Mapping[str, str]


@dataclass(frozen=True)
class Comparison:
    """`rows`, `teams`, `overlaps`: as `Outcome.as_json`, with the sentences; `changes`: team → its area (hexadecimal WKB, None for
    none) and whether its land changes, or only the vertices that it shares with a neighbour."""

    format: str
    crs: str | None
    encoding: str | None
    layer: str | None
    columns: Mapping[str, str]
    sha256: str
    rows: Sequence[Mapping[str, Any]]
    teams: Sequence[Mapping[str, Any]]
    overlaps: Sequence[Mapping[str, Any]]
    overlap_count: int
    changes: Mapping[str, tuple[str | None, bool]]

    @property
    def refused(self) -> list[Mapping[str, Any]]:
        """The records that do not go in."""
        return [row for row in self.rows if row["action"] == "REFUSED"]


def format_of(filename: str | None, media_type: str | None) -> str:
    """Suffix of a file by its name, else by what the request calls it. Raises `TerritoryFileRefused`."""
    if filename:
        suffix = Path(filename.replace("\\", "/")).suffix.lower()
        if suffix in FORMATS:
            return suffix
    else:
        kind = MEDIA_TYPES.get((media_type or "").partition(";")[0].strip().lower())
        found = next((suffix for suffix, one in FORMATS.items() if one == kind), None)
        if found is not None:
            return found
    raise TerritoryFileRefused("FORMAT", (READABLE, READABLE))


def columns_of(given: Sequence[str]) -> dict[str, str]:
    """`team_code=NAME` … → what is looked for → the file's column. Raises `ColumnMalformed`."""
    pairs = [one.partition("=") for one in given]
    if not all(wanted and equals and name for wanted, equals, name in pairs):
        raise ColumnMalformed
    return {wanted.strip(): name.strip() for wanted, _, name in pairs}


def compare_bytes(content: bytes, suffix: str, said: Said, world: World, *, seconds: int = SECONDS) -> Comparison:
    """Like `compare`, for a file that is not on disk yet."""
    with tempfile.TemporaryDirectory(prefix="guidan-") as folder:
        path = Path(folder) / f"upload{suffix}"
        path.write_bytes(content)
        return compare(path, said, world, seconds=seconds)


def compare(path: Path, said: Said, world: World, *, seconds: int = SECONDS) -> Comparison:
    """Hold a file against a version. Raises `TerritoryFileRefused` for a file that cannot be taken at all, `OSError`."""
    try:
        with tempfile.TemporaryDirectory(prefix="guidan-") as folder:
            return _compare(path, Path(folder), said, world, seconds)
    except UploadRefused as refused:
        raise TerritoryFileRefused(refused.code, refused.detail) from refused


def _compare(path: Path, folder: Path, said: Said, world: World, seconds: int) -> Comparison:
    size = path.stat().st_size
    if size > LARGEST_UNPACKED:
        raise UploadRefused("FILE_TOO_LARGE", f"{size:,} > {LARGEST_UNPACKED:,} B")
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    kind, layer = FORMATS.get(path.suffix.lower()), said.layer
    if kind == "zip":
        if size == 0:
            raise UploadRefused("EMPTY_FILE")
        path = unpack(path, folder, layer, single=SINGLE, largest=LARGEST_UNPACKED)
        kind = FORMATS[path.suffix.lower()]
    elif kind == "shp":
        path = gather_shapefile(path, folder, largest=LARGEST_UNPACKED)
    if kind is None:
        raise UploadRefused("FORMAT", READABLE)
    with path.open("rb") as stream:
        begins = stream.read(100)
    if not begins:
        raise UploadRefused("EMPTY_FILE")
    if kind in MAGIC and not begins.startswith(MAGIC[kind]):
        raise UploadRefused("NOT_OF_ITS_FORMAT", path.suffix)
    task = {
        "path": str(path.resolve()),
        "format": kind,
        "layer": layer,
        "encoding": said.encoding,
        "crs": said.crs,
        "columns": dict(said.columns),
        "missing": said.missing,
        "most": MOST_ROWS,
        "most_columns": MOST_COLUMNS,
        "teams": list(world.teams),
        "others": list(world.others),
        "present": dict(world.present),
        "communities": dict(world.communities) if kind == "csv" else {},
    }
    limits = {"memory": MEMORY, "seconds": seconds, "clock": max(seconds, CLOCK_SECONDS)}
    answer, changes = run_apart(READER, task, driver=DRIVERS.get(kind), **limits)
    rows = answer.pop("rows")
    for row in rows:
        row["zh"], row["en"] = of_row(row["code"], tuple(row.pop("detail"))) if row["code"] else (None, None)
    return Comparison(
        format=kind,
        sha256=sha256,
        rows=rows,
        changes={team: (area, land) for team, (area, land) in orjson.loads(changes).items()},
        **answer,
    )
