"""How Alembic reaches the database: the caller's connection, else `-x url=…`, else the settings of this process."""

from __future__ import annotations

from logging.config import fileConfig
from pathlib import Path
from typing import Any

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection, text

from app import cluster, settings
from app.db import make_engine
from app.models import Base

LOCK_TIMEOUT = "10s"
STATEMENT_TIMEOUT = "10min"
"""A migration must not queue behind a long transaction with every request queueing behind it, nor hang unseen.
A revision that needs longer says `SET LOCAL statement_timeout` itself."""


def include_object(obj: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Leaves out what an extension brought along (PostGIS' own tables), the job library's tables, and partitions, which their parent describes."""
    if kind == "table" and reflected and compare_to is None and name in _foreign_tables:
        return False
    return bool(alembic_helpers.include_object(obj, name, kind, reflected, compare_to))


_foreign_tables: set[str] = set()

FOREIGN_TABLES = """
SELECT relname FROM pg_class
WHERE relkind IN ('r', 'p') AND (
  relispartition
  OR relname LIKE 'procrastinate\\_%'
  OR EXISTS (SELECT FROM pg_depend
             WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'))
"""


def migrate(connection: Connection) -> None:
    _foreign_tables.update(connection.execute(text(FOREIGN_TABLES)).scalars())
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=include_object,
        process_revision_directives=alembic_helpers.writer,
        render_item=alembic_helpers.render_item,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    try:
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        connection.execute(text("RESET lock_timeout; RESET statement_timeout"))
        connection.commit()


def own_url() -> str:
    arguments = context.get_x_argument(as_dictionary=True)
    if "url" in arguments:
        return str(arguments["url"])
    loaded = settings.load()
    return loaded.database_url or cluster.ensure_running(loaded.home)


def run() -> None:
    if context.is_offline_mode():
        raise SystemExit("离线模式（--sql）不受支持。\nOffline mode (--sql) is not supported.")
    given = context.config.attributes.get("connection")
    if given is not None:
        migrate(given)
        return
    file = context.config.config_file_name
    if file is not None and Path(file).exists():
        fileConfig(file, disable_existing_loggers=False)
    engine = make_engine(own_url(), application="guidan migrate")
    try:
        with engine.connect() as connection:
            migrate(connection)
    finally:
        engine.dispose()


run()
