"""Location review from a shell: list, next, decide, undo."""

from datetime import date
from getpass import getuser
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from app.cli.console import Json, fail, out, print_json, store, table

if TYPE_CHECKING:
    from app.settings import Settings

commands = typer.Typer(
    name="review",
    help="位置复核：等待人工核实的地址。 Location review: addresses that wait for a person.",
    no_args_is_help=True,
)

By = Annotated[
    str | None, typer.Option("--by", help="复核人，默认为当前用户 / who reviews; the current user unless given")
]
Branch = Annotated[str | None, typer.Option(help="支公司代码 / branch")]
Code = Annotated[
    str | None,
    typer.Option(help="TOO_COARSE, UNSURE, OUTSIDE_CITY, BRANCH_CONFLICT, ADDRESS_UNRESOLVED"),
]
District = Annotated[str | None, typer.Option(help="区 / district")]


def register(app: typer.Typer) -> None:
    """Add `review` to the program."""
    commands.command("list")(list_queue)
    commands.command("next")(next_item)
    commands.command("decide")(decide)
    commands.command("undo")(undo)
    app.add_typer(commands)


def _today(configured: "Settings") -> date:
    from app.deps import business_day

    return business_day(configured)


def list_queue(
    limit: Annotated[int, typer.Option(min=1, max=500, help="条数 / items")] = 20,
    branch: Branch = None,
    code: Code = None,
    reason: Annotated[str | None, typer.Option(help="定位原因码 / the geocoder's reason, e.g. ONLY_ROAD")] = None,
    district: District = None,
    text: Annotated[str | None, typer.Option(help="地址、小区或保单号中的文字 / part of the address or place")] = None,
    decided: Annotated[
        bool, typer.Option("--decided", help="已决定但仍等待的 / decided, waiting all the same")
    ] = False,
    json: Json = False,
) -> None:
    """按紧要程度列出等待复核的地址。 The queue by what is at stake."""
    from app.access.principal import EVERYTHING
    from app.review.item import masked
    from app.review.queue import Filters, figures, list_queue

    with store() as (engine, configured), engine.connect() as connection:
        today = _today(configured)
        filters = Filters(branch, code, reason, district, text, decided)
        rows = list_queue(connection, filters=filters, scope=EVERYTHING, today=today, limit=limit)
        total = figures(connection, scope=EVERYTHING, today=today)
    items = [{**masked(row), "sharing": row["sharing"]} for row in rows]
    if json:
        print_json({"items": items, "figures": total})
        return
    columns = [
        "编号 id",
        "保单 bundle",
        "原因 code",
        "期限 due",
        "保费 premium",
        "不确定 uncertainty",
        "同址 sharing",
        "地址 address",
    ]
    lines = [
        [
            str(one["id"]),
            one["bundle_no"],
            one["code"],
            f"{one['notice_due_on'] or '–'} {one['bucket']}",
            f"{one['premium']:,.0f}",
            f"{one['uncertainty']:.2f}",
            str(one["sharing"]),
            one["address"] or "–",
        ]
        for one in items
    ]
    out.print(table("等待位置复核 waiting for location review", columns, lines))
    out.print(
        f"共 {total['items']:,} 条、{total['policies']:,} 张保单等待；guidan review next 领取下一条。"
        f" {total['items']:,} items, {total['policies']:,} policies wait; guidan review next claims the first."
    )


def next_item(
    by: By = None,
    branch: Branch = None,
    code: Code = None,
    district: District = None,
    minutes: Annotated[int, typer.Option(min=1, max=30, help="领取多久 / how long it is held")] = 30,
    json: Json = False,
) -> None:
    """领取下一条，列出候选位置。 Claim the next item and show its candidates; nobody else gets it meanwhile."""
    from app.access.principal import EVERYTHING
    from app.review.claim import claim_next
    from app.review.item import read_items
    from app.review.queue import Filters

    with store() as (engine, configured), engine.begin() as connection:
        today = _today(configured)
        claim = claim_next(
            connection,
            by=by or getuser(),
            scope=EVERYTHING,
            today=today,
            filters=Filters(branch, code, None, district),
            seconds=60 * minutes,
        )
        items = read_items(connection, claim.ids, scope=EVERYTHING, today=today, claim=claim.claim)
    if json:
        print_json({"claim": claim.claim, "until": claim.until, "items": items})
    elif not items:
        out.print("没有可领取的条目。 Nothing is free to be claimed.")
    else:
        _show(items[0], claim.claim)


def _show(item: dict[str, Any], claim: UUID) -> None:
    out.print(f"[bold]{item['id']}[/bold]  {item['code']}  {' '.join(item['reasons'])}")
    out.print(item["address"] or "–")
    sharing = item["sharing"]
    out.print(
        f"同址 {sharing['addresses']} 个地址、{sharing['policies']} 张保单。"
        f" {sharing['addresses']} addresses, {sharing['policies']} policies name the same place."
    )
    lines = [
        [
            str(one["rank"]),
            one["name"] or one["address"] or "–",
            one["level"],
            f"{one['confidence']:.2f}",
            f"{one['radius_m']:,.0f}" if one["radius_m"] is not None else "–",
            f"{one['lon']:.6f},{one['lat']:.6f}",
            " ".join(team["name"] for team in one["teams"]) or "–",
        ]
        for one in item["candidates"]
    ]
    columns = ["#", "名称 name", "级别 level", "置信 confidence", "半径 m", "经纬度 lon,lat", "团队 team"]
    out.print(table("候选 candidates", columns, lines))
    out.print(f"guidan review decide {item['id']} --claim {claim} --candidate 1")


def decide(
    item: Annotated[int, typer.Argument(metavar="ID")],
    claim: Annotated[
        str | None, typer.Option(help="guidan review next 给出的领取号 / the claim that next printed")
    ] = None,
    candidate: Annotated[int | None, typer.Option(min=1, max=9, help="第几个候选 / rank of a candidate")] = None,
    point: Annotated[str | None, typer.Option(metavar="LON,LAT", help="坐标，先经度 / longitude first")] = None,
    crs: Annotated[str | None, typer.Option(help="坐标系，必须声明 / CGCS2000, WGS84, GCJ02, BD09")] = None,
    not_locatable: Annotated[
        str | None,
        typer.Option(metavar="REASON", help="INCOMPLETE, NO_SUCH_PLACE, SEVERAL_PLACES, DEMOLISHED, OTHER"),
    ] = None,
    only_this: Annotated[
        bool, typer.Option("--only-this", help="仅此一条 / do not settle those of the same place")
    ] = False,
    outside_city: Annotated[
        bool, typer.Option("--outside-city", help="确认不在保单所属城市 / the point outside the city is meant")
    ] = False,
    note: Annotated[str | None, typer.Option(help="备注 / a note")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看影响 / show what it would come to")] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """决定一个地址（及同一小区、门牌的所有地址）的位置。 Decide where an address is, and all that name the same place."""
    from pydantic import ValidationError

    from app.access.principal import EVERYTHING
    from app.errors import CandidateChanged
    from app.review.candidates import rank_of
    from app.review.choosing import choice_of
    from app.review.decide import decide as settle
    from app.review.decide import preview
    from app.review.schemas import ChoiceIn

    if sum(given is not None for given in (candidate, point, not_locatable)) != 1:
        raise fail(
            "请在 --candidate、--point、--not-locatable 中给出一个。",
            "Give one of --candidate, --point and --not-locatable.",
            code=2,
        )
    with store() as (engine, configured), engine.begin() as connection:
        today = _today(configured)
        wanted: dict[str, Any] = {"scope": "THIS" if only_this else "KEY", "outside_city": outside_city, "note": note}
        try:
            if candidate is not None:
                chosen = rank_of(connection, item, candidate)
                if chosen is None:
                    raise CandidateChanged
                wanted |= {"kind": "CANDIDATE", "candidate": chosen.id}
            elif point is not None:
                lon, _, lat = point.partition(",")
                wanted |= {"kind": "POINT", "lon": lon, "lat": lat, "crs": crs}
            else:
                wanted |= {"kind": "NOT_LOCATABLE", "reason": not_locatable}
            choice = choice_of(ChoiceIn.model_validate(wanted))
            token = UUID(claim) if claim else None
        except (ValidationError, ValueError) as error:
            raise fail(
                "选择写得不对：请核对坐标（先经度后纬度）、坐标系、原因与领取号。",
                "The choice is not well formed: check the point (longitude first), its system, the reason and the claim.",
                code=2,
            ) from error
        if dry_run:
            told = preview(connection, item, choice, scope=EVERYTHING, today=today)
        else:
            told = settle(connection, item, choice, claim=token, by=by or getuser(), scope=EVERYTHING, today=today)
    if json:
        print_json(told)
        return
    out.print(
        f"{'将' if dry_run else '已'}处理 {told['addresses']:,} 个地址、{told['policies']:,} 张保单；{told['cases_located']:,} 件可在下一次分配中继续。"
        f" {told['addresses']:,} addresses, {told['policies']:,} policies; {told['cases_located']:,} cases go on in the next run."
    )
    if told["warnings"]:
        out.print("注意 mind: " + " ".join(told["warnings"]))
    if not dry_run:
        out.print(f"决定 {told['id']}：guidan review undo {told['id']} 可以撤销。 Decision {told['id']} can be undone.")


def undo(
    decision: Annotated[int, typer.Argument(metavar="DECISION")],
    reason: Annotated[
        str | None, typer.Option(help="原因；撤销他人的决定必须写明 / needed for somebody else's decision")
    ] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """撤销一个决定。 Take a decision back; what was allocated since stays and is listed."""
    from app.access.principal import EVERYTHING
    from app.review.undo import undo as take_back

    with store() as (engine, _), engine.begin() as connection:
        told = take_back(connection, decision, by=by or getuser(), scope=EVERYTHING, reason=reason)
    if json:
        print_json(told)
        return
    out.print(
        f"决定 {decision} 已撤销：{told['addresses']:,} 个地址恢复，{told['cases_waiting']:,} 件回到位置复核。"
        f" Undone: {told['addresses']:,} addresses restored, {told['cases_waiting']:,} cases wait again."
    )
    if told["cases_allocated"]:
        nos = " ".join(each["policy_no"] for each in told["allocated"])
        out.print(f"已经分配、保持不变 allocated already, unchanged ({told['cases_allocated']:,}): {nos}")
