"""What has changed in tables since a snapshot, by the transaction that each row carries: nothing is written for it beside the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

CHANGED = "age({row}.xmin) <= age(CAST(CAST(:since AS text) AS xid))"
"""Whether a row's version is of a transaction that was not over when the snapshot was taken."""

FARTHEST = 1_000_000_000
"""Transactions after which their numbers can no longer be told apart from earlier ones with certainty (they come again after 2^32)."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`oldest`: the first transaction that was not over. `losses`: what changes when rows have been deleted or tables emptied."""

    oldest: int
    losses: str

    @property
    def since(self) -> int:
        """The transaction as rows name it."""
        return self.oldest % 2**32

    def leads_to(self, later: Snapshot) -> bool:
        """Whether all that has changed until a later snapshot can be told from the rows that are there."""
        return self.losses == later.losses and 0 <= later.oldest - self.oldest < FARTHEST


def take(connection: Connection, tables: Sequence[str]) -> Snapshot:
    """The snapshot of the connection, with regard to some tables. PostgreSQL publishes deletions after up to ten seconds."""
    row = connection.execute(
        text(
            """
            SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) AS oldest,
                (SELECT string_agg(concat_ws('.', oid, pg_relation_filenode(oid), pg_stat_get_tuples_deleted(oid)), ' ' ORDER BY oid)
                 FROM pg_class WHERE oid IN (SELECT to_regclass(name) FROM unnest(CAST(:tables AS text[])) AS name)) AS losses
            """
        ),
        {"tables": list(tables)},
    ).one()
    return Snapshot(row.oldest, row.losses or "")
