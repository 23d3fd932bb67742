"""What is kept is made once, and not too much of it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.tiles.store import COSTLY_S, REST, Kept, TileStore


def test_many_who_ask_at_once_have_it_made_once() -> None:
    kept: Kept[object] = Kept(3)
    made: list[int] = []
    start = Barrier(8)

    def ask(_: int) -> object:
        start.wait()
        return kept.get("key", lambda: made.append(1) or object())

    with ThreadPoolExecutor(8) as pool:
        answers = set(map(id, pool.map(ask, range(8))))
    assert len(made) == 1
    assert len(answers) == 1


def test_what_was_used_longest_ago_goes_first() -> None:
    kept: Kept[str] = Kept(2)
    for key in ("a", "b", "a", "c"):
        kept.get(key, lambda key=key: key)  # type: ignore[misc]
    made: list[str] = []
    for key in ("a", "c", "b"):
        kept.get(key, lambda key=key: made.append(key) or key)  # type: ignore[misc]
    assert made == ["b"]


def test_a_value_that_is_too_heavy_is_given_but_not_kept() -> None:
    kept: Kept[bytes] = Kept(10, len)
    made: list[int] = []
    for _ in range(2):
        assert kept.get("key", lambda: made.append(1) or b"x" * 11) == b"x" * 11
    assert len(made) == 2


def test_what_could_not_be_made_is_tried_again() -> None:
    kept: Kept[str] = Kept(2)

    def fail() -> str:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        kept.get("key", fail)
    assert kept.get("key", lambda: "made") == "made"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_is_costly_to_build_rests_before_it_is_built_anew() -> None:
    clock = Clock()
    store = TileStore(clock)

    def slowly() -> str:
        clock.now += 3
        return "built"

    assert store.version_to_show("orphans", "1") == "1"
    assert store.version_to_show("orphans", "2") == "2"
    assert store.build("orphans", "2", "key 2", slowly) == "built"
    clock.now += 3 * REST - 0.1
    assert store.version_to_show("orphans", "3") == "2"
    assert store.build("orphans", "2", "key 2", slowly) == "built"
    clock.now += 0.2
    assert store.version_to_show("orphans", "3") == "3"


def test_what_is_built_quickly_does_not_rest() -> None:
    clock = Clock()
    store = TileStore(clock)

    def quickly() -> str:
        clock.now += COSTLY_S / 2
        return "built"

    store.version_to_show("orphans", "1")
    store.build("orphans", "1", "key", quickly)
    assert store.version_to_show("orphans", "2") == "2"
