"""The same test without known places: do the points lie in the districts that the entries state?

Outlines have names of their own (a branch is not called as its district is), so which district an outline belongs to is taken
from the points in it. A wrong system moves points over the borders; the right one puts them back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.crs import Crs, convert
from geo.gazetteer.sniffing import FEWEST, SYSTEMS, Evidence, Fit, Sniff, Verdict, clearly, plain


def sniff_outlines(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    district: pl.Series,
    outlines: Sequence[BaseGeometry],
    declared: Crs,
) -> Sniff:
    """Compare n points, degrees as written, and the district that each states (String, null if none) with areas in CGCS2000.

    The votes of a system are the points that lie in an outline of their district.
    """
    stated = district.is_not_null().to_numpy()
    n = int(stated.sum())
    if n < FEWEST or len(outlines) < 2 or district.drop_nulls().n_unique() < 2:
        return Sniff(Verdict.UNTESTED, declared, n, evidence=Evidence.OUTLINES)
    x, y, words = lon[stated], lat[stated], district.drop_nulls()
    areas = list(outlines)
    shapely.prepare(areas)
    right = {crs: _in_own(x, y, words, areas, crs) for crs in SYSTEMS}
    fits = tuple(Fit(crs, int(right[crs].sum()), None) for crs in SYSTEMS)
    own = plain(declared)
    other = max((crs for crs in SYSTEMS if crs != own), key=lambda crs: int(right[crs].sum()))
    for_own = int(np.count_nonzero(right[own] & ~right[other]))
    for_other = int(np.count_nonzero(right[other] & ~right[own]))
    verdict, best = Verdict.UNTESTED, None
    if clearly(for_other, for_own):
        verdict, best = Verdict.MISDECLARED, other
    elif clearly(for_own, for_other):
        verdict, best = Verdict.PASSED, own
    return Sniff(verdict, declared, n, fits, best, evidence=Evidence.OUTLINES)


def _in_own(
    lon: NDArray[np.float64], lat: NDArray[np.float64], district: pl.Series, areas: list[BaseGeometry], crs: Crs
) -> NDArray[np.bool_]:
    """Which points lie in an outline most of whose points state the same district."""
    x, y = convert(lon, lat, crs, Crs.CGCS2000)
    inside = []
    for number, area in enumerate(areas):
        west, south, east, north = area.bounds
        near = np.flatnonzero((x >= west) & (x <= east) & (y >= south) & (y <= north))
        within = near[shapely.intersects_xy(area, x[near], y[near])]
        inside.append(pl.DataFrame({"point": within, "outline": np.full(len(within), number)}))
    table = pl.concat(inside)
    table = table.with_columns(district=district.gather(table["point"]))
    owner = (
        table.group_by("outline", "district")
        .len()
        .sort(["outline", "len", "district"], descending=[False, True, False])
        .unique("outline", keep="first", maintain_order=True)
    )
    found = np.zeros(len(lon), np.bool_)
    found[table.join(owner, on=["outline", "district"], how="semi").get_column("point").to_numpy()] = True
    return found
