"""Overlays of drawn and foreign shapes within limits: cheap ones at once, dubious ones in a child process that is stopped in time.

GEOS cannot be interrupted, neither by a statement timeout nor by a signal handler of Python: two valid combs of two thousand teeth run
for minutes and fill the memory. So how much work it would be is estimated first (`geo.soundness.complexity`), and what may be too much
runs where it can be killed.
"""

from __future__ import annotations

import atexit
import os
import pickle
import select
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import BytesIO
from time import monotonic
from typing import Any, Final, ParamSpec, TypeVar

from shapely.geometry.base import BaseGeometry

from app.errors import TooBusy
from geo.errors import GeoError
from geo.soundness.complexity import box_crossings
from geo.soundness.errors import TooComplex

P = ParamSpec("P")
R = TypeVar("R")

CHEAP: Final = 5_000
"""Pairs of edges whose boxes cross, up to which an overlay is done at once: a third of a second where every pair truly crosses, and milliseconds else."""

REFUSED: Final = 500_000
"""Pairs beyond which nothing is tried: a child would only burn its seconds, in which it does less than a fifth of them."""

SECONDS: Final = 4.5
"""With the estimate before and the killing after it, less than five."""
MEMORY: Final = 512 * 1024 * 1024
CHILDREN: Final = 2

_LOOK_S: Final = 0.05
"""Seconds between two looks at how much memory a child holds."""

_HEAD: Final = struct.Struct("<Q")
_LARGEST_ANSWER: Final = 256 * 1024 * 1024

# What an answer may be made of. A child that a shape has broken is not believed beyond this.
_ANSWERS: Final = ("geo.", "shapely", "numpy", "builtins", "collections", "types", "_codecs", "copyreg")
_BUILTINS: Final = frozenset(
    {
        "set",
        "frozenset",
        "dict",
        "list",
        "tuple",
        "int",
        "float",
        "str",
        "bytes",
        "complex",
        "slice",
        "range",
        "getattr",
    }
)


def within_limits(
    function: Callable[P, R],
    tool: BaseGeometry,
    others: Mapping[str, BaseGeometry],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """`function(*args, **kwargs)`, here or in a child, after what overlaying `tool` with `others` would take.

    `function` is a function of a module of `geo`, its arguments and answer shapes, plain values and values of `geo`. `tool`: the drawn or
    foreign shape, `others`: those that it may meet. Raises `geo.soundness.errors.TooComplex` where it would take, or takes, too
    much; `TooBusy` where no child is free in time; and what the function raises of `geo.errors.GeoError`.
    """
    crossings = box_crossings(tool, most=REFUSED) + box_crossings(tool, list(others.values()), most=REFUSED)
    if crossings > REFUSED:
        raise TooComplex
    if crossings <= CHEAP:
        return function(*args, **kwargs)
    return run_apart(function, *args, **kwargs)


def run_apart(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """`function(*args, **kwargs)` in a child process, at most `SECONDS` long and within `MEMORY`. Raises as `within_limits`."""
    return _pool().run(function, *args, **kwargs)


def warm() -> None:
    """Starts a child of this process, so that the first caller who needs one does not wait for it."""
    _pool().warm()


def peak_memory() -> int:
    """Bytes of the most memory that a child of this process has held so far."""
    return _pool().peak


class Child:
    """A process that does one thing after the other, and is killed when one takes too long."""

    def __init__(self, memory: int) -> None:
        names = ("PATH", "LANG", "LC_ALL", "TMPDIR", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
        environment = {name: os.environ[name] for name in names if name in os.environ}
        # One thread: their stacks and buffers would count against the memory.
        environment |= {
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "MALLOC_ARENA_MAX": "1",
        }
        self.peak = 0
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-c", f"from app.territories.limited_child import main; main({memory})"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/",
            bufsize=0,
        )

    def ask(self, task: bytes, seconds: float) -> bytes | None:
        """The answer to a task; None where there is none in time, or the process has died of it."""
        self.peak = 0
        deadline = monotonic() + seconds
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        watch = threading.Timer(seconds, self.kill)
        watch.daemon = True
        watch.start()
        try:
            self.process.stdin.write(_HEAD.pack(len(task)))
            view = memoryview(task)
            while view:
                view = view[self.process.stdin.write(view) or 0 :]
            head = self._read(_HEAD.size, deadline)
            if head is None or _HEAD.unpack(head)[0] > _LARGEST_ANSWER:
                return None
            return self._read(_HEAD.unpack(head)[0], deadline)
        except OSError:
            return None
        finally:
            watch.cancel()

    def _read(self, size: int, deadline: float) -> bytes | None:
        assert self.process.stdout is not None
        found = bytearray()
        while len(found) < size:
            wait = max(0.0, min(deadline - monotonic(), _LOOK_S))
            ready, _, _ = select.select([self.process.stdout], [], [], wait)
            self.peak = max(self.peak, self._held())
            if not ready and monotonic() < deadline:
                continue
            part = os.read(self.process.stdout.fileno(), min(size - len(found), 1 << 20)) if ready else b""
            if not part:
                return None
            found += part
        return bytes(found)

    def _held(self) -> int:
        """Bytes of memory that the process has held at most; nought where the system does not tell."""
        with suppress(OSError, ValueError), open(f"/proc/{self.process.pid}/status", encoding="ascii") as lines:  # noqa: PTH123
            for line in lines:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        return 0

    @property
    def alive(self) -> bool:
        """Whether it can be asked again."""
        return self.process.poll() is None

    def kill(self) -> None:
        """Ends it now."""
        with suppress(OSError):
            self.process.kill()

    def close(self) -> None:
        """Ends it and takes it out of the system's table."""
        self.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        self.process.wait()


class Pool:
    """A few warm children, each used by one caller at a time. The first is started when it is needed."""

    def __init__(self, children: int = CHILDREN, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._free: deque[Child] = deque()
        self._slots = threading.Semaphore(children)
        self._lock = threading.Lock()
        self._seconds, self._memory = seconds, memory
        self._closed = False
        self.peak = 0

    def warm(self) -> None:
        """Starts a child, if none is there, so that the first caller does not wait for it."""
        with self._lock:
            if not self._free and not self._closed:
                self._free.append(Child(self._memory))

    def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """`function(*args, **kwargs)` in a child. Raises as `within_limits`."""
        if not function.__module__.startswith("geo."):
            raise ValueError(function.__module__)
        deadline = monotonic() + self._seconds
        task = pickle.dumps((function.__module__, function.__qualname__, args, kwargs), protocol=5)
        if not self._slots.acquire(timeout=self._seconds):
            raise TooBusy
        try:
            child = self._take()
            answer = child.ask(task, max(0.05, deadline - monotonic()))
            self.peak = max(self.peak, child.peak)
            if answer is None:
                child.close()
                # The next caller finds a warm one again.
                self.warm()
                raise TooComplex
            with self._lock:
                self._free.append(child)
        finally:
            self._slots.release()
        return _told(answer)  # type: ignore[no-any-return]

    def _take(self) -> Child:
        while True:
            with self._lock:
                child = self._free.popleft() if self._free else None
            if child is None:
                return Child(self._memory)
            if child.alive:
                return child
            child.close()

    def close(self) -> None:
        """Ends all children that are free."""
        with self._lock:
            self._closed = True
            while self._free:
                self._free.popleft().close()


_pools: dict[int, Pool] = {}
_pools_lock = threading.Lock()


def _pool() -> Pool:
    """The pool of this process; a fork does not share its parent's children."""
    with _pools_lock:
        if os.getpid() not in _pools:
            _pools[os.getpid()] = Pool()
            atexit.register(_pools[os.getpid()].close)
        return _pools[os.getpid()]


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        known = module == "geo" or any(
            module == one.rstrip(".") or module.startswith(one.rstrip(".") + ".") for one in _ANSWERS
        )
        if not known or (module == "builtins" and name not in _BUILTINS):
            raise pickle.UnpicklingError(module)
        return super().find_class(module, name)


def _told(answer: bytes) -> Any:
    """What a child has answered. Raises what the function raised; `TooComplex` where it ran out of memory."""
    kind, value = _Plain(BytesIO(answer)).load()
    if kind == "done":
        return value
    if kind == "refused":
        module, name = value
        found = getattr(sys.modules.get(module), name, None)
        if isinstance(found, type) and issubclass(found, GeoError):
            raise found()
    if kind == "memory":
        raise TooComplex
    raise RuntimeError(f"the child failed: {value}")
