"""Distances within a city."""

from __future__ import annotations

import numpy as np

from geo.address.compiled import compiled


@compiled
def metres(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Distance of two near points in degrees (equirectangular; below 0.3 % off within a city)."""
    x = (lon1 - lon2) * 111320.0 * np.cos(np.radians(0.5 * (lat1 + lat2)))
    y = (lat1 - lat2) * 110900.0
    return float(np.sqrt(x * x + y * y))
