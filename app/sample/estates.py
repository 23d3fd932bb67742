"""Estates (residential compounds) and roads get their names, styles and sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.sample import vocabulary
from app.sample.divisions import Divisions
from app.sample.draws import Floats, Ints, stream
from app.sample.roads import Places, Roads

TOWER, OLD, VILLAGE = 0, 1, 2


@dataclass(frozen=True)
class Estates:
    """One entry a place; ``places`` holds where each stands."""

    places: Places
    style: Ints
    """TOWER, OLD (walk-up blocks) or VILLAGE."""
    households: Floats
    buildings: Ints

    @property
    def size(self) -> int:
        return self.places.size


@dataclass(frozen=True)
class Names:
    """Names of estates and roads."""

    estates: tuple[str, ...]
    aliases: tuple[str, ...]
    """A second way in which people write the estate's name."""
    roads: tuple[str, ...]


def furnish(places: Places, seed: int) -> Estates:
    """Style and number of households for each place: towers in the centre, villages outside."""
    rng = stream(seed, "estates")
    chance = rng.random(places.size)
    village = (places.density < 0.10) & (chance < 0.55)
    style = np.where(village, VILLAGE, np.where(chance > 0.64, OLD, TOWER)).astype(np.int64)
    typical = np.array([620.0, 340.0, 90.0])[style]
    households = typical * rng.lognormal(0, 0.6, places.size)
    buildings = np.clip(households / 28, 2, 45).astype(np.int64)
    return Estates(places, style, households, buildings)


def name_all(roads: Roads, estates: Estates, divisions: Divisions, seed: int) -> Names:
    """Names every road and estate. A few estates of different districts bear the same name, as they do in life."""
    rng = stream(seed, "names")
    road_bases, road_names = _road_names(rng, roads)
    count = estates.size
    bases = np.array(vocabulary.base_names(rng, count))
    # One estate in seven takes the name of its road.
    by_road = rng.random(count) < 0.14
    bases = np.where(by_road, np.array(road_bases)[estates.places.road], bases)
    tower = np.array(vocabulary.TOWER_SUFFIXES)[rng.integers(0, len(vocabulary.TOWER_SUFFIXES), count)]
    old = np.array(vocabulary.OLD_SUFFIXES)[rng.integers(0, len(vocabulary.OLD_SUFFIXES), count)]
    suffix = np.where(estates.style == TOWER, tower, np.where(estates.style == OLD, old, "村"))
    phase = np.array(vocabulary.PHASES)[rng.integers(0, len(vocabulary.PHASES), count)]
    phase = np.where((rng.random(count) < 0.10) & (estates.style == TOWER), phase, "")
    whole = np.char.add(np.char.add(bases, suffix), phase)
    twins = rng.permutation(count)[: count // 50]
    elsewhere = rng.permutation(count)[: len(twins)]
    district = divisions.district_of[estates.places.community]
    apart = (district[twins] != district[elsewhere]) & (estates.style[twins] == estates.style[elsewhere])
    whole[twins[apart]] = whole[elsewhere[apart]]
    whole = _unique(whole, district)
    longer, shorter = np.char.add(whole, "小区"), np.char.add(bases, "苑")
    alias = np.where(
        (estates.style == TOWER) & (phase == ""), np.where(rng.random(count) < 0.7, longer, shorter), whole
    )
    return Names(tuple(whole.tolist()), tuple(alias.tolist()), tuple(road_names))


def _unique(names: NDArray[np.str_], district: Ints) -> NDArray[np.str_]:
    """A name that occurs again in one district gets an ordinal."""
    seen: dict[tuple[str, int], int] = {}
    result = names.tolist()
    for index, (name, of) in enumerate(zip(result, district.tolist(), strict=True)):
        turn = seen.get((name, of), 0)
        seen[(name, of)] = turn + 1
        if turn:
            result[index] = f"{name}{vocabulary.numeral(min(turn + 1, 99))}区"
    return np.array(result)


def _road_names(rng: np.random.Generator, roads: Roads) -> tuple[list[str], list[str]]:
    bases = vocabulary.base_names(rng, roads.size)
    wide = rng.integers(0, len(vocabulary.AVENUE_SUFFIXES), roads.size)
    plain = rng.integers(0, len(vocabulary.ROAD_SUFFIXES), roads.size)
    names: list[str] = []
    taken: set[str] = set()
    for index in range(roads.size):
        partner = int(roads.partner[index])
        other = partner if partner >= 0 else index
        lead = min(index, other)
        base = bases[lead]
        avenue = bool(roads.avenue[lead])
        suffix = vocabulary.AVENUE_SUFFIXES[wide[lead]] if avenue else vocabulary.ROAD_SUFFIXES[plain[lead]]
        bases[index] = base
        if partner >= 0:
            suffix = _side(roads, index, partner) + ("路" if suffix in ("街", "巷") else suffix)
        name = base + suffix
        while name in taken:
            base = base[:2] + vocabulary.SECOND[int(rng.integers(0, len(vocabulary.SECOND)))]
            name = base + suffix
        taken.add(name)
        names.append(name)
    return bases, names


def _side(roads: Roads, index: int, partner: int) -> str:
    apart = roads.middle[index] - roads.middle[partner]
    if abs(float(apart[0])) >= abs(float(apart[1])):
        return "东" if apart[0] > 0 else "西"
    return "北" if apart[1] > 0 else "南"
