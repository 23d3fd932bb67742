"""What somebody has drawn, as geometry in CGCS2000 degrees."""

from typing import Any, Final

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Polygon

from app.errors import OutsideChina
from app.territories.at import EAST, NORTH, SOUTH, WEST
from app.territories.editing.errors import BadShape, TooLargeToEdit
from app.territories.editing.schemas import MOST_POSITIONS, DrawnArea, DrawnLine
from geo.soundness import read_area

MOST_RINGS: Final = 2_000


def area_of(drawn: DrawnArea) -> MultiPolygon:
    """An area as a GIS client sends it: repaired where it says plainly what is meant. Raises `geo.errors.GeoError` with the reason otherwise."""
    return read_area(drawn.model_dump())[0]


def region_of(drawn: DrawnArea) -> MultiPolygon:
    """What a hand has drawn, as it was drawn: a lasso that crosses itself stands for all that it encloses (`geo.coverage`).

    Raises `BadShape`, `TooLargeToEdit`, `OutsideChina`.
    """
    polygons = [drawn.coordinates] if drawn.type == "Polygon" else drawn.coordinates
    try:
        rings = [[_ring(ring) for ring in polygon] for polygon in polygons]
    except (TypeError, ValueError, LookupError, OverflowError) as error:
        raise BadShape from error
    if not all(rings):
        raise BadShape
    if sum(len(polygon) for polygon in rings) > MOST_RINGS:
        raise TooLargeToEdit
    if sum(len(ring) for polygon in rings for ring in polygon) > MOST_POSITIONS:
        raise TooLargeToEdit
    region = MultiPolygon([Polygon(polygon[0], polygon[1:]) for polygon in rings])
    _check_place(shapely.get_coordinates(region))
    return region


def line_of(drawn: DrawnLine) -> LineString:
    """The drawn line. Raises `OutsideChina`."""
    coordinates: list[Any] = list(drawn.coordinates)
    line = LineString(coordinates)
    _check_place(shapely.get_coordinates(line))
    return line


def _ring(positions: Any) -> Any:
    """float64 (n, 2), closed where it was left open; a third value of a position is left out."""
    ring = np.array([(position[0], position[1]) for position in positions])
    if ring.dtype.kind not in "if" or ring.ndim != 2 or len(ring) < 3:
        raise ValueError("no ring")
    ring = ring.astype(np.float64)
    return ring if (ring[0] == ring[-1]).all() and len(ring) > 3 else np.vstack([ring, ring[:1]])


def _check_place(points: Any) -> None:
    inside = (points[:, 0] >= WEST) & (points[:, 0] <= EAST) & (points[:, 1] >= SOUTH) & (points[:, 1] <= NORTH)
    if not inside.all():
        raise OutsideChina
