"""One typed door to Numba: loops over characters, compiled once and kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile a function of arrays and numbers to machine code; its types stay those that are written."""
    return cast("F", njit(cache=True, nogil=True, error_model="numpy")(function))
