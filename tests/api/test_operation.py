"""Health, figures, the access log, the description of the interface, and the web files."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from app import fields
from app.main import create_app
from app.models import CASE_STATES, LEVELS, REASONS, RUNGS
from app.policies.schemas import Reason
from app.settings import Settings

from .conftest import client_of
from .world import add_orphan


def test_a_migrated_database_is_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_an_older_schema_is_not_ready(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "NOT_READY")
    assert "guidan migrate" in answer.json()["detail"]


def test_a_database_without_an_extension_is_not_ready(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        connection.execute(text("DROP EXTENSION pg_trgm"))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "NOT_READY")
    assert "pg_trgm" in answer.json()["detail_en"]


def test_figures_count_requests_by_route_and_status(client: TestClient, world: Engine) -> None:
    client.get("/api/v1/teams/T-E1")
    client.get("/api/v1/teams/T-E2")
    client.get("/api/v1/teams/nobody")
    client.get("/nothing/here")
    client.request("BREW", "/healthz")
    with world.begin() as connection:
        add_orphan(connection, 1)
    client.post("/api/v1/runs", json={"as_of": "2026-03-10"})
    told = client.get("/metrics").text
    for line in (
        'guidan_http_requests_total{method="GET",route="/api/v1/teams/{code}",status="200"} 2.0',
        'guidan_http_requests_total{method="GET",route="/api/v1/teams/{code}",status="404"} 1.0',
        'guidan_http_requests_total{method="GET",route="unmatched",status="404"} 1.0',
        'guidan_http_requests_total{method="OTHER",route="/healthz",status="405"} 1.0',
        'guidan_http_request_seconds_count{route="/api/v1/teams/{code}"} 3.0',
        'guidan_runs{status="QUEUED"} 1.0',
        'guidan_jobs{status="todo"} 1.0',
        'guidan_pool_connections{state="idle"}',
        "process_resident_memory_bytes",
    ):
        assert line in told


def test_two_applications_in_one_process_count_for_themselves(world_url: str) -> None:
    settings = Settings(database_url=world_url, web=Path("/nonexistent"))
    with (
        client_of(create_app(settings, worker=False)) as first,
        client_of(create_app(settings, worker=False)) as second,
    ):
        first.get("/healthz")
        assert 'route="/healthz"' in first.get("/metrics").text
        assert 'route="/healthz"' not in second.get("/metrics").text


def test_the_access_log_names_routes_and_no_policies(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "guidan.access"):
        answer = client.get("/api/v1/cases/SECRET-1?state=SECRET-2", headers={"Authorization": "SECRET-3"})
    (record,) = [record for record in caplog.records if record.name == "guidan.access"]
    line = json.loads(record.getMessage())
    assert line == {
        "id": answer.headers["x-request-id"],
        "method": "GET",
        "route": "/api/v1/cases/{policy_no}",
        "status": 404,
        "ms": line["ms"],
    }
    assert "SECRET" not in caplog.text


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    """The description of the interface."""
    described: dict[str, Any] = create_app(Settings(web=Path("/nonexistent")), worker=False).openapi()
    return described


def operations(openapi: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_every_operation_has_an_id_a_tag_words_and_its_problems(openapi: dict[str, Any]) -> None:
    ids = []
    for path, method, operation in operations(openapi):
        where = f"{method} {path}"
        ids.append(operation["operationId"])
        assert operation["tags"], where
        assert operation.get("description"), where
        if not path.startswith("/api/"):
            continue
        for status in ("422", "500", "503"):
            schema = operation["responses"][status]["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}, where
        good = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        assert any("content" in answer for answer in good), where
        if method == "post" and set(operation.get("requestBody", {}).get("content", {})) == {"application/json"}:
            assert {"400", "413", "415"} <= operation["responses"].keys(), where
    assert len(ids) == len(set(ids))
    assert ids == [one for one in ids if one.isidentifier()]


def test_every_reference_leads_somewhere_and_no_foreign_error_is_promised(openapi: dict[str, Any]) -> None:
    said = json.dumps(openapi)
    schemas = openapi["components"]["schemas"]
    named = {part.split('"')[0] for part in said.split("#/components/schemas/")[1:]}
    assert named <= schemas.keys()
    assert "HTTPValidationError" not in said
    for name in ("EventIn", "Case", "Decided", "Run", "TeamPage", "PoolPage", "OwnersAt", "Summary", "Problem"):
        assert name in schemas


def test_examples_are_valid(openapi: dict[str, Any]) -> None:
    from app.allocation.schemas import AllocationIn, AllocationsIn, Run, RunIn
    from app.organisation.schemas import Organisation, Team
    from app.policies.schemas import EventIn, EventReceipt
    from app.territories.schemas import OwnersAt

    for model in (AllocationIn, AllocationsIn, Run, RunIn, Organisation, Team, EventIn, EventReceipt, OwnersAt):
        for example in openapi["components"]["schemas"][model.__name__]["examples"]:
            model.model_validate_json(json.dumps(example))


@pytest.mark.parametrize(
    ("words", "stored"),
    [(fields.Level, LEVELS), (fields.CaseState, CASE_STATES), (fields.Rung, RUNGS), (Reason, REASONS)],
)
def test_the_words_on_the_wire_are_those_of_the_store(words: Any, stored: tuple[str, ...]) -> None:
    assert get_args(words) == stored


def asked_of(dependant: Dependant) -> set[str]:
    """The names of all that a route depends on, of what these depend on, and so on."""
    found = {each.call.__name__ for each in dependant.dependencies if each.call}
    return found.union(*(asked_of(each) for each in dependant.dependencies))


def test_every_route_of_the_interface_asks_for_the_caller() -> None:
    app = create_app(Settings(web=Path("/nonexistent")), worker=False)
    seen = 0
    for included in app.routes:
        for route in getattr(getattr(included, "original_router", None), "routes", []):
            if isinstance(route, APIRoute) and "operation" not in route.tags:
                assert "get_principal" in asked_of(route.dependant), route.path
                seen += 1
    assert seen > 15


@pytest.fixture
def web(tmp_path: Path, world_url: str) -> Iterator[TestClient]:
    """A client of an application with a built page."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>归单</title>", encoding="utf-8")
    (tmp_path / "assets" / "app-1a2b3c.js").write_text("export {}", encoding="utf-8")
    (tmp_path / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    (tmp_path.parent / "outside.txt").write_text("outside", encoding="utf-8")
    with client_of(create_app(Settings(database_url=world_url, web=tmp_path), worker=False)) as client:
        yield client


PAGE = {"Accept": "text/html,*/*"}


@pytest.mark.parametrize("path", ["/", "/review", "/studio"])
def test_the_pages_are_there_for_whoever_asks(web: TestClient, path: str) -> None:
    answer = web.get(path, headers={"Accept": "*/*"})
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/html")


@pytest.mark.parametrize(
    ("path", "kind", "caching"),
    [
        ("/", "text/html", "no-cache"),
        ("/teams/T-E1", "text/html", "no-cache"),
        ("/assets/app-1a2b3c.js", "text/javascript", "public, max-age=31536000, immutable"),
        ("/favicon.svg", "image/svg+xml", "no-cache"),
    ],
)
def test_the_page_is_served_with_its_headers(web: TestClient, path: str, kind: str, caching: str) -> None:
    answer = web.get(path, headers=PAGE)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["cache-control"] == caching
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_an_unchanged_file_is_not_sent_again(web: TestClient) -> None:
    first = web.get("/", headers=PAGE)
    again = web.get("/", headers={**PAGE, "If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert "content-security-policy" in again.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/assets/missing.js", 404),
        ("GET", "/missing.png", 404),
        ("GET", "/../outside.txt", 404),
        ("GET", "/%2e%2e/outside.txt", 404),
        ("GET", "/..%2foutside.txt", 404),
        ("GET", "/%00", 404),
        ("GET", "/" + "x" * 3000 + ".js", 404),
        ("POST", "/", 404),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/events", 405),
        ("DELETE", "/api/v1/teams", 405),
    ],
)
def test_what_is_not_there_is_a_problem_and_not_the_page(web: TestClient, method: str, path: str, status: int) -> None:
    answer = web.request(method, path, headers=PAGE)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_without_a_build_only_the_interface_is_served(client: TestClient) -> None:
    assert client.get("/", headers=PAGE).json()["code"] == "NO_SUCH_PATH"
