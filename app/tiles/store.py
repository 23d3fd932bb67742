"""What one process keeps of the tiles: areas and densities of the present content, and tiles already made."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock, RLock
from time import monotonic
from typing import Any, Generic, TypeVar

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
"""A layer that takes longer than `COSTLY_S` to build then rests `REST` times as long before it is built for newer content."""


@dataclass(slots=True)
class _Shown:
    version: str
    rests_until: float


class TileStore:
    """The caches of one application. Keys hold the version of the content, so nothing kept passes for newer than it is."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.layers: Kept[Any] = Kept(6)
        self.tiles: Kept[bytes] = Kept(64 * 1024 * 1024, lambda tile: len(tile) + 200)
        self._clock = clock
        self._shown: dict[str, _Shown] = {}
        self._lock = Lock()

    def version_to_show(self, layer: str, newest: str) -> str:
        """The newest version, or the one shown so far while the layer rests.

        Else every change of a stream of changes would have a million orphans counted anew.
        """
        with self._lock:
            shown = self._shown.get(layer)
            if shown is not None and self._clock() < shown.rests_until:
                return shown.version
            self._shown[layer] = _Shown(newest, 0.0)
            return newest

    def build(self, layer: str, version: str, key: Hashable, make: Callable[[], Value]) -> Value:
        """The layer's content under this key, made if need be; then the layer rests."""

        def timed() -> Value:
            began = self._clock()
            made = make()
            ended = self._clock()
            with self._lock:
                shown = self._shown.get(layer)
                if shown is not None and shown.version == version and ended - began > COSTLY_S:
                    shown.rests_until = ended + REST * (ended - began)
            return made

        value: Value = self.layers.get(key, timed)
        return value
