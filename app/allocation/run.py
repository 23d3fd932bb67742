"""A run: the orphans of a date are taken in, located, allocated and stored; proposed, or confirmed at once.

One run is one transaction under the locks of all branches of the cities it may touch, so two runs never decide on the same
capacity. Locations are stored beforehand in a transaction of their own: they are facts, whatever becomes of the run.
"""

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from time import perf_counter
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, text

from app.allocation import loads
from app.allocation.batch import Batch, allocate, prepare
from app.allocation.domain import Decision, World
from app.allocation.repository import facts, results, waiting
from app.allocation.repository import world as worlds
from app.db import lock_branches
from app.errors import RunNotFound, UnknownOrganisation
from app.locating.geocoder import current_geocoder
from app.locating.locate import locate_addresses

Progress = Callable[[str, float], None]


@dataclass(slots=True)
class Outcome:
    """What a run came to: counts of policies by rung and state, and the seconds of each stage."""

    by_rung: dict[str, int] = field(default_factory=dict)
    by_state: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    cases: int = 0
    bundles: int = 0
    kept_in_team_rate: float | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    def counts(self) -> dict[str, Any]:
        """All but the seconds, as stored with the run."""
        return {
            "by_rung": self.by_rung,
            "by_state": self.by_state,
            "refused": self.refused,
            "cases": self.cases,
            "bundles": self.bundles,
            "kept_in_team_rate": self.kept_in_team_rate,
        }


def create_run(
    connection: Connection,
    *,
    as_of: date,
    branch_code: str | None = None,
    policy_nos: Sequence[str] | None = None,
    confirm: bool = False,
    distribute: bool = False,
    requested_by: str | None = None,
) -> int:
    """A queued run and its number. `policy_nos` narrows it to the holders of these policies.

    Raises `UnknownOrganisation` when there is no such branch.
    """
    if branch_code is not None:
        known = text("SELECT FROM organisation WHERE code = :code AND level = 'branch'")
        if connection.execute(known, {"code": branch_code}).first() is None:
            raise UnknownOrganisation
    return int(
        connection.execute(
            text("""
                INSERT INTO run (as_of, branch_code, policy_nos, confirm, distribute, requested_by)
                VALUES (:as_of, :branch_code, :policy_nos, :confirm, :distribute, :requested_by) RETURNING id
            """),
            {
                "as_of": as_of,
                "branch_code": branch_code,
                "policy_nos": list(policy_nos) if policy_nos is not None else None,
                "confirm": confirm,
                "distribute": distribute,
                "requested_by": requested_by,
            },
        ).scalar_one()
    )


def execute_run(engine: Engine, run_id: int, *, progress: Progress | None = None) -> Outcome:
    """Do a queued run. It ends PROPOSED or CONFIRMED, or FAILED with its message while nothing else has changed.

    Raises `RunNotFound`, and whatever made it fail.
    """
    with engine.begin() as connection:
        row = connection.execute(
            text("UPDATE run SET status = 'RUNNING' WHERE id = :id AND status IN ('QUEUED', 'RUNNING') RETURNING *"),
            {"id": run_id},
        ).one_or_none()
    if row is None:
        raise RunNotFound
    steps = _Steps(progress)
    try:
        with engine.begin() as connection:
            facts.choose_holders(connection, row.as_of, row.branch_code, row.policy_nos)
            steps.start("geocode")
            _locate(connection, steps)
        with engine.begin() as connection:
            outcome = _allocate(connection, run_id, row, steps, store=True)
            connection.execute(
                text("""
                    UPDATE run SET status = :status, counts = :counts, seconds = :seconds, progress = 1, stage = NULL,
                        finished_at = now(), settled_at = CASE WHEN confirm THEN now() END
                    WHERE id = :id
                """),
                {
                    "id": run_id,
                    "status": "CONFIRMED" if row.confirm else "PROPOSED",
                    "counts": orjson.dumps(outcome.counts()).decode(),
                    "seconds": orjson.dumps(outcome.seconds).decode(),
                },
            )
            steps.start("commit")
    except BaseException as error:
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE run SET status = 'FAILED', error = :error, finished_at = now() WHERE id = :id"),
                {"id": run_id, "error": type(error).__name__},
            )
        raise
    steps.stop()
    outcome.seconds = steps.seconds
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE run SET seconds = :seconds WHERE id = :id"),
            {"id": run_id, "seconds": orjson.dumps(outcome.seconds).decode()},
        )
    return outcome


def rehearse(
    connection: Connection,
    *,
    as_of: date,
    branch_code: str | None = None,
    distribute: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """What a run would come to. The caller rolls the transaction back: nothing is saved."""
    steps = _Steps(progress)
    run_id = create_run(connection, as_of=as_of, branch_code=branch_code, distribute=distribute)
    row = connection.execute(text("SELECT * FROM run WHERE id = :id"), {"id": run_id}).one()
    # Before the locating lock, which this transaction keeps: a request takes its branch first and its addresses then.
    _lock(connection, branch_code)
    facts.choose_holders(connection, as_of, branch_code, None)
    steps.start("geocode")
    _locate(connection, steps)
    outcome = _allocate(connection, run_id, row, steps, store=False)
    steps.stop()
    outcome.seconds = steps.seconds
    return outcome


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without Python's cycle collector: a run makes millions of values that hold no cycles, and it would look at all of them again
    and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class _Steps:
    """Tells of progress, and measures each stage."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress
        self.seconds: dict[str, float] = {}
        self._stage: str | None = None
        self._since = 0.0

    def start(self, stage: str) -> None:
        self.stop()
        self._stage, self._since = stage, perf_counter()
        self.tell(0.0)

    def stop(self) -> None:
        if self._stage is not None:
            spent = perf_counter() - self._since
            self.seconds[self._stage] = round(self.seconds.get(self._stage, 0.0) + spent, 3)
            self._stage = None

    def tell(self, share: float) -> None:
        if self.progress is not None and self._stage is not None:
            self.progress(self._stage, share)


def _locate(connection: Connection, steps: _Steps) -> None:
    geocoder, version = current_geocoder(connection, learn=True)
    locate_addresses(
        connection,
        geocoder=geocoder,
        version=version,
        holder_ids_query="SELECT policyholder_id FROM run_holder",
        progress=steps.tell,
    )


def _allocate(connection: Connection, run_id: int, row: Any, steps: _Steps, *, store: bool) -> Outcome:
    with _no_collection():
        return _allocate_all(connection, run_id, row, steps, store=store)


def _allocate_all(connection: Connection, run_id: int, row: Any, steps: _Steps, *, store: bool) -> Outcome:
    strategy = worlds.read_strategy(connection)
    _lock(connection, row.branch_code)
    steps.start("intake")
    if not connection.execute(text("SELECT to_regclass('pg_temp.run_holder') IS NOT NULL")).scalar_one():
        facts.choose_holders(connection, row.as_of, row.branch_code, row.policy_nos)
    policies, events, addresses = facts.read_run(connection, row.as_of)
    setting = worlds.read_setting(connection, row.as_of, strategy)
    world = setting.world()
    worlds.add_loads(connection, world)
    worlds.add_received(connection, world, row.as_of - timedelta(days=strategy.received_window_days))
    steps.start("match")
    places = facts.places_of(addresses, setting.areas)
    steps.start("nature")
    found = facts.holders(policies.iter_rows(), events.iter_rows(), addresses.iter_rows(), places)
    batch = prepare(found, world, strategy, branch_code=row.branch_code)
    leave_out(batch, world)
    steps.start("allocate")
    total = max(len(batch.bundles), 1)
    decisions = allocate(
        batch.bundles, world, strategy, distribute=row.distribute, progress=lambda done: steps.tell(done / total)
    )
    outcome = summarise(batch, decisions)
    if store:
        steps.start("store")
        versions = results.Versions(run_id, strategy.version, setting.plan_version)
        results.write(connection, batch, decisions, world, versions, confirm=row.confirm)
        waiting.follow_run(connection, run_id)
        loads.refresh(connection)
        connection.execute(
            text("UPDATE run SET strategy_version = :strategy, plan_version = :plan WHERE id = :id"),
            {"id": run_id, "strategy": strategy.version, "plan": setting.plan_version},
        )
    outcome.seconds = steps.seconds
    return outcome


def _lock(connection: Connection, branch_code: str | None) -> None:
    """Lock every branch whose teams the run may give to: all, or those of the branch's city (owners may be in another branch)."""
    query = "SELECT code FROM organisation WHERE level = 'branch'"
    if branch_code is not None:
        query += " AND parent_code IS NOT DISTINCT FROM (SELECT parent_code FROM organisation WHERE code = :code)"
    lock_branches(connection, list(connection.execute(text(query), {"code": branch_code}).scalars()))


def leave_out(batch: Batch, world: World) -> None:
    """Take the orphans of the batch out of the loads of those who serviced them (rulebook 5.5)."""
    for bundle in batch.bundles:
        for case in bundle.cases:
            policy = case.policy
            counted = policy.case is None or policy.case.state == "PENDING_APPROVAL"
            agent = world.agents.get(policy.servicer_code or "")
            if counted and agent is not None and policy.status != "ENDED":
                agent.load -= 1
                if agent.failure is None:
                    world.teams[agent.team_code].load -= 1


def summarise(batch: Batch, decisions: Sequence[Decision]) -> Outcome:
    """Counts of policies. Kept in team: of the allocated whose address could be placed, the share that went to an owner of the region."""
    by_rung: Counter[str] = Counter()
    by_state: Counter[str] = Counter()
    placed = kept = 0
    for bundle, decision in zip(batch.bundles, decisions, strict=True):
        by_state[decision.state] += len(bundle.cases)
        if decision.rung is not None:
            by_rung[decision.rung] += len(bundle.cases)
        if decision.team_code is not None and bundle.located_by != "NONE":
            placed += len(bundle.cases)
            kept += len(bundle.cases) * (decision.rung or "").startswith("REGION_")
    if batch.pending:
        by_state["PENDING_APPROVAL"] = len(batch.pending)
    return Outcome(
        by_rung=dict(sorted(by_rung.items())),
        by_state=dict(sorted((state, count) for state, count in by_state.items() if count)),
        refused=dict(sorted(Counter(refusal.code for refusal in batch.refusals).items())),
        cases=sum(by_state.values()),
        bundles=len(batch.bundles),
        kept_in_team_rate=round(kept / placed, 4) if placed else None,
    )
