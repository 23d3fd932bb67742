"""Editing verbs in random sequences over random coverages: what they leave behind is measured after every single one.

Each sequence has a world of its own: Voronoi cells given to fewer codes than there are cells, so that there are areas of several parts, holes,
islands, and land that is nobody's. Worlds are 11 m, 110 m or 11 km wide: rounding to the grid weighs heavily on the smallest.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from time import process_time
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from geo import coverage
from geo.coverage import Change, CoverageError, Envelope
from geo.coverage.grid import CELLS_PER_DEGREE, doubled_area, in_cells, in_degrees, multi, polygons

Areas = dict[str, MultiPolygon]

WEST, SOUTH = 118.4, 31.6
WIDTHS_DEG: Final = (1e-4, 1e-3, 1e-1)
NEAR_VERTEX: Final = 0.49
"""Cells: a vertex that near to an edge of which it is no end was missed when borders were noded."""


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
    free = polygons(in_degrees(multi(polygons(shapely.difference(hand.world.domain, _union(hand.world.areas))))))
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
_WEIGHTS: Final = np.array([4, 3, 2, 2, 0.7, 0.4, 4, 4, 4, 3, 2, 1.5])


def _union(areas: Areas) -> BaseGeometry:
    return shapely.union_all([in_cells(area) for area in areas.values()])


@dataclass
class Audit:
    """What was found wrong after a verb; `overlap`, `gap`: the widest in cells, on average over its length."""

    overlaps: int = 0
    gaps: int = 0
    broken: int = 0
    invalid: int = 0
    overlap: float = 0.0
    gap: float = 0.0
    inexact: int = 0

    @property
    def clean(self) -> bool:
        return not (self.overlaps or self.gaps or self.broken or self.invalid or self.inexact)


def width_cells(shape: BaseGeometry) -> float:
    """The average width of the widest part of a shape in cells: twice its area by its outline."""
    return max((2 * part.area / part.length for part in polygons(shape)), default=0.0)


def audit(world: World, before: Areas, change: Change) -> Audit:
    """Looks at the whole world after a change with means other than those that made it.

    Overlaps: GEOS's own test of a coverage, and the sum of all areas with nobody's land, in whole numbers. Gaps: land that was somebody's, that
    nobody gave away, and that is nobody's now by more than a cell. Broken: a vertex on an edge of which it is no end.
    """
    found = Audit()
    after = [in_cells(area) for area in world.areas.values()]
    found.invalid = int((~shapely.is_valid(after)).sum())
    xy = shapely.get_coordinates(after)
    degrees = shapely.get_coordinates(list(world.areas.values()))
    found.inexact += int((xy / CELLS_PER_DEGREE != degrees).any())
    found.broken = _broken(after)
    if found.invalid:
        # No overlay can be trusted with what is invalid: the rest is not asked.
        return found
    union = shapely.union_all(after)
    nobodys = shapely.difference(world.domain, union)
    whole = sum(map(doubled_area, after)) + doubled_area(nobodys)
    exact = whole == doubled_area(world.domain)
    if not exact or not shapely.coverage_is_valid(after):
        # GEOS's test takes an edge at a corner where a neighbour's hole touches its own shell for one inside of it (3.14).
        i, j = shapely.STRtree(after).query(after, predicate="intersects")
        inner = (i < j) & shapely.relate_pattern(np.array(after)[i], np.array(after)[j], "2********")
        shared = [shapely.intersection(after[a], after[b]) for a, b in zip(i[inner], j[inner], strict=True)]
        found.overlaps += len(shared) or not exact
        found.overlap = max(map(width_cells, shared), default=0.0)
    expected = _union(before)
    for piece in change.pieces:
        if piece.from_code is None:
            expected = shapely.union(expected, in_cells(piece.area))
    for piece in change.pieces:
        if piece.to_code is None:
            expected = shapely.difference(expected, in_cells(piece.area))
    lost = shapely.symmetric_difference(expected, union)
    found.gap = width_cells(lost)
    found.gaps += found.gap > 1.0
    return found


def _broken(areas: list[MultiPolygon]) -> int:
    """How many vertices lie on an edge, or as good as, of which they are no end."""
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(areas))]
    ends: NDArray[Any] = np.unique(np.concatenate([np.hstack([ring[:-1], ring[1:]]) for ring in rings]), axis=0)
    points = np.unique(ends[:, :2], axis=0)
    lines: Any = shapely.linestrings(ends.reshape(-1, 2, 2))
    marks: Any = shapely.points(points)
    line, point = shapely.STRtree(marks).query(lines, predicate="dwithin", distance=NEAR_VERTEX)
    no_end = (points[point] != ends[line, :2]).any(axis=1) & (points[point] != ends[line, 2:]).any(axis=1)
    return len(np.unique(point[no_end]))


def step(world: World, hand: Hand, verb: str, *, timed: bool = False) -> tuple[Change, float]:
    """One verb on the areas in its reach; the world has the outcome. Returns the change and, if asked, the seconds of processor time of the verb
    itself."""
    around, named, act = VERBS[verb](hand)
    spent = 0.0

    def measured(areas: Mapping[str, MultiPolygon]) -> Change:
        nonlocal spent
        since = process_time()
        done = act(areas)
        spent += process_time() - since
        return done

    there = {code: world.areas[code] for code in named if code is not None and code in world.areas}
    change = coverage.perform(world.load, around, there, measured if timed else act)
    for code, area in change.areas.items():
        if area is None:
            del world.areas[code]
        else:
            world.areas[code] = area
    return change, spent


def sequence(seed: int, verbs: int) -> dict[str, Any]:
    """One sequence: how many verbs were done and refused, milliseconds of processor time of one of them (asking for the time takes
    longer than many a verb on a crowded machine), and the worst that was found."""
    rng = np.random.default_rng(seed)
    place = world(rng)
    hand = Hand(rng, place)
    worst, done, refused, times = Audit(), Counter[str](), Counter[str](), []
    for turn in range(verbs):
        verb = str(rng.choice(list(VERBS), p=_WEIGHTS / _WEIGHTS.sum()))
        before = dict(place.areas)
        try:
            change, seconds = step(place, hand, verb, timed=turn == seed % verbs)
        except CoverageError as error:
            refused[error.code] += 1
            continue
        done[verb] += 1
        if seconds:
            times.append(seconds * 1000)
        found = audit(place, before, change)
        for name in ("overlaps", "gaps", "broken", "invalid", "inexact"):
            setattr(worst, name, getattr(worst, name) + getattr(found, name))
        worst.overlap, worst.gap = max(worst.overlap, found.overlap), max(worst.gap, found.gap)
        if not place.areas:
            break
    return {"seed": seed, "done": done, "refused": refused, "times": times, "worst": worst}


def _sequences(seeds: range, verbs: int, workers: int) -> Iterator[dict[str, Any]]:
    each = partial(sequence, verbs=verbs)
    if workers == 1:
        yield from map(each, seeds)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(each, seeds, chunksize=25)


def run(
    sequences: int = 10_000,
    verbs: int = 8,
    seed: int = 1,
    workers: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """`sequences` random sequences of `verbs` verbs each, in `workers` processes; seeds count up from `seed`.

    Returns the number of overlaps, gaps wider than a cell, broken triple points and invalid areas over all audits, the widest overlap and
    gap in cells, verbs done and refused by kind, milliseconds of processor time of a verb, and the seeds of sequences with a finding.
    """
    total, done, refused = Audit(), Counter[str](), Counter[str]()
    times: list[float] = []
    failing: list[int] = []
    for done_so_far, found in enumerate(_sequences(range(seed, seed + sequences), verbs, workers), 1):
        worst: Audit = found["worst"]
        done += found["done"]
        refused += found["refused"]
        times += found["times"]
        for name in ("overlaps", "gaps", "broken", "invalid", "inexact"):
            setattr(total, name, getattr(total, name) + getattr(worst, name))
        total.overlap, total.gap = max(total.overlap, worst.overlap), max(total.gap, worst.gap)
        if not worst.clean:
            failing.append(found["seed"])
        if done_so_far % 1000 == 0:
            say(f"{done_so_far:,} of {sequences:,}, {len(failing)} with a finding")
    p50, p95 = np.percentile(times, [50, 95]) if times else (0.0, 0.0)
    return {
        "sequences": sequences,
        "verbs_done": sum(done.values()),
        "verbs_refused": sum(refused.values()),
        "done": dict(done.most_common()),
        "refused": dict(refused.most_common()),
        "overlaps": total.overlaps,
        "widest_overlap_cells": round(total.overlap, 3),
        "gaps": total.gaps,
        "widest_gap_cells": round(total.gap, 3),
        "triple_points_broken": total.broken,
        "invalid_areas": total.invalid,
        "off_the_grid": total.inexact,
        "ms_p50": round(float(p50), 2),
        "ms_p95": round(float(p95), 2),
        "failing_seeds": failing,
    }
