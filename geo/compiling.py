"""Machine code that is kept on disk, and made anew when any of the sources that it came from has changed."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache


def stamp_of(sources: Iterable[Path]) -> str:
    """A digest of the content of source files."""
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def kept(function: Callable[..., Any], stamp: str, **options: Any) -> Any:
    """`function` compiled by Numba at its first call, the machine code kept under `stamp` where a folder for it can be written.

    Numba by itself notices a change of the file that a function stands in, but not of the files whose functions it has taken in.
    """
    machine = njit(function, **options)
    try:
        machine._cache = _StampedCache(function)  # type: ignore[no-untyped-call]
    except RuntimeError:
        return machine  # neither the folder of the sources nor the user's cache folder can be written
    machine._cache.stamp = stamp
    return machine


class _StampedCache(FunctionCache):
    """Numba's cache, with one thing more in the key."""

    stamp = ""

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        return (*super()._index_key(sig, codegen), self.stamp)  # type: ignore[no-untyped-call]
