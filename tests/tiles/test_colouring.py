"""Neighbours never share a colour."""

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.tiles.colouring import PALETTE, colour, steady_colours

PLANAR_MOST = 6


def touching(areas: NDArray[np.object_]) -> NDArray[np.int64]:
    pairs: NDArray[np.int64] = shapely.STRtree(areas).query(areas, predicate="intersects")
    return pairs


@given(st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_neighbours_differ_in_any_graph(graph: tuple[int, list[tuple[int, int]]]) -> None:
    areas, edges = graph
    pairs = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    colours = colour(areas, pairs)
    assert len(colours) == areas
    assert all(colours[a] != colours[b] for a, b in edges if a != b)
    assert colours == colour(areas, pairs)


@given(st.integers(2, 9), st.integers(2, 9), st.integers(0, 10_000))
def test_a_map_needs_few_colours(columns: int, rows: int, seed: int) -> None:
    # Squares that join at random into areas; neighbours share a side, not just a corner, as in a planar map.
    owner = np.random.default_rng(seed).integers(0, max(2, columns * rows // 3), (rows, columns))
    squares = [
        shapely.union_all([shapely.box(x, y, x + 1, y + 1) for y, x in zip(*np.nonzero(owner == number), strict=True)])
        for number in np.unique(owner)
    ]
    areas = shapely.get_parts(np.array(squares, dtype=object))
    pairs = touching(areas)
    shared = shapely.length(shapely.intersection(areas[pairs[0]], areas[pairs[1]])) > 0
    assert max(colour(len(areas), pairs[:, shared])) <= PLANAR_MOST


def test_the_palette_is_spread() -> None:
    assert sorted(colour(7, np.empty((2, 0), dtype=np.int64))) == list(range(7))


def test_a_crowd_that_all_touches_gets_more_colours_than_the_palette_has() -> None:
    everyone = np.array([(a, b) for a in range(9) for b in range(9)], dtype=np.int64).T
    assert sorted(colour(9, everyone)) == list(range(9))


@given(st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_steady_colours_differ_in_any_graph(graph: tuple[int, list[tuple[int, int]]]) -> None:
    areas, edges = graph
    beside: list[set[int]] = [set() for _ in range(areas)]
    for a, b in edges:
        if a != b:
            beside[a].add(b)
            beside[b].add(a)
    names = [f"T{at}" for at in range(areas)]
    colours = steady_colours(names, beside)
    assert all(colours[a] != colours[b] for a, b in edges if a != b)
    order = np.random.default_rng(1).permutation(areas)
    place = {int(at): number for number, at in enumerate(order)}
    shuffled = steady_colours([names[at] for at in order], [{place[b] for b in beside[at]} for at in order])
    if max(colours) < PALETTE and max(shuffled) < PALETTE:
        assert [shuffled[place[at]] for at in range(areas)] == colours


def test_a_new_neighbour_changes_few_colours() -> None:
    side = 20
    beside: list[set[int]] = [set() for _ in range(side * side)]
    for at in range(side * side):
        for other in (at + 1 if at % side < side - 1 else None, at + side if at + side < side * side else None):
            if other is not None:
                beside[at].add(other)
                beside[other].add(at)
    names = [f"T{at}" for at in range(side * side)]
    before = steady_colours(names, beside)
    assert len(set(before)) == PALETTE
    beside[5].add(45)
    beside[45].add(5)
    after = steady_colours(names, beside)
    assert sum(a != b for a, b in zip(before, after, strict=True)) <= 10
