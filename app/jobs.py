"""Long work is put down in the database, in the transaction that asks for it; `app.worker` does it (decision 0008)."""

from typing import Any, Final

import procrastinate
from sqlalchemy import Connection

from app.db import driver

EXECUTE_RUN: Final = "execute_run"
FORGET_ANSWERS: Final = "forget_answers"

RUNS: Final = "runs"
UPKEEP: Final = "upkeep"
"""Queues."""

# Without a pool of its own: each job goes in through the connection of the transaction that asks for it.
_writing = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def enqueue_run(connection: Connection, run_id: int) -> None:
    """Has a queued run executed once the connection's transaction is committed. Runs are executed one after the other."""
    raw: Any = driver(connection)
    _writing.configure_task(EXECUTE_RUN, queue=RUNS, lock=RUNS, connection=raw).defer(run_id=run_id)
