"""Any verbs one after the other on any coverage: borders stay shared, no land is lost, and others' areas are not touched.

Coordinates are drawn from the corners, the middles and just beside the corners of squares, so that tools meet vertices and borders exactly.
"""

from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Polygon, box

from app.bench.coverage.running import sequence
from geo import coverage
from geo.coverage import Change, CoverageError
from geo.coverage.errors import NotExact, NothingThere

from .maps import CELLS, SQUARE, Areas, after, at, doubled, drawn, flaws, picture

SIDE = 4
CODES = "ABCD"

drawings = st.lists(
    st.lists(st.sampled_from([*CODES, "."]), min_size=SIDE, max_size=SIDE).map(" ".join), min_size=SIDE, max_size=SIDE
).map("\n".join)
offsets = st.one_of(
    st.sampled_from([0.0, 0.25, 0.5, 1 / 3]), st.integers(-3, 3).map(lambda cells: cells / CELLS / SQUARE)
)
numbers = st.tuples(st.integers(-1, SIDE + 1), offsets).map(sum)
places = st.tuples(numbers, numbers).map(lambda place: at(*place))
takers = st.sampled_from([*CODES, "N", None])
codes = st.sampled_from([*CODES, "N"])
lines = st.lists(places, min_size=2, max_size=5, unique=True).map(LineString)
lassos = st.lists(places, min_size=3, max_size=7, unique=True).map(Polygon)


def verb(name: str, *arguments: st.SearchStrategy[Any], **named: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(st.just(name), st.tuples(*arguments), st.fixed_dictionaries(named))


verbs = st.one_of(
    verb("give", lassos, takers),
    verb("give", lassos, takers, sources=st.sets(codes, min_size=1)),
    verb("draw", codes, lassos, take=st.booleans()),
    verb("assign", st.lists(lassos, min_size=1, max_size=3), takers),
    verb("cut_hole", codes, lassos),
    verb("merge", codes, codes),
    verb("remove", codes),
    verb("split", codes, lines, codes),
    verb("split", codes, lines, codes, part=places),
    verb("reshape", codes, lines),
    verb("move_vertex", places, places),
    verb("insert_vertex", places, places),
    verb("delete_vertex", places),
    verb("fill_gap", places),
    verb("fill_gap", places, to=codes, limit=st.just(box(*at(0, 0), *at(SIDE, SIDE)))),
)

often = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@often
@given(drawings, st.lists(verbs, min_size=1, max_size=6))
def test_any_sequence_leaves_a_sound_coverage(drawing: str, sequence: list[Any]) -> None:
    areas: Areas = drawn(drawing)
    for name, arguments, named in sequence:
        try:
            change: Change = getattr(coverage, name)(areas, *arguments, **named)
        except NotExact:
            raise
        except CoverageError:
            continue
        result = after(areas, change)
        assert flaws(result) == []
        check_pieces(areas, result, change)
        areas = result


def check_pieces(before: Areas, result: Areas, change: Change) -> None:
    """Each code has what it had, less what it gave, plus what it took, but for half a cell along its border."""
    for code in {*before, *result}:
        was, now = before.get(code, MultiPolygon()), result.get(code, MultiPolygon())
        won = sum(doubled(piece.area) for piece in change.pieces if piece.to_code == code)
        lost = sum(doubled(piece.area) for piece in change.pieces if piece.from_code == code)
        slack = 2 * CELLS * (was.length + now.length + sum(piece.area.length for piece in change.pieces)) + 8
        assert abs(doubled(now) - doubled(was) - won + lost) <= slack
        if code not in change.areas:
            assert result[code] is before[code]


@often
@given(drawings, lassos, codes, takers)
def test_given_and_given_back_the_land_is_the_same(drawing: str, lasso: Polygon, giver: str, taker: str | None) -> None:
    areas = drawn(drawing)
    try:
        change = coverage.give(areas, lasso, taker, [giver])
    except CoverageError:
        return
    there = after(areas, change)
    (piece,) = change.pieces
    # The pieces are on the grid with all their vertices: given back, nothing is rounded again.
    back = after(there, coverage.transfer(there, piece.area, giver, {taker}))
    assert flaws(back) == []
    for code in {*areas, *back}:
        was, now = areas.get(code, MultiPolygon()), back.get(code, MultiPolygon())
        apart = shapely.symmetric_difference(was, now)
        assert apart.area <= (was.length + lasso.length) / CELLS


@often
@given(drawings, st.data())
def test_a_vertex_moved_and_moved_back_is_where_it_was(drawing: str, data: st.DataObject) -> None:
    areas = drawn(drawing)
    corners = sorted({tuple(xy) for area in areas.values() for xy in shapely.get_coordinates(area).tolist()})
    if not corners:
        return
    corner = data.draw(st.sampled_from(corners))
    x, y = data.draw(st.tuples(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4)))
    to = (round(corner[0] + x * SQUARE, 8), round(corner[1] + y * SQUARE, 8))
    there = after(areas, coverage.move_vertex(areas, corner, to))
    assert flaws(there) == []
    back = after(there, coverage.move_vertex(there, to, corner))
    assert all(back[code].equals(areas[code]) for code in areas)


@pytest.mark.parametrize("seed", range(12))
def test_random_sequences_as_the_benchmark_draws_them(seed: int) -> None:
    found = sequence(seed, verbs=8)
    assert found["worst"].clean
    assert sum(found["done"].values()) > 0


@often
@given(drawings, drawings, st.sets(st.sampled_from(CODES), min_size=1))
def test_what_is_claimed_is_had_and_nobody_else_loses(now: str, wanted: str, claiming: set[str]) -> None:
    """Square by square: those who claim have what they want of their own land and of nobody's, and leave what none of them wants."""
    areas, shapes = drawn(now), drawn(wanted)
    owners, wishes = ([name for row in drawing.splitlines() for name in row.split()] for drawing in (now, wanted))
    open_to_them = {*claiming, "."}
    expected = [
        (wish if wish in claiming else ".") if owner in open_to_them else owner
        for owner, wish in zip(owners, wishes, strict=True)
    ]
    try:
        result = after(areas, coverage.claim(areas, {code: shapes.get(code) for code in claiming}))
    except NothingThere:
        result = areas
    assert flaws(result) == []
    assert picture(result, now).split() == expected
