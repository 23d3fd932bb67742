"""Who owns a place on a date."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from app.territories.plans.deliver import deliver

from .world import EAST, NORTH, TODAY, box


def at(client: TestClient, x: float, y: float, **query: str) -> dict[str, Any]:
    point = {"lon": str(round(EAST + x, 6)), "lat": str(round(NORTH + y, 6)), "crs": "CGCS2000"}
    answer = client.get("/api/v1/territories/at", params=point | query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def owners(told: dict[str, Any]) -> list[tuple[str, bool, str | None]]:
    return [(team["team_code"], team["touching"], team["reason"]) for team in told["teams"]]


@pytest.mark.parametrize(
    ("x", "y", "teams", "branches", "communities"),
    [
        (0.005, 0.005, [("T-E1", False, None)], ["E"], ["C01"]),
        (0.005, 0.015, [], ["E"], ["C04"]),
        (0.020, 0.002, [("T-E1", True, None), ("T-E2", True, None)], ["E"], ["C02", "C03"]),
        (0.021, 0.005, [("T-E1", False, None), ("T-E2", False, None)], ["E"], ["C03"]),
        (0.030, 0.002, [("T-E2", True, None), ("T-W1", True, None)], ["E", "W"], ["C03", "C05"]),
        (0.035, 0.015, [("T-W2", False, "ENDED")], ["W"], ["C06"]),
        (0.0, 0.0, [("T-E1", True, None)], ["E"], ["C01"]),
        (0.5, 0.5, [], [], []),
    ],
)
def test_what_covers_a_point_borders_included(
    shared_client: TestClient,
    x: float,
    y: float,
    teams: list[tuple[str, bool, str | None]],
    branches: list[str],
    communities: list[str],
) -> None:
    told = at(shared_client, x, y)
    assert owners(told) == teams
    assert told["branch_codes"] == branches
    assert [community["code"] for community in told["communities"]] == communities
    assert (told["level"], told["precise"], told["date"]) == (None, True, TODAY.isoformat())


@pytest.mark.parametrize(
    ("crs", "lon", "lat"), [("GCJ02", 120.022707, 30.002588), ("CGCS2000", 120.018, 30.005), ("WGS84", 120.018, 30.005)]
)
def test_a_point_is_converted_from_its_declared_system(
    shared_client: TestClient, crs: str, lon: float, lat: float
) -> None:
    told = shared_client.get("/api/v1/territories/at", params={"lon": lon, "lat": lat, "crs": crs}).json()
    assert (round(told["point"]["lon"], 5), round(told["point"]["lat"], 5)) == (120.018, 30.005)
    assert owners(told) == [("T-E1", False, None)]


def test_the_territory_in_force_on_the_date_counts(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        # T-E1 hands C02 over to T-E2 from April on (rulebook, example 20)
        for team, area in (("T-E1", box(0, 0.010, 0, 0.010)), ("T-E2", box(0.010, 0.030, 0, 0.010))):
            connection.execute(
                text(
                    "INSERT INTO delivered_territory (team_code, effective_from, geom) VALUES (:team, '2026-04-01', CAST(:geom AS geometry))"
                ),
                {"team": team, "geom": area},
            )
        deliver(connection)
    for day, team in (("2026-03-31", "T-E1"), ("2026-04-01", "T-E2"), ("2027-01-01", "T-E2")):
        assert owners(at(client, 0.015, 0.005, on=day)) == [(team, False, None)]
    assert owners(at(client, 0.015, 0.005, on="2025-12-31")) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("ended_on = '2026-03-10'", "ENDED"),
        ("ended_on = '2026-03-11'", None),
        ("takes_part = false", "NOT_TAKING_PART"),
        ("takes_part = false, ended_on = '2026-03-10'", "ENDED"),
    ],
)
def test_a_team_that_may_not_receive_is_shown_with_the_reason(
    client: TestClient, world: Engine, change: str, reason: str | None
) -> None:
    with world.begin() as connection:
        connection.execute(text(f"UPDATE team SET {change} WHERE code = 'T-E1'"))
    (team,) = at(client, 0.005, 0.005)["teams"]
    assert (team["team_code"], team["eligible"], team["reason"]) == ("T-E1", reason is None, reason)


def test_an_address_is_geocoded(shared_client: TestClient) -> None:
    answer = shared_client.get("/api/v1/territories/at", params={"address": "南京市建邺区庐山路101号奥体新城丹枫园"})
    told = answer.json()
    assert (round(told["point"]["lon"], 4), round(told["point"]["lat"], 4)) == (120.005, 30.005)
    assert owners(told) == [("T-E1", False, None)]
    assert told["precise"]
    assert 0 < told["confidence"] <= 1
    assert told["matched"] == "奥体新城丹枫园"


@pytest.mark.parametrize("address", ["不知何处", "x", "123"])
def test_an_address_that_is_nowhere_is_said_to_be(shared_client: TestClient, address: str) -> None:
    answer = shared_client.get("/api/v1/territories/at", params={"address": address})
    assert (answer.status_code, answer.json()["code"]) == (422, "ADDRESS_NOT_LOCATED")
