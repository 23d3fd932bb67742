"""The keys of stored addresses: which households live at one place as far as their texts say."""

import polars as pl

from geo.geocoding import Geocoder
from geo.geocoding.key import place_keys


def keys_of(texts: pl.Series, geocoder: Geocoder) -> pl.DataFrame:
    """`key` and its parts (`geo.geocoding.key.KEY_COLUMNS`), one row per text; the gazetteer's only city stands in where none is stated."""
    return place_keys(texts, geocoder.divisions, geocoder.only_city)
