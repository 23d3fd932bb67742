"""The lie of the land: outline, river, lake, arterial roads and where people live. All in metres around the centre."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from app.sample.draws import Floats, stream
from app.sample.scale import Scale

ORIGIN_LON, ORIGIN_LAT = 117.42, 30.88
METRES_PER_LAT = 110_870.0
METRES_PER_LON = 111_320.0 * math.cos(math.radians(ORIGIN_LAT))


@dataclass(frozen=True)
class Terrain:
    """The natural city before anybody drew a border."""

    radius: float
    outline: Polygon
    water: BaseGeometry
    land: BaseGeometry
    towns: Floats
    """Shape (n, 4): x, y, weight, spread; the first row is the centre."""
    arterials: tuple[LineString, ...]
    """Ring roads, radials and the two avenues of the centre."""
    barriers: tuple[LineString, ...]
    """The stretches of arterials that borders of communities follow."""
    bearing: float
    """Direction of the river and of the street grid, radians from east."""

    def density(self, points: Floats) -> Floats:
        """Relative density of people at points of shape (n, 2); shape (n,), about 1 in the centre, never 0."""
        total = np.full(len(points), 0.025)
        for x, y, weight, spread in self.towns:
            distance = np.hypot(points[:, 0] - x, points[:, 1] - y) / spread
            total += weight * np.exp(-(distance**1.5))
        return total


def to_degrees(points: Floats) -> Floats:
    """Metres around the centre, shape (n, 2), as longitude and latitude (CGCS2000)."""
    return points / (METRES_PER_LON, METRES_PER_LAT) + (ORIGIN_LON, ORIGIN_LAT)


def to_metres(points: Floats) -> Floats:
    """The inverse of :func:`to_degrees`."""
    return (points - (ORIGIN_LON, ORIGIN_LAT)) * (METRES_PER_LON, METRES_PER_LAT)


def as_points(xy: Floats) -> NDArray[Any]:
    """Shapely points of coordinates of shape (n, 2)."""
    return np.asarray(shapely.points(xy), dtype=object)


def lay_out(scale: Scale, seed: int) -> Terrain:
    """Draws the outline, the waters, the towns and the arterials of a city."""
    rng = stream(seed, "terrain")
    radius, bearing = scale.radius, rng.uniform(-0.5, 0.5)
    shape = _harmonics(rng, 2, 6, 0.075)
    rough = _harmonics(rng, 7, 140, 0.030, fading=1.45)

    def reach(angle: Floats, roughness: float) -> Floats:
        stretch = 1 + 0.16 * np.cos(2 * (angle - bearing - 0.35))
        return np.asarray(radius * stretch * (1 + shape(angle) + roughness * rough(angle)))

    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    outline = Polygon(_polar(angles, reach(angles, 1.0)))
    river, island, course, width = _river(rng, radius, bearing)
    lake = _lake(rng, radius, bearing)
    water = shapely.union_all([river, lake, _tributary(rng, radius, bearing, course, width)]).difference(island)
    water = shapely.simplify(water, 4.0)
    land = outline.difference(water)
    arterials, barriers = _arterials(rng, scale, bearing, reach)
    towns = _towns(rng, scale, reach, bearing)
    return Terrain(radius, outline, water, land, towns, arterials, barriers, bearing)


def _harmonics(rng: np.random.Generator, first: int, last: int, size: float, fading: float = 0.9) -> Any:
    waves = np.arange(first, last + 1)
    amplitude = size * rng.uniform(0.5, 1.0, len(waves)) * (first / waves) ** fading
    phase = rng.uniform(0, 2 * np.pi, len(waves))

    def at(angle: Floats) -> Floats:
        sums: Floats = (amplitude * np.cos(np.outer(angle, waves) + phase)).sum(axis=1)
        return sums

    return at


def _polar(angle: Floats, radius: Floats) -> Floats:
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def _turn(points: Floats, bearing: float) -> Floats:
    cos, sin = math.cos(bearing), math.sin(bearing)
    turned: Floats = points @ np.array([[cos, sin], [-sin, cos]])
    return turned


def _ribbon(course: Floats, width: Floats) -> BaseGeometry:
    ahead = np.gradient(course, axis=0)
    aside = np.column_stack([-ahead[:, 1], ahead[:, 0]]) / np.hypot(*ahead.T)[:, None]
    half = width[:, None] / 2
    return shapely.make_valid(Polygon(np.vstack([course + aside * half, (course - aside * half)[::-1]])))


def _river(rng: np.random.Generator, radius: float, bearing: float) -> tuple[BaseGeometry, BaseGeometry, Floats, float]:
    """The river winds past the centre and parts once around an island."""
    along = np.linspace(-1.7 * radius, 1.7 * radius, 900)
    phase = rng.uniform(0, 2 * np.pi, 3)
    offset = -0.13 * radius * rng.choice([-1.0, 1.0])
    across = (
        0.150 * radius * np.sin(2 * np.pi * along / (1.25 * radius) + phase[0])
        + 0.055 * radius * np.sin(2 * np.pi * along / (0.53 * radius) + phase[1])
        + 0.012 * radius * np.sin(2 * np.pi * along / (0.21 * radius) + phase[2])
    )
    middle = len(along) // 2
    across += offset - across[middle]
    width = float(np.clip(0.036 * radius, 150, 760))
    parting = rng.choice([-1.0, 1.0]) * rng.uniform(0.36, 0.48) * radius
    swell = np.exp(-(((along - parting) / (0.085 * radius)) ** 2))
    widths = width * (1 + 0.16 * np.sin(2 * np.pi * along / (0.7 * radius) + phase[1]) + 1.7 * swell)
    course = _turn(np.column_stack([along, across]), bearing)
    near = np.abs(along - parting) < 0.115 * radius
    lens = np.cos((along[near] - parting) / (0.115 * radius) * np.pi / 2)
    island = _ribbon(course[near], np.maximum(1.55 * width * lens**0.8, 1.0))
    return _ribbon(course, widths), island, course, width


def _tributary(rng: np.random.Generator, radius: float, bearing: float, course: Floats, width: float) -> BaseGeometry:
    mouth = course[int(len(course) * rng.choice([0.40, 0.60]))]
    side = 1.0 if _turn(mouth[None, :], -bearing)[0, 1] < 0 else -1.0
    source_angle = bearing + side * rng.uniform(1.1, 1.9)
    source = 1.5 * radius * np.array([math.cos(source_angle), math.sin(source_angle)])
    share = np.linspace(0, 1, 260)[:, None]
    line = mouth + (source - mouth) * share
    aside = np.array([-(source - mouth)[1], (source - mouth)[0]]) / np.hypot(*(source - mouth))
    swing = 0.05 * np.sin(share * 9.5 + rng.uniform(0, 6)) + 0.018 * np.sin(share * 31 + rng.uniform(0, 6))
    line = line + aside * swing * radius * np.minimum(1, share * 6)
    return _ribbon(line, np.linspace(0.34, 0.16, 260) * width)


def _lake(rng: np.random.Generator, radius: float, bearing: float) -> BaseGeometry:
    """A lake lies east of the centre, away from the river."""
    angles = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    blob = _harmonics(rng, 2, 9, 0.17)(angles)
    body = _polar(angles, 0.072 * radius * (1 + blob)) * (1.25, 0.85)
    spot = bearing + rng.uniform(0.7, 1.2)
    return Polygon(body + 0.30 * radius * np.array([math.cos(spot), math.sin(spot)]))


def _arterials(
    rng: np.random.Generator, scale: Scale, bearing: float, reach: Any
) -> tuple[tuple[LineString, ...], tuple[LineString, ...]]:
    rings = (0.17, 0.36, 0.58, 0.80) if scale.communities > 1500 else (0.24, 0.52)
    spokes = 11 if scale.communities > 1500 else 8
    around = np.linspace(0, 2 * np.pi, 181)
    lines: list[LineString] = []
    bars: list[LineString] = []
    for share in rings:
        wobble = 1 + 0.35 * _harmonics(rng, 2, 6, 0.06)(around)
        ring = LineString(_polar(around, share * (0.5 * scale.radius + 0.5 * reach(around, 0.0)) * wobble))
        lines.append(ring)
        bars.append(ring)
    directions = bearing + (np.arange(spokes) + rng.uniform(-0.17, 0.17, spokes)) * 2 * np.pi / spokes
    steps = np.linspace(0.5 * rings[0], 1.25, 120)
    for direction in directions:
        bend = 0.10 * np.sin(steps * rng.uniform(2.5, 4.5) + rng.uniform(0, 6)) * np.minimum(1, steps * 1.5)
        spoke = _polar(direction + bend, steps * scale.radius)
        lines.append(LineString(spoke))
        kept = (steps > rings[0] * 0.85) & (steps < rings[-1] * 1.2)
        bars.append(LineString(spoke[kept]))
    for turn in (0.04, np.pi / 2 - 0.03):
        reach_out = np.linspace(-1, 1, 41) * rings[0] * 1.1 * scale.radius
        avenue = _turn(np.column_stack([reach_out, 0.02 * reach_out * np.sin(reach_out / 900)]), bearing + turn)
        lines.append(LineString(avenue))
        bars.append(LineString(avenue))
    small = scale.communities < 120
    return tuple(lines), () if small else tuple(bars)


def _towns(rng: np.random.Generator, scale: Scale, reach: Any, bearing: float) -> Floats:
    """The centre, an inner suburb on the other bank and a town for each outer district."""
    radius = scale.radius
    rows = [(0.0, 0.0, 1.0, 0.30 * radius)]
    count = scale.districts + (8 if scale.communities > 1500 else 2)
    for index in range(count):
        angle = bearing + (index + rng.uniform(-0.3, 0.3)) * 2 * np.pi / count
        far = float(reach(np.array([angle]), 0.0)[0]) * (0.48 if index % 2 else 0.74) * rng.uniform(0.92, 1.08)
        rows.append(
            (far * math.cos(angle), far * math.sin(angle), rng.uniform(0.25, 0.5), rng.uniform(0.07, 0.12) * radius)
        )
    return np.array(rows)


def ordered(geometries: NDArray[Any]) -> NDArray[Any]:
    """Geometries in the order of a point inside each (west to east, then south to north): an order no library decides."""
    inside = shapely.get_coordinates(shapely.point_on_surface(geometries))
    return geometries[np.lexsort((inside[:, 1], inside[:, 0]))]
