"""Entries of several sources that name one place: which belong together, where the place lies, how sure that is."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.address.compiled import entry
from geo.geocoding.distance import metres
from geo.geocoding.index import F64, I32, I64
from geo.geocoding.names import NEUTRAL

SAME_PLACE: Final = 400.0  # metres between entries of one name that are one place
TYPICAL_ERROR: Final = 60.0  # metres, of a source that nothing can be said about


def name_keys(frame: pl.DataFrame) -> pl.Series:
    """Plain names: what entries of one place have in common."""
    key = frame["word"].str.replace(rf"(?:{NEUTRAL})$", "")
    return pl.select(pl.when(key.str.len_chars() >= 2).then(key).otherwise(frame["word"])).to_series()


def source_errors(frame: pl.DataFrame, key: pl.Series, city: I32) -> dict[str, float]:
    """The typical error in metres of each source's points, from how far it lies from the others for the same name.

    The median distance of two sources is taken as the root of the sum of their squared errors; least squares over
    all pairs with enough names in common, kept within plain bounds.
    """
    table = pl.DataFrame(
        {"key": key, "city": city, "source": frame["source"], "lon": frame["lon"], "lat": frame["lat"]}
    ).unique(["key", "city", "source"], keep="none", maintain_order=True)
    pairs = table.join(table, on=["key", "city"], suffix="_b").filter(pl.col("source") < pl.col("source_b"))
    x = (pl.col("lon") - pl.col("lon_b")) * 111320 * pl.col("lat").radians().cos()
    y = (pl.col("lat") - pl.col("lat_b")) * 110574
    medians = (
        pairs.with_columns(d=(x**2 + y**2).sqrt())
        .filter(pl.col("d") < 1000.0)
        .group_by("source", "source_b")
        .agg(pl.col("d").median(), pl.len())
        .filter(pl.col("len") >= 20)
    )
    sources = sorted(frame["source"].unique().to_list())
    at = {source: i for i, source in enumerate(sources)}
    rows, right, share = [np.eye(len(sources))[i] * 0.05 for i in range(len(sources))], [], []
    right = [0.05 * TYPICAL_ERROR**2] * len(sources)
    share = [1.0] * len(sources)
    for source, other, distance, count in medians.iter_rows():
        row = np.zeros(len(sources))
        row[at[source]] = row[at[other]] = 1.0
        rows.append(row)
        right.append(distance**2)
        share.append(np.sqrt(count) / max(distance, 10.0))
    weight = np.array(share)
    squares = np.linalg.lstsq(np.array(rows) * weight[:, None], np.array(right) * weight, rcond=None)[0]
    return {source: float(np.sqrt(np.clip(squares[at[source]], 20.0**2, 300.0**2))) for source in sources}


def merge(frame: pl.DataFrame, city: I32, lon: F64, lat: F64) -> tuple[I32, dict[str, npt.NDArray[np.float64]]]:
    """Entries of one plain name within `SAME_PLACE` of each other are one place.

    Returns the place of each entry, and per place: lon, lat (medians weighted by the precision of the sources),
    error (metres), sources, spread, rivals.
    """
    key = name_keys(frame)
    group = pl.DataFrame({"city": city, "key": key}).select(pl.struct("city", "key").rank("dense")).to_series()
    groups = group.to_numpy().astype(np.int64)
    order = np.argsort(groups, kind="stable")
    place_of = np.full(len(groups), -1, np.int32)
    count = join_near(groups[order], order, lon, lat, place_of)
    errors = source_errors(frame, key, city)
    error = frame["source"].replace_strict(errors, return_dtype=pl.Float64).cast(pl.Float64).to_numpy()
    members = np.argsort(place_of, kind="stable")
    middle = np.empty((count, 4))
    middles(np.searchsorted(place_of[members], np.arange(count + 1)).astype(np.int64), members, lon, lat, error, middle)
    table = pl.DataFrame({"p": place_of, "g": groups, "s": frame["source"]})
    placed = table.group_by("p").agg(pl.col("s").n_unique().alias("sources"), pl.col("g").first()).sort("p")
    placed = placed.with_columns(rivals=pl.col("sources").sum().over("g") - pl.col("sources"))
    return place_of, {
        "lon": middle[:, 0].copy(),
        "lat": middle[:, 1].copy(),
        "spread": middle[:, 2],
        "error": middle[:, 3],
        "sources": placed["sources"].to_numpy(),
        "rivals": placed["rivals"].to_numpy(),
    }


@entry
def middles(first: I64, members: I64, lon: F64, lat: F64, error: F64, out: F64) -> None:
    """Geometric median of each group, weighted by 1 / error² (Weiszfeld's iteration); farthest member; error."""
    for group in range(len(first) - 1):
        low, high = first[group], first[group + 1]
        x, y, total = 0.0, 0.0, 0.0
        for k in range(low, high):
            w = 1.0 / error[members[k]] ** 2
            x += w * lon[members[k]]
            y += w * lat[members[k]]
            total += w
        x, y = x / total, y / total
        out[group, 3] = 1.0 / np.sqrt(total)
        for _ in range(20):
            if high - low < 2:
                break
            sx, sy, sw = 0.0, 0.0, 0.0
            for k in range(low, high):
                e = members[k]
                w = 1.0 / error[e] ** 2 / max(metres(x, y, lon[e], lat[e]), 3.0)
                sx += w * lon[e]
                sy += w * lat[e]
                sw += w
            x, y = sx / sw, sy / sw
        far = 0.0
        for k in range(low, high):
            far = max(far, metres(x, y, lon[members[k]], lat[members[k]]))
        out[group, 0], out[group, 1], out[group, 2] = x, y, far


@entry
def join_near(groups: I64, order: I64, lon: F64, lat: F64, place_of: I32) -> int:
    """Number the places: single linkage within each group of entries (compared with the 64 before)."""
    count = 0
    for i in range(len(order)):
        entry = order[i]
        joined = -1
        j = i - 1
        while j >= 0 and groups[j] == groups[i] and i - j <= 64:
            other = order[j]
            if metres(lon[entry], lat[entry], lon[other], lat[other]) <= SAME_PLACE:
                if joined < 0:
                    joined = place_of[other]
                elif place_of[other] != joined:
                    old = place_of[other]
                    for k in range(max(0, i - 128), i):
                        if place_of[order[k]] == old:
                            place_of[order[k]] = joined
            j -= 1
        if joined < 0:
            joined = count
            count += 1
        place_of[entry] = joined
    # Joining two places leaves a number unused: close the gaps.
    renumber = np.full(count, -1, np.int32)
    used = 0
    for i in range(len(place_of)):
        if renumber[place_of[i]] < 0:
            renumber[place_of[i]] = used
            used += 1
        place_of[i] = renumber[place_of[i]]
    return used


def first_of(groups: I32, values: I32, count: int) -> I32:
    """Per group the value of its first member."""
    out = np.full(count, -1, np.int32)
    out[groups[::-1]] = values[::-1]
    return out


def majority(groups: I32, values: I32, count: int) -> I32:
    """Per group its most frequent value other than -1; the lowest of equals."""
    table = pl.DataFrame({"g": groups, "v": values}).filter(pl.col("v") >= 0)
    best = (
        table.group_by("g", "v")
        .len()
        .sort(["g", "len", "v"], descending=[False, True, False])
        .unique("g", keep="first")
    )
    out = np.full(count, -1, np.int32)
    out[best["g"].to_numpy()] = best["v"].to_numpy()
    return out
