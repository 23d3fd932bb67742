"""Coverages drawn as maps: each letter is a team, each character a cell of about 100 m, a dot is nobody's land."""

import numpy as np
import shapely
from shapely import MultiPolygon

from geo.coverage import settle
from geo.coverage.grid import multi, polygons, snapped

WEST, SOUTH, CELL = 118.78, 32.04, 0.001


def box(x0: float, y0: float, x1: float, y1: float) -> MultiPolygon:
    """A rectangle in cells from the lower left corner of the map."""
    sides = snapped(np.array([WEST + x0 * CELL, SOUTH + y0 * CELL, WEST + x1 * CELL, SOUTH + y1 * CELL]))
    return multi([shapely.box(*sides)])


def drawn(*rows: str) -> dict[str, MultiPolygon]:
    """The areas of a map, the upper row first, with shared borders."""
    cells: dict[str, list[MultiPolygon]] = {}
    for y, row in enumerate(reversed(rows)):
        for x, letter in enumerate(row):
            if letter not in ". ":
                cells.setdefault(letter, []).append(box(x, y, x + 1, y + 1))
    areas = {code: multi(polygons(shapely.union_all(of))) for code, of in cells.items()}
    return dict(settle(areas).areas)


def whole(rows: int, columns: int) -> MultiPolygon:
    """The branch that a map of this size fills."""
    return box(0, 0, columns, rows)
