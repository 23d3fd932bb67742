"""What a file would make of a version: the fate of each record and of each team, and the overlaps that would be left."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from app.territories.files.columns import Teams
from geo.coverage import settle
from geo.coverage.grid import multi, polygons
from geo.coverage.measure import area_m2
from geo.soundness.complexity import box_crossings
from geo.soundness.errors import TooComplex

NOISE_M2: Final = 0.01
"""Square metres: less is the grid's rounding, and no overlap."""

OVERLAPS_SHOWN: Final = 200

MOST_CROSSINGS: Final = 200_000
"""Pairs of edges whose boxes meet, of two territories: a border of 50,000 vertices that they share has fewer."""


@dataclass
class Fate:
    """What becomes of a record. `action`: NEW, CHANGED, UNCHANGED, REPAIRED or REFUSED; areas are those of the team as a whole.

    `given`: the team as the record has it. `code` and `detail`: why it is refused, or what else there is to know of it.
    """

    row: int
    team_code: str | None = None
    given: str | None = None
    community_code: str | None = None
    action: str = ""
    code: str | None = None
    detail: tuple[str, str] = ("", "")
    repairs: list[dict[str, Any]] = field(default_factory=list)
    repaired: bool = False

    def refuse(self, code: str, zh: str = "", en: str = "") -> None:
        """Nothing of this record goes in."""
        self.action, self.code, self.detail = "REFUSED", code, (zh, en or zh)


class Outcome:
    """Fates of the records and, by team, the areas as they would be."""

    def __init__(self, teams: Teams, present: dict[str, MultiPolygon]) -> None:
        self.teams = teams
        self.present = present
        self.fates: list[Fate] = []
        self.changes: dict[str, MultiPolygon | None] = {}
        self.noded: dict[str, MultiPolygon | None] = {}
        self.named: set[str] = set()
        """Teams that the file names, whatever became of their records: they are not missing from it."""
        self.removed: list[str] = []
        self._given: dict[str, list[tuple[Fate, MultiPolygon]]] = {}

    def give(self, fate: Fate, shape: MultiPolygon | None) -> None:
        """A good record: this shape, or a part of it, is the territory of the record's team."""
        assert fate.team_code is not None
        assert shape is not None
        self._given.setdefault(fate.team_code, []).append((fate, shape))

    def settle_given(self) -> None:
        """Decides what becomes of the records with a shape. Several of one team are one territory where they do not overlap."""
        self.named |= {fate.team_code for fate in self.fates if fate.team_code is not None}
        broken = {fate.team_code for fate in self.fates if fate.action == "REFUSED"}
        for team, given in self._given.items():
            if team in broken:
                # What is left of it would take the place of the whole territory.
                for fate, _ in given:
                    fate.refuse("TEAM_INCOMPLETE")
                continue
            area = _united([shape for _, shape in given])
            if area is None:
                for fate, _ in given:
                    fate.refuse("DUPLICATE_TEAM")
                continue
            action = self.set_area(team, area)
            for fate, _ in given:
                fate.action = "REPAIRED" if fate.repaired else action
                if len(given) > 1:
                    others = ", ".join(str(other.row) for other, _ in given if other is not fate)
                    fate.code, fate.detail = "UNITED", (others[:100], others[:100])

    def set_area(self, team: str, area: MultiPolygon) -> str:
        """Makes this the territory of a team; NEW, CHANGED or UNCHANGED."""
        before = self.present.get(team)
        if before is not None and same_area(before, area):
            return "UNCHANGED"
        self.changes[team] = area
        return "NEW" if before is None else "CHANGED"

    def settle_missing(self, *, remove: bool) -> None:
        """Teams that the file does not name keep what they have, or lose it."""
        self.removed = [team for team in self.present if remove and team not in self.named and team not in self.changes]
        self.changes |= dict.fromkeys(self.removed)

    def check_complexity(self) -> None:
        """Raises `TooComplex` where borders that are to lie side by side cross each other more often than can be worked out."""
        _, shapes, first, second = self._meeting()
        if any(are_entangled(shapes[i], shapes[j]) for i, j in zip(first, second, strict=True)):
            raise TooComplex

    def _meeting(self) -> tuple[list[str], Any, Any, Any]:
        """All territories as they would be, and the pairs whose boxes meet and of which at least one is changed."""
        after = {team: area for team, area in {**self.present, **self.changes}.items() if area is not None}
        codes = sorted(after)
        shapes = np.array([after[code] for code in codes], dtype=object)
        if len(codes) < 2:
            return codes, shapes, np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
        changed = np.array([code in self.changes for code in codes])
        first, second = shapely.STRtree(shapes).query(shapes)
        ordered = (first < second) & (changed[first] | changed[second])
        return codes, shapes, first[ordered], second[ordered]

    def overlaps(self) -> list[dict[str, Any]]:
        """Pairs of teams, at least one of them changed, whose territories would overlap, largest first."""
        codes, shapes, first, second = self._meeting()
        areas = area_m2(shapely.intersection(shapes[first], shapes[second])) if first.size else np.empty(0)
        large = areas > NOISE_M2
        found = [
            {"team_codes": [codes[i], codes[j]], "area_m2": round(float(area), 2)}
            for i, j, area in zip(first[large], second[large], areas[large], strict=True)
        ]
        return sorted(found, key=lambda one: (-float(one["area_m2"]), one["team_codes"]))

    def as_json(self) -> dict[str, Any]:
        """Fates, teams and overlaps as plain values."""
        before = {team: round(square_metres(area), 2) for team, area in self.present.items()}
        after = {
            **before,
            **{team: 0.0 if area is None else round(square_metres(area), 2) for team, area in self.changes.items()},
        }
        overlaps = self.overlaps()
        return {
            "rows": [
                {
                    "row": fate.row,
                    "team_code": fate.team_code,
                    "team_name": self.teams.names.get(fate.team_code or ""),
                    "given": fate.given,
                    "community_code": fate.community_code,
                    "action": fate.action,
                    "code": fate.code,
                    "detail": fate.detail,
                    "repairs": fate.repairs,
                    "area_before_m2": before.get(fate.team_code or ""),
                    "area_after_m2": after.get(fate.team_code or ""),
                }
                for fate in self.fates
            ],
            "teams": [
                {
                    "team_code": team,
                    "team_name": self.teams.names.get(team),
                    "action": self._action(team),
                    "in_file": team in self.named,
                    "area_before_m2": before.get(team),
                    "area_after_m2": after.get(team),
                }
                for team in sorted({*before, *after, *self.named})
            ],
            "overlaps": overlaps[:OVERLAPS_SHOWN],
            "overlap_count": len(overlaps),
        }

    def _action(self, team: str) -> str:
        if team not in self.changes:
            return "UNCHANGED" if team in self.named else "KEPT"
        if self.changes[team] is None:
            return "REMOVED"
        return "CHANGED" if team in self.present else "NEW"

    def node(self) -> None:
        """Gives both sides of each border the same vertices, as everything in a draft has them; no land changes hands by that."""
        if not self.changes:
            return
        after = {team: area for team, area in {**self.present, **self.changes}.items() if area is not None}
        settled = settle(after)
        for team in settled.done:
            area = settled.areas.get(team)
            if team in self.changes:
                self.changes[team] = area
            else:
                self.noded[team] = area

    def to_save(self) -> dict[str, list[Any]]:
        """Team → its new area as hexadecimal WKB (null for none), and whether its land changes or only its vertices."""
        return {
            team: [None if area is None else shapely.to_wkb(area, hex=True, output_dimension=2), land]
            for areas, land in ((self.changes, True), (self.noded, False))
            for team, area in areas.items()
        }


def square_metres(area: BaseGeometry) -> float:
    """Of one area in CGCS2000 degrees."""
    return float(area_m2(area)[0])


def are_entangled(one: MultiPolygon, other: MultiPolygon) -> bool:
    """Whether two borders cross so often that an overlay of them would take seconds and gigabytes."""
    pairs = shapely.get_num_coordinates(one) * shapely.get_num_coordinates(other)
    return bool(pairs > MOST_CROSSINGS) and box_crossings(one, other, most=MOST_CROSSINGS) > MOST_CROSSINGS


def same_area(one: MultiPolygon, other: MultiPolygon) -> bool:
    """Whether two areas are the same, wherever their rings begin; the grid's rounding does not count."""
    if one.normalize() == other.normalize():
        return True
    box, against = np.array(one.bounds), np.array(other.bounds)
    if np.abs(box - against).max() > 2e-8 or are_entangled(one, other):
        return False
    return bool(shapely.equals(one, other)) or square_metres(shapely.symmetric_difference(one, other)) < NOISE_M2


def _united(shapes: list[MultiPolygon]) -> MultiPolygon | None:
    """One territory of several shapes; None if they overlap, so that nobody knows which is meant. The same one twice is one."""
    different: list[MultiPolygon] = []
    for shape in shapes:
        if not any(same_area(shape, other) for other in different):
            different.append(shape)
    if len(different) == 1:
        return different[0]
    for place, shape in enumerate(different):
        if any(are_entangled(shape, other) for other in different[:place]):
            raise TooComplex
    united = shapely.union_all(different)
    if float(area_m2(different).sum()) - square_metres(united) > NOISE_M2 * len(different):
        return None
    return multi(polygons(united))
