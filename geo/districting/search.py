"""Searches assignments by moving one unit after the other, at falling heat, from a start on (`geo.districting.kernels`)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.districting.judging import cut_length, loads_of, moved_stake
from geo.districting.kernels import CUT, EXCESS, MOVED, OUTER, OVER, anneal
from geo.districting.problem import LARGEST, NOBODY, Ints, Owners, Problem

Progress = Callable[[float], None]

SCALE: Final = 2**30
"""An average district's load, stake and border weigh so much, whatever they are measured in."""

BALANCE, LIMIT, SHAPE = 1024, 1024, 1
"""How heavily load beyond the bounds, stake beyond what may move, and borders weigh."""

STAGES: Final = ((8, 4), (24, 10), (64, 20), (160, 33))
"""(weight of stake that moves, part of a usual unit's balance that the heat begins at): first the balance is found, however much has to
move, then less and less is moved. Each stage begins at the best so far. Measured on grids of 500 and 5,000 units."""

LEVELS: Final = 96
"""Steps of the falling heat in a stage."""

_SPREAD = 4096
_DRAWS: Ints = np.round(-np.log((np.arange(_SPREAD) + 0.5) / _SPREAD) * 65536).astype(np.int64)


@dataclass(frozen=True)
class Effort:
    """How much is tried: `steps` a unit and level of heat, and up to `rounds` with other luck until one is within the bounds. No clock:
    the same effort gives the same answer."""

    steps: int = 100
    rounds: int = 3


@dataclass(frozen=True)
class Found:
    """An assignment with what it leaves open, each the smaller the better, in this order."""

    owner: Owners
    unowned: int
    over: int
    excess: int
    moved: int
    cut: int

    @property
    def rank(self) -> tuple[int, int, int, int, int]:
        """The order of merit."""
        return self.unowned, self.over, self.excess, self.moved, self.cut

    @property
    def within(self) -> bool:
        """Whether balance and the share kept are both met."""
        return self.over == 0 and self.excess == 0


def search(
    problem: Problem,
    start: Owners,
    *,
    seed: int,
    effort: Effort,
    tolerance: int | None = None,
    at_worst: int | None = None,
    may_move: int | None = None,
    progress: Progress = lambda share: None,
) -> Found:
    """The best assignment met, the start among them, for a tolerance and a stake that may move (the problem's own unless given).

    `at_worst`: basis points of deviation that no district should have, while as little load as possible is beyond the tolerance.
    No district gets more parts than it has in the start, and none reaches over a bar that it does not reach over there. `progress` is
    told the share done and may raise to stop.
    """
    lower, upper = problem.bounds(tolerance)
    limit = problem.may_move if may_move is None else may_move
    outer = problem.bounds(at_worst) if at_worst is not None else None
    board = _Board(problem, start, lower, upper, limit, outer)
    best = board.found()
    if len(board.units) == 0 or len(problem.edges) == 0:
        return best
    usual = SCALE * problem.districts // problem.units
    coldest = max(1, SHAPE * usual // 64)
    for turn in range(effort.rounds):
        here = start
        for stage, (stay, part) in enumerate(STAGES):
            board = _Board(problem, here, lower, upper, limit, outer)
            board.begin(stay, (seed * effort.rounds + turn) * len(STAGES) + stage)
            hottest = max(2 * coldest, BALANCE * usual // part)
            cooling = (coldest / hottest) ** (1 / (LEVELS - 1))
            met = board.found()
            for level in range(LEVELS):
                board.run(int(hottest * cooling**level), effort.steps)
                if level * 2 >= LEVELS:
                    met = min(met, board.found(), key=lambda one: one.rank)
                done = turn + (stage + (level + 1) / LEVELS) / len(STAGES)
                progress(done / effort.rounds)
            for _ in range(8):
                if board.run(0, effort.steps) == 0:
                    break
            met = min(met, board.found(), key=lambda one: one.rank)
            best = min(best, met, key=lambda one: one.rank)
            here = met.owner
        if best.within:
            break
    return best


class _Board:
    """An assignment with its running counts, as the kernel wants them."""

    def __init__(
        self,
        problem: Problem,
        owner: Owners,
        lower: Ints,
        upper: Ints,
        limit: int,
        outer: tuple[Ints, Ints] | None,
    ) -> None:
        self.least, self.most = outer or (np.zeros_like(lower), np.full_like(upper, 4 * LARGEST))
        self.problem, self.lower, self.upper, self.limit = problem, lower, upper, limit
        n, k = problem.units, problem.districts
        self.owner = owner.copy()
        self.units: Owners = problem.free.nonzero()[0].astype(np.int32)
        self.growing: NDArray[np.uint8] = (~problem.locked).astype(np.uint8)
        self.loads = loads_of(problem, owner)
        self.sizes: Ints = np.bincount(owner[owner != NOBODY], minlength=k).astype(np.int64)
        self.scales: Ints = np.array([_weighing(k, total) for total in problem.totals], np.int64)
        moved = moved_stake(problem, owner)
        beyond = np.maximum(0, self.loads - upper) + np.maximum(0, lower - self.loads)
        beyond += OUTER * (np.maximum(0, self.loads - self.most) + np.maximum(0, self.least - self.loads))
        excess = int((beyond * self.scales[:, None]).sum())
        self.counts: Ints = np.array([excess, max(0, moved - limit), moved, cut_length(problem, owner)], np.int64)
        self.marks: Ints = np.zeros(n + 1, np.int64)
        self.waiting: Owners = np.zeros(n, np.int32)

    def begin(self, stay: int, seed: int) -> None:
        """Sets what moving weighs, and the luck."""
        k = self.problem.districts
        stake = _weighing(k, int(self.problem.stake.sum()))
        shape = _weighing(k, int(self.problem.lengths.sum()))
        self.weights: Ints = np.array([BALANCE, LIMIT * stake, stay * stake, SHAPE * shape], np.int64)
        # Splitmix64, so that neighbouring seeds differ at once; a generator that is 0 would stay 0.
        mixed = ((seed + 1) * 0x9E3779B97F4A7C15) % 2**64
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) % 2**64
        self.chance = np.array([mixed or 1], np.uint64)

    def run(self, heat: int, steps: int) -> int:
        """`steps` tries a unit at one heat; how many changes were made."""
        problem, graph = self.problem, self.problem.graph
        return int(
            anneal(
                graph.starts,
                graph.neighbours,
                graph.lengths,
                graph.barred,
                self.units,
                self.growing,
                self.owner,
                problem.present,
                problem.loads,
                problem.stake,
                self.loads,
                self.sizes,
                self.lower,
                self.upper,
                self.least,
                self.most,
                self.scales,
                self.weights,
                self.limit,
                heat,
                _DRAWS,
                steps * len(self.units),
                self.counts,
                self.chance,
                self.marks,
                self.waiting,
            )
        )

    def found(self) -> Found:
        """What stands on the board."""
        return Found(
            self.owner.copy(),
            int(((self.owner == NOBODY) & self.problem.wanted).sum()),
            int(self.counts[OVER]),
            int(self.counts[EXCESS]),
            int(self.counts[MOVED]),
            int(self.counts[CUT]),
        )


def _weighing(districts: int, total: int) -> int:
    return max(1, SCALE * districts // max(total, 1))
