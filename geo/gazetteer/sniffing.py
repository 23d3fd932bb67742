"""Whether coordinates are in the system that they declare, judged by places that are known.

An undeclared shift moves every place alike (GCJ-02 by 350–620 m, BD-09 by about a kilometre more), whereas mistakes in names
scatter. So the offsets of places that both sides know are not averaged but counted: each pair votes for the system under
which it lands on the known place, and the systems' votes are compared. A wrong name votes for nobody, or for all alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import comb
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from geo.crs import Crs, convert

Floats = NDArray[np.float64]

SYSTEMS: Final = (Crs.CGCS2000, Crs.GCJ02, Crs.BD09)
"""The hypotheses; WGS-84 is CGCS2000 for these purposes. Exchanged axes are seen without any known place: in China the ranges of
longitude and latitude do not meet."""

FEWEST: Final = 14
"""Votes without which nothing is decided: so many in a row are chance once in 16,000 times."""

BY_CHANCE: Final = 1e-4
CLEARLY: Final = 2.0
"""A system wins with this many times the votes of the next, and if chance would do that less often than `BY_CHANCE`."""

LONGEST_REACH: Final = 250.0  # metres from a known place that still count as on it
SHORTEST_SHIFT: Final = 200.0  # metres between the systems below which they cannot be told apart (outside of China)
NOTED_SHARE: Final = 0.1
"""Share of the winner's votes from which on a second system is worth telling."""

SAMPLE: Final = 2_000
"""Pairs among which the densest offset is looked for: every pair is compared with every other."""


class Verdict(StrEnum):
    """What the test found."""

    PASSED = "PASSED"
    MISDECLARED = "MISDECLARED"  # another of the systems fits
    SHIFTED = "SHIFTED"  # a common offset that none of the systems explains
    MIXED = "MIXED"  # two systems fit a good part each
    UNTESTED = "UNTESTED"  # too little in common, or what there is scatters


class Evidence(StrEnum):
    """What a file was compared with."""

    PLACES = "PLACES"  # known places of other sources
    EARLIER = "EARLIER"  # the same source as it was before
    OUTLINES = "OUTLINES"  # outlines of districts or branches
    SOURCES = "SOURCES"  # the other sources of the same file
    NOTHING = "NOTHING"


@dataclass(frozen=True)
class Fit:
    """How one system fits: pairs that land on the known place, and the median distance of the agreeing pairs under it."""

    crs: Crs
    votes: int
    median_m: float | None


@dataclass(frozen=True)
class Sniff:
    """The result for one group of entries.

    `n`: places in common. `best`: the system with the most votes. `east_m`, `north_m`: the common offset that is left under it
    (under the declared one if the verdict is SHIFTED). `second`: another system that fits a part worth telling.
    """

    verdict: Verdict
    declared: Crs
    n: int
    fits: tuple[Fit, ...] = ()
    best: Crs | None = None
    second: Crs | None = None
    east_m: float = 0.0
    north_m: float = 0.0
    evidence: Evidence = Evidence.PLACES
    source: str | None = None

    @property
    def refuses(self) -> bool:
        """Whether the declared system is contradicted."""
        return self.verdict in (Verdict.MISDECLARED, Verdict.SHIFTED, Verdict.MIXED)

    def fit(self, crs: Crs) -> Fit | None:
        """How a system fits; WGS-84 as CGCS2000."""
        return next((fit for fit in self.fits if fit.crs == plain(crs)), None)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "verdict": self.verdict.value,
            "declared": self.declared.value,
            "evidence": self.evidence.value,
            "source": self.source,
            "n": self.n,
            "best": self.best and self.best.value,
            "second": self.second and self.second.value,
            "offset_m": [round(self.east_m, 1), round(self.north_m, 1)],
            "fits": [
                {"crs": fit.crs.value, "votes": fit.votes, "median_m": fit.median_m and round(fit.median_m, 1)}
                for fit in self.fits
            ],
        }


def plain(crs: Crs) -> Crs:
    """The system, WGS-84 as CGCS2000."""
    return Crs.CGCS2000 if crs is Crs.WGS84 else crs


def clearly(more: int, less: int) -> bool:
    """Whether `more` votes against `less` settle it: enough, `CLEARLY` more, and hardly by chance (a sign test, one-sided)."""
    if more < FEWEST or more < CLEARLY * less:
        return False
    n = more + less
    if n > 1000:
        # Half of n with a standard deviation of √n/2; six of them are beyond any doubt.
        return bool(more - less > 6.0 * n**0.5)
    return bool(sum(comb(n, k) for k in range(more, n + 1)) <= BY_CHANCE * 2**n)


def sniff(lon: Floats, lat: Floats, known_lon: Floats, known_lat: Floats, declared: Crs) -> Sniff:
    """Compare n points, degrees as written, with the same n places, degrees in CGCS2000, all of them finite.

    Each array has shape (n,).
    """
    n = len(lon)
    if n < FEWEST:
        return Sniff(Verdict.UNTESTED, declared, n)
    offsets = {crs: _offsets(lon, lat, known_lon, known_lat, crs) for crs in SYSTEMS}
    reach = _reach(offsets)
    if reach is None:
        return Sniff(Verdict.UNTESTED, declared, n)
    distances = {crs: np.hypot(*offset) for crs, offset in offsets.items()}
    votes = {crs: int(np.count_nonzero(distances[crs] <= reach)) for crs in SYSTEMS}
    own = plain(declared)
    ranked = sorted(SYSTEMS, key=lambda crs: (-votes[crs], crs != own))
    best = ranked[0]
    other = next(crs for crs in ranked if crs != own)
    agreeing = distances[best] <= reach
    fits = tuple(
        Fit(crs, votes[crs], float(np.median(distances[crs][agreeing])) if agreeing.any() else None) for crs in SYSTEMS
    )
    east, north = _middle(offsets[best], agreeing)
    second = other if votes[other] >= max(FEWEST / 2, NOTED_SHARE * votes[own]) else None
    mode_votes, mode = _densest(offsets[own], reach)
    if clearly(votes[other], votes[own]):
        return Sniff(Verdict.MISDECLARED, declared, n, fits, other, None, east, north)
    if clearly(mode_votes, votes[best]):
        return Sniff(Verdict.SHIFTED, declared, n, fits, None, None, *mode)
    if clearly(votes[own], votes[other]):
        return Sniff(Verdict.PASSED, declared, n, fits, own, second, east, north)
    # Two heaps of half of all: neither mistakes in names nor poor points do that.
    if votes[own] + votes[other] >= max(2 * FEWEST, 0.4 * n) and second is not None:
        return Sniff(Verdict.MIXED, declared, n, fits, best, second if best == own else own, east, north)
    return Sniff(Verdict.UNTESTED, declared, n, fits, best, None, east, north)


def _offsets(lon: Floats, lat: Floats, known_lon: Floats, known_lat: Floats, crs: Crs) -> tuple[Floats, Floats]:
    """Metres east and north from the known place, if the point is in `crs`."""
    x, y = convert(lon, lat, crs, Crs.CGCS2000)
    return (x - known_lon) * 111_320.0 * np.cos(np.radians(known_lat)), (y - known_lat) * 110_900.0


def _reach(offsets: Mapping[Crs, tuple[Floats, Floats]]) -> float | None:
    """Half of the way between the two nearest systems, so that no pair votes twice; None where they fall together."""
    apart = [
        float(np.median(np.hypot(offsets[a][0] - offsets[b][0], offsets[a][1] - offsets[b][1])))
        for at, a in enumerate(SYSTEMS)
        for b in SYSTEMS[at + 1 :]
    ]
    return None if min(apart) < SHORTEST_SHIFT else min(0.5 * min(apart), LONGEST_REACH)


def _middle(offset: tuple[Floats, Floats], agreeing: NDArray[np.bool_]) -> tuple[float, float]:
    if not agreeing.any():
        return 0.0, 0.0
    return float(np.median(offset[0][agreeing])), float(np.median(offset[1][agreeing]))


def _densest(offset: tuple[Floats, Floats], reach: float) -> tuple[int, tuple[float, float]]:
    """The offset that most pairs share within `reach`, and how many do."""
    x, y = offset
    # Evenly over the file, so that the same file gives the same answer.
    step = max(1, len(x) // SAMPLE)
    a, b = x[::step], y[::step]
    near = np.hypot(a[:, None] - a[None, :], b[:, None] - b[None, :]) <= reach
    at = int(near.sum(axis=1).argmax())
    east, north = float(a[at]), float(b[at])
    for _ in range(8):
        here = np.hypot(x - east, y - north) <= reach
        if not here.any():
            break
        east, north = float(x[here].mean()), float(y[here].mean())
    return int(np.count_nonzero(np.hypot(x - east, y - north) <= reach)), (east, north)
