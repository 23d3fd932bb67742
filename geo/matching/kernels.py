"""Compiled: looks points up in the grid that `building` laid, and measures distances. Import this module only when it is needed."""

from typing import Any

import numpy as np
from numba.extending import register_jitable
from numpy.typing import NDArray

from geo.matching.building import above, grown
from geo.matching.compiling import compiled
from geo.matching.formulas import chart, chord_distance, cross, nearest_on_edge, sagitta

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

OUTSIDE, INSIDE, TOUCHING = 0, 1, 2

# Points that are looked up together.
_BATCH = 64


@register_jitable
def _cell(px: float, py: float, frame: Floats, nx: int, ny: int) -> tuple[int, int]:
    """Column and row of a point; (-1, -1) off the grid or where a coordinate is not a number."""
    fx = (px - frame[0]) * frame[2]
    fy = (py - frame[1]) * frame[3]
    if fx >= 0.0 and fy >= 0.0 and fx < nx and fy < ny:
        return int(fx), int(fy)
    return -1, -1


@register_jitable
def locate(px: float, py: float, x: float, y: float, item: int, lists: Ints, xy: Floats) -> int:
    """Whether the part of an item in the list of a cell with the corner (x, y) covers (px, py): `OUTSIDE`, `INSIDE`, `TOUCHING`.

    Counts the crossings of the way from the corner up to (x, py) and across to the point. The turning point is judged by one
    `cross` for both stretches, so that its rounding cancels out; at the corner `above` is asked as it was when the grid was
    laid; at the point itself the rule is PostGIS's: an edge is to its right if `cross` says so strictly, and a point on an
    edge touches.
    """
    state = lists[item + 1] & 3
    if state == 2:
        return INSIDE
    covered = state == 1
    run = item + 2
    for _ in range(lists[item + 1] >> 2):
        k = lists[run]
        last = k + lists[run + 1]
        run += 2
        bx = xy[k, 0]
        by = xy[k, 1]
        b_low = by <= py
        b_left = bx <= x
        while k < last:
            k += 1
            ax, ay, a_low, a_left = bx, by, b_low, b_left
            bx = xy[k, 0]
            by = xy[k, 1]
            b_low = by <= py
            b_left = bx <= x
            if a_low != b_low:
                # The edge passes the height of the point: rising if it begins low.
                side = cross(ax, ay, bx, by, px, py)
                if side == 0.0 and min(ax, bx) <= px <= max(ax, bx):
                    return TOUCHING
                right = side > 0.0 if a_low else side < 0.0
                if a_left == b_left:
                    covered ^= right == a_left
                else:
                    turn = cross(ax, ay, bx, by, x, py) > 0.0
                    covered ^= right != (turn == a_low)
                    covered ^= (turn == a_left) != above(x, y, ax, ay, bx, by)
            else:
                if a_left != b_left:
                    covered ^= a_low != above(x, y, ax, ay, bx, by)
                # It may end at the height of the point, or lie there.
                if py == max(ay, by) and min(ax, bx) <= px <= max(ax, bx) and cross(ax, ay, bx, by, px, py) == 0.0:
                    return TOUCHING
    return INSIDE if covered else OUTSIDE


@compiled
def by_tile(lon: Floats, lat: Floats, frame: Floats, nx: int, ny: int, side: int) -> tuple[Any, ...]:
    """(order, lon, lat): the points tile by tile, and where each stood; a tile is a square of `side` cells.

    Neighbours share what is fetched from memory, which is most of a lookup's time once the grid outgrows the caches.
    """
    tiles_up = ny // side + 1
    tile = np.empty(len(lon), dtype=np.int32)
    start = np.zeros((nx // side + 1) * tiles_up + 1, dtype=np.int32)
    for p in range(len(lon)):
        i, j = _cell(lon[p], lat[p], frame, nx, ny)
        # Points off the grid go to the first tile.
        tile[p] = (i // side) * tiles_up + j // side if i >= 0 else 0
        start[tile[p] + 1] += 1
    for t in range(1, len(start)):
        start[t] += start[t - 1]
    order = np.empty(len(lon), dtype=np.int32)
    lon_by_tile = np.empty(len(lon), dtype=np.float64)
    lat_by_tile = np.empty(len(lon), dtype=np.float64)
    for p in range(len(lon)):
        to = start[tile[p]]
        start[tile[p]] += 1
        order[to] = p
        lon_by_tile[to] = lon[p]
        lat_by_tile[to] = lat[p]
    return order, lon_by_tile, lat_by_tile


@compiled
def look_up(
    lon: Floats,
    lat: Floats,
    order: Ints,
    every: bool,
    found: Ints,
    touching: NDArray[np.bool_],
    number: Ints,
    frame: Floats,
    nx: int,
    ny: int,
    table: Ints,
    lists: Ints,
    xy: Floats,
) -> None:
    """Writes per point the lowest area that covers it (-1 for none), whether it touches that one, and how many cover it.

    Point p's answer goes to order[p], or to p if there is no order. Unless `every` is asked for, the search stops at the first
    area: then the number is 0 or 1.
    """
    entries = np.empty(_BATCH, dtype=np.int32)
    fetched = np.empty(_BATCH, dtype=np.float64)
    for start in range(0, len(lon), _BATCH):
        stop = min(start + _BATCH, len(lon))
        # Three passes over a batch: what the points wait for from memory they then wait for together.
        for p in range(start, stop):
            i, j = _cell(lon[p], lat[p], frame, nx, ny)
            entry = np.int32(-1)
            if i >= 0:
                entry = table[i * ny + j]
            entries[p - start] = entry
            to = order[p] if len(order) else p
            found[to] = max(entry, np.int32(-1))
            number[to] = entry >= 0
            touching[to] = False
        for p in range(start, stop):
            entry = entries[p - start]
            fetched[p - start] = xy[lists[1 - entry], 0] if entry < -1 and lists[-entry] & 3 != 2 else 0.0
        for p in range(start, stop):
            entry = entries[p - start]
            if entry >= -1:
                continue
            to = order[p] if len(order) else p
            px = lon[p]
            py = lat[p]
            i, j = _cell(px, py, frame, nx, ny)
            x = frame[0] + i * frame[4]
            y = frame[1] + j * frame[5]
            item = -1 - entry
            before = -1
            for _ in range(lists[-2 - entry]):
                if lists[item] != before:
                    answer = locate(px, py, x, y, item, lists, xy)
                    if answer != OUTSIDE:
                        before = lists[item]
                        if number[to] == 0:
                            found[to] = before
                            touching[to] = answer == TOUCHING
                        number[to] += 1
                        if not every:
                            break
                item += 2 + 2 * (lists[item + 1] >> 2)


@compiled
def list_pairs(
    lon: Floats,
    lat: Floats,
    found: Ints,
    touching: NDArray[np.bool_],
    number: Ints,
    offset: int,
    to: int,
    out_point: Longs,
    out_area: Ints,
    out_touching: NDArray[np.bool_],
    frame: Floats,
    nx: int,
    ny: int,
    table: Ints,
    lists: Ints,
    xy: Floats,
) -> None:
    """Writes (offset + point, area, touching) of all pairs from position `to` on, after what `look_up` wrote; where several areas
    cover a point it looks again."""
    for p in range(len(lon)):
        if number[p] == 1:
            out_point[to] = offset + p
            out_area[to] = found[p]
            out_touching[to] = touching[p]
            to += 1
        elif number[p] > 1:
            px = lon[p]
            py = lat[p]
            i, j = _cell(px, py, frame, nx, ny)
            x = frame[0] + i * frame[4]
            y = frame[1] + j * frame[5]
            entry = table[i * ny + j]
            item = -1 - entry
            before = -1
            for _ in range(lists[-2 - entry]):
                if lists[item] != before:
                    answer = locate(px, py, x, y, item, lists, xy)
                    if answer != OUTSIDE:
                        before = lists[item]
                        out_point[to] = offset + p
                        out_area[to] = before
                        out_touching[to] = answer == TOUCHING
                        to += 1
                item += 2 + 2 * (lists[item + 1] >> 2)


@compiled
def nearest(
    lon: Floats,
    lat: Floats,
    sine: Floats,
    cosine: Floats,
    area: Ints,
    to_border: bool,
    metres: Floats,
    place: Floats,
    xy: Floats,
    ends: NDArray[np.bool_],
    part_start: Longs,
    area_start: Longs,
) -> None:
    """Writes the metres from each point to the area of the same position, and the place (n, 2) on its border that is so near.

    Nought where the area covers the point, unless `to_border`; infinity for an area without place. The place is written only
    where there is one.
    """
    for p in range(len(lon)):
        px = lon[p]
        py = lat[p]
        best = np.inf
        for part in range(area_start[area[p]], area_start[area[p] + 1]):
            covered = False
            start = part_start[part]
            be, bn = chart(px, py, sine[p], cosine[p], xy[start, 0], xy[start, 1])
            for k in range(start, part_start[part + 1] - 1):
                ax = xy[k, 0]
                ay = xy[k, 1]
                bx = xy[k + 1, 0]
                by = xy[k + 1, 1]
                ae = be
                an = bn
                be, bn = chart(px, py, sine[p], cosine[p], bx, by)
                if ends[k]:
                    continue
                rising = ay <= py and py < by
                passes = rising or (by <= py and py < ay)
                if passes or py == max(ay, by):
                    side = cross(ax, ay, bx, by, px, py)
                    if side == 0.0 and min(ax, bx) <= px <= max(ax, bx):
                        best = 0.0
                        break
                    if passes:
                        covered ^= side > 0.0 if rising else side < 0.0
                if chord_distance(ae, an, be, bn) - sagitta(ax, ay, bx, by) < best:
                    away, x, y = nearest_on_edge(px, py, sine[p], cosine[p], ax, ay, bx, by)
                    if away < best:
                        best = away
                        place[p, 0] = x
                        place[p, 1] = y
            if covered and not to_border:
                best = 0.0
            if best == 0.0:
                break
        metres[p] = best


@compiled
def near(
    lon: Floats,
    lat: Floats,
    sine: Floats,
    cosine: Floats,
    radius: Floats,
    window: Floats,
    areas: int,
    frame: Floats,
    nx: int,
    ny: int,
    table: Ints,
    lists: Ints,
    xy: Floats,
) -> tuple[Any, ...]:
    """(point, area, metres) of the areas that do not cover a point but are nearer to it than its radius, by point, then area.

    `window` (n, 2): a half width and half height in degrees that surely hold the circle. Only the borders in the cells of the
    window are measured.
    """
    out_point = np.empty(1024, dtype=np.int64)
    out_area = np.empty(1024, dtype=np.int32)
    out_metres = np.empty(1024, dtype=np.float64)
    out = 0
    # Per area: of which point `best` speaks, plus one; negative if the area covers that point.
    seen = np.zeros(areas, dtype=np.int64)
    best = np.empty(areas, dtype=np.float64)
    for p in range(len(lon)):
        px = lon[p]
        py = lat[p]
        reach_x = window[p, 0]
        reach_y = window[p, 1]
        left = (px - reach_x - frame[0]) * frame[2]
        right = (px + reach_x - frame[0]) * frame[2]
        low = (py - reach_y - frame[1]) * frame[3]
        high = (py + reach_y - frame[1]) * frame[3]
        if not (radius[p] > 0.0 and right >= 0.0 and high >= 0.0 and left < nx and low < ny):
            continue
        i, j = _cell(px, py, frame, nx, ny)
        if i >= 0:
            entry = table[i * ny + j]
            if entry >= 0:
                seen[entry] = -p - 1
            elif entry < -1:
                x = frame[0] + i * frame[4]
                y = frame[1] + j * frame[5]
                item = -1 - entry
                for _ in range(lists[-2 - entry]):
                    if locate(px, py, x, y, item, lists, xy) != OUTSIDE:
                        seen[lists[item]] = -p - 1
                    item += 2 + 2 * (lists[item + 1] >> 2)
        before = out
        for ii in range(max(0, int(np.floor(left))), min(nx - 1, int(np.floor(right))) + 1):
            for jj in range(max(0, int(np.floor(low))), min(ny - 1, int(np.floor(high))) + 1):
                entry = table[ii * ny + jj]
                if entry >= -1:
                    continue
                item = -1 - entry
                for _ in range(lists[-2 - entry]):
                    other = lists[item]
                    begin = item + 2
                    item = begin + 2 * (lists[item + 1] >> 2)
                    if seen[other] == -p - 1:
                        continue
                    for run in range(begin, item, 2):
                        for k in range(lists[run], lists[run] + lists[run + 1]):
                            ax = xy[k, 0]
                            ay = xy[k, 1]
                            bx = xy[k + 1, 0]
                            by = xy[k + 1, 1]
                            if min(ax, bx) > px + reach_x or max(ax, bx) < px - reach_x:
                                continue
                            if min(ay, by) > py + reach_y or max(ay, by) < py - reach_y:
                                continue
                            limit = best[other] if seen[other] == p + 1 else radius[p]
                            ae, an = chart(px, py, sine[p], cosine[p], ax, ay)
                            be, bn = chart(px, py, sine[p], cosine[p], bx, by)
                            if chord_distance(ae, an, be, bn) - sagitta(ax, ay, bx, by) < limit:
                                away, _, _ = nearest_on_edge(px, py, sine[p], cosine[p], ax, ay, bx, by)
                                if away < limit:
                                    if seen[other] != p + 1:
                                        seen[other] = p + 1
                                        out_point = grown(out_point, out + 1)
                                        out_area = grown(out_area, out + 1)
                                        out_metres = grown(out_metres, out + 1)
                                        out_point[out] = p
                                        out_area[out] = other
                                        out += 1
                                    best[other] = away
        for n in range(before, out):
            # Insertion sort: a point has few neighbours.
            other = out_area[n]
            m = n
            while m > before and out_area[m - 1] > other:
                out_area[m] = out_area[m - 1]
                m -= 1
            out_area[m] = other
        for n in range(before, out):
            out_metres[n] = best[out_area[n]]
    return out_point[:out], out_area[:out], out_metres[:out]
