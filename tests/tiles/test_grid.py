"""The grid against PROJ, and what is not on it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from app.tiles.errors import TileOutsideGrid
from app.tiles.grid import Tile, to_degrees, to_mercator

PROJ = Transformer.from_crs(4326, 3857, always_xy=True)


@given(st.floats(-180, 180), st.floats(-84.9, 84.9))
def test_mercator_is_projs(lon: float, lat: float) -> None:
    ours = to_mercator(np.array([[lon, lat]]))[0]
    assert ours == pytest.approx(PROJ.transform(lon, lat), abs=1e-5)


@pytest.mark.parametrize(
    ("z", "x", "y"), [(-1, 0, 0), (23, 0, 0), (0, 1, 0), (0, 0, 1), (3, 8, 0), (3, 0, 8), (3, -1, 0), (3, 0, -1)]
)
def test_squares_that_do_not_exist_are_refused(z: int, x: int, y: int) -> None:
    with pytest.raises(TileOutsideGrid):
        Tile(z, x, y)


@given(st.integers(0, 22).flatmap(lambda z: st.tuples(st.just(z), *[st.integers(0, 2**z - 1)] * 2)))
def test_four_children_fill_their_parent(square: tuple[int, int, int]) -> None:
    z, x, y = square
    west, south, east, north = Tile(z, x, y).bounds_m()
    assert (east - west, north - south) == pytest.approx((Tile(z, x, y).side_m,) * 2, rel=1e-6)
    if z < 22:
        first, last = Tile(z + 1, 2 * x, 2 * y).bounds_m(), Tile(z + 1, 2 * x + 1, 2 * y + 1).bounds_m()
        assert (first[0], last[1], last[2], first[3]) == pytest.approx((west, south, east, north), abs=1e-6)


def test_degrees_are_where_the_metres_came_from() -> None:
    lonlat = np.array([[118.8, 32.0], [-179.9, -84.9], [0.0, 0.0]])
    np.testing.assert_allclose(to_degrees(to_mercator(lonlat)), lonlat, atol=1e-12)
