"""Whether a gazetteer in the folder is in the system that its rows declare, before any of it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl
from sqlalchemy import Connection

from app.exchange import repository
from app.exchange.reading import Source
from app.exchange.rejections import FileRefused
from geo.crs import Crs, convert
from geo.gazetteer.groups import sniff_file
from geo.gazetteer.sniffing import Sniff
from geo.gazetteer.wording import described

MOST_TESTED: Final = 100_000
"""Rows of a file that are compared; a larger file is compared by an even sample."""


def as_written(places: pl.DataFrame, declared: pl.DataFrame) -> pl.DataFrame:
    """Places in CGCS2000 (`row`, lon, lat) as their file has them, in the system that each declares (`row`, `declared`)."""
    joined = places.join(declared.drop_nulls(), on="row", how="inner", maintain_order="left")
    lon, lat = joined["lon"].to_numpy(writable=True), joined["lat"].to_numpy(writable=True)
    for system in joined["declared"].unique():
        these = (joined["declared"] == system).to_numpy()
        lon[these], lat[these] = convert(lon[these], lat[these], Crs.CGCS2000, Crs(system))
    return joined.with_columns(lon=pl.Series(np.asarray(lon)), lat=pl.Series(np.asarray(lat)))


def sniff_staged(connection: Connection, declared: pl.DataFrame, *, earlier: bool) -> list[Sniff]:
    """The test of the staged rows. `earlier`: also against the same sources' stored rows, which may themselves be wrong."""
    entries = as_written(repository.staged_places(connection, most=MOST_TESTED), declared)
    sources = entries["source"].unique().to_list()
    return sniff_file(
        entries,
        repository.known_places(connection, sources),
        repository.outlines(connection),
        repository.known_places(connection, sources, earlier=True) if earlier else None,
    )


def contradictions(sniffs: Sequence[Sniff]) -> tuple[str, str] | None:
    """What speaks against the file, in Chinese and in English; None if nothing does."""
    found = [described(sniff) for sniff in sniffs if sniff.refuses]
    return ("；".join(zh for zh, _ in found), "; ".join(en for _, en in found)) if found else None


class CrsTest:
    """The test of one file; raises `FileRefused` when called with a connection that has its rows staged."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._sniffs: list[Sniff] = []

    def __call__(self, connection: Connection) -> None:
        self._sniffs = sniff_staged(connection, self._source.declared, earlier=False)
        against = contradictions(self._sniffs)
        if against is not None:
            raise FileRefused("FOLDER_CRS_CONTRADICTED", column="crs", detail=against)

    def describe_version(self, connection: Connection, *, rejected: int) -> None:
        """Say of the version that the file has made what it was."""
        declared = self._source.declared.get_column("declared").drop_nulls().unique().sort()
        repository.describe_version(
            connection,
            cause="FOLDER",
            file=self._source.path.name,
            sha256=self._source.sha256.hexdigest(),
            sources=sorted({sniff.source for sniff in self._sniffs if sniff.source}),
            crs=";".join(declared.to_list()) or None,
            rejected=rejected,
            sniff=[sniff.as_json() for sniff in self._sniffs],
        )
