"""Districts, branches, subdistricts and communities: who belongs to whom, codes and names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from app.sample import vocabulary
from app.sample.communities import Coverage
from app.sample.draws import Bools, Floats, Ints, apportion, stream, tally
from app.sample.regions import Graph, grow
from app.sample.scale import Scale


@dataclass(frozen=True)
class Divisions:
    """Every community's place in the administrative and the insurer's hierarchy. Index arrays are one entry a community."""

    district_of: Ints
    branch_of: Ints
    subdistrict_of: Ints
    rural: Bools
    district_names: tuple[str, ...]
    branch_codes: tuple[str, ...]
    branch_names: tuple[str, ...]
    """Without 支公司."""
    branch_district: Ints
    """Shape (branches,)."""
    subdistrict_names: tuple[str, ...]
    codes: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def branches(self) -> int:
        return len(self.branch_codes)


def organise(
    coverage: Coverage, graph: Graph, population: Floats, density: Floats, scale: Scale, seed: int
) -> Divisions:
    """Groups communities of given population and density, both of shape (n,), into districts, branches and subdistricts."""
    rng = stream(seed, "divisions")
    everyone = np.arange(len(population), dtype=np.int64)
    weight = (population + 1.0) ** 0.8
    district = _from_the_centre(
        grow(graph, everyone, weight, coverage.centres, scale.districts, rng), weight, coverage.centres
    )
    districts = int(district.max()) + 1
    shares = apportion(tally(district, population, districts), max(scale.branches, districts), at_least=1)
    branch = np.zeros_like(district)
    branch_district: list[int] = []
    for index in range(districts):
        members = everyone[district == index]
        found = grow(graph, members, population + 1.0, coverage.centres, int(shares[index]), rng)
        branch[members] = found + len(branch_district)
        branch_district += [index] * (int(found.max()) + 1)
    rural = density < 0.11
    subdistrict = np.zeros_like(district)
    count = 0
    for index in range(len(branch_district)):
        members = everyone[branch == index]
        found = grow(graph, members, weight, coverage.centres, max(1, round(len(members) / 6)), rng)
        subdistrict[members] = found + count
        count += int(found.max()) + 1
    names = _district_names(districts)
    codes = tuple(f"{vocabulary.CITY_CODE[:4]}{index + 2:02d}" for index in range(len(branch_district)))
    return Divisions(
        district_of=district,
        branch_of=branch,
        subdistrict_of=subdistrict,
        rural=rural,
        district_names=names,
        branch_codes=codes,
        branch_names=_branch_names(names, branch_district),
        branch_district=np.array(branch_district, dtype=np.int64),
        subdistrict_names=_subdistrict_names(rng, subdistrict, rural),
        codes=_community_codes(branch, subdistrict, coverage.centres, codes),
        names=_community_names(rng, rural),
    )


def areas(polygons: NDArray[Any], group: Ints) -> list[Any]:
    """The union of each group's polygons, in the order of the groups 0, 1, …"""
    return [shapely.coverage_union_all(polygons[group == index]) for index in range(int(group.max()) + 1)]


def _from_the_centre(region: Ints, weight: Floats, centres: Floats) -> Ints:
    count = int(region.max()) + 1
    total = tally(region, weight, count)
    middles = np.column_stack([tally(region, weight * centres[:, axis], count) / total for axis in (0, 1)])
    rank = np.empty(count, dtype=np.int64)
    rank[np.argsort(np.hypot(*middles.T), kind="stable")] = np.arange(count)
    return rank[region]


def _district_names(count: int) -> tuple[str, ...]:
    counties = 2 if count >= 8 else 1
    return tuple(
        name + ("县" if index >= count - counties else "区")
        for index, name in enumerate(vocabulary.DISTRICTS[: count - counties] + vocabulary.DISTRICTS[-counties:])
    )


def _branch_names(districts: tuple[str, ...], branch_district: list[int]) -> tuple[str, ...]:
    names = []
    for index, district in enumerate(branch_district):
        ordinal = index - branch_district.index(district) + 1
        several = branch_district.count(district) > 1
        names.append(districts[district][:-1] + (f"第{vocabulary.numeral(ordinal)}" if several else ""))
    return tuple(names)


def _subdistrict_names(rng: np.random.Generator, subdistrict: Ints, rural: Bools) -> tuple[str, ...]:
    count = int(subdistrict.max()) + 1
    mostly_rural = tally(subdistrict, rural, count) * 2 > np.bincount(subdistrict, minlength=count)
    bases = vocabulary.base_names(rng, count)
    return tuple(base + ("镇" if town else "街道") for base, town in zip(bases, mostly_rural.tolist(), strict=True))


def _community_codes(
    branch: Ints, subdistrict: Ints, centres: Floats, branch_codes: tuple[str, ...]
) -> tuple[str, ...]:
    codes = [""] * len(branch)
    order = np.lexsort((centres[:, 0], -centres[:, 1], subdistrict, branch))
    first = np.searchsorted(branch[order], np.arange(len(branch_codes)))
    for place, community in enumerate(order.tolist()):
        of = int(branch[community])
        codes[community] = f"{branch_codes[of]}-{place - int(first[of]) + 1:03d}"
    return tuple(codes)


def _community_names(rng: np.random.Generator, rural: Bools) -> tuple[str, ...]:
    bases = vocabulary.base_names(rng, len(rural))
    names, seen = [], set()
    for base, village in zip(bases, rural.tolist(), strict=True):
        name = base + ("村" if village else "社区")
        while name in seen:
            name = base + f"第{vocabulary.numeral(int(rng.integers(2, 60)))}" + ("村" if village else "社区")
        seen.add(name)
        names.append(name)
    return tuple(names)
