"""One typed door to Numba: loops over characters and places, as machine code that is kept on disk.

Steps are compiled into the entries that call them; only entries are kept, under a digest of all sources that they may have taken in.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from numba import njit

from geo.compiling import kept, stamp_of

F = TypeVar("F", bound=Callable[..., object])

_OPTIONS: Final[dict[str, Any]] = {"nogil": True, "error_model": "numpy"}


_STAMP: Final = stamp_of(
    path for folder in ("address", "geocoding") for path in sorted((Path(__file__).parents[1] / folder).glob("*.py"))
)


def compiled(function: F) -> F:
    """A step: a function of arrays and numbers, compiled into whatever entry calls it."""
    return cast("F", njit(**_OPTIONS)(function))


def entry(function: F) -> F:
    """A step that Python calls: compiled at its first call and kept, where a folder for it can be written."""
    return cast("F", kept(function, _STAMP, **_OPTIONS))
