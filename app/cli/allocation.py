"""Allocation from a shell: allocate, confirm, discard, explain."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.console import Json, fail, out, print_json, progress_bar, store, table

if TYPE_CHECKING:
    from app.allocation.run import Outcome


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command()(allocate)
    app.command()(confirm)
    app.command()(discard)
    app.command()(explain)


def allocate(
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="业务日期 / business date")],
    branch: Annotated[str | None, typer.Option(help="只分配这个支公司管理的 / what this branch manages")] = None,
    distribute: Annotated[bool, typer.Option("--distribute", help="同时分到人 / hand on to agents")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="试算，不保存 / save nothing")] = False,
    confirm: Annotated[bool, typer.Option("--confirm", help="直接确认 / confirm at once")] = False,
    json: Json = False,
) -> None:
    """转入→性质→归集→定位→分配；不加 --confirm 则只是预分配。 Without --confirm the run stays proposed."""
    from app.allocation.run import create_run, execute_run, rehearse

    day = as_of.date()
    run_id: int | None = None
    with store() as (engine, _), progress_bar(json) as tell:
        if dry_run:
            with engine.connect() as connection:
                outcome = rehearse(connection, as_of=day, branch_code=branch, distribute=distribute, progress=tell)
                connection.rollback()
        else:
            with engine.begin() as connection:
                run_id = create_run(
                    connection,
                    as_of=day,
                    branch_code=branch,
                    confirm=confirm,
                    distribute=distribute,
                    requested_by="cli",
                )
            outcome = execute_run(engine, run_id, progress=tell)
    status = "DRY_RUN" if dry_run else "CONFIRMED" if confirm else "PROPOSED"
    if json:
        print_json({"run": run_id, "status": status, **outcome.counts(), "seconds": outcome.seconds})
        return
    show_outcome(outcome)
    if dry_run:
        out.print("试算完毕，没有保存任何内容。 A dry run: nothing was saved.")
    elif confirm:
        out.print(f"运行 {run_id} 已确认。 Run {run_id} is confirmed.")
    else:
        out.print(
            f"运行 {run_id} 为预分配：guidan confirm {run_id} 确认，guidan discard {run_id} 放弃。 Run {run_id} is proposed."
        )


def show_outcome(outcome: "Outcome") -> None:
    """The counts by rung and state, the kept-in-team rate and the seconds per stage."""
    from app.allocation.sentences import RUNG_NAMES

    rungs = [[f"{rung} {RUNG_NAMES[rung].zh}", f"{count:,}"] for rung, count in outcome.by_rung.items()]
    out.print(table("按规则层级 by rung", ["层级 rung", "保单 policies"], rungs))
    out.print(
        table("按状态 by state", ["状态 state", "保单 policies"], [[k, f"{v:,}"] for k, v in outcome.by_state.items()])
    )
    if outcome.refused:
        out.print(
            table(
                "未立案的事件 events that opened nothing",
                ["原因 code", "事件 events"],
                [[k, f"{v:,}"] for k, v in outcome.refused.items()],
            )
        )
    if outcome.kept_in_team_rate is not None:
        out.print(
            f"肥水不流外人田：{outcome.kept_in_team_rate:.1%} 的已分配且可定位的保单归区域所属团队。 Kept in team: {outcome.kept_in_team_rate:.1%} of the placed."
        )
    spent = "  ".join(f"{stage} {seconds:.2f}" for stage, seconds in outcome.seconds.items())
    out.print(f"各阶段用时（秒） seconds per stage: {spent}")


def confirm(run: Annotated[int, typer.Argument(metavar="RUN")], json: Json = False) -> None:
    """确认一次预分配。 Confirm a proposed run."""
    from app.allocation.confirm import confirm_run

    with store() as (engine, _), engine.begin() as connection:
        count = confirm_run(connection, run)
    if json:
        print_json({"run": run, "status": "CONFIRMED", "cases": count})
    else:
        out.print(f"运行 {run} 已确认，{count:,} 张保单。 Run {run} confirmed, {count:,} policies.")


def discard(run: Annotated[int, typer.Argument(metavar="RUN")], json: Json = False) -> None:
    """放弃一次预分配。 Discard a proposed run; its cases wait for the next one."""
    from app.allocation.confirm import discard_run

    with store() as (engine, _), engine.begin() as connection:
        count = discard_run(connection, run)
    if json:
        print_json({"run": run, "status": "DISCARDED", "cases": count})
    else:
        out.print(
            f"运行 {run} 已放弃，{count:,} 张保单等待下一次分配。 Run {run} discarded, {count:,} policies wait for the next one."
        )


def explain(policy_no: Annotated[str, typer.Argument(metavar="POLICY_NO")], json: Json = False) -> None:
    """说明一张保单为何归此。 Why this policy is where it is: the decision and every rung asked, in words."""
    from app.allocation.explain import explain_policy

    with store() as (engine, _), engine.connect() as connection:
        found = explain_policy(connection, policy_no)
    if found is None:
        raise fail(
            f"保单 {policy_no} 没有孤儿单案件；请核对保单号，或先导入事件并分配。",
            f"Policy {policy_no} has no orphan case. Check its number, or import its event and allocate first. [CASE_NOT_FOUND]",
        )
    if json:
        print_json(found)
        return
    said = found["explanation"]
    out.print(f"[bold]{policy_no}[/bold]  {found['state']}\n{said['zh']}\n{said['en']}")
    for step, one in enumerate(said["ladder"], start=1):
        out.print(f"{step}. {one['rung']}  {one['zh']}\n   {one['en']}")
