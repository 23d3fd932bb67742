"""Which agent sold and which services every unit of the book."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.sample.book import ANNOUNCED, KEPT, LAPSED, TERMINATED, UNQUALIFIED, Book
from app.sample.divisions import Divisions
from app.sample.draws import Bools, Floats, Ints, choose, stream
from app.sample.estates import Estates
from app.sample.staff import ACTIVE, HINDERED, LEAVING, LEFT, Agents, Teams


@dataclass(frozen=True)
class Pools:
    """Agents in runs that share a key, so that one can be drawn from each run by arithmetic."""

    order: Ints
    start: Ints
    count: Ints

    def draw(self, key: Ints, turn: Floats) -> Ints:
        """An agent for each key by a number in [0, 1); -1 where nobody has that key."""
        if not len(self.order):
            return np.full(len(key), -1, dtype=np.int64)
        known = np.where(key >= 0, key, 0)
        many = np.where(key >= 0, self.count[known], 0)
        place = self.start[known] + np.minimum((turn * many).astype(np.int64), np.maximum(many - 1, 0))
        return np.where(many > 0, self.order[np.minimum(place, len(self.order) - 1)], -1)


def pool(key: Ints, size: int) -> Pools:
    """Pools of agents by key (shape (agents,), -1 for nobody's), keys 0 … size - 1."""
    order = np.argsort(key, kind="stable")
    order = order[key[order] >= 0]
    count = np.bincount(key[order], minlength=size)
    return Pools(order.astype(np.int64), np.cumsum(count) - count, count)


@dataclass(frozen=True)
class Hands:
    """Arrays by unit: agents, or -1 for none or unknown."""

    seller: Ints
    servicer: Ints
    designated: Ints
    """An agent whom the customer asks for (only used where the request names one)."""


def assign(
    book: Book, estates: Estates, divisions: Divisions, teams: Teams, agents: Agents, owner: Ints, seed: int
) -> Hands:
    """Draws servicer, seller and wished-for agent of every unit. ``owner``: the team of each community, or -1."""
    rng = stream(seed, "assignment")
    units = len(book.branch)
    of_branch = teams.branch[agents.team] * 2 + teams.collection[agents.team]
    by_branch = pool(of_branch * 4 + agents.standing, divisions.branches * 8)
    by_team = pool(agents.team * 4 + agents.standing, teams.size * 4)
    branch_key = (book.branch * 2 + book.by_collection) * 4

    standing = _standing(rng, book)
    # A holder's policies are mostly in one hand: they then draw with the holder's own number.
    shared = rng.random(units) < 0.65
    turn = np.where(shared, rng.random(book.holders)[book.unit_holder], rng.random(units))
    local = owner[estates.places.community[book.home[book.unit_holder]]]
    nearby = (rng.random(units) < 0.65) & book.by_collection & (local >= 0)
    nearby &= np.where(local >= 0, teams.branch[local], -1) == book.branch
    at_home = by_team.draw(np.where(nearby, local * 4 + standing, -1), turn)
    anywhere = by_branch.draw(branch_key + standing, turn)
    servicer = np.where(at_home >= 0, at_home, anywhere)
    servicer = np.where(book.serviced, servicer, -1)

    seller = _sellers(rng, book, by_branch, servicer)
    wish = rng.random(units)
    colleague = by_branch.draw((book.branch * 2 + 1) * 4 + ACTIVE, rng.random(units))
    marketer = by_branch.draw((book.branch * 2) * 4 + ACTIVE, rng.random(units))
    designated = np.where((wish < 0.12) & ~book.by_collection, marketer, colleague)
    designated = np.where(designated == servicer, -1, designated)
    return Hands(seller, servicer, designated)


def _standing(rng: np.random.Generator, book: Book) -> Ints:
    """What the (last) servicer of each unit is, as its cause demands."""
    kept = choose(rng, (0.975, 0.015, 0.010), len(book.cause))
    standing = np.where(book.cause == KEPT, np.array([ACTIVE, HINDERED, LEAVING])[kept], ACTIVE)
    for cause, meant in ((TERMINATED, LEFT), (UNQUALIFIED, HINDERED), (ANNOUNCED, LEAVING)):
        standing = np.where(book.cause == cause, meant, standing)
    return standing


def _sellers(rng: np.random.Generator, book: Book, by_branch: Pools, servicer: Ints) -> Ints:
    """Mostly somebody of the marketing force, still there or not; the servicer where the policy is self-sold."""
    units = len(book.branch)
    gone = np.where(rng.random(units) < 0.55, LEFT, ACTIVE)
    turn = rng.random(units)
    marketer = by_branch.draw((book.branch * 2) * 4 + gone, turn)
    marketer = np.where(marketer >= 0, marketer, by_branch.draw((book.branch * 2) * 4 + ACTIVE, turn))
    own: Bools = rng.random(units) < np.where(book.by_collection, 0.17, 0.72)
    own |= book.cause == LAPSED
    seller = np.where(own & (servicer >= 0), servicer, marketer)
    return np.where(book.serviced, seller, -1)
