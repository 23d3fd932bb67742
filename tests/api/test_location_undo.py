"""A decision taken back."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from .reviews import DECISIONS, URL, allocate, at, claim, decide, households, location_of, state_of, waiting


def decided(client: TestClient, world: Engine, choice: dict[str, Any], reviewer: str = "甲") -> int:
    got = claim(client, reviewer)
    answer = decide(client, got["ids"][0], got["claim"], choice, reviewer)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def undo(client: TestClient, decision: int, reviewer: str = "甲", **more: Any) -> Any:
    return client.post(f"{DECISIONS}/{decision}/undo", json={"reviewer": reviewer, **more})


def without_times(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in ("id", "revision")} for row in rows]


def test_everything_is_as_before(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        nos = households(connection, 1, 3)
    allocate(world)
    queue, located = waiting(world), [location_of(world, no) for no in nos]
    decision = decided(client, world, at(0.005, 0.005))
    assert waiting(world) == []
    told = undo(client, decision).json()
    assert (told["addresses"], told["cases_waiting"], told["cases_allocated"]) == (3, 3, 0)
    assert told["waiting_policy_nos"] == nos
    assert [location_of(world, no) for no in nos] == located
    assert without_times(waiting(world)) == without_times(queue)
    assert {state_of(world, no) for no in nos} == {"LOCATION_REVIEW"}
    with world.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM learned_place")).scalar_one() == 0
        assert connection.execute(text("SELECT count(*) FROM location_before")).scalar_one() == 0
    kept = client.get(f"{DECISIONS}/{decision}").json()
    assert (kept["decided_by"], kept["undone_by"]) == ("甲", "甲")
    again = undo(client, decision)
    assert (again.status_code, again.json()["code"]) == (409, "LOCATION_DECISION_UNDONE")
    # and it can be decided anew
    decided(client, world, at(0.025, 0.005))
    assert round(location_of(world, nos[2])["lon"], 3) == 120.025


def test_another_person_says_why(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        households(connection, 1, 1)
    allocate(world)
    decision = decided(client, world, at(0.005, 0.005))
    refused = undo(client, decision, "乙")
    assert (refused.status_code, refused.json()["code"]) == (422, "UNDO_REASON_MISSING")
    stale = client.post(
        f"{DECISIONS}/{decision}/undo", json={"reviewer": "乙", "reason": "错"}, headers={"If-Match": '"1-undone"'}
    )
    assert (stale.status_code, stale.json()["code"]) == (412, "LOCATION_DECISION_CHANGED")
    seen = client.get(f"{DECISIONS}/{decision}")
    done = client.post(
        f"{DECISIONS}/{decision}/undo",
        json={"reviewer": "乙", "reason": "看错了楼盘"},
        headers={"If-Match": seen.headers["etag"]},
    )
    assert done.status_code == 200
    (row,) = client.get(DECISIONS).json()["items"]
    assert (row["undone_by"], row["undone_reason"]) == ("乙", "看错了楼盘")
    assert client.get(DECISIONS, params={"standing": "true"}).json()["items"] == []
    assert undo(client, 10**6).json()["code"] == "LOCATION_DECISION_NOT_FOUND"


def test_what_is_allocated_already_stays_and_is_listed(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        nos = households(connection, 1, 2)
    allocate(world)
    decision = decided(client, world, at(0.025, 0.005))
    allocate(world, confirm=True)
    told = undo(client, decision).json()
    assert (told["cases_waiting"], told["cases_allocated"]) == (0, 2)
    assert told["allocated"] == [{"policy_no": no, "state": "TEAM_POOL", "team_code": "T-E2"} for no in nos]
    assert {state_of(world, no) for no in nos} == {"TEAM_POOL"}
    assert {location_of(world, no)["provider"] for no in nos} == {"gazetteer"}
    assert waiting(world) == []


def test_an_older_decision_that_stands_holds_again(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        nos = households(connection, 1, 2)
    allocate(world)
    first = decided(client, world, at(1.0, 1.0) | {"outside_city": True})
    assert {row["location_decision_id"] for row in waiting(world)} == {first}
    (row, _) = waiting(world)
    got = claim(client, "乙", id=row["id"])
    second = decide(client, row["id"], got["claim"], at(0.005, 0.005), "乙").json()["id"]
    assert {location_of(world, no)["review_id"] for no in nos} == {second}
    assert {state_of(world, no) for no in nos} == {"LOCATED"}
    undo(client, second, "乙")
    assert {location_of(world, no)["review_id"] for no in nos} == {first}
    undo(client, first)
    assert {location_of(world, no)["provider"] for no in nos} == {"gazetteer"}
    allocate(world)
    assert {state_of(world, no) for no in nos} == {"LOCATION_REVIEW"}
    assert len(client.get(URL).json()["items"]) == 2


def test_an_address_that_was_never_geocoded_is_asked_of_the_geocoder(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        households(connection, 1, 1)
    allocate(world)
    decision = decided(client, world, at(0.005, 0.005))
    with world.begin() as connection:
        (late,) = households(connection, 7, 1)
    allocate(world)
    assert location_of(world, late)["provider"] == "REVIEW"
    undo(client, decision)
    allocate(world)
    assert location_of(world, late)["provider"] == "gazetteer"
