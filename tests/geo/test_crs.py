"""Coordinate systems: names, conversions and their inverses, plausibility, distances."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.crs import (
    CoordinateFault,
    Crs,
    UndeclaredCrsError,
    UnknownCrsError,
    convert,
    coordinate_faults,
    distance_m,
    inside_china,
    parse_crs,
)
from geo.crs.shifts import COLLAR_DEG, EAST, NORTH, SOUTH, WEST

TENTH_OF_A_MILLIMETRE = 1e-4
PAIRS = [(a, b) for a, b in itertools.product(Crs, Crs) if a != b]


def published_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """The published algorithm, written out term by term."""
    x, y, pi, sin = lon - 105.0, lat - 35.0, math.pi, math.sin
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    a, ee = 6378245.0, 0.00669342162296594323
    phi = lat / 180 * pi
    magic = 1 - ee * sin(phi) ** 2
    north = north * 180 / (a * (1 - ee) / (magic * math.sqrt(magic)) * pi)
    east = east * 180 / (a / math.sqrt(magic) * math.cos(phi) * pi)
    return lon + east, lat + north


def published_bd09(lon: float, lat: float) -> tuple[float, float]:
    """From GCJ-02, the published algorithm in its polar form."""
    wave = math.pi * 3000 / 180
    radius = math.sqrt(lon * lon + lat * lat) + 0.00002 * math.sin(lat * wave)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * wave)
    return radius * math.cos(angle) + 0.0065, radius * math.sin(angle) + 0.006


def lonlat(west: float, south: float, east: float, north: float) -> st.SearchStrategy[tuple[float, float]]:
    return st.tuples(st.floats(west, east), st.floats(south, north))


in_rectangle = lonlat(WEST, SOUTH, EAST, NORTH)
near_an_edge = st.one_of(
    lonlat(WEST - 0.1, SOUTH - 0.1, WEST + 0.1, NORTH + 0.1),
    lonlat(EAST - 0.1, SOUTH - 0.1, EAST + 0.1, NORTH + 0.1),
    lonlat(WEST - 0.1, SOUTH - 0.1, EAST + 0.1, SOUTH + 0.1),
    lonlat(WEST - 0.1, NORTH - 0.1, EAST + 0.1, NORTH + 0.1),
)
anywhere = st.one_of(in_rectangle, near_an_edge, lonlat(-180, -90, 180, 90))


# Names


@pytest.mark.parametrize(
    ("text", "crs"),
    [
        ("CGCS2000", Crs.CGCS2000),
        ("cgcs 2000", Crs.CGCS2000),
        ("EPSG:4490", Crs.CGCS2000),
        ("4490", Crs.CGCS2000),
        ("urn:ogc:def:crs:EPSG::4490", Crs.CGCS2000),
        ("WGS84", Crs.WGS84),
        ("wgs-84", Crs.WGS84),
        ("WGS_1984", Crs.WGS84),
        ("epsg:4326", Crs.WGS84),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", Crs.WGS84),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", Crs.WGS84),
        ("GCJ02", Crs.GCJ02),
        ("GCJ-02", Crs.GCJ02),
        (" gcj_02 ", Crs.GCJ02),
        ("ＧＣＪ－０２", Crs.GCJ02),
        ("火星坐标系", Crs.GCJ02),
        ("BD09", Crs.BD09),
        ("bd-09", Crs.BD09),
        ("bd09ll", Crs.BD09),
    ],
)
def test_usual_spellings_are_read(text: str, crs: Crs) -> None:
    assert parse_crs(text) is crs


@pytest.mark.parametrize("text", [None, "", "  ", "\t\n", "\u3000"])
def test_no_declaration_is_refused(text: str | None) -> None:
    with pytest.raises(UndeclaredCrsError) as refusal:
        parse_crs(text)
    assert refusal.value.code == "CRS_UNDECLARED"


@pytest.mark.parametrize("text", ["BD09MC", "EPSG:3857", "EPSG:4214", "UTM50", "84", "WGS", "?", "GCJ02;WGS84"])
def test_other_systems_are_refused_without_repeating_the_input(text: str) -> None:
    with pytest.raises(UnknownCrsError) as refusal:
        parse_crs(f"{text}-秘密")
    assert refusal.value.code == "CRS_UNKNOWN"
    assert "秘密" not in str(refusal.value)
    with pytest.raises(UnknownCrsError):
        parse_crs(text)


# Conversions


def test_worked_example() -> None:
    lon, lat = convert(120.022707, 30.002588, Crs.GCJ02, Crs.CGCS2000)
    assert (float(lon), float(lat)) == (pytest.approx(120.018, abs=1e-6), pytest.approx(30.005, abs=1e-6))


@settings(deadline=None)
@given(in_rectangle)
def test_forward_is_the_published_algorithm(point: tuple[float, float]) -> None:
    gcj = published_gcj02(*point)
    assert [float(v) for v in convert(*point, Crs.WGS84, Crs.GCJ02)] == pytest.approx(gcj, abs=1e-12, rel=0)


@settings(deadline=None)
@given(lonlat(73.5, 18.0, 135.1, 53.6))
def test_bd09_is_the_published_algorithm_on_top_of_gcj02(point: tuple[float, float]) -> None:
    bd = published_bd09(*published_gcj02(*point))
    assert [float(v) for v in convert(*point, Crs.WGS84, Crs.BD09)] == pytest.approx(bd, abs=1e-12, rel=0)


@pytest.mark.parametrize(("source", "target"), PAIRS)
@settings(deadline=None)
@given(points=st.lists(anywhere, min_size=1, max_size=20))
def test_there_and_back_everywhere_on_earth(source: Crs, target: Crs, points: list[tuple[float, float]]) -> None:
    lon, lat = np.array(points).T
    back = convert(*convert(lon, lat, source, target), target, source)
    assert distance_m(lon, lat, *back).max() < TENTH_OF_A_MILLIMETRE


def test_there_and_back_over_the_whole_country_is_far_below_a_tenth_of_a_millimetre() -> None:
    lon, lat = (a.ravel() for a in np.meshgrid(np.linspace(73.4, 135.2, 400), np.linspace(3.4, 53.7, 400)))
    for source, target in PAIRS:
        back = convert(*convert(lon, lat, source, target), target, source)
        assert distance_m(lon, lat, *back).max() < 1e-5


@pytest.mark.parametrize("target", [Crs.GCJ02, Crs.BD09])
@pytest.mark.parametrize(
    "point",
    [(WEST, 30.0), (EAST, 30.0), (100.0, SOUTH), (100.0, NORTH), (WEST, SOUTH), (EAST, NORTH), (WEST, NORTH)],
)
def test_nothing_is_torn_or_doubled_at_the_edge_of_the_rectangle(target: Crs, point: tuple[float, float]) -> None:
    # Steps of 10 m across the edge stay steps of 7 to 13 m in the shifted system: no two places meet, none drift apart.
    steps = np.linspace(-0.15, 0.15, 3_001)
    for lon, lat in (
        (point[0] + steps, np.full_like(steps, point[1])),
        (np.full_like(steps, point[0]), point[1] + steps),
    ):
        x, y = convert(lon, lat, Crs.WGS84, target)
        ratio = distance_m(x[:-1], y[:-1], x[1:], y[1:]) / distance_m(lon[:-1], lat[:-1], lon[1:], lat[1:])
        assert ratio.min() > 0.7
        assert ratio.max() < 1.35


@pytest.mark.parametrize(("source", "target"), PAIRS)
@pytest.mark.parametrize(
    "point",
    [
        (-0.1276, 51.5072),
        (139.6917, 35.6895),
        (151.2093, -33.8688),
        (WEST - COLLAR_DEG - 0.021, 30.0),
        (0.0, 0.0),
        (-180.0, 90.0),
    ],
)
def test_outside_all_systems_are_the_same(source: Crs, target: Crs, point: tuple[float, float]) -> None:
    lon, lat = convert(*point, source, target)
    assert (float(lon), float(lat)) == point


@pytest.mark.parametrize(
    "point", [(114.1694, 22.3193), (113.5439, 22.1987), (121.5654, 25.0330)], ids=["Hong Kong", "Macau", "Taipei"]
)
def test_the_shift_applies_in_hong_kong_macau_and_taiwan(point: tuple[float, float]) -> None:
    assert 300 < float(distance_m(*point, *convert(*point, Crs.WGS84, Crs.GCJ02))) < 900


@settings(deadline=None)
@given(st.lists(anywhere, min_size=2, max_size=40))
def test_a_point_does_not_depend_on_the_points_beside_it(points: list[tuple[float, float]]) -> None:
    lon, lat = np.array(points).T
    for source, target in PAIRS:
        together = np.array(convert(lon, lat, source, target))
        alone = np.array([convert(*point, source, target) for point in points]).T
        backwards = np.array(convert(lon[::-1], lat[::-1], source, target))[:, ::-1]
        assert (together == alone).all()
        assert (together == backwards).all()


def test_a_point_does_not_depend_on_the_block_it_falls_into() -> None:
    rng = np.random.default_rng(11)
    lon, lat = rng.uniform(71, 139, 20_000), rng.uniform(0, 57, 20_000)
    for source, target in PAIRS:
        whole = np.array(convert(lon, lat, source, target))
        parts = np.hstack([convert(lon[i : i + 777], lat[i : i + 777], source, target) for i in range(0, 20_000, 777)])
        assert (whole == parts).all()


@pytest.mark.parametrize(("source", "target"), list(itertools.product(Crs, Crs)))
def test_inputs_are_never_overwritten_nor_returned(source: Crs, target: Crs) -> None:
    lon, lat = np.array([118.8, 72.0, 10.0]), np.array([32.05, 30.0, 50.0])
    kept = lon.copy(), lat.copy()
    x, y = convert(lon, lat, source, target)
    assert not np.shares_memory(x, lon)
    assert not np.shares_memory(y, lat)
    x += 1.0
    y += 1.0
    assert (lon == kept[0]).all()
    assert (lat == kept[1]).all()


@pytest.mark.parametrize(("source", "target"), list(itertools.product(Crs, Crs)))
def test_not_a_number_stays_so_and_infinity_does_no_harm(source: Crs, target: Crs) -> None:
    lon = np.array([np.nan, 118.8, np.nan, np.inf, 118.8])
    lat = np.array([32.0, np.nan, np.nan, 32.0, 32.0])
    x, y = convert(lon, lat, source, target)
    assert np.isnan(x).tolist() == np.isnan(y).tolist() == [True, True, True, False, False]
    assert x[3] == np.inf


def test_shapes_broadcast_and_other_number_types_are_taken() -> None:
    lon, lat = convert(np.array([[118, 119], [120, 121]]), 32, Crs.WGS84, Crs.GCJ02)
    assert lon.shape == lat.shape == (2, 2)
    assert lon.dtype == lat.dtype == np.float64
    assert convert([], [], Crs.BD09, Crs.WGS84)[0].shape == (0,)
    assert convert(118.8, 32.0, Crs.BD09, Crs.WGS84)[0].shape == ()


# Plausibility

IN_CHINA = {
    "Beijing": (116.397, 39.909),
    "Nanjing": (118.796, 32.059),
    "Mohe": (122.54, 53.48),
    "Fuyuan": (134.77, 48.45),
    "Wuqia": (73.98, 39.72),
    "Tashkurgan": (75.23, 37.77),
    "Shache": (77.24, 38.41),
    "Burang": (81.17, 30.29),
    "Gyirong": (85.30, 28.85),
    "Zham": (85.98, 27.99),
    "Yadong": (88.91, 27.48),
    "Medog": (95.33, 29.33),
    "Ruili": (97.85, 24.01),
    "Mengla": (101.56, 21.46),
    "Hekou": (103.96, 22.52),
    "Dongxing": (107.97, 21.54),
    "Sanya": (109.51, 18.25),
    "Yongxing Island": (112.34, 16.83),
    "Hong Kong": (114.17, 22.32),
    "Macau": (113.54, 22.20),
    "Taipei": (121.57, 25.03),
    "Dandong": (124.39, 40.13),
    "Changbai": (128.20, 41.42),
    "Hunchun": (130.37, 42.87),
    "Suifenhe": (131.15, 44.40),
    "Hulin": (132.98, 45.77),
    "Heihe": (127.53, 50.25),
    "Manzhouli": (117.38, 49.60),
    "Erenhot": (111.98, 43.65),
    "Altay": (88.14, 47.84),
    "Khorgos": (80.42, 44.21),
}
OUTSIDE_CHINA = {
    "Tokyo": (139.69, 35.69),
    "Seoul": (126.98, 37.57),
    "Pyongyang": (125.75, 39.03),
    "Vladivostok": (131.89, 43.12),
    "Ulaanbaatar": (106.92, 47.92),
    "Almaty": (76.95, 43.24),
    "Kathmandu": (85.32, 27.71),
    "Delhi": (77.21, 28.61),
    "Hanoi": (105.85, 21.03),
    "Manila": (120.98, 14.60),
    "London": (-0.13, 51.51),
    "Gulf of Guinea": (0.0, 0.0),
}


@pytest.mark.parametrize("point", IN_CHINA.values(), ids=IN_CHINA.keys())
def test_places_in_china_are_plausible(point: tuple[float, float]) -> None:
    assert inside_china(*point)
    assert coordinate_faults(*point) == CoordinateFault.NONE
    # A shifted or swapped coordinate is judged as well.
    assert inside_china(*convert(*point, Crs.WGS84, Crs.BD09))
    assert coordinate_faults(point[1], point[0]) == CoordinateFault.AXES_SWAPPED


@pytest.mark.parametrize("point", OUTSIDE_CHINA.values(), ids=OUTSIDE_CHINA.keys())
def test_places_abroad_are_not(point: tuple[float, float]) -> None:
    assert not inside_china(*point)
    assert coordinate_faults(*point) == CoordinateFault.OUTSIDE_CHINA


@pytest.mark.parametrize(
    ("lon", "lat", "fault"),
    [
        (118.8, 32.0, CoordinateFault.NONE),
        (32.0, 118.8, CoordinateFault.AXES_SWAPPED),
        (np.nan, 32.0, CoordinateFault.NOT_FINITE),
        (118.8, np.nan, CoordinateFault.NOT_FINITE),
        (np.inf, 32.0, CoordinateFault.NOT_FINITE),
        (118.8, -np.inf, CoordinateFault.NOT_FINITE),
        (181.0, 32.0, CoordinateFault.LON_OUT_OF_RANGE),
        (-13225000.0, 3760000.0, CoordinateFault.LON_OUT_OF_RANGE),
        (118.8, 90.5, CoordinateFault.LAT_OUT_OF_RANGE),
        (118.8, -32.0, CoordinateFault.OUTSIDE_CHINA),
    ],
)
def test_the_first_fault_is_named(lon: float, lat: float, fault: CoordinateFault) -> None:
    assert coordinate_faults(lon, lat) == fault


def test_faults_of_whole_columns() -> None:
    faults = coordinate_faults([118.8, 32.0, np.nan], [32.0, 118.8, 1.0])
    assert faults.dtype == np.uint8
    assert faults.tolist() == [CoordinateFault.NONE, CoordinateFault.AXES_SWAPPED, CoordinateFault.NOT_FINITE]


# Distances


@pytest.mark.parametrize(
    ("a", "b", "metres"),
    [
        # One degree of the equator is a·π/180; a quarter of a meridian is a known constant of the figure.
        ((0.0, 0.0), (1.0, 0.0), 111319.4908),
        ((118.0, 0.0), (118.0, 90.0), 10001965.7293),
        ((118.0, 32.0), (118.0, 32.0), 0.0),
    ],
)
def test_distances_on_the_ellipsoid(a: tuple[float, float], b: tuple[float, float], metres: float) -> None:
    assert float(distance_m(*a, *b)) == pytest.approx(metres, abs=1e-4)


def test_distances_broadcast_and_keep_not_a_number() -> None:
    found = distance_m(118.0, 32.0, [[118.0, 119.0], [np.nan, 118.0]], [[32.0, 32.0], [32.0, np.inf]])
    assert found.shape == (2, 2)
    assert found[0, 0] == 0.0
    assert 94_000 < found[0, 1] < 95_000
    assert np.isnan(found[1]).all()
