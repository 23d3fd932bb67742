"""Contiguous groups of areas: who borders on whom, and regions grown over that."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from app.sample.draws import Floats, Ints, tally


@dataclass(frozen=True)
class Borders:
    """Pairs of areas with a common border; each pair is listed in both directions."""

    left: Ints
    right: Ints
    length: Floats
    """Metres."""


def shared_borders(polygons: NDArray[Any], metres: tuple[float, float]) -> Borders:
    """Common borders of a coverage whose neighbours share their vertices exactly.

    ``polygons``: shape (n,), degrees; ``metres``: metres of a degree of longitude and latitude.
    """
    rings, owner = shapely.get_rings(polygons, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    joined = ring[:-1] == ring[1:]
    start, stop, of = points[:-1][joined], points[1:][joined], owner[ring[:-1][joined]]
    swap = (start[:, 0] > stop[:, 0]) | ((start[:, 0] == stop[:, 0]) & (start[:, 1] > stop[:, 1]))
    low, high = np.where(swap[:, None], stop, start), np.where(swap[:, None], start, stop)
    order = np.lexsort((of, high[:, 1], high[:, 0], low[:, 1], low[:, 0]))
    low, high, of = low[order], high[order], of[order]
    same = (low[:-1] == low[1:]).all(axis=1) & (high[:-1] == high[1:]).all(axis=1) & (of[:-1] != of[1:])
    first, second = of[:-1][same], of[1:][same]
    span = np.hypot(*((high - low)[:-1][same] * metres).T)
    size = len(polygons)
    pairs, where = np.unique(np.concatenate([first * size + second, second * size + first]), return_inverse=True)
    length = tally(where, np.concatenate([span, span]), len(pairs))
    return Borders(pairs // size, pairs % size, length)


@dataclass(frozen=True)
class Graph:
    """Areas as nodes with the cost in metres of stepping from one to the next."""

    steps: tuple[tuple[tuple[int, float], ...], ...]

    def within(self, members: Ints) -> dict[int, list[tuple[int, float]]]:
        inside = set(members.tolist())
        return {node: [step for step in self.steps[node] if step[0] in inside] for node in members.tolist()}


def connect(borders: Borders, centres: Floats) -> Graph:
    """A graph over all areas. Parts that water keeps apart are joined by their shortest crossing, at eight times its length."""
    steps: list[list[tuple[int, float]]] = [[] for _ in range(len(centres))]
    spans = np.hypot(*(centres[borders.left] - centres[borders.right]).T)
    for left, right, span in zip(borders.left.tolist(), borders.right.tolist(), spans.tolist(), strict=True):
        steps[left].append((right, span))
    part = _parts(steps)
    while part.max() > 0:
        near = part == 0
        tree = shapely.STRtree(shapely.points(centres[near]))
        others = np.flatnonzero(~near)
        (which, found), gaps = tree.query_nearest(
            shapely.points(centres[others]), return_distance=True, all_matches=False
        )
        best = int(np.argmin(gaps))
        here, there = int(others[which[best]]), int(np.flatnonzero(near)[found[best]])
        cost = 8 * float(gaps[best])
        steps[here].append((there, cost))
        steps[there].append((here, cost))
        part = _parts(steps)
    return Graph(tuple(tuple(step) for step in steps))


def _parts(steps: list[list[tuple[int, float]]]) -> Ints:
    part = np.full(len(steps), -1, dtype=np.int64)
    count = 0
    for start in range(len(steps)):
        if part[start] >= 0:
            continue
        part[start], stack = count, [start]
        while stack:
            for step, _ in steps[stack.pop()]:
                if part[step] < 0:
                    part[step] = count
                    stack.append(step)
        count += 1
    return part


def grow(graph: Graph, members: Ints, weight: Floats, centres: Floats, count: int, rng: np.random.Generator) -> Ints:
    """Divides ``members`` (node numbers) into at most ``count`` contiguous regions of similar weight.

    ``weight`` and ``centres`` (metres) are those of all nodes. Returns the region of each member, shape (len(members),).
    Regions start from seeds far apart and grow along the graph; each round moves a seed to its region's middle and slows
    down a region that has become too heavy.
    """
    count = min(count, len(members))
    steps = graph.within(members)
    seeds = _far_apart(members, weight, centres, count, rng)
    pace = np.ones(count)
    mean = float(weight[members].sum()) / count
    best, spread = np.zeros(len(members), dtype=np.int64), np.inf
    for _ in range(10):
        region = _spread(steps, members, seeds, pace)
        loads = tally(region, weight[members], count)
        uneven = float(loads.max() / mean)
        if uneven < spread:
            best, spread = region, uneven
        pace = np.clip(pace * (loads / mean) ** 0.35, 0.25, 4.0)
        for index in range(count):
            own = members[region == index]
            middle = np.average(centres[own], axis=0, weights=weight[own] + 1e-9)
            seeds[index] = own[int(np.argmin(np.hypot(*(centres[own] - middle).T)))]
    return best


def _far_apart(members: Ints, weight: Floats, centres: Floats, count: int, rng: np.random.Generator) -> Ints:
    share = np.sqrt(weight[members] + 1e-9)
    seeds = [int(rng.choice(members, p=share / share.sum()))]
    gap = np.hypot(*(centres[members] - centres[seeds[0]]).T)
    while len(seeds) < count:
        chance = gap * share
        seeds.append(int(members[int(np.argmax(chance))]))
        gap = np.minimum(gap, np.hypot(*(centres[members] - centres[seeds[-1]]).T))
    return np.array(seeds, dtype=np.int64)


def _spread(steps: dict[int, list[tuple[int, float]]], members: Ints, seeds: Ints, pace: Floats) -> Ints:
    region: dict[int, int] = {}
    queue = [(0.0, int(seed), index) for index, seed in enumerate(seeds)]
    region_of = {int(seed): index for index, seed in enumerate(seeds)}
    heapq.heapify(queue)
    while queue:
        cost, node, index = heapq.heappop(queue)
        if node in region or region_of.get(node, index) != index:
            continue
        region[node] = index
        for step, span in steps[node]:
            if step not in region:
                heapq.heappush(queue, (cost + span * float(pace[index]), step, index))
    for node in _unreached(members, region):
        region[node] = 0
    return np.array([region[node] for node in members.tolist()], dtype=np.int64)


def _unreached(members: Ints, region: dict[int, int]) -> list[int]:
    return [node for node in members.tolist() if node not in region]
