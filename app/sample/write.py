"""Writes a fictional city in the interchange format."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from app.sample import (
    addresses,
    assignment,
    book,
    communities,
    divisions,
    estates,
    events,
    gazetteer,
    policies,
    regions,
    roads,
    roster,
    scale,
    staff,
    terrain,
    territories,
)
from app.sample.draws import Floats, Ints, tally
from app.sample.geojson import write_features

Progress = Callable[[str, float], None]


def write(
    directory: Path,
    *,
    policies: int,
    seed: int,
    orphans: int | None = None,
    as_of: date = date(2026, 3, 10),
    progress: Progress | None = None,
) -> dict[str, int]:
    """Writes every file of the interchange contract for an invented city and returns the rows of each.

    ``orphans`` policies (default a quarter, at most all) are named in events; the same arguments give the same bytes.
    ``progress`` is told the file that is about to be written and the share done, and at last ``("", 1.0)``.
    Raises ``ValueError`` for fewer than 10 policies or more orphans than policies, ``OSError`` if it cannot write.
    """
    sizes = scale.scale_for(policies, orphans)
    tell = progress or (lambda subject, share: None)
    directory.mkdir(parents=True, exist_ok=True)
    return _write(directory, sizes, seed, as_of, tell)


def _write(directory: Path, sizes: scale.Scale, seed: int, as_of: date, tell: Progress) -> dict[str, int]:
    tell("communities.geojson", 0.0)
    land = terrain.lay_out(sizes, seed)
    coverage = communities.divide(land, sizes, seed)
    graph = regions.connect(coverage.borders, coverage.centres)
    network, places = roads.build(land, coverage, sizes, seed)
    homes = estates.furnish(places, seed)
    count = len(coverage.polygons)
    population = tally(places.community, homes.households, count)
    city = divisions.organise(coverage, graph, population, land.density(coverage.centres), sizes, seed)
    names = estates.name_all(network, homes, city, seed)

    tell("territories.geojson", 0.15)
    business = book.open_book(sizes, homes, city, seed)
    teams, workers = staff.found_teams(sizes, city, business, seed)
    plan = territories.draw(coverage, graph, city, teams, homes, as_of, seed)
    wanted = _workers_by_team(teams, city, plan, population, workers)
    agents = staff.hire(sizes, city, business, teams, wanted, as_of, seed)
    hands = assignment.assign(business, homes, city, teams, agents, plan.owner, seed)
    terms = policies.agree(business, hands, as_of, seed)
    own = roster.capacities(business, homes, teams, agents, hands, terms, plan.owner, seed)

    rows = {
        "communities.geojson": write_features(
            directory / "communities.geojson",
            (
                ({"code": city.codes[index], "name": city.names[index]}, coverage.polygons[index])
                for index in np.argsort(np.array(city.codes), kind="stable").tolist()
            ),
        ),
        "branches.geojson": write_features(
            directory / "branches.geojson",
            (
                ({"branch_code": code, "name": f"{name}支公司"}, area)
                for code, name, area in zip(
                    city.branch_codes,
                    city.branch_names,
                    divisions.areas(coverage.polygons, city.branch_of),
                    strict=True,
                )
            ),
        ),
        "territories.geojson": write_features(
            directory / "territories.geojson",
            (
                (
                    {
                        "team_code": teams.code[version.team],
                        "effective_from": version.effective_from.isoformat(),
                    },
                    version.area,
                )
                for version in plan.versions
            ),
        ),
    }
    tables: dict[str, Callable[[], pl.DataFrame]] = {
        "organisations.csv": lambda: roster.organisation_rows(city),
        "teams.csv": lambda: roster.team_rows(teams, city, own, as_of, seed),
        "agents.csv": lambda: roster.agent_rows(agents, teams, city, plan.owner, seed),
        "policyholders.csv": lambda: policies.holder_rows(business, teams.branch[agents.team], agents, seed),
        "policies.csv": lambda: policies.policy_rows(business, city, agents, hands, terms),
        "events.csv": lambda: events.event_rows(business, agents, hands, terms, as_of, seed),
        "addresses.csv": lambda: addresses.address_rows(business, homes, city, names, as_of, seed),
        "gazetteer.csv": lambda: gazetteer.gazetteer_rows(coverage, network, homes, city, names, seed),
    }
    for done, (name, table) in enumerate(tables.items()):
        tell(name, 0.25 + 0.75 * done / len(tables))
        frame = table()
        frame.write_csv(directory / name, date_format="%Y-%m-%d")
        rows[name] = len(frame)
    tell("", 1.0)
    return rows


def _workers_by_team(
    teams: staff.Teams, city: divisions.Divisions, plan: territories.Plan, population: Floats, workers: Ints
) -> Floats:
    """Working agents per team: a branch's in proportion to the people of the territories, landless teams like the mean."""
    owned = plan.owner >= 0
    people = tally(plan.owner[owned], population[owned], teams.size)
    wanted = np.zeros(teams.size)
    for branch in range(city.branches):
        mine = np.flatnonzero((teams.branch == branch) & teams.collection & ~teams.ended)
        share = np.where(people[mine] > 0, people[mine], people[mine].mean())
        wanted[mine] = workers[branch] * share / max(float(share.sum()), 1.0)
    return wanted
