"""Random streams and the few draws that the generator needs, over whole arrays."""

from __future__ import annotations

import zlib
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]


def stream(seed: int, subject: str) -> np.random.Generator:
    """A generator for one subject: a change in how one subject draws leaves every other subject's output alone."""
    return np.random.default_rng([seed & 0xFFFF_FFFF_FFFF_FFFF, zlib.crc32(subject.encode())])


def choose(rng: np.random.Generator, shares: ArrayLike, size: int) -> Ints:
    """Indices into ``shares`` (any positive weights, shape (k,)), drawn independently; shape (size,)."""
    bounds = np.cumsum(np.asarray(shares, dtype=np.float64))
    drawn: Ints = np.searchsorted(bounds, rng.random(size) * bounds[-1], side="right").astype(np.int64)
    return np.minimum(drawn, len(bounds) - 1)


def sample_weighted(rng: np.random.Generator, weights: Floats, size: int) -> Ints:
    """``size`` distinct indices, likelier where the weight is greater, in ascending order.

    Exponential keys (Efraimidis and Spirakis 2006): the smallest of Exp(1)/w are a weighted sample without replacement.
    """
    keys = rng.standard_exponential(len(weights)) / np.maximum(weights, 1e-12)
    if size >= len(weights):
        return np.arange(len(weights), dtype=np.int64)
    return np.sort(np.argpartition(keys, size)[:size]).astype(np.int64)


def member_of(rng: np.random.Generator, start: Ints, count: Ints, group: Ints) -> Ints:
    """For each group a member drawn evenly from its run ``start[g] … start[g] + count[g] - 1``; -1 for an empty group."""
    drawn = start[group] + (rng.random(len(group)) * count[group]).astype(np.int64)
    return np.where(count[group] > 0, drawn, -1)


def tally(group: Ints, weight: Ints | Floats | Bools, size: int) -> Floats:
    """The sum of the weights of each group 0 … size - 1; shape (size,)."""
    return np.bincount(group, weight, size).astype(np.float64)


def apportion(weights: Floats, total: int, at_least: int = 0) -> Ints:
    """Whole shares of ``total`` in proportion to ``weights`` (largest remainder), none below ``at_least``."""
    spare = max(0, total - at_least * len(weights))
    exact = weights / max(float(weights.sum()), 1e-12) * spare
    shares = np.floor(exact).astype(np.int64)
    rest = spare - int(shares.sum())
    shares[np.argsort(shares - exact, kind="stable")[:rest]] += 1
    return shares + at_least
