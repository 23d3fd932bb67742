"""The files of a folder → batches of good rows for the store, and every problem found on the way."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from app.exchange import areas, records, references, values
from app.exchange.layout import AreaLayout, Kind, Layout
from app.exchange.points import with_points
from app.exchange.records import Records
from app.exchange.references import Known
from app.exchange.rejections import PROBLEMS, FileRefused, Rejection, no_problems, rejections
from app.exchange.repeats import LATER, Repeats

FIRST_BLOCK: Final = 1024 * 1024
"""Bytes in which the header must end."""


@dataclass(frozen=True)
class Batch:
    """A part of a file: its good rows (`row`, then the table's columns), which of them repeat a key, what was refused.

    `read`: records of the part; `good`: those not refused, of which several may be one row; `of`: records of the file, as far as
    its size tells.
    """

    rows: pl.DataFrame
    later: pl.DataFrame
    rejected: list[Rejection]
    read: int
    good: int
    of: int


class Source:
    """A file being read. `columns`: of its table, in the order of the rows. The digest is there when the last batch is."""

    def __init__(self, path: Path, layout: Layout | AreaLayout, known: Known) -> None:
        self.path = path
        self.layout = layout
        self.known = known
        self.columns = _table_columns(layout)
        self.sha256 = hashlib.sha256()
        self._repeats = Repeats(layout.key)
        self._places: list[tuple[int, NDArray[np.int64], NDArray[np.int64]]] = []
        self._areas: areas.Areas | None = None
        self._declared: list[pl.DataFrame] = []

    @property
    def declared(self) -> pl.DataFrame:
        """Of a gazetteer, what its records declare: `row`, `declared` (a `geo.crs.Crs`, null for none)."""
        schema = {"row": pl.Int64, "declared": pl.String}
        return pl.concat(self._declared) if self._declared else pl.DataFrame(schema=schema)

    def batches(self) -> Iterator[Batch]:
        """The file, part by part. Raises `FileRefused`."""
        try:
            if isinstance(self.layout, AreaLayout):
                yield self._area_batch(self.layout)
            else:
                yield from self._record_batches(self.layout)
        except OSError as error:
            raise FileRefused("UNREADABLE_FILE", detail=error.strerror or type(error).__name__) from error

    @contextmanager
    def texts(self) -> Iterator[Callable[[int], str]]:
        """Within it: number → the record or feature as it stands in the file. Raises `OSError`."""
        if self._areas is not None:
            yield self._areas.text
            return
        with self.path.open("rb") as stream:

            def text(row: int) -> str:
                first, starts, ends = next(part for part in reversed(self._places) if part[0] <= row)
                stream.seek(int(starts[row - first]))
                return stream.read(int(ends[row - first] - starts[row - first])).decode("utf-8", "replace")

            yield text

    def _area_batch(self, layout: AreaLayout) -> Batch:
        with self.path.open("rb") as stream:
            while data := stream.read(FIRST_BLOCK):
                self.sha256.update(data)
        self._areas = found = areas.read_areas(self.path, layout)
        problems = [found.problems]
        if layout.refers_to:
            problems.append(
                references.unknown_code(found.rows, layout.code, layout.refers_to, layout.at_level, self.known)
            )
        good, refused = self._sorted_out(found.rows, pl.concat(problems), found.text)
        count = len(found.features)
        if layout.united:
            # Further features of an area are part of it, not repetitions.
            return Batch(areas.united(good, layout.key), pl.DataFrame(schema=LATER), refused, count, good.height, count)
        return Batch(good, self._repeats.later(good), refused, count, good.height, count)

    def _record_batches(self, layout: Layout) -> Iterator[Batch]:
        size = self.path.stat().st_size
        block = max(size, 1) if layout.whole else records.BLOCK
        seen = 0
        encoding = _Encoding()
        for part, header in self._parts(layout, block):
            kept = part.kept()
            encoding.judge(part)
            read = int(np.count_nonzero(part.ends > part.starts))
            raw = _parsed(part, kept, header, layout)
            rows, problems = self._checked(raw, layout, has_breaks=bool((part.flags & records.LINE_BREAK).any()))
            problems = pl.concat([_malformed(part, kept, len(header)), problems])
            first = part.first_row
            good, refused = self._sorted_out(rows, problems, partial(_text_of, part))
            later = self._repeats.later(good)
            self._places.append((first, part.starts + part.offset, part.ends + part.offset))
            seen += read
            end = part.offset + (int(part.ends[-1]) if part.ends.size else len(part.data))
            of = seen if end >= size - 2 else max(seen, round(seen * size / max(end, 1)))
            self.known.add(layout.table, good.join(later, on="row", how="anti") if later.height else good)
            yield Batch(good, later, refused, read, good.height, of)

    def _parts(self, layout: Layout, block: int) -> Iterator[tuple[Records, list[str]]]:
        """The records behind the header, some megabytes at a time, and the header's names."""
        header: list[str] | None = None
        rest = b""
        offset = 0
        row = 1
        blocks = records.read_blocks(self.path, self.sha256.update, block)
        data = next(blocks, b"")
        while True:
            following = next(blocks, b"")
            data, final = rest + data, not following
            begin = 0
            if header is None:
                header, begin = _header(data, layout, final=final)
                row = 2
            part, stop = records.scan(data, begin=begin, final=final, width=len(header), first_row=row, offset=offset)
            if part.starts.size == 0 and len(data) - stop > max(block, records.LONGEST_RECORD):
                raise FileRefused("BAD_RECORD", detail=("一行长得不合理", "a line is unreasonably long"), row=row)
            if part.starts.size:
                yield part, header
            row += part.starts.size
            if final:
                return
            rest, offset, data = data[stop:], offset + stop, following

    def _checked(self, raw: pl.DataFrame, layout: Layout, *, has_breaks: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
        rows, problems = values.typed(raw, layout, has_breaks=has_breaks)
        parts = [problems, references.unknown_codes(rows, layout, self.known)]
        if layout.has_points:
            rows, bad = with_points(rows, required=layout.column("lon").required)
            parts.append(bad)
            if layout.table == "gazetteer_place":
                self._declared.append(rows.select("row", declared="declared_crs"))
        found = _in_order(pl.concat(parts), layout)
        if layout.whole:
            good = rows.join(found, on="row", how="anti") if found.height else rows
            loose = references.loose_parents if layout.table == "organisation" else references.loose_successors
            found = pl.concat([found, loose(good, self.known)])
        return self._derived(rows, layout), found

    def _derived(self, rows: pl.DataFrame, layout: Layout) -> pl.DataFrame:
        """Columns that the table has and the file leaves to be found out."""
        if layout.table == "agent":
            rows = rows.join(
                self.known.of("team"), left_on="team_code", right_on="code", how="left", maintain_order="left"
            )
        elif layout.table == "policy":
            # Whoever is with the collection force has serviced it as such.
            force = self.known.of("agent").rename({"force": "servicer_force"})
            rows = rows.join(
                force, left_on="servicer_code", right_on="code", how="left", maintain_order="left"
            ).with_columns(pl.col("served_by_collection").fill_null(pl.col("servicer_force").eq_missing("COLLECTION")))
        return rows.select("row", *self.columns)

    def _sorted_out(
        self, rows: pl.DataFrame, problems: pl.DataFrame, text: Callable[[int], str]
    ) -> tuple[pl.DataFrame, list[Rejection]]:
        """Good rows, and a rejection for each record with a problem."""
        if problems.is_empty():
            return rows, []
        return rows.join(problems, on="row", how="anti", maintain_order="left"), rejections(problems, text)


def _text_of(part: Records, row: int) -> str:
    return part.text(row - part.first_row)


class _Encoding:
    """Tells a file in another encoding from one with a few broken bytes: the former is refused as a whole."""

    def __init__(self) -> None:
        self._records = self._letters = self._broken = 0

    def judge(self, part: Records) -> None:
        """Raises `FileRefused` once half of the records, and most of those with letters beyond ASCII, are GB 18030 and not UTF-8."""
        broken = (part.flags & records.BAD_BYTES) != 0
        self._records += part.starts.size
        self._letters += int(np.count_nonzero(part.flags & records.NON_ASCII))
        self._broken += int(np.count_nonzero(broken))
        if self._broken * 2 < self._records or self._broken * 2 <= self._letters or not broken.any():
            return
        first = int(np.flatnonzero(broken)[0])
        try:
            part.data[part.starts[first] : part.ends[first]].decode("gb18030")
        except UnicodeDecodeError:
            return
        raise _not_utf8(part.first_row + first, part.offset + int(part.bad_at[first]), guess=True)


def _not_utf8(row: int, byte: int, *, guess: bool) -> FileRefused:
    zh, en = f"第 {row} 行（文件第 {byte + 1} 字节处）", f"row {row} (byte {byte + 1} of the file)"
    if guess:
        zh, en = f"{zh}，看来是 GBK/GB 18030", f"{en}, it looks like GBK/GB 18030"
    return FileRefused("ENCODING", detail=(zh, en), row=row)


def _header(data: bytes, layout: Layout, *, final: bool) -> tuple[list[str], int]:
    """The names in the first record and where the second begins. Raises `FileRefused`."""
    begin = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefused("ENCODING", detail=("是 UTF-16", "it is UTF-16"), row=1)
    if not data[begin:].strip():
        raise FileRefused("EMPTY_FILE")
    first, stop = records.scan(
        data[: begin + FIRST_BLOCK],
        begin=begin,
        final=final or len(data) > FIRST_BLOCK,
        width=-1,
        first_row=1,
        offset=0,
        most=1,
    )
    if not first.starts.size:
        raise FileRefused("BAD_RECORD", detail=("没有表头", "there is no header"), row=1)
    if first.flags[0] & records.BAD_BYTES:
        raise _not_utf8(1, int(first.bad_at[0]), guess=False)
    header = [name.strip() for name in next(csv.reader([first.text(0)]))]
    doubled = [name for name in header if name and header.count(name) > 1]
    if doubled:
        raise FileRefused("DUPLICATE_COLUMN", column=doubled[0], row=1)
    missing = [column.name for column in layout.columns if column.name not in header and not column.optional]
    if missing:
        found = ", ".join(header)[:200]
        raise FileRefused(
            "MISSING_COLUMN", column=", ".join(missing), detail=(f"表头为：{found}", f"the header is: {found}"), row=1
        )
    return header, stop


def _parsed(part: Records, kept: NDArray[np.bool_], header: list[str], layout: Layout) -> pl.DataFrame:
    """The kept records: `row` and the layout's columns as texts, null where empty."""
    names = [column.name for column in layout.columns]
    numbers = part.rows()[kept]
    data = part.parsable(kept)
    schema = dict.fromkeys((name or f" {place}" for place, name in enumerate(header)), pl.String)
    if not numbers.size:
        return pl.DataFrame(schema={"row": pl.Int64, **dict.fromkeys(names, pl.String)})
    wanted = [name for name in names if name in header]
    # Polars chooses by position where there is no header.
    places = [header.index(name) for name in wanted]
    parsed = pl.read_csv(data, has_header=False, schema=schema, columns=places).select(wanted)
    if parsed.height != numbers.size:
        raise AssertionError(f"{parsed.height} records parsed of {numbers.size}")
    raw = pl.DataFrame({"row": numbers}).hstack(parsed)
    if (part.flags & records.UNTIDY).any():
        raw = raw.with_columns(values.tidied(wanted))
    absent = [name for name in names if name not in header]
    return raw.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)


_MALFORMED: Final = (
    (records.BAD_BYTES, "ENCODING"),
    (records.BAD_QUOTES, "BAD_RECORD"),
    (records.WRONG_WIDTH, "BAD_RECORD"),
    (records.CONTROL, "BAD_CHARACTER"),
)


def _malformed(part: Records, kept: NDArray[np.bool_], width: int) -> pl.DataFrame:
    """Problems of records that could not be parsed."""
    bad = ~kept & (part.ends > part.starts)
    if not bad.any():
        return no_problems()
    found: list[tuple[int, None, str, str]] = []
    for index in np.flatnonzero(bad):
        row, flag = part.first_row + int(index), int(part.flags[index])
        place = part.offset + int(part.bad_at[index]) + 1
        details = {
            records.BAD_BYTES: f"第 {row} 行，文件第 {place} 字节处|row {row}, byte {place} of the file",
            records.BAD_QUOTES: "引号不成对或位置不对，字段内的引号应写两次|quotes that do not match; a quote inside a field is doubled",
            records.WRONG_WIDTH: f"字段数与表头的 {width} 列不符|it has not the {width} fields of the header",
            records.CONTROL: "",
        }
        found += [(row, None, code, details[bit]) for bit, code in _MALFORMED if flag & bit][:1]
    return pl.DataFrame(found, schema=PROBLEMS, orient="row")


def _in_order(problems: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """A record's problems from its first column to its last."""
    if problems.is_empty():
        return problems
    places = {column.name: place for place, column in enumerate(layout.columns)}
    place = pl.col("column").replace_strict(places, default=-1, return_dtype=pl.Int32)
    return problems.sort("row", place, maintain_order=True)


def _table_columns(layout: Layout | AreaLayout) -> tuple[str, ...]:
    if isinstance(layout, AreaLayout):
        dated = ("effective_from",) if layout.dated else ()
        return (layout.code, *layout.texts, *dated, "geom")
    names: list[str] = []
    for column in layout.columns:
        if column.kind is Kind.DEGREES:
            names += ["point"] if column.name == "lon" else []
        elif column.name == "crs":
            names += ["declared_crs"] if layout.table == "address" else []
        else:
            names.append(column.name)
    return (*names, "force") if layout.table == "agent" else tuple(names)
