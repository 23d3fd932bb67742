"""A database of its own for a benchmark, beside the one that is used, and gone afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text

from app import cluster, migrate, settings
from app.db import make_engine, normal_url


@contextmanager
def bench_database(name: str = "guidan_bench") -> Iterator[Engine]:
    """An engine on a fresh, migrated database on the configured server. The role must be allowed to create databases."""
    configured = settings.load()
    url = normal_url(configured.database_url or cluster.ensure_running(configured.home))
    server = make_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        migrate.upgrade(url.set(database=name))
        engine = make_engine(url.set(database=name))
        try:
            yield engine
        finally:
            engine.dispose()
    finally:
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        server.dispose()
