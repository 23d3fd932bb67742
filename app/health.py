"""GET /healthz, /readyz, /metrics: whether the process is up, whether it can serve, and its figures."""

import time
from collections.abc import Iterator
from threading import Lock

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from app.db import DatabaseNotReady, check_database
from app.deps import CurrentEngine
from app.errors import DatabaseUnavailable, NotReady
from app.fields import Output
from app.migrate import is_current
from app.problems import documented, known

disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the figures and tell little

router = APIRouter(tags=["operation"])

_RUNS = text("SELECT status, count(*) FROM run GROUP BY status")
_JOBS = text("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY status")

FRESH_S = 5.0
"""Counts of the database are read again at most this often, however often the figures are fetched."""


class Health(Output):
    """All is well."""

    status: str


@router.get("/healthz", operation_id="getHealth")
async def get_health() -> Health:
    """The process is up and answers."""
    return Health(status="ok")


@router.get("/readyz", operation_id="getReadiness", responses=documented())
def get_readiness(engine: CurrentEngine) -> Health:
    """The database answers, has the newest schema, and has PostGIS."""
    try:
        with engine.connect() as connection:
            check_database(connection)
            if not is_current(connection):
                raise NotReady
    except DatabaseNotReady as error:
        raise NotReady(error.chinese, error.english) from error
    except SQLAlchemyError as error:
        told = known(error)
        raise told if isinstance(told, DatabaseUnavailable) else DatabaseUnavailable() from error
    return Health(status="ready")


@router.get("/metrics", operation_id="getMetrics", response_class=Response, include_in_schema=False)
def get_metrics(request: Request) -> Response:
    """Figures for Prometheus."""
    registry: CollectorRegistry = request.app.state.registry
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_1_0_0)


class DatabaseFigures(Collector):
    """Gauges of the connection pool, and of the runs and jobs in the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._read_at = -FRESH_S
        self._counts: list[tuple[str, str, float]] = []

    def describe(self) -> list[Metric]:
        """Nothing: to register it must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The gauges of this moment; those of a database that does not answer are left out."""
        pool = self._engine.pool
        if isinstance(pool, QueuePool):
            gauge = GaugeMetricFamily("guidan_pool_connections", "Connections of the pool.", labels=("state",))
            gauge.add_metric(("in_use",), pool.checkedout())
            gauge.add_metric(("idle",), pool.checkedin())
            yield gauge
        with self._lock:
            if time.monotonic() - self._read_at > FRESH_S:
                self._counts, self._read_at = self._read(), time.monotonic()
            counts = self._counts
        for name, said in (("guidan_runs", "Runs by status."), ("guidan_jobs", "Jobs of the worker by status.")):
            gauge = GaugeMetricFamily(name, said, labels=("status",))
            for metric, status, value in counts:
                if metric == name:
                    gauge.add_metric((status,), value)
            yield gauge

    def _read(self) -> list[tuple[str, str, float]]:
        try:
            with self._engine.connect() as connection:
                return [
                    (name, row[0], float(row[1]))
                    for name, query in (("guidan_runs", _RUNS), ("guidan_jobs", _JOBS))
                    for row in connection.execute(query)
                ]
        except SQLAlchemyError:
            return []
