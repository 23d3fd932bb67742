"""How the kernels are compiled: kept on disk where possible, still working where nothing can be written."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from numba.extending import register_jitable

from geo.compiling import kept, stamp_of
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


_STAMP: Final = stamp_of(Path(__file__).with_name(name) for name in ("formulas.py", "building.py", "kernels.py"))


def compiled(kernel: F) -> F:
    """`kernel`, compiled at its first call: without the GIL, with IEEE arithmetic as written (nothing fused or reordered).

    A kernel must always be called with the same types: numba's folder of machine code is not safe with several.
    """
    machine = kept(kernel, _STAMP, nogil=True, error_model="numpy", fastmath=False)

    @functools.wraps(kernel)
    def call(*arguments: Any) -> Any:
        try:
            return machine(*arguments)
        except OSError:
            # The disk is full: the machine code could not be kept, but it is there.
            return machine(*arguments)

    return call  # type: ignore[return-value]
