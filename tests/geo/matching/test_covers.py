"""Which areas cover which points: by hand, against GEOS, against PostGIS, and the grid against the plain comparison."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sqlalchemy import Connection

from geo.errors import NotAnAreaError
from geo.matching import AreaIndex, Matches, direct
from geo.matching.formulas import cross
from geo.matching.grid import lay_grid
from geo.matching.rings import flatten
from tests.geo.matching.scenes import KINDS, Scene, scene

Pairs = set[tuple[int, int, bool]]

scenes = st.builds(
    scene,
    seed=st.integers(0, 2**32),
    kind=st.integers(0, len(KINDS)),
    areas=st.integers(1, 12),
    points=st.integers(1, 40),
)


def pairs(found: Matches | tuple[Any, ...]) -> Pairs:
    columns = (found.point, found.area, found.touching) if isinstance(found, Matches) else found
    return set(zip(*(column.tolist() for column in columns), strict=True))


def directly(drawn: Scene) -> Pairs:
    return pairs(direct.covering_areas(flatten(drawn.areas), drawn.lon, drawn.lat))


# By hand: two neighbours with a common border at x = 2, the right one with a hole; an overlap on the left one; one apart.
#
#   4 ┌───────┬───────┐
#     │   ┌───┼──┐    │        0: (0,0)-(2,4)   1: (2,0)-(4,4) without (3,1)-(3.5,2)
#   2 │   │ 2 │  │    │        2: (1,2)-(2.5,3)
#     │   └───┼──┘ o  │        3: (6,0)-(7,1) and (8,0)-(9,1)
#   0 └───────┴───────┘
#     0       2       4
BY_HAND = [
    shapely.box(0, 0, 2, 4),
    shapely.box(2, 0, 4, 4).difference(shapely.box(3, 1, 3.5, 2)),
    shapely.box(1, 2, 2.5, 3),
    shapely.MultiPolygon([shapely.box(6, 0, 7, 1), shapely.box(8, 0, 9, 1)]),
    None,
    shapely.Polygon(),
]


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ((1, 1), [(0, False)]),
        ((3.7, 1), [(1, False)]),
        ((2, 1), [(0, True), (1, True)]),
        ((2, 2.5), [(0, True), (1, True), (2, False)]),
        ((2, 2), [(0, True), (1, True), (2, True)]),
        ((1.5, 2.5), [(0, False), (2, False)]),
        ((1, 2.5), [(0, False), (2, True)]),
        ((0, 0), [(0, True)]),
        ((2, 4), [(0, True), (1, True)]),
        ((3.2, 1.5), []),
        ((3, 1.5), [(1, True)]),
        ((3.5, 2), [(1, True)]),
        ((6.5, 0.5), [(3, False)]),
        ((7.5, 0.5), []),
        ((8, 1), [(3, True)]),
        ((5, 2), []),
        ((-1, 0), []),
        ((np.nextafter(4, 5), 1), []),
        ((float("nan"), 1), []),
        ((1, float("nan")), []),
        ((float("inf"), 1), []),
        ((1, float("-inf")), []),
    ],
)
def test_by_hand(point: tuple[float, float], expected: list[tuple[int, bool]]) -> None:
    index = AreaIndex.build(BY_HAND)
    for _ in ("directly", "by the grid"):
        assert index.covers_one(*point) == expected
        found = index.covers([point[0]] * 3, [point[1]] * 3)
        assert pairs(found) == {(p, area, touching) for p in range(3) for area, touching in expected}
        assert index.first([point[0]], [point[1]]).tolist() == [expected[0][0] if expected else -1]
        index.prepare()


def test_answers_are_sorted_and_typed() -> None:
    drawn = scene(seed=5, kind=len(KINDS), areas=12, points=50)
    index = AreaIndex.build(np.array(drawn.areas, dtype=object))
    for _ in ("directly", "by the grid"):
        found = index.covers(drawn.lon, drawn.lat)
        assert (found.point.dtype, found.area.dtype, found.touching.dtype) == (np.int64, np.int32, np.bool_)
        assert len(found) == len(found.point) > 100
        keys = list(zip(found.point.tolist(), found.area.tolist(), strict=True))
        assert keys == sorted(set(keys))
        assert index.first(drawn.lon, drawn.lat).dtype == np.int32
        index.prepare()


@pytest.mark.parametrize("prepared", [False, True])
def test_nothing_to_match(prepared: bool) -> None:
    for areas in ([], [None], [shapely.Polygon(), shapely.MultiPolygon()]):
        index = AreaIndex.build(areas)
        if prepared:
            index.prepare()
        assert len(index) == len(areas)
        assert len(index.covers([118.8, 0.0], [32.0, 0.0])) == 0
        assert index.first([118.8], [32.0]).tolist() == [-1]
        assert index.covers_one(118.8, 32.0) == []
    index = AreaIndex.build(BY_HAND)
    if prepared:
        index.prepare()
    assert len(index.covers([], [])) == 0
    assert index.first([], []).tolist() == []


def test_arrays_of_any_layout_are_taken_and_left_alone() -> None:
    drawn = scene(seed=7, kind=0, areas=9, points=30)
    index = AreaIndex.build(drawn.areas)
    index.prepare()
    expected = index.first(drawn.lon, drawn.lat)
    both = np.column_stack([drawn.lon, drawn.lat])
    both.setflags(write=False)
    kept = both.copy()
    assert (index.first(both[:, 0], both[:, 1]) == expected).all()
    assert (index.first(drawn.lon[::-1], drawn.lat[::-1])[::-1] == expected).all()
    assert (index.first(drawn.lon.tolist(), drawn.lat.tolist()) == expected).all()
    swapped = drawn.lon.astype(">f8"), drawn.lat.astype(">f8")
    assert (index.first(*swapped) == expected).all()
    assert (both == kept).all()
    with pytest.raises(ValueError, match="one length"):
        index.covers(drawn.lon, drawn.lat[:-1])


@pytest.mark.parametrize(
    "wrong",
    [
        shapely.Point(118.8, 32.0),
        shapely.LineString([(118, 32), (119, 33)]),
        shapely.GeometryCollection([shapely.box(118, 32, 119, 33)]),
        shapely.transform(shapely.box(118, 32, 119, 33), lambda xy: np.where(xy == 118, np.nan, xy)),
        shapely.transform(shapely.box(118, 32, 119, 33), lambda xy: np.where(xy == 33, np.inf, xy)),
    ],
)
def test_what_is_no_area_is_refused_with_its_position(wrong: Any) -> None:
    with pytest.raises(NotAnAreaError) as refusal:
        AreaIndex.build([shapely.box(118, 32, 119, 33), None, wrong])
    assert refusal.value.position == 2
    assert refusal.value.code == "NOT_AN_AREA"


# The grid finds what the plain comparison finds, however fine it is and on however many threads.


@settings(max_examples=150, deadline=None)
@given(drawn=scenes, fineness=st.sampled_from([1, 2, 3, 7, 16, 61, 256]))
def test_the_grid_finds_the_same(drawn: Scene, fineness: int) -> None:
    rings = flatten(drawn.areas)
    expected = directly(drawn)
    grid = lay_grid(rings, expected_points=1000, threads=1, fineness=fineness)
    assert pairs(grid.covers(drawn.lon, drawn.lat)) == expected
    lowest = {point: area for point, area, _ in sorted(expected, reverse=True)}
    assert grid.first(drawn.lon, drawn.lat).tolist() == [lowest.get(p, -1) for p in range(len(drawn.lon))]
    for p in range(0, len(drawn.lon), 29):
        one = [(area, touching) for point, area, touching in sorted(expected) if point == p]
        assert grid.covers_one(drawn.lon[p], drawn.lat[p]) == one
        assert direct.covering_one(rings, drawn.lon[p], drawn.lat[p]) == one


@pytest.mark.parametrize("kind", range(len(KINDS) + 1))
@pytest.mark.parametrize("tiled", [False, True])
def test_the_grid_finds_the_same_on_several_threads(kind: int, tiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.matching.grid._TILED_POINTS", 100)
    monkeypatch.setattr("geo.matching.grid._TILED_BYTES", 0 if tiled else 2**40)
    monkeypatch.setattr("geo.matching.grid._POINTS_PER_THREAD", 1_000)
    monkeypatch.setattr("geo.matching.grid._EDGES_PER_THREAD", 50)
    drawn = scene(seed=99, kind=kind, areas=60, points=500)
    drawn.lon[::97] = np.nan
    rings = flatten(drawn.areas)
    expected = direct.covering_areas(rings, drawn.lon, drawn.lat)
    for threads, fineness in ((1, None), (3, None), (3, 37)):
        grid = lay_grid(rings, len(drawn.lon), threads, fineness)
        for found, known in zip(grid.covers(drawn.lon, drawn.lat), expected, strict=True):
            assert (found == known).all()


def test_the_number_of_points_and_calls_decides_the_way_but_not_the_answer() -> None:
    drawn = scene(seed=3, kind=0, areas=40, points=2_000)
    index = AreaIndex.build(drawn.areas)
    answers = [index.first(drawn.lon, drawn.lat) for _ in range(100)]
    assert index._grid is not None
    assert all((answer == answers[0]).all() for answer in answers)


# GEOS and PostGIS


def exactly_on(areas: Any, lon: float, lat: float) -> bool:
    """Whether the point lies on an edge by exact arithmetic."""
    px, py = Fraction(lon), Fraction(lat)
    rings = flatten([areas])
    for k in np.flatnonzero(~rings.ends):
        (ax, ay), (bx, by) = (tuple(map(Fraction, rings.xy[i].tolist())) for i in (k, k + 1))
        level = min(ax, bx) <= px <= max(ax, bx) and min(ay, by) <= py <= max(ay, by)
        if level and (bx - ax) * (py - ay) == (px - ax) * (by - ay):
            return True
    return False


@settings(max_examples=100, deadline=None)
@given(scenes.filter(lambda drawn: all(area is None or area.is_valid for area in drawn.areas)))
def test_geos_says_the_same_but_for_a_hair_beside_an_edge(drawn: Scene) -> None:
    # GEOS decides exactly. We differ only where the product of two differences is rounded so that a point beside an edge
    # seems to lie on it: less than 1e-16 of the edge's length away. Then we, like PostGIS, say that it touches.
    points = shapely.points(drawn.lon, drawn.lat)
    found = directly(drawn)
    expected: Pairs = set()
    for position, area in enumerate(drawn.areas):
        if area is not None:
            inside, covered = shapely.contains(area, points), shapely.covers(area, points)
            expected |= {(int(p), position, not inside[p]) for p in np.flatnonzero(covered)}
    for point, area, touching in found ^ expected:
        assert (point, area, True) in found
        assert touching == ((point, area, touching) in found)
        assert not exactly_on(drawn.areas[area], drawn.lon[point], drawn.lat[point])
        rings = flatten([drawn.areas[area]])
        a, b = (rings.xy[k] for k in (np.flatnonzero(~rings.ends), np.flatnonzero(~rings.ends) + 1))
        assert (cross(a[:, 0], a[:, 1], b[:, 0], b[:, 1], drawn.lon[point], drawn.lat[point]) == 0).any()


SAYS_POSTGIS = """
    SELECT p.at - 1, a.at - 1, NOT ST_Contains(a.shape, p.shape)
    FROM (SELECT ordinality AS at, ST_GeomFromWKB(wkb, 4490) AS shape FROM unnest(%s::bytea[]) WITH ORDINALITY AS t (wkb)) AS a
    CROSS JOIN LATERAL (
        SELECT ordinality AS at, ST_SetSRID(ST_MakePoint(x, y), 4490) AS shape
        FROM unnest(%s::float8[], %s::float8[]) WITH ORDINALITY AS t (x, y)
    ) AS p
    WHERE ST_Covers(a.shape, p.shape)
"""


def says_postgis(connection: Connection, drawn: Scene) -> Pairs:
    areas = [None if area is None else shapely.to_wkb(area) for area in drawn.areas]
    rows = connection.exec_driver_sql(SAYS_POSTGIS, (areas, drawn.lon.tolist(), drawn.lat.tolist()))
    return {tuple(row) for row in rows}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=scenes)
def test_postgis_says_the_same(connection: Connection, drawn: Scene) -> None:
    assert directly(drawn) == says_postgis(connection, drawn)


@pytest.mark.parametrize("kind", range(len(KINDS) + 1))
def test_postgis_says_the_same_of_the_grid(connection: Connection, kind: int) -> None:
    drawn = scene(seed=2026, kind=kind, areas=30, points=1_000)
    index = AreaIndex.build(drawn.areas)
    index.prepare()
    assert pairs(index.covers(drawn.lon, drawn.lat)) == says_postgis(connection, drawn)


def test_postgis_and_we_take_a_hair_beside_a_long_edge_for_the_edge(connection: Connection) -> None:
    # The middle of an edge of some degrees is seldom exactly on it; where GEOS says beside, the two of us may say on.
    rng = np.random.default_rng(17)
    corners = np.array([118.8, 32.05]) + rng.uniform(-2.5, 2.5, (4_000, 3, 2))
    middles = corners[:, 0] + (corners[:, 1] - corners[:, 0]) / 2
    areas: NDArray[Any] = shapely.polygons(corners)
    exact = shapely.covers(areas, shapely.points(middles))
    ours = np.array([bool(direct.covering_one(flatten([a]), *m)) for a, m in zip(areas, middles.tolist(), strict=True)])
    rows = connection.exec_driver_sql(
        "SELECT ST_Covers(ST_GeomFromWKB(a), ST_MakePoint(x, y)) FROM unnest(%s::bytea[], %s::float8[], %s::float8[]) AS t (a, x, y)",
        (shapely.to_wkb(areas).tolist(), middles[:, 0].tolist(), middles[:, 1].tolist()),
    )
    assert ours.tolist() == [row[0] for row in rows]
    assert 0 < (ours != exact).sum() < 100
    assert not (exact & ~ours).any()
