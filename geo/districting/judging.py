"""How good an assignment is, in exact numbers, and whether it keeps the rules."""

from dataclasses import dataclass
from fractions import Fraction
from functools import total_ordering

import numpy as np

from geo.districting.problem import NOBODY, WHOLE, Ints, Owners, Problem


@total_ordering
@dataclass(frozen=True)
class Standing:
    """What one assignment is worth beside another: the smaller the better, in the order of the fields.

    `broken`: rules that do not hold (parts too many, bars reached over, pins or locks not kept, units of nobody that could have a
    district, empty districts). `beyond`: how far the worst district's deviation exceeds the tolerance. `moved`: stake that changes
    hands. `excess`: all load beyond the tolerance, in shares of the whole, summed over the measures. `cut`: length of the borders between districts.
    """

    broken: int
    beyond: Fraction
    excess: Fraction
    moved: int
    cut: int

    def __lt__(self, other: "Standing") -> bool:
        return self._order < other._order

    @property
    def balance(self) -> tuple[Fraction, Fraction]:
        """How far it is from balance: the worst district, then all."""
        return self.beyond, self.excess

    @property
    def _order(self) -> tuple[int, Fraction, Fraction, int, int]:
        return self.broken, self.beyond, self.excess, self.moved, self.cut


def loads_of(problem: Problem, owner: Owners) -> Ints:
    """(m, k) what each district carries."""
    carried = problem.base.copy()
    held = owner != NOBODY
    for measure in range(problem.measures):
        # As whole numbers: bincount's weights would be floats.
        np.add.at(carried[measure], owner[held], problem.loads[measure, held])
    return carried


def deviations(problem: Problem, owner: Owners) -> list[list[Fraction]]:
    """Per measure and district: load over fair share, less 1; exact. Where nothing is to be carried, 0."""
    carried = loads_of(problem, owner)
    found = []
    for measure, total in enumerate(problem.totals):
        whole = sum(int(c) for c in problem.capacities[measure])
        row = []
        for d in range(problem.districts):
            share = total * int(problem.capacities[measure, d])
            row.append(Fraction(int(carried[measure, d]) * whole, share) - 1 if share else Fraction(0))
        found.append(row)
    return found


def worst_deviation(problem: Problem, owner: Owners) -> Fraction:
    """The largest deviation of any district in any measure, whatever its sign."""
    return max((abs(one) for row in deviations(problem, owner) for one in row), default=Fraction(0))


def moved_stake(problem: Problem, owner: Owners) -> int:
    """The stake of the units that leave the district that has them at present."""
    return int(problem.stake[(problem.present != NOBODY) & (owner != problem.present)].sum())


def cut_length(problem: Problem, owner: Owners) -> int:
    """Length of the borders between units of different districts."""
    ends = owner[problem.edges]
    return int(problem.lengths[ends[:, 0] != ends[:, 1]].sum())


def parts_of(problem: Problem, owner: Owners) -> list[int]:
    """Connected parts of each district, over edges that are not barred."""
    held: list[list[int]] = [[] for _ in range(problem.districts)]
    for unit, district in enumerate(owner.tolist()):
        if district != NOBODY:
            held[district].append(unit)
    return [len(problem.graph.parts(units)) for units in held]


def broken_rules(problem: Problem, owner: Owners) -> dict[str, list[int]]:
    """The rules that an assignment does not keep: per rule the districts (or, of `unowned` and `pinned`, the units) in question.

    `parts`: an unlocked district in several parts. `barred`: a district that reaches over a bar. `locked`: a locked district that has not
    exactly its units. `pinned`: units that are not where they are pinned. `unowned`: units of nobody that a district could come to.
    `empty`: districts that have units at present, or that could have, and get none.
    """
    parts = parts_of(problem, owner)
    several = [d for d, count in enumerate(parts) if count > 1 and not problem.locked[d]]
    ends = owner[problem.edges[problem.barred]]
    reached = ends[(ends[:, 0] == ends[:, 1]) & (ends[:, 0] != NOBODY), 0]
    over = sorted(d for d in set(reached.tolist()) if not problem.locked[d])
    kept = [bool(np.array_equal(owner == d, problem.present == d)) for d in range(problem.districts)]
    pins = (problem.pinned != NOBODY) & (owner != problem.pinned)
    left = (owner == NOBODY) & problem.wanted
    named = {
        "parts": several,
        "barred": over,
        "locked": [d for d in range(problem.districts) if problem.locked[d] and not kept[d]],
        "pinned": pins.nonzero()[0].tolist(),
        "unowned": left.nonzero()[0].tolist(),
        "empty": [d for d, count in enumerate(parts) if count == 0 and not problem.locked[d]],
    }
    return {rule: who for rule, who in named.items() if who}


def standing(problem: Problem, owner: Owners) -> Standing:
    """The worth of an assignment. Units of nobody and parts count one each, so that a step towards the rules shows."""
    broken = broken_rules(problem, owner)
    parts = parts_of(problem, owner)
    extra = sum(count - 1 for d, count in enumerate(parts) if count > 1 and not problem.locked[d])
    ends = owner[problem.edges[problem.barred]]
    bars = sum(1 for a, b in ends.tolist() if a == b != NOBODY and not problem.locked[a])
    others = sum(len(broken.get(rule, ())) for rule in ("locked", "pinned", "unowned", "empty"))
    beyond = max(Fraction(0), worst_deviation(problem, owner) - Fraction(problem.tolerance, WHOLE))
    lower, upper = problem.bounds()
    carried = loads_of(problem, owner)
    outside = (np.maximum(0, carried - upper) + np.maximum(0, lower - carried)).sum(axis=1)
    excess = sum((Fraction(int(o), t) for o, t in zip(outside, problem.totals, strict=True) if t), Fraction(0))
    return Standing(extra + bars + others, beyond, excess, moved_stake(problem, owner), cut_length(problem, owner))
