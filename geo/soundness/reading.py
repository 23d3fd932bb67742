"""Any polygon-like shape from elsewhere → a sound area on the grid with a report of what was done, or a refusal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely
import shapely.errors
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.coverage.grid import CELLS_PER_DEGREE, in_cells, in_degrees, multi, polygons
from geo.coverage.measure import area_m2
from geo.crs import CoordinateFault, Crs, convert, coordinate_faults, distance_m
from geo.soundness import errors
from geo.soundness.complexity import box_crossings
from geo.soundness.limits import ReadingLimits
from geo.soundness.parsing import Parsed, Ring, parse

LIMITS: Final = ReadingLimits()

_LARGEST_NUMBER: Final = 1e9
_LARGEST_DEGREE: Final = 400.0
_FEW_VERTICES: Final = 2_000
"""Up to so many, checking a shape takes milliseconds whatever it looks like."""

_CHECKED: Final = 5_000_000
"""Pairs of edges whose boxes cross, up to which a shape is checked: less than a second."""

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "DIMENSIONS_DROPPED": ("去掉了高程等第三、第四维", "the third and fourth number of positions were dropped"),
    "COLLECTION_OPENED": ("取出了集合中的面", "polygons were taken out of a collection"),
    "OTHERS_DROPPED": ("去掉了集合中的点和线", "points and lines of a collection were dropped"),
    "RING_CLOSED": ("闭合了没有首尾相接的环", "rings that did not end where they began were closed"),
    "DUPLICATES_DROPPED": ("去掉了重复的顶点", "repeated vertices were dropped"),
    "SPIKES_CUT": ("去掉了尖刺", "spikes were cut off"),
    "RING_REVERSED": ("改正了环的方向", "rings were turned round"),
    "RING_DROPPED": ("去掉了没有面积的环", "rings without an area were dropped"),
    "PARTS_DROPPED": ("去掉了重复的面", "repeated polygons were dropped"),
    "CROSSINGS_CUT": ("在自相交处断开并重新组成边界", "the border was rebuilt where it crossed itself"),
    "HOLES_MERGED": (
        "合并了重叠或相接的洞，去掉了面以外的洞",
        "overlapping holes were merged, and what lay outside was dropped",
    ),
    "PARTS_MERGED": ("合并了重叠或相接的面", "overlapping or adjoining polygons were merged"),
    "CRUMBS_DROPPED": ("去掉了修复留下的碎屑", "crumbs that the repair left were dropped"),
}
"""What each step of a repair means, Chinese and English."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done to a shape: a code of `WORDS`, how often, and how many square metres it changed."""

    code: str
    count: int
    area_m2: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a shape.

    `given_m2`: the area as its rings enclose it, holes taken off; `area_m2`: what it is now; `changed_m2`: what all steps together
    changed, gains and losses added; `moved_m`: how far the grid moved a vertex at most.
    """

    steps: tuple[Step, ...]
    given_m2: float
    area_m2: float
    changed_m2: float
    moved_m: float

    @property
    def repaired(self) -> bool:
        """Whether anything but the grid touched the shape."""
        return bool(self.steps)


@dataclass(slots=True)
class _Steps:
    """Counts of what is done, while it is done."""

    counts: dict[str, list[float]] = field(default_factory=dict)

    def add(self, code: str, count: int = 1, area: float = 0.0) -> None:
        if count:
            known = self.counts.setdefault(code, [0, 0.0])
            known[0] += count
            known[1] += area

    def done(self) -> tuple[Step, ...]:
        return tuple(
            Step(code, int(self.counts[code][0]), self.counts[code][1]) for code in WORDS if code in self.counts
        )


def read_area(given: Any, *, crs: Crs = Crs.CGCS2000, limits: ReadingLimits = LIMITS) -> tuple[MultiPolygon, Report]:
    """A sound MultiPolygon in CGCS2000 degrees on the grid of 1e-8, and what was done to make it so.

    `given`: a GeoJSON geometry or feature as a mapping or as text, WKB or EWKB as bytes or hexadecimal. `crs`: the system that its
    coordinates are in. Raises the classes of `geo.soundness.errors` and `geo.errors.UnknownCrsError`, and nothing else: a shape that
    could mean several areas is refused where they differ by more than `limits` allow.
    """
    steps = _Steps()
    parsed = parse(given, limits)
    _note(parsed, steps)
    declared = _agreed(crs, parsed.crs)
    rings = [ring for polygon in parsed.polygons for ring in polygon if len(ring)]
    if not rings:
        raise errors.NotAnArea if parsed.others else errors.Empty
    _check_place(np.concatenate(rings))
    moved = 0.0
    drawn: list[list[Ring]] = []
    for polygon in parsed.polygons:
        cleaned, shift = _cleaned(polygon, declared, steps)
        moved = max(moved, shift)
        if cleaned:
            drawn.append(cleaned)
    drawn = _without_repeats(drawn, steps)
    if not drawn:
        raise errors.Collapsed
    given_m2 = float(sum(_enclosed_m2(polygon) for polygon in drawn))
    area, changed = _sound(drawn, steps, limits)
    if shapely.get_num_coordinates(area) > limits.vertices:
        raise errors.TooManyVertices
    return area, Report(steps.done(), given_m2, _m2(area), changed, moved)


def _note(parsed: Parsed, steps: _Steps) -> None:
    if parsed.dimensions:
        steps.add("DIMENSIONS_DROPPED")
    if parsed.polygons:
        steps.add("COLLECTION_OPENED", parsed.collections)
        steps.add("OTHERS_DROPPED", parsed.others)


def _agreed(crs: Crs, own: Crs | None) -> Crs:
    """The system of the coordinates; WGS-84 and CGCS2000 are one."""
    same = frozenset({Crs.CGCS2000, Crs.WGS84})
    if own is None or own == crs or {own, crs} <= same:
        return crs
    raise errors.CrsContradicted


def _check_place(points: NDArray[np.float64]) -> None:
    """Raises where the coordinates cannot be those of an area in China."""
    if not np.isfinite(points).all() or np.abs(points).max() > _LARGEST_NUMBER:
        raise errors.NotFinite
    if np.abs(points).max() > _LARGEST_DEGREE:
        raise errors.Projected
    faults = coordinate_faults(points[:, 0], points[:, 1])
    if not faults.any():
        return
    if (faults == CoordinateFault.AXES_SWAPPED).any() and not (faults == CoordinateFault.NONE).any():
        raise errors.AxesSwapped
    lon = points[:, 0]
    if np.ptp(lon) > 180.0 or lon.min() < 180.0 < lon.max():
        raise errors.CrossesAntimeridian
    raise errors.OutsideOfChina


def _cleaned(polygon: list[Ring], crs: Crs, steps: _Steps) -> tuple[list[Ring], float]:
    """The rings in cells of the grid: closed, without repeated vertices; none where the shell is nothing. And metres of the largest shift."""
    kept: list[Ring] = []
    moved = 0.0
    for position, ring in enumerate(polygon):
        if len(ring) and (ring[0] != ring[-1]).any():
            steps.add("RING_CLOSED")
            ring = np.concatenate([ring, ring[:1]])
        # Positions that only the grid makes equal are its rounding and no mistake.
        steps.add("DUPLICATES_DROPPED", int((np.diff(ring, axis=0) == 0.0).all(axis=1).sum()))
        if crs not in (Crs.CGCS2000, Crs.WGS84) and len(ring):
            ring = np.column_stack(convert(ring[:, 0], ring[:, 1], crs, Crs.CGCS2000))
        placed = np.rint(ring * CELLS_PER_DEGREE)
        if len(ring):
            lon, lat = (placed / CELLS_PER_DEGREE).T
            moved = max(moved, float(distance_m(ring[:, 0], ring[:, 1], lon, lat).max()))
            placed = placed[np.concatenate([[True], (np.diff(placed, axis=0) != 0.0).any(axis=1)])]
        if len(placed) < 4:
            steps.add("RING_DROPPED")
            if position == 0:
                return [], moved
            continue
        steps.add("SPIKES_CUT", _spikes(placed))
        winding = _winding(placed)
        if winding != 0.0 and (winding < 0.0) == (position == 0):
            steps.add("RING_REVERSED")
            placed = placed[::-1]
        kept.append(placed)
    return kept, moved


def _spikes(ring: Ring) -> int:
    """Vertices at which a closed ring turns back on itself."""
    step = np.diff(ring, axis=0)
    before = np.roll(step, 1, axis=0)
    cross = before[:, 0] * step[:, 1] - before[:, 1] * step[:, 0]
    return int(((cross == 0.0) & ((before * step).sum(axis=1) < 0.0)).sum())


def _winding(ring: Ring) -> float:
    """Square cells that a closed ring winds around, counterclockwise positive; places wound around twice count twice."""
    x, y = (ring - ring[0]).T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2.0)


def _m2(shape: BaseGeometry) -> float:
    return float(area_m2(shape)[0])


def _cells_m2(shape: BaseGeometry) -> float:
    """Square metres of a shape in cells; of a polygon whose ring crosses itself, what it winds around."""
    return _m2(in_degrees(shape))


def _enclosed_m2(polygon: list[Ring]) -> float:
    return max(0.0, _cells_m2(Polygon(polygon[0])) - sum(_cells_m2(Polygon(hole)) for hole in polygon[1:]))


def _without_repeats(polygons: list[list[Ring]], steps: _Steps) -> list[list[Ring]]:
    """Each polygon once, where the same was sent several times."""
    seen: dict[bytes, list[Ring]] = {}
    for polygon in polygons:
        key = b"|".join(_canonical(ring) for ring in polygon)
        if key in seen:
            steps.add("PARTS_DROPPED")
        seen.setdefault(key, polygon)
    return list(seen.values())


def _canonical(ring: Ring) -> bytes:
    """The ring wherever it begins."""
    open_ring = ring[:-1]
    first = np.lexsort((open_ring[:, 1], open_ring[:, 0]))[0]
    return np.roll(open_ring, -first, axis=0).tobytes()


def _sound(drawn: list[list[Ring]], steps: _Steps, limits: ReadingLimits) -> tuple[MultiPolygon, float]:
    """The area of the rings, in degrees, and the square metres that making it sound has changed."""
    together = multi(Polygon(polygon[0], polygon[1:]) for polygon in drawn)
    if shapely.get_num_coordinates(together) > _FEW_VERTICES and box_crossings(together, most=_CHECKED) > _CHECKED:
        raise errors.TooComplex
    area: MultiPolygon = in_degrees(together)
    # Valid in whole cells, where nothing is rounded, and in degrees, where others will judge it.
    if shapely.is_valid(together) and shapely.is_valid(area):
        return area, 0.0
    # Edges that follow each other meet, and are no crossings.
    most = limits.crossings + int(shapely.get_num_coordinates(together))
    if box_crossings(together, most=most) > most:
        raise errors.TooComplex
    try:
        whole, changed = _repaired(drawn, steps, limits)
        area, dropped = _without_crumbs(_valid_in_degrees(whole), steps, limits)
    except shapely.errors.GEOSException as error:
        raise errors.Ambiguous from error
    changed += dropped
    if area.is_empty:
        raise errors.Collapsed
    if changed > max(limits.ambiguous_m2, limits.ambiguous_share * _m2(area)):
        raise errors.Ambiguous
    return area, changed


def _repaired(drawn: list[list[Ring]], steps: _Steps, limits: ReadingLimits) -> tuple[MultiPolygon, float]:
    """Each polygon rebuilt, then all together, in cells; the square metres by which the result is not what the rings enclose.

    What rings enclose counts loops by their sense of turning, holes by themselves, and parts by themselves; where nothing crosses or
    overlaps it is the area itself, and where something does the difference is what another reading would give. Raises `errors.Ambiguous`.
    """
    shapes: list[BaseGeometry] = []
    changed = 0.0
    for polygon in drawn:
        shell, by_crossing = _rebuilt(polygon[0])
        holes = []
        for ring in polygon[1:]:
            hole, by_ring = _rebuilt(ring)
            holes.append(hole)
            by_crossing += by_ring
        crossed = sum(not shapely.is_valid(Polygon(ring)) for ring in polygon)
        if crossed:
            steps.add("CROSSINGS_CUT", crossed, by_crossing)
        shape, by_holes = shell, 0.0
        if holes:
            shape = shapely.difference(shell, shapely.union_all(holes, grid_size=1.0), grid_size=1.0)
            # What lies outside of the shell or in several holes was taken off in vain.
            by_holes = max(0.0, sum(map(_cells_m2, holes)) - (_cells_m2(shell) - _cells_m2(shape)))
            if not crossed and not shapely.is_valid(Polygon(polygon[0], polygon[1:])):
                steps.add("HOLES_MERGED", 1, by_holes)
        changed += by_crossing + by_holes
        shapes.append(shape)
    # Before the parts of a scribble are overlaid, which takes far longer than to find out that it is one.
    if changed > max(limits.ambiguous_m2, limits.ambiguous_share * sum(map(_cells_m2, shapes))):
        raise errors.Ambiguous
    together = shapes[0] if len(shapes) == 1 else shapely.union_all(shapes, grid_size=1.0)
    whole = multi(polygons(shapely.set_precision(together, 1.0)))
    if len(shapes) > 1:
        by_overlap = max(0.0, sum(map(_cells_m2, shapes)) - _cells_m2(whole))
        if not shapely.is_valid(multi(part for shape in shapes for part in polygons(shape))):
            steps.add("PARTS_MERGED", len(shapes), by_overlap)
        changed += by_overlap
    return whole, changed


def _rebuilt(ring: Ring) -> tuple[BaseGeometry, float]:
    """The area of a ring in cells, and square metres by which it is not what the ring winds around."""
    drawn = Polygon(ring)
    if shapely.is_valid(drawn):
        return drawn, 0.0
    shape = shapely.make_valid(drawn, method="structure", keep_collapsed=False)
    return shape, abs(_cells_m2(shape) - _cells_m2(drawn))


def _valid_in_degrees(whole: MultiPolygon) -> MultiPolygon:
    """An area in cells as one in degrees, where lines that only just miss each other in cells may meet. Raises `errors.Ambiguous`."""
    area: MultiPolygon = in_degrees(shapely.orient_polygons(whole))
    if shapely.is_valid(area):
        return area
    mended = shapely.set_precision(in_cells(shapely.make_valid(area, method="structure", keep_collapsed=False)), 1.0)
    area = in_degrees(shapely.orient_polygons(multi(polygons(mended))))
    if not shapely.is_valid(area):
        raise errors.Ambiguous
    return area


def _without_crumbs(area: MultiPolygon, steps: _Steps, limits: ReadingLimits) -> tuple[MultiPolygon, float]:
    parts = np.array(area.geoms, dtype=object)
    if len(parts) < 2:
        return area, 0.0
    sizes = area_m2(parts)
    crumbs = sizes < limits.crumb_m2
    crumbs[sizes.argmax()] = False
    if not crumbs.any():
        return area, 0.0
    dropped = float(sizes[crumbs].sum())
    steps.add("CRUMBS_DROPPED", int(crumbs.sum()), dropped)
    return multi(parts[~crumbs]), dropped
