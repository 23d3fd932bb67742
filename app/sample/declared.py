"""Points as different sources publish them: each in its own coordinate system, which it declares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from app.sample.draws import Bools, Floats, Ints, choose
from app.sample.policies import names_of
from app.sample.terrain import METRES_PER_LAT, METRES_PER_LON
from geo.crs import Crs, convert

SYSTEMS = (Crs.BD09, Crs.GCJ02, Crs.WGS84, Crs.CGCS2000)


def declare(
    rng: np.random.Generator, lonlat: Floats, wanted: Bools, shares: Sequence[float]
) -> tuple[tuple[pl.Series, pl.Series], pl.Series]:
    """Longitude, latitude and system of the wanted points, in systems drawn by ``shares``; null for the others.

    ``lonlat``: shape (n, 2), CGCS2000.
    """
    return in_systems(lonlat, np.where(wanted, choose(rng, shares, len(lonlat)), -1))


def in_systems(lonlat: Floats, system: Ints) -> tuple[tuple[pl.Series, pl.Series], pl.Series]:
    """Longitude, latitude and name of the system with the given position in :data:`SYSTEMS`; null for -1."""
    published = np.full(lonlat.shape, np.nan)
    for index, system_of in enumerate(SYSTEMS):
        rows = system == index
        lon, lat = convert(lonlat[rows, 0], lonlat[rows, 1], Crs.CGCS2000, system_of)
        published[rows] = np.column_stack([lon, lat])
    published = np.round(published, 7)
    columns = pl.Series(published[:, 0]).fill_nan(None), pl.Series(published[:, 1]).fill_nan(None)
    return columns, names_of(tuple(str(known) for known in SYSTEMS), system)


def spread(rng: np.random.Generator, count: int, metres: tuple[float, float]) -> Floats:
    """Offsets of the given least and greatest length in random directions, as degrees; shape (count, 2)."""
    angle, far = rng.uniform(0, 2 * np.pi, count), rng.uniform(*metres, count)
    return np.column_stack([far * np.cos(angle) / METRES_PER_LON, far * np.sin(angle) / METRES_PER_LAT])
