"""The areas that a place is matched to: branches, communities, territories in force; indexed once, asked for whole columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from app.allocation.domain import Owner
from geo.geocoding.certainty import certainty
from geo.matching import AreaIndex

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(slots=True)
class Places:
    """What covers each of n points, borders included: codes in ascending order. See `domain.Address` for the last two."""

    branches: list[tuple[str, ...]]
    communities: list[tuple[str, ...]]
    owners: list[tuple[Owner, ...]]
    within_one: list[bool]
    near_border: list[bool]


class Layer:
    """Named areas of one kind, in code order, so that matches come in code order too."""

    def __init__(self, areas: dict[str, BaseGeometry]) -> None:
        self.codes = sorted(areas)
        self.areas = [areas[code] for code in self.codes]
        self.index = AreaIndex.build(self.areas)

    def covering(self, lon: Floats, lat: Floats) -> list[tuple[str, ...]]:
        """The codes that cover each point."""
        if len(lon) == 1:
            return [tuple(self.codes[area] for area, _ in self.index.covers_one(float(lon[0]), float(lat[0])))]
        found: list[tuple[str, ...]] = [()] * len(lon)
        alone = [(code,) for code in self.codes]
        matches = self.index.covers(lon, lat)
        for point, area in zip(matches.point.tolist(), matches.area.tolist(), strict=True):
            known = found[point]
            found[point] = (*known, self.codes[area]) if known else alone[area]
        return found


@dataclass(frozen=True, slots=False)
class Areas:
    """All areas on a date. Coordinates are CGCS2000 degrees, longitude first."""

    branches: dict[str, BaseGeometry]
    communities: dict[str, BaseGeometry]
    territories: dict[str, BaseGeometry]
    """Team code → territory in force."""

    @cached_property
    def branch_layer(self) -> Layer:
        return Layer(self.branches)

    @cached_property
    def community_layer(self) -> Layer:
        return Layer(self.communities)

    @cached_property
    def territory_layer(self) -> Layer:
        return Layer(self.territories)

    def prepare(self) -> None:
        """Lay the indexes now, for a process that will be asked for single points again and again."""
        for layer in (self.branch_layer, self.community_layer, self.territory_layer):
            layer.index.prepare()

    @cached_property
    def owners_of_community(self) -> dict[str, tuple[str, ...]]:
        """Community code → teams whose territory covers the whole community polygon, by code."""
        codes, teams = self.community_layer.codes, self.territory_layer.codes
        if not codes or not teams:
            return {}
        tree = shapely.STRtree(self.territory_layer.areas)
        found: dict[str, tuple[str, ...]] = {}
        pairs = tree.query(self.community_layer.areas, predicate="covered_by")
        for community, team in sorted(zip(*pairs.tolist(), strict=True)):
            found[codes[community]] = (*found.get(codes[community], ()), teams[team])
        return found

    def distance(self, lon: float, lat: float, team_code: str) -> int | None:
        """Whole metres from a point to a team's territory, 0 inside; None for a team without one."""
        layer = self.territory_layer
        if team_code not in self.territories:
            return None
        area = np.array([layer.codes.index(team_code)], dtype=np.int32)
        metres = layer.index.distance_m(np.array([lon]), np.array([lat]), area)
        return round(float(metres[0]))

    def confidence(self, lon: Floats, lat: Floats, confidence: Floats, measured: Floats) -> Floats:
        """The confidence of n points, with what borders of territories take from it where the error was measured.

        `measured`: n × `geo.geocoding.calibration.RADII`, NaN where it was not.
        """
        known = np.flatnonzero(np.isfinite(measured).all(axis=1))
        if not len(known) or not self.territories:
            return confidence
        sure = confidence.copy()
        found = certainty(self.territory_layer.index, lon[known], lat[known], measured[known], inside=False)
        sure[known] = found.confidence.round(4)
        return sure

    def places(self, lon: Floats, lat: Floats, radius_m: Floats, coarse: Flags) -> Places:
        """What covers each point, and how its error disc of `radius_m` (0: exact) lies to the territories.

        Whether the disc lies in one territory is asked of the `coarse` points alone: only for them does it decide anything.
        """
        owners = self._owners(lon, lat)
        near = self._near(lon, lat, radius_m)
        within = self._within_one(lon, lat, radius_m, coarse, owners)
        return Places(
            self.branch_layer.covering(lon, lat), self.community_layer.covering(lon, lat), owners, within, near.tolist()
        )

    def _owners(self, lon: Floats, lat: Floats) -> list[tuple[Owner, ...]]:
        layer = self.territory_layer
        if len(lon) == 1:
            found = layer.index.covers_one(float(lon[0]), float(lat[0]))
            return [tuple(Owner(layer.codes[area], touching) for area, touching in found)]
        inside = [(Owner(code, False),) for code in layer.codes]
        border = [(Owner(code, True),) for code in layer.codes]
        owners: list[tuple[Owner, ...]] = [()] * len(lon)
        matches = layer.index.covers(lon, lat)
        for point, area, touching in zip(
            matches.point.tolist(), matches.area.tolist(), matches.touching.tolist(), strict=True
        ):
            owners[point] += (border if touching else inside)[area]
        return owners

    def _near(self, lon: Floats, lat: Floats, radius_m: Floats) -> Flags:
        near = np.zeros(len(lon), dtype=np.bool_)
        unsure = np.flatnonzero(radius_m > 0)
        if len(unsure) and self.territories:
            pairs = self.territory_layer.index.near(lon[unsure], lat[unsure], radius_m[unsure])
            near[unsure[pairs.point]] = True
        return near

    def _within_one(
        self, lon: Floats, lat: Floats, radius_m: Floats, coarse: Flags, owners: Sequence[tuple[Owner, ...]]
    ) -> list[bool]:
        """Whether the disc lies in one territory: it must be covered by that one and by no other, and not reach its border."""
        within = [False] * len(lon)
        alone = np.array([i for i in np.flatnonzero(coarse).tolist() if len(owners[i]) == 1], dtype=np.intp)
        if not len(alone):
            return within
        position = {code: i for i, code in enumerate(self.territory_layer.codes)}
        area = np.array([position[owners[i][0].team_code] for i in alone], dtype=np.int32)
        metres = self.territory_layer.index.border_distance_m(lon[alone], lat[alone], area)
        for i, far in zip(alone.tolist(), metres > radius_m[alone], strict=True):
            within[i] = bool(far)
        return within
