"""Measure a calibration on a gazetteer itself: ask for what it knows from one source, without that source.

Each source in turn is left out (of a large one only a part, so that the rest stays the gazetteer that it is); its
entries become questions, written as people write addresses (with and without
district, name, house), and the rest has to answer. Where the answers lie shows what each kind of evidence is worth.
Sources that disagree with all others are answered from, but ask nothing: they are no yardstick.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.address.characters import fold
from geo.address.divisions import CITY, Divisions, build_divisions, resolve_divisions, short_name
from geo.geocoding.calibration import (
    APART,
    F64,
    FOUND_WITHIN,
    Calibration,
    chance_right,
    confidence_of,
    fit_choice,
    fit_logistic,
    radius_by_confidence,
    shipped,
)
from geo.geocoding.cascade import empty_found, find_candidates
from geo.geocoding.decide import choose
from geo.geocoding.gazetteer import build_index, prepare
from geo.geocoding.index import CAPACITY, Found, Index, Parsed
from geo.geocoding.merging import name_keys, source_errors

QUESTIONS: Final = 3000  # at most, per round
ROUNDS: Final = 4  # at most, per source
SHARE: Final = 6  # at most one row in so many is left out at a time
ROWS: Final = 60_000  # of a larger gazetteer whole cities are taken until there are so many
LEAST: Final = 200  # questions, below which the shipped weights stay
YARDSTICK: Final = 80.0  # metres: a source with a larger error asks nothing, unless all are as bad
PULL: Final = 3.0
STEPS: Final = 600


class Answers(NamedTuple):
    """Candidates for the questions of one source, and how far each lies from the truth (metres)."""

    place_index: Index
    found: Found
    off: F64


def measure(
    gazetteer: pl.DataFrame, divisions: pl.DataFrame | None = None, prior: Calibration | None = None
) -> Calibration:
    """A calibration for this gazetteer (columns as `Geocoder.build` takes them), drawn towards `prior` (shipped)."""
    prior = shipped() if prior is None else prior
    frame = prepare(gazetteer)
    if len(frame) > ROWS:
        sizes = frame.group_by("city").len().sort("len", "city", descending=[True, False])
        kept = sizes.filter(pl.col("len").cum_sum() - pl.col("len") < ROWS)["city"]
        frame = frame.filter(pl.col("city").is_in(kept.implode())).head(4 * ROWS)
    table = build_divisions(divisions, frame)
    positions = {name: table.position(CITY, name) for name in frame["city"].unique().to_list()}
    city = frame["city"].replace_strict(positions, return_dtype=pl.Int32).to_numpy()
    errors = source_errors(frame, name_keys(frame), city)
    judges = [s for s, e in errors.items() if e <= max(YARDSTICK, min(errors.values()))]
    answers = [a for source in sorted(judges) for a in ask(frame, table, source)] if len(errors) > 1 else []
    if sum(len(a.off) for a in answers) < LEAST:
        return prior
    return fit(answers, prior)


def ask(frame: pl.DataFrame, divisions: Divisions, source: str) -> list[Answers]:
    """Ask the others for the places of one source, in at most `ROUNDS` rounds that leave out different parts of it."""
    own = (frame["source"] == source).to_numpy()
    # A name as a whole is left out or stays: other entries of the same place must not answer.
    turn = name_keys(frame).rank("dense").to_numpy().astype(np.int64)
    parts = -(-int(own.sum()) * SHARE // len(frame))
    return [answer(frame, divisions, own & (turn % parts == part)) for part in range(min(parts, ROUNDS))]


def answer(frame: pl.DataFrame, divisions: Divisions, left_out: npt.NDArray[np.bool_]) -> Answers:
    """Ask for the rows left out, of the rows that stay."""
    rest = frame.filter(~left_out).drop("entry").with_row_index("entry")
    asked = frame.filter(left_out)
    if len(asked) > QUESTIONS:
        asked = asked.gather_every(-(-len(asked) // QUESTIONS))
    index, _ = build_index(rest, divisions)
    covered = np.zeros(len(divisions.names), np.bool_)
    for field in ("city", "district"):
        covered[index.places[field][index.places[field] >= 0]] = True
    texts = fold(questions(asked))
    stated = resolve_divisions(texts, divisions, covered)
    parsed = Parsed(
        texts.codes,
        texts.start,
        texts.main_end,
        texts.end,
        stated.scan,
        stated.rest,
        stated.city,
        stated.district,
        stated.flags,
    )
    found = empty_found(len(asked))
    find_candidates(parsed, index, 0, found)
    lon, lat = asked["lon"].to_numpy()[:, None], asked["lat"].to_numpy()[:, None]
    x = (found.candidates["lon"] - lon) * 111320.0 * np.cos(np.radians(lat))
    y = (found.candidates["lat"] - lat) * 110900.0
    return Answers(index, found, np.hypot(x, y))


def questions(asked: pl.DataFrame) -> pl.Series:
    """Entries as addresses: one in five without district, one in five with its short name; one in ten without the
    estate's name, one in ten without the house; all with a building and a room."""
    turn = pl.int_range(pl.len()) * 7919 % 1000
    short = pl.col("district").map_elements(short_name, return_dtype=pl.String)
    house = pl.when(pl.col("road") != "").then(pl.col("road") + pl.col("number") + "号").otherwise(pl.col("address"))
    district = pl.when(turn % 10 < 2).then(pl.lit("")).when(turn % 10 < 8).then(pl.col("district")).otherwise(short)
    body = (
        pl.when(turn % 100 < 10)
        .then(house)
        .when(turn % 100 < 20)
        .then(pl.col("name"))
        .otherwise(house + pl.col("name"))
    )
    return asked.select(pl.col("province") + pl.col("city") + district + body + "12幢3单元501室").to_series()


def fit(answers: list[Answers], prior: Calibration) -> Calibration:
    """Weights from the answers of several sources."""
    filled = [np.arange(CAPACITY) < a.found.counts[:, None] for a in answers]
    evidence = np.concatenate([a.found.evidence[f] for a, f in zip(answers, filled, strict=True)]).astype(np.float64)
    off = np.concatenate([a.off[f] for a, f in zip(answers, filled, strict=True)])
    counts = np.concatenate([a.found.counts for a in answers])
    owner = np.repeat(np.arange(len(counts)), counts)
    candidate = fit_choice(evidence, owner, off < FOUND_WITHIN, prior.candidate, PULL, STEPS)
    rows, distances = [], []
    for a in answers:
        chosen = choose(a.found, a.place_index.places, candidate, APART)
        some: npt.NDArray[np.bool_] = chosen.column >= 0
        rows.append(chosen.answer[some])
        distances.append(a.off[np.arange(len(some)), chosen.column][some])
    last, far = np.concatenate(rows), np.concatenate(distances)
    answer = fit_logistic(last, chance_right(far), prior.answer, PULL)
    confidence = confidence_of(last, answer)
    return Calibration(candidate, answer, radius_by_confidence(confidence, far, prior.radius), len(far))
