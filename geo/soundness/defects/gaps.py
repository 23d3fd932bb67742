"""Nobody's land of the branch: in the whole of it, or around what has just changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.coverage.grid import CELLS_PER_DEGREE, cells, in_cells, in_degrees, polygons
from geo.coverage.measure import area_m2
from geo.soundness.complexity import box_crossings
from geo.soundness.defects.kinds import GAP, HOLE, SLIVER, Defect, gifts
from geo.soundness.defects.layer import Layer, Positions, Shapes
from geo.soundness.errors import TooComplex
from geo.soundness.limits import Thresholds
from geo.soundness.measure import widths_m

_MIX = np.int64(-7046029254386353131)


@dataclass(frozen=True, slots=True)
class Faces:
    """The pieces into which borders that are not shared cut the plane. Each is covered equally often everywhere: `count` times."""

    pieces: Shapes
    count: NDArray[np.int64]
    in_branch: NDArray[np.bool_]

    def gaps(self, thresholds: Thresholds) -> list[Polygon]:
        """Nobody's land of the branch; without a branch, what areas enclose."""
        return _pieces(list(self.pieces[(self.count == 0) & self.in_branch]), thresholds)

    def overlapping(self, layer: Layer, thresholds: Thresholds) -> Positions:
        """The areas that may have land in common with another."""
        several = self.pieces[self.count > 1]
        wide = several[widths_m(several) >= thresholds.noise_width_m] if len(several) else several
        return np.unique(layer.tree.query(wide, predicate="intersects")[1]) if len(wide) else np.zeros(0, dtype=np.intp)


def faces(layer: Layer, branch: MultiPolygon | None, thresholds: Thresholds) -> Faces:
    """Edges that two areas share in opposite senses are left out: on their way across them how often a place is covered stays.

    Only the others are noded; what lies between them is covered equally often everywhere, so one place in each tells.
    Raises `errors.TooComplex`.
    """
    lines = _lone_edges([*layer.sound], branch)
    pieces = np.zeros(0, dtype=object)
    if len(lines):
        drawn = shapely.linestrings(lines.astype(np.float64))
        if box_crossings(drawn, most=thresholds.max_crossings) > thresholds.max_crossings:
            raise TooComplex
        noded = shapely.union_all(drawn, grid_size=1.0)
        pieces = np.array(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))), dtype=object)
    if not len(pieces):
        return Faces(pieces, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_))
    pieces = shapely.transform(pieces, lambda xy: xy / CELLS_PER_DEGREE)
    inside = shapely.point_on_surface(pieces)
    met = layer.tree.query(inside, predicate="intersects")[0] if layer.codes else np.zeros(0, dtype=np.intp)
    in_branch = np.ones(len(pieces), dtype=np.bool_)
    if branch is not None:
        shapely.prepare(branch)
        in_branch = shapely.intersects(branch, inside)
    return Faces(pieces, np.bincount(met, minlength=len(pieces)), in_branch)


def gaps_near(
    layer: Layer,
    changed: Collection[str],
    before: Mapping[str, MultiPolygon | None],
    former: Sequence[BaseGeometry],
    branch: MultiPolygon | None,
    thresholds: Thresholds,
) -> list[Polygon]:
    """The pieces of nobody's land that replace `former` ones after a change.

    `before`: what each changed code had. `former`: the pieces until now that touch what the changed codes had or have. `layer` must
    hold all areas that touch what they had. What was nobody's is so still where nobody has taken it; what was given up is so where
    nobody else has it.
    """
    now = [layer.sound[layer.position[code]] for code in changed if code in layer.position]
    kept = [_less(piece, now) for piece in former]
    freed = []
    for code in changed:
        old = before.get(code)
        if old is None or old.is_empty:
            continue
        had: BaseGeometry = old
        if not old.is_valid:
            had = shapely.make_valid(old, method="structure", keep_collapsed=False)
        given_up = _less(had, [layer.sound[layer.position[code]]] if code in layer.position else [])
        if given_up.is_empty:
            continue
        given_up = _less(given_up, [layer.sound[n] for n in layer.tree.query(given_up)])
        if branch is not None and not given_up.is_empty and not shapely.covers(branch, given_up):
            given_up = in_degrees(shapely.intersection(in_cells(given_up), in_cells(branch), grid_size=1.0))
        freed.append(given_up)
    return _pieces([*kept, *freed], thresholds)


def gap_defects(layer: Layer, gaps: Sequence[Polygon], thresholds: Thresholds) -> list[Defect]:
    """Nobody's land as defects: a `HOLE` where one area alone encloses it, a `SLIVER` of the kind `GAP` where it is narrow or tiny."""
    if not gaps:
        return []
    sizes = area_m2(gaps)
    widths = widths_m(gaps)
    found = []
    for gap, size, width, borders in zip(gaps, sizes.tolist(), widths.tolist(), layer.borders(gaps), strict=True):
        metres = sum(length for _, length in borders)
        sliver = width < thresholds.sliver_width_m or size < thresholds.sliver_area_m2
        # A hole's outer border is one area's, all of it.
        enclosed = len(borders) == 1 and metres > 0.999 * 2.0 * size / width
        found.append(
            Defect(
                SLIVER if sliver else HOLE if enclosed else GAP,
                tuple(code for code, _ in borders),
                gap,
                area_m2=size,
                length_m=round(metres, 2),
                details={
                    **({"kind": GAP} if sliver else {}),
                    "width_m": round(width, 3),
                    "borders": [{"team_code": code, "length_m": round(length, 2)} for code, length in borders],
                },
                ways=gifts(code for code, _ in borders),
            )
        )
    return found


def _less(shape: BaseGeometry, takers: Sequence[BaseGeometry]) -> BaseGeometry:
    """A shape without what others have, on the grid."""
    meeting = [taker for taker in takers if shapely.intersects(shape, taker)]
    if not meeting:
        return shape
    taken = in_cells(meeting[0]) if len(meeting) == 1 else shapely.union_all([in_cells(one) for one in meeting])
    left: BaseGeometry = in_degrees(shapely.difference(in_cells(shape), taken, grid_size=1.0))
    return left


def _pieces(lands: Sequence[BaseGeometry], thresholds: Thresholds) -> list[Polygon]:
    """The lands joined where they adjoin, in pieces, without what the grid's rounding makes."""
    parts = [part for land in lands for part in polygons(land)]
    if not parts:
        return []
    if len(parts) > 1:
        joined = shapely.union_all([in_cells(part) for part in parts], grid_size=1.0)
        parts = polygons(in_degrees(joined))
    kept = widths_m(parts) >= thresholds.noise_width_m
    return [part for part, wide in zip(parts, kept, strict=True) if wide]


def _lone_edges(areas: Sequence[Any], branch: MultiPolygon | None) -> NDArray[np.int64]:
    """Edges (n, 2, 2) in cells that are not shared by exactly two areas in opposite senses; the branch counts as what lies around it."""
    shapes = np.array([*areas, *([branch] if branch is not None else [])], dtype=object)
    parts, of_part = shapely.get_parts(shapely.orient_polygons(shapes), return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    points, of_point = shapely.get_coordinates(rings, return_index=True)
    places = cells(points)
    same = (of_point[1:] == of_point[:-1]) & (places[1:] != places[:-1]).any(axis=1)
    start, end = places[:-1][same], places[1:][same]
    if branch is not None:
        around = of_part[of_ring[of_point[1:][same]]] == len(areas)
        start[around], end[around] = end[around].copy(), start[around].copy()
    keys = (start[:, 0] << np.int64(32)) ^ start[:, 1], (end[:, 0] << np.int64(32)) ^ end[:, 1]
    low, high = np.minimum(*keys), np.maximum(*keys)
    with np.errstate(over="ignore"):
        order = np.argsort(low * _MIX + high, kind="stable")
    low, high, forward = low[order], high[order], (keys[0] == low)[order]
    # Where two different edges mix to one number, they stay: more is noded than need be, and nothing is lost.
    first = np.concatenate([[True], (low[1:] != low[:-1]) | (high[1:] != high[:-1])])
    group = np.cumsum(first) - 1
    count = np.bincount(group)
    ahead = np.bincount(group, weights=forward)
    matched = (count == 2) & (ahead == 1)
    kept = order[~matched[group] & first]
    return np.stack([start[kept], end[kept]], axis=1)
