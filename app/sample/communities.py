"""Community polygons: cells around seeds, cut by water and arterials, as one exact coverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from app.sample.draws import Floats, Ints, sample_weighted, stream, tally
from app.sample.regions import Borders, shared_borders
from app.sample.scale import Scale
from app.sample.terrain import METRES_PER_LAT, METRES_PER_LON, Terrain, as_points, ordered, to_degrees, to_metres

GRID = 1e-6
"""Coordinates in the files lie on this grid of degrees (about 0.1 m), so that neighbours share their vertices exactly."""


@dataclass(frozen=True)
class Coverage:
    """The communities' areas before they have names."""

    polygons: NDArray[Any]
    """Shape (n,) of shapely polygons, CGCS2000 degrees on :data:`GRID`, a valid coverage with holes where water is."""
    centres: Floats
    """Shape (n, 2), metres: a point inside each."""
    borders: Borders


def divide(terrain: Terrain, scale: Scale, seed: int) -> Coverage:
    """Divides the land into about ``scale.communities`` areas, smaller where more people live."""
    blocks = _blocks(terrain)
    seeds = _seeds(terrain, scale, seed)
    lines = [terrain.outline.boundary, terrain.water.boundary, *terrain.barriers]
    rng = stream(seed, "borders")
    tree = shapely.STRtree(as_points(seeds))
    block_of, seed_of = tree.query(blocks, predicate="contains")
    for index, block in enumerate(blocks):
        own = np.sort(seed_of[block_of == index])
        if len(own) > 1:
            lines.append(_cell_edges(rng, terrain, seeds[own], block))
    faces = _faces(lines, terrain)
    cells = _merge(faces, as_points(to_degrees(seeds)), terrain)
    centres = to_metres(shapely.get_coordinates(shapely.point_on_surface(cells)))
    return Coverage(cells, centres, shared_borders(cells, (METRES_PER_LON, METRES_PER_LAT)))


def _blocks(terrain: Terrain) -> NDArray[Any]:
    lines = shapely.union_all([terrain.outline.boundary, terrain.water.boundary, *terrain.barriers])
    faces = shapely.get_parts(shapely.polygonize([lines]))
    inside = shapely.point_on_surface(faces)
    shapely.prepare(terrain.land)
    return ordered(faces[shapely.contains(terrain.land, inside)])


def _seeds(terrain: Terrain, scale: Scale, seed: int) -> Floats:
    """Seeds that follow the density: a weighted sample, evened out by two rounds of Lloyd's algorithm."""
    rng = stream(seed, "seeds")
    west, south, east, north = terrain.outline.bounds
    wanted = 26 * scale.communities
    points = rng.uniform((west, south), (east, north), (2 * wanted, 2))
    points = points[shapely.contains_xy(terrain.land, points[:, 0], points[:, 1])][:wanted]
    weight = terrain.density(points) ** 0.85
    seeds = points[sample_weighted(rng, weight, scale.communities)]
    for _ in range(2):
        nearest = shapely.STRtree(as_points(seeds)).nearest(as_points(points))
        mass = tally(nearest, weight, len(seeds))
        sums = [tally(nearest, weight * points[:, axis], len(seeds)) for axis in (0, 1)]
        full = mass > 0
        seeds[full] = np.column_stack(sums)[full] / mass[full, None]
    return seeds


def _cell_edges(rng: np.random.Generator, terrain: Terrain, seeds: Floats, block: Any) -> Any:
    edges = shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=block, only_edges=True)
    ends = shapely.get_coordinates(_segments(edges)).reshape(-1, 2, 2)
    order = np.lexsort((ends[:, 1, 1], ends[:, 1, 0], ends[:, 0, 1], ends[:, 0, 0]))
    wavy = _weather(rng, ends[order], terrain)
    return shapely.intersection(shapely.multilinestrings(np.asarray(shapely.linestrings(wavy))), block)


def _segments(lines: Any) -> NDArray[Any]:
    parts = shapely.get_parts(lines)
    coordinates, of = shapely.get_coordinates(parts, return_index=True)
    joined = of[:-1] == of[1:]
    ends = np.stack([coordinates[:-1][joined], coordinates[1:][joined]], axis=1)
    return np.asarray(shapely.linestrings(ends))


def _weather(rng: np.random.Generator, ends: Floats, terrain: Terrain) -> Floats:
    """Straight edges, shape (n, 2, 2), as lines of 9 points displaced midpoint by midpoint: little in town, more outside."""
    line = ends
    middle = ends.mean(axis=1)
    wildness = np.clip(0.13 - 0.12 * np.sqrt(terrain.density(middle)), 0.02, 0.13)
    for _ in range(3):
        start, stop = line[:, :-1], line[:, 1:]
        along = stop - start
        normal = np.stack([-along[..., 1], along[..., 0]], axis=-1)
        push = rng.normal(0, 1, along.shape[:2]).clip(-2, 2) * wildness[:, None]
        between = (start + stop) / 2 + normal * push[..., None]
        woven = np.empty((len(line), 2 * line.shape[1] - 1, 2))
        woven[:, ::2], woven[:, 1::2] = line, between
        line = woven
    return line


def _faces(lines: list[Any], terrain: Terrain) -> NDArray[Any]:
    """All lines noded together on the grid, as the faces between them that are land; degrees."""
    degrees = shapely.transform(np.array(lines, dtype=object), to_degrees)
    noded = shapely.union_all(degrees, grid_size=GRID)
    faces = shapely.get_parts(shapely.polygonize([noded]))
    inside = to_metres(shapely.get_coordinates(shapely.point_on_surface(faces)))
    return ordered(faces[shapely.contains_xy(terrain.land, inside[:, 0], inside[:, 1])])


def _merge(faces: NDArray[Any], seeds: NDArray[Any], terrain: Terrain) -> NDArray[Any]:
    """Joins every face without a seed, or too small for a community, to the neighbour with the longest common border."""
    inside = to_metres(shapely.get_coordinates(shapely.point_on_surface(faces)))
    area = shapely.area(faces) * METRES_PER_LON * METRES_PER_LAT
    usual = 0.9 * (terrain.radius**2 * np.pi) / max(1, len(seeds)) * 0.35 / terrain.density(inside) ** 0.6
    seeded = np.zeros(len(faces), dtype=bool)
    seeded[shapely.STRtree(faces).query(seeds, predicate="within")[1]] = True
    keep = (seeded & (area > 0.22 * usual)) | (area > 0.8 * usual)
    borders = shared_borders(faces, (METRES_PER_LON, METRES_PER_LAT))
    target = np.where(keep, np.arange(len(faces)), -1)
    longest = borders.length
    while (target < 0).any():
        known = target[borders.right] >= 0
        open_ = (target[borders.left] < 0) & known
        if not open_.any():
            break
        order = np.argsort(longest[open_], kind="stable")
        left, right = borders.left[open_][order], borders.right[open_][order]
        joined = target.copy()
        joined[left] = target[right]
        target = joined
    # A face no neighbour reaches is an island of its own, or a scrap of a bank that goes to the water.
    alone = (target < 0) & (area > 0.25 * usual)
    target[alone] = np.flatnonzero(alone)
    return _dissolve(faces, target)


def _dissolve(faces: NDArray[Any], target: Ints) -> NDArray[Any]:
    order = np.argsort(target, kind="stable")
    order = order[target[order] >= 0]
    cuts = np.flatnonzero(np.diff(target[order])) + 1
    cells = [
        faces[group[0]] if len(group) == 1 else shapely.coverage_union_all(faces[group])
        for group in np.split(order, cuts)
    ]
    return ordered(np.array(cells, dtype=object))
