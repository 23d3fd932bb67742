"""Tiles of a small city out of PostGIS."""

from datetime import date

import numpy as np
import pytest
from sqlalchemy import Connection, text

from app.access.principal import EVERYTHING, Scope
from app.territories.pictures.gather import read_scene
from app.territories.plans.errors import PlanNotFound
from app.tiles import build, content, orphans
from app.tiles.build import Wanted
from app.tiles.customers import Customers
from app.tiles.errors import UnknownLayer
from app.tiles.grid import Tile, to_mercator
from app.tiles.orphans import Orphans
from app.tiles.store import TileStore

from .world import (
    EAST,
    NORTH,
    TODAY,
    box,
    build_city,
    build_customers,
    build_draft,
    build_orphans,
    draw,
    layers,
    square,
)

CUSTOMER_CHANGES = (
    "SELECT 1",
    "UPDATE address SET point = ST_SetSRID(ST_MakePoint(120.025, 30.005), 4490) WHERE policyholder_id = 'C1'",
    "UPDATE address SET point = NULL WHERE policyholder_id = 'C1'",
    "UPDATE policy SET status = 'ENDED' WHERE policyholder_id IN ('C2', 'C3')",
    "UPDATE policy SET branch_code = 'W' WHERE policyholder_id = 'C2'",
    "UPDATE policy SET servicer_code = 'A-T-W1' WHERE policyholder_id = 'C2'",
    "UPDATE agent SET team_code = 'T-W1' WHERE code = 'A-T-E1'",
    "INSERT INTO address (policyholder_id, kind, point) VALUES"
    " ('C4', 'CUSTOMER_CONFIRMED', ST_SetSRID(ST_MakePoint(120.005, 30.005), 4490))",
)
ORPHAN_CHANGES = (
    "SELECT 1",
    "UPDATE orphan_case SET state = 'CLOSED', open = false WHERE policy_no = 'P1'",
    "UPDATE orphan_case SET state = 'SUSPENDED' WHERE policy_no IN ('P2', 'P5')",
    "UPDATE orphan_case SET decision_id = NULL WHERE policy_no = 'P3'",
    "UPDATE orphan_case SET decision_id = (SELECT max(decision_id) FROM orphan_case) WHERE policy_no = 'P4'",
)


@pytest.fixture
def city(connection: Connection) -> Connection:
    build_city(connection)
    build_orphans(connection)
    return connection


def made(connection: Connection, layer: str, tile: Tile, on: date = TODAY, scope: Scope = Scope()) -> bytes:  # noqa: B008
    return build.tile(connection, TileStore(), Wanted(layer, on), tile, scope=scope).body(connection)


def versions(connection: Connection) -> dict[str, str]:
    return build.words(connection, TileStore(), TODAY)


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


def test_many_orphans_are_counted(city: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "EXACT_AT_MOST", 1)
    counted = Orphans.read(city)
    assert counted.exact_from(EVERYTHING) == orphans.EXACT_FROM_LATEST
    bins = layers(made(city, "orphans", square(11)))["orphans"]
    assert bins["count"].sum() == 5
    assert bins["n_REGION_OWNER"].sum() == 3
    assert bins["n_LOCATION_REVIEW"].sum() == 1
    near = square(orphans.EXACT_FROM_LATEST - 1, 0.005, 0.005)
    assert 2 in [each["count"] for each in counted.bins(near, EVERYTHING).properties]


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
    west = Scope(branch_codes=frozenset({"W"}))
    wanted = Wanted("orphans", TODAY)
    sizes = [
        len(layers(build.tile(city, store, wanted, square(11), scope=scope).body(city))["orphans"])
        for scope in (Scope(), west, Scope())
    ]
    assert sizes == [4, 1, 4]


@pytest.mark.parametrize("layer", ["orphans", "customers"])
@pytest.mark.parametrize("zoom", [3, 9, 12, 15, 17])
def test_counts_tell_nothing_of_what_is_out_of_scope(
    city: Connection, monkeypatch: pytest.MonkeyPatch, layer: str, zoom: int
) -> None:
    """Not a bin, not a count, not a place, nor from which zoom there are single points: the tile is the one of a world without it."""
    monkeypatch.setattr(orphans, "EXACT_AT_MOST", 1)
    build_customers(city)
    scopes = [Scope(branch_codes=frozenset({"W"})), Scope(team_codes=frozenset({"T-E2"}))]
    at = [square(zoom, lon, lat) for lon, lat in ((0.005, 0.005), (0.025, 0.005), (0.035, 0.015))]
    before = [made(city, layer, tile, scope=scope) for scope in scopes for tile in at]
    add = [(f"X{n}", f"X{n}", 0.005 + n * 1e-4, 0.0051, "BRANCH_BALANCE", "TEAM_POOL", "T-E1", "E") for n in range(20)]
    build_orphans(city, tuple(add))
    build_customers(city, tuple((f"CX{n}", 0.0052, 0.0049, "E", "T-E1") for n in range(20)))
    assert [made(city, layer, tile, scope=scope) for scope in scopes for tile in at] == before
    assert made(city, layer, at[0]) != b""


def test_nobody_in_scope_is_an_empty_tile(city: Connection) -> None:
    build_customers(city)
    for layer in ("orphans", "customers"):
        for scope in (Scope(branch_codes=frozenset()), Scope(team_codes=frozenset({"NOBODY"}))):
            assert made(city, layer, square(9), scope=scope) == b""


def test_customers_are_counted_once_whoever_has_their_policies(city: Connection) -> None:
    build_customers(city)
    count = {
        str(scope): layers(made(city, "customers", square(9), scope=scope))["customers"]["count"].sum()
        for scope in (
            EVERYTHING,
            Scope(branch_codes=frozenset({"E"})),
            Scope(branch_codes=frozenset({"W"})),
            Scope(team_codes=frozenset({"T-E1"})),
        )
    }
    neither = Scope(branch_codes=frozenset({"W"}), team_codes=frozenset({"T-E1"}))
    assert made(city, "customers", square(9), scope=neither) == b""
    # C3 has policies in both branches, the one in W serviced by T-W1.
    assert list(count.values()) == [5, 4, 2, 2]


def test_customers_are_never_shown_more_exactly_than_masked(city: Connection) -> None:
    build_customers(city)
    for zoom in (9, 12, 15, 17, 19, 22):
        at = square(zoom, 0.005, 0.005)
        tile = made(city, "customers", at)
        found = layers(tile)["customers"]
        assert set(found.columns) - {"mvt_id"} == {"count", "geometry"}
        if zoom >= 15:
            west = at.bounds_m()[0]
            x = west + found.geometry.x.to_numpy() * at.side_m / 4096
            lon = np.degrees(x / 6378137.0)
            assert np.abs(lon - np.round(lon, 3)).max() * 111_000 < at.side_m / 4096 + 0.1
    assert made(city, "customers", square(19, 0.00541, 0.005)) == b""  # where C1 really lives


@pytest.mark.parametrize("change", CUSTOMER_CHANGES)
def test_what_has_changed_of_customers_is_read_and_no_more(city: Connection, change: str) -> None:
    build_customers(city)
    before = Customers.read(city)
    with city.begin_nested():
        city.execute(text(change))
    after, fresh = before.refreshed(city), Customers.read(city)
    for zoom in (5, 11, 15, 17):
        for lon, lat in ((0.005, 0.005), (0.025, 0.005), (0.035, 0.015)):
            for scope in (EVERYTHING, Scope(branch_codes=frozenset({"E"})), Scope(team_codes=frozenset({"T-W1"}))):
                a, b = (each.bins(square(zoom, lon, lat), scope) for each in (after, fresh))
                assert a.properties == b.properties
                assert (a.x.tolist(), a.y.tolist()) == (b.x.tolist(), b.y.tolist())
    assert len(after) == len(fresh)


@pytest.mark.parametrize("change", ORPHAN_CHANGES)
def test_what_has_changed_of_orphans_is_read_and_no_more(
    city: Connection, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Orphans.read(city)
    with city.begin_nested():
        city.execute(text(change))
    fresh = Orphans.read(city)
    monkeypatch.setattr(Orphans, "read", lambda _: pytest.fail("all of it was read"))
    after = before.refreshed(city)
    for zoom in (5, 11, 15):
        for scope in (EVERYTHING, Scope(branch_codes=frozenset({"E"})), Scope(team_codes=frozenset({"T-E2"}))):
            a, b = (each.bins(square(zoom, 0.005, 0.005), scope) for each in (after, fresh))
            assert a.properties == b.properties
            assert (a.x.tolist(), a.y.tolist()) == (b.x.tolist(), b.y.tolist())
            assert after.exact_from(scope) == fresh.exact_from(scope)
    assert len(after) == len(fresh)


def test_a_plan_is_drawn_as_it_is(city: Connection) -> None:
    draft = build_draft(city)
    plan = content.read_plan(city, draft, TODAY, EVERYTHING)
    store = TileStore()
    wanted = Wanted("territories", TODAY, plan)
    first = build.tile(city, store, wanted, square(11))
    areas = layers(first.body(city))["territories"].set_index("team_code")
    assert set(areas.index) == {"T-E1", "T-E2"}
    assert areas.loc["T-E1"].geometry.area == pytest.approx(2 * areas.loc["T-E2"].geometry.area, rel=0.01)
    draw(city, draft, "T-E2", box(0.02, 0.03, 0, 0.02))
    second = build.tile(city, store, wanted, square(11))
    assert (second.tag, second.word) != (first.tag, first.word)
    drawn_now = layers(second.body(city))["territories"].set_index("team_code")
    assert drawn_now.loc["T-E1"].geometry.area == pytest.approx(drawn_now.loc["T-E2"].geometry.area, rel=0.01)
    assert drawn_now.loc["T-E1", "colour"] != drawn_now.loc["T-E2", "colour"]
    # What is in force has not changed by it.
    assert layers(made(city, "territories", square(11)))["territories"].shape[0] == 4


def test_an_edit_leaves_the_tiles_that_it_does_not_touch(city: Connection) -> None:
    draft = build_draft(city)
    plan = content.read_plan(city, draft, TODAY, EVERYTHING)
    store = TileStore()
    wanted = Wanted("territories", TODAY, plan)
    tiles = {place: square(15, *place) for place in ((0.001, 0.005), (0.029, 0.005))}
    before = {place: build.tile(city, store, wanted, tile).tag for place, tile in tiles.items()}
    computed = store.book.computed
    draw(city, draft, "T-E2", box(0.02, 0.03, 0, 0.02))
    after = {place: build.tile(city, store, wanted, tile).tag for place, tile in tiles.items()}
    assert before[0.029, 0.005] != after[0.029, 0.005]
    assert before[0.001, 0.005] == after[0.001, 0.005]
    assert store.book.computed - computed <= 2


def test_two_processes_make_the_same_tiles_of_the_same_version(city: Connection) -> None:
    build_customers(city)
    draft = build_draft(city)
    plan = content.read_plan(city, draft, TODAY, EVERYTHING)
    one, other = TileStore(), TileStore()
    for wanted in (Wanted("territories", TODAY, plan), *(Wanted(layer, TODAY) for layer in build.LAYERS)):
        build.tile(city, one, wanted, square(9)).body(city)  # the one has known what was before
    draw(city, draft, "T-E2", box(0.021, 0.03, 0, 0.013))
    build_orphans(city, (("P9", "P9", 0.006, 0.006, "DESIGNATED", "TEAM_POOL", "T-E1", "E"),))
    for wanted in (Wanted("territories", TODAY, plan), *(Wanted(layer, TODAY) for layer in build.LAYERS)):
        for zoom in (4, 9, 12, 15, 18):
            a, b = (build.tile(city, store, wanted, square(zoom, 0.006, 0.006)) for store in (one, other))
            assert (a.tag, a.word, a.body(city)) == (b.tag, b.word, b.body(city))


@pytest.mark.parametrize(
    "scope",
    [Scope(branch_codes=frozenset({"W"})), Scope(team_codes=frozenset({"T-E1"})), Scope(branch_codes=frozenset())],
)
def test_a_draft_is_shown_to_nobody_outside_its_branch(city: Connection, scope: Scope) -> None:
    draft = build_draft(city)
    with pytest.raises(PlanNotFound):
        content.read_plan(city, draft, TODAY, scope)
    assert content.read_plan(city, draft, TODAY, Scope(branch_codes=frozenset({"E"}))).branch_code == "E"
    published = city.execute(text("SELECT min(id) FROM territory_plan WHERE state = 'PUBLISHED' AND branch_code = 'E'"))
    assert content.read_plan(city, published.scalar_one(), TODAY, scope).published


def test_a_draft_grants_nobody_sight_of_a_customer(city: Connection) -> None:
    """A team is drawn over everybody: its tiles of customers and orphans stay what they were, and the plan's own have no count."""
    build_customers(city)
    lead = Scope(team_codes=frozenset({"T-E2"}))
    before = {layer: made(city, layer, square(11), scope=lead) for layer in build.POINTS}
    draft = build_draft(city)
    draw(city, draft, "T-E2", box(0, 0.04, 0, 0.02))
    assert {layer: made(city, layer, square(11), scope=lead) for layer in build.POINTS} == before
    plan = content.read_plan(city, draft, TODAY, EVERYTHING)
    tile = build.tile(city, TileStore(), Wanted("territories", TODAY, plan), square(11)).body(city)
    assert set(layers(tile)["territories"].columns) - {"mvt_id"} == {
        "team_code", "name", "branch_code", "force", "effective_from", "ended", "colour", "geometry",
    } - {"effective_from"}  # fmt: skip


def test_a_picture_has_the_colours_of_the_map(city: Connection) -> None:
    on_map = layers(made(city, "territories", square(11)))["territories"].set_index("name")["colour"]
    plans = city.execute(text("SELECT id FROM territory_plan WHERE state = 'PUBLISHED' ORDER BY id")).scalars().all()
    seen = 0
    for plan in plans:
        for team in read_scene(city, None, plan, TODAY).teams:
            if team.name in on_map.index:
                assert team.colour == on_map[team.name]
                seen += 1
    assert seen >= 2


def test_no_plan_of_that_number(city: Connection) -> None:
    with pytest.raises(PlanNotFound):
        content.read_plan(city, 2**40, TODAY, EVERYTHING)


@pytest.mark.parametrize("layer", build.LAYERS)
def test_elsewhere_there_is_nothing(city: Connection, layer: str) -> None:
    assert made(city, layer, Tile(11, 0, 0)) == b""


@pytest.mark.parametrize("layer", build.LAYERS)
def test_an_empty_database_has_empty_tiles_and_no_extent(connection: Connection, layer: str) -> None:
    assert made(connection, layer, Tile(0, 0, 0)) == b""
    assert build.extent(connection, TODAY) is None


def test_an_unknown_layer_is_refused() -> None:
    with pytest.raises(UnknownLayer):
        Wanted("roads", TODAY)


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
        ("UPDATE policy SET status = 'ENDED' WHERE policy_no = 'P1'", {"customers"}),
        ("UPDATE orphan_case SET state = 'SUSPENDED' WHERE policy_no = 'P1'", {"customers"}),
        ("UPDATE run SET progress = 0.7", set()),
    ],
)
def test_versions_change_with_the_content_and_only_then(city: Connection, change: str, changed: set[str]) -> None:
    before = versions(city)
    # A savepoint is a transaction of its own to PostgreSQL, as another session's change would be.
    with city.begin_nested():
        city.execute(text(change))
    after = versions(city)
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
