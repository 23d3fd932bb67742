"""What a verb answers: the areas that it changed, and which land went from whom to whom."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from geo.coverage.arrangement import Cells, box_around
from geo.coverage.errors import NotExact
from geo.coverage.grid import (
    CELLS_PER_DEGREE,
    EMPTY,
    Envelope,
    Ints,
    canonical,
    doubled_area,
    in_degrees,
    multi,
    polygons,
)


@dataclass(frozen=True)
class Piece:
    """Land that changed hands. `from_code`, `to_code`: None is nobody. `area`: degrees."""

    from_code: str | None
    to_code: str | None
    area: MultiPolygon


@dataclass(frozen=True)
class Change:
    """`areas`: code → the new area in degrees, None where nothing is left; only areas that changed, and all of them.
    `pieces`: the land that changed hands. `noded`: those of `areas` whose land is the same, and that only got the vertices that
    they share with a neighbour. `around`: the degrees in which edges got vertices, None where none did: whoever has an area there must have
    been among the areas given (`perform` sees to it)."""

    areas: Mapping[str, MultiPolygon | None]
    pieces: tuple[Piece, ...]
    noded: frozenset[str] = frozenset()
    around: Envelope | None = None

    def __bool__(self) -> bool:
        return bool(self.areas)


@dataclass(frozen=True)
class Moved:
    """Land that changed hands, in cells."""

    from_code: str | None
    to_code: str | None
    area: MultiPolygon


def finish(
    before: Mapping[str, BaseGeometry], cells_before: Cells, cells_after: Cells, moved: Iterable[Moved], bent: Ints
) -> Change:
    """The change from areas in degrees to areas in cells; what came out as it was is left out."""
    changed: dict[str, MultiPolygon | None] = {}
    for code, area in cells_after.items():
        was = cells_before.get(code)
        if area is was:
            continue
        if area.is_empty:
            if was is not None and not was.is_empty:
                changed[code] = None
            continue
        xy = shapely.get_coordinates(area)
        if bool((xy != np.rint(xy)).any()) or not area.is_valid:
            raise NotExact
        now = canonical(in_degrees(area))
        if code in before and now == canonical(before[code]):
            continue
        changed[code] = now
    pieces = tuple(
        Piece(land.from_code, land.to_code, canonical(in_degrees(land.area)))
        for land in _gathered(moved)
        if not land.area.is_empty
    )
    of_pieces = {code for piece in pieces for code in (piece.from_code, piece.to_code)}
    box = (box_around(bent) / CELLS_PER_DEGREE).tolist()
    return Change(changed, pieces, frozenset(changed) - of_pieces, tuple(box[0]) if box else None)


def _gathered(moved: Iterable[Moved]) -> list[Moved]:
    """One for each pair of giver and taker, in their order."""
    of_pair: dict[tuple[str | None, str | None], list[MultiPolygon]] = {}
    for land in moved:
        of_pair.setdefault((land.from_code, land.to_code), []).append(land.area)
    return [
        Moved(giver, taker, lands[0] if len(lands) == 1 else multi(polygons(shapely.unary_union(lands))))
        for (giver, taker), lands in sorted(of_pair.items(), key=lambda item: tuple(code or "" for code in item[0]))
    ]


def balance(before: Cells, after: Cells, moved: Iterable[Moved]) -> None:
    """Raises `NotExact` unless each area is what it was, less what it gave, plus what it took: in whole numbers."""
    owed: dict[str, int] = {}
    moved = list(moved)
    for land in moved:
        size = doubled_area(land.area)
        for code, sign in ((land.from_code, -1), (land.to_code, 1)):
            if code is not None:
                owed[code] = owed.get(code, 0) + sign * size
    for code, difference in owed.items():
        was = doubled_area(before[code]) if code in before else 0
        if doubled_area(after[code]) - was != difference and not _overlapped(before, after, moved, code):
            raise NotExact


def _overlapped(before: Cells, after: Cells, moved: Iterable[Moved], code: str) -> bool:
    """Whether sizes do not add up only because the code had some of the land already: areas overlapped before."""
    land: BaseGeometry = before.get(code, EMPTY)
    for given in moved:
        if given.from_code == code:
            land = shapely.difference(land, given.area)
    land = shapely.union_all([land, *(taken.area for taken in moved if taken.to_code == code)])
    return doubled_area(land) == doubled_area(after[code])
