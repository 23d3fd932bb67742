"""Long work: done once, told of while it goes on, and picked up when its worker has died."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import procrastinate
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from app import worker
from app.allocation.run import create_run
from app.db import lock_branches, make_engine
from app.jobs import enqueue_run
from app.main import create_app
from app.worker import ATTEMPTS, Progress, StillExecutingError, build_app, perform_run, pick_up

from .conftest import client_of, settings_for
from .world import TODAY, add_orphan

T = TypeVar("T")


@pytest.fixture
def run_id(world: Engine) -> int:
    """A queued run over two orphans, with its job."""
    with world.begin() as connection:
        add_orphan(connection, 1)
        add_orphan(connection, 2)
        created = create_run(connection, as_of=TODAY)
        enqueue_run(connection, created)
    return created


def read(world: Engine, run_id: int) -> Any:
    with world.connect() as connection:
        return connection.execute(text("SELECT * FROM run WHERE id = :id"), {"id": run_id}).one()


def jobs(world: Engine) -> list[tuple[str, int]]:
    with world.connect() as connection:
        rows = connection.execute(text("SELECT status::text, attempts FROM procrastinate_jobs ORDER BY id"))
        return [(row[0], row[1]) for row in rows]


def test_a_run_and_its_job_come_into_being_together(world: Engine) -> None:
    with world.connect() as connection:
        enqueue_run(connection, create_run(connection, as_of=TODAY))
        connection.rollback()
    assert jobs(world) == []
    with world.begin() as connection:
        enqueue_run(connection, create_run(connection, as_of=TODAY))
    assert jobs(world) == [("todo", 0)]


def test_a_run_is_done_once(world: Engine, run_id: int) -> None:
    perform_run(world, run_id)
    done = read(world, run_id)
    assert (done.status, done.counts["cases"]) == ("PROPOSED", 2)
    perform_run(world, run_id)
    assert read(world, run_id) == done


def test_a_run_that_is_being_executed_is_not_executed_again(
    world: Engine, run_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def try_again(*_: object, **__: object) -> None:
        with pytest.raises(StillExecutingError), ThreadPoolExecutor(1) as other:
            other.submit(perform_run, world, run_id).result(20)

    monkeypatch.setattr(worker, "execute_run", try_again)
    perform_run(world, run_id)
    monkeypatch.undo()
    perform_run(world, run_id)
    assert read(world, run_id).status == "PROPOSED"


def test_a_run_that_fails_says_what_happened_and_nothing_else(
    world: Engine, run_id: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    message = "Zhang San"

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(message)

    monkeypatch.setattr(worker, "execute_run", fail)
    perform_run(world, run_id)
    failed = read(world, run_id)
    assert (failed.status, failed.error.split(":")[0]) == ("FAILED", "INTERNAL")
    assert failed.finished_at is not None
    assert message not in failed.error + caplog.text
    assert "RuntimeError" in caplog.text


def test_progress_is_seen_while_the_run_is_open_and_never_waits(world: Engine, run_id: int) -> None:
    with world.begin() as connection:
        connection.execute(text("UPDATE run SET status = 'RUNNING' WHERE id = :id"), {"id": run_id})
    tell = Progress(world, run_id)
    tell("match", 0.25)
    assert (read(world, run_id).stage, read(world, run_id).progress) == ("match", 0.25)
    tell("match", 0.26)  # too soon after the last
    assert read(world, run_id).progress == 0.25
    with world.begin() as run:
        run.execute(text("UPDATE run SET plan_version = 'x' WHERE id = :id"), {"id": run_id})
        tell("store", 0.5)
        assert read(world, run_id).stage == "match"
    tell("commit", 7.0)
    assert (read(world, run_id).stage, read(world, run_id).progress) == ("commit", 1.0)


def test_progress_that_cannot_be_written_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    nowhere = make_engine(f"postgresql://app@/none?host={tmp_path}")
    Progress(nowhere, 1)("match", 0.5)
    assert "progress of run 1" in caplog.text


def with_app(world_url: str, world: Engine, act: Callable[[procrastinate.App], Coroutine[Any, Any, T]]) -> T:
    async def inner() -> T:
        app = build_app(world_url, world)
        async with app.open_async():
            return await act(app)

    return asyncio.run(inner())


async def die_at_work(app: procrastinate.App, world: Engine) -> None:
    """A worker that takes the job and is never heard of again."""
    dead = await app.job_manager.register_worker()
    job = await app.job_manager.fetch_job(queues=["runs"], worker_id=dead)
    assert job is not None
    with world.begin() as connection:
        connection.execute(
            text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour' WHERE id = :id"),
            {"id": dead},
        )


def test_the_job_of_a_dead_worker_is_put_back(world_url: str, world: Engine, run_id: int) -> None:
    async def act(app: procrastinate.App) -> list[int]:
        await die_at_work(app, world)
        assert jobs(world) == [("doing", 0)]
        return [await pick_up(app, world), await pick_up(app, world)]

    assert with_app(world_url, world, act) == [1, 0]
    assert jobs(world) == [("todo", 1)]
    assert read(world, run_id).status == "QUEUED"


def test_the_job_of_a_living_worker_is_left(world_url: str, world: Engine, run_id: int) -> None:
    async def act(app: procrastinate.App) -> int:
        alive = await app.job_manager.register_worker()
        assert await app.job_manager.fetch_job(queues=["runs"], worker_id=alive) is not None
        return await pick_up(app, world)

    assert with_app(world_url, world, act) == 0
    assert jobs(world) == [("doing", 0)]


def test_a_run_that_keeps_killing_its_worker_is_given_up(world_url: str, world: Engine, run_id: int) -> None:
    async def act(app: procrastinate.App) -> None:
        for _ in range(ATTEMPTS):
            await die_at_work(app, world)
            await pick_up(app, world)

    with_app(world_url, world, act)
    failed = read(world, run_id)
    assert (failed.status, failed.error.split(":")[0]) == ("FAILED", "RUN_INTERRUPTED")
    assert jobs(world) == [("failed", ATTEMPTS)]


def test_old_answers_are_forgotten(world_url: str, world: Engine) -> None:
    with world.begin() as connection:
        connection.execute(
            text(
                """INSERT INTO idempotency_key (key, request_sha256, status, body, created_at) VALUES
                ('old', '', 200, '{}', now() - interval '8 days'), ('new', '', 200, '{}', now())"""
            )
        )

    async def act(app: procrastinate.App) -> None:
        await app.configure_task("forget_answers").defer_async(timestamp=0)
        await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)

    with_app(world_url, world, act)
    with world.connect() as connection:
        assert connection.execute(text("SELECT key FROM idempotency_key")).scalars().all() == ["new"]


def wait_for(client: TestClient, run_id: int, *statuses: str, within_s: float = 90) -> dict[str, Any]:
    """The run once it has one of these statuses."""
    deadline = time.monotonic() + within_s
    while True:
        run: dict[str, Any] = client.get(f"/api/v1/runs/{run_id}").json()
        if run["status"] in statuses:
            return run
        assert time.monotonic() < deadline, run
        time.sleep(0.1)


def test_a_worker_killed_in_the_middle_of_a_run_costs_nothing_but_time(world_url: str, world: Engine) -> None:
    with world.begin() as connection:
        for number in range(5):
            add_orphan(connection, number)
    app = create_app(settings_for(world_url))
    with client_of(app) as client:
        with world.begin() as holding:
            lock_branches(holding, ["E", "W"])  # so that the run gets stuck half-way
            run_id = client.post("/api/v1/runs", json={"as_of": "2026-03-10", "confirm": True}).json()["id"]
            wait_for(client, run_id, "RUNNING")
            first = app.state.supervisor.pid
            os.kill(first, signal.SIGKILL)
        run = wait_for(client, run_id, "CONFIRMED", "FAILED")
        assert (run["status"], run["counts"]["cases"]) == ("CONFIRMED", 5)
        second = app.state.supervisor.pid
        assert second not in (first, None)
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)
    with world.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM allocation WHERE live")).scalar_one() == 5
