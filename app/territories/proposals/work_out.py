"""Works a proposal out: reads the branch, has districts proposed, and tells before and after."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine

from app.locating.geocoder import current_geocoder
from app.locating.locate import locate_addresses
from app.territories.proposals import words
from app.territories.proposals.ground import Ground, read_ground
from app.territories.proposals.repository import choose_holders
from app.territories.proposals.wish import Wish
from geo.districting import NOBODY, WHOLE, Figures, Outcome, Proposal, Work, figures, propose
from geo.districting.exact import solver_version

Progress = Callable[[str, float], None]

STAGES = {"geocode": 0.15, "read": 0.1, "search": 0.2, "even": 0.15, "stay": 0.15, "shape": 0.1, "bind": 0.15}
"""What is done, in order, and about which part of the whole each is."""


def locate_customers(connection: Connection, branch_code: str, progress: Progress) -> None:
    """Geocodes the addresses of the branch's policyholders that have no location yet, in a transaction of its own."""
    geocoder, version = current_geocoder(connection)
    locate_addresses(
        connection,
        geocoder=geocoder,
        version=version,
        holder_ids_query=choose_holders(connection, branch_code),
        progress=lambda share: progress("geocode", share),
    )


def work_out(engine: Engine, wish: Wish, *, work: Work | None = None, progress: Progress) -> dict[str, Any]:
    """The proposal for a wish, as it is stored and shown. `progress` is told stage and share, and may raise to stop.

    Raises what `read_ground` raises.
    """
    progress("geocode", 0.0)
    with engine.begin() as connection:
        locate_customers(connection, wish.branch_code, progress)
    progress("read", 0.0)
    with engine.connect() as connection:
        ground = read_ground(connection, wish)
    effort = work or work_for(ground.problem.units * ground.problem.districts)
    found = propose(ground.problem, seed=wish.seed, work=effort, progress=progress)
    return tell(ground, wish, found)


def work_for(size: int) -> Work:
    """How hard to try for so many pairs of a community and a team: a whole province gets one round, a branch several."""
    from geo.districting.search import Effort

    return Work() if size <= 100_000 else Work(Effort(steps=100, rounds=1), time=6.0)


def tell(ground: Ground, wish: Wish, found: Proposal) -> dict[str, Any]:
    """Before and after, whose communities change hands, and what binds."""
    problem = ground.problem
    before = figures(problem, problem.present, areas=ground.borders.areas, perimeters=ground.borders.perimeters)
    after = figures(problem, found.owner, areas=ground.borders.areas, perimeters=ground.borders.perimeters)
    code_of: dict[int, str | None] = {NOBODY: None, **dict(enumerate(ground.teams))}
    changed = (found.owner != problem.present).nonzero()[0].tolist()
    return {
        "outcome": found.outcome.value,
        "seed": found.seed,
        "solver": f"guidan search 1 + {solver_version()}",
        "plan_id": ground.plan_id,
        "plan_version": ground.plan_revision,
        "as_of": wish.as_of.isoformat(),
        "tolerance": problem.tolerance / WHOLE,
        "keep": problem.keep / WHOLE,
        "weigh": wish.weigh,
        "measures": list(wish.measures),
        "proved": found.proved,
        "least_moved": found.least / problem.at_stake if problem.at_stake else 0.0,
        "before": _figures(ground, before),
        "after": _figures(ground, after),
        "teams": [_team(ground, d, before, after, found.owner) for d in range(problem.districts)],
        "changes": [
            {
                "community_code": ground.communities[unit],
                "community_name": ground.names[unit],
                "from_team_code": code_of[int(problem.present[unit])],
                "to_team_code": code_of[int(found.owner[unit])],
                "policies": int(ground.policies[unit]),
                "premium": int(ground.premium[unit]),
            }
            for unit in changed
        ],
        "bindings": [words.binding(ground, one) for one in found.bindings],
        "notes": words.notes(ground),
        "assignment": {code: code_of[int(d)] for code, d in zip(ground.communities, found.owner, strict=True)},
    }


def _figures(ground: Ground, one: Figures) -> dict[str, Any]:
    round_ones = one.roundness[~np.isnan(one.roundness)]
    return {
        "worst_deviation": one.worst,
        "gini": one.gini,
        "max_min": one.largest_to_smallest,
        "moved": one.moved,
        "moved_share": one.share,
        "kept_share": 1.0 - one.share,
        "border_km": one.cut / 10_000,
        "compactness": float(round_ones.mean()) if len(round_ones) else None,
        "parts": sum(one.parts),
        "unowned": one.unowned,
        "within_tolerance": one.worst * WHOLE <= ground.problem.tolerance,
    }


def _team(ground: Ground, d: int, before: Figures, after: Figures, owner: Any) -> dict[str, Any]:
    problem = ground.problem
    fair = problem.totals[0] * int(problem.capacities[0, d]) / int(problem.capacities[0].sum())

    def at(one: Figures, held: Any) -> dict[str, Any]:
        load = int(one.loads[0, d])
        shape = float(one.roundness[d])
        return {
            "load": load,
            "ratio": float(one.ratios[d]),
            "deviation": load / fair - 1 if fair else 0.0,
            "communities": int((held == d).sum()),
            "compactness": None if np.isnan(shape) else shape,
        }

    code = ground.teams[d]
    return {
        "team_code": code,
        "team_name": ground.team_names.get(code, code),
        "capacity": int(problem.capacities[0, d]),
        "locked": bool(problem.locked[d]),
        "before": at(before, problem.present),
        "after": at(after, owner),
    }


def changes_something(result: Mapping[str, Any]) -> bool:
    """Whether a proposal is other than the present."""
    return bool(result["changes"]) and result["outcome"] != Outcome.PRESENT.value
