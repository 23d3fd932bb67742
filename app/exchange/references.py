"""Which codes are there to be referred to: those of the store, and those that this import adds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl
from sqlalchemy import Connection

from app.db import copy_out
from app.exchange.layout import AreaLayout, Layout
from app.exchange.rejections import no_problems

KEPT: Final[dict[str, tuple[str, ...]]] = {
    "organisation": ("code", "level"),
    "team": ("code", "force"),
    "agent": ("code", "force"),
    "policyholder": ("id",),
    "policy": ("policy_no",),
}
"""Tables that others refer to: the code, then what else is asked of it."""

WORDS: Final = {
    "organisation": "机构|organisation",
    "branch": "支公司|branch",
    "team": "团队|team",
    "agent": "业务员|agent",
    "policyholder": "投保人|policyholder",
    "policy": "保单|policy",
}

_RANKS: Final = {"province": 0, "city": 1, "branch": 2}


class Known:
    """The codes that exist, a frame for each table: `code`, and the further columns of `KEPT`."""

    def __init__(self) -> None:
        self._frames: dict[str, pl.DataFrame] = {}

    def load(self, connection: Connection, tables: Iterable[str]) -> None:
        """Take the codes of these tables from the store."""
        for table in tables:
            names = KEPT[table]
            columns = ", ".join((f"{names[0]} AS code", *names[1:]))
            schema = dict.fromkeys(("code", *names[1:]), pl.String)
            self._frames[table] = copy_out(connection, f"SELECT {columns} FROM {table}", schema)  # noqa: S608

    def copy(self) -> dict[str, pl.DataFrame]:
        """What is known now, for `restore`."""
        return dict(self._frames)

    def restore(self, before: dict[str, pl.DataFrame]) -> None:
        """Forget what was added since."""
        self._frames = before

    def of(self, table: str) -> pl.DataFrame:
        """The codes of a table."""
        return self._frames[table]

    def add(self, table: str, rows: pl.DataFrame) -> None:
        """Rows of `table` that this import brings: they replace those of the same code."""
        if table not in self._frames:
            return
        names = KEPT[table]
        new = rows.select(pl.col(names[0]).alias("code"), *names[1:])
        old = self._frames[table]
        if new.width > 1 and old.height:
            old = old.join(new, on="code", how="anti")
        self._frames[table] = old.vstack(new)


def tables_needed(layouts: Iterable[Layout | AreaLayout]) -> set[str]:
    """The tables whose codes these files refer to, or stand in relation to within themselves."""
    needed: set[str] = set()
    for layout in layouts:
        if isinstance(layout, AreaLayout):
            needed |= {layout.refers_to} if layout.refers_to else set()
            continue
        needed |= {column.refers_to for column in layout.columns if column.refers_to}
        if layout.whole:
            needed.add(layout.table)
    return needed


def unknown_codes(rows: pl.DataFrame, layout: Layout, known: Known) -> pl.DataFrame:
    """Problems of codes that name nothing. An empty code is no problem."""
    parts = (
        unknown_code(rows, column.name, column.refers_to, column.at_level, known)
        for column in layout.columns
        if column.refers_to
    )
    return pl.concat([no_problems(), *parts])


def unknown_code(rows: pl.DataFrame, column: str, table: str, level: str | None, known: Known) -> pl.DataFrame:
    """Problems of one column whose values must be codes of `table` (of organisations: at that level)."""
    there = known.of(table)
    if level:
        there = there.filter(pl.col("level") == level)
    lost = (
        rows.lazy().filter(pl.col(column).is_not_null()).join(there.lazy(), left_on=column, right_on="code", how="anti")
    )
    return lost.select(
        "row", column=pl.lit(column), code=pl.lit("UNKNOWN_CODE"), detail=pl.lit(WORDS[level or table])
    ).collect()


def loose_successors(rows: pl.DataFrame, known: Known) -> pl.DataFrame:
    """Problems of teams whose successor is neither in the store nor among these rows, or is the team itself.

    A row that is refused is no successor for another, unless the store has an older version of it.
    """
    problems = [
        rows.filter(pl.col("successor_code") == pl.col("code")).select(
            "row", column=pl.lit("successor_code"), code=pl.lit("BAD_VALUE"), detail=pl.lit("另一个团队|another team")
        )
    ]
    good = rows.filter(pl.col("successor_code").is_null() | (pl.col("successor_code") != pl.col("code")))
    while True:
        there = pl.concat([known.of("team").select("code"), good.select("code")])
        lost = good.filter(pl.col("successor_code").is_not_null()).join(
            there, left_on="successor_code", right_on="code", how="anti"
        )
        problems.append(_unknown(lost, "successor_code", "team"))
        if lost.is_empty():
            return pl.concat(problems)
        good = good.join(lost, on="row", how="anti")


def loose_parents(rows: pl.DataFrame, known: Known) -> pl.DataFrame:
    """Problems of organisations whose parent is not there, or not of a higher tier. The order of the rows is free."""
    problems = [no_problems()]
    good = rows
    while True:
        older = known.of("organisation").join(good, on="code", how="anti")
        there = pl.concat([older, good.select("code", "level")]).unique("code", keep="first", maintain_order=True)
        placed = (
            good.filter(pl.col("parent_code").is_not_null())
            .join(there.rename({"level": "above"}), left_on="parent_code", right_on="code", how="left")
            .with_columns(pl.col("level", "above").replace_strict(_RANKS, default=None, return_dtype=pl.Int8))
        )
        lost = placed.filter(pl.col("above").is_null())
        upside = placed.filter(pl.col("above") >= pl.col("level"))
        problems.append(_unknown(lost, "parent_code", "organisation"))
        problems.append(
            upside.select("row", column=pl.lit("parent_code"), code=pl.lit("BAD_PARENT"), detail=pl.lit(""))
        )
        if lost.is_empty() and upside.is_empty():
            return pl.concat(problems)
        good = good.join(pl.concat([lost, upside]), on="row", how="anti")


def _unknown(rows: pl.DataFrame, column: str, word: str) -> pl.DataFrame:
    return rows.select("row", column=pl.lit(column), code=pl.lit("UNKNOWN_CODE"), detail=pl.lit(WORDS[word]))
