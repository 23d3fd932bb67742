"""Takes intake events in, each exactly once: one event and ten thousand go the same way."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date
from enum import Enum

from sqlalchemy import Connection, text

from app.errors import AppError, EventConflict, UnknownAgent, UnknownPolicy


@dataclass(frozen=True, slots=True)
class ReportedEvent:
    """An event as the core system reports it; the columns of `orphan_event`."""

    event_id: str
    policy_no: str
    reason: str
    event_on: date
    origin_agent_code: str | None = None
    formalities_on: date | None = None
    approval_ref: str | None = None
    designated_agent_code: str | None = None


class Received(Enum):
    """What became of an event that is now stored."""

    CREATED = "CREATED"
    REPLAYED = "REPLAYED"


_COLUMNS = tuple(field.name for field in fields(ReportedEvent))

_UNNEST = """
    unnest(CAST(:event_id AS text[]), CAST(:policy_no AS text[]), CAST(:reason AS text[]), CAST(:event_on AS date[]),
           CAST(:origin_agent_code AS text[]), CAST(:formalities_on AS date[]), CAST(:approval_ref AS text[]),
           CAST(:designated_agent_code AS text[]))
"""

# Ordered, so that two batches with the same events wait for each other instead of deadlocking.
_INSERT = text(
    f"""
    INSERT INTO orphan_event ({", ".join(_COLUMNS)})
    SELECT * FROM {_UNNEST} AS incoming ({", ".join(_COLUMNS)}) ORDER BY event_id
    ON CONFLICT (event_id) DO NOTHING
    RETURNING event_id
    """  # noqa: S608 (fixed names)
)

_STORED = text(
    f"SELECT {', '.join(_COLUMNS)} FROM orphan_event WHERE event_id = ANY (:event_ids)"  # noqa: S608 (fixed names)
)
_POLICIES = text("SELECT policy_no FROM policy WHERE policy_no = ANY (:codes)")
_AGENTS = text("SELECT code FROM agent WHERE code = ANY (:codes)")


def receive_events(connection: Connection, events: Sequence[ReportedEvent]) -> list[Received | AppError]:
    """Stores what is new, in the caller's transaction; one outcome per event, in their order.

    An event that is there already with the same content is a replay and changes nothing; with other content it is an
    `EventConflict`. An event of an `UnknownPolicy` or with an `UnknownAgent` is not stored. The errors are returned, not raised.
    Safe against the same event arriving on several connections at once.
    """
    policies = set(connection.execute(_POLICIES, {"codes": [event.policy_no for event in events]}).scalars())
    named = {code for event in events for code in (event.origin_agent_code, event.designated_agent_code) if code}
    agents = set(connection.execute(_AGENTS, {"codes": sorted(named)}).scalars()) if named else set()

    outcomes: list[Received | AppError | None] = [None] * len(events)
    first_of: dict[str, int] = {}
    for index, event in enumerate(events):
        if event.policy_no not in policies:
            outcomes[index] = UnknownPolicy()
        elif not {event.origin_agent_code, event.designated_agent_code} - {None} <= agents:
            outcomes[index] = UnknownAgent()
        else:
            first_of.setdefault(event.event_id, index)

    fresh = [events[index] for index in first_of.values()]
    created: set[str] = set()
    stored: dict[str, ReportedEvent] = {}
    if fresh:
        columns = {name: [getattr(event, name) for event in fresh] for name in _COLUMNS}
        created = set(connection.execute(_INSERT, columns).scalars())
        stored = {event.event_id: event for event in fresh if event.event_id in created}
        known = sorted(first_of.keys() - created)
        if known:
            rows = connection.execute(_STORED, {"event_ids": known})
            stored |= {row[0]: ReportedEvent(*row) for row in rows}

    settled: list[Received | AppError] = []
    for index, (event, outcome) in enumerate(zip(events, outcomes, strict=True)):
        if outcome is not None:
            settled.append(outcome)
        elif astuple(stored[event.event_id]) != astuple(event):
            settled.append(EventConflict())
        elif event.event_id in created and first_of[event.event_id] == index:
            settled.append(Received.CREATED)
        else:
            settled.append(Received.REPLAYED)
    return settled
