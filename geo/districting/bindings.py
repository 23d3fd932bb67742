"""Which rule stands in the way, where balance and the share kept cannot both be had: what is proved, and what is found by trying."""

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

import numpy as np

from geo.districting.judging import deviations, loads_of
from geo.districting.problem import NOBODY, WHOLE, Ints, Problem


class Kind(Enum):
    """The rule that binds."""

    KEEP = "KEEP"
    LOCK = "LOCK"
    PIN = "PIN"
    BARRIER = "BARRIER"
    HEAVY_UNIT = "HEAVY_UNIT"
    SEPARATE = "SEPARATE"
    UNREACHABLE = "UNREACHABLE"
    VACANT = "VACANT"
    GRAIN = "GRAIN"


@dataclass(frozen=True)
class Binding:
    """A rule that binds. `proved`: follows from the numbers alone; else nothing was found that keeps it, and something without it.

    - `KEEP`: within the tolerance at least the share `needed` must move (proved); `found` is the share with which a way was found, if any.
    - `LOCK`, `PIN`: `districts` carry the share `load` of what is fair, and may not change. Without figures: without these locks (pins on
      `units`) a way was found.
    - `HEAVY_UNIT`: `units` weigh more than the largest load allowed to any district that may have them.
    - `BARRIER`, `SEPARATE`: `units` are a part of the map of their own, cut off by a bar or by nothing that borders on it; its load is the
      share `load` of the fair shares of the `districts` that can be there. Without figures: without the bars a way was found.
    - `UNREACHABLE`: `units` that no district can come to.
    - `VACANT`: giving away the `units` that nobody has would make the worst deviation worse than it is.
    - `GRAIN`: with every rule lifted no way was found either: the units are too coarse, or their neighbourhood too narrow.
    """

    kind: Kind
    proved: bool
    districts: tuple[int, ...] = ()
    units: tuple[int, ...] = ()
    load: Fraction | None = None
    needed: Fraction | None = None
    found: Fraction | None = None


def proved_bindings(problem: Problem) -> list[Binding]:
    """What makes it impossible to meet tolerance, rules and share kept, as far as counting shows it."""
    return [
        *_heavy(problem),
        *_locked(problem),
        *_pinned(problem),
        *_separate(problem),
        *_unreachable(problem),
        *_kept(problem),
    ]


def _heavy(problem: Problem) -> list[Binding]:
    _, upper = problem.bounds()
    open_districts = ~problem.locked
    found = []
    for unit in range(problem.units):
        if not problem.wanted[unit] or not problem.free[unit]:
            continue
        room = (upper - problem.base)[:, open_districts]
        if room.size and bool((problem.loads[:, unit][:, None] > room).any(axis=0).all()):
            found.append(Binding(Kind.HEAVY_UNIT, True, units=(unit,)))
    return found


def _share(load: int, capacity: int, total: int, whole: int) -> Fraction:
    return Fraction(load * whole, total * capacity) if total else Fraction(0)


def _locked(problem: Problem) -> list[Binding]:
    found = []
    carried = loads_of(problem, problem.present)
    worst = deviations(problem, problem.present)
    limit = Fraction(problem.tolerance, WHOLE)
    for d in problem.locked.nonzero()[0].tolist():
        off = max((row[d] for row in worst), key=abs)
        if abs(off) > limit:
            found.append(Binding(Kind.LOCK, True, districts=(d,), load=1 + off))
    if found or not problem.locked.any() or problem.locked.all():
        return found
    lower, upper = problem.bounds()
    for measure, total in enumerate(problem.totals):
        rest = total - int(carried[measure, problem.locked].sum())
        most, least = int(upper[measure, ~problem.locked].sum()), int(lower[measure, ~problem.locked].sum())
        if not least <= rest <= most:
            locked = tuple(problem.locked.nonzero()[0].tolist())
            held = int(carried[measure, problem.locked].sum())
            capacity = int(problem.capacities[measure, problem.locked].sum())
            whole = int(problem.capacities[measure].sum())
            return [Binding(Kind.LOCK, True, districts=locked, load=_share(held, capacity, total, whole))]
    return found


def _pinned(problem: Problem) -> list[Binding]:
    _, upper = problem.bounds()
    held = problem.base.copy()
    pinned = problem.pinned != NOBODY
    for measure in range(problem.measures):
        np.add.at(held[measure], problem.pinned[pinned], problem.loads[measure, pinned])
    found = []
    for d in range(problem.districts):
        over = [m for m in range(problem.measures) if held[m, d] > upper[m, d] and not problem.locked[d]]
        if over and pinned.any():
            m = over[0]
            whole = int(problem.capacities[m].sum())
            share = _share(int(held[m, d]), int(problem.capacities[m, d]), problem.totals[m], whole)
            units = tuple((problem.pinned == d).nonzero()[0].tolist())
            found.append(Binding(Kind.PIN, True, districts=(d,), units=units, load=share))
    return found


def _separate(problem: Problem) -> list[Binding]:
    """Parts of the map whose load the districts that can be there cannot carry, or do not get."""
    locked = np.zeros(problem.units, np.bool_)
    held = problem.present != NOBODY
    locked[held] = problem.locked[problem.present[held]]
    parts = problem.graph.parts((problem.wanted & ~locked).nonzero()[0])
    if len(parts) < 2:
        return []
    part_of = {unit: position for position, part in enumerate(parts) for unit in part}
    may_be: list[set[int]] = [set() for _ in parts]
    must_be: list[set[int]] = [set() for _ in parts]
    for d in range(problem.districts):
        if problem.locked[d]:
            continue
        pins = {part_of[u] for u in (problem.pinned == d).nonzero()[0].tolist() if u in part_of}
        own = [u for u in (problem.present == d).nonzero()[0].tolist() if u in part_of]
        stake = [0] * len(parts)
        for unit in own:
            stake[part_of[unit]] += int(problem.stake[unit])
        possible = pins or {p for p in range(len(parts)) if sum(stake) - stake[p] <= problem.may_move}
        for p in possible:
            may_be[p].add(d)
        if len(possible) == 1:
            must_be[next(iter(possible))].add(d)
    lower, upper = problem.bounds()
    found = []
    for position, part in enumerate(parts):
        for measure, total in enumerate(problem.totals):
            load = int(problem.loads[measure, part].sum())
            base = problem.base[measure]
            most = sum(int(upper[measure, d] - base[d]) for d in may_be[position])
            least = sum(int(lower[measure, d] - base[d]) for d in must_be[position])
            if least <= load <= most:
                continue
            there = may_be[position] if load > most else must_be[position]
            capacity = sum(int(problem.capacities[measure, d]) for d in there)
            carried = load + sum(int(base[d]) for d in there)
            whole = int(problem.capacities[measure].sum())
            share = _share(carried, capacity, total, whole) if capacity else None
            kind = Kind.BARRIER if _barred_off(problem, part) else Kind.SEPARATE
            found.append(Binding(kind, True, tuple(sorted(there)), tuple(part), load=share))
            break
    return found


def _barred_off(problem: Problem, part: list[int]) -> bool:
    inside = set(part)
    return any(other not in inside for unit in part for other in problem.graph.barred_neighbours(unit))


def _unreachable(problem: Problem) -> list[Binding]:
    left = (~problem.reachable & ~problem.vacant).nonzero()[0].tolist()
    return [Binding(Kind.UNREACHABLE, True, units=tuple(left))] if left else []


def least_moved(problem: Problem) -> int:
    """Stake that must move at the least for every district to be within the tolerance, whatever the shapes: what districts have too much
    of must leave them, and what they lack must come from others beyond what nobody has.

    The lightest stake for its load leaves first, the last unit in fractions: never more than is truly needed.
    """
    lower, upper = problem.bounds()
    carried = loads_of(problem, problem.present)
    forced = (problem.pinned != NOBODY) & (problem.present != NOBODY) & (problem.pinned != problem.present)
    most = int(problem.stake[forced].sum())
    free = (~problem.locked).nonzero()[0]
    vacant = (problem.present == NOBODY) & problem.wanted
    for measure in range(problem.measures):
        loads = problem.loads[measure]
        out = 0
        for d in free.tolist():
            units = (problem.present == d).nonzero()[0]
            out += _cheapest(problem, loads, units, int(carried[measure, d] - upper[measure, d]))
        lacking = sum(max(0, int(lower[measure, d] - carried[measure, d])) for d in free.tolist())
        held = (problem.present != NOBODY).nonzero()[0]
        into = _cheapest(problem, loads, held, lacking - int(loads[vacant].sum()))
        most = max(most, out, into)
    return most


def _cheapest(problem: Problem, loads: Ints, units: Ints, load: int) -> int:
    """The least stake with which so much load of these units can go; rounded up."""
    if load <= 0:
        return 0
    heavy = units[loads[units] > 0]
    order = sorted(heavy.tolist(), key=lambda unit: Fraction(int(problem.stake[unit]), int(loads[unit])))
    price = Fraction(0)
    for unit in order:
        weight = int(loads[unit])
        if weight >= load:
            price += Fraction(int(problem.stake[unit]) * load, weight)
            break
        price += int(problem.stake[unit])
        load -= weight
    return -(-price.numerator // price.denominator)


def _kept(problem: Problem) -> list[Binding]:
    needed = least_moved(problem)
    if needed <= problem.may_move or not problem.at_stake:
        return []
    return [Binding(Kind.KEEP, True, needed=Fraction(needed, problem.at_stake))]
