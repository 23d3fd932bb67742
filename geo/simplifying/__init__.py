"""Areas drawn coarsely: borders that areas share stay shared, at every zoom, whatever else is on the map."""

from geo.simplifying.outlines import Outlines, flatten
from geo.simplifying.ranking import Ranked, drawn, rank

__all__ = ["Outlines", "Ranked", "drawn", "flatten", "rank"]
