"""Measure a calibration on a gazetteer itself: ask for what it knows from one source, without that source.

A part of each source in turn is left out; its entries become questions, written as people write addresses (with and
without district, name, house), and the rest has to answer. How far the answers lie from the entry shows what each kind of
evidence is worth. The entries judge the answers, and some of them are wrong themselves: how many of each source is
measured as well.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.address.divisions import CITY, Divisions, build_divisions, short_name
from geo.geocoding.calibration import (
    APART,
    F64,
    FOUND_WITHIN,
    Calibration,
    fit_choice,
    fit_reach,
    inputs_of,
    shipped,
)
from geo.geocoding.cascade import empty_found, find_candidates
from geo.geocoding.decide import choose
from geo.geocoding.gazetteer import build_index, prepare
from geo.geocoding.index import CAPACITY, Found, Index
from geo.geocoding.merging import name_keys
from geo.geocoding.reading import covered_by, read_texts

QUESTIONS: Final = 3000  # at most, per round
ROUNDS: Final = 5  # at most, per source
SHARE: Final = 6  # at most one row in so many is left out at a time
ROWS: Final = 60_000  # of a larger gazetteer whole cities are taken until there are so many
LEAST: Final = 200  # questions, below which the shipped weights stay
PULL: Final = 3.0
STEPS: Final = 600


class Answers(NamedTuple):
    """Candidates for the questions of one source, and how far each lies from the truth (metres)."""

    place_index: Index
    found: Found
    lon: F64
    lat: F64
    off: F64
    source: int


class Asked(NamedTuple):
    """All that the questions to a gazetteer showed: the weights of candidates that they gave, and of n answers the inputs, how far off
    they were (metres), and which source judged."""

    candidate: F64
    inputs: F64
    off: F64
    judge: npt.NDArray[np.int64]


def measure(
    gazetteer: pl.DataFrame, divisions: pl.DataFrame | None = None, prior: Calibration | None = None
) -> Calibration:
    """A calibration for this gazetteer (columns as `Geocoder.build` takes them), drawn towards `prior` (shipped), which is given
    back where one source, or too few entries, leave nothing to measure."""
    prior = shipped() if prior is None else prior
    asked = ask_all(gazetteer, divisions, prior)
    if asked is None:
        return prior
    return fit(asked, prior)


def ask_all(gazetteer: pl.DataFrame, divisions: pl.DataFrame | None, prior: Calibration) -> Asked | None:
    """Ask a gazetteer for all that its sources know of each other; None where that is too little."""
    frame = prepare(gazetteer)
    if len(frame) > ROWS:
        sizes = frame.group_by("city").len().sort("len", "city", descending=[True, False])
        kept = sizes.filter(pl.col("len").cum_sum() - pl.col("len") < ROWS)["city"]
        frame = frame.filter(pl.col("city").is_in(kept.implode())).head(4 * ROWS)
    table = build_divisions(divisions, frame)
    sources = sorted(frame["source"].unique().to_list())
    answers = [a for i, s in enumerate(sources) for a in ask(frame, table, s, i)] if len(sources) > 1 else []
    if sum(len(a.off) for a in answers) < LEAST:
        return None
    return weigh_answers(answers, prior)


def ask(frame: pl.DataFrame, divisions: Divisions, source: str, number: int) -> list[Answers]:
    """Ask the others for the places of one source, in at most `ROUNDS` rounds that leave out different parts of it."""
    own = (frame["source"] == source).to_numpy()
    # A name as a whole is left out or stays: other entries of the same place by this source must not answer.
    turn = name_keys(frame).rank("dense").to_numpy().astype(np.int64)
    parts = max(ROUNDS, -(-int(own.sum()) * SHARE // len(frame)))
    return [answer(frame, divisions, own & (turn % parts == part), number) for part in range(ROUNDS)]


def answer(frame: pl.DataFrame, divisions: Divisions, left_out: npt.NDArray[np.bool_], number: int) -> Answers:
    """Ask for the rows left out, of the rows that stay."""
    rest = frame.filter(~left_out).drop("entry").with_row_index("entry")
    asked = frame.filter(left_out)
    if len(asked) > QUESTIONS:
        asked = asked.gather_every(-(-len(asked) // QUESTIONS))
    index, _ = build_index(rest, divisions)
    positions = {name: divisions.position(CITY, name) for name in asked["city"].unique().to_list()}
    prior = asked["city"].replace_strict(positions, return_dtype=pl.Int32).to_numpy()
    parsed = read_texts(questions(asked), divisions, covered_by(index, divisions), prior)
    found = empty_found(len(asked))
    find_candidates(parsed, index, 0, found)
    lon, lat = asked["lon"].to_numpy(), asked["lat"].to_numpy()
    return Answers(
        index, found, lon, lat, metres_apart(found.candidates["lon"], found.candidates["lat"], lon, lat), number
    )


def metres_apart(lon: F64, lat: F64, true_lon: F64, true_lat: F64) -> F64:
    """Metres from points (rows, or rows × columns) to a true point a row; degrees, near to each other."""
    if lon.ndim == 2:
        true_lon, true_lat = true_lon[:, None], true_lat[:, None]
    x = (lon - true_lon) * 111320.0 * np.cos(np.radians(true_lat))
    return np.asarray(np.hypot(x, (lat - true_lat) * 110900.0), np.float64)


def questions(asked: pl.DataFrame) -> pl.Series:
    """Entries as addresses: some without district, with its short name, or without city; some without the estate's name,
    some without the house; nearly all with building, unit and room."""
    n = pl.int_range(pl.len())
    where, what, home = n * 7919 % 1000, n * 6007 % 997, n * 104729 % 9973
    short = pl.col("district").map_elements(short_name, return_dtype=pl.String)
    divisions = (
        pl.when(where < 550)
        .then(pl.col("province") + pl.col("city") + pl.col("district"))
        .when(where < 750)
        .then(pl.col("city"))
        .when(where < 930)
        .then(pl.col("province") + pl.col("city") + short)
        .otherwise(pl.col("province") + pl.col("district"))
    )
    house = pl.when(pl.col("road") != "").then(pl.col("road") + pl.col("number") + "号").otherwise(pl.col("address"))
    body = (
        pl.when((what < 160) | (house == ""))
        .then(pl.col("name"))
        .when(what < 280)
        .then(house)
        .otherwise(house + pl.col("name"))
    )
    unit = pl.format("{}幢{}单元{}0{}室", home % 37 + 1, home % 4 + 1, home % 28 + 1, home % 3 + 1)
    return asked.select(divisions + body + pl.when(home % 50 == 0).then(pl.lit("")).otherwise(unit)).to_series()


def weigh_answers(answers: list[Answers], prior: Calibration) -> Asked:
    """Weights of candidates from the answers of several sources, and the answers that these choose."""
    filled = [np.arange(CAPACITY) < a.found.counts[:, None] for a in answers]
    evidence = np.concatenate([a.found.evidence[f] for a, f in zip(answers, filled, strict=True)]).astype(np.float64)
    off = np.concatenate([a.off[f] for a, f in zip(answers, filled, strict=True)])
    counts = np.concatenate([a.found.counts for a in answers])
    owner = np.repeat(np.arange(len(counts)), counts)
    candidate = fit_choice(evidence, owner, off < FOUND_WITHIN, prior.candidate, PULL, STEPS)
    inputs, distances, judges = [], [], []
    for a in answers:
        chosen = choose(a.found, a.place_index.places, candidate, APART)
        rows = np.flatnonzero(chosen.column >= 0)
        inputs.append(inputs_of(chosen.answer[rows], a.found.evidence[rows, chosen.column[rows]]))
        distances.append(metres_apart(chosen.lon[rows], chosen.lat[rows], a.lon[rows], a.lat[rows]))
        judges.append(np.full(len(rows), a.source))
    return Asked(candidate, np.concatenate(inputs), np.concatenate(distances), np.concatenate(judges))


def fit(asked: Asked, prior: Calibration) -> Calibration:
    """A calibration from answers and how far off they were."""
    reach, _ = fit_reach(asked.inputs, asked.off, asked.judge, prior.reach, PULL)
    return Calibration(asked.candidate, reach, len(asked.off))
