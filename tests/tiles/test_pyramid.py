"""Bins lose nobody, and a change gives what counting anew gives."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.access.principal import EVERYTHING, Scope
from app.tiles import orphans, pyramid
from app.tiles.grid import EXTENT, Tile, to_mercator
from app.tiles.orphans import Orphans
from app.tiles.pyramid import BIN_SHIFT, CLOSEST, Points, Pyramid

KINDS = ("REGION_OWNER", "BRANCH_BALANCE", "LOCATION_REVIEW")
TEAMS = ("T1", "T2", None)

Row = tuple[float, float, str, str | None, int]
orphan = st.tuples(
    st.floats(118, 120), st.floats(31, 33), st.sampled_from(KINDS), st.sampled_from(TEAMS), st.integers(1, 50)
)
CELL_ZOOM = CLOSEST + BIN_SHIFT


def cells(lonlat: NDArray[np.float64]) -> NDArray[np.int64]:
    side = Tile(CELL_ZOOM, 0, 0).side_m if CELL_ZOOM <= 22 else 0.0
    half = side * 2**CELL_ZOOM / 2
    place = to_mercator(lonlat)
    return np.floor(np.column_stack((place[:, 0] + half, half - place[:, 1])) / side).astype(np.int64)


def tile_of(lon: float, lat: float, zoom: int) -> Tile:
    x, y = (cells(np.array([[lon, lat]]))[0] >> (CELL_ZOOM - zoom)).tolist()
    return Tile(zoom, min(x, 2**zoom - 1), y)  # the line at 180° belongs to the last tile


def counted(rows: list[Row]) -> Orphans:
    schema = {"lon": pl.Float64, "lat": pl.Float64, "kind": pl.String, "team_code": pl.String, "branch_code": pl.String}
    frame = pl.DataFrame([(*o[:4], "E") for o in rows for _ in range(o[4])], schema=schema, orient="row")
    return Orphans(frame.with_row_index("id").with_columns(pl.col("id").cast(pl.Int64)))


@given(st.lists(orphan, min_size=1, max_size=60), st.integers(0, CLOSEST))
def test_the_bins_of_all_tiles_hold_everyone_once(rows: list[Row], zoom: int) -> None:
    made = counted(rows)
    tiles = {tile_of(o[0], o[1], zoom) for o in rows}
    total = 0
    by_kind = dict.fromkeys(KINDS, 0)
    for tile in tiles:
        bins = made.bins(tile, EVERYTHING)
        assert ((bins.x >= 0) & (bins.x <= EXTENT) & (bins.y >= 0) & (bins.y <= EXTENT)).all()
        for properties in bins.properties:
            parts = {key[2:]: value for key, value in properties.items() if key.startswith("n_")}
            assert sum(parts.values()) == properties["count"]
            assert parts[properties["rung"]] == max(parts.values())
            total += properties["count"]
            for kind, n in parts.items():
                by_kind[kind] += n
    assert total == sum(o[4] for o in rows)
    assert by_kind == {kind: sum(o[4] for o in rows if o[2] == kind) for kind in KINDS}


@given(st.lists(orphan, min_size=1, max_size=40), st.integers(CLOSEST + 1, 20))
def test_closer_than_the_closest_every_bin_is_in_one_tile(rows: list[Row], zoom: int) -> None:
    made = counted(rows)
    parents = {tile_of(o[0], o[1], CLOSEST) for o in rows}
    expected = sum(len(made.bins(parent, EVERYTHING).properties) for parent in parents)
    found = 0
    for parent in parents:
        bins = made.bins(parent, EVERYTHING)
        by = zoom - CLOSEST
        at = {(int(x * 2**by // EXTENT), int(y * 2**by // EXTENT)) for x, y in zip(bins.x, bins.y, strict=True)}
        for x, y in at:
            found += len(made.bins(Tile(zoom, (parent.x << by) + x, (parent.y << by) + y), EVERYTHING).properties)
    assert found == expected


def test_a_bin_tells_its_commonest_kind_and_team_and_lies_where_they_are() -> None:
    made = counted([(119.0, 32.0, "REGION_OWNER", "T1", 3), (119.0, 32.0, "BRANCH_BALANCE", "T2", 5)])
    tile = tile_of(119.0, 32.0, 8)
    bins = made.bins(tile, EVERYTHING)
    assert bins.properties == [
        {"count": 8, "rung": "BRANCH_BALANCE", "team_code": "T2", "n_REGION_OWNER": 3, "n_BRANCH_BALANCE": 5}
    ]
    west, _, _, north = tile.bounds_m()
    place = to_mercator(np.array([[119.0, 32.0]]))[0]
    unit = tile.side_m / EXTENT
    np.testing.assert_allclose([bins.x[0], bins.y[0]], [(place[0] - west) / unit, (north - place[1]) / unit], atol=1e-4)


def test_a_scope_sees_its_own_in_a_bin() -> None:
    made = counted([(119.0, 32.0, "REGION_OWNER", "T1", 3), (119.0, 32.0, "BRANCH_BALANCE", "T2", 5)])
    seen = made.bins(tile_of(119.0, 32.0, 8), Scope(team_codes=frozenset({"T1"})))
    assert seen.properties == [{"count": 3, "rung": "REGION_OWNER", "team_code": "T1", "n_REGION_OWNER": 3}]
    assert made.bins(tile_of(119.0, 32.0, 8), Scope(branch_codes=frozenset({"W"}))).properties == []


def test_few_orphans_are_shown_one_by_one_from_afar() -> None:
    assert counted([(119.0, 32.0, "REGION_OWNER", "T1", orphans.EXACT_AT_MOST)]).exact_from(EVERYTHING) == 0
    assert counted([]).exact_from(EVERYTHING) == 0


def test_many_in_one_place_are_counted_until_near_by() -> None:
    made = counted([(119.0, 32.0, "REGION_OWNER", "T1", orphans.EXACT_AT_MOST + 1)])
    assert made.exact_from(EVERYTHING) == orphans.EXACT_FROM_LATEST
    assert made.exact_from(Scope(team_codes=frozenset({"T2"}))) == 0


def test_many_spread_out_are_shown_one_by_one_as_soon_as_a_tile_holds_few() -> None:
    half = orphans.EXACT_AT_MOST // 2 + 1
    made = counted([(118.0, 31.0, "REGION_OWNER", "T1", half), (120.0, 33.0, "REGION_OWNER", "T1", half)])
    zoom = made.exact_from(EVERYTHING)
    assert tile_of(118.0, 31.0, zoom) != tile_of(120.0, 33.0, zoom)
    assert tile_of(118.0, 31.0, zoom - 1) == tile_of(120.0, 33.0, zoom - 1)


point = st.tuples(st.integers(0, 40), st.floats(-180, 180), st.floats(-89, 89), st.integers(0, 3))


def points(rows: list[tuple[int, float, float, int]]) -> Points:
    by_key = {row[0]: row for row in rows}
    table = np.array([row[1:3] for row in by_key.values()], dtype=np.float64).reshape(-1, 2)
    keys = np.array(list(by_key), dtype=np.int64)
    return Points.at(keys, table, np.array([row[3] for row in by_key.values()], dtype=np.int64))


@given(
    st.lists(point, max_size=30),
    st.lists(st.tuples(st.lists(point, max_size=8), st.sets(st.integers(0, 45))), max_size=4),
)
def test_a_change_gives_what_counting_anew_gives(
    first: list[tuple[int, float, float, int]], changes: list[tuple[list[tuple[int, float, float, int]], set[int]]]
) -> None:
    kept = pytest.MonkeyPatch()
    kept.setattr(pyramid, "MOST_LATER", 20)  # so that some are folded in
    now = {row[0]: row for row in first}
    made = Pyramid(points(first))
    for changed, gone in changes:
        keys = gone | {row[0] for row in changed}
        now = {key: row for key, row in now.items() if key not in keys} | {row[0]: row for row in changed}
        made = made.changed(np.array(sorted(keys), dtype=np.int64), points(changed))
    kept.undo()
    fresh = Pyramid(points(list(now.values())))
    assert len(made) == len(fresh) == len(now)
    seen = np.array([True, False, True, True])
    for mask in (None, seen):
        assert made.fullest(mask) == fresh.fullest(mask)
        tiles = {
            Tile(0, 0, 0),
            *(tile_of(row[1], max(-84, min(84, row[2])), zoom) for row in now.values() for zoom in (4, 15, 18)),
        }
        for tile in tiles:
            a, b = made.counted(tile, mask), fresh.counted(tile, mask)
            for one, other in ((a.x, b.x), (a.y, b.y), (a.bin, b.bin), (a.group, b.group), (a.points, b.points)):
                np.testing.assert_array_equal(one, other)
