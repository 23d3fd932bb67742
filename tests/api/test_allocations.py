"""Single allocations, cases with their explanation, runs and what is done with them, counts."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from app.allocation.run import execute_run

from .world import add_orphan


def orphans(world: Engine, *numbers: int, x: float | None = 0.005, y: float | None = 0.005) -> None:
    with world.begin() as connection:
        for number in numbers:
            add_orphan(connection, number, x, y)


def test_an_allocation_goes_to_the_owner_of_the_region_and_says_why(client: TestClient, world: Engine) -> None:
    orphans(world, 1)
    answer = client.post("/api/v1/allocations", json={"policy_no": "P000001", "confirm": True})
    assert answer.status_code == 201
    told = answer.json()
    assert (told["team_code"], told["rung"], told["state"]) == ("T-E1", "REGION_OWNER", "TEAM_POOL")
    assert told["policy_nos"] == ["P000001"]
    assert "T-E1队" in told["explanation"]["zh"]
    assert "T-E1" in told["explanation"]["en"]
    rungs = [asked["rung"] for asked in told["explanation"]["ladder"]]
    assert rungs == ["DESIGNATED", "CURRENT_SERVICER", "REGION_OWNER"]
    (candidate,) = told["explanation"]["ladder"][-1]["candidates"]
    assert (candidate["team_code"], candidate["outcome"], candidate["load"], candidate["capacity"]) == (
        "T-E1",
        "PASS",
        120,
        200,
    )


def test_to_allocate_again_answers_with_the_case_as_it_is(client: TestClient, world: Engine) -> None:
    orphans(world, 1)
    first = client.post("/api/v1/allocations", json={"policy_no": "P000001", "confirm": True})
    again = client.post("/api/v1/allocations", json={"policy_no": "P000001", "confirm": True})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json().keys() == again.json().keys()
    assert first.json()["team_code"] == again.json()["team_code"]
    with world.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM allocation")).scalar_one() == 1


def test_an_unconfirmed_allocation_is_a_proposal(client: TestClient, world: Engine) -> None:
    orphans(world, 1)
    told = client.post("/api/v1/allocations", json={"policy_no": "P000001"}).json()
    assert told["state"] == "PROPOSED"
    run = client.get(f"/api/v1/runs/{told['run_id']}").json()
    assert run["status"] == "PROPOSED"
    assert client.post(f"/api/v1/runs/{told['run_id']}/confirm").json()["status"] == "CONFIRMED"
    assert client.get("/api/v1/cases/P000001").json()["state"] == "TEAM_POOL"


@pytest.mark.parametrize(
    ("policy_no", "status", "code"), [("nobody's", 404, "POLICY_NOT_FOUND"), ("XL-A1-1", 409, "NOTHING_TO_ALLOCATE")]
)
def test_what_cannot_be_allocated_is_said(client: TestClient, policy_no: str, status: int, code: str) -> None:
    answer = client.post("/api/v1/allocations", json={"policy_no": policy_no})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_event_after_the_date_opens_nothing(client: TestClient, world: Engine) -> None:
    orphans(world, 1)
    answer = client.post("/api/v1/allocations", json={"policy_no": "P000001", "as_of": "2026-03-04"})
    assert (answer.status_code, answer.json()["code"]) == (409, "NOTHING_TO_ALLOCATE")


def test_a_case_waits_for_its_approval(client: TestClient, world: Engine) -> None:
    event = {
        "event_id": "E1",
        "policy_no": "XL-A1-1",
        "reason": "CUSTOMER_REQUEST",
        "event_on": "2026-03-05",
        "origin_agent_code": "A1",
    }
    assert client.post("/api/v1/events", json=event).status_code == 201
    told = client.post("/api/v1/allocations", json={"policy_no": "XL-A1-1"}).json()
    assert (told["state"], told["rung"], told["team_code"]) == ("PENDING_APPROVAL", None, None)
    case = client.get("/api/v1/cases/XL-A1-1").json()
    assert (case["state"], case["bundle_no"], case["explanation"]["ladder"]) == ("PENDING_APPROVAL", None, [])


def test_an_address_without_a_point_is_geocoded_on_the_way(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        add_orphan(connection, 1, None, None, address="南京市建邺区庐山路103号仁恒江湾城2幢301室")
    told = client.post(
        "/api/v1/allocations", json={"policy_no": "P000001", "as_of": "2026-03-20", "confirm": True}
    ).json()
    assert (round(told["lon"], 3), round(told["lat"], 3)) == (120.025, 30.005)
    assert told["level"] is not None


def test_cases_are_filtered(client: TestClient, world: Engine) -> None:
    orphans(world, 1, 2)
    orphans(world, 3, x=0.025)
    orphans(world, 4, y=0.015)
    for number in (1, 3, 4):
        client.post("/api/v1/allocations", json={"policy_no": f"P00000{number}", "confirm": number != 3})

    def found(query: str) -> list[str]:
        return [item["policy_no"][-1] for item in client.get(f"/api/v1/cases?{query}").json()["items"]]

    assert found("") == ["1", "3", "4"]
    assert found("state=PROPOSED") == ["3"]
    assert found("team_code=T-E1") == ["1"]
    assert found("rung=BRANCH_BALANCE") == ["4"]
    assert found("policy_no=P000003") == ["3"]
    assert found("branch_code=W") == []
    assert found("state=TEAM_POOL&rung=REGION_OWNER&branch_code=E") == ["1"]
    assert found("state=CLOSED") == []
    with world.begin() as connection:
        connection.execute(text("UPDATE allocation SET live = false"))
        connection.execute(text("UPDATE orphan_case SET state = 'CLOSED', open = false WHERE policy_no = 'P000001'"))
    assert found("") == ["3", "4"]
    assert found("state=CLOSED") == ["1"]


def run_it(client: TestClient, world: Engine, **wanted: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/runs", json={"as_of": "2026-03-10", **wanted})
    assert answer.status_code == 202
    path = answer.headers["location"]
    queued = client.get(path).json()
    assert queued == answer.json()
    assert (queued["status"], queued["progress"], queued["counts"]) == ("QUEUED", 0, None)
    execute_run(world, queued["id"])
    told: dict[str, Any] = client.get(path).json()
    return told


def test_a_run_is_proposed_then_confirmed(client: TestClient, world: Engine) -> None:
    orphans(world, 1, 2, 3)
    run = run_it(client, world)
    assert (run["status"], run["counts"]["by_rung"], run["progress"]) == ("PROPOSED", {"REGION_OWNER": 3}, 1)
    assert run["seconds"].keys() >= {"geocode", "allocate", "store"}
    path = f"/api/v1/runs/{run['id']}"
    assert client.post(f"{path}/confirm").json()["status"] == "CONFIRMED"
    for action in ("confirm", "discard"):
        answer = client.post(f"{path}/{action}")
        assert (answer.status_code, answer.json()["code"]) == (409, "RUN_NOT_PROPOSED")


def test_a_discarded_run_leaves_nothing(client: TestClient, world: Engine) -> None:
    orphans(world, 1)
    run = run_it(client, world)
    assert client.post(f"/api/v1/runs/{run['id']}/discard").json()["status"] == "DISCARDED"
    assert client.get("/api/v1/teams/T-E1/pool").json()["total"] == 0
    again = run_it(client, world, confirm=True)
    assert again["status"] == "CONFIRMED"
    assert client.get("/api/v1/teams/T-E1/pool").json()["total"] == 1


def test_a_batch_of_policies_is_a_run_of_their_own(client: TestClient, world: Engine) -> None:
    orphans(world, 1, 2, 3)
    answer = client.post("/api/v1/allocations/batch", json={"policy_nos": ["P000001", "P000003"], "confirm": True})
    assert (answer.status_code, answer.json()["policies"]) == (202, 2)
    execute_run(world, answer.json()["id"])
    assert [item["policy_no"] for item in client.get("/api/v1/cases").json()["items"]] == ["P000001", "P000003"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "runs/99"), ("POST", "runs/99/confirm"), ("POST", "runs/99/discard")]
)
def test_a_run_that_is_none_is_not_found(shared_client: TestClient, method: str, path: str) -> None:
    answer = shared_client.request(method, f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "RUN_NOT_FOUND")


def test_a_queued_run_cannot_be_confirmed(client: TestClient) -> None:
    run = client.post("/api/v1/runs", json={"as_of": "2026-03-10"}).json()
    answer = client.post(f"/api/v1/runs/{run['id']}/confirm")
    assert (answer.status_code, answer.json()["code"]) == (409, "RUN_NOT_PROPOSED")


def test_the_summary_adds_up(client: TestClient, world: Engine) -> None:
    orphans(world, 1, 2)  # T-E1 owns it
    orphans(world, 3, y=0.015)  # nobody does: balanced
    with world.begin() as connection:  # nowhere: balanced, and left out of the rate
        add_orphan(connection, 4, None, None, address="不知何处")
    run = run_it(client, world, confirm=True)
    summary = client.get("/api/v1/statistics/summary").json()
    assert (summary["cases"], summary["bundles"], summary["policyholders"]) == (4, 4, 4)
    assert sum(row["cases"] for row in summary["by_state"]) == 4
    decided = sum(row["policies"] for row in summary["by_level"])
    assert (
        decided
        == summary["located"]["by_point"] + summary["located"]["by_community"] + summary["located"]["not_at_all"]
    )
    assert summary["located"]["by_point"] == 3
    by_rung = {row["rung"]: row["policies"] for row in summary["by_rung"]}
    assert by_rung["REGION_OWNER"] == 2
    assert (summary["kept_in_team"], summary["kept_in_team_rate"]) == (2, round(2 / 3, 4))
    assert summary["seconds"] == run["seconds"]
    of_run = client.get(f"/api/v1/statistics/summary?run={run['id']}").json()
    assert {**of_run, "run": None} == summary
