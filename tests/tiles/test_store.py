"""What is kept is made once, and not too much of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event
from time import monotonic
from typing import Any, cast

import pytest
from sqlalchemy import Connection

from app.tiles.store import COSTLY_S, MOST_LAYERS, REST, Held, Kept, Make, TileStore


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


NO_CONNECTION = cast(Connection, None)


def layer(version: str, before: list[Any] | None = None, takes_s: float = 0.0, clock: Clock | None = None) -> Make:
    def make(_: Connection, old: Any) -> tuple[str, str]:
        if before is not None:
            before.append(old)
        if clock is not None:
            clock.now += takes_s
        return version, f"content {version}"

    return make


def show(store: TileStore, version: str, make: Make | None = None, **more: Any) -> Held:
    return store.current(NO_CONNECTION, "orphans", version, make or layer(version), **more)


def test_a_layer_is_made_from_what_it_was() -> None:
    store = TileStore()
    before: list[Any] = []
    assert show(store, "1", layer("1", before)).content == "content 1"
    assert show(store, "1", layer("never", before)).content == "content 1"
    assert show(store, "2", layer("2", before)).content == "content 2"
    assert before == [None, "content 1"]


def test_what_is_costly_to_build_rests_before_it_is_built_anew() -> None:
    clock = Clock()
    store = TileStore(clock=clock)
    assert show(store, "0", layer("0", takes_s=60, clock=clock), rests=True).version == "0"
    # The first building says nothing about the next.
    assert show(store, "1", layer("1", takes_s=3, clock=clock), rests=True).version == "1"
    clock.now += 3 * REST - 0.1
    assert show(store, "2", rests=True).version == "1"
    clock.now += 0.2
    assert show(store, "2", rests=True).version == "2"


def test_what_is_built_quickly_does_not_rest() -> None:
    clock = Clock()
    store = TileStore(clock=clock)
    show(store, "1", layer("1", takes_s=COSTLY_S / 2, clock=clock), rests=True)
    assert show(store, "2", rests=True).version == "2"


def test_what_does_not_rest_is_built_anew_however_costly() -> None:
    clock = Clock()
    store = TileStore(clock=clock)
    show(store, "1", layer("1", takes_s=60, clock=clock))
    assert show(store, "2").version == "2"


def test_while_newer_content_is_built_the_old_is_shown_and_nobody_waits() -> None:
    opened: list[int] = []

    @contextmanager
    def connect() -> Iterator[Connection]:
        opened.append(1)
        yield NO_CONNECTION

    store = TileStore(connect)
    may_end = Event()
    built: list[int] = []

    def slowly(_: Connection, old: Any) -> tuple[str, str]:
        assert may_end.wait(20)
        built.append(1)
        return "2", "content 2"

    assert show(store, "1").version == "1"
    began = monotonic()
    for _ in range(5):
        assert show(store, "2", slowly, patience_s=0.01).version == "1"
    assert monotonic() - began < 5
    may_end.set()
    deadline = monotonic() + 20
    while show(store, "2", slowly, patience_s=0.01).version != "2":
        assert monotonic() < deadline
    assert (len(built), len(opened)) == (1, 2)  # five asked, one built


def test_the_first_to_ask_waits_and_all_who_ask_with_it() -> None:
    @contextmanager
    def connect() -> Iterator[Connection]:
        yield NO_CONNECTION

    store = TileStore(connect)
    made: list[int] = []
    start = Barrier(6)

    def slowly(_: Connection, old: Any) -> tuple[str, str]:
        made.append(1)
        Event().wait(0.2)
        return "1", "content"

    def ask(_: int) -> str:
        start.wait()
        return show(store, "1", slowly, patience_s=0.0).content  # type: ignore[no-any-return]

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(ask, range(6))) == {"content"}
    assert len(made) == 1


def test_what_cannot_be_built_is_told_to_the_first_and_the_old_stays(caplog: pytest.LogCaptureFixture) -> None:
    @contextmanager
    def connect() -> Iterator[Connection]:
        yield NO_CONNECTION

    def fail(_: Connection, old: Any) -> tuple[str, str]:
        raise RuntimeError("no such table")

    store = TileStore(connect)
    with pytest.raises(RuntimeError, match="no such table"):
        show(store, "1", fail)
    assert show(store, "1").version == "1"
    assert show(store, "2", fail, patience_s=10).version == "1"
    assert "could not be built" in caplog.text
    assert show(store, "2", patience_s=10).version == "2"


def test_layers_that_nobody_asks_for_are_forgotten() -> None:
    store = TileStore()
    for number in range(MOST_LAYERS + 5):
        store.current(NO_CONNECTION, f"territories {number}", "1", layer("1"))
    assert store.held("territories 0") is None
    assert store.held(f"territories {MOST_LAYERS}") is not None
