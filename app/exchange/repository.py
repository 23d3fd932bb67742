"""The store's side of an import: rows are copied in beside a table, compared with it, and merged by one statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any, Final

import orjson
import polars as pl
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, RowMapping, text

from app.db import copy_in, copy_out
from app.exchange.rejections import PROBLEMS

IMPORT_LOCK: Final = 0x6764_0003
"""Advisory lock of the one import that a database takes at a time; its neighbours are in `app.db`."""

SLICE: Final = 65_536
"""Rows that are made into CSV at a time, while the ones before are on their way."""


@dataclass(frozen=True)
class Merged:
    """Rows that were new, rows that replaced another version."""

    added: int
    replaced: int


def begin(connection: Connection) -> None:
    """Settings of a transaction that moves many rows."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(
        text(
            "SELECT set_config(name, '256MB', true) FROM pg_settings "
            "WHERE name IN ('maintenance_work_mem', 'work_mem') AND setting::bigint < 262144"
        )
    )


def try_lock(connection: Connection) -> bool:
    """Whether this session is now the one that imports; until `unlock` or the end of the session."""
    return bool(connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": IMPORT_LOCK}).scalar_one())


def unlock(connection: Connection) -> None:
    """Let another session import."""
    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": IMPORT_LOCK})


def csv_chunks(frames: Iterable[pl.DataFrame], columns: Sequence[str]) -> Iterator[bytes]:
    """The frames as CSV that COPY takes; a part is made while the one before it is being sent."""
    with ThreadPoolExecutor(1, thread_name_prefix="csv") as maker:
        waiting = None
        for frame in frames:
            for part in frame.select(columns).iter_slices(SLICE):
                made = maker.submit(_csv, part)
                if waiting is not None:
                    yield waiting.result()
                waiting = made
        if waiting is not None:
            yield waiting.result()


def _csv(part: pl.DataFrame) -> bytes:
    out = BytesIO()
    part.write_csv(out, include_header=False, quote_style="necessary")
    return out.getvalue()


def fill(connection: Connection, table: str, columns: Sequence[str], frames: Iterable[pl.DataFrame]) -> int:
    """COPY rows straight into a table that was emptied in this transaction; their number."""
    return copy_in(connection, table, columns, csv_chunks(frames, columns), freeze=True)


def stage(connection: Connection, table: str, columns: Sequence[str], frames: Iterable[pl.DataFrame]) -> int:
    """COPY rows, each with its number in the file, into `incoming`, a table of this transaction; their number."""
    listed = ", ".join(columns)
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS SELECT 0::bigint AS row_no, {listed} FROM {table} WITH NO DATA"  # noqa: S608
    )
    staged = copy_in(connection, "incoming", ("row_no", *columns), csv_chunks(frames, ("row", *columns)))
    connection.exec_driver_sql("ANALYZE incoming")
    return staged


def refused_by_store(connection: Connection, table: str, columns: Sequence[str], key: Sequence[str]) -> pl.DataFrame:
    """Problems (`PROBLEMS`) of staged rows that contradict what is stored; the rows leave `incoming`."""
    query = _REFUSALS.get(table)
    if query is None:
        return pl.DataFrame(schema=PROBLEMS)
    if table == "orphan_event":
        query = query.format(differs=_differs(columns, key))
    problems = copy_out(connection, query, PROBLEMS)
    drop(connection, problems.get_column("row").unique())
    return problems


def drop(connection: Connection, rows: pl.Series) -> None:
    """Take staged rows out of `incoming` by their numbers."""
    if len(rows):
        connection.execute(
            text("DELETE FROM incoming WHERE row_no = ANY (CAST(:rows AS bigint[]))"), {"rows": rows.to_list()}
        )


def merge(connection: Connection, table: str, columns: Sequence[str], key: Sequence[str], *, immutable: bool) -> Merged:
    """Staged rows into `table` by one statement: new ones are added, changed ones replace the stored version.

    Rows of an `immutable` table that are stored already stay as they are, and so does what somebody else stores meanwhile.
    """
    for statement in _ADJUSTMENTS.get(table, ()):
        connection.exec_driver_sql(statement)
    listed = ", ".join(columns)
    staged = ", ".join(f"s.{name}" for name in columns)
    content = [name for name in columns if name not in key]
    same_key = _same_key(key)
    replaced = "SELECT 1 WHERE false"
    if not immutable:
        new = ", ".join(f"{name} = s.{name}" for name in content)
        replaced = (
            f"UPDATE {table} AS t SET {new} FROM incoming s WHERE {same_key} AND {_differs(columns, key)} RETURNING 1"  # noqa: S608
        )
    row = connection.exec_driver_sql(
        f"WITH replaced AS ({replaced}), added AS ("  # noqa: S608
        f"INSERT INTO {table} ({listed}) SELECT {staged} FROM incoming s "
        f"WHERE NOT EXISTS (SELECT FROM {table} t WHERE {same_key}) ORDER BY s.row_no ON CONFLICT DO NOTHING RETURNING 1) "
        "SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM replaced)"
    ).one()
    connection.exec_driver_sql("DROP TABLE incoming")
    return Merged(row[0], row[1])


def analyze(connection: Connection, table: str) -> None:
    """Let the planner know how the table looks now."""
    connection.exec_driver_sql(f"ANALYZE {table}")


def record_file(connection: Connection, *, file: str, sha256: str, read: int, stored: int, rejected: int) -> None:
    """The book entry of an imported file."""
    connection.execute(
        text(
            "INSERT INTO imported_file (file, sha256, rows_read, rows_stored, rows_rejected) "
            "VALUES (:file, :sha256, :read, :stored, :rejected)"
        ),
        {"file": file, "sha256": sha256, "read": read, "stored": stored, "rejected": rejected},
    )


PLACES: Final = {
    "name": pl.String,
    "kind": pl.String,
    "city": pl.String,
    "district": pl.String,
    "road": pl.String,
    "number": pl.String,
    "source": pl.String,
    "lon": pl.Float64,
    "lat": pl.Float64,
}
"""What the test of a coordinate system needs of a place; degrees in CGCS2000."""

_PLACE: Final = "name, kind, city, district, road, number, source, ST_X(point) AS lon, ST_Y(point) AS lat"


def staged_places(connection: Connection, *, most: int) -> pl.DataFrame:
    """`row` and `PLACES` of staged rows of a gazetteer: about `most` of them, evenly, if there are more."""
    count: int = connection.exec_driver_sql("SELECT count(*) FROM incoming").scalar_one()
    query = f"SELECT row_no AS row, {_PLACE} FROM incoming WHERE row_no % :step = 0 ORDER BY row_no"  # noqa: S608
    return copy_out(connection, query, {"row": pl.Int64, **PLACES}, {"step": max(1, count // most)})


def known_places(connection: Connection, sources: Sequence[str | None], *, earlier: bool = False) -> pl.DataFrame:
    """`PLACES` of the stored gazetteer that other sources tell of and that the staged rows do not replace; or, `earlier`, those
    of the same sources."""
    condition = "= ANY" if earlier else "<> ALL"
    beside = "" if earlier else "AND NOT EXISTS (SELECT FROM incoming s WHERE s.id = p.id)"
    query = f"SELECT {_PLACE} FROM gazetteer_place p WHERE coalesce(source, '') {condition} (CAST(:sources AS text[])) {beside}"  # noqa: S608
    return copy_out(connection, query, PLACES, {"sources": [source or "" for source in sources]})


def outlines(connection: Connection) -> list[BaseGeometry]:
    """The areas of the branches."""
    areas = connection.exec_driver_sql("SELECT ST_AsBinary(geom) FROM branch_area ORDER BY branch_code").scalars()
    return [shapely.from_wkb(bytes(area)) for area in areas]


_DESCRIBE: Final = text(
    """
    UPDATE gazetteer_version
    SET cause = :cause, file = :file, sha256 = :sha256, sources = :sources, licence = :licence, dated = :dated, crs = :crs,
        rejected = :rejected, sniff = CAST(:sniff AS jsonb), forced = :forced, note = :note
    WHERE xid = CAST(CAST(pg_current_xact_id() AS text) AS bigint) AND at = now()
    RETURNING number, added, changed, removed, total
    """
)


def describe_version(
    connection: Connection,
    *,
    cause: str,
    file: str | None = None,
    sha256: str | None = None,
    sources: Sequence[str] | None = None,
    licence: str | None = None,
    dated: date | None = None,
    crs: str | None = None,
    rejected: int | None = None,
    sniff: Any = None,
    forced: str | None = None,
    note: str | None = None,
) -> RowMapping | None:
    """Say of the gazetteer's version that this transaction has made where it comes from; None if nothing was changed.

    Gives `number`, `added`, `changed`, `removed`, `total`.
    """
    bound = {
        "cause": cause,
        "file": file,
        "sha256": sha256,
        "sources": None if sources is None else list(sources),
        "licence": licence,
        "dated": dated,
        "crs": crs,
        "rejected": rejected,
        "sniff": None if sniff is None else orjson.dumps(sniff).decode(),
        "forced": forced,
        "note": note,
    }
    return connection.execute(_DESCRIBE, bound).mappings().one_or_none()


def _same_key(key: Sequence[str]) -> str:
    """Equality of the key; the address' key may hold nulls, which only the columns that are never null let a hash join find."""
    never_null = {"address": ("policyholder_id", "kind")}
    solid = never_null["address"] if set(key) > set(never_null["address"]) else key
    return " AND ".join(
        f"t.{name} = s.{name}" if name in solid else f"t.{name} IS NOT DISTINCT FROM s.{name}" for name in key
    )


def _differs(columns: Sequence[str], key: Sequence[str]) -> str:
    content = [name for name in columns if name not in key]
    return f"({', '.join(f't.{name}' for name in content)}) IS DISTINCT FROM ({', '.join(f's.{name}' for name in content)})"


_REFUSALS: Final = {
    "orphan_event": """
        SELECT s.row_no, 'event_id' AS "column", 'EVENT_CONFLICT' AS code, '' AS detail
        FROM incoming s JOIN orphan_event t ON t.event_id = s.event_id WHERE {differs}
    """,
    "policy": """
        SELECT s.row_no, 'seller_code' AS "column", 'SELLER_CHANGED' AS code, t.seller_code AS detail
        FROM incoming s JOIN policy t ON t.policy_no = s.policy_no WHERE t.seller_code <> s.seller_code
    """,
    "team": """
        SELECT s.row_no, 'force' AS "column", 'FORCE_CHANGED' AS code, count(*)::text AS detail
        FROM incoming s JOIN team t ON t.code = s.code AND t.force = 'COLLECTION' AND s.force = 'MARKETING'
        JOIN allocation a ON a.live AND a.collection_serviced
            AND (a.team_code = t.code OR a.agent_code IN (SELECT code FROM agent WHERE team_code = t.code))
        GROUP BY s.row_no
    """,
    "agent": """
        SELECT s.row_no, 'team_code' AS "column", 'FORCE_CHANGED' AS code, count(*)::text AS detail
        FROM incoming s JOIN agent t ON t.code = s.code AND t.force = 'COLLECTION'
        JOIN team n ON n.code = s.team_code AND n.force = 'MARKETING'
        JOIN allocation a ON a.live AND a.collection_serviced AND a.agent_code = t.code
        GROUP BY s.row_no
    """,
}
"""What contradicts the store, by table."""

_ADJUSTMENTS: Final = {
    "agent": ("UPDATE incoming s SET force = t.force FROM team t WHERE t.code = s.team_code AND t.force <> s.force",),
    # Facts that are only ever added to: a known seller, and that the collection force once serviced the policy (H1).
    "policy": (
        "UPDATE incoming s SET seller_code = coalesce(s.seller_code, t.seller_code), "
        "served_by_collection = s.served_by_collection OR t.served_by_collection FROM policy t WHERE t.policy_no = s.policy_no "
        "AND (s.seller_code IS NULL AND t.seller_code IS NOT NULL OR t.served_by_collection AND NOT s.served_by_collection)",
    ),
}
"""What staged rows take over from the store before they are merged, by table."""
