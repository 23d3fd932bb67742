"""Proposals of territories from a shell."""

import csv
from datetime import datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.console import STAGE_NAMES, Json, fail, out, print_json, progress_bar, store, table

STAGE_NAMES.update(
    {
        "read": "读取区域与客户 read",
        "search": "搜索 search",
        "even": "均衡负荷 even out",
        "stay": "减少移动 keep in place",
        "shape": "紧凑形状 shape",
        "bind": "查找约束 what binds",
    }
)

OUTCOMES = {
    "BALANCED": "各项要求都已满足 all is met",
    "CLOSER": "比现在好，但未能全部满足 better than the present, but not all is met",
    "PRESENT": "没有更好的做法，保持现状 nothing better was found: the present stays",
    "NOTHING_TO_DO": "现状已满足要求 the present meets everything already",
}


def register(app: typer.Typer) -> None:
    """Add `propose` to the program."""
    app.command()(propose)


def propose(
    branch: Annotated[str, typer.Option(help="支公司代码 / branch")],
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="日期，默认今天 / date, today unless given")
    ] = None,
    plan: Annotated[
        int | None, typer.Option(min=1, help="从哪个方案出发，默认现行 / the plan to start from; what is in force")
    ] = None,
    lock: Annotated[list[str] | None, typer.Option(metavar="TEAM", help="锁定团队 / the team keeps its land")] = None,
    pin: Annotated[
        list[str] | None,
        typer.Option(metavar="COMMUNITY=TEAM", help="把社区固定在团队 / the community is this team's"),
    ] = None,
    include: Annotated[
        list[str] | None, typer.Option(metavar="TEAM", help="让尚无区域的团队参加 / a team without land takes part")
    ] = None,
    apart: Annotated[
        list[str] | None, typer.Option(metavar="A=B", help="两个社区不得同属一队 / not in one team's territory")
    ] = None,
    barrier: Annotated[
        list[Path] | None,
        typer.Option(help="屏障（河流、铁路）的 GeoJSON / lines or areas over which no territory may reach"),
    ] = None,
    tolerance: Annotated[float, typer.Option(min=0, max=100, help="允许的负荷偏差 % / deviation allowed")] = 5.0,
    keep: Annotated[float, typer.Option(min=0, max=100, help="至少保留 % / share that must stay")] = 95.0,
    weigh: Annotated[str, typer.Option(help="按什么计保留：policies, premium / what must stay")] = "policies",
    measure: Annotated[
        list[str] | None, typer.Option(help="均衡什么（可重复）：policies, premium / what is balanced")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="随机种子，记入结果 / recorded")] = 1,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="社区→团队 CSV / assignment of communities")
    ] = None,
    draft: Annotated[str | None, typer.Option(metavar="NAME", help="另存为草稿方案 / make a draft of it")] = None,
    by: Annotated[str | None, typer.Option("--by", help="经办人 / who does it")] = None,
    json: Json = False,
) -> None:
    """提出均衡的团队区域：连片、负荷相差不超过 tolerance、至少保留 keep 的保单；做不到时说明是哪条约束。

    Proposes contiguous, balanced territories close to the present ones; if that cannot be had, it names the rule that binds.
    """
    from app.deps import business_day
    from app.territories.proposals.take import draft_of
    from app.territories.proposals.wish import Wish, read_barriers
    from app.territories.proposals.work_out import work_out

    measures = tuple(measure or ["policies"])
    if weigh not in ("policies", "premium") or not set(measures) <= {"policies", "premium"}:
        raise fail("weigh 与 measure 只能是 policies 或 premium。", "weigh and measure are policies or premium.", 2)
    with store() as (engine, configured):
        wish = Wish(
            branch,
            as_of.date() if as_of is not None else business_day(configured),
            seed=seed,
            plan_id=plan,
            tolerance=round(tolerance * 100),
            keep=round(keep * 100),
            weigh=weigh,  # type: ignore[arg-type]
            measures=measures,  # type: ignore[arg-type]
            locked=tuple(lock or ()),
            pinned=dict(_pair(one) for one in pin or ()),
            include=tuple(include or ()),
            apart=tuple(_pair(one) for one in apart or ()),
            barriers=tuple(shape for path in barrier or () for shape in read_barriers(path.read_bytes())),
        )
        with progress_bar(json) as tell:
            result = work_out(engine, wish, progress=tell)
        if output is not None:
            _write(output, result)
        if draft is not None:
            with engine.begin() as connection:
                today = business_day(configured)
                made = draft_of(connection, branch, result, asked_for=plan, name=draft, by=by or getuser(), today=today)
            result["draft_id"] = made
    if json:
        print_json(result)
        return
    show(result)
    if draft is not None:
        out.print(f"草稿方案 {made}：guidan plan show {made}。 Draft {made} was made.")


def _pair(text: str) -> tuple[str, str]:
    left, _, right = text.partition("=")
    if not left or not right:
        raise fail(f"{text} 应写成 A=B。", "It is written A=B.", 2)
    return left, right


def _write(path: Path, result: dict[str, Any]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["community_code", "team_code"])
        writer.writerows((code, team or "") for code, team in sorted(result["assignment"].items()))


def show(result: dict[str, Any]) -> None:
    """Before and after as tables, and what binds."""
    out.print(f"[bold]{OUTCOMES[result['outcome']]}[/bold]")
    before, after = result["before"], result["after"]
    figures = [
        ["最大偏差 worst deviation", *(_percent(one["worst_deviation"]) for one in (before, after))],
        ["基尼 Gini", *(f"{one['gini']:.4f}" for one in (before, after))],
        ["最大/最小 max/min", *(_number(one["max_min"]) for one in (before, after))],
        [f"留在原处 kept ({result['weigh']})", *(_percent(one["kept_share"]) for one in (before, after))],
        ["紧凑度 compactness", *(_number(one["compactness"]) for one in (before, after))],
        ["区域间边界 borders km", *(f"{one['border_km']:,.1f}" for one in (before, after))],
        ["连片块数 parts", *(str(one["parts"]) for one in (before, after))],
        ["无主社区 unowned", *(str(one["unowned"]) for one in (before, after))],
    ]
    out.print(table("", ["", "现在 before", "建议 after"], figures))
    teams = [
        [
            f"{one['team_code']} {one['team_name']}{' 🔒' if one['locked'] else ''}",
            f"{one['capacity']:,}",
            f"{one['before']['load']:,} → {one['after']['load']:,}",
            f"{_percent(one['before']['deviation'])} → {_percent(one['after']['deviation'])}",
            f"{one['before']['communities']} → {one['after']['communities']}",
        ]
        for one in result["teams"]
    ]
    columns = ["团队 team", "容量 capacity", "保单 load", "偏差 deviation", "社区 communities"]
    out.print(table("团队 teams", columns, teams))
    changes = [
        [
            f"{one['community_code']} {one['community_name']}",
            f"{one['from_team_code'] or '–'} → {one['to_team_code'] or '–'}",
            f"{one['policies']:,}",
            f"{one['premium']:,}",
        ]
        for one in result["changes"]
    ]
    if changes:
        columns = ["社区 community", "从 → 到 from → to", "保单 policies", "保费 premium"]
        out.print(table("易手的社区 communities that change hands", columns, changes))
    for one in (*result["bindings"], *result["notes"]):
        out.print(f"· {one['detail']}\n  {one['detail_en']}")
    proved = "，已证明最优 proved to be the best" if result["proved"] else ""
    out.print(f"种子 seed {result['seed']}；{result['solver']}{proved}")


def _percent(share: float) -> str:
    return f"{share * 100:+.2f} %" if share < 0 else f"{share * 100:.2f} %"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
