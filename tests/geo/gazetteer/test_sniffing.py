"""The test that tells coordinate systems apart: every pair of systems, noise, wrong names, mixtures, and when it must not decide."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo.crs import Crs, convert
from geo.gazetteer.groups import sniff_file
from geo.gazetteer.known import keyed, pairs
from geo.gazetteer.outlines import sniff_outlines
from geo.gazetteer.sniffing import FEWEST, Evidence, Sniff, Verdict, clearly, plain, sniff
from geo.gazetteer.wording import described

Floats = NDArray[np.float64]

SYSTEMS = (Crs.CGCS2000, Crs.WGS84, Crs.GCJ02, Crs.BD09)
CITIES = ((118.8, 32.05), (121.5, 31.2), (104.1, 30.7), (87.6, 43.8), (126.6, 45.8), (110.3, 20.0))
"""Corners of China: the shifts differ in length and direction."""

DEGREE_M = 111_000.0


def scattered(seed: int, n: int, city: tuple[float, float], size: float = 0.2) -> tuple[Floats, Floats]:
    """n known places, CGCS2000 degrees, in a square of `size` degrees."""
    draw = np.random.default_rng(seed)
    return city[0] + draw.uniform(0, size, n), city[1] + draw.uniform(0, size, n)


def published(
    seed: int, lon: Floats, lat: Floats, system: Crs, *, noise_m: float, wrong: float = 0.0
) -> tuple[Floats, Floats]:
    """The same places as a file in `system` has them: off by some metres; a share of them is somewhere else in the city."""
    draw = np.random.default_rng(seed + 1)
    x = lon + draw.normal(0, noise_m / DEGREE_M, len(lon)) / np.cos(np.radians(lat))
    y = lat + draw.normal(0, noise_m / DEGREE_M, len(lat))
    lost = draw.random(len(lon)) < wrong
    x[lost] = draw.uniform(lon.min(), lon.max(), int(lost.sum()))
    y[lost] = draw.uniform(lat.min(), lat.max(), int(lost.sum()))
    return convert(x, y, Crs.CGCS2000, system)


@settings(max_examples=80)
@given(
    seed=st.integers(0, 2**32 - 10),
    city=st.sampled_from(CITIES),
    true=st.sampled_from(SYSTEMS),
    declared=st.sampled_from(SYSTEMS),
    noise_m=st.floats(0.0, 80.0),
    n=st.integers(60, 400),
)
def test_any_two_systems_are_told_apart(
    seed: int, city: tuple[float, float], true: Crs, declared: Crs, noise_m: float, n: int
) -> None:
    lon, lat = scattered(seed, n, city)
    found = sniff(*published(seed, lon, lat, true, noise_m=noise_m), lon, lat, declared)
    if plain(true) == plain(declared):
        assert found.verdict is Verdict.PASSED
    else:
        assert (found.verdict, found.best) == (Verdict.MISDECLARED, plain(true))


@settings(max_examples=120)
@given(
    seed=st.integers(0, 2**32 - 10),
    city=st.sampled_from(CITIES),
    true=st.sampled_from(SYSTEMS),
    noise_m=st.floats(0.0, 100.0),
    wrong=st.floats(0.0, 0.3),
    n=st.integers(1, 600),
    size=st.floats(0.05, 0.5),
)
def test_a_rightly_declared_file_is_never_refused(
    seed: int, city: tuple[float, float], true: Crs, noise_m: float, wrong: float, n: int, size: float
) -> None:
    """Three names in ten may belong to another place."""
    lon, lat = scattered(seed, n, city, size)
    found = sniff(*published(seed, lon, lat, true, noise_m=noise_m, wrong=wrong), lon, lat, true)
    assert not found.refuses


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 10),
    city=st.sampled_from(CITIES),
    pair=st.sampled_from([(a, b) for a in SYSTEMS for b in SYSTEMS if plain(a) != plain(b)]),
    noise_m=st.floats(0.0, 80.0),
)
def test_a_wrongly_declared_file_with_wrong_names_is_refused(
    seed: int, city: tuple[float, float], pair: tuple[Crs, Crs], noise_m: float
) -> None:
    lon, lat = scattered(seed, 200, city)
    true, declared = pair
    found = sniff(*published(seed, lon, lat, true, noise_m=noise_m, wrong=0.3), lon, lat, declared)
    assert (found.verdict, found.best) == (Verdict.MISDECLARED, plain(true))


@settings(max_examples=80)
@given(
    seed=st.integers(0, 2**32 - 10),
    city=st.sampled_from(CITIES),
    true=st.sampled_from(SYSTEMS),
    noise_m=st.floats(0.0, 120.0),
    wrong=st.floats(0.0, 0.3),
    n=st.integers(1, 600),
    metres=st.floats(100.0, 1200.0),
)
def test_nor_is_one_whose_wrong_names_lie_as_far_off_as_a_shift(
    seed: int, city: tuple[float, float], true: Crs, noise_m: float, wrong: float, n: int, metres: float
) -> None:
    """Another gate, another phase of the estate: at one distance, but in any direction, as no shift does."""
    lon, lat = scattered(seed, n, city)
    draw = np.random.default_rng(seed + 2)
    angle, away = draw.uniform(0, 2 * np.pi, n), np.where(draw.random(n) < wrong, metres / DEGREE_M, 0.0)
    x, y = lon + away * np.cos(angle) / np.cos(np.radians(lat)), lat + away * np.sin(angle)
    assert not sniff(*published(seed, x, y, true, noise_m=noise_m), lon, lat, true).refuses


def test_too_few_places_decide_nothing() -> None:
    lon, lat = scattered(1, FEWEST - 1, CITIES[0])
    found = sniff(*convert(lon, lat, Crs.CGCS2000, Crs.BD09), lon, lat, Crs.WGS84)
    assert (found.verdict, found.n) == (Verdict.UNTESTED, FEWEST - 1)


def test_just_enough_places_decide() -> None:
    lon, lat = scattered(1, FEWEST, CITIES[0])
    found = sniff(*convert(lon, lat, Crs.CGCS2000, Crs.BD09), lon, lat, Crs.WGS84)
    assert found.verdict is Verdict.MISDECLARED


def test_points_that_lie_anywhere_decide_nothing() -> None:
    lon, lat = scattered(1, 500, CITIES[0])
    found = sniff(*scattered(2, 500, CITIES[0]), lon, lat, Crs.WGS84)
    assert found.verdict is Verdict.UNTESTED


def test_outside_of_china_the_systems_are_one() -> None:
    lon, lat = scattered(1, 200, (-0.1, 51.5))
    assert sniff(lon, lat, lon, lat, Crs.GCJ02).verdict is Verdict.UNTESTED


def test_an_offset_that_no_system_explains_is_refused_with_its_vector() -> None:
    lon, lat = scattered(1, 200, CITIES[0])
    x = lon + 900.0 / (111_320.0 * np.cos(np.radians(lat)))
    found = sniff(x, lat + 700.0 / 110_900.0, lon, lat, Crs.CGCS2000)
    assert found.verdict is Verdict.SHIFTED
    assert (found.east_m, found.north_m) == (pytest.approx(900, abs=5), pytest.approx(700, abs=5))


def test_two_halves_in_two_systems_are_refused() -> None:
    lon, lat = scattered(1, 400, CITIES[0])
    x, y = published(1, lon, lat, Crs.CGCS2000, noise_m=30)
    x[::2], y[::2] = convert(x[::2], y[::2], Crs.CGCS2000, Crs.GCJ02)
    found = sniff(x, y, lon, lat, Crs.CGCS2000)
    assert found.verdict is Verdict.MIXED
    assert {found.best, found.second} == {Crs.CGCS2000, Crs.GCJ02}


def test_a_fifth_in_another_system_goes_in_and_is_told() -> None:
    lon, lat = scattered(1, 400, CITIES[0])
    x, y = published(1, lon, lat, Crs.CGCS2000, noise_m=30)
    x[::5], y[::5] = convert(x[::5], y[::5], Crs.CGCS2000, Crs.BD09)
    found = sniff(x, y, lon, lat, Crs.CGCS2000)
    assert (found.verdict, found.second) == (Verdict.PASSED, Crs.BD09)
    assert "BD09" in described(found)[0]


def test_the_figures_name_both_systems() -> None:
    lon, lat = scattered(1, 300, CITIES[0])
    found = sniff(*published(1, lon, lat, Crs.BD09, noise_m=50), lon, lat, Crs.WGS84)
    declared, best = found.fit(Crs.WGS84), found.fit(Crs.BD09)
    assert declared is not None
    assert best is not None
    assert declared.median_m == pytest.approx(1180, abs=60)
    assert best.median_m == pytest.approx(50 * np.sqrt(2 * np.log(2)), abs=12)
    chinese, english = described(found)
    assert "声明 WGS84，实为 BD09：中位偏差 1," in chinese
    assert "declared WGS84, but it is BD09" in english


@pytest.mark.parametrize(
    ("more", "less", "decided"),
    [(13, 0, False), (14, 0, True), (14, 1, False), (30, 16, False), (60, 20, True), (20_000, 9_000, True), (20_000, 10_001, False)],
)  # fmt: skip
def test_what_settles_it(more: int, less: int, decided: bool) -> None:
    assert clearly(more, less) is decided


def entries(names: list[str], lon: Floats, lat: Floats, source: str, city: str | None = "乙市") -> pl.DataFrame:
    """Rows with the contract's columns."""
    return pl.DataFrame({"name": names, "lon": lon, "lat": lat}).with_columns(
        kind=pl.lit("COMPOUND"), city=pl.lit(city, pl.String), district=pl.lit("东区"), source=pl.lit(source)
    )


def estates(n: int) -> list[str]:
    """Different names."""
    words = "东西南北金银玉翠"
    return [f"{words[i % 8]}{words[i // 8 % 8]}{words[i // 64 % 8]}花园" for i in range(n)]


def test_names_are_matched_within_the_city_whatever_they_are_called_in_addition() -> None:
    known = keyed(
        entries(["示例花园", "示例花园", "另一花园"], np.array([120.0, 120.001, 120.1]), np.full(3, 30.0), "A")
    )
    other = keyed(entries(["示例花园小区", "另一花园"], np.array([120.0005, 120.1]), np.full(2, 30.0), "B", city="乙"))
    elsewhere = keyed(entries(["示例花园"], np.array([120.0]), np.array([30.0]), "C", city="丙市"))
    assert pairs(other, known).height == 2
    assert pairs(elsewhere, known).height == 0


def test_a_name_at_two_places_says_nothing() -> None:
    known = keyed(entries(["示例花园", "示例花园"], np.array([120.0, 120.05]), np.full(2, 30.0), "A"))
    assert pairs(keyed(entries(["示例花园"], np.array([120.0]), np.array([30.0]), "B")), known).height == 0


def test_a_place_without_a_city_is_compared_where_its_name_is_known_once() -> None:
    known = pl.concat(
        [
            entries(["甲花园", "乙花园"], np.array([120.0, 120.1]), np.full(2, 30.0), "A", city="乙市"),
            entries(["甲花园"], np.array([121.0]), np.array([31.0]), "A", city="丙市"),
        ]
    )
    found = pairs(
        keyed(entries(["甲花园", "乙花园"], np.array([120.0, 120.1]), np.full(2, 30.0), "B", city=None)), keyed(known)
    )
    assert found["known_lon"].to_list() == [120.1]


def test_house_numbers_are_compared_where_there_is_no_name() -> None:
    row = {
        "name": None,
        "kind": "DOOR",
        "city": "乙市",
        "road": "示例路",
        "number": "12",
        "source": "A",
        "lon": 120.0,
        "lat": 30.0,
    }
    known = keyed(pl.DataFrame([row], schema_overrides={"name": pl.String}))
    assert (
        pairs(keyed(pl.DataFrame([row | {"number": "12号"}], schema_overrides={"name": pl.String})), known).height == 1
    )


def of_file(parts: dict[str, Crs], declared: Crs, n: int = 60) -> pl.DataFrame:
    """A file in which each source has the same places, in a system of its own."""
    lon, lat = scattered(7, n, CITIES[0])
    written = [
        entries(estates(n), *published(i, lon, lat, system, noise_m=40), source)
        for i, (source, system) in enumerate(parts.items())
    ]
    return pl.concat(written).with_columns(declared=pl.lit(declared.value))


def test_the_source_in_another_system_is_named() -> None:
    lon, lat = scattered(7, 60, CITIES[0])
    known = entries(estates(60), lon, lat, "K")
    found = sniff_file(of_file({"A": Crs.GCJ02, "B": Crs.BD09}, Crs.GCJ02), known)
    assert {one.source: one.verdict for one in found} == {"A": Verdict.PASSED, "B": Verdict.MISDECLARED}
    assert {one.evidence for one in found} == {Evidence.PLACES}


def test_sources_of_one_file_are_compared_with_each_other_where_nothing_is_known() -> None:
    found = sniff_file(of_file({"A": Crs.GCJ02, "B": Crs.GCJ02, "C": Crs.BD09}, Crs.GCJ02), pl.DataFrame())
    verdicts = {one.source: one.verdict for one in found}
    assert verdicts["C"] is Verdict.MISDECLARED
    agreeing = sniff_file(of_file({"A": Crs.GCJ02, "B": Crs.GCJ02}, Crs.GCJ02), pl.DataFrame())
    assert {(one.verdict, one.evidence) for one in agreeing} == {(Verdict.PASSED, Evidence.SOURCES)}


def test_one_source_and_nothing_known_is_not_tested() -> None:
    (found,) = sniff_file(of_file({"A": Crs.BD09}, Crs.WGS84), pl.DataFrame())
    assert (found.verdict, found.evidence) == (Verdict.UNTESTED, Evidence.NOTHING)
    assert "未能检验" in described(found)[0]


def test_each_row_may_declare_its_own_system() -> None:
    lon, lat = scattered(7, 60, CITIES[0])
    known = entries(estates(60), lon, lat, "K")
    file = pl.concat([of_file({"A": Crs.GCJ02}, Crs.GCJ02), of_file({"A": Crs.BD09}, Crs.BD09)])
    assert {(one.declared, one.verdict) for one in sniff_file(file, known)} == {
        (Crs.GCJ02, Verdict.PASSED),
        (Crs.BD09, Verdict.PASSED),
    }


@pytest.mark.parametrize("true", [Crs.WGS84, Crs.GCJ02, Crs.BD09])
@pytest.mark.parametrize("declared", [Crs.WGS84, Crs.GCJ02, Crs.BD09])
def test_outlines_of_districts_tell_systems_apart(true: Crs, declared: Crs) -> None:
    """Three districts side by side, each 0.07 degrees wide, and points that state theirs."""
    lon, lat = scattered(3, 1500, CITIES[0], 0.21)
    column = ((lon - CITIES[0][0]) // 0.07).astype(int)
    district = pl.Series([f"{'东中西'[i]}区" for i in column])
    areas = [shapely.box(CITIES[0][0] + 0.07 * i, 32.0, CITIES[0][0] + 0.07 * (i + 1), 32.3) for i in range(3)]
    found = sniff_outlines(*convert(lon, lat, Crs.CGCS2000, true), district, areas, declared)
    assert found.verdict is (Verdict.PASSED if true is declared else Verdict.MISDECLARED)
    assert found.best == plain(true)


def test_outlines_without_stated_districts_tell_nothing() -> None:
    lon, lat = scattered(3, 100, CITIES[0])
    areas = [shapely.box(118.8, 32.0, 118.9, 32.3), shapely.box(118.9, 32.0, 119.1, 32.3)]
    found = sniff_outlines(lon, lat, pl.Series([None] * 100, dtype=pl.String), areas, Crs.WGS84)
    assert found.verdict is Verdict.UNTESTED


def test_json_holds_the_figures() -> None:
    lon, lat = scattered(1, 60, CITIES[0])
    plain_values = sniff(lon, lat, lon, lat, Crs.WGS84).as_json()
    assert plain_values["verdict"] == "PASSED"
    assert [fit["crs"] for fit in plain_values["fits"]] == ["CGCS2000", "GCJ02", "BD09"]
    assert Sniff(Verdict.UNTESTED, Crs.WGS84, 0).as_json()["best"] is None
