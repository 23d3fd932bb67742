"""Geocoding from a shell: addresses as words, or a column of a file."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import polars as pl

from app.cli.console import Json, fail, out, print_json, store
from app.cli.providers import WithProviders, second_opinion

RESULT = (
    "lon", "lat", "level", "confidence", "radius_m", "province", "city", "district", "matched", "provider", "reasons",
    "decision", "share", "territories", "radius50_m", "subdistrict",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command()(geocode)


def geocode(
    addresses: Annotated[
        list[str], typer.Argument(metavar="ADDRESS… | FILE.csv", help="地址，或 CSV 文件 / addresses or a file")
    ],
    column: Annotated[str | None, typer.Option(help="文件中的地址列 / the file's address column")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="结果文件 / result file")] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="区域的日期，默认今天 / date of the territories")
    ] = None,
    providers: WithProviders = False,
    json: Json = False,
) -> None:
    """定位地址（默认离线）：坐标（CGCS2000）、匹配级别、置信度、半径、理由，及接受或复核。
    Geocode addresses, offline by default: coordinates in CGCS2000, match level, confidence, radius, reasons, and whether to accept or
    review."""
    import polars as pl

    from app.addresses.judge import judge
    from app.allocation.repository.world import read_areas, read_strategy
    from app.deps import business_day
    from app.locating.geocoder import current_geocoder

    source: pl.DataFrame | None = None
    if column is not None:
        source = _read(Path(addresses[0]), column)
        texts = source[column].fill_null("")
    else:
        texts = pl.Series("text", addresses, dtype=pl.String)
    with store() as (engine, configured):
        with engine.connect() as connection:
            geocoder, _version = current_geocoder(connection)
            areas, _ = read_areas(connection, on.date() if on is not None else business_day(configured))
            strategy = read_strategy(connection)
        answers = geocoder.geocode(texts)
        if providers:
            answers = second_opinion(engine, configured, geocoder, texts, answers)
    found = judge(answers, areas, strategy).select(RESULT)
    if source is not None:
        result = pl.concat([source.drop(RESULT, strict=False), found], how="horizontal")
        if output is not None:
            result.write_csv(output)
            out.print(f"已写出 {result.height:,} 行到 {output}。 {result.height:,} rows written.")
            return
        out.out(result.write_csv(), end="")
        return
    result = pl.concat([texts.to_frame(), found], how="horizontal")
    if output is not None:
        result.write_csv(output)
    elif json:
        print_json(result.to_dicts())
    else:
        out.out(result.write_csv(), end="")


def _read(file: Path, column: str) -> "pl.DataFrame":
    import polars as pl

    if not file.is_file():
        raise fail(f"没有文件 {file}；请检查路径。", f"There is no file {file}. Check its path. [MISSING_FILE]", 2)
    try:
        frame = pl.read_csv(file, infer_schema=False, encoding="utf8")
    except pl.exceptions.PolarsError as error:
        raise fail(
            f"{file} 不是 UTF-8 的 CSV；请另存为 UTF-8 后重试。",
            f"{file} is no CSV in UTF-8. Save it as UTF-8 and try again. [ENCODING]",
            2,
        ) from error
    if column not in frame.columns:
        listed = "、".join(frame.columns)
        raise fail(f"{file} 没有 {column} 列；它有：{listed}。", f"{file} has no column {column}. [MISSING_COLUMN]", 2)
    return frame
