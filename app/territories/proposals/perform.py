"""A proposal as a job: asked for, worked out with progress, cancelled."""

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from app.access.principal import EVERYTHING
from app.errors import AppError, UnknownOrganisation
from app.jobs import enqueue_proposal
from app.organisation.repository import list_organisations
from app.territories.plans.errors import BaseOfOtherBranch
from app.territories.plans.repository import read_plan
from app.territories.proposals import repository
from app.territories.proposals.errors import ProposalCancelled, ProposalOver
from app.territories.proposals.wish import Wish
from app.territories.proposals.work_out import STAGES, work_out

PROGRESS_S = 0.25
"""Seconds between two writings of progress at least; a cancelled proposal stops as soon."""


def ask(connection: Connection, wish: Wish, *, by: str | None) -> int:
    """Puts a wish down and has it worked out; the proposal's id. Raises `UnknownOrganisation`, `PlanNotFound`, `BaseOfOtherBranch`."""
    known = {row["code"] for row in list_organisations(connection, level="branch", scope=EVERYTHING)}
    if wish.branch_code not in known:
        raise UnknownOrganisation
    if wish.plan_id is not None and read_plan(connection, wish.plan_id)["branch_code"] != wish.branch_code:
        raise BaseOfOtherBranch
    made = repository.new_proposal(
        connection, wish.branch_code, plan_id=wish.plan_id, wish=wish.as_json(), seed=wish.seed, by=by
    )
    enqueue_proposal(connection, made)
    return made


def perform_proposal(engine: Engine, proposal_id: int) -> None:
    """Works a proposal out that is still to be done, and stores what was found, or the error's sentences. One that is over is left alone."""
    with engine.begin() as connection:
        kept = repository.start(connection, proposal_id)
    if kept is None:
        return
    try:
        result = work_out(engine, Wish.from_json(kept), progress=_Telling(engine, proposal_id))
    except ProposalCancelled:
        return
    with engine.begin() as connection:
        repository.finish(connection, proposal_id, result, result["plan_id"])


def fail_proposal(engine: Engine, proposal_id: int, error: AppError) -> None:
    """Marks a proposal as failed, with the error's code and sentences."""
    with engine.begin() as connection:
        repository.end(connection, proposal_id, "FAILED", str(error))


def cancel(connection: Connection, proposal_id: int) -> None:
    """Ends a proposal that is waiting or being worked out. Raises `ProposalOver`."""
    if not repository.end(connection, proposal_id, "CANCELLED"):
        raise ProposalOver


class _Telling:
    """Writes how far a proposal is, each time in a transaction of its own; raises `ProposalCancelled` once it is no longer wanted."""

    def __init__(self, engine: Engine, proposal_id: int) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._proposal_id = proposal_id
        self._next = 0.0

    def __call__(self, stage: str, share: float) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + PROGRESS_S
        try:
            with self._engine.connect() as connection:
                wanted = repository.tell(connection, self._proposal_id, stage, whole_share(stage, share))
        except SQLAlchemyError:
            return  # a database that does not answer is no reason to stop the work
        if not wanted:
            raise ProposalCancelled


def whole_share(stage: str, share: float) -> float:
    """Which part of the whole work is done when so much of a stage is."""
    done = 0.0
    for name, part in STAGES.items():
        if name == stage:
            return done + part * share
        done += part
    return done


def result_of(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """What was found, without the assignment, which is long and follows from the changes."""
    result = row["result"]
    return None if result is None else {name: value for name, value in result.items() if name != "assignment"}
