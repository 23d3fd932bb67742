"""Geometries as the store takes them in bulk: hexadecimal EWKB in SRID 4490."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from app.models.base import SRID

_HEADER = np.frombuffer(b"\x01\x01\x00\x00\x20" + SRID.to_bytes(4, "little"), dtype=np.uint8)
_HEX = np.frombuffer(b"0123456789ABCDEF", dtype=np.uint8)


def point_hex(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> pl.Series:
    """n points in CGCS2000 degrees → n strings of EWKB; null where a coordinate is not finite."""
    n = len(lon)
    raw = np.empty((n, 25), dtype=np.uint8)
    raw[:, :9] = _HEADER
    raw[:, 9:17] = np.ascontiguousarray(lon, dtype="<f8").view(np.uint8).reshape(n, 8)
    raw[:, 17:] = np.ascontiguousarray(lat, dtype="<f8").view(np.uint8).reshape(n, 8)
    digits = np.empty((n, 50), dtype=np.uint8)
    digits[:, 0::2] = _HEX[raw >> 4]
    digits[:, 1::2] = _HEX[raw & 15]
    texts = pl.Series("point", digits.reshape(-1).view("S50").astype("U50"), dtype=pl.String)
    finite = pl.Series(np.isfinite(lon) & np.isfinite(lat))
    return pl.select(pl.when(finite).then(texts).otherwise(None).alias("point")).to_series()
