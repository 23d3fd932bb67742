"""Where a district falls apart: which units would have to be with it to hold two of its parts together."""

from geo.districting.problem import NOBODY, Owners, Problem

Cut = tuple[int, int, tuple[int, ...]]
"""(one unit, another, those between): the first two are in one district only if one of the others is in it as well."""


def cuts_of(problem: Problem, owner: Owners, districts: frozenset[int] | None = None) -> list[Cut]:
    """A cut for each part of an unlocked district (of those given) that is cut off from its largest part, by the units around either.

    Between are only units that border on the one part and can be come to from the other without it: a minimal separator, so the cut is as
    strong as can be (Carvajal et al. 2013; Oehrlein and Haunert 2017).
    """
    found: list[Cut] = []
    held: dict[int, list[int]] = {}
    for unit, district in enumerate(owner.tolist()):
        if district != NOBODY and not problem.locked[district] and (districts is None or district in districts):
            held.setdefault(district, []).append(unit)
    for _, units in sorted(held.items()):
        parts = problem.graph.parts(units)
        if len(parts) < 2:
            continue
        main = max(parts, key=len)
        for part in parts:
            if part is not main:
                found.append(_cut(problem, part, main))
                found.append(_cut(problem, main, part))
    return found


def _cut(problem: Problem, part: list[int], other: list[int]) -> Cut:
    graph = problem.graph
    inside = set(part)
    border = {near for unit in part for near in graph.open_neighbours(unit)} - inside
    reached, waiting = set(other), list(other)
    between = set()
    while waiting:
        for near in graph.open_neighbours(waiting.pop()):
            if near in border:
                between.add(near)
            elif near not in reached and near not in inside:
                reached.add(near)
                waiting.append(near)
    one = max(part, key=lambda unit: (int(problem.loads[0, unit]), -unit))
    two = max(other, key=lambda unit: (int(problem.loads[0, unit]), -unit))
    return one, two, tuple(sorted(between))
