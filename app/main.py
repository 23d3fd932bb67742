"""Builds the FastAPI application: routers, the error table, limits, health, built web files."""

import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from app import cluster
from app.addresses.endpoints import router as addresses
from app.allocation.endpoints import router as allocation
from app.asgi import LimitBody, Observe
from app.db import make_engine
from app.errors import AppError
from app.fields import Input, Output
from app.gazetteer.endpoints import router as gazetteer
from app.health import DatabaseFigures
from app.health import router as health
from app.ogc import application as ogc
from app.organisation.endpoints import router as organisation
from app.policies.endpoints import router as policies
from app.problems import Problem, answer
from app.review.endpoints import router as review
from app.settings import Settings
from app.statistics.endpoints import router as statistics
from app.supervisor import Supervisor
from app.territories.consequences.endpoints import router as territory_consequences
from app.territories.editing.endpoints import router as territory_drawing
from app.territories.endpoints import router as territories
from app.territories.files.endpoints import router as territory_files
from app.territories.pictures.endpoints import router as territory_pictures
from app.territories.plans.endpoints import router as territory_plans
from app.territories.proposals.endpoints import router as territory_proposals
from app.territories.validation.endpoints import router as territory_defects
from app.tiles.endpoints import router as tiles
from app.web import serve_web
from geo.errors import GeoError

PREFIX = "/api/v1"
VERSION = "0.1.0"
UPLOADS = re.compile(rf"{PREFIX}/territory-plans/\d+/import")

DESCRIPTION = """
归单：把孤儿保单带回拥有该区域的团队。坐标一律先经度后纬度，出参为 CGCS2000；入参须声明坐标系。

Guidan brings orphan policies home to the team that owns the region. Longitude comes first; what goes out is CGCS2000, what comes in
declares its system. Errors are problem details (RFC 9457) with a stable `code`. Lists are paged by the opaque `cursor`.
"""

_TAGS = [
    {"name": "events", "description": "孤儿单事件的接入 / intake of orphan events"},
    {"name": "allocations", "description": "单笔与批量分配 / allocate one, allocate many"},
    {"name": "runs", "description": "分配运行：预分配、确认、放弃 / runs: proposed, confirmed, discarded"},
    {"name": "cases", "description": "案件与分配理由 / cases and why they went where they went"},
    {"name": "organisation", "description": "机构、团队、团队保单池 / organisations, teams, pools"},
    {"name": "territories", "description": "区域归属 / who owns a place"},
    {
        "name": "territory plans",
        "description": "区域方案：版本、审批、发布、恢复 / versions of territories: approved, published on a date, taken up again",
    },
    {
        "name": "territory proposals",
        "description": "区域建议：均衡、连片、少移动；做不到时说明约束 / balanced territories close to the present, or what binds",
    },
    {
        "name": "territory drawing",
        "description": "区域绘制：编辑、撤销、冲突 / drawing a draft: edits, undo, conflicts",
    },
    {"name": "territory files", "description": "区域文件：导入与导出 / territories from and into files"},
    {
        "name": "territory consequences",
        "description": "试算与对比：负荷、孤儿单、换手 / what a change of territories would mean; two versions compared",
    },
    {
        "name": "territory defects",
        "description": "区域校验：问题、严重程度、涉及的客户、修复办法 / what is wrong with a draft, whom it touches, ways to mend it",
    },
    {
        "name": "addresses",
        "description": "地址定位：在哪里、归谁、是否足够确定 / where an address is, whose, and how sure",
    },
    {"name": "gazetteer", "description": "地名库：版本、来源、地点 / the gazetteer: versions, sources, places"},
    {"name": "location review", "description": "位置复核：队列、领取、决定、撤销 / addresses that wait for a person"},
    {"name": "statistics", "description": "统计 / counts"},
    {"name": "tiles", "description": "矢量瓦片 / vector tiles"},
    {"name": "operation", "description": "运行状态 / health"},
]


def create_app(settings: Settings, *, worker: bool = True) -> FastAPI:
    """The application over the database of the settings, or the private cluster of its home.

    `worker`: also keep a worker process, without which runs stay queued.
    """
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        url = settings.database_url
        if url is None:
            url = await anyio.to_thread.run_sync(cluster.ensure_running, settings.home)
        engine = build_engine(settings, url)
        figures = DatabaseFigures(engine)
        registry.register(figures)
        app.state.engine = engine
        app.state.reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        # No more threads than connections: a request waits for its turn in the event loop and not inside the pool.
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.pool_size + settings.pool_overflow
        supervisor = Supervisor(url) if worker else None
        if supervisor is not None:
            supervisor.start()
        app.state.supervisor = supervisor
        try:
            yield
        finally:
            if supervisor is not None:
                await anyio.to_thread.run_sync(supervisor.stop)
            registry.unregister(figures)
            engine.dispose()

    app = FastAPI(
        title="Guidan 归单",
        version=VERSION,
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_tags=_TAGS,
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.state.settings = settings
    app.state.registry = registry

    for router in (
        allocation,
        policies,
        organisation,
        territories,
        addresses,
        statistics,
        gazetteer,
        review,
        territory_proposals,  # before the plans, whose numbers stand in the same place
        territory_plans,
        territory_consequences,
        territory_pictures,
        territory_drawing,
        territory_defects,
        territory_files,
    ):  # the busiest first
        app.include_router(router, prefix=PREFIX)
    app.include_router(tiles)
    app.include_router(health)
    ogc.mount(app)
    serve_web(app, settings.web)

    for kind in (AppError, GeoError, RequestValidationError, HTTPException, SQLAlchemyError):
        app.add_exception_handler(kind, answer)
    # The last added comes first.
    app.add_middleware(LimitBody, max_bytes=settings.max_body_bytes, larger=(UPLOADS, settings.max_upload_bytes))
    app.add_middleware(Observe, registry=registry, prefix=PREFIX)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def build_engine(settings: Settings, url: str) -> Engine:
    """The engine of a server: a pool of the configured size, and a limit on how long a statement of a request may run."""
    engine = make_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_overflow,
        pool_timeout_s=settings.pool_timeout_s,
        application="guidan server",
    )

    @event.listens_for(engine, "connect")
    def limit_statements(connection: Any, _record: object) -> None:
        was, connection.autocommit = connection.autocommit, True
        connection.execute(f"SET statement_timeout = {int(settings.statement_timeout_ms)}")
        connection.autocommit = was

    return engine


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The description of the interface, with the schema of problems that every endpoint refers to."""
    if app.openapi_schema is None:
        described = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
            license_info=app.license_info,
        )
        schemas = described.setdefault("components", {}).setdefault("schemas", {})
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs", {}))
        schemas["Problem"] = problem
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        for model in (*Input.__subclasses__(), *Output.__subclasses__()):
            extra = model.model_config.get("json_schema_extra")
            if isinstance(extra, dict) and model.__name__ in schemas:
                schemas[model.__name__].update(extra)  # FastAPI leaves the nulls out of examples
        app.openapi_schema = described
    return app.openapi_schema


def configured(app: FastAPI) -> uvicorn.Config:
    """How the application is served: our own log on standard error, no name of the server, no endless connections."""
    _log_to_stderr(app.state.settings.log_level)
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
        backlog=512,
    )


def _log_to_stderr(level: str) -> None:
    ours, servers = logging.getLogger("guidan"), logging.getLogger("uvicorn")
    if not ours.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        ours.addHandler(handler)
        servers.addHandler(handler)
    ours.setLevel(level)
    servers.setLevel(max(logging.WARNING, logging.getLevelName(level)))
