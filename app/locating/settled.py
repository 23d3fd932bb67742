"""What people decided in location review, as locating keeps it: a decision on a place also settles addresses that arrive later."""

from collections.abc import Callable

import polars as pl
from sqlalchemy import Connection, text

from app.db import copy_out
from app.locating.columns import GEOCODED, MEASURED
from app.locating.keys import keys_of
from geo.geocoding import Geocoder

PROVIDER = "REVIEW"
"""Provider of a location that a person gave: confidence 1, radius 0, never written over by a geocoder."""

_ANY = text("SELECT EXISTS (SELECT FROM location_decision WHERE scope = 'KEY' AND undone_at IS NULL)")
_DECIDED = """
    SELECT DISTINCT ON (key) key, id AS review_id
    FROM location_decision WHERE scope = 'KEY' AND undone_at IS NULL ORDER BY key, id DESC
"""
STORE = f"""
    INSERT INTO location (address_id, point, level, confidence, radius_m, district, matched, provider, gazetteer_version, key, review_id)
    SELECT wanted.address_id, decided.point, decided.level, 1, 0, decided.district, decided.matched, 'REVIEW', '', wanted.key, decided.id
    FROM {{wanted}} JOIN location_decision AS decided ON decided.id = wanted.review_id
    ON CONFLICT (address_id) DO UPDATE
    SET point = excluded.point, level = excluded.level, confidence = 1, radius_m = 0, district = excluded.district,
        matched = excluded.matched, provider = excluded.provider, reasons = '{{{{}}}}', gazetteer_version = '', key = excluded.key,
        {", ".join(f"{name} = NULL" for name in MEASURED)},
        review_id = excluded.review_id
"""  # noqa: S608 (fixed names)
"""Stores decisions as locations; `wanted` is a relation of that name: address_id, key, review_id."""

_STORE_KNOWN = text(
    STORE.format(
        wanted="unnest(CAST(:ids AS bigint[]), CAST(:keys AS text[]), CAST(:reviews AS bigint[])) AS wanted (address_id, key, review_id)"
    )
)

_BEFORE_COLUMNS = ("address_id", *GEOCODED)
_STORE_BEFORE = text(
    f"""
    INSERT INTO location_before ({", ".join(_BEFORE_COLUMNS)}) VALUES ({", ".join(f":{name}" for name in _BEFORE_COLUMNS)})
    ON CONFLICT DO NOTHING
    """  # noqa: S608 (fixed names)
)


def settle_known(
    connection: Connection,
    addresses: pl.DataFrame,
    geocoder: Geocoder,
    locate: Callable[[pl.DataFrame], pl.DataFrame],
) -> pl.DataFrame:
    """Store the location of those `addresses` (id, text, city) whose place a person has decided on; returns the others.

    The newest decision on a key counts. `locate` says where the geocoder puts texts that a city settles, as rows of `location`:
    undoing the decision goes back to that.
    """
    if addresses.is_empty() or not connection.execute(_ANY).scalar_one():
        return addresses
    decided = copy_out(connection, _DECIDED, {"key": pl.String, "review_id": pl.Int64})
    known = addresses.with_columns(keys_of(addresses["text"], geocoder, addresses["city"])["key"]).join(
        decided, on="key", how="inner"
    )
    if known.is_empty():
        return addresses
    before = known.drop("key").join(
        locate(known.select("text", "city").unique(maintain_order=True)), on=["text", "city"], how="inner"
    )
    connection.execute(_STORE_BEFORE, before.rename({"id": "address_id"}).select(_BEFORE_COLUMNS).to_dicts())
    ids, keys, reviews = (known[column].to_list() for column in ("id", "key", "review_id"))
    connection.execute(_STORE_KNOWN, {"ids": ids, "keys": keys, "reviews": reviews})
    return addresses.filter(~pl.col("id").is_in(ids))
