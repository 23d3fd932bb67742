"""Many points that stay, asked about areas that come and go: which of them an area covers, which ones a changed area concerns."""

from geo.points.edges import Edges, changed_edges, crossings_at_most, edges_of
from geo.points.index import PointIndex

__all__ = ["Edges", "PointIndex", "changed_edges", "crossings_at_most", "edges_of"]
