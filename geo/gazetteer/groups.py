"""The test of a whole file: each of its sources under each system that it declares, by the best evidence there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import polars as pl
from shapely.geometry.base import BaseGeometry

from geo.crs import Crs, convert
from geo.gazetteer.known import keyed, pairs
from geo.gazetteer.outlines import sniff_outlines
from geo.gazetteer.sniffing import FEWEST, Evidence, Sniff, Verdict, sniff

MOST_GROUPS: Final = 40
"""Sources of a file that are tested by themselves, the largest; the others are tested together."""


def sniff_file(
    entries: pl.DataFrame,
    known: pl.DataFrame,
    outlines: Sequence[BaseGeometry] = (),
    earlier: pl.DataFrame | None = None,
) -> list[Sniff]:
    """One result per source and declared system, largest first.

    `entries`: the contract's columns, lon and lat in degrees as written, and `declared` (a `Crs`). `known`: places of other
    sources, `earlier`: of the same sources, `outlines`: areas of districts or branches; all in CGCS2000 degrees. Evidence is asked
    in this order: known places; outlines; the same source's earlier places, which may be wrong themselves; the file's other sources.
    """
    entries = entries.filter(pl.col("lon").is_finite() & pl.col("lat").is_finite())
    places = keyed(known) if known.height else None
    before = keyed(earlier) if earlier is not None and earlier.height else None
    found: list[Sniff] = []
    groups = list(_groups(entries))
    all_keys = keyed(_in_cgcs2000(entries)) if len(groups) > 1 else None
    for source, declared, group in groups:
        keys = keyed(group)
        results = [Sniff(Verdict.UNTESTED, declared, 0, evidence=Evidence.NOTHING)]
        if places is not None:
            results.append(_compared(keys, places, declared, Evidence.PLACES))
        if outlines and not _settled(results):
            results.append(_outlined(group, outlines, declared))
        if before is not None and not _settled(results):
            same = before.filter(pl.col("source") == source) if source else before
            results.append(_compared(keys, same, declared, Evidence.EARLIER))
        if all_keys is not None and source is not None and not _settled(results):
            others = all_keys.filter(pl.col("source") != source)
            results.append(_compared(keys, others, declared, Evidence.SOURCES))
        settled = next((one for one in results if one.verdict is not Verdict.UNTESTED), None)
        best = settled or max(results, key=lambda one: one.n)
        found.append(replace(best, source=source))
    return found


def _settled(results: Sequence[Sniff]) -> bool:
    return any(one.verdict is not Verdict.UNTESTED for one in results)


def _groups(entries: pl.DataFrame) -> Iterator[tuple[str | None, Crs, pl.DataFrame]]:
    """Source (None: several small ones together, or not stated), declared system, entries."""
    sizes = entries.group_by("source", "declared").len().sort(["len", "source"], descending=[True, False])
    alone = sizes.filter((pl.col("len") >= FEWEST) & pl.col("source").is_not_null()).head(MOST_GROUPS)
    for source, declared, _ in alone.iter_rows():
        own = (pl.col("source") == source) & (pl.col("declared") == declared)
        yield source, Crs(declared), entries.filter(own)
    rest = entries.join(alone, on=["source", "declared"], how="anti")
    for (declared,), group in rest.group_by(["declared"], maintain_order=True):
        yield None, Crs(declared), group


def _compared(keys: pl.DataFrame, places: pl.DataFrame, declared: Crs, evidence: Evidence) -> Sniff:
    both = pairs(keys, places)
    lon, lat, known_lon, known_lat = (both[name].to_numpy() for name in ("lon", "lat", "known_lon", "known_lat"))
    return replace(sniff(lon, lat, known_lon, known_lat, declared), evidence=evidence)


def _outlined(group: pl.DataFrame, outlines: Sequence[BaseGeometry], declared: Crs) -> Sniff:
    return sniff_outlines(group["lon"].to_numpy(), group["lat"].to_numpy(), group["district"], outlines, declared)


def _in_cgcs2000(entries: pl.DataFrame) -> pl.DataFrame:
    parts = []
    for (declared,), group in entries.group_by(["declared"], maintain_order=True):
        lon, lat = convert(group["lon"].to_numpy(), group["lat"].to_numpy(), Crs(declared), Crs.CGCS2000)
        parts.append(group.with_columns(lon=pl.Series(lon), lat=pl.Series(lat)))
    return pl.concat(parts) if parts else entries
