"""One file into its table, inside the transaction of its caller; and the count of what became of each record."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl
from sqlalchemy import Connection

from app.exchange import repository
from app.exchange.layout import Layout
from app.exchange.reading import Batch, Source
from app.exchange.rejections import PROBLEMS, RejectedFile, rejections
from app.exchange.repeats import LATER, settle
from app.exchange.report import FileReport

Progress = Callable[[str, int, int], None]
"""Told the file, the records of it that are done, and how many it has (an estimate until all are read)."""


class Storing:
    """Takes the batches of a file, once, either by `fill` or by `merge`; then `report` tells what became of them."""

    def __init__(self, source: Source, batches: Iterator[Batch], refused: RejectedFile, progress: Progress) -> None:
        self._source = source
        self._batches = batches
        self._refused = refused
        self._progress = progress
        self._read = self._good = self._given = 0
        self._later = pl.DataFrame(schema=LATER)
        self._rejected = self._added = self._replaced = self._same = 0

    def fill(self, connection: Connection) -> None:
        """Into a table that was emptied in this transaction and has no keys at the moment."""
        layout = self._source.layout
        frames = (
            batch.rows.join(batch.later, on="row", how="anti", maintain_order="left")
            if batch.later.height
            else batch.rows
            for batch in self._taken()
        )
        self._added = repository.fill(connection, layout.table, self._source.columns, frames)
        self._reject_repeated(self._later)

    def merge(self, connection: Connection, test: Callable[[Connection], None] | None = None) -> None:
        """Into a table that may hold the same rows, or others of the same keys.

        `test` may look at the staged rows first and raise `FileRefused`.
        """
        layout, columns = self._source.layout, self._source.columns
        staged = repository.stage(connection, layout.table, columns, (batch.rows for batch in self._taken()))
        if test is not None:
            test(connection)
        refused = repository.refused_by_store(connection, layout.table, columns, layout.key)
        self._reject(refused)
        rows = set(refused.get_column("row"))
        left, _ = settle(self._later, rows)
        repository.drop(connection, left.get_column("row"))
        self._reject_repeated(left)
        immutable = isinstance(layout, Layout) and layout.immutable
        merged = repository.merge(connection, layout.table, columns, layout.key, immutable=immutable)
        self._added, self._replaced = merged.added, merged.replaced
        self._same += staged - len(rows) - left.height - merged.added - merged.replaced

    @property
    def report(self) -> FileReport:
        """What became of the file. Raises `RuntimeError` if a record was lost on the way."""
        # A feature that is a part of an area shares its fate.
        parts = self._good - self._given
        changed = self._added + self._replaced > 0
        stored, unchanged = self._added + parts * changed, self._same + parts * (not changed)
        report = FileReport(self._source.layout.file, self._read, stored, unchanged, self._replaced, self._rejected)
        if self._read != stored + unchanged + self._replaced + self._rejected:
            raise RuntimeError(f"the records of a file do not add up: {report}")
        return report

    def _taken(self) -> Iterator[Batch]:
        """The batches, while their records are counted and the refused ones written down."""
        file = self._source.layout.file
        for batch in self._batches:
            self._refused.add(file, batch.rejected)
            yield batch
            self._read += batch.read
            self._good += batch.good
            self._given += batch.rows.height
            self._rejected += len(batch.rejected)
            if batch.later.height:
                self._later = pl.concat([self._later, batch.later])
            self._progress(file, self._read, max(batch.of, self._read))

    def _reject_repeated(self, later: pl.DataFrame) -> None:
        """Records whose key an earlier one has: the same again changes nothing, another content is refused."""
        layout = self._source.layout
        self._same += later.filter("same").height
        immutable = isinstance(layout, Layout) and layout.immutable
        first = pl.col("first_row").cast(pl.String)
        detail = pl.format("（第 {} 行）| (row {})", first, first) if immutable else first
        code = "EVENT_CONFLICT" if immutable else "DUPLICATE_KEY"
        self._reject(
            later.filter(~pl.col("same")).select("row", column=pl.lit(layout.key[0]), code=pl.lit(code), detail=detail)
        )

    def _reject(self, problems: pl.DataFrame) -> None:
        if problems.height:
            with self._source.texts() as text:
                found = rejections(problems.cast(PROBLEMS), text)
            self._refused.add(self._source.layout.file, found)
            self._rejected += len(found)
