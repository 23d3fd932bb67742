"""Which areas cover which points, how far the others are: over whole arrays, exactly as PostGIS says."""

from geo.matching.discs import Circles, circles
from geo.matching.index import AreaIndex, Matches, Neighbours

__all__ = ["AreaIndex", "Circles", "Matches", "Neighbours", "circles"]
