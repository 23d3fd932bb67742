"""Compiled: areas as a tile holds them: what of them lies in a square, in whole units of it."""

import numpy as np
from numba.extending import register_jitable
from numpy.typing import NDArray

from geo.simplifying.compiling import compiled

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@register_jitable
def _clipped(ring: Floats, axis: int, limit: float, keep_above: bool) -> Floats:
    """The part of a ring on one side of a line along an axis (Sutherland and Hodgman 1974), bridged along the line where it falls apart."""
    n = len(ring)
    out = np.empty((2 * n + 2, 2), dtype=np.float64)
    m = 0
    for at in range(n):
        before = at - 1 if at > 0 else n - 1
        a, b = ring[before, axis], ring[at, axis]
        a_in = a >= limit if keep_above else a <= limit
        b_in = b >= limit if keep_above else b <= limit
        if a_in != b_in:
            t = (limit - a) / (b - a)
            out[m, axis] = limit
            out[m, 1 - axis] = ring[before, 1 - axis] + t * (ring[at, 1 - axis] - ring[before, 1 - axis])
            m += 1
        if b_in:
            out[m] = ring[at]
            m += 1
    return out[:m].copy()


@compiled
def tiled(
    xy: Ints,
    rings: Ints,
    polygons: Ints,
    areas: Ints,
    ranks: Floats,
    least: float,
    which: Ints,
    west: float,
    north: float,
    unit: float,
    low: float,
    high: float,
) -> tuple[Floats, Ints, Ints, Ints]:
    """The closed rings of some areas in units of a tile, x eastwards from `west` and y southwards from `north` (millimetres, `unit` too).

    Of the vertices with a rank of at least `least`, and only what lies between `low` and `high` on both axes. Every vertex is rounded by
    itself, so that a border that two areas share is the same in both. Shells turn so that their area is positive, holes negative, as
    tiles want it. What has no area left is gone.
    """
    kept = 0
    longest = 0
    for choice in range(len(which)):
        area = which[choice]
        first, last = rings[polygons[areas[area]]], rings[polygons[areas[area + 1]]]
        for at in range(first, last):
            kept += ranks[at] >= least
    for ring in range(len(rings) - 1):
        longest = max(longest, rings[ring + 1] - rings[ring])
    n_all_rings = 0
    n_all_polygons = 0
    for choice in range(len(which)):
        area = which[choice]
        n_all_rings += polygons[areas[area + 1]] - polygons[areas[area]]
        n_all_polygons += areas[area + 1] - areas[area]
    out = np.empty((2 * kept + 6 * n_all_rings + 16, 2), dtype=np.float64)
    ring_starts = np.zeros(n_all_rings + 1, dtype=np.int64)
    polygon_starts = np.zeros(n_all_polygons + 1, dtype=np.int64)
    area_starts = np.zeros(len(which) + 1, dtype=np.int64)
    line = np.empty((longest, 2), dtype=np.float64)
    n = n_rings = n_polygons = 0
    for choice in range(len(which)):
        area = which[choice]
        for polygon in range(areas[area], areas[area + 1]):
            has_shell = False
            for ring in range(polygons[polygon], polygons[polygon + 1]):
                is_shell = ring == polygons[polygon]
                if not is_shell and not has_shell:
                    break
                m = 0
                west_most = south_most = np.inf
                east_most = north_most = -np.inf
                for at in range(rings[ring], rings[ring + 1]):
                    if ranks[at] < least:
                        continue
                    x = (float(xy[at, 0]) - west) / unit
                    y = (north - float(xy[at, 1])) / unit
                    line[m, 0], line[m, 1] = x, y
                    m += 1
                    west_most, east_most = min(west_most, x), max(east_most, x)
                    south_most, north_most = min(south_most, y), max(north_most, y)
                if m < 3 or west_most > high or east_most < low or south_most > high or north_most < low:
                    continue
                part = line[:m].copy()
                if west_most < low:
                    part = _clipped(part, 0, low, True)
                if east_most > high and len(part) > 0:
                    part = _clipped(part, 0, high, False)
                if south_most < low and len(part) > 0:
                    part = _clipped(part, 1, low, True)
                if north_most > high and len(part) > 0:
                    part = _clipped(part, 1, high, False)
                begun = n
                if n + len(part) + 1 > len(out):
                    bigger = np.empty((2 * (n + len(part) + 1), 2), dtype=np.float64)
                    bigger[:n] = out[:n]
                    out = bigger
                for at in range(len(part)):
                    x, y = np.rint(part[at, 0]), np.rint(part[at, 1])
                    if n == begun or x != out[n - 1, 0] or y != out[n - 1, 1]:
                        out[n, 0], out[n, 1] = x, y
                        n += 1
                while n - begun > 1 and out[n - 1, 0] == out[begun, 0] and out[n - 1, 1] == out[begun, 1]:
                    n -= 1
                twice = 0.0
                for at in range(begun, n):
                    after = begun if at + 1 == n else at + 1
                    twice += out[at, 0] * out[after, 1] - out[after, 0] * out[at, 1]
                if n - begun < 3 or twice == 0.0:
                    n = begun
                    continue
                if (twice > 0.0) != is_shell:
                    out[begun:n] = out[begun:n][::-1].copy()
                out[n] = out[begun]
                n += 1
                has_shell = True
                n_rings += 1
                ring_starts[n_rings] = n
            if has_shell:
                n_polygons += 1
                polygon_starts[n_polygons] = n_rings
        area_starts[choice + 1] = n_polygons
    return out[:n].copy(), ring_starts[: n_rings + 1].copy(), polygon_starts[: n_polygons + 1].copy(), area_starts
