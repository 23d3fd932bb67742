"""The benchmark of editing verbs runs, and its audit finds each kind of flaw when there is one."""

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon

from app.bench.coverage.audit import audit
from app.bench.coverage.drawing import VERBS, Hand, World, world
from app.bench.coverage.running import run
from geo.coverage import Change

from .maps import CELLS, after, at, drawn, shape, square

NOTHING = Change({}, ())


def placed(areas: dict[str, MultiPolygon]) -> World:
    """Drawn areas as a world, in whose domain they lie."""
    moved = {
        code: shapely.transform(area, lambda xy: np.round(xy - [120, 30] + [118.4, 31.6], 8))
        for code, area in areas.items()
    }
    return World(moved, 0.01)


def test_a_sound_world_is_clean() -> None:
    place = placed(drawn("A B\nC ."))
    found = audit(place, dict(place.areas), NOTHING)
    assert found.clean
    assert (found.overlap, found.gap) == (0, 0)


def test_an_overlap_of_a_few_cells_is_found() -> None:
    areas = drawn("A B")
    x = at(1, 0)[0] + 3 / CELLS
    areas["A"] = MultiPolygon([shapely.Polygon([at(0, 0), (x, 30), (x, 30.001), at(0, 1)])])
    place = placed(areas)
    found = audit(place, dict(place.areas), NOTHING)
    assert found.overlaps == 1
    assert found.overlap == pytest.approx(3, abs=0.1)


def test_a_gap_of_a_few_cells_is_found() -> None:
    place = placed(drawn("A B"))
    before = dict(place.areas)
    narrow = drawn("A B")
    x = at(1, 0)[0] - 4 / CELLS
    narrow["A"] = MultiPolygon([shapely.Polygon([at(0, 0), (x, 30), (x, 30.001), at(0, 1)])])
    place.areas = placed(narrow).areas
    found = audit(place, before, NOTHING)
    assert found.gaps == 1
    assert found.gap == pytest.approx(4, abs=0.1)


def test_a_corner_that_a_neighbour_does_not_have_is_found() -> None:
    areas = {"A": MultiPolygon([square(0, 0, 2, 2)]), "B": MultiPolygon([square(2, 0, 3, 1)])}
    place = placed(areas)
    found = audit(place, dict(place.areas), NOTHING)
    assert found.broken == 1
    assert found.overlaps == 0


def test_an_invalid_area_and_one_between_the_cells_are_found() -> None:
    place = placed({"A": MultiPolygon([shape((0, 0), (2, 0), (2, 2), (0, 2))])})
    place.areas["A"] = shapely.transform(place.areas["A"], lambda xy: xy + 1e-9)
    assert audit(place, dict(place.areas), NOTHING).inexact == 1
    bow_tie = placed({"A": MultiPolygon([shape((0, 0), (2, 2), (2, 0), (0, 2))])})
    assert audit(bow_tie, dict(bow_tie.areas), NOTHING).invalid == 1


def test_each_verb_draws_a_tool_and_gets_done() -> None:
    done: set[str] = set()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        place = world(rng)
        for name in set(VERBS) - done:
            try:
                around, named, act = VERBS[name](Hand(rng, place))
                change = act(dict(place.areas))
            except ValueError:
                continue
            assert named <= {*place.areas, *(f"N{k}" for k in range(4)), None}
            assert around[0] < around[2]
            assert after(place.areas, change)
            done |= {name} if change else set()
    assert done == set(VERBS)


def test_it_counts_what_it_says_it_counts() -> None:
    found = run(sequences=8, verbs=4)
    assert found["verbs_done"] + found["verbs_refused"] == 32
    assert sum(found["done"].values()) == found["verbs_done"]
    assert found["overlaps"] == found["gaps"] == found["triple_points_broken"] == found["invalid_areas"] == 0
    assert found["failing_seeds"] == []
    assert 0 < found["ms_p50"] <= found["ms_p95"]
