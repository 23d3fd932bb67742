"""The test of a whole file: each of its sources under each system that it declares, by the best evidence there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import polars as pl
from shapely.geometry.base import BaseGeometry

from geo.crs import Crs, convert
from geo.gazetteer.outlines import sniff_outlines
from geo.gazetteer.sniffing import FEWEST, Evidence, Sniff, Verdict, sniff

MOST_GROUPS: Final = 40
"""Sources of a file that are tested by themselves, the largest; the others are tested together."""

MOST_IN_OUTLINES: Final = 2_000
"""About so many points of a group are looked up in the outlines, evenly."""


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
    keys = _Keys(entries, known, earlier)
    groups = list(_groups(entries))
    found: list[Sniff] = []
    for source, declared, group in groups:
        results = [Sniff(Verdict.UNTESTED, declared, 0, evidence=Evidence.NOTHING)]
        for evidence in _evidence(known, outlines, earlier, several=len(groups) > 1 and source is not None):
            if evidence is Evidence.OUTLINES:
                results.append(_outlined(group, outlines, declared))
            else:
                results.append(_compared(keys, group, source, declared, evidence))
            if results[-1].verdict is not Verdict.UNTESTED:
                break
        settled = results[-1].verdict is not Verdict.UNTESTED
        best = results[-1] if settled else max(results, key=lambda one: one.n)
        found.append(replace(best, source=source))
    return found


def _evidence(
    known: pl.DataFrame, outlines: Sequence[BaseGeometry], earlier: pl.DataFrame | None, *, several: bool
) -> Iterator[Evidence]:
    """What there is to compare with, the best first."""
    if known.height:
        yield Evidence.PLACES
    if outlines:
        yield Evidence.OUTLINES
    if earlier is not None and earlier.height:
        yield Evidence.EARLIER
    if several:
        yield Evidence.SOURCES


class _Keys:
    """Names by which places are found, made when the first comparison needs them: outlines need none."""

    def __init__(self, entries: pl.DataFrame, known: pl.DataFrame, earlier: pl.DataFrame | None) -> None:
        self._entries, self._known, self._earlier = entries, known, earlier
        self._made: dict[Evidence, pl.DataFrame] = {}

    def of(self, evidence: Evidence, source: str | None) -> pl.DataFrame:
        """The places, CGCS2000, that a source is compared with."""
        from geo.gazetteer.known import keyed

        if evidence not in self._made:
            places = {
                Evidence.PLACES: lambda: self._known,
                Evidence.EARLIER: lambda: self._earlier if self._earlier is not None else self._known.clear(),
                Evidence.SOURCES: lambda: _in_cgcs2000(self._entries),
            }[evidence]()
            self._made[evidence] = keyed(places)
        made = self._made[evidence]
        if evidence is Evidence.EARLIER and source:
            return made.filter(pl.col("source") == source)
        return made.filter(pl.col("source") != source) if evidence is Evidence.SOURCES else made


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


def _compared(keys: _Keys, group: pl.DataFrame, source: str | None, declared: Crs, evidence: Evidence) -> Sniff:
    from geo.gazetteer.known import keyed, pairs

    both = pairs(keyed(group), keys.of(evidence, source))
    lon, lat, known_lon, known_lat = (both[name].to_numpy() for name in ("lon", "lat", "known_lon", "known_lat"))
    return replace(sniff(lon, lat, known_lon, known_lat, declared), evidence=evidence)


def _outlined(group: pl.DataFrame, outlines: Sequence[BaseGeometry], declared: Crs) -> Sniff:
    sample = group.gather_every(max(1, group.height // MOST_IN_OUTLINES))
    return sniff_outlines(sample["lon"].to_numpy(), sample["lat"].to_numpy(), sample["district"], outlines, declared)


def _in_cgcs2000(entries: pl.DataFrame) -> pl.DataFrame:
    parts = []
    for (declared,), group in entries.group_by(["declared"], maintain_order=True):
        lon, lat = convert(group["lon"].to_numpy(), group["lat"].to_numpy(), Crs(declared), Crs.CGCS2000)
        parts.append(group.with_columns(lon=pl.Series(lon), lat=pl.Series(lat)))
    return pl.concat(parts) if parts else entries
