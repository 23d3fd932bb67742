"""Sizes on the ellipsoid, held against pyproj's geodesics on densified outlines."""

import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely import LineString, MultiPolygon, Point, Polygon, box

from geo.coverage.measure import area_m2, compactness, length_m, vertices

GEOD = Geod(a=6378137.0, rf=298.257222101)


@pytest.mark.parametrize(
    "area",
    [
        pytest.param(box(120, 30, 120.01, 30.01), id="a square of a kilometre"),
        pytest.param(Polygon([(120, 30), (120.3, 30.05), (120.2, 30.4)]), id="a triangle of 30 km"),
        pytest.param(Point(87.6, 43.8).buffer(0.05) - Point(87.61, 43.8).buffer(0.01), id="a ring in Ürümqi"),
        pytest.param(MultiPolygon([box(110, 20, 110.1, 20.1), box(111, 20, 111.2, 20.1)]), id="two parts"),
        pytest.param(box(120, 30, 120.00001, 30.00001), id="a square of a metre"),
    ],
)
def test_area_and_outline_agree_with_geodesics(area: Polygon) -> None:
    # Edges straight in degrees: a geodesic between near points on them is as good as the same.
    dense = shapely.orient_polygons(shapely.segmentize(area, 0.001))
    expected = GEOD.geometry_area_perimeter(dense)[0]
    assert area_m2(area)[0] == pytest.approx(expected, rel=1e-7)
    outline = sum(
        GEOD.geometry_length(LineString(ring.coords))
        for part in shapely.get_parts(area)
        for ring in (part.exterior, *part.interiors)
    )
    assert length_m(area)[0] == pytest.approx(outline, rel=1e-12)


def test_a_belt_of_the_ellipsoid() -> None:
    whole = area_m2(box(0, -90, 360, 90))[0]
    # GB 22021-2008: the surface of the CGCS2000 ellipsoid is 510,065,621.7 km².
    assert whole == pytest.approx(510_065_621.7e6, rel=0.2)
    belts = sum(area_m2([box(0, south, 360, south + 1) for south in range(-90, 90)]))
    assert belts == pytest.approx(510_065_621.7e6, rel=1e-7)


def test_many_at_once_and_in_order() -> None:
    areas = [box(120, 30, 120.01, 30.01), Polygon(), MultiPolygon([box(120, 30, 120.02, 30.01)]), Point(1, 1)]
    found = area_m2(areas)
    assert found.shape == (4,)
    assert found[1] == found[3] == 0
    assert found[2] == pytest.approx(2 * found[0], rel=1e-9)
    assert area_m2([]).shape == (0,)
    assert length_m([]).shape == (0,)


def test_turning_a_ring_around_changes_nothing() -> None:
    ring = Polygon([(120, 30), (120.1, 30), (120.05, 30.2)])
    assert area_m2(ring) == area_m2(ring.reverse())


def test_compactness() -> None:
    around = np.linspace(0, 2 * np.pi, 200)
    circle = Polygon(
        np.column_stack([120 + 0.01 * np.cos(around) / np.cos(np.radians(30)), 30 + 0.01 * np.sin(around)])
    )
    strip = box(120, 30, 120.1, 30.001)
    round_one, thin, nothing = compactness([circle, strip, Polygon()])
    assert round_one == pytest.approx(1, abs=0.01)
    assert thin < 0.05
    assert nothing == 0


def test_vertices_are_counted_once() -> None:
    holed = box(0, 0, 4, 4) - box(1, 1, 2, 2)
    assert vertices([box(0, 0, 1, 1), holed, MultiPolygon([holed, box(9, 9, 10, 10)]), Polygon()]).tolist() == [
        4,
        8,
        12,
        0,
    ]


def test_lines_and_points() -> None:
    line = LineString([(120, 30), (120.01, 30)])
    assert length_m([line, Point(1, 1)])[0] == pytest.approx(GEOD.geometry_length(line))
    assert length_m([line, Point(1, 1)])[1] == 0
