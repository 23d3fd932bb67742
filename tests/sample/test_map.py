"""The map: exact coverages, contiguous territories with a few flaws on purpose, and places that agree with it."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
import shapely

from app.sample import roads as roads_module
from app.sample.communities import divide
from app.sample.roads import build
from app.sample.scale import scale_for
from app.sample.terrain import lay_out
from geo.crs import Crs, convert
from tests.sample.conftest import AS_OF, City

TODAY = AS_OF.isoformat()
SIZES = pytest.mark.parametrize(
    ("policies", "seed"), [(10, 1), (50, 3), (200, 5), (20_000, 1), (20_000, 2), (120_000, 4)]
)
METRE = 1 / 111_000
MANY = pytest.mark.parametrize("seed", range(12))


@SIZES
def test_communities_and_branches_are_valid_coverages(sample: Callable[..., City], policies: int, seed: int) -> None:
    city = sample(policies, seed=seed)
    rows, communities = city.features("communities")
    assert shapely.is_valid(communities).all()
    assert set(shapely.get_type_id(communities)) == {3}
    assert shapely.coverage_is_valid(communities)
    assert len({row["name"] for row in rows}) == len(rows)
    branch_rows, branches = city.features("branches")
    assert shapely.is_valid(branches).all()
    assert shapely.coverage_is_valid(branches)
    of = np.array([row["code"].split("-")[0] for row in rows])
    for row, area in zip(branch_rows, branches, strict=True):
        assert shapely.equals(shapely.coverage_union_all(communities[of == row["branch_code"]]), area)


def test_vertices_lie_on_the_grid_and_rings_wind_as_rfc_7946_says(town: City) -> None:
    for name in ("branches", "communities", "territories"):
        shapes = town.features(name)[1]
        points = shapely.get_coordinates(shapes)
        assert np.abs(points * 1e6 - np.round(points * 1e6)).max() < 1e-3
        parts = shapely.get_parts(shapes)
        assert shapely.is_ccw(shapely.get_exterior_ring(parts)).all()


@MANY
def test_many_cities_come_out_sound(seed: int) -> None:
    sizes = scale_for(4_000, None)
    terrain = lay_out(sizes, seed)
    coverage = divide(terrain, sizes, seed)
    assert shapely.coverage_is_valid(coverage.polygons)
    assert 0.85 * sizes.communities < len(coverage.polygons) < 1.15 * sizes.communities
    land = shapely.area(coverage.polygons).sum() * 96_000 * 111_000
    assert 0.9 < land / terrain.land.area < 1.1


def test_communities_are_smaller_in_the_centre_and_the_border_is_no_rectangle(town: City) -> None:
    communities = town.features("communities")[1]
    centre = shapely.Point(117.42, 30.88)
    far = shapely.distance(communities, centre)
    order = np.argsort(far)
    quarter = len(order) // 4
    area = shapely.area(communities)
    assert np.median(area[order[:quarter]]) * 3 < np.median(area[order[-quarter:]])
    whole = shapely.union_all(communities)
    assert whole.area < 0.85 * shapely.minimum_rotated_rectangle(whole).area


@SIZES
def test_territories_are_valid_and_stay_in_their_branch(sample: Callable[..., City], policies: int, seed: int) -> None:
    city = sample(policies, seed=seed)
    rows, territories = city.features("territories")
    assert shapely.is_valid(territories).all()
    branches = dict(
        zip((row["branch_code"] for row in city.features("branches")[0]), city.features("branches")[1], strict=True)
    )
    for row, area in zip(rows, territories, strict=True):
        outside = shapely.difference(area, branches[row["team_code"].split("-")[0]])
        assert outside.area < 1e-9


@pytest.mark.parametrize(("policies", "seed"), [(20_000, 1), (20_000, 2), (120_000, 4)])
def test_a_tenth_has_no_owner_and_two_neighbours_overlap_a_little(
    sample: Callable[..., City], policies: int, seed: int
) -> None:
    city = sample(policies, seed=seed)
    current = _current(city)
    communities = city.features("communities")[1]
    inside = shapely.point_on_surface(communities)
    owned = shapely.STRtree(current).query(inside, predicate="intersects")[0]
    assert 0.06 < 1 - len(np.unique(owned)) / len(communities) < 0.14
    left, right = shapely.STRtree(current).query(current, predicate="overlaps")
    pairs = {(int(a), int(b)) for a, b in zip(left, right, strict=True) if a < b}
    assert 1 <= len(pairs) <= 2
    for a, b in pairs:
        assert 0 < shapely.intersection(current[a], current[b]).area < 0.25 * min(current[a].area, current[b].area)


def test_some_territories_have_an_earlier_and_some_a_coming_version(town: City) -> None:
    dates = [row["effective_from"] for row in town.features("territories")[0]]
    assert sum(day > TODAY for day in dates) == 2
    assert len({day for day in dates if day <= TODAY}) == 2
    versions = [(row["team_code"], row["effective_from"]) for row in town.features("territories")[0]]
    assert len(set(versions)) == len(versions)


@pytest.mark.parametrize(("policies", "seed"), [(50, 3), (20_000, 1), (20_000, 2)])
def test_the_district_of_a_place_is_the_one_it_lies_in(sample: Callable[..., City], policies: int, seed: int) -> None:
    city = sample(policies, seed=seed)
    rows, areas = city.features("branches")
    # In a city of this size every district is one branch.
    district = {row["name"].removesuffix("支公司"): area for row, area in zip(rows, areas, strict=True)}
    gazetteer = _points(city.table("gazetteer"))
    # A second listing may lie up to 70 m away, over the border.
    for row in gazetteer.iter_rows(named=True):
        assert district[row["district"][:2]].distance(shapely.Point(row["x"], row["y"])) < 100 * METRE, row
    located = _points(
        city.table("addresses").filter(pl.col("lon").is_not_null() & pl.col("text").str.contains("云澜市.{2}[区县]"))
    )
    for row in located.iter_rows(named=True):
        name = row["text"].replace(" ", "").split("云澜市")[1][:2]
        assert district[name].distance(shapely.Point(row["x"], row["y"])) < 60 * METRE, row


def test_a_community_code_is_that_of_the_community_the_point_lies_in(town: City) -> None:
    rows, areas = town.features("communities")
    area = dict(zip((row["code"] for row in rows), areas, strict=True))
    both = _points(town.table("addresses").filter(pl.col("lon").is_not_null() & pl.col("community_code").is_not_null()))
    assert len(both) > 10
    for row in both.iter_rows(named=True):
        assert area[row["community_code"]].distance(shapely.Point(row["x"], row["y"])) < 60 * METRE, row


def test_a_few_points_are_far_outside_the_city(town: City) -> None:
    city = shapely.union_all(town.features("branches")[1])
    points = _points(town.table("addresses").filter(pl.col("lon").is_not_null()))
    far = shapely.distance(city, shapely.points(points["x"].to_numpy(), points["y"].to_numpy())) > 10_000 * METRE
    assert 1 <= far.sum() < 0.05 * len(points)


def test_house_numbers_grow_along_the_road_with_one_parity_a_side() -> None:
    sizes = scale_for(20_000, None)
    terrain = lay_out(sizes, 1)
    roads, places = build(terrain, divide(terrain, sizes, 1), sizes, 1)
    doors = set(zip(places.road.tolist(), places.number.tolist(), strict=True))
    assert len(doors) == places.size
    same = (places.road[:-1] == places.road[1:]) & (places.number[:-1] < places.number[1:])
    steps = (places.number[1:] - places.number[:-1])[same] // 2 + 1
    gaps = np.hypot(*(places.xy[1:] - places.xy[:-1])[same].T)
    assert same.sum() > places.size // 2
    assert (gaps <= steps * roads_module.STEP + 340).all()
    ahead = np.column_stack([np.cos(roads.bearing), np.sin(roads.bearing)])[places.road]
    aside = places.xy - roads.middle[places.road]
    left = ahead[:, 0] * aside[:, 1] - ahead[:, 1] * aside[:, 0] > 0
    # Bent roads hide the side of some places from this plain test, but not of most.
    assert (left == (places.number % 2 == 1)).mean() > 0.7


def _current(city: City) -> np.ndarray:
    """The areas in force on the sample's date: the latest version of each team."""
    latest: dict[str, tuple[str, object]] = {}
    rows, areas = city.features("territories")
    for row, area in zip(rows, areas, strict=True):
        day = row["effective_from"]
        if day <= TODAY and day >= latest.get(row["team_code"], ("", None))[0]:
            latest[row["team_code"]] = (day, area)
    return np.array([area for _, area in latest.values()], dtype=object)


def _points(table: pl.DataFrame) -> pl.DataFrame:
    """The rows with their point in CGCS2000 as x and y, without those far outside the city."""
    lon, lat = table["lon"].cast(pl.Float64).to_numpy(), table["lat"].cast(pl.Float64).to_numpy()
    x, y = lon.copy(), lat.copy()
    for system in Crs:
        rows = (table["crs"] == system.value).to_numpy()
        x[rows], y[rows] = convert(lon[rows], lat[rows], system, Crs.CGCS2000)
    found = table.with_columns(pl.Series("x", x), pl.Series("y", y))
    if "text" in table.columns and table["text"].str.contains("云澜市").all():
        return found.filter((pl.col("x") - 117.42).abs() < 1)
    return found
