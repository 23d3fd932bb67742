"""The rulebook's world with a draft and allocated orphans in it, served by a real server where a client needs one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from starlette.routing import Mount

from app.access.principal import Principal, Scope
from app.deps import get_principal
from tests.api.conftest import app, client, shared_client, world, world_template, world_url
from tests.api.world import add_orphan

__all__ = ["app", "client", "shared_client", "world", "world_template", "world_url"]

ROOT = Path(__file__).parents[2]
GEOJSON = {"Content-Type": "application/geo+json"}


@pytest.fixture
def draft(client: TestClient) -> int:
    """Number of a draft of branch E, of what is in force: T-E1 and T-E2."""
    made = client.post("/api/v1/territory-plans", json={"branch_code": "E", "name": "二季度区域", "by": "李制图"})
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


@pytest.fixture
def orphans(client: TestClient, world: Engine) -> list[str]:
    """Policies of three orphans: two with T-E1, one with T-E2."""
    with world.begin() as connection:
        numbers = [
            add_orphan(connection, 1, 0.00512345, 0.00567891),
            add_orphan(connection, 2, 0.0061, 0.0061),
            add_orphan(connection, 3, 0.025, 0.005),
        ]
    for number in numbers:
        assert client.post("/api/v1/allocations", json={"policy_no": number, "confirm": True}).status_code == 201
    return numbers


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


@pytest.fixture
def address(world_url: str, client: TestClient) -> Iterator[str]:
    """A real server over the test's own world, beside the client."""
    with serving(world_url) as at:
        yield at


def ring(x0: float, x1: float, y0: float, y1: float) -> list[list[float]]:
    """A rectangle at offsets from the world's origin, longitude first."""
    w, e, s, n = 120 + x0, 120 + x1, 30 + y0, 30 + y1
    return [[w, s], [e, s], [e, n], [w, n], [w, s]]


def feature(coordinates: list[Any], **properties: Any) -> dict[str, Any]:
    """A feature with a polygon of these rings."""
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": coordinates}, "properties": properties}
