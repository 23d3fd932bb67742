"""Files in and out: import, export, sample, census, digest."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.exchange.census import CensusReport

from app.cli.console import Json, err, fail, out, print_json, store, table


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command("import")(import_)
    exports = typer.Typer(help="导出 / write files", no_args_is_help=True)
    exports.command("allocations")(export_allocations)
    app.add_typer(exports, name="export")
    app.command()(sample)
    app.command()(census)
    app.command()(digest)


def import_(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="数据文件夹 / folder of files")],
    rejected: Annotated[Path, typer.Option(help="坏行写到这里 / bad rows go here")] = Path("rejected.csv"),
    json: Json = False,
) -> None:
    """导入文件夹中的数据；可重复执行。 Load every file that DIR holds; repeating it changes nothing.

    退出码 exit code: 0 全部导入 all in, 3 有坏行 some rejected, 2 没有可读的文件 nothing could be read.
    """
    from rich.progress import Progress

    from app.exchange.importing import import_folder

    if not directory.is_dir():
        raise fail(
            f"没有文件夹 {directory}；请检查路径。",
            f"There is no folder {directory}. Check its path. [MISSING_FOLDER]",
            2,
        )
    with store() as (engine, _), Progress(console=err, transient=True, disable=json) as bars:
        tasks = {}

        def tell(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=total)
            bars.update(tasks[file], completed=done, total=total)

        report = import_folder(engine, directory, rejected=rejected, progress=tell)
    if json:
        print_json(report.as_json())
    else:
        rows = [
            [
                f.file,
                f"{f.read:,}",
                f"{f.stored:,}",
                f"{f.replaced:,}",
                f"{f.unchanged:,}",
                f"{f.rejected:,}",
                f"{f.seconds:.2f}",
            ]
            for f in report.files
        ]
        heads = ["文件 file", "读取 read", "新增 stored", "更新 replaced", "不变 unchanged", "拒绝 rejected", "秒 s"]
        out.print(table("导入 import", heads, rows))
        for one in report.files:
            if one.refused is not None:
                place = f"{one.file}:{one.refused.row}" if one.refused.row else one.file
                err.print(
                    f"[red]✗[/red] {place} [{one.refused.code}] {one.refused.zh}\n  {one.refused.en}", markup=True
                )
        if report.problem is not None:
            err.print(f"[red]✗[/red] {report.problem[0]}\n  {report.problem[1]}")
        elif report.exit_code == 3 and report.rejected_file is not None:
            err.print(
                f"有坏行，逐行原因见 {report.rejected_file}；改正后重新导入即可。\n"
                f"Some rows were rejected, see {report.rejected_file}; correct them and import again."
            )
    raise typer.Exit(report.exit_code)


def export_allocations(
    output: Annotated[Path, typer.Option("-o", "--output", help="CSV 文件 / file")],
    run: Annotated[int | None, typer.Option(help="只导出这次运行 / of this run only")] = None,
    json: Json = False,
) -> None:
    """每张有案件的保单一行。 A row for each policy with a case, whatever its state."""
    from app.allocation.export import write_allocations

    with store() as (engine, _), engine.connect() as connection:
        count = write_allocations(connection, output, run_id=run)
    if json:
        print_json({"file": str(output), "rows": count})
    else:
        out.print(f"已写出 {count:,} 行到 {output}。 {count:,} rows written.")


def sample(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="写到哪里 / where to")],
    policies: Annotated[int, typer.Option(min=1, help="保单数 / policies")] = 20_000,
    seed: Annotated[int, typer.Option(help="随机种子 / seed")] = 1,
    orphans: Annotated[int | None, typer.Option(min=0, help="孤儿单数 / orphans")] = None,
    json: Json = False,
) -> None:
    """写一座虚构的城市。 Write a fictional but plausible city in the same format."""
    from app.sample import write

    counts = write(directory, policies=policies, seed=seed, orphans=orphans, as_of=date(2026, 3, 10))
    if json:
        print_json(counts)
    else:
        out.print(
            table(
                f"虚构城市 sample in {directory}", ["文件 file", "行 rows"], [[k, f"{v:,}"] for k, v in counts.items()]
            )
        )


def census(json: Json = False) -> None:
    """证明没有丢失：不平则退出码为 1。 Prove that nothing is lost; exit 1 if it does not add up."""
    from app.exchange.census import census as count

    with store() as (engine, _), engine.connect() as connection:
        report = count(connection)
    if json:
        print_json(report.as_json())
    else:
        _show_census(report)
        out.print(
            "全部相符。 It adds up." if report.ok else "[red]账不平，见上表。 It does not add up, see above.[/red]"
        )
    raise typer.Exit(0 if report.ok else 1)


def _show_census(report: "CensusReport") -> None:
    groups = ("opened", "waiting", "pooled", "proposed", "allocated", "in_review", "suspended", "rejected", "closed")
    branches = [[one.branch_code, *(f"{getattr(one, group):,}" for group in groups)] for one in report.branches]
    out.print(table("案件 cases", ["支公司 branch", *groups], branches))
    files = [
        [one.file, f"{one.imports:,}", f"{one.read:,}", f"{one.stored:,}", f"{one.rejected:,}"] for one in report.files
    ]
    out.print(table("文件 files", ["文件 file", "imports", "read", "stored", "rejected"], files))
    events = report.events
    out.print(
        f"事件 events: {events.total:,} = {events.in_cases:,} 立案 in cases + {events.refused:,} 未立案 refused"
        f" + {events.waiting:,} 未到期或未运行 not yet looked at"
    )
    for policy_no, state, live in report.unheld:
        out.print(f"[red]✗[/red] {policy_no} {state}: {live} 个有效分配 live allocations")
    for counter in report.counters:
        out.print(f"[red]✗[/red] {counter}")


def digest(json: Json = False) -> None:
    """全部分配结果的 SHA-256。 One SHA-256 over the canonical allocations, to compare two runs or two machines."""
    from app.allocation.export import digest as of

    with store() as (engine, _), engine.connect() as connection:
        value = of(connection)
    if json:
        print_json({"sha256": value})
    else:
        out.print(value)
