"""A real browser on a real server over a small fictional city."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import Engine, make_url, text

from app.allocation.run import create_run, execute_run
from app.db import make_engine
from app.exchange.importing import import_folder
from app.main import configured, create_app
from app.sample import write
from app.settings import Settings
from tests.api.world import add_orphan, build_world

from .studio import PLANS, Studio

AS_OF = date(2026, 3, 10)
BUILD = Path(__file__).resolve().parents[2] / "web" / "dist"
CHROMIUM = "/usr/bin/chromium"
expect.set_options(timeout=20_000)
"""A machine that does other work beside may take its time; what never comes fails all the same."""

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]


@contextmanager
def database(server_url: str, template: str) -> Iterator[str]:
    """A copy of a database, gone afterwards."""
    server = make_engine(server_url).execution_options(isolation_level="AUTOCOMMIT")
    name = f"web_{uuid4().hex[:12]}"
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        try:
            yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    server.dispose()


@contextmanager
def server(url: str) -> Iterator[str]:
    """The application over a database, with the built page; yields its address."""
    assert (BUILD / "index.html").is_file(), "the page is not built: npm --prefix web ci && npm --prefix web run build"
    config = configured(create_app(Settings(database_url=url, today=AS_OF, web=BUILD), worker=False))
    config.port = 0
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    try:
        while not running.started:
            assert thread.is_alive(), "the server did not start"
            thread.join(0.05)
        port = running.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        running.should_exit = True
        thread.join(20)


@dataclass(frozen=True)
class City:
    """A served city: where, and the engine to ask it what is so."""

    address: str
    engine: Engine = field(repr=False)

    def one(self, query: str) -> str:
        """The first value of the first row, of which there must be one."""
        with self.engine.connect() as connection:
            found = connection.execute(text(query)).first()
        assert found is not None, query
        return str(found[0])


@pytest.fixture(scope="session")
def city(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Six hundred policies, allocated and proposed; tests that confirm take `fresh_city`."""
    with _city(server_url, template, tmp_path_factory.mktemp("city")) as made:
        yield made


@pytest.fixture
def fresh_city(server_url: str, template: str, tmp_path: Path) -> Iterator[City]:
    """A city of the test's own."""
    with _city(server_url, template, tmp_path) as made:
        yield made


@contextmanager
def _city(server_url: str, template: str, folder: Path) -> Iterator[City]:
    with database(server_url, template) as url:
        engine = make_engine(url)
        write(folder, policies=600, seed=7)
        report = import_folder(engine, folder, rejected=folder / "rejected.csv")
        assert report.exit_code == 0, report.as_json()
        with engine.begin() as connection:
            run_id = create_run(connection, as_of=AS_OF)
        execute_run(engine, run_id)
        with server(url) as address:
            yield City(address, engine)
        engine.dispose()


@pytest.fixture
def empty_address(database_url: str) -> Iterator[str]:
    """A server over a database without rows."""
    with server(database_url) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@dataclass
class Watched:
    """What a page complained of, and whom it asked."""

    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)


def watch(context: BrowserContext) -> tuple[Page, Watched]:
    """A new page whose errors and requests are written down."""
    page = context.new_page()
    seen = Watched()
    page.on("console", lambda message: message.type == "error" and seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("request", lambda request: seen.hosts.add(request.url.split("/")[2] if "//" in request.url else ""))
    return page, seen


@pytest.fixture
def page(browser: Browser, city: City) -> Iterator[Page]:
    """A page 1440 pixels wide that must not complain, nor ask anybody but its own server."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN", base_url=city.address)
    opened, seen = watch(context)
    yield opened
    context.close()
    assert seen.complaints == []
    assert seen.hosts <= {city.address.split("//")[1], ""}


@pytest.fixture(scope="session")
def town(server_url: str, template: str) -> Iterator[City]:
    """The rulebook's world with ten orphans in each of its first three communities."""
    with database(server_url, template) as url:
        engine = make_engine(url)
        with engine.begin() as connection:
            build_world(connection)
            for number in range(30):
                add_orphan(connection, number, 0.005 + 0.01 * (number % 3), 0.0021 + 0.0002 * number)
            run_id = create_run(connection, as_of=AS_OF)
        execute_run(engine, run_id)
        with server(url) as address:
            yield City(address, engine)
        engine.dispose()


@pytest.fixture
def studio(browser: Browser, town: City) -> Iterator[Studio]:
    """A draft in which T-E1 has C01 and C02, T-E2 has C03 and the rest is nobody's, open before somebody who has signed."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN", base_url=town.address)
    context.add_init_script("localStorage.setItem('guidan.reviewer', '李制图')")
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    made = page.request.post(PLANS, data={"branch_code": "E", "name": "试画", "by": "李制图", "empty": True})
    assert made.ok, made.text()
    opened = Studio(page, made.json()["id"])
    for team, codes in (("T-E1", ["C01", "C02"]), ("T-E2", ["C03"])):
        assert opened.edit(by="王铺底", verb="ASSIGN_COMMUNITIES", community_codes=codes, to_team_code=team).ok
    yield opened.open()
    context.close()
    assert faults == []
