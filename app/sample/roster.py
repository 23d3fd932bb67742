"""The rows of organisations.csv, teams.csv and agents.csv."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from app.sample import vocabulary
from app.sample.assignment import Hands
from app.sample.book import Book
from app.sample.divisions import Divisions
from app.sample.draws import Bools, Ints, stream, tally
from app.sample.estates import Estates
from app.sample.policies import ENDED, Terms, dates, day, names_of
from app.sample.staff import ACTIVE, Agents, Teams


def organisation_rows(divisions: Divisions) -> pl.DataFrame:
    """The province, the city and its branches."""
    return pl.DataFrame(
        {
            "code": [vocabulary.PROVINCE_CODE, vocabulary.CITY_CODE, *divisions.branch_codes],
            "level": ["province", "city", *["branch"] * divisions.branches],
            "parent_code": [None, vocabulary.PROVINCE_CODE, *[vocabulary.CITY_CODE] * divisions.branches],
            "name": [
                f"{vocabulary.PROVINCE}分公司",
                f"{vocabulary.CITY}分公司",
                *(f"{name}支公司" for name in divisions.branch_names),
            ],
        }
    )


def team_rows(teams: Teams, divisions: Divisions, capacity: Ints, as_of: date, seed: int) -> pl.DataFrame:
    """``capacity``: each team's own figure, or -1."""
    rng = stream(seed, "founding")
    founded = day(as_of) - rng.integers(500, 5_500, teams.size)
    ended = np.where(teams.ended, day(as_of) - rng.integers(20, 70, teams.size), -1)
    return pl.DataFrame(
        {
            "code": teams.code,
            "branch_code": names_of(divisions.branch_codes, teams.branch),
            "name": teams.name,
            "force": pl.Series(np.where(teams.collection, "COLLECTION", "MARKETING").tolist(), dtype=pl.String),
            "takes_part": teams.takes_part,
            "capacity": pl.Series(capacity).replace(-1, None),
            "successor_code": names_of(teams.code, teams.successor),
            "founded_on": dates(founded),
            "ended_on": dates(ended),
        }
    )


def agent_rows(agents: Agents, teams: Teams, divisions: Divisions, owner: Ints, seed: int) -> pl.DataFrame:
    """``owner``: the team of each community; most communities have one of that team's agents on duty, some two."""
    return pl.DataFrame(
        {
            "code": agents.code,
            "team_code": names_of(teams.code, agents.team),
            "name": agents.name,
            "is_lead": agents.lead,
            "state": agents.state,
            "qualified": agents.qualified,
            "capacity": agents.capacity,
            "leave_from": pl.Series(agents.leave_from, dtype=pl.Date),
            "leave_to": pl.Series(agents.leave_to, dtype=pl.Date),
            "community_codes": pl.Series(_duties(agents, divisions, owner, seed), dtype=pl.String),
        }
    )


def _duties(agents: Agents, divisions: Divisions, owner: Ints, seed: int) -> list[str | None]:
    rng = stream(seed, "duties")
    held: list[list[str]] = [[] for _ in range(agents.size)]
    crew = {int(team): np.flatnonzero((agents.team == team) & (agents.standing <= 1)) for team in np.unique(owner)}
    turn = dict.fromkeys(crew, 0)
    for community in np.argsort(np.array(divisions.codes), kind="stable").tolist():
        team = int(owner[community])
        people = crew[team]
        chance = rng.random()
        if team < 0 or not len(people) or chance < 0.12:
            continue
        for _ in range(2 if chance > 0.95 and len(people) > 1 else 1):
            held[int(people[turn[team] % len(people)])].append(divisions.codes[community])
            turn[team] += 1
    return [";".join(codes) or None for codes in held]


def capacities(
    book: Book, estates: Estates, teams: Teams, agents: Agents, hands: Hands, terms: Terms, owner: Ints, seed: int
) -> Ints:
    """Own capacity figures, shape (teams,), -1 where the agents' capacities count.

    A quarter of the collection teams have one near the sum of their agents' capacities; one in twenty-five has one so
    low that about a third of the orphans of its territory fill it.
    """
    rng = stream(seed, "capacities")
    eligible = fit(agents)
    total = tally(agents.team, agents.capacity * eligible, teams.size)
    servicer = hands.servicer[book.unit]
    open_ = ~book.named & (terms.status[book.unit] != ENDED) & (servicer >= 0)
    open_ &= eligible[np.maximum(servicer, 0)]
    load = tally(agents.team[np.maximum(servicer, 0)], open_, teams.size)
    at = owner[estates.places.community[book.home[book.holder]]]
    arriving = np.bincount(at[book.named & (at >= 0)], minlength=teams.size)
    figure = np.full(teams.size, -1, dtype=np.int64)
    able: Bools = teams.collection & ~teams.ended & teams.takes_part
    stated = able & (rng.random(teams.size) < 0.25)
    near = np.maximum(10 * np.round(total * rng.uniform(0.92, 1.12, teams.size) / 10), 10)
    figure[stated] = near[stated].astype(np.int64)
    busy = rng.permutation(np.flatnonzero(able & (arriving >= 20)))
    busy = busy[: int(np.ceil(able.sum() / 25))]
    figure[busy] = np.ceil(load[busy] + arriving[busy] * 0.35).astype(np.int64)
    return figure


def fit(agents: Agents) -> Bools:
    """Agents who can receive policies on the sample's date, as far as they themselves are concerned; shape (agents,)."""
    able: Bools = (agents.standing == ACTIVE) & agents.qualified
    return able
