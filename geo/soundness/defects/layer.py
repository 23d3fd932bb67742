"""The areas of a coverage as columns, with a tree over their boxes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon

from geo.coverage.grid import GRID_DEG, multi, polygons
from geo.coverage.measure import length_m
from geo.soundness.complexity import box_crossings
from geo.soundness.errors import TooComplex

Shapes = NDArray[Any]
Positions = NDArray[np.intp]

TOUCHING_DEG: Final = 3 * GRID_DEG
"""A border and its neighbour's, each rounded to the grid, are no farther apart."""

_SURELY_CHEAP: Final = 250_000
"""Pairs of edges that are compared at once without asking how many of their boxes cross."""


@dataclass(frozen=True)
class Layer:
    """Areas by position. `areas`: as they are; `sound`: the same, with invalid ones rebuilt, so that they can be overlaid."""

    codes: list[str]
    areas: Shapes
    valid: NDArray[np.bool_]
    sound: Shapes

    @classmethod
    def of(cls, areas: Mapping[str, MultiPolygon]) -> "Layer":
        """Code → area in degrees; empty ones are left out."""
        codes = [code for code in sorted(areas) if not areas[code].is_empty]
        shapes = np.empty(len(codes), dtype=object)
        shapes[:] = [areas[code] for code in codes]
        valid = shapely.is_valid(shapes)
        sound = shapes.copy()
        for position in np.flatnonzero(~valid):
            mended = shapely.make_valid(shapes[position], method="structure", keep_collapsed=False)
            sound[position] = multi(polygons(mended))
        return cls(codes, shapes, valid, sound)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Over the sound areas."""
        return shapely.STRtree(self.sound)

    @cached_property
    def position(self) -> dict[str, int]:
        """Of each code."""
        return {code: position for position, code in enumerate(self.codes)}

    def positions(self, codes: Collection[str] | None) -> Positions:
        """Of these codes, in order; of all without codes. Codes without an area are left out."""
        if codes is None:
            return np.arange(len(self.codes))
        return np.array(sorted(self.position[code] for code in codes if code in self.position), dtype=np.intp)

    def crossing_pairs(self, of: Positions, most: int) -> tuple[Positions, Positions]:
        """Pairs of areas whose interiors meet, at least one of them among `of`; the lower position first.

        Raises `TooComplex` as `check` does.
        """
        asked, met = self.tree.query(self.sound[of])
        first, second = of[asked], met
        apart = first != second
        pairs = np.unique(np.sort(np.stack([first[apart], second[apart]], axis=1), axis=1), axis=0)
        first, second = pairs[:, 0], pairs[:, 1]
        self.check(first, second, most)
        crossing = shapely.relate_pattern(self.sound[first], self.sound[second], "T********")
        return first[crossing], second[crossing]

    def check(self, first: Positions, second: Positions, most: int) -> None:
        """Raises `TooComplex` where comparing these pairs would take long: more than `most` pairs of edges whose boxes cross."""
        sizes = shapely.get_num_coordinates(self.sound).astype(np.int64)
        for a, b in zip(first, second, strict=True):
            if sizes[a] * sizes[b] > _SURELY_CHEAP and box_crossings(self.sound[a], self.sound[b], most=most) > most:
                raise TooComplex

    def borders(self, lands: Sequence[Any], without: Collection[str] = ()) -> list[list[tuple[str, float]]]:
        """For each land: the areas that border on it and how many metres, the longest first."""
        found: list[list[tuple[str, float]]] = [[] for _ in lands]
        parts = [(n, part) for n, land in enumerate(lands) for part in polygons(land)]
        if not parts or not self.codes:
            return found
        rings, of_ring = shapely.get_rings(np.array([part for _, part in parts], dtype=object), return_index=True)
        points, of_point = shapely.get_coordinates(rings, return_index=True)
        same = of_point[1:] == of_point[:-1]
        ends = np.stack([points[:-1][same], points[1:][same]], axis=1)
        land_of_part = np.array([n for n, _ in parts])
        land = land_of_part[of_ring[of_point[1:][same]]]
        middle = shapely.points(ends.mean(axis=1))
        edge, area = self.tree.query(middle, predicate="dwithin", distance=TOUCHING_DEG)
        metres = length_m(shapely.linestrings(ends))[edge]
        keys, inverse = np.unique(np.stack([land[edge], area], axis=1), axis=0, return_inverse=True)
        total = np.bincount(inverse.reshape(-1), weights=metres, minlength=len(keys))
        for (n, position), length in zip(keys.tolist(), total.tolist(), strict=True):
            code = self.codes[position]
            if code not in without and length > 0.0:
                found[n].append((code, length))
        for of_land in found:
            of_land.sort(key=lambda one: (-one[1], one[0]))
        return found
