"""Coordinate systems used in China, converted over whole arrays; plausibility and distances of coordinates.

CGCS2000 (EPSG:4490, the internal system) and WGS-84 (EPSG:4326) differ by centimetres in today's coordinates and are taken
as one. GCJ-02 and BD-09 have no EPSG code: they are shifts of some hundred metres on top of WGS-84, defined by formulas.
All coordinates are degrees, longitude first; nothing here changes the arrays it is given.
"""

from geo.crs.distance import distance_m
from geo.crs.plausibility import CoordinateFault, coordinate_faults, inside_china
from geo.crs.shifts import convert
from geo.crs.systems import Crs, parse_crs
from geo.errors import UndeclaredCrsError, UnknownCrsError

__all__ = [
    "CoordinateFault",
    "Crs",
    "UndeclaredCrsError",
    "UnknownCrsError",
    "convert",
    "coordinate_faults",
    "distance_m",
    "inside_china",
    "parse_crs",
]
