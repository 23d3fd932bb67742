"""What a change of territories would mean: the figures of each team before and after, who changes hands, how even the loads are.

The premise: every policy that changes hands goes along with its place. The next run does so by itself with what is not assigned
yet; of the rest it says what a realignment would move (rulebook 5.4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from app.territories.consequences.balance import Balance, balance
from app.territories.consequences.customers import NOBODY, Book, Customers, Positions, customers
from app.territories.consequences.organisation import TeamsOn, teams_on
from app.territories.consequences.owning import (
    Area,
    Change,
    Grounding,
    OwnerNames,
    Owners,
    Redrawing,
    find_changing,
    grounding,
    redrawing,
    sole,
)
from geo.points import edges_of

__all__ = [
    "Change",
    "Consequences",
    "Ground",
    "Move",
    "TeamConsequence",
    "TeamFigures",
    "consequences",
    "consequences_of",
    "holders_moving",
    "touched",
]

_CUSTOMERS, _POLICIES, _CENTS, _ORPHANS, _UNASSIGNED, _FREE, _KEPT, _SHARED = range(8)


@dataclass(frozen=True, slots=True)
class TeamFigures:
    """A team's territory in figures. Customers that it covers together with another team count in `shared` alone.

    `policies`: open ones of these customers; `premium`: theirs, a year. `orphans`: their open cases; `unassigned`: of these, those that
    nobody has been given. `kept_in_team`: orphans that go to this team, the owner of their region: it holds them, or no one holds
    them. `load`: the team's load wherever its policies are (rulebook 5.2).
    """

    customers: int
    shared: int
    policies: int
    premium: Decimal
    orphans: int
    unassigned: int
    kept_in_team: int
    load: int
    capacity: int

    @property
    def kept_in_team_rate(self) -> float | None:
        """`kept_in_team` over `orphans`, as `app.statistics` has it; None without orphans."""
        return round(self.kept_in_team / self.orphans, 4) if self.orphans else None

    @property
    def load_ratio(self) -> float | None:
        """Load over capacity; None without capacity."""
        return round(self.load / self.capacity, 4) if self.capacity else None


@dataclass(frozen=True, slots=True)
class TeamConsequence:
    """A team before and after."""

    team_code: str
    name: str
    before: TeamFigures
    after: TeamFigures


@dataclass(frozen=True, slots=True)
class Move:
    """What changes hands from some owners to others; no code: nobody, several: they cover it together.

    `carried`: policies that count in the load of the team that loses them.
    """

    from_team_codes: Owners
    to_team_codes: Owners
    customers: int
    policies: int
    premium: Decimal
    orphans: int
    unassigned: int
    carried: int


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a change of territories of a branch would mean on a date. `gained`: team code → policies that its load gains, or loses."""

    branch_code: str
    on: date
    teams: tuple[TeamConsequence, ...]
    moves: tuple[Move, ...]
    balance_before: Balance
    balance_after: Balance
    gained: Mapping[str, int]

    @property
    def customers(self) -> int:
        """Customers that change hands."""
        return sum(move.customers for move in self.moves)

    @property
    def policies(self) -> int:
        """Policies that change hands."""
        return sum(move.policies for move in self.moves)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the territories before a change were drawn from, where that is not what decides today: policies have gone along already.

    `areas`: team code → territory, CGCS2000 degrees, of all that cover a place near the change.
    `loads`: team code → policies that its load has gained or lost so far.
    """

    areas: Mapping[str, BaseGeometry]
    loads: Mapping[str, int]


def consequences(
    connection: Connection,
    branch_code: str,
    changes: Sequence[Change],
    on: date,
    *,
    around: Mapping[str, BaseGeometry] | None = None,
    ground: Ground | None = None,
) -> Consequences:
    """What the changes would mean on a date, with customers, cases and loads as the connection sees them.

    `around`: team code → area (CGCS2000 degrees) of teams that do not change; what they cover too is shared. Only those near the change
    matter. Areas must be valid. Each point counts once: with the one team that covers it, border included, else as shared, else with
    nobody. `ground`: what the territories before were drawn from; without it, they decide today. Changes one after the other on one
    ground come to what they come to at once. Raises `NotAnAreaError`.
    """
    return consequences_of(connection, branch_code, redrawing(changes, around or {}), on, ground)


def consequences_of(
    connection: Connection, branch_code: str, drawn: Redrawing, on: date, ground: Ground | None = None
) -> Consequences:
    """As `consequences`, of changes that have been taken apart already."""
    with customers(connection) as book:
        known = teams_on(connection, on, book.world)
        return _measure(book, branch_code, drawn, known, on, ground)


def touched(connection: Connection, geometries: Sequence[BaseGeometry | None]) -> list[tuple[int, int]]:
    """(customers, orphans) that each of the areas covers, borders included; points and lines cover none."""
    areas = [shape if shape is not None and shape.geom_type in _AREAS else None for shape in geometries]
    with customers(connection) as book:
        found = []
        for edges in edges_of(areas):
            sums = np.zeros(6, dtype=np.int64)
            for part in book.parts:
                sums += part.sums[part.covered(edges)].sum(axis=0)
            found.append((int(sums[_CUSTOMERS]), int(sums[_ORPHANS])))
        return found


_AREAS = ("Polygon", "MultiPolygon")

MOST_DERIVED = 20_000
"""Sums of whole territories that are kept before they are counted anew: a kilobyte each."""


def holders_moving(
    connection: Connection, changes: Sequence[Change], *, around: Mapping[str, BaseGeometry] | None = None
) -> Iterator[tuple[str, Owners, Owners]]:
    """(policyholder_id, from, to) of the customers that change hands, in no particular order."""
    drawn = redrawing(changes, around or {})
    names = OwnerNames(drawn.codes)
    found: list[tuple[str, Owners, Owners]] = []
    with customers(connection) as book:
        for part in book.parts:
            moving = find_changing(part, drawn, names)
            ids = part.ids[moving.positions].to_list() if len(moving.positions) else []
            found += [
                (holder, names[old], names[new])
                for holder, old, new in zip(ids, moving.before.tolist(), moving.after.tolist(), strict=True)
            ]
    return iter(found)


def _measure(
    book: Book,
    branch_code: str,
    drawn: Redrawing,
    known: TeamsOn,
    on: date,
    ground: Ground | None,
) -> Consequences:
    under = grounding(drawn, ground.areas if ground is not None else None)
    codes = [*drawn.codes, *under.codes]
    names = OwnerNames(codes)
    teams = len(drawn.before)
    figures = np.zeros((2, teams, 8), dtype=np.int64)
    moves: dict[tuple[int, int], NDArray[np.int64]] = {}
    shift = np.zeros(len(codes), dtype=np.int64)
    for number, part in enumerate(book.parts):
        carriers, pools, place = _carriers(book, number, part, known, codes)
        for team, area in enumerate(drawn.before):
            figures[:, team] += _whole(book, number, part, area, drawn, under, team, lambda rows: place[pools[rows]])  # noqa: B023
        moving = find_changing(part, drawn, names)
        sums = part.sums[moving.positions]
        rows, of = part.holdings(moving.positions)
        carrier, pool = place[carriers[rows]], place[pools[rows]]
        loser, winner = moving.before, moving.after
        shared_before, shared_after = loser >= len(codes), winner >= len(codes)
        # What lies with the owner of its place goes along with the place, from one owner to the next.
        origin = under.owner(part, moving.positions, loser, len(codes))
        source = np.where((loser >= 0) & ~shared_before, loser, origin)[of]
        target = np.where((winner >= 0) & ~shared_after, winner, origin)[of]
        origin = origin[of]
        going = np.flatnonzero((carrier == origin) & (origin >= 0) & (source != target))
        policies = part.held[rows[going], 0]
        np.subtract.at(shift, source[going], policies)
        np.add.at(shift, target[going], policies)
        handed = (source[going] == loser[of[going]]) & (target[going] == winner[of[going]])
        carried = _sum_of(policies * handed, of[going], len(sums))
        held = part.held[rows, 1]
        along = (pool == origin) & (origin >= 0)
        kept_before = sums[:, _FREE] + _sum_of(held * ((pool == source) | along), of, len(sums))
        kept_after = sums[:, _FREE] + _sum_of(held * ((pool == target) | along), of, len(sums))
        _add(figures[1], loser, teams, -np.column_stack([sums, kept_before]))
        _add(figures[1], winner, teams, np.column_stack([sums, kept_after]))
        for team in range(teams):
            figures[1, team, _SHARED] += _sharing(names, winner[shared_after], codes[team])
            figures[1, team, _SHARED] -= _sharing(names, loser[shared_before], codes[team])
        pairs, which = np.unique(np.column_stack([loser, winner]), axis=0, return_inverse=True)
        values = np.zeros((len(pairs), 7), dtype=np.int64)
        np.add.at(values, which.ravel(), np.column_stack([sums, carried]))
        for pair, value in zip(pairs.tolist(), values, strict=True):
            moves[tuple(pair)] = moves.get(tuple(pair), 0) + value
    rows_of_moves = [_move(names[old], names[new], values) for (old, new), values in moves.items()]
    rows_of_moves.sort(key=lambda move: (-move.policies, -move.customers, move.from_team_codes, move.to_team_codes))
    balancing = known.balancing(branch_code)
    loads = _loads(book, known)
    if ground is not None:
        loads = added(loads, ground.loads)
    gained = {codes[at]: int(shift[at]) for at in np.flatnonzero(shift).tolist()}
    after = added(loads, gained)
    concerned = tuple(_team(codes[team], figures[:, team], known, loads, after) for team in range(teams))
    return Consequences(
        branch_code,
        on,
        concerned,
        tuple(rows_of_moves),
        balance([loads.get(code, 0) for code in balancing]),
        balance([after.get(code, 0) for code in balancing]),
        gained,
    )


def added(loads: Mapping[str, int], gained: Mapping[str, int]) -> dict[str, int]:
    """Loads by team after what each gains or loses."""
    return {code: loads.get(code, 0) + gained.get(code, 0) for code in {*loads, *gained}}


def _loads(book: Book, known: TeamsOn) -> dict[str, int]:
    """The load of every team (rulebook 5.2): open policies serviced by its eligible members, and its live allocations."""
    key = ("loads", known.key)
    if key not in book.derived:
        total: dict[str, int] = {}
        for number, part in enumerate(book.parts):
            every, carrier, _ = _all_carriers(book, number, part, known)
            sums = np.bincount(carrier[carrier != NOBODY], part.held[carrier != NOBODY, 0], len(every))
            for code, policies in zip(every, sums.tolist(), strict=True):
                total[code] = total.get(code, 0) + int(policies)
        book.derived[key] = total
    found: dict[str, int] = book.derived[key]
    return found


def _all_carriers(
    book: Book, number: int, part: Customers, known: TeamsOn
) -> tuple[dict[str, int], NDArray[np.int64], NDArray[np.int64]]:
    """Every team with a number; for each row of holdings the team in whose load it counts, and the team whose live allocation it is."""
    key = ("carriers", number, known.key)
    if key not in book.derived:
        every = {code: place for place, code in enumerate(sorted({*part.teams, *known.teams}))}
        of_agent = np.array([every.get(known.team_of.get(code, ""), NOBODY) for code in part.agents] + [NOBODY])
        of_team = np.array([every[code] for code in part.teams] + [NOBODY])
        pool = of_team[part.team]
        book.derived[key] = every, np.where(pool == NOBODY, of_agent[part.agent], pool), pool
    found: tuple[dict[str, int], NDArray[np.int64], NDArray[np.int64]] = book.derived[key]
    return found


def _carriers(
    book: Book, number: int, part: Customers, known: TeamsOn, codes: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """As `_all_carriers`: the two for each row, and what makes places in `codes` of the teams' numbers, -2 for other teams."""
    every, carrier, pool = _all_carriers(book, number, part, known)
    place = np.full(len(every) + 1, -2, dtype=np.int64)
    for at, code in enumerate(codes):
        if code in every:
            place[every[code]] = at
    return carrier, pool, place


def _whole(
    book: Book,
    number: int,
    part: Customers,
    area: Area,
    drawn: Redrawing,
    under: Grounding,
    team: int,
    pool_of: Callable[[Positions], NDArray[np.int64]],
) -> NDArray[np.int64]:
    """The sums over a team's territory as it was before; kept, so that a hand on the mouse does not have it counted again and again.

    `team`: its place among the codes. `pool_of`: rows of holdings → the place of the team whose pool they are in.
    """
    others = [other for other in drawn.before_meeting(area) if other.team_code != area.team_code]
    key = ("whole", number, area.team_code, area.key, *sorted(other.key for other in others), *under.keys_near(area))
    if key not in book.derived:
        if len(book.derived) > MOST_DERIVED:
            book.derived.clear()
        alone, shared = sole(part, area, others)
        sums = part.sums[alone].sum(axis=0)
        rows, of = part.holdings(alone)
        origin = under.owner(part, alone, np.full(len(alone), team), team + 1)[of]
        pool = pool_of(rows)
        kept = sums[_FREE] + (part.held[rows, 1] * ((pool == team) | ((pool == origin) & (origin >= 0)))).sum()
        book.derived[key] = np.array([*sums, kept, shared], dtype=np.int64)
    found: NDArray[np.int64] = book.derived[key]
    return found


def _sum_of(values: NDArray[np.int64], of: Positions, length: int) -> NDArray[np.int64]:
    """Sums of integers by group."""
    total = np.zeros(length, dtype=np.int64)
    np.add.at(total, of, values)
    return total


def _add(figures: NDArray[np.int64], owner: NDArray[np.int64], teams: int, values: NDArray[np.int64]) -> None:
    own = np.flatnonzero((owner >= 0) & (owner < teams))
    np.add.at(figures[:, :7], owner[own], values[own])


def _sharing(names: OwnerNames, numbers: NDArray[np.int64], code: str) -> int:
    found, counts = np.unique(numbers, return_counts=True)
    return sum(count for number, count in zip(found.tolist(), counts.tolist(), strict=True) if code in names[number])


def _move(old: Owners, new: Owners, values: NDArray[np.int64]) -> Move:
    customers_, policies, cents, orphans, unassigned, _, carried = (int(value) for value in values)
    return Move(old, new, customers_, policies, Decimal(cents).scaleb(-2), orphans, unassigned, carried)


def _team(
    code: str,
    figures: NDArray[np.int64],
    known: TeamsOn,
    loads: Mapping[str, int],
    after: Mapping[str, int],
) -> TeamConsequence:
    team = known.teams.get(code)
    capacity = team.capacity if team is not None else 0
    old = _figures(figures[0], loads.get(code, 0), capacity)
    return TeamConsequence(code, known.names.get(code, code), old, _figures(figures[1], after.get(code, 0), capacity))


def _figures(values: NDArray[np.int64], load: int, capacity: int) -> TeamFigures:
    count = [int(value) for value in values]
    return TeamFigures(
        customers=count[_CUSTOMERS],
        shared=count[_SHARED],
        policies=count[_POLICIES],
        premium=Decimal(count[_CENTS]).scaleb(-2),
        orphans=count[_ORPHANS],
        unassigned=count[_UNASSIGNED],
        kept_in_team=count[_KEPT],
        load=load,
        capacity=capacity,
    )
