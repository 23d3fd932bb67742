"""The life of territory plans over HTTP, and what the database refuses whoever asks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from app.territories.plans.deliver import deliver

from .test_territories import at, owners
from .world import box

PLANS = "/api/v1/territory-plans"


def draft(client: TestClient, branch: str = "E", **given: Any) -> dict[str, Any]:
    answer = client.post(PLANS, json={"branch_code": branch, "name": "二季度区域", "by": "李制图", **given})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def mend(client: TestClient, plan: int, by: str = "李制图") -> None:
    """Mends what keeps a draft from being submitted: the rulebook's world has an overlap in E, and a dissolved team in W."""
    while items := client.get(f"{PLANS}/{plan}/defects", params={"severity": "ERROR"}).json()["items"]:
        way = items[0]["ways"][0]
        edit(client, plan, by, verb="REPAIR", defect_id=items[0]["id"], way=way["way"], team_code=way["team_code"])


def step(client: TestClient, plan: int, name: str, by: str, **given: Any) -> dict[str, Any]:
    if name == "submit":
        mend(client, plan, by)
    answer = client.post(f"{PLANS}/{plan}/{name}", json={"by": by, **given})
    assert answer.status_code in (200, 201), answer.text
    told: dict[str, Any] = answer.json()
    return told


def edit(client: TestClient, plan: int, by: str = "李制图", version: int | None = None, **verb: Any) -> dict[str, Any]:
    if version is None:
        version = client.get(f"{PLANS}/{plan}").json()["version"]
    answer = client.post(f"{PLANS}/{plan}/edits", json={"by": by, "version": version, "edit": verb})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def published(client: TestClient, on: str, *, branch: str = "E", **verb: Any) -> int:
    """A draft with one edit, approved by somebody else and published."""
    plan: int = draft(client, branch)["id"]
    edit(client, plan, **verb)
    step(client, plan, "submit", "李制图")
    step(client, plan, "approve", "王审批")
    step(client, plan, "publish", "王审批", effective_from=on)
    return plan


HAND_OVER = {"verb": "ASSIGN_COMMUNITIES", "community_codes": ["C02"], "to_team_code": "T-E2"}


def test_what_was_delivered_is_a_published_version(client: TestClient) -> None:
    items = client.get(PLANS).json()["items"]
    assert [(one["branch_code"], one["number"], one["state"], one["origin"], one["territories"]) for one in items] == [
        ("W", 1, "ACTIVE", "DELIVERED", 2),
        ("E", 1, "ACTIVE", "DELIVERED", 2),
    ]
    assert client.get(PLANS, params={"branch_code": "E", "state": "ACTIVE"}).json()["items"] == items[1:]
    assert client.get(PLANS, params={"state": "DRAFT"}).json()["items"] == []


def test_a_draft_decides_nothing_until_it_is_published(client: TestClient) -> None:
    plan = draft(client)
    assert (plan["state"], plan["number"], plan["steps"]) == ("DRAFT", 2, ["submit", "discard"])
    edit(client, plan["id"], **HAND_OVER)
    assert owners(at(client, 0.015, 0.005, on="2026-04-01")) == [("T-E1", False, None)]
    step(client, plan["id"], "submit", "李制图")
    assert step(client, plan["id"], "approve", "王审批")["state"] == "APPROVED"
    told = step(client, plan["id"], "publish", "王审批", effective_from="2026-04-01")
    assert (told["state"], told["effective_from"], told["effective_to"]) == ("SCHEDULED", "2026-04-01", None)
    for day, team in (("2026-03-31", "T-E1"), ("2026-04-01", "T-E2")):
        assert owners(at(client, 0.015, 0.005, on=day)) == [(team, False, None)]
    before = client.get(f"{PLANS}/{plan['base_id']}").json()
    assert (before["state"], before["effective_to"]) == ("ACTIVE", "2026-04-01")
    life = client.get(f"{PLANS}/{plan['id']}/life").json()["items"]
    assert [(one["to_state"], one["person"]) for one in life] == [
        ("DRAFT", "李制图"),
        ("IN_REVIEW", "李制图"),
        ("APPROVED", "王审批"),
        ("PUBLISHED", "王审批"),
    ]


def test_a_territory_keeps_the_day_from_which_the_team_has_it(client: TestClient) -> None:
    plan = published(client, "2026-04-01", verb="GIVE", geometry=square(0.022, 0.024, 0.002, 0.004), to_team_code=None)
    features = client.get(f"{PLANS}/{plan}/territories").json()["features"]
    assert {one["id"]: one["properties"]["since"] for one in features} == {"T-E1": "2026-01-01", "T-E2": "2026-04-01"}


def square(x0: float, x1: float, y0: float, y1: float) -> dict[str, Any]:
    west, east, south, north = 120 + x0, 120 + x1, 30 + y0, 30 + y1
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [[[round(x, 8), round(y, 8)] for x, y in ring]]}


@pytest.mark.parametrize("person", ["李制图", "赵制图"])
def test_who_drew_or_submitted_does_not_approve(client: TestClient, person: str) -> None:
    plan = draft(client)["id"]
    edit(client, plan, by="赵制图", **HAND_OVER)
    step(client, plan, "submit", "李制图")
    answer = client.post(f"{PLANS}/{plan}/approve", json={"by": person})
    assert (answer.status_code, answer.json()["code"]) == (409, "TERRITORY_PLAN_SAME_PERSON")
    assert step(client, plan, "approve", "王审批")["approved_by"] == "王审批"


@pytest.mark.parametrize(
    ("steps", "refused"),
    [
        ((), "approve"), ((), "publish"), ((), "reject"), ((), "withdraw"),
        (("submit",), "submit"), (("submit",), "publish"), (("submit", "approve"), "approve"),
        (("submit", "approve"), "reject"),
    ],
)  # fmt: skip
def test_a_step_out_of_order_names_both_states(client: TestClient, steps: tuple[str, ...], refused: str) -> None:
    plan = draft(client)["id"]
    for name in steps:
        step(client, plan, name, "王审批" if name == "approve" else "李制图")
    body = {"by": "王审批"} | ({"effective_from": "2026-04-01"} if refused == "publish" else {})
    answer = client.post(f"{PLANS}/{plan}/{refused}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "TERRITORY_PLAN_STEP_REFUSED")
    assert answer.json()["from_state"] == client.get(f"{PLANS}/{plan}").json()["state"]


@pytest.mark.parametrize("steps", [("submit",), ("submit", "approve"), ("discard",)])
def test_only_a_draft_is_edited(client: TestClient, steps: tuple[str, ...]) -> None:
    plan = draft(client)["id"]
    for name in steps:
        if name == "discard":
            assert client.delete(f"{PLANS}/{plan}", params={"by": "李制图"}).json()["state"] == "DISCARDED"
        else:
            step(client, plan, name, "王审批" if name == "approve" else "李制图")
    answer = client.post(f"{PLANS}/{plan}/edits", json={"by": "李制图", "version": 0, "edit": HAND_OVER})
    assert (answer.status_code, answer.json()["code"]) == (409, "TERRITORY_PLAN_NOT_EDITABLE")


def test_withdrawn_and_rejected_versions_are_drawn_on(client: TestClient) -> None:
    plan = draft(client)["id"]
    step(client, plan, "submit", "李制图")
    assert step(client, plan, "reject", "王审批", reason="东侧缺口")["state"] == "DRAFT"
    step(client, plan, "submit", "李制图")
    step(client, plan, "approve", "王审批")
    again = step(client, plan, "withdraw", "李制图")
    assert (again["state"], again["submitted_by"], again["approved_by"]) == ("DRAFT", None, None)
    edit(client, plan, **HAND_OVER)


def test_nothing_is_published_into_the_past(client: TestClient) -> None:
    plan = draft(client)["id"]
    step(client, plan, "submit", "李制图")
    step(client, plan, "approve", "王审批")
    answer = client.post(f"{PLANS}/{plan}/publish", json={"by": "王审批", "effective_from": "2026-03-09"})
    assert (answer.status_code, answer.json()["code"]) == (422, "TERRITORY_PLAN_IN_THE_PAST")
    assert step(client, plan, "publish", "王审批", effective_from="2026-03-10")["state"] == "ACTIVE"


def test_a_draft_of_a_version_that_is_no_longer_in_force_must_be_compared_first(client: TestClient) -> None:
    late = draft(client)["id"]
    published(client, "2026-04-01", **HAND_OVER)
    step(client, late, "submit", "李制图")
    step(client, late, "approve", "王审批")
    asked = {"by": "王审批", "effective_from": "2026-05-01"}
    answer = client.post(f"{PLANS}/{late}/publish", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "TERRITORY_PLAN_OUTDATED")
    assert client.post(f"{PLANS}/{late}/publish", json=asked | {"replace": True}).status_code == 200


def test_a_version_between_two_ends_where_the_next_begins(client: TestClient) -> None:
    later = published(client, "2026-06-01", **HAND_OVER)
    earlier = draft(client)["id"]
    step(client, earlier, "submit", "李制图")
    step(client, earlier, "approve", "王审批")
    told = step(client, earlier, "publish", "王审批", effective_from="2026-05-01")
    assert (told["effective_from"], told["effective_to"]) == ("2026-05-01", "2026-06-01")
    assert client.get(f"{PLANS}/{later}").json()["effective_to"] is None


def test_another_version_of_the_same_day_takes_its_place(client: TestClient) -> None:
    first = published(client, "2026-06-01", **HAND_OVER)
    second = draft(client)["id"]
    step(client, second, "submit", "李制图")
    step(client, second, "approve", "王审批")
    step(client, second, "publish", "王审批", effective_from="2026-06-01", replace=True)
    assert client.get(f"{PLANS}/{first}").json()["state"] == "SUPERSEDED"
    assert owners(at(client, 0.015, 0.005, on="2026-06-01")) == [("T-E1", False, None)]


def test_rolling_back_publishes_an_old_version_again(client: TestClient) -> None:
    old = client.get(PLANS, params={"branch_code": "E"}).json()["items"][0]["id"]
    published(client, "2026-03-10", **HAND_OVER)
    again = step(client, old, "roll-back", "李制图")
    assert (again["state"], again["origin"], again["number"]) == ("IN_REVIEW", "ROLLED_BACK", 3)
    step(client, again["id"], "approve", "王审批")
    step(client, again["id"], "publish", "王审批", effective_from="2026-03-20")
    found = [owners(at(client, 0.015, 0.005, on=day))[0][0] for day in ("2026-03-09", "2026-03-10", "2026-03-20")]
    assert found == ["T-E1", "T-E2", "T-E1"]
    was, now = (client.get(f"{PLANS}/{plan}/territories").json()["features"] for plan in (old, again["id"]))
    assert [one["geometry"] for one in was] == [one["geometry"] for one in now]


def test_a_draft_is_not_taken_up_again(client: TestClient) -> None:
    answer = client.post(f"{PLANS}/{draft(client)['id']}/roll-back", json={"by": "李制图"})
    assert (answer.status_code, answer.json()["code"]) == (409, "TERRITORY_PLAN_NOT_PUBLISHED")


def test_a_delivery_after_a_publication_changes_what_it_names_and_nothing_else(
    client: TestClient, world: Engine
) -> None:
    published(client, "2026-04-01", **HAND_OVER)
    with world.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO delivered_territory (team_code, effective_from, geom) VALUES ('T-E1', '2026-05-01', CAST(:geom AS geometry))"
            ),
            {"geom": box(0, 0.005, 0, 0.010)},
        )
        assert deliver(connection) == 1
        assert deliver(connection) == 0
    states = [
        (one["state"], one["effective_from"]) for one in client.get(PLANS, params={"branch_code": "E"}).json()["items"]
    ]
    assert states == [("SCHEDULED", "2026-05-01"), ("SCHEDULED", "2026-04-01"), ("ACTIVE", "2026-01-01")]
    assert owners(at(client, 0.007, 0.005, on="2026-05-01")) == []
    assert owners(at(client, 0.015, 0.005, on="2026-05-01")) == [("T-E2", False, None)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE territory_plan SET name = 'x' WHERE state = 'PUBLISHED'",
        "UPDATE territory_plan SET state = 'DRAFT', effective_from = NULL, effective_to = NULL WHERE state = 'PUBLISHED'",
        "DELETE FROM territory_plan",
        "UPDATE territory SET team_code = 'T-E3' WHERE team_code = 'T-E1'",
        "DELETE FROM territory",
        "INSERT INTO territory (plan_id, team_code) SELECT id, 'T-E3' FROM territory_plan",
        "UPDATE territory_shape SET geom = geom",
        "UPDATE territory_plan SET effective_to = effective_from - 1",
    ],
)
def test_what_is_published_never_changes(world: Engine, statement: str) -> None:
    with world.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(text(statement))


def test_two_versions_of_a_branch_on_one_day_are_refused_by_the_database(client: TestClient, world: Engine) -> None:
    plan = draft(client)["id"]
    with world.connect() as connection, pytest.raises(IntegrityError, match="ex_territory_plan_one_a_day"):
        connection.execute(
            text(
                "UPDATE territory_plan SET state = 'PUBLISHED', approved_by = 'x', approved_at = now(),"
                " effective_from = '2026-04-01' WHERE id = :id"
            ),
            {"id": plan},
        )


def test_of_two_who_publish_for_one_day_both_are_kept_and_one_is_in_force(client: TestClient, world: Engine) -> None:
    plans = []
    for _ in range(6):
        plan = draft(client)["id"]
        step(client, plan, "submit", "李制图")
        step(client, plan, "approve", "王审批")
        plans.append(plan)

    def go(plan: int) -> int:
        body = {"by": "王审批", "effective_from": "2026-04-01", "replace": True}
        return client.post(f"{PLANS}/{plan}/publish", json=body).status_code

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(go, plans)) == [200] * 6
    with world.connect() as connection:
        query = text(
            "SELECT count(*) FROM territory_plan WHERE branch_code = 'E' AND state = 'PUBLISHED'"
            " AND daterange(effective_from, effective_to) @> CAST(:day AS date)"
        )
        assert connection.execute(query, {"day": date(2026, 4, 2)}).scalar_one() == 1


def test_the_list_is_paged_by_cursor(client: TestClient) -> None:
    made = [draft(client)["id"] for _ in range(3)]
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = client.get(PLANS, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen[:3] == made[::-1]
    assert len(seen) == len(set(seen)) == 5


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"branch_code": "X", "name": "n", "by": "b"}, 422, "UNKNOWN_ORGANISATION"),
        ({"branch_code": "C", "name": "n", "by": "b"}, 422, "UNKNOWN_ORGANISATION"),
        ({"branch_code": "E", "name": "n", "by": "b", "base_id": 999}, 404, "TERRITORY_PLAN_NOT_FOUND"),
        ({"branch_code": "E", "name": "n", "by": "b", "base_id": 2}, 422, "TERRITORY_PLAN_OTHER_BRANCH"),
        ({"branch_code": "E", "name": "", "by": "b"}, 422, "VALIDATION_FAILED"),
        ({"branch_code": "E", "name": "n"}, 422, "VALIDATION_FAILED"),
        ({"branch_code": "E", "name": "n", "by": "b\x00"}, 422, "VALIDATION_FAILED"),
    ],
)
def test_a_draft_of_nonsense_is_refused(client: TestClient, body: dict[str, Any], status: int, code: str) -> None:
    answer = client.post(PLANS, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_repeated_request_makes_one_draft(client: TestClient) -> None:
    body = {"branch_code": "E", "name": "n", "by": "b"}
    answers = [client.post(PLANS, json=body, headers={"Idempotency-Key": "abcdefgh-1"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(client.get(PLANS, params={"state": "DRAFT"}).json()["items"]) == 1
