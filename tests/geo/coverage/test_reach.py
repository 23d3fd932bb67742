"""Which areas a verb is given: those that it may touch, loaded by their envelopes, and what rounding bends beyond them."""

import pytest
import shapely
from shapely import MultiPolygon, Point, box

from geo import coverage
from geo.coverage import Envelope
from geo.coverage.errors import GapNotEnclosed, NoTool
from geo.coverage.grid import GRID_DEG

from .maps import Areas, after, at, drawn, flaws, line, moved, square


class Store:
    """Finds areas by their envelopes, and remembers which it gave out."""

    def __init__(self, areas: Areas) -> None:
        self.areas, self.given = areas, set[str]()

    def __call__(self, around: Envelope) -> Areas:
        found = {code: area for code, area in self.areas.items() if box(*area.bounds).intersects(box(*around))}
        self.given |= set(found)
        return found


ROW = "A B C D E F G H"


def test_reach_is_the_envelope_of_all_tools() -> None:
    west, south, east, north = coverage.reach(line((0, 0), (1, 2)), at(3, 1), square(0, -1, 1, 0))
    assert (west, south) < at(0, -1)
    assert (east, north) > at(3, 2)
    assert coverage.reach([at(0, 0), at(3, 1)], margin=0.0) == (*at(0, 0), *at(3, 1))


@pytest.mark.parametrize("tools", [(), (Point(),), (MultiPolygon(),), ((float("nan"), 30.0),)])
def test_no_reach_without_a_place(tools: tuple[Point, ...]) -> None:
    with pytest.raises(NoTool):
        coverage.reach(*tools)


def test_only_the_neighbourhood_is_loaded() -> None:
    store = Store(drawn(ROW))
    lasso = square(1.5, 0.2, 2.5, 0.8)
    change = coverage.perform(store, coverage.reach(lasso), {}, lambda areas: coverage.give(areas, lasso, "B"))
    assert moved(change) == {("C", "B"): 0.3}
    assert store.given <= {"A", "B", "C", "D"}
    assert flaws(after(store.areas, change)) == []


def test_areas_that_the_verb_names_come_along_wherever_they_are() -> None:
    store = Store(drawn(ROW))
    lasso = square(1.5, 0.2, 1.8, 0.8)
    named = {"H": store.areas["H"]}
    change = coverage.perform(store, coverage.reach(lasso), named, lambda areas: coverage.give(areas, lasso, "H"))
    assert change.areas["H"] is not None
    assert len(change.areas["H"].geoms) == 2


def test_an_edge_that_bends_far_from_the_tool_bends_in_both_areas() -> None:
    # One edge of ten kilometres; the tool's line meets it at one end, and the rounded crossing bends all of it. Near the other end
    # a third area touches the edge with a corner that the bent edge runs into.
    cell = GRID_DEG
    long = 10_000_000
    x, y = 120.0, 30.0
    upper = shapely.Polygon([(x, y), (x + long * cell, y + 3 * cell), (x + long * cell, y + 0.1), (x, y + 0.1)])
    lower = shapely.Polygon([(x, y), (x + long * cell, y + 3 * cell), (x + long * cell, y - 0.1), (x, y - 0.1)])
    areas = dict(coverage.settle({"U": upper, "L": lower}).areas)
    store = Store(areas)
    lasso = box(x + 0.0123456, y - 0.001, x + 0.0133333, y + 0.001)
    change = coverage.perform(store, coverage.reach(lasso), {}, lambda found: coverage.give(found, lasso, "N"))
    assert flaws(after(areas, change)) == []
    assert change.around is not None


def test_a_gap_is_found_though_its_rim_is_far() -> None:
    rim = "\n".join(["A A A A A A A A", *["B . . . . . . C"] * 6, "D D D D D D D D"])
    store = Store(drawn(rim))
    found, areas = coverage.gap_around(store, at(4, 4), start=0.0005)
    assert set(areas) == {"A", "B", "C", "D"}
    change = coverage.fill_gap(areas, at(4, 4))
    assert moved(change) == {(None, change.pieces[0].to_code): 36}
    assert found == change.pieces[0].area


def test_an_area_inside_of_the_gap_is_not_overlooked() -> None:
    store = Store(
        drawn(
            "\n".join(
                ["A A A A A A A", *["A . . . . . A"] * 2, "A . . . . X A", *["A . . . . . A"] * 2, "A A A A A A A"]
            )
        )
    )
    found, areas = coverage.gap_around(store, at(1.5, 1.5), start=0.0002)
    assert set(areas) == {"A", "X"}
    assert not found.covers(Point(at(5.5, 3.5)))


def test_no_end_of_looking_for_a_rim() -> None:
    with pytest.raises(GapNotEnclosed):
        coverage.gap_around(Store(drawn(ROW)), at(3, 5))
