"""One typed door to Numba: loops over characters and places, as machine code that is kept on disk.

Steps are compiled into the entries that call them; only entries are kept. Numba notices a change of the file in which
an entry stands, not of the files whose steps it has taken in: so every entry has `STAMP` as the default of a last
parameter that no caller gives, and defaults are part of the key under which machine code is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])

_OPTIONS: Final[dict[str, Any]] = {"nogil": True, "error_model": "numpy"}


def _stamp() -> int:
    digest = hashlib.sha256()
    for folder in ("address", "geocoding"):
        for path in sorted((Path(__file__).parents[1] / folder).glob("*.py")):
            digest.update(path.read_bytes())
    return int.from_bytes(digest.digest()[:6], "big")


STAMP: Final = _stamp()


def compiled(function: F) -> F:
    """A step: a function of arrays and numbers, compiled into whatever entry calls it."""
    return cast("F", njit(**_OPTIONS)(function))


def entry(function: F) -> F:
    """A step that Python calls: compiled at its first call and kept, where a folder for it can be written."""
    try:
        return cast("F", njit(cache=True, **_OPTIONS)(function))
    except RuntimeError:  # neither the folder of the sources nor the user's cache can be written
        return cast("F", njit(**_OPTIONS)(function))
