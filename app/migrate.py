"""Brings a database to the newest schema, from a checkout or an installed package alike."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text

from app.db import MIGRATION_LOCK, DatabaseNotReady, check_database, check_server, make_engine

FOLDER = Path(__file__).resolve().parent.parent / "migrations"


def upgrade(url: str | URL, revision: str = "head") -> list[str]:
    """Migrates to `revision` and returns the revisions applied, oldest first; nothing to do is an empty list.

    Several processes may call it at once: the first does the work, the others wait and find it done. Raises
    `app.db.DatabaseNotReady` where the database cannot take the schema, or has one of a newer program.
    """
    engine = make_engine(url, application="guidan migrate")
    try:
        with engine.connect() as connection:
            check_server(connection)
            connection.commit()
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
            connection.commit()
            try:
                applied = _pending(connection, revision)
                if applied:
                    command.upgrade(config(connection), revision)
                check_database(connection)
            finally:
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
                connection.commit()
    finally:
        engine.dispose()
    return applied


def is_current(connection: Connection) -> bool:
    """Whether the database has the newest schema of this program."""
    heads = set(ScriptDirectory.from_config(config()).get_heads())
    return set(MigrationContext.configure(connection).get_current_heads()) == heads


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration; with a connection, its commands work on that one."""
    configuration = Config()
    configuration.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    configuration.attributes["connection"] = connection
    return configuration


def _pending(connection: Connection, revision: str) -> list[str]:
    current = MigrationContext.configure(connection).get_current_heads()
    connection.rollback()
    scripts = ScriptDirectory.from_config(config())
    known = {script.revision for script in scripts.walk_revisions()}
    if not known.issuperset(current):
        raise DatabaseNotReady(
            "数据库的结构比本程序新。请升级本程序，或换用另一个数据库。",
            "The database has a newer schema than this program knows. Upgrade the program, or use another database.",
        )
    return [script.revision for script in scripts.iterate_revisions(revision, current or "base")][::-1]
