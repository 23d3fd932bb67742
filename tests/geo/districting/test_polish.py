"""A map too large to be solved at once is bettered window by window, and no rule is broken on the way."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from geo.districting import WHOLE, Problem
from geo.districting.exact import Aim
from geo.districting.judging import broken_rules, cut_length, moved_stake, worst_deviation
from geo.districting.polish import Purse, even_out, shrink, window_around
from geo.districting.search import Effort, search
from geo.districting.start import begin

from .grids import grid


@pytest.fixture(scope="module")
def bands() -> Problem:
    """Ten districts of two columns each, whose capacities have changed since."""
    rng = np.random.default_rng(7)
    capacities = np.round(200 * rng.uniform(0.92, 1.08, 10)).astype(int)
    present = [unit % 20 // 2 for unit in range(200)]
    return grid(20, 10, rng.integers(5, 15, 200), capacities, present, tolerance=400, keep=9_000)


def test_less_moves_after_it(bands: Problem) -> None:
    found = search(bands, begin(bands), seed=1, effort=Effort(steps=20, rounds=3))
    assert found.within
    purse = Purse(1.5)
    less = shrink(bands, found.owner, Aim.MOVED, tolerance=400, seed=1, purse=purse)
    assert purse.spent > 0
    assert not broken_rules(bands, less)
    assert worst_deviation(bands, less) <= Fraction(400, WHOLE)
    assert moved_stake(bands, less) < moved_stake(bands, found.owner)
    shorter = shrink(bands, less, Aim.CUT, tolerance=400, seed=1, purse=Purse(0.5))
    assert not broken_rules(bands, shorter)
    assert worst_deviation(bands, shorter) <= Fraction(400, WHOLE)
    assert moved_stake(bands, shorter) <= moved_stake(bands, less)
    assert cut_length(bands, shorter) <= cut_length(bands, less)


def test_the_worst_becomes_less_bad_and_what_may_move_is_kept_to() -> None:
    rng = np.random.default_rng(7)
    present = [unit % 6 // 2 for unit in range(24)]
    problem = grid(6, 4, rng.integers(5, 15, 24), [60, 80, 100], present, tolerance=100, keep=8_000)
    evened = even_out(problem, problem.present, seed=1, purse=Purse(2.0))
    assert worst_deviation(problem, evened) < worst_deviation(problem, problem.present)
    assert moved_stake(problem, evened) <= problem.may_move
    assert not broken_rules(problem, evened)


def test_a_window_is_a_district_with_its_neighbours(bands: Problem) -> None:
    assert window_around(bands, bands.present, 0, 1) == {0, 1}
    assert window_around(bands, bands.present, 5, 3 * 60) == {4, 5, 6}
    assert window_around(bands, bands.present, 5, 10_000) == set(range(10))
