"""Teams and agents: as many as the book needs, with leads, leave, leavers and people short of a qualification."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from app.sample import vocabulary
from app.sample.book import ANNOUNCED, KEPT, TERMINATED, UNQUALIFIED, Book
from app.sample.divisions import Divisions
from app.sample.draws import Bools, Floats, Ints, apportion, stream, tally
from app.sample.scale import Scale

ACTIVE, HINDERED, LEAVING, LEFT = range(4)
"""What an agent is to the book: at work; on leave or unqualified; state 03; state 04."""

GRADES = np.array([40, 60, 80, 100])
"""Capacities by grade."""
_MEAN_GRADE = 68.0
_ROOM = 1.32
"""Capacity of the collection force over what it will service once every orphan is allocated."""


@dataclass(frozen=True)
class Teams:
    """One entry a team; collection teams of a branch come first."""

    code: tuple[str, ...]
    name: tuple[str, ...]
    branch: Ints
    collection: Bools
    takes_part: Bools
    successor: Ints
    """A team that takes over, or -1."""
    ended: Bools
    landless: Bools
    """A collection team that is to have no territory."""

    @property
    def size(self) -> int:
        return len(self.code)


@dataclass(frozen=True)
class Agents:
    """One entry an agent, sorted by team."""

    code: tuple[str, ...]
    name: tuple[str, ...]
    team: Ints
    standing: Ints
    """ACTIVE, HINDERED, LEAVING or LEFT."""
    state: tuple[str, ...]
    lead: Bools
    qualified: Bools
    capacity: Ints
    leave_from: tuple[date | None, ...]
    leave_to: tuple[date | None, ...]
    left_days: Ints
    """Days before the sample's date on which the contract ended (negative: it will end)."""

    @property
    def size(self) -> int:
        return len(self.code)


def found_teams(scale: Scale, divisions: Divisions, book: Book, seed: int) -> tuple[Teams, Ints]:
    """The teams of every branch, and how many working agents each branch's collection force needs."""
    rng = stream(seed, "teams")
    parts = book.parts
    kept = book.cause == KEPT
    # Every orphan will be with the collection force in the end.
    load = np.where(kept, parts * book.by_collection, parts)
    demand = tally(book.branch, load, divisions.branches)
    workers = np.maximum(4, np.ceil(demand * _ROOM / _MEAN_GRADE)).astype(np.int64)
    communities = np.bincount(divisions.branch_of, minlength=divisions.branches)
    fewest = 3 if scale.policies >= 2_000 else 2
    collection = np.minimum(np.maximum(fewest, np.round(workers / scale.members)).astype(np.int64), communities + 1)
    sold = tally(book.branch, parts * ~book.by_collection, divisions.branches)
    marketing = np.maximum(1, np.round(sold / 75 / 24)).astype(np.int64)
    marketing = np.where((marketing == 1) & (scale.policies >= 2_000), 2, marketing)

    codes: list[str] = []
    names: list[str] = []
    branch: list[int] = []
    force: list[bool] = []
    landless: list[bool] = []
    for index in range(divisions.branches):
        for letter, label, many in (("C", "收展", collection[index]), ("M", "营销", marketing[index])):
            for nth in range(1, int(many) + 1):
                codes.append(f"{divisions.branch_codes[index]}-{letter}{nth}")
                names.append(f"{divisions.branch_names[index]}{label}{vocabulary.numeral(nth)}部")
                branch.append(index)
                force.append(letter == "C")
                # The last team of every third branch covers the others' gaps and owns no territory.
                landless.append(letter == "C" and nth == many and many > 2 and index % 3 == 1)
    is_collection, without = np.array(force), np.array(landless)
    of = np.array(branch, dtype=np.int64)
    ended, successor = _dissolve(rng, of, is_collection & ~without)
    idle = is_collection & ~ended & (tally(of, is_collection, divisions.branches)[of] > 2)
    idle[successor[successor >= 0]] = False
    resting = rng.permutation(np.flatnonzero(idle))[: max(1, int(is_collection.sum()) // 70)]
    takes_part = np.ones(len(codes), dtype=bool)
    takes_part[resting] = scale.policies < 2_000
    teams = Teams(tuple(codes), tuple(names), of, is_collection, takes_part, successor, ended, without)
    return teams, workers


def _dissolve(rng: np.random.Generator, branch: Ints, eligible: Bools) -> tuple[Bools, Ints]:
    """One team in two hundred (at least one) is dissolved with a successor, and in a larger city one without."""
    ended = np.zeros(len(branch), dtype=bool)
    successor = np.full(len(branch), -1, dtype=np.int64)
    wanted = max(1, int(eligible.sum()) // 200)
    orphaned = int(eligible.sum()) // 60
    for team in rng.permutation(np.flatnonzero(eligible)).tolist():
        peers = np.flatnonzero(eligible & (branch == branch[team]))
        if len(peers) < 2 or ended[peers].any():
            continue
        if wanted == 0 and orphaned == 0:
            break
        ended[team] = True
        if wanted:
            place = int(np.flatnonzero(peers == team)[0])
            successor[team] = peers[place - 1] if place else peers[1]
            wanted -= 1
        else:
            orphaned -= 1
    return ended, successor


def hire(
    scale: Scale, divisions: Divisions, book: Book, teams: Teams, wanted: Floats, as_of: date, seed: int
) -> Agents:
    """Fills the teams. ``wanted``, shape (teams,): working agents for each collection team."""
    rng = stream(seed, "agents")
    staffing = _staffing(scale, divisions, book, teams, wanted)
    team = np.repeat(np.arange(teams.size), staffing.sum(axis=1))
    standing = np.repeat(np.tile(np.arange(4), teams.size), staffing.ravel())
    count = len(team)
    first = np.searchsorted(team, np.arange(teams.size))
    nth = np.arange(count) - first[team]
    state = np.array(["01", "01", "03", "04"])[standing]
    back = (standing == ACTIVE) & (rng.random(count) < 0.04)
    state[back] = "02"
    lead = (nth == 0) & (standing == ACTIVE)
    hindrance = rng.random(count)
    unqualified = (standing == HINDERED) & (hindrance < 0.30)
    unqualified |= (standing == LEFT) & (hindrance < 0.03)
    away = (standing == HINDERED) & ~unqualified
    # Past and coming leave hinders nobody today.
    earlier = (standing == ACTIVE) & ~lead & (rng.random(count) < 0.04)
    later = (standing == ACTIVE) & ~lead & ~earlier & (rng.random(count) < 0.03)
    begin = np.where(
        away, -rng.integers(3, 75, count), np.where(later, rng.integers(3, 40, count), -rng.integers(90, 200, count))
    )
    length = np.where(away, -begin + rng.integers(0, 120, count), rng.integers(5, 60, count))
    open_ended = away & (rng.random(count) < 0.12)
    grades = GRADES[np.searchsorted([0.20, 0.50, 0.80], rng.random(count), side="right")]
    on_leave = away | earlier | later
    starts = [as_of + timedelta(days=int(day)) if on else None for day, on in zip(begin, on_leave, strict=True)]
    stops = [
        start + timedelta(days=int(days)) if start is not None and not never else None
        for start, days, never in zip(starts, length, open_ended, strict=True)
    ]
    left = np.minimum(1 + rng.exponential(48, count).astype(np.int64), 175)
    left = np.where(standing == LEAVING, -rng.integers(3, 26, count), left)
    return Agents(
        code=tuple(f"{teams.code[of]}-{place + 1:02d}" for of, place in zip(team.tolist(), nth.tolist(), strict=True)),
        name=person_names(rng, count),
        team=team,
        standing=standing,
        state=tuple(state.tolist()),
        lead=lead,
        qualified=~unqualified,
        capacity=grades,
        leave_from=tuple(starts),
        leave_to=tuple(stops),
        left_days=left,
    )


def _staffing(scale: Scale, divisions: Divisions, book: Book, teams: Teams, wanted: Floats) -> Ints:
    """How many agents of each standing every team has; shape (teams, 4)."""
    parts = book.parts
    staffing = np.zeros((teams.size, 4), dtype=np.int64)
    small = scale.policies < 2_000
    for collection in (True, False):
        own = book.serviced & (book.by_collection == collection)
        for index in range(divisions.branches):
            mine = np.flatnonzero((teams.branch == index) & (teams.collection == collection))
            working = mine[~teams.ended[mine]]
            here = own & (book.branch == index)
            volume = [
                float(parts[here & np.isin(book.cause, causes)].sum())
                for causes in ((UNQUALIFIED,), (ANNOUNCED,), (TERMINATED,))
            ]
            if collection:
                staffing[working, ACTIVE] = np.maximum(2, np.ceil(wanted[working]).astype(np.int64))
            else:
                load = float(parts[here].sum()) - volume[2]
                staffing[working, ACTIVE] = apportion(np.ones(len(working)), max(2, round(load / 75)), at_least=1)
            staffing[mine[teams.ended[mine]], ACTIVE] = 2
            for standing, amount, each in zip((HINDERED, LEAVING, LEFT), volume, (45.0, 60.0, 75.0), strict=True):
                least = 1 if small else max(1, len(mine) // 2)
                people = max(least, int(np.ceil(amount / each)))
                staffing[mine, standing] += apportion(np.ones(len(mine)), people)
    return staffing


def person_names(rng: np.random.Generator, count: int) -> tuple[str, ...]:
    """Invented names: a surname and one or two characters."""
    surnames, given = np.array(list(vocabulary.SURNAMES)), np.array(list(vocabulary.GIVEN))
    second = np.concatenate([given, np.full(len(given) // 5, "")])
    family = surnames[(rng.random(count) ** 1.6 * len(surnames)).astype(np.int64)]
    names = np.char.add(family, given[rng.integers(0, len(given), count)])
    return tuple(np.char.add(names, second[rng.integers(0, len(second), count)]).tolist())
