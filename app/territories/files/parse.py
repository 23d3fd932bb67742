"""How a file of territories is parsed, within the confined process: attributes as texts, geometries, what the file says of itself."""

from __future__ import annotations

import codecs
import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from app.uploads.gdal import MOSTLY_VALID, choose_layer, encoding_of_shapefile, short
from app.uploads.refused import UploadRefused

LONGEST_CELL: Final = 100_000
"""Characters of a CSV's field; a longer one is an opening quote that is never closed."""

LONGEST_DEFINITION: Final = 20_000
"""Bytes of a `.prj`."""


@dataclass
class Row:
    """A record. `geometry`: a mapping of GeoJSON, WKB, or None. `code`: what makes it unreadable, with the details of the sentence."""

    number: int
    attributes: dict[str, str | None]
    geometry: dict[str, Any] | bytes | None = None
    code: str | None = None
    detail: tuple[str, str] = ("", "")


@dataclass
class Parsed:
    """`crs`: as the file declares it, None if it does not; `columns`: in the order of the file."""

    rows: list[Row]
    columns: list[str]
    crs: str | None
    encoding: str | None = None
    layer: str | None = None
    older_crs: str | None = field(default=None)


def parse(path: Path, kind: str, task: dict[str, Any]) -> Parsed:
    """Read a file in its format. Raises `UploadRefused`."""
    match kind:
        case "geojson":
            parsed = _parse_geojson(path, task)
        case "csv":
            parsed = _parse_csv(path, task)
        case _:
            parsed = _parse_with_gdal(path, kind, task)
    if len(parsed.columns) > task["most_columns"]:
        raise UploadRefused("FILE_TOO_LARGE", f"{len(parsed.columns):,} > {task['most_columns']:,}")
    return parsed


# GeoJSON


def _parse_geojson(path: Path, task: dict[str, Any]) -> Parsed:
    text, encoding = _decoded(path.read_bytes(), task["encoding"], "geojson")
    try:
        document = json.loads(text, object_pairs_hook=_unique)
    except RecursionError as error:
        raise UploadRefused("BAD_JSON", "嵌套过深", "it is nested too deeply") from error
    except json.JSONDecodeError as error:
        where = (f"第 {error.lineno} 行第 {error.colno} 列", f"line {error.lineno}, column {error.colno}")
        raise UploadRefused("BAD_JSON", *where) from error
    except ValueError as error:
        raise UploadRefused("BAD_JSON", "有的数字过长", "a number is too long") from error
    if isinstance(document, dict) and document.get("type") == "Feature":
        document = {**document, "type": "FeatureCollection", "features": [document]}
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or document.get("type") != "FeatureCollection":
        raise UploadRefused("BAD_JSON", "顶层应为 FeatureCollection", "a FeatureCollection is expected")
    _count(len(features), task)
    rows, columns = [], dict[str, None]()
    for number, feature in enumerate(features, start=1):
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            rows.append(Row(number, {}, code="BAD_FEATURE"))
            continue
        properties = feature.get("properties")
        attributes = {name: _text(value) for name, value in properties.items()} if isinstance(properties, dict) else {}
        columns.update(dict.fromkeys(attributes))
        geometry = feature.get("geometry")
        if geometry is not None and not isinstance(geometry, dict):
            rows.append(Row(number, attributes, code="BAD_FEATURE"))
            continue
        rows.append(Row(number, attributes, geometry))
    declared = document.get("crs_declared")
    if declared is not None and not isinstance(declared, str):
        raise UploadRefused("CRS_UNKNOWN", "crs_declared")
    older = document.get("crs")
    inside = older.get("properties") if isinstance(older, dict) else None
    name = inside.get("name") if isinstance(inside, dict) else None
    if older is not None and not isinstance(name, str):
        raise UploadRefused("CRS_UNKNOWN", "crs")
    return Parsed(rows, list(columns), declared or name or "WGS84", encoding, older_crs=name if declared else None)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different: which of two the author meant cannot be known."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise UploadRefused("DUPLICATE_MEMBER")
    return made


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return json.dumps(value, ensure_ascii=False)


# CSV


def _parse_csv(path: Path, task: dict[str, Any]) -> Parsed:
    text, encoding = _decoded(path.read_bytes(), task["encoding"], "csv")
    csv.field_size_limit(LONGEST_CELL)
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    header: list[str] = []
    number = 0
    while True:
        number += 1
        try:
            cells = next(lines)
        except StopIteration:
            break
        except csv.Error as error:
            raise UploadRefused("BAD_RECORD", f"第 {lines.line_num} 行", f"line {lines.line_num}") from error
        if number == 1:
            header = [cell.strip() for cell in cells]
            if len(set(header) - {""}) != len([cell for cell in header if cell]):
                raise UploadRefused("DUPLICATE_COLUMN")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        _count(len(rows) + 1, task)
        if len(cells) != len(header):
            width = (f"{len(cells)} ≠ {len(header)} 列", f"{len(cells)} fields, the header has {len(header)}")
            rows.append(Row(number, {}, code="BAD_RECORD", detail=width))
            continue
        values = (_unguarded(cell.strip()) or None for cell in cells)
        rows.append(Row(number, dict(zip(header, values, strict=True))))
    if not header or not any(header):
        raise UploadRefused("EMPTY_FILE")
    return Parsed(rows, [name for name in header if name], None, encoding)


def _unguarded(cell: str) -> str:
    """A cell without the sign that keeps a spreadsheet from taking it for a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@", "\t", "\r") else cell


def _decoded(data: bytes, encoding: str | None, kind: str) -> tuple[str, str]:
    """The text and its encoding: as declared, by its byte order mark, UTF-8, or GBK where a table is valid in it. Raises `UploadRefused`."""
    if not data.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise UploadRefused("EMPTY_FILE")
    if encoding is not None:
        try:
            name = codecs.lookup(encoding).name
        except (LookupError, ValueError) as error:
            raise UploadRefused("ENCODING_UNKNOWN") from error
        tried = ["gb18030" if name in ("gb2312", "gbk", "hz") else name]
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        tried = ["utf-16"]
    else:
        # JSON is UTF-8 by its definition; a table that a Chinese spreadsheet saved is GBK as often as not.
        tried = ["utf-8", "gb18030"] if kind == "csv" else ["utf-8"]
    for name in tried:
        try:
            text = data.decode("utf-8-sig" if name == "utf-8" else name)
        except (UnicodeError, LookupError, ValueError, AssertionError):
            continue
        if isinstance(text, str):
            return text.removeprefix("\ufeff"), {"gb18030": "GBK"}.get(name, name.upper())
    raise UploadRefused("ENCODING_UNKNOWN" if encoding else "ENCODING_UNDECLARED")


# GeoPackage, Shapefile, KML, FlatGeobuf


def _parse_with_gdal(path: Path, kind: str, task: dict[str, Any]) -> Parsed:
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError, FieldError

    driver: str = task["driver"]
    encoding: str | None = task["encoding"]
    if kind == "kml":
        _check_kml(path)
    definition = _definition(path) if kind == "shp" else None
    try:
        layer = choose_layer(str(path), driver, task["layer"] if kind != "shp" else None)
        if driver == "ESRI Shapefile" and encoding is None:
            encoding = encoding_of_shapefile(path)
        count = pyogrio.read_info(str(path), layer=layer, encoding=encoding)["features"]
        _count(max(int(count), 0), task)
        meta, _, shapes, columns = pyogrio.raw.read(str(path), layer=layer, encoding=encoding, force_2d=True)
    except (DataSourceError, DataLayerError, FieldError) as error:
        raise UploadRefused("UNREADABLE_FILE", short(error)) from error
    except UnicodeDecodeError as error:
        raise UploadRefused("ENCODING_UNKNOWN" if encoding else "ENCODING_UNDECLARED") from error
    except LookupError as error:
        raise UploadRefused("ENCODING_UNKNOWN") from error
    names = [str(name) for name in meta["fields"]]
    length = len(shapes) if shapes is not None else (len(columns[0]) if columns else 0)
    _count(length, task)
    texts = {name: [_plain(value) for value in column] for name, column in zip(names, columns, strict=True)}
    for column in texts.values():
        _check_readable(column)
    rows = [
        Row(
            index + 1,
            {name: column[index] for name, column in texts.items()},
            None if shapes is None or shapes[index] is None else bytes(shapes[index]),
        )
        for index in range(length)
    ]
    if kind != "shp":
        return Parsed(rows, names, "WGS84" if kind == "kml" else meta["crs"], "UTF-8", layer)
    return Parsed(rows, names, definition, encoding or _code_page(path))


def _definition(path: Path) -> str | None:
    """What a shapefile's `.prj` says. It is taken away: GDAL would refuse the whole file where it is broken, and here it is a question."""
    declared = path.with_suffix(".prj")
    if not declared.exists():
        return None
    with declared.open("rb") as stream:
        said = stream.read(LONGEST_DEFINITION).decode("utf-8", "replace").replace("\0", " ").strip()
    declared.unlink()
    return said or None


def _code_page(path: Path) -> str | None:
    """What a shapefile's `.cpg` says."""
    declared = path.with_suffix(".cpg")
    if not declared.exists():
        return None
    said = declared.read_bytes()[:40].decode("ascii", "ignore").strip()
    return "".join(letter for letter in said if letter.isalnum() or letter in "-_") or None


def _check_kml(path: Path) -> None:
    """A KML that declares entities could make a parser read other files, or grow without end."""
    data = path.read_bytes()
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise UploadRefused("NOT_OF_ITS_FORMAT", ".kml")
    head = data.replace(b"\0", b"").lower()
    if b"<!doctype" in head or b"<!entity" in head:
        raise UploadRefused("XML_ENTITIES")


def _plain(value: Any) -> str | None:
    """A value of a table as text: whole numbers without a decimal point."""
    import numpy as np

    if value is None or isinstance(value, bytes):
        return None
    if isinstance(value, str):
        return value.replace("\ufffd", "").strip(" \0") or None
    if isinstance(value, float | np.floating):
        number = float(value)
        if number != number:
            return None
        return str(int(number)) if number.is_integer() and abs(number) < 1e18 else str(number)
    return str(value)


def _check_readable(texts: list[str | None]) -> None:
    """Texts that mostly do not decode are in another encoding than was thought."""
    broken = sum(text is not None and any("\udc80" <= letter <= "\udcff" for letter in text) for text in texts)
    if broken > (1.0 - MOSTLY_VALID) * len(texts) + 3:
        raise UploadRefused("ENCODING_UNDECLARED")


def _count(rows: int, task: dict[str, Any]) -> None:
    if rows > task["most"]:
        raise UploadRefused("FILE_TOO_LARGE", f"{rows:,} > {task['most']:,}")
