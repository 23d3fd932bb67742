"""Reads customers, their policies and places, and what has changed of them since a process last looked."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import polars as pl
from sqlalchemy import Connection, RowMapping, text

from app.allocation.domain import UNALLOCATED_STATES
from app.allocation.repository.facts import ADDRESSES
from app.db import copy_out

UNASSIGNED_STATES = UNALLOCATED_STATES | {"PROPOSED", "RECLAIMED"}
"""Open cases that nobody has been given yet: a proposal that is never confirmed changes nothing (rulebook 5.3)."""

MOST_CHANGES = 20_000
"""So many changed policyholders are read one by one; more, and everybody is read anew."""

# A policy that is an open orphan counts with whoever holds its live allocation, any other with its servicer; one that waits for
# approval still with its servicer (rulebook 5.2 and 5.5).
_POLICIES = """
    SELECT p.policyholder_id, p.status = 'ENDED' AS ended, CAST(round(coalesce(p.premium, 0) * 100) AS bigint) AS cents,
        c.id IS NOT NULL AS orphan, coalesce(c.state = ANY (:unassigned), false) AS unassigned,
        CASE WHEN c.id IS NULL OR c.state = 'PENDING_APPROVAL' THEN p.servicer_code END AS agent_code, a.team_code
    FROM policy p
    LEFT JOIN orphan_case c ON c.policy_no = p.policy_no AND c.open
    LEFT JOIN allocation a ON a.case_id = c.id AND a.live
    WHERE (p.status <> 'ENDED' OR a.id IS NOT NULL) AND {scope}
"""
_PLACES = f"""
    SELECT policyholder_id, kind, updated_on, text, community_code, given OR confirmed AS confirmed, level, lon, lat
    FROM ({ADDRESSES}) AS known
"""  # noqa: S608 (fixed words)
_ONE_BY_ONE = "p.policyholder_id = ANY (:holders)"

_POLICY_SCHEMA: dict[str, Any] = {
    "policyholder_id": pl.String,
    "ended": pl.Boolean,
    "cents": pl.Int64,
    "orphan": pl.Boolean,
    "unassigned": pl.Boolean,
    "agent_code": pl.String,
    "team_code": pl.String,
}
_PLACE_SCHEMA: dict[str, Any] = {
    "policyholder_id": pl.String,
    "kind": pl.String,
    "updated_on": pl.Date,
    "text": pl.String,
    "community_code": pl.String,
    "confirmed": pl.Boolean,
    "level": pl.String,
    "lon": pl.Float64,
    "lat": pl.Float64,
}

# The transactions that this connection sees and that were not seen under an earlier snapshot: exact whatever the order in which
# they began and ended.
_NEWS = text(
    f"""
    SELECT CAST(pg_current_snapshot() AS text) AS snapshot,
        (SELECT oid FROM pg_database WHERE datname = current_database()) AS database,
        EXISTS (SELECT FROM customer_change
                WHERE xid = CAST(CAST(pg_current_xact_id_if_assigned() AS text) AS bigint)) AS own,
        ARRAY(
            SELECT DISTINCT policyholder_id FROM customer_change
            WHERE xid >= CAST(CAST(pg_snapshot_xmin(CAST(:seen AS pg_snapshot)) AS text) AS bigint)
              AND NOT pg_visible_in_snapshot(CAST(CAST(xid AS text) AS xid8), CAST(:seen AS pg_snapshot))
            LIMIT {MOST_CHANGES + 1}
        ) AS holders
    """  # noqa: S608 (a number)
)

_POLICIES_OF = text(
    """
    SELECT p.policy_no, p.policyholder_id, h.name, h.phone, p.branch_code, p.product, p.status, p.premium, c.state,
           coalesce(a.team_code, servicer.team_code) AS holder_team_code, coalesce(a.agent_code, p.servicer_code) AS agent_code
    FROM policy p
    JOIN policyholder h ON h.id = p.policyholder_id
    LEFT JOIN orphan_case c ON c.policy_no = p.policy_no AND c.open
    LEFT JOIN allocation a ON a.case_id = c.id AND a.live
    LEFT JOIN agent servicer ON servicer.code = p.servicer_code AND (c.id IS NULL OR c.state = 'PENDING_APPROVAL')
    WHERE p.status <> 'ENDED' AND p.policyholder_id = ANY (:holders)
    """
)
_FORGET = text("DELETE FROM customer_change WHERE at < now() - interval '1 day'")


class News(NamedTuple):
    """What a connection knows of changes: its snapshot, its database, whether it has itself changed customers and not committed yet,
    and the policyholders that have changed since (None among them: many)."""

    snapshot: str
    database: int
    own: bool
    holders: list[str | None]


def read_news(connection: Connection, seen: str | None) -> News:
    """The changes that a snapshot `seen` has not seen; of nobody where nothing has been seen yet."""
    if seen is None:
        row = connection.execute(text("SELECT CAST(pg_current_snapshot() AS text)")).scalar_one()
        news = read_news(connection, str(row))
        return News(news.snapshot, news.database, news.own, [])
    return News(*connection.execute(_NEWS, {"seen": seen}).one())


def read_policies(connection: Connection, holders: Sequence[str] | None = None) -> pl.DataFrame:
    """A row for each open policy, and for an ended one that a team still holds, of everybody or of some holders. `cents`: the premium."""
    values: dict[str, Any] = {"unassigned": sorted(UNASSIGNED_STATES)}
    if holders is None:
        return copy_out(connection, _POLICIES.format(scope="true"), _POLICY_SCHEMA, values)
    return copy_out(
        connection, _POLICIES.format(scope=_ONE_BY_ONE), _POLICY_SCHEMA, {**values, "holders": list(holders)}
    )


def read_places(connection: Connection, holders: Sequence[str] | None = None) -> pl.DataFrame:
    """A row for each address, of everybody or of some holders, with its point as an allocation sees it."""
    if holders is None:
        return copy_out(connection, _PLACES.format(scope="true"), _PLACE_SCHEMA)
    return copy_out(connection, _PLACES.format(scope=_ONE_BY_ONE), _PLACE_SCHEMA, {"holders": list(holders)})


def read_policies_of(connection: Connection, holders: Sequence[str]) -> Sequence[RowMapping]:
    """The open policies of some holders as they are listed, with who holds each now."""
    return connection.execute(_POLICIES_OF, {"holders": list(holders)}).mappings().all()


def forget_changes(connection: Connection) -> None:
    """Drop the notes of more than a day ago; a process that has not looked for so long reads everybody anew."""
    connection.execute(_FORGET)
