"""Territories: contiguous communities for each collection team, with the gaps, overlaps and versions of real life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import shapely

from app.sample.communities import GRID, Coverage
from app.sample.divisions import Divisions
from app.sample.draws import Floats, Ints, stream, tally
from app.sample.estates import Estates
from app.sample.regions import Graph, grow
from app.sample.staff import Teams
from app.sample.terrain import METRES_PER_LAT, METRES_PER_LON, as_points


@dataclass(frozen=True)
class Territory:
    """One version of one team's territory."""

    team: int
    effective_from: date
    area: Any
    """Polygon or MultiPolygon, CGCS2000."""


@dataclass(frozen=True)
class Plan:
    owner: Ints
    """Shape (communities,): the team that owns each community on the sample's date, or -1."""
    versions: tuple[Territory, ...]


def draw(
    coverage: Coverage, graph: Graph, divisions: Divisions, teams: Teams, estates: Estates, as_of: date, seed: int
) -> Plan:
    """Gives nine communities of ten to the collection teams of their branch."""
    population = tally(estates.places.community, estates.households, len(coverage.polygons))
    rng = stream(seed, "territories")
    owner = np.full(len(population), -1, dtype=np.int64)
    for branch in range(divisions.branches):
        members = np.flatnonzero(divisions.branch_of == branch)
        landed = np.flatnonzero((teams.branch == branch) & teams.collection & ~teams.landless)
        region = grow(graph, members, population + 1.0, coverage.centres, len(landed), rng)
        owner[members] = landed[region]
    _release(rng, graph, owner, population)
    versions = _versions(rng, coverage, graph, owner, teams, estates, as_of)
    return Plan(owner, tuple(versions))


def _release(rng: np.random.Generator, graph: Graph, owner: Ints, population: Floats) -> None:
    """Leaves a tenth of the communities without an owner, thinly peopled ones first, and no territory torn or empty."""
    wanted = round(0.10 * len(owner))
    order = np.argsort(population * rng.lognormal(0, 1.2, len(population)), kind="stable")
    for community in order.tolist():
        if wanted == 0:
            break
        rest = np.flatnonzero(owner == owner[community])
        rest = rest[rest != community]
        if len(rest) and _connected(graph, rest):
            owner[community] = -1
            wanted -= 1


def _connected(graph: Graph, members: Ints) -> bool:
    steps = graph.within(members)
    seen = {int(members[0])}
    stack = list(seen)
    while stack:
        for step, _ in steps[stack.pop()]:
            if step not in seen:
                seen.add(step)
                stack.append(step)
    return len(seen) == len(members)


def _versions(
    rng: np.random.Generator,
    coverage: Coverage,
    graph: Graph,
    owner: Ints,
    teams: Teams,
    estates: Estates,
    as_of: date,
) -> list[Territory]:
    plain = date(as_of.year, 1, 1)
    before = date(as_of.year - 1, 7, 1)
    soon = (as_of.replace(day=1) + timedelta(days=32)).replace(day=1)
    land = {int(team): np.flatnonzero(owner == team) for team in np.unique(owner[owner >= 0])}
    area = {team: shapely.coverage_union_all(coverage.polygons[members]) for team, members in land.items()}
    busy = set(np.flatnonzero(teams.ended).tolist()) | set(teams.successor[teams.successor >= 0].tolist())
    versions: list[Territory] = []
    pairs = _neighbours(coverage, owner, teams)
    pairs = [pairs[index] for index in rng.permutation(len(pairs))]

    overlaps = 2 if len(land) > 12 else 1
    for patch, community, other in _patches(coverage, estates, pairs[:60]):
        mine, theirs = int(owner[community]), int(owner[other])
        if overlaps and not busy & {mine, theirs}:
            area[mine] = shapely.union(area[mine], patch, grid_size=GRID)
            busy |= {mine, theirs}
            overlaps -= 1

    handovers = 1 if len(land) > 12 else 0
    earlier = 2 if len(land) > 12 else 0
    for community, other in pairs:
        mine, theirs = int(owner[community]), int(owner[other])
        rest = land[mine][land[mine] != community]
        if busy & {mine, theirs} or len(rest) < 2 or not _connected(graph, rest):
            continue
        without = shapely.coverage_union_all(coverage.polygons[rest])
        if handovers:
            # From the first of next month a community moves to the neighbour.
            gained = np.append(land[theirs], community)
            versions.append(Territory(mine, soon, without))
            versions.append(Territory(theirs, soon, shapely.coverage_union_all(coverage.polygons[gained])))
            busy |= {mine, theirs}
            handovers -= 1
        elif earlier:
            versions.append(Territory(mine, before, without))
            busy.add(mine)
            earlier -= 1
    versions += [Territory(team, plain, shape) for team, shape in area.items()]
    return sorted(versions, key=lambda version: (version.team, version.effective_from))


def _neighbours(coverage: Coverage, owner: Ints, teams: Teams) -> list[tuple[int, int]]:
    """Pairs of bordering communities that different teams of one branch own."""
    left, right = coverage.borders.left, coverage.borders.right
    mine, theirs = owner[left], owner[right]
    differ = (mine >= 0) & (theirs >= 0) & (mine != theirs) & (coverage.borders.length > 60)
    differ &= teams.branch[mine] == teams.branch[theirs]
    return list(zip(left[differ].tolist(), right[differ].tolist(), strict=True))


def _patches(coverage: Coverage, estates: Estates, pairs: list[tuple[int, int]]) -> list[tuple[Any, int, int]]:
    """Possible overlaps with the two communities concerned, those with the most households first."""
    homes = shapely.STRtree(as_points(estates.places.lonlat))
    found = []
    for community, other in pairs:
        patch = _patch(coverage, community, other)
        if patch is not None:
            people = float(estates.households[homes.query(patch, predicate="contains")].sum())
            found.append((people, patch, community, other))
    return [entry[1:] for entry in sorted(found, key=lambda entry: -entry[0])]


def _patch(coverage: Coverage, community: int, other: int) -> Any | None:
    """A small piece of the other community beside the common border, or nothing if it would reach a third one's."""
    own, theirs = coverage.polygons[community], coverage.polygons[other]
    border = shapely.line_merge(shapely.intersection(own, theirs))
    middle = shapely.line_interpolate_point(shapely.get_geometry(border, 0), 0.5, normalized=True)
    reach = min(320.0, 0.35 * float(np.sqrt(shapely.area(theirs) * METRES_PER_LON * METRES_PER_LAT)))
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    around = np.column_stack([np.cos(angles) / METRES_PER_LON, np.sin(angles) / METRES_PER_LAT]) * reach
    circle = shapely.Polygon(around + shapely.get_coordinates(middle))
    # A new corner on a third community's border would lie off that border by a fraction of the grid.
    elsewhere = shapely.difference(theirs.exterior, shapely.buffer(border, 10 * GRID))
    patch = shapely.intersection(circle, theirs, grid_size=GRID)
    return patch if patch.geom_type == "Polygon" and shapely.disjoint(circle, elsewhere) else None
