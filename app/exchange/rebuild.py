"""Filling a table without its keys, and building them afterwards in one go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

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


class Keys(Enum):
    """What `keys_last` could do: nothing; drop the keys of a table that holds rows; or of one that is empty and takes COPY FREEZE."""

    KEPT = auto()
    DROPPED = auto()
    DROPPED_AND_EMPTY = auto()


class _InTheWay(Exception):
    """The table has filled up meanwhile."""


@contextmanager
def keys_last(connection: Connection, table: str, *, most_bytes: int) -> Iterator[Keys]:
    """Within it a table of at most so many bytes has no keys, indexes and foreign keys from and to it; after it they are there
    again, each foreign key tested by one join.

    The keys are kept where the table is larger, is not ours, is in use, has triggers, or something depends on a key. All of it
    is in the caller's transaction: a rollback brings everything back. CHECK constraints stay and are tested row by row, but
    nothing cascades. Raises `DBAPIError`.
    """
    if not connection.execute(text(_CAN), {"table": table}).scalar_one() or _bytes(connection, table) > most_bytes:
        yield Keys.KEPT
        return
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {PATIENCE_MS}")
            connection.exec_driver_sql(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            size = _bytes(connection, table)
            if size > most_bytes:
                raise _InTheWay
            parts = _parts(connection, table)
            for statement in parts.drop:
                connection.exec_driver_sql(statement)
            connection.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")
    except (DBAPIError, _InTheWay) as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        yield Keys.KEPT
        return
    if size == 0:
        # In the transaction that fills it: COPY FREEZE is allowed, and where wal_level is minimal nothing goes to the log.
        connection.exec_driver_sql(f"TRUNCATE {table}")
    yield Keys.DROPPED if size else Keys.DROPPED_AND_EMPTY
    for statement in parts.build:
        connection.exec_driver_sql(statement)


def _bytes(connection: Connection, table: str) -> int:
    """Size of the rows; 0 without rows, whatever room there is for them."""
    there = connection.exec_driver_sql(f"SELECT EXISTS (SELECT FROM {table})").scalar_one()  # noqa: S608
    size: int = connection.execute(
        text("SELECT pg_relation_size(CAST(:table AS regclass))"), {"table": table}
    ).scalar_one()
    return size if there else 0


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
