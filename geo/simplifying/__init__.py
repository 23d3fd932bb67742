"""Areas drawn coarsely: borders that areas share stay shared, at every zoom, whatever else is on the map."""

from geo.simplifying.outlines import Outlines, flatten
from geo.simplifying.ranking import Ranked, Square, drawn, in_square, rank, thinned

__all__ = ["Outlines", "Ranked", "Square", "drawn", "flatten", "in_square", "rank", "thinned"]
