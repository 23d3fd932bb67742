"""The columns of a location that the geocoder fills, for all who write, keep or restore one."""

from typing import Final

from geo.geocoding.calibration import RADII

WITHIN: Final = tuple(f"within_{radius:.0f}_m" for radius in RADII)
"""The chances that the true place lies within each of the geocoder's radii."""

MEASURED: Final = ("radius50_m", *WITHIN, "subdistrict")
"""What a person's point has not: null in a location that a person gave."""

GEOCODED: Final = (
    "point",
    "level",
    "confidence",
    "radius_m",
    *MEASURED,
    "district",
    "matched",
    "provider",
    "reasons",
    "gazetteer_version",
    "key",
)
