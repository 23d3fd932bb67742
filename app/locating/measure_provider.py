"""Measure how often a provider is right: ask it about addresses whose place people have confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import Any, Final

from sqlalchemy import Engine, text

from app.locating.geocoder import current_geocoder
from app.locating.providers.configured import Configured
from app.locating.providers.opinions import Tally, ask_each, askers
from app.provider_settings import Online
from geo.crs import distance_m
from geo.providers import Answer
from geo.providers.levels import PRECISE
from geo.providers.sending import questions

RIGHT_M: Final = 500.0
"""Metres within which a point counts as right, as in the calibration of the gazetteer (decision 0005)."""

_CONFIRMED: Final = text(
    """
    SELECT a.text, ST_X(a.point) AS lon, ST_Y(a.point) AS lat, h.name, h.phone,
        ARRAY(SELECT p.policy_no FROM policy p WHERE p.policyholder_id = h.id) AS numbers
    FROM address a JOIN policyholder h ON h.id = a.policyholder_id
    WHERE a.point IS NOT NULL AND a.text <> ''
    ORDER BY hashtextextended(a.id::text, 1) LIMIT :limit
    """
)
# The order is that of a hash: a sample that is the same each time, so that its answers are in the cache.


@dataclass(frozen=True, slots=True)
class Measured:
    """What a sample of confirmed addresses says of a provider. `sample`: those that could be asked; `answered`: of these, with a
    place; `precise`: at a level that counts, uncontradicted; `right`: of these, within `RIGHT_M`; `median_m`: of the precise ones.
    `low`, `high`: the 95 % interval of the share of right ones (Wilson).
    """

    sample: int
    answered: int
    precise: int
    right: int
    within_200: int
    median_m: float | None
    low: float
    high: float
    tally: Tally

    @property
    def share(self) -> float | None:
        """Of precise answers those that are right: what `GUIDAN_…_PRIOR` should be."""
        return self.right / self.precise if self.precise else None


def measure_provider(engine: Engine, one: Configured, online: Online, *, limit: int, **clocks: Any) -> Measured:
    """Asks `one` about up to `limit` addresses that have both a text and a given point; each counts against the quota."""
    with engine.connect() as connection:
        geocoder, _ = current_geocoder(connection)
        rows = connection.execute(_CONFIRMED, {"limit": limit}).all()
    asked = questions(
        [row.text for row in rows],
        geocoder.divisions,
        known=[{*filter(None, (row.name, row.phone)), *row.numbers} for row in rows],
    )
    pairs = [(question, row) for question, row in zip(asked, rows, strict=True) if question is not None]
    tally, answered, distances = Tally(), 0, []
    with askers(engine, [one], online, geocoder.divisions, batch=True, **clocks) as (asker,):
        for (_, row), result in zip(pairs, ask_each(asker, [question for question, _ in pairs]), strict=True):
            tally.add(one.name, result)
            if isinstance(result.outcome, Answer):
                answered += 1
                if result.outcome.level in PRECISE and not result.contradicts:
                    distances.append(float(distance_m(result.outcome.lon, result.outcome.lat, row.lon, row.lat)))
    right = sum(metres <= RIGHT_M for metres in distances)
    low, high = wilson(right, len(distances))
    return Measured(
        sample=len(pairs),
        answered=answered,
        precise=len(distances),
        right=right,
        within_200=sum(metres <= 200 for metres in distances),
        median_m=median(distances) if distances else None,
        low=low,
        high=high,
        tally=tally,
    )


def wilson(hits: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """The interval of a share (Wilson 1927); (0, 1) without trials."""
    if trials == 0:
        return 0.0, 1.0
    p, n = hits / trials, float(trials)
    middle, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, (middle - half) / (1 + z * z / n)), min(1.0, (middle + half) / (1 + z * z / n))
