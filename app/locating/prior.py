"""The city that settles what a holder's address leaves open: that of the branch which manages the holder's newest policy."""

import polars as pl
from sqlalchemy import Connection, text

from app.db import copy_out
from geo.address.divisions import CITY, Divisions, short_name
from geo.geocoding import Geocoder

_OFFICES = text(
    """
    SELECT branch.code, coalesce(city.name, branch.name) AS name
    FROM organisation branch LEFT JOIN organisation city ON city.code = branch.parent_code
    WHERE branch.level = 'branch'
    """
)
_BRANCHES = """
    SELECT DISTINCT ON (policyholder_id) policyholder_id, branch_code
    FROM policy WHERE policyholder_id IN ({holders})
    ORDER BY policyholder_id, effective_on DESC NULLS LAST, policy_no
"""


def city_named(organisation: str, divisions: Divisions) -> str:
    """The official name of the city that an organisation's name begins with (南京市分公司, 南京分公司), or nothing."""
    best = ""
    for i, name in enumerate(divisions.names):
        if divisions.level[i] == CITY and organisation.startswith((name, short_name(name))) and len(name) > len(best):
            best = name
    return best


def with_prior(
    connection: Connection,
    addresses: pl.DataFrame,
    geocoder: Geocoder,
    holders: str,
    values: dict[str, object] | None = None,
) -> pl.DataFrame:
    """`addresses` (with policyholder_id) with a column `city`: official names, empty where no office says.

    `holders`: a trusted SELECT of policyholder ids. Where all offices are of one city no policy is looked at.
    """
    offices = {code: city_named(name or "", geocoder.divisions) for code, name in connection.execute(_OFFICES)}
    cities = set(offices.values()) - {""}
    if len(cities) <= 1:
        return addresses.with_columns(city=pl.lit(next(iter(cities), "")))
    branches = copy_out(
        connection, _BRANCHES.format(holders=holders), {"policyholder_id": pl.String, "branch_code": pl.String}, values
    )
    named = branches.with_columns(
        city=pl.col("branch_code").replace_strict(offices, default="", return_dtype=pl.String)
    )
    return addresses.join(named.drop("branch_code"), on="policyholder_id", how="left").with_columns(
        pl.col("city").fill_null("")
    )
