"""What every request passes before it reaches FastAPI: it is counted, timed and logged, and its body is limited.

Plain ASGI, because it is on the path of every request.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import re
import time
from collections.abc import Callable
from typing import Any

import orjson
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems import TooLarge, TooSlow, answer, render

access = logging.getLogger("guidan.access")

BODY_TIMEOUT_S = 30.0
"""Seconds that a client may take between two parts of a body."""

DRAIN_S = 1.0
"""Seconds for which the rest of a refused body is read and thrown away."""


class Observe:
    """Counts, times and logs each request, and answers what nothing inside has answered.

    The log names the route and not the path, because paths and queries hold policy numbers and addresses.
    """

    def __init__(self, app: ASGIApp, registry: CollectorRegistry, prefix: str) -> None:
        """`prefix`: the path before the routes of the interface, which their templates leave out."""
        self.app = app
        self._prefix = prefix
        self._requests = Counter(
            "guidan_http_requests_total", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "guidan_http_request_seconds",
            "Time from the first byte to the end of the answer.",
            ("route",),
            registry=registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
        )
        self._children: dict[tuple[str, str, int], tuple[Callable[[], None], Callable[[float], None]]] = {}
        self._numbers = itertools.count(1)
        self._process = os.urandom(4).hex()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0
        request_id = f"{self._process}-{next(self._numbers)}"

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode("ascii"))]
            await send(message)

        try:
            await self.app(scope, receive, observed)
        except Exception as error:
            if status:  # half an answer is out: the server must break the connection off
                raise
            await answer(Request(scope), error)(scope, receive, observed)
        finally:
            self._record(scope, status, time.perf_counter() - started, request_id)

    def _record(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        method, route = scope["method"], route_of(scope, self._prefix)
        if method not in _METHODS:
            method = "OTHER"
        child = self._children.get((method, route, status))
        if child is None:
            child = self._requests.labels(method, route, str(status)).inc, self._seconds.labels(route).observe
            self._children[method, route, status] = child
        child[0]()
        child[1](seconds)
        if access.isEnabledFor(logging.INFO):
            line = {"id": request_id, "method": method, "route": route, "status": status, "ms": round(seconds * 1e3, 2)}
            access.info(orjson.dumps(line).decode())


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def route_of(scope: Scope, prefix: str) -> str:
    """The route's template, such as `/api/v1/teams/{code}`; what matched no route is counted as one."""
    route: Any = scope.get("route")
    path = getattr(route, "path", None)
    if not isinstance(path, str) or not path:
        return "unmatched"
    root = str(scope.get("root_path", ""))
    mounted = root.removeprefix(
        str(scope.get("app_root_path", root))
    )  # such as /ogc, which the routes below it leave out
    if mounted:
        return mounted + path
    below = scope["path"].startswith(prefix + "/") and not path.startswith(prefix)
    return prefix + path if below else path


class LimitBody:
    """Takes a body in whole, up to a number of bytes, before anything looks at it; a longer or slower one is refused.

    Counts what arrives, so neither a false Content-Length nor a chunked body gets past it.
    """

    def __init__(
        self,
        app: ASGIApp,
        max_bytes: int,
        timeout_s: float = BODY_TIMEOUT_S,
        larger: tuple[re.Pattern[str], int] | None = None,
    ) -> None:
        """`larger`: paths whose bodies are files, and how many bytes those may have."""
        self.app = app
        self.max_bytes = max_bytes
        self.timeout_s = timeout_s
        self.larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not self._announced(scope):
            await self.app(scope, receive, send)
            return
        most = self._most(scope)
        if self._announced(scope) > most:
            await self._refuse(TooLarge(), receive, send)
            return
        message = await receive()
        parts, size = [message.get("body", b"")], len(message.get("body", b""))
        while size <= most and message.get("more_body", False):
            try:
                message = await asyncio.wait_for(receive(), self.timeout_s)
            except TimeoutError:
                await self._refuse(TooSlow(), receive, send)
                return
            if message["type"] != "http.request":
                return  # the client has gone
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        if size > most:
            await self._refuse(TooLarge(), receive, send)
            return
        if len(parts) > 1:
            message = {"type": "http.request", "body": b"".join(parts), "more_body": False}

        whole: Message | None = message

        async def replay() -> Message:
            nonlocal whole
            if whole is None:
                return await receive()
            given, whole = whole, None
            return given

        await self.app(scope, replay, send)

    def _most(self, scope: Scope) -> int:
        if self.larger is not None and self.larger[0].fullmatch(scope["path"]):
            return self.larger[1]
        return self.max_bytes

    @staticmethod
    def _announced(scope: Scope) -> int:
        """Bytes that the headers announce: 0 for none, 1 for an unknown number."""
        for name, value in scope["headers"]:
            if name == b"content-length":
                return int(value) if value.isdigit() and len(value) < 20 else 1
            if name == b"transfer-encoding":
                return 1
        return 0

    async def _refuse(self, error: TooLarge | TooSlow, receive: Receive, send: Send) -> None:
        status, headers, body = render(error)
        raw = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        raw.append((b"content-length", str(len(body)).encode("ascii")))
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body, "more_body": True})
        # To close with bytes unread would reset the connection, and the caller might never see the answer.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._drain(receive), min(DRAIN_S, self.timeout_s))
        await send({"type": "http.response.body", "body": b""})

    async def _drain(self, receive: Receive) -> None:
        drained = 0
        while drained <= self.max_bytes:
            message = await receive()
            if message["type"] != "http.request" or not message.get("more_body", False):
                return
            drained += len(message.get("body", b""))
