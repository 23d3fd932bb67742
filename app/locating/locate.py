"""Locates stored addresses: whole columns out by COPY, geocoded, and back in by COPY."""

from collections.abc import Callable

import numpy as np
import polars as pl
from sqlalchemy import Connection, text

from app.db import copy_in, copy_out
from app.geometry import point_hex
from app.locating.columns import GEOCODED, WITHIN
from app.locating.keys import keys_of
from app.locating.prior import with_prior
from app.locating.settled import PROVIDER, settle_known
from geo.geocoding import Geocoder

BATCH = 100_000
"""Addresses geocoded at a time: bounds the memory, and is how often progress is told."""

LOCATING_LOCK = 0x6764_0003
"""Namespace of the advisory lock that keeps two transactions from locating the same addresses."""

_COLUMNS = ("address_id", *GEOCODED)
_ADDRESS = {"id": pl.Int64, "policyholder_id": pl.String, "text": pl.String}

# A given point is exact; its text is kept but not geocoded. What a person has settled is left alone.
_WANTED = f"""
    address.text IS NOT NULL AND address.text <> '' AND address.point IS NULL
    AND NOT EXISTS (SELECT FROM location
                    WHERE location.address_id = address.id
                      AND (location.gazetteer_version = :version OR location.provider = '{PROVIDER}'))
"""

_OF_HOLDER = text(
    f"SELECT address.id, address.policyholder_id, address.text FROM address WHERE policyholder_id = :holder AND {_WANTED} ORDER BY id"  # noqa: S608
)
_STORE = text(
    f"""
    INSERT INTO location ({", ".join(_COLUMNS)}) VALUES ({", ".join(f":{name}" for name in _COLUMNS)})
    ON CONFLICT (address_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])}
    WHERE location.provider <> '{PROVIDER}'
    """  # noqa: S608 (fixed names)
)


def locate_addresses(
    connection: Connection,
    *,
    geocoder: Geocoder,
    version: str,
    holder_ids_query: str | None = None,
    progress: Callable[[float], None] | None = None,
) -> int:
    """Stores a location for each address that has text, no given point, and no location of this gazetteer version.

    `holder_ids_query`: a trusted SELECT of policyholder ids to which it is restricted. `progress` is told the share done, 0–1.
    Returns how many addresses were located, in the caller's transaction. An address that cannot be placed gets a coarse level
    or NONE, so that it is not tried again before the gazetteer changes. Waits for others who are locating.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCATING_LOCK})
    scope = "" if holder_ids_query is None else f" AND address.policyholder_id IN ({holder_ids_query})"
    addresses = copy_out(
        connection,
        f"SELECT address.id, address.policyholder_id, address.text FROM address WHERE {_WANTED}{scope}",  # noqa: S608 (the caller's own query)
        _ADDRESS,
        {"version": version},
    )
    if addresses.is_empty():
        return 0
    _drop_outdated(connection, scope, version)
    wanted = addresses.height
    addresses = with_prior(connection, addresses, geocoder, holder_ids_query or "SELECT id FROM policyholder")
    addresses = settle_known(connection, addresses, geocoder, lambda asked: _located(geocoder, asked, version))
    done = wanted - addresses.height
    # The same text is often written down for many: it is geocoded once.
    asked = addresses.select("text", "city").unique(maintain_order=True)
    for start in range(0, len(asked), BATCH):
        part = asked.slice(start, BATCH)
        found = _located(geocoder, part, version)
        rows = addresses.join(found, on=["text", "city"], how="inner")
        done += copy_in(connection, "location", _COLUMNS, rows.rename({"id": "address_id"}).select(_COLUMNS))
        if progress is not None:
            progress(min(1.0, (start + len(part)) / len(asked)))
    return done


def locate_holder(connection: Connection, policyholder_id: str, *, geocoder: Geocoder, version: str) -> int:
    """The same for the addresses of one policyholder, beside others who do so for theirs; only a bulk job is waited for."""
    connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": LOCATING_LOCK})
    rows = connection.execute(_OF_HOLDER, {"holder": policyholder_id, "version": version}).all()
    wanted = pl.DataFrame(rows, schema=_ADDRESS, orient="row")
    if wanted.is_empty():
        return 0
    addresses = with_prior(connection, wanted, geocoder, "SELECT :holder", {"holder": policyholder_id})
    addresses = settle_known(connection, addresses, geocoder, lambda asked: _located(geocoder, asked, version))
    if not addresses.is_empty():
        found = _located(geocoder, addresses, version)
        connection.execute(_STORE, found.with_columns(address_id=addresses["id"]).select(_COLUMNS).to_dicts())
    return wanted.height


def _drop_outdated(connection: Connection, scope: str, version: str) -> None:
    condition = f"location.gazetteer_version <> :version AND location.provider <> '{PROVIDER}'{scope}"
    connection.execute(
        text(f"DELETE FROM location USING address WHERE address.id = location.address_id AND {condition}"),  # noqa: S608
        {"version": version},
    )


def _located(geocoder: Geocoder, asked: pl.DataFrame, version: str) -> pl.DataFrame:
    """Where the geocoder puts `text`s that `city` settles: both, and the columns of `location`."""
    texts, cities = asked["text"], asked["city"]
    found = geocoder.geocode(texts, prior_city=cities)
    lon = found.get_column("lon").cast(pl.Float64).fill_null(np.nan).to_numpy()
    lat = found.get_column("lat").cast(pl.Float64).fill_null(np.nan).to_numpy()
    return pl.DataFrame(
        {
            "text": texts,
            "city": cities,
            "point": point_hex(lon, lat),
            "level": found.get_column("level"),
            "confidence": found.get_column("confidence").fill_null(0.0),
            "radius_m": found.get_column("radius_m"),
            "radius50_m": found.get_column("radius50_m"),
            **{name: found.get_column("within").arr.get(i) for i, name in enumerate(WITHIN)},
            "subdistrict": found.get_column("subdistrict").replace({"": None}),
            "district": found.get_column("district").replace({"": None}),
            "matched": found.get_column("matched").replace({"": None}),
            "provider": found.get_column("provider"),
            "reasons": found.get_column("reasons"),
            "key": keys_of(texts, geocoder, cities)["key"],
        }
    ).with_columns(
        pl.col("reasons").fill_null("").str.split(";").list.filter(pl.element() != ""),
        pl.lit(version).alias("gazetteer_version"),
    )
