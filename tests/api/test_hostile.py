"""What a hostile or broken caller may send: always a problem with a 4xx, never a 500, and nothing of the input comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

JSON = {"Content-Type": "application/json"}
SECRET = "ZZsecretZZ"

EVENT: dict[str, Any] = {
    "event_id": "EV-1",
    "policy_no": "XL-A1-1",
    "reason": "AGENT_TERMINATED",
    "event_on": "2026-03-05",
}


def event(**changed: Any) -> bytes:
    return json.dumps({**EVENT, **changed}).encode()


def raw_event(member: str) -> bytes:
    """An event with a last member written as it is."""
    return (json.dumps(EVENT)[:-1] + ", " + member + "}").encode()


BODIES: list[tuple[str, str, bytes, int, str]] = [
    # name, path, body, status, code
    ("empty body", "events", b"", 422, "VALIDATION_FAILED"),
    ("blank body", "events", b"   ", 400, "MALFORMED_JSON"),
    ("no JSON", "events", SECRET.encode(), 400, "MALFORMED_JSON"),
    ("half an object", "events", b'{"event_id": "' + SECRET.encode(), 400, "MALFORMED_JSON"),
    ("trailing comma", "events", b'{"event_id": "1",}', 400, "MALFORMED_JSON"),
    ("two documents", "events", event() + event(), 400, "MALFORMED_JSON"),
    ("single quotes", "events", b"{'event_id': '1'}", 400, "MALFORMED_JSON"),
    ("comment", "events", b'{/* */"event_id": "1"}', 400, "MALFORMED_JSON"),
    ("NaN", "events", raw_event('"x": NaN'), 400, "MALFORMED_JSON"),
    ("Infinity", "events", raw_event('"x": Infinity'), 400, "MALFORMED_JSON"),
    ("-Infinity", "events", raw_event('"x": -Infinity'), 400, "MALFORMED_JSON"),
    ("NaN alone", "events", b"NaN", 400, "MALFORMED_JSON"),
    ("NaN in a batch", "events/batch", b"[NaN]", 400, "MALFORMED_JSON"),
    ("1e999", "events", raw_event('"x": 1e999'), 400, "MALFORMED_JSON"),
    ("deep arrays", "events/batch", b"[" * 90_000 + b"]" * 90_000, 400, "MALFORMED_JSON"),
    ("deep objects", "events", b'{"a":' * 30_000 + b"1" + b"}" * 30_000, 400, "MALFORMED_JSON"),
    ("open arrays", "events/batch", b"[" * 150_000, 400, "MALFORMED_JSON"),
    ("not UTF-8", "events", b'{"event_id": "\xff\xfe"}', 400, "MALFORMED_JSON"),
    ("UTF-16", "events", json.dumps(EVENT).encode("utf-16"), 400, "MALFORMED_JSON"),
    ("byte order mark", "events", b"\xef\xbb\xbf" + event(), 400, "MALFORMED_JSON"),
    ("overlong NUL", "events", b'{"event_id": "\xc0\x80"}', 400, "MALFORMED_JSON"),
    ("encoded surrogate", "events", b'{"event_id": "\xed\xa0\x80"}', 400, "MALFORMED_JSON"),
    ("lone high surrogate", "events", raw_event('"approval_ref": "\\ud800"'), 400, "MALFORMED_JSON"),
    ("lone low surrogate", "events", raw_event('"approval_ref": "\\udc00"'), 400, "MALFORMED_JSON"),
    ("raw NUL", "events", b'{"event_id": "a\x00b"}', 400, "MALFORMED_JSON"),
    ("NUL", "events", event(event_id="a\x00b"), 422, "VALIDATION_FAILED"),
    ("NUL in an optional member", "events", event(approval_ref="\x00"), 422, "VALIDATION_FAILED"),
    ("control character", "events", event(policy_no="a\x1bb"), 422, "VALIDATION_FAILED"),
    ("line break", "events", event(policy_no="a\nb"), 422, "VALIDATION_FAILED"),
    ("noncharacter", "events", event(policy_no="a\uffff"), 422, "VALIDATION_FAILED"),
    ("null body", "events", b"null", 422, "VALIDATION_FAILED"),
    ("string body", "events", json.dumps(SECRET).encode(), 422, "VALIDATION_FAILED"),
    ("number body", "events", b"17", 422, "VALIDATION_FAILED"),
    ("array body", "events", b"[]", 422, "VALIDATION_FAILED"),
    ("empty object", "events", b"{}", 422, "VALIDATION_FAILED"),
    ("unknown member", "events", event(**{SECRET: 1}), 422, "VALIDATION_FAILED"),
    ("prototype", "events", raw_event('"__proto__": {}'), 422, "VALIDATION_FAILED"),
    ("empty id", "events", event(event_id=""), 422, "VALIDATION_FAILED"),
    ("long id", "events", event(event_id=SECRET * 100), 422, "VALIDATION_FAILED"),
    ("id is a number", "events", event(event_id=1), 422, "VALIDATION_FAILED"),
    ("id is an object", "events", event(event_id={SECRET: SECRET}), 422, "VALIDATION_FAILED"),
    ("id is null", "events", event(event_id=None), 422, "VALIDATION_FAILED"),
    ("unknown reason", "events", event(reason=SECRET), 422, "VALIDATION_FAILED"),
    ("date with time", "events", event(event_on="2026-03-05T00:00:00"), 422, "VALIDATION_FAILED"),
    ("date as a number", "events", event(event_on=0), 422, "VALIDATION_FAILED"),
    ("date that is none", "events", event(event_on="2026-02-30"), 422, "VALIDATION_FAILED"),
    ("year 0", "events", event(event_on="0000-01-01"), 422, "VALIDATION_FAILED"),
    ("year 1", "events", event(event_on="0001-01-01"), 422, "VALIDATION_FAILED"),
    ("year 9999", "events", event(event_on="9999-12-31"), 422, "VALIDATION_FAILED"),
    ("year 99999", "events", event(event_on="99999-01-01"), 422, "VALIDATION_FAILED"),
    ("full-width digits", "events", event(event_on="２０２６-０３-０５"), 422, "VALIDATION_FAILED"),
    ("negative year", "events", event(event_on="-2026-03-05"), 422, "VALIDATION_FAILED"),
    ("huge integer", "events", raw_event('"x": ' + "9" * 5000), 400, "MALFORMED_JSON"),
    ("integer beyond 64 bits", "events", raw_event('"approval_ref": ' + "9" * 25), 422, "VALIDATION_FAILED"),
    ("huge exponent as date", "events", raw_event('"formalities_on": 1e300'), 422, "VALIDATION_FAILED"),
    ("empty batch", "events/batch", b"[]", 422, "VALIDATION_FAILED"),
    ("batch is an object", "events/batch", event(), 422, "VALIDATION_FAILED"),
    ("too long a batch", "events/batch", b"[" + b"1," * 10_000 + b"1]", 422, "VALIDATION_FAILED"),
    ("confirm as text", "allocations", b'{"policy_no": "P1", "confirm": "true"}', 422, "VALIDATION_FAILED"),
    ("confirm as number", "allocations", b'{"policy_no": "P1", "confirm": 1}', 422, "VALIDATION_FAILED"),
    ("policy as list", "allocations", b'{"policy_no": ["P1"]}', 422, "VALIDATION_FAILED"),
    ("policy with NUL", "allocations", b'{"policy_no": "P\\u00001"}', 422, "VALIDATION_FAILED"),
    ("no policies", "allocations/batch", b'{"policy_nos": []}', 422, "VALIDATION_FAILED"),
    (
        "too many policies",
        "allocations/batch",
        json.dumps({"policy_nos": ["P"] * 10_001}).encode(),
        422,
        "VALIDATION_FAILED",
    ),
    ("run without date", "runs", b"{}", 422, "VALIDATION_FAILED"),
    ("run of NaN", "runs", b'{"as_of": NaN}', 400, "MALFORMED_JSON"),
    ("run of an unknown branch", "runs", b'{"as_of": "2026-03-10", "branch_code": "Q"}', 422, "UNKNOWN_ORGANISATION"),
    ("run of a city", "runs", b'{"as_of": "2026-03-10", "branch_code": "C"}', 422, "UNKNOWN_ORGANISATION"),
    ("injection", "allocations", json.dumps({"policy_no": "' OR 1=1 --"}).encode(), 404, "POLICY_NOT_FOUND"),
    ("bind parameter", "allocations", json.dumps({"policy_no": "%s :x %(y)s {z}"}).encode(), 404, "POLICY_NOT_FOUND"),
    ("larger than the limit", "events/batch", b'["' + b"x" * 250_000 + b'"]', 413, "BODY_TOO_LARGE"),
]


@pytest.mark.parametrize(("path", "body", "status", "code"), [pytest.param(*case[1:], id=case[0]) for case in BODIES])
def test_bad_bodies_get_a_problem(shared_client: TestClient, path: str, body: bytes, status: int, code: str) -> None:
    answer = shared_client.post(f"/api/v1/{path}", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert SECRET not in answer.text


TYPES = [
    None,
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonx",
    "json",
    "application/xml",
    "\u00e9",
]


@pytest.mark.parametrize("declared", TYPES)
def test_a_body_must_be_declared_as_json(shared_client: TestClient, declared: str | None) -> None:
    headers = {} if declared is None else {"Content-Type": declared.encode("latin-1")}
    answer = shared_client.post("/api/v1/events", content=event(), headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("declared", ["application/json", "Application/JSON; charset=utf-8", "application/json;"])
def test_json_may_be_declared_in_any_case(shared_client: TestClient, declared: str) -> None:
    answer = shared_client.post("/api/v1/events", content=b"{}", headers={"Content-Type": declared})
    assert answer.status_code == 422


QUERIES: list[tuple[str, int, str]] = [
    ("territories/at?lon=NaN&lat=30&crs=WGS84", 422, "VALIDATION_FAILED"),
    ("territories/at?lon=120&lat=inf&crs=WGS84", 422, "VALIDATION_FAILED"),
    ("territories/at?lon=-Infinity&lat=30&crs=WGS84", 422, "VALIDATION_FAILED"),
    ("territories/at?lon=1e400&lat=30&crs=WGS84", 422, "VALIDATION_FAILED"),
    ("territories/at?lon=181&lat=30&crs=WGS84", 422, "VALIDATION_FAILED"),
    ("territories/at?lon=120&lat=91&crs=WGS84", 422, "VALIDATION_FAILED"),
    (f"territories/at?lon={SECRET}&lat=30&crs=WGS84", 422, "VALIDATION_FAILED"),
    ("territories/at?lon=30&lat=120&crs=WGS84", 422, "VALIDATION_FAILED"),
    ("territories/at?lon=30&lat=60&crs=WGS84", 422, "OUTSIDE_CHINA"),
    ("territories/at?lon=120&lat=30", 422, "CRS_UNDECLARED"),
    (f"territories/at?lon=120&lat=30&crs={SECRET}", 422, "VALIDATION_FAILED"),
    ("territories/at?lon=120&lat=30&crs=EPSG:3857", 422, "VALIDATION_FAILED"),
    ("territories/at?lon=120", 422, "PLACE_NOT_GIVEN"),
    ("territories/at", 422, "PLACE_NOT_GIVEN"),
    ("territories/at?lon=120&lat=30&crs=WGS84&address=x", 422, "PLACE_NOT_GIVEN"),
    ("territories/at?address=%00", 422, "VALIDATION_FAILED"),
    ("territories/at?address=", 422, "VALIDATION_FAILED"),
    ("territories/at?address=" + "x" * 301, 422, "VALIDATION_FAILED"),
    ("territories/at?lon=120&lat=30&crs=WGS84&on=2026-02-30", 422, "VALIDATION_FAILED"),
    ("territories/at?lon=120&lat=30&crs=WGS84&on=9999-12-31", 422, "VALIDATION_FAILED"),
    ("territories/at?lon=120&lat=30&crs=WGS84&on=20260310", 422, "VALIDATION_FAILED"),
    ("teams?limit=0", 422, "VALIDATION_FAILED"),
    ("teams?limit=-1", 422, "VALIDATION_FAILED"),
    ("teams?limit=501", 422, "VALIDATION_FAILED"),
    ("teams?limit=1e2", 422, "VALIDATION_FAILED"),
    ("teams?limit=" + "9" * 5000, 422, "VALIDATION_FAILED"),
    (f"teams?force={SECRET}", 422, "VALIDATION_FAILED"),
    ("teams?branch_code=%00", 422, "VALIDATION_FAILED"),
    ("teams?cursor=%00", 400, "CURSOR_INVALID"),
    ("teams?cursor=", 200, ""),
    (f"teams?cursor={SECRET}", 400, "CURSOR_INVALID"),
    ("teams?cursor=" + "A" * 3000, 400, "CURSOR_INVALID"),
    ("teams?cursor=%F0%9F%98%80", 400, "CURSOR_INVALID"),
    ("teams?cursor=%ED%A0%80", 400, "CURSOR_INVALID"),
    ("teams/%00", 422, "VALIDATION_FAILED"),
    ("teams/" + "x" * 65, 422, "VALIDATION_FAILED"),
    (f"teams/{SECRET}", 404, "TEAM_NOT_FOUND"),
    (f"teams/{SECRET}/pool", 404, "TEAM_NOT_FOUND"),
    (f"teams/T-E1/pool?state={SECRET}", 422, "VALIDATION_FAILED"),
    ("teams/..%2f..%2fetc%2fpasswd", 404, "NO_SUCH_PATH"),
    ("runs/0", 422, "VALIDATION_FAILED"),
    ("runs/-1", 422, "VALIDATION_FAILED"),
    ("runs/9223372036854775807", 404, "RUN_NOT_FOUND"),
    ("runs/9223372036854775808", 422, "VALIDATION_FAILED"),
    ("runs/" + "9" * 5000, 422, "VALIDATION_FAILED"),
    (f"runs/{SECRET}", 422, "VALIDATION_FAILED"),
    (f"cases/{SECRET}", 404, "CASE_NOT_FOUND"),
    ("cases/%00", 422, "VALIDATION_FAILED"),
    (f"cases?state={SECRET}", 422, "VALIDATION_FAILED"),
    (f"cases?rung={SECRET}", 422, "VALIDATION_FAILED"),
    ("statistics/summary?run=0", 422, "VALIDATION_FAILED"),
    ("statistics/summary?run=99", 404, "RUN_NOT_FOUND"),
    (f"organisations?level={SECRET}", 422, "VALIDATION_FAILED"),
    ("nothing/here", 404, "NO_SUCH_PATH"),
    ("teams/", 404, "NO_SUCH_PATH"),
    ("", 404, "NO_SUCH_PATH"),
]


@pytest.mark.parametrize(
    ("path", "status", "code"), [pytest.param(*case, id=case[0][:60] or "root") for case in QUERIES]
)
def test_bad_queries_get_a_problem(shared_client: TestClient, path: str, status: int, code: str) -> None:
    answer = shared_client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json().get("code", "")) == (status, code)
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/teams", "GET"),
        ("PUT", "/api/v1/events", "POST"),
        ("GET", "/api/v1/events", "POST"),
        ("PATCH", "/api/v1/cases/P1", "GET"),
        ("POST", "/healthz", "GET"),
        ("TRACE", "/api/v1/teams", "GET"),
        ("FOO", "/api/v1/teams", "GET"),
    ],
)
def test_a_wrong_method_is_told_the_right_one(shared_client: TestClient, method: str, path: str, allowed: str) -> None:
    answer = shared_client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert allowed in answer.headers["allow"]


@pytest.mark.parametrize("key", ["short", "x" * 201, "tab\tinside-the-key", "\u00e9\u00e8" * 8 + "\u0080"])
def test_a_bad_idempotency_key_is_refused(shared_client: TestClient, key: str) -> None:
    headers = {**JSON, "Idempotency-Key": key.encode("latin-1")}
    answer = shared_client.post("/api/v1/allocations", content=b'{"policy_no": "P1"}', headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION_FAILED")


def test_a_bad_item_of_a_batch_keeps_no_other_out_and_is_not_repeated(shared_client: TestClient) -> None:
    items = [{**EVENT, "reason": SECRET}, 17, None, {SECRET: 1}, {**EVENT, "policy_no": "UNKNOWN"}]
    answer = shared_client.post("/api/v1/events/batch", json=items)
    assert answer.status_code == 200
    told = [(item["outcome"], item["code"]) for item in answer.json()["items"]]
    assert told == [("REFUSED", "VALIDATION_FAILED")] * 4 + [("REFUSED", "UNKNOWN_POLICY")]
    assert SECRET not in answer.text


def test_a_validation_error_names_the_field_and_the_rule(shared_client: TestClient) -> None:
    answer = shared_client.post("/api/v1/events", json={**EVENT, "event_id": "x" * 65, "reason": SECRET, SECRET: 1})
    errors = {error["field"]: error for error in answer.json()["errors"]}
    assert errors["body.event_id"]["message"] == "string_too_long: max_length 64"
    assert "AGENT_TERMINATED" in errors["body.reason"]["message"]
    assert errors["body.?"]["rule"] == "extra_forbidden"
