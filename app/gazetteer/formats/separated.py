"""A CSV of places: any columns, UTF-8 or another declared encoding; a broken record costs one line."""

from __future__ import annotations

import codecs
import csv
import hashlib
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from app.exchange import records
from app.exchange.rejections import PROBLEMS, FileRefused, no_problems

LONGEST_HEADER: Final = 1024 * 1024


class Separated:
    """A CSV in memory. `frame`: `row` (the header is row 1) and the columns as texts, null where empty."""

    def __init__(self, path: Path, encoding: str | None) -> None:
        data = path.read_bytes()
        self.sha256 = hashlib.sha256(data).hexdigest()
        data = _as_utf8(data, encoding)
        header, begin = _header(data)
        self._part, _ = records.scan(data, begin=begin, final=True, width=len(header), first_row=2, offset=0)
        part = self._part
        kept = part.kept()
        self.read = int(np.count_nonzero(part.ends > part.starts))
        broken = int(np.count_nonzero(part.flags & records.BAD_BYTES))
        if encoding is None and broken * 2 > max(self.read, 1) and _is_gbk(part.data):
            raise FileRefused("ENCODING_UNDECLARED")
        self.problems = _malformed(part, kept, len(header))
        numbers = part.rows()[kept]
        schema = dict.fromkeys(header, pl.String)
        if numbers.size:
            parsed = pl.read_csv(part.parsable(kept), has_header=False, schema=schema)
            parsed = parsed.with_columns(pl.all().str.strip_chars().replace("", None))
        else:
            parsed = pl.DataFrame(schema=schema)
        self.frame = pl.DataFrame({"row": numbers}).hstack(parsed)

    def text(self, row: int) -> str:
        """The record as it stands."""
        return self._part.text(row - self._part.first_row)


def _as_utf8(data: bytes, encoding: str | None) -> bytes:
    if encoding is None:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise FileRefused("ENCODING_UNDECLARED")
        return data
    try:
        name = codecs.lookup(encoding).name
    except LookupError as error:
        raise FileRefused("ENCODING_UNKNOWN") from error
    if name == "utf-8":
        return data
    # The superset reads what its parts write. Bytes that fit nowhere stay as they are and cost their record only.
    name = "gb18030" if name in ("gb2312", "gbk", "hz") else name
    try:
        return data.decode(name, "surrogateescape").encode("utf-8", "surrogateescape")
    except UnicodeError as error:
        raise FileRefused("ENCODING_UNKNOWN") from error


def _is_gbk(data: bytes) -> bool:
    try:
        data[: 4 * 1024 * 1024].rsplit(b"\n", 1)[0].decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True


def _header(data: bytes) -> tuple[list[str], int]:
    begin = 3 if data.startswith(codecs.BOM_UTF8) else 0
    if not data[begin:].strip():
        raise FileRefused("EMPTY_FILE")
    head = data[: begin + LONGEST_HEADER]
    first, stop = records.scan(head, begin=begin, final=True, width=-1, first_row=1, offset=0, most=1)
    if not first.starts.size:
        raise FileRefused("BAD_RECORD", detail=("没有表头", "there is no header"), row=1)
    if first.flags[0] & records.BAD_BYTES:
        raise FileRefused("ENCODING_UNDECLARED", row=1)
    names = [name.strip() for name in next(csv.reader([first.text(0)]))]
    doubled = [name for name in names if name and names.count(name) > 1]
    if doubled or "row" in names:
        raise FileRefused("DUPLICATE_COLUMN", column=(doubled or ["row"])[0], row=1)
    return [name or f" {place}" for place, name in enumerate(names)], stop


_DETAILS: Final = (
    (records.BAD_BYTES, "ENCODING", "这一行|this record"),
    (records.BAD_QUOTES, "BAD_RECORD", "引号不成对或位置不对，字段内的引号应写两次|quotes that do not match; a quote inside a field is doubled"),
    (records.WRONG_WIDTH, "BAD_RECORD", "字段数与表头的 {width} 列不符|it has not the {width} fields of the header"),
    (records.CONTROL, "BAD_CHARACTER", ""),
)  # fmt: skip


def _malformed(part: records.Records, kept: np.ndarray[tuple[int], np.dtype[np.bool_]], width: int) -> pl.DataFrame:
    bad = np.flatnonzero(~kept & (part.ends > part.starts))
    if not bad.size:
        return no_problems()
    found = []
    for index in bad.tolist():
        flag = int(part.flags[index])
        code, detail = next((code, detail) for bit, code, detail in _DETAILS if flag & bit)
        found.append((part.first_row + index, None, code, detail.format(width=width)))
    return pl.DataFrame(found, schema=PROBLEMS, orient="row")
