"""Bad shapes: families × parameters, each with what must become of it. Deterministic."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely import Point, Polygon

Ring = list[list[float]]

PLACES = [(118.78, 32.04), (76.0, 39.47), (126.6, 45.75), (109.5, 18.25), (121.47, 31.23)]
"""Nanjing, Kashgar, Harbin, Sanya, Shanghai."""

SIZES = [0.0005, 0.01, 0.2]
"""Degrees: a compound, a community, a county."""


@dataclass(frozen=True)
class Bad:
    """A shape and its fate: refused with `code`, or repaired by exactly `steps` with at most `changed` of its area changed."""

    name: str
    given: Any
    code: str | None = None
    steps: frozenset[str] = frozenset()
    changed: float = 0.0


def square(x: float, y: float, size: float) -> Ring:
    """A closed square, counterclockwise, its lower left corner at (x, y)."""
    return [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]


def blob(x: float, y: float, size: float, corners: int = 12, seed: int = 1) -> Ring:
    """A closed star-shaped ring, counterclockwise, within the square."""
    rng = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * math.pi, corners, endpoint=False)
    reach = rng.uniform(0.3, 0.5, corners) * size
    ring = np.column_stack([x + size / 2 + reach * np.cos(turn), y + size / 2 + reach * np.sin(turn)])
    return [*ring.tolist(), ring[0].tolist()]


def polygon(*rings: Any) -> dict[str, Any]:
    """A GeoJSON polygon."""
    return {"type": "Polygon", "coordinates": list(rings)}


def multipolygon(*polygons: Any) -> dict[str, Any]:
    """A GeoJSON multipolygon."""
    return {"type": "MultiPolygon", "coordinates": list(polygons)}


Family = Callable[[float, float, float, str], Iterator[Bad]]
FAMILIES: list[Family] = []


def family(function: Family) -> Family:
    """Registers a family: it is asked for each place and size."""
    FAMILIES.append(function)
    return function


def steps(*codes: str) -> frozenset[str]:
    return frozenset(codes)


@family
def not_finite(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    for value in (math.nan, math.inf, -math.inf, 10**400, 1e300):
        for axis in (0, 1):
            ring = square(x, y, d)
            ring[2][axis] = value
            yield Bad(f"not finite {str(value)[:6]} axis {axis} {at}", polygon(ring), "COORDINATE_NOT_FINITE")


@family
def not_numbers(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    for value in ("118.8", None, True, "", "NaN"):
        ring: list[Any] = square(x, y, d)
        ring[1][1] = value
        yield Bad(f"no number {value!r} {at}", polygon(ring), "COORDINATE_NOT_A_NUMBER")
    ring = square(x, y, d)
    ring[1][0] = [x, y]
    yield Bad(f"list for a number {at}", polygon(ring), "GEOMETRY_MALFORMED")


@family
def malformed(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    ring = square(x, y, d)
    for name, given in {
        "no type": {"coordinates": [ring]},
        "no coordinates": {"type": "Polygon"},
        "coordinates of a word": {"type": "Polygon", "coordinates": "x"},
        "too shallow": {"type": "MultiPolygon", "coordinates": [ring]},
        "one number": {"type": "Polygon", "coordinates": [[[x], [y], [x], [x]]]},
        "a dict as ring": {"type": "Polygon", "coordinates": [{"0": ring}]},
        "cut off": json.dumps(polygon(ring))[:-9],
        "a list": json.dumps(ring),
        "collection of a word": {"type": "GeometryCollection", "geometries": "x"},
    }.items():
        code = "COORDINATE_NOT_A_NUMBER" if name == "too shallow" else "GEOMETRY_MALFORMED"
        yield Bad(f"malformed {name} {at}", given, code)


@family
def unclosed(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    yield Bad(f"unclosed square {at}", polygon(square(x, y, d)[:-1]), steps=steps("RING_CLOSED"))
    yield Bad(f"unclosed blob {at}", polygon(blob(x, y, d)[:-1]), steps=steps("RING_CLOSED"))
    hole = square(x + d / 4, y + d / 4, d / 4)[::-1][:-1]
    yield Bad(f"unclosed hole {at}", polygon(square(x, y, d), hole), steps=steps("RING_CLOSED"))


@family
def bow_ties(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    yield Bad(f"bow tie {at}", polygon([[x, y], [x + d, y + d], [x + d, y], [x, y + d], [x, y]]), "SHAPE_AMBIGUOUS")
    # Two neighbouring vertices exchanged at one side: a small loop on a large area.
    for part in (0.01, 0.3):
        e = d * part
        ring = [[x, y], [x + d, y], [x + d, y + d / 2], [x + d - e / 2, y + d / 2 + e], [x + d, y + d / 2 + e]]
        ring += [[x + d - e / 2, y + d / 2], [x, y + d], [x, y]]
        small = part == 0.01 or (d == SIZES[0] and part == 0.01)
        yield Bad(
            f"loop {part} {at}",
            polygon(ring),
            None if small else "SHAPE_AMBIGUOUS",
            steps("CROSSINGS_CUT") | (steps("CRUMBS_DROPPED") if small and d == SIZES[0] else steps()),
            0.005,
        )


@family
def spikes(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    for length in (0.1, 0.5):
        ring = square(x, y, d)
        ring[2:2] = [[x + d, y + d / 2], [x + d + length * d, y + d / 2], [x + d, y + d / 2]]
        yield Bad(f"spike out {length} {at}", polygon(ring), steps=steps("SPIKES_CUT", "CROSSINGS_CUT"))
        ring = square(x, y, d)
        ring[2:2] = [[x + d, y + d / 2], [x + d - length * d, y + d / 2], [x + d, y + d / 2]]
        yield Bad(f"spike in {length} {at}", polygon(ring), steps=steps("SPIKES_CUT", "CROSSINGS_CUT"))


@family
def nested_shells(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    inner = square(x + d / 4, y + d / 4, d / 2)
    yield Bad(f"nested shell {at}", multipolygon([square(x, y, d)], [inner]), "SHAPE_AMBIGUOUS")
    tiny = square(x + d / 4, y + d / 4, d / 50)
    yield Bad(
        f"tiny nested shell {at}", multipolygon([square(x, y, d)], [tiny]), steps=steps("PARTS_MERGED"), changed=0.001
    )


@family
def reversed_rings(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    yield Bad(f"reversed shell {at}", polygon(square(x, y, d)[::-1]), steps=steps("RING_REVERSED"))
    hole = square(x + d / 4, y + d / 4, d / 4)
    yield Bad(f"reversed hole {at}", polygon(square(x, y, d), hole), steps=steps("RING_REVERSED"))
    yield Bad(f"all reversed {at}", polygon(square(x, y, d)[::-1], hole), steps=steps("RING_REVERSED"))


@family
def slivers(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    for width, code in ((1e-6, None), (3e-8, None), (4e-9, "GEOMETRY_COLLAPSED"), (0.0, "GEOMETRY_COLLAPSED")):
        ring = [[x, y], [x + d, y], [x + d, y + width], [x, y + width], [x, y]]
        yield Bad(f"sliver {width} {at}", polygon(ring), code)


@family
def few_points(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    yield Bad(f"one point {at}", polygon([[x, y]]), "GEOMETRY_COLLAPSED")
    yield Bad(f"two points {at}", polygon([[x, y], [x + d, y]]), "GEOMETRY_COLLAPSED")
    yield Bad(f"three points, two places {at}", polygon([[x, y], [x + d, y], [x, y]]), "GEOMETRY_COLLAPSED")
    yield Bad(f"all in one place {at}", polygon([[x, y]] * 6), "GEOMETRY_COLLAPSED")
    yield Bad(
        f"on one line {at}", polygon([[x, y], [x + d, y + d], [x + d / 2, y + d / 2], [x, y]]), "GEOMETRY_COLLAPSED"
    )
    yield Bad(
        f"hole of a line {at}", polygon(square(x, y, d), [[x, y], [x + d, y], [x, y]]), steps=steps("RING_DROPPED")
    )


@family
def antimeridian(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    yield Bad(f"antimeridian 181 {at}", polygon(square(180 - d / 2, y, d)), "CROSSES_ANTIMERIDIAN")
    ring = [[179.9, y], [-179.9, y], [-179.9, y + d], [179.9, y + d], [179.9, y]]
    yield Bad(f"antimeridian wrapped {at}", polygon(ring), "CROSSES_ANTIMERIDIAN")


@family
def swapped_axes(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    yield Bad(f"swapped {at}", polygon([[b, a] for a, b in square(x, y, d)]), "AXES_SWAPPED")
    yield Bad(f"swapped blob {at}", multipolygon([[[b, a] for a, b in blob(x, y, d)]]), "AXES_SWAPPED")
    mixed = square(x, y, d)
    mixed[2] = mixed[2][::-1]
    yield Bad(f"one vertex swapped {at}", polygon(mixed), "OUTSIDE_CHINA")


@family
def elsewhere(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    for name, (a, b) in {"Paris": (2.35, 48.85), "nought": (0.0, 0.0), "Tokyo": (139.7, 35.7)}.items():
        yield Bad(f"in {name} {at}", polygon(square(a, b, d)), "OUTSIDE_CHINA")
    far = square(x, y, d)
    far[2] = [0.0, 0.0]
    yield Bad(f"one vertex at nought {at}", polygon(far), "OUTSIDE_CHINA")


@family
def projected(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    yield Bad(f"Gauss-Krueger {at}", polygon(square(500_000 + x * 100, y * 111_000, d * 1e5)), "COORDINATES_PROJECTED")
    yield Bad(f"zone number {at}", polygon(square(40_500_000 + x, y * 111_000, d * 1e5)), "COORDINATES_PROJECTED")
    yield Bad(f"web Mercator {at}", polygon(square(x * 111_319, y * 120_000, d * 1e5)), "COORDINATES_PROJECTED")


@family
def other_systems(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    named = {"type": "name", "properties": {"name": "EPSG:3857"}}
    yield Bad(f"crs 3857 {at}", {**polygon(square(x, y, d)), "crs": named}, "CRS_UNKNOWN")
    gcj = {"type": "name", "properties": {"name": "GCJ02"}}
    yield Bad(f"crs GCJ02 {at}", {**polygon(square(x, y, d)), "crs": gcj}, "CRS_CONTRADICTED")
    shape = shapely.set_srid(Polygon(square(x, y, d)), 4549)
    yield Bad(f"EWKB 4549 {at}", shapely.to_wkb(shape, include_srid=True), "CRS_UNKNOWN")


@family
def dimensions(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    dropped = steps("DIMENSIONS_DROPPED")
    yield Bad(f"Z {at}", polygon([[*p, 12.5] for p in square(x, y, d)]), steps=dropped)
    yield Bad(f"ZM {at}", polygon([[*p, 12.5, 3] for p in square(x, y, d)]), steps=dropped)
    solid = Polygon([(*p, 8.0) for p in square(x, y, d)])
    yield Bad(f"WKB Z {at}", shapely.to_wkb(solid, output_dimension=3, flavor="iso"), steps=dropped)
    yield Bad(f"EWKB Z {at}", shapely.to_wkb(solid, output_dimension=3, flavor="extended", byte_order=0), steps=dropped)
    yield Bad(f"Z is NaN {at}", polygon([[*p, math.nan] for p in square(x, y, d)]), steps=dropped)


@family
def empty(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    for name, given in {
        "polygon": polygon(),
        "ring": polygon([]),
        "multipolygon": multipolygon(),
        "multipolygon of nothing": multipolygon([], [[]]),
        "collection": {"type": "GeometryCollection", "geometries": []},
        "feature": {"type": "Feature", "geometry": None, "properties": {"at": at}},
        "WKB": shapely.to_wkb(Polygon()),
    }.items():
        yield Bad(f"empty {name} {at}", given, "GEOMETRY_EMPTY")


@family
def collections(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    def of(*members: Any) -> dict[str, Any]:
        return {"type": "GeometryCollection", "geometries": list(members)}

    point = {"type": "Point", "coordinates": [x, y]}
    line = {"type": "LineString", "coordinates": [[x, y], [x + d, y]]}
    yield Bad(f"collection {at}", of(polygon(square(x, y, d))), steps=steps("COLLECTION_OPENED"))
    yield Bad(
        f"mixed collection {at}",
        of(point, polygon(square(x, y, d)), line),
        steps=steps("COLLECTION_OPENED", "OTHERS_DROPPED"),
    )
    yield Bad(f"collection of points {at}", of(point, line), "GEOMETRY_NOT_AN_AREA")
    yield Bad(f"nested collection {at}", of(of(of(polygon(blob(x, y, d))))), steps=steps("COLLECTION_OPENED"))


@family
def points_and_lines(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    shapes = {
        "point": {"type": "Point", "coordinates": [x, y]},
        "points": {"type": "MultiPoint", "coordinates": [[x, y]]},
        "line": {"type": "LineString", "coordinates": [[x, y], [x + d, y]]},
        "ring as a line": {"type": "LineString", "coordinates": square(x, y, d)},
        "lines": {"type": "MultiLineString", "coordinates": [[[x, y], [x + d, y]]]},
        "curve": {"type": "CurvePolygon", "coordinates": []},
        "feature collection": {"type": "FeatureCollection", "features": []},
        "WKB line": shapely.to_wkb(shapely.LineString([(x, y), (x + d, y)])),
        "WKB point": shapely.to_wkb(Point(x, y)),
    }
    for name, given in shapes.items():
        yield Bad(f"{name} {at}", given, "GEOMETRY_NOT_AN_AREA")


@family
def deep(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    for depth in (17, 900):
        nested: Any = polygon(square(x, y, d))
        text = json.dumps(nested)
        wkb = shapely.to_wkb(Polygon(square(x, y, d)), byte_order=1)
        for _ in range(depth):
            nested = {"type": "GeometryCollection", "geometries": [nested]}
            text = '{"type":"GeometryCollection","geometries":[' + text + "]}"
            wkb = struct.pack("<BII", 1, 7, 1) + wkb
        yield Bad(f"{depth} deep {at}", nested, "GEOMETRY_TOO_DEEP")
        yield Bad(f"{depth} deep as WKB {at}", wkb, "GEOMETRY_TOO_DEEP")
        if depth == 17:
            yield Bad(f"{depth} deep as text {at}", text, "GEOMETRY_TOO_DEEP")
    yield Bad(f"200,000 brackets {at}", "[" * 200_000, "GEOMETRY_TOO_DEEP")


@family
def duplicated_vertices(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    for times in (2, 40):
        ring = [vertex for vertex in square(x, y, d)[:-1] for _ in range(times)]
        yield Bad(f"each vertex {times} times {at}", polygon([*ring, ring[0]]), steps=steps("DUPLICATES_DROPPED"))


@family
def holes(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    shell = square(x, y, d)

    def hole(a: float, b: float, size: float) -> Ring:
        return square(x + a * d, y + b * d, size * d)[::-1]

    yield Bad(f"hole outside {at}", polygon(shell, hole(2, 0, 0.5)), "SHAPE_AMBIGUOUS")
    yield Bad(f"tiny hole outside {at}", polygon(shell, hole(1.5, 0, 0.02)), steps=steps("HOLES_MERGED"), changed=0.001)
    yield Bad(
        f"holes touch along an edge {at}",
        polygon(shell, hole(0.2, 0.2, 0.2), hole(0.4, 0.2, 0.2)),
        steps=steps("HOLES_MERGED"),
    )
    yield Bad(f"holes cross {at}", polygon(shell, hole(0.2, 0.2, 0.3), hole(0.3, 0.3, 0.3)), "SHAPE_AMBIGUOUS")
    yield Bad(f"hole in a hole {at}", polygon(shell, hole(0.2, 0.2, 0.5), hole(0.3, 0.3, 0.2)), "SHAPE_AMBIGUOUS")
    yield Bad(f"hole across the shell {at}", polygon(shell, hole(0.8, 0.3, 0.4)), "SHAPE_AMBIGUOUS")
    yield Bad(f"hole along the shell {at}", polygon(shell, hole(0.6, 0.3, 0.4)), steps=steps("HOLES_MERGED"))
    yield Bad(f"hole is the shell {at}", polygon(shell, shell[::-1]), "GEOMETRY_COLLAPSED")


@family
def parts(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    one = square(x, y, d)
    yield Bad(f"parts overlap {at}", multipolygon([one], [square(x + d / 2, y, d)]), "SHAPE_AMBIGUOUS")
    yield Bad(
        f"parts barely overlap {at}",
        multipolygon([one], [square(x + d * 0.999, y, d)]),
        steps=steps("PARTS_MERGED"),
        changed=0.001,
    )
    yield Bad(f"parts adjoin {at}", multipolygon([one], [square(x + d, y, d)]), steps=steps("PARTS_MERGED"))
    yield Bad(f"the same part twice {at}", multipolygon([one], [one[1:] + one[1:2]]), steps=steps("PARTS_DROPPED"))


@family
def too_many(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    if d != SIZES[1]:
        return
    turn = np.linspace(0, 2 * math.pi, 120_001)[:-1]
    ring = np.column_stack([x + d * np.cos(turn), y + d * np.sin(turn)])
    yield Bad(f"120,000 vertices {at}", polygon([*ring.tolist(), ring[0].tolist()]), "GEOMETRY_TOO_MANY_VERTICES")
    yield Bad(f"120,000 vertices as WKB {at}", shapely.to_wkb(Polygon(ring)), "GEOMETRY_TOO_MANY_VERTICES")
    zigzag = [[x + d * (i / 3000), y + d * (i % 2)] for i in range(3000)]
    across = [[x + d * (i % 2), y + d * (1 - i / 3000)] for i in range(3000)]
    yield Bad(f"a scribble {at}", polygon([*zigzag, *across, zigzag[0]]), "GEOMETRY_TOO_COMPLEX")


@family
def broken_wkb(x: float, y: float, d: float, at: str) -> Iterator[Bad]:
    good = shapely.to_wkb(Polygon(square(x, y, d)), byte_order=1)
    yield Bad(f"WKB cut off {at}", good[:-3], "GEOMETRY_MALFORMED")
    yield Bad(f"WKB lies about its rings {at}", good[:5] + struct.pack("<I", 2**31) + good[9:], "GEOMETRY_MALFORMED")
    yield Bad(
        f"WKB lies about its points {at}", good[:9] + struct.pack("<I", 2**32 - 1) + good[13:], "GEOMETRY_MALFORMED"
    )
    yield Bad(f"WKB of an unknown type {at}", good[:1] + struct.pack("<I", 99) + good[5:], "GEOMETRY_MALFORMED")
    yield Bad(
        f"WKB of a byte order of 7 {at}", b"\x01\x06\x00\x00\x00\x01\x00\x00\x00\x07" + good[1:], "GEOMETRY_MALFORMED"
    )
    nan = bytearray(good)
    nan[13:21] = struct.pack("<d", math.nan)
    yield Bad(f"WKB with NaN {at}", bytes(nan), "COORDINATE_NOT_FINITE")
    yield Bad(f"hexadecimal cut off {at}", good.hex()[:-1], "GEOMETRY_MALFORMED")
    yield Bad(f"unclosed WKB {at}", good[:9] + struct.pack("<I", 4) + good[13:-16], steps=steps("RING_CLOSED"))


def all_bad() -> dict[str, list[Bad]]:
    """Every family at every place in every size."""
    return {
        make.__name__: [
            bad
            for position, (x, y) in enumerate(PLACES)
            for size in SIZES
            for bad in make(x, y, size, f"{size} at {position}")
        ]
        for make in FAMILIES
    }
