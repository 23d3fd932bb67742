"""A version's territories as a file."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import Connection, RowMapping

from app.territories.files.formats import WRITTEN, Written
from app.territories.files.repository import read_shares, read_territories
from app.territories.files.write import write_shares, write_territories


def put_out(connection: Connection, plan: RowMapping, folder: Path, kind: Written, encoding: str = "utf-8") -> Path:
    """Write a version, draft or published, into an empty folder; the file. Its name says which version it is.

    `encoding`: of the attributes of a shapefile and of a table, utf-8 or gbk. Raises `NotEncodable`, `OSError`.
    """
    stem = name_of(plan)
    if kind == "csv":
        return write_shares(folder / f"{stem}.csv", read_shares(connection, plan), encoding)
    return write_territories(folder, stem, kind, read_territories(connection, plan["id"]), encoding)


def name_of(plan: RowMapping) -> str:
    """Name of a version's files, without suffix, in ASCII."""
    branch = re.sub(r"[^A-Za-z0-9_-]+", "_", plan["branch_code"])[:40]
    return f"territories-{branch}-{plan['number']}-v{plan['revision']}"


def media_type(kind: Written, encoding: str) -> str:
    """What a file is called over HTTP."""
    return WRITTEN[kind][1].replace("utf-8", encoding)
