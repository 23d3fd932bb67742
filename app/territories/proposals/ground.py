"""The branch as a problem of districts: communities are units, teams are districts, customers' policies are loads."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from app.access.principal import EVERYTHING
from app.errors import UnknownOrganisation
from app.organisation.repository import list_organisations
from app.territories.consequences.customers import customers
from app.territories.consequences.organisation import TeamsOn, teams_on
from app.territories.plans.errors import BaseOfOtherBranch
from app.territories.plans.repository import plan_in_force, read_plan
from app.territories.proposals import repository
from app.territories.proposals.errors import (
    NoCommunities,
    NoCustomers,
    PinsContradict,
    TooFewTeams,
    UnknownCommunityNamed,
    UnknownTeamNamed,
)
from app.territories.proposals.wish import Wish
from geo.districting import NOBODY, NotAProblemError, Problem
from geo.districting.borders import Borders, borders
from geo.matching import AreaIndex

WHOLE = 0.99
"""Share of a community from which on it is one team's: files do not meet to the metre."""

RELEASED, HELD = -1, -2
"""In place of a team's position: its land is free to give (a team dissolved, or one that may own none); it is left alone."""


@dataclass(frozen=True, eq=False)
class Ground:
    """The problem, and what its numbers stand for.

    `communities`, `names`, `policies`, `premium` (n,) of the units; premium in yuan. `teams`: codes of the districts. `split`: communities that
    several share, kept as they are. `left_out`: communities that do not take part. `standing_still`: teams with land that cannot take
    part, whose land is left alone. `released`: teams whose land is given to others. `placed`, `unplaced`: open policies of the branch's land
    that count, and of its policies those without a point.
    """

    problem: Problem
    borders: Borders
    plan_id: int | None
    plan_revision: int
    communities: list[str]
    names: list[str]
    policies: NDArray[np.int64]
    premium: NDArray[np.int64]
    teams: list[str]
    team_names: dict[str, str]
    split: list[str]
    left_out: list[str]
    standing_still: list[str]
    released: list[str]


def read_ground(connection: Connection, wish: Wish) -> Ground:
    """Reads a branch as it is on the wish's date and in its version.

    Raises `UnknownOrganisation`, `PlanNotFound`, `BaseOfOtherBranch`, `NoCommunities`, `TooFewTeams`, `NoCustomers`, `UnknownTeamNamed`,
    `UnknownCommunityNamed`, `PinsContradict`.
    """
    known = {row["code"] for row in list_organisations(connection, level="branch", scope=EVERYTHING)}
    if wish.branch_code not in known:
        raise UnknownOrganisation
    plan_id = wish.plan_id or plan_in_force(connection, wish.branch_code, wish.as_of)
    revision = 0
    if plan_id is not None:
        plan = read_plan(connection, plan_id)
        revision = plan["revision"]
        if plan["branch_code"] != wish.branch_code:
            raise BaseOfOtherBranch
    codes, names, areas = repository.read_communities(connection, wish.branch_code, plan_id)
    if not codes:
        raise NoCommunities
    territories = repository.read_territories(connection, plan_id) if plan_id is not None else {}
    organisation = teams_on(connection, wish.as_of)
    teams = _takers(organisation, wish, list(territories))
    owner_of = {code: _owner(organisation, teams, code) for code in territories}
    shares = _shares(areas, list(territories.values()), [owner_of[code] for code in territories], len(teams))
    best = shares.argmax(axis=1)
    whole = shares.max(axis=1) >= WHOLE
    # Columns: the teams, then held, then nobody's.
    owner = np.where(best < len(teams), best, np.where(best == len(teams), HELD, NOBODY)).astype(np.int32)
    kept = np.where(owner == HELD, False, whole | (owner >= 0))
    units = kept.nonzero()[0]
    if len(units) == 0:
        raise NoCommunities
    split = (~whole & kept)[units]
    present = owner[units]
    laid = borders([areas[i] for i in units], present=present, bars=wish.barriers)
    unit_codes = [codes[i] for i in units]
    loads, base = _count(
        connection,
        [areas[i] for i in units],
        present,
        split,
        list(territories.values()),
        np.array([owner_of[code] for code in territories], np.int32),
        len(teams),
    )
    if not loads[0].sum() + base[0].sum():
        raise NoCustomers
    problem = _problem(wish, organisation, teams, unit_codes, present, split, laid, loads, base)
    still = {code for code in territories if owner_of[code] == HELD}
    gone = {code for code in territories if owner_of[code] == RELEASED}
    return Ground(
        problem,
        laid,
        plan_id,
        revision,
        unit_codes,
        [names[i] for i in units],
        loads[0],
        loads[1],
        teams,
        organisation.names,
        [code for code, divided in zip(unit_codes, split, strict=True) if divided],
        [code for code, taken in zip(codes, kept, strict=True) if not taken],
        sorted(still),
        sorted(gone),
    )


def _takers(organisation: TeamsOn, wish: Wish, owners: list[str]) -> list[str]:
    """The teams among whom is shared: those of the branch that may receive, have capacity, and own land, or stand in for one that did, or are
    named; if nobody owns anything, all that may receive."""
    able = {code for code in organisation.balancing(wish.branch_code) if organisation.teams[code].capacity > 0}
    heirs = {
        heir
        for code in owners
        if code in organisation.teams and (heir := organisation.teams[code].successor_code) is not None
    }
    takers = sorted(able & ({*owners, *heirs, *wish.include} if owners else able))
    named = {*wish.locked, *wish.pinned.values(), *wish.include}
    if strangers := sorted(named - set(takers)):
        raise UnknownTeamNamed(team_codes=strangers)
    if len(takers) < 2:
        raise TooFewTeams
    return takers


def _owner(organisation: TeamsOn, teams: list[str], code: str) -> int:
    """Whose land that of a team is: a taker's position, `RELEASED` or `HELD`."""
    if code in teams:
        return teams.index(code)
    team = organisation.teams.get(code)
    if team is None:
        return RELEASED
    if team.successor_code in teams:
        return teams.index(team.successor_code)
    ended = team.failure in ("H2_ENDED", "H2_NOT_TAKING_PART")
    return RELEASED if ended or team.force != "COLLECTION" else HELD


def _shares(
    areas: Sequence[BaseGeometry], territories: Sequence[BaseGeometry], owners: list[int], teams: int
) -> NDArray[np.float64]:
    """(n, teams + 2): which share of each community each team has, then what is held, then what is nobody's."""
    shares = np.zeros((len(areas), teams + 2))
    if territories:
        cells, lands = np.array(areas, dtype=object), np.array(territories, dtype=object)
        shapely.prepare(lands)
        size = shapely.area(cells)
        # By land, so that each is prepared once.
        land, cell = shapely.STRtree(cells).query(lands, predicate="intersects")
        covered = shapely.covers(lands[land], cells[cell])
        share = covered.astype(np.float64)
        rest = ~covered
        share[rest] = shapely.area(shapely.intersection(cells[cell[rest]], lands[land[rest]])) / size[cell[rest]]
        column = np.array([one if one >= 0 else teams + (0 if one == HELD else 1) for one in owners])
        np.add.at(shares, (cell, column[land]), share)
    shares[:, -1] += np.maximum(0.0, 1.0 - shares.sum(axis=1))
    return shares


def _count(
    connection: Connection,
    areas: Sequence[BaseGeometry],
    present: NDArray[np.int32],
    split: NDArray[np.bool_],
    territories: Sequence[BaseGeometry],
    owners: NDArray[np.int32],
    teams: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(2, n) policies and premium (yuan) of each unit, and (2, teams) what each team has outside of them.

    A divided community weighs what its team has in it; what the others have there stays theirs.
    """
    loads, base = np.zeros((2, len(areas)), np.int64), np.zeros((2, teams), np.int64)
    cells = AreaIndex.build(list(areas))
    lands = AreaIndex.build(list(territories)) if territories else None
    with customers(connection) as book:
        for part in book.parts:
            sums = part.sums[: len(part.index)]
            lon, lat = part.index.lon, part.index.lat
            cell = cells.first(lon, lat)
            land = lands.first(lon, lat) if lands is not None else np.full(len(lon), -1, np.int32)
            counts = sums[:, 1:3]
            owner = np.where(land >= 0, owners[land] if len(owners) else RELEASED, RELEASED)
            within = cell >= 0
            own = within & (~split[cell] | (owner == present[cell]))
            elsewhere = ~own & (owner >= 0) & (~within | split[cell])
            for row in range(2):
                np.add.at(loads[row], cell[own], counts[own, row])
                np.add.at(base[row], owner[elsewhere], counts[elsewhere, row])
    loads[1] //= 100
    base[1] //= 100
    return loads, base


def _problem(
    wish: Wish,
    organisation: TeamsOn,
    teams: list[str],
    codes: list[str],
    present: NDArray[np.int32],
    split: NDArray[np.bool_],
    laid: Borders,
    loads: NDArray[np.int64],
    base: NDArray[np.int64],
) -> Problem:
    place = {code: position for position, code in enumerate(codes)}
    named = {*wish.pinned, *(code for pair in wish.apart for code in pair)}
    if strangers := sorted(named - set(place)):
        raise UnknownCommunityNamed(community_codes=strangers[:20])
    pinned = np.where(split, present, NOBODY).astype(np.int32)
    for code, team in wish.pinned.items():
        at = place[code]
        if split[at] and present[at] != teams.index(team):
            raise PinsContradict(community_codes=[code])
        pinned[at] = teams.index(team)
    edges, lengths, barred = laid.edges, laid.lengths, laid.barred.copy()
    position = {(int(a), int(b)): at for at, (a, b) in enumerate(edges)}
    extra = []
    for one, other in wish.apart:
        pair = (min(place[one], place[other]), max(place[one], place[other]))
        if pair in position:
            barred[position[pair]] = True
        elif pair[0] != pair[1] and pair not in extra:
            extra.append(pair)
    if extra:
        edges = np.concatenate([edges, np.array(extra, np.int32)])
        lengths = np.concatenate([lengths, np.zeros(len(extra), np.int64)])
        barred = np.concatenate([barred, np.ones(len(extra), np.bool_)])
    rows = [0 if measure == "policies" else 1 for measure in wish.measures]
    capacity = [organisation.teams[code].capacity for code in teams]
    try:
        return Problem.of(
            loads[rows],
            [capacity] * len(rows),
            present,
            edges,
            lengths,
            stake=loads[0 if wish.weigh == "policies" else 1],
            base=base[rows],
            barred=barred,
            locked=[code in wish.locked for code in teams],
            pinned=pinned,
            tolerance=wish.tolerance,
            keep=wish.keep,
        )
    except NotAProblemError as error:
        raise PinsContradict from error
