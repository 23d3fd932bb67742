"""When balance and the share kept cannot both be had, the rule that stands in the way is named."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.districting import Kind, Outcome, Problem, propose
from geo.districting.bindings import least_moved

from .grids import every_way, grid, moved_of, rows, worst_of


def test_the_share_kept_binds_with_the_least_that_must_move() -> None:
    # a has 80 of 160 and should have 53.
    problem = grid(4, 4, [10] * 16, [10, 10, 10], rows("aaaa aaaa bbbb cccc"), tolerance=500, keep=9_500)
    found = propose(problem, seed=1)
    (keep,) = [one for one in found.bindings if one.kind is Kind.KEEP]
    assert found.outcome in (Outcome.PRESENT, Outcome.CLOSER)
    assert keep.proved
    assert keep.needed is not None
    assert keep.needed >= Fraction(24, 160)


def test_a_lock_that_is_out_of_balance_binds() -> None:
    problem = grid(4, 2, [10] * 8, [10, 10], rows("aaab aaab"), locked=[True, False], keep=0)
    found = propose(problem, seed=1)
    assert found.outcome is Outcome.PRESENT
    (lock,) = [one for one in found.bindings if one.kind is Kind.LOCK]
    assert (lock.proved, lock.districts, lock.load) == (True, (0,), Fraction(3, 2))


def test_a_lock_in_between_binds_though_it_is_balanced() -> None:
    # b stands between a, which has too much, and c, which has too little.
    drawn, capacities = "aaaabbbccc", [10, 10, 10]
    loads = [10, 10, 10, 10, 10, 10, 10, 10, 10, 2]
    free = grid(10, 1, loads, capacities, rows(drawn), tolerance=1_500, keep=5_000)
    assert propose(free, seed=1).outcome is Outcome.BALANCED
    locked = grid(10, 1, loads, capacities, rows(drawn), tolerance=1_500, keep=5_000, locked=[False, True, False])
    found = propose(locked, seed=1)
    assert found.outcome is Outcome.PRESENT
    assert [(one.kind, one.proved, one.districts) for one in found.bindings] == [(Kind.LOCK, False, (1,))]


def test_pins_that_weigh_too_much_bind() -> None:
    problem = grid(4, 1, [30, 30, 10, 10], [10, 10], rows("abbb"), pinned=[0, 0, -1, -1], keep=0)
    found = propose(problem, seed=1)
    (pin,) = [one for one in found.bindings if one.kind is Kind.PIN]
    assert (pin.proved, pin.districts, pin.units, pin.load) == (True, (0,), (0, 1), Fraction(3, 2))


def test_a_unit_heavier_than_any_district_may_be_binds() -> None:
    problem = grid(3, 1, [100, 10, 10], [10, 10], rows("abb"), keep=0)
    found = propose(problem, seed=1)
    (heavy,) = [one for one in found.bindings if one.kind is Kind.HEAVY_UNIT]
    assert (heavy.proved, heavy.units) == (True, (0,))


def test_a_bar_that_cuts_off_too_much_binds() -> None:
    # West of the bar only a can be, and it may carry half.
    problem = grid(4, 2, [10] * 8, [10, 10], rows("aaab aaab"), bars=[(2, 3), (6, 7)], keep=9_000)
    found = propose(problem, seed=1)
    (bar,) = [one for one in found.bindings if one.kind is Kind.BARRIER and one.load == Fraction(3, 2)]
    assert (bar.proved, bar.districts, bar.units) == (True, (0,), (0, 1, 2, 4, 5, 6))
    assert found.outcome is Outcome.PRESENT


def test_what_borders_on_nothing_is_out_of_reach() -> None:
    problem = Problem.of([10, 10, 10], [10, 10], [0, 1, -1], [(0, 1)], [1])
    found = propose(problem, seed=1)
    assert found.outcome is Outcome.NOTHING_TO_DO
    assert found.owner.tolist() == [0, 1, -1]


def test_vacant_land_that_would_make_it_worse_stays_vacant() -> None:
    # What is nobody's can go to a alone, which has more than its share.
    present = rows("a..b")
    problem = grid(4, 1, [80, 10, 10, 50], [10, 10], present, bars=[(2, 3)], keep=10_000)
    found = propose(problem, seed=1)
    (vacant,) = [one for one in found.bindings if one.kind is Kind.VACANT]
    assert vacant.units == (1, 2)
    assert found.owner.tolist() == present


def test_units_too_coarse_for_the_tolerance() -> None:
    problem = grid(3, 1, [10, 10, 10], [10, 10], rows("abb"), tolerance=100, keep=0)
    found = propose(problem, seed=1)
    assert found.outcome is Outcome.PRESENT
    assert [one.kind for one in found.bindings] == [Kind.GRAIN]


@given(st.integers(0, 10_000), st.sampled_from([0, 500, 1_500]))
@settings(max_examples=10)
def test_no_way_moves_less_than_what_is_said_to_be_the_least(seed: int, tolerance: int) -> None:
    rng = np.random.default_rng(seed)
    problem = grid(
        4,
        2,
        rng.integers(1, 20, 8),
        rng.integers(5, 30, 3),
        rows("aabb accb"),
        stake=rng.integers(0, 20, 8),
        tolerance=tolerance,
        keep=0,
    )
    ways = every_way(4, 2, 3)
    moved = moved_of(problem, ways[worst_of(problem, ways) <= tolerance / 10_000])
    assert least_moved(problem) <= moved.min(initial=problem.at_stake)


def test_an_innocent_rule_is_not_blamed() -> None:
    # The corner that is pinned has nothing to do with how much a has.
    pinned = [-1] * 16
    pinned[15] = 2
    problem = grid(4, 4, [10] * 16, [10, 10, 10], rows("aaaa aaaa bbbb cccc"), pinned=pinned)
    assert {one.kind for one in propose(problem, seed=1).bindings} == {Kind.KEEP}


def test_of_several_locks_the_one_that_binds_is_named() -> None:
    # Only c, between a and d, has to give way; b lies at the far end.
    loads = [10, 10, 10, 10, 10, 10, 10, 8, 8, 8, 11, 11]
    problem = grid(
        12,
        1,
        loads,
        [10, 10, 10, 10],
        rows("aaaacccdddbb"),
        tolerance=3_000,
        keep=5_000,
        locked=[False, True, True, False],
    )
    found = propose(problem, seed=1)
    assert found.outcome is not Outcome.BALANCED
    assert [one.districts for one in found.bindings if one.kind is Kind.LOCK] == [(2,)]
