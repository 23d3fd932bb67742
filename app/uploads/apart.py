"""Parsing in a process of its own, because the file may be hostile and its parser is large."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

import orjson

from app.uploads.refused import UploadRefused


def run_apart(
    reader: str, task: Mapping[str, Any], *, driver: str | None, memory: int, seconds: int, clock: int | None = None
) -> tuple[dict[str, Any], bytes]:
    """What `reader` (`module:function`, task → what it says, bytes) answers in a confined process.

    `driver`: the one that GDAL may use there, None for none. `memory`: bytes of address space; `seconds`: of the
    processor, and of the clock unless that has its own. Raises `UploadRefused`: the reader's own, or `PARSER_STOPPED` for a process that broke or was stopped.
    """
    given = {**task, "reader": reader, "driver": driver, "memory": memory, "seconds": seconds}
    with tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-c", "from app.uploads.child import main; main()"],
                input=orjson.dumps(given),
                stdout=answer,
                stderr=subprocess.PIPE,
                env=_environment(driver),
                cwd="/",
                timeout=clock or seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise UploadRefused("PARSER_STOPPED", f"{clock or seconds} s") from error
        answer.seek(0)
        first = answer.readline()
        if done.returncode != 0 or not first.endswith(b"\n"):
            raise UploadRefused("PARSER_STOPPED", _why(done))
        said: dict[str, Any] = orjson.loads(first)
        if "refused" in said:
            raise UploadRefused(said["refused"], said["zh"], said["en"])
        return said, answer.read()


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
        # What a file's views and triggers say cannot call functions that reach out of it.
        "OGR_SQLITE_PRAGMA": "trusted_schema=0",
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
