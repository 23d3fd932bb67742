"""Areas stay a coverage at every zoom, and each name is written once."""

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.tiles.areas import LEVELS, Areas
from app.tiles.grid import Tile, to_mercator


def jagged_columns(columns: int, points: int, seed: int) -> NDArray[np.object_]:
    """Columns side by side in a rectangle near 120 / 30, with jagged borders that neighbours share to the digit."""
    draws = np.random.default_rng(seed)
    y = np.linspace(30, 30.2, points)
    lines = []
    for column in range(columns + 1):
        bend = draws.normal(0, 0.003, points) if 0 < column < columns else np.zeros(points)
        bend[[0, -1]] = 0
        lines.append(np.column_stack((120 + 0.05 * column + bend, y)))
    rings = [np.vstack((left, right[::-1])) for left, right in itertools.pairwise(lines)]
    return np.array([shapely.make_valid(shapely.Polygon(ring)) for ring in rings], dtype=object)


def numbered(shapes: NDArray[np.object_]) -> list[dict[str, int]]:
    return [{"number": at} for at in range(len(shapes))]


@given(st.integers(2, 6), st.integers(0, 10_000))
def test_neighbours_keep_their_borders_when_simplified(columns: int, seed: int) -> None:
    shapes = jagged_columns(columns, 80, seed)
    areas = Areas(shapes, numbered(shapes))
    exact = areas.at_zoom(13)
    for zoom in LEVELS:
        drawn = areas.at_zoom(zoom)
        assert shapely.coverage_is_valid(drawn)
        assert shapely.get_num_coordinates(drawn).sum() <= shapely.get_num_coordinates(exact).sum()
        assert shapely.union_all(drawn).area == pytest.approx(shapely.area(drawn).sum(), rel=1e-9)


def test_simplification_leaves_out_most_of_what_cannot_be_seen() -> None:
    shapes = jagged_columns(4, 2000, 1)
    areas = Areas(shapes, numbered(shapes))
    assert (
        shapely.get_num_coordinates(areas.at_zoom(8)).sum() < shapely.get_num_coordinates(areas.at_zoom(14)).sum() / 10
    )


def test_near_by_the_areas_are_drawn_as_they_are() -> None:
    shapes = jagged_columns(3, 50, 2)
    drawn = Areas(shapes, numbered(shapes)).at_zoom(13)
    assert (drawn == shapely.transform(shapes, to_mercator)).all()


@given(st.integers(1, 6), st.integers(0, 10_000), st.integers(6, 13))
def test_each_name_is_written_in_one_tile_and_within_its_area(columns: int, seed: int, zoom: int) -> None:
    shapes = jagged_columns(columns, 40, seed)
    areas = Areas(shapes, numbered(shapes))
    west, south, east, north = shapely.total_bounds(shapely.transform(shapes, to_mercator))
    side = Tile(zoom, 0, 0).side_m
    half = side * 2**zoom / 2
    written: list[int] = []
    for x in range(int((west + half) // side), int((east + half) // side) + 1):
        for y in range(int((half - north) // side), int((half - south) // side) + 1):
            which, place, room = areas.labels(Tile(zoom, x, y))
            written += which.tolist()
            assert (room > 0).all()
            assert set(which.tolist()) <= set(areas.inside(Tile(zoom, x, y)).tolist())
            assert shapely.covers(areas.at_zoom(13)[which], shapely.points(place)).all()
    assert sorted(written) == list(range(columns))


def test_overlapping_areas_are_drawn_all_the_same() -> None:
    shapes = np.array([shapely.box(120, 30, 120.1, 30.1), shapely.box(120.05, 30.05, 120.2, 30.2)], dtype=object)
    areas = Areas(shapes, numbered(shapes), coloured=True)
    assert shapely.is_valid(areas.at_zoom(8)).all()
    assert areas.properties[0]["colour"] != areas.properties[1]["colour"]


def test_nothing_is_drawn_of_nothing() -> None:
    areas = Areas(np.empty(0, dtype=object), [], coloured=True)
    tile = Tile(0, 0, 0)
    assert len(areas.inside(tile)) == 0
    assert len(areas.labels(tile)[0]) == 0
    assert len(areas.at_zoom(6)) == 0
