"""How the kernels are compiled: kept on disk where possible, without the GIL."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from geo.compiling import kept, stamp_of

F = TypeVar("F", bound=Callable[..., Any])

_STAMP: Final = stamp_of(
    Path(__file__).with_name(name) for name in ("cells.py", "noding.py", "removal.py", "outlines.py", "tiling.py")
)


def compiled(kernel: F) -> F:
    """`kernel`, compiled at its first call. It must always be called with the same types."""
    return cast("F", kept(kernel, _STAMP, nogil=True, error_model="numpy", fastmath=False))
