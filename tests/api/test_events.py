"""Intake: each event exactly once, however often, in whatever company and on however many connections it comes."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from app.errors import AppError
from app.policies.receive import Received, ReportedEvent, receive_events

from .world import TODAY

EVENT: dict[str, Any] = {
    "event_id": "EV-1",
    "policy_no": "XL-A1-1",
    "reason": "AGENT_TERMINATED",
    "event_on": "2026-03-05",
    "origin_agent_code": "A1",
    "formalities_on": "2026-03-05",
}


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_a_new_event_is_stored_and_its_replay_changes_nothing(client: TestClient, world: Engine) -> None:
    first = client.post("/api/v1/events", json=EVENT)
    again = client.post("/api/v1/events", json=EVENT)
    assert (first.status_code, first.json()["outcome"]) == (201, "CREATED")
    assert (again.status_code, again.json()["outcome"]) == (200, "REPLAYED")
    assert count(world, "orphan_event") == 1
    assert count(world, "orphan_case") == 0


@pytest.mark.parametrize(
    "change",
    [
        {"policy_no": "XL-A1-2"},
        {"reason": "AGENT_REQUEST"},
        {"event_on": "2026-03-06"},
        {"origin_agent_code": None},
        {"formalities_on": None},
        {"approval_ref": "AP-1"},
        {"designated_agent_code": "A2"},
    ],
)
def test_the_same_id_with_other_content_is_a_conflict(client: TestClient, change: dict[str, Any]) -> None:
    client.post("/api/v1/events", json=EVENT)
    answer = client.post("/api/v1/events", json={**EVENT, **change})
    assert (answer.status_code, answer.json()["code"]) == (409, "EVENT_CONFLICT")
    assert client.post("/api/v1/events", json=EVENT).status_code == 200


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"policy_no": "nobody's"}, "UNKNOWN_POLICY"),
        ({"origin_agent_code": "nobody"}, "UNKNOWN_AGENT"),
        ({"designated_agent_code": "nobody"}, "UNKNOWN_AGENT"),
        ({"policy_no": "nobody's", "origin_agent_code": "nobody"}, "UNKNOWN_POLICY"),
    ],
)
def test_an_event_about_the_unknown_is_refused(
    client: TestClient, world: Engine, change: dict[str, Any], code: str
) -> None:
    answer = client.post("/api/v1/events", json={**EVENT, **change})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert count(world, "orphan_event") == 0


def test_each_item_of_a_batch_has_an_outcome_of_its_own(client: TestClient, world: Engine) -> None:
    client.post("/api/v1/events", json=EVENT)
    items = [
        EVENT,
        {**EVENT, "event_id": "EV-2"},
        {**EVENT, "event_id": "EV-2"},
        {**EVENT, "event_id": "EV-2", "reason": "CUSTOMER_REQUEST"},
        {**EVENT, "event_id": "EV-3", "policy_no": "nobody's"},
        {**EVENT, "event_id": "EV-4", "event_on": "tomorrow"},
        {**EVENT, "event_id": "EV-1", "event_on": "2026-01-01"},
    ]
    answer = client.post("/api/v1/events/batch", json=items)
    assert answer.status_code == 200
    told = answer.json()
    assert [(item["index"], item["outcome"], item["code"]) for item in told["items"]] == [
        (0, "REPLAYED", None),
        (1, "CREATED", None),
        (2, "REPLAYED", None),
        (3, "CONFLICT", "EVENT_CONFLICT"),
        (4, "REFUSED", "UNKNOWN_POLICY"),
        (5, "REFUSED", "VALIDATION_FAILED"),
        (6, "CONFLICT", "EVENT_CONFLICT"),
    ]
    assert [told[name] for name in ("created", "replayed", "conflicts", "refused")] == [1, 2, 2, 2]
    assert count(world, "orphan_event") == 2


def test_a_batch_may_hold_ten_thousand(client: TestClient, world: Engine) -> None:
    items = [{**EVENT, "event_id": f"EV-{n}", "policy_no": f"XL-A2-{n % 80 + 1}"} for n in range(10_000)]
    assert client.post("/api/v1/events/batch", json=items).json()["created"] == 10_000
    assert client.post("/api/v1/events/batch", json=items).json()["replayed"] == 10_000
    assert count(world, "orphan_event") == 10_000


reported = st.builds(
    ReportedEvent,
    event_id=st.sampled_from(["a", "b", "c", "d"]),
    policy_no=st.sampled_from(["XL-A1-1", "XL-A1-2", "unknown"]),
    reason=st.sampled_from(["AGENT_TERMINATED", "CUSTOMER_REQUEST"]),
    event_on=st.just(TODAY),
    origin_agent_code=st.sampled_from([None, "A1", "unknown"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(reported, max_size=6), max_size=4))
def test_batches_agree_with_events_one_by_one(world: Engine, batches: list[list[ReportedEvent]]) -> None:
    stored: dict[str, ReportedEvent] = {}
    expected: list[list[str]] = []
    for batch in batches:
        told = []
        for one in batch:
            if one.policy_no == "unknown":
                told.append("UNKNOWN_POLICY")
            elif one.origin_agent_code == "unknown":
                told.append("UNKNOWN_AGENT")
            elif one.event_id not in stored:
                stored[one.event_id] = one
                told.append("CREATED")
            else:
                told.append("REPLAYED" if stored[one.event_id] == one else "EVENT_CONFLICT")
        expected.append(told)
    with world.connect() as connection:
        outcomes = [
            [one.value if isinstance(one, Received) else one.code for one in receive_events(connection, batch)]
            for batch in batches
        ]
        kept = set(connection.execute(text("SELECT event_id FROM orphan_event")).scalars())
        connection.rollback()
    assert outcomes == expected
    assert kept == stored.keys()


def test_of_one_event_on_many_connections_one_is_created(world: Engine) -> None:
    barrier = Barrier(8)
    event = ReportedEvent("EV-1", "XL-A1-1", "AGENT_TERMINATED", TODAY)

    def report(_: int) -> str:
        barrier.wait()
        with world.begin() as connection:
            (outcome,) = receive_events(connection, [event])
        return outcome.code if isinstance(outcome, AppError) else outcome.value

    with ThreadPoolExecutor(8) as threads:
        outcomes = Counter(threads.map(report, range(8)))
    assert outcomes == {"CREATED": 1, "REPLAYED": 7}


def test_batches_in_opposite_order_do_not_deadlock(world: Engine) -> None:
    barrier = Barrier(6)
    events = [ReportedEvent(f"EV-{n:03}", "XL-A1-1", "AGENT_TERMINATED", TODAY) for n in range(300)]

    def report(worker: int) -> int:
        barrier.wait()
        with world.begin() as connection:
            outcomes = receive_events(connection, events if worker % 2 else events[::-1])
        return sum(outcome is Received.CREATED for outcome in outcomes)

    with ThreadPoolExecutor(6) as threads:
        created = list(threads.map(report, range(6)))
    assert sum(created) == 300
    assert count(world, "orphan_event") == 300


def test_of_two_events_of_one_id_at_once_the_other_is_a_conflict(world: Engine) -> None:
    barrier = Barrier(6)

    def report(worker: int) -> str:
        event = ReportedEvent("EV-1", f"XL-A1-{worker + 1}", "AGENT_TERMINATED", TODAY)
        barrier.wait()
        with world.begin() as connection:
            (outcome,) = receive_events(connection, [event])
        return outcome.code if isinstance(outcome, AppError) else outcome.value

    with ThreadPoolExecutor(6) as threads:
        assert Counter(threads.map(report, range(6))) == {"CREATED": 1, "EVENT_CONFLICT": 5}
