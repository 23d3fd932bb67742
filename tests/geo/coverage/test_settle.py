"""Areas from elsewhere: rounded, repaired and given the vertices of their neighbours, and nothing else."""

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon, box

from geo.coverage import is_settled, settle

from .maps import CELLS, at, drawn, flaws, square, squares_of, vertices_of


def test_a_corner_on_an_edge_becomes_a_vertex_of_both() -> None:
    areas = {"A": square(0, 0, 2, 2), "B": square(2, 0, 3, 1), "C": square(2, 1, 3, 2)}
    found = settle(areas)
    assert (2, 1) in vertices_of(found.areas["A"])
    assert set(found.done) == {"A"}
    assert found.done["A"].vertices == 1
    assert found.done["A"].rounded == 0
    assert flaws(found.areas) == []


def test_what_is_settled_stays_the_same_object() -> None:
    areas = drawn("A B\nA C")
    found = settle(areas)
    assert all(found.areas[code] is areas[code] for code in areas)
    assert not found.done
    assert is_settled(areas)
    assert not is_settled({"A": MultiPolygon([square(0, 0, 2, 2)]), "B": MultiPolygon([square(2, 0.5, 3, 1)])})


def test_vertices_between_the_cells_are_rounded_and_counted() -> None:
    turned = shapely.affinity.rotate(square(0, 0, 1, 1), 30)
    found = settle({"A": turned}).done["A"]
    assert found.rounded == 5
    assert 0 < found.shift_deg <= 0.5 / CELLS * 1.01


def test_neighbours_that_part_by_less_than_a_cell_are_joined() -> None:
    sliver = 0.3 / CELLS
    x, y = at(1, 0)
    areas = {"A": square(0, 0, 1, 1), "B": box(x + sliver, y, x + 0.001, y + 0.001)}
    assert flaws(settle(areas).areas) == []
    assert is_settled(settle(areas).areas)


def test_overlaps_and_gaps_that_people_made_stay() -> None:
    found = settle({"A": square(0, 0, 1.2, 1), "B": square(1, 0, 2, 1), "C": square(2.1, 0, 3, 1)}).areas
    assert {code: squares_of(area) for code, area in found.items()} == {"A": 1.2, "B": 1, "C": 0.9}


def test_a_ring_that_crosses_itself_is_repaired_and_reported() -> None:
    bow_tie = Polygon([at(0, 0), at(2, 2), at(2, 0), at(0, 2)])
    found = settle({"A": bow_tie})
    assert found.done["A"].repaired
    assert found.areas["A"].is_valid
    assert squares_of(found.areas["A"]) == 2


def test_an_area_narrower_than_a_cell_is_left_out_and_reported() -> None:
    x, y = at(0, 0)
    found = settle({"A": box(x, y, x + 0.2 / CELLS, y + 0.001), "B": square(1, 0, 2, 1)})
    assert set(found.areas) == {"B"}
    assert found.done["A"].parts_lost == 1


def test_nothing_moves_by_more_than_a_cell() -> None:
    rng = np.random.default_rng(4)
    frame = box(120, 30, 120.01, 30.01)
    tiles = shapely.get_parts(
        shapely.voronoi_polygons(
            shapely.multipoints(rng.uniform(0, 0.01, (60, 2)) + np.array([120, 30])), extend_to=frame
        )
    )
    areas = {f"T{k}": tile for k, tile in enumerate(shapely.intersection(tiles, frame))}
    found = settle(areas).areas
    assert flaws(found) == []
    assert all(shapely.hausdorff_distance(found[code], areas[code]) < 1 / CELLS for code in areas)
    assert is_settled(found)


def test_nothing_to_settle() -> None:
    assert settle({}).areas == {}
    assert settle({"A": MultiPolygon()}).areas == {}
