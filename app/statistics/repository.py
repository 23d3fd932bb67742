"""Counts cases and decisions in the database."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, text

# ruff: noqa: S608 (the pieces put together are constants of this module)

# A run's decisions keep their number of policies, so a run is counted without its cases; without a run the cases that are
# open now are counted with the decision that they stand on.
_DECIDED = """
    WITH decided AS (
        SELECT decision.id, decision.rung, decision.level, decision.located_by, decision.flags, decision.team_code,
               count(*) AS policies
        FROM orphan_case JOIN decision ON decision.id = orphan_case.decision_id
        WHERE CASE WHEN CAST(:run AS bigint) IS NULL THEN orphan_case.open ELSE decision.run_id = :run END
        GROUP BY decision.id
    )
"""

_BY_RUNG = text(
    _DECIDED
    + """
    SELECT rung, sum(policies)::bigint AS policies, count(*) AS bundles,
           coalesce(sum(policies) FILTER (WHERE team_code IS NOT NULL), 0)::bigint AS allocated,
           coalesce(sum(policies) FILTER (WHERE team_code IS NOT NULL AND located_by <> 'NONE'), 0)::bigint AS placed,
           coalesce(sum(policies) FILTER (WHERE 'CROSS_BRANCH' = ANY (flags)), 0)::bigint AS cross_branch,
           coalesce(sum(policies) FILTER (WHERE 'NEAR_BORDER' = ANY (flags)), 0)::bigint AS near_border
    FROM decided GROUP BY rung ORDER BY rung
    """
)
_BY_LEVEL = text(
    _DECIDED
    + """
    SELECT level, located_by, sum(policies)::bigint AS policies FROM decided
    GROUP BY level, located_by ORDER BY level NULLS LAST, located_by
    """
)
_BY_STATE = text(
    """
    SELECT state, count(*) AS cases FROM orphan_case
    WHERE CASE WHEN CAST(:run AS bigint) IS NULL THEN open
               ELSE decision_id IN (SELECT id FROM decision WHERE run_id = :run) END
    GROUP BY state ORDER BY state
    """
)
_POLICYHOLDERS = text(
    """
    SELECT count(DISTINCT policyholder_id) FROM orphan_case
    WHERE CASE WHEN CAST(:run AS bigint) IS NULL THEN open
               ELSE decision_id IN (SELECT id FROM decision WHERE run_id = :run) END
    """
)
_SECONDS = text(
    """
    SELECT seconds FROM run
    WHERE CASE WHEN CAST(:run AS bigint) IS NULL THEN status IN ('PROPOSED', 'CONFIRMED') ELSE id = :run END
    ORDER BY id DESC LIMIT 1
    """
)


def count_by_rung(connection: Connection, run: int | None) -> Sequence[RowMapping]:
    """Policies and bundles by rung; the rung is null for what waits in location review."""
    return connection.execute(_BY_RUNG, {"run": run}).mappings().all()


def count_by_level(connection: Connection, run: int | None) -> Sequence[RowMapping]:
    """Policies by match level and by what located them."""
    return connection.execute(_BY_LEVEL, {"run": run}).mappings().all()


def count_by_state(connection: Connection, run: int | None) -> Sequence[RowMapping]:
    """Cases by state."""
    return connection.execute(_BY_STATE, {"run": run}).mappings().all()


def count_policyholders(connection: Connection, run: int | None) -> int:
    """Policyholders with a case."""
    return int(connection.execute(_POLICYHOLDERS, {"run": run}).scalar_one())


def seconds_of(connection: Connection, run: int | None) -> dict[str, float] | None:
    """Seconds per stage of the run, or of the newest finished one; None if there is no such run."""
    found: dict[str, float] | None = connection.execute(_SECONDS, {"run": run}).scalar()
    return found
