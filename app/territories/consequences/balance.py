"""How evenly loads are spread over the teams of a branch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Balance:
    """Loads of teams, in policies. `gini`: 0 even, towards 1 uneven. `ratio`: the most over the least; None where the least is nought."""

    teams: int
    gini: float
    most: int
    least: int
    ratio: float | None


def balance(loads: Sequence[int]) -> Balance:
    """The balance of loads, one for each team (rulebook 7).

    Gini's coefficient over sorted loads x of n teams: Σ (2i − n − 1) x_i / (n Σ x), i from 1 (Sen 1973); 0 where there is no load.
    """
    x = np.sort(np.asarray(loads, dtype=np.float64))
    n, total = len(x), float(x.sum())
    if n == 0:
        return Balance(0, 0.0, 0, 0, None)
    gini = float(((2 * np.arange(1, n + 1) - n - 1) * x).sum() / (n * total)) if total > 0 else 0.0
    least, most = int(x[0]), int(x[-1])
    return Balance(n, round(gini, 4), most, least, round(most / least, 4) if least > 0 else None)
