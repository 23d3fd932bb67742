"""Calibration from a shell: measure how far the geocoder can be trusted, look at what was measured, choose what is in force."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.console import Json, fail, out, print_json, progress_bar, store, table

if TYPE_CHECKING:
    from app.addresses.calibrate import Basis


def register(app: typer.Typer) -> None:
    """Add this command to the program."""
    app.command()(calibrate)


def calibrate(
    basis: Annotated[
        str,
        typer.Option(help="confirmed 已确认的地址 / gazetteer 地名库各来源互问 what its sources know of each other"),
    ] = "confirmed",
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="区域的日期，默认今天 / date of the territories")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只测量，不启用 / measure, do not use it")] = False,
    history: Annotated[bool, typer.Option("--list", help="列出以往的标定 / list what was measured")] = False,
    use: Annotated[
        str | None, typer.Option(help="启用某次标定的编号，或 shipped / put a number into force, or shipped")
    ] = None,
    json: Json = False,
) -> None:
    """测量定位的可信程度（置信度、半径），保存并启用。 Measure how far the geocoder can be trusted; kept with its date and sample.

    The figures are of answers that had no part in the weights: two halves of the sample measure each other. Exit codes: 0 done; 1 too few
    answers to measure on, or no such calibration; 2 wrong use.
    """
    from app.addresses.calibrate import calibrate as measure
    from app.addresses.calibrate import listed, put_into_force
    from app.addresses.calibrate import store as keep
    from app.deps import business_day

    if history:
        with store() as (engine, _), engine.connect() as connection:
            rows = [dict(row) for row in listed(connection)]
        if json:
            print_json(rows)
        else:
            out.print(_history(rows))
        return
    if use is not None:
        if use != "shipped" and not use.isdigit():
            raise fail("--use 后面写编号或 shipped。", "Give --use a number or shipped. [USAGE]", 2)
        with store() as (engine, _), engine.begin() as connection:
            put_into_force(connection, None if use == "shipped" else int(use))
        out.print(f"已启用 {use}；下次分配会重新定位。 {use} is in force; the next run locates anew.")
        return
    chosen: dict[str, Basis] = {"confirmed": "CONFIRMED", "gazetteer": "GAZETTEER"}
    if basis.lower() not in chosen:
        raise fail("--basis 只能是 confirmed 或 gazetteer。", "--basis is confirmed or gazetteer. [USAGE]", 2)
    number: int | None = None
    with store() as (engine, settings), progress_bar(json) as tell, engine.begin() as connection:
        day = on.date() if on is not None else business_day(settings)
        measured = measure(
            connection, basis=chosen[basis.lower()], on=day, progress=lambda share: tell("calibrate", share)
        )
        if not dry_run:
            number = keep(connection, measured)
    if json:
        print_json(
            {
                "calibration": number,
                "basis": measured.basis,
                "sample": measured.calibration.sample,
                "before": measured.before,
                "after": measured.figures,
            }
        )
        return
    _show(measured.before, measured.figures)
    if number is None:
        out.print("试测：没有保存。 A dry run: nothing was saved.")
    else:
        out.print(
            f"标定 {number} 已启用（样本 {measured.calibration.sample:,}）；`--use shipped` 可改回。\n"
            f"Calibration {number} is in force (sample {measured.calibration.sample:,}); `--use shipped` goes back."
        )


def _show(before: dict[str, Any], after: dict[str, Any]) -> None:
    out.print(
        f"问 {after['asked']:,}，答 {after['answered']:,}；置信度误差 {before['calibration_error']:.4f} → {after['calibration_error']:.4f}。\n"
        f"Asked {after['asked']:,}, answered {after['answered']:,}; calibration error {before['calibration_error']:.4f} → "
        f"{after['calibration_error']:.4f}."
    )
    levels = [[name, f"{f['n']:,}", f"{f['p50_m']:,}", f"{f['p90_m']:,}"] for name, f in after["levels"].items()]
    out.print(table("按级别的误差（米） Error by level (metres)", ["级别 level", "n", "p50", "p90"], levels))
    was = {row["threshold"]: row for row in before["curve"]}
    rows = [
        [
            f"{row['threshold']:g}",
            *(f"{100 * share:.1f}%" for share in (row["accepted"], row["right"])),
            *(
                f"{100 * was[row['threshold']][name]:.1f}%" if row["threshold"] in was else "–"
                for name in ("accepted", "right")
            ),
        ]
        for row in after["curve"]
    ]
    columns = ["置信度不低于 threshold", "接受 accepted", "其中正确 right", "此前接受 before", "此前正确 right"]
    out.print(table("接受多少，其中多少在正确的区域 Accepted, and of these in the right territory", columns, rows))


def _history(rows: list[dict[str, Any]]) -> Any:
    listed = [
        [
            str(row["id"]),
            f"{row['measured_at']:%Y-%m-%d %H:%M}",
            row["basis"],
            f"{row['sample']:,}",
            f"{row['figures']['after']['calibration_error']:.4f}",
            "✓" if row["in_force"] else "",
        ]
        for row in rows
    ]
    columns = ["编号", "日期 date", "依据 basis", "样本 sample", "误差 error", "启用 in force"]
    return table("标定 Calibrations", columns, listed)
