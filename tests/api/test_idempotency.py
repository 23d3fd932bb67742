"""Retried writes: one key, one answer, and the work is done once, however many try at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, text

from app.errors import AppError, TeamNotFound
from app.idempotency import Answer, answer_once

from .world import add_orphan

KEY = {"Idempotency-Key": "0123456789abcdef"}


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        ("runs", {"as_of": "2026-03-10"}, {"as_of": "2026-03-11"}),
        ("allocations", {"policy_no": "P000001", "confirm": True}, {"policy_no": "P000002"}),
        ("allocations/batch", {"policy_nos": ["P000001"]}, {"policy_nos": ["P000002"]}),
    ],
)
def test_a_retry_gets_the_same_answer_to_the_byte(
    client: TestClient, world: Engine, path: str, body: dict[str, Any], other: dict[str, Any]
) -> None:
    with world.begin() as connection:
        for number in (1, 2):
            add_orphan(connection, number)
    first = client.post(f"/api/v1/{path}", json=body, headers=KEY)
    again = client.post(f"/api/v1/{path}", json=body, headers=KEY)
    assert first.status_code in (201, 202)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers.get("location") == first.headers.get("location")
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert count(world, "run") == 1
    changed = client.post(f"/api/v1/{path}", json=other, headers=KEY)
    assert (changed.status_code, changed.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert count(world, "run") == 1


def test_a_key_belongs_to_one_operation(client: TestClient) -> None:
    assert client.post("/api/v1/runs", json={"as_of": "2026-03-10"}, headers=KEY).status_code == 202
    answer = client.post("/api/v1/allocations", json={"policy_no": "P000001"}, headers=KEY)
    assert answer.json()["code"] == "IDEMPOTENCY_KEY_REUSED"


def test_an_error_is_not_kept(client: TestClient, world: Engine) -> None:
    body = {"policy_no": "P000001", "confirm": True}
    assert client.post("/api/v1/allocations", json=body, headers=KEY).status_code == 404
    with world.begin() as connection:
        add_orphan(connection, 1)
    assert client.post("/api/v1/allocations", json=body, headers=KEY).status_code == 201


def test_a_body_written_in_another_way_is_the_same_request(client: TestClient) -> None:
    first = client.post("/api/v1/runs", json={"as_of": "2026-03-10", "confirm": False}, headers=KEY)
    again = client.post(
        "/api/v1/runs", content=b' {"as_of" : "2026-03-10"} ', headers={**KEY, "Content-Type": "application/json"}
    )
    assert again.content == first.content


def do(connection: Connection, work: Any, request: str = "one") -> bytes:
    answer = answer_once(connection, caller="me", key="k" * 16, operation="test", request=request, act=work)
    return bytes(answer.body)


def test_of_many_at_once_one_does_the_work(world: Engine) -> None:
    barrier = Barrier(8)

    def attempt(worker: int) -> bytes:
        def work() -> Answer:
            return Answer(201, b'{"worker":%d}' % worker)

        barrier.wait()
        with world.begin() as connection:
            return do(connection, work)

    with ThreadPoolExecutor(8) as threads:
        answers = Counter(threads.map(attempt, range(8)))
    assert len(answers) == 1
    assert answers.total() == 8


def test_while_the_first_works_the_second_waits_and_takes_over_if_it_fails(world: Engine) -> None:
    started, go_on = Event(), Event()

    def failing() -> bytes:
        def work() -> Answer:
            started.set()
            go_on.wait(10)
            raise TeamNotFound

        with world.begin() as connection:
            return do(connection, work)

    def second() -> bytes:
        started.wait(10)
        with world.begin() as connection:
            connection.execute(text("SELECT 1"))
            go_on.set()
            return do(connection, lambda: Answer(201, b'{"by":"second"}'))

    with ThreadPoolExecutor(2) as threads:
        first_done, second_done = threads.submit(failing), threads.submit(second)
        with pytest.raises(AppError):
            first_done.result(20)
        assert second_done.result(20) == b'{"by":"second"}'
    assert count(world, "idempotency_key") == 1


def test_of_many_runs_at_once_one_is_created(client: TestClient, world: Engine) -> None:
    barrier = Barrier(6)

    def start(_: int) -> tuple[int, bytes]:
        barrier.wait()
        answer = client.post("/api/v1/runs", json={"as_of": "2026-03-10"}, headers=KEY)
        return answer.status_code, answer.content

    with ThreadPoolExecutor(6) as threads:
        answers = set(threads.map(start, range(6)))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 202
    assert (count(world, "run"), count(world, "procrastinate_jobs")) == (1, 1)


def test_of_many_allocations_of_one_policy_at_once_one_decides(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        add_orphan(connection, 1)
    barrier = Barrier(6)

    def allocate(_: int) -> tuple[int, str]:
        barrier.wait()
        answer = client.post("/api/v1/allocations", json={"policy_no": "P000001", "confirm": True})
        return answer.status_code, answer.json()["team_code"]

    with ThreadPoolExecutor(6) as threads:
        answers = Counter(threads.map(allocate, range(6)))
    assert answers == {(201, "T-E1"): 1, (200, "T-E1"): 5}
    assert (count(world, "allocation"), count(world, "orphan_case")) == (1, 1)
