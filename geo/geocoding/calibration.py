"""How far evidence can be trusted: measured by asking the gazetteer for what it knows from one source, without it.

Each source in turn is left out; its entries become questions, written as people write addresses (with and without
district, name, road), and the rest has to answer. Where the answers lie shows what each kind of evidence is worth
in this very gazetteer. Weights are those of a logistic regression, drawn towards the shipped ones (`DEFAULT`), so
that a gazetteer with one source or few rows is still weighed soundly.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.geocoding.cascade import EVIDENCE

F64 = npt.NDArray[np.float64]
NEAR: Final = 300.0  # metres: a candidate this near to the truth is the place
GOOD: Final = 500.0  # metres: an answer this near is right
LAST: Final = ("bias", "best", "rival", "no rival", "support", "second")
SHIPPED: Final = Path(__file__).with_name("weights.json")


class Calibration(NamedTuple):
    """Weights of `EVIDENCE` for candidates, of `LAST` for the chosen one, and the sample they come from."""

    candidate: F64
    answer: F64
    radius: F64  # metres (p90) for confidence in bins of a tenth
    sample: int


def shipped() -> Calibration:
    """The weights that ship: measured on the sources of one large city's gazetteer."""
    stored = json.loads(SHIPPED.read_text(encoding="utf-8"))
    return Calibration(
        np.array([stored["candidate"].get(name, 0.0) for name in EVIDENCE]),
        np.array([stored["answer"].get(name, 0.0) for name in LAST]),
        np.array(stored["radius"], np.float64),
        0,
    )


def fit_logistic(x: F64, y: F64, prior: F64, pull: float, weights: F64 | None = None) -> F64:
    """Newton's method for logistic regression, with a quadratic pull towards `prior`."""
    w = prior.copy()
    sample = np.ones(len(y)) if weights is None else weights
    for _ in range(30):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (sample * (p - y)) + pull * (w - prior)
        hessian = (x * (sample * p * (1 - p))[:, None]).T @ x + pull * np.eye(len(w))
        step = np.linalg.solve(hessian, gradient)
        w = w - step
        if np.abs(step).max() < 1e-6:
            break
    return np.asarray(w, np.float64)
