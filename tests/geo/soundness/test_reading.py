"""Shapes from elsewhere are read, repaired with a report, or refused with a stable code."""

import json
import math
from collections import Counter

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon

from geo.coverage.grid import snapped
from geo.coverage.measure import area_m2
from geo.crs import Crs
from geo.errors import GeoError
from geo.soundness import read_area
from geo.soundness.errors import ShapeRefused, TooLarge
from geo.soundness.limits import ReadingLimits

from .bad_shapes import Bad, all_bad, blob, polygon, square

BAD_OF = all_bad()
BAD = [bad for family in BAD_OF.values() for bad in family]


def lies_on_grid(area: MultiPolygon) -> bool:
    points = shapely.get_coordinates(area)
    return bool((points == snapped(points)).all())


def test_there_are_many_families_and_many_shapes() -> None:
    assert len(BAD_OF) >= 20
    assert len(BAD) >= 500
    assert len({bad.name for bad in BAD}) == len(BAD)


def fate(bad: Bad) -> tuple[str | None, frozenset[str], str]:
    """Code, steps, and what is unsound about the result."""
    try:
        area, report = read_area(bad.given)
    except GeoError as refused:
        return refused.code, frozenset(), ""
    unsound = []
    if not isinstance(area, MultiPolygon) or area.is_empty or not shapely.is_valid(area):
        unsound.append(shapely.is_valid_reason(area))
    if not lies_on_grid(area) or shapely.has_z(area):
        unsound.append("off the grid")
    if report.changed_m2 > bad.changed * report.area_m2 + 1.0:
        unsound.append(f"changed {report.changed_m2} of {report.area_m2}")
    if not math.isclose(report.area_m2, area_m2(area)[0]):
        unsound.append("another area than reported")
    if abs(report.area_m2 - report.given_m2) > report.changed_m2 + 0.002 * report.area_m2**0.5 * 4 + 0.01:
        unsound.append(f"{report.given_m2} given, {report.area_m2} now, changed {report.changed_m2}")
    return None, frozenset(step.code for step in report.steps), "; ".join(unsound)


@pytest.mark.parametrize("family", BAD_OF)
def test_each_bad_shape_meets_its_fate(family: str) -> None:
    assert BAD_OF[family]
    wrong = []
    for bad in BAD_OF[family]:
        met = fate(bad)
        if met != (bad.code, bad.steps if bad.code is None else frozenset(), ""):
            wrong.append((bad.name, met))
    assert not wrong, wrong[:6]


def test_some_are_repaired_and_most_codes_occur() -> None:
    codes = Counter(bad.code for bad in BAD)
    known = {kind.code for kind in _kinds(ShapeRefused) if kind.__module__ == ShapeRefused.__module__}
    known -= {"SHAPE_REFUSED", "GEOMETRY_TOO_LARGE"}
    assert codes[None] >= 200
    assert known <= set(codes)


def _kinds(kind: type[GeoError]) -> set[type[GeoError]]:
    return {kind, *(deeper for below in kind.__subclasses__() for deeper in _kinds(below))}


def test_a_sound_area_is_taken_as_it_is() -> None:
    ring = square(118.78, 32.04, 0.01)
    area, report = read_area(polygon(ring))
    assert shapely.equals_exact(shapely.normalize(area), shapely.normalize(MultiPolygon([Polygon(ring)])))
    assert not report.repaired
    assert report.changed_m2 == 0.0
    # by pyproj's Geod on the CGCS2000 ellipsoid
    assert report.area_m2 == pytest.approx(1047299.67, rel=1e-6)


def test_text_bytes_features_and_wkb_say_the_same() -> None:
    shape = polygon(blob(118.78, 32.04, 0.01))
    areas = [
        read_area(given)[0]
        for given in (
            shape,
            json.dumps(shape),
            json.dumps(shape).encode(),
            {"type": "Feature", "properties": {}, "geometry": shape},
            shapely.to_wkb(shapely.from_geojson(json.dumps(shape))),
            shapely.to_wkb(shapely.from_geojson(json.dumps(shape)), hex=True),
            bytearray(shapely.to_wkb(shapely.from_geojson(json.dumps(shape)), byte_order=0)),
        )
    ]
    assert len({area.wkb for area in areas}) == 1


def test_a_declared_system_is_converted() -> None:
    drawn = square(118.78, 32.04, 0.01)
    plain, _ = read_area(polygon(drawn))
    shifted, report = read_area(polygon(drawn), crs=Crs.GCJ02)
    assert 300 < 111_000 * plain.centroid.distance(shifted.centroid) < 700
    assert report.moved_m < 0.002


def test_too_many_bytes_are_not_even_parsed() -> None:
    with pytest.raises(TooLarge):
        read_area(" " * 3_000, limits=ReadingLimits(bytes=1_000))
    with pytest.raises(TooLarge):
        read_area(b"\x01" * 2_000, limits=ReadingLimits(bytes=1_000))


@pytest.mark.parametrize("given_", [None, 5, [], "", b"", "x", b"\x01", "01", "0103", {}, {"type": None}, object()])
def test_what_is_no_shape_at_all_is_refused(given_: object) -> None:
    with pytest.raises(ShapeRefused):
        read_area(given_)


_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["type", "coordinates", "geometries"]), inner)
    ),
    max_leaves=30,
)


@given(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["Polygon", "MultiPolygon", "GeometryCollection", "Point"]),
            "coordinates": _json,
            "geometries": _json,
        }
    )
)
def test_no_structure_raises_anything_else(shape: dict[str, object]) -> None:
    try:
        area, _ = read_area(shape)
    except GeoError:
        return
    assert shapely.is_valid(area)


@given(st.binary(max_size=200).map(lambda tail: b"\x01\x03\x00\x00\x00" + tail) | st.binary(max_size=80))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with pytest.raises(GeoError):
        read_area(data)


_place = st.tuples(st.floats(118.7, 118.71), st.floats(32.0, 32.01)).map(list)


@given(st.lists(st.lists(_place, min_size=1, max_size=12), min_size=1, max_size=4))
def test_whatever_is_drawn_is_sound_afterwards_or_refused(rings: list[list[list[float]]]) -> None:
    try:
        area, report = read_area(polygon(*rings))
    except GeoError:
        return
    assert shapely.is_valid(area)
    assert lies_on_grid(area)
    assert report.changed_m2 <= max(25.0, 0.005 * report.area_m2) + 1e-6
    again, second = read_area(area.wkb)
    assert not second.repaired
    assert again.equals(area)
