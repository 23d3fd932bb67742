"""How the kernels are compiled: kept on disk where possible, still working where nothing can be written."""

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from numba import njit
from numba.extending import register_jitable

from geo.matching import formulas

F = TypeVar("F", bound=Callable[..., Any])

for _formula in (
    formulas.cross,
    formulas.chart,
    formulas.chord_distance,
    formulas.sagitta,
    formulas.nearest_fraction,
    formulas.nearest_on_edge,
):
    register_jitable(_formula)


def _stamp() -> int:
    digest = hashlib.sha256()
    for name in ("formulas.py", "building.py", "kernels.py"):
        digest.update(Path(__file__).with_name(name).read_bytes())
    return int.from_bytes(digest.digest()[:6], "big")


# Numba notices a change of the file that a kernel stands in, not of the files whose functions it has taken in. Every kernel has
# this number as the default of a parameter that no caller gives: defaults are part of the key under which machine code is kept.
STAMP: Final = _stamp()


def compiled(kernel: F) -> F:
    """`kernel`, compiled at its first call: without the GIL, with IEEE arithmetic as written (nothing fused or reordered).

    A kernel must always be called with the same types: numba's folder of machine code is not safe with several.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": False}
    try:
        machine = njit(kernel, cache=True, **options)
    except RuntimeError:
        # Neither the folder of the sources nor the user's cache folder can be written.
        machine = njit(kernel, **options)

    @functools.wraps(kernel)
    def call(*arguments: Any) -> Any:
        try:
            return machine(*arguments)
        except OSError:
            # The disk is full: the machine code could not be kept, but it is there.
            return machine(*arguments)

    return call  # type: ignore[return-value]
