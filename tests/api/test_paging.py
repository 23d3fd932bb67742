"""Cursors: every row on exactly one page, whatever the size of the page; a forged cursor is refused."""

from __future__ import annotations

import base64

import orjson
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from app.allocation.single import allocate_policy
from app.errors import InvalidCursor
from app.paging import cut, decode_cursor, encode_cursor

from .world import TODAY, add_orphan

keys = st.lists(st.one_of(st.text(max_size=40), st.integers(-(2**63) + 1, 2**63 - 1)), max_size=4)


@given(listing=st.text(max_size=10), key=keys.filter(lambda key: "\x00" not in "".join(map(str, key))))
def test_a_cursor_comes_back_as_it_went(listing: str, key: list[str | int]) -> None:
    assert decode_cursor(listing, encode_cursor(listing, key), [type(part) for part in key]) == tuple(key)


def forged(value: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "A",
        "====",
        "ä",
        "W10",
        encode_cursor("teams", ["A"]) + "=",
        encode_cursor("teams", ["A"]) + "A",
        " " + encode_cursor("teams", ["A"]),
        encode_cursor("teams", ["A"])[:-2],
        encode_cursor("cases", ["A"]),
        encode_cursor("teams", []),
        encode_cursor("teams", ["A", "B"]),
        forged(["teams", 1]),
        forged(["teams", None]),
        forged(["teams", True]),
        forged(["teams", ["A"]]),
        forged(["teams", {"A": 1}]),
        forged(["teams", 1.5]),
        forged(["teams", "\x00"]),
        forged({"teams": "A"}),
        forged("teams"),
        forged(None),
        base64.urlsafe_b64encode(b'["teams", "A"]').decode(),
        base64.urlsafe_b64encode(b"\xff\xfe\x00").decode(),
        base64.urlsafe_b64encode(b"[" * 500).decode(),
        "A" * 100_000,
    ],
)
def test_a_forged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor("teams", cursor, (str,))


@pytest.mark.parametrize("number", [2**63, -(2**63), 2**64 - 1, True])
def test_a_number_that_the_store_cannot_hold_is_refused(number: int) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor("runs", forged(["runs", number]), (int,))


@given(rows=st.lists(st.integers(), max_size=30), limit=st.integers(1, 10))
def test_pages_put_together_are_the_list(rows: list[int], limit: int) -> None:
    numbered = list(enumerate(rows))
    seen: list[tuple[int, int]] = []
    start = 0
    for _ in range(len(rows) // limit + 1):
        page, following = cut("rows", numbered[start : start + limit + 1], limit, lambda row: (row[0],))
        seen.extend(page)
        if following is None:
            break
        start = decode_cursor("rows", following, (int,))[0] + 1
    assert seen == numbered


def walk(client: TestClient, path: str, limit: int) -> list[dict[str, object]]:
    """All items of a listing, page by page."""
    items: list[dict[str, object]] = []
    cursor: str | None = None
    while True:
        page = client.get(path, params={"limit": limit} | ({"cursor": cursor} if cursor else {})).json()
        assert len(page["items"]) <= limit
        items.extend(page["items"])
        cursor = page["next"]
        if cursor is None:
            return items
        assert len(page["items"]) == limit


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8, 500])
def test_every_team_is_on_one_page(shared_client: TestClient, limit: int) -> None:
    codes = [item["code"] for item in walk(shared_client, "/api/v1/teams", limit)]
    assert codes == ["M-E1", "T-E1", "T-E2", "T-E3", "T-W1", "T-W2", "T-W3"]


@pytest.mark.parametrize("limit", [1, 4, 11, 12, 13])
def test_every_case_and_every_policy_of_a_pool_is_on_one_page(client: TestClient, world: Engine, limit: int) -> None:
    with world.begin() as connection:
        numbers = [add_orphan(connection, n) for n in range(12)]
        for number in numbers:
            allocate_policy(connection, number, as_of=TODAY, confirm=True)
    assert [item["policy_no"] for item in walk(client, "/api/v1/cases", limit)] == numbers
    assert [item["policy_no"] for item in walk(client, "/api/v1/teams/T-E1/pool", limit)] == numbers
    runs = [item["id"] for item in walk(client, "/api/v1/runs", limit)]
    assert runs == sorted(runs, reverse=True)
    assert len(runs) == len(set(runs)) == 12


def test_a_cursor_stays_right_while_rows_come_and_go(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        for n in (10, 20, 30, 40):
            allocate_policy(connection, add_orphan(connection, n), as_of=TODAY, confirm=True)
    first = client.get("/api/v1/cases?limit=2").json()
    with world.begin() as connection:
        for n in (5, 25):
            allocate_policy(connection, add_orphan(connection, n), as_of=TODAY, confirm=True)
    second = client.get("/api/v1/cases", params={"limit": 2, "cursor": first["next"]}).json()
    assert [item["policy_no"] for item in second["items"]] == ["P000025", "P000030"]
