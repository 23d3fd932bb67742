"""Tiles of a small city out of PostGIS."""

from datetime import date

import numpy as np
import pytest
from sqlalchemy import Connection, text

from app.access.principal import Scope
from app.tiles import build, density
from app.tiles.errors import UnknownLayer
from app.tiles.grid import Tile, to_mercator
from app.tiles.store import TileStore

from .world import EAST, NORTH, TODAY, build_city, build_orphans, layers, square


@pytest.fixture
def city(connection: Connection) -> Connection:
    build_city(connection)
    build_orphans(connection)
    return connection


def made(connection: Connection, layer: str, tile: Tile, on: date = TODAY, scope: Scope = Scope()) -> bytes:  # noqa: B008
    return build.tile(
        connection,
        TileStore(),
        layer,
        tile,
        on=on,
        at_version=build.version(connection, TileStore(), layer),
        scope=scope,
    )


@pytest.mark.parametrize("zoom", [6, 11, 13])
def test_areas_come_with_their_properties_and_names(city: Connection, zoom: int) -> None:
    read = layers(made(city, "territories", square(zoom)))
    areas = read["territories"].set_index("team_code")
    assert set(areas.index) >= {"T-E1"}
    assert areas.loc["T-E1", ["name", "branch_code", "force", "effective_from"]].tolist() == [
        "T-E1队", "E", "COLLECTION", "2026-01-01",
    ]  # fmt: skip
    if zoom == 11:
        assert set(areas.index) == {"T-E1", "T-E2", "T-W1", "T-W2"}
        assert areas["ended"].map(bool).to_dict() == {"T-E1": False, "T-E2": False, "T-W1": False, "T-W2": True}
        assert areas.loc["T-E1", "colour"] != areas.loc["T-E2", "colour"]
        assert sorted(read["territories_labels"]["team_code"]) == ["T-E1", "T-E2", "T-W1", "T-W2"]


@pytest.mark.parametrize(
    ("on", "since", "part"),
    [(date(2026, 3, 31), "2026-01-01", 2 / 3), (date(2026, 4, 1), "2026-04-01", 1 / 2)],
)
def test_territories_are_those_of_the_date(city: Connection, on: date, since: str, part: float) -> None:
    areas = layers(made(city, "territories", square(11), on))["territories"].set_index("team_code")
    assert areas.loc["T-E1", "effective_from"] == since
    east = areas.geometry.area
    assert east["T-E1"] / (east["T-E1"] + east["T-E2"]) == pytest.approx(part, abs=0.02)


def test_before_the_first_territory_there_is_none(city: Connection) -> None:
    assert made(city, "territories", square(11), date(2024, 12, 31)) == b""


def test_branches_and_communities(city: Connection) -> None:
    branches = layers(made(city, "branches", square(11)))["branches"]
    assert dict(zip(branches["branch_code"], branches["name"], strict=True)) == {"E": "东", "W": "西"}
    communities = layers(made(city, "communities", square(11)))["communities"]
    assert dict(zip(communities["code"], communities["name"], strict=True)) == {"C01": "C01", "C02": "C02"}


def test_geometry_lies_where_proj_puts_it(city: Connection) -> None:
    tile = square(12, 0.005, 0.005)
    west, south, _, _ = tile.bounds_m()
    areas = layers(made(city, "communities", tile))["communities"].set_index("code")
    corners = to_mercator(np.array([[EAST, NORTH], [EAST + 0.01, NORTH + 0.01]]))
    unit = tile.side_m / 4096
    expected = ((corners - [west, south]) / unit).reshape(-1).clip(0, 4096)
    assert areas.loc["C01"].geometry.bounds == pytest.approx(expected.tolist(), abs=1.5)


def test_orphans_one_by_one_are_bundles_at_their_points(city: Connection) -> None:
    tile = square(11)
    points = layers(made(city, "orphans", tile))["orphans"].set_index("policy_no").sort_index()
    assert list(points.index) == ["P1", "P3", "P4", "P5"]
    assert points["policies"].tolist() == [2, 1, 1, 1]
    assert points["state"].tolist() == ["TEAM_POOL", "TEAM_POOL", "CITY_REVIEW", "LOCATION_REVIEW"]
    assert points["rung"].fillna("").tolist() == ["REGION_OWNER", "REGION_OWNER", "CITY_REVIEW", ""]
    assert points["team_code"].fillna("").tolist() == ["T-E1", "T-E2", "", ""]
    west, south, _, _ = tile.bounds_m()
    expected = (to_mercator(np.array([[EAST + 0.005, NORTH + 0.005]]))[0] - [west, south]) / (tile.side_m / 4096)
    assert points.loc["P1"].geometry.coords[0] == pytest.approx(expected.tolist(), abs=1)


def test_many_orphans_are_counted_in_the_same_cells_as_postgis(
    city: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(density, "EXACT_AT_MOST", 1)
    counted = build.load_density(city)
    assert counted.exact_from == density.EXACT_FROM_LATEST
    bins = layers(made(city, "orphans", square(11)))["orphans"]
    assert bins["count"].sum() == 5
    assert bins["n_REGION_OWNER"].sum() == 3
    assert bins["n_LOCATION_REVIEW"].sum() == 1
    near = square(density.EXACT_FROM_LATEST - 1, 0.005, 0.005)
    assert 2 in [each["count"] for each in counted.bins(near).properties]


def test_closed_cases_are_not_shown(city: Connection) -> None:
    city.execute(text("UPDATE orphan_case SET state = 'CLOSED', open = false WHERE policy_no IN ('P1', 'P2', 'P3')"))
    assert layers(made(city, "orphans", square(11)))["orphans"]["policy_no"].tolist() == ["P4", "P5"]


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        (Scope(branch_codes=frozenset({"W"})), ["P4"]),
        (Scope(team_codes=frozenset({"T-E2"})), ["P3"]),
        (Scope(branch_codes=frozenset()), []),
    ],
)
def test_orphans_out_of_scope_are_not_shown(city: Connection, scope: Scope, seen: list[str]) -> None:
    tile = made(city, "orphans", square(11), scope=scope)
    assert ([] if tile == b"" else sorted(layers(tile)["orphans"]["policy_no"])) == seen


def test_two_scopes_do_not_share_what_is_kept(city: Connection) -> None:
    store = TileStore()
    at_version = build.version(city, store, "orphans")
    west = Scope(branch_codes=frozenset({"W"}))
    sizes = [
        len(
            layers(build.tile(city, store, "orphans", square(11), on=TODAY, at_version=at_version, scope=scope))[
                "orphans"
            ]
        )
        for scope in (Scope(), west, Scope())
    ]
    assert sizes == [4, 1, 4]


@pytest.mark.parametrize("layer", build.LAYERS)
def test_elsewhere_there_is_nothing(city: Connection, layer: str) -> None:
    assert made(city, layer, Tile(11, 0, 0)) == b""


@pytest.mark.parametrize("layer", build.LAYERS)
def test_an_empty_database_has_empty_tiles_and_no_extent(connection: Connection, layer: str) -> None:
    assert made(connection, layer, Tile(0, 0, 0)) == b""
    assert build.extent(connection, TODAY) is None


def test_an_unknown_layer_is_refused(connection: Connection) -> None:
    with pytest.raises(UnknownLayer):
        build.version(connection, TileStore(), "roads")


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ("UPDATE branch_area SET geom = geom WHERE branch_code = 'E'", {"branches"}),
        ("DELETE FROM branch_area WHERE branch_code = 'W'", {"branches"}),
        ("UPDATE organisation SET name = '东部' WHERE code = 'E'", {"branches"}),
        ("DELETE FROM community WHERE code = 'C02'", {"communities"}),
        ("UPDATE territory_plan SET effective_to = effective_from WHERE branch_code = 'W'", {"territories"}),
        ("UPDATE team SET name = '新名' WHERE code = 'T-E2'", {"territories"}),
        ("UPDATE run SET status = 'CONFIRMED', settled_at = now()", {"orphans"}),
        ("UPDATE run SET progress = 0.7", set()),
    ],
)
def test_versions_change_with_the_content_and_only_then(city: Connection, change: str, changed: set[str]) -> None:
    before = build.versions(city, TileStore())
    # A savepoint is a transaction of its own to PostgreSQL, as another session's change would be.
    with city.begin_nested():
        city.execute(text(change))
    after = build.versions(city, TileStore())
    assert {layer for layer in before if before[layer] != after[layer]} == changed


@pytest.mark.parametrize(
    ("team", "branch", "expected"),
    [
        (None, None, (0, 0, 0.04, 0.02)),
        (None, "W", (0.03, 0, 0.04, 0.02)),
        ("T-E2", None, (0.02, 0, 0.03, 0.01)),
        ("T-E1", None, (0, 0, 0.02, 0.01)),
    ],
)
def test_extent(city: Connection, team: str | None, branch: str | None, expected: tuple[float, ...]) -> None:
    box = build.extent(city, TODAY, team, branch)
    assert box is not None
    assert np.array(box) - [EAST, NORTH, EAST, NORTH] == pytest.approx(np.array(expected), abs=1e-9)


def test_extent_of_what_has_none(city: Connection) -> None:
    assert build.extent(city, TODAY, "NOBODY") is None
    city.execute(text("DELETE FROM branch_area"))
    box = build.extent(city, TODAY)
    assert box == pytest.approx((EAST, NORTH, EAST + 0.04, NORTH + 0.02), abs=1e-9)
