"""Several areas at once get the shapes that somebody has chosen for them, as far as nobody else's land is touched."""

from collections.abc import Mapping

import shapely
from shapely import MultiPolygon

from geo.coverage.arrangement import Arrangement
from geo.coverage.changes import Change, Moved
from geo.coverage.errors import NothingThere
from geo.coverage.grid import EMPTY, multi, polygons
from geo.coverage.transferring import Areas, Move, Region, applied, reassign


def claim(areas: Areas, wanted: Mapping[str, MultiPolygon | None]) -> Change:
    """The codes of `wanted` have these areas from now on (None: no area), as far as the land is theirs already, or nobody's.

    `areas`: as for `transfer`, with what the codes have now. `wanted` must not overlap among themselves. Land of other codes stays
    theirs; what one of `wanted` has and none of them wants becomes nobody's. Raises `NothingThere` when no land changes hands,
    `TooComplex`, `NotExact`.
    """
    regions = {code: Region.of([area]) for code, area in wanted.items() if area is not None and not area.is_empty}
    lines = [line for region in regions.values() for line in region.lines]

    def move(made: Arrangement) -> tuple[dict[str, MultiPolygon], list[Moved]]:
        moves: list[Move] = []
        at = 0
        for code, region in regions.items():
            until = at + len(region.lines)
            moves.append((region.land(made.lines[at:until]), code, {*wanted, None} - {code}))
            at = until
        every = shapely.union_all([land for land, _, _ in moves])
        for code in wanted:
            unwanted = multi(polygons(shapely.difference(made.areas.get(code, EMPTY), every)))
            if not unwanted.is_empty:
                moves.append((unwanted, None, {code}))
        return reassign(made.areas, moves)

    change = applied(areas, lines, move)
    if not change.pieces:
        raise NothingThere
    return change
