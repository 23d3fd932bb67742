"""How far areas are: against geodesics to densely sampled borders and against PostGIS, and the grid against the plain comparison."""

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sqlalchemy import Connection

from geo.crs import distance_m
from geo.matching import AreaIndex, Neighbours
from geo.matching.rings import flatten
from tests.geo.matching.scenes import KINDS, Scene, coverage, scene

Floats = NDArray[np.float64]
MILLIMETRE = 1e-3

scenes = st.builds(
    scene,
    seed=st.integers(0, 2**32),
    kind=st.integers(0, len(KINDS)),
    areas=st.integers(1, 5),
    points=st.integers(1, 3),
)


def sampled_border_distance_m(area: Any, lon: float, lat: float) -> float:
    """The shortest geodesic to places on the border: 200 an edge, then 200 around the nearest, and so on."""
    rings = flatten([area])
    k = np.flatnonzero(~rings.ends)
    a, b = rings.xy[k], rings.xy[k + 1]
    low, high, best = np.zeros(len(a)), np.ones(len(a)), np.inf
    for _ in range(5):
        t = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, 200)
        x, y = (a[:, [i]] + t * (b - a)[:, [i]] for i in (0, 1))
        metres = distance_m(lon, lat, x, y)
        best = min(best, float(metres.min()))
        at = t[np.arange(len(a)), metres.argmin(axis=1)]
        low, high = (np.clip(at + step * (high - low) / 100, 0, 1) for step in (-1, 1))
    return best


def found(neighbours: Neighbours) -> list[tuple[int, int, float]]:
    columns = (neighbours.point, neighbours.area, neighbours.metres)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def both_ways(drawn: Scene | list[Any]) -> list[AreaIndex]:
    areas = drawn.areas if isinstance(drawn, Scene) else drawn
    ways = [AreaIndex.build(areas), AreaIndex.build(areas)]
    ways[1].prepare()
    return ways


# A square of a tenth of a degree, with a hole of a hundredth in its middle.
SQUARE = shapely.box(118.0, 32.0, 118.1, 32.1).difference(shapely.box(118.045, 32.045, 118.055, 32.055))


@pytest.mark.parametrize(
    ("point", "nearest", "covered"),
    [
        ((118.02, 32.05), (118.0, 32.05), True),
        ((118.04, 32.05), (118.045, 32.05), True),
        ((117.9, 32.0), (118.0, 32.0), False),
        ((117.99, 31.99), (118.0, 32.0), False),
        ((118.05, 32.0), (118.05, 32.0), True),
        ((118.1, 32.1), (118.1, 32.1), True),
        ((118.05, 32.046), (118.05, 32.045), False),
    ],
)
def test_by_hand(point: tuple[float, float], nearest: tuple[float, float], covered: bool) -> None:
    to_border = float(distance_m(*point, *nearest))
    for index in both_ways([None, SQUARE]):
        # The nearest place of an edge along a parallel lies a little poleward of its foot in degrees.
        assert index.border_distance_m([point[0]], [point[1]], 1)[0] == pytest.approx(to_border, abs=1e-2)
        expected = 0.0 if covered else to_border
        assert index.distance_m([point[0]], [point[1]], [1])[0] == pytest.approx(expected, abs=1e-2)
        for radius, reached in ((to_border - 0.1, False), (to_border + 0.1, not covered)):
            assert [pair[:2] for pair in found(index.near([point[0]], [point[1]], radius))] == [(0, 1)] * reached


@settings(max_examples=40, deadline=None)
@given(scenes)
def test_distances_are_geodesics_to_the_nearest_place(drawn: Scene) -> None:
    index = AreaIndex.build(drawn.areas)
    for p in range(0, len(drawn.lon), 11):
        for position, area in enumerate(drawn.areas):
            if area is None or area.is_empty:
                continue
            expected = sampled_border_distance_m(area, drawn.lon[p], drawn.lat[p])
            if expected > 100_000:
                continue
            metres = index.border_distance_m([drawn.lon[p]], [drawn.lat[p]], position)[0]
            # A point that PostGIS's arithmetic puts onto a long edge may lie a little more than a millimetre from it (record 0004).
            assert metres == pytest.approx(expected, abs=2 * MILLIMETRE)


@pytest.mark.parametrize(("degrees", "tolerance"), [(0.5, 1e-3), (1.0, 1e-3), (3.0, 1e-2), (8.0, 1.0), (20.0, 5_000.0)])
def test_far_distances(degrees: float, tolerance: float) -> None:
    rng = np.random.default_rng(8)
    areas = coverage(rng, 5)
    lon, lat = 118.79 + degrees * np.array([1, -1, 0.7, -0.7, 0.1]), 32.05 + degrees * np.array([0.1, 0, -0.7, 0.7, 1])
    for index in both_ways(areas):
        for position, area in enumerate(areas):
            metres = index.distance_m(lon, lat, position)
            expected = [sampled_border_distance_m(area, *point) for point in zip(lon, lat, strict=True)]
            assert metres == pytest.approx(expected, abs=tolerance, rel=0)


def test_postgis_measures_the_same_or_misses_the_nearest_place(connection: Connection) -> None:
    # PostGIS's edges are geodesics: within 200 m they leave the straight line in degrees by less than a millimetre. It looks
    # for the nearest place on a sphere, so what it measures on the ellipsoid may be a little too long.
    rng = np.random.default_rng(4)
    areas = [shapely.segmentize(area, 0.002) for area in coverage(rng, 8)]
    lon, lat = 118.79 + rng.uniform(-0.4, 0.4, 40), 32.05 + rng.uniform(-0.4, 0.4, 40)
    rows = connection.exec_driver_sql(
        """
        SELECT ST_Distance(ST_SetSRID(ST_GeomFromWKB(a), 4490)::geography, ST_SetSRID(ST_MakePoint(x, y), 4490)::geography)
        FROM unnest(%s::bytea[]) WITH ORDINALITY AS areas (a, i)
        CROSS JOIN unnest(%s::float8[], %s::float8[]) WITH ORDINALITY AS points (x, y, j) ORDER BY i, j
        """,
        (shapely.to_wkb(areas).tolist(), lon.tolist(), lat.tolist()),
    )
    expected = np.array([row[0] for row in rows]).reshape(len(areas), len(lon))
    for index in both_ways(areas):
        for position in range(len(areas)):
            metres = index.distance_m(lon, lat, position)
            assert metres == pytest.approx(expected[position], abs=2e-3, rel=3e-5)
            assert (metres < expected[position] + 2e-3).all()
            assert (np.abs(metres - expected[position]) < 2e-3).mean() > 0.8


@settings(max_examples=60, deadline=None)
@given(drawn=scenes, radius=st.floats(0, 5_000))
def test_the_grid_measures_the_same_to_the_last_bit(drawn: Scene, radius: float) -> None:
    plain, gridded = both_ways(drawn)
    assert found(plain.near(drawn.lon, drawn.lat, radius)) == found(gridded.near(drawn.lon, drawn.lat, radius))
    for position in range(len(drawn.areas)):
        for ask in (AreaIndex.distance_m, AreaIndex.border_distance_m):
            one, other = (ask(index, drawn.lon, drawn.lat, position) for index in (plain, gridded))
            assert one.tolist() == other.tolist()


@settings(max_examples=60, deadline=None)
@given(drawn=scenes, radius=st.floats(0, 20_000))
def test_near_is_what_distance_says(drawn: Scene, radius: float) -> None:
    index = AreaIndex.build(drawn.areas)
    matches = index.covers(drawn.lon, drawn.lat)
    covered = set(zip(matches.point.tolist(), matches.area.tolist(), strict=True))
    expected = []
    for position in range(len(drawn.areas)):
        metres = index.distance_m(drawn.lon, drawn.lat, position)
        near = np.flatnonzero(metres < radius).tolist()
        expected += [(p, position, metres[p]) for p in near if (p, position) not in covered]
    assert found(index.near(drawn.lon, drawn.lat, radius)) == sorted(expected)


def test_each_point_has_its_own_radius(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.matching.grid._POINTS_PER_THREAD", 50)
    drawn = scene(seed=12, kind=0, areas=20, points=20)
    radius = np.random.default_rng(0).uniform(-100, 1_000, len(drawn.lon))
    radius[:3] = [np.nan, 0.0, np.inf]
    drawn.lon[3] = np.nan
    plain, gridded = both_ways(drawn)
    expected = found(plain.near(drawn.lon, drawn.lat, radius))
    assert found(gridded.near(drawn.lon, drawn.lat, radius)) == expected == sorted(expected)
    assert {p for p, _, _ in expected}.isdisjoint({0, 1, 3, *np.flatnonzero(radius <= 0).tolist()})
    assert sum(p == 2 for p, _, _ in expected) >= len(drawn.areas) - 4
    assert len({p for p, _, _ in expected}) > 50


def test_a_point_a_hair_outside_has_a_neighbour() -> None:
    west = float(np.nextafter(118.0, 0))
    for index in both_ways([SQUARE]):
        assert found(index.near([118.0, west], [32.05, 32.05], 5.0)) == [(1, 0, pytest.approx(0.0, abs=1e-6))]


def test_what_cannot_be_measured() -> None:
    for index in both_ways([SQUARE, None]):
        assert index.distance_m([118.0, 117.0], [32.0, 32.0], 1).tolist() == [np.inf, np.inf]
        assert np.isnan(index.distance_m([np.nan, 117.0], [32.0, np.inf], 0)).all()
        assert index.distance_m([], [], []).tolist() == []
        assert len(index.near([], [], [])) == 0
        assert len(index.near([117.9], [32.0], 1.0)) == 0
        for wrong in (2, -1):
            with pytest.raises(IndexError):
                index.distance_m([118.0], [32.0], wrong)
    assert len(AreaIndex.build([]).near([118.0], [32.0], 1e4)) == 0
