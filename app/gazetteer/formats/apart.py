"""Parsing in a process of its own, because the file may be hostile and its parser is large."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import orjson
import polars as pl

from app.exchange.rejections import FileRefused
from app.gazetteer.formats.limits import CHILD_MEMORY, CHILD_SECONDS, MOST_COLUMNS, MOST_PLACES

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
    """What a file says of itself (`crs`, `layer`, `encoding`) and its places, as `app.gazetteer.formats.child` answers.

    Raises `FileRefused` for a file that cannot be read within the limits.
    """
    task = {
        "path": str(path.resolve()),
        "format": kind,
        "driver": DRIVERS.get(kind),
        "layer": layer,
        "encoding": encoding,
        "memory": memory,
        "seconds": seconds,
        "most": MOST_PLACES,
        "most_columns": MOST_COLUMNS,
    }
    with tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-c", "from app.gazetteer.formats.child import main; main()"],
                input=orjson.dumps(task),
                stdout=answer,
                stderr=subprocess.PIPE,
                env=_environment(DRIVERS.get(kind)),
                cwd="/",
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise FileRefused("PARSER_STOPPED", detail=f"{seconds} s") from error
        answer.seek(0)
        first = answer.readline()
        if done.returncode != 0 or not first.endswith(b"\n"):
            raise FileRefused("PARSER_STOPPED", detail=_why(done))
        said = orjson.loads(first)
        if "refused" in said:
            raise FileRefused(said["refused"], detail=(said["zh"], said["en"]))
        try:
            return said, pl.read_ipc(BytesIO(answer.read()))
        except pl.exceptions.PolarsError as error:
            raise FileRefused("PARSER_STOPPED", detail=type(error).__name__) from error


def _environment(driver: str | None) -> dict[str, str]:
    """What the parser may know: nothing of ours; of GDAL one driver, no plug-ins and no network."""
    environment = {
        name: os.environ[name]
        for name in ("PATH", "LANG", "LC_ALL", "TMPDIR", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
        if name in os.environ
    }
    environment |= {
        "GDAL_DRIVER_PATH": "disable",
        "GDAL_HTTP_MAX_RETRY": "0",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
        "PROJ_NETWORK": "OFF",
        "OGR_SQLITE_LOAD_EXTENSIONS": "",
        "OPENBLAS_NUM_THREADS": "1",
        "POLARS_MAX_THREADS": "2",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if driver is not None:
        import pyogrio

        others = sorted(set(pyogrio.list_drivers()) - {driver})
        environment["GDAL_SKIP"] = environment["OGR_SKIP"] = ",".join(others)
    return environment


def _why(done: subprocess.CompletedProcess[bytes]) -> str:
    """What ended the process: a signal, or the class of its error; never a message, which may quote the file."""
    if done.returncode < 0:
        return f"signal {-done.returncode}"
    last = done.stderr.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
    return last.split(":")[0][:60] or f"exit {done.returncode}"
