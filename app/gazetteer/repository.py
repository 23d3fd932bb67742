"""What the gazetteer's care reads from the store and writes to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection, RowMapping, text

from app.db import copy_out, read_sql_file
from app.exchange.rejections import PROBLEMS

COLUMNS: Final = (
    "id", "name", "kind", "province", "city", "district", "subdistrict", "road", "number", "address", "point", "source",
)  # fmt: skip
"""Columns of `gazetteer_place`."""

STATE: Final = {
    **dict.fromkeys((name for name in COLUMNS if name not in ("point", "source")), pl.String),
    "lon": pl.Float64,
    "lat": pl.Float64,
    "source": pl.String,
}
"""Columns of the gazetteer as it goes out; degrees in CGCS2000."""

_VERSION_COLUMNS: Final = "number, at, cause, added, changed, removed, total, file, sha256, sources, licence, dated, crs, rejected, sniff, forced, note, content"


def places_at(connection: Connection, version: int | None) -> pl.DataFrame:
    """`STATE` of a version, by id; None: as it is now."""
    return copy_out(
        connection,
        read_sql_file("app.gazetteer", "sql/state"),
        STATE,
        {"version": 2**62 if version is None else version},
    )


def list_versions(connection: Connection, *, limit: int, before: int | None = None) -> Sequence[RowMapping]:
    """Versions, newest first; those before a number."""
    statement = text(
        f"SELECT {_VERSION_COLUMNS} FROM gazetteer_version "  # noqa: S608
        "WHERE number < CAST(:before AS bigint) ORDER BY number DESC LIMIT :limit"
    )
    return (
        connection.execute(statement, {"before": 2**62 if before is None else before, "limit": limit}).mappings().all()
    )


def find_version(connection: Connection, number: int) -> RowMapping | None:
    """One version."""
    statement = text(f"SELECT {_VERSION_COLUMNS} FROM gazetteer_version WHERE number = :number")  # noqa: S608
    return connection.execute(statement, {"number": number}).mappings().one_or_none()


def name_content(connection: Connection, number: int, content: str) -> None:
    """Say how the geocoder calls the content of a version."""
    connection.execute(
        text("UPDATE gazetteer_version SET content = :content WHERE number = :number"),
        {"number": number, "content": content},
    )


def ids_of_other_sources(connection: Connection) -> pl.DataFrame:
    """Problems (`PROBLEMS`) of staged rows whose id belongs to another source."""
    query = (
        "SELECT s.row_no AS row, 'id' AS \"column\", 'ID_OF_OTHER_SOURCE' AS code, t.source AS detail "
        "FROM incoming s JOIN gazetteer_place t ON t.id = s.id WHERE t.source IS NOT NULL AND s.source IS DISTINCT FROM t.source"
    )
    return copy_out(connection, query, PROBLEMS)


def remove_absent(connection: Connection, sources: Sequence[str], keep: Sequence[str]) -> int:
    """Remove the places of these sources that are neither staged nor among the ids to keep; their number."""
    statement = text(
        "DELETE FROM gazetteer_place p WHERE source = ANY (CAST(:sources AS text[])) AND id <> ALL (CAST(:keep AS text[])) "
        "AND NOT EXISTS (SELECT FROM incoming s WHERE s.id = p.id)"
    )
    return connection.execute(statement, {"sources": list(sources), "keep": list(keep)}).rowcount


def remove_source(connection: Connection, source: str) -> int:
    """Remove every place of a source; their number."""
    return connection.execute(text("DELETE FROM gazetteer_place WHERE source = :source"), {"source": source}).rowcount


_LATER: Final = """
CREATE TEMPORARY TABLE wanted ON COMMIT DROP AS
SELECT DISTINCT ON (id) * FROM gazetteer_change WHERE version > :version ORDER BY id, version, no
"""


def restore(connection: Connection, version: int) -> None:
    """Make the gazetteer what it was at a version: only places that have changed since are touched."""
    content = [name for name in COLUMNS if name != "id"]
    listed, wanted = ", ".join(COLUMNS), ", ".join(f"w.{name}" for name in COLUMNS)
    new = ", ".join(f"{name} = w.{name}" for name in content)
    ours, theirs = ", ".join(f"p.{name}" for name in content), ", ".join(f"w.{name}" for name in content)
    connection.execute(text(_LATER), {"version": version})
    for statement in (
        "ANALYZE wanted",
        "DELETE FROM gazetteer_place p USING wanted w WHERE w.id = p.id AND NOT w.was_there",
        f"UPDATE gazetteer_place p SET {new} FROM wanted w "  # noqa: S608
        f"WHERE w.id = p.id AND w.was_there AND ({ours}) IS DISTINCT FROM ({theirs})",
        f"INSERT INTO gazetteer_place ({listed}) SELECT {wanted} FROM wanted w "  # noqa: S608
        "WHERE w.was_there AND NOT EXISTS (SELECT FROM gazetteer_place p WHERE p.id = w.id)",
        "DROP TABLE wanted",
    ):
        connection.exec_driver_sql(statement)


_SUMMARY: Final = text(
    """
    SELECT coalesce(source, '') AS source, coalesce(city, '') AS city, kind, count(*) AS places
    FROM gazetteer_place GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """
)


def summary(connection: Connection) -> Sequence[RowMapping]:
    """Places by source, city and kind."""
    return connection.execute(_SUMMARY).mappings().all()


_SOURCES: Final = text(
    """
    SELECT DISTINCT ON (source) source, number AS version, licence, dated, crs, file
    FROM gazetteer_version, unnest(sources) AS source
    WHERE cause IN ('IMPORT', 'FOLDER')
    ORDER BY source, number DESC
    """
)


def described_sources(connection: Connection) -> dict[str, RowMapping]:
    """What the latest import of each source said of it."""
    return {row["source"]: row for row in connection.execute(_SOURCES).mappings()}


_SEARCH: Final = text(
    """
    SELECT id, name, kind, province, city, district, subdistrict, road, number, address, ST_X(point) AS lon, ST_Y(point) AS lat, source
    FROM gazetteer_place
    WHERE name LIKE :pattern AND (CAST(:after AS text) IS NULL OR id > :after)
    ORDER BY id LIMIT :limit
    """
)


def search(connection: Connection, name: str, *, limit: int, after: str | None = None) -> list[dict[str, Any]]:
    """Places whose name holds these letters, by id."""
    escaped = name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    bound = {"pattern": f"%{escaped}%", "after": after, "limit": limit}
    return [dict(row) for row in connection.execute(_SEARCH, bound).mappings()]
