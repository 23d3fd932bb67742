"""The process that does long work: it takes jobs from the database one at a time, tells of progress, and picks up what a
killed worker has left (decision 0008).

The server starts it as a child and keeps a pipe to it; when the pipe closes, however the server came to its end, it ends too.
"""

import asyncio
import logging
import os
import signal
import sys
import time

import procrastinate
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from app.allocation.run import execute_run
from app.db import make_engine, normal_url
from app.errors import AppError
from app.jobs import EXECUTE_RUN, FORGET_ANSWERS, PROPOSALS, PROPOSE_TERRITORIES, RUNS, UPKEEP
from app.problems import described, known
from app.territories.consequences.repository import forget_changes
from app.territories.proposals.perform import fail_proposal, perform_proposal

log = logging.getLogger("guidan.worker")

HEARTBEAT_S = 4.0
STALLED_S = 15.0
"""A worker that has not been heard of for so long is taken for dead, and its job is done again."""

ATTEMPTS = 3
"""A run that brings its worker down so many times is given up."""

PROGRESS_S = 0.25
"""Seconds between two writings of progress at least."""

KEEP_ANSWERS_DAYS = 7
"""How long the answer to an Idempotency-Key is kept."""

_EXECUTING = 0x6764_0004
"""Namespace of the advisory lock held by the process that executes a run."""

# A run's own transaction may hold the row; progress never waits for it.
_PROGRESS = text(
    """
    UPDATE run SET stage = :stage, progress = :share
    WHERE id = (SELECT id FROM run WHERE id = :id AND status = 'RUNNING' FOR NO KEY UPDATE SKIP LOCKED)
    """
)
_FAILED = text(
    """
    UPDATE run SET status = 'FAILED', error = :error, finished_at = coalesce(finished_at, now())
    WHERE id = :id AND status IN ('QUEUED', 'RUNNING', 'FAILED')
    """
)
_OPEN = text("SELECT FROM run WHERE id = :id AND status IN ('QUEUED', 'RUNNING')")
_CLAIM = text("SELECT pg_try_advisory_lock(:space, :key)")
_RELEASE = text("SELECT pg_advisory_unlock(:space, :key)")
_FORGET = text("DELETE FROM idempotency_key WHERE created_at < now() - make_interval(days => :days)")


class Interrupted(AppError):
    """A run whose worker died each time it was tried."""

    code = "RUN_INTERRUPTED"
    zh = "运行多次中断，已放弃，没有任何改动；请检查服务器内存与日志后重新发起。"
    en = "The run was cut off several times and has been given up; nothing was changed. Check memory and log, then start it again."


class StillExecutingError(Exception):
    """Another process is executing the run: one that was taken for dead too early."""


class Progress:
    """Writes a run's stage and share on a connection of its own, so that it is seen while the run's transaction is open."""

    def __init__(self, engine: Engine, run_id: int) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._run_id = run_id
        self._stage: str | None = None
        self._next = 0.0

    def __call__(self, stage: str, share: float) -> None:
        """Tell that a share (0–1) of a stage is done. A database that does not answer is no reason to stop the work."""
        now = time.monotonic()
        if stage == self._stage and now < self._next:
            return
        self._stage, self._next = stage, now + PROGRESS_S
        try:
            with self._engine.connect() as connection:
                connection.execute(_PROGRESS, {"id": self._run_id, "stage": stage, "share": min(max(share, 0.0), 1.0)})
        except SQLAlchemyError:
            log.warning("progress of run %s could not be written", self._run_id)


def perform_run(engine: Engine, run_id: int) -> None:
    """Does a run that is still to be done; a failed one says in `error` what happened and what to do.

    A run that has ended is left alone. Raises `StillExecutingError`.
    """
    with engine.connect() as guard:
        if not guard.execute(_CLAIM, {"space": _EXECUTING, "key": run_id % 2**31}).scalar_one():
            raise StillExecutingError
        # The lock is the session's: no transaction is kept open meanwhile.
        guard.commit()
        try:
            if not _is_open(engine, run_id):
                return
            execute_run(engine, run_id, progress=Progress(engine, run_id))
        except Exception as error:
            told = known(error)
            log.error("run %s failed: %s, %s", run_id, told.code, described(error))
            fail_run(engine, run_id, told)
        finally:
            _give_back(guard, run_id)


def _give_back(guard: Connection, run_id: int) -> None:
    try:
        guard.execute(_RELEASE, {"space": _EXECUTING, "key": run_id % 2**31})
        guard.commit()
    except SQLAlchemyError:
        guard.invalidate()  # the end of the session gives the lock back, a moment later


def _is_open(engine: Engine, run_id: int) -> bool:
    with engine.connect() as connection:
        return connection.execute(_OPEN, {"id": run_id}).first() is not None


def fail_run(engine: Engine, run_id: int, error: AppError) -> None:
    """Marks a run as failed, with the error's code and sentences."""
    with engine.begin() as connection:
        connection.execute(_FAILED, {"id": run_id, "error": str(error)})


def build_app(url: str, engine: Engine) -> procrastinate.App:
    """The worker's application with every kind of job."""
    conninfo = normal_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4))

    look_again = procrastinate.RetryStrategy(max_attempts=1000, wait=10, retry_exceptions=[StillExecutingError])

    @app.task(name=EXECUTE_RUN, queue=RUNS, lock=RUNS, retry=look_again)
    def execute(run_id: int) -> None:
        perform_run(engine, run_id)

    @app.task(name=PROPOSE_TERRITORIES, queue=PROPOSALS, lock=PROPOSALS)
    def propose(proposal_id: int) -> None:
        try:
            perform_proposal(engine, proposal_id)
        except Exception as error:
            told = known(error)
            log.error("proposal %s failed: %s, %s", proposal_id, told.code, described(error))
            fail_proposal(engine, proposal_id, told)

    @app.periodic(cron="17 3 * * *")
    @app.task(name=FORGET_ANSWERS, queue=UPKEEP)
    def forget(timestamp: int) -> None:
        with engine.begin() as connection:
            connection.execute(_FORGET, {"days": KEEP_ANSWERS_DAYS})
            forget_changes(connection)

    return app


async def pick_up(app: procrastinate.App, engine: Engine, *, silent_s: float = STALLED_S) -> int:
    """Puts the jobs of dead workers back into their queue, or gives them up after `ATTEMPTS`; how many there were."""
    stalled = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=silent_s))
    for job in stalled:
        if job.attempts + 1 < ATTEMPTS:
            log.warning("job %s was cut off and is tried again", job.id)
            await app.job_manager.retry_job(job)
            continue
        log.error("job %s was cut off %s times and is given up", job.id, ATTEMPTS)
        if job.task_name == EXECUTE_RUN:
            await asyncio.to_thread(fail_run, engine, int(str(job.task_kwargs["run_id"])), Interrupted())
        elif job.task_name == PROPOSE_TERRITORIES:
            await asyncio.to_thread(fail_proposal, engine, int(str(job.task_kwargs["proposal_id"])), Interrupted())
        await app.job_manager.finish_job(job, procrastinate.jobs.Status.FAILED, delete_job=False)
    return len(stalled)


async def work(url: str, engine: Engine) -> None:
    """Does jobs until it is cancelled, and looks for those of dead workers every few seconds."""
    app = build_app(url, engine)

    async def keep_looking() -> None:
        while True:
            await pick_up(app, engine)
            await asyncio.sleep(HEARTBEAT_S)

    async with app.open_async(), asyncio.TaskGroup() as tasks:
        tasks.create_task(keep_looking())
        # Proposals have a worker of their own: a run does not wait until one is worked out.
        for queues in ([RUNS, UPKEEP], [PROPOSALS]):
            tasks.create_task(
                app.run_worker_async(
                    queues=queues,
                    concurrency=1,
                    fetch_job_polling_interval=2.0,
                    update_heartbeat_interval=HEARTBEAT_S,
                    stalled_worker_timeout=STALLED_S,
                    delete_jobs="successful",
                    install_signal_handlers=False,
                )
            )


async def _until_orphaned(url: str, engine: Engine) -> None:
    """Works until the other end of standard input closes. A run in a thread cannot be stopped: the process just ends, the
    database rolls back, and the next worker does the run again."""
    lifeline = asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    working = asyncio.create_task(work(url, engine))
    done, _ = await asyncio.wait({lifeline, working}, return_when=asyncio.FIRST_COMPLETED)
    failure = working.exception() if working in done else None
    if failure is not None:
        log.error("the worker gives up: %s", described(failure))
    logging.shutdown()
    os._exit(0 if failure is None else 1)


def main() -> None:
    """Reads the database's address from the first line of standard input, and works until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the server ends its worker itself
    logging.basicConfig(level=os.environ.get("GUIDAN_LOG_LEVEL") or "INFO", format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    url = sys.stdin.buffer.readline().decode().strip()
    engine = make_engine(url, pool_size=3, max_overflow=2, application="guidan worker")
    asyncio.run(_until_orphaned(url, engine))
