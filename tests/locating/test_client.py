"""The door to the network: what it lets in, and for how long it waits."""

from __future__ import annotations

import gzip
import logging
import time
from collections.abc import Iterator

import pytest

from app.locating.providers.client import LARGEST_BODY, Client
from geo.providers import Failure, Fault, Reply, Request
from tests.locating.stand_in import Said, StandIn, stand_in


@pytest.fixture
def server() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client(timeout_s=0.3)
    yield made
    made.close()


def fetch(client: Client, server: StandIn, said: Said) -> Reply | Failure:
    server.says["amap"] = said
    return client.fetch(Request(f"{server.url}/v3/geocode/geo?key=SECRET-KEY&address=x"))


def test_an_answer_comes_back_with_its_status(client: Client, server: StandIn) -> None:
    assert fetch(client, server, Said({"a": 1})) == Reply(200, b'{"a":1}')
    assert fetch(client, server, Said(b"no", 503, {"Retry-After": "7"})) == Reply(503, b"no", 7.0)


@pytest.mark.parametrize("after", ["Wed, 25 Nov 2026 21:00:00 GMT", "-1", "²", ""])
def test_a_retry_after_that_is_no_number_is_none(client: Client, server: StandIn, after: str) -> None:
    found = fetch(client, server, Said(b"", 429, {"Retry-After": after.encode("utf-8").decode("latin-1")}))
    assert found == Reply(429, b"")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(client: Client, server: StandIn, status: int) -> None:
    found = fetch(client, server, Said(b"", status, {"Location": f"{server.url}/elsewhere"}))
    assert isinstance(found, Reply)
    assert found.status == status
    assert [seen.path for seen in server.seen] == ["/v3/geocode/geo"]


def test_a_huge_body_is_dropped(client: Client, server: StandIn) -> None:
    assert fetch(client, server, Said(b"x" * LARGEST_BODY)) == Reply(200, b"x" * LARGEST_BODY)
    found = fetch(client, server, Said(b"x" * (LARGEST_BODY + 1)))
    assert found == Failure(Fault.TOO_LARGE, "HTTP 200")


def test_a_compressed_body_is_not_unfolded(client: Client, server: StandIn) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    found = fetch(client, server, Said(bomb, headers={"Content-Encoding": "gzip"}))
    assert found == Failure(Fault.UNREADABLE, "CONTENT_ENCODING")
    assert server.seen[0].headers["Accept-Encoding"] == "identity"


def test_silence_is_a_time_out(client: Client, server: StandIn) -> None:
    began = time.monotonic()
    assert fetch(client, server, Said(b"x", pause_s=1.0)) == Failure(Fault.UNAVAILABLE, "TIMEOUT")
    assert time.monotonic() - began < 0.9


def test_a_trickle_is_too_slow(client: Client, server: StandIn) -> None:
    began = time.monotonic()
    found = fetch(client, server, Said(b"x" * 40, pieces=40, pause_s=0.1))
    assert found == Failure(Fault.UNAVAILABLE, "TOO_SLOW")
    assert time.monotonic() - began < 1.5


def test_a_connection_that_breaks_off_is_no_answer(client: Client, server: StandIn) -> None:
    found = fetch(client, server, Said(b"x" * 1000, cut=10))
    assert isinstance(found, Failure)
    assert found.fault is Fault.UNAVAILABLE


def test_nobody_listens(client: Client) -> None:
    found = client.fetch(Request("http://127.0.0.1:9/x?key=SECRET-KEY"))
    assert isinstance(found, Failure)
    assert (found.fault, "SECRET" in found.status) == (Fault.UNAVAILABLE, False)


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://127.0.0.1/", "http://", "gopher://127.0.0.1"])
def test_what_is_no_web_address_is_not_fetched(client: Client, url: str) -> None:
    found = client.fetch(Request(url))
    assert isinstance(found, Failure)
    assert found.fault in (Fault.QUESTION_REFUSED, Fault.UNAVAILABLE)


def test_neither_key_nor_address_is_logged(
    client: Client, server: StandIn, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    fetch(client, server, Said({"a": 1}))
    fetch(client, server, Said(b"x" * 1000, cut=10))
    assert "SECRET-KEY" not in caplog.text
    assert "address" not in caplog.text


def test_proxies_of_the_environment_are_not_read(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    made = Client(timeout_s=1)
    assert fetch(made, server, Said({"a": 1})) == Reply(200, b'{"a":1}')
    made.close()
