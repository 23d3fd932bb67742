"""Ask one provider one question: from the cache, else over the network within rate, quota and patience."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from threading import Lock
from typing import Any, Final

import tenacity
from pyrate_limiter import Limiter, Rate
from sqlalchemy import Engine

from app.locating.providers import cache, quota
from app.locating.providers.client import Client
from app.locating.providers.configured import Configured
from geo.address.divisions import Divisions
from geo.providers import PASSING, SETTLED, Answer, Failure, Fault, Outcome, Question, read_reply
from geo.providers.contradiction import REASON, contradictions

LONGEST_WAIT_S: Final = 30.0
"""A provider that asks for a longer pause gets it, but nobody waits here meanwhile."""

PATIENCE: Final = 3
"""Questions in a row without a readable answer, after which this process stops asking."""


class Source(StrEnum):
    """Where an outcome comes from."""

    CACHE = "CACHE"
    NETWORK = "NETWORK"
    NOT_ASKED = "NOT_ASKED"


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a question. `outcome` is None where it was not asked: `why` then says it (`NO_KEY`, `NO_BATCH`, `STOPPED`,
    `DENIED`, `QUOTA`, `UNREACHABLE`). `requests`: how many left the machine. `contradicts`: the answer lies in another division.
    """

    outcome: Outcome | None
    source: Source
    requests: int = 0
    why: str = ""
    contradicts: bool = False


class _NotAsked(Exception):
    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class Asker:
    """One provider in one process; any number of threads may ask. `batch`: it is asked about a whole store, which not everyone allows.
    `now` and `sleep` are there for tests."""

    def __init__(
        self,
        engine: Engine,
        configured: Configured,
        client: Client,
        divisions: Divisions,
        *,
        attempts: int,
        cache_days: int,
        batch: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.configured = configured
        self._engine, self._client, self._divisions = engine, client, divisions
        self._attempts, self._cache_days = attempts, cache_days
        self._now, self._sleep = now, sleep
        self._batch = batch
        # One request per interval, not a burst of `rate` at the start of each second.
        self._limiter = Limiter(Rate(1, max(1, round(1000 / configured.rate))), buffer_ms=1)
        self._lock = Lock()
        self._in_vain = 0

    def close(self) -> None:
        """Ends the limiter's own thread."""
        self._limiter.close()

    def ask(self, question: Question) -> Asked:
        """The outcome for one question. No transaction is open while the network is waited for."""
        name = self.configured.name
        digest = cache.digest_of(question)
        since = self._now() - timedelta(days=self._cache_days)
        with self._engine.connect() as connection:
            known = cache.look_up(connection, name, [digest], since).get(digest)
        if known is not None:
            return Asked(known, Source.CACHE, contradicts=self._contradicts(question, known))
        requests = 0

        def once() -> Outcome:
            nonlocal requests
            self._may_ask()
            requests += 1
            reply = self._client.fetch(self.configured.provider.request(question, self.configured.access))
            outcome = reply if isinstance(reply, Failure) else read_reply(self.configured.provider, reply)
            reasons = [REASON] if self._contradicts(question, outcome) else []
            cache.keep(self._engine, name, digest, outcome, self._now(), reasons)
            return outcome

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(_is_passing),
            stop=tenacity.stop_any(tenacity.stop_after_attempt(self._attempts), _ToldToComeLater()),
            wait=_wait,
            sleep=self._sleep,
            retry_error_callback=_last,
        )
        try:
            outcome: Outcome = retrying(once)
        except _NotAsked as refusal:
            return Asked(None, Source.NOT_ASKED, requests, refusal.why)
        self._learn(outcome)
        return Asked(outcome, Source.NETWORK, requests, contradicts=self._contradicts(question, outcome))

    def _may_ask(self) -> None:
        """Waits for this process's turn and takes one request from the quota. Raises `_NotAsked`."""
        configured = self.configured
        if not configured.has_key:
            raise _NotAsked("NO_KEY")
        if self._batch and configured.public_nominatim:
            raise _NotAsked("NO_BATCH")
        with self._lock:
            if self._in_vain >= PATIENCE:
                raise _NotAsked("UNREACHABLE")
        self._limiter.try_acquire(configured.name)
        # Looked at after the wait: another thread or process may have been refused meanwhile.
        now = self._now()
        with self._engine.connect() as connection:
            state = quota.read_state(connection, configured.name, configured.fingerprint, now)
        if state.stopped:
            raise _NotAsked("DENIED" if state.denied else "STOPPED")
        if not quota.claim(self._engine, configured.name, configured.quota, now):
            raise _NotAsked("QUOTA")

    def _learn(self, outcome: Outcome) -> None:
        """Keeps the trouble, and leaves the provider alone where it asked for that."""
        if isinstance(outcome, Answer) or outcome.fault in SETTLED:
            with self._lock:
                self._in_vain = 0
            return
        now, until, fingerprint = self._now(), None, None
        if outcome.fault is Fault.QUOTA_SPENT:
            until = quota.next_midnight(now)
        elif outcome.fault is Fault.ACCESS_DENIED:
            fingerprint = self.configured.fingerprint
        elif outcome.retry_after_s is not None and outcome.retry_after_s > LONGEST_WAIT_S:
            until = now + timedelta(seconds=min(outcome.retry_after_s, 86_400))
        else:
            with self._lock:
                self._in_vain += 1
        quota.record_fault(self._engine, self.configured.name, outcome, until=until, fingerprint=fingerprint)

    def _contradicts(self, question: Question, outcome: Outcome) -> bool:
        return isinstance(outcome, Answer) and contradictions([question], [outcome], self._divisions)[0]


def _is_passing(outcome: Outcome) -> bool:
    return isinstance(outcome, Failure) and outcome.fault in PASSING


_backoff = tenacity.wait_exponential_jitter(multiplier=0.5, max=10, jitter=0.5)


def _asked_pause(state: tenacity.RetryCallState) -> float:
    outcome: Any = state.outcome.result() if state.outcome is not None else None
    return (outcome.retry_after_s or 0.0) if isinstance(outcome, Failure) else 0.0


def _wait(state: tenacity.RetryCallState) -> float:
    return max(_backoff(state), _asked_pause(state))


class _ToldToComeLater(tenacity.stop.stop_base):
    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
        return _asked_pause(retry_state) > LONGEST_WAIT_S


def _last(state: tenacity.RetryCallState) -> Any:
    return state.outcome.result() if state.outcome is not None else None
