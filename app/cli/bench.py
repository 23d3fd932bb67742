"""The benchmarks: each prints a ratio measured in one run, because machines are shared and noisy."""

from typing import Annotated, Any

import typer

from app.cli.console import Json, err, out, print_json, table


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    benches = typer.Typer(help="性能基准 / benchmarks", no_args_is_help=True)
    benches.command()(allocate)
    benches.command()(http)
    benches.command()(match)
    benches.command()(crs)
    benches.command()(geocode)
    benches.command()(address)
    benches.command()(proposals)
    benches.command()(owners)
    benches.command()(whatif)
    benches.command()(compare)
    benches.command()(coverage)
    benches.command()(validation)
    benches.command()(hostile)
    benches.command()(tiles)
    app.add_typer(benches, name="bench")


def _say(line: str) -> None:
    err.print(f"· {line}")


def allocate(
    orphans: Annotated[int, typer.Option(min=1000, help="孤儿单数 / orphans")] = 100_000,
    seed: Annotated[int, typer.Option()] = 1,
    json: Json = False,
) -> None:
    """从导入完毕到确认，与把结果行 COPY 进同样的表相比。 Imported to confirmed, against COPYing the resulting rows (the floor)."""
    from app.bench.allocation import run

    found = run(orphans=orphans, seed=seed, say=_say)
    if json:
        print_json(found)
        return
    stages = [[stage, f"{seconds:.2f}"] for stage, seconds in found["stages_s"].items()]
    out.print(
        table(f"{found['cases']:,} 张保单 policies, {found['bundles']:,} 组 bundles", ["阶段 stage", "秒 s"], stages)
    )
    out.print(
        f"导入 import {found['import_s']} s；导入到确认 imported to confirmed {found['imported_to_confirmed_s']} s；"
        f"下限 floor (COPY) {found['floor_s']} s；[bold]比值 ratio {found['ratio_to_floor']}[/bold]；"
        f"峰值内存 peak memory {found['peak_mib']} MiB"
    )


def http() -> None:
    """一次分配与一次查询的空接口相比。 One allocation over HTTP against a bare endpoint with one SELECT, on the same server."""
    from app.bench.http import main

    main()


def match() -> None:
    """点与多边形的匹配，与 geopandas sjoin 相比。 Point in polygon: geo.matching against geopandas sjoin."""
    from app.bench.matching import main

    main()


def crs() -> None:
    """坐标转换的速度与往返误差。 Conversions a second a core, and the largest error of a round trip."""
    from app.bench.crs import main

    main()


def address() -> None:
    """一个地址经 HTTP 定位，比空接口多用的时间。 One address geocoded over HTTP: what it takes over a bare endpoint."""
    from app.bench.address import main

    main()


def geocode() -> None:
    """地址解析与定位的吞吐量，与 cpca 相比。 Throughput of parse and geocode, against cpca."""
    from app.bench.geocode import main

    main()


def owners() -> None:
    """某点某日归谁：一个支公司有两百个版本时。 Who owned a point on a day, over two hundred versions of a branch."""
    from app.bench.owners import main

    main()


def whatif(
    customers: Annotated[int, typer.Option(min=1000, max=5_000_000, help="客户数 / customers")] = 1_000_000,
    edits: Annotated[int, typer.Option(min=1, max=5_000, help="编辑次数 / edits")] = 500,
) -> None:
    """区域试算：一次编辑影响谁，与整体重新匹配相比。 What an edit of territories would mean, over HTTP, against a whole join."""
    from app.bench.whatif import run

    print_json(run(customers=customers, edits=edits, say=_say))


def compare(
    customers: Annotated[int, typer.Option(min=1000, max=5_000_000, help="客户数 / customers")] = 1_000_000,
) -> None:
    """两个区域方案的差异。 The difference of two versions of territories, over HTTP."""
    from app.bench.compare import run

    print_json(run(customers=customers, say=_say))


def coverage(
    sequences: Annotated[int, typer.Option(min=1, help="随机序列数 / random sequences")] = 10_000,
    verbs: Annotated[int, typer.Option(min=1, help="每序列的编辑数 / verbs in each")] = 8,
    seed: Annotated[int, typer.Option()] = 1,
    workers: Annotated[int, typer.Option(min=1, help="进程数 / processes")] = 2,
    json: Json = False,
) -> None:
    """随机编辑序列之后的重叠、缝隙与三界点。 Overlaps, gaps and triple points after random sequences of editing verbs."""
    from app.bench.coverage import neighbourhood
    from app.bench.coverage.running import run

    large = neighbourhood.run()
    _say("25 areas × 500 vertices, ms: " + ", ".join(f"{verb} {ms}" for verb, ms in large.items()))
    found = run(sequences=sequences, verbs=verbs, seed=seed, workers=workers, say=_say) | {"ms_of_large": large}
    if json:
        print_json(found)
    else:
        rows = [[verb, str(done)] for verb, done in found["done"].items()]
        rows += [[f"拒绝 refused {code}", str(refused)] for code, refused in found["refused"].items()]
        out.print(table(f"{found['sequences']:,} 个序列 sequences", ["编辑 verb", "次数 times"], rows))
        out.print(
            f"重叠 overlaps {found['overlaps']}（最宽 widest {found['widest_overlap_cells']} 格 cells）；"
            f"缝隙 gaps {found['gaps']}（最宽 widest {found['widest_gap_cells']} 格 cells）；"
            f"三界点断开 triple points broken {found['triple_points_broken']}；无效 invalid {found['invalid_areas']}；"
            f"离格 off the grid {found['off_the_grid']}；"
            f"完成 done {found['verbs_done']:,}，拒绝 refused {found['verbs_refused']:,}；"
            f"每次处理器时间 processor time of each p50 {found['ms_p50']} ms，p95 {found['ms_p95']} ms"
        )
    if found["failing_seeds"]:
        err.print(f"有问题的种子 seeds with a finding: {found['failing_seeds']}")
        raise typer.Exit(1)


def proposals(
    size: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMNSxROWSxTEAMS", help="地图大小（可重复） / sizes of maps"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    json: Json = False,
) -> None:
    """区域建议的求解器比较：均衡、移动、紧凑、秒。 Solvers of territories compared: balance, moved, compactness, seconds."""
    from app.bench.proposals import run

    sizes = tuple(_size(one) for one in size or ["10x5x6", "25x20x30"])
    rows = run(sizes, seed=seed, say=_say)
    if json:
        print_json(rows)
        return
    columns = ["地图 map", "求解 solver", "最大偏差 worst", "移动 moved", "紧凑 compactness", "秒 s", "达标 met"]
    out.print(table("± 5 %, 95 % 留在原处 stay", columns, [_solver_line(row) for row in rows]))


def _size(text: str) -> tuple[int, int, int]:
    parts = text.split("x")
    if len(parts) != 3 or not all(part.isdigit() and int(part) > 0 for part in parts):
        raise typer.BadParameter("COLUMNSxROWSxTEAMS")
    return int(parts[0]), int(parts[1]), int(parts[2])


def _solver_line(row: dict[str, Any]) -> list[str]:
    if "failed" in row:
        return [row["map"], row["solver"], row["failed"], "", "", str(row.get("seconds", "–")), "–"]
    return [
        row["map"],
        row["solver"],
        f"{row['worst_deviation'] * 100:.2f} %",
        f"{row['moved_share'] * 100:.2f} %",
        f"{row['compactness']:.3f}",
        f"{row['seconds']:.2f}",
        ("✓" if row["met"] else "–") + (f" {' '.join(row['broken'])}" if row["broken"] else ""),
    ]


def validation(
    edits: Annotated[int, typer.Option(min=20, max=5_000, help="编辑次数 / edits")] = 200,
    customers: Annotated[int, typer.Option(min=0, max=2_000_000, help="客户数 / customers")] = 100_000,
) -> None:
    """两千个区域的支公司里，一次编辑连同局部校验。 An edit and its validation over HTTP, in a branch of 2,000 territories."""
    from app.bench.validation import run

    print_json(run(edits=edits, customers=customers, say=_say))


def hostile(
    vertices: Annotated[int, typer.Option(min=40, max=20_000, help="每把梳子的顶点 / vertices of each comb")] = 2_000,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="轮数 / rounds")] = 3,
) -> None:
    """两把互相交错的梳子：多久被拒绝或完成，多少内存，旁人是否受影响。 Two hostile combs: seconds, memory, and what others feel."""
    from app.bench.hostile import run

    print_json(run(vertices=vertices, rounds=rounds, say=_say))


def tiles(
    points: Annotated[
        int, typer.Option(min=1000, max=5_000_000, help="孤儿单与客户数 / orphans and customers")
    ] = 1_000_000,
    areas: Annotated[int, typer.Option(min=4, max=20_000, help="区域数 / territories")] = 5_000,
    vertices: Annotated[int, typer.Option(min=8, max=5_000, help="每个区域的顶点数 / vertices of each")] = 500,
    seed: Annotated[int, typer.Option()] = 1,
    json: Json = False,
) -> None:
    """各图层各级瓦片首次与再次请求的时间，与直接 ST_AsMVT 相比。 A tile over HTTP, cold and warm, against a plain ST_AsMVT."""
    from app.bench.tiles import run

    found = run(points=points, areas=areas, vertices=vertices, seed=seed, say=_say)
    if json:
        print_json(found)
        return
    rows = [
        [
            row["layer"],
            row["zooms"],
            str(row["largest_kib"]),
            "–" if row["cold_cpu"] is None else str(row["cold_cpu"]),
            *(f"{row[kind]['p50']} / {row[kind]['p95']}" for kind in ("cold", "warm", "known")),
            "–" if row["plain"] is None else f"{row['plain']['p50']} / {row['plain']['p95']}",
            "–" if row["ratio"] is None else str(row["ratio"]),
        ]
        for row in found["zoom_classes"]
    ]
    heads = [
        "图层 layer",
        "级 zooms",
        "最大 KiB",
        "CPU",
        "首次 cold",
        "再次 warm",
        "未变 known",
        "直接 plain",
        "比值 ratio",
    ]
    out.print(table("毫秒 ms, p50 / p95", heads, rows))
    out.print(f"建图层 a layer is built in: {found['built_s']} s")
    out.print(f"改动之后 after a change: {found['after_a_change']}")
    out.print(f"机器负载 load of the machine: {found['load']}")
