"""What is to be divided among whom, under which rules; all of it numbers, so that every comparison is exact."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.districting.errors import NotAProblemError

Ints = NDArray[np.int64]
Owners = NDArray[np.int32]
Flags = NDArray[np.bool_]

NOBODY: Final = -1
"""In place of a district: the unit has none."""

WHOLE: Final = 10_000
"""Basis points of a whole: tolerance and share kept are written in them."""

LARGEST: Final = 2**40
"""No load, stake, capacity or length may be larger, nor the sum of a column: products of two stay within 128 bits, penalties within 63."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Units with loads, districts with capacities, and the present assignment.

    Sizes: `n` units, `k` districts, `e` edges, `m` measures of load. Numbers are whole and not negative.

    - `loads` (m, n): what each unit weighs, in each measure. `base` (m, k): what a district carries besides its units.
    - `capacities` (m, k): each above 0; a district's fair share of the total is in proportion to it.
    - `present` (n,): index of the district that has the unit, or `NOBODY`.
    - `stake` (n,): what changes hands when a unit changes district. Units without a district have nobody to leave.
    - `edges` (e, 2): neighbouring units, each pair once; `lengths` (e,): of their common border.
    - `barred` (e,): both ends must not be in one district. Such an edge need not be a border: its length is 0 then.
    - `locked` (k,): the district keeps exactly its units, whatever shape they have.
    - `pinned` (n,): the district in which a unit must be, or `NOBODY` where it is free.
    - `vacant` (n,): the unit has no district and gets none; its load counts in the total all the same.
    - `tolerance`: basis points by which a district's load may differ from its fair share.
    - `keep`: basis points of the stake that must stay where it is.
    """

    loads: Ints
    capacities: Ints
    present: Owners
    edges: Owners
    lengths: Ints
    stake: Ints
    base: Ints
    barred: Flags
    locked: Flags
    pinned: Owners
    vacant: Flags
    tolerance: int = 500
    keep: int = 9_500

    @staticmethod
    def of(
        loads: object,
        capacities: object,
        present: object,
        edges: object,
        lengths: object,
        *,
        stake: object = None,
        base: object = None,
        barred: object = None,
        locked: object = None,
        pinned: object = None,
        vacant: object = None,
        tolerance: int = 500,
        keep: int = 9_500,
    ) -> "Problem":
        """A problem from anything that numpy reads. One measure may be given as a plain row; `stake` is then the first measure's load.

        Raises `NotAProblemError` for shapes that do not fit, indices out of range, and numbers that are negative or too large.
        """
        given = np.atleast_2d(np.asarray(loads, dtype=np.int64))
        capacity = np.atleast_2d(np.asarray(capacities, dtype=np.int64))
        measures, units = given.shape
        districts = capacity.shape[1]
        pairs = np.asarray(edges, dtype=np.int32).reshape(-1, 2)
        problem = Problem(
            loads=given,
            capacities=capacity,
            present=np.asarray(present, dtype=np.int32),
            edges=pairs,
            lengths=np.asarray(lengths, dtype=np.int64),
            stake=given[0].copy() if stake is None else np.asarray(stake, dtype=np.int64),
            base=np.zeros((measures, districts), np.int64)
            if base is None
            else np.atleast_2d(np.asarray(base, dtype=np.int64)),
            barred=np.zeros(len(pairs), np.bool_) if barred is None else np.asarray(barred, dtype=np.bool_),
            locked=np.zeros(districts, np.bool_) if locked is None else np.asarray(locked, dtype=np.bool_),
            pinned=np.full(units, NOBODY, np.int32) if pinned is None else np.asarray(pinned, dtype=np.int32),
            vacant=np.zeros(units, np.bool_) if vacant is None else np.asarray(vacant, dtype=np.bool_),
            tolerance=tolerance,
            keep=keep,
        )
        problem._check()
        return problem

    def _check(self) -> None:
        n, k, e, m = self.units, self.districts, len(self.edges), self.measures
        shapes = (
            (self.capacities, (m, k)),
            (self.base, (m, k)),
            (self.present, (n,)),
            (self.stake, (n,)),
            (self.pinned, (n,)),
            (self.vacant, (n,)),
            (self.lengths, (e,)),
            (self.barred, (e,)),
            (self.locked, (k,)),
        )
        if n == 0 or k == 0 or any(array.shape != shape for array, shape in shapes):
            raise NotAProblemError
        for owners in (self.present, self.pinned):
            if owners.min() < NOBODY or owners.max() >= k:
                raise NotAProblemError
        if e:
            low, high = np.sort(self.edges, axis=1).T.astype(np.int64)
            repeated = len(np.unique(low * n + high)) != e
            if low.min() < 0 or high.max() >= n or repeated or bool(np.any(low == high)):
                raise NotAProblemError
        for numbers in (self.loads, self.base, self.stake, self.lengths, self.capacities):
            if numbers.size and (numbers.min() < 0 or sum(map(int, numbers.reshape(-1))) > LARGEST):
                raise NotAProblemError
        if self.capacities.min() <= 0 or not 0 <= self.tolerance <= WHOLE or not 0 <= self.keep <= WHOLE:
            raise NotAProblemError
        if bool(np.any(self.vacant & ((self.present != NOBODY) | (self.pinned != NOBODY)))):
            raise NotAProblemError
        # A pin into a locked district asks for a unit that it does not have, or away from one that it has.
        held = self.present != NOBODY
        lock_of_present = np.zeros(n, np.bool_)
        lock_of_present[held] = self.locked[self.present[held]]
        fixed = self.pinned != NOBODY
        lock_of_pin = np.zeros(n, np.bool_)
        lock_of_pin[fixed] = self.locked[self.pinned[fixed]]
        if bool(np.any(fixed & (lock_of_present | lock_of_pin) & (self.pinned != self.present))):
            raise NotAProblemError

    @property
    def units(self) -> int:
        """How many units."""
        return int(self.loads.shape[1])

    @property
    def districts(self) -> int:
        """How many districts."""
        return int(self.capacities.shape[1])

    @property
    def measures(self) -> int:
        """How many measures of load."""
        return int(self.loads.shape[0])

    @cached_property
    def graph(self) -> "Graph":
        """The edges by unit."""
        return Graph.of(self)

    @cached_property
    def free(self) -> Flags:
        """(n,) whether a unit may go anywhere: it is neither pinned, nor vacant, nor a locked district's."""
        held = self.present != NOBODY
        free = (self.pinned == NOBODY) & ~self.vacant
        free[held] &= ~self.locked[self.present[held]]
        return np.asarray(free, dtype=np.bool_)

    @cached_property
    def reachable(self) -> Flags:
        """(n,) whether some district that may grow can come to a unit over open edges and units that are not locked; or it has one."""
        seen = self.present != NOBODY
        empty = set(range(self.districts)) - set(self.present.tolist())
        if any(not self.locked[d] for d in empty):
            return np.ones(self.units, np.bool_)
        growing = [i for i in range(self.units) if seen[i] and not self.locked[self.present[i]]]
        growing += [i for i in range(self.units) if not seen[i] and self.pinned[i] != NOBODY]
        reached = seen.copy()
        reached[growing] = True
        while growing:
            for j in self.graph.open_neighbours(growing.pop()):
                if not reached[j]:
                    reached[j] = True
                    growing.append(j)
        return np.asarray(reached, dtype=np.bool_)

    @property
    def wanted(self) -> Flags:
        """(n,) whether a unit is to have a district."""
        return np.asarray(self.reachable & ~self.vacant, dtype=np.bool_)

    @cached_property
    def totals(self) -> tuple[int, ...]:
        """Per measure: all that is to be carried by somebody. Units that no district can reach are not counted."""
        carried = (self.loads * self.reachable).sum(axis=1) + self.base.sum(axis=1)
        return tuple(int(total) for total in carried)

    @property
    def at_stake(self) -> int:
        """The stake of all units that have a district."""
        return int(self.stake[self.present != NOBODY].sum())

    @property
    def may_move(self) -> int:
        """The largest stake that may change hands."""
        return self.at_stake * (WHOLE - self.keep) // WHOLE

    def bounds(self, tolerance: int | None = None) -> tuple[Ints, Ints]:
        """(m, k) the least and the largest load of each district within the tolerance (basis points; the problem's own unless given)."""
        allowed = self.tolerance if tolerance is None else tolerance
        lower, upper = np.zeros_like(self.capacities), np.zeros_like(self.capacities)
        for measure, total in enumerate(self.totals):
            capacity = [int(c) for c in self.capacities[measure]]
            whole = WHOLE * sum(capacity)
            for d, own in enumerate(capacity):
                lower[measure, d] = -((allowed - WHOLE) * total * own // whole)
                upper[measure, d] = (WHOLE + allowed) * total * own // whole
        return lower, upper


@dataclass(frozen=True, eq=False)
class Graph:
    """Compressed rows: the neighbours of unit `i` are `neighbours[starts[i]:starts[i + 1]]`, with the border's length and whether barred."""

    starts: Ints
    neighbours: Owners
    lengths: Ints
    barred: NDArray[np.uint8]

    @staticmethod
    def of(problem: Problem) -> "Graph":
        """The graph of a problem; neighbours in ascending order."""
        pairs = problem.edges
        ends = np.concatenate([pairs[:, 0], pairs[:, 1]])
        others = np.concatenate([pairs[:, 1], pairs[:, 0]])
        order = np.lexsort((others, ends))
        starts = np.zeros(problem.units + 1, np.int64)
        np.cumsum(np.bincount(ends, minlength=problem.units), out=starts[1:])
        twice = np.arange(2 * len(pairs))[order] % max(len(pairs), 1)
        return Graph(
            starts, others[order].astype(np.int32), problem.lengths[twice], problem.barred[twice].astype(np.uint8)
        )

    def open_neighbours(self, unit: int) -> list[int]:
        """Neighbours over edges that are not barred."""
        row = slice(int(self.starts[unit]), int(self.starts[unit + 1]))
        return [int(j) for j, shut in zip(self.neighbours[row], self.barred[row], strict=True) if not shut]

    def barred_neighbours(self, unit: int) -> list[int]:
        """The units that must not be in one district with this one."""
        row = slice(int(self.starts[unit]), int(self.starts[unit + 1]))
        return [int(j) for j, shut in zip(self.neighbours[row], self.barred[row], strict=True) if shut]

    def parts(self, units: Iterable[int]) -> list[list[int]]:
        """The connected parts of a set of units over open edges, each sorted, by their lowest unit."""
        left = {int(i) for i in units}
        found = []
        for start in sorted(left):
            if start not in left:
                continue
            left.discard(start)
            part, waiting = [start], [start]
            while waiting:
                for j in self.open_neighbours(waiting.pop()):
                    if j in left:
                        left.discard(j)
                        part.append(j)
                        waiting.append(j)
            found.append(sorted(part))
        return found
