"""Reads the features of a collection: a page, one, how many, and what they cover. Geometry is written by PostGIS."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, TextClause, text

from app.access.principal import Scope
from app.ogc.collection import Collection, Extent
from app.ogc.collections import bound
from app.ogc.crs import Crs
from app.ogc.parameters import Period, Wanted

PAGE_BYTES = 16 * 1024 * 1024
"""A page ends early, with a link to the next one, when its geometries are longer than this."""

_BATCH = 250


@dataclass(frozen=True, slots=True)
class Found:
    """A feature: its key, its geometry as GeoJSON text (None: no place), its properties, its version."""

    key: tuple[Any, ...]
    geometry: str | None
    properties: dict[str, Any]
    etag: str | None


def read_page(
    connection: Connection,
    collection: Collection,
    wanted: Wanted,
    *,
    scope: Scope,
    today: date,
    after: Sequence[Any] | None,
) -> tuple[list[Found], bool]:
    """Up to `limit` features after a key, and whether there are more."""
    condition, values = _condition(collection, wanted, scope=scope, today=today)
    expressions = ", ".join(sql for sql, _ in collection.key)
    if after is not None:
        marks = ", ".join(f":after_{n}" for n in range(len(after)))
        condition = f"{condition} AND ({expressions}) > ({marks})"
        values |= {f"after_{n}": part for n, part in enumerate(after)}
    statement = text(f"{_select(collection, wanted.crs)} WHERE {condition} ORDER BY {expressions} LIMIT :most")
    page: list[Found] = []
    size = 0
    for found in _stream(connection, collection, statement, {**values, "most": wanted.limit + 1}):
        if len(page) == wanted.limit or size > PAGE_BYTES:
            return page, True
        page.append(found)
        size += len(found.geometry or "")
    return page, False


def read_one(
    connection: Connection, collection: Collection, key: Sequence[Any], crs: Crs, *, scope: Scope, today: date
) -> Found | None:
    """The feature of a key, of whatever day; None if the caller can see none."""
    same = " AND ".join(f"{sql} = :key_{n}" for n, (sql, _) in enumerate(collection.key))
    statement = text(f"{_select(collection, crs)} WHERE {collection.where} AND {same}")
    values = bound(collection, scope, today) | {f"key_{n}": part for n, part in enumerate(key)}
    return next(_stream(connection, collection, statement, values), None)


def count(connection: Connection, collection: Collection, wanted: Wanted, *, scope: Scope, today: date) -> int:
    """How many features the client's conditions leave, in the caller's scope."""
    condition, values = _condition(collection, wanted, scope=scope, today=today)
    statement = text(f"SELECT count(*) FROM {collection.counted or collection.source} WHERE {condition}")  # noqa: S608 (the product's own words)
    return int(connection.execute(statement, values).scalar_one())


def explain(connection: Connection, collection: Collection, wanted: Wanted, *, scope: Scope, today: date) -> list[str]:
    """The plan by which PostgreSQL reads the first page."""
    condition, values = _condition(collection, wanted, scope=scope, today=today)
    expressions = ", ".join(sql for sql, _ in collection.key)
    statement = f"EXPLAIN {_select(collection, wanted.crs)} WHERE {condition} ORDER BY {expressions} LIMIT :most"
    return list(connection.execute(text(statement), {**values, "most": wanted.limit + 1}).scalars())


def read_extent(connection: Connection, collection: Collection, *, scope: Scope, today: date) -> Extent:
    """What the caller's features of a collection cover."""
    begins = f"min({collection.begins})" if collection.begins else "CAST(NULL AS date)"
    plain = f"SELECT ST_Extent({collection.geometry}) AS box, {begins} AS begins FROM {collection.source} WHERE {collection.where}"  # noqa: S608
    statement = f"""
        SELECT ST_XMin(box) AS west, ST_YMin(box) AS south, ST_XMax(box) AS east, ST_YMax(box) AS north, begins
        FROM ({collection.extent or plain}) AS covered
    """  # noqa: S608 (the product's own words)
    row = connection.execute(text(statement), bound(collection, scope, today)).one()
    box = (row.west, row.south, row.east, row.north) if row.west is not None else None
    return Extent(box, row.begins)


def _select(collection: Collection, crs: Crs) -> str:
    keys = ", ".join(f"{sql} AS key_{n}" for n, (sql, _) in enumerate(collection.key))
    fields = ", ".join(f"{known.sql} AS field_{n}" for n, known in enumerate(collection.fields))
    placed = collection.geometry
    if collection.shape == "polygon":
        placed = f"ST_ForcePolygonCCW({placed})"  # RFC 7946: shells counter-clockwise
    if not crs.degrees:
        placed = f"ST_Transform({placed}, {crs.srid})"
    if crs.flipped:
        placed = f"ST_FlipCoordinates({placed})"
    etag = collection.etag or "NULL"
    # The last argument keeps PostGIS from adding a member `crs` that GeoJSON does not have any more.
    return f"SELECT {keys}, ST_AsGeoJSON({placed}, {crs.digits}, 0) AS geometry, {etag} AS etag, {fields} FROM {collection.source}"  # noqa: S608


def _condition(collection: Collection, wanted: Wanted, *, scope: Scope, today: date) -> tuple[str, dict[str, Any]]:
    parts = [collection.where]
    values = bound(collection, scope, today)
    if wanted.area is not None:
        meets = f"ST_Intersects({collection.geometry}, ST_GeomFromWKB(:area, 4490))"
        if collection.near is not None:
            # PostgreSQL knows nothing of how such a geometry lies and would take it that hardly any meets the area; so it is told
            # by CASE not to guess: `near` says well enough how many there are.
            meets = f"{collection.near} AND CASE WHEN {meets} THEN true ELSE false END"
        parts.append(meets)
        values["area"] = _wkb(wanted.area)
    period = wanted.period or (Period(today, today) if collection.on_today else None)
    if collection.begins is not None and period is not None:
        if period.last is not None:
            parts.append(f"{collection.begins} <= :last_day")
            values["last_day"] = period.last
        if period.first is not None:
            parts.append(f"({collection.ends} IS NULL OR {collection.ends} > :first_day)")
            values["first_day"] = period.first
    by_name = {known.name: known.sql for known in collection.fields}
    for n, (name, value) in enumerate(wanted.equals.items()):
        parts.append(f"{by_name[name]} = :equal_{n}")
        values[f"equal_{n}"] = value
    return " AND ".join(parts), values


def _wkb(area: BaseGeometry) -> bytes:
    written: bytes = area.wkb
    return written


def _stream(
    connection: Connection, collection: Collection, statement: TextClause, values: dict[str, Any]
) -> Iterator[Found]:
    keys, fields = len(collection.key), [known.name for known in collection.fields]
    streamed = statement.execution_options(stream_results=True, max_row_buffer=_BATCH)
    with connection.execute(streamed, values) as rows:
        for row in rows:
            told = dict(zip(fields, row[keys + 2 :], strict=True))
            etag = row[keys + 1]
            yield Found(tuple(row[:keys]), row[keys], collection.finish(told), str(etag) if etag is not None else None)
