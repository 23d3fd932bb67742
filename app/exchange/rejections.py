"""What is refused, why, and the file that people read it in: `rejected.csv`."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import polars as pl

HEADER: Final = ("file", "row", "column", "code", "message", "record")

PROBLEMS: Final = pl.Schema({"row": pl.Int64, "column": pl.String, "code": pl.String, "detail": pl.String})
"""A problem of a record: its number, the column (null: the record as a whole), the code, and what the message names."""

LONGEST_RECORD_SHOWN: Final = 20_000
"""Characters of a record that are repeated in `rejected.csv`: a spreadsheet cell takes 32,767."""

MESSAGES: Final[Mapping[str, tuple[str, str]]] = {
    # A file as a whole
    "UNREADABLE_FILE": (
        "读不了这个文件（{detail}）；请检查路径和权限。",
        "The file cannot be read ({detail}). Check its path and permissions.",
    ),
    "FILE_TOO_LARGE": (
        "文件过大（{detail}）；请拆成几份分别导入。",
        "The file is too large ({detail}). Split it and import the parts.",
    ),
    "EMPTY_FILE": (
        "文件是空的，连表头也没有；请重新导出。",
        "The file is empty, without even a header. Export it again.",
    ),
    "ENCODING": (
        "不是 UTF-8 编码：{detail}；请另存为“CSV UTF-8”后重新导入。",
        "Not UTF-8: {detail}. Save it as “CSV UTF-8” and import it again.",
    ),
    "MISSING_COLUMN": (
        "缺少列 {column}（{detail}）；请补上该列，未知的值留空。",
        "The column {column} is missing ({detail}). Add it; leave unknown values empty.",
    ),
    "DUPLICATE_COLUMN": (
        "列 {column} 出现两次；请删去其中一列。",
        "The column {column} is there twice. Remove one of them.",
    ),
    "BAD_JSON": (
        "不是合法的 GeoJSON：{detail}；请用 GIS 软件重新导出。",
        "Not valid GeoJSON: {detail}. Export it again from the GIS.",
    ),
    # A record
    "BAD_RECORD": ("这一行不符合 CSV 格式：{detail}。", "The record is not well-formed CSV: {detail}."),
    "BAD_CHARACTER": ("含有不可见的控制字符；请删去。", "It holds an invisible control character. Remove it."),
    "MISSING_VALUE": ("{column} 不能为空。", "{column} must not be empty."),
    "TOO_LONG": ("{column} 过长，最多 {detail} 个字符。", "{column} is too long: {detail} characters at most."),
    "BAD_VALUE": (
        "{column} 的值不在允许的范围内，应为：{detail}。",
        "{column} has a value that is not allowed. Expected: {detail}.",
    ),
    "BAD_DATE": (
        "{column} 不是有效日期；请写成 2026-03-10 的形式。",
        "{column} is not a date. Write it like 2026-03-10.",
    ),
    "BAD_NUMBER": ("{column} 不是有效数字（{detail}）。", "{column} is not a valid number ({detail})."),
    "BAD_BOOLEAN": ("{column} 应为 true 或 false。", "{column} must be true or false."),
    "NOT_FINITE": ("{column} 不是有限的数。", "{column} is not a finite number."),
    "OUT_OF_RANGE": ("{column} 超出范围（{detail}）。", "{column} is out of range ({detail})."),
    "OUTSIDE_CHINA": (
        "坐标不在中国境内（{detail}）；请检查。",
        "The coordinate is outside of China ({detail}). Check it.",
    ),
    "SWAPPED_AXES": (
        "经纬度疑似颠倒（{detail}）；先经度、后纬度。",
        "Longitude and latitude seem to be swapped ({detail}): longitude first.",
    ),
    "CRS_UNDECLARED": (
        "坐标没有说明坐标系；请在 crs 列写明 CGCS2000、WGS84、GCJ02 或 BD09。",
        "The coordinate does not declare its system. Put CGCS2000, WGS84, GCJ02 or BD09 in the column crs.",
    ),
    "CRS_UNKNOWN": (
        "不认识所写的坐标系；请改为 CGCS2000、WGS84、GCJ02 或 BD09。",
        "The declared coordinate system is not known. Use CGCS2000, WGS84, GCJ02 or BD09.",
    ),
    "UNKNOWN_CODE": (
        "{column} 所指的{detail}不存在（或它自己被退回）；请先导入或更正代码。",
        "{column} names no {detail} that is here (or that one was rejected itself). Import it first, or correct the code.",
    ),
    "BAD_PARENT": (
        "上级机构的级别必须更高（province > city > branch）。",
        "The parent must be of a higher tier (province > city > branch).",
    ),
    "DUPLICATE_KEY": (
        "同一文件中第 {detail} 行已有相同主键而内容不同；以先出现的为准。",
        "Row {detail} of this file has the same key with other content; the first one counts.",
    ),
    "EVENT_CONFLICT": (
        "这个事件编号已用于内容不同的事件{detail}；改正事件请换一个新编号。",
        "This event id already belongs to an event with other content{detail}. Send a correction under a new id.",
    ),
    "SELLER_CHANGED": (
        "出单业务员是永久事实，系统中已是 {detail}；请核对。",
        "The seller is a permanent fact and is already {detail} here. Check it.",
    ),
    "FORCE_CHANGED": (
        "名下还有收展服务过的保单（{detail} 张），不能转为营销队伍（H1）；请先收回。",
        "Still holds policies that the collection force serviced ({detail}); it cannot become MARKETING (H1). Reclaim them first.",
    ),
    # A file of places, beyond the interchange's own
    "FORMAT": (
        "不认识这种文件；可用的后缀：{detail}。",
        "This kind of file is not known. Use one of: {detail}.",
    ),
    "NOT_OF_ITS_FORMAT": (
        "文件内容与后缀 {detail} 不符；请用 GIS 软件重新导出，不要只改文件名。",
        "The content is not what the suffix {detail} says. Export it again from the GIS instead of renaming it.",
    ),
    "LAYER": (
        "要导入哪一个图层？请加 --layer，可选：{detail}。",
        "Which layer is meant? Add --layer with one of: {detail}.",
    ),
    "ENCODING_UNDECLARED": (
        "文字不是 UTF-8，也没有声明编码；请加 --encoding，例如 --encoding GBK。",
        "The texts are not UTF-8 and no encoding is declared. Add --encoding, for example --encoding GBK.",
    ),
    "ENCODING_UNKNOWN": (
        "不认识这个编码，或文件不是这个编码；常用的是 UTF-8 与 GBK。",
        "The encoding is not known, or the file is not in it. Usual ones are UTF-8 and GBK.",
    ),
    "SHAPEFILE_PARTS": (
        "Shapefile 缺少 {detail}；请把同名的 .shp .shx .dbf .prj 放在一起。",
        "The shapefile lacks {detail}. Keep .shp .shx .dbf .prj of one name together.",
    ),
    "ZIP_PATH": (
        "压缩包里有指向包外的路径、链接或重名文件，已拒绝；请重新打包。",
        "The zip holds paths that lead out of it, links or doubled names. Pack it again.",
    ),
    "ZIP_BOMB": (
        "压缩包解开后过大（{detail}），已拒绝；请拆成几份。",
        "The zip would unpack to too much ({detail}). Split it.",
    ),
    "PARSER_STOPPED": (
        "读取进程被中止（{detail}）：文件损坏，或超出内存、时间限制；请用 GIS 软件重新导出或拆分。",
        "The reading process was stopped ({detail}): the file is broken, or beyond the limits of memory and time. Export it again or split it.",
    ),
    "NOT_A_POINT": ("图形不是点；地名需要点。", "The geometry is no point; a place needs one."),
    "CRS_NOT_DECLARED": (
        "文件没有声明坐标系{detail}；请加 --crs（CGCS2000、WGS84、GCJ02、BD09 或 EPSG:4549 之类），或 crs 列。高德、腾讯的坐标是 GCJ02，百度的是 BD09。",
        "The file does not declare its coordinate system{detail}. Add --crs (CGCS2000, WGS84, GCJ02, BD09, or a code like EPSG:4549) or a column crs. "
        "AMap and Tencent write GCJ02, Baidu BD09.",
    ),
    "CRS_NO_TRANSFORMATION": (
        "声明的坐标系（{detail}）没有公开的高精度转换参数；请让数据提供方转换为 CGCS2000 后再导入。",
        "There is no public transformation of useful accuracy from the declared system ({detail}). Have the provider convert it to CGCS2000.",
    ),
    "CRS_CONTRADICTED": (
        "坐标与声明的坐标系不符：{detail}。请改正 --crs（或 crs 列）；若是现有地名库有误，先用 guidan gazetteer versions 与 restore 改正；确信无误时加 --force “理由”。",
        "The coordinates contradict the declared system: {detail}. Correct --crs (or the column crs). If the present "
        "gazetteer is what is wrong, put that right first: guidan gazetteer versions, restore. If you are sure, add --force “reason”.",
    ),
    "FOLDER_CRS_CONTRADICTED": (
        "坐标与声明的坐标系不符：{detail}。请改正 crs 列后重新导入；确信无误时用 guidan gazetteer import … --force “理由”。",
        "The coordinates contradict the declared system: {detail}. Correct the column crs and import again; if you are sure, use "
        "guidan gazetteer import FILE --force “reason”.",
    ),
    "AXES_SWAPPED": (
        "几乎所有坐标的经纬度都颠倒了（{detail}）；请加 --column lon=… --column lat=… 指明各是哪一列。",
        "Longitude and latitude are exchanged in nearly all records ({detail}). Say which column is which: --column lon=A --column lat=B",
    ),
    "SOURCE_NOT_NAMED": (
        "数据来自哪里？请加 --source 名称（最好还有 --licence 与 --date），或 source 列。",
        "Where does it come from? Add --source NAME (better with --licence and --date), or a column source.",
    ),
    "KIND_NOT_NAMED": (
        "这些是什么地点？请加 --kind（COMPOUND、POI、COMMUNITY、ROAD、DOOR），或 kind 列。",
        "What kind of places are these? Add --kind (COMPOUND, POI, COMMUNITY, ROAD, DOOR) or a column kind.",
    ),
    "COLUMN_IN_VAIN": (
        "--column 写的列不存在：{detail}。",
        "What --column says is not there: {detail}.",
    ),
    "ID_OF_OTHER_SOURCE": (
        "这个编号已属于来源 {detail}；请加 --id-prefix 区分两个来源的编号。",
        "This id already belongs to the source {detail}. Add --id-prefix to keep the sources' ids apart.",
    ),
    "EMPTY_GEOMETRY": ("没有图形。", "It has no geometry."),
    "BAD_GEOMETRY": (
        "图形不是面（{detail}）；需要 Polygon 或 MultiPolygon。",
        "The geometry is no area ({detail}): Polygon or MultiPolygon is needed.",
    ),
    "INVALID_GEOMETRY": (
        "图形无效：{detail}；请在 GIS 中改正。",
        "The shape is not valid: {detail}. Correct it in the GIS.",
    ),
}
"""Stable code → sentence in Chinese and in English. `{column}` and `{detail}` are filled in."""


class FileRefused(Exception):
    """A file that cannot be taken at all; nothing of it is stored.

    `row`: the line where it shows, if one can be named.
    """

    def __init__(
        self, code: str, *, column: str = "", detail: str | tuple[str, str] = "", row: int | None = None
    ) -> None:
        self.code = code
        self.column = column
        self.row = row
        self.zh, self.en = sentences(code, column, detail)
        super().__init__(f"{code}: {self.zh} {self.en}")


@dataclass(frozen=True)
class Rejection:
    """A line of `rejected.csv`."""

    row: int | None
    column: str
    code: str
    zh: str
    en: str
    record: str


@lru_cache(maxsize=1024)
def sentences(code: str, column: str, detail: str | tuple[str, str]) -> tuple[str, str]:
    """The message in Chinese and in English. A detail may be bilingual: a pair, or one text with the two parted by `|`."""
    zh_detail, en_detail = (
        detail if isinstance(detail, tuple) else (detail.partition("|")[0], detail.rpartition("|")[2])
    )
    zh, en = MESSAGES[code]
    return zh.format(column=column, detail=zh_detail), en.format(column=column, detail=en_detail)


def no_problems() -> pl.DataFrame:
    """A frame of problems without any."""
    return pl.DataFrame(schema=PROBLEMS)


def rejections(problems: pl.DataFrame, record_of: Callable[[int], str]) -> list[Rejection]:
    """One rejection for each bad record, in their order: its first problem, the others named in the message.

    `problems`: as `PROBLEMS`, the problems of a record in the order of importance. `record_of`: number → the record itself.
    """
    found: list[Rejection] = []
    merged = problems.group_by("row", maintain_order=True).agg(
        pl.col("column", "code", "detail").first(),
        pl.format("{} {}", pl.col("column").fill_null(""), "code").slice(1).str.join("; ").alias("others"),
    )
    for row, column, code, detail, others in merged.sort("row").iter_rows():
        zh, en = sentences(code, column or "", detail or "")
        if others:
            zh, en = f"{zh}另有：{others}。", f"{en} Also: {others}."
        found.append(Rejection(row, column or "", code, zh, en, record_of(row)[:LONGEST_RECORD_SHOWN]))
    return found


class RejectedFile:
    """`rejected.csv`, made when the first record is refused; an old one is emptied when none is.

    What a file of the import adds counts from `keep()` on: until then `drop()` takes it back. Raises `OSError`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream: io.TextIOWrapper | None = None
        self._kept = 0

    def add(self, file: str, rejected: list[Rejection]) -> None:
        """Append lines for `file`."""
        if not rejected:
            return
        stream = self._open()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows(
            (
                file,
                "" if one.row is None else one.row,
                one.column,
                one.code,
                _safe(f"{one.zh} {one.en}"),
                _safe(one.record),
            )
            for one in rejected
        )
        stream.flush()

    def refuse(self, file: str, why: FileRefused) -> None:
        """Append the line that tells why a file could not be taken at all."""
        self.add(file, [Rejection(why.row, why.column, why.code, why.zh, why.en, "")])

    def keep(self) -> None:
        """What has been added stays."""
        if self._stream is not None:
            self._stream.flush()
            self._kept = self._stream.tell()

    def drop(self) -> None:
        """Take back what has been added since the last `keep()`."""
        if self._stream is not None:
            self._stream.seek(self._kept)
            self._stream.truncate()

    def close(self) -> None:
        """End: a file of an earlier import must not be taken for this one's."""
        if self._stream is None and self.path.exists():
            self._open()
        if self._stream is not None:
            self._stream.close()

    def _open(self) -> io.TextIOWrapper:
        if self._stream is None:
            self._stream = self.path.open("w", encoding="utf-8", newline="")
            csv.writer(self._stream, lineterminator="\n").writerow(HEADER)
            self.keep()
        return self._stream


def _safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
