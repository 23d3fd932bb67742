"""Versions, sources and places of the gazetteer over HTTP."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

PLACE = (
    "INSERT INTO gazetteer_place (id, name, kind, city, point, source) "
    "SELECT 'P' || i, CASE WHEN i % 2 = 0 THEN '百分百%花园' ELSE '百分百广场' END, 'POI', '乙市', ST_SetSRID(ST_Point(120, 30), 4490), '甲图' "
    "FROM generate_series(1, 7) AS i"
)


@pytest.fixture
def filled(world: Engine, client: TestClient) -> TestClient:
    """A client over a world with some places more, put there in three versions."""
    with world.begin() as connection:
        connection.execute(text(PLACE))
    for name in ("一", "二"):
        with world.begin() as connection:
            connection.execute(text("UPDATE gazetteer_place SET address = :name WHERE id = 'P1'"), {"name": name})
    return client


def test_versions_come_newest_first_and_page_by_page(filled: TestClient) -> None:
    first = filled.get("/api/v1/gazetteer/versions?limit=2").json()
    assert [item["number"] for item in first["items"]] == [4, 3]
    assert (first["items"][0]["cause"], first["items"][0]["changed"]) == ("OTHER", 1)
    second = filled.get(f"/api/v1/gazetteer/versions?limit=2&cursor={first['next']}").json()
    assert [item["number"] for item in second["items"]] == [2, 1]
    assert second["next"] is None
    assert second["items"][0]["added"] == 7


def test_places_are_found_by_letters_of_their_name(filled: TestClient) -> None:
    def ids(query: str) -> list[str]:
        return [item["id"] for item in filled.get(f"/api/v1/gazetteer/places?{query}").json()["items"]]

    assert ids("q=百分百广场") == ["P1", "P3", "P5", "P7"]
    # A sign that means something to the database means itself.
    assert ids("q=百分百%25") == ["P2", "P4", "P6"]
    assert ids("q=_") == []
    assert ids("q=没有") == []
    first = filled.get("/api/v1/gazetteer/places?q=百分百&limit=5").json()
    rest = filled.get(f"/api/v1/gazetteer/places?q=百分百&limit=5&cursor={first['next']}").json()
    assert [item["id"] for item in first["items"] + rest["items"]] == [f"P{i}" for i in range(1, 8)]
    assert (first["items"][0]["lon"], first["items"][0]["lat"]) == (120.0, 30.0)


def test_sources_are_listed(filled: TestClient) -> None:
    listed = filled.get("/api/v1/gazetteer/sources").json()
    assert next(item for item in listed if item["source"] == "甲图")["rows"] == 7


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v1/gazetteer/places", "VALIDATION_FAILED"),
        ("/api/v1/gazetteer/places?q=", "VALIDATION_FAILED"),
        ("/api/v1/gazetteer/places?q=a&cursor=x", "CURSOR_INVALID"),
        ("/api/v1/gazetteer/versions?cursor=x", "CURSOR_INVALID"),
    ],
)
def test_what_cannot_be_read_is_refused(shared_client: TestClient, path: str, code: str) -> None:
    assert shared_client.get(path).json()["code"] == code
