"""The rulebook's world with a draft and allocated orphans in it, served by a real server where a client needs one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.access.principal import Principal, Scope
from app.deps import get_principal
from app.main import configured, create_app

from tests.api.conftest import app, client, settings_for, world, world_template, world_url
from tests.api.world import add_orphan

__all__ = ["app", "client", "world", "world_template", "world_url"]

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
    mounted = next(route.app for route in app.routes if getattr(route, "path", "") == "/ogc" and hasattr(route, "app"))

    def limit(scope: Scope) -> None:
        for application in (app, mounted):
            application.dependency_overrides[get_principal] = lambda: Principal("somebody", "branch", scope)

    yield limit
    for application in (app, mounted):
        application.dependency_overrides.clear()


@contextmanager
def serving(url: str, **given: Any) -> Iterator[str]:
    """A real server over a database; its address."""
    config = configured(create_app(settings_for(url), worker=False))
    config.port = 0
    for name, value in given.items():
        setattr(config, name, value)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    try:
        while not running.started:
            assert thread.is_alive(), "the server did not start"
            thread.join(0.05)
        yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join(20)


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
