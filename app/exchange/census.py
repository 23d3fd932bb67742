"""`guidan census`: nothing is lost. Every case is in one of the states, every record read is stored or was refused."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from sqlalchemy import Connection, text

from app.allocation import loads
from app.allocation.loads import Difference

GROUPS: Final = {
    "REPORTED": "waiting",
    "PENDING_APPROVAL": "waiting",
    "POOLED": "pooled",
    "CLASSIFIED": "pooled",
    "GROUPED": "pooled",
    "LOCATED": "pooled",
    "RECLAIMED": "pooled",
    "PROPOSED": "proposed",
    "TEAM_POOL": "allocated",
    "ASSIGNED": "allocated",
    "SYNC_FAILED": "allocated",
    "CONFIRMED": "allocated",
    "SERVICING": "allocated",
    "LOCATION_REVIEW": "in_review",
    "CITY_REVIEW": "in_review",
    "SUSPENDED": "suspended",
    "REJECTED": "rejected",
    "CLOSED": "closed",
}
"""State of a case (rulebook 5.3) → where the census counts it."""

HELD: Final = tuple(state for state, group in GROUPS.items() if group in ("proposed", "allocated"))
"""States in which a team holds the case: exactly then it has a live allocation. A suspended case may keep its own."""

SHOWN: Final = 100
"""Contradictions that are listed; all are counted."""

_CASES: Final = "SELECT branch_code, state, count(*) FROM orphan_case GROUP BY branch_code, state"

# Counted from the policies and not from the states, so that the sum over the states has something to be compared with.
_OPENED: Final = """
    SELECT c.branch_code, count(c.id)
    FROM policy p JOIN orphan_case c ON c.policy_no = p.policy_no AND cardinality(c.event_ids) > 0
    GROUP BY c.branch_code
"""

_UNHELD: Final = """
    SELECT c.policy_no, c.state, count(a.id) AS live
    FROM orphan_case c LEFT JOIN allocation a ON a.case_id = c.id AND a.live
    WHERE c.state <> 'SUSPENDED'
    GROUP BY c.id HAVING count(a.id) <> (c.state = ANY (:held))::int
    ORDER BY c.policy_no
"""

_EVENTS: Final = """
    SELECT count(*),
           count(*) FILTER (WHERE taken),
           count(*) FILTER (WHERE NOT taken AND refused),
           count(*) FILTER (WHERE NOT taken AND NOT refused)
    FROM (
        SELECT EXISTS (SELECT FROM in_case i WHERE i.event_id = e.event_id) AS taken,
               EXISTS (SELECT FROM refused_event r WHERE r.event_id = e.event_id) AS refused
        FROM orphan_event e
    ) x
"""

_FILES: Final = """
    SELECT file, count(*), sum(rows_read)::bigint, sum(rows_stored)::bigint, sum(rows_rejected)::bigint
    FROM imported_file GROUP BY file ORDER BY file
"""


@dataclass(frozen=True)
class BranchCensus:
    """Cases of the policies that a branch manages: `opened`, and where they are now."""

    branch_code: str
    opened: int
    waiting: int = 0
    pooled: int = 0
    proposed: int = 0
    allocated: int = 0
    in_review: int = 0
    suspended: int = 0
    rejected: int = 0
    closed: int = 0

    @property
    def ok(self) -> bool:
        """Whether every opened case is somewhere."""
        counted: list[int] = [getattr(self, one.name) for one in fields(self)[2:]]
        return self.opened == sum(counted)


@dataclass(frozen=True)
class FileCensus:
    """All imports of a file together. `stored`: rows that are in, whether new, unchanged or replaced."""

    file: str
    imports: int
    read: int
    stored: int
    rejected: int

    @property
    def ok(self) -> bool:
        """Whether every record read is stored or was refused."""
        return self.read == self.stored + self.rejected


@dataclass(frozen=True)
class EventCensus:
    """Reported events: in a case, refused by a run, or not yet looked at by one."""

    total: int
    in_cases: int
    refused: int
    waiting: int


@dataclass(frozen=True)
class CensusReport:
    """What was counted. `unheld`: cases (policy number, state, live allocations) whose state and allocation contradict each
    other; `counters`: load counters that are not what the facts say. Both are cut after `SHOWN`; `contradictions` counts all."""

    branches: tuple[BranchCensus, ...]
    files: tuple[FileCensus, ...]
    events: EventCensus
    unheld: tuple[tuple[str, str, int], ...]
    counters: tuple[Difference, ...]
    contradictions: int

    @property
    def ok(self) -> bool:
        """Whether everything adds up."""
        return self.contradictions == 0 and all(one.ok for one in self.branches) and all(one.ok for one in self.files)

    def as_json(self) -> dict[str, Any]:
        """The report as plain values."""
        return {
            "ok": self.ok,
            "branches": [{**asdict(one), "ok": one.ok} for one in self.branches],
            "files": [{**asdict(one), "ok": one.ok} for one in self.files],
            "events": asdict(self.events),
            "unheld": [{"policy_no": number, "state": state, "live": live} for number, state, live in self.unheld],
            "counters": [one._asdict() for one in self.counters],
            "contradictions": self.contradictions,
        }


def census(connection: Connection) -> CensusReport:
    """Count everything, in one snapshot; in a transaction that has begun already, in that one."""
    if not connection.in_transaction():
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    unheld = [(row[0], row[1], row[2]) for row in connection.execute(text(_UNHELD), {"held": list(HELD)})]
    counters = loads.differences(connection)
    return CensusReport(
        _branches(connection),
        tuple(FileCensus(*row) for row in connection.execute(text(_FILES))),
        _events(connection),
        tuple(unheld[:SHOWN]),
        tuple(counters[:SHOWN]),
        len(unheld) + len(counters),
    )


def _branches(connection: Connection) -> tuple[BranchCensus, ...]:
    opened = {row[0]: row[1] for row in connection.execute(text(_OPENED))}
    counts: dict[str, dict[str, int]] = {code: {} for code in opened}
    for code, state, number in connection.execute(text(_CASES)):
        groups = counts.setdefault(code, {})
        groups[GROUPS[state]] = groups.get(GROUPS[state], 0) + number
    return tuple(BranchCensus(code, opened.get(code, 0), **groups) for code, groups in sorted(counts.items()))


def _events(connection: Connection) -> EventCensus:
    taken = "WITH in_case AS MATERIALIZED (SELECT DISTINCT unnest(event_ids) AS event_id FROM orphan_case)"
    return EventCensus(*connection.execute(text(taken + _EVENTS)).one())
