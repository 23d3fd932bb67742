"""A file of places parsed in a confined process of its own."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any, Final

import polars as pl

from app.exchange.rejections import FileRefused
from app.gazetteer.formats.limits import CHILD_MEMORY, CHILD_SECONDS, MOST_COLUMNS, MOST_PLACES
from app.uploads.apart import run_apart
from app.uploads.refused import UploadRefused

DRIVERS: Final = {"gpkg": "GPKG", "shp": "ESRI Shapefile"}


def read_apart(
    path: Path,
    kind: str,
    *,
    layer: str | None,
    encoding: str | None,
    memory: int = CHILD_MEMORY,
    seconds: int = CHILD_SECONDS,
) -> tuple[dict[str, Any], pl.DataFrame]:
    """What a file says of itself (`crs`, `layer`, `encoding`) and its places, as `app.gazetteer.formats.parse` answers.

    Raises `FileRefused` for a file that cannot be read within the limits.
    """
    task = {
        "path": str(path.resolve()),
        "format": kind,
        "layer": layer,
        "encoding": encoding,
        "most": MOST_PLACES,
        "most_columns": MOST_COLUMNS,
    }
    try:
        said, places = run_apart(
            "app.gazetteer.formats.parse:read", task, driver=DRIVERS.get(kind), memory=memory, seconds=seconds
        )
    except UploadRefused as refused:
        raise FileRefused(refused.code, detail=refused.detail) from refused
    try:
        return said, pl.read_ipc(BytesIO(places))
    except pl.exceptions.PolarsError as error:
        raise FileRefused("PARSER_STOPPED", detail=type(error).__name__) from error
