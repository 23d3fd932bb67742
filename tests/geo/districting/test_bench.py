"""The benchmark's map and its table."""

from __future__ import annotations

import pytest

from app.bench import proposals
from geo.districting.judging import broken_rules


def test_the_map_is_sound_and_out_of_balance() -> None:
    problem, areas, perimeters = proposals.city(10, 5, 6, seed=1)
    assert not broken_rules(problem, problem.present)
    assert (len(areas), len(perimeters)) == (50, 50)
    told = proposals.measure(problem, areas, perimeters, lambda same: same.present)
    assert told["worst_deviation"] > 0.05
    assert (told["moved_share"], told["met"], told["broken"]) == (0.0, False, [])


@pytest.mark.parametrize("solver", ["guidan propose", "guidan search alone", "CP-SAT whole"])
def test_what_ships_meets_both(solver: str) -> None:
    problem, areas, perimeters = proposals.city(10, 5, 6, seed=1)
    told = proposals.measure(problem, areas, perimeters, proposals.solvers(1)[solver])
    assert told["met"]
    assert told["worst_deviation"] <= 0.05
    assert 0 < told["moved_share"] <= 0.05


def test_what_is_not_installed_is_said() -> None:
    problem, areas, perimeters = proposals.city(4, 3, 2, seed=1)

    def missing(_: object) -> None:
        raise ModuleNotFoundError(name="spopt")

    assert proposals.measure(problem, areas, perimeters, missing) == {"failed": "not installed: spopt"}
