"""Offline geocoding of Chinese addresses against a gazetteer."""

from geo.geocoding.geocoder import Candidate, Geocoder

__all__ = ["Candidate", "Geocoder"]
