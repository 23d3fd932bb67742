"""Areas stay a coverage at every zoom, and each name is written once."""

import gc
import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.tiles.areas import SMALLEST_NAME_PX, Areas
from app.tiles.grid import Tile, to_mercator
from app.tiles.shapes import CLOSEST, ShapeBook


def jagged_columns(columns: int, points: int, seed: int) -> NDArray[np.object_]:
    """Columns side by side in a rectangle near 120 / 30, with jagged borders that neighbours share to the digit."""
    draws = np.random.default_rng(seed)
    y = np.linspace(30, 30.2, points)
    lines = []
    for column in range(columns + 1):
        bend = draws.normal(0, 0.003, points) if 0 < column < columns else np.zeros(points)
        bend[[0, -1]] = 0
        lines.append(np.column_stack((120 + 0.05 * column + bend, y)))
    rings = [np.vstack((left, right[::-1])) for left, right in itertools.pairwise(lines)]
    return np.array([shapely.make_valid(shapely.Polygon(ring)) for ring in rings], dtype=object)


def numbered(shapes: NDArray[np.object_]) -> list[dict[str, int]]:
    return [{"number": at} for at in range(len(shapes))]


def geometries(areas: Areas, zoom: int) -> NDArray[np.object_]:
    found = areas.at_zoom(zoom)
    return found[~shapely.is_empty(found)]


@given(st.integers(2, 6), st.integers(0, 10_000))
def test_neighbours_keep_their_borders_at_every_zoom(columns: int, seed: int) -> None:
    shapes = jagged_columns(columns, 80, seed)
    areas = Areas.of(shapes, numbered(shapes))
    exact = geometries(areas, CLOSEST)
    for zoom in range(CLOSEST):
        there = geometries(areas, zoom)
        assert shapely.coverage_is_valid(there)
        assert shapely.get_num_coordinates(there).sum() <= shapely.get_num_coordinates(exact).sum()
        assert shapely.union_all(there).area == pytest.approx(shapely.area(there).sum(), rel=1e-9)


def test_simplification_leaves_out_most_of_what_cannot_be_seen() -> None:
    areas = Areas.of(jagged_columns(4, 2000, 1), [{}] * 4)
    assert (
        shapely.get_num_coordinates(geometries(areas, 8)).sum()
        < shapely.get_num_coordinates(geometries(areas, CLOSEST)).sum() / 10
    )


def test_near_by_the_areas_are_drawn_as_they_are_to_the_millimetre() -> None:
    shapes = jagged_columns(3, 50, 2)
    there = geometries(Areas.of(shapes, numbered(shapes)), CLOSEST + 3)
    exact = shapely.transform(shapes, to_mercator)
    assert (shapely.hausdorff_distance(there, exact) < 0.001).all()
    assert (shapely.get_num_coordinates(there) >= shapely.get_num_coordinates(exact)).all()


@given(st.integers(1, 6), st.integers(0, 10_000), st.integers(8, 13))
def test_each_name_is_written_in_one_tile_and_within_its_area(columns: int, seed: int, zoom: int) -> None:
    shapes = jagged_columns(columns, 40, seed)
    areas = Areas.of(shapes, numbered(shapes))
    exact = geometries(areas, CLOSEST)
    west, south, east, north = shapely.total_bounds(shapely.transform(shapes, to_mercator))
    side = Tile(zoom, 0, 0).side_m
    half = side * 2**zoom / 2
    written: list[int] = []
    for x in range(int((west + half) // side), int((east + half) // side) + 1):
        for y in range(int((half - north) // side), int((half - south) // side) + 1):
            which, place, room = areas.labels(Tile(zoom, x, y))
            written += which.tolist()
            assert (room > 0).all()
            assert set(which.tolist()) <= set(areas.inside(Tile(zoom, x, y)).tolist())
            assert shapely.covers(exact[which], shapely.points(place)).all()
    assert sorted(written) == list(range(columns))


def test_no_name_is_sent_for_an_area_that_has_no_room_for_a_letter() -> None:
    shapes = jagged_columns(3, 40, 1)
    areas = Areas.of(shapes, numbered(shapes))
    assert len(areas.labels(Tile(0, 0, 0))[0]) == 0
    which, _, room = areas.labels(tile_at(8, 120.06, 30.1))
    # The page writes a name if 2.4 times the room is as wide as its letters, of 11 pixels or more; it shows tiles at twice their size.
    pixel = Tile(8, 0, 0).side_m / 512 / 2
    assert len(which) == 3
    assert (2.4 * room >= SMALLEST_NAME_PX * 2 * pixel).all()
    assert 2 * SMALLEST_NAME_PX <= 12


def tile_at(zoom: int, lon: float, lat: float) -> Tile:
    x, y = to_mercator(np.array([[lon, lat]]))[0]
    side = Tile(zoom, 0, 0).side_m
    half = side * 2**zoom / 2
    return Tile(zoom, int((x + half) // side), int((half - y) // side))


def test_overlapping_areas_are_drawn_all_the_same() -> None:
    shapes = np.array([shapely.box(120, 30, 120.1, 30.1), shapely.box(120.05, 30.05, 120.2, 30.2)], dtype=object)
    areas = Areas.of(shapes, [{"name": "a"}, {"name": "b"}], coloured="name")
    assert shapely.is_valid(geometries(areas, 8)).all()
    assert areas.properties[0]["colour"] != areas.properties[1]["colour"]


def test_two_areas_of_one_shape_are_two() -> None:
    shapes = np.array([shapely.box(120, 30, 120.1, 30.1)] * 2, dtype=object)
    areas = Areas.of(shapes, [{"name": "a"}, {"name": "b"}], coloured="name")
    assert len(areas.at_zoom(8)) == 2
    assert areas.properties[0]["colour"] != areas.properties[1]["colour"]


def test_nothing_is_drawn_of_nothing() -> None:
    areas = Areas.of(np.empty(0, dtype=object), [], coloured="name")
    tile = Tile(0, 0, 0)
    assert len(areas.inside(tile)) == 0
    assert len(areas.labels(tile)[0]) == 0
    assert len(areas.at_zoom(6)) == 0


def test_an_empty_area_is_never_inside() -> None:
    areas = Areas.of(np.array([shapely.MultiPolygon(), shapely.box(0, 0, 1, 1)], dtype=object), [{}, {}])
    assert areas.inside(Tile(0, 0, 0)).tolist() == [1]


SQUARES = 7


def squares(moved: tuple[int, int] | None = None) -> NDArray[np.object_]:
    """A chess board of winding fields; a field whose middle corner is `moved` has another border with three neighbours."""
    corners = np.stack(np.meshgrid(np.arange(SQUARES + 1), np.arange(SQUARES + 1), indexing="ij"), axis=-1) * 0.01
    corners += np.array([120.0, 30.0])
    if moved is not None:
        corners[moved] += 0.002
    t = np.linspace(0, 1, 30)[:, None]

    def line(a: NDArray[np.float64], b: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
        sway = np.random.default_rng(seed).normal(0, 0.0002, (30, 1)) * np.sin(np.pi * t)
        return a + t * (b - a) + sway * np.array([[-(b - a)[1], (b - a)[0]]]) * 100

    made = []
    for i, j in itertools.product(range(SQUARES), repeat=2):
        ring = [
            line(corners[i, j], corners[i + 1, j], 2 * (i * 50 + j)),
            line(corners[i + 1, j], corners[i + 1, j + 1], 2 * ((i + 1) * 50 + j) + 1),
            line(corners[i, j + 1], corners[i + 1, j + 1], 2 * (i * 50 + j + 1))[::-1],
            line(corners[i, j], corners[i, j + 1], 2 * (i * 50 + j) + 1)[::-1],
        ]
        made.append(shapely.Polygon(np.concatenate(ring)))
    return np.array(made, dtype=object)


def fields(shapes: NDArray[np.object_]) -> list[dict[str, str]]:
    return [{"name": f"F{at}"} for at in range(len(shapes))]


def test_after_a_change_only_its_neighbourhood_is_computed_and_only_its_tiles_change() -> None:
    book = ShapeBook()
    before = squares()
    after = squares((3, 3))
    old = Areas.of(before, fields(before), book=book, coloured="name")
    computed = book.computed
    assert computed == SQUARES**2
    new = Areas.of(after, fields(after), book=book, coloured="name", before=old)
    changed = [at for at in range(len(before)) if not before[at].equals_exact(after[at], 0)]
    assert len(changed) == 4
    assert book.computed - computed <= 16  # the four, and those around them
    fresh = Areas.of(after, fields(after), coloured="name")
    assert new.properties == fresh.properties
    for zoom in (6, 9, 11, 13, 15):
        assert (new.at_zoom(zoom) == fresh.at_zoom(zoom)).all()
    touched = shapely.transform(np.concatenate([before[changed], after[changed]]), to_mercator)
    same = 0
    for tile in tiles_over(15, before):
        if old.shown(tile).word != new.shown(tile).word:
            # What else is drawn in the tile than before: a shape that changed, or a border that its own shape shares with one.
            west, south, east, north = tile.bounds_m(0.1)
            seen = shapely.box(*shapely.total_bounds(touched)).intersects(shapely.box(west, south, east, north))
            assert seen
        else:
            same += 1
    assert same > 40


def tiles_over(zoom: int, shapes: NDArray[np.object_]) -> list[Tile]:
    west, south, east, north = shapely.total_bounds(shapely.transform(shapes, to_mercator))
    side = Tile(zoom, 0, 0).side_m
    half = side * 2**zoom / 2
    return [
        Tile(zoom, x, y)
        for x in range(int((west + half) // side), int((east + half) // side) + 1)
        for y in range(int((half - north) // side), int((half - south) // side) + 1)
    ]


def test_what_no_version_needs_is_forgotten() -> None:
    book = ShapeBook()
    shapes = squares()
    areas: Areas | None = Areas.of(shapes, fields(shapes), book=book)
    assert areas is not None
    again = Areas.of(shapes, fields(shapes), book=book)
    assert book.computed == SQUARES**2
    del areas, again
    gc.collect()
    Areas.of(shapes, fields(shapes), book=book)
    assert book.computed == 2 * SQUARES**2
