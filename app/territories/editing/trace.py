"""A line along the borders of a draft, to draw with: whoever follows a neighbour shares every vertex of the border."""

from shapely import LineString
from sqlalchemy import Connection

from app.territories.editing import repository
from geo import coverage
from geo.coverage.vertices import NEAR_DEG

Position = tuple[float, float]


def trace(
    connection: Connection, plan_id: int, start: Position, end: Position, *, long_way: bool = False
) -> LineString:
    """The shortest way along borders between two places (lon, lat in CGCS2000 degrees), or the other way around.

    Raises `geo.coverage.errors.NoBorderThere`, `NotConnected`.
    """
    near = repository.read_areas(connection, plan_id, coverage.reach(start, end, margin=NEAR_DEG))
    # The way may leave the box of its ends, but not the areas that it runs along.
    around = coverage.reach(start, end, *near.values(), margin=NEAR_DEG) if near else coverage.reach(start, end)
    areas = repository.read_areas(connection, plan_id, around)
    return coverage.trace(areas, start, end, long_way=long_way)
