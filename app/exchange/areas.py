"""GeoJSON areas, read without GDAL: a file that only pretends to be GeoJSON could make GDAL open other files or the network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import orjson
import polars as pl
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from app.exchange.layout import LONGEST_CODE, LONGEST_TEXT, AreaLayout
from app.exchange.points import place_problem, to_store
from app.exchange.rejections import PROBLEMS, FileRefused
from app.fields import LAST_DAY
from app.models.base import SRID
from geo.crs import Crs, parse_crs
from geo.errors import GeoError

LARGEST: Final = 256 * 1024 * 1024
"""Bytes of a GeoJSON file. Parsed it takes some eight times as much memory."""

Area = Polygon | MultiPolygon
"""What a shape may be."""

Problem = tuple[str, str, str]
"""Column, code, detail."""


@dataclass(frozen=True)
class Areas:
    """The features of a file: the good ones as `row` and the table's columns, the geometry as text of EWKB; the problems."""

    features: list[Any]
    rows: pl.DataFrame
    problems: pl.DataFrame

    def text(self, row: int) -> str:
        """The feature as it stands, on one line; a long shape is cut short."""
        return json.dumps(self.features[row - 1], ensure_ascii=False, separators=(",", ":"))


def read_areas(path: Path, layout: AreaLayout) -> Areas:
    """Features, numbered from 1, of a GeoJSON file (RFC 7946), in CGCS2000. Raises `FileRefused`, `OSError`.

    The coordinates are in `crs_declared`, WGS-84 where the file does not say so. Shapes are refused, never repaired: an area
    that crosses itself has no inside that its author meant.
    """
    document = _parsed(path)
    crs = _declared(document)
    features = document["features"]
    good: list[dict[str, Any]] = []
    shapes: list[Area] = []
    bad: list[tuple[int, str, str, str]] = []
    for row, feature in enumerate(features, start=1):
        values, problems = _properties(feature, layout)
        shape, problem = _shape(feature.get("geometry") if isinstance(feature, dict) else None, crs)
        bad += [(row, *one) for one in ([*problems, problem] if problem else problems)]
        if shape is not None and not problems:
            good.append({"row": row, **values})
            shapes.append(shape)
    names = (layout.code, *layout.texts)
    schema = {"row": pl.Int64, **dict.fromkeys(names, pl.String)} | (
        {"effective_from": pl.Date} if layout.dated else {}
    )
    rows = pl.DataFrame(good, schema=schema).with_columns(geom=pl.Series(_texts(shapes), dtype=pl.String))
    return Areas(features, rows, pl.DataFrame(bad, schema=PROBLEMS, orient="row"))


def united(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """One row for each key, in the order of their first features; several features are one area, their union."""
    if not rows.select(pl.struct(key).is_duplicated().any()).item():
        return rows
    joined = rows.group_by(key, maintain_order=True).agg(pl.all())
    merged = [
        geoms[0] if len(geoms) == 1 else _texts([cast("Area", shapely.union_all(shapely.from_wkb(geoms.to_list())))])[0]
        for geoms in joined.get_column("geom")
    ]
    lists = [name for name in joined.columns if name not in key]
    return (
        joined.with_columns(pl.col(lists).list.first())
        .with_columns(geom=pl.Series(merged, dtype=pl.String))
        .select(rows.columns)
    )


def _parsed(path: Path) -> dict[str, Any]:
    size = path.stat().st_size
    if size > LARGEST:
        raise FileRefused("FILE_TOO_LARGE", detail=f"{size:,} > {LARGEST:,} B")
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise FileRefused("EMPTY_FILE")
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        document = _with_infinities(data, error)
    if (
        not isinstance(document, dict)
        or document.get("type") != "FeatureCollection"
        or not isinstance(document.get("features"), list)
    ):
        raise FileRefused("BAD_JSON", detail=("顶层应为 FeatureCollection", "a FeatureCollection is expected"))
    return document


def _with_infinities(data: bytes, error: orjson.JSONDecodeError) -> Any:
    """What is JSON but for NaN and Infinity: the features that hold them are refused, the others are good."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as bad:
        line = data.count(b"\n", 0, bad.start) + 1
        where = (f"第 {line} 行，第 {bad.start + 1} 字节", f"line {line}, byte {bad.start + 1}")
        raise FileRefused("ENCODING", detail=where, row=line) from error
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        where = (f"第 {error.lineno} 行第 {error.colno} 列", f"line {error.lineno}, column {error.colno}")
        raise FileRefused("BAD_JSON", detail=where, row=error.lineno) from error


def _declared(document: Mapping[str, Any]) -> Crs:
    """The system of the coordinates. The `crs` member of older GeoJSON is taken if it says the same thing."""
    written = document.get("crs_declared")
    older = document.get("crs")
    name = (
        older.get("properties", {}).get("name")
        if isinstance(older, dict) and isinstance(older.get("properties"), dict)
        else None
    )
    try:
        older_crs = parse_crs(str(name)) if older is not None else None
        crs = parse_crs(str(written)) if written is not None else older_crs or Crs.WGS84
    except GeoError as error:
        raise FileRefused(error.code, column="crs_declared") from error
    if older_crs not in (None, Crs.WGS84, Crs.CGCS2000, crs):
        raise FileRefused("CRS_UNKNOWN", column="crs_declared")
    return crs


def _properties(feature: Any, layout: AreaLayout) -> tuple[dict[str, Any], list[Problem]]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    given: Mapping[str, Any] = properties if isinstance(properties, dict) else {}
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, longest in ((layout.code, LONGEST_CODE), *((name, LONGEST_TEXT) for name in layout.texts)):
        value = given.get(name)
        text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
        values[name] = text or None
        if not text and name == layout.code:
            problems.append((name, "MISSING_VALUE", ""))
        if len(text) > longest:
            problems.append((name, "TOO_LONG", str(longest)))
        if any(ord(letter) < 32 or ord(letter) == 127 or 0xD800 <= ord(letter) < 0xE000 for letter in text):
            problems.append((name, "BAD_CHARACTER", ""))
    if layout.dated:
        value = given.get("effective_from")
        day = _day(value)
        values["effective_from"] = day
        if day is None:
            problems.append(("effective_from", "BAD_DATE", ""))
        elif day > LAST_DAY:
            problems.append(("effective_from", "OUT_OF_RANGE", f"– {LAST_DAY}"))
    return values, problems


def _day(value: Any) -> date | None:
    """A date; without one the area has always been in force. None: it is no date."""
    if value is None or value == "":
        return date.min
    if not isinstance(value, str) or len(value.strip()) != 10:
        return None
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        return None


def _shape(geometry: Any, crs: Crs) -> tuple[Area | None, Problem | None]:
    """The area in CGCS2000, or what is wrong with it."""
    if not isinstance(geometry, dict) or not geometry.get("coordinates"):
        kind = geometry.get("type") if isinstance(geometry, dict) else None
        if kind not in (None, "Polygon", "MultiPolygon"):
            return None, ("geometry", "BAD_GEOMETRY", str(kind)[:40])
        return None, ("geometry", "EMPTY_GEOMETRY", "")
    kind = geometry.get("type")
    if kind not in ("Polygon", "MultiPolygon"):
        return None, ("geometry", "BAD_GEOMETRY", str(kind)[:40])
    polygons = [geometry["coordinates"]] if kind == "Polygon" else geometry["coordinates"]
    try:
        rings = [[_ring(ring) for ring in polygon] for polygon in polygons]
    except (TypeError, ValueError, LookupError):
        return None, ("geometry", "BAD_GEOMETRY", "坐标不是数对|the coordinates are no pairs of numbers")
    if not rings or not all(polygon for polygon in rings):
        return None, ("geometry", "EMPTY_GEOMETRY", "")
    vertices = np.concatenate([ring for polygon in rings for ring in polygon])
    problem = place_problem(vertices[:, 0], vertices[:, 1])
    if problem:
        return None, ("geometry", problem, _extent(vertices))
    for polygon in rings:
        for ring in polygon:
            if len(ring) < 4 or (ring[0] != ring[-1]).any():
                detail = (
                    f"{ring[0][0]}, {ring[0][1]} 处的环没有闭合|the ring at {ring[0][0]}, {ring[0][1]} is not closed"
                )
                return None, ("geometry", "INVALID_GEOMETRY", detail)
    shape = MultiPolygon([Polygon(polygon[0], polygon[1:]) for polygon in rings])
    # Judged as it was drawn, so that the place named is one that its author finds; and again as it will be stored.
    reason = _invalidity(shape)
    if reason is None and crs not in (Crs.CGCS2000, Crs.WGS84):
        shape = shapely.transform(shape, lambda points: np.column_stack(to_store(points[:, 0], points[:, 1], crs)))
        reason = _invalidity(shape)
    return (None, ("geometry", "INVALID_GEOMETRY", reason)) if reason else (shape, None)


def _ring(positions: Any) -> NDArray[np.float64]:
    """float64 (n, 2); a third value of a position is left out."""
    if not isinstance(positions, list) or not positions:
        raise ValueError("no ring")
    ring = np.array([(position[0], position[1]) for position in positions])
    if ring.dtype.kind not in "if" or ring.ndim != 2:
        raise ValueError("no numbers")
    return ring.astype(np.float64)


_REASONS: Final = {
    "Self-intersection": "自相交",
    "Ring Self-intersection": "环自相交",
    "Hole lies outside shell": "洞在外环之外",
    "Holes are nested": "洞互相嵌套",
    "Interior is disconnected": "内部被切断",
    "Nested shells": "面互相嵌套",
    "Duplicate Rings": "环重复",
    "Too few points in geometry component": "顶点太少",
}


def _invalidity(shape: Area) -> str | None:
    """Why the area is not valid, and where; Chinese and English parted by `|`."""
    if shapely.is_valid(shape):
        return None
    reason, _, place = shapely.is_valid_reason(shape).partition("[")
    place = place.rstrip("]").replace(" ", ", ")
    return f"{_REASONS.get(reason, reason)}（{place}）|{reason} at {place}"


def _extent(vertices: NDArray[np.float64]) -> str:
    if not np.isfinite(vertices).all():
        return ""
    (west, south), (east, north) = vertices.min(axis=0), vertices.max(axis=0)
    return f"{west:g}, {south:g} – {east:g}, {north:g}"


def _texts(shapes: list[Area]) -> list[str]:
    """EWKB as text, as MultiPolygons in CGCS2000."""
    if not shapes:
        return []
    multi = [shape if isinstance(shape, MultiPolygon) else MultiPolygon([shape]) for shape in shapes]
    return list(
        shapely.to_wkb(shapely.set_srid(np.array(multi), SRID), hex=True, include_srid=True, output_dimension=2)
    )
