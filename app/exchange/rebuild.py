"""Filling an empty table without its keys, and building them afterwards in one go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

PATIENCE_MS = 2_000
"""How long to wait for readers of the table before it is filled the ordinary way instead."""

_CONSTRAINTS = """
SELECT format('%I.%I', n.nspname, c.relname), quote_ident(k.conname), k.contype, pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE (k.conrelid = CAST(:table AS regclass) OR k.confrelid = CAST(:table AS regclass))
  AND k.contype IN ('p', 'u', 'x', 'f') AND k.conparentid = 0
ORDER BY array_position(ARRAY['p', 'u', 'x', 'f'], k.contype::text), k.conname
"""

_INDEXES = """
SELECT format('%I.%I', n.nspname, c.relname), pg_get_indexdef(i.indexrelid)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.indrelid = CAST(:table AS regclass) AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
ORDER BY 1
"""

# Only an ordinary table that this role owns, without triggers of its own, is taken apart.
_CAN = """
SELECT c.relkind = 'r' AND NOT c.relispartition AND NOT c.relhassubclass AND pg_has_role(c.relowner, 'MEMBER')
   AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
FROM pg_class c WHERE c.oid = CAST(:table AS regclass)
"""


@dataclass(frozen=True)
class _Parts:
    """Statements that take a table's keys away, and those that build them again."""

    drop: list[str]
    build: list[str]


@contextmanager
def keys_last(connection: Connection, table: str) -> Iterator[bool]:
    """Within it an empty table has no keys, indexes and foreign keys from and to it, and takes COPY FREEZE; after it they are there
    again, each foreign key tested by one join.

    It yields False, with nothing changed, where that is not to be had: the table holds rows, is not ours, is in use, or something
    depends on a key. All of it is in the caller's transaction: a rollback brings everything back. CHECK constraints stay
    and are tested row by row. Raises `DBAPIError`.
    """
    rebuild = _take_apart(connection, table)
    yield rebuild is not None
    for statement in rebuild or ():
        connection.exec_driver_sql(statement)


def _take_apart(connection: Connection, table: str) -> list[str] | None:
    try:
        with connection.begin_nested():
            if not connection.execute(text(_CAN), {"table": table}).scalar_one():
                return None
            connection.execute(text(f"SET LOCAL lock_timeout = {PATIENCE_MS}"))
            connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
            if connection.execute(text(f"SELECT EXISTS (SELECT FROM {table})")).scalar_one():  # noqa: S608
                return None
            parts = _parts(connection, table)
            for statement in parts.drop:
                connection.exec_driver_sql(statement)
            connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return None
    # In the transaction that fills it: COPY FREEZE is allowed, and where wal_level is minimal nothing goes to the log.
    connection.execute(text(f"TRUNCATE {table}"))
    return parts.build


def put_together(connection: Connection, table: str, statements: list[str]) -> None:
    """Second half: build what `take_apart` dropped, each foreign key tested by one join. Raises `DBAPIError`."""
    for statement in statements:
        connection.exec_driver_sql(statement)


def _parts(connection: Connection, table: str) -> _Parts:
    constraints = connection.execute(text(_CONSTRAINTS), {"table": table}).all()
    indexes = connection.execute(text(_INDEXES), {"table": table}).all()
    # Foreign keys rest on the keys: they go first and come last.
    drop = [f"ALTER TABLE {owner} DROP CONSTRAINT {name}" for owner, name, _, _ in reversed(constraints)]
    keys = [
        f"ALTER TABLE {owner} ADD CONSTRAINT {name} {body}" for owner, name, kind, body in constraints if kind != "f"
    ]
    foreign = [
        f"ALTER TABLE {owner} ADD CONSTRAINT {name} {body}" for owner, name, kind, body in constraints if kind == "f"
    ]
    drop += [f"DROP INDEX {name}" for name, _ in indexes]
    return _Parts(drop, [*keys, *(definition for _, definition in indexes), *foreign])
