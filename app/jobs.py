"""Long work is put down in the database, in the transaction that asks for it; `app.worker` does it (decision 0008)."""

from typing import Any, Final

import procrastinate
from sqlalchemy import Connection

from app.db import driver

EXECUTE_RUN: Final = "execute_run"
FORGET_ANSWERS: Final = "forget_answers"
PROPOSE_TERRITORIES: Final = "propose_territories"

RUNS: Final = "runs"
UPKEEP: Final = "upkeep"
PROPOSALS: Final = "proposals"
"""Queues."""

# Without a pool of its own: each job goes in through the connection of the transaction that asks for it.
_writing = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def enqueue_run(connection: Connection, run_id: int) -> None:
    """Has a queued run executed once the connection's transaction is committed. Runs are executed one after the other."""
    raw: Any = driver(connection)
    _writing.configure_task(EXECUTE_RUN, queue=RUNS, lock=RUNS, connection=raw).defer(run_id=run_id)


def enqueue_proposal(connection: Connection, proposal_id: int) -> None:
    """Has a queued proposal worked out once the connection's transaction is committed: one after the other, beside the runs."""
    raw: Any = driver(connection)
    task = _writing.configure_task(PROPOSE_TERRITORIES, queue=PROPOSALS, lock=PROPOSALS, connection=raw)
    task.defer(proposal_id=proposal_id)
