"""Rings out of GeoJSON or WKB, without recursion and without GEOS or GDAL: what is sent may be made to break a parser.

Both readers give the same: polygons as lists of rings, float64 (n, 2), in the order sent, and what they left out.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from geo.crs import Crs, parse_crs
from geo.soundness import errors
from geo.soundness.limits import ReadingLimits

Ring = NDArray[np.float64]

_OTHERS: Final = frozenset({"Point", "MultiPoint", "LineString", "MultiLineString"})


@dataclass(slots=True)
class Parsed:
    """Polygons as lists of rings; how many points and lines were left out; whether positions had more than two numbers."""

    polygons: list[list[Ring]] = field(default_factory=list)
    others: int = 0
    collections: int = 0
    dimensions: bool = False
    crs: Crs | None = None
    vertices: int = 0

    def add(self, ring: Ring, limits: ReadingLimits) -> Ring:
        """The ring, counted. Raises `errors.TooManyVertices`."""
        self.vertices += len(ring)
        if self.vertices > limits.vertices:
            raise errors.TooManyVertices
        return ring

    def open_polygon(self, limits: ReadingLimits) -> list[Ring]:
        """A new polygon. Raises `errors.TooManyVertices`."""
        if len(self.polygons) >= limits.parts:
            raise errors.TooManyVertices
        rings: list[Ring] = []
        self.polygons.append(rings)
        return rings


def parse(given: Any, limits: ReadingLimits) -> Parsed:
    """Reads a GeoJSON geometry or feature (mapping, or text as str or bytes) or WKB (bytes, or hexadecimal str).

    Raises the classes of `errors`, `geo.errors.UnknownCrsError`.
    """
    if isinstance(given, Mapping):
        return _parse_geojson(given, limits)
    if isinstance(given, bytearray | memoryview):
        given = bytes(given[: limits.bytes + 1])
    if not isinstance(given, bytes | str):
        raise errors.Malformed
    if len(given) > limits.bytes * (1 if isinstance(given, bytes) else 2):
        raise errors.TooLarge
    if isinstance(given, str):
        text = given.strip()
        if text[:2] in ("00", "01"):
            try:
                return _parse_wkb(bytes.fromhex(text), limits)
            except ValueError as error:
                if isinstance(error, errors.ShapeRefused):
                    raise
                raise errors.Malformed from error
        given = text.encode("utf-8", "replace")
        if len(given) > limits.bytes:
            raise errors.TooLarge
    if given[:1] in (b"\x00", b"\x01"):
        return _parse_wkb(given, limits)
    document = _document(given)
    if not isinstance(document, Mapping):
        raise errors.Malformed
    return _parse_geojson(document, limits)


def _document(data: bytes) -> Any:
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as first:
        # It may be JSON but for NaN and Infinity, which have an answer of their own; or nested beyond all measure.
        try:
            return json.loads(data)
        except RecursionError:
            raise errors.TooDeep from first
        except ValueError:
            raise errors.Malformed from first


def _parse_geojson(document: Mapping[str, Any], limits: ReadingLimits) -> Parsed:
    if document.get("type") == "Feature":
        document = document.get("geometry")  # type: ignore[assignment]
        if document is None:
            raise errors.Empty
        if not isinstance(document, Mapping):
            raise errors.Malformed
    found = Parsed(crs=_declared(document))
    waiting: list[tuple[Any, int]] = [(document, 0)]
    seen = 0
    while waiting:
        geometry, depth = waiting.pop()
        seen += 1
        if depth > limits.depth:
            raise errors.TooDeep
        if seen > limits.parts:
            raise errors.TooManyVertices
        if not isinstance(geometry, Mapping):
            raise errors.Malformed
        kind = geometry.get("type")
        if kind == "GeometryCollection":
            members = geometry.get("geometries")
            if not isinstance(members, list | tuple):
                raise errors.Malformed
            found.collections += 1
            if len(members) > limits.parts:
                raise errors.TooManyVertices
            waiting.extend((member, depth + 1) for member in reversed(members))
        elif kind in ("Polygon", "MultiPolygon"):
            coordinates = geometry.get("coordinates")
            if not isinstance(coordinates, list | tuple):
                raise errors.Malformed
            for polygon in [coordinates] if kind == "Polygon" else coordinates:
                _add_polygon(found, polygon, limits)
        elif isinstance(kind, str) and kind in _OTHERS:
            found.others += 1
        elif isinstance(kind, str):
            raise errors.NotAnArea
        else:
            raise errors.Malformed
    return found


def _declared(geometry: Mapping[str, Any]) -> Crs | None:
    """What the `crs` member of older GeoJSON says. Raises `geo.errors.UnknownCrsError`."""
    written = geometry.get("crs")
    if written is None:
        return None
    inside = written.get("properties") if isinstance(written, Mapping) else None
    name = inside.get("name") if isinstance(inside, Mapping) else written
    return parse_crs(str(name)[:100])


def _add_polygon(found: Parsed, polygon: Any, limits: ReadingLimits) -> None:
    if not isinstance(polygon, list | tuple):
        raise errors.Malformed
    if not polygon:
        return
    rings = found.open_polygon(limits)
    for positions in polygon:
        if not isinstance(positions, list | tuple):
            raise errors.Malformed
        if found.vertices + len(positions) > limits.vertices:
            raise errors.TooManyVertices
        ring, more = _ring(positions)
        found.dimensions |= more
        rings.append(found.add(ring, limits))


def _ring(positions: list[Any] | tuple[Any, ...]) -> tuple[Ring, bool]:
    """float64 (n, 2), and whether there were further numbers."""
    if not positions:
        return np.empty((0, 2)), False
    # All at once where every position is a pair of floats; whatever else it is, the slow way says what is wrong with it.
    if all(type(p) is list and len(p) == 2 and type(p[0]) is float and type(p[1]) is float for p in positions):
        return np.array(positions, dtype=np.float64), False
    pairs = np.empty((len(positions), 2))
    more = False
    for row, position in enumerate(positions):
        if not isinstance(position, list | tuple):
            raise errors.NotANumber if _is_scalar(position) else errors.Malformed
        if len(position) < 2:
            raise errors.Malformed
        more |= len(position) > 2
        pairs[row] = _number(position[0]), _number(position[1])
    return pairs, more


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise errors.NotANumber if _is_scalar(value) else errors.Malformed
    try:
        return float(value)
    except OverflowError as error:
        raise errors.NotFinite from error


def _parse_wkb(data: bytes, limits: ReadingLimits) -> Parsed:
    """ISO WKB and PostGIS's EWKB, either byte order. A count that promises more than there is, is refused before it is believed."""
    if len(data) > limits.bytes:
        raise errors.TooLarge
    found = Parsed()
    at = 0
    # How many members each open collection still expects.
    expected = [1]
    seen = 0
    while expected:
        if expected[-1] == 0:
            expected.pop()
            continue
        expected[-1] -= 1
        if len(expected) > limits.depth + 1:
            raise errors.TooDeep
        seen += 1
        if seen > 2 * limits.parts:
            raise errors.TooManyVertices
        order, kind, width, srid, at = _head(data, at)
        if srid is not None:
            found.crs = parse_crs(str(srid)) if srid else found.crs
        found.dimensions |= width > 2
        if kind == 3:
            at = _polygon(data, at, order, width, found, limits)
        elif kind in (6, 7, 4, 5):
            (members,), at = _take(data, at, order + "I")
            if members * 5 > len(data) - at:
                raise errors.Malformed
            found.collections += kind == 7
            expected.append(members)
        elif kind == 1:
            at += 8 * width
            found.others += 1
        elif kind == 2:
            (points,), at = _take(data, at, order + "I")
            at += 8 * width * points
            found.others += 1
        elif 0 < kind <= 17:
            raise errors.NotAnArea
        else:
            raise errors.Malformed
        if at > len(data):
            raise errors.Malformed
    return found


def _head(data: bytes, at: int) -> tuple[str, int, int, int | None, int]:
    """Byte order, type, numbers of a position, SRID and the place behind them."""
    if at >= len(data) or data[at] > 1:
        raise errors.Malformed
    order = "<" if data[at] else ">"
    (word,), at = _take(data, at + 1, order + "I")
    srid = None
    if word & 0x2000_0000:
        (srid,), at = _take(data, at, order + "i")
    kind = word & 0x0FFF_FFFF
    width = 2 + bool(word & 0x8000_0000) + bool(word & 0x4000_0000)
    if kind >= 1000:
        width += {1: 1, 2: 1, 3: 2}.get(kind // 1000, 99)
        kind %= 1000
    if width > 4:
        raise errors.Malformed
    return order, kind, width, srid, at


def _take(data: bytes, at: int, layout: str) -> tuple[tuple[Any, ...], int]:
    end = at + struct.calcsize(layout)
    if end > len(data):
        raise errors.Malformed
    return struct.unpack_from(layout, data, at), end


def _polygon(data: bytes, at: int, order: str, width: int, found: Parsed, limits: ReadingLimits) -> int:
    (count,), at = _take(data, at, order + "I")
    if count * 4 > len(data) - at:
        raise errors.Malformed
    if not count:
        return at
    rings = found.open_polygon(limits)
    for _ in range(count):
        (points,), at = _take(data, at, order + "I")
        size = points * width * 8
        if size > len(data) - at:
            raise errors.Malformed
        if found.vertices + points > limits.vertices:
            raise errors.TooManyVertices
        numbers = np.frombuffer(data, dtype=order + "f8", count=points * width, offset=at)
        rings.append(found.add(numbers.reshape(-1, width)[:, :2].astype(np.float64), limits))
        at += size
    return at
