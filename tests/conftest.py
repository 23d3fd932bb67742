"""The private test cluster, a migrated template database and the fixtures that hand out its clones.

The cluster starts when the first test asks for it, is shared by all workers of the run, and is stopped at its end.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import hypothesis
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.orm import Session

from app import cluster, migrate
from app.db import make_engine

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUMS = ("/usr/bin/chromium", "/usr/bin/google-chrome")
CHROMIUM_SWITCHES = [
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"),
    *("--no-first-run", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
    # No name but the machine's own can be resolved: a page that asks for an outside tile or font shows it.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]

HOME = "GUIDAN_TEST_HOME"
PREFIX = "guidan-test-"
TEMPLATE = "template_guidan"
DATABASE_FIXTURES = frozenset(
    {"cluster_home", "server_url", "template", "database_url", "engine", "connection", "session"}
)
BROWSER_FIXTURES = frozenset({"chromium", "browser", "page"})


# A slow machine fails no test, and the same commit gives the same result in CI; elsewhere new examples are tried each time.
hypothesis.settings.register_profile("guidan", deadline=None, derandomize="CI" in os.environ, print_blob=True)
hypothesis.settings.load_profile("guidan")


def pytest_configure(config: pytest.Config) -> None:
    os.environ.pop("DATABASE_URL", None)
    if not hasattr(config, "workerinput"):
        _sweep()
        home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        home.chmod(0o711)  # the server of a root's cluster runs as another user and must get through
        os.environ[HOME] = str(home)
    # A test that forgets to say which database it means must not meet the developer's own.
    os.environ["GUIDAN_HOME"] = str(Path(os.environ[HOME]) / "undeclared")


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and HOME in os.environ:
        _remove(Path(os.environ.pop(HOME)))


def _sweep() -> None:
    """Removes what a killed run left behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).split("-")[0]
        if folder.stat().st_uid == os.geteuid() and pid.isdigit() and not Path(f"/proc/{pid}").exists():
            _remove(folder)


def _remove(folder: Path) -> None:
    for home in [folder, *folder.glob("*/")]:
        if (home / "cluster").exists():
            cluster.stop(home)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if names & DATABASE_FIXTURES:
            item.add_marker("db")
        if names & BROWSER_FIXTURES:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def cluster_home() -> Path:
    """Home of the test cluster, which runs."""
    home = Path(os.environ[HOME]) / "c"
    cluster.ensure_running(home, durable=False)
    return home


@pytest.fixture(scope="session")
def server_url(cluster_home: Path) -> str:
    """Address of the cluster's maintenance database, for `CREATE DATABASE`."""
    url = make_url(cluster.ensure_running(cluster_home, durable=False)).set(database="postgres")
    return url.render_as_string(hide_password=False)


@contextmanager
def _administration(server_url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    url = make_url(server_url)
    with psycopg.connect(
        host=str(url.query["host"]),
        port=int(str(url.query["port"])),
        user=url.username,
        dbname="postgres",
        autocommit=True,
    ) as connection:
        yield connection


def _in(server_url: str, database: str) -> str:
    return make_url(server_url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    """Name of a migrated database without rows; nobody may connect to it, so it can be cloned at any time."""
    lock = Path(os.environ[HOME]) / "template.lock"
    with lock.open("w") as held, _administration(server_url) as connection:
        fcntl.flock(held, fcntl.LOCK_EX)
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone() is None:
            fresh = f"{TEMPLATE}_fresh"
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(fresh)))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(fresh)))
            migrate.upgrade(_in(server_url, fresh))
            names = sql.Identifier(fresh), sql.Identifier(TEMPLATE)
            connection.execute(sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(names[0]))
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))
    return TEMPLATE


@contextmanager
def _clone(server_url: str, template: str) -> Iterator[str]:
    name = f"t_{uuid4().hex[:12]}"
    with _administration(server_url) as connection:
        how = " STRATEGY file_copy" if connection.info.server_version >= 150000 else ""
        command = sql.SQL("CREATE DATABASE {} TEMPLATE {}" + how)
        connection.execute(command.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield _in(server_url, name)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    """A migrated database of the test's own, without rows, in which it may commit."""
    with _clone(server_url, template) as url:
        yield url


@pytest.fixture(scope="session")
def engine(server_url: str, template: str) -> Iterator[Engine]:
    """The worker's engine for tests that leave nothing behind; take `connection` or `session`."""
    with _clone(server_url, template) as url:
        made = make_engine(url)
        yield made
        made.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that is rolled back after the test."""
    with engine.connect() as opened:
        transaction = opened.begin()
        yield opened
        transaction.rollback()


@pytest.fixture
def session(connection: Connection) -> Iterator[Session]:
    """A session whose commits are savepoints within the test's transaction."""
    with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as opened:
        yield opened


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser: `GUIDAN_CHROMIUM`, else the system's. Without one the test is skipped, which `./dev test` announces."""
    given = os.environ.get("GUIDAN_CHROMIUM")
    for candidate in [given] if given else CHROMIUMS:
        if Path(candidate).exists():
            return Path(candidate)
    pytest.skip(
        "没有浏览器；请安装 chromium 或设置 GUIDAN_CHROMIUM / no browser: install chromium or set GUIDAN_CHROMIUM"
    )


# Not for the whole session: while Playwright runs, its event loop makes asyncio.run impossible in other modules.
@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """A headless Chromium that reaches this machine alone."""
    from playwright.sync_api import sync_playwright

    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=[*CHROMIUM_SWITCHES, *sandbox])
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page of 1440 × 900, in Chinese, with nothing remembered."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    yield context.new_page()
    context.close()
