"""Matching without an index: area by area in NumPy. Right for few points, and the plain statement of what `kernels` must find."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from geo.matching.formulas import chart, chord_distance, cross, nearest_on_edge, sagitta
from geo.matching.rings import Rings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Points times edges that are looked at in one go.
_BLOCK = 500_000


def covering_parts(rings: Rings, lon: Floats, lat: Floats) -> tuple[Ints, Ints, Bools]:
    """(point, part, touching) of every part that covers a point, its border included, in no particular order."""
    order = np.argsort(lon, kind="stable")
    sorted_lon = lon[order]
    first = np.searchsorted(sorted_lon, rings.boxes[:, 0], side="left")
    last = np.searchsorted(sorted_lon, rings.boxes[:, 2], side="right")
    points: list[Ints] = []
    parts: list[Ints] = []
    touches: list[Bools] = []
    for part in np.flatnonzero(last > first):
        near = order[first[part] : last[part]]
        near = near[(lat[near] >= rings.boxes[part, 1]) & (lat[near] <= rings.boxes[part, 3])]
        if len(near):
            inside, on = _locate(rings, int(part), lon[near], lat[near])
            covered = inside | on
            points.append(near[covered])
            parts.append(np.full(len(points[-1]), part, dtype=np.int64))
            touches.append(on[covered])
    if not points:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.bool_)
    return np.concatenate(points), np.concatenate(parts), np.concatenate(touches)


def covering_areas(rings: Rings, lon: Floats, lat: Floats) -> tuple[Ints, NDArray[np.int32], Bools]:
    """(point, area, touching), sorted by point, then area. Of several parts that cover a point the first says whether it touches."""
    point, part, touching = covering_parts(rings, lon, lat)
    order = np.lexsort((part, point))
    point, area, touching = point[order], rings.part_area[part[order]], touching[order]
    new = np.ones(len(point), dtype=np.bool_)
    new[1:] = (point[1:] != point[:-1]) | (area[1:] != area[:-1])
    return point[new], area[new], touching[new]


def covering_one(rings: Rings, lon: float, lat: float) -> list[tuple[int, bool]]:
    """(area, touching) of all areas that cover one point, by area."""
    west, south, east, north = rings.boxes.T
    found: dict[int, bool] = {}
    for part in np.flatnonzero((west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)):
        area = int(rings.part_area[part])
        if area not in found:
            inside, on = _locate(rings, int(part), np.array([lon]), np.array([lat]))
            if inside[0] or on[0]:
                found[area] = bool(on[0])
    return list(found.items())


def _edges(rings: Rings, part: int) -> tuple[Floats, Floats]:
    """First and second vertices of a part's edges, (m, 2) each."""
    start, stop = rings.part_start[part], rings.part_start[part + 1]
    real = ~rings.ends[start : stop - 1]
    return rings.xy[start : stop - 1][real], rings.xy[start + 1 : stop][real]


def _locate(rings: Rings, part: int, lon: Floats, lat: Floats) -> tuple[Bools, Bools]:
    """(inside by crossing parity, on an edge) of points against one part."""
    a, b = _edges(rings, part)
    ax, ay, bx, by = a[:, 0], a[:, 1], b[:, 0], b[:, 1]
    west, east, south, north = np.minimum(ax, bx), np.maximum(ax, bx), np.minimum(ay, by), np.maximum(ay, by)
    inside = np.empty(len(lon), dtype=np.bool_)
    on = np.empty(len(lon), dtype=np.bool_)
    for block in _blocks(len(lon), len(ax)):
        px, py = lon[block, None], lat[block, None]
        side = cross(ax, ay, bx, by, px, py)
        on[block] = ((side == 0) & (west <= px) & (px <= east) & (south <= py) & (py <= north)).any(axis=1)
        right = (((ay <= py) & (py < by) & (side > 0)) | ((by <= py) & (py < ay) & (side < 0))).sum(axis=1)
        inside[block] = right % 2 == 1
    return inside, on


def _blocks(points: int, edges: int) -> Iterator[slice]:
    step = max(1, _BLOCK // max(1, edges))
    for start in range(0, points, step):
        yield slice(start, start + step)


def near(
    rings: Rings, lon: Floats, lat: Floats, sine: Floats, cosine: Floats, radius: Floats, window: Floats
) -> tuple[Ints, NDArray[np.int32], Floats]:
    """(point, area, metres) of the areas that do not cover a point but are nearer than its radius, by point, then area.

    `sine`, `cosine`: of the latitudes. `window` (n, 2): a half width and half height in degrees that surely hold the circle.
    """
    west, east, south, north = lon - window[:, 0], lon + window[:, 0], lat - window[:, 1], lat + window[:, 1]
    points: list[Ints] = [np.empty(0, dtype=np.int64)]
    areas: list[NDArray[np.int32]] = [np.empty(0, dtype=np.int32)]
    for block in _blocks(len(lon), rings.parts):
        low_x, high_x, low_y, high_y = (side[block, None] for side in (west, east, south, north))
        meets = (low_x <= rings.boxes[:, 2]) & (high_x >= rings.boxes[:, 0])
        meets &= (low_y <= rings.boxes[:, 3]) & (high_y >= rings.boxes[:, 1])
        point, part = np.nonzero(meets)
        points.append(point + block.start)
        areas.append(rings.part_area[part])
    pairs = np.unique(np.column_stack([np.concatenate(points), np.concatenate(areas)]), axis=0)
    point, area = pairs[:, 0], pairs[:, 1].astype(np.int32)
    metres, _, covered = _to_areas(rings, lon[point], lat[point], sine[point], cosine[point], area)
    found = ~covered & (metres < radius[point])
    return point[found], area[found], metres[found]


def nearest(
    rings: Rings, lon: Floats, lat: Floats, sine: Floats, cosine: Floats, area: NDArray[np.int32], to_border: bool
) -> tuple[Floats, Floats]:
    """Metres from each point to the area of the same position, and the (n, 2) places on its border that are so near.

    Nought where the area covers the point, unless `to_border`; infinity, and no place, for an area without place. Only for
    finite points.
    """
    metres, place, covered = _to_areas(rings, lon, lat, sine, cosine, area)
    return metres if to_border else np.where(covered, 0.0, metres), place


def _to_areas(
    rings: Rings, lon: Floats, lat: Floats, sine: Floats, cosine: Floats, area: NDArray[np.int32]
) -> tuple[Floats, Floats, Bools]:
    metres = np.full(len(lon), np.inf)
    place = np.full((len(lon), 2), np.nan)
    covered = np.zeros(len(lon), dtype=np.bool_)
    order = np.argsort(area, kind="stable")
    changes = np.flatnonzero(np.diff(area[order])) + 1
    for mine in np.split(order, changes) if len(order) else []:
        of = area[mine[0]]
        for part in range(rings.area_start[of], rings.area_start[of + 1]):
            a, b = _edges(rings, part)
            for block in _blocks(len(mine), 8 * len(a)):
                some = mine[block]
                found, spot = _nearest_on_edges(a, b, lon[some], lat[some], sine[some], cosine[some])
                nearer = found < metres[some]
                metres[some[nearer]] = found[nearer]
                place[some[nearer]] = spot[nearer]
                inside, on = _locate(rings, part, lon[some], lat[some])
                covered[some] |= inside | on
                metres[some[on]] = 0.0
    return metres, place, covered


def _nearest_on_edges(
    a: Floats, b: Floats, lon: Floats, lat: Floats, sine: Floats, cosine: Floats
) -> tuple[Floats, Floats]:
    """The nearest place on m edges for each of k points: metres (k) and degrees (k, 2)."""
    origin = lon[:, None], lat[:, None], sine[:, None], cosine[:, None]
    ue, un = chart(*origin, a[:, 0], a[:, 1])
    ve, vn = chart(*origin, b[:, 0], b[:, 1])
    chord = chord_distance(ue, un, ve, vn)
    bow = sagitta(a[:, 0], a[:, 1], b[:, 0], b[:, 1])
    row, edge = np.nonzero(chord - bow <= (chord + bow).min(axis=1)[:, None])
    found, spot_lon, spot_lat = nearest_on_edge(
        *(lon[row], lat[row], sine[row], cosine[row]), *(a[edge, 0], a[edge, 1], b[edge, 0], b[edge, 1])
    )
    # Every row has at least one candidate; the first of the smallest wins.
    order = np.lexsort((edge, found, row))
    best = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
    return found[best], np.column_stack([spot_lon[best], spot_lat[best]])
