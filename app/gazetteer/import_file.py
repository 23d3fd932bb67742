"""`guidan gazetteer import`: one file of places into the gazetteer, tested, as one version."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from app.exchange import repository as staging
from app.exchange.crs_test import contradictions, sniff_staged
from app.exchange.rejections import PROBLEMS, FileRefused, RejectedFile, rejections
from app.exchange.repeats import Repeats, settle
from app.exchange.stopped import ImportBusy, cause_of
from app.gazetteer import repository
from app.gazetteer.formats.reading import Table, read_table
from app.gazetteer.places import Places, Said, places_of
from app.gazetteer.repository import COLUMNS
from app.gazetteer.stopped import GazetteerStopped
from app.locating.geocoder import gazetteer_version
from geo.gazetteer.sniffing import Sniff
from geo.gazetteer.wording import described

TABLE: Final = "gazetteer_place"
KEY: Final = ("id",)


@dataclass(frozen=True)
class Report:
    """What became of a file: records read = added + changed + unchanged + rejected, unless the file was refused.

    `removed`: places that only an earlier edition had. `version`: the one that this made, None if nothing changed. `forced`: why
    a contradicted system was taken all the same.
    """

    file: str
    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    rejected: int = 0
    version: int | None = None
    crs: str | None = None
    encoding: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    sniffs: tuple[Sniff, ...] = ()
    forced: str | None = None
    dry_run: bool = False
    refused: FileRefused | None = None
    rejected_file: Path | None = None
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """0 all in, 3 some rejected, 2 nothing could be taken."""
        return 2 if self.refused else 3 if self.rejected else 0

    def as_json(self) -> dict[str, Any]:
        """The report as plain values."""
        refused = self.refused
        return {
            "file": self.file,
            "exit_code": self.exit_code,
            "dry_run": self.dry_run,
            "version": self.version,
            "read": self.read,
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "removed": self.removed,
            "rejected": self.rejected,
            "crs": self.crs,
            "encoding": self.encoding,
            "columns": self.columns,
            "sniff": [
                {**sniff.as_json(), "zh": zh, "en": en} for sniff in self.sniffs for zh, en in (described(sniff),)
            ],
            "forced": self.forced,
            "refused": refused and {"code": refused.code, "row": refused.row, "zh": refused.zh, "en": refused.en},
            "rejected_file": self.rejected_file and str(self.rejected_file),
            "seconds": round(self.seconds, 3),
        }


@contextmanager
def sole_writer(engine: Engine) -> Iterator[Connection]:
    """A connection that holds the lock of imports; nothing is committed by itself. Raises `ImportBusy`."""
    with engine.connect() as connection:
        if not staging.try_lock(connection):
            raise ImportBusy
        connection.commit()
        try:
            yield connection
        finally:
            if not connection.invalidated:
                connection.rollback()
                staging.unlock(connection)
                connection.commit()


def import_file(
    engine: Engine, path: Path, said: Said, *, rejected: Path, replace_source: bool = False, dry_run: bool = False
) -> Report:
    """Take a file of places in: all good records, in one transaction; bad ones go to the file `rejected`.

    With `replace_source` places of the file's sources that the file no longer has are removed. A `dry_run` changes nothing and
    tells the same. A file whose points contradict the system that it declares is refused, unless `said.force` says why not.
    Raises `GazetteerStopped` when the store fails, `ImportBusy`, `OSError`.
    """
    began = time.monotonic()
    lines = RejectedFile(rejected)
    work = _Work(path, said, lines, replace_source=replace_source, dry_run=dry_run)
    try:
        report = work.run(engine)
    except FileRefused as error:
        lines.drop()
        lines.refuse(path.name, error)
        report = Report(path.name, crs=work.crs, sniffs=work.sniffs, refused=error, dry_run=dry_run)
    except SQLAlchemyError as error:
        lines.drop()
        lines.close()
        cause, detail = cause_of(error)
        raise GazetteerStopped(cause, detail) from error
    except BaseException:
        lines.drop()
        raise
    lines.keep()
    lines.close()
    where = rejected if report.rejected or report.refused else None
    return replace(report, rejected_file=where, seconds=time.monotonic() - began)


class _Work:
    """One import. `crs` and `sniffs` are known even if it ends with a refusal."""

    def __init__(self, path: Path, said: Said, lines: RejectedFile, *, replace_source: bool, dry_run: bool) -> None:
        self._path, self._said, self._lines = path, said, lines
        self._replace_source, self._dry_run = replace_source, dry_run
        self.crs: str | None = None
        self.sniffs: tuple[Sniff, ...] = ()

    def run(self, engine: Engine) -> Report:
        """All of it. Raises `FileRefused`."""
        table = read_table(self._path, layer=self._said.layer, encoding=self._said.encoding)
        places = places_of(table, self._said)
        self.crs = places.crs
        with sole_writer(engine) as connection:
            report = self._store(connection, table, places)
            if self._dry_run:
                connection.rollback()
            else:
                connection.commit()
        return report

    def _store(self, connection: Connection, table: Table, places: Places) -> Report:
        staging.begin(connection)
        later = Repeats(KEY).later(places.rows)
        staged = staging.stage(connection, TABLE, COLUMNS, [places.rows])
        taken = repository.ids_of_other_sources(connection)
        refused = set(taken["row"])
        staging.drop(connection, taken["row"])
        left, _ = settle(later, refused)
        staging.drop(connection, left["row"])
        repeated = left.filter(~pl.col("same")).select(
            "row",
            column=pl.lit("id"),
            code=pl.lit("DUPLICATE_KEY"),
            detail=pl.col("first_row").cast(pl.String),
        )
        problems = pl.concat([places.problems, taken, repeated.cast(PROBLEMS)])
        forced = self._test(connection, places)
        found = rejections(problems, table.text)
        self._lines.add(self._path.name, found)
        sources = places.rows["source"].drop_nulls().unique().sort().to_list()
        if self._replace_source:
            kept = places.ids.join(problems, on="row", how="semi")["id"].drop_nulls().to_list()
            repository.remove_absent(connection, sources, kept)
        merged = staging.merge(connection, TABLE, COLUMNS, KEY, immutable=False)
        version = staging.describe_version(
            connection,
            cause="IMPORT",
            file=self._path.name,
            sha256=table.sha256,
            sources=sources,
            licence=self._said.licence,
            dated=self._said.dated,
            crs=places.crs,
            rejected=len(found),
            sniff=[sniff.as_json() for sniff in self.sniffs],
            forced=forced,
        )
        if version is not None:
            staging.analyze(connection, TABLE)
            repository.name_content(connection, version["number"], gazetteer_version(connection))
        same = int(left["same"].sum()) + staged - len(refused) - left.height - merged.added - merged.replaced
        staging.record_file(
            connection,
            file=self._path.name,
            sha256=table.sha256,
            read=table.read,
            stored=merged.added + merged.replaced + same,
            rejected=len(found),
        )
        if table.read != merged.added + merged.replaced + same + len(found):
            raise RuntimeError(f"the records of a file do not add up: {table.read} {merged} {same} {len(found)}")
        return Report(
            self._path.name,
            table.read,
            merged.added,
            merged.replaced,
            same,
            version["removed"] if version is not None else 0,
            len(found),
            version["number"] if version is not None else None,
            places.crs,
            table.encoding,
            dict(places.columns),
            self.sniffs,
            forced,
            self._dry_run,
        )

    def _test(self, connection: Connection, places: Places) -> str | None:
        """Why a contradicted system is taken all the same; None if it is not contradicted. Raises `FileRefused`."""
        self.sniffs = tuple(sniff_staged(connection, places.declared, earlier=True))
        against = contradictions(self.sniffs)
        if against is None:
            return None
        if not self._said.force:
            raise FileRefused("CRS_CONTRADICTED", column="crs", detail=against)
        return self._said.force
