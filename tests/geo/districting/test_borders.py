"""Who borders on whom, for how long, and over which borders no district may reach."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely import LineString, Polygon, box
from shapely.geometry.base import BaseGeometry

from geo.districting import NOBODY
from geo.districting.borders import borders

WEST, SOUTH, SIDE = 118.8, 32.0, 0.01
METRE = 1 / 111_320


def cell(column: float, row: float, *, wide: float = 1.0) -> Polygon:
    """A block of a hundredth of a degree."""
    return box(WEST + column * SIDE, SOUTH + row * SIDE, WEST + (column + wide) * SIDE, SOUTH + (row + 1) * SIDE)


FOUR = [cell(0, 0), cell(1, 0), cell(0, 1), cell(1, 1)]


def line(*points: tuple[float, float]) -> LineString:
    return LineString([(WEST + x * SIDE, SOUTH + y * SIDE) for x, y in points])


def barred(bars: list[BaseGeometry]) -> set[tuple[int, int]]:
    laid = borders(FOUR, bars=bars)
    return {(int(a), int(b)) for (a, b), shut in zip(laid.edges, laid.barred, strict=True) if shut}


def test_neighbours_share_a_side_and_not_a_corner() -> None:
    laid = borders(FOUR)
    assert laid.edges.tolist() == [[0, 1], [0, 2], [1, 3], [2, 3]]
    east, north = SIDE * 111_320 * np.cos(np.radians(SOUTH + SIDE)), SIDE * 111_320
    assert laid.lengths.tolist() == pytest.approx([north * 10, east * 10, east * 10, north * 10], rel=0.01)
    assert laid.areas[0] == pytest.approx(east * north * 100, rel=0.01)
    assert laid.perimeters[0] == pytest.approx(2 * (east + north) * 10, rel=0.01)
    assert not laid.barred.any()


@pytest.mark.parametrize("metres", [-1.5, 1.5])
def test_files_that_do_not_meet_to_the_metre_meet(metres: float) -> None:
    moved = shapely.transform(cell(1, 0), lambda xy: np.column_stack([xy[:, 0] + metres * METRE, xy[:, 1]]))
    assert borders([cell(0, 0), moved]).edges.tolist() == [[0, 1]]


def test_ten_metres_apart_is_no_border() -> None:
    moved = shapely.transform(cell(1, 0), lambda xy: np.column_stack([xy[:, 0] + 10 * METRE, xy[:, 1]]))
    assert borders([cell(0, 0), moved]).edges.tolist() == []


def test_a_river_along_a_border_shuts_it() -> None:
    assert barred([line((1.002, -0.5), (1.002, 2.5))]) == {(0, 1), (2, 3)}


def test_a_river_through_the_land_shuts_what_lies_on_either_side() -> None:
    # Between the insides of 0 and 1 and of 2 and 3, half a kilometre east of their border.
    assert barred([line((1.4, -0.5), (1.4, 2.5))]) == {(0, 1), (2, 3)}


def test_a_river_that_bends_back_shuts_nothing() -> None:
    assert barred([line((1.3, 2.5), (1.3, 1.45), (1.4, 1.45), (1.4, 2.5))]) == set()


def test_a_river_as_wide_water_shuts_what_lies_on_either_side() -> None:
    water = box(WEST + 0.9 * SIDE, SOUTH - SIDE, WEST + 1.1 * SIDE, SOUTH + 3 * SIDE)
    assert barred([water]) == {(0, 1), (2, 3)}


def test_a_river_that_ends_shuts_no_more_than_it_reaches() -> None:
    assert barred([line((1.0, -0.5), (1.0, 0.9))]) == {(0, 1)}


def test_an_island_is_joined_to_the_nearest() -> None:
    cells = [cell(0, 0), cell(1, 0), cell(3, 0)]
    laid = borders(cells, present=np.array([0, 1, NOBODY], np.int32))
    assert laid.edges.tolist() == [[0, 1], [1, 2]]
    assert laid.lengths.tolist()[1] == 0


def test_what_is_one_districts_on_both_sides_of_a_gap_is_joined() -> None:
    cells = [cell(0, 0), cell(1, 0), cell(3, 0), cell(4, 0)]
    laid = borders(cells, present=np.array([0, 1, 2, 0], np.int32))
    assert [0, 3] in laid.edges.tolist()
    apart = borders(cells, present=np.array([0, 0, 1, 1], np.int32))
    assert apart.edges.tolist() == [[0, 1], [2, 3]]


def test_no_joint_leads_over_a_bar() -> None:
    cells = [cell(0, 0), cell(2, 0)]
    river = line((1.5, -1), (1.5, 2))
    laid = borders(cells, present=np.array([0, NOBODY], np.int32), bars=[river])
    assert (laid.edges.tolist(), laid.barred.tolist()) == ([[0, 1]], [True])
