"""What every online provider is asked and what it answers, whatever it speaks on the wire.

A provider is pure: it turns a question into the address to fetch, and the bytes that came back into an answer or a named
failure. It opens no connection, keeps no key and knows no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Fault(StrEnum):
    """Why there is no answer. The first two say something of the address, the others of the provider."""

    NOT_FOUND = "NOT_FOUND"
    QUESTION_REFUSED = "QUESTION_REFUSED"
    """This question is not acceptable to it; another may be."""
    BUSY = "BUSY"
    """Asked too often within a second or minute: the same question may be asked again a little later."""
    UNAVAILABLE = "UNAVAILABLE"
    """Out of order, too slow or not reached: may be asked again."""
    QUOTA_SPENT = "QUOTA_SPENT"
    """Nothing more today."""
    ACCESS_DENIED = "ACCESS_DENIED"
    """Key, signature, address list or permission: nothing more before the configuration changes."""
    UNREADABLE = "UNREADABLE"
    """The answer is not what the provider documents."""
    TOO_LARGE = "TOO_LARGE"
    REDIRECTED = "REDIRECTED"


PASSING = frozenset({Fault.BUSY, Fault.UNAVAILABLE})
"""Faults after which the same question is asked again."""

SETTLED = frozenset({Fault.NOT_FOUND, Fault.QUESTION_REFUSED})
"""Faults that are an answer: asking again brings the same."""


@dataclass(frozen=True, slots=True)
class Question:
    """An address as it may leave the machine: `geo.providers.sending` makes it.

    `city`: official name of the city, or empty. `states_city`: the text itself names it. `parts`: what was read of it, as
    far as it is known: `province`, `city`, `district`, `road`, `number`, `estate`.
    """

    text: str
    city: str = ""
    states_city: bool = True
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def full(self) -> str:
        """The text with its city, for providers that take no city beside it."""
        return self.text if self.states_city else self.city + self.text


@dataclass(frozen=True, slots=True)
class Access:
    """Where and as whom a provider is asked. `url`: scheme, host and an optional path prefix, without a last slash."""

    url: str
    key: str = ""
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What is fetched with GET: the whole address, and headers beyond the usual ones."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the HTTP status, the body, and the seconds of a Retry-After header."""

    status: int
    body: bytes
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A place. `lon`, `lat`: CGCS2000 degrees; `level`: a match level of the rulebook; `radius_m`: the error that the
    provider states, else the usual one of the level.

    `own_confidence`: what the provider itself says, as a share, or None. `weak`: by its own documentation the answer is not
    reliable. `province`, `city`, `district`: the division names it states, empty where it states none. `status`: its raw code.
    """

    lon: float
    lat: float
    level: str
    radius_m: float
    own_confidence: float | None = None
    weak: bool = False
    province: str = ""
    city: str = ""
    district: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """No place, and why; `status`: the provider's own code, as it was sent."""

    fault: Fault
    status: str = ""
    retry_after_s: float | None = None


Outcome = Answer | Failure


class Provider(Protocol):
    """One online geocoder."""

    name: str
    """As it is configured and stored: lower-case letters, digits, `:`."""
    title: str
    """As people call it."""
    data: str
    """Whose map it answers from: two providers of one map are no two sources."""
    url: str
    """The documented public address."""
    needs_key: bool
    rate: float
    """Requests a second that the provider allows to anyone, by its documentation."""

    def request(self, question: Question, access: Access) -> Request:
        """What to fetch. Never raises."""

    def read(self, body: bytes) -> Outcome:
        """What the body of a successful fetch says. Never raises."""

    def refusal(self, reply: Reply) -> Failure | None:
        """What an HTTP status that is no success means to this provider, or None for the usual meaning."""


def read_reply(provider: Provider, reply: Reply) -> Outcome:
    """The outcome of a fetch, whatever its status. Never raises."""
    status = reply.status
    if 200 <= status < 300:
        return provider.read(reply.body)
    raw = f"HTTP {status}"
    own = provider.refusal(reply)
    if own is not None:
        return own
    if 300 <= status < 400:
        return Failure(Fault.REDIRECTED, raw)
    if status == 429:
        return Failure(Fault.BUSY, raw, reply.retry_after_s)
    if status in (401, 403, 407):
        return Failure(Fault.ACCESS_DENIED, raw)
    if status == 408 or status >= 500:
        return Failure(Fault.UNAVAILABLE, raw, reply.retry_after_s)
    return Failure(Fault.QUESTION_REFUSED, raw)
