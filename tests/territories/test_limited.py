"""Overlays within limits: cheap ones at once, dubious ones where they can be stopped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from shapely import MultiPolygon, Polygon, box

from app.bench.hostile import comb
from app.errors import TooBusy
from app.territories import limited
from app.territories.limited import MEMORY, Pool, run_apart, within_limits
from geo import coverage
from geo.coverage.errors import NoArea, NoTool
from geo.soundness import Thresholds
from geo.soundness.defects import defects
from geo.soundness.errors import TooComplex


def square(x: float, y: float, side: float) -> MultiPolygon:
    return MultiPolygon([box(118.7 + x, 32 + y, 118.7 + x + side, 32 + y + side)])


ENDLESS = {"a": comb(12_000, False), "b": comb(12_000, True)}
"""Nine million crossings, each a vertex of the overlap."""

BLIND = Thresholds(max_crossings=10**9)
"""Nothing is refused before it is tried."""

AREAS = {"a": square(0, 0, 0.01), "b": square(0.01, 0, 0.01)}


def test_a_cheap_overlay_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "_pool", lambda: pytest.fail("a child was asked"))
    change = within_limits(coverage.give, square(0.005, 0, 0.005), AREAS, AREAS, square(0.005, 0, 0.005), "b")
    assert set(change.areas) == {"a", "b"}


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A slow machine fails no test: children get a minute."""
    pool = Pool(children=1, seconds=60.0)
    monkeypatch.setattr(limited, "_pool", lambda: pool)
    yield
    pool.close()


@pytest.mark.usefixtures("patient")
def test_a_child_does_what_is_done_here() -> None:
    region = square(0.005, 0.002, 0.008)
    here, there = coverage.give(AREAS, region, "b"), run_apart(coverage.give, AREAS, region, "b")
    assert {code: area.wkb for code, area in there.areas.items() if area} == {
        code: area.wkb for code, area in here.areas.items() if area
    }
    assert [(p.from_code, p.to_code, p.area.wkb) for p in there.pieces] == [
        (p.from_code, p.to_code, p.area.wkb) for p in here.pieces
    ]


@pytest.mark.usefixtures("patient")
def test_what_is_dubious_goes_to_a_child_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = limited.run_apart
    monkeypatch.setattr(limited, "run_apart", lambda *args, **kwargs: asked.append(1) or real(*args, **kwargs))
    monkeypatch.setattr(limited, "CHEAP", 500)
    first, second = comb(60, False), comb(60, True)
    change = within_limits(coverage.replace, second, {"a": first}, {"a": first}, "b", second)
    assert asked == [1]
    # the other only gets vertices where the two cross
    assert set(change.areas) == {"a", "b"}


@pytest.mark.usefixtures("patient")
def test_a_refusal_of_the_function_is_the_same_from_a_child() -> None:
    with pytest.raises(NoArea):
        run_apart(coverage.merge, AREAS, "a", "z")
    with pytest.raises(NoTool):
        run_apart(coverage.give, AREAS, Polygon(), "a")
    # and the child is asked again afterwards
    assert run_apart(coverage.merge, AREAS, "a", "b").areas["a"] is None


def test_hopeless_shapes_are_refused_before_anything_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "_pool", lambda: pytest.fail("a child was asked"))
    first, second = comb(2_000, False), comb(2_000, True)
    since = monotonic()
    with pytest.raises(TooComplex):
        within_limits(coverage.replace, second, {"a": first}, {"a": first}, "b", second)
    assert monotonic() - since < 5


def test_a_child_is_stopped_in_time_and_another_takes_its_place() -> None:
    pool = Pool(children=1, seconds=2.0)
    try:
        pool.warm()
        since = monotonic()
        with pytest.raises(TooComplex):
            pool.run(defects, ENDLESS, thresholds=BLIND)
        assert monotonic() - since < 4
        assert 0 < pool.peak <= MEMORY
    finally:
        pool.close()


def test_a_child_without_enough_memory_refuses() -> None:
    pool = Pool(children=1, seconds=60.0, memory=160 * 1024 * 1024)
    try:
        with pytest.raises(TooComplex):
            pool.run(defects, ENDLESS, thresholds=BLIND)
        assert pool.peak <= 160 * 1024 * 1024
    finally:
        pool.close()


def test_whoever_finds_no_child_free_is_told_to_come_again() -> None:
    pool = Pool(children=1, seconds=1.0)
    try:
        pool.warm()
        with ThreadPoolExecutor(3) as callers:
            done = [callers.submit(pool.run, defects, ENDLESS, thresholds=BLIND) for _ in range(3)]
            kinds = {type(one.exception()) for one in done}
        assert kinds <= {TooComplex, TooBusy}
        assert TooComplex in kinds
    finally:
        pool.close()


def test_only_functions_of_geo_are_run_apart() -> None:
    with pytest.raises(ValueError, match="posix"):
        run_apart(os.getpid)


def test_an_answer_that_names_other_classes_is_not_believed() -> None:
    import pickle

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, ("true",)

    with pytest.raises(pickle.UnpicklingError):
        limited._told(pickle.dumps(("done", Evil())))
