"""Online providers from a shell: who is on and what was spent; asking them about unsure addresses."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.console import Json, err, fail, out, print_json, progress_bar, store, table

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy import Engine

    from app.locating.consult import Summary
    from app.locating.providers.configured import Configured
    from app.locating.providers.opinions import Tally
    from app.settings import Settings
    from geo.geocoding import Geocoder

WithProviders = Annotated[
    bool,
    typer.Option(
        "--providers", help="不确定的再问已启用的在线服务 / ask the online providers that are on about unsure ones"
    ),
]

INCOMPLETE = 3
"""Exit code: done, but a provider that is on could not be asked."""


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command()(providers)
    app.command()(consult)


def providers(
    resume: Annotated[
        str | None,
        typer.Option(help="问题已在服务方改正，恢复询问 / its trouble was put right at its console: ask it again"),
    ] = None,
    measure: Annotated[
        str | None,
        typer.Option(
            help="用有确认坐标的地址测它的准确率（计入配额）/ measure it on confirmed addresses; counts as any request"
        ),
    ] = None,
    sample: Annotated[int, typer.Option(min=1, help="测量用的地址数 / addresses to measure with")] = 200,
    json: Json = False,
) -> None:
    """在线定位服务：是否启用、有无密钥、今日用量、最近的问题。 Online providers: on or off, key, spent today, last trouble.

    退出码 Exit codes: 0 启用的都可用 all that are on can be asked; 3 有启用的不可用 one that is on cannot; 2 配置有误 wrong configuration.
    """
    from datetime import UTC, datetime

    from app.errors import UnknownProvider
    from app.locating.providers import quota
    from app.locating.providers.configured import all_known
    from geo.providers import UnknownGeocoderError

    now = datetime.now(UTC)
    with store() as (engine, settings):
        try:
            known = all_known(settings.online)
        except (UnknownProvider, UnknownGeocoderError) as error:
            raise _wrong(error) from error
        for name in filter(None, (resume, measure)):
            if name not in {one.name for one in known}:
                raise _wrong(UnknownProvider())
        if resume is not None:
            quota.resume(engine, resume)
        if measure is not None:
            one = next(one for one in known if one.name == measure)
            _measure(engine, one, settings, sample, json)
            return
        with engine.connect() as connection:
            states = [(one, quota.read_state(connection, one.name, one.fingerprint, now)) for one in known]
    rows = [
        {
            "provider": one.name,
            "title": one.provider.title,
            "on": one.on,
            "key": one.has_key if one.provider.needs_key else None,
            "usable": one.on and one.has_key and not state.stopped and state.spent < one.quota,
            "quota": one.quota,
            "spent": state.spent,
            "rate": one.rate,
            "stopped": "ACCESS_DENIED" if state.denied else "UNTIL" if state.stopped_until is not None else None,
            "stopped_until": state.stopped_until,
            "fault": state.fault,
            "status": state.status,
            "fault_at": state.fault_at,
        }
        for one, state in states
    ]
    if json:
        print_json(rows)
    else:
        _show(rows)
    if any(row["on"] and not row["usable"] for row in rows):
        raise typer.Exit(INCOMPLETE)


def consult(
    limit: Annotated[int | None, typer.Option(min=1, help="最多处理多少个地址 / at most this many addresses")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只说会发多少请求，不发 / say what would be sent, send nothing")
    ] = False,
    json: Json = False,
) -> None:
    """就不确定的地址询问在线服务，并与地名库的结果合并。 Ask online providers about unsure addresses, and put the answers together.

    退出码 Exit codes: 0 完成 done; 2 没有启用或配置有误 none is on, or wrong configuration; 3 完成，但有的服务不可用 done, but one could not be asked.
    """
    from app.allocation.repository.world import read_strategy
    from app.errors import NoProvider, UnknownProvider
    from app.locating.consult import consult as consult_stored
    from geo.providers import UnknownGeocoderError

    with store() as (engine, settings), progress_bar(json) as tell:
        with engine.connect() as connection:
            accept = read_strategy(connection).accept_confidence
        try:
            summary = consult_stored(
                engine, settings.online, accept_confidence=accept, limit=limit, dry_run=dry_run, progress=tell
            )
        except (NoProvider, UnknownProvider, UnknownGeocoderError) as error:
            raise _wrong(error) from error
    if json:
        print_json(_as_json(summary, dry_run))
    elif dry_run:
        out.print(
            f"{summary.addresses:,} 个不确定的地址，{summary.questions:,} 个不同的问题；没有发送任何请求。"
            f" {summary.addresses:,} unsure addresses, {summary.questions:,} distinct questions; nothing was sent."
        )
        for name, most in summary.planned.items():
            out.print(f"  {name}: 至多 {most:,} 个请求 at most {most:,} requests")
    else:
        _tell(summary)
    if not dry_run and not summary.tally.complete:
        raise typer.Exit(INCOMPLETE)


def second_opinion(
    engine: "Engine", settings: "Settings", geocoder: "Geocoder", texts: "pl.Series", found: "pl.DataFrame"
) -> "pl.DataFrame":
    """The geocoder's rows with the unsure ones put together with what online providers say; trouble is told on standard error."""
    from app.allocation.repository.world import read_strategy
    from app.errors import NoProvider, UnknownProvider
    from app.locating.consult import consult_texts
    from geo.providers import UnknownGeocoderError

    with engine.connect() as connection:
        accept = read_strategy(connection).accept_confidence
    try:
        combined, summary = consult_texts(engine, settings.online, geocoder, texts, found, accept_confidence=accept)
    except (NoProvider, UnknownProvider, UnknownGeocoderError) as error:
        raise _wrong(error) from error
    _trouble(summary.tally)
    return combined


def _measure(engine: "Engine", one: "Configured", settings: "Settings", sample: int, json: bool) -> None:
    from app.errors import NoProvider
    from app.locating.measure_provider import RIGHT_M, measure_provider

    if not one.on:
        raise _wrong(NoProvider())
    found = measure_provider(engine, one, settings.online, limit=sample)
    figures = {
        "provider": one.name,
        "sample": found.sample,
        "answered": found.answered,
        "precise": found.precise,
        "right": found.right,
        "within_200_m": found.within_200,
        "median_m": found.median_m,
        "share_right": found.share,
        "interval": [found.low, found.high],
        "requests": found.tally.requests[one.name],
    }
    if json:
        print_json(figures)
    elif found.share is None:
        out.print("没有可比的答复：需要既有文字又有坐标的地址（addresses.csv 的 lon、lat）。")
        out.print("Nothing to compare: it takes addresses with both a text and a point (lon, lat of addresses.csv).")
    else:
        out.print(
            f"{one.name}: {found.sample:,} 个确认过的地址，{found.precise:,} 个精确答复，其中 {found.share:.1%} 在 {RIGHT_M:g} 米内"
            f"（95% 区间 {found.low:.1%}–{found.high:.1%}），中位误差 {found.median_m:.0f} 米。"
        )
        out.print(
            f"  {found.sample:,} confirmed addresses, {found.precise:,} precise answers, {found.share:.1%} of them within {RIGHT_M:g} m "
            f"(95 % interval {found.low:.1%}–{found.high:.1%}); median error {found.median_m:.0f} m."
        )
        variable = f"GUIDAN_{one.name.upper().replace(':', '_')}_PRIOR"
        out.print(f"  {variable}={min(0.99, max(0.01, found.share)):.2f}")
    _trouble(found.tally)
    if not found.tally.complete:
        raise typer.Exit(INCOMPLETE)


def _wrong(error: Any) -> typer.Exit:
    zh, en = (error.detail_zh, error.detail_en) if hasattr(error, "detail_zh") else (error.zh, error.en)
    return fail(zh, f"{en} [{error.code}]", 2)


def _show(rows: list[dict[str, Any]]) -> None:
    from app.locating.providers.messages import FAULTS, environment

    drawn = []
    for row in rows:
        key = "不需要 none needed" if row["key"] is None else "有 yes" if row["key"] else "无 no"
        state = "关 off"
        if row["on"]:
            state = "可用 usable" if row["usable"] else "不可用 not usable"
        spent = f"{row['spent']:,} / {row['quota']:,}"
        fault = f"{row['fault']} {row['status']}".strip() if row["fault"] else ""
        drawn.append([f"{row['provider']} {row['title']}", state, key, spent, f"{row['rate']:g}", fault])
    columns = ["服务 provider", "状态 state", "密钥 key", "今日 today", "每秒 per s", "最近的问题 last trouble"]
    out.print(table("在线定位服务 Online providers", columns, drawn))
    if not any(row["on"] for row in rows):
        out.print("都未启用，没有任何请求离开本机。启用：设 GUIDAN_PROVIDERS 与密钥。")
        out.print("None is on: no request leaves this machine. To switch on, set GUIDAN_PROVIDERS and a key.")
    for row in rows:
        if row["fault"] and row["on"]:
            words = FAULTS[row["fault"]]
            name = row["provider"]
            out.print(f"{name}: {environment(words.zh, name)}\n  {environment(words.en, name)}")


def _tell(summary: "Summary") -> None:
    tally, verdicts = summary.tally, summary.verdicts
    lines = [
        ["不确定的地址 unsure addresses", summary.addresses],
        ["不同的问题 distinct questions", summary.questions],
        ["不能发送 nothing to send", summary.unsendable],
        ["已发请求 requests sent", sum(tally.requests.values())],
        ["缓存 from the cache", sum(tally.from_cache.values())],
        ["一致 agreed", verdicts["AGREED"]],
        ["不一致 disagreed", verdicts["DISAGREED"]],
        ["新找到 found", verdicts["FOUND"]],
        ["无结果 nothing", verdicts["NOTHING"]],
        ["区划矛盾 contradicted", sum(tally.contradicted.values())],
        ["未能询问 not asked", sum(tally.not_asked.values())],
        ["现在可接受 now accepted", summary.accepted],
        ["期间被他人更改 changed meanwhile", summary.overtaken],
    ]
    out.print(
        table("询问结果 Consultation", ["", "数量 count"], [[str(label), f"{count:,}"] for label, count in lines])
    )
    _trouble(summary.tally)


def _trouble(tally: "Tally") -> None:
    from app.locating.providers.messages import FAULTS, NOT_ASKED, environment

    told = [(name, FAULTS[code], count) for (name, code), count in tally.troubles.items()]
    told += [(name, NOT_ASKED[why], count) for (name, why), count in tally.not_asked.items()]
    for name, words, count in told:
        err.print(f"[yellow]![/yellow] {name} ×{count}: {environment(words.zh, name)}\n  {environment(words.en, name)}")


def _as_json(summary: "Summary", dry_run: bool) -> dict[str, Any]:
    tally = summary.tally
    head = {
        "dry_run": dry_run,
        "addresses": summary.addresses,
        "questions": summary.questions,
        "unsendable": summary.unsendable,
    }
    if dry_run:
        return {**head, "planned": summary.planned}
    return {
        **head,
        "requests": dict(tally.requests),
        "from_cache": dict(tally.from_cache),
        **{name.lower(): summary.verdicts[name] for name in ("AGREED", "DISAGREED", "FOUND", "NOTHING")},
        "contradicted": dict(tally.contradicted),
        "faults": [{"provider": name, "fault": code, "count": n} for (name, code), n in sorted(tally.faults.items())],
        "not_asked": [{"provider": name, "why": why, "count": n} for (name, why), n in sorted(tally.not_asked.items())],
        "accepted": summary.accepted,
        "overtaken": summary.overtaken,
    }
