"""Organisations, teams and pools: figures, filters, masks and scope."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.access.principal import Principal, Scope
from app.allocation.single import allocate_policy
from app.deps import get_principal

from .conftest import client_of
from .world import TODAY, add_orphan


def test_organisations_by_level(shared_client: TestClient) -> None:
    def codes(query: str) -> list[str]:
        return [item["code"] for item in shared_client.get(f"/api/v1/organisations{query}").json()]

    assert codes("") == ["C", "E", "P", "W"]
    assert codes("?level=branch") == ["E", "W"]
    assert codes("?level=city") == ["C"]


@pytest.mark.parametrize(
    ("code", "capacity", "load"),
    [  # members that have left or are on leave count neither in capacity nor in load
        ("T-E1", 200, 120),
        ("T-E2", 100, 50),
        ("T-E3", 100, 20),
        ("T-W1", 100, 100),
        ("T-W2", 0, 0),
        ("M-E1", 100, 10),
    ],
)
def test_a_team_shows_what_it_carries_today(shared_client: TestClient, code: str, capacity: int, load: int) -> None:
    team = shared_client.get(f"/api/v1/teams/{code}").json()
    assert (team["capacity"], team["load"], team["pool"]) == (capacity, load, 0)


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("?branch_code=W", ["T-W1", "T-W2", "T-W3"]),
        ("?force=MARKETING", ["M-E1"]),
        ("?branch_code=E&force=COLLECTION", ["T-E1", "T-E2", "T-E3"]),
        ("?branch_code=Q", []),
    ],
)
def test_teams_are_filtered(shared_client: TestClient, query: str, codes: list[str]) -> None:
    assert [item["code"] for item in shared_client.get(f"/api/v1/teams{query}").json()["items"]] == codes


def test_a_pool_is_masked(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        number = add_orphan(connection, 1, 0.0051234, 0.0051234)
        allocate_policy(connection, number, as_of=TODAY, confirm=True)
    answer = client.get("/api/v1/teams/T-E1/pool")
    (item,) = answer.json()["items"]
    assert item == {
        "policy_no": "P000001",
        "policyholder": {"name": "王＊＊", "phone": "199****0000"},
        "product": "终身寿险",
        "premium": 1234.5,
        "reasons": ["AGENT_TERMINATED"],
        "nature": "PURE",
        "rung": "REGION_OWNER",
        "flags": [],
        "state": "TEAM_POOL",
        "agent_code": None,
        "bundle_no": "P000001",
        "address": "南京市建邺区庐山路＊＊号＊＊幢＊＊室",
        "lon": 120.005,
        "lat": 30.005,
        "level": item["level"],
    }
    for secret in ("小明", "1234000", "101", "1203室", "0.0051"):
        assert secret not in answer.text
    assert (answer.json()["total"], answer.json()["next"]) == (1, None)
    assert client.get("/api/v1/teams/T-E1").json()["pool"] == 1
    assert client.get("/api/v1/teams/T-E1").json()["load"] == 121


def test_a_pool_is_filtered_by_state(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        allocate_policy(connection, add_orphan(connection, 1), as_of=TODAY, confirm=True)
        allocate_policy(connection, add_orphan(connection, 2), as_of=TODAY, confirm=False)
    for state, numbers in (("TEAM_POOL", ["P000001"]), ("PROPOSED", ["P000002"]), ("ASSIGNED", [])):
        pool = client.get(f"/api/v1/teams/T-E1/pool?state={state}").json()
        assert ([item["policy_no"] for item in pool["items"]], pool["total"]) == (numbers, len(numbers))


@pytest.fixture
def lead(app: FastAPI) -> Iterator[TestClient]:
    """A client whose caller is the lead of T-E1."""
    scope = Scope(branch_codes=frozenset({"E"}), team_codes=frozenset({"T-E1"}))
    app.dependency_overrides[get_principal] = lambda: Principal("lead", "lead", scope)
    with client_of(app) as client:
        yield client


@pytest.mark.parametrize("path", ["teams/T-E2/pool", "teams/T-E2", "teams/T-W1", "teams/nobody", "teams/nobody/pool"])
def test_a_lead_does_not_even_learn_which_other_teams_there_are(lead: TestClient, path: str) -> None:
    answer = lead.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["code"]) == (403, "OUT_OF_SCOPE")


def test_nothing_of_other_teams_leaks_in_lists(lead: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        allocate_policy(connection, add_orphan(connection, 1, 0.005, 0.005), as_of=TODAY, confirm=True)
        allocate_policy(connection, add_orphan(connection, 2, 0.025, 0.005), as_of=TODAY, confirm=True)
    assert [team["code"] for team in lead.get("/api/v1/teams").json()["items"]] == ["T-E1"]
    assert [one["code"] for one in lead.get("/api/v1/organisations?level=branch").json()] == ["E"]
    assert [case["policy_no"] for case in lead.get("/api/v1/cases").json()["items"]] == ["P000001"]
    assert lead.get("/api/v1/cases?team_code=T-E2").json()["items"] == []
    assert lead.get("/api/v1/cases/P000001").status_code == 200
    assert lead.get("/api/v1/cases/P000002").json()["code"] == "OUT_OF_SCOPE"
    assert lead.get("/api/v1/runs").json()["items"] == []
    assert lead.post("/api/v1/runs", json={"as_of": "2026-03-10"}).json()["code"] == "OUT_OF_SCOPE"
