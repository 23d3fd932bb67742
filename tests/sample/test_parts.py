"""The small parts: shares, draws, regions, months, words."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sample import vocabulary
from app.sample.draws import apportion, sample_weighted, stream
from app.sample.policies import six_months_before
from app.sample.regions import Borders, connect, grow


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.integers(0, 500), st.integers(0, 3))
def test_shares_add_up_and_none_is_below_the_least(weights: list[float], total: int, least: int) -> None:
    shares = apportion(np.array(weights), total, least)
    assert (shares >= least).all()
    if sum(weights) > 1e-6 and total >= least * len(weights):
        assert shares.sum() == total


@given(st.integers(1, 200), st.integers(0, 250), st.integers(0, 2**32))
def test_a_weighted_sample_has_distinct_members_in_order(size: int, wanted: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    chosen = sample_weighted(rng, rng.random(size), wanted)
    assert len(chosen) == min(size, wanted)
    assert (np.diff(chosen) > 0).all()
    assert ((chosen >= 0) & (chosen < size)).all()


@given(st.integers(2, 9), st.integers(2, 9), st.integers(1, 7), st.integers(0, 2**32))
def test_regions_are_contiguous_and_none_is_empty(width: int, height: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cell = np.arange(width * height)
    x, y = cell % width, cell // width
    pairs = [(a, b) for a in cell for b in cell if abs(x[a] - x[b]) + abs(y[a] - y[b]) == 1]
    left, right = np.array(pairs).T
    centres = np.column_stack([x, y]) + rng.normal(0, 0.1, (len(cell), 2))
    graph = connect(Borders(left, right, np.ones(len(left))), centres)
    region = grow(graph, cell, rng.random(len(cell)), centres, count, rng)
    assert set(region) == set(range(min(count, len(cell))))
    for index in set(region.tolist()):
        members = set(cell[region == index].tolist())
        reached, stack = set(), [next(iter(members))]
        while stack:
            node = stack.pop()
            reached.add(node)
            stack += [step for step, _ in graph.steps[node] if step in members and step not in reached]
        assert reached == members


def test_parts_that_water_separates_are_joined_by_the_shortest_crossing() -> None:
    centres = np.array([[0.0, 0.0], [10.0, 0.0], [13.0, 0.0], [40.0, 0.0]])
    borders = Borders(np.array([0, 1, 2, 3]), np.array([1, 0, 3, 2]), np.ones(4))
    graph = connect(borders, centres)
    assert [step for step, _ in graph.steps[1]] == [0, 2]
    assert [step for step, _ in graph.steps[0]] == [1]


@pytest.mark.parametrize(
    ("day", "limit"),
    [
        (date(2026, 3, 10), date(2025, 9, 10)),
        (date(2026, 8, 31), date(2026, 2, 28)),
        (date(2024, 8, 30), date(2024, 2, 29)),
        (date(2026, 12, 31), date(2026, 6, 30)),
        (date(2026, 6, 15), date(2025, 12, 15)),
    ],
)
def test_six_months_before_a_day(day: date, limit: date) -> None:
    assert six_months_before(day) == limit


@pytest.mark.parametrize(
    ("number", "text"), [(1, "一"), (9, "九"), (10, "十"), (11, "十一"), (20, "二十"), (35, "三十五"), (99, "九十九")]
)
def test_numerals(number: int, text: str) -> None:
    assert vocabulary.numeral(number) == text


def test_rooms_are_read_digit_by_digit() -> None:
    assert vocabulary.digits(1502) == "一五〇二"


def test_base_names_repeat_only_when_they_are_used_up() -> None:
    names = vocabulary.base_names(stream(1, "words"), 3_000)
    assert len(set(names)) == 3_000
    assert all(len(name) == 2 for name in names)
    assert len(vocabulary.base_names(stream(1, "words"), 9_000)) == 9_000


def test_subjects_draw_from_streams_of_their_own() -> None:
    assert stream(1, "roads").random() == stream(1, "roads").random()
    assert stream(1, "roads").random() != stream(1, "names").random()
    assert stream(-1, "roads").random() != stream(1, "roads").random()
