"""Serving: serve, stop, migrate, and `run`, which does everything from nothing to a served page."""

import socket
import threading
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.console import Json, err, fail, out, print_json, progress_bar, store

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.settings import Settings

SAMPLE_POLICIES = 20_000
SAMPLE_DATE = date(2026, 3, 10)


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command()(serve)
    app.command()(stop)
    app.command()(migrate)
    app.command()(run)


def serve(
    host: Annotated[str | None, typer.Option(help="监听地址 / address to listen on")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="端口，0 为任选 / port, 0 for any free one")
    ] = None,
) -> None:
    """启动 API 与网页。 Serve the API and the web application; prints its address when it is ready."""
    with store() as (_, settings):
        _serve(settings, host, port)


def stop(json: Json = False) -> None:
    """停止私有数据库。 Stop the private cluster if it still runs."""
    from app import cluster
    from app import settings as configuration

    settings = configuration.load()
    running = settings.database_url is None and cluster.is_running(settings.home)
    if running:
        cluster.stop(settings.home)
    if json:
        print_json({"stopped": running})
    else:
        out.print("已停止。 Stopped." if running else "没有在运行。 It was not running.")


def migrate(json: Json = False) -> None:
    """把数据库升级到最新结构。 Bring the database to the newest schema."""
    from app import cluster
    from app import migrate as migrations
    from app import settings as configuration

    settings = configuration.load()
    applied = migrations.upgrade(settings.database_url or cluster.ensure_running(settings.home))
    if json:
        print_json({"applied": applied})
    else:
        out.print(f"已升级：{'、'.join(applied)}。 Applied." if applied else "已是最新。 Up to date.")


def run(
    policies: Annotated[
        int, typer.Option(min=50, help="首次运行时虚构城市的保单数 / policies of the sample city")
    ] = SAMPLE_POLICIES,
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535)] = None,
) -> None:
    """从零到网页：建库、虚构城市、导入、分配、确认、启动服务；再次运行只启动。 From nothing to a served page.

    Ctrl-C 停止它启动的一切。 Ctrl-C stops everything that it started.
    """
    from app import cluster
    from app import settings as configuration

    settings = configuration.load()
    started = settings.database_url is None and not cluster.is_running(settings.home)
    try:
        with store() as (engine, _):
            if _is_empty(engine):
                _fill(engine, settings, policies)
            else:
                out.print("已有数据，直接启动。 There is data already; serving it.")
            _serve(settings, host, port)
    finally:
        if started:
            cluster.stop(settings.home)


def _is_empty(engine: "Engine") -> bool:
    from sqlalchemy import text

    with engine.connect() as connection:
        return not connection.execute(text("SELECT EXISTS (SELECT FROM policy)")).scalar_one()


def _fill(engine: "Engine", settings: "Settings", policies: int) -> None:
    """Write, import and allocate the sample city, and tell what came of it."""
    import tempfile
    from time import perf_counter

    from app.allocation.run import create_run, execute_run
    from app.cli.allocation import show_outcome
    from app.exchange.importing import import_folder
    from app.sample import write

    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="guidan-") as name:
        directory = Path(name)
        since = perf_counter()
        counts = write(directory, policies=policies, seed=1)
        seconds["sample"] = perf_counter() - since
        out.print(
            f"虚构城市：{counts['policies.csv']:,} 张保单。 A sample city of {counts['policies.csv']:,} policies."
        )
        since = perf_counter()
        report = import_folder(engine, directory, rejected=directory / "rejected.csv")
        seconds["import"] = perf_counter() - since
        stored, rejected = (sum(getattr(f, kind) for f in report.files) for kind in ("stored", "rejected"))
        out.print(f"已导入 {stored:,} 行，拒绝 {rejected:,} 行。 {stored:,} rows imported, {rejected:,} rejected.")
    with engine.begin() as connection:
        run_id = create_run(connection, as_of=SAMPLE_DATE, confirm=True, requested_by="run")
    with progress_bar(False) as tell:
        outcome = execute_run(engine, run_id, progress=tell)
    outcome.seconds = {stage: round(spent, 2) for stage, spent in {**seconds, **outcome.seconds}.items()}
    show_outcome(outcome)


def _serve(settings: "Settings", host: str | None, port: int | None) -> None:
    from app.cli.listening import QuietServer
    from app.main import configured, create_app

    chosen_host, chosen_port = host or settings.host, settings.port if port is None else port
    listener = socket.socket(socket.AF_INET6 if ":" in chosen_host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((chosen_host, chosen_port))
    except OSError as error:
        raise fail(
            f"端口 {chosen_port} 不可用；请换一个：--port 0 任选空闲端口。",
            f"Port {chosen_port} cannot be used. Choose another one; --port 0 takes any free one. [PORT_IN_USE]",
        ) from error
    address: Any = listener.getsockname()
    shown = f"[{address[0]}]" if ":" in address[0] else address[0]
    app = create_app(settings)
    server = QuietServer(configured(app))

    def announce() -> None:
        while not server.started and not server.should_exit:
            threading.Event().wait(0.02)
        if server.started:
            out.print(f"归单已就绪 Guidan is ready: [bold]http://{shown}:{address[1]}/[/bold]  （Ctrl-C 停止 to stop）")
            _warm(app.state.engine, settings)

    threading.Thread(target=announce, daemon=True).start()
    server.run(sockets=[listener])
    err.print("服务已停止。 Stopped serving.")


def _warm(engine: "Engine", settings: "Settings") -> None:
    """Before the first request needs it; one that comes earlier builds it itself."""
    from sqlalchemy.exc import SQLAlchemyError

    from app.allocation.single import warm
    from app.deps import business_day
    from app.territories.consequences.customers import warm as read_customers

    try:
        with engine.connect() as connection:
            warm(connection, business_day(settings))
            read_customers(connection)
    except SQLAlchemyError:
        err.print("预热未完成，首个请求会慢一些。 Warming up did not succeed; the first request will be slower.")
