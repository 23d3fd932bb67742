"""Turn a gazetteer (rows of several sources, mistakes included) into an `Index`."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.address.characters import fold, fold_words
from geo.address.compiled import compiled
from geo.address.divisions import DISTRICT, Divisions, resolve_divisions, short_name
from geo.address.lexicon import NOTHING, Lexicon, build_lexicon, slot_of
from geo.address.tail import build_counters, read_mentions
from geo.geocoding.index import CELL, F64, I32, I64, Index
from geo.geocoding.names import NEUTRAL, aliases
from geo.geocoding.roads import known_roads, segments

SAME_PLACE: Final = 400.0  # metres between entries of one name that are one place
LEVELS: Final = ("UNIT", "DOOR", "COMPOUND", "POI", "COMMUNITY", "ROAD", "SUBDISTRICT", "DISTRICT", "CITY", "NONE")
PLACE_KINDS: Final = ("COMPOUND", "POI", "COMMUNITY", "ROAD", "DOOR")
NEIGHBOURS: Final = 12
TEXT_COLUMNS: Final = ("name", "kind", "province", "city", "district", "subdistrict", "road", "number", "address", "source")
ENDINGS: Final = (
    "一期 二期 三期 四期 五期 六期 七期 八期 1期 2期 3期 4期 5期 6期 东区 西区 南区 北区 中区 东苑 西苑 南苑 北苑 中苑 东园 西园 南园 北园 一区 二区 三区 四区 五区 六区 "
    "A区 B区 C区 D区 E区 1区 2区 3区 4区 东院 西院 南院 北院 一组团 二组团 三组团 新区 老区"
).split()


def prepare(gazetteer: pl.DataFrame) -> pl.DataFrame:
    """Usable rows with folded texts: needs name, lon, lat; every other column may be absent or null."""
    missing = [pl.lit(None, pl.String).alias(c) for c in TEXT_COLUMNS if c not in gazetteer.columns]
    frame = gazetteer.with_columns(missing).with_columns(
        [pl.col(c).cast(pl.String).fill_null("") for c in TEXT_COLUMNS]
    )
    frame = frame.filter(pl.col("lon").is_finite() & pl.col("lat").is_finite())
    frame = frame.with_columns(
        word=fold_words(frame["name"]).str.replace_all(r"\([^)]*\)", "").str.replace_all(",", ""),
        place_text=fold_words(frame["address"]),
        road_word=fold_words(frame["road"]).str.replace_all(r"[,()]", ""),
        number_word=fold_words(frame["number"]).str.replace_all(r"[()]", ""),
    )
    return frame.with_row_index("entry")


def build_index(frame: pl.DataFrame, divisions: Divisions) -> tuple[Index, I32]:
    """The index, and the place of each row of `frame` (as `prepare` gives it)."""
    city, district = division_positions(frame, divisions)
    roads, road_names = road_lexicon(frame, divisions, city)
    counters = build_counters()
    lon, lat = frame["lon"].to_numpy(), frame["lat"].to_numpy()
    place_of, places = merge(frame, city, lon, lat)
    count = len(places["lon"])
    entry_house, house_road, house_number, house_branch = houses_of(frame, roads, counters)
    place_city = first_of(place_of, city, count)
    place_district = majority(place_of, district, count)
    voted, vote = neighbours_vote(places["lon"], places["lat"], place_district, places["sources"])
    kinds = frame["kind"].replace_strict(list(PLACE_KINDS), list(range(len(PLACE_KINDS))), default=0).to_numpy()
    named = aliases(pl.DataFrame({"place": place_of, "name": frame["word"]}))
    words = named["alias"].rle()
    name_first = np.concatenate([[0], np.cumsum(words.struct.field("len").to_numpy())]).astype(np.int64)
    house_place = place_of[entry_house]
    houses = (
        pl.DataFrame(
            {
                "road": house_road,
                "city": place_city[house_place],
                "number": house_number,
                "branch": house_branch,
                "place": house_place,
            }
        )
        .unique()
        .sort("road", "city", "number", "branch", "place")
    )
    by_place = houses.select("place", "road", "number").unique().sort("place", "road", "number")
    index = Index(
        counters,
        build_lexicon(pl.Series([*ENDINGS, *NEUTRAL.split("|")])),
        places["lon"],
        places["lat"],
        first_of(place_of, kinds.astype(np.int32), count).astype(np.int8),
        place_city,
        place_district,
        voted,
        vote,
        places["sources"].astype(np.int16),
        places["spread"].astype(np.float32),
        places["rivals"].astype(np.int16),
        build_lexicon(words.struct.field("value")),
        name_first,
        named["place"].to_numpy().astype(np.int32),
        named["kind"].to_numpy().astype(np.int8),
        roads,
        offsets(houses["road"].to_numpy(), len(road_names)),
        houses["city"].to_numpy().astype(np.int32),
        houses["number"].to_numpy().astype(np.int32),
        houses["branch"].to_numpy().astype(np.int32),
        houses["place"].to_numpy().astype(np.int32),
        offsets(by_place["place"].to_numpy(), count),
        by_place["road"].to_numpy().astype(np.int32),
        by_place["number"].to_numpy().astype(np.int32),
        district_cells(places["lon"], places["lat"], voted),
    )
    return index, place_of


def offsets(groups: npt.NDArray[np.int64], count: int) -> I64:
    """CSR offsets of a sorted column of group numbers."""
    return np.searchsorted(groups, np.arange(count + 1)).astype(np.int64)


def division_positions(frame: pl.DataFrame, divisions: Divisions) -> tuple[I32, I32]:
    """City and district of each row as positions in `divisions` (-1 = unknown)."""
    pairs = frame.select("province", "city", "district").unique()
    cities: dict[tuple[str, str, str], tuple[int, int]] = {}
    for province, city, district in pairs.iter_rows():
        position = divisions.position(1, city) if city else -1
        within = divisions.position(DISTRICT, district, city) if district else -1
        cities[province, city, district] = position, within
    keys = list(cities)
    table = pl.DataFrame(
        {
            "province": [k[0] for k in keys],
            "city": [k[1] for k in keys],
            "district": [k[2] for k in keys],
            "c": [cities[k][0] for k in keys],
            "d": [cities[k][1] for k in keys],
        },
        schema_overrides={"province": pl.String, "city": pl.String, "district": pl.String, "c": pl.Int32, "d": pl.Int32},
    )
    joined = frame.select("province", "city", "district").join(
        table, on=["province", "city", "district"], how="left", maintain_order="left"
    )
    return joined["c"].to_numpy().copy(), joined["d"].to_numpy().copy()


def road_lexicon(frame: pl.DataFrame, divisions: Divisions, city: I32) -> tuple[Lexicon, list[str]]:
    """All roads of the gazetteer, reversed; a road written with a front has the value of the road itself."""
    pieces = segments(pl.concat([frame["place_text"], frame["road_word"] + frame["number_word"], frame["word"]]))
    covered = np.zeros(len(divisions.names), np.bool_)
    homes = set(city[city >= 0].tolist())
    for i in range(len(divisions.names)):
        covered[i] = int(divisions.city[i]) in homes or i in homes
    texts = fold(pieces)
    only = np.full(len(pieces), next(iter(homes)) if len(homes) == 1 else -1, np.int32)
    stated = resolve_divisions(texts, divisions, covered, only)
    # Twice: 鼓楼鼓楼区清江路 states its district twice, which one pass reads as one.
    rest = texts.slices(stated.rest, texts.end).drop_nulls().unique(maintain_order=True)
    sure = pl.concat([frame["road_word"], pl.Series("road_word", [], pl.String)])
    sure_texts = fold(sure)
    sure_stated = resolve_divisions(
        sure_texts, divisions, covered, np.full(len(sure), only[0] if len(only) else -1, np.int32)
    )
    bare = sure_texts.slices(sure_stated.rest, sure_texts.end)
    plain = frame["word"].str.replace(rf"(?:{NEUTRAL})$", "")
    areas = {short_name(n) for i, n in enumerate(divisions.names) if covered[i]}
    areas |= {n for i, n in enumerate(divisions.names) if covered[i]}
    areas |= set(rest.filter(rest.str.contains(r"^\D{2,5}$") & ~rest.str.contains(r"(?:路|街|巷|弄|大道)$")).to_list())
    areas |= {
        form
        for name, parent in zip(divisions.town_names, divisions.town_parent.tolist(), strict=True)
        if covered[parent]
        for form in (name, name.removesuffix("街道").removesuffix("镇").removesuffix("乡"))
    }
    areas |= set(plain.filter(~plain.str.contains(r"(?:路|街|巷|弄|大道)$")).to_list())
    written = known_roads(rest, bare, areas)
    names = sorted(set(written.values()))
    position = {name: i for i, name in enumerate(names)}
    forms = pl.Series(list(written), dtype=pl.String)
    values = np.array([position[written[form]] for form in written], np.int32)
    return build_lexicon(forms, values, reverse=True), names


def houses_of(frame: pl.DataFrame, roads: Lexicon, counters: Lexicon) -> tuple[I64, I32, I32, I32]:
    """(entry, road, number or -1, branch) read from road and number, address, and name."""
    joined = pl.select(
        pl.concat_str(
            frame["road_word"],
            frame["number_word"],
            pl.when(frame["number_word"] != "").then(pl.lit("号,")).otherwise(pl.lit(",")),
            frame["place_text"],
            pl.lit(","),
            frame["word"],
        )
    ).to_series()
    texts = fold(joined)
    capacity = 6 * len(texts)
    out = np.empty((capacity, 4), np.int64)
    filled = read_houses(texts.codes, texts.start, texts.end, counters, roads, out)
    out = out[:filled]
    return out[:, 0].copy(), out[:, 1].astype(np.int32), out[:, 2].astype(np.int32), out[:, 3].astype(np.int32)


@compiled
def read_houses(
    codes: npt.NDArray[np.uint16], start: I64, end: I64, counters: Lexicon, roads: Lexicon, out: I64
) -> int:
    """Roads and numbers of each text, at most six a text; `out` rows: text, road, number, branch."""
    mentions = np.empty((6, 6), np.int64)
    filled = 0
    for row in range(len(start)):
        for m in range(read_mentions(counters, roads, codes, start[row], end[row], mentions)):
            out[filled, 0] = row
            out[filled, 1], out[filled, 2], out[filled, 3] = mentions[m, 0], mentions[m, 1], mentions[m, 2]
            filled += 1
    return filled


def merge(frame: pl.DataFrame, city: I32, lon: F64, lat: F64) -> tuple[I32, dict[str, npt.NDArray[np.float64]]]:
    """Entries of one plain name within `SAME_PLACE` of each other are one place.

    Returns the place of each entry, and per place: lon, lat (medians), sources, spread, rivals.
    """
    key = frame["word"].str.replace(rf"(?:{NEUTRAL})$", "")
    key = pl.select(pl.when(key.str.len_chars() >= 2).then(key).otherwise(frame["word"])).to_series()
    group = pl.DataFrame({"city": city, "key": key}).select(pl.struct("city", "key").rank("dense")).to_series()
    groups = group.to_numpy().astype(np.int64)
    order = np.argsort(groups, kind="stable")
    place_of = np.full(len(groups), -1, np.int32)
    count = join_near(groups[order], order, lon, lat, place_of)
    table = pl.DataFrame({"p": place_of, "g": groups, "lon": lon, "lat": lat, "s": frame["source"]})
    placed = table.group_by("p").agg(
        pl.col("lon").median(), pl.col("lat").median(), pl.col("s").n_unique().alias("sources"), pl.col("g").first()
    )
    placed = placed.sort("p").with_columns(rivals=pl.col("sources").sum().over("g") - pl.col("sources"))
    far = table.join(placed.select("p", mlon="lon", mlat="lat"), on="p", how="left").with_columns(
        d=(
            ((pl.col("lon") - pl.col("mlon")) * 111320 * pl.col("lat").radians().cos()) ** 2
            + ((pl.col("lat") - pl.col("mlat")) * 110574) ** 2
        ).sqrt()
    )
    spread = far.group_by("p").agg(pl.col("d").max()).sort("p")["d"].to_numpy()
    assert count == len(placed)
    return place_of, {
        "lon": placed["lon"].to_numpy(),
        "lat": placed["lat"].to_numpy(),
        "sources": placed["sources"].to_numpy(),
        "spread": spread,
        "rivals": placed["rivals"].to_numpy(),
    }


@compiled
def metres(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Distance of near points (equirectangular; below 0.1 % off within a city)."""
    x = (lon1 - lon2) * 111320.0 * np.cos(np.radians(0.5 * (lat1 + lat2)))
    y = (lat1 - lat2) * 110574.0
    return np.sqrt(x * x + y * y)


@compiled
def join_near(groups: I64, order: I64, lon: F64, lat: F64, place_of: I32) -> int:
    """Number the places: single linkage within each group of entries (compared with the 64 before)."""
    count = 0
    for i in range(len(order)):
        entry = order[i]
        joined = -1
        j = i - 1
        while j >= 0 and groups[j] == groups[i] and i - j <= 64:
            other = order[j]
            if metres(lon[entry], lat[entry], lon[other], lat[other]) <= 400.0:
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
        table.group_by("g", "v").len().sort(["g", "len", "v"], descending=[False, True, False]).unique("g", keep="first")
    )
    out = np.full(count, -1, np.int32)
    out[best["g"].to_numpy()] = best["v"].to_numpy()
    return out


def neighbours_vote(lon: F64, lat: F64, district: I32, sources: F64) -> tuple[I32, npt.NDArray[np.float32]]:
    """The district that most of the nearest places state (itself left out), and their share."""
    from shapely import STRtree, points

    if len(lon) == 0:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    x = lon * 111320.0 * np.cos(np.radians(np.median(lat)))
    y = lat * 110574.0
    tree = STRtree(points(x, y))
    voted, vote = district.copy(), np.full(len(lon), 1.0, np.float32)
    left, right = tree.query(points(x, y), predicate="dwithin", distance=800.0)
    vote_near(left.astype(np.int64), right.astype(np.int64), x, y, district, voted, vote)
    return voted, vote


@compiled
def vote_near(
    left: I64, right: I64, x: F64, y: F64, district: I32, voted: I32, vote: npt.NDArray[np.float32]
) -> None:
    """Votes weighted by nearness; pairs are grouped by their left member."""
    i = 0
    seen, weight = np.empty(64, np.int32), np.empty(64, np.float64)
    while i < len(left):
        at = left[i]
        used, total = 0, 0.0
        while i < len(left) and left[i] == at:
            other = right[i]
            i += 1
            if other == at or district[other] < 0:
                continue
            w = 1.0 / (100.0 + np.sqrt((x[at] - x[other]) ** 2 + (y[at] - y[other]) ** 2))
            total += w
            for k in range(used + 1):
                if k == used:
                    if used == 64:
                        break
                    seen[k], weight[k] = district[other], w
                    used += 1
                    break
                if seen[k] == district[other]:
                    weight[k] += w
                    break
        if total > 0.0:
            own, best = 0.0, 0
            for k in range(used):
                if weight[k] > weight[best]:
                    best = k
                if seen[k] == district[at]:
                    own = weight[k]
            vote[at] = own / total
            # One's own word counts as well.
            voted[at] = seen[best] if weight[best] > 2.0 * own + 0.005 or district[at] < 0 else district[at]


def district_cells(lon: F64, lat: F64, district: I32) -> I64:
    """Hash set of (cell, district) for the cells in and around each place."""
    keys = []
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            keys.append(
                ((np.floor(lon / CELL).astype(np.int64) + dx) * 100_000 + np.floor(lat / CELL).astype(np.int64) + dy)
                * 100_000
                + district
            )
    wanted = np.unique(np.concatenate(keys))
    wanted = wanted[wanted % 100_000 < 99_999]
    size = 16
    while size < 2 * len(wanted) + 2:
        size *= 2
    table = np.full(size, -1, np.int64)
    fill_set(table, wanted)
    return table


@compiled
def fill_set(table: I64, keys: I64) -> None:
    """Put all keys into an open-addressing set."""
    for key in keys:
        table[slot_of(table, key)] = key


@compiled
def district_near(cells: I64, lon: float, lat: float, district: int) -> bool:
    """Whether some place of the district lies within a cell or so of the point."""
    key = (np.int64(np.floor(lon / 0.008)) * 100_000 + np.int64(np.floor(lat / 0.008))) * 100_000 + district
    return cells[slot_of(cells, key)] == key
