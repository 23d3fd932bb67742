"""Texts of a batch of records → typed columns, and every value that does not fit its column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from app.exchange.layout import LARGEST_INTEGER, LONGEST_CODE, LONGEST_TEXT, Column, Kind, Layout
from app.exchange.rejections import no_problems
from geo.address.personal import strip_personal

LARGEST_PREMIUM: Final = "0–999999999999.99"
_MONEY: Final = r"^[+]?\d{1,12}(\.\d{1,2}0*)?$"
_PLAIN_NUMBER: Final = r"^[+-]?\d+(\.\d+)?$"
_NOT_FINITE: Final = ("nan", "inf", "infinity", "+inf", "-inf", "-nan", "+infinity", "-infinity")


@dataclass(frozen=True)
class Check:
    """A mask over records, true where it is a problem of `column`."""

    column: str
    code: str
    mask: pl.Expr
    detail: str = ""


def tidied(columns: Iterable[str]) -> list[pl.Expr]:
    """Texts without blanks around them; nothing left is null."""
    return [pl.col(name).str.strip_chars().replace("", None) for name in columns]


def typed(raw: pl.DataFrame, layout: Layout, *, has_breaks: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The records with their columns' types, and their problems (`rejections.PROBLEMS`).

    `raw`: `row` (Int64) and the layout's columns as String, null where empty. `has_breaks`: some value may hold a line break or
    a tab. DEGREES stay texts: see `points`. A value with a problem is null or as it was; its record must not be used.
    """
    checks = [check for column in layout.columns for check in _checks(column, has_breaks)]
    values = [_value(column).alias(column.name) for column in layout.columns]
    done = raw.lazy().select("row", *values, *masks(checks)).collect()
    done = done.with_columns(
        strip_personal(done[column.name]).replace("", None) for column in layout.columns if column.personal
    )
    return done.select("row", *(column.name for column in layout.columns)), found(done, checks)


def masks(checks: list[Check]) -> list[pl.Expr]:
    """The checks as columns `check i`, for `found`."""
    return [check.mask.alias(f"check {number}") for number, check in enumerate(checks)]


def found(masked: pl.DataFrame, checks: list[Check]) -> pl.DataFrame:
    """Problems from a frame of `row` and a boolean column `check i` for each of the checks."""
    parts = [no_problems()]
    for number, check in enumerate(checks):
        mask = masked.get_column(f"check {number}")
        if mask.any():
            rows = masked.filter(mask.fill_null(False)).select(
                "row", column=pl.lit(check.column), code=pl.lit(check.code), detail=pl.lit(check.detail)
            )
            parts.append(rows)
    return pl.concat(parts)


def _checks(column: Column, has_breaks: bool) -> Iterator[Check]:
    name = column.name
    raw = pl.col(name)
    if column.required:
        yield Check(name, "MISSING_VALUE", raw.is_null())
    match column.kind:
        case Kind.CODE | Kind.CODES:
            longest = LONGEST_CODE if column.kind is Kind.CODE else LONGEST_TEXT
            yield Check(name, "TOO_LONG", raw.str.len_chars() > longest, str(longest))
            if has_breaks:
                yield Check(name, "BAD_CHARACTER", raw.str.contains(r"[\t\r\n]"))
        case Kind.TEXT:
            yield Check(name, "TOO_LONG", raw.str.len_chars() > LONGEST_TEXT, str(LONGEST_TEXT))
            if has_breaks:
                # PostgreSQL takes such a line for the end of what is copied in, even within quotes.
                yield Check(name, "BAD_CHARACTER", raw.str.contains(r"(?m)^\\\.\r?$"))
        case Kind.WORD:
            yield Check(name, "BAD_VALUE", ~raw.is_in(list(column.words)), " / ".join(column.words))
        case Kind.DATE:
            day = _value(column)
            yield Check(name, "BAD_DATE", raw.is_not_null() & (day.is_null() | (raw.str.len_bytes() != 10)))
            outside = ~day.is_between(column.first_day, column.last_day) & (raw.str.len_bytes() == 10)
            yield Check(name, "OUT_OF_RANGE", outside, f"{column.first_day} – {column.last_day}")
        case Kind.INTEGER:
            number = _value(column)
            yield Check(name, "BAD_NUMBER", raw.is_not_null() & number.is_null(), "应为整数|a whole number is expected")
            yield Check(name, "OUT_OF_RANGE", ~number.is_between(0, LARGEST_INTEGER), f"0–{LARGEST_INTEGER}")
        case Kind.MONEY:
            fits, plain = raw.str.contains(_MONEY), raw.str.contains(_PLAIN_NUMBER)
            infinite = raw.str.to_lowercase().is_in(list(_NOT_FINITE))
            yield Check(name, "NOT_FINITE", infinite)
            yield Check(name, "BAD_NUMBER", ~plain & ~infinite, "如 1234.50|like 1234.50")
            too_fine = f"{LARGEST_PREMIUM}，最多两位小数|{LARGEST_PREMIUM}, two decimals at most"
            yield Check(name, "OUT_OF_RANGE", plain & ~fits, too_fine)
        case Kind.BOOLEAN:
            yield Check(name, "BAD_BOOLEAN", ~raw.str.to_lowercase().is_in(["true", "false"]))
        case Kind.DEGREES:
            pass


def _array_text(raw: pl.Expr) -> pl.Expr:
    """`a; b` → PostgreSQL's array text `{"a","b"}`; nothing → `{}`."""
    code = pl.element().str.strip_chars()
    parts = raw.fill_null("").str.replace_all("；", ";", literal=True).str.split(";")
    escaped = pl.element().str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
    quoted = parts.list.eval(code.filter(code != "")).list.eval(pl.lit('"') + escaped + pl.lit('"'))
    return pl.lit("{") + quoted.list.join(",") + pl.lit("}")


def _value(column: Column) -> pl.Expr:
    raw = pl.col(column.name)
    match column.kind:
        case Kind.DATE:
            value = raw.str.to_date("%Y-%m-%d", strict=False, exact=True)
        case Kind.INTEGER:
            value = raw.cast(pl.Int64, strict=False)
        case Kind.MONEY:
            value = raw.str.strip_prefix("+").cast(pl.Decimal(20, 2), strict=False)
        case Kind.BOOLEAN:
            value = raw.str.to_lowercase() == "true"
        case Kind.CODES:
            value = _array_text(raw)
        case _:
            value = raw
    return value if column.default is None else value.fill_null(column.default)
