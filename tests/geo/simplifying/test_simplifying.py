"""Neighbours stay closed at every tolerance: over coverages, overlapping ones, T-junctions, islands, holes and touching corners."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo.simplifying import Outlines, Ranked, Square, drawn, flatten, in_square, noding, outlines, rank, removal

Geometries = NDArray[np.object_]

TOLERANCES_M = (0.5, 3.0, 12.0, 50.0, 200.0, 1000.0)
SIDE_M = 1000.0


def jagged(
    rng: np.random.Generator, a: NDArray[np.float64], b: NDArray[np.float64], vertices: int
) -> NDArray[np.float64]:
    """A line from a to b by mid-point displacement: it winds, and does not cross itself much."""
    line = np.array([a, b])
    while len(line) < vertices:
        middle = (line[1:] + line[:-1]) / 2
        chord = line[1:] - line[:-1]
        sway = rng.uniform(-0.18, 0.18, (len(middle), 1)) * np.column_stack((-chord[:, 1], chord[:, 0]))
        woven = np.empty((2 * len(line) - 1, 2))
        woven[::2], woven[1::2] = line, middle + sway
        line = woven
    return line


def coverage(seed: int, columns: int = 4, vertices: int = 30) -> Geometries:
    """Areas that tile a square, with winding borders: faces of the noded lines, some of them put together, one of them left out."""
    rng = np.random.default_rng(seed)
    corners = np.stack(np.meshgrid(np.arange(columns + 1), np.arange(columns + 1), indexing="ij"), axis=-1) * SIDE_M
    corners[1:-1, 1:-1] += rng.uniform(-0.2 * SIDE_M, 0.2 * SIDE_M, (columns - 1, columns - 1, 2))
    lines = [
        shapely.LineString(jagged(rng, corners[i, j], corners[i + di, j + dj], vertices))
        for i, j in itertools.product(range(columns + 1), repeat=2)
        for di, dj in ((1, 0), (0, 1))
        if i + di <= columns and j + dj <= columns
    ]
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(lines, grid_size=0.001))))
    owner = rng.integers(0, max(2, len(faces) * 2 // 3), len(faces))
    areas = [shapely.union_all(faces[owner == each]) for each in np.unique(owner)]
    return np.array(areas[1:] if len(areas) > 2 and rng.random() < 0.4 else areas, dtype=object)


def with_holes(areas: Geometries, seed: int) -> Geometries:
    """An island in the middle of each large area, of its own; every other one a lake."""
    rng = np.random.default_rng(seed)
    made: list[shapely.Geometry] = []
    for at, area in enumerate(areas):
        middle = area.representative_point()
        inside = shapely.maximum_inscribed_circle(area, 5.0)
        radius = inside.length * 0.6
        turns = np.sort(rng.uniform(0, 2 * np.pi, 40))
        middle = shapely.get_point(inside, 0)
        ring = np.column_stack((np.cos(turns), np.sin(turns))) * radius * rng.uniform(0.5, 1.0, (40, 1))
        island = shapely.set_precision(shapely.Polygon(ring + np.array([middle.x, middle.y])), 0.001)
        if radius < 5 or not island.is_valid or island.is_empty or not area.covers(island):
            made.append(area)
            continue
        made.append(shapely.difference(area, island, grid_size=0.001))
        if at % 2:
            made.append(island)
    return np.array(made, dtype=object)


def t_junctions(areas: Geometries, seed: int) -> Geometries:
    """The same land, with vertices of some areas left out where they do not show and others put in where neighbours have none."""
    rng = np.random.default_rng(seed)
    made = []
    for area in areas:
        if rng.random() < 0.5:
            made.append(shapely.segmentize(area, rng.uniform(20, 200)))
        else:
            made.append(shapely.simplify(area, 0.0))
    return np.array(made, dtype=object)


def gaps(areas: Geometries) -> list[shapely.Polygon]:
    """Holes of the areas' union."""
    union = shapely.union_all(shapely.make_valid(areas, method="structure", keep_collapsed=False))
    return [shapely.Polygon(ring) for part in shapely.get_parts(union) for ring in getattr(part, "interiors", ())]


def outline_of(areas: Geometries) -> Counter[tuple[tuple[float, float], tuple[float, float]]]:
    """The directed edges of the areas that no neighbour has the other way round."""
    edges: Counter[tuple[tuple[float, float], tuple[float, float]]] = Counter()
    for polygon in shapely.get_parts(shapely.orient_polygons(areas)):
        for ring in (polygon.exterior, *polygon.interiors):
            for a, b in itertools.pairwise(ring.coords):
                if edges[b, a]:
                    edges[b, a] -= 1
                else:
                    edges[a, b] += 1
    return +edges


def winding(areas: Geometries, points: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many areas each point is inside of."""
    found = np.zeros(len(points), dtype=np.int64)
    for area in areas:
        if not area.is_empty:
            found += shapely.contains_xy(area, points)
    return found


def check_closed(areas: Geometries, ranked: Ranked) -> None:
    exact = drawn(ranked.outlines, ranked.ranks, 0.0)
    original_gaps = len(gaps(exact))
    for tolerance in TOLERANCES_M:
        coarse = drawn(ranked.outlines, ranked.ranks, tolerance)
        there = coarse[~shapely.is_empty(coarse)]
        assert len(gaps(there)) <= original_gaps
        # Every gap that there is was one before: none is made of what belonged to somebody.
        union = shapely.union_all(shapely.make_valid(there))
        assert union.area == pytest.approx(shapely.area(there).sum(), rel=1e-9)
        # What one area has along a border its neighbour has too: only the outline and the gaps are without another side.
        once = shapely.get_parts(shapely.boundary(union))
        length = sum(np.hypot(a[0] - b[0], a[1] - b[1]) for (a, b), n in outline_of(there).items() for _ in range(n))
        assert length == pytest.approx(shapely.length(once).sum(), rel=1e-9, abs=1e-6)


@settings(max_examples=30)
@given(st.integers(0, 10**9), st.integers(2, 5), st.integers(3, 60), st.booleans())
def test_a_coverage_stays_one(seed: int, columns: int, vertices: int, islands: bool) -> None:
    areas = coverage(seed, columns, vertices)
    if islands:
        areas = with_holes(areas, seed)
    ranked = rank(flatten(areas))
    assert shapely.coverage_is_valid(drawn(ranked.outlines, ranked.ranks, 0.0))
    check_closed(areas, ranked)


@settings(max_examples=25)
@given(st.integers(0, 10**9), st.integers(2, 4))
def test_neighbours_without_common_vertices_stay_closed(seed: int, columns: int) -> None:
    areas = t_junctions(coverage(seed, columns, 12), seed)
    ranked = rank(flatten(areas))
    exact = drawn(ranked.outlines, ranked.ranks, 0.0)
    # The grid of a millimetre may leave a sliver where a vertex was rounded off its neighbour's edge, and nothing more.
    assert shapely.union_all(exact).area == pytest.approx(shapely.union_all(areas).area, abs=0.01 * 4 * SIDE_M)
    before = sum(gap.area for gap in gaps(exact))
    for tolerance in TOLERANCES_M:
        coarse = drawn(ranked.outlines, ranked.ranks, tolerance)
        there = shapely.make_valid(coarse[~shapely.is_empty(coarse)])
        assert sum(gap.area for gap in gaps(there)) <= before + 4 * tolerance * tolerance + 1.0
        overlap = shapely.area(there).sum() - shapely.union_all(there).area
        assert overlap < 1.0


@settings(max_examples=25)
@given(st.integers(0, 10**9), st.integers(2, 4), st.floats(0.5, 900))
def test_where_areas_overlap_no_gap_opens(seed: int, columns: int, shift: float) -> None:
    below = coverage(seed, columns, 20)
    above = shapely.transform(coverage(seed + 1, columns, 20), lambda xy: xy + np.array([shift, shift / 3]))
    areas = np.concatenate([below, above])
    ranked = rank(flatten(areas))
    exact = drawn(ranked.outlines, ranked.ranks, 0.0)
    before = gaps(exact)
    for tolerance in TOLERANCES_M:
        coarse = drawn(ranked.outlines, ranked.ranks, tolerance)
        there = coarse[~shapely.is_empty(coarse)]
        found = [gap for gap in gaps(there) if gap.area > 1e-3]
        assert len(found) <= len(before)
    # Each of the two is still closed in itself.
    for part in (slice(0, len(below)), slice(len(below), None)):
        for tolerance in TOLERANCES_M:
            mine = drawn(ranked.outlines, ranked.ranks, tolerance)[part]
            mine = shapely.make_valid(mine[~shapely.is_empty(mine)])
            assert shapely.union_all(mine).area == pytest.approx(shapely.area(mine).sum(), abs=0.01 * SIDE_M)


@settings(max_examples=25)
@given(st.integers(0, 10**9), st.data())
def test_a_neighbourhood_gives_the_same_as_the_whole(seed: int, data: st.DataObject) -> None:
    areas = coverage(seed, 5, 25)
    if data.draw(st.booleans()):
        other = shapely.transform(coverage(seed + 1, 2, 10), lambda xy: xy + 700.0)
        areas = np.concatenate([t_junctions(areas, seed), other])
    whole = rank(flatten(areas))
    mine = data.draw(st.integers(0, len(areas) - 1))
    around = [
        at for at in range(len(areas)) if shapely.box(*areas[at].bounds).intersects(shapely.box(*areas[mine].bounds))
    ]
    data.draw(st.randoms()).shuffle(around)
    part = rank(flatten(areas[around]))
    at = around.index(mine)
    a, b = whole.outlines.starts()[[mine, mine + 1]]
    c, d = part.outlines.starts()[[at, at + 1]]
    np.testing.assert_array_equal(whole.outlines.xy[a:b], part.outlines.xy[c:d])
    np.testing.assert_array_equal(whole.ranks[a:b], part.ranks[c:d])


def test_who_touches_whom() -> None:
    a, b, c, d = (shapely.box(x, y, x + 10, y + 10) for x, y in ((0, 0), (10, 0), (10, 10), (40, 0)))
    e = shapely.box(35, 5, 45, 12)
    found = rank(flatten(np.array([a, b, c, d, e], dtype=object))).touching
    assert sorted(map(tuple, found.T.tolist())) == [(0, 1), (0, 2), (1, 2), (3, 4)]


def test_a_corner_on_a_neighbours_edge_becomes_a_vertex_of_it() -> None:
    wide = shapely.box(0, 0, 100, 10)
    narrow = [shapely.box(0, 10, 33.333, 20), shapely.box(33.333, 10, 100, 20)]
    ranked = rank(flatten(np.array([wide, *narrow], dtype=object)))
    made = drawn(ranked.outlines, ranked.ranks, 5.0)
    assert shapely.coverage_is_valid(made)
    assert (33.333, 10.0) in made[0].geoms[0].exterior.coords


def test_what_is_smaller_than_can_be_seen_goes_and_its_neighbours_close_over_it() -> None:
    outer = shapely.Polygon(shapely.box(0, 0, 100, 100).exterior, [shapely.box(40, 40, 41, 41).exterior])
    ranked = rank(flatten(np.array([outer, shapely.box(40, 40, 41, 41)], dtype=object)))
    made = drawn(ranked.outlines, ranked.ranks, 5.0)
    assert made[1].is_empty
    assert made[0].equals(shapely.box(0, 0, 100, 100))


def test_a_thin_land_between_two_others_is_not_crossed() -> None:
    """A winding river: its banks are simplified one by one and stay on their sides."""
    t = np.linspace(0, 40, 2000)
    middle = np.column_stack((t * 100, 120 * np.sin(t)))
    river = shapely.LineString(middle).buffer(2.0)
    land = shapely.box(-50, -300, 4050, 300)
    banks = shapely.get_parts(
        shapely.difference(land, shapely.buffer(shapely.LineString(middle), 2.0, cap_style="flat"))
    )
    areas = np.array([river.intersection(land), *banks], dtype=object)
    areas = shapely.set_precision(np.array([areas[0], shapely.difference(land, areas[0])], dtype=object), 0.001)
    ranked = rank(flatten(areas))
    for tolerance in (1.0, 10.0, 100.0):
        made = drawn(ranked.outlines, ranked.ranks, tolerance)
        there = made[~shapely.is_empty(made)]
        assert shapely.is_valid(there).all()
        assert shapely.union_all(there).area == pytest.approx(shapely.area(there).sum(), rel=1e-12)


@pytest.mark.parametrize(
    "areas",
    [
        [],
        [shapely.MultiPolygon()],
        [shapely.Polygon(), shapely.box(0, 0, 1, 1)],
        [shapely.Polygon([(0, 0), (0.0001, 0), (0, 0.0001)])],  # less than the grid
        [shapely.Polygon([(0, 0), (5, 5), (5, 0), (0, 5)])],  # a bow tie
        [shapely.Polygon([(0, 0), (10, 0), (5, 0), (5, 5)])],  # a spike
        [shapely.box(0, 0, 1, 1)] * 3,  # one on another
        [shapely.box(-2e7, -2e7, 2e7, 2e7), shapely.box(0, 0, 1, 1)],  # the world
    ],
)
def test_whatever_comes_is_drawn_or_left_out(areas: list[shapely.Geometry]) -> None:
    ranked = rank(flatten(np.array(areas, dtype=object)))
    assert len(ranked.outlines) == len(areas)
    for tolerance in (0.0, 1.0, 1e6):
        made = drawn(ranked.outlines, ranked.ranks, tolerance)
        assert len(made) == len(areas)


def test_kernels_are_compiled_for_one_kind_of_arrays() -> None:
    """Machine code on disk is not safe with several, and each costs seconds."""
    for areas in (coverage(1), coverage(2)[:1], np.empty(0, dtype=object), t_junctions(coverage(3), 3)):
        ranked = rank(flatten(areas))
        drawn(ranked.outlines, ranked.ranks, 2.0)
        if len(areas):
            one = ranked.outlines.one(0)
            drawn(one, np.full(len(one.xy), np.inf), 0.0)
            rank(Outlines.joined([one, one]))
    for kernel in (
        noding.added,
        noding.numbered,
        noding.inserted,
        removal.vertex_ranks,
        outlines._tidied,
        outlines.kept_rings,
    ):
        assert len(kernel.signatures) <= 1


def twice_signed(ring: shapely.LinearRing) -> float:
    """Twice the area that a ring winds around, positive counterclockwise (shoelace formula)."""
    xy = shapely.get_coordinates(ring)
    return float((xy[:-1, 0] * xy[1:, 1] - xy[1:, 0] * xy[:-1, 1]).sum())


@settings(max_examples=25)
@given(
    st.integers(0, 10**9),
    st.sampled_from([0.0, 2.0, 30.0]),
    st.floats(0.0, 0.45),
    st.floats(0.0, 0.45),
    st.sampled_from([0.05, 0.25, 0.5]),
)
def test_what_lies_in_a_square_fills_it(seed: int, tolerance: float, right: float, down: float, part: float) -> None:
    """Of a coverage that covers a square, the parts in it are the square: no gap, no overlap, whatever was clipped and rounded."""
    areas = coverage(seed, 4, 40)
    outer = shapely.box(0, 0, 4 * SIDE_M, 4 * SIDE_M)
    areas = np.append(areas, shapely.difference(outer, shapely.union_all(areas), grid_size=0.001))
    areas = areas[~shapely.is_empty(areas)]
    ranked = rank(flatten(areas))
    side, units = 4 * SIDE_M * part, 4096
    square = Square(200 + right * 1600, 3800 - down * 1600, side / units, -128, units + 128)
    margin = side * 128 / units
    box = (
        square.west_m - margin,
        square.north_m - side - margin,
        square.west_m + side + margin,
        square.north_m + margin,
    )
    there = in_square(ranked.outlines, ranked.ranks, tolerance, np.arange(len(areas)), square)
    pieces = shapely.get_parts(there)
    for piece in pieces:
        # y southwards: the other way round on the map. By the signed area: a ring may run along the square's edge and back.
        assert twice_signed(piece.exterior) > 0
        assert not any(twice_signed(ring) > 0 for ring in piece.interiors)
        assert np.isin(shapely.get_coordinates(piece) % 1, [0.0]).all()
    inside = shapely.box(*box).within(outer.buffer(-2 * tolerance - 1))
    full = float(units + 256) ** 2
    if inside:
        # Signed areas add up exactly if every border is in both of its areas; rounded slivers may fold by a unit here and there.
        assert shapely.area(pieces).sum() == pytest.approx(full, rel=2e-3)
        union = shapely.union_all(shapely.make_valid(pieces))
        assert union.area == pytest.approx(full, rel=2e-4)
    borders: Counter[tuple[tuple[float, float], tuple[float, float]]] = Counter()
    for (a, b), n in outline_of_rings(pieces).items():
        on_edge = any(a[axis] == b[axis] and a[axis] in (-128.0, units + 128.0) for axis in (0, 1))
        if not on_edge:
            borders[a, b] += n
    if inside:
        # What has no other side lies on the square's edge, but for lines cut where they leave it.
        loose = sum(np.hypot(a[0] - b[0], a[1] - b[1]) * n for (a, b), n in borders.items())
        total = shapely.length(pieces).sum()
        assert loose <= 0.02 * total


def outline_of_rings(polygons: Geometries) -> Counter[tuple[tuple[float, float], tuple[float, float]]]:
    edges: Counter[tuple[tuple[float, float], tuple[float, float]]] = Counter()
    for polygon in polygons:
        for ring in (polygon.exterior, *polygon.interiors):
            for a, b in itertools.pairwise(ring.coords):
                if edges[b, a]:
                    edges[b, a] -= 1
                else:
                    edges[a, b] += 1
    return +edges


def test_outside_a_square_there_is_nothing() -> None:
    ranked = rank(flatten(np.array([shapely.box(0, 0, 10, 10), shapely.MultiPolygon()], dtype=object)))
    far = Square(1000.0, 1000.0, 0.1, -128, 4224)
    assert shapely.is_empty(in_square(ranked.outlines, ranked.ranks, 0.0, np.arange(2), far)).all()
    assert len(in_square(ranked.outlines, ranked.ranks, 0.0, np.arange(0), far)) == 0


def test_a_square_in_the_middle_of_an_area_is_full() -> None:
    hole = shapely.box(49.0, 49.0, 51.0, 51.0)
    ranked = rank(
        flatten(np.array([shapely.Polygon(shapely.box(-1e6, -1e6, 1e6, 1e6).exterior, [hole.exterior])], dtype=object))
    )
    made = in_square(ranked.outlines, ranked.ranks, 0.0, np.arange(1), Square(0.0, 100.0, 100 / 4096, -128, 4224))
    assert made[0].area == pytest.approx((4096 + 256) ** 2 - (2 * 40.96) ** 2, rel=1e-3)
    clear = in_square(ranked.outlines, ranked.ranks, 0.0, np.arange(1), Square(60.0, 40.0, 10 / 4096, -128, 4224))
    assert clear[0].equals(shapely.box(-128, -128, 4224, 4224))
