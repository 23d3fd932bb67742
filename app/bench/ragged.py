"""A branch of many territories with ragged borders that neighbours share vertex by vertex."""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from geo.coverage.grid import snapped

WEST, SOUTH = 118.6, 31.9
CELL = 0.004
"""Degrees of a territory's side: some 400 m."""


def ragged(columns: int, rows: int, steps: int, seed: int = 1) -> tuple[dict[str, MultiPolygon], MultiPolygon]:
    """`columns` × `rows` territories of 4 · `steps` vertices each, by team code, and the area of the branch that they fill."""
    rng = np.random.default_rng(seed)
    part = np.arange(steps + 1) / steps
    # No farther from the straight line than a fifth of the way to the nearer corner: borders around a corner do not meet.
    reach = 0.2 * np.minimum(part, 1.0 - part) * CELL

    def border(start: tuple[float, float], across: bool, straight: bool) -> NDArray[np.float64]:
        along = (0.0 if straight else 1.0) * rng.uniform(-1.0, 1.0, steps + 1) * reach
        x, y = (part * CELL, along) if across else (along, part * CELL)
        return snapped(np.column_stack([start[0] + x, start[1] + y]))

    def corner(column: int, row: int) -> tuple[float, float]:
        return WEST + column * CELL, SOUTH + row * CELL

    lying = [[border(corner(c, r), True, r in (0, rows)) for c in range(columns)] for r in range(rows + 1)]
    standing = [[border(corner(c, r), False, c in (0, columns)) for c in range(columns + 1)] for r in range(rows)]
    areas = {}
    for r in range(rows):
        for c in range(columns):
            sides = [lying[r][c], standing[r][c + 1], lying[r + 1][c][::-1], standing[r][c][::-1]]
            ring = np.concatenate([side[:-1] for side in sides] + [sides[0][:1]])
            areas[f"T{r:03}{c:03}"] = MultiPolygon([Polygon(ring)])
    return areas, joined(list(areas.values()))


def squares(areas: dict[str, MultiPolygon], side: int) -> dict[str, MultiPolygon]:
    """The territories joined by `side` × `side`, by a code: communities whose borders are those of territories."""
    together: dict[str, list[MultiPolygon]] = {}
    for code, area in areas.items():
        row, column = int(code[1:4]) // side, int(code[4:7]) // side
        together.setdefault(f"C{row:03}{column:03}", []).append(area)
    return {code: joined(members) for code, members in together.items()}


def joined(areas: list[MultiPolygon]) -> MultiPolygon:
    """Areas that share their borders as one."""
    return MultiPolygon([*shapely.get_parts(shapely.coverage_union_all(areas))])
