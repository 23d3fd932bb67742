"""What the commands share: the store to work on, how results and progress are shown, how a failure is told."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.settings import Settings

# A pipe has no width of its own; tables of it should not be folded.
_WIDTH = None if sys.stdout.isatty() else 140
out = Console(highlight=False, width=_WIDTH)
err = Console(stderr=True, highlight=False)

Json = Annotated[bool, typer.Option("--json", help="机器可读的输出 / machine-readable output")]

STAGE_NAMES = {
    "intake": "转入 intake",
    "geocode": "地址定位 geocode",
    "consult": "询问在线服务 consult",
    "match": "匹配区域 match",
    "nature": "性质与归集 nature, grouping",
    "allocate": "分配 allocate",
    "store": "保存 store",
    "commit": "提交 commit",
    "calibrate": "标定 calibrate",
}


@contextmanager
def store() -> Iterator[tuple["Engine", "Settings"]]:
    """An engine on the migrated database: `DATABASE_URL` where it is set, else the private cluster, started if need be."""
    from app import cluster, migrate, settings
    from app.db import make_engine

    configured = settings.load()
    url = configured.database_url or cluster.ensure_running(configured.home)
    migrate.upgrade(url)
    engine = make_engine(url, pool_size=configured.pool_size)
    try:
        yield engine, configured
    finally:
        engine.dispose()


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode() + "\n")


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """A callback (stage, share done) that draws a bar for each stage on standard error, where that is a terminal."""
    if quiet:
        yield lambda stage, share: None
        return
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=err, transient=True
    ) as bars:
        tasks: dict[str, Any] = {}

        def tell(stage: str, share: float) -> None:
            if stage not in tasks:
                for earlier in tasks.values():
                    bars.update(earlier, completed=1.0)
                tasks[stage] = bars.add_task(STAGE_NAMES.get(stage, stage), total=1.0)
            bars.update(tasks[stage], completed=share)

        yield tell


def table(title: str, columns: list[str], rows: list[list[str]]) -> Table:
    """A table whose figures stand right."""
    drawn = Table(title=title, title_justify="left", title_style="bold")
    for position, column in enumerate(columns):
        drawn.add_column(column, justify="left" if position == 0 else "right", no_wrap=position == 0)
    for row in rows:
        drawn.add_row(*row)
    return drawn


def fail(zh: str, en: str, code: int = 1) -> typer.Exit:
    """Tell what is wrong and what to do, and end with an exit code: `raise fail(…)`."""
    err.print(f"[red]✗[/red] {zh}\n  {en}")
    return typer.Exit(code)


def explain_failure(error: Exception) -> int:
    """Tell of an error in the words of its kind; the exit code."""
    from sqlalchemy.exc import DBAPIError, OperationalError

    from app.errors import AppError

    if isinstance(error, AppError):
        err.print(f"[red]✗[/red] {error.detail_zh}\n  {error.detail_en} [{error.code}]")
    elif isinstance(error, OperationalError | DBAPIError) and "No space left" in str(error.orig):
        err.print("[red]✗[/red] 磁盘已满：本步没有保存任何内容；请腾出空间后重复同一命令。")
        err.print("  The disk is full: nothing of this step was saved. Free some space and repeat the command.")
    elif isinstance(error, OperationalError):
        err.print("[red]✗[/red] 数据库连不上或中途断开：本步没有保存任何内容；请检查数据库后重复同一命令。")
        err.print("  The database cannot be reached or went away: nothing of this step was saved. Check it and repeat.")
    elif hasattr(error, "chinese") and hasattr(error, "english"):
        err.print(f"[red]✗[/red] {error.chinese}\n  {error.english}")
    elif isinstance(error, OSError):
        err.print(f"[red]✗[/red] 文件无法读写：{error.strerror}（{error.filename or ''}）")
        err.print("  The file cannot be read or written. Check its path, permissions and the free space.")
    else:
        if os.environ.get("GUIDAN_DEBUG"):
            raise error
        err.print(f"[red]✗[/red] 程序内部出错（{type(error).__name__}）；设 GUIDAN_DEBUG=1 重试可看到细节。")
        err.print("  An internal error; set GUIDAN_DEBUG=1 and repeat to see the details.")
    return 1
