"""Tools as hands really draw them: crossing themselves, through vertices, along borders, outside of everything, as thin as the grid."""

from math import inf, nan

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon

from geo import coverage
from geo.coverage.errors import (
    GapNotEnclosed,
    LandTaken,
    LineDoesNotCross,
    NoArea,
    NotConnected,
    NothingThere,
    NoTool,
    SameArea,
    TooComplex,
)

from .maps import (
    CELLS,
    EAST,
    NORTH,
    after,
    at,
    drawn,
    flaws,
    line,
    moved,
    picture,
    same,
    shape,
    square,
    squares_of,
    vertices_of,
)

FOUR = """
    C C D D
    C C D D
    A A B B
    A A B B
"""
CELL = 1e-8


def with_coordinate(value: float) -> Polygon:
    with np.errstate(invalid="ignore"):
        return Polygon([(120, 30), (value, 30), (120, 30.1)])


def test_a_lasso_that_crosses_itself_takes_every_loop() -> None:
    areas = drawn(FOUR)
    bow_tie = shape((0, 0), (4, 4), (4, 0), (0, 4))
    change = coverage.give(areas, bow_tie, None)
    assert moved(change) == {("A", None): 2, ("B", None): 2, ("C", None): 2, ("D", None): 2}
    assert flaws(after(areas, change)) == []


def test_a_lasso_drawn_twice_around_is_filled() -> None:
    areas = drawn(FOUR)
    twice = shape((1, 1), (3, 1), (3, 3), (0.5, 3), (0.5, 0.5), (3.5, 0.5), (3.5, 3.5), (1, 3.5))
    change = coverage.give(areas, twice, "A")
    assert squares_of(after(areas, change)["A"]) == 10.5
    assert flaws(after(areas, change)) == []


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(line((2, -1), (2, 5)), id="along a border all the way"),
        pytest.param(line((0, 0), (2, 0)), id="along the outer border"),
        pytest.param(line((0.5, 0.5), (1.5, 0.5)), id="inside of the area"),
        pytest.param(line((-1, 1), (1, 1)), id="in and not out"),
        pytest.param(line((-1, -1), (-1, 5)), id="outside of everything"),
        pytest.param(line((-1, 1), (1, -1)), id="through a corner without cutting anything off"),
    ],
)
def test_a_line_that_does_not_cut_is_refused(cut: LineString) -> None:
    areas = drawn(FOUR)
    with pytest.raises(LineDoesNotCross):
        coverage.split(areas, "A", cut, "N")
    with pytest.raises(LineDoesNotCross):
        coverage.reshape(areas, "A", cut)


def test_a_line_through_a_triple_point_uses_it() -> None:
    areas = drawn(FOUR)
    change = coverage.split(areas, "A", line((-1, -1), (2, 2), (5, 5)), "N")
    assert set(change.areas) == {"A", "N"}
    assert flaws(after(areas, change)) == []
    assert vertices_of(change.areas["N"]) <= {(0, 0), (2, 2), (1, 0), (0, 1), (2, 0), (0, 2), (2, 1), (1, 2)}


def test_a_line_with_loose_ends_and_loops_cuts_where_it_crosses() -> None:
    areas = drawn("A A A A")
    cut = line((1.5, 0.5), (1, 1.2), (1, -0.2), (2, 0.5), (3, -0.2), (3, 0.5))
    change = coverage.split(areas, "A", cut, "N")
    assert flaws(after(areas, change)) == []
    assert squares_of(areas["A"]) == pytest.approx(sum(map(squares_of, change.areas.values())))


def test_a_line_of_several_parts_cuts_several_times() -> None:
    areas = drawn("A A A A")
    cuts = shapely.MultiLineString([line((1, -1), (1, 2)), line((3, -1), (3, 2))])
    change = coverage.split(areas, "A", cuts, "N")
    assert picture(after(areas, change), ". . . .") == "N A A N"


def test_all_parts_that_a_line_cuts_are_cut() -> None:
    areas = drawn("A A . A A\nA A . A A")
    change = coverage.split(areas, "A", line((-1, 1.5), (6, 1.5)), "N")
    assert moved(change) == {("A", "N"): 2}
    assert len(change.areas["N"].geoms) == 2  # type: ignore[union-attr]


def test_a_tool_outside_of_everything_changes_nothing() -> None:
    areas = drawn(FOUR)
    away = square(10, 10, 11, 11)
    with pytest.raises(NothingThere):
        coverage.give(areas, away, None)
    with pytest.raises(NothingThere):
        coverage.cut_hole(areas, "A", away)
    with pytest.raises(NothingThere):
        coverage.give(areas, away, "A", ["B"])
    assert moved(coverage.draw(areas, "A", away)) == {(None, "A"): 1}


def test_a_tool_that_is_a_whole_area() -> None:
    areas = drawn(FOUR)
    assert coverage.give(areas, areas["A"], None).areas == {"A": None}
    with pytest.raises(NothingThere):
        coverage.give(areas, areas["A"], "A")
    with pytest.raises(LandTaken):
        coverage.draw(areas, "B", areas["A"])


@pytest.mark.parametrize("beside", [CELL, 3 * CELL, 50 * CELL])
def test_what_is_thinner_than_a_hand_can_mean_is_not_left_behind(beside: float) -> None:
    areas = drawn(FOUR)
    # All of A but a strip of a few cells along its west and south.
    west, south = at(0, 0)
    most = Polygon(
        [(west + beside, south + beside), (at(2, 0)[0], south + beside), at(2, 2), (west + beside, at(0, 2)[1])]
    )
    change = coverage.give(areas, most, "B")
    if beside < 50 * CELL:
        assert change.areas["A"] is None
    assert flaws(after(areas, change)) == []


def test_dust_of_the_giver_goes_along() -> None:
    areas = drawn("A A B")
    speck = 20 * CELL
    x, y = at(0, 0)
    # Everything but a speck in a corner, smaller than a hand can see.
    rest = Polygon([(x + speck, y), at(2, 0), at(2, 1), at(0, 1), (x, y + speck), (x + speck, y + speck)])
    change = coverage.give(areas, rest, "B")
    assert change.areas["A"] is None
    assert flaws(after(areas, change)) == []


def test_a_tool_that_only_grazes_a_neighbour_takes_nothing_of_it() -> None:
    areas = drawn("A A B")
    graze = Polygon([at(1, 0), (at(2, 0)[0] + 3 * CELL, at(2, 0)[1]), (at(2, 0)[0] + 3 * CELL, at(2, 1)[1]), at(1, 1)])
    change = coverage.give(areas, graze, None)
    assert set(moved(change)) == {("A", None)}
    assert flaws(after(areas, change)) == []


def test_a_hole_of_several_in_one_go_and_an_area_in_a_hole_of_a_hole() -> None:
    nested = """
        A A A A A
        A B B B A
        A B C B A
        A B B B A
        A A A A A
    """
    areas = drawn(nested)
    change = coverage.give(areas, square(1.5, 1.5, 3.5, 3.5), "A")
    result = after(areas, change)
    assert moved(change) == {("B", "A"): 3, ("C", "A"): 1}
    assert len(result["B"].geoms[0].interiors) == 1
    assert flaws(result) == []


def test_parts_that_meet_in_a_corner_stay_parts() -> None:
    areas = drawn("A B\nB A")
    assert len(areas["A"].geoms) == 2
    change = coverage.give(areas, square(0.25, 0.25, 1.75, 1.75), "A")
    assert len(after(areas, change)["A"].geoms) == 1
    assert flaws(after(areas, change)) == []
    back = coverage.move_vertex(areas, at(1, 1), at(1.2, 1.3))
    assert flaws(after(areas, back)) == []


@pytest.mark.parametrize(
    "tool",
    [
        pytest.param(Polygon(), id="empty"),
        pytest.param(MultiPolygon(), id="empty of many"),
        pytest.param(Point(120, 30), id="a point"),
        pytest.param(line((0, 0), (1, 1)), id="a line"),
        pytest.param(Polygon([(120, 30), (120, 30), (120, 30)]), id="one place three times"),
        pytest.param(Polygon([(120, 30), (120.001, 30.001), (120.002, 30.002)]), id="no area"),
        pytest.param(Polygon([(120, 30), (120 + 1e-9, 30), (120, 30 + 1e-9)]), id="smaller than a cell"),
        pytest.param(with_coordinate(nan), id="NaN"),
        pytest.param(with_coordinate(inf), id="infinite"),
    ],
)
def test_a_region_without_land_is_refused(tool: Polygon) -> None:
    areas = drawn(FOUR)
    for act in (
        lambda: coverage.give(areas, tool, "A"),
        lambda: coverage.draw(areas, "A", tool),
        lambda: coverage.cut_hole(areas, "A", tool),
        lambda: coverage.replace(areas, "A", tool),
        lambda: coverage.assign(areas, [tool], "A"),
    ):
        with pytest.raises(NoTool):
            act()


@pytest.mark.parametrize(
    "bad", [[(120, 30)], [(120, 30), (120, 30)], [(nan, 30), (120, 30)], LineString(), Point(1, 1)]
)
def test_a_line_without_length_is_refused(bad: LineString) -> None:
    for act in (coverage.reshape, lambda areas, code, cut: coverage.split(areas, code, cut, "N")):
        with pytest.raises(NoTool):
            act(drawn(FOUR), "A", bad)


def test_codes_that_are_not_there_are_refused() -> None:
    areas = drawn(FOUR)
    for act in (
        lambda: coverage.merge(areas, "A", "X"),
        lambda: coverage.merge(areas, "X", "A"),
        lambda: coverage.remove(areas, "X"),
        lambda: coverage.cut_hole(areas, "X", square(0, 0, 1, 1)),
        lambda: coverage.split(areas, "X", line((0, 0), (1, 1)), "N"),
        lambda: coverage.reshape(areas, "X", line((0, 0), (1, 1))),
        lambda: coverage.give(areas, square(0, 0, 1, 1), "A", ["X"]),
    ):
        with pytest.raises(NoArea):
            act()
    with pytest.raises(SameArea):
        coverage.merge(areas, "A", "A")
    with pytest.raises(SameArea):
        coverage.split(areas, "A", line((1, -1), (1, 3)), "A")


def test_a_part_in_no_piece_is_refused() -> None:
    with pytest.raises(NothingThere):
        coverage.split(drawn(FOUR), "A", line((1, -1), (1, 3)), "N", at(3, 3))


def test_gaps_that_are_none() -> None:
    areas = drawn("A . B\nA . B")
    with pytest.raises(NothingThere):
        coverage.fill_gap(areas, at(0.5, 0.5))
    with pytest.raises(GapNotEnclosed):
        coverage.fill_gap(areas, at(1.5, 0.5))
    with pytest.raises(NothingThere):
        coverage.fill_gap(areas, at(9, 9), None, square(0, 0, 3, 2))
    with pytest.raises(NoArea):
        coverage.fill_gap({}, at(1, 1), None, square(0, 0, 3, 2))


def test_two_combs_are_refused_in_time() -> None:
    teeth = 2000
    up = [(k, 1000 * (k % 2)) for k in range(teeth)]
    across = [(1000 * (k % 2), k) for k in range(teeth)]
    comb = Polygon([(EAST + x * 1e-6, NORTH + y * 1e-6) for x, y in [*up, (teeth, -9), (0, -9)]])
    other = Polygon([(EAST + x * 1e-6, NORTH + y * 1e-6) for x, y in [*across, (-9, teeth), (-9, 0)]])
    areas = coverage.settle({"A": comb}).areas
    with pytest.raises(TooComplex):
        coverage.give(areas, other, "B")


def test_coordinates_with_height_are_read_without_it() -> None:
    areas = drawn(FOUR)
    flat = coverage.give(areas, square(1, 1, 3, 3), "A")
    high = coverage.give(areas, shapely.force_3d(square(1, 1, 3, 3), 5.0), "A")
    assert flat == high
    assert coverage.reshape(areas, "A", [(*at(1, -1), 3.0), (*at(1, 1), 3.0), (*at(3, 1), 3.0)]).areas


def test_replace_may_overlap_and_the_others_only_get_vertices() -> None:
    areas = drawn(FOUR)
    change = coverage.replace(areas, "A", square(0, 0, 2.5, 2))
    assert set(change.areas) == {"A", "B", "D"}
    assert squares_of(change.areas["A"]) == 5
    assert squares_of(change.areas["B"]) == 4
    assert change.noded == set(change.areas) - {"A"}
    assert (2.5, 2) in vertices_of(change.areas["B"])
    # A verb on the overlap afterwards settles it.
    result = after(areas, change)
    settled = after(result, coverage.give(result, square(2, 0, 2.5, 2), "A", ["B"]))
    assert squares_of(settled["B"]) == 3
    assert flaws(settled) == []


def test_replace_reads_a_bow_tie() -> None:
    areas = drawn(FOUR)
    change = coverage.replace(areas, "N", shape((5, 0), (7, 2), (7, 0), (5, 2)))
    assert change.areas["N"] is not None
    assert change.areas["N"].is_valid
    assert squares_of(change.areas["N"]) == 2


def test_areas_that_were_never_settled_are_edited_exactly() -> None:
    areas = {
        "A": MultiPolygon([square(0, 0, 2, 2)]),
        "B": MultiPolygon([square(2, 0, 3, 1)]),
        "C": MultiPolygon([square(2, 1, 3, 2)]),
    }
    assert flaws(areas) != []
    change = coverage.give(areas, square(1.5, 0.5, 2.5, 1.5), "A")
    assert flaws(after(areas, change)) == []
    assert picture(after(areas, coverage.merge(areas, "B", "A")), ". . .\n. . .") == same("A A C\nA A A")


def test_trace() -> None:
    areas = drawn(FOUR)
    short = coverage.trace(areas, at(2, 0), at(2, 4))
    assert [round((y - NORTH) / 0.001, 6) for _, y in short.coords][:: len(short.coords) - 1] == [0, 4]
    assert all(x == at(2, 0)[0] for x, _ in short.coords)
    long = coverage.trace(areas, at(2, 0), at(2, 4), long_way=True)
    assert not set(short.coords[1:-1]) & set(long.coords[1:-1])
    assert long.length == pytest.approx(0.008)
    between = coverage.trace(areas, at(0.5, 0.02), at(2.02, 0.5))
    assert between.coords[0] == at(0.5, 0)
    assert between.coords[-1] == at(2, 0.5)
    assert between.length == pytest.approx(0.002)
    same_edge = coverage.trace(drawn("A"), at(0.25, 0), at(0.75, 0))
    assert same_edge.length == pytest.approx(0.0005)
    with pytest.raises(NotConnected):
        coverage.trace(drawn("A . B"), at(0, 0), at(3, 0))


def test_vertices_are_on_the_grid_whatever_the_tool() -> None:
    areas = drawn(FOUR)
    change = coverage.give(areas, Point(at(2.1234567, 2.7654321)).buffer(0.0012345678), "A")
    for area in change.areas.values():
        assert area is not None
        xy = shapely.get_coordinates(area)
        assert ((xy * CELLS).round() / CELLS == xy).all()
