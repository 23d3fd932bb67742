"""Solves a problem, or a window of it, outright with CP-SAT (OR-Tools); contiguity by cuts, added where a solution falls apart.

One worker and a limit in the solver's own deterministic time: the same problem and seed give the same answer on a machine of any speed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from geo.districting.cuts import Cut, cuts_of
from geo.districting.judging import worst_deviation
from geo.districting.problem import NOBODY, WHOLE, Owners, Problem

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpSolver

Progress = Callable[[float], None]


class Aim(Enum):
    """What is made as small as it can be."""

    DEVIATION = "deviation"
    MOVED = "moved"
    CUT = "cut"


@dataclass(frozen=True)
class Rules:
    """What besides the problem itself a solution must keep; each as the problem says unless given.

    `tolerance`: basis points. `may_move`: stake. `window`: districts that may change; the others stay as in `around`.
    """

    tolerance: int | None = None
    may_move: int | None = None
    window: frozenset[int] | None = None
    around: Owners | None = None


@dataclass
class Verdict:
    """What the solver found: `owner`, the best assignment met, with the `value` of the aim; `best`: no assignment has a smaller one, proved.

    `infeasible`: proved that there is none. `cuts` serve further questions about the same problem. `spent`: deterministic time.
    """

    owner: Owners | None = None
    value: int | None = None
    best: int = 0
    infeasible: bool = False
    spent: float = 0.0
    cuts: list[Cut] = field(default_factory=list)

    @property
    def proved(self) -> bool:
        """Whether nothing better can exist."""
        return self.infeasible or (self.value is not None and self.value <= self.best)


def solve(
    problem: Problem,
    aim: Aim,
    *,
    seed: int,
    time: float,
    rules: Rules = Rules(),
    hint: Owners | None = None,
    cuts: Iterable[Cut] = (),
    progress: Progress = lambda share: None,
) -> Verdict:
    """The assignment that keeps every rule and is best in one respect.

    `DEVIATION`: the smallest tolerance in basis points, not below the problem's own, that can be met. `MOVED`, `CUT`: the least stake
    moved, the shortest borders. `time`: deterministic time for all solves together (very roughly seconds of one core). Units that no
    district can reach are left to nobody. `progress` is told the share of the time that is spent and may raise to stop.
    """
    verdict = Verdict(cuts=list(cuts))
    draft = _Draft(problem, aim, rules)
    for cut in verdict.cuts:
        draft.forbid(cut)
    while verdict.spent < time:
        status, solver = draft.run(seed, time - verdict.spent, hint)
        verdict.spent += float(solver.response_proto.deterministic_time) + 0.001
        progress(min(1.0, verdict.spent / time))
        if status == "INFEASIBLE":
            verdict.infeasible = True
            break
        if solver.best_objective_bound > 0:
            # Further cuts only take solutions away: a bound once proved stays true.
            verdict.best = max(verdict.best, int(-(-solver.best_objective_bound // 1)))
        if status not in ("OPTIMAL", "FEASIBLE"):
            break
        owner = draft.owner_of(solver)
        fresh = cuts_of(problem, owner, rules.window)
        if not fresh:
            verdict.owner, verdict.value = owner, round(solver.objective_value)
            break
        for cut in fresh:
            draft.forbid(cut)
        verdict.cuts += fresh
    return verdict


class _Draft:
    """The model: a yes or no for each unit and each district that it may go to."""

    def __init__(self, problem: Problem, aim: Aim, rules: Rules) -> None:
        # OR-Tools takes half a second to import: only who solves pays.
        from ortools.sat.python import cp_model

        self.problem, self.aim, self.rules = problem, aim, rules
        self.model: Any = cp_model.CpModel()
        self.districts = [
            d for d in range(problem.districts) if not problem.locked[d] and (rules.window is None or d in rules.window)
        ]
        self.fixed: Owners = problem.present.copy()
        self.has: dict[tuple[int, int], Any] = {}
        self.of_district: dict[int, list[tuple[int, Any]]] = {d: [] for d in self.districts}
        self._place()
        self._deviation = self._balance()
        moved = self._moved()
        limit = problem.may_move if rules.may_move is None else rules.may_move
        if limit < problem.at_stake:
            self.model.add(moved <= limit)
        if aim is Aim.DEVIATION:
            self.model.minimize(self._deviation)
        else:
            self.model.minimize(moved if aim is Aim.MOVED else self._cut())

    def _place(self) -> None:
        problem, model, rules = self.problem, self.model, self.rules
        pinned = problem.pinned != NOBODY
        self.fixed[pinned] = problem.pinned[pinned]
        open_units = problem.free & problem.wanted
        if rules.window is not None:
            assert rules.around is not None
            self.fixed = rules.around.copy()
            for unit in open_units.nonzero()[0].tolist():
                open_units[unit] = int(rules.around[unit]) in rules.window
        for unit in open_units.nonzero()[0].tolist():
            self.fixed[unit] = NOBODY
            for d in self.districts:
                self.has[unit, d] = is_in = model.new_bool_var(f"x{unit}_{d}")
                self.of_district[d].append((unit, is_in))
            model.add_exactly_one(self.has[unit, d] for d in self.districts)
        for a, b in problem.edges[problem.barred].tolist():
            for d in self.districts:
                ends = self._is_in(a, d), self._is_in(b, d)
                if not all(isinstance(end, int) for end in ends):
                    model.add(ends[0] + ends[1] <= 1)
                elif ends == (1, 1):
                    model.add_bool_or([])
        for d in self.districts:
            held = bool((self.fixed == d).any())
            if not held:
                model.add_bool_or([is_in for _, is_in in self.of_district[d]])
            # In a district of several units each has a neighbour; only one that might be a district by itself has none.
            for unit, is_in in self.of_district[d]:
                if held or self._too_light(unit, d):
                    near = [self._is_in(other, d) for other in problem.graph.open_neighbours(unit)]
                    model.add(sum(near) >= is_in)

    def _too_light(self, unit: int, district: int) -> bool:
        if self.aim is Aim.DEVIATION:
            return False
        lower, _ = self.problem.bounds(self.rules.tolerance)
        alone = self.problem.base[:, district] + self.problem.loads[:, unit]
        return bool((alone < lower[:, district]).any())

    def _is_in(self, unit: int, district: int) -> Any:
        variable = self.has.get((unit, district))
        return int(self.fixed[unit] == district) if variable is None else variable

    def _balance(self) -> Any:
        problem, model = self.problem, self.model
        lower, upper = problem.bounds(self.rules.tolerance)
        deviation = None
        if self.aim is Aim.DEVIATION:
            most = worst_possible(problem)
            deviation = model.new_int_var(min(problem.tolerance, most), most, "deviation")
        for measure, total in enumerate(problem.totals):
            whole = sum(int(c) for c in problem.capacities[measure])
            loads = problem.loads[measure]
            for d in self.districts:
                carried = int(problem.base[measure, d]) + int(loads[self.fixed == d].sum())
                carried += sum(int(loads[unit]) * is_in for unit, is_in in self.of_district[d])
                if deviation is None:
                    model.add(carried >= int(lower[measure, d]))
                    model.add(carried <= int(upper[measure, d]))
                elif total:
                    share = total * int(problem.capacities[measure, d])
                    model.add(WHOLE * (carried * whole - share) <= deviation * share)
                    model.add(WHOLE * (share - carried * whole) <= deviation * share)
        return deviation

    def _moved(self) -> Any:
        problem = self.problem
        gone = (problem.present != NOBODY) & (self.fixed != NOBODY) & (self.fixed != problem.present)
        moved = int(problem.stake[gone].sum())
        for unit in {unit for unit, _ in self.has}:
            if problem.present[unit] != NOBODY and problem.stake[unit]:
                moved += int(problem.stake[unit]) * (1 - self.has.get((unit, int(problem.present[unit])), 0))
        return moved

    def _cut(self) -> Any:
        problem, model = self.problem, self.model
        borders = 0
        variable = {unit for unit, _ in self.has}
        for (a, b), length in zip(problem.edges.tolist(), problem.lengths.tolist(), strict=True):
            if not length:
                continue
            if a not in variable and b not in variable:
                borders += length * int(self.fixed[a] != self.fixed[b])
                continue
            apart = model.new_bool_var(f"c{a}_{b}")
            for d in self.districts:
                model.add(apart >= self._is_in(a, d) - self._is_in(b, d))
                model.add(apart >= self._is_in(b, d) - self._is_in(a, d))
            if (a not in variable and self.fixed[a] not in self.of_district) or (
                b not in variable and self.fixed[b] not in self.of_district
            ):
                model.add(apart == 1)
            borders += length * apart
        return borders

    def forbid(self, cut: Cut) -> None:
        """Adds a cut: the two units are in one district only with one of those between them."""
        one, other, between = cut
        for d in self.districts:
            joint = sum(self._is_in(unit, d) for unit in between)
            ends = self._is_in(one, d), self._is_in(other, d)
            if all(isinstance(end, int) for end in ends) and isinstance(joint, int):
                if ends == (1, 1) and not joint:
                    self.model.add_bool_or([])
                continue
            self.model.add(ends[0] + ends[1] <= 1 + joint)

    def run(self, seed: int, time: float, hint: Owners | None) -> "tuple[str, CpSolver]":
        """Solves the model as it stands."""
        from ortools.sat.python import cp_model

        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = seed % 2**31
        solver.parameters.max_deterministic_time = time
        self.model.clear_hints()
        if hint is not None:
            for (unit, d), is_in in self.has.items():
                self.model.add_hint(is_in, int(hint[unit]) == d)
        status = solver.solve(self.model)
        return str(solver.status_name(status)), solver

    def owner_of(self, solver: "CpSolver") -> Owners:
        """The assignment of a solution."""
        owner = self.fixed.copy()
        for (unit, d), is_in in self.has.items():
            if solver.boolean_value(is_in):
                owner[unit] = d
        return owner


def worst_possible(problem: Problem) -> int:
    """Basis points of deviation that no assignment can exceed."""
    most = WHOLE
    for measure, total in enumerate(problem.totals):
        whole = sum(int(c) for c in problem.capacities[measure])
        least = min(int(c) for c in problem.capacities[measure])
        if total:
            everything = int(problem.loads[measure].sum() + problem.base[measure].sum())
            most = max(most, -(-WHOLE * everything * whole // (total * least)) - WHOLE)
    return most


def basis_points(problem: Problem, owner: Owners) -> int:
    """The worst deviation of an assignment, rounded up to whole basis points."""
    worst = worst_deviation(problem, owner) * WHOLE
    return -(-worst.numerator // worst.denominator)


def solver_version() -> str:
    """The solver's name and version, as recorded with a proposal."""
    from importlib.metadata import version

    return f"CP-SAT {version('ortools')}"
