"""The process that does overlays for `app.territories.limited`: little memory, low priority, no network, and it ends with its parent."""

from __future__ import annotations

import ctypes
import importlib
import os
import pickle
import resource
import struct
import sys
import threading
from contextlib import suppress
from time import sleep
from typing import Any, BinaryIO

_HEAD = struct.Struct("<Q")
_NEW_NETWORK = 0x4000_0000
_NEW_USER = 0x1000_0000


def main(memory: int) -> None:
    """Answers tasks from standard input until it is closed. Each is (module, name, arguments, keyword arguments), pickled."""
    tasks, answers = sys.stdin.buffer, sys.stdout.buffer
    # Whatever a library prints must not get between the answers.
    sys.stdout = sys.stderr
    _confine(memory)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    import geo.coverage
    import geo.soundness.defects  # noqa: F401

    while (head := tasks.read(_HEAD.size)) and len(head) == _HEAD.size:
        _answer(answers, _done(tasks.read(_HEAD.unpack(head)[0])))


def _end_with(parent: int) -> None:
    """Ends this process when its parent is gone, whatever it is at."""
    while os.getppid() == parent:
        sleep(1.0)
    os._exit(0)


def _done(task: bytes) -> tuple[str, Any]:
    from shapely.errors import GEOSException

    from geo.errors import GeoError

    try:
        module, name, args, kwargs = pickle.loads(task)  # noqa: S301 (the parent is ours)
        function = getattr(importlib.import_module(module), name)
        return "done", function(*args, **kwargs)
    except GeoError as refused:
        return "refused", (type(refused).__module__, type(refused).__qualname__)
    except MemoryError:
        return "memory", None
    except GEOSException as error:
        return ("memory", None) if "alloc" in str(error) else ("failed", "GEOSException")
    except Exception as error:
        return "failed", type(error).__name__


def _answer(answers: BinaryIO, told: tuple[str, Any]) -> None:
    try:
        data = pickle.dumps(told, protocol=5)
    except MemoryError:
        data = pickle.dumps(("memory", None))
    answers.write(_HEAD.pack(len(data)))
    answers.write(data)
    answers.flush()


def _confine(memory: int) -> None:
    """A limit on memory, others first, and no network where the kernel lets this user have one of its own."""
    for kind, wanted in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        _, highest = resource.getrlimit(kind)
        limit = wanted if highest == resource.RLIM_INFINITY else min(wanted, highest)
        resource.setrlimit(kind, (limit, limit))
    with suppress(OSError):
        os.nice(10)
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None, use_errno=True)
        if library.unshare(_NEW_NETWORK) != 0:
            library.unshare(_NEW_USER | _NEW_NETWORK)
