"""The one place from which a request to an online provider leaves the machine."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Final

import httpx2

from geo.providers import Failure, Fault, Reply, Request

LARGEST_BODY: Final = 256 * 1024
"""Bytes; a geocoder's answer has a few thousand."""

# The library tells of each request with its whole address, in which key and question stand.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class Client:
    """Fetches with GET. Follows no redirect, reads no proxy or password from the environment, takes no compressed body (a small
    one could unfold into gigabytes), and gives up on an answer that is too large or too slow. Any number of threads may use it.
    """

    def __init__(
        self, *, timeout_s: float, proxy: str | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._whole_s = 2 * timeout_s
        self._clock = clock
        self._http = httpx2.Client(
            timeout=timeout_s,
            proxy=proxy,
            follow_redirects=False,
            trust_env=False,
            headers={
                "User-Agent": f"guidan/{version('guidan')}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            },
            limits=httpx2.Limits(max_connections=16, max_keepalive_connections=8),
        )

    def fetch(self, request: Request) -> Reply | Failure:
        """What came back, whatever its status; a failure where nothing readable did. Never raises for what the network does."""
        ends = self._clock() + self._whole_s
        try:
            with self._http.stream("GET", request.url, headers=request.headers) as response:
                body = bytearray()
                if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
                    return Failure(Fault.UNREADABLE, "CONTENT_ENCODING")
                for piece in response.iter_raw():
                    body += piece
                    if len(body) > LARGEST_BODY:
                        return Failure(Fault.TOO_LARGE, f"HTTP {response.status_code}")
                    if self._clock() > ends:
                        return Failure(Fault.UNAVAILABLE, "TOO_SLOW")
                return Reply(response.status_code, bytes(body), _seconds(response.headers.get("retry-after")))
        except httpx2.TimeoutException:
            return Failure(Fault.UNAVAILABLE, "TIMEOUT")
        except (httpx2.UnsupportedProtocol, httpx2.InvalidURL):
            return Failure(Fault.QUESTION_REFUSED, "URL")
        except httpx2.HTTPError as error:
            # Its text may hold the address, and so the question and the key: only its kind is told.
            return Failure(Fault.UNAVAILABLE, type(error).__name__)

    def close(self) -> None:
        """Closes the connections that are kept open."""
        self._http.close()


def _seconds(retry_after: str | None) -> float | None:
    """Seconds of a Retry-After header; a date in it is not read (the usual back-off then applies)."""
    return float(retry_after) if retry_after is not None and retry_after.isascii() and retry_after.isdigit() else None
