"""Measures how far the geocoder can be trusted here: on addresses that people have confirmed, or on the gazetteer itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import numpy as np
import orjson
import polars as pl
from sqlalchemy import Connection, RowMapping, text

from app.addresses.figures import figures
from app.allocation.areas import Areas, Flags, Floats
from app.allocation.repository.world import read_areas
from app.db import copy_out
from app.errors import TooFewConfirmed, UnknownCalibration
from app.locating.geocoder import current_calibration, gazetteer_version, read_places
from geo.geocoding import Geocoder
from geo.geocoding.calibration import GOOD, RADII, Calibration, chances_within, confidence_of, fit_reach
from geo.geocoding.certainty import certainty
from geo.geocoding.geocoder import SURE
from geo.geocoding.measure import LEAST, PULL, ask_all, metres_apart

Basis = Literal["CONFIRMED", "GAZETTEER"]
LEARNED: Final = "REVIEW"
"""The source of places that reviews have taught: they would answer for the very addresses that are asked for."""

_CONFIRMED = """
    SELECT a.text, ST_X(coalesce(a.point, l.point)) AS lon, ST_Y(coalesce(a.point, l.point)) AS lat
    FROM address a LEFT JOIN location l ON l.address_id = a.id AND l.provider = 'REVIEW'
    WHERE a.text <> '' AND ((a.point IS NOT NULL AND a.kind IN ('CUSTOMER_CONFIRMED', 'VISIT_CONFIRMED')) OR l.point IS NOT NULL)
    ORDER BY a.id
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """A calibration, what it was measured on, and what came out. `before`: the same figures with the calibration in force."""

    basis: Basis
    gazetteer_version: str
    calibration: Calibration
    before: dict[str, Any]
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Sample:
    """n answers whose truth is known: what they are judged by, how far off, by whom judged, where, and whose land that is."""

    candidate: Floats
    inputs: Floats
    off: Floats
    judge: np.ndarray[tuple[int], np.dtype[np.int64]]
    asked: int
    level: Sequence[str]
    lon: Floats
    lat: Floats
    right: Flags


def calibrate(
    connection: Connection, *, basis: Basis, on: date, progress: Callable[[float], None] | None = None
) -> Measured:
    """Measure anew. CONFIRMED: addresses whose point a customer, a visit or a review has confirmed; territories as of `on` say
    what is right. GAZETTEER: each source's entries asked of the others, where right means within 500 m.

    Figures are of answers that had no part in the weights they are judged with: two halves measure each other. Nothing is
    stored. Raises `TooFewConfirmed` below 200 answers.
    """
    tell = progress or (lambda share: None)
    prior = current_calibration(connection)
    places = read_places(connection).filter(pl.col("source").is_null() | (pl.col("source") != LEARNED))
    tell(0.05)
    areas, _ = read_areas(connection, on)
    sample = _confirmed(connection, places, prior, areas) if basis == "CONFIRMED" else _of_gazetteer(places, prior)
    tell(0.6)
    if sample is None or len(sample.off) < LEAST:
        raise TooFewConfirmed(0 if sample is None else len(sample.off), LEAST)
    half = np.arange(len(sample.off)) % 2 == 0
    within = np.empty((len(sample.off), len(RADII)))
    for part in (half, ~half):
        within[part] = chances_within(sample.inputs[part], _fitted(sample, ~part, prior))
    tell(0.8)
    calibration = Calibration(sample.candidate, _fitted(sample, np.ones_like(half), prior), len(sample.off))
    tell(1.0)
    return Measured(
        basis,
        gazetteer_version(connection),
        calibration,
        _figures(sample, chances_within(sample.inputs, prior.reach), areas, basis),
        _figures(sample, within, areas, basis),
    )


def store(connection: Connection, measured: Measured) -> int:
    """Keep a calibration and put it into force; addresses are located anew by the next run. Returns its number."""
    connection.execute(text("UPDATE calibration SET in_force = false WHERE in_force"))
    return int(
        connection.execute(
            text(
                """
                INSERT INTO calibration (basis, sample, gazetteer_version, weights, figures, in_force)
                VALUES (:basis, :sample, :version, :weights, :figures, true) RETURNING id
                """
            ),
            {
                "basis": measured.basis,
                "sample": measured.calibration.sample,
                "version": measured.gazetteer_version,
                "weights": orjson.dumps(measured.calibration.to_dict()).decode(),
                "figures": orjson.dumps({"before": measured.before, "after": measured.figures}).decode(),
            },
        ).scalar_one()
    )


def listed(connection: Connection) -> Sequence[RowMapping]:
    """All calibrations, newest first: number, day, basis, sample, whether in force, figures."""
    query = (
        "SELECT id, measured_at, basis, sample, gazetteer_version, in_force, figures FROM calibration ORDER BY id DESC"
    )
    return connection.execute(text(query)).mappings().all()


def put_into_force(connection: Connection, number: int | None) -> None:
    """Use a stored calibration, or with None the one that ships. Raises `UnknownCalibration`."""
    connection.execute(text("UPDATE calibration SET in_force = false WHERE in_force"))
    if number is not None:
        changed = connection.execute(text("UPDATE calibration SET in_force = true WHERE id = :id"), {"id": number})
        if changed.rowcount != 1:
            raise UnknownCalibration


def _confirmed(connection: Connection, places: pl.DataFrame, prior: Calibration, areas: Areas) -> _Sample:
    known = copy_out(connection, _CONFIRMED, {"text": pl.String, "lon": pl.Float64, "lat": pl.Float64})
    found = Geocoder.build(places, calibration=prior).weighed(known["text"])
    lon, lat = (known[name].to_numpy()[found.rows] for name in ("lon", "lat"))
    layer = areas.territory_layer
    off = metres_apart(found.lon, found.lat, lon, lat)
    owners, true_owners = layer.covering(found.lon, found.lat), layer.covering(lon, lat)
    return _Sample(
        prior.candidate,
        found.inputs,
        off,
        np.zeros(len(off), np.int64),
        len(known),
        found.level,
        found.lon,
        found.lat,
        # Nobody's land in both: then the distance has to say it.
        np.array(
            [(a == b if a or b else d <= GOOD) for a, b, d in zip(owners, true_owners, off.tolist(), strict=True)]
        ),
    )


def _of_gazetteer(places: pl.DataFrame, prior: Calibration) -> _Sample | None:
    asked = ask_all(places, None, prior)
    if asked is None:
        return None
    nowhere = np.full(len(asked.off), np.nan)
    level = ["COMPOUND"] * len(asked.off)
    return _Sample(
        asked.candidate,
        asked.inputs,
        asked.off,
        asked.judge,
        len(asked.off),
        level,
        nowhere,
        nowhere,
        asked.off <= GOOD,
    )


def _fitted(sample: _Sample, part: Flags, prior: Calibration) -> Floats:
    return fit_reach(sample.inputs[part], sample.off[part], sample.judge[part], prior.reach, PULL)[0]


def _figures(sample: _Sample, within: Floats, areas: Areas, basis: Basis) -> dict[str, Any]:
    """Figures of those answers that are sure enough to be locations."""
    sure = np.flatnonzero(within[:, RADII.index(GOOD)] >= SURE)
    if basis == "CONFIRMED" and areas.territories:
        confidence = certainty(areas.territory_layer.index, sample.lon[sure], sample.lat[sure], within[sure]).confidence
    else:
        confidence = confidence_of(within[sure])
    level = [sample.level[i] for i in sure.tolist()]
    return figures(confidence, sample.off[sure], level, sample.right[sure], sample.asked)
