"""How far evidence can be trusted: weights of candidates, and how near to the truth the chosen answer lies.

Belief in candidates is a conditional logit over `EVIDENCE` with "none of them" as one alternative. How far off the
chosen answer lies is one logistic regression over `INPUTS` for each distance of `RADII`: the chance that the true
place is no farther. Both are measured (see `measure`), drawn towards the shipped weights, so that a gazetteer with one
source or few rows is still weighed soundly.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.address.compiled import entry
from geo.geocoding.evidence import EVIDENCE

F64 = npt.NDArray[np.float64]
FOUND_WITHIN: Final = 200.0  # metres: a candidate this near to the truth is the place
APART: Final = 500.0  # metres: candidates farther apart are rivals
RADII: Final = (50.0, 100.0, 200.0, 500.0, 1000.0, 2500.0)  # metres
GOOD: Final = 500.0  # metres, one of RADII: an answer this near is right
RINGS: Final = (30.0, 75.0, 150.0, 340.0, 740.0, 1700.0)  # metres: a distance for each step between the radii
TERRITORY: Final = 1500.0  # metres: the scale on which a point farther off still lies in the right team's territory
LAST: Final = (
    "bias", "near", "best", "rival", "none", "named", "named at a house", "house only", "between houses", "road only",
    "clean name", "sources", "district agrees", "far from road", "rivals", "house disagrees",
)  # fmt: skip
INPUTS: Final = (*LAST, *(f"evidence: {name}" for name in EVIDENCE))
SHIPPED: Final = Path(__file__).with_name("weights.json")


class Calibration(NamedTuple):
    """Weights of `EVIDENCE` for candidates; of `INPUTS` for the chosen one, a row for each of `RADII`; sample: the number of
    questions they were measured on (0 = shipped)."""

    candidate: F64
    reach: F64
    sample: int

    def to_dict(self) -> dict[str, Any]:
        """A form that can be stored as JSON; names stay valid when evidence is added."""
        return {
            "candidate": {name: round(float(w), 4) for name, w in zip(EVIDENCE, self.candidate, strict=True)},
            "reach": {
                f"{radius:.0f}": {name: round(float(w), 4) for name, w in zip(INPUTS, row, strict=True)}
                for radius, row in zip(RADII, self.reach, strict=True)
            },
            "sample": self.sample,
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Calibration:
        """What `to_dict` gave; evidence that it does not know weighs nothing. Raises `KeyError` for a missing radius."""
        return cls(
            np.array([stored["candidate"].get(name, 0.0) for name in EVIDENCE]),
            np.array([[stored["reach"][f"{radius:.0f}"].get(name, 0.0) for name in INPUTS] for radius in RADII]),
            int(stored.get("sample", 0)),
        )


def shipped() -> Calibration:
    """The weights that ship: measured on the sources of one large city's gazetteer."""
    return Calibration.from_dict(json.loads(SHIPPED.read_text(encoding="utf-8")) | {"sample": 0})


def inputs_of(answer: F64, evidence: npt.NDArray[np.float32]) -> F64:
    """`INPUTS` from the numbers of `LAST` and the evidence for the chosen candidate, one row per text."""
    return np.concatenate([answer, evidence.astype(np.float64)], axis=1)


def chances_within(inputs: F64, reach: F64) -> F64:
    """The chance that the truth lies within each of `RADII`, one row per text, never falling with the radius."""
    z = np.clip(weighted(np.ascontiguousarray(inputs), np.ascontiguousarray(reach)), -30.0, 30.0)
    return np.asarray(np.maximum.accumulate(1.0 / (1.0 + np.exp(-z)), axis=1), np.float64)


@entry
def weighted(inputs: F64, reach: F64) -> F64:
    """inputs @ reach.T, each row summed in one order: a row gives the same to the last bit alone and among a million, which a
    matrix product does not promise."""
    out = np.zeros((len(inputs), len(reach)))
    for i in range(len(inputs)):
        for k in range(len(reach)):
            total = 0.0
            for j in range(inputs.shape[1]):
                total += inputs[i, j] * reach[k, j]
            out[i, k] = total
    return out


def masses(within: F64) -> F64:
    """The chance of each step between the radii, the first from nought: what `RINGS` stand for."""
    return np.diff(within, axis=1, prepend=0.0)


def radius_within(within: F64, share: float) -> F64:
    """Metres within which the truth lies with this chance, from `chances_within`; logarithmic between the radii, infinite
    where even the largest is not sure enough."""
    out = np.full(len(within), np.inf)
    radii = np.log(np.array((5.0, *RADII)))
    table = np.concatenate([np.zeros((len(within), 1)), within], axis=1)
    for k in range(len(RADII)):
        low, high = table[:, k], table[:, k + 1]
        here = np.isinf(out) & (high >= share)
        part = (share - low[here]) / np.maximum(high[here] - low[here], 1e-12)
        out[here] = np.exp(radii[k] + part * (radii[k + 1] - radii[k]))
    return out


# How much a border through the error disc takes from the confidence, and what gives back in the mean what that and
# the hardness of a gazetteer's questions to itself (some of its own points are wrong) take from it.
BORDER, AGAIN = 0.2, 0.8


def confidence_of(within: F64, same: F64 | None = None) -> F64:
    """Confidence in [0, 1] that the answer is right: the true place within 500 m or in the territory of the point.

    `within`: from `chances_within`. `same`: for each of `RINGS` the share of the circle of that radius around the point that
    lies where the point lies, among the same territories; without it territories of a common size are taken. A border that
    runs through the disc lowers the confidence, so that one threshold keeps back what is doubtful either way.
    """
    mass = masses(within)
    reached = np.array(RADII) <= GOOD
    if same is None:
        same = np.broadcast_to(np.exp(-np.maximum(np.array(RINGS) - GOOD, 0.0) / TERRITORY), mass.shape)
        good = right = (mass * np.where(reached, 1.0, same)).sum(axis=1)
    else:
        right = (mass * same).sum(axis=1)
        good = (mass * np.where(reached, 1.0, same)).sum(axis=1)
    share = right / np.maximum(good, 1e-9)
    return np.asarray(np.clip(good * share**BORDER, 0.0, 1.0) ** AGAIN, np.float64)


def fit_logistic(x: F64, y: F64, prior: F64, pull: float, start: F64 | None = None, steps: int = 30) -> F64:
    """Newton's method for logistic regression on chances `y`, with a quadratic pull towards `prior`."""
    w = (prior if start is None else start).copy()
    for _ in range(steps):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (p - y) + pull * (w - prior)
        hessian = (x * (p * (1 - p))[:, None]).T @ x + pull * np.eye(len(w))
        step = np.linalg.solve(hessian, gradient)
        w = w - step
        if np.abs(step).max() < 1e-6:
            break
    return np.asarray(w, np.float64)


# What is believed of a source before it is measured: so many of so many of its points are wrong.
WRONG_BEFORE, POINTS_BEFORE = 10.0, 200.0


def fit_reach(
    inputs: F64, off: F64, judge: npt.NDArray[np.int64], prior: F64, pull: float, rounds: int = 20
) -> tuple[F64, F64]:
    """Weights of `INPUTS` for each of `RADII`, and the share of wrong points of each judge (judges × radii).

    `off`: metres between answer and judge, `judge`: the source that judges, from nought. A judge is a source whose own
    points are wrong now and then: an answer that it calls far off may be right. Expectation maximisation over which of
    them are (as in logistic regression with noisy labels), the judges' shares with a beta prior.
    """
    weights = prior.copy()
    judges = int(judge.max()) + 1
    wrong = np.full((judges, len(RADII)), WRONG_BEFORE / POINTS_BEFORE)
    for k, radius in enumerate(RADII):
        near = off < radius
        for _ in range(rounds):
            p = 1.0 / (1.0 + np.exp(-np.clip(inputs @ weights[k], -30, 30)))
            e = wrong[judge, k]
            right = np.where(near, 1.0, p * e / (p * e + 1 - p))
            missed = np.bincount(judge, np.where(near, 0.0, right), judges)
            total = np.bincount(judge, right, judges)
            wrong[:, k] = (missed + WRONG_BEFORE) / (total + POINTS_BEFORE)
            weights[k] = fit_logistic(inputs, right, prior[k], pull, weights[k], steps=2)
    return weights, wrong


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
