"""Random coverages, and a hand that draws random tools on them.

A world is Voronoi cells given to fewer codes than there are cells, so that there are areas of several parts, holes, islands, and land that is
nobody's. Worlds are 11 m, 110 m or 11 km wide: rounding to the grid weighs heavily on the smallest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from geo import coverage
from geo.coverage import Change, Envelope
from geo.coverage.grid import in_cells, in_degrees, multi, polygons

Areas = dict[str, MultiPolygon]

WEST, SOUTH = 118.4, 31.6
WIDTHS_DEG: Final = (1e-4, 1e-3, 1e-1)


@dataclass
class World:
    """`areas`: code → area; `domain`: the box that all tools stay in, in cells."""

    areas: Areas
    width: float
    domain: Polygon = field(init=False)

    def __post_init__(self) -> None:
        margin = 2 * self.width
        self.domain = in_cells(
            box(WEST - margin, SOUTH - margin, WEST + self.width + margin, SOUTH + self.width + margin)
        )

    def load(self, around: Envelope) -> Areas:
        """The areas whose envelope touches one, as a database finds them."""
        codes = list(self.areas)
        own = shapely.bounds([self.areas[code] for code in codes]).reshape(-1, 4)
        west, south, east, north = around
        met = (own[:, 0] <= east) & (own[:, 2] >= west) & (own[:, 1] <= north) & (own[:, 3] >= south)
        return {code: self.areas[code] for code, meets in zip(codes, met, strict=True) if meets}


def world(rng: np.random.Generator, cells: int = 30, codes: int = 14, width: float | None = None) -> World:
    """A random coverage: `cells` Voronoi cells, about one in seven nobody's, the others given to `codes` codes at random."""
    width = float(rng.choice(WIDTHS_DEG)) if width is None else width
    points = shapely.multipoints(rng.uniform(0, width, (cells, 2)) + np.array([WEST, SOUTH]))
    frame = box(WEST, SOUTH, WEST + width, SOUTH + width)
    tiles = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=frame))
    tiles = shapely.intersection(tiles, frame)
    settled = coverage.settle({f"tile {k}": tile for k, tile in enumerate(tiles)}).areas
    of_code: dict[str, list[BaseGeometry]] = {}
    for tile in settled.values():
        if rng.random() > 0.15:
            of_code.setdefault(f"T{rng.integers(codes):02d}", []).append(tile)
    joined = {code: multi(polygons(shapely.union_all(tiles))) for code, tiles in of_code.items()}
    return World(dict(coverage.settle(joined).areas), width)


class Hand:
    """Draws tools at random: off the grid mostly, through existing vertices now and then."""

    def __init__(self, rng: np.random.Generator, world: World) -> None:
        self.rng, self.world = rng, world

    def place(self) -> tuple[float, float]:
        if self.rng.random() < 0.3:
            return self.vertex()
        x, y = self.rng.uniform(-0.15, 1.15, 2) * self.world.width
        return WEST + float(x), SOUTH + float(y)

    def vertex(self) -> tuple[float, float]:
        xy = shapely.get_coordinates(self.world.areas[self.code()])
        x, y = xy[self.rng.integers(len(xy))]
        return float(x), float(y)

    def code(self) -> str:
        return str(self.rng.choice(sorted(self.world.areas)))

    def taker(self) -> str | None:
        draw = self.rng.random()
        return None if draw < 0.15 else f"N{self.rng.integers(4)}" if draw < 0.35 else self.code()

    def line(self) -> LineString:
        if self.rng.random() < 0.2:
            # Along a border, and away from it.
            ring = shapely.get_coordinates(self.world.areas[self.code()].geoms[0].exterior)
            start = int(self.rng.integers(len(ring)))
            stretch = ring[start : start + int(self.rng.integers(2, 6))]
            return LineString([self.place(), *stretch, self.place()])
        return LineString([self.place() for _ in range(int(self.rng.integers(2, 6)))])

    def lasso(self) -> Polygon:
        kind = self.rng.random()
        if kind < 0.15:
            return Polygon(self.world.areas[self.code()].geoms[0].exterior)
        if kind < 0.4:
            # Crosses itself as often as not.
            return Polygon([self.place() for _ in range(int(self.rng.integers(3, 8)))])
        x, y = self.place()
        corners = int(self.rng.integers(3, 40))
        radius = self.rng.uniform(0.02, 0.35) * self.world.width * self.rng.uniform(0.6, 1, corners)
        turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        ring = np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)])
        return Polygon(ring)


Drawn = tuple[Envelope, set[str | None], Callable[[Mapping[str, MultiPolygon]], Change]]
"""a tool's reach, the codes that its verb names, and the verb on a neighbourhood"""


def _give(hand: Hand) -> Drawn:
    lasso, to = hand.lasso(), hand.taker()
    sources = {hand.code(), hand.code()} if hand.rng.random() < 0.3 else None
    return coverage.reach(lasso), {to, *(sources or ())}, lambda areas: coverage.give(areas, lasso, to, sources)


def _draw(hand: Hand) -> Drawn:
    lasso, code, take = hand.lasso(), hand.taker() or "N0", bool(hand.rng.random() < 0.5)
    return coverage.reach(lasso), {code}, lambda areas: coverage.draw(areas, code, lasso, take=take)


def _cut_hole(hand: Hand) -> Drawn:
    lasso, code = hand.lasso(), hand.code()
    return coverage.reach(lasso), {code}, lambda areas: coverage.cut_hole(areas, code, lasso)


def _assign(hand: Hand) -> Drawn:
    x, y = hand.place()
    size = hand.world.width * hand.rng.uniform(0.03, 0.2)
    tiles = [
        box(x + i * size, y + j * size, x + (i + 1) * size, y + (j + 1) * size)
        for i in range(3)
        for j in range(2)
        if hand.rng.random() < 0.7
    ]
    tiles = tiles or [box(x, y, x + size, y + size)]
    to = hand.taker()
    return coverage.reach(*tiles), {to}, lambda areas: coverage.assign(areas, tiles, to)


def _merge(hand: Hand) -> Drawn:
    code, into = hand.code(), hand.code()
    return coverage.reach(hand.world.areas[code]), {code, into}, lambda areas: coverage.merge(areas, code, into)


def _remove(hand: Hand) -> Drawn:
    code = hand.code()
    return coverage.reach(hand.world.areas[code]), {code}, lambda areas: coverage.remove(areas, code)


def _split(hand: Hand) -> Drawn:
    code, line, to = hand.code(), hand.line(), hand.taker() or "N1"
    part = hand.place() if hand.rng.random() < 0.3 else None
    around = coverage.reach(hand.world.areas[code], line)
    return around, {code, to}, lambda areas: coverage.split(areas, code, line, to, part)


def _reshape(hand: Hand) -> Drawn:
    code, line = hand.code(), hand.line()
    return coverage.reach(hand.world.areas[code], line), {code}, lambda areas: coverage.reshape(areas, code, line)


def _shifted(hand: Hand, at: tuple[float, float]) -> tuple[float, float]:
    if hand.rng.random() < 0.15:
        return hand.vertex()
    x, y = hand.rng.normal(0, hand.rng.choice([0.002, 0.03, 0.2]), 2) * hand.world.width
    return at[0] + float(x), at[1] + float(y)


def _move_vertex(hand: Hand) -> Drawn:
    at = hand.vertex()
    to = _shifted(hand, at)
    return coverage.reach([at, to]), set(), lambda areas: coverage.move_vertex(areas, at, to)


def _insert_vertex(hand: Hand) -> Drawn:
    at = hand.vertex() if hand.rng.random() < 0.1 else hand.place()
    to = None if hand.rng.random() < 0.3 else _shifted(hand, at)
    within = 0.05 * hand.world.width
    around = coverage.reach([at, to or at], margin=within)
    return around, set(), lambda areas: coverage.insert_vertex(areas, at, to, within=within)


def _delete_vertex(hand: Hand) -> Drawn:
    at = hand.vertex()
    return coverage.reach(at), set(), lambda areas: coverage.delete_vertex(areas, at)


def _fill_gap(hand: Hand) -> Drawn:
    at = hand.place()
    free = polygons(in_degrees(multi(polygons(shapely.difference(hand.world.domain, union_of(hand.world.areas))))))
    small = [piece for piece in free if piece.area < hand.world.width**2]
    if small and hand.rng.random() < 0.8:
        inner = small[int(hand.rng.integers(len(small)))].representative_point()
        at = (inner.x, inner.y)
    limit = None
    if hand.rng.random() < 0.3:
        limit = box(WEST, SOUTH, WEST + hand.world.width, SOUTH + hand.world.width)
    found, areas = coverage.gap_around(hand.world.load, at, limit, start=0.1 * hand.world.width)
    around = coverage.reach(found) if limit is None else coverage.reach(limit)
    return around, set(areas), lambda areas: coverage.fill_gap(areas, at, None, limit)


VERBS: Final[Mapping[str, Callable[[Hand], Drawn]]] = {
    "give": _give,
    "draw": _draw,
    "cut_hole": _cut_hole,
    "assign": _assign,
    "merge": _merge,
    "remove": _remove,
    "split": _split,
    "reshape": _reshape,
    "move_vertex": _move_vertex,
    "insert_vertex": _insert_vertex,
    "delete_vertex": _delete_vertex,
    "fill_gap": _fill_gap,
}
WEIGHTS: Final = np.array([4, 3, 2, 2, 0.7, 0.4, 4, 4, 4, 3, 2, 1.5])


def union_of(areas: Areas) -> BaseGeometry:
    return shapely.union_all([in_cells(area) for area in areas.values()])
