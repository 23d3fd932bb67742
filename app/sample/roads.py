"""Roads as lines of metres, cut into named pieces, and the estates that lie along them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely import LineString

from app.sample.communities import Coverage
from app.sample.draws import Bools, Floats, Ints, sample_weighted, stream, tally
from app.sample.scale import Scale
from app.sample.terrain import Terrain, as_points, to_degrees

STEP = 30.0
"""Metres of road for one house number on each side."""

CLEAR = 80.0
"""No two places stand in the same square of this many metres."""


@dataclass(frozen=True)
class Roads:
    """Named pieces of road; each array has one entry a piece."""

    middle: Floats
    """Shape (n, 2), metres."""
    length: Floats
    avenue: Bools
    """Ring roads, radials and other wide ones."""
    partner: Ints
    """The piece that continues this one under the same base name (east and west of each other), or -1."""
    bearing: Floats
    """Radians from east, of the whole piece."""

    @property
    def size(self) -> int:
        return len(self.length)


@dataclass(frozen=True)
class Places:
    """Points along roads where something stands; each array has one entry a place."""

    xy: Floats
    """Shape (n, 2), metres."""
    lonlat: Floats
    """Shape (n, 2), CGCS2000."""
    road: Ints
    number: Ints
    """Grows along the road; odd on the left, even on the right."""
    community: Ints
    density: Floats

    @property
    def size(self) -> int:
        return len(self.road)


def build(terrain: Terrain, coverage: Coverage, scale: Scale, seed: int) -> tuple[Roads, Places]:
    """Lays the roads and about ``scale.estates`` places along them, each inside a community and dry."""
    rng = stream(seed, "roads")
    lines, avenue = _network(rng, terrain, scale)
    points, ahead, line_of, along = _walk(lines)
    piece, roads = _name_pieces(rng, points, ahead, line_of, along, avenue)
    keep = shapely.contains_xy(terrain.land, points[:, 0], points[:, 1])
    places = _settle(rng, terrain, coverage, scale, points[keep], ahead[keep], piece[keep], along[keep])
    return roads, places


def _network(rng: np.random.Generator, terrain: Terrain, scale: Scale) -> tuple[list[LineString], Bools]:
    """Arterials and two families of bent lines, closer together near the centre."""
    lines = list(terrain.arterials)
    avenue = [True] * len(lines)
    radius = terrain.radius
    cos, sin = np.cos(terrain.bearing), np.sin(terrain.bearing)
    turn = np.array([[cos, sin], [-sin, cos]])
    reach = np.linspace(-1.4 * radius, 1.4 * radius, 240)
    phase = rng.uniform(0, 2 * np.pi, 4)
    block = 0.41 * radius * np.sqrt(np.pi / scale.communities)
    for family in (0, 1):
        level = 0.0
        levels = [0.0]
        while level < 1.3 * radius:
            level += block * rng.uniform(0.86, 1.14) + 0.045 * level
            levels += [level, -level]
        for nth, at in enumerate(sorted(levels), start=1):
            bend = 0.035 * radius * np.sin(2.2 * reach / radius + phase[family] + 1.3 * at / radius)
            bend += 0.012 * radius * np.sin(7.1 * reach / radius + phase[2 + family] + 3.7 * at / radius)
            pair = (reach, at + bend) if family == 0 else (at + bend, reach)
            lines.append(LineString(np.column_stack(pair) @ turn))
            avenue.append(nth % 5 == 0)
    return lines, np.array(avenue)


def _walk(lines: list[LineString]) -> tuple[Floats, Floats, Ints, Floats]:
    """Points every :data:`STEP` metres: position, unit direction, line number and distance along it."""
    points, ahead, line_of, along = [], [], [], []
    for index, line in enumerate(lines):
        path = shapely.get_coordinates(line)
        travelled = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
        at = np.arange(STEP / 2, travelled[-1], STEP)
        here = np.column_stack([np.interp(at, travelled, path[:, axis]) for axis in (0, 1)])
        if len(here) < 2:
            continue
        towards = np.gradient(here, axis=0)
        points.append(here)
        ahead.append(towards / np.hypot(*towards.T)[:, None])
        line_of.append(np.full(len(at), index, dtype=np.int64))
        along.append(at)
    return np.vstack(points), np.vstack(ahead), np.concatenate(line_of), np.concatenate(along)


def _name_pieces(
    rng: np.random.Generator, points: Floats, ahead: Floats, line_of: Ints, along: Floats, avenue: Bools
) -> tuple[Ints, Roads]:
    """Cuts every line into pieces of two to six kilometres; some bear the name of the piece before them, with east and west."""
    lines = int(line_of.max()) + 1
    reach = rng.uniform(2000, 6000, lines)
    reach[: len(avenue)] = np.where(avenue, 1.4, 1.0) * reach
    raw = line_of * 1000 + (along / reach[line_of]).astype(np.int64)
    _, first, piece = np.unique(raw, return_index=True, return_inverse=True)
    count = len(first)
    size = np.bincount(piece, minlength=count)
    middle = points[first + size // 2]
    heading = np.column_stack([tally(piece, ahead[:, axis], count) for axis in (0, 1)])
    same_line = line_of[first][1:] == line_of[first][:-1]
    partner = np.full(count, -1, dtype=np.int64)
    chance = rng.random(count)
    for index in range(count - 1):
        if same_line[index] and chance[index] < 0.18 and partner[index] < 0:
            partner[index], partner[index + 1] = index + 1, index
    bearing = np.arctan2(heading[:, 1], heading[:, 0])
    return piece, Roads(middle, size.astype(np.float64) * STEP, avenue[line_of[first]], partner, bearing)


def _settle(
    rng: np.random.Generator,
    terrain: Terrain,
    coverage: Coverage,
    scale: Scale,
    points: Floats,
    ahead: Floats,
    piece: Ints,
    along: Floats,
) -> Places:
    density = terrain.density(points)
    quarter = rng.random(int(piece.max()) + 1)
    weight = density**0.9 * (0.4 + quarter[piece])
    # Both sides of every step are candidates; more than wanted, since some fall into the water or on one another.
    wanted = min(round(scale.estates * 1.7), 2 * len(points))
    chosen = sample_weighted(rng, np.repeat(weight, 2), wanted)
    at, right = chosen // 2, chosen % 2 == 1
    aside = np.column_stack([-ahead[at, 1], ahead[at, 0]]) * np.where(right, -1.0, 1.0)[:, None]
    depth = rng.uniform(45, 75, wanted) + rng.uniform(0, 90, wanted) * (1 - np.minimum(density[at], 1))
    xy = points[at] + aside * depth[:, None] + ahead[at] * rng.uniform(-12, 12, wanted)[:, None]
    dry = shapely.contains(shapely.buffer(terrain.land, -45.0), as_points(xy))
    lonlat = np.round(to_degrees(xy), 7)
    community = locate(coverage.polygons, lonlat)
    good = rng.permutation(np.flatnonzero(dry & (community >= 0)))
    _, first = np.unique(np.floor(xy[good] / CLEAR), axis=0, return_index=True)
    good = np.sort(good[np.sort(first)][: scale.estates])
    at, right = at[good], right[good]
    start = np.zeros(int(piece.max()) + 1)
    order = np.arange(len(piece))[::-1]
    start[piece[order]] = along[order]
    number = 2 * np.round((along[at] - start[piece[at]]) / STEP).astype(np.int64) + np.where(right, 2, 1)
    return Places(xy[good], lonlat[good], piece[at], number, community[good], density[at])


def locate(polygons: Any, lonlat: Floats) -> Ints:
    """The first polygon that each point lies in, or -1; shape (n,)."""
    where, which = shapely.STRtree(polygons).query(as_points(lonlat), predicate="within")
    found = np.full(len(lonlat), -1, dtype=np.int64)
    found[where[::-1]] = which[::-1]
    return found
