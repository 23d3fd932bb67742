"""A way along existing borders, for a tool that follows a neighbour."""

import itertools
from heapq import heappop, heappush
from math import cos, hypot, radians

import numpy as np
from shapely import LineString

from geo.coverage.arrangement import Edges, sheet, undirected
from geo.coverage.errors import NotConnected
from geo.coverage.grid import CELLS_PER_DEGREE, Coordinate
from geo.coverage.transferring import Areas
from geo.coverage.vertices import NEAR_DEG, Pair, nearest_edge

Graph = dict[Pair, dict[Pair, float]]


def trace(
    areas: Areas, start: Coordinate, end: Coordinate, *, long_way: bool = False, within: float = NEAR_DEG
) -> LineString:
    """The shortest line along borders from the border nearest to one place to that nearest to another, in degrees.

    `long_way`: the shortest of those that share no edge with the shortest: around the other side. `within`: degrees; how far
    from a place a border may be. Raises `NoBorderThere`, `NotConnected`.
    """
    before = sheet(areas)
    unique, _ = undirected(Edges.of(before).ends)
    shrink = cos(radians(float(start[1])))
    graph: Graph = {}
    for x1, y1, x2, y2 in unique.tolist():
        _link(graph, (x1, y1), (x2, y2), shrink)
    from_edge, to_edge = nearest_edge(before, start, within), nearest_edge(before, end, within)
    first, last = _joined(graph, from_edge, shrink), _joined(graph, to_edge, shrink)
    if set(from_edge[:2]) == set(to_edge[:2]):
        _link(graph, first, last, shrink)
    way = _shortest(graph, first, last)
    if long_way:
        for a, b in itertools.pairwise(way):
            del graph[a][b], graph[b][a]
        way = _shortest(graph, first, last)
    if len(way) < 2:
        raise NotConnected
    return LineString(np.array(way, dtype=np.float64) / CELLS_PER_DEGREE)


def _link(graph: Graph, a: Pair, b: Pair, shrink: float) -> None:
    length = hypot((b[0] - a[0]) * shrink, b[1] - a[1])
    graph.setdefault(a, {})[b] = length
    graph.setdefault(b, {})[a] = length


def _joined(graph: Graph, found: tuple[Pair, Pair, Pair], shrink: float) -> Pair:
    """The place on an edge as a vertex of the graph."""
    a, b, foot = found
    if foot in graph:
        return foot
    graph[a].pop(b, None)
    graph[b].pop(a, None)
    _link(graph, a, foot, shrink)
    _link(graph, foot, b, shrink)
    return foot


def _shortest(graph: Graph, start: Pair, end: Pair) -> list[Pair]:
    """The vertices of the shortest way (Dijkstra); raises `NotConnected`."""
    far: dict[Pair, float] = {start: 0.0}
    came: dict[Pair, Pair] = {}
    queue = [(0.0, start)]
    while queue:
        length, here = heappop(queue)
        if here == end:
            way = [end]
            while way[-1] != start:
                way.append(came[way[-1]])
            return way[::-1]
        if length > far[here]:
            continue
        for there, step in graph.get(here, {}).items():
            if length + step < far.get(there, np.inf):
                far[there], came[there] = length + step, here
                heappush(queue, (length + step, there))
    raise NotConnected
