"""Offline geocoding of Chinese addresses against a gazetteer."""

from typing import Final

from geo.geocoding.geocoder import Candidate, Geocoder

EDITION: Final = 2
"""Raised whenever the same gazetteer with the same weights may be answered from otherwise, so that stored answers are made anew."""

__all__ = ["EDITION", "Candidate", "Geocoder"]
