"""Work shared among the processor's cores: what is compiled, and GEOS, runs without the interpreter's lock."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FEW: Final = 100
"""For fewer geometries it does not pay to start a thread."""


def evenly(number: int, pieces: int) -> list[slice]:
    """So many slices of about the same length."""
    return [slice(number * k // pieces, number * (k + 1) // pieces) for k in range(pieces)]


def spread(slices: list[slice], work: Callable[[slice], None]) -> None:
    """`work` over every slice, each on a thread of its own."""
    if len(slices) == 1:
        work(slices[0])
        return
    with ThreadPoolExecutor(len(slices)) as pool:
        for _ in pool.map(work, slices):
            pass


def usable_cores() -> int:
    """Processors that this process may use; eight at most, as memory is the limit then."""
    return min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def on_all_cores(operation: Callable[..., Any], *columns: NDArray[Any]) -> NDArray[Any]:
    """An operation of GEOS on columns of n geometries, as shapely has it → its n results."""
    number = len(columns[0])
    found = np.empty(number, dtype=object)

    def work(rows: slice) -> None:
        found[rows] = operation(*(column[rows] for column in columns))

    spread(evenly(number, max(1, min(usable_cores(), number // FEW))), work)
    return found
