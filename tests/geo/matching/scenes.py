"""Areas and points that are hard to match: drawn at random from a seed, around Nanjing unless they say otherwise."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.random import Generator
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]
CENTRE = np.array([118.79, 32.05])


@dataclass(frozen=True)
class Scene:
    areas: list[BaseGeometry | None]
    lon: Floats
    lat: Floats

    def __repr__(self) -> str:
        return f"Scene({len(self.areas)} areas, {len(self.lon)} points)"


def coverage(rng: Generator, count: int) -> list[BaseGeometry]:
    """Areas that tile a patch: every border is shared, corners are where three or more meet, some have holes or several parts."""
    places = np.round(rng.uniform(-0.1, 0.1, (max(4, 3 * count), 2)), int(rng.integers(2, 8))) + CENTRE
    cells = shapely.get_parts(shapely.delaunay_triangles(shapely.multipoints(places)))
    owner = rng.integers(0, count, len(cells))
    return [shapely.union_all(cells[owner == a]) for a in range(count) if (owner == a).any()]


def lattice(rng: Generator, count: int) -> list[BaseGeometry]:
    """Rectangles with corners of two decimals: borders run along meridians and parallels, overlap, coincide and nest."""
    found = []
    for _ in range(count):
        x, y = np.sort(rng.integers(0, 12, 2)), np.sort(rng.integers(0, 12, 2))
        west, south = 118.5 + x[0] / 100, 32.0 + y[0] / 100
        found.append(shapely.box(west, south, 118.5 + (x[1] + 1) / 100, 32.0 + (y[1] + 1) / 100))
    return found


def star(rng: Generator, middle: Floats, radius: float, corners: int) -> Floats:
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    angle += np.linspace(0, 1e-3, corners)
    reach = radius * rng.uniform(0.3, 1.0, corners)
    return middle + np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None]


def stars(rng: Generator, count: int) -> list[BaseGeometry]:
    """Overlapping stars, some with a hole, some of several parts, one of them inside of another's hole."""
    found: list[BaseGeometry] = []
    while len(found) < count:
        middle = CENTRE + rng.uniform(-0.1, 0.1, 2)
        shell = shapely.Polygon(star(rng, middle, float(rng.uniform(0.01, 0.1)), int(rng.integers(5, 60))))
        hole = shapely.Polygon(star(rng, middle, 0.002, 7))
        kind = rng.integers(0, 4)
        if not (shell.is_valid and hole.is_valid):
            continue
        if kind == 1:
            shell = shell.difference(hole)
        elif kind == 2:
            shell = shapely.union_all([shell, shapely.transform(shell, lambda xy: xy + np.array([0.15, 0.05]))])
        elif kind == 3:
            island = shapely.transform(hole, lambda xy, m=middle: m + (xy - m) * 0.4)
            shell = shapely.union_all([shell.difference(hole), island])
        found.append(shell)
    return found


def slivers(rng: Generator, count: int) -> list[BaseGeometry]:
    """Triangles down to a millimetre wide and kilometres long."""
    found = []
    for _ in range(count):
        a, b = CENTRE + rng.uniform(-0.1, 0.1, (2, 2))
        thin = 10.0 ** rng.uniform(-8, -2)
        found.append(shapely.Polygon([a, b, a + (b - a) * rng.uniform(0, 1) + rng.uniform(-thin, thin, 2)]))
    return [area for area in found if area.is_valid]


def loose_parts(rng: Generator, count: int) -> list[BaseGeometry]:
    """Multipolygons of overlapping or adjoining parts, as files bring them that list an area's pieces without dissolving them."""
    pieces = lattice(rng, 3 * count)
    return [shapely.multipolygons(pieces[3 * i : 3 * i + 3]) for i in range(count)]


def countries(rng: Generator, count: int) -> list[BaseGeometry]:
    """Areas with edges of hundreds of kilometres."""
    return [
        area
        for area in (
            shapely.Polygon(star(rng, np.array([105.0, 35.0]), 18.0, int(rng.integers(3, 9)))) for _ in range(count)
        )
        if area.is_valid
    ]


KINDS = (coverage, lattice, stars, slivers, loose_parts, countries)


def points_for(rng: Generator, areas: list[Any], count: int) -> Floats:
    """Points at random, on vertices, on middles and other places of edges, a hair beside them, level with vertices, far away."""
    xy = shapely.get_coordinates(areas)
    low, high = xy.min(axis=0), xy.max(axis=0)
    span = high - low
    k = rng.integers(0, len(xy) - 1, count)
    vertex, after = xy[k], xy[k + 1]
    middle = (vertex + after) / 2
    somewhere = vertex + (after - vertex) * rng.uniform(0, 1, (count, 1))
    mixed = np.column_stack([vertex[:, 0], rng.permutation(vertex[:, 1])])
    beside = np.nextafter(somewhere, somewhere + rng.choice([-1.0, 1.0], (count, 2)))
    corner = np.nextafter(vertex, vertex + rng.choice([-1.0, 0.0, 1.0], (count, 2)))
    return np.vstack(
        [
            rng.uniform(low - 0.1 * span, high + 0.1 * span, (4 * count, 2)),
            *(vertex, middle, somewhere, beside, corner, mixed),
            np.column_stack([vertex[:, 0], rng.uniform(low[1], high[1], count)]),
            np.column_stack([rng.uniform(low[0], high[0], count), vertex[:, 1]]),
            [low, high, [low[0], high[1]], low - 1e-12, high + 1e-12, [-180.0, -90.0], [0.0, 0.0], [180.0, 90.0]],
        ]
    )


def scene(seed: int, kind: int, areas: int, points: int) -> Scene:
    """A scene of one kind (`len(KINDS)`: of all kinds), the same for the same arguments."""
    rng = np.random.default_rng([seed, kind, areas])
    shapes: list[Any] = []
    for draw in KINDS if kind == len(KINDS) else (KINDS[kind],):
        shapes += draw(rng, areas)
    shapes = shapes or [shapely.box(118.0, 32.0, 118.1, 32.1)]
    if kind == len(KINDS):
        shapes.insert(int(rng.integers(0, len(shapes))), None)
        shapes.insert(int(rng.integers(0, len(shapes))), shapely.Polygon())
    xy = points_for(rng, shapes, points)
    return Scene(shapes, np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1]))
