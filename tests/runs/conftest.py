"""A small fictional city, written and imported once a worker; each test gets its own copy of the database."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, make_url, text

from app.allocation.run import Outcome, create_run, execute_run
from app.db import make_engine
from app.exchange.importing import import_folder
from app.sample import write

AS_OF = date(2026, 3, 10)


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of a city of 600 policies."""
    folder = tmp_path_factory.mktemp("city")
    write(folder, policies=600, seed=7)
    return folder


def _name(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def imported(server_url: str, template: str, city: Path) -> Iterator[str]:
    """Name of a database with the city in it, to which nobody is connected."""
    server = make_engine(server_url).execution_options(isolation_level="AUTOCOMMIT")
    name = f"city_{uuid4().hex[:12]}"
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    engine = make_engine(_name(server_url, name))
    report = import_folder(engine, city, rejected=city / "rejected.csv")
    assert report.exit_code == 0, report.as_json()
    engine.dispose()
    yield name
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    server.dispose()


@pytest.fixture
def store(server_url: str, imported: str) -> Iterator[Engine]:
    """An engine on a copy of the city's database, in which the test may commit."""
    server = make_engine(server_url).execution_options(isolation_level="AUTOCOMMIT")
    name = f"t_{uuid4().hex[:12]}"
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{imported}"'))
    engine = make_engine(_name(server_url, name))
    yield engine
    engine.dispose()
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    server.dispose()


def allocate(
    store: Engine,
    *,
    confirm: bool = True,
    branch_code: str | None = None,
    policy_nos: list[str] | None = None,
    distribute: bool = False,
) -> tuple[int, Outcome]:
    """A whole run; its number and what it came to."""
    with store.begin() as connection:
        run_id = create_run(
            connection,
            as_of=AS_OF,
            confirm=confirm,
            branch_code=branch_code,
            policy_nos=policy_nos,
            distribute=distribute,
        )
    return run_id, execute_run(store, run_id)
