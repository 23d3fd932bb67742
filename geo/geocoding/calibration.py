"""How far evidence can be trusted: weights of evidence, of the chosen answer, and the radius that goes with it.

Belief in candidates is a conditional logit over `EVIDENCE` with "none of them" as one alternative; the confidence of
an answer is a logistic regression over `LAST`. Both are measured (see `measure`), drawn towards the shipped weights, so
that a gazetteer with one source or few rows is still weighed soundly.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.geocoding.evidence import EVIDENCE

F64 = npt.NDArray[np.float64]
FOUND_WITHIN: Final = 200.0  # metres: a candidate this near to the truth is the place
APART: Final = 500.0  # metres: candidates farther apart are rivals
GOOD: Final = 500.0  # metres: an answer this near is right
TERRITORY: Final = 1500.0  # metres: the scale on which a point farther off still lies in the right team's territory
LAST: Final = (
    "bias", "near", "best", "rival", "none", "named", "named at a house", "house only", "between houses", "road only",
    "clean name", "sources", "district agrees", "far from road", "rivals", "house disagrees",
)  # fmt: skip
BINS: Final = 10
LEAST_IN_BIN: Final = 20
SHIPPED: Final = Path(__file__).with_name("weights.json")


class Calibration(NamedTuple):
    """Weights of `EVIDENCE` for candidates, of `LAST` for the chosen one; radius: metres within which nine of ten
    answers lie, by tenth of confidence; sample: the number of questions it was measured on (0 = shipped)."""

    candidate: F64
    answer: F64
    radius: F64
    sample: int

    def to_dict(self) -> dict[str, Any]:
        """A form that can be stored as JSON; names stay valid when evidence is added."""
        return {
            "candidate": {name: round(float(w), 4) for name, w in zip(EVIDENCE, self.candidate, strict=True)},
            "answer": {name: round(float(w), 4) for name, w in zip(LAST, self.answer, strict=True)},
            "radius": [round(float(r)) for r in self.radius],
            "sample": self.sample,
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Calibration:
        """What `to_dict` gave; evidence that it does not know weighs nothing."""
        return cls(
            np.array([stored["candidate"].get(name, 0.0) for name in EVIDENCE]),
            np.array([stored["answer"].get(name, 0.0) for name in LAST]),
            np.array(stored["radius"], np.float64),
            int(stored.get("sample", 0)),
        )


def shipped() -> Calibration:
    """The weights that ship: measured on the sources of one large city's gazetteer."""
    return Calibration.from_dict(json.loads(SHIPPED.read_text(encoding="utf-8")) | {"sample": 0})


def confidence_of(answer: F64, weights: F64) -> F64:
    """Confidence in [0, 1] from the numbers of `LAST` (one row per text)."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(answer @ weights, -30.0, 30.0))), np.float64)


def chance_right(metres_off: F64) -> F64:
    """The chance that a point so far off still gives the right answer: certain within `GOOD`, then falling by e every
    `TERRITORY` metres (territories of unknown shape)."""
    return np.asarray(np.exp(-np.maximum(metres_off - GOOD, 0.0) / TERRITORY), np.float64)


def radius_by_confidence(confidence: F64, metres_off: F64, default: F64) -> F64:
    """The 90th percentile of the error per tenth of confidence, never growing with it; `default` for thin bins."""
    radius = default.copy()
    tenth = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    for b in range(BINS):
        inside = metres_off[tenth == b]
        if len(inside) >= LEAST_IN_BIN:
            radius[b] = np.quantile(inside, 0.9)
    return np.asarray(np.minimum.accumulate(radius), np.float64)


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


def fit_choice(
    evidence: F64, owner: npt.NDArray[np.int64], near: npt.NDArray[np.bool_], prior: F64, pull: float, steps: int
) -> F64:
    """Weights of a conditional logit: of the candidates of a question (rows with the same `owner`, ascending) the
    near ones should hold the belief, or "none of them" where none is near. Adam, full batch."""
    first = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    sizes = np.diff(np.r_[first, len(owner)])
    spread = np.repeat(np.arange(len(first)), sizes)
    some = np.maximum.reduceat(near, first)
    w, m, v = prior.copy(), np.zeros_like(prior), np.zeros_like(prior)
    for t in range(1, steps + 1):
        e = np.exp(np.clip(evidence @ w, -50, 50))
        total = 1.0 + np.add.reduceat(e, first)
        right = np.add.reduceat(np.where(near, e, 0.0), first)
        wanted = np.where(near, e / np.maximum(right, 1e-300)[spread], 0.0) * some[spread]
        gradient = evidence.T @ (e / total[spread] - wanted) + pull * (w - prior)
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        rate = 0.05 * min(1.0, 3.0 * (1 - t / (steps + 1)))
        w = w - rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-9)
    return np.asarray(w, np.float64)
