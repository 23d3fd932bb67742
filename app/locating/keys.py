"""The keys of stored addresses: which households live at one place as far as their texts say."""

import numpy as np
import polars as pl

from geo.address.divisions import CITY
from geo.geocoding import Geocoder
from geo.geocoding.key import place_keys


def keys_of(texts: pl.Series, geocoder: Geocoder, cities: pl.Series | None = None) -> pl.DataFrame:
    """`key` and its parts (`geo.geocoding.key.KEY_COLUMNS`), one row per text.

    `cities`: the official name of the city that stands in where a text states none, or nothing; else the gazetteer's only city does.
    """
    prior = np.full(len(texts), geocoder.only_city, np.int32)
    if cities is not None:
        named = set(cities.drop_nulls().unique().to_list()) - {""}
        divisions = geocoder.divisions
        for position, name in enumerate(divisions.names):
            if name in named and divisions.level[position] == CITY:
                prior[(cities == name).to_numpy()] = position
    return place_keys(texts, geocoder.divisions, prior)


def city_of(key: str | None) -> str:
    """The city of a key, or nothing."""
    return key.split("/", 1)[0] if key else ""
