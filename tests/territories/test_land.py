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
