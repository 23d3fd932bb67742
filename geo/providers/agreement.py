"""Put several opinions of one address together: the gazetteer's and those of online providers.

Model. Each source *s* is right (its point stands for the place) with a probability p(s): the gazetteer's calibrated confidence, a
provider's prior. Sources are independent unless they draw on the same map. A right source stands within `TOGETHER_M` of
every other right one. Of wrong sources two stand together only by making the same mistake (an estate of the same name
elsewhere), with probability `SAME_MISTAKE`. Let the points fall into clusters; "cluster k is right" then weighs

    W(k) = Π p(s), s in k  ×  Π (1 − p(s)), s elsewhere  ×  Π SAME_MISTAKE^(n(j) − 1), clusters j other than k
    W(0) = Π (1 − p(s))  ×  Π SAME_MISTAKE^(n(j) − 1), all clusters                          (none is right)

with n(j) the independent sources in cluster j, and the confidence of k is W(k) / (W(0) + Σ W): Bayes' rule with these
probabilities as the prior. A source alone keeps its p; two that agree at 0.6 and 0.75 reach 0.98; the same two apart
keep 0.27 and 0.55: disagreement shows as doubt. Sources of one map count once, as the surest of them: they can only repeat
each other.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import log10, prod, sqrt
from typing import Final

from geo.crs import distance_m
from geo.geocoding.calibration import RADII
from geo.providers.contradiction import REASON as CONTRADICTION
from geo.providers.levels import PRECISE, USUAL_RADIUS, fineness
from geo.providers.protocol import Answer

LOCAL: Final = "gazetteer"
TOGETHER_M: Final = 200.0
SAME_MISTAKE: Final = 0.1
"""An assumption on the careful side, not a measurement: higher makes agreement prove less."""

WEAK_FACTOR: Final = 0.5
"""What is left of the prior where a provider itself calls its answer unreliable."""

LEAST_ERROR_M: Final = 40.0
"""An estate is not a point: no source counts as more exact than this when points are averaged (as in `geo.geocoding.decide`)."""

DISAGREE: Final = "SOURCES_DISAGREE"
_SETTLED: Final = frozenset({"NOT_FOUND", "ONLY_DISTRICT", "ONLY_ROAD", "RURAL"})
"""Reasons that a precise point takes away."""


class Verdict(StrEnum):
    """What asking brought."""

    AGREED = "AGREED"
    """Two independent sources stand together."""
    DISAGREED = "DISAGREED"
    """Precise sources stand apart, and none has company."""
    FOUND = "FOUND"
    """A point where the gazetteer had no precise one: a candidate of one source."""
    NOTHING = "NOTHING"
    """Nobody answered precisely enough: the local answer stays."""


@dataclass(frozen=True, slots=True)
class Local:
    """The gazetteer's answer. `lon`, `lat`: CGCS2000 degrees or None; `draws_on`: maps its places were taken from."""

    lon: float | None
    lat: float | None
    level: str
    confidence: float
    radius_m: float | None
    reasons: tuple[str, ...] = ()
    draws_on: frozenset[str] = frozenset()

    @property
    def precise(self) -> bool:
        """It has a point that can be matched to a territory."""
        return self.lon is not None and self.lat is not None and self.level in PRECISE


@dataclass(frozen=True, slots=True)
class Opinion:
    """A provider's answer. `data`: whose map it is; `prior`: the probability that a precise answer of it is right."""

    provider: str
    data: str
    answer: Answer
    prior: float
    contradicts: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that the address may mean, with those who say so."""

    lon: float
    lat: float
    level: str
    confidence: float
    radius_m: float
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Combined:
    """The answer of all together. `provider` joins the sources of the point by `+`; `candidates`: best first."""

    verdict: Verdict
    lon: float | None
    lat: float | None
    level: str
    confidence: float
    radius_m: float | None
    provider: str
    reasons: tuple[str, ...]
    candidates: tuple[Candidate, ...] = ()


@dataclass(slots=True)
class _Source:
    name: str
    group: str
    lon: float
    lat: float
    level: str
    radius: float
    p: float


@dataclass(slots=True)
class _Cluster:
    sources: list[_Source] = field(default_factory=list)

    def groups(self) -> dict[str, float]:
        """The independent voices and the surest p of each."""
        best: dict[str, float] = {}
        for source in self.sources:
            best[source.group] = max(best.get(source.group, 0.0), source.p)
        return best


def combine(local: Local, opinions: Sequence[Opinion], *, together_m: float = TOGETHER_M) -> Combined:
    """All opinions of one address as one answer; the order of `opinions` does not matter.

    Coarse answers (a road, a district) and contradicting ones are no evidence for a point; a contradiction is a reason.
    """
    reasons = local.reasons
    if any(opinion.contradicts for opinion in opinions):
        reasons = _with(reasons, CONTRADICTION)
    usable = [o for o in opinions if not o.contradicts and o.answer.level in PRECISE]
    unchanged = Combined(
        Verdict.NOTHING, local.lon, local.lat, local.level, local.confidence, local.radius_m, LOCAL, reasons
    )
    if not usable:
        return unchanged
    sources = [_source(opinion, local.draws_on) for opinion in usable]
    if local.lon is not None and local.lat is not None and not _inside(local, sources, together_m):
        radius = local.radius_m or USUAL_RADIUS.get(local.level, USUAL_RADIUS["CITY"])
        sources.append(_Source(LOCAL, LOCAL, local.lon, local.lat, local.level, radius, _probability(local.confidence)))
    clusters = _clusters(sources, together_m)
    shares = _posterior(clusters)
    ranked = sorted(
        ((_candidate(cluster, share), cluster) for cluster, share in zip(clusters, shares, strict=True)),
        key=lambda pair: (-pair[0].confidence, pair[0].sources),
    )
    candidates = tuple(candidate for candidate, _ in ranked)
    winner, cluster = ranked[0]
    voices = len(cluster.groups())
    if len(clusters) == 1 and voices == 1 and LOCAL in winner.sources:
        return replace(unchanged, candidates=candidates)  # nobody but those who repeat the gazetteer
    if len(clusters) > 1:
        reasons = _with(reasons, DISAGREE)
    verdict = Verdict.AGREED if voices > 1 else Verdict.DISAGREED if len(clusters) > 1 else Verdict.FOUND
    if winner.level in PRECISE:
        reasons = tuple(reason for reason in reasons if reason not in _SETTLED)
    return Combined(
        verdict,
        winner.lon,
        winner.lat,
        winner.level,
        winner.confidence,
        winner.radius_m,
        "+".join(winner.sources),
        reasons,
        candidates,
    )


def chances_of(confidence: float, radius_m: float) -> list[float]:
    """The chance that the truth lies within each of `geo.geocoding.calibration.RADII`: with probability `confidence` the point is the place,
    and then as far off as a two-dimensional normal error of which `radius_m` holds nine tenths (Rayleigh); else it is anywhere."""
    return [confidence * (1.0 - 10.0 ** -((r / max(radius_m, LEAST_ERROR_M)) ** 2)) for r in RADII]


def radius_half(radius_m: float) -> float:
    """Metres that hold half of such an error where `radius_m` holds nine tenths."""
    return radius_m * sqrt(log10(2.0))


def providers_of(provider: str) -> Collection[str]:
    """The sources that a stored `provider` names."""
    return provider.split("+")


def _source(opinion: Opinion, draws_on: frozenset[str]) -> _Source:
    answer = opinion.answer
    p = _probability(opinion.prior * (WEAK_FACTOR if answer.weak else 1.0))
    group = LOCAL if opinion.data in draws_on else opinion.data
    return _Source(opinion.provider, group, answer.lon, answer.lat, answer.level, answer.radius_m, p)


def _inside(local: Local, sources: Sequence[_Source], together_m: float) -> bool:
    """A coarse local answer (a road) within whose own error a precise source stands says nothing against it."""
    if local.precise:
        return False
    reach = max(together_m, local.radius_m or 0.0)
    return any(distance_m(local.lon, local.lat, s.lon, s.lat) <= reach for s in sources)  # type: ignore[arg-type]


def _probability(p: float) -> float:
    return min(0.99, max(0.01, p))


def _clusters(sources: Sequence[_Source], together_m: float) -> list[_Cluster]:
    """Around the surest first; a coarse point has no company."""
    left = sorted(sources, key=lambda s: (-s.p, s.name))
    clusters = []
    while left:
        seed = left[0]
        beside = [
            s
            for s in left
            if s is seed
            or (
                seed.level in PRECISE
                and s.level in PRECISE
                and distance_m(seed.lon, seed.lat, s.lon, s.lat) <= together_m
            )
        ]
        clusters.append(_Cluster(beside))
        left = [s for s in left if all(s is not b for b in beside)]
    return clusters


def _posterior(clusters: Sequence[_Cluster]) -> list[float]:
    groups = [cluster.groups() for cluster in clusters]
    right = [prod(g.values()) for g in groups]
    wrong = [prod(1 - p for p in g.values()) * SAME_MISTAKE ** (len(g) - 1) for g in groups]
    weights = [prod([right[k], *(wrong[j] for j in range(len(clusters)) if j != k)]) for k in range(len(clusters))]
    total = prod(wrong) + sum(weights)
    return [weight / total for weight in weights]


def _candidate(cluster: _Cluster, confidence: float) -> Candidate:
    """The mean of the points, weighed by belief and precision; as exact as the most exact of them, and no less than they spread."""
    sources = cluster.sources
    weights = [s.p / (s.radius * s.radius + LEAST_ERROR_M * LEAST_ERROR_M) for s in sources]
    total = sum(weights)
    lon = sum(w * s.lon for w, s in zip(weights, sources, strict=True)) / total
    lat = sum(w * s.lat for w, s in zip(weights, sources, strict=True)) / total
    spread = max(float(distance_m(lon, lat, s.lon, s.lat)) for s in sources)
    names = sorted((s.name for s in sources), key=lambda name: (name != LOCAL, name))
    return Candidate(
        lon,
        lat,
        min((s.level for s in sources), key=fineness),
        round(confidence, 4),
        round(max(min(s.radius for s in sources), spread), 1),
        tuple(names),
    )


def _with(reasons: tuple[str, ...], reason: str) -> tuple[str, ...]:
    return reasons if reason in reasons else (*reasons, reason)
