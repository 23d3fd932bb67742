"""Writes what a batch decided: decisions, cases, allocations, refused events; by COPY, ids reserved beforehand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import Connection, text

from app.allocation.batch import Batch
from app.allocation.domain import Bundle, Case, Decision, World
from app.allocation.trail import dump
from app.db import copy_in
from app.geometry import point_hex


@dataclass(frozen=True, slots=True)
class Versions:
    """What a decision was made with."""

    run_id: int
    strategy: int
    plan: str


def reserve_ids(connection: Connection, table: str, count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """`count` fresh ids of a table's identity column, ascending. Other transactions may take ids in between."""
    if count == 0:
        return np.empty(0, dtype=np.int64)
    query = text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)")
    found = connection.execute(query, {"table": table, "count": count}).scalars()
    return np.sort(np.fromiter(found, dtype=np.int64, count=count))


def array_literal(values: Iterable[str]) -> str:
    """A text array as PostgreSQL reads it."""
    quoted = ('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return "{" + ",".join(quoted) + "}"


def write(
    connection: Connection,
    batch: Batch,
    decisions: Sequence[Decision],
    world: World,
    versions: Versions,
    *,
    confirm: bool,
) -> None:
    """Store the outcome of a batch in the connection's transaction.

    Cases that exist are brought up to date, others opened. Without `confirm` a target is PROPOSED, with it in the team's pool or
    assigned. Raises `sqlalchemy.exc.IntegrityError` when a constraint (H1, H8) refuses.
    """
    decision_ids = reserve_ids(connection, "decision", len(decisions))
    copy_in(connection, "decision", *_named(_decision_frame(batch.bundles, decisions, decision_ids, versions)))
    case_ids = _write_cases(connection, batch, decisions, decision_ids.tolist(), confirm=confirm)
    _write_allocations(connection, batch.bundles, decisions, world, case_ids, versions)
    refused = pl.DataFrame(
        {
            "run_id": [versions.run_id] * len(batch.refusals),
            "event_id": [refusal.event_id for refusal in batch.refusals],
            "code": [refusal.code for refusal in batch.refusals],
        },
        schema={"run_id": pl.Int64, "event_id": pl.String, "code": pl.String},
    )
    copy_in(connection, "refused_event", *_named(refused))


def _named(frame: pl.DataFrame) -> tuple[list[str], pl.DataFrame]:
    return frame.columns, frame


def _decision_frame(
    bundles: Sequence[Bundle], decisions: Sequence[Decision], ids: np.ndarray[Any, Any], versions: Versions
) -> pl.DataFrame:
    addresses = [bundle.address for bundle in bundles]
    lon, lat = (
        np.array([getattr(a, axis) if a is not None else None for a in addresses], dtype=np.float64)
        for axis in ("lon", "lat")
    )
    # Most decisions raise the same few flags.
    flags: dict[tuple[str, ...], str] = {}
    n = len(bundles)
    return pl.DataFrame(
        {
            "id": ids,
            "run_id": np.full(n, versions.run_id, dtype=np.int64),
            "policyholder_id": [bundle.policyholder_id for bundle in bundles],
            "bundle_no": [bundle.bundle_no for bundle in bundles],
            "policies": [len(bundle.cases) for bundle in bundles],
            "branch_code": [bundle.branch_code for bundle in bundles],
            "nature": [bundle.nature for bundle in bundles],
            "nature_evidence": [";".join(bundle.servicers + bundle.marketing_servicers) for bundle in bundles],
            "address_id": [a.address_id if a is not None else None for a in addresses],
            "address_kind": [a.kind if a is not None else None for a in addresses],
            "point": point_hex(lon, lat),
            "level": [a.level if a is not None else None for a in addresses],
            "confidence": [a.confidence if a is not None else None for a in addresses],
            "radius_m": [a.radius_m if a is not None else None for a in addresses],
            "community_code": [a.community_code if a is not None else None for a in addresses],
            "located_by": [bundle.located_by for bundle in bundles],
            "rung": [decision.rung for decision in decisions],
            "team_code": [decision.team_code for decision in decisions],
            "flags": [flags.get(d.flags) or flags.setdefault(d.flags, array_literal(d.flags)) for d in decisions],
            "review_code": [bundle.review_code for bundle in bundles],
            "hold_until": [bundle.hold_until for bundle in bundles],
            "notice_due_on": [bundle.notice_due_on for bundle in bundles],
            "first_event_on": [bundle.first_event_on for bundle in bundles],
            "strategy_version": np.full(n, versions.strategy, dtype=np.int32),
            "plan_version": [versions.plan] * n,
            "trail": [dump(decision.trail) for decision in decisions],
        },
        schema_overrides={
            "address_id": pl.Int64,
            "hold_until": pl.Date,
            "notice_due_on": pl.Date,
            "first_event_on": pl.Date,
            **dict.fromkeys(("review_code", "community_code", "team_code", "rung", "level", "address_kind"), pl.String),
            **dict.fromkeys(("confidence", "radius_m"), pl.Float64),
        },
    )


def _case_row(case: Case) -> tuple[Any, ...]:
    return (
        case.policy.policy_no,
        case.policy.branch_code,
        array_literal(case.reasons),
        array_literal(event.event_id for event in case.events),
        case.origin_agent_code,
        case.events[0].event_on,
        case.notice_due_on,
        case.collection_serviced,
    )


_CASE_SCHEMA: dict[str, Any] = {
    "policy_no": pl.String,
    "branch_code": pl.String,
    "reasons": pl.String,
    "event_ids": pl.String,
    "origin_agent_code": pl.String,
    "first_event_on": pl.Date,
    "notice_due_on": pl.Date,
    "collection_serviced": pl.Boolean,
}


def _write_cases(
    connection: Connection, batch: Batch, decisions: Sequence[Decision], decision_ids: Sequence[int], *, confirm: bool
) -> list[int]:
    """Open or update the cases; the ids of the bundles' cases, bundle after bundle."""
    cases: list[Case] = [case for bundle in batch.bundles for case in bundle.cases]
    holders: list[str] = [bundle.policyholder_id for bundle in batch.bundles for _ in bundle.cases]
    states: list[str] = []
    placed: list[tuple[str, str, int]] = []
    for bundle, decision, decision_id in zip(batch.bundles, decisions, decision_ids, strict=True):
        state = decision.state if confirm or decision.team_code is None else "PROPOSED"
        states += [state] * len(bundle.cases)
        placed += [(bundle.nature, bundle.bundle_no, decision_id)] * len(bundle.cases)
    decided = len(cases)
    cases += [case for _, case in batch.pending]
    holders += [policyholder_id for policyholder_id, _ in batch.pending]
    states += ["PENDING_APPROVAL"] * len(batch.pending)

    frame = pl.DataFrame([_case_row(case) for case in cases], schema=_CASE_SCHEMA, orient="row").with_columns(
        pl.Series("policyholder_id", holders, dtype=pl.String),
        pl.Series("state", states, dtype=pl.String),
        pl.Series("nature", [row[0] for row in placed] + [None] * len(batch.pending), dtype=pl.String),
        pl.Series("bundle_no", [row[1] for row in placed] + [None] * len(batch.pending), dtype=pl.String),
        pl.Series("decision_id", [row[2] for row in placed] + [None] * len(batch.pending), dtype=pl.Int64),
        pl.Series("id", [case.policy.case.case_id if case.policy.case else None for case in cases], dtype=pl.Int64),
        pl.lit(True).alias("open"),
    )
    known = frame["id"].is_not_null()
    fresh = reserve_ids(connection, "orphan_case", frame.height - int(known.sum()))
    ids = frame["id"].to_list()
    supply = iter(fresh.tolist())
    ids = [value if value is not None else next(supply) for value in ids]
    frame = frame.with_columns(pl.Series("id", ids, dtype=pl.Int64))
    copy_in(connection, "orphan_case", *_named(frame.filter(~known)))
    if known.any():
        _update_cases(connection, frame.filter(known))
    return ids[:decided]


def _update_cases(connection: Connection, frame: pl.DataFrame) -> None:
    connection.execute(text("CREATE TEMPORARY TABLE case_update (LIKE orphan_case INCLUDING DEFAULTS) ON COMMIT DROP"))
    copy_in(connection, "case_update", *_named(frame))
    connection.execute(
        text("""
            UPDATE orphan_case c
            SET state = u.state, reasons = u.reasons, event_ids = u.event_ids, origin_agent_code = u.origin_agent_code,
                first_event_on = u.first_event_on, notice_due_on = u.notice_due_on, nature = u.nature,
                collection_serviced = u.collection_serviced, bundle_no = u.bundle_no,
                decision_id = coalesce(u.decision_id, c.decision_id)
            FROM case_update u WHERE c.id = u.id
        """)
    )
    connection.execute(text("DROP TABLE case_update"))


def _write_allocations(
    connection: Connection,
    bundles: Sequence[Bundle],
    decisions: Sequence[Decision],
    world: World,
    case_ids: Sequence[int],
    versions: Versions,
) -> None:
    rows = []
    position = 0
    for bundle, decision in zip(bundles, decisions, strict=True):
        if decision.team_code is not None:
            force = world.teams[decision.team_code].force
            agent_force = world.agents[decision.agent_code].force if decision.agent_code is not None else None
            for offset, case in enumerate(bundle.cases):
                rows.append(
                    (
                        case_ids[position + offset],
                        case.collection_serviced,
                        decision.team_code,
                        force,
                        decision.agent_code,
                        agent_force,
                    )
                )
        position += len(bundle.cases)
    frame = pl.DataFrame(
        rows,
        schema={
            "case_id": pl.Int64,
            "collection_serviced": pl.Boolean,
            "team_code": pl.String,
            "team_force": pl.String,
            "agent_code": pl.String,
            "agent_force": pl.String,
        },
        orient="row",
    ).with_columns(pl.lit(versions.run_id).alias("run_id"), pl.lit(True).alias("live"))
    copy_in(connection, "allocation", *_named(frame))
