"""Betters an assignment window by window: a few neighbouring districts are solved outright while all others stay."""

from collections.abc import Callable
from dataclasses import dataclass

from geo.districting.exact import Aim, Rules, Verdict, solve
from geo.districting.judging import cut_length, deviations, moved_stake
from geo.districting.problem import NOBODY, WHOLE, Owners, Problem

Progress = Callable[[float], None]

SIZES = (250, 600)
"""Yes-or-no variables of a window; where the smaller finds nothing the larger is tried."""

EACH = 0.5
"""Deterministic time of one window at most."""

POSED_A_UNIT = 100_000
"""A window of a map of so many units is paid for with one unit of deterministic time more than its solving."""


@dataclass
class Purse:
    """Deterministic time that is left, and who is told of its spending."""

    total: float
    progress: Progress = lambda share: None
    spent: float = 0.0

    @property
    def left(self) -> float:
        """What may still be spent."""
        return max(0.0, self.total - self.spent)

    def pay(self, price: float) -> None:
        """Takes a price out."""
        self.spent += price
        self.progress(min(1.0, self.spent / self.total) if self.total else 1.0)


def even_out(problem: Problem, owner: Owners, *, seed: int, purse: Purse) -> Owners:
    """Lessens the worst deviation, district after district, down to the tolerance; of what may move no more than allowed is used."""
    size = 0
    while purse.left:
        worst, district = _worst(problem, owner)
        if district is None or worst <= problem.tolerance:
            return owner
        window = window_around(problem, owner, district, SIZES[size])
        verdict = _solve(problem, Aim.DEVIATION, owner, window, None, problem.may_move, seed, purse)
        if verdict.owner is not None and basis_points_of(problem, verdict.owner, window) < worst:
            owner = verdict.owner
            reached = max(problem.tolerance, basis_points_of(problem, owner, window))
            less = _solve(problem, Aim.MOVED, owner, window, reached, problem.may_move, seed, purse, verdict)
            owner = owner if less.owner is None else less.owner
            size = 0
            continue
        size += 1
        if size == len(SIZES):
            return owner
    return owner


def shrink(problem: Problem, owner: Owners, aim: Aim, *, tolerance: int, seed: int, purse: Purse) -> Owners:
    """Lessens what moves, or with `Aim.CUT` the borders without moving more, at a tolerance that the assignment meets."""
    for size in SIZES:
        bettered = True
        while bettered and purse.left:
            bettered = False
            for district in _concerned(problem, owner, aim):
                if not purse.left:
                    break
                window = window_around(problem, owner, district, size)
                if len(window) < 2:
                    continue
                moved = moved_stake(problem, owner)
                limit = moved if aim is Aim.CUT or moved > problem.may_move else problem.may_move
                verdict = _solve(problem, aim, owner, window, tolerance, limit, seed, purse)
                if verdict.owner is not None and _worth(problem, verdict.owner) < _worth(problem, owner):
                    owner, bettered = verdict.owner, True
    return owner


def _solve(
    problem: Problem,
    aim: Aim,
    owner: Owners,
    window: frozenset[int],
    tolerance: int | None,
    may_move: int,
    seed: int,
    purse: Purse,
    earlier: Verdict | None = None,
) -> Verdict:
    verdict = solve(
        problem,
        aim,
        seed=seed,
        time=min(EACH, purse.left),
        rules=Rules(tolerance, may_move, window, owner),
        hint=owner,
        cuts=() if earlier is None else earlier.cuts,
    )
    # Posing a window costs as well, the more the larger the map.
    purse.pay(verdict.spent + problem.units / POSED_A_UNIT)
    return verdict


def _worth(problem: Problem, owner: Owners) -> tuple[int, int]:
    return moved_stake(problem, owner), cut_length(problem, owner)


def _worst(problem: Problem, owner: Owners) -> tuple[int, int | None]:
    found: tuple[int, int | None] = (0, None)
    for row in deviations(problem, owner):
        for d, deviation in enumerate(row):
            points = abs(deviation) * WHOLE
            rounded = -(-points.numerator // points.denominator)
            if not problem.locked[d] and rounded > found[0]:
                found = rounded, d
    return found


def basis_points_of(problem: Problem, owner: Owners, districts: frozenset[int]) -> int:
    """The worst deviation among some districts, rounded up to whole basis points."""
    worst = max((abs(row[d]) for row in deviations(problem, owner) for d in districts), default=None)
    return 0 if worst is None else -(-(worst * WHOLE).numerator // (worst * WHOLE).denominator)


def _concerned(problem: Problem, owner: Owners, aim: Aim) -> list[int]:
    """Districts in the order in which their windows are looked at: those that change most; for borders, all."""
    changed = (owner != problem.present).nonzero()[0]
    much = [0] * problem.districts
    for unit in changed.tolist():
        for d in (int(owner[unit]), int(problem.present[unit])):
            if d != NOBODY:
                much[d] += int(problem.stake[unit]) + 1
    wanted = [d for d in range(problem.districts) if not problem.locked[d] and (much[d] or aim is Aim.CUT)]
    return sorted(wanted, key=lambda d: (-much[d], d))


def window_around(problem: Problem, owner: Owners, district: int, variables: int) -> frozenset[int]:
    """A district and those nearest to it that are not locked, as many as make at most so many yes-or-no variables (at least two)."""
    sizes = [0] * problem.districts
    for unit in problem.free.nonzero()[0].tolist():
        if owner[unit] != NOBODY:
            sizes[owner[unit]] += 1
    near: list[set[int]] = [set() for _ in range(problem.districts)]
    ends = owner[problem.edges[~problem.barred]]
    for a, b in ends[(ends[:, 0] != ends[:, 1]) & (ends >= 0).all(axis=1)].tolist():
        near[a].add(b)
        near[b].add(a)
    window, units, waiting = {district}, sizes[district], [district]
    while waiting:
        for other in sorted(near[waiting.pop(0)]):
            if other in window or problem.locked[other]:
                continue
            if len(window) >= 2 and (units + sizes[other]) * (len(window) + 1) > variables:
                continue
            window.add(other)
            units += sizes[other]
            waiting.append(other)
    return frozenset(window)
