"""Proposes districts: balanced within the tolerance, with most of the stake where it is; never worse than the present; and if that
cannot be had, the rule that stands in the way."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from fractions import Fraction
from functools import partial

import numpy as np

from geo.districting.bindings import Binding, Kind, least_moved, proved_bindings
from geo.districting.exact import Aim, Rules, basis_points, solve
from geo.districting.judging import Standing, moved_stake, standing
from geo.districting.polish import Purse, even_out, shrink
from geo.districting.problem import NOBODY, Owners, Problem
from geo.districting.search import Effort, Found, search
from geo.districting.start import begin

Progress = Callable[[str, float], None]

EXACT_VARIABLES = 1200
"""Up to so many yes-or-no variables a problem is solved as a whole; a larger one window by window."""

HALVINGS = 4
"""How often the tolerance that can be met is narrowed down by half."""

LIFTED_SINGLY = 12
"""Up to so many locks are lifted one by one to find the one that binds."""


class Outcome(Enum):
    """`BALANCED`: all rules, tolerance and share kept are met. `CLOSER`: better than the present, but not all is met. `PRESENT`: nothing
    better was found, the proposal is the present itself. `NOTHING_TO_DO`: the present meets everything already."""

    BALANCED = "BALANCED"
    CLOSER = "CLOSER"
    PRESENT = "PRESENT"
    NOTHING_TO_DO = "NOTHING_TO_DO"


@dataclass(frozen=True)
class Work:
    """How hard to try. `time`: the solver's deterministic time for each of its tasks. No clock anywhere."""

    effort: Effort = field(default_factory=Effort)
    time: float = 1.5


@dataclass(frozen=True)
class Proposal:
    """`owner` (n,): the district of each unit. `bindings` say what stands in the way, most telling first; empty if all is met.

    `least`: the stake that any assignment within the tolerance must move, as far as proved. `proved`: that no assignment keeping the
    rules is better in balance and then in stake moved.
    """

    owner: Owners
    outcome: Outcome
    before: Standing
    after: Standing
    bindings: tuple[Binding, ...]
    least: int
    proved: bool
    seed: int


def propose(
    problem: Problem,
    *,
    seed: int,
    work: Work = Work(),
    progress: Progress = lambda stage, share: None,
) -> Proposal:
    """The best districts found. Goods in order: the rules, the worst deviation beyond the tolerance, stake moved, borders.

    The same problem, seed and work give the same proposal. `progress` is told the stage and the share of it done; it may raise to stop.
    """
    before = standing(problem, problem.present)
    if before.broken == 0 and before.beyond == 0:
        return Proposal(problem.present.copy(), Outcome.NOTHING_TO_DO, before, before, (), 0, True, seed)
    best, proved = _solve(problem, seed, work, progress)
    after = standing(problem, best)
    bindings: list[Binding] = []
    vacant = (problem.present == NOBODY) & problem.wanted & (problem.pinned == NOBODY)
    if after.balance > before.balance and bool(vacant.any()):
        # Whole but worse balanced: those that nobody has stay with nobody.
        bindings.append(Binding(Kind.VACANT, False, units=tuple(vacant.nonzero()[0].tolist())))
        part = replace(problem, vacant=problem.vacant | vacant)
        best, proved = _solve(part, seed, work, progress)
        after = standing(part, best)
        before = standing(part, problem.present)
    kept = after.moved <= problem.may_move
    if not kept or after >= before or after.balance > before.balance:
        best, after, outcome, proved = problem.present.copy(), before, Outcome.PRESENT, False
    elif after.broken == 0 and after.beyond == 0 and not bindings:
        outcome = Outcome.BALANCED
    else:
        outcome = Outcome.CLOSER
    if outcome is not Outcome.BALANCED:
        named, owner = _bind(problem, seed, work, progress)
        if owner is not None:
            # Found while looking for what binds, with nothing lifted: nothing does.
            best, after, outcome, proved = owner, standing(problem, owner), Outcome.BALANCED, False
            before, bindings = standing(problem, problem.present), []
        bindings += named
    progress("bind", 1.0)
    return Proposal(best, outcome, before, after, tuple(bindings), least_moved(problem), proved, seed)


def _solve(problem: Problem, seed: int, work: Work, progress: Progress) -> tuple[Owners, bool]:
    """The best assignment found with the share kept, and whether it is proved that none has a smaller worst deviation, or, if that is
    within the tolerance, none moves less."""
    found = search(
        problem, begin(problem), seed=seed, effort=work.effort, progress=lambda share: progress("search", share)
    )
    whole = _variables(problem) <= EXACT_VARIABLES
    owner, proved = found.owner, False
    if not found.within:
        owner, proved = _even(problem, found, whole, seed, work, progress)
    if basis_points(problem, owner) > problem.tolerance or moved_stake(problem, owner) > problem.may_move:
        return owner, proved
    if whole:
        return _outright(problem, owner, seed, work, progress)
    for aim, stage in ((Aim.MOVED, "stay"), (Aim.CUT, "shape")):
        purse = Purse(work.time, partial(progress, stage))
        owner = shrink(problem, owner, aim, tolerance=problem.tolerance, seed=seed, purse=purse)
    return owner, False


def _variables(problem: Problem) -> int:
    return int((problem.free & problem.wanted).sum()) * int((~problem.locked).sum())


def _outright(problem: Problem, owner: Owners, seed: int, work: Work, progress: Progress) -> tuple[Owners, bool]:
    """From an assignment within the tolerance: the least that can move by the solver, then the shortest borders."""
    least = solve(problem, Aim.MOVED, seed=seed, time=work.time, hint=owner, progress=partial(progress, "stay"))
    if least.owner is not None and standing(problem, least.owner) < standing(problem, owner):
        owner = least.owner
    rules = Rules(may_move=moved_stake(problem, owner))
    tidy = solve(
        problem,
        Aim.CUT,
        seed=seed,
        time=work.time,
        rules=rules,
        hint=owner,
        cuts=least.cuts,
        progress=partial(progress, "shape"),
    )
    if tidy.owner is not None and standing(problem, tidy.owner) < standing(problem, owner):
        owner = tidy.owner
    return owner, least.proved


def _even(
    problem: Problem, found: Found, whole: bool, seed: int, work: Work, progress: Progress
) -> tuple[Owners, bool]:
    """Where the tolerance was not met: the smallest worst deviation, then as little load as possible beyond the tolerance."""
    owner, proved = found.owner, False
    if not found.over and not found.unowned:
        owner = _narrow(problem, found, seed, work, progress)
        owner = even_out(problem, owner, seed=seed, purse=Purse(work.time, partial(progress, "even")))
    if whole:
        usable = not found.over and not found.unowned
        verdict = solve(problem, Aim.DEVIATION, seed=seed, time=2 * work.time, hint=owner if usable else None)
        proved = verdict.proved
        if verdict.owner is not None and (not usable or standing(problem, verdict.owner) < standing(problem, owner)):
            owner = verdict.owner
        proved = proved and (verdict.infeasible or basis_points(problem, owner) <= (verdict.value or 0))
    worst = basis_points(problem, owner)
    if worst > problem.tolerance:
        effort = replace(work.effort, rounds=1)
        tried = search(problem, owner, seed=seed, effort=effort, at_worst=worst)
        if standing(problem, tried.owner) < standing(problem, owner) and not tried.over:
            owner = tried.owner
    return owner, proved


def _narrow(problem: Problem, found: Found, seed: int, work: Work, progress: Progress) -> Owners:
    """Halves the gap between the tolerance asked for and what has been reached."""
    owner = found.owner
    reached, asked = basis_points(problem, owner), problem.tolerance
    effort = replace(work.effort, rounds=1)
    for turn in range(HALVINGS):
        middle = (reached + asked) // 2
        if middle in (reached, asked):
            break
        tried = search(problem, owner, seed=seed + turn + 1, effort=effort, tolerance=middle)
        progress("even", (turn + 1) / (HALVINGS + 1))
        points = basis_points(problem, tried.owner)
        if not tried.over and not tried.unowned and points < reached:
            owner, reached = tried.owner, points
        if not tried.within:
            asked = middle
    return owner


def _bind(problem: Problem, seed: int, work: Work, progress: Progress) -> tuple[list[Binding], Owners | None]:
    """Which rules stand in the way: those that are proved to, and else the fewest whose lifting lets a way be found.

    If a way is met that keeps all of them after all, that one, and nothing binds.
    """
    proved = proved_bindings(problem)
    rules = _liftable(problem)
    turns = 0

    def attempt(lifted: set[str]) -> Owners | None:
        nonlocal turns
        turns += 1
        progress("bind", min(0.95, turns / (turns + 3)))
        return _way(_lift(problem, lifted), "KEEP" in lifted, seed, work)

    certain = {one.kind.value for one in proved} - {Kind.KEEP.value}
    if certain & {Kind.HEAVY_UNIT.value, Kind.SEPARATE.value}:
        return proved, None
    needed = certain & rules
    way = attempt(needed | {"KEEP"})
    if way is None and needed != rules:
        needed = set(rules)
        way = attempt(needed | {"KEEP"})
        for rule in sorted(rules - certain) if way is not None else ():
            fewer = attempt((needed - {rule}) | {"KEEP"})
            if fewer is not None:
                needed, way = needed - {rule}, fewer
    if way is None:
        return proved or [Binding(Kind.GRAIN, False)], None
    moved = moved_stake(problem, way)
    if moved <= problem.may_move and not needed:
        return [], way
    also_keep = moved > problem.may_move and (not needed or attempt(needed) is None)
    found = list(proved)
    if also_keep:
        keep = next((one for one in found if one.kind is Kind.KEEP), Binding(Kind.KEEP, False))
        found = [one for one in found if one.kind is not Kind.KEEP]
        least = _least(problem, needed, seed, work)
        if least > problem.may_move and Fraction(least, problem.at_stake) > (keep.needed or 0):
            keep = replace(keep, proved=True, needed=Fraction(least, problem.at_stake))
        found.append(replace(keep, found=Fraction(moved, problem.at_stake)))
    named = {one.kind.value for one in found}
    for rule in sorted(needed - named):
        found.append(_named(problem, rule, needed, also_keep, seed, work))
    return found, None


def _liftable(problem: Problem) -> set[str]:
    rules = set()
    if problem.locked.any():
        rules.add("LOCK")
    if (problem.pinned != NOBODY).any():
        rules.add("PIN")
    if problem.barred.any():
        rules.add("BARRIER")
    return rules


def _lift(problem: Problem, rules: set[str]) -> Problem:
    """The problem without some of its rules. What is barred has no length, so the borders do not change their sum."""
    if "LOCK" in rules:
        problem = replace(problem, locked=np.zeros_like(problem.locked))
    if "PIN" in rules:
        problem = replace(problem, pinned=np.full_like(problem.pinned, NOBODY))
    if "BARRIER" in rules:
        problem = replace(problem, barred=np.zeros_like(problem.barred))
    return problem


def _way(problem: Problem, without_keep: bool, seed: int, work: Work) -> Owners | None:
    """An assignment that keeps all rules within the tolerance, if one is found; as little as possible moves."""
    limit = problem.at_stake if without_keep else problem.may_move
    found = search(problem, begin(problem), seed=seed, effort=work.effort, may_move=limit)
    owner: Owners | None = found.owner if found.within else None
    if owner is None and _variables(problem) <= EXACT_VARIABLES:
        owner = solve(problem, Aim.MOVED, seed=seed, time=work.time, rules=Rules(may_move=limit)).owner
    elif owner is not None and without_keep:
        owner = _fewer(problem, owner, seed, work)
    if owner is None:
        return None
    reached = standing(problem, owner)
    return owner if reached.broken == 0 and reached.beyond == 0 else None


def _fewer(problem: Problem, owner: Owners, seed: int, work: Work) -> Owners:
    """Where anything may move, the search moves too much: what may move is halved towards the least while a way is found."""
    least, most = max(problem.may_move, least_moved(problem)), standing(problem, owner).moved
    effort = replace(work.effort, rounds=1)
    for turn in range(HALVINGS):
        if most <= least + max(1, problem.at_stake // 500):
            break
        middle = (least + most) // 2
        tried = search(problem, begin(problem), seed=seed + turn, effort=effort, may_move=middle)
        if tried.within:
            owner, most = tried.owner, tried.moved
        else:
            least = middle
    if _variables(problem) <= EXACT_VARIABLES:
        verdict = solve(problem, Aim.MOVED, seed=seed, time=work.time, rules=Rules(may_move=most), hint=owner)
        return owner if verdict.owner is None else verdict.owner
    purse = Purse(work.time)
    return shrink(problem, owner, Aim.MOVED, tolerance=problem.tolerance, seed=seed, purse=purse)


def _least(problem: Problem, lifted: set[str], seed: int, work: Work) -> int:
    """The least stake that must move, as far as the solver proves it for a problem that it can take as a whole."""
    bare = _lift(problem, lifted)
    if _variables(bare) > EXACT_VARIABLES:
        return 0
    verdict = solve(bare, Aim.MOVED, seed=seed, time=work.time, rules=Rules(may_move=bare.at_stake))
    return verdict.best


def _named(problem: Problem, rule: str, lifted: set[str], without_keep: bool, seed: int, work: Work) -> Binding:
    """The districts or units of a rule that binds; of several locks the single one whose lifting is enough, if there is one."""
    if rule == "PIN":
        pins = problem.pinned != NOBODY
        return Binding(
            Kind.PIN,
            False,
            tuple(sorted(set(problem.pinned[pins].tolist()))),
            tuple(pins.nonzero()[0].tolist()),
        )
    if rule == "BARRIER":
        ends = problem.edges[problem.barred]
        return Binding(Kind.BARRIER, False, units=tuple(sorted(set(ends.reshape(-1).tolist()))))
    locks = problem.locked.nonzero()[0].tolist()
    if 1 < len(locks) <= LIFTED_SINGLY:
        others = _lift(problem, lifted - {"LOCK"})
        for d in locks:
            locked = others.locked.copy()
            locked[d] = False
            if _way(replace(others, locked=locked), without_keep, seed, work) is not None:
                return Binding(Kind.LOCK, False, districts=(d,))
    return Binding(Kind.LOCK, False, districts=tuple(locks))
