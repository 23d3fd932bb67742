"""A record's geometry → a sound area in CGCS2000, or why it is none; the system that a file is in."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import shapely
from shapely import MultiPolygon

from app.territories.files.outcome import Fate
from app.territories.files.parse import Parsed, Row
from app.uploads.refused import UploadRefused
from geo.crs import Crs, UnknownCrsError
from geo.errors import GeoError
from geo.gazetteer.declared import DatumWithoutWay, Declared, read_declared, read_definition
from geo.soundness.reading import WORDS, read_area

SAME_AREA = frozenset({"DIMENSIONS_DROPPED", "COLLECTION_OPENED", "DUPLICATES_DROPPED", "RING_REVERSED"})
"""Steps of a repair that leave the area as its author meant it: they are told, but make no record a repaired one."""

_PLAIN: Final = re.compile(r"[\w: -]{1,40}")
_NAME: Final = re.compile(r'\[\s*"([\w: -]{1,60})"')

Refusal = tuple[str, str, str]
"""Code, and the sentence in Chinese and in English."""


def way_of(parsed: Parsed, said: str | None) -> Declared:
    """The system of a file: as a person says, else as the file does. Raises `UploadRefused` with a question where neither does."""
    if said is not None:
        return _read(said)
    if parsed.crs is None or not parsed.crs.strip():
        raise UploadRefused("CRS_UNDECLARED")
    declared = _read(parsed.crs)
    if parsed.older_crs is not None and _read(parsed.older_crs).system != declared.system:
        older = _read(parsed.older_crs)
        # The older member can only name what has a code, so it says nothing against GCJ-02 and BD-09.
        if older.projection is not None or {older.system, declared.system} != {Crs.CGCS2000, Crs.WGS84}:
            raise UploadRefused("CRS_UNKNOWN", "crs ≠ crs_declared")
    return declared


def _read(definition: str) -> Declared:
    shown = _shown(definition)
    try:
        try:
            return read_declared(definition)
        except UnknownCrsError:
            return read_definition(definition)
    except DatumWithoutWay as error:
        raise UploadRefused("CRS_NO_TRANSFORMATION", shown) from error
    except GeoError as error:
        raise UploadRefused("CRS_UNKNOWN", shown) from error


def _shown(definition: str) -> str:
    """The name of a system, if that is what a file has in its place; never a path, an address or other text of the file."""
    named = _NAME.search(definition)
    plain = definition if _PLAIN.fullmatch(definition) else named[1] if named else ""
    return plain or "?"


def read_shape(row: Row, way: Declared, fate: Fate) -> tuple[MultiPolygon | None, Refusal | None]:
    """The area of a record, its repairs written into its fate; or the refusal."""
    if row.geometry is None:
        return None, ("EMPTY_GEOMETRY", "", "")
    try:
        given = row.geometry if way.projection is None else _in_degrees(row.geometry, way)
        area, report = read_area(given, crs=way.system)
    except DatumWithoutWay as error:
        return None, (error.code, error.zh, error.en)
    except GeoError as error:
        return None, (error.code, error.zh, error.en)
    except shapely.errors.ShapelyError:
        return None, (
            "GEOMETRY_MALFORMED",
            "图形无法读取；请用 GIS 软件重新导出。",
            "The shape cannot be read. Export it again.",
        )
    for step in report.steps:
        if step.code == "RING_REVERSED" and isinstance(row.geometry, bytes):
            continue  # which way a ring runs in a shapefile is the format's choice and not the author's
        zh, en = WORDS[step.code]
        fate.repairs.append(
            {"code": step.code, "count": step.count, "area_m2": round(step.area_m2, 2), "zh": zh, "en": en}
        )
    fate.repaired = any(step.code not in SAME_AREA for step in report.steps)
    return area, None


def _in_degrees(geometry: dict[str, Any] | bytes, way: Declared) -> bytes:
    """Eastings and northings → degrees, as WKB. Raises `shapely.errors.ShapelyError`, `DatumWithoutWay`."""
    if isinstance(geometry, bytes):
        shape = shapely.from_wkb(geometry)
    else:
        try:
            shape = shapely.geometry.shape(geometry)
        except (TypeError, ValueError, LookupError, AttributeError, RecursionError) as error:
            raise shapely.errors.ShapelyError from error
    moved = shapely.transform(shape, lambda points: np.column_stack(way.to_degrees(points[:, 0], points[:, 1])))
    return shapely.to_wkb(moved, output_dimension=2)
