"""Ratios are compared exactly: at capacities where floats tie or misorder, every rung still picks the right team."""

from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.allocation.distribution import choose_agent

from .maps import Member, Town, orphan

HUGE = 10**18
THIRD = 333_333_333_333_333_333

# (load, capacity) of the better and of the worse, equal as floats. The worse has more room and is named to come first.
TIED_AS_FLOATS = [
    ((1, 3), (THIRD + 1, HUGE)),
    ((2, 3), (2 * THIRD + 1, HUGE)),
    ((HUGE - 2, 2 * HUGE), (HUGE - 1, 2 * HUGE + 1)),
    ((10**17, 3 * 10**17), (10**18 + 1, 3 * 10**18)),
]
PLACE = (0.005, 0.005)


def picked(rows: dict[str, tuple[int, int]], *, rung: str) -> str | None:
    """Who of teams (or of the agents of one team) with these loads and capacities gets a single policy."""
    if rung == "agent":
        members = {code: Member(load, capacity) for code, (load, capacity) in rows.items()}
        town = Town(branches="E", territories="T").team("T", "E", members)
        agent = choose_agent(town.bundle(town.holder(orphan(of=None), at=PLACE)), "T", town.world())
        return agent.code if agent else None
    drawn = "+".join(rows) if rung == "REGION_TIE_LOAD" else "."
    town = Town(branches="E", territories=drawn)
    for code, (load, capacity) in rows.items():
        town.team(code, "E", {f"of {code}": Member(0, 1)}, capacity=capacity, pool=load)
    decision = town.decide(town.holder(orphan(of=None), at=PLACE))
    assert decision.rung == rung
    return decision.team_code


@pytest.mark.parametrize(("better", "worse"), TIED_AS_FLOATS)
def test_floats_would_tie(better: tuple[int, int], worse: tuple[int, int]) -> None:
    assert better[0] / better[1] == worse[0] / worse[1]
    assert Fraction(*better) < Fraction(*worse)


@pytest.mark.parametrize(("better", "worse"), TIED_AS_FLOATS)
def test_owners_by_load_over_capacity(better: tuple[int, int], worse: tuple[int, int]) -> None:
    assert picked({"a": worse, "b": better}, rung="REGION_TIE_LOAD") == "b"


@pytest.mark.parametrize(("better", "worse"), TIED_AS_FLOATS)
@pytest.mark.parametrize("rung", ["BRANCH_BALANCE", "agent"])
def test_branch_and_agents_by_load_and_bundle_over_capacity(
    better: tuple[int, int], worse: tuple[int, int], rung: str
) -> None:
    rows = {code: (load - 1, capacity) for code, (load, capacity) in {"a": worse, "b": better}.items()}
    assert picked(rows, rung=rung) == "b"


loads_and_capacities = st.tuples(st.integers(0, HUGE), st.integers(1, HUGE)).map(
    lambda row: (min(row[0], row[1] - 1), row[1])
)


@settings(deadline=None)
@given(
    st.lists(loads_and_capacities, min_size=2, max_size=5),
    st.sampled_from(["REGION_TIE_LOAD", "BRANCH_BALANCE", "agent"]),
)
@example([(1, 6), (1, 3), (1, 9)], "BRANCH_BALANCE")
@example([(0, 1), (1, 2)], "REGION_TIE_LOAD")
def test_the_lowest_ratio_of_all(rows: list[tuple[int, int]], rung: str) -> None:
    named = dict(zip("abcde", rows, strict=False))
    n = 0 if rung == "REGION_TIE_LOAD" else 1
    winner = picked(named, rung=rung)
    assert winner is not None
    load, capacity = named[winner]
    assert Fraction(load + n, capacity) == min(Fraction(load + n, capacity) for load, capacity in rows)


@pytest.mark.parametrize("rung", ["REGION_TIE_LOAD", "agent"])
def test_an_exact_tie_goes_to_the_lowest_code(rung: str) -> None:
    assert picked({"b": (THIRD - 1, 3 * THIRD), "a": (THIRD - 1, 3 * THIRD)}, rung=rung) == "a"


def test_an_exact_tie_of_the_branch_goes_to_the_most_room() -> None:
    assert picked({"a": (0, 3), "b": (THIRD - 1, 3 * THIRD), "c": (1, 6)}, rung="BRANCH_BALANCE") == "b"
