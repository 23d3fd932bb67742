"""Bins lose nobody."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.tiles import density
from app.tiles.density import BIN_SHIFT, EXACT_FROM_LATEST, Density
from app.tiles.grid import EXTENT, Tile, to_mercator

KINDS = ("REGION_OWNER", "BRANCH_BALANCE", "LOCATION_REVIEW")
TEAMS = ("T1", "T2", None)

orphan = st.tuples(
    st.floats(118, 120), st.floats(31, 33), st.sampled_from(KINDS), st.sampled_from(TEAMS), st.integers(1, 50)
)


CELL_ZOOM = EXACT_FROM_LATEST - 1 + BIN_SHIFT


def cells(lonlat: NDArray[np.float64]) -> NDArray[np.int64]:
    side = Tile(CELL_ZOOM, 0, 0).side_m
    half = side * 2**CELL_ZOOM / 2
    place = to_mercator(lonlat)
    return np.floor(np.column_stack((place[:, 0] + half, half - place[:, 1])) / side).astype(np.int64)


def counted(orphans: list[tuple[float, float, str, str | None, int]]) -> Density:
    schema = {"lon": pl.Float64, "lat": pl.Float64, "kind": pl.String, "team_code": pl.String}
    return Density(pl.DataFrame([o[:4] for o in orphans for _ in range(o[4])], schema=schema, orient="row"))


@given(st.lists(orphan, min_size=1, max_size=60), st.integers(5, 9))
def test_the_bins_of_all_tiles_hold_everyone_once(
    orphans: list[tuple[float, float, str, str | None, int]], zoom: int
) -> None:
    made = counted(orphans)
    shift = CELL_ZOOM - zoom
    tiles = {tuple(at) for at in (cells(np.array([o[:2] for o in orphans])) >> shift).tolist()}
    total = 0
    by_kind = dict.fromkeys(KINDS, 0)
    for x, y in tiles:
        bins = made.bins(Tile(zoom, x, y))
        assert ((bins.x >= 0) & (bins.x <= EXTENT) & (bins.y >= 0) & (bins.y <= EXTENT)).all()
        for properties in bins.properties:
            parts = {key[2:]: value for key, value in properties.items() if key.startswith("n_")}
            assert sum(parts.values()) == properties["count"]
            assert parts[properties["rung"]] == max(parts.values())
            total += properties["count"]
            for kind, n in parts.items():
                by_kind[kind] += n
    assert total == sum(o[4] for o in orphans)
    assert by_kind == {kind: sum(o[4] for o in orphans if o[2] == kind) for kind in KINDS}


def test_a_bin_tells_its_commonest_kind_and_team_and_lies_where_they_are() -> None:
    made = counted([(119.0, 32.0, "REGION_OWNER", "T1", 3), (119.0, 32.0, "BRANCH_BALANCE", "T2", 5)])
    tile = Tile(8, *(cells(np.array([[119.0, 32.0]]))[0] >> (CELL_ZOOM - 8)).tolist())
    bins = made.bins(tile)
    assert bins.properties == [
        {"count": 8, "rung": "BRANCH_BALANCE", "team_code": "T2", "n_REGION_OWNER": 3, "n_BRANCH_BALANCE": 5}
    ]
    west, _, _, north = tile.bounds_m()
    place = to_mercator(np.array([[119.0, 32.0]]))[0]
    unit = tile.side_m / EXTENT
    np.testing.assert_allclose([bins.x[0], bins.y[0]], [(place[0] - west) / unit, (north - place[1]) / unit], atol=1e-6)


def test_few_orphans_are_shown_one_by_one_from_afar() -> None:
    assert counted([(119.0, 32.0, "REGION_OWNER", "T1", density.EXACT_AT_MOST)]).exact_from == 0
    assert counted([]).exact_from == 0


def test_many_in_one_place_are_counted_until_near_by() -> None:
    assert counted([(119.0, 32.0, "REGION_OWNER", "T1", density.EXACT_AT_MOST + 1)]).exact_from == EXACT_FROM_LATEST


def test_many_spread_out_are_shown_one_by_one_as_soon_as_a_tile_holds_few() -> None:
    half = density.EXACT_AT_MOST // 2 + 1
    made = counted([(118.0, 31.0, "REGION_OWNER", "T1", half), (120.0, 33.0, "REGION_OWNER", "T1", half)])
    zoom = made.exact_from
    west, east = cells(np.array([[118.0, 31.0], [120.0, 33.0]]))
    assert (west >> (CELL_ZOOM - zoom)).tolist() != (east >> (CELL_ZOOM - zoom)).tolist()
    assert (west >> (CELL_ZOOM - zoom + 1)).tolist() == (east >> (CELL_ZOOM - zoom + 1)).tolist()
