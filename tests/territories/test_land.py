"""The land that changes hands, and how even loads are: against overlays cell by cell, and figures by hand."""

from __future__ import annotations

from time import monotonic

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from app.territories.consequences.balance import balance
from app.territories.consequences.measure import Change
from app.territories.consequences.pieces import land_of
from geo.coverage.measure import area_m2

SIDE = 0.01
CODES = ("A", "B", "C", "D")


def cell(column: int, row: int) -> BaseGeometry:
    return box(118 + column * SIDE, 32 + row * SIDE, 118 + (column + 1) * SIDE, 32 + (row + 1) * SIDE)


def plot(column: int, row: int) -> BaseGeometry:
    """A cell of a grid whose columns and rows are all of different widths."""
    west, south = 118 + SIDE * (1.17**column - 1) / 0.17, 32 + SIDE * (1.29**row - 1) / 0.29
    return box(west, south, 118 + SIDE * (1.17 ** (column + 1) - 1) / 0.17, 32 + SIDE * (1.29 ** (row + 1) - 1) / 0.29)


def areas(owner: np.ndarray) -> dict[str, BaseGeometry]:
    found = {}
    for number, code in enumerate(CODES):
        cells = [cell(*at) for at in np.argwhere(owner == number).tolist()]
        if cells:
            found[code] = shapely.union_all(cells)
    return found


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_pieces_are_those_of_the_cells(seed: int) -> None:
    rng = np.random.default_rng(seed)
    owner = rng.integers(-1, len(CODES), (4, 4))
    later = np.where(rng.random((4, 4)) < 0.4, rng.integers(-1, len(CODES), (4, 4)), owner)
    before, after = areas(owner), areas(later)
    changing = [code for code in CODES if before.get(code) != after.get(code)]
    around = {code: area for code, area in before.items() if code not in changing}
    land = land_of([Change(code, before.get(code), after.get(code)) for code in changing], around)
    expected: dict[tuple[str | None, str | None], float] = {}
    names = {-1: None, **dict(enumerate(CODES))}
    for column, row in np.argwhere(owner != later).tolist():
        pair = (names[int(owner[column, row])], names[int(later[column, row])])
        expected[pair] = expected.get(pair, 0.0) + float(area_m2(cell(column, row))[0])
    assert land.pieces is not None
    assert land.gained_m2 is not None
    assert land.lost_m2 is not None
    found = {(piece.from_team_code, piece.to_team_code): piece.area_m2 for piece in land.pieces}
    assert found == {pair: pytest.approx(size, rel=1e-6) for pair, size in expected.items()}
    for code in changing:
        assert land.lost_m2[code] == pytest.approx(
            sum(size for (old, _), size in expected.items() if old == code), abs=1
        )
        assert land.gained_m2[code] == pytest.approx(
            sum(size for (_, new), size in expected.items() if new == code), abs=1
        )


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_what_a_team_keeps_is_no_piece_however_many_share_it(seed: int) -> None:
    """Each team has cells of its own choice, before and after, so that several share some and nobody has others. No two cells are of one size."""
    rng = np.random.default_rng(seed)
    has = rng.random((2, len(CODES), 3, 3)) < 0.45
    has[1] = np.where(rng.random((len(CODES), 1, 1)) < 0.5, has[0] ^ (rng.random((len(CODES), 3, 3)) < 0.1), has[1])
    shapes = [
        [
            shapely.union_all([plot(*at) for at in np.argwhere(cells).tolist()]) if cells.any() else None
            for cells in when
        ]
        for when in has
    ]
    land = land_of([Change(code, *pair) for code, *pair in zip(CODES, *shapes, strict=True)], {})
    size = {at: float(area_m2(plot(*at))[0]) for at in np.ndindex(3, 3)}
    expected: dict[tuple[str | None, str | None], float] = {}
    for (column, row), square_metres in size.items():
        old, new = (has[when, :, column, row] for when in (0, 1))
        losing = [CODES[team] for team in np.flatnonzero(old & ~new)]
        gaining = [CODES[team] for team in np.flatnonzero(new & ~old)]
        owners = [CODES[team] for team in np.flatnonzero(new)]
        pairs = [(giver, taker) for giver in losing for taker in owners]
        pairs += [(giver, None) for giver in losing if not owners]
        pairs += [(None, taker) for taker in gaining if not old.any()]
        for pair in pairs:
            expected[pair] = expected.get(pair, 0.0) + square_metres
    assert land.pieces is not None
    assert land.lost_m2 is not None
    assert land.gained_m2 is not None
    found = {(piece.from_team_code, piece.to_team_code): piece.area_m2 for piece in land.pieces}
    assert found == {pair: pytest.approx(square_metres, rel=1e-6) for pair, square_metres in expected.items()}
    for number, code in enumerate(CODES):
        old, new = has[0, number], has[1, number]
        for told, cells in ((land.lost_m2, old & ~new), (land.gained_m2, new & ~old)):
            assert told[code] == pytest.approx(sum(size[at] for at in zip(*np.nonzero(cells), strict=True)), abs=0.01)


def test_land_that_a_neighbour_has_already_is_its_and_not_nobodys() -> None:
    wide, left, right = box(118, 32, 118.02, 32.01), cell(0, 0), cell(1, 0)
    land = land_of([Change("A", wide, left)], {"B": right})
    assert land.pieces is not None
    assert [(piece.from_team_code, piece.to_team_code) for piece in land.pieces] == [("A", "B")]
    back = land_of([Change("A", left, wide)], {"B": right})
    assert back.pieces == ()


def comb(teeth: int, *, upright: bool) -> Polygon:
    """A valid polygon of 2 · teeth thin teeth."""
    points = []
    for tooth in range(teeth):
        x = tooth / teeth
        points += [(x, 0.001), (x, 1.0), (x + 0.3 / teeth, 1.0), (x + 0.3 / teeth, 0.001)]
    points += [(1.0, 0.001), (1.0, 0.0), (0.0, 0.0)]
    xy = np.array(points) if upright else np.array(points)[:, ::-1]
    return Polygon(xy * 0.1 + [118, 32])


def test_two_combs_are_told_without_their_pieces_and_at_once() -> None:
    one, two = comb(700, upright=True), comb(700, upright=False)
    assert one.is_valid
    assert two.is_valid
    since = monotonic()
    land = land_of([Change("A", one, two)], {})
    assert monotonic() - since < 5
    assert (land.pieces, land.gained_m2, land.lost_m2) == (None, None, None)
    assert land.before_m2["A"] > 0
    beside = land_of([Change("A", one, None)], {"B": two})
    assert beside.pieces is None
    assert monotonic() - since < 10


def test_nothing_and_empty_areas_have_no_land() -> None:
    assert land_of([], {}).pieces == ()
    land = land_of([Change("A", None, MultiPolygon())], {})
    assert (land.pieces, land.before_m2["A"], land.after_m2["A"]) == ((), 0.0, 0.0)


@pytest.mark.parametrize(
    ("loads", "gini", "ratio"),
    [
        ([], 0.0, None),
        ([5], 0.0, 1.0),
        ([7, 7, 7], 0.0, 1.0),
        ([0, 0], 0.0, None),
        ([0, 10], 0.5, None),
        ([1, 3], 0.25, 3.0),
        ([120, 50, 20], 0.3509, 6.0),
    ],
)
def test_balance_by_hand(loads: list[int], gini: float, ratio: float | None) -> None:
    found = balance(loads)
    assert (found.gini, found.ratio, found.teams) == (gini, ratio, len(loads))
