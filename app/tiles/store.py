"""What one process keeps of the tiles: each layer's present content, built beside the requests, and tiles already made."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import Event, Lock, RLock, Thread
from time import monotonic
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from app.tiles.shapes import ShapeBook
from app.tiles.versions import Versions

_log = logging.getLogger(__name__)

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """The values used last, up to a total weight; each is made once even if many ask at the same moment.

    `most`: the total weight kept. `weigh`: the weight of a value. A value heavier than `most` is made but not kept.
    """

    def __init__(self, most: int, weigh: Callable[[Value], int] = lambda _: 1) -> None:
        self._most, self._weigh = most, weigh
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._weight = 0
        self._lock = Lock()
        self._making: dict[Hashable, RLock] = {}

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value kept under this key, or else the one that `make` returns. What `make` raises goes to the caller."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            mine = self._making.setdefault(key, RLock())
        with mine:
            with self._lock:
                if key in self._values:
                    return self._values[key]
            try:
                value = make()
                self._keep(key, value)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return value

    def _keep(self, key: Hashable, value: Value) -> None:
        weight = self._weigh(value)
        if weight > self._most:
            return
        with self._lock:
            self._values[key] = value
            self._weight += weight
            while self._weight > self._most:
                _, old = self._values.popitem(last=False)
                self._weight -= self._weigh(old)


COSTLY_S = 0.25
REST = 10
"""A layer that rests and takes longer than `COSTLY_S` to be brought up to date is left as it is for `REST` times as long."""

PATIENCE_S = 0.3
"""A request waits so long for newer content, then it shows the content before."""

MOST_LAYERS = 24

Make = Callable[[Connection, Any], tuple[str, Any]]
"""Makes a layer: given a connection and the content before, or None, it returns the version that the connection sees, and its content."""


@dataclass(frozen=True, slots=True)
class Held:
    """The content of a layer at a version of it."""

    version: str
    content: Any
    rests_until: float = 0.0


class _Building:
    def __init__(self) -> None:
        self.ended = Event()
        self.error: BaseException | None = None


class TileStore:
    """The caches of one application.

    `connect`: opens a connection for a layer that is built beside the requests; without it the request that needs a layer builds it.
    """

    def __init__(
        self,
        connect: Callable[[], AbstractContextManager[Connection]] | None = None,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.tiles: Kept[bytes] = Kept(64 * 1024 * 1024, lambda tile: len(tile) + 200)
        self.book = ShapeBook()
        self.versions = Versions()
        self._connect = connect
        self._clock = clock
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._building: dict[str, _Building] = {}
        self._lock = Lock()
        self._here = RLock()

    def held(self, name: str) -> Held | None:
        """What is at hand of a layer, whatever its version."""
        with self._lock:
            return self._held.get(name)

    def current(
        self,
        connection: Connection,
        name: str,
        newest: str,
        make: Make,
        *,
        rests: bool = False,
        patience_s: float = PATIENCE_S,
    ) -> Held:
        """The layer of this name at its newest version; while that is being built, the version before.

        Nobody but the first to ask for a layer waits longer than `patience_s`. `rests`: building it again may wait, as `REST` says.
        What `make` raises goes to the caller where there is nothing to show instead.
        """
        held = self._present(name, newest)
        if held is not None:
            return held
        if self._connect is None:
            with self._here:
                return self._present(name, newest) or self._make(connection, name, make, rests)
        building = self._begin(name, make, rests)
        before = self.held(name)
        building.ended.wait(None if before is None else patience_s)
        after = self.held(name)
        if after is not None:
            return after
        if building.error is not None:
            raise building.error
        return self._make(connection, name, make, rests)  # so many other layers have been asked for that it is gone

    def _present(self, name: str, newest: str) -> Held | None:
        with self._lock:
            held = self._held.get(name)
            if held is None or (held.version != newest and self._clock() >= held.rests_until):
                return None
            self._held.move_to_end(name)
            return held

    def _make(self, connection: Connection, name: str, make: Make, rests: bool) -> Held:
        before = self.held(name)
        began = self._clock()
        version, content = make(connection, None if before is None else before.content)
        ended = self._clock()
        # What the first building takes says nothing about the next, which starts from what is there.
        again = before is not None
        rest = REST * (ended - began) if rests and again and ended - began > COSTLY_S else 0.0
        made = Held(version, content, ended + rest if rest else 0.0)
        with self._lock:
            self._held[name] = made
            self._held.move_to_end(name)
            while len(self._held) > MOST_LAYERS:
                self._held.popitem(last=False)
        return made

    def _begin(self, name: str, make: Make, rests: bool) -> _Building:
        with self._lock:
            building = self._building.get(name)
            if building is not None:
                return building
            building = self._building[name] = _Building()
        Thread(target=self._build, args=(building, name, make, rests), name=f"tiles {name}", daemon=True).start()
        return building

    def _build(self, building: _Building, name: str, make: Make, rests: bool) -> None:
        assert self._connect is not None
        try:
            with self._connect() as connection:
                self._make(connection, name, make, rests)
        except BaseException as error:
            building.error = error
            _log.exception("tiles: %s could not be built", name)
        finally:
            with self._lock:
                self._building.pop(name, None)
            building.ended.set()
