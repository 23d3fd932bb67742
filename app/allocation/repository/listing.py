"""Lists runs and cases, a page at a time."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from app.access.principal import Scope

_RUN = """
    SELECT id, as_of, branch_code, cardinality(policy_nos) AS policies, confirm, distribute, status, stage, progress, counts,
           seconds, strategy_version, plan_version, error, requested_by, created_at, finished_at, settled_at
    FROM run
"""
_ONE_RUN = text(_RUN + " WHERE id = :id AND (CAST(:branches AS text[]) IS NULL OR branch_code = ANY (:branches))")
_RUNS = text(
    _RUN
    + """
    WHERE (CAST(:before AS bigint) IS NULL OR id < :before)
      AND (CAST(:branches AS text[]) IS NULL OR branch_code = ANY (:branches))
    ORDER BY id DESC LIMIT :limit
    """
)

# Each condition is put in only if it is asked for: one plan for all of them would scan every open case.
_CASES = """
    SELECT orphan_case.id, orphan_case.policy_no, orphan_case.policyholder_id, orphan_case.branch_code, orphan_case.state,
           orphan_case.generation, orphan_case.reasons, orphan_case.first_event_on, orphan_case.notice_due_on,
           orphan_case.nature, orphan_case.bundle_no, decision.rung, decision.flags, allocation.team_code,
           team.name AS team_name, allocation.agent_code, decision.level, decision.run_id
    FROM orphan_case
    LEFT JOIN decision ON decision.id = orphan_case.decision_id
                      AND orphan_case.state NOT IN ('PENDING_APPROVAL', 'LOCATED')
    LEFT JOIN allocation ON allocation.case_id = orphan_case.id AND allocation.live
    LEFT JOIN team ON team.code = allocation.team_code
    WHERE {conditions}
    ORDER BY orphan_case.policy_no, orphan_case.id LIMIT :limit
"""
_CONDITIONS = {
    "policy_no": "orphan_case.policy_no = :policy_no",
    "state": "orphan_case.state = :state",
    "rung": "decision.rung = :rung",
    "team_code": "allocation.team_code = :team_code",
    "branch_code": "orphan_case.branch_code = :branch_code",
    "after": "(orphan_case.policy_no, orphan_case.id) > (:after, :after_id)",
    "branches": "orphan_case.branch_code = ANY (:branches)",
    "teams": "allocation.team_code = ANY (:teams)",
}


def _listed(codes: frozenset[str] | None) -> list[str] | None:
    return None if codes is None else sorted(codes)


def read_run(connection: Connection, run_id: int, scope: Scope) -> RowMapping | None:
    """A run, None if there is none in the caller's scope."""
    bound = {"id": run_id, "branches": _listed(scope.branch_codes)}
    return connection.execute(_ONE_RUN, bound).mappings().one_or_none()


def list_runs(connection: Connection, *, scope: Scope, before: int | None, limit: int) -> Sequence[RowMapping]:
    """Up to `limit` runs, newest first, those older than `before`."""
    bound = {"before": before, "limit": limit, "branches": _listed(scope.branch_codes)}
    return connection.execute(_RUNS, bound).mappings().all()


def list_cases(
    connection: Connection,
    *,
    scope: Scope,
    limit: int,
    policy_no: str | None = None,
    state: str | None = None,
    rung: str | None = None,
    team_code: str | None = None,
    branch_code: str | None = None,
    after: tuple[str, int] | None = None,
) -> Sequence[RowMapping]:
    """Up to `limit` cases by policy number and id: the open ones, or those in `state`, which may be a closed one."""
    values = {
        "policy_no": policy_no,
        "state": state,
        "rung": rung,
        "team_code": team_code,
        "branch_code": branch_code,
        "after": after and after[0],
        "branches": _listed(scope.branch_codes),
        "teams": _listed(scope.team_codes),
    }
    bound: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
    conditions = [_CONDITIONS[name] for name in bound]
    conditions.append("NOT orphan_case.open" if state in ("REJECTED", "CLOSED") else "orphan_case.open")
    query = text(_CASES.format(conditions=" AND ".join(conditions)))
    bound |= {"limit": limit, "after_id": after and after[1]}
    return connection.execute(query, bound).mappings().all()
