"""`guidan gazetteer …`: care of the gazetteer from a shell."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.console import Json, err, fail, out, print_json, store, table

if TYPE_CHECKING:
    from app.gazetteer.import_file import Report
    from app.gazetteer.restore import Change

CAUSES = {
    "EARLIER": "此前已有 earlier",
    "IMPORT": "导入 import",
    "FOLDER": "文件夹导入 folder",
    "REMOVAL": "移除 removal",
    "RESTORE": "恢复 restore",
    "OTHER": "其他 other",
}


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    group = typer.Typer(
        help="地名库：导入、来源、版本、导出 / the gazetteer: files, sources, versions", no_args_is_help=True
    )
    group.command("import")(import_)
    group.command()(export)
    group.command()(versions)
    group.command()(restore)
    group.command()(remove)
    group.command()(sources)
    group.command()(show)
    group.command()(check)
    app.add_typer(group, name="gazetteer")


def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV、GeoPackage、Shapefile（可为 zip）、GeoJSON、Parquet")
    ],
    crs: Annotated[
        str | None, typer.Option(help="坐标系：CGCS2000、WGS84、GCJ02、BD09、EPSG:4549 … / its system")
    ] = None,
    source: Annotated[str | None, typer.Option(help="来源名称 / name of the source")] = None,
    licence: Annotated[str | None, typer.Option(help="许可 / licence of the source")] = None,
    date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="数据日期 / its date")] = None,
    kind: Annotated[str | None, typer.Option(help="没有 kind 列时的类别 / kind where no column says it")] = None,
    column: Annotated[list[str] | None, typer.Option(help="name=名称：哪一列是什么 / which column is what")] = None,
    encoding: Annotated[str | None, typer.Option(help="文字编码，如 GBK / encoding of its texts")] = None,
    layer: Annotated[str | None, typer.Option(help="图层 / layer")] = None,
    id_prefix: Annotated[str, typer.Option(help="加在编号前 / put before its ids")] = "",
    replace_source: Annotated[
        bool, typer.Option("--replace-source", help="移除新文件中没有的旧地点 / drop what it lacks")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检验，不保存 / test, save nothing")] = False,
    force: Annotated[
        str | None, typer.Option(metavar="REASON", help="坐标系检验不符仍导入的理由 / take it all the same")
    ] = None,
    rejected: Annotated[Path, typer.Option(help="坏行写到这里 / bad rows go here")] = Path("rejected.csv"),
    json: Json = False,
) -> None:
    """导入一份地名文件；检验坐标系，成为一个版本。 Take a file of places in: its system is tested; it becomes a version.

    退出码 exit code: 0 全部导入 all in, 3 有坏行 some rejected, 2 没有导入 nothing was taken.
    """
    from app.gazetteer.import_file import import_file
    from app.gazetteer.places import Said

    if not file.is_file():
        raise fail(f"没有文件 {file}；请检查路径。", f"There is no file {file}. Check its path. [MISSING_FILE]", 2)
    if file.resolve() == rejected.resolve():
        raise fail(
            "坏行不能写到要导入的文件；请换 --rejected。", "Bad rows cannot go into the file itself. [SAME_FILE]", 2
        )
    if force is not None and not force.strip():
        raise fail("--force 需要写明理由。", "--force needs a reason. [NO_REASON]", 2)
    said = Said(
        crs,
        source,
        licence,
        date.date() if date else None,
        kind,
        _columns(column or []),
        encoding,
        layer,
        id_prefix,
        force,
    )
    with store() as (engine, _):
        report = import_file(engine, file, said, rejected=rejected, replace_source=replace_source, dry_run=dry_run)
    if json:
        print_json(report.as_json())
    else:
        _show_import(report)
    raise typer.Exit(report.exit_code)


def _columns(said: list[str]) -> dict[str, str]:
    pairs = {}
    for one in said:
        name, equals, column = one.partition("=")
        if not equals or not column:
            raise fail(f"--column 应写成 name=列名，而不是 {one}。", "--column is written name=COLUMN. [BAD_COLUMN]", 2)
        pairs[name.strip()] = column.strip()
    return pairs


def _show_import(report: "Report") -> None:
    from geo.gazetteer.wording import described

    for sniff in report.sniffs:
        zh, en = described(sniff)
        mark = (
            "[red]✗[/red]"
            if sniff.refuses
            else "[yellow]?[/yellow]"
            if sniff.verdict == "UNTESTED"
            else "[green]✓[/green]"
        )
        err.print(f"{mark} {zh}\n  {en}")
    if report.refused is not None:
        if report.refused.code == "CRS_CONTRADICTED":
            err.print(
                "[red]✗[/red] 没有导入：请改正 --crs（或 crs 列）；确信无误时加 --force “理由”。\n"
                "  Nothing was taken: correct --crs (or the column crs); if you are sure, add --force “reason”. [CRS_CONTRADICTED]"
            )
            return
        place = f"{report.file}:{report.refused.row}" if report.refused.row else report.file
        err.print(f"[red]✗[/red] {place} [{report.refused.code}] {report.refused.zh}\n  {report.refused.en}")
        return
    figures = [report.read, report.added, report.changed, report.unchanged, report.removed, report.rejected]
    heads = ["文件 file", "读取 read", "新增 added", "更新 changed", "不变 unchanged", "移除 removed", "拒绝 rejected"]
    title = "试导入（未保存） dry run" if report.dry_run else "地名库导入 gazetteer import"
    out.print(table(title, heads, [[report.file, *(f"{n:,}" for n in figures)]]))
    mapped = ", ".join(f"{name}={column}" for name, column in report.columns.items() if name != column)
    if mapped:
        out.print(f"列 columns: {mapped}")
    if report.version is None:
        out.print("没有变化，没有新版本。 Nothing changed, no new version.")
    elif not report.dry_run:
        out.print(f"版本 version {report.version}，坐标系 declared {report.crs}")
    if report.forced:
        out.print(f"强制导入的理由已记录：{report.forced}。 The reason of the override is on record.")
    if report.rejected_file is not None:
        err.print(
            f"有坏行，逐行原因见 {report.rejected_file}；改正后重新导入即可。\n"
            f"Some rows were rejected, see {report.rejected_file}; correct them and import again."
        )


def export(
    output: Annotated[Path, typer.Option("-o", "--output", help=".csv .gpkg .shp .geojson .parquet")],
    version: Annotated[
        int | None, typer.Option(help="哪个版本；默认当前 / which version, the present one unless given")
    ] = None,
    crs: Annotated[str, typer.Option(help="CGCS2000, WGS84, GCJ02, BD09")] = "CGCS2000",
    encoding: Annotated[str, typer.Option(help="Shapefile 的文字编码 / encoding of a shapefile's texts")] = "UTF-8",
    json: Json = False,
) -> None:
    """导出当前或某个版本的地名库。 Write the gazetteer, or an earlier version of it, to a file."""
    from app.gazetteer.export import WRITABLE, export_places
    from geo.crs import parse_crs

    system = parse_crs(crs)
    try:
        with store() as (engine, _), engine.connect() as connection:
            done = export_places(connection, output, version=version, crs=system, encoding=encoding)
    except ValueError as error:
        if str(error) != WRITABLE:
            raise
        raise fail(
            f"写不了这种文件；可用：{WRITABLE}。", f"Cannot write this format. Use {WRITABLE}. [FORMAT]", 2
        ) from error
    if json:
        print_json({"file": str(output), "rows": done.rows, "cut": done.cut})
        return
    out.print(f"已写出 {done.rows:,} 处到 {output}。 {done.rows:,} places written.")
    if done.cut:
        err.print(
            f"[yellow]![/yellow] {done.cut:,} 个文字超过 Shapefile 的 254 字节，被截断；需要完整请用 .gpkg。\n"
            f"  {done.cut:,} texts are longer than a shapefile's 254 bytes and were cut; use .gpkg to keep them whole."
        )


def versions(
    limit: Annotated[int, typer.Option(min=1, help="最近几个 / how many, newest first")] = 20, json: Json = False
) -> None:
    """地名库的版本，新的在前。 Versions of the gazetteer, newest first."""
    from app.gazetteer import repository

    with store() as (engine, _), engine.connect() as connection:
        rows = [dict(row) for row in repository.list_versions(connection, limit=limit)]
    if json:
        print_json(rows)
        return
    heads = [
        "版本 version",
        "时间 at",
        "由来 cause",
        "+",
        "~",
        "-",
        "总数 total",
        "文件 file",
        "坐标系 crs",
        "来源 sources",
    ]
    shown = [
        [
            str(row["number"]),
            f"{row['at'].astimezone():%Y-%m-%d %H:%M}",
            f"{CAUSES[row['cause']]} {row['note'] or ''}{' (--force)' if row['forced'] else ''}".strip(),
            *(f"{row[name]:,}" for name in ("added", "changed", "removed", "total")),
            row["file"] or "",
            row["crs"] or "",
            ", ".join(row["sources"] or []),
        ]
        for row in rows
    ]
    out.print(table("地名库版本 gazetteer versions", heads, shown))


def restore(
    version: Annotated[int, typer.Argument(metavar="VERSION", help="恢复到哪个版本 / which version")],
    json: Json = False,
) -> None:
    """恢复到某个版本；这本身成为一个新版本。 Back to an earlier version, which makes a new one."""
    from app.gazetteer.restore import restore_version

    with store() as (engine, _):
        _show_change(restore_version(engine, version), json)


def remove(
    source: Annotated[str, typer.Option(help="移除哪个来源 / which source")],
    reason: Annotated[str | None, typer.Option(help="原因 / why")] = None,
    json: Json = False,
) -> None:
    """移除一个来源的全部地点；可用 restore 恢复。 Remove all places of a source; `restore` brings them back."""
    from app.gazetteer.restore import remove_source

    with store() as (engine, _):
        _show_change(remove_source(engine, source, reason=reason), json)


def _show_change(change: "Change", json: bool) -> None:
    if json:
        print_json(change.as_json())
    elif change.version is None:
        out.print("没有变化，没有新版本。 Nothing changed, no new version.")
    else:
        out.print(
            f"版本 version {change.version}: +{change.added:,} ~{change.changed:,} -{change.removed:,}，共 total {change.total:,}"
        )


def sources(json: Json = False) -> None:
    """各来源的行数、误差、相互吻合的比例。 Per source: rows, error, how much it agrees with the others."""
    from app.gazetteer.sources import list_sources

    with store() as (engine, _), engine.connect() as connection:
        rows = list_sources(connection)
    if json:
        print_json(rows)
        return
    heads = [
        "来源 source", "行 rows", "误差 error m", "共有 shared", "吻合 agreeing", "距离 spread p50 m", "p90 m", "日期 date", "坐标系 crs", "许可 licence",
    ]  # fmt: skip
    shown = [
        [
            row["source"] or "—",
            f"{row['rows']:,}",
            _figure(row["error_m"]),
            f"{row['shared']:,}",
            "" if row["agreeing"] is None else f"{row['agreeing']:.1%}",
            _figure(row["spread_p50_m"]),
            _figure(row["spread_p90_m"]),
            str(row["dated"] or ""),
            row["crs"] or "",
            row["licence"] or "",
        ]
        for row in rows
    ]
    out.print(table("地名库来源 gazetteer sources", heads, shown))


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def show(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="名称中的字 / letters of a name")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 20,
    json: Json = False,
) -> None:
    """地名库概况；或某个名称的地点及其各条记录。 What the gazetteer holds; or the places of a name with their entries."""
    from app.gazetteer import repository
    from app.gazetteer.sources import find_places
    from app.locating.geocoder import gazetteer_version

    with store() as (engine, _), engine.connect() as connection:
        if name is not None:
            _show_places(find_places(connection, name, limit=limit), json)
            return
        rows = [dict(row) for row in repository.summary(connection)]
        latest = repository.list_versions(connection, limit=1)
        content = gazetteer_version(connection)
    number = latest[0]["number"] if latest else None
    total = sum(row["places"] for row in rows)
    if json:
        print_json({"version": number, "content": content, "places": total, "by": rows})
        return
    heads = ["来源 source", "城市 city", "类别 kind", "地点 places"]
    out.print(table(f"地名库 gazetteer · 版本 version {number or '—'} · {total:,}", heads,
                    [[row["source"] or "—", row["city"] or "—", row["kind"], f"{row['places']:,}"] for row in rows]))  # fmt: skip
    out.print(f"内容 content {content}")


def _show_places(places: list[dict[str, Any]], json: bool) -> None:
    if json:
        print_json(places)
        return
    heads = ["地点 place", "区 district", "经度 lon", "纬度 lat", "误差 error m", "分散 spread m", "记录 entries"]
    shown = [
        [
            place["name"] or "—",
            place["district"] or "",
            f"{place['lon']:.6f}",
            f"{place['lat']:.6f}",
            _figure(place["error_m"]),
            _figure(place["spread_m"]),
            ", ".join(f"{entry['source']}:{entry['id']}" for entry in place["entries"]),
        ]
        for place in places
    ]
    out.print(table("地点 places", heads, shown))


def check(
    limit: Annotated[int, typer.Option(min=1, help="每类列出几条 / how many of each kind")] = 20, json: Json = False
) -> None:
    """列出最可疑的地点。 The worst of the gazetteer: sources that disagree, districts that neighbours contradict, names far apart."""
    from app.gazetteer.sources import find_contradictions

    with store() as (engine, _), engine.connect() as connection:
        found, counts = find_contradictions(connection, limit=limit)
    if json:
        print_json({"counts": counts, "worst": found})
        return
    heads = ["名称 name", "问题 problem", "区 district", "相距 m", "邻居所在 neighbours", "记录 ids", "来源 sources"]
    names = {
        "SOURCES_DISAGREE": "来源不一致 sources disagree",
        "DISTRICT_CONTRADICTS": "与邻居不同区 district contradicts",
        "SAME_NAME_FAR": "同名相距远 same name far",
    }
    shown = [
        [
            row["name"] or "—",
            names[row["code"]],
            row["district"] or "",
            _figure(row["metres"]),
            f"{row['neighbours']} ({1 - row['share']:.0%})" if row["neighbours"] else "",
            ", ".join(row["ids"][:4]),
            ", ".join(row["sources"][:4]),
        ]
        for row in found
    ]
    out.print(table("地名库检查 gazetteer check", heads, shown))
    out.print(
        "，".join(f"{names[code]} {count:,}" for code, count in sorted(counts.items())) or "没有问题。 Nothing found."
    )
