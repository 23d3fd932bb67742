"""Which points an area covers, and which ones a change may concern: against GEOS and `geo.matching`, on random maps."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon, box

from geo.matching import AreaIndex
from geo.points import Edges, PointIndex, changed_edges, crossings_at_most, edges_of
from geo.points.index import strip_order

Floats = NDArray[np.float64]


def index_of(lon: Floats, lat: Floats) -> PointIndex:
    order = strip_order(lon, lat)
    return PointIndex.build(lon[order], lat[order])


def star(rng: np.random.Generator, corners: int) -> Polygon:
    """A polygon around a middle, on a coarse grid so that points lie on its corners and edges."""
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    reach = rng.uniform(2, 10, corners)
    middle = rng.integers(5, 25, 2)
    corner = np.round(middle + np.column_stack([np.cos(angles), np.sin(angles)]) * reach[:, None])
    made = shapely.make_valid(Polygon(corner)).buffer(0)
    return made if isinstance(made, Polygon) and not made.is_empty else box(0, 0, 7, 7)


def grid_points(rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Points of which many lie on the coarse grid."""
    x, y = rng.uniform(-2, 32, count), rng.uniform(-2, 32, count)
    on = rng.random(count) < 0.6
    x[on], y[on] = np.round(x[on]), np.round(y[on])
    return x, y


def covered_by_geos(index: PointIndex, area: shapely.Geometry) -> set[int]:
    return set(np.flatnonzero(shapely.covers(area, shapely.points(index.lon, index.lat))).tolist())


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_covered_agrees_with_geos_and_with_matching(seed: int) -> None:
    rng = np.random.default_rng(seed)
    index = index_of(*grid_points(rng, int(rng.integers(1, 400))))
    outer = star(rng, int(rng.integers(3, 12)))
    hole = outer.centroid.buffer(1.0, 2)
    holed = outer.difference(hole)
    apart = MultiPolygon([star(rng, 5), shapely.affinity.translate(star(rng, 6), 40, 0)])
    for area in (outer, holed, apart):
        found = set(index.covered(edges_of([area])[0]).tolist())
        matched = AreaIndex.build([area]).covers(index.lon, index.lat).point
        assert found == set(matched.tolist())
        assert found == covered_by_geos(index, area)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_whatever_is_covered_otherwise_afterwards_is_among_the_changed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    index = index_of(*grid_points(rng, 300))
    before = star(rng, int(rng.integers(3, 12)))
    blade = star(rng, 5)
    for after in (before.difference(blade), before.union(blade), star(rng, 6)):
        if after.geom_type not in ("Polygon", "MultiPolygon"):
            continue
        old, new = edges_of([before, after])
        changed = set(index.covered(changed_edges(old, new)).tolist())
        assert covered_by_geos(index, before) ^ covered_by_geos(index, after) <= changed


def test_what_is_far_from_the_change_is_not_looked_at() -> None:
    x, y = np.meshgrid(np.arange(0.5, 100), np.arange(0.5, 100))
    index = index_of(x.ravel(), y.ravel())
    before = box(0, 0, 100, 100)
    after = Polygon([(0, 0), (100, 0), (100, 98), (98, 100), (0, 100)])
    changed = index.covered(changed_edges(*edges_of([before, after])))
    assert {(index.lon[k], index.lat[k]) for k in changed.tolist()} == {(98.5, 99.5), (99.5, 98.5), (99.5, 99.5)}


def test_an_unchanged_area_has_no_changed_edges_whatever_its_first_vertex_and_direction() -> None:
    area = box(0, 0, 3, 3).difference(box(1, 1, 2, 2))
    same = shapely.reverse(shapely.normalize(area))
    assert len(changed_edges(*edges_of([area, same]))) == 0
    assert len(changed_edges(*edges_of([None, area]))) == 8


def test_nothing_covers_nothing() -> None:
    index = index_of(np.empty(0), np.empty(0))
    assert index.covered(edges_of([box(0, 0, 1, 1)])[0]).tolist() == []
    some = index_of(np.array([0.5]), np.array([0.5]))
    assert some.covered(edges_of([None])[0]).tolist() == []
    assert some.covered(edges_of([box(0, 0, 1, 1)])[0]).tolist() == [0]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 10, 97, 1000])
def test_a_selection_finds_what_the_whole_finds(count: int) -> None:
    rng = np.random.default_rng(count)
    index = index_of(rng.uniform(0, 10, count), rng.uniform(0, 10, count))
    assert len(index.covered(edges_of([box(-1, -1, 11, 11)])[0])) == count
    some = np.flatnonzero(rng.random(count) < 0.5)
    area = edges_of([box(2, 2, 8, 8)])[0]
    within = index.select(some).covered(area)
    assert set(some[within].tolist()) == set(index.covered(area).tolist()) & set(some.tolist())


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_pairs_of_boxes_that_meet_are_counted_once(seed: int) -> None:
    """Short edges, long ones, upright and level ones, and many of the same height: against every pair looked at."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(0, 60))
    reach = rng.choice([0.0, 0.5, 3.0, 40.0], (count, 2))
    start = rng.integers(0, int(rng.choice([2, 20, 200])), (count, 2)).astype(float)
    ends = np.column_stack([start, start + rng.integers(-2, 3, (count, 2)) * reach])
    boxes = shapely.box(
        np.minimum(ends[:, 0], ends[:, 2]),
        np.minimum(ends[:, 1], ends[:, 3]),
        np.maximum(ends[:, 0], ends[:, 2]),
        np.maximum(ends[:, 1], ends[:, 3]),
    )
    meets = shapely.intersects(boxes[:, None], boxes[None, :])
    pairs = int(np.triu(meets, 1).sum())
    edges = Edges(ends, np.zeros(count, dtype=np.int32))
    assert crossings_at_most([edges], 10**6) == pairs
    assert min(crossings_at_most([edges], 5), 6) == min(pairs, 6)
