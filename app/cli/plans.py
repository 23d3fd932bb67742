"""Territory plans from a shell: list, show, draft, submit, approve, publish, roll back."""

from collections.abc import Callable
from datetime import date, datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.console import Json, fail, out, print_json, store, table
from app.territories.plans.life import STATE_NAMES

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.territories.plans.life import Step
    from app.territories.plans.schemas import TerritoryPlan

commands = typer.Typer(
    name="plan",
    help="区域方案：版本、审批、发布、恢复。 Territory plans: versions, approval, publication, roll-back.",
    no_args_is_help=True,
)

Number = Annotated[int, typer.Argument(min=1, help="方案编号 / number of the plan", metavar="PLAN")]
By = Annotated[
    str | None, typer.Option("--by", help="经办人，默认为当前用户 / who does it; the current user unless given")
]
Reason = Annotated[str | None, typer.Option(help="理由，记入档案 / why; goes into the books")]


def register(app: typer.Typer) -> None:
    """Add `plan` to the program."""
    commands.command("list")(list_plans)
    commands.command("show")(show)
    commands.command("create")(create)
    for step, help_text in (
        ("submit", "提交审批。 Hand a draft in for approval."),
        ("withdraw", "撤回到草稿。 Take a version back into drawing."),
        ("reject", "退回修改。 Send a version back into drawing."),
        ("approve", "批准（须另一人）。 Approve; somebody else than who drew it."),
        ("discard", "放弃草稿。 Put a draft away."),
    ):
        commands.command(step, help=help_text)(_mover(step))  # type: ignore[arg-type]
    commands.command("publish")(publish)
    commands.command("roll-back")(roll_back)
    commands.command("picture")(picture)
    app.add_typer(commands)


def list_plans(
    branch: Annotated[str | None, typer.Option(help="支公司代码 / branch")] = None,
    state: Annotated[str | None, typer.Option(help=", ".join(STATE_NAMES))] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="条数 / items")] = 50,
    json: Json = False,
) -> None:
    """列出区域方案，新的在前。 The plans, newest first."""
    from app.access.principal import EVERYTHING
    from app.deps import business_day
    from app.territories.plans import listing

    if state is not None and state not in STATE_NAMES:
        raise fail(
            f"没有状态 {state}；可用：{', '.join(STATE_NAMES)}。",
            f"There is no state {state}; use one of the above.",
            2,
        )
    with store() as (engine, configured), engine.connect() as connection:
        plans = listing.list_plans(
            connection,
            scope=EVERYTHING,
            today=business_day(configured),
            branch_code=branch,
            state=state,
            limit=limit,
            before=None,
        )
    if json:
        print_json({"items": [plan.model_dump() for plan in plans]})
        return
    columns = [
        "编号 id",
        "支公司 branch",
        "版本 number",
        "名称 name",
        "状态 state",
        "生效 from",
        "至 until",
        "区域 territories",
        "错误 errors",
    ]
    out.print(table("区域方案 territory plans", columns, [_line(plan) for plan in plans]))


def _line(plan: "TerritoryPlan") -> list[str]:
    return [
        str(plan.id),
        f"{plan.branch_code} {plan.branch_name}",
        str(plan.number),
        plan.name,
        f"{STATE_NAMES[plan.state]} {plan.state}",
        _day(plan.effective_from),
        _day(plan.effective_to),
        f"{plan.territories:,}",
        str(plan.errors),
    ]


def _day(day: date | None) -> str:
    return "–" if day is None else "最初 first" if day == date.min else str(day)


def show(plan: Number, json: Json = False) -> None:
    """一个方案及其经历。 One plan and its life."""
    from app.territories.plans import listing

    with store() as (engine, configured), engine.connect() as connection:
        found = _one(connection, configured, plan)
        steps = [dict(row) for row in listing.life(connection, plan)]
    if json:
        print_json({**found.model_dump(), "life": steps})
        return
    _tell(found)
    lines = [
        [
            f"{row['at']:%Y-%m-%d %H:%M}",
            f"{STATE_NAMES.get(row['from_state'] or '', '–')} → {STATE_NAMES.get(row['to_state'], row['to_state'])}",
            row["person"] or "–",
            _day(row["effective_from"]),
            row["reason"] or "–",
        ]
        for row in steps
    ]
    if lines:
        out.print(table("经历 life", ["时间 at", "状态 state", "经办 by", "生效 from", "理由 reason"], lines))


def create(
    branch: Annotated[str, typer.Option(help="支公司代码 / branch")],
    name: Annotated[str, typer.Option(help="名称 / name")],
    base: Annotated[
        int | None, typer.Option(min=1, help="依据的版本，默认为现行 / base; what is in force unless given")
    ] = None,
    empty: Annotated[bool, typer.Option("--empty", help="不含任何区域 / without any territory")] = False,
    note: Annotated[str | None, typer.Option(help="备注 / note")] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """新建草稿。 Make a draft."""
    from app.deps import business_day
    from app.territories.plans.draft import make_draft

    with store() as (engine, configured), engine.begin() as connection:
        made = make_draft(
            connection,
            branch,
            name=name,
            by=by or getuser(),
            today=business_day(configured),
            note=note,
            base_id=base,
            empty=empty,
        )
        _report(_one(connection, configured, made), json)


def _mover(step: "Step") -> Callable[..., None]:
    def command(plan: Number, by: By = None, reason: Reason = None, json: Json = False) -> None:
        from app.territories.plans.move import move

        with store() as (engine, configured), engine.begin() as connection:
            move(connection, plan, step, by=by or getuser(), reason=reason)
            _report(_one(connection, configured, plan), json)

    return command


def publish(
    plan: Number,
    effective_from: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="生效日 / the day from which it decides")
    ],
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="即使那天生效的不是它所依据的版本 / also if another version than its base is in force"
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不发布 / check only")] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """从某日起发布已批准的方案。 Publish an approved plan from a day on."""
    from app.deps import business_day
    from app.territories.plans import move

    with store() as (engine, configured), engine.connect() as connection:
        move.publish(
            connection,
            plan,
            effective_from=effective_from.date(),
            by=by or getuser(),
            today=business_day(configured),
            replace=replace,
        )
        found = _one(connection, configured, plan)
        if dry_run:
            connection.rollback()
            out.print("可以发布；没有保存。 It can be published; nothing was saved.")
        else:
            connection.commit()
        _report(found, json)


def roll_back(plan: Number, by: By = None, json: Json = False) -> None:
    """恢复一个发布过的版本：生成审核中的新版本。 Take up a published version again: a new version that awaits approval."""
    from app.deps import business_day
    from app.territories.plans.draft import roll_back

    with store() as (engine, configured), engine.begin() as connection:
        made = roll_back(connection, plan, by=by or getuser(), today=business_day(configured))
        _report(_one(connection, configured, made), json)


def _one(connection: "Connection", configured: Any, plan: int) -> "TerritoryPlan":
    from app.access.principal import EVERYTHING
    from app.deps import business_day
    from app.territories.plans import listing

    return listing.one_plan(connection, plan, scope=EVERYTHING, today=business_day(configured))


def _report(plan: "TerritoryPlan", json: bool) -> None:
    if json:
        print_json(plan.model_dump())
    else:
        _tell(plan)


def _tell(plan: "TerritoryPlan") -> None:
    out.print(
        f"方案 {plan.id}：{plan.branch_name} 第 {plan.number} 版《{plan.name}》，{STATE_NAMES[plan.state]}，{plan.territories:,} 个区域，"
        f"错误 {plan.errors}，冲突 {plan.conflicts}。\n"
        f"Plan {plan.id}: {plan.branch_code} version {plan.number}, {plan.state}, {plan.territories:,} territories, "
        f"{plan.errors} errors, {plan.conflicts} conflicts; {_day(plan.effective_from)} – {_day(plan.effective_to)}."
    )


def picture(
    plan: Number,
    output: Annotated[Path, typer.Option("-o", "--output", help="图片文件，.png 或 .pdf / the file, .png or .pdf")],
    before: Annotated[
        int | None,
        typer.Option("--with", min=1, help="与哪个方案对比，默认为其底本 / the version before; its base unless given"),
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="数据日期，默认今天 / date of the figures; today unless given"),
    ] = None,
) -> None:
    """区域化效果图：调整前后并列，供会议使用。 The picture of a regionalisation, before and after, for a meeting."""
    from app.deps import business_day
    from app.territories.consequences.compare import base_of
    from app.territories.pictures.gather import read_scene
    from app.territories.pictures.render import render

    kind = output.suffix.lower()
    if kind not in (".png", ".pdf"):
        raise fail("文件名须以 .png 或 .pdf 结尾。", "The file's name must end in .png or .pdf.", 2)
    with store() as (engine, configured), engine.connect() as connection:
        day = on.date() if on is not None else business_day(configured)
        other = base_of(connection, plan, day) if before is None else before
        scene = read_scene(connection, other, plan, day).dump()
    output.write_bytes(render(scene, "pdf" if kind == ".pdf" else "png"))
    out.print(f"已绘制 drawn: {output}")
