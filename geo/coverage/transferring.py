"""Land changes hands: what drawing, giving, merging, cutting holes and filling gaps come down to."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely import GEOSException, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.coverage.arrangement import Arrangement, Cells, arrange, boundary_lines, enclosed, sheet
from geo.coverage.changes import Change, Moved, balance, finish
from geo.coverage.errors import LandTaken, NoArea, NotExact, NothingThere, NoTool, SameArea
from geo.coverage.grid import EMPTY, NO_BOXES, Ints, cells, doubled_area, multi, polygons

Areas = Mapping[str, MultiPolygon]

DUST_CELLS: Final = 100
"""A piece left over is dust when it is smaller than a square of so many cells (11 cm) …"""
THIN_CELLS: Final = 4
"""… or thinner, on average, than so many cells (4 mm): its area by half its outline."""


@dataclass(frozen=True)
class Region:
    """The polygons of a tool as closed lines in cells: each shell with its holes."""

    rings: list[list[Ints]]

    @classmethod
    def of(cls, shapes: Iterable[BaseGeometry]) -> "Region":
        """Raises `NoTool` where there is no polygon, or a coordinate is not finite."""
        parts: list[Polygon] = []
        for shape in shapes:
            if not np.isfinite(shapely.get_coordinates(shape)).all():
                raise NoTool
            parts.extend(polygons(shape))
        if not parts:
            raise NoTool
        return cls(
            [
                [cells(shapely.get_coordinates(ring)) for ring in (part.exterior, *part.interiors)]
                for part in _outline(parts)
            ]
        )

    @property
    def lines(self) -> list[Ints]:
        return [line for rings in self.rings for line in rings]

    def land(self, noded: Sequence[Ints]) -> MultiPolygon:
        """The land of the region, from its noded lines. Raises `NoTool` where it encloses none."""
        lands: list[MultiPolygon] = []
        at = 0
        for rings in self.rings:
            shell, *holes = noded[at : at + len(rings)]
            at += len(rings)
            land = enclosed([shell])
            if holes:
                land = multi(polygons(shapely.difference(land, enclosed(holes))))
            lands.append(land)
        whole = lands[0] if len(lands) == 1 else multi(polygons(shapely.unary_union(lands)))
        if whole.is_empty:
            raise NoTool
        return whole


def transfer(
    areas: Areas,
    region: BaseGeometry | Sequence[BaseGeometry],
    to: str | None,
    sources: Collection[str | None] | None = None,
) -> Change:
    """The land of `region` goes to a code (a new one, too), or to nobody (None).

    `areas`: code → area in CGCS2000 degrees: at least all that touch the envelope of the region (see `reach`), and `to`'s own.
    `region`: polygons in degrees; a line that crosses itself stands for all that it encloses. `sources`: from whom land is
    taken, None in it being nobody's land; without it, from everybody and from nobody.
    Dust is not left behind: it goes along, or stays where it is.
    Raises `NoTool`, `NothingThere` when no land changes hands, `TooComplex`, `NotExact`.
    """
    shapes = [region] if isinstance(region, BaseGeometry) else list(region)
    tool = Region.of(shapes)

    def move(made: Arrangement) -> tuple[dict[str, MultiPolygon], list[Moved]]:
        return reassign(made.areas, [(tool.land(made.lines), to, sources)])

    change = applied(areas, tool.lines, move)
    if not change.pieces:
        raise NothingThere
    return change


def _outline(parts: list[Polygon]) -> list[Polygon]:
    """Polygons in degrees that share their borders, as communities do, without these; others as they are."""
    if len(parts) < 2:
        return parts
    try:
        whole = polygons(shapely.coverage_union_all(parts))
    except GEOSException:
        return parts
    sizes = sum(part.area for part in parts)
    same = all(part.is_valid for part in whole) and abs(sum(part.area for part in whole) - sizes) <= 1e-9 * sizes
    return whole if same else parts


Move = tuple[MultiPolygon, str | None, Collection[str | None] | None]
"""land in cells, who gets it, from whom (None: from everybody and nobody)"""


def applied(
    areas: Areas,
    lines: Sequence[Ints],
    verb: Callable[[Arrangement], tuple[dict[str, MultiPolygon], list[Moved]]],
) -> Change:
    """Arranges, does the verb, checks it in whole numbers. Where the areas prove not to share their vertices, all of them are
    noded first."""
    before = sheet(areas)
    for unsettled in (False, True):
        try:
            made = arrange(before, lines, unsettled=unsettled)
            after, moved = verb(made)
            balance(made.areas, after, moved)
            return finish(areas, before, after, moved, made.bent)
        except (NotExact, GEOSException):
            continue
    raise NotExact


def reassign(areas: Cells, moves: Iterable[Move]) -> tuple[dict[str, MultiPolygon], list[Moved]]:
    """Noded areas and noded lands in cells → the areas afterwards, and what moved from whom to whom."""
    now = dict(areas)
    moved: list[Moved] = []
    for land, to, sources in moves:
        gained: list[Polygon] = []
        near = [code for code, area in now.items() if not area.is_empty and _boxes_meet(area, land)]
        givers = [code for code in near if code != to and (sources is None or code in sources)]
        if givers:
            held = np.array([now[code] for code in givers], dtype=object)
            taken = shapely.intersection(held, land)
            for code, area, share in zip(givers, held, taken, strict=True):
                parts, left = _without_dust(area, polygons(share), land)
                if parts:
                    moved.append(Moved(code, to, multi(parts)))
                    now[code] = left
                    gained.extend(parts)
        if to is not None and (sources is None or None in sources):
            # As it was before: what givers kept as dust, and what other moves took, is not nobody's.
            holders = [area for area in areas.values() if not area.is_empty and _boxes_meet(area, land)]
            shares = shapely.intersection(np.array(holders, dtype=object), land)
            free = polygons(shapely.difference(land, shapely.union_all(shares)) if holders else land)
            if free:
                moved.append(Moved(None, to, multi(free)))
                gained.extend(free)
        if to is not None and gained:
            own = now.get(to, EMPTY)
            now[to] = united([*own.geoms, *gained])
    return now, moved


def united(parts: list[Polygon]) -> MultiPolygon:
    """Noded land together. Where nothing of it overlaps, shared edges drop out, which is quicker than an overlay."""
    try:
        whole = multi(polygons(shapely.coverage_union_all(parts)))
        if doubled_area(whole) == sum(map(doubled_area, parts)) and whole.is_valid:
            return whole
    except GEOSException:
        pass
    return multi(polygons(shapely.union_all(parts)))


def _boxes_meet(a: BaseGeometry, b: BaseGeometry) -> bool:
    west, south, east, north = a.bounds
    other_west, other_south, other_east, other_north = b.bounds
    return west <= other_east and east >= other_west and south <= other_north and north >= other_south


def is_dust(part: Polygon) -> bool:
    """Whether a polygon in cells is too small or too thin to be anybody's land of its own."""
    size = doubled_area(part)
    return size < 2 * DUST_CELLS**2 or size < THIN_CELLS * part.length


def _without_dust(area: MultiPolygon, taken: list[Polygon], land: MultiPolygon) -> tuple[list[Polygon], MultiPolygon]:
    """The parts that an area gives, and what it keeps: dust among the first stays, dust among the second goes along."""
    kept = polygons(shapely.difference(area, land))
    if not kept:
        return taken, EMPTY
    given = [part for part in taken if not is_dust(part)]
    if not given:
        return [], area
    stays = [part for part in taken if is_dust(part)]
    dust = [part for part in kept if is_dust(part)]
    old = {shapely.normalize(part).wkb for part in area.geoms} if dust else set()
    goes = [part for part in dust if shapely.normalize(part).wkb not in old]
    if goes:
        given = polygons(shapely.union_all([*given, *goes]))
    left = [part for part in kept if part not in goes]
    if stays:
        left = polygons(shapely.union_all([*left, *stays]))
    return given, multi(left)


def give(
    areas: Areas,
    region: BaseGeometry | Sequence[BaseGeometry],
    to: str | None,
    sources: Collection[str] | None = None,
) -> Change:
    """A lasso's or brush's land goes to a code or to nobody: from everybody and nobody, or only from `sources`.

    Arguments and errors as `transfer`; `NoArea` when one of `sources` has no area here.
    """
    if sources is not None:
        require(areas, *sources)
    return transfer(areas, region, to, sources)


def assign(areas: Areas, wholes: Sequence[BaseGeometry], to: str | None) -> Change:
    """Whole areas, such as communities, go to a code or to nobody, whosever they were. Arguments and errors as `transfer`."""
    return transfer(areas, wholes, to)


def draw(
    areas: Areas, code: str, region: BaseGeometry, *, take: bool = False, within: BaseGeometry | None = None
) -> Change:
    """A code gets the land of `region` beside what it has: nobody's land only, and that `within`, or all of it with `take`.

    A region that lies outside as a whole, or whose rings cross, is taken as it was drawn. Arguments and errors as `transfer`;
    `LandTaken` when none of it is nobody's.
    """
    if within is not None and not take and region.is_valid:
        inside = multi(polygons(shapely.intersection(region, within)))
        region = region if inside.is_empty else inside
    try:
        return transfer(areas, region, code, None if take else {None})
    except NothingThere:
        if take:
            raise
        raise LandTaken from None


def cut_hole(areas: Areas, code: str, region: BaseGeometry) -> Change:
    """The land of `region` that a code has becomes nobody's. Arguments and errors as `transfer`, and `NoArea`."""
    require(areas, code)
    return transfer(areas, region, None, {code})


def merge(areas: Areas, code: str, into: str) -> Change:
    """All land of a code goes to another. `areas`: at least these two and all that touch the first.

    Raises `NoArea`, `SameArea`, `NotExact`.
    """
    if code == into:
        raise SameArea
    require(areas, code, into)

    def move(made: Arrangement) -> tuple[dict[str, MultiPolygon], list[Moved]]:
        return reassign(made.areas, [(made.areas[code], into, {code})])

    return applied({code: areas[code], into: areas[into]}, [], move)


def remove(areas: Areas, code: str) -> Change:
    """All land of a code becomes nobody's. Raises `NoArea`."""
    require(areas, code)
    before = sheet({code: areas[code]})
    return finish(areas, before, {code: EMPTY}, [Moved(code, None, before[code])], NO_BOXES)


def replace(areas: Areas, code: str, area: BaseGeometry) -> Change:
    """A code has this area from now on, whosever land it is: the only verb that may leave an overlap. `areas` as for
    `transfer`, with the code's present area if it has one.

    A ring that crosses itself is read as valid polygons the way GEOS's `structure` method does. Raises `NoTool`.
    """
    if not np.isfinite(shapely.get_coordinates(area)).all():
        raise NoTool
    given = multi(polygons(sheet({code: multi(polygons(area))})[code]))
    if not given.is_valid:
        given = multi(polygons(shapely.make_valid(given, method="structure", keep_collapsed=False)))
        # What was repaired may have corners between the cells.
        given = multi(polygons(shapely.set_precision(given, 1.0)))
    if given.is_empty:
        raise NoTool
    before = sheet(areas)
    old = before.get(code, EMPTY)
    rest = {other: held for other, held in before.items() if other != code}
    made = arrange({**rest, code: given}, boundary_lines(given))
    lost = multi(polygons(shapely.difference(old, made.areas[code])))
    won = multi(polygons(shapely.difference(made.areas[code], old)))
    return finish(areas, before, made.areas, [Moved(code, None, lost), Moved(None, code, won)], made.bent)


def require(areas: Areas, *codes: str) -> None:
    if any(code not in areas or areas[code].is_empty for code in codes):
        raise NoArea
