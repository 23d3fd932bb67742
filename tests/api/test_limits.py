"""Bodies: too long, too slow, lying about their length; over a real server and a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from app.asgi import LimitBody
from app.main import configured, create_app

from .conftest import settings_for

LIMIT = 1024


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the length of the body that the application gets to see."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


def ask(
    parts: list[bytes], headers: list[tuple[bytes, bytes]], *, pause_s: float = 0, timeout_s: float = 5
) -> tuple[int, bytes]:
    """Status and body of the answer to a body that arrives in parts."""
    sent: list[Message] = []
    waiting = list(parts)

    async def receive() -> Message:
        await asyncio.sleep(pause_s)
        if not waiting:
            return {"type": "http.disconnect"}
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    asyncio.run(LimitBody(echo, LIMIT, timeout_s)(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


def length(number: int | str) -> list[tuple[bytes, bytes]]:
    return [(b"content-length", str(number).encode())]


CHUNKED = [(b"transfer-encoding", b"chunked")]


@pytest.mark.parametrize(
    ("parts", "headers", "status"),
    [
        ([b"x" * LIMIT], length(LIMIT), 200),
        ([b"x" * LIMIT], CHUNKED, 200),
        ([b"x" * 512, b"x" * 512], CHUNKED, 200),
        ([b"x"] * LIMIT, CHUNKED, 200),
        ([b"x" * (LIMIT + 1)], length(LIMIT + 1), 413),
        ([b"x" * (LIMIT + 1)], CHUNKED, 413),
        ([b"x" * 600, b"x" * 600], CHUNKED, 413),
        ([b"x"] * (LIMIT + 1), CHUNKED, 413),
        ([b"x" * 600, b"x" * 600], length(10), 413),
        ([b"x" * 2000], length(10), 413),
        ([b""], length(10**18), 413),
        ([b""], length("9" * 30), 200),
        ([b"x" * 2000], length("-5"), 413),
        ([b"x" * 2000], length("1e9"), 413),
        ([b""], length(0), 200),
    ],
)
def test_what_arrives_is_counted_not_what_is_announced(
    parts: list[bytes], headers: list[tuple[bytes, bytes]], status: int
) -> None:
    told, body = ask(parts, headers)
    assert told == status
    if status == 200:
        assert int(body) == len(b"".join(parts))
    else:
        assert json.loads(body)["code"] == "BODY_TOO_LARGE"


def test_a_body_that_does_not_come_is_given_up() -> None:
    status, body = ask([b"x", b"x"], CHUNKED, pause_s=0.2, timeout_s=0.05)
    assert (status, json.loads(body)["code"]) == (408, "REQUEST_TIMEOUT")


def test_a_client_that_leaves_midway_is_not_answered() -> None:
    sent: list[Message] = []
    messages = [{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": "/", "headers": CHUNKED}
    asyncio.run(LimitBody(echo, LIMIT)(scope, receive, send))
    assert sent == []


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Port of a real server whose bodies are limited, and whose database is down."""
    settings = settings_for("postgresql://app@/none?host=/nonexistent", max_body_bytes=LIMIT)
    server = uvicorn.Server(configured(create_app(settings, worker=False)))
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield int(listening.getsockname()[1])
    server.should_exit = True
    thread.join(20)
    listening.close()


def talk(port: int, *parts: bytes) -> bytes:
    """What a server says to these bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        said = b""
        try:
            for part in parts:
                connection.sendall(part)
            while chunk := connection.recv(65536):
                said += chunk
        except ConnectionError:
            pass  # the server closed while we were still sending
        return said


HEAD = b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ((HEAD, b"Content-Length: 100000000\r\n\r\n"), b"413"),
        ((HEAD, b"Content-Length: 5000\r\n\r\n", b"x" * 5000), b"413"),
        ((HEAD, b"Transfer-Encoding: chunked\r\n\r\n", *[chunk(b"x" * 500)] * 5), b"413"),
        ((HEAD, b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n", chunk(b"{}"), b"0\r\n\r\n"), b"503"),
        ((HEAD, b"Content-Length: -1\r\n\r\n"), b"400"),
        ((HEAD, b"Content-Length: x\r\n\r\n"), b"400"),
        ((HEAD, b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), b"400"),
        ((b"\x00\x01\x02\r\n\r\n",), b"400"),
        ((b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",), b"415"),
    ],
)
def test_a_real_server_refuses_too(port: int, parts: tuple[bytes, ...], status: bytes) -> None:
    said = talk(port, *parts)
    assert said.split(b" ", 2)[1] == status
    assert b"server:" not in said.lower()


def test_the_server_still_answers_afterwards(port: int) -> None:
    said = talk(port, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert said.endswith(b'{"status":"ok"}')
