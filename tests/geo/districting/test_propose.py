"""What is proposed keeps the rules, is never worse than the present, and is as good as can be where that can be known."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.districting import NOBODY, WHOLE, NotAProblemError, Outcome, Problem, Work, figures, propose
from geo.districting.judging import broken_rules, moved_stake, parts_of, standing, worst_deviation
from geo.districting.search import Effort

from .grids import every_way, grid, moved_of, rows, worst_of

QUICK = Work(Effort(steps=30, rounds=1), time=0.3)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Grids with loads, a present that may be anything, and any of the rules."""
    width, height = draw(st.integers(2, 6)), draw(st.integers(1, 5))
    n, k = width * height, draw(st.integers(1, min(5, width * height)))
    whole = draw(st.booleans())
    if whole:
        # In bands: contiguous, as territories usually are.
        present = [min(k - 1, unit * k // n) for unit in range(n)]
    else:
        present = draw(st.lists(st.integers(NOBODY, k - 1), min_size=n, max_size=n))
    locked = draw(st.lists(st.booleans(), min_size=k, max_size=k))
    pinned = [NOBODY] * n
    for unit in draw(st.lists(st.integers(0, n - 1), max_size=3, unique=True)):
        own = present[unit]
        if own == NOBODY or not locked[own]:
            goals = [d for d in range(k) if not locked[d]]
            pinned[unit] = draw(st.sampled_from(goals)) if goals else NOBODY
    return grid(
        width,
        height,
        draw(st.lists(st.integers(0, 50), min_size=n, max_size=n)),
        draw(st.lists(st.integers(1, 100), min_size=k, max_size=k)),
        present,
        locked=locked,
        pinned=pinned,
        base=[draw(st.lists(st.integers(0, 20), min_size=k, max_size=k))],
        bars=[
            (a, b)
            for a, b in draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=3))
            if a != b
        ],
        tolerance=draw(st.sampled_from([0, 500, 2_000])),
        keep=draw(st.sampled_from([0, 5_000, 9_500, 10_000])),
    )


@given(problems(), st.integers(0, 2**31))
@settings(max_examples=20)
def test_a_proposal_keeps_the_rules_or_is_the_present(problem: Problem, seed: int) -> None:
    found = propose(problem, seed=seed, work=QUICK)
    moved, before = moved_stake(problem, found.owner), standing(problem, problem.present)
    assert moved <= problem.may_move
    held = problem.present != NOBODY
    locked = np.zeros(problem.units, bool)
    locked[held] = problem.locked[problem.present[held]]
    assert np.array_equal(found.owner[locked], problem.present[locked])
    taken = found.owner[~locked & (found.owner != NOBODY)]
    assert not problem.locked[taken].any()
    after = standing(problem, found.owner)
    assert after.balance <= before.balance
    if found.outcome in (Outcome.PRESENT, Outcome.NOTHING_TO_DO):
        assert np.array_equal(found.owner, problem.present)
    else:
        assert after < before
    if found.outcome is Outcome.PRESENT:
        assert found.bindings
    if found.outcome is Outcome.BALANCED:
        assert not broken_rules(problem, found.owner)
        assert worst_deviation(problem, found.owner) <= Fraction(problem.tolerance, WHOLE)
        assert not found.bindings
        assert all(parts == 1 or problem.locked[d] for d, parts in enumerate(parts_of(problem, found.owner)))
        pinned = problem.pinned != NOBODY
        assert np.array_equal(found.owner[pinned], problem.pinned[pinned])
        assert (found.owner[problem.reachable] != NOBODY).all()


@given(problems(), st.integers(0, 2**31))
@settings(max_examples=4)
def test_the_same_is_proposed_once_more(problem: Problem, seed: int) -> None:
    first, second = (propose(problem, seed=seed, work=QUICK) for _ in range(2))
    assert np.array_equal(first.owner, second.owner)
    assert (first.outcome, first.bindings, first.seed) == (second.outcome, second.bindings, seed)


BANDS = rows("aaaa bbbb cccc")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("keep", [0, 6_000, 8_000])
def test_a_small_map_is_divided_as_well_as_any_way_could(seed: int, keep: int) -> None:
    rng = np.random.default_rng(seed)
    problem = grid(4, 3, rng.integers(1, 30, 12), rng.integers(20, 60, 3), BANDS, tolerance=0, keep=keep)
    found = propose(problem, seed=seed)
    ways = every_way(4, 3, 3)
    best = worst_of(problem, ways[moved_of(problem, ways) <= problem.may_move]).min()
    # The solver counts in basis points.
    assert worst_deviation(problem, found.owner) <= best + 1.000001 / WHOLE
    assert found.proved


@pytest.mark.parametrize("seed", range(6))
def test_no_more_moves_than_must(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    problem = grid(4, 3, rng.integers(5, 15, 12), [40, 44, 36], BANDS, tolerance=1_000, keep=0)
    found = propose(problem, seed=seed)
    ways = every_way(4, 3, 3)
    assert found.outcome in (Outcome.BALANCED, Outcome.NOTHING_TO_DO)
    assert moved_stake(problem, found.owner) == moved_of(problem, ways[worst_of(problem, ways) <= 0.1]).min()


def test_who_has_nobody_is_taken_in_and_has_left_nobody() -> None:
    problem = grid(4, 2, [10] * 8, [10, 10], rows("aa.b aa.b"))
    found = propose(problem, seed=1)
    assert (found.outcome, found.after.moved) == (Outcome.BALANCED, 0)
    assert found.owner.tolist() == rows("aabb aabb")


def test_a_territory_that_has_fallen_apart_is_joined() -> None:
    problem = grid(4, 2, [10] * 8, [20, 20], rows("abab abab"), keep=5_000)
    found = propose(problem, seed=1)
    assert found.outcome is Outcome.BALANCED
    assert parts_of(problem, found.owner) == [1, 1]


def test_a_district_without_units_gets_its_share() -> None:
    problem = grid(6, 2, [10] * 12, [10, 10, 10], rows("aaabbb aaabbb"), keep=6_000)
    found = propose(problem, seed=1)
    assert found.outcome is Outcome.BALANCED
    assert sorted(np.bincount(found.owner).tolist()) == [4, 4, 4]


def test_two_measures_are_balanced_at_once() -> None:
    loads = [[10, 10, 10, 10, 10, 10], [30, 10, 10, 10, 10, 30]]
    problem = grid(6, 1, loads, [[10, 10], [10, 10]], rows("aaaabb"), keep=0)
    found = propose(problem, seed=1)
    assert found.outcome is Outcome.BALANCED
    assert found.owner.tolist() == rows("aaabbb")


def test_the_figures_of_an_assignment() -> None:
    problem = grid(4, 2, [10, 20, 30, 40] * 2, [10, 30], rows("aabb aabb"))
    told = figures(problem, np.array(rows("aaab aaab"), np.int32), areas=np.full(8, 1e4), perimeters=np.full(8, 400.0))
    assert told.loads.tolist() == [[120, 80]]
    assert told.ratios.tolist() == pytest.approx([12, 80 / 30])
    # Fair are 50 and 150.
    assert told.worst == pytest.approx(120 / 50 - 1)
    assert (told.moved, told.share) == (60, pytest.approx(0.3))
    assert told.cut == 2 * 100
    assert told.largest_to_smallest == pytest.approx(4.5)
    assert told.gini == pytest.approx((12 - 80 / 30) / (2 * (12 + 80 / 30)))
    # Three by two squares of side 100: perimeter 1,000.
    assert told.roundness[0] == pytest.approx(4 * np.pi * 60_000 / 1_000**2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"present": [0, 1, 2, 0]},
        {"loads": [1, 2, 3]},
        {"loads": [1, 2, 3, -4]},
        {"capacities": [1, 0]},
        {"edges": [(0, 1), (1, 0)]},
        {"edges": [(0, 0), (0, 1)]},
        {"edges": [(0, 4), (0, 1)]},
        {"pinned": [1, -1, -1, -1], "locked": [True, False]},
        {"tolerance": -1},
        {"loads": [2**41, 0, 0, 0]},
        {"vacant": [True, False, False, False]},
    ],
)
def test_what_is_no_problem_is_refused(wrong: dict[str, Any]) -> None:
    right: dict[str, Any] = {
        "loads": [1, 2, 3, 4],
        "capacities": [1, 1],
        "present": [0, 0, 1, 1],
        "edges": [(0, 1), (2, 3)],
        "lengths": [1, 1],
    }
    Problem.of(**right)
    with pytest.raises(NotAProblemError):
        Problem.of(**{**right, **wrong})


def test_progress_is_told_and_may_stop_it() -> None:
    class StopError(Exception):
        pass

    told: list[tuple[str, float]] = []

    def stop(stage: str, share: float) -> None:
        told.append((stage, share))
        if len(told) == 5:
            raise StopError

    rng = np.random.default_rng(1)
    problem = grid(8, 8, rng.integers(5, 50, 64), [10, 12, 14, 9], [unit // 16 for unit in range(64)])
    with pytest.raises(StopError):
        propose(problem, seed=1, progress=stop)
    assert [stage for stage, _ in told] == ["search"] * 5
    assert all(0 < share <= 1 for _, share in told)
