"""Mending a defect in one of its ways: the changed areas, with borders shared as before."""

import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from geo.coverage import Change, cut_hole, remove, replace, transfer
from geo.coverage.errors import NothingThere
from geo.coverage.grid import canonical, multi, polygons
from geo.coverage.transferring import Areas, require
from geo.soundness.defects.kinds import (
    CLIP,
    COMMUNITY_SHARED,
    DROP_DUPLICATES,
    GAP,
    GIVE,
    HOLE,
    MEND,
    OVERLAP,
    REMOVE,
    UNOWNED_COMMUNITY,
    Defect,
    Way,
)
from geo.soundness.errors import ShapeRefused

_OF_NOBODY = (GAP, HOLE, UNOWNED_COMMUNITY)


class NoSuchWay(ShapeRefused):
    code = "REPAIR_WAY_UNKNOWN"
    zh = "这个问题不能这样修复；请从列出的办法中选一个。"
    en = "This defect cannot be mended in this way. Choose one of those listed."


def repair(areas: Areas, defect: Defect, way: Way) -> Change:
    """What a way makes of the areas. `areas`: all that touch the box of the defect's place, and those of the teams that it and the way
    name. Nobody else's land is touched: an overlap goes to one of its two, a gap is filled, a part or a whole territory
    handed over.

    Raises `NoSuchWay` for a way that the defect does not offer, and `geo.coverage.CoverageError`.
    """
    if way not in defect.ways:
        raise NoSuchWay
    team = way.team_code
    if way.code == MEND and team is not None:
        require(areas, team)
        # As if the team came anew: what it had cannot be compared with anything.
        return replace({code: area for code, area in areas.items() if code != team}, team, areas[team])
    if way.code == DROP_DUPLICATES and team is not None:
        require(areas, team)
        return Change({team: canonical(shapely.remove_repeated_points(areas[team], 0.0))}, (), frozenset({team}))
    if way.code == REMOVE and team is not None:
        return remove(areas, team)
    if way.code == CLIP and team is not None:
        return transfer(areas, defect.place, None, {team})
    if way.code == GIVE and team is not None:
        return _given(areas, defect, team)
    raise NoSuchWay


def _given(areas: Areas, defect: Defect, team: str) -> Change:
    if defect.kind == OVERLAP:
        # The other keeps what the team does not have: cut along the team's own border, wherever it has been noded.
        require(areas, team)
        (loser,) = (code for code in defect.team_codes if code != team)
        return cut_hole(areas, loser, _reaching(areas[team], defect.place))
    if defect.code == COMMUNITY_SHARED:
        return transfer(
            areas, defect.place, team, {code for code in defect.team_codes if code != team and code in areas}
        )
    if defect.kind in _OF_NOBODY:
        return transfer(areas, defect.place, team, {None})
    return transfer(areas, defect.place, team, {code for code in defect.team_codes if code in areas})


def _reaching(area: MultiPolygon, place: BaseGeometry) -> MultiPolygon:
    """The parts of an area that reach a place."""
    reaching = multi(part for part in polygons(area) if shapely.intersects(part, place))
    if reaching.is_empty:
        raise NothingThere
    return reaching
