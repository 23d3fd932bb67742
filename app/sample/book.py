"""The book of policies as numbers: who holds what, what is sold together, and which policies lose their servicer why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.sample.divisions import Divisions
from app.sample.draws import Bools, Floats, Ints, choose, stream
from app.sample.estates import Estates
from app.sample.scale import Scale

REASONS = (
    "AGENT_TERMINATED",
    "NO_QUALIFIED_SERVICER",
    "LAPSED_SELF_SOLD",
    "CUSTOMER_REQUEST",
    "AGENT_REQUEST",
    "TRANSFER_IN_DOMESTIC",
    "OTHER_CHANNEL",
    "TRANSFER_IN_EXTERNAL",
)
TERMINATED, UNQUALIFIED, LAPSED, CUSTOMER, AGENT, DOMESTIC, CHANNEL, EXTERNAL, ANNOUNCED = range(9)
"""Positions in :data:`REASONS`; ANNOUNCED is a termination whose date lies ahead."""
KEPT = -1
"""No event: the policy keeps its servicer."""

_SHARES = (0.60, 0.10, 0.09, 0.07, 0.06, 0.045, 0.016, 0.013, 0.006)
_BY_COLLECTION = np.array([0.40, 0.50, 0.20, 0.40, 0.40, 0.0, 0.0, 0.0, 0.5, 0.55])
"""Share serviced by the collection force per reason; the last one is for policies without an event."""


@dataclass(frozen=True)
class Book:
    """Arrays by holder (h), by unit (u: a single or a combined policy) and by policy (p)."""

    home: Ints
    """h: the estate where the holder lives."""
    holder_branch: Ints
    """h: the branch that manages the holder's policies."""
    holder: Ints
    """p"""
    unit: Ints
    """p"""
    part: Ints
    """p: 0 for the main policy of its unit."""
    named: Bools
    """p: named in an event."""
    unit_holder: Ints
    """u"""
    branch: Ints
    """u"""
    cause: Ints
    """u: a reason, or KEPT."""
    by_collection: Bools
    """u: the servicer (or the last one) belongs to the collection force."""
    serviced: Bools
    """u: has, or had until the event, a servicer of this city."""

    @property
    def size(self) -> int:
        return len(self.holder)

    @property
    def holders(self) -> int:
        return len(self.home)

    @property
    def parts(self) -> Ints:
        """Shape (u,): policies of each unit."""
        return np.bincount(self.unit, minlength=len(self.branch))


def open_book(scale: Scale, estates: Estates, divisions: Divisions, seed: int) -> Book:
    """Draws holders, their homes and policies, and marks exactly ``scale.orphans`` policies as named in an event."""
    rng = stream(seed, "book")
    per_holder = 1 + choose(rng, (0.50, 0.28, 0.14, 0.08), scale.policies)
    ends = np.cumsum(per_holder)
    count = int(np.searchsorted(ends, scale.policies)) + 1
    per_holder = per_holder[:count]
    per_holder[-1] -= int(ends[count - 1]) - scale.policies
    holder = np.repeat(np.arange(count), per_holder)
    nth = np.arange(scale.policies) - np.repeat(np.cumsum(per_holder) - per_holder, per_holder)

    home = choose(rng, estates.households, count)
    branch_of_home = divisions.branch_of[estates.places.community[home]]
    moved = rng.random(count) < 0.04
    holder_branch = np.where(moved, rng.integers(0, divisions.branches, count), branch_of_home)

    # The first two (or all) policies of some holders were sold as one.
    combined = (rng.random(count) < 0.24) & (per_holder > 1)
    bound = np.where(combined, np.where(rng.random(count) < 0.7, 2, per_holder), 1)
    starts_unit = (nth == 0) | (nth >= bound[holder])
    unit = np.cumsum(starts_unit) - 1
    first = np.flatnonzero(starts_unit)
    part = np.arange(scale.policies) - first[unit]
    unit_holder = holder[first]

    elsewhere = rng.random(len(first)) < 0.02
    branch = np.where(elsewhere, rng.integers(0, divisions.branches, len(first)), holder_branch[unit_holder])
    named, cause = _causes(rng, scale, unit, part, unit_holder)
    by_collection = rng.random(len(first)) < _BY_COLLECTION[cause]
    serviced = ~np.isin(cause, (DOMESTIC, CHANNEL, EXTERNAL))
    return Book(home, holder_branch, holder, unit, part, named, unit_holder, branch, cause, by_collection, serviced)


def _causes(rng: np.random.Generator, scale: Scale, unit: Ints, part: Ints, unit_holder: Ints) -> tuple[Bools, Ints]:
    """Events befall holders rather than single policies; of a combined policy sometimes one part alone is named."""
    units, holders = len(unit_holder), int(unit_holder[-1]) + 1
    turn: Floats = 0.7 * rng.random(holders)[unit_holder] + 0.3 * rng.random(units)
    skipped = (part > 0) & (rng.random(len(unit)) < 0.15 * (1 - scale.orphan_share))
    order = np.lexsort((np.arange(len(unit)), skipped, turn[unit]))
    order = order[np.argsort(skipped[order], kind="stable")]
    named = np.zeros(len(unit), dtype=bool)
    named[order[: scale.orphans]] = True
    struck = np.zeros(units, dtype=bool)
    struck[unit[named]] = True
    common = choose(rng, _SHARES, holders)[unit_holder]
    own = choose(rng, _SHARES, units)
    cause = np.where(rng.random(units) < 0.8, common, own)
    return named, np.where(struck, cause, KEPT)
