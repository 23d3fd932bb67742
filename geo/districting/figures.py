"""What people look at in an assignment: loads, balance, borders, shapes."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from geo.districting.judging import broken_rules, cut_length, loads_of, moved_stake, parts_of, worst_deviation
from geo.districting.problem import NOBODY, Owners, Problem


@dataclass(frozen=True)
class Figures:
    """Of one assignment, the first measure unless told otherwise.

    `loads` (m, k) and `ratios` (k,) load over capacity; `worst`: the largest deviation from the fair share in any measure; `gini` of the
    ratios (0: all equal) and `largest_to_smallest` ratio (None if somebody carries nothing); `moved` stake that has left its district, and
    its `share` of all; `cut`: length of the borders between districts; `roundness` (k,): Polsby and Popper's 4 pi area / perimeter^2 (1: a
    disc), NaN where no areas were given; `parts` (k,); `unowned` units.
    """

    loads: NDArray[np.int64]
    ratios: NDArray[np.float64]
    worst: float
    gini: float
    largest_to_smallest: float | None
    moved: int
    share: float
    cut: int
    roundness: NDArray[np.float64]
    parts: tuple[int, ...]
    unowned: int
    broken: tuple[str, ...]


def figures(
    problem: Problem,
    owner: Owners,
    *,
    areas: NDArray[np.float64] | None = None,
    perimeters: NDArray[np.float64] | None = None,
) -> Figures:
    """The figures of an assignment. `areas`, `perimeters` (n,): of the units, in the unit of `lengths` and its square."""
    loads = loads_of(problem, owner)
    capacities = problem.capacities[0]
    ratios = loads[0] / capacities
    moved = moved_stake(problem, owner)
    least = ratios.min()
    return Figures(
        loads=loads,
        ratios=ratios,
        worst=float(worst_deviation(problem, owner)),
        gini=gini(loads[0], capacities),
        largest_to_smallest=float(ratios.max() / least) if least > 0 else None,
        moved=moved,
        share=moved / problem.at_stake if problem.at_stake else 0.0,
        cut=cut_length(problem, owner),
        roundness=_roundness(problem, owner, areas, perimeters),
        parts=tuple(parts_of(problem, owner)),
        unowned=int(((owner == NOBODY) & ~problem.vacant).sum()),
        broken=tuple(broken_rules(problem, owner)),
    )


def gini(loads: NDArray[np.int64], capacities: NDArray[np.int64]) -> float:
    """Gini's coefficient of load over capacity: half the mean difference of two districts, over the mean. Exact, then a float."""
    ratios = sorted(Fraction(int(a), int(b)) for a, b in zip(loads, capacities, strict=True))
    total = sum(ratios)
    if not total:
        return 0.0
    n = len(ratios)
    weighted = sum((2 * position - n - 1) * ratio for position, ratio in enumerate(ratios, 1))
    return float(weighted / (n * total))


def _roundness(
    problem: Problem, owner: Owners, areas: NDArray[np.float64] | None, perimeters: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    found = np.full(problem.districts, np.nan)
    if areas is None or perimeters is None:
        return found
    held = owner != NOBODY
    area = np.bincount(owner[held], weights=areas[held], minlength=problem.districts)
    around = np.bincount(owner[held], weights=perimeters[held], minlength=problem.districts)
    ends = owner[problem.edges]
    inner = (ends[:, 0] == ends[:, 1]) & (ends[:, 0] != NOBODY)
    around -= 2 * np.bincount(ends[inner, 0], weights=problem.lengths[inner], minlength=problem.districts)
    there = around > 0
    found[there] = 4 * np.pi * area[there] / around[there] ** 2
    return np.asarray(np.minimum(found, 1.0))
