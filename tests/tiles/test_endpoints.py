"""Tiles over HTTP: the answers, and when a tile must be fetched again."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from time import monotonic

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Connection, create_engine, text

from app.db import normal_url
from app.main import create_app
from app.settings import Settings
from app.tiles.store import TileStore

from .world import TODAY, box, build_city, build_customers, build_draft, build_orphans, draw, layers, square

TILES = "/tiles"
HERE = f"11/{square(11).x}/{square(11).y}"


@pytest.fixture
def client(database_url: str) -> Iterator[TestClient]:
    engine = create_engine(normal_url(database_url))
    with engine.begin() as connection:
        build_city(connection)
        build_orphans(connection)
        build_customers(connection)
    engine.dispose()
    settings = Settings(database_url=database_url, today=TODAY, web=Path("/nonexistent"))
    app = create_app(settings, worker=False)
    app.state.tiles = TileStore(app_reading(app), clock=lambda: 0.0)  # however slow the machine, nothing rests
    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


def app_reading(app: FastAPI) -> Callable[[], AbstractContextManager[Connection]]:
    return lambda: app.state.reading.connect()  # type: ignore[no-any-return]


@pytest.fixture
def change(database_url: str) -> Iterator[object]:
    engine = create_engine(normal_url(database_url))

    def execute(statement: str) -> None:
        with engine.begin() as connection:
            connection.execute(text(statement))

    yield execute
    engine.dispose()


def test_a_tile_is_a_vector_tile(client: TestClient) -> None:
    answer = client.get(f"{TILES}/territories/{HERE}.mvt")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert "private" in answer.headers["cache-control"]
    assert set(layers(answer.content)["territories"]["team_code"]) == {"T-E1", "T-E2", "T-W1", "T-W2"}


def test_an_empty_tile_has_no_content(client: TestClient) -> None:
    answer = client.get(f"{TILES}/orphans/11/0/0.mvt")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "etag" in answer.headers


@pytest.mark.parametrize("layer", ["branches", "communities", "territories", "orphans", "customers"])
def test_a_known_tile_is_not_sent_again_until_it_changes(client: TestClient, change: object, layer: str) -> None:
    first = client.get(f"{TILES}/{layer}/{HERE}.mvt")
    tag = first.headers["etag"]
    for known in (tag, f'W/{tag}, "other"'):
        again = client.get(f"{TILES}/{layer}/{HERE}.mvt", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"{TILES}/{layer}/{HERE}.mvt", headers={"If-None-Match": '"other"'}).status_code == 200
    statement = {
        "branches": "DELETE FROM branch_area WHERE branch_code = 'W'",
        "communities": "DELETE FROM community WHERE code = 'C02'",
        "territories": "UPDATE territory_plan SET effective_to = effective_from WHERE branch_code = 'W'",
        "orphans": "INSERT INTO run (as_of) VALUES ('2026-03-11')",
        "customers": "UPDATE policy SET status = 'LAPSED' WHERE policy_no = 'P1'",
    }[layer]
    change(statement)  # type: ignore[operator]
    after = client.get(f"{TILES}/{layer}/{HERE}.mvt", headers={"If-None-Match": tag})
    assert after.status_code == 200
    assert after.headers["etag"] != tag
    assert (after.content == first.content) == (layer in ("orphans", "customers"))


def test_the_date_belongs_to_the_tag_of_territories_alone(client: TestClient) -> None:
    def tag(layer: str, on: str) -> str:
        return client.get(f"{TILES}/{layer}/{HERE}.mvt", params={"on": on}).headers["etag"]

    assert tag("territories", "2026-03-10") != tag("territories", "2026-04-01")
    assert tag("branches", "2026-03-10") == tag("branches", "2026-04-01")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("roads/11/1706/845", 404, "TILE_LAYER_UNKNOWN"),
        ("orphans/11/2048/845", 404, "TILE_OUTSIDE_GRID"),
        ("orphans/23/0/0", 404, "TILE_OUTSIDE_GRID"),
        ("orphans/-1/0/0", 404, "TILE_OUTSIDE_GRID"),
        ("orphans/99999999999999999999/0/0", 404, "TILE_OUTSIDE_GRID"),
        ("orphans/a/0/0", 422, "VALIDATION_FAILED"),
        ("orphans/1.5/0/0", 422, "VALIDATION_FAILED"),
        ("orphans/nan/0/0", 422, "VALIDATION_FAILED"),
        ("customers/22/4194304/0", 404, "TILE_OUTSIDE_GRID"),
        ("territories%2F..%2Forphans/0/0/0", 404, "NO_SUCH_PATH"),
        ("../orphans/0/0/0", 404, "NO_SUCH_PATH"),
        ("territories%00/0/0/0", 404, "TILE_LAYER_UNKNOWN"),
        ("territories'--/0/0/0", 404, "TILE_LAYER_UNKNOWN"),
        ("瓦片/0/0/0", 404, "TILE_LAYER_UNKNOWN"),
        ("x" * 5000 + "/0/0/0", 422, "VALIDATION_FAILED"),
        ("territories/11/1706/845?x", 404, "NO_SUCH_PATH"),
    ],
)
def test_what_is_no_tile_is_a_problem(client: TestClient, path: str, status: int, code: str) -> None:
    answer = client.get(f"{TILES}/{path}.mvt" if "?" not in path else f"{TILES}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("on", ["yesterday", "2026-02-30", "0001-01-01", "20260310"])
def test_a_date_that_is_none_is_refused(client: TestClient, on: str) -> None:
    for path in (f"territories/{HERE}.mvt", "extent"):
        answer = client.get(f"{TILES}/{path}", params={"on": on})
        assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION_FAILED")


@pytest.mark.parametrize("plan", ["0", "-1", "x", "1.5", "9223372036854775808", "1 OR 1=1", ""])
def test_a_plan_that_is_no_number_is_refused(client: TestClient, plan: str) -> None:
    for path in (f"territories/{HERE}.mvt", "extent"):
        answer = client.get(f"{TILES}/{path}", params={"plan": plan})
        assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION_FAILED")


def test_a_plan_that_is_not_there_is_not_found(client: TestClient) -> None:
    for path in (f"territories/{HERE}.mvt", "extent"):
        answer = client.get(f"{TILES}/{path}", params={"plan": 9_000_000_000})
        assert (answer.status_code, answer.json()["code"]) == (404, "TERRITORY_PLAN_NOT_FOUND")


def plan_of(database_url: str, statement: str) -> int:
    engine = create_engine(normal_url(database_url))
    with engine.begin() as connection:
        number: int = connection.execute(text(statement)).scalar_one()
    engine.dispose()
    return number


def test_a_published_plan_may_be_kept_and_a_draft_is_asked_for_each_time(
    client: TestClient, database_url: str, change: object
) -> None:
    published = plan_of(
        database_url, "SELECT min(id) FROM territory_plan WHERE state = 'PUBLISHED' AND branch_code = 'E'"
    )
    engine = create_engine(normal_url(database_url))
    with engine.begin() as connection:
        draft = build_draft(connection)
    engine.dispose()

    def get(plan: int, **more: str) -> httpx2.Response:
        return client.get(f"{TILES}/territories/{HERE}.mvt", params={"plan": plan, **more})

    def word(plan: int) -> str:
        return client.get(f"{TILES}/extent", params={"plan": plan}).json()["versions"]["territories"]

    assert get(draft).headers["cache-control"] == "private, no-cache"
    assert get(draft, v=word(draft)).headers["cache-control"] == "private, no-cache"
    assert get(published).headers["cache-control"] == "private, max-age=86400"
    assert get(published, v="older").headers["cache-control"] == "private, no-cache"
    first = word(published)
    kept = get(published, v=first)
    assert kept.headers["cache-control"] == "private, max-age=31536000, immutable"
    # A draft's edit does not change the word of a published plan; a team's new name does, and so the address of its tiles.
    change("UPDATE territory_plan SET revision = revision + 1 WHERE state = 'DRAFT'")  # type: ignore[operator]
    assert word(published) == first
    change("UPDATE team SET name = '新名' WHERE code = 'T-E1'")  # type: ignore[operator]
    deadline = monotonic() + 30
    while word(published) == first:  # built beside the requests
        assert monotonic() < deadline
    assert get(published, v=first).headers["cache-control"] == "private, no-cache"
    assert get(published).headers["etag"] != kept.headers["etag"]


def test_an_edit_of_a_draft_is_seen_at_once_and_only_where_it_is(client: TestClient, database_url: str) -> None:
    engine = create_engine(normal_url(database_url))
    with engine.begin() as connection:
        draft = build_draft(connection)

    def tags() -> list[str]:
        return [
            client.get(f"{TILES}/territories/15/{at.x}/{at.y}.mvt", params={"plan": draft}).headers["etag"]
            for at in (square(15, 0.001, 0.005), square(15, 0.029, 0.005))
        ]

    before = tags()
    box_before = client.get(f"{TILES}/extent", params={"plan": draft}).json()
    with engine.begin() as connection:
        draw(connection, draft, "T-E2", box(0.02, 0.03, 0, 0.02))
    engine.dispose()
    after = tags()
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)
    box_after = client.get(f"{TILES}/extent", params={"plan": draft}).json()
    assert box_before["versions"]["territories"] != box_after["versions"]["territories"]
    assert box_before["versions"]["communities"] == box_after["versions"]["communities"]
    assert box_after["bbox"] == pytest.approx([120.0, 30.0, 120.03, 30.02])


def test_extent_says_where_to_look_and_what_is_current(client: TestClient, change: object) -> None:
    body = client.get(f"{TILES}/extent").json()
    assert body["bbox"] == pytest.approx([120.0, 30.0, 120.04, 30.02])
    assert body["on"] == "2026-03-10"
    change("DELETE FROM community")  # type: ignore[operator]
    after = client.get(f"{TILES}/extent").json()["versions"]
    assert {layer for layer in after if after[layer] != body["versions"][layer]} == {"communities"}
    assert set(after) == {"branches", "communities", "territories", "orphans", "customers"}


def test_extent_of_nothing_is_null(client: TestClient) -> None:
    assert client.get(f"{TILES}/extent", params={"team_code": "NOBODY"}).json()["bbox"] is None
