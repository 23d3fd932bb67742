"""How long each vertex of areas stays as they are drawn coarser, and the areas as they are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.simplifying.noding import added, inserted, numbered, touching
from geo.simplifying.outlines import GRID_M, Geometries, Outlines, kept_rings
from geo.simplifying.removal import vertex_ranks
from geo.simplifying.tiling import tiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Areas with a vertex wherever another border touches or crosses theirs. `ranks`: of each vertex, in square metres.
    `touching`, shape (2, pairs): areas whose borders have a point in common, the lower number first, each pair once."""

    outlines: Outlines
    ranks: Floats
    touching: Ints


def rank(outlines: Outlines) -> Ranked:
    """How long each vertex of the areas stays as they are drawn coarser.

    A rank is an area in square metres: an area is drawn at a tolerance of t metres by the vertices whose rank is at least t²
    (`drawn`). Two areas that have a line in common have it in common at every tolerance, and no two borders cross that did not before,
    so that nothing new overlaps and no gap opens, whatever the areas are like. The ranks of an area follow from the areas whose
    bounding boxes meet its own, and from nothing else: it may be computed among those alone.
    """
    if not len(outlines.xy):
        return Ranked(outlines, np.empty(0), np.empty((2, 0), dtype=np.int64))
    vertex, points, segment, segments = numbered(outlines.xy, outlines.rings)
    found, along, where = added(points, segments)
    if len(found):
        order = np.lexsort((where[:, 1], where[:, 0], along, found))
        starts = np.searchsorted(found[order], np.arange(len(segments) + 1)).astype(np.int64)
        xy, rings = inserted(
            outlines.xy, outlines.rings, vertex, segment, segments, starts, np.ascontiguousarray(where[order])
        )
        outlines = Outlines(xy, rings, outlines.polygons, outlines.areas)
        vertex, points, _, _ = numbered(xy, rings)
    ranks = vertex_ranks(vertex, outlines.rings, points)[vertex] * (GRID_M * GRID_M / 2)
    return Ranked(outlines, ranks, touching(vertex, outlines.starts(), len(points)).T)


def drawn(outlines: Outlines, ranks: Floats, tolerance_m: float) -> Geometries:
    """The areas as multipolygons in metres of the plane, as they are at a tolerance; empty where nothing is left to be seen."""
    if not len(outlines):
        return np.empty(0, dtype=object)
    points, rings, polygons, areas = kept_rings(
        outlines.xy, outlines.rings, outlines.polygons, outlines.areas, ranks, tolerance_m * tolerance_m
    )
    made: Geometries = shapely.from_ragged_array(
        shapely.GeometryType.MULTIPOLYGON, points * GRID_M, (rings, polygons, areas)
    )
    return made


def thinned(outlines: Outlines, ranks: Floats, tolerance_m: float) -> tuple[Outlines, Floats]:
    """The areas with the vertices alone that are left at a tolerance, and their ranks; a ring may have too few to be drawn."""
    kept = ranks >= tolerance_m * tolerance_m
    before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(kept, dtype=np.int64)])
    return (
        Outlines(outlines.xy[kept], before[outlines.rings], outlines.polygons, outlines.areas),
        ranks[kept],
    )


@dataclass(frozen=True, slots=True)
class Square:
    """A square of the plane: its north-western corner and its unit in metres. `low`, `high`: from which unit to which it is drawn."""

    west_m: float
    north_m: float
    unit_m: float
    low: float
    high: float


def in_square(outlines: Outlines, ranks: Floats, tolerance_m: float, which: Ints, square: Square) -> Geometries:
    """Some of the areas as they are at a tolerance, as far as they lie in a square: multipolygons in whole units, y southwards.

    A border that two areas share is the same in both here too. Shells turn as vector tiles want it; empty where nothing is left.
    """
    if not len(which):
        return np.empty(0, dtype=object)
    points, rings, polygons, areas = tiled(
        outlines.xy,
        outlines.rings,
        outlines.polygons,
        outlines.areas,
        ranks,
        tolerance_m * tolerance_m,
        np.ascontiguousarray(which, dtype=np.int64),
        square.west_m / GRID_M,
        square.north_m / GRID_M,
        square.unit_m / GRID_M,
        square.low,
        square.high,
    )
    made: Geometries = shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, points, (rings, polygons, areas))
    return made
