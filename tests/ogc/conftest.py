"""The rulebook's world with a draft and allocated orphans in it, served by a real server where a client needs one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from starlette.routing import Mount

from app.access.principal import Principal, Scope
from app.db import make_engine
from app.deps import get_principal
from app.main import create_app
from tests.api.conftest import _clone as clone
from tests.api.conftest import app, client, client_of, settings_for, shared_client, world, world_template, world_url
from tests.api.world import add_orphan

__all__ = ["app", "client", "shared_client", "world", "world_template", "world_url"]

ROOT = Path(__file__).parents[2]
GEOJSON = {"Content-Type": "application/geo+json"}


@pytest.fixture
def draft(client: TestClient) -> int:
    """Number of a draft of branch E, of what is in force: T-E1 and T-E2."""
    return make_draft(client)


@pytest.fixture
def orphans(client: TestClient, world: Engine) -> list[str]:
    """Policies of three orphans: two with T-E1, one with T-E2."""
    return make_orphans(client, world)


def make_draft(client: TestClient) -> int:
    """A draft of what is in force in branch E."""
    made = client.post("/api/v1/territory-plans", json={"branch_code": "E", "name": "二季度区域", "by": "李制图"})
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


def make_orphans(client: TestClient, world: Engine) -> list[str]:
    """Three allocated orphans."""
    with world.begin() as connection:
        numbers = [
            add_orphan(connection, 1, 0.00512345, 0.00567891),
            add_orphan(connection, 2, 0.0061, 0.0061),
            add_orphan(connection, 3, 0.025, 0.005),
        ]
    for number in numbers:
        assert client.post("/api/v1/allocations", json={"policy_no": number, "confirm": True}).status_code == 201
    return numbers


@dataclass(frozen=True)
class Standing:
    """A world that a module's tests share because they change nothing in it: its address, a client, a draft, allocated orphans."""

    address: str
    client: TestClient
    draft: int
    orphans: list[str]


@pytest.fixture(scope="module")
def standing(server_url: str, world_template: str) -> Iterator[Standing]:
    """A served world with a draft and orphans."""
    with (
        clone(server_url, world_template) as url,
        client_of(create_app(settings_for(url), worker=False)) as client,
        serving(url) as address,
    ):
        engine = make_engine(url)
        yield Standing(address, client, make_draft(client), make_orphans(client, engine))
        engine.dispose()


Scoped = Callable[[Scope], None]


@pytest.fixture
def as_scope(app: FastAPI) -> Iterator[Scoped]:
    """Makes every caller somebody with this scope."""
    mounted = next(route.app for route in app.routes if isinstance(route, Mount) and route.path == "/ogc")
    assert isinstance(mounted, FastAPI)

    def limit(scope: Scope) -> None:
        for application in (app, mounted):
            application.dependency_overrides[get_principal] = lambda: Principal("somebody", "branch", scope)

    yield limit
    for application in (app, mounted):
        application.dependency_overrides.clear()


@contextmanager
def serving(url: str, root_path: str = "") -> Iterator[str]:
    """A real server over a database, in a process of its own; its address."""
    command = [sys.executable, "-m", "tests.ogc.serve", url, root_path]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            port = server.stdout.readline().strip()
            assert port.isdigit(), "the server did not start"
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


def ring(x0: float, x1: float, y0: float, y1: float) -> list[list[float]]:
    """A rectangle at offsets from the world's origin, longitude first."""
    w, e, s, n = 120 + x0, 120 + x1, 30 + y0, 30 + y1
    return [[w, s], [e, s], [e, n], [w, n], [w, s]]


def feature(coordinates: list[Any], **properties: Any) -> dict[str, Any]:
    """A feature with a polygon of these rings."""
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": coordinates}, "properties": properties}
