"""The table of errors, and what becomes of the failures that nobody raises on purpose."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, text
from sqlalchemy.exc import InterfaceError, OperationalError

from app import errors, problems
from app.deps import ReadConnection, WriteConnection
from app.errors import AppError, Conflict, Forbidden, Invalid, Malformed, NotFound, Unavailable
from app.main import create_app
from geo.errors import GeoError, UndeclaredCrsError

from .conftest import client_of, settings_for

SECRET = "ZZsecretZZ"


def every_error() -> Iterator[type[AppError]]:
    stack: list[type[AppError]] = [AppError]
    while stack:
        kind = stack.pop()
        yield kind
        stack.extend(kind.__subclasses__())


def needs_nothing(kind: type[AppError]) -> bool:
    """An error that can be raised without telling what of (the others have tests of their own)."""
    return all(
        p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        for p in signature(kind).parameters.values()
    )


@pytest.mark.parametrize("kind", sorted(filter(needs_nothing, every_error()), key=lambda kind: kind.__name__))
def test_every_error_has_a_status_a_code_and_two_sentences(kind: type[AppError]) -> None:
    error = kind()
    status, headers, body = problems.render(error)
    assert 400 <= status <= 503
    assert error.code.replace("_", "").isalnum()
    assert error.code.isupper()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in error.detail_zh)
    assert error.detail_en.isascii()
    assert (headers["Content-Type"], "Retry-After" in headers) == ("application/problem+json", status == 503)
    assert str(status).encode() in body


def test_concrete_codes_are_unique() -> None:
    codes = [kind.code for kind in every_error() if "code" in vars(kind) and kind is not AppError]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (Malformed, 400),
        (Forbidden, 403),
        (NotFound, 404),
        (problems.MethodNotAllowed, 405),
        (problems.TooSlow, 408),
        (Conflict, 409),
        (problems.TooLarge, 413),
        (problems.UnsupportedMediaType, 415),
        (Invalid, 422),
        (AppError, 500),
        (Unavailable, 503),
        (errors.TeamNotFound, 404),
        (errors.EventConflict, 409),
        (errors.IdempotencyKeyReused, 422),
        (errors.InvalidCursor, 400),
        (errors.OutOfScope, 403),
        (errors.TimedOut, 503),
    ],
)
def test_the_status_is_that_of_the_nearest_kind(kind: type[AppError], status: int) -> None:
    assert problems.kind_of(kind())[0] == status


class _Driver(Exception):
    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate
        super().__init__(SECRET)


@pytest.mark.parametrize(
    ("sqlstate", "code"),
    [
        ("57014", "TIMED_OUT"),
        ("40001", "BUSY"),
        ("40P01", "BUSY"),
        ("55P03", "BUSY"),
        ("53100", "STORAGE_FULL"),
        ("53300", "DATABASE_UNAVAILABLE"),
        ("57P01", "DATABASE_UNAVAILABLE"),
        ("08006", "DATABASE_UNAVAILABLE"),
        ("58030", "DATABASE_UNAVAILABLE"),
        (None, "DATABASE_UNAVAILABLE"),
        ("22021", "NOT_STORABLE"),
        ("42P01", "INTERNAL"),
        ("XX000", "INTERNAL"),
    ],
)
def test_errors_of_the_database_are_told_apart(sqlstate: str | None, code: str) -> None:
    told = problems.known(OperationalError("SELECT 1", {"name": SECRET}, _Driver(sqlstate)))
    assert told.code == code
    assert SECRET not in str(told)


def test_a_broken_connection_is_an_unavailable_database() -> None:
    assert problems.known(InterfaceError("SELECT 1", None, _Driver(None))).code == "DATABASE_UNAVAILABLE"


def test_errors_of_the_geospatial_library_keep_their_code() -> None:
    told = problems.known(UndeclaredCrsError())
    assert (problems.kind_of(told)[0], told.code) == (422, "CRS_UNDECLARED")
    assert issubclass(UndeclaredCrsError, GeoError)


def test_the_log_of_an_unforeseen_error_holds_no_message() -> None:
    try:
        raise OperationalError("SELECT 1", {"name": SECRET}, _Driver("XX000"))
    except OperationalError as error:
        said = problems.described(error)
    assert "XX000" in said
    assert "test_errors" in said
    assert SECRET not in said


@pytest.fixture
def probe(app: FastAPI) -> Iterator[Callable[[Callable[..., Any]], Any]]:
    """Puts an endpoint of the test's own into the application and asks it."""

    with client_of(app) as client:

        def ask(endpoint: Callable[..., Any]) -> Any:
            router = APIRouter()
            router.add_api_route("/probe", endpoint, methods=["POST"])
            app.include_router(router)
            return client.post("/probe")

        yield ask


def test_an_unforeseen_error_is_a_500_without_internals(
    probe: Callable[[Callable[..., Any]], Any], caplog: pytest.LogCaptureFixture
) -> None:
    def endpoint() -> None:
        raise RuntimeError(SECRET)

    with caplog.at_level(logging.INFO):
        answer = probe(endpoint)
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")
    assert SECRET not in answer.text + str(answer.headers)
    assert "RuntimeError" in caplog.text
    assert SECRET not in caplog.text


def test_a_failing_commit_is_answered_with_500_and_nothing_is_kept(
    app: FastAPI, probe: Callable[[Callable[..., Any]], Any]
) -> None:
    def endpoint(connection: WriteConnection) -> str:
        connection.execute(text("INSERT INTO organisation (code, level, name) VALUES ('Q', 'province', 'Q')"))
        return "well done"

    @event.listens_for(app.state.engine, "commit")
    def fail(_connection: object) -> None:
        raise RuntimeError(SECRET)

    answer = probe(endpoint)
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")
    assert "well done" not in answer.text
    event.remove(app.state.engine, "commit", fail)
    with app.state.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM organisation WHERE code = 'Q'")).scalar_one() == 0


def test_a_constraint_that_is_checked_at_the_commit_is_answered_with_a_conflict(
    probe: Callable[[Callable[..., Any]], Any],
) -> None:
    def endpoint(connection: WriteConnection) -> str:
        connection.execute(text("UPDATE team SET successor_code = 'nobody' WHERE code = 'T-W2'"))
        return "well done"

    answer = probe(endpoint)
    assert (answer.status_code, answer.json()["code"]) == (409, "DATA_CONFLICT")


def test_what_an_endpoint_wrote_before_it_failed_is_gone(
    app: FastAPI, probe: Callable[[Callable[..., Any]], Any]
) -> None:
    def endpoint(connection: WriteConnection) -> None:
        connection.execute(text("INSERT INTO organisation (code, level, name) VALUES ('Q', 'province', 'Q')"))
        raise errors.TeamNotFound

    assert probe(endpoint).status_code == 404
    with app.state.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM organisation WHERE code = 'Q'")).scalar_one() == 0


def test_an_endpoint_that_reads_cannot_write(probe: Callable[[Callable[..., Any]], Any]) -> None:
    def endpoint(connection: ReadConnection) -> None:
        connection.execute(text("DELETE FROM gazetteer_place"))

    answer = probe(endpoint)
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")


def test_a_statement_that_runs_too_long_is_cut_off(world_url: str) -> None:
    app = create_app(settings_for(world_url, statement_timeout_ms=50), worker=False)

    def endpoint(connection: ReadConnection) -> None:
        connection.execute(text("SELECT pg_sleep(30)"))

    app.add_api_route("/probe", endpoint)
    with client_of(app) as client:
        answer = client.get("/probe")
    assert (answer.status_code, answer.json()["code"]) == (503, "TIMED_OUT")
    assert answer.headers["retry-after"]


def test_an_exhausted_pool_is_answered_with_busy(world_url: str) -> None:
    app = create_app(settings_for(world_url, pool_size=1, pool_overflow=0, pool_timeout_s=0.05), worker=False)
    with client_of(app) as client, app.state.engine.connect():
        answer = client.get("/api/v1/teams")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "BUSY", "1")


@pytest.fixture
def without_database(tmp_path: Path) -> Iterator[TestClient]:
    """A client of an application whose database is down."""
    with client_of(create_app(settings_for(f"postgresql://app@/none?host={tmp_path}"), worker=False)) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/teams", None),
        ("GET", "/readyz", None),
        ("POST", "/api/v1/allocations", {"policy_no": "P1"}),
        ("POST", "/api/v1/runs", {"as_of": "2026-03-10"}),
    ],
)
def test_without_a_database_the_caller_is_asked_to_come_back(
    without_database: TestClient, method: str, path: str, body: Any
) -> None:
    answer = without_database.request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (503, "DATABASE_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) > 0


def test_without_a_database_the_process_is_still_up(without_database: TestClient) -> None:
    assert without_database.get("/healthz").json() == {"status": "ok"}
    assert without_database.get("/metrics").status_code == 200


def test_a_database_that_comes_back_is_used_again(app: FastAPI) -> None:
    with client_of(app) as client:
        assert client.get("/api/v1/teams").status_code == 200
        with app.state.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        assert client.get("/api/v1/teams").status_code == 200
