"""Moving, inserting and deleting a vertex: in all areas that have it, and refused where borders would cross."""

import pytest
from shapely import MultiPolygon

from geo import coverage
from geo.coverage.errors import (
    AreaVanishes,
    MoveCrossesBorder,
    NoBorderThere,
    NoSuchVertex,
    NothingThere,
    VertexIsJunction,
)

from .maps import after, at, drawn, flaws, moved, square, squares_of, vertices_of

FOUR = """
    C C D D
    C C D D
    A A B B
    A A B B
"""
GAP = """
    A . B
    A . B
"""


def test_a_corner_of_four_moves_in_all_four() -> None:
    areas = drawn(FOUR)
    change = coverage.move_vertex(areas, at(2, 2), at(2.5, 2.5))
    assert set(change.areas) == {"A", "B", "C", "D"}
    assert all((2.5, 2.5) in vertices_of(area) and (2, 2) not in vertices_of(area) for area in change.areas.values())
    result = after(areas, change)
    assert flaws(result) == []
    assert {code: squares_of(area) for code, area in result.items()} == {"A": 4.5, "B": 4, "C": 4, "D": 3.5}
    hands = moved(change)
    for code, area in result.items():
        won = sum(size for (_, taker), size in hands.items() if taker == code)
        lost = sum(size for (giver, _), size in hands.items() if giver == code)
        assert won - lost == pytest.approx(squares_of(area) - 4, abs=1e-4)


def test_moved_back_the_areas_are_what_they_were() -> None:
    areas = drawn(FOUR)
    there = after(areas, coverage.move_vertex(areas, at(2, 2), at(2.3, 1.7)))
    back = after(there, coverage.move_vertex(there, at(2.3, 1.7), at(2, 2)))
    assert back == {code: coverage.settle({code: area}).areas[code] for code, area in back.items()}
    assert all(back[code].equals(areas[code]) for code in areas)
    assert {code: vertices_of(area) for code, area in back.items()} == {c: vertices_of(a) for c, a in areas.items()}


def test_the_outer_border_moves_into_nobodys_land() -> None:
    areas = drawn(GAP)
    change = coverage.move_vertex(areas, at(1, 1), at(1.5, 1))
    assert moved(change) == {(None, "A"): 0.5}
    assert flaws(after(areas, change)) == []


def test_moved_onto_a_neighbours_border_both_have_the_vertex() -> None:
    areas = drawn(GAP)
    areas["B"] = drawn(". . B B\n. . B B")["B"]
    change = coverage.move_vertex(areas, at(1, 1), at(2, 0.6))
    assert set(change.areas) == {"A", "B"}
    assert change.noded == {"B"}
    assert (2, 0.6) in vertices_of(change.areas["B"])
    assert flaws(after(areas, change)) == []


def test_moved_onto_a_neighbours_vertex_the_gap_closes_there() -> None:
    areas = drawn(GAP)
    result = after(areas, coverage.move_vertex(areas, at(1, 1), at(2, 1)))
    assert set(result) == {"A", "B"}
    assert squares_of(result["A"]) == 3
    assert flaws(result) == []


@pytest.mark.parametrize(
    ("drawing", "vertex", "to"),
    [
        pytest.param(GAP, (1, 1), (2.5, 1), id="into a neighbour that does not have the vertex"),
        pytest.param(GAP, (1, 1), (3.5, 1), id="beyond a neighbour"),
        pytest.param(FOUR, (2, 2), (4.5, 2.2), id="out of the coverage"),
        pytest.param("A A A\nA . A\nA A A", (0, 0), (2.5, 2.5), id="over a hole"),
        pytest.param("A A A\nA B A\nA A A", (1, 1), (3.5, 3.5), id="a hole's corner out of the area"),
        pytest.param(
            ". . . .\nA . . .\nA . B .\nA . . .\n. . . .",
            (1, 2),
            (5, 2.5),
            id="an island inside of what would be swept",
        ),
    ],
)
def test_borders_never_cross(drawing: str, vertex: tuple[float, float], to: tuple[float, float]) -> None:
    areas = drawn(drawing)
    with pytest.raises(MoveCrossesBorder):
        coverage.move_vertex(areas, at(*vertex), at(*to))


def test_an_area_of_three_corners_cannot_be_folded_away() -> None:
    areas = coverage.settle({"A": drawn("A")["A"], "B": drawn(". B")["B"]}).areas
    triangle = after(areas, coverage.delete_vertex(areas, at(0, 0)))
    with pytest.raises(AreaVanishes):
        coverage.delete_vertex(triangle, at(0, 1))
    with pytest.raises(AreaVanishes):
        coverage.move_vertex(triangle, at(0, 1), at(1, 1))


def test_a_vertex_is_inserted_on_both_sides() -> None:
    areas = drawn(FOUR)
    change = coverage.insert_vertex(areas, at(2.01, 0.5), at(2.5, 0.5))
    assert set(change.areas) == {"A", "B"}
    assert all((2.5, 0.5) in vertices_of(area) for area in change.areas.values())
    assert moved(change) == {("B", "A"): 0.25}
    assert flaws(after(areas, change)) == []


def test_without_a_target_a_vertex_is_inserted_on_the_border_itself() -> None:
    areas = drawn(FOUR)
    change = coverage.insert_vertex(areas, at(2.01, 0.5))
    assert change.pieces == ()
    assert change.noded == {"A", "B"}
    assert all((2, 0.5) in vertices_of(area) for area in change.areas.values())


def test_an_inserted_vertex_deleted_again_leaves_what_was_there() -> None:
    areas = drawn(FOUR)
    more = after(areas, coverage.insert_vertex(areas, at(2.01, 0.5), at(2.5, 0.5)))
    less = after(more, coverage.delete_vertex(more, at(2.5, 0.5)))
    assert all(less[code].equals(areas[code]) for code in areas)
    assert flaws(less) == []


def test_a_vertex_is_deleted_on_both_sides() -> None:
    areas = drawn("A A B\nA B B\nA A B")
    change = coverage.delete_vertex(areas, at(1, 2))
    assert set(change.areas) == {"A", "B"}
    assert moved(change) == {("B", "A"): 0.5}
    assert flaws(after(areas, change)) == []


def test_what_a_hand_cannot_mean_is_refused() -> None:
    areas = drawn(FOUR)
    with pytest.raises(NoSuchVertex):
        coverage.move_vertex(areas, at(0.5, 0.5), at(1, 1))
    with pytest.raises(NoSuchVertex):
        coverage.delete_vertex({}, at(0.5, 0.5))
    with pytest.raises(VertexIsJunction):
        coverage.delete_vertex(areas, at(2, 2))
    with pytest.raises(NoBorderThere):
        coverage.insert_vertex(areas, at(1.5, 1.4), within=0.0001)
    with pytest.raises(NoBorderThere):
        coverage.insert_vertex({}, at(1.5, 1.4))
    with pytest.raises(NothingThere):
        coverage.insert_vertex(areas, at(2, 2))


def test_a_vertex_moved_to_where_it_is_changes_nothing() -> None:
    areas = drawn(FOUR)
    assert not coverage.move_vertex(areas, at(2, 2), at(2, 2))


def test_a_neighbour_without_the_vertex_follows_it() -> None:
    # As files have them: B and C meet on A's edge, where A has no vertex.
    areas = {
        "A": MultiPolygon([square(0, 0, 2, 2)]),
        "B": MultiPolygon([square(2, 0, 3, 1)]),
        "C": MultiPolygon([square(2, 1, 3, 2)]),
    }
    there = coverage.move_vertex(areas, at(2, 1), at(1.5, 1))
    assert moved(there) == {("A", "B"): 0.25, ("A", "C"): 0.25}
    assert flaws(after(areas, there)) == []
    between = coverage.insert_vertex(areas, at(2.01, 0.5), at(2.2, 0.5))
    assert moved(between) == {("B", "A"): 0.1}
    assert flaws(after(areas, between)) == []
    with pytest.raises(VertexIsJunction):
        coverage.delete_vertex(areas, at(2, 1))
