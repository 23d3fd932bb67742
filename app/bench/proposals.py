"""Districts proposed by several solvers for the same branch: balance, what moves, shape, seconds.

All get the same question: present districts that are out of balance, at least 95 % to stay, ± 5 % of balance. What is not installed
(`requirements-bench.lock`) is left out, and said so. Seconds are this process's processor time.
"""

import os
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.districting import Problem, figures, propose
from geo.districting.cuts import cuts_of
from geo.districting.exact import Aim, Rules, solve
from geo.districting.judging import broken_rules
from geo.districting.search import Effort, search
from geo.districting.start import begin

Owners = NDArray[np.int32]
Solver = Callable[[Problem], Owners | None]

LIMIT_S = 20.0
"""How long the solvers that can be told so may take."""


def run(
    sizes: tuple[tuple[int, int, int], ...], *, seed: int = 1, say: Callable[[str], None] = lambda line: None
) -> list[dict[str, Any]]:
    """A row for each map and solver. `sizes`: (columns, rows, districts) of grids."""
    rows = []
    for columns, height, districts in sizes:
        problem, areas, perimeters = city(columns, height, districts, seed=seed)
        name = f"{columns * height:,} × {districts}"
        for solver, solve_it in solvers(seed).items():
            rows.append({"map": name, "solver": solver, **measure(problem, areas, perimeters, solve_it)})
            say(f"{name}: {solver}: {rows[-1].get('failed') or 'done'}, {rows[-1].get('seconds', 0)} s")
    return rows


def measure(
    problem: Problem, areas: NDArray[np.float64], perimeters: NDArray[np.float64], solve_it: Solver
) -> dict[str, Any]:
    """One solver on one map; `failed` says why there is nothing."""
    since = process_time()
    try:
        owner = solve_it(problem)
    except ImportError as error:
        return {"failed": f"not installed: {error.name}"}
    except Exception as error:
        return {"failed": type(error).__name__, "seconds": round(process_time() - since, 2)}
    seconds = round(process_time() - since, 2)
    if owner is None:
        return {"failed": "found nothing", "seconds": seconds}
    told = figures(problem, owner, areas=areas, perimeters=perimeters)
    return {
        "worst_deviation": told.worst,
        "moved_share": told.share,
        "compactness": float(np.nanmean(told.roundness)),
        "cut": told.cut,
        "broken": sorted(broken_rules(problem, owner)),
        "met": told.worst * 10_000 <= problem.tolerance
        and told.moved <= problem.may_move
        and not broken_rules(problem, owner),
        "seconds": seconds,
    }


def city(
    columns: int, height: int, districts: int, *, seed: int, shock: float = 0.08
) -> tuple[Problem, NDArray[np.float64], NDArray[np.float64]]:
    """A grid of blocks with uneven loads in districts that were grown to be even, and capacities that have changed since by up to `shock`."""
    rng = np.random.default_rng([seed, columns, height, districts])
    n = columns * height
    index = np.arange(n).reshape(height, columns)
    right = np.stack([index[:, :-1].ravel(), index[:, 1:].ravel()], axis=1)
    down = np.stack([index[:-1].ravel(), index[1:].ravel()], axis=1)
    edges = np.concatenate([right, down])
    loads = rng.integers(10, 90, n)
    near: list[list[int]] = [[] for _ in range(n)]
    for a, b in edges.tolist():
        near[a].append(b)
        near[b].append(a)
    owner = np.full(n, -1, np.int32)
    seeds = rng.choice(n, districts, replace=False)
    owner[seeds] = np.arange(districts)
    carried = loads[seeds].astype(np.int64)
    fringe = [set(near[s]) for s in seeds]
    growing = set(range(districts))
    while growing:
        d = min(growing, key=lambda one: (int(carried[one]), one))
        free = sorted(unit for unit in fringe[d] if owner[unit] < 0)
        if not free:
            growing.discard(d)
            continue
        # The most enclosed first: rounder districts.
        unit = max(free, key=lambda one: (sum(int(owner[other] == d) for other in near[one]), -one))
        owner[unit] = d
        carried[d] += loads[unit]
        fringe[d].update(near[unit])
    capacities = np.maximum(1, np.round(carried * rng.uniform(1 - shock, 1 + shock, districts))).astype(np.int64)
    side = 10_000
    problem = Problem.of(loads, capacities, owner, edges, np.full(len(edges), side))
    return problem, np.full(n, float(side) ** 2), np.full(n, 4.0 * side)


def solvers(seed: int) -> dict[str, Solver]:
    """What is compared, by name."""
    return {
        "present": lambda problem: problem.present,
        "guidan propose": partial(_guidan, seed=seed),
        "guidan search alone": partial(_search, seed=seed),
        "CP-SAT whole": partial(_cp_sat, seed=seed),
        "HiGHS whole": partial(_highs, seed=seed),
        "GerryChain flips": partial(_gerrychain, seed=seed, recombine=False),
        "GerryChain ReCom": partial(_gerrychain, seed=seed, recombine=True),
        "spopt AZP": partial(_spopt, seed=seed),
    }


def _guidan(problem: Problem, *, seed: int) -> Owners:
    from app.territories.proposals.work_out import work_for

    return propose(problem, seed=seed, work=work_for(problem.units * problem.districts)).owner


def _search(problem: Problem, *, seed: int) -> Owners:
    return search(problem, begin(problem), seed=seed, effort=Effort()).owner


def _cp_sat(problem: Problem, *, seed: int) -> Owners | None:
    if problem.units * problem.districts > 40_000:
        return None  # the model alone would take gigabytes
    least = solve(problem, Aim.MOVED, seed=seed, time=LIMIT_S / 3)
    if least.owner is not None or not least.infeasible:
        return least.owner
    return solve(problem, Aim.DEVIATION, seed=seed, time=LIMIT_S / 3, rules=Rules()).owner


def _highs(problem: Problem, *, seed: int) -> Owners | None:
    """The same yes-or-no model by HiGHS: solved, cut where a district falls apart, solved again."""
    import highspy

    n, k = problem.units, problem.districts
    if n * k > 40_000:
        return None
    with _said_aside():
        model: Any = highspy.Highs()  # type: ignore[no-untyped-call, unused-ignore]
    model.silent()
    model.setOptionValue("threads", 1)
    model.setOptionValue("random_seed", seed % 2**31)
    has = [[model.addBinary() for _ in range(k)] for _ in range(n)]
    lower, upper = problem.bounds()
    for unit in range(n):
        model.addConstr(sum(has[unit]) == 1)
    for d in range(k):
        carried = sum(int(problem.loads[0, unit]) * has[unit][d] for unit in range(n)) + int(problem.base[0, d])
        model.addConstr(carried <= int(upper[0, d]))
        model.addConstr(carried >= int(lower[0, d]))
    stays = sum(int(problem.stake[unit]) * has[unit][problem.present[unit]] for unit in range(n))
    model.addConstr(stays >= problem.at_stake - problem.may_move)
    since = process_time()
    while process_time() - since < LIMIT_S:
        model.setOptionValue("time_limit", LIMIT_S)
        model.maximize(stays)
        if model.getModelStatus() not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kTimeLimit):
            return None
        values = model.vals([is_in for row in has for is_in in row])
        owner: Owners = np.asarray(values).reshape(n, k).argmax(axis=1).astype(np.int32)
        cuts = cuts_of(problem, owner)
        if not cuts:
            return owner
        for one, other, between in cuts:
            for d in range(k):
                model.addConstr(has[one][d] + has[other][d] <= 1 + sum(has[unit][d] for unit in between))
    return None


@contextmanager
def _said_aside() -> Iterator[None]:
    """What a library writes to standard output from below Python goes to standard error: the figures stay readable."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _gerrychain(problem: Problem, *, seed: int, recombine: bool) -> Owners | None:
    """A chain of contiguous plans that starts from the present; the best by what is beyond the bounds, then by what has moved."""
    import networkx
    from gerrychain import Graph, Partition
    from gerrychain.constraints import contiguous
    from gerrychain.optimization import SingleMetricOptimizer
    from gerrychain.proposals import propose_random_flip, recom
    from gerrychain.updaters import Tally

    graph = networkx.Graph()
    for unit in range(problem.units):
        graph.add_node(unit, load=int(problem.loads[0, unit]), stake=int(problem.stake[unit]))
    graph.add_edges_from(problem.edges.tolist())
    lower, upper = problem.bounds()
    home = problem.present.tolist()

    def cost(plan: Any) -> int:
        loads = plan["load"]
        beyond = sum(
            max(0, int(loads[d]) - int(upper[0, d]), int(lower[0, d]) - int(loads[d])) for d in range(problem.districts)
        )
        assignment = plan.assignment
        moved = sum(int(problem.stake[unit]) for unit in range(problem.units) if assignment[unit] != home[unit])
        return 1_000 * beyond + 1_000 * max(0, moved - problem.may_move) + moved

    random.seed(seed)
    np.random.seed(seed)
    first = Partition(Graph.from_networkx(graph), dict(enumerate(home)), updaters={"load": Tally("load", alias="load")})
    proposal = propose_random_flip
    if recombine:
        proposal = partial(
            recom,
            pop_col="load",
            pop_target=problem.totals[0] / problem.districts,
            epsilon=0.5,
        )
    optimizer = SingleMetricOptimizer(proposal, contiguous, first, cost, maximize=False)
    best: Any = first
    since = process_time()
    steps = 50 if recombine else 40_000
    for plan in optimizer.simulated_annealing(
        steps,
        optimizer.jumpcycle_beta_function(steps // 5, steps),
        beta_magnitude=0.001,
    ):
        if cost(plan) < cost(best):
            best = plan
        if process_time() - since > LIMIT_S:
            break
    return np.array([best.assignment[unit] for unit in range(problem.units)], np.int32)


def _spopt(problem: Problem, *, seed: int) -> Owners | None:
    """spopt's automatic zoning from the present. It knows neither capacities nor what is to stay: it makes districts alike in their
    units' loads, and is here for its speed and shape."""
    import geopandas
    import libpysal
    import shapely
    from spopt.region import AZP

    if problem.units > 600:
        return None  # beyond the limit by orders of magnitude
    graph = {unit: problem.graph.open_neighbours(unit) for unit in range(problem.units)}
    columns = int(max(b - a for a, b in problem.edges.tolist()))
    boxes = [shapely.box(u % columns, u // columns, u % columns + 1, u // columns + 1) for u in range(problem.units)]
    frame = geopandas.GeoDataFrame({"load": problem.loads[0].astype(float)}, geometry=boxes)
    model = AZP(
        frame,
        libpysal.weights.W(graph, silence_warnings=True),
        ["load"],
        n_clusters=problem.districts,
        initial_labels=problem.present,
        random_state=seed,
    )
    model.solve()
    return np.asarray(model.labels_, np.int32)
