"""Whether geocoded addresses are sure enough: confidence with borders in it, the share of the disc in each territory, a decision."""

from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from app.allocation.areas import Areas, Floats
from app.allocation.domain import PRECISE_LEVELS
from app.allocation.strategy import Strategy
from geo.geocoding.certainty import Certainty, certainty

ACCEPT: Final = "accept"
REVIEW: Final = "review"
ELSEWHERE: Final = 0.1
"""The share of the error disc on other land from which on an answer is near a border."""
SHARES: Final = 3
"""Territories named with their share at most."""


class Judged(NamedTuple):
    """Columns of n judged answers; `share` is null without a point."""

    confidence: list[float]
    reasons: list[str]
    share: list[float | None]
    territories: list[str]
    decision: list[str]


def judge(found: pl.DataFrame, areas: Areas, strategy: Strategy) -> pl.DataFrame:
    """What `Geocoder.geocode` gave, judged: `confidence` and `reasons` take in the borders of territories, and there are the columns
    `share` (0–1, of the error disc what lies in the same territories as the point; null without a point), `territories` (the teams with
    most of the disc, `code:share` joined by `;`) and `decision` (`accept` or `review`).

    Accepted is a precise level (rulebook 4.5) of at least the strategy's `accept_confidence`. Every review has a reason.
    """
    lon, lat, confidence = (found[name].to_numpy() for name in ("lon", "lat", "confidence"))
    within = found["within"].to_numpy().astype(np.float64).reshape(len(found), -1)
    judged = _judged(
        lon, lat, confidence, within, found["level"].to_list(), found["reasons"].to_list(), areas, strategy
    )
    types = {"share": pl.Float64, "confidence": pl.Float64}
    return found.with_columns(
        pl.Series(name, values, dtype=types.get(name, pl.String)) for name, values in judged._asdict().items()
    )


def judge_one(found: dict[str, Any], areas: Areas, strategy: Strategy) -> dict[str, Any]:
    """The same for one answer as `Geocoder.geocode_one` gives it."""
    lon, lat, confidence = (np.array([found[name]], np.float64) for name in ("lon", "lat", "confidence"))
    within = np.array([found["within"]], np.float64)
    judged = _judged(lon, lat, confidence, within, [found["level"]], [found["reasons"]], areas, strategy)
    return found | {name: values[0] for name, values in judged._asdict().items()}


def _judged(
    lon: Floats,
    lat: Floats,
    confidence: Floats,
    within: Floats,
    level: list[str],
    reasons: list[str],
    areas: Areas,
    strategy: Strategy,
) -> Judged:
    confidence, share = confidence.copy(), np.full(len(lon), np.nan)
    territories = [""] * len(lon)
    located = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    if len(located):
        sure = certainty(areas.territory_layer.index, lon[located], lat[located], within[located])
        if areas.territories:
            confidence[located] = sure.confidence.round(4)
        share[located] = (sure.share / np.maximum(within[located, -1], 1e-9)).round(4)
        listed = _listed(sure, areas.territory_layer.codes, len(located))
        for row, teams in zip(located.tolist(), listed, strict=True):
            territories[row] = teams
    precise = np.fromiter((each in PRECISE_LEVELS for each in level), np.bool_, len(level))
    accepted = precise & np.isfinite(share) & (confidence >= strategy.accept_confidence)
    reasons = list(reasons)
    for row in np.flatnonzero((1.0 - share) >= ELSEWHERE).tolist():
        reasons[row] = f"{reasons[row]};NEAR_BORDER" if reasons[row] else "NEAR_BORDER"
    for row in np.flatnonzero(~accepted).tolist():
        reasons[row] = reasons[row] or "UNSURE"
    return Judged(
        confidence.tolist(),
        reasons,
        [None if each != each else each for each in share.tolist()],
        territories,
        [ACCEPT if each else REVIEW for each in accepted.tolist()],
    )


def _listed(sure: Certainty, codes: list[str], points: int) -> list[str]:
    listed: list[list[str]] = [[] for _ in range(points)]
    for point, area, inside in zip(sure.point.tolist(), sure.area.tolist(), sure.inside.round(3).tolist(), strict=True):
        if inside > 0 and len(listed[point]) < SHARES:
            listed[point].append(f"{codes[area]}:{inside:g}")
    return [";".join(each) for each in listed]
