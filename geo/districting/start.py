"""Where the search begins: the present, freed of what the rules forbid, with every unit that can be reached given to somebody."""

import heapq
from collections.abc import Iterable

from geo.districting.problem import NOBODY, Owners, Problem


def begin(problem: Problem) -> Owners:
    """(n,) the present with pins put in place, loose parts and what lies beyond a bar taken away, and the units of nobody given to
    neighbours, those with most room first.

    A district may still have several parts where a pin cannot be joined to it, and units may be left over where no district can come to
    them: whoever judges the outcome counts both.
    """
    owner = problem.present.copy()
    for unit in (problem.pinned != NOBODY).nonzero()[0]:
        owner[unit] = problem.pinned[unit]
    for _ in range(3):  # what is taken for one district may break another
        changed = False
        for district in range(problem.districts):
            if not problem.locked[district]:
                changed |= _tidy(problem, owner, district)
        if not changed:
            break
    _fill(problem, owner)
    return owner


def _tidy(problem: Problem, owner: Owners, district: int) -> bool:
    """Leaves a district with one part and nothing on both sides of a bar; whether anything changed."""
    before = owner == district
    _clear_bars(problem, owner, district)
    parts = problem.graph.parts(_units(owner, district))
    if len(parts) > 1:
        main = max(parts, key=lambda part: _rank(problem, part))
        for part in parts:
            if part is main:
                continue
            pins = [unit for unit in part if problem.pinned[unit] != NOBODY]
            for unit in part:
                if problem.free[unit]:
                    owner[unit] = NOBODY
            for unit in pins:
                _join(problem, owner, district, unit, main)
    return bool((before != (owner == district)).any())


def _units(owner: Owners, district: int) -> list[int]:
    return [int(unit) for unit in (owner == district).nonzero()[0]]


def _rank(problem: Problem, part: list[int]) -> tuple[int, int, int, int]:
    """What a part is worth to its district: pins, then what would change hands, then size; the lowest unit settles it."""
    pins = sum(int(problem.pinned[unit] != NOBODY) for unit in part)
    return pins, sum(int(problem.stake[unit]) for unit in part), len(part), -part[0]


def _clear_bars(problem: Problem, owner: Owners, district: int) -> None:
    """Gives up one side of each bar inside a district: the side whose loss leaves more."""
    graph = problem.graph
    while True:
        units = _units(owner, district)
        inside = set(units)
        ends = {unit for unit in units if any(other in inside for other in graph.barred_neighbours(unit))}
        if not ends:
            return
        banks = graph.parts(sorted(ends))
        bank_of = {unit: position for position, bank in enumerate(banks) for unit in bank}
        unit = min(ends)
        across = min(other for other in graph.barred_neighbours(unit) if other in inside)
        sides = {tuple(banks[bank_of[unit]]), tuple(banks[bank_of[across]])}
        if len(sides) == 1:
            sides = {(unit,), (across,)}
        best: tuple[tuple[int, int, int, int], tuple[int, ...]] | None = None
        for side in sorted(sides):
            if not all(problem.free[gone] for gone in side):
                continue
            rest = graph.parts(inside.difference(side))
            kept = max((_rank(problem, part) for part in rest), default=(0, 0, 0, 0))
            if best is None or kept > best[0]:
                best = kept, side
        if best is None:
            return  # pins stand on both sides
        for gone in best[1]:
            owner[gone] = NOBODY


def _join(problem: Problem, owner: Owners, district: int, pin: int, main: Iterable[int]) -> None:
    """Takes the way of least stake from a pinned unit to the main part into the district, where there is one."""
    goal = set(main)
    best = {pin: 0}
    came: dict[int, int] = {}
    waiting = [(0, pin)]
    barred = {other for unit in goal for other in problem.graph.barred_neighbours(unit)}
    while waiting:
        cost, unit = heapq.heappop(waiting)
        if unit in goal:
            while unit != pin:
                unit = came[unit]
                owner[unit] = district
            return
        if cost > best[unit]:
            continue
        for other in problem.graph.open_neighbours(unit):
            if other not in goal and (not problem.free[other] or other in barred):
                continue
            further = cost + (0 if owner[other] in (district, NOBODY) else int(problem.stake[other])) + 1
            if further < best.get(other, further + 1):
                best[other], came[other] = further, unit
                heapq.heappush(waiting, (further, other))


def _fill(problem: Problem, owner: Owners) -> None:
    """Gives each unit of nobody to a neighbouring district: back home where that touches, else to the one that is least full."""
    loads = [int(load) for load in problem.base[0]]
    for unit, district in enumerate(owner):
        if district != NOBODY:
            loads[district] += int(problem.loads[0, unit])
    capacities = [int(capacity) for capacity in problem.capacities[0]]
    graph = problem.graph

    def fullness(district: int) -> float:
        return loads[district] / capacities[district]

    def takers(unit: int) -> list[int]:
        shut = {int(owner[other]) for other in graph.barred_neighbours(unit)}
        near = {int(owner[other]) for other in graph.open_neighbours(unit)}
        return sorted(d for d in near if d != NOBODY and d not in shut and not problem.locked[d])

    empty = [d for d in range(problem.districts) if not problem.locked[d] and not bool((owner == d).any())]
    nobodys = [int(unit) for unit in ((owner == NOBODY) & problem.free).nonzero()[0]]
    for district in empty:
        # A district that has nothing begins at the heaviest unit of nobody that it may have.
        seed = max(nobodys, key=lambda unit: (int(problem.loads[0, unit]), -unit), default=None)
        if seed is not None:
            owner[seed] = district
            loads[district] += int(problem.loads[0, seed])
            nobodys.remove(seed)
    waiting: list[tuple[bool, float, int, int]] = []

    def offer(unit: int) -> None:
        for district in takers(unit):
            heapq.heappush(waiting, (district != problem.present[unit], fullness(district), district, unit))

    for unit in nobodys:
        offer(unit)
    while waiting:
        away, full, district, unit = heapq.heappop(waiting)
        if owner[unit] != NOBODY or district not in takers(unit):
            continue
        if full != fullness(district):
            heapq.heappush(waiting, (away, fullness(district), district, unit))
            continue
        owner[unit] = district
        loads[district] += int(problem.loads[0, unit])
        for other in graph.open_neighbours(unit):
            if owner[other] == NOBODY and problem.free[other]:
                offer(other)
