"""Snap rounding: afterwards segments meet in shared vertices only, however rounding bends them."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from geo.coverage.errors import TooComplex
from geo.coverage.noding import LONGEST_CELLS, node

Segment = tuple[int, int, int, int]


def noded(segments: list[Segment]) -> list[list[tuple[int, int]]]:
    """Each segment as its chain of points."""
    chains = node(np.array(segments, dtype=np.int64).reshape(-1, 4), np.ones(len(segments), dtype=np.bool_))
    return [chains.get(k, [segment[:2], segment[2:]]) for k, segment in enumerate(segments)]


def test_two_that_cross_get_the_nearest_grid_point() -> None:
    assert noded([(0, 0, 10, 10), (0, 9, 10, 0)]) == [[(0, 0), (5, 5), (10, 10)], [(0, 9), (5, 5), (10, 0)]]


def test_an_end_on_another_divides_it() -> None:
    assert noded([(0, 0, 10, 0), (4, 0, 4, 7)]) == [[(0, 0), (4, 0), (10, 0)], [(4, 0), (4, 7)]]


def test_segments_that_lie_on_one_another_share_their_ends() -> None:
    assert noded([(0, 0, 10, 0), (3, 0, 20, 0)]) == [[(0, 0), (3, 0), (10, 0)], [(3, 0), (10, 0), (20, 0)]]


def test_a_bent_segment_is_looked_at_again() -> None:
    # The crossing at (501, 1), rounded from (500.96, 0.7), lifts the long segment into the cell of (251, 1), which it missed before.
    segments = [(0, 0, 1000, 1), (501, 0, 501, 9), (251, 1, 251, 5)]
    chains = noded(segments)
    assert (501, 1) in chains[0]
    assert (251, 1) in chains[0]
    assert flaws(chains) == []


def test_segments_that_are_known_not_to_meet_are_not_compared() -> None:
    crossing = np.array([(0, 0, 10, 10), (0, 10, 10, 0), (20, 0, 21, 0)])
    assert node(crossing, np.array([False, False, True])) == {}


def test_no_edge_is_longer_than_the_numbers_hold() -> None:
    with pytest.raises(TooComplex):
        node(np.array([(0, 0, LONGEST_CELLS + 1, 0)]), np.array([True]))


def test_more_pairs_than_allowed_are_refused() -> None:
    fan = [(0, 2 * k, 1000, 1000 - 2 * k) for k in range(100)]
    with pytest.raises(TooComplex):
        node(np.array(fan), np.ones(100, dtype=np.bool_), most_pairs=1000)


def flaws(chains: list[list[tuple[int, int]]]) -> list[str]:
    """Pieces that cross, and vertices nearer to a piece than half a cell, by GEOS."""
    pieces = sorted({(min(a, b), max(a, b)) for chain in chains for a, b in pairwise(chain)})
    lines = shapely.linestrings(np.array(pieces).reshape(-1, 2, 2))
    found = []
    for i, j in shapely.STRtree(lines).query(lines, predicate="crosses").T:
        if i < j:
            found.append(f"{pieces[i]} crosses {pieces[j]}")
    points = sorted({point for piece in pieces for point in piece})
    for i, p in shapely.STRtree(shapely.points(points)).query(lines, predicate="dwithin", distance=0.4999).T:
        if points[p] not in pieces[i]:
            found.append(f"{pieces[i]} passes {points[p]}")
    return found


small = st.integers(-12, 12)
large = st.integers(-3000, 3000)


@given(
    st.lists(
        st.one_of(
            st.tuples(small, small, small, small),
            st.tuples(large, small, large, small),
            st.tuples(large, large, large, large),
        ),
        min_size=2,
        max_size=14,
    )
)
def test_nothing_crosses_or_passes_too_near_afterwards(segments: list[Segment]) -> None:
    proper = [segment for segment in segments if segment[:2] != segment[2:]]
    assume(proper)
    chains = noded(proper)
    assert flaws(chains) == []
    for segment, chain in zip(proper, chains, strict=True):
        assert chain[0] == segment[:2]
        assert chain[-1] == segment[2:]
        # Rounding moves a segment by half a cell, and again when it was bent: never far from where it was.
        assert shapely.hausdorff_distance(shapely.LineString(chain), shapely.LineString([segment[:2], segment[2:]])) < 4
