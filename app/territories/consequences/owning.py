"""Who owns each customer before a change and after it; only what the change concerns is looked at. Pure arithmetic over positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from app.territories.consequences.customers import Customers, Positions
from geo.points import Edges, PointIndex, changed_edges, edges_of

Owners = tuple[str, ...]
"""The teams that own a place: none, one, or several that cover it together."""

MANY = 100
"""Territories of which it pays to look at every customer, rather than at those that a change concerns."""

_NOWHERE = (np.inf, np.inf, -np.inf, -np.inf)


@dataclass(frozen=True, slots=True)
class Change:
    """A team's territory before and after, in CGCS2000 degrees; None: no territory."""

    team_code: str
    before: BaseGeometry | None
    after: BaseGeometry | None


@dataclass(frozen=True)
class Area:
    """A team's territory as edges. `box`: west, south, east, north."""

    team_code: str
    edges: Edges
    box: tuple[float, float, float, float]

    @cached_property
    def key(self) -> bytes:
        """Known by its content."""
        return blake2b(self.edges.ends.tobytes(), digest_size=16).digest()


@dataclass(frozen=True)
class Redrawing:
    """All that changes: per team before and after, the edges in which the two differ, and the areas around that stay as they are."""

    before: list[Area]
    after: list[Area]
    difference: list[Edges]
    around: list[Area]

    @cached_property
    def codes(self) -> list[str]:
        """Team codes: of those that change, then of those around."""
        return [area.team_code for area in (*self.before, *self.around)]

    @property
    def share_differing(self) -> float:
        """Of the edges before and after, those in which the two differ."""
        edges = sum(len(area.edges) for area in (*self.before, *self.after))
        return sum(map(len, self.difference)) / edges if edges else 0.0

    @cached_property
    def _boxes(self) -> NDArray[np.float64]:
        return np.array([area.box for area in (*self.before, *self.around)]).reshape(-1, 4)

    def before_meeting(self, area: Area) -> list[Area]:
        """The areas, as they were and those around, whose boxes meet that of an area."""
        west, south, east, north = area.box
        box = self._boxes
        meets = (box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south)
        every = (*self.before, *self.around)
        return [every[at] for at in np.flatnonzero(meets).tolist()]


def redrawing(changes: Sequence[Change], around: Mapping[str, BaseGeometry]) -> Redrawing:
    """Take the changes apart. Teams that change are no longer around. Raises `NotAnAreaError`."""
    changing = {change.team_code for change in changes}
    before = _areas([change.team_code for change in changes], [change.before for change in changes])
    after = _areas([change.team_code for change in changes], [change.after for change in changes])
    difference = [changed_edges(old.edges, new.edges) for old, new in zip(before, after, strict=True)]
    others = {code: shape for code, shape in around.items() if code not in changing}
    boxes = shapely.bounds(np.array([shape for pair in changes for shape in (pair.before, pair.after)], dtype=object))
    known = boxes[np.isfinite(boxes).all(axis=1)]
    if others and len(known):
        west, south = known[:, :2].min(axis=0)
        east, north = known[:, 2:].max(axis=0)
        theirs = shapely.bounds(np.array(list(others.values()), dtype=object))
        near = (theirs[:, 0] <= east) & (theirs[:, 2] >= west) & (theirs[:, 1] <= north) & (theirs[:, 3] >= south)
        others = {code: shape for (code, shape), meets in zip(others.items(), near, strict=True) if meets}
    return Redrawing(before, after, difference, _areas(list(others), list(others.values())))


def _areas(codes: Sequence[str], shapes: Sequence[BaseGeometry | None]) -> list[Area]:
    found = []
    for code, edges in zip(codes, edges_of(shapes), strict=True):
        ends = edges.ends
        box = _NOWHERE
        if len(ends):
            x, y = ends[:, 0::2], ends[:, 1::2]
            box = (float(x.min()), float(y.min()), float(x.max()), float(y.max()))
        found.append(Area(code, edges, box))
    return found


@dataclass(frozen=True)
class Grounding:
    """Who owned places before anything was drawn. `areas`: None where that is who owns them before the change. `codes`: of the teams that
    are none of the `Redrawing`'s; `place`: for each area its team's place among the codes of both."""

    areas: list[Area] | None
    codes: list[str]
    place: NDArray[np.int64]

    def owner(self, part: Customers, positions: Positions, before: NDArray[np.int64], teams: int) -> NDArray[np.int64]:
        """The place of the one team that owned each of the positions, -1 for nobody or several. `before`: their owners before the
        change, numbers from `teams` on standing for several."""
        if self.areas is None:
            return np.where(before < teams, before, -1)
        found = _owners(part.index.select(positions), self.areas, OwnerNames([area.team_code for area in self.areas]))
        alone = (found >= 0) & (found < len(self.areas))
        return np.where(alone, self.place[np.where(alone, found, 0)], -1) if len(self.areas) else found

    def keys_near(self, area: Area) -> list[bytes]:
        """What `owner` comes from within an area."""
        if self.areas is None:
            return []
        west, south, east, north = area.box
        near = [
            each
            for each in self.areas
            if each.box[0] <= east and each.box[2] >= west and each.box[1] <= north and each.box[3] >= south
        ]
        return [b"ground", *sorted(each.team_code.encode() + each.key for each in near)]


def grounding(drawn: Redrawing, areas: Mapping[str, BaseGeometry] | None) -> Grounding:
    """The areas that places had before anything was drawn. Raises `NotAnAreaError`."""
    if areas is None:
        return Grounding(None, [], np.empty(0, dtype=np.int64))
    known = {code: at for at, code in enumerate(drawn.codes)}
    new = [code for code in areas if code not in known]
    places = known | {code: len(known) + at for at, code in enumerate(new)}
    place = np.array([places[code] for code in areas], dtype=np.int64)
    return Grounding(_areas(list(areas), list(areas.values())), new, place)


@dataclass(frozen=True, slots=True, eq=False)
class Changing:
    """The customers of a part whose owner changes: where they are in it, and the numbers of their owners in `owners`."""

    positions: Positions
    before: NDArray[np.int64]
    after: NDArray[np.int64]


class OwnerNames:
    """Numbers for the owners of a place: a team's place in `Redrawing.codes`, -1 for nobody, higher ones for several together."""

    def __init__(self, codes: Sequence[str]) -> None:
        self._codes = list(codes)
        self._several: dict[Owners, int] = {}
        self._listed: list[Owners] = []

    def __getitem__(self, number: int) -> Owners:
        if number < 0:
            return ()
        if number < len(self._codes):
            return (self._codes[number],)
        return self._listed[number - len(self._codes)]

    def together(self, numbers: Sequence[int]) -> int:
        """The number of several teams, by code."""
        owners = tuple(sorted(self._codes[number] for number in numbers))
        if owners not in self._several:
            self._several[owners] = len(self._codes) + len(self._listed)
            self._listed.append(owners)
        return self._several[owners]


def find_changing(part: Customers, drawn: Redrawing, names: OwnerNames) -> Changing:
    """The customers of a part that get another owner.

    Of each team only the points are asked that lie on or between the edges in which its territory differs; whatever else there is
    is not looked at. Where many territories were drawn anew that would be no shorter than to ask for the owners of all.
    """
    if len(drawn.before) > MANY and drawn.share_differing > 0.5:
        before = _owners(part.index, [*drawn.before, *drawn.around], names)
        after = _owners(part.index, [*drawn.after, *drawn.around], names)
        positions = part.living(np.flatnonzero(before != after))
        return Changing(positions, before[positions], after[positions])
    pieces = [part.covered(edges) for edges in drawn.difference if len(edges)]
    concerned = np.unique(np.concatenate(pieces)) if pieces else np.empty(0, dtype=np.int64)
    few = part.index.select(concerned)
    before = _owners(few, [*drawn.before, *drawn.around], names)
    after = _owners(few, [*drawn.after, *drawn.around], names)
    other = np.flatnonzero(before != after)
    return Changing(concerned[other], before[other], after[other])


def _owners(points: PointIndex, areas: Sequence[Area], names: OwnerNames) -> NDArray[np.int64]:
    """The number of the owners of each point; `areas` in the order of the codes."""
    owner = np.full(len(points), -1, dtype=np.int64)
    count = np.zeros(len(points), dtype=np.int64)
    hits: list[Positions] = []
    if not len(points):
        return owner
    west, east = points.lon.min(), points.lon.max()
    south, north = points.lat.min(), points.lat.max()
    none = np.empty(0, dtype=np.int64)
    for number, area in enumerate(areas):
        apart = area.box[0] > east or area.box[2] < west or area.box[1] > north or area.box[3] < south
        hits.append(none if apart else points.covered(area.edges))
        owner[hits[-1]] = number
        count[hits[-1]] += 1
    several = np.flatnonzero(count > 1)
    if len(several):
        shared: dict[int, list[int]] = {position: [] for position in several.tolist()}
        for number, hit in enumerate(hits):
            for position in hit[count[hit] > 1].tolist():
                shared[position].append(number)
        for position, numbers in shared.items():
            owner[position] = names.together(numbers)
    return owner


def sole(part: Customers, area: Area, others: Sequence[Area]) -> tuple[Positions, int]:
    """The customers that an area covers and none of the others does; how many it shares."""
    positions = part.covered(area.edges)
    covered = part.index.select(positions)
    count = np.zeros(len(positions), dtype=np.int64)
    for other in others:
        count[covered.covered(other.edges)] += 1
    alone = positions[count == 0]
    return alone, len(positions) - len(alone)
