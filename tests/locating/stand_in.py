"""A server on this machine that speaks every provider's wire format, does as it is told, and keeps what reached it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson

PATHS = {
    "/v3/geocode/geo": "amap",
    "/geocoding/v3/": "baidu",
    "/geocoder": "tianditu",
    "/ws/geocoder/v1/": "tencent",
    "/search": "nominatim",
    "/api": "geopy:photon",
}


@dataclass
class Said:
    """What to answer: a status, a body (JSON or bytes), headers, and how to misbehave.

    `pieces`: the body in this many pieces, `pause_s` apart. `cut`: close after this many bytes. `length`: a Content-Length of its
    own.
    """

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pause_s: float = 0.0
    pieces: int = 1
    cut: int | None = None

    def raw(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)


@dataclass(frozen=True)
class Seen:
    """One request as it came over the wire."""

    provider: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: str
    at: float


class StandIn:
    """`says[provider]` is what is answered: a `Said`, JSON, or a function of the request; a list is used up first."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.says: dict[str, Any] = {}
        self.seen: list[Seen] = []
        self.under_way = 0
        self.on_request: Callable[[], None] = lambda: None
        self.lock = threading.Lock()

    def answer(self, seen: Seen) -> Said:
        with self.lock:
            self.seen.append(seen)
            said = self.says.get(seen.provider, Said(b"", 404))
            if isinstance(said, list):
                said = said.pop(0) if len(said) > 1 else said[0]
        if callable(said):
            said = said(seen)
        return said if isinstance(said, Said) else Said(said)

    def count(self, provider: str) -> int:
        with self.lock:
            return sum(seen.provider == provider for seen in self.seen)

    def wire(self) -> str:
        """Everything that reached it, decoded."""
        with self.lock:
            return "\n".join(f"{unquote(seen.raw)} {seen.headers}" for seen in self.seen)


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """The server, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            seen = Seen(
                PATHS.get(url.path, url.path),
                url.path,
                dict(parse_qsl(url.query, keep_blank_values=True)),
                dict(self.headers.items()),
                self.path,
                time.monotonic(),
            )
            server.on_request()
            said = server.answer(seen)
            raw = said.raw()
            try:
                self.send_response_only(said.status)
                for name, value in said.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                if said.cut is not None:
                    raw = raw[: said.cut]
                size = max(1, -(-len(raw) // said.pieces))
                for start in range(0, len(raw), size):
                    time.sleep(said.pause_s)
                    self.wfile.write(raw[start : start + size])
                    self.wfile.flush()
                if said.cut is not None:
                    self.close_connection = True
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *args: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # a client that gave up is part of the tests

    listening = Quiet(("127.0.0.1", 0), Handler)
    server = StandIn(listening.server_address[1])
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
