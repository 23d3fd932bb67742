"""`guidan import`: a folder of the interchange into the store, each file in one transaction."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from app.allocation import loads
from app.exchange import references, repository
from app.exchange.crs_test import CrsTest
from app.exchange.layout import FOLDER, TERRITORIES, AreaLayout, Layout
from app.exchange.reading import Batch, Source
from app.exchange.rebuild import Keys, keys_last
from app.exchange.references import Known
from app.exchange.rejections import FileRefused, RejectedFile
from app.exchange.report import FileReport, ImportReport
from app.exchange.stopped import ImportBusy, ImportStopped, cause_of
from app.exchange.storing import Progress, Storing
from app.territories.plans.deliver import deliver

__all__ = ["ImportBusy", "ImportReport", "ImportStopped", "Progress", "import_folder"]

LARGE: Final = 4 * 1024 * 1024
"""Bytes of a file from which on it may be worth while to fill a table without its keys."""

OUTWEIGHS: Final = 4
"""How many times the file must outweigh the rows that are there already."""

FILLED_TABLES: Final = frozenset({"policyholder", "address", "policy", "orphan_event", "gazetteer_place"})
"""Tables for which that is done: those with many rows, and none that others follow by ON UPDATE CASCADE."""

AHEAD: Final = 4
"""Batches that wait, read and checked, while the one before is being stored."""

LOADED_TABLES: Final = frozenset({"team", "agent", "policy"})
"""Tables on which the counters of `app.allocation.loads` rest."""


def import_folder(
    engine: Engine,
    directory: Path,
    *,
    rejected: Path,
    progress: Progress | None = None,
    max_bytes: int | None = None,
) -> ImportReport:
    """Load every file of the interchange that `directory` holds, in the order of their dependence.

    All good rows go in, every bad one goes to the file `rejected`. A file is one transaction, its book entry and the counters
    included: whatever interrupts the import, each file is in with all its good rows or not at all, and repeating the import
    completes it and changes nothing else. A file over `max_bytes` is refused unread.

    Raises `ImportStopped` when the store or the disk fails (its `report` says which files are in), `ImportBusy` while another
    import is at work.
    """
    began = time.monotonic()
    layouts = [layout for layout in FOLDER if (directory / layout.file).is_file()]
    if not layouts:
        return ImportReport(directory, problem=_nothing_there(directory))
    if rejected.resolve() in {(directory / layout.file).resolve() for layout in layouts}:
        return ImportReport(directory, problem=_would_overwrite(rejected))
    names = {layout.file for layout in FOLDER}
    ignored = tuple(sorted(path.name for path in directory.iterdir() if path.is_file() and path.name not in names))
    refused = RejectedFile(rejected)
    work = _Import(engine, directory, layouts, refused, progress or _silent, max_bytes)

    def report() -> ImportReport:
        lines = rejected if any(one.rejected or one.refused for one in work.reports) else None
        return ImportReport(directory, tuple(work.reports), ignored, lines, time.monotonic() - began)

    try:
        work.run()
        refused.close()
    except (SQLAlchemyError, OSError) as error:
        cause, detail = cause_of(error)
        raise ImportStopped(cause, work.file, report(), detail=detail) from error
    return report()


def _silent(_file: str, _done: int, _of: int) -> None:
    pass


def _nothing_there(directory: Path) -> tuple[str, str]:
    if not directory.is_dir():
        return f"没有这个文件夹：{directory}；请检查路径。", f"There is no such folder: {directory}. Check the path."
    names = ", ".join(layout.file for layout in FOLDER)
    return (
        f"{directory} 中没有可导入的文件；可用的文件名：{names}。",
        f"{directory} holds no file to import. The names are: {names}.",
    )


def _would_overwrite(rejected: Path) -> tuple[str, str]:
    return (
        f"{rejected} 是要导入的文件，坏行不能写到那里；请换一个文件。",
        f"{rejected} is a file to import; bad rows cannot go there. Name another file.",
    )


@dataclass
class _Begin:
    """A file begins; its batches follow."""

    source: Source


@dataclass
class _End:
    """The file is read to its end, or refused."""

    refused: FileRefused | None = None


_Item = _Begin | Batch | _End | BaseException | None


class _GivenUp(Exception):
    """The storing side has ended; so must the reading side."""


@dataclass
class _Import:
    """One import at work. One thread reads and checks, the caller's stores: on two cores they overlap.

    `file`: the one at work, or the last one.
    """

    engine: Engine
    directory: Path
    layouts: list[Layout | AreaLayout]
    refused: RejectedFile
    progress: Progress
    max_bytes: int | None
    reports: list[FileReport] = field(default_factory=list)
    file: str = ""

    def run(self) -> None:
        """All files. Raises what the store or the disk raises, and `ImportBusy`."""
        self.file = self.layouts[0].file
        with self.engine.connect() as connection:
            if not repository.try_lock(connection):
                raise ImportBusy
            try:
                known = Known()
                known.load(connection, references.tables_needed(self.layouts))
                connection.commit()
                with self._read_ahead(known) as items:
                    for item in items:
                        assert isinstance(item, _Begin)
                        self._take_in(connection, item.source, items)
            finally:
                if not connection.invalidated:
                    connection.rollback()
                    repository.unlock(connection)
                    connection.commit()

    @contextmanager
    def _read_ahead(self, known: Known) -> Iterator[Iterator[_Item]]:
        """What the files hold, read and checked by another thread."""
        items: queue.Queue[_Item] = queue.Queue(AHEAD)
        given_up = threading.Event()

        def put(item: _Item) -> None:
            while not given_up.is_set():
                try:
                    return items.put(item, timeout=0.1)
                except queue.Full:
                    continue
            raise _GivenUp

        def read() -> None:
            try:
                for layout in self.layouts:
                    source = Source(self.directory / layout.file, layout, known)
                    put(_Begin(source))
                    before = known.copy()
                    try:
                        self._check_size(source)
                        for batch in source.batches():
                            put(batch)
                    except FileRefused as error:
                        # None of its rows will be there to be referred to.
                        known.restore(before)
                        put(_End(error))
                    else:
                        put(_End())
                put(None)
            except _GivenUp:
                pass
            except BaseException as error:  # handed to the storing side, which raises it
                with suppress(_GivenUp):
                    put(error)

        reader = threading.Thread(target=read, name="import reader", daemon=True)
        reader.start()
        try:
            yield _taken(items)
        finally:
            given_up.set()
            reader.join()

    def _check_size(self, source: Source) -> None:
        size = source.path.stat().st_size
        if self.max_bytes is not None and size > self.max_bytes:
            raise FileRefused("FILE_TOO_LARGE", detail=f"{size:,} > {self.max_bytes:,} B")

    def _worth_dropping_keys(self, source: Source) -> int:
        """Bytes that the table may hold already if it is to be filled without its keys; −1 if it is not."""
        size = source.path.stat().st_size
        return size // OUTWEIGHS if size >= LARGE and source.layout.table in FILLED_TABLES else -1

    def _take_in(self, connection: Connection, source: Source, items: Iterator[_Item]) -> None:
        """One file, in one transaction."""
        layout = source.layout
        self.file = layout.file
        began = time.monotonic()
        storing = Storing(source, _batches(items), self.refused, self.progress)
        test = CrsTest(source) if layout.table == "gazetteer_place" else None
        try:
            with connection.begin():
                repository.begin(connection)
                with keys_last(connection, layout.table, most_bytes=self._worth_dropping_keys(source)) as keys:
                    if keys is Keys.DROPPED_AND_EMPTY:
                        storing.fill(connection)
                    else:
                        storing.merge(connection, test)
                report = storing.report
                if report.stored or report.replaced:
                    repository.analyze(connection, layout.table)
                    if layout.table in LOADED_TABLES:
                        loads.refresh(connection)
                    if layout is TERRITORIES:
                        deliver(connection)
                if test is not None:
                    test.describe_version(connection, rejected=report.rejected)
                repository.record_file(
                    connection,
                    file=layout.file,
                    sha256=source.sha256.hexdigest(),
                    read=report.read,
                    stored=report.stored + report.unchanged + report.replaced,
                    rejected=report.rejected,
                )
        except FileRefused as error:
            self.refused.drop()
            self.refused.refuse(layout.file, error)
            report = FileReport(layout.file, refused=error)
        except BaseException:
            self.refused.drop()
            raise
        self.refused.keep()
        self.reports.append(replace(report, seconds=time.monotonic() - began))


def _taken(items: queue.Queue[_Item]) -> Iterator[_Item]:
    while (item := items.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item


def _batches(items: Iterator[_Item]) -> Iterator[Batch]:
    """The batches of the file that has begun. Raises `FileRefused` where it is refused."""
    for item in items:
        if isinstance(item, _End):
            if item.refused is not None:
                raise item.refused
            return
        assert isinstance(item, Batch)
        yield item
