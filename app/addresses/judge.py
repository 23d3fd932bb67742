"""Whether geocoded addresses are sure enough: confidence with borders in it, the share of the disc in each territory, a decision."""

from typing import Final

import numpy as np
import polars as pl

from app.allocation.areas import Areas
from app.allocation.domain import PRECISE_LEVELS
from app.allocation.strategy import Strategy
from geo.geocoding.certainty import Certainty, certainty

ACCEPT: Final = "accept"
REVIEW: Final = "review"
ELSEWHERE: Final = 0.1
"""The share of the error disc on other land from which on an answer is near a border."""
SHARES: Final = 3
"""Territories named with their share at most."""


def judge(found: pl.DataFrame, areas: Areas, strategy: Strategy) -> pl.DataFrame:
    """What `Geocoder.geocode` gave, judged: `confidence` and `reasons` take in the borders of territories, and there are the columns
    `share` (0–1, of the error disc what lies in the same territories as the point; null without a point), `territories` (the teams with
    most of the disc, `code:share` joined by `;`) and `decision` (`accept` or `review`).

    Accepted is a precise level (rulebook 4.5) of at least the strategy's `accept_confidence`. Every review has a reason.
    """
    confidence = found["confidence"].to_numpy().copy()
    share, territories = np.full(len(found), np.nan), np.full(len(found), "", object)
    located = np.flatnonzero(found["lon"].is_not_null().to_numpy())
    if len(located):
        measured = found["within"].to_numpy()[located].astype(np.float64)
        lon, lat = (found[name].to_numpy()[located] for name in ("lon", "lat"))
        sure = certainty(areas.territory_layer.index, lon, lat, measured)
        if areas.territories:
            confidence[located] = sure.confidence.round(4)
        share[located] = (sure.share / np.maximum(measured[:, -1], 1e-9)).round(4)
        territories[located] = _listed(sure, areas.territory_layer.codes, len(located))
    level = found["level"].to_list()
    precise = np.fromiter((each in PRECISE_LEVELS for each in level), np.bool_, len(level))
    accepted = precise & np.isfinite(share) & (confidence >= strategy.accept_confidence)
    reasons = found["reasons"].to_list()
    for row in np.flatnonzero((1.0 - share) >= ELSEWHERE).tolist():
        reasons[row] = f"{reasons[row]};NEAR_BORDER" if reasons[row] else "NEAR_BORDER"
    for row in np.flatnonzero(~accepted).tolist():
        reasons[row] = reasons[row] or "UNSURE"
    return found.with_columns(
        confidence=pl.Series(confidence),
        reasons=pl.Series(reasons, dtype=pl.String),
        share=pl.Series(share, nan_to_null=True),
        territories=pl.Series(territories.tolist(), dtype=pl.String),
        decision=pl.Series([ACCEPT if each else REVIEW for each in accepted.tolist()], dtype=pl.String),
    )


def _listed(sure: Certainty, codes: list[str], points: int) -> list[str]:
    listed: list[list[str]] = [[] for _ in range(points)]
    for point, area, inside in zip(sure.point.tolist(), sure.area.tolist(), sure.inside.round(3).tolist(), strict=True):
        if inside > 0 and len(listed[point]) < SHARES:
            listed[point].append(f"{codes[area]}:{inside:g}")
    return [";".join(each) for each in listed]
