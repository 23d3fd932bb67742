"""Circles around points: how much of them lies where the centre lies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from geo.matching import AreaIndex, circles

METRE_LAT = 1 / 111_320.0
METRE_LON = METRE_LAT / np.cos(np.radians(30.0))
RADII = (50.0, 200.0, 1000.0)


def at(x: float, y: float) -> tuple[float, float]:
    """x metres east and y metres north of 120 / 30."""
    return 120.0 + x * METRE_LON, 30.0 + y * METRE_LAT


def area(west: float, south: float, east: float, north: float) -> object:
    return box(*at(west, south), *at(east, north))


@pytest.fixture(scope="module")
def index() -> AreaIndex:
    """Two neighbours that meet at x = 0, and a third that overlaps the eastern one from x = 3000 on."""
    return AreaIndex.build([area(-5000, -5000, 0, 5000), area(0, -5000, 5000, 5000), area(3000, -5000, 5000, 5000)])


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (-2500, (1, 1, 1)),  # far from any border
        (1, (0.5, 0.5, 0.5)),  # beside a border: half of each circle
        (-100, (1, 2 / 3, 0.53)),  # a circle of 200 m reaches over the line 100 m away with a third
        (2999, (0.5, 0.5, 0.5)),  # beside a stretch with two owners: where another owns as well is not the same
        (8000, (1, 1, 1)),  # nobody's land all around
        (5001, (0.5, 0.5, 0.5)),  # beside nobody's land
    ],
)
def test_the_share_of_a_circle_that_lies_where_its_centre_lies(
    index: AreaIndex, x: float, expected: tuple[float, ...]
) -> None:
    lon, lat = at(x, 0)
    assert circles(index, [lon], [lat], RADII).same[0] == pytest.approx(expected, abs=1 / 16)


def test_the_shares_of_areas_are_told_for_each_circle(index: AreaIndex) -> None:
    lon, lat = at(-100, 0)
    found = circles(index, [lon], [lat], RADII)
    assert found.point.tolist() == [0, 0]
    assert found.area.tolist() == [0, 1]
    assert found.share.sum(axis=0) == pytest.approx([1, 1, 1])
    assert found.share[1] == pytest.approx([0, 1 / 3, 0.47], abs=1 / 16)


def test_nothing_is_asked_and_nothing_is_known() -> None:
    empty = AreaIndex.build([])
    assert circles(empty, [], [], RADII).same.shape == (0, 3)
    assert circles(empty, [120.0], [30.0], RADII).same.tolist() == [[1, 1, 1]]


@given(st.lists(st.integers(-60, 60), min_size=1, max_size=12))
def test_points_asked_for_together_get_what_each_gets_alone(xs: list[int]) -> None:
    index = AreaIndex.build([area(-5000, -5000, 0, 5000), area(0, -5000, 5000, 5000), area(3000, -5000, 5000, 5000)])
    points = np.array([at(x * 100.0 + 7, 0) for x in xs])
    together = circles(index, points[:, 0], points[:, 1], RADII)
    for i, (lon, lat) in enumerate(points):
        alone = circles(index, [lon], [lat], RADII)
        mine = together.point == i
        assert np.array_equal(together.same[i], alone.same[0])
        assert together.area[mine].tolist() == alone.area.tolist()
        assert np.array_equal(together.share[mine], alone.share)
    bare = circles(index, points[:, 0], points[:, 1], RADII, shares=False)
    assert np.array_equal(bare.same, together.same)
    assert len(bare.point) == 0
