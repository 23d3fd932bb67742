"""Databases with a world in them, and clients of an application over them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from app.allocation.loads import refresh
from app.db import make_engine
from app.main import create_app
from app.settings import Settings

from .world import TODAY, build_world


def settings_for(url: str, **given: object) -> Settings:
    """Settings of a test's application: a fixed day, no web files."""
    return Settings(database_url=url, today=TODAY, web=Path("/nonexistent"), **given)  # type: ignore[arg-type]


@contextmanager
def client_of(app: FastAPI) -> Iterator[TestClient]:
    """A client that sees what a caller sees: a 500 is an answer, not an exception."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def world_template(server_url: str, template: str) -> Iterator[str]:
    """Name of a database with the world of the rulebook, to be cloned."""
    administration = make_engine(server_url).execution_options(isolation_level="AUTOCOMMIT")
    name = f"world_{uuid4().hex[:12]}"
    with administration.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        engine = make_engine(_in(server_url, name))
        with engine.begin() as filling:
            build_world(filling)
            refresh(filling)
        engine.dispose()
        yield name
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    administration.dispose()


def _in(server_url: str, name: str) -> str:
    from sqlalchemy import make_url

    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def _clone(server_url: str, template: str) -> Iterator[str]:
    administration = make_engine(server_url).execution_options(isolation_level="AUTOCOMMIT")
    name = f"http_{uuid4().hex[:12]}"
    with administration.connect() as connection:
        how = "STRATEGY file_copy" if connection.dialect.server_version_info >= (15,) else ""  # type: ignore[operator]
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} {how}"))
        try:
            yield _in(server_url, name)
        finally:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    administration.dispose()


@pytest.fixture
def world_url(server_url: str, world_template: str) -> Iterator[str]:
    """A database of the test's own with the world of the rulebook."""
    with _clone(server_url, world_template) as url:
        yield url


@pytest.fixture
def world(world_url: str) -> Iterator[Engine]:
    """An engine over the test's own world, beside the application's."""
    engine = make_engine(world_url)
    yield engine
    engine.dispose()


@pytest.fixture
def app(world_url: str) -> FastAPI:
    """The application over the test's own world; no worker."""
    return create_app(settings_for(world_url), worker=False)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client of the test's own application."""
    with client_of(app) as opened:
        yield opened


@pytest.fixture(scope="session")
def shared_client(server_url: str, world_template: str) -> Iterator[TestClient]:
    """A client for tests that change nothing, with limits small enough to be met."""
    with (
        _clone(server_url, world_template) as url,
        client_of(create_app(settings_for(url, max_body_bytes=200_000), worker=False)) as opened,
    ):
        yield opened
