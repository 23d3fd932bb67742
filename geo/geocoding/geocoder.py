"""The offline geocoder: Chinese addresses in, points with level, confidence and reasons out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.address.divisions import (
    AMBIGUOUS,
    CITY,
    CONTRADICTED,
    DISTRICT,
    STALE,
    Divisions,
    build_divisions,
)
from geo.geocoding.answers import DEGREES, SCHEMA, Words, frame_of, row_of
from geo.geocoding.calibration import (
    APART,
    GOOD,
    INPUTS,
    RADII,
    Calibration,
    chances_within,
    confidence_of,
    inputs_of,
    radius_within,
    shipped,
)
from geo.geocoding.cascade import empty_found, find_candidates
from geo.geocoding.decide import LEAST_ERROR, ROAD_ERROR, Chosen, choose
from geo.geocoding.evidence import CLEAN, CONTRADICTS, CONTRADICTS_SHORT, PHASE, SPREAD
from geo.geocoding.gazetteer import LEVELS, PLACE_KINDS, build_index, prepare
from geo.geocoding.index import (
    ASSUMED_CITY,
    BY_HOUSE,
    BY_INTERPOLATION,
    BY_NAME,
    CAPACITY,
    Found,
    Index,
    Parsed,
    Records,
)
from geo.geocoding.reading import covered_by, read_texts

BLOCK: Final = 4096
RURAL_TEXT: Final = "(?:村|屯|寨).{0,8}(?:组|队|社)"
(
    NOT_FOUND,
    ONLY_DISTRICT,
    ONLY_ROAD,
    DISTRICT_CONTRADICTION,
    AMBIGUOUS_NAME,
    SOURCES_DISAGREE,
    STALE_DIVISION,
    RURAL,
    INEXACT_NAME,
    INTERPOLATED,
) = (1 << np.arange(10)).tolist()
LEVEL_CODES: Final = {name: i for i, name in enumerate(LEVELS)}
KIND_LEVELS: Final = np.array([LEVEL_CODES[k] for k in PLACE_KINDS], np.int8)
SURE: Final = 0.65
"""The least chance that the truth lies within `GOOD` metres at which an answer is a location; below it is a guess."""
PRIORS: Final = 10_000  # prior cities kept in mind at most
NOTHING_CHOSEN: Final = Chosen(
    np.empty(0, np.int32), np.empty((0, 16)), np.empty((0, CAPACITY)), np.empty(0), np.empty(0)
)
NINE_OF_TEN: Final = 1.82  # a two-dimensional normal error: its ninth decile over its median
LARGEST_ROAD_RADIUS: Final = 700.0  # metres: only short roads are points
LARGEST_RADIUS: Final = 5000.0  # metres: what is farther is told as this


class Candidate(NamedTuple):
    """One place an address may mean. Coordinates are CGCS2000 degrees, longitude first. `confidence`: the belief that it is this one;
    `radius_m`: if it is, nine of ten such places lie within so many metres of their point."""

    lon: float
    lat: float
    level: str
    confidence: float
    radius_m: float
    name: str
    district: str
    address: str


class Weighed(NamedTuple):
    """Answers before they are judged: positions of the texts that have one, `calibration.INPUTS` of each, the point in CGCS2000
    degrees, the level."""

    rows: npt.NDArray[np.int64]
    inputs: npt.NDArray[np.float64]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    level: list[str]


class Geocoder:
    """Built once from a gazetteer; then any number of columns or single addresses. Holds only arrays and strings."""

    def __init__(
        self, divisions: Divisions, index: Index, calibration: Calibration, names: list[str], addresses: list[str]
    ):
        self.divisions = divisions
        self.index = index
        self.calibration = calibration
        self.names = names
        self.addresses = addresses
        self.covered = covered_by(index, divisions)
        cities = np.unique(index.places["city"][index.places["city"] >= 0])
        self._priors: dict[tuple[str, str], int] = {}
        self.words = Words.of(divisions.names, divisions.town_names, names)
        self.only_city = int(cities[0]) if len(cities) == 1 else -1

    @classmethod
    def build(
        cls, gazetteer: pl.DataFrame, divisions: pl.DataFrame | None = None, calibration: Calibration | None = None
    ) -> Geocoder:
        """From a gazetteer with the contract's columns (name, lon, lat at least; CGCS2000 degrees).

        `divisions`: a table as `geo.address.divisions.shipped_divisions` gives, the default.
        """
        frame = prepare(gazetteer)
        table = build_divisions(divisions, frame)
        index, place_of = build_index(frame, table)
        first = np.full(len(index.places), -1, np.int64)
        first[place_of[::-1]] = np.arange(len(place_of))[::-1]
        names: list[str] = frame["name"].gather(first).to_list()
        addresses: list[str] = frame["address"].gather(first).to_list()
        return cls(table, index, calibration or shipped(), names, addresses)

    def geocode(
        self, texts: pl.Series, *, prior_city: pl.Series | None = None, prior_district: pl.Series | None = None
    ) -> pl.DataFrame:
        """One row per text in the same order, with the columns of `SCHEMA`.

        lon, lat: CGCS2000 degrees, null where no point is sure enough; radius_m, radius50_m: within them nine of ten, and half, of
        such answers lie; within: the chance that the truth lies within each of `calibration.RADII`; confidence: as
        `calibration.confidence_of` gives it without territories; reasons: codes joined by `;`. `prior_city`,
        `prior_district`: names whose city settles what a text leaves open (the policy's branch), never what it says.
        """
        asked = pl.DataFrame({"text": texts.cast(pl.String).fill_null("")}).with_columns(
            city=pl.lit("") if prior_city is None else prior_city.fill_null(""),
            district=pl.lit("") if prior_district is None else prior_district.fill_null(""),
        )
        distinct = asked.unique(maintain_order=True)
        parts = [self._answer(distinct.slice(at, 64 * BLOCK)) for at in range(0, len(distinct), 64 * BLOCK)]
        answers = pl.concat(parts) if parts else pl.DataFrame(schema=SCHEMA)
        if len(distinct) == len(asked):
            return answers
        keyed = pl.concat([distinct, answers.rename({"city": "city_", "district": "district_"})], how="horizontal")
        joined = asked.join(keyed, on=["text", "city", "district"], how="left", maintain_order="left")
        return (
            joined.drop("text", "city", "district")
            .rename({"city_": "city", "district_": "district"})
            .select(list(SCHEMA))
        )

    def geocode_one(self, text: str, prior_city: str | None = None) -> dict[str, Any]:
        """One address; the same answer as `geocode` gives for a column of one."""
        return self.answer(text, 0, prior_city)[0]

    def answer(
        self, text: str, limit: int = 5, prior_city: str | None = None
    ) -> tuple[dict[str, Any], list[Candidate]]:
        """One address as `geocode_one` and `candidates` have it, read once: for who is waiting."""
        texts = pl.Series([text], dtype=pl.String)
        parsed = self._parse(texts, np.array([self._prior_of(prior_city or "", "")], np.int32))
        columns, found, chosen = self._columns(texts, parsed)
        return row_of(columns, self.words), self._ranked(found, chosen, limit)

    def weighed(self, texts: pl.Series, prior_city: pl.Series | None = None) -> Weighed:
        """The chosen places of texts (n strings) with what their distance from the truth is judged by: for who measures."""
        asked = pl.DataFrame({"text": texts.fill_null("")}).with_columns(
            city=pl.lit("") if prior_city is None else prior_city.fill_null(""), district=pl.lit("")
        )
        parsed = self._parse(asked["text"], self._prior(asked))
        parts = [
            self._weighed_block(first, found, chosen) for first, found, chosen in self._searched(parsed, len(asked))
        ]
        if not parts:
            return Weighed(np.empty(0, np.int64), np.empty((0, len(INPUTS))), np.empty(0), np.empty(0), [])
        rows, inputs, lon, lat, levels = zip(*parts, strict=True)
        return Weighed(
            np.concatenate(rows),
            np.concatenate(inputs),
            np.concatenate(lon),
            np.concatenate(lat),
            [each for part in levels for each in part],
        )

    def _weighed_block(self, first: int, found: Found, chosen: Chosen) -> Weighed:
        rows = np.flatnonzero(chosen.column >= 0)
        column = chosen.column[rows]
        inputs = inputs_of(chosen.answer[rows], found.evidence[rows, column])
        levels = levels_of(found.candidates[rows, column], self.index)
        return Weighed(first + rows, inputs, chosen.lon[rows], chosen.lat[rows], [LEVELS[i] for i in levels.tolist()])

    def candidates(self, text: str, limit: int = 5, prior_city: str | None = None) -> list[Candidate]:
        """The likeliest places for one address, best first; `confidence` is the belief that it is this one."""
        return self.answer(text, limit, prior_city)[1]

    def _ranked(self, found: Found, chosen: Chosen, limit: int) -> list[Candidate]:
        """The likeliest places of the first text of a block."""
        order = np.argsort(-chosen.belief[0, : found.counts[0]])[:limit]
        result = []
        for c in order.tolist():
            chosen_one = found.candidates[:1, c]
            place = int(chosen_one["place"][0])
            level = levels_of(chosen_one, self.index)
            error = float(self.index.places["error"][place]) if place >= 0 else ROAD_ERROR
            result.append(
                Candidate(
                    round(float(chosen_one["lon"][0]), DEGREES),
                    round(float(chosen_one["lat"][0]), DEGREES),
                    LEVELS[int(level[0])],
                    round(float(chosen.belief[0, c]), 4),
                    round(NINE_OF_TEN * float(np.hypot(error, LEAST_ERROR))),
                    self.names[place] if place >= 0 else "",
                    self._name(int(self.index.places["district"][place])) if place >= 0 else "",
                    self.addresses[place] if place >= 0 else "",
                )
            )
        return result

    def _name(self, division: int) -> str:
        return self.divisions.names[division] if division >= 0 else ""

    def _prior(self, asked: pl.DataFrame) -> npt.NDArray[np.int32]:
        """The city that settles what each text leaves open."""
        prior = np.full(len(asked), self.only_city, np.int32)
        pairs = asked.select("city", "district").unique()
        for city, district in pairs.iter_rows():
            if city or district:
                here = (asked["city"] == city) & (asked["district"] == district)
                prior[here.to_numpy()] = self._prior_of(city, district)
        return prior

    def _prior_of(self, city: str, district: str) -> int:
        """The named city, or that of the named district, or the only one that the gazetteer covers."""
        known = self._priors.get((city, district))
        if known is None:
            known = self.only_city
            for name, level in ((district, DISTRICT), (city, CITY)):
                named = [
                    i for i, n in enumerate(self.divisions.names) if n == name and self.divisions.level[i] == level
                ]
                covered = [i for i in named if self.covered[i]] or named
                if name and len(covered) == 1:
                    known = int(self.divisions.city[covered[0]])
            if len(self._priors) < PRIORS:
                self._priors[city, district] = known
        return known

    def _parse(self, texts: pl.Series, prior: npt.NDArray[np.int32]) -> Parsed:
        return read_texts(texts, self.divisions, self.covered, prior)

    def _answer(self, asked: pl.DataFrame) -> pl.DataFrame:
        columns, _, _ = self._columns(asked["text"], self._parse(asked["text"], self._prior(asked)))
        return frame_of(columns, self.words)

    def _columns(self, texts: pl.Series, parsed: Parsed) -> tuple[dict[str, npt.NDArray[Any]], Found, Chosen]:
        """What `frame_of` takes, and the candidates of the last block of texts."""
        rows = len(texts)
        found, chosen = empty_found(0), NOTHING_CHOSEN
        columns: dict[str, npt.NDArray[Any]] = {
            "lon": np.full(rows, np.nan), "lat": np.full(rows, np.nan), "level": np.full(rows, LEVEL_CODES["NONE"], np.int8),
            "confidence": np.zeros(rows), "radius": np.full(rows, np.nan), "place": np.full(rows, -1, np.int32),
            "reasons": np.zeros(rows, np.int64), "district": parsed.district.copy(), "city": parsed.city.copy(),
            "radius50": np.full(rows, np.nan), "within": np.zeros((rows, len(RADII)), np.float32), "town": parsed.town,
        }  # fmt: skip
        for first, found, chosen in self._searched(parsed, rows):
            self._settle(parsed, first, found, chosen, columns)
        lost = np.flatnonzero(np.isnan(columns["lon"]))
        if len(lost):
            rural = texts.gather(lost).str.contains(RURAL_TEXT).to_numpy()
            columns["reasons"][lost[rural]] |= RURAL
        above = self.divisions.province
        columns["city"][columns["level"] == LEVEL_CODES["NONE"]] = -1  # a city that nobody stated is no finding
        district, city = columns["district"], columns["city"]
        columns["province"] = np.where(district >= 0, above[district], np.where(city >= 0, above[city], -1))
        columns["city"] = np.where(city >= 0, city, np.where(district >= 0, self.divisions.city[district], -1))
        return columns, found, chosen

    def _searched(self, parsed: Parsed, rows: int) -> Iterator[tuple[int, Found, Chosen]]:
        """Blocks of texts: the first row, the candidates, the choice. What a block gives is good until the next is asked for."""
        # One room for all blocks: memory that is touched for the first time costs more than what is done in it.
        room = empty_found(min(BLOCK, rows))
        for first in range(0, rows, BLOCK):
            last = rows - first
            found = Found(room.counts[:last], room.candidates[:last], room.evidence[:last])
            find_candidates(parsed, self.index, first, found)
            yield first, found, choose(found, self.index.places, self.calibration.candidate, APART)

    def _settle(
        self, parsed: Parsed, first: int, found: Found, chosen: Chosen, out: dict[str, npt.NDArray[Any]]
    ) -> None:
        """Write the answers of one block into the columns."""
        rows = np.flatnonzero(chosen.column >= 0)
        column = chosen.column[rows]
        at = first + rows
        evidence = found.evidence[rows, column]
        within = chances_within(inputs_of(chosen.answer[rows], evidence), self.calibration.reach)
        confidence = confidence_of(within)
        picked = found.candidates[rows, column]
        level, place, near = levels_of(picked, self.index), picked["place"], picked["near"]
        radius = np.minimum(radius_within(within, 0.9), LARGEST_RADIUS)
        reasons = np.zeros(len(rows), np.int64)
        road = level == LEVEL_CODES["ROAD"]
        reasons[road] |= ONLY_ROAD
        reasons[(evidence[:, CONTRADICTS] > 0) | (evidence[:, CONTRADICTS_SHORT] > 0)] |= DISTRICT_CONTRADICTION
        reasons[chosen.answer[rows, 3] > -1.5] |= AMBIGUOUS_NAME
        reasons[(evidence[:, SPREAD] > 0.6)] |= SOURCES_DISAGREE
        named = (picked["how"] & BY_NAME) != 0
        reasons[named & (evidence[:, CLEAN] == 0) & (evidence[:, PHASE] == 0)] |= INEXACT_NAME
        reasons[~named & ((picked["how"] & BY_INTERPOLATION) != 0)] |= INTERPOLATED
        sure = (within[:, RADII.index(GOOD)] >= SURE) & (~road | (radius <= LARGEST_ROAD_RADIUS))
        out["lon"][at] = np.where(sure, chosen.lon[rows], np.nan)
        out["lat"][at] = np.where(sure, chosen.lat[rows], np.nan)
        out["level"][at] = level
        out["confidence"][at], out["radius"][at], out["place"][at] = confidence, np.where(sure, radius, np.nan), place
        out["radius50"][at] = np.where(sure, np.minimum(radius_within(within, 0.5), LARGEST_RADIUS), np.nan)
        out["within"][at] = np.where(sure[:, None], within, 0.0)
        out["reasons"][at] |= reasons
        # Where the point lies, which is not always what the text says: then both are told, the one by its reason.
        district = self.index.places["district"][near]
        stated = parsed.district[at]
        out["district"][at] = np.where(sure & (district >= 0), district, stated)
        out["reasons"][at] |= np.where(
            sure & (stated >= 0) & (district >= 0) & (district != stated), DISTRICT_CONTRADICTION, 0
        )
        city = self.index.places["city"][near]
        out["city"][at] = np.where((city >= 0) & sure, city, out["city"][at])
        flags = parsed.flags[first : first + len(chosen.column)]
        whole = slice(first, first + len(chosen.column))
        out["reasons"][whole] |= np.where(flags & STALE, STALE_DIVISION, 0)
        out["reasons"][whole] |= np.where(flags & AMBIGUOUS, AMBIGUOUS_NAME, 0)
        out["reasons"][whole] |= np.where(flags & CONTRADICTED, DISTRICT_CONTRADICTION, 0)
        none = chosen.column < 0
        none[rows[~sure]] = True
        known = out["district"][whole] >= 0
        out["reasons"][whole] |= np.where(none & known, ONLY_DISTRICT, 0) | np.where(none & ~known, NOT_FOUND, 0)
        # A city that only the caller or the gazetteer supplied is no finding.
        stated_city = (parsed.city[whole] >= 0) & (flags & ASSUMED_CITY == 0)
        coarse = np.where(
            known, LEVEL_CODES["DISTRICT"], np.where(stated_city, LEVEL_CODES["CITY"], LEVEL_CODES["NONE"])
        )
        coarse = np.where(parsed.town[whole] >= 0, LEVEL_CODES["SUBDISTRICT"], coarse)
        out["level"][whole] = np.where(none, coarse, out["level"][whole])


def levels_of(picked: Records, index: Index) -> npt.NDArray[np.int8]:
    """Level code of candidates."""
    place, how = picked["place"], picked["how"]
    level = np.where(place >= 0, KIND_LEVELS[index.places["kind"][place]], LEVEL_CODES["ROAD"])
    house = (place >= 0) & ((how & BY_NAME) == 0) & ((how & BY_HOUSE) != 0)
    level = np.where(house & (level != LEVEL_CODES["ROAD"]), LEVEL_CODES["DOOR"], level)
    return np.where((how & BY_INTERPOLATION) != 0, LEVEL_CODES["DOOR"], level).astype(np.int8)
