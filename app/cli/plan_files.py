"""`guidan plan import`, `guidan plan export`: territories from files into a draft, and of any version into a file."""

import tempfile
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.cli.console import Json, err, fail, out, print_json, store, table
from app.cli.plans import Number, commands

if TYPE_CHECKING:
    from app.territories.files.take_in import Report

ACTIONS = {
    "NEW": "[green]新增 new[/green]",
    "CHANGED": "[yellow]改动 changed[/yellow]",
    "UNCHANGED": "不变 unchanged",
    "REPAIRED": "[yellow]已修复 repaired[/yellow]",
    "REFUSED": "[red]拒绝 refused[/red]",
    "KEPT": "文件未列，保留 kept",
    "REMOVED": "[red]文件未列，移除 removed[/red]",
}
SUFFIXES = {".geojson": "geojson", ".json": "geojson", ".gpkg": "gpkg", ".zip": "shp", ".csv": "csv"}


def register() -> None:
    """Add these commands to the group `plan`."""
    commands.command("import")(import_)
    commands.command("export")(export)


def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="GeoJSON、GeoPackage、Shapefile（可为 zip）、CSV、KML、FlatGeobuf")
    ],
    plan: Annotated[int, typer.Option(min=1, help="方案编号 / number of the plan")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只列出每条记录的结果，不保存 / save nothing")] = False,
    crs: Annotated[
        str | None, typer.Option(help="坐标系：CGCS2000、WGS84、GCJ02、BD09、EPSG:4549 … / its system")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="文字编码，如 GBK / encoding of its texts")] = None,
    layer: Annotated[str | None, typer.Option(help="图层 / layer")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="team_code=列名：哪一列是什么 / which column is what")
    ] = None,
    missing: Annotated[
        Literal["keep", "remove"],
        typer.Option(help="文件没有列出的团队保留还是移除 / teams that the file lacks"),
    ] = "keep",
    strict: Annotated[bool, typer.Option("--strict", help="有一条被拒绝就都不保存 / all records or nothing")] = False,
    by: Annotated[str | None, typer.Option("--by", help="经办人，默认为当前用户 / who does it")] = None,
    json: Json = False,
) -> None:
    """把文件中的区域导入草稿，作为一步可撤销的编辑。 Territories from a file into a draft, as one edit that can be undone.

    退出码 exit code: 0 全部导入 all in, 3 有记录被拒绝 some refused, 2 没有导入 nothing was taken.
    """
    from app.errors import AppError
    from app.territories.files.compare import Comparison, Said, World, columns_of, compare
    from app.territories.files.take_in import take_in

    if not file.is_file():
        raise fail(f"没有文件 {file}；请检查路径。", f"There is no file {file}. Check its path. [MISSING_FILE]", 2)
    said = Said(crs=crs, encoding=encoding, layer=layer, columns=columns_of(column or []), missing=missing)

    def read(world: World) -> Comparison:
        return compare(file, said, world)

    with store() as (engine, _):
        try:
            report = take_in(
                engine,
                plan,
                read,
                communities=file.suffix.lower() in (".csv", ".zip"),
                file=file.name,
                dry_run=dry_run,
                strict=strict,
                by=by or getuser(),
                version=None,
            )
        except AppError as error:
            if json:
                told = {"code": error.code, "detail": error.detail_zh, "detail_en": error.detail_en, **error.facts}
                print_json(told)
            for row in error.facts.get("rows", []):
                err.print(f"  {row['row']}: {row['detail']} {row['detail_en']} [{row['code']}]", markup=False)
            raise fail(error.detail_zh, f"{error.detail_en} [{error.code}]", 2) from error
    if json:
        print_json(report.as_json())
    else:
        _tell(report)
    raise typer.Exit(3 if report.comparison.refused else 0)


def _tell(report: "Report") -> None:
    from rich.markup import escape

    told = report.comparison
    rows = [
        [
            str(row["row"]),
            escape(
                " ".join(filter(None, (row["community_code"], row["team_code"] or row["given"], row["team_name"])))
                or "—"
            ),
            ACTIONS[row["action"]],
            f"{_area(row['area_before_m2'])} → {_area(row['area_after_m2'])}",
            escape(
                "；".join(
                    filter(
                        None,
                        [
                            _words(row["code"], row["zh"]),
                            *(one["zh"] for one in row["repairs"] if row["action"] == "REPAIRED"),
                        ],
                    )
                )
            ),
        ]
        for row in told.rows
    ]
    heads = ["记录 row", "团队 team", "结果 fate", "面积 km²", "说明 notes"]
    title = f"{told.format}，{told.crs or 'community → team'}，{told.encoding or ''}"
    out.print(table(title, heads, rows))
    others = [[team["team_code"], ACTIONS[team["action"]]] for team in told.teams if not team["in_file"]]
    if others:
        out.print(table("文件没有列出的团队 teams that the file lacks", ["团队 team", "结果 fate"], others))
    for one in told.overlaps[:20]:
        out.print(
            f"[yellow]![/yellow] 将会重叠 would overlap: {escape(' / '.join(one['team_codes']))} {one['area_m2']:,.0f} m²"
        )
    if report.dry_run:
        out.print("试运行，没有保存。 A dry run; nothing was saved.")
    elif report.edit_id is None:
        out.print("没有改动。 Nothing changed.")
    else:
        out.print(
            f"已保存为第 {report.revision} 版的一步，可以撤销。 Saved as one edit (version {report.revision}); it can be undone."
        )


def _words(code: str | None, zh: str | None) -> str | None:
    return f"[{code}] {zh}" if code else None


def _area(square_metres: float | None) -> str:
    return "—" if square_metres is None else f"{square_metres / 1e6:.3f}"


def export(
    plan: Number,
    output: Annotated[Path, typer.Option("-o", "--output", help=f"文件：{'、'.join(SUFFIXES)} / file")],
    encoding: Annotated[
        Literal["utf-8", "gbk"], typer.Option(help="Shapefile 与 CSV 的文字编码 / of a shapefile or a table")
    ] = "utf-8",
    json: Json = False,
) -> None:
    """把一个版本（草稿或已发布）写成文件。 Write a version, draft or published, into a file that can be imported again."""
    from app.territories.files.put_out import put_out
    from app.territories.plans.repository import read_plan

    kind = SUFFIXES.get(output.suffix.lower())
    if kind is None:
        raise fail(f"请用这些后缀之一：{', '.join(SUFFIXES)}。", f"Use one of: {', '.join(SUFFIXES)}.", 2)
    with (
        store() as (engine, _),
        engine.connect() as connection,
        tempfile.TemporaryDirectory(prefix=".guidan-", dir=output.absolute().parent) as folder,
    ):
        found = read_plan(connection, plan)
        put_out(connection, found, Path(folder), kind, encoding).replace(output)  # type: ignore[arg-type]
    if json:
        print_json({"file": str(output), "plan": plan, "version": found["revision"], "bytes": output.stat().st_size})
    else:
        out.print(f"已写出 {output}。 {output} written.")
