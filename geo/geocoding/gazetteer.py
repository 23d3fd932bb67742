"""Turn a gazetteer (rows of several sources, mistakes included) into an `Index`."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.address.characters import fold, fold_words
from geo.address.compiled import entry
from geo.address.divisions import DISTRICT, Divisions, resolve_divisions, short_name
from geo.address.lexicon import Lexicon, build_lexicon, slot_of
from geo.address.tail import build_counters, read_mentions
from geo.address.words import PHASES
from geo.geocoding.distance import metres
from geo.geocoding.index import CELL, F64, HOUSE, I32, I64, MEANING, ON_ROAD, PLACE, Index, Records
from geo.geocoding.merging import first_of, majority, merge
from geo.geocoding.names import NEUTRAL, aliases
from geo.geocoding.roads import known_roads, segments

LEVELS: Final = ("UNIT", "DOOR", "COMPOUND", "POI", "COMMUNITY", "ROAD", "SUBDISTRICT", "DISTRICT", "CITY", "NONE")
PLACE_KINDS: Final = ("COMPOUND", "POI", "COMMUNITY", "ROAD", "DOOR")
TEXT_COLUMNS: Final = (
    "name",
    "kind",
    "province",
    "city",
    "district",
    "subdistrict",
    "road",
    "number",
    "address",
    "source",
)


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
    entry_house, house_road, house_number, house_branch, house_lane = houses_of(frame, roads, counters)
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
                "lane": house_lane,
                "place": house_place,
            }
        )
        .unique()
        .sort("road", "city", "number", "branch", "lane", "place")
    )
    lonely = distance_on_road(houses, places["lon"], places["lat"])
    by_place = houses.select("place", "road", "number").unique().sort("place", "road", "number")
    table = np.zeros(count, PLACE)
    for field in ("lon", "lat", "sources", "rivals", "spread", "error"):
        table[field] = places[field]
    table["kind"] = first_of(place_of, kinds.astype(np.int32), count)
    table["city"], table["district"], table["voted"], table["vote"] = place_city, place_district, voted, vote
    table["lonely"] = lonely
    index = Index(
        counters,
        build_lexicon(pl.Series([*PHASES, *NEUTRAL.split("|")])),
        len(PHASES),
        table,
        build_lexicon(words.struct.field("value")),
        name_first,
        records(named, MEANING),
        strongest_kinds(named),
        roads,
        offsets(houses["road"].to_numpy(), len(road_names)),
        records(houses, HOUSE),
        offsets(by_place["place"].to_numpy(), count),
        records(by_place, ON_ROAD),
        district_cells(places["lon"], places["lat"], voted),
    )
    return index, place_of


def strongest_kinds(named: pl.DataFrame) -> I32:
    """Per alias (rows are grouped by it) the strongest of its kinds."""
    kinds = named.group_by("alias", maintain_order=True).agg(pl.col("kind").min())["kind"]
    return kinds.cast(pl.Int32).to_numpy().copy()


def records(frame: pl.DataFrame, fields: np.dtype[Any]) -> Records:
    """The columns that `fields` names as one structured array."""
    out = np.zeros(len(frame), fields)
    for field in fields.names or ():
        out[field] = frame[field].to_numpy()
    return out


def distance_on_road(houses: pl.DataFrame, lon: F64, lat: F64) -> npt.NDArray[np.float32]:
    """Metres from each place to the nearest other place on one of its roads; -1 if it has no neighbour there."""
    out = np.full(len(lon), -1.0, np.float32)
    road, city, number, place = (houses[c].to_numpy().astype(np.int64) for c in ("road", "city", "number", "place"))
    nearest_on_road(road, city, number, place, lon, lat, out)
    return out


@entry
def nearest_on_road(
    road: I64, city: I64, number: I64, place: I64, lon: F64, lat: F64, out: npt.NDArray[np.float32]
) -> None:
    """Compare every house with those of its road within 40 rows (rows are ordered by number)."""
    for i in range(len(road)):
        for j in range(max(0, i - 40), min(len(road), i + 41)):
            if road[j] != road[i] or city[j] != city[i] or place[j] == place[i]:
                continue
            a, b = place[i], place[j]
            d = metres(lon[a], lat[a], lon[b], lat[b])
            # Neighbours in number should be neighbours in space: a far number may lie far.
            if number[i] >= 0 and number[j] >= 0:
                d = max(0.0, d - 10.0 * abs(number[i] - number[j]))
            if out[a] < 0.0 or d < out[a]:
                out[a] = d


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
        schema_overrides={
            "province": pl.String,
            "city": pl.String,
            "district": pl.String,
            "c": pl.Int32,
            "d": pl.Int32,
        },
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


def houses_of(frame: pl.DataFrame, roads: Lexicon, counters: Lexicon) -> tuple[I64, I32, I32, I32, I32]:
    """(entry, road, number or -1, branch, whether it is a lane's) read from road and number, address, and name."""
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
    capacity = 6 * len(texts.start)
    out = np.empty((capacity, 5), np.int64)
    filled = read_houses(texts.codes, texts.start, texts.end, counters, roads, out)
    out = out[:filled]
    road, number, branch, lane = (out[:, k].astype(np.int32) for k in range(1, 5))
    return out[:, 0].copy(), road, number, branch, lane


@entry
def read_houses(
    codes: npt.NDArray[np.uint16],
    start: I64,
    end: I64,
    counters: Lexicon,
    roads: Lexicon,
    out: I64,
) -> int:
    """Roads and numbers of each text, at most six a text; `out` rows: text, road, number, branch, lane."""
    mentions = np.empty((6, 7), np.int64)
    filled = 0
    for row in range(len(start)):
        for m in range(read_mentions(counters, roads, codes, start[row], end[row], mentions)):
            out[filled, 0] = row
            out[filled, 1], out[filled, 2], out[filled, 3] = mentions[m, 0], mentions[m, 1], mentions[m, 2]
            out[filled, 4] = mentions[m, 6]
            filled += 1
    return filled


def neighbours_vote(lon: F64, lat: F64, district: I32, sources: F64) -> tuple[I32, npt.NDArray[np.float32]]:
    """The district that most of the nearest places state (itself left out), and their share."""
    from shapely import STRtree, points

    if len(lon) == 0:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    x = lon * 111320.0 * np.cos(np.radians(np.median(lat)))
    y = lat * 110574.0
    tree = STRtree(np.asarray(points(x, y)))
    voted, vote = district.copy(), np.full(len(lon), 1.0, np.float32)
    left, right = tree.query(points(x, y), predicate="dwithin", distance=800.0)
    vote_near(left.astype(np.int64), right.astype(np.int64), x, y, district, voted, vote)
    return voted, vote


@entry
def vote_near(
    left: I64,
    right: I64,
    x: F64,
    y: F64,
    district: I32,
    voted: I32,
    vote: npt.NDArray[np.float32],
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
    x, y = np.floor(lon / CELL).astype(np.int64), np.floor(lat / CELL).astype(np.int64)
    keys = [((x + dx) * 100_000 + y + dy) * 100_000 + district for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    wanted = np.unique(np.concatenate(keys))
    wanted = wanted[wanted % 100_000 < 99_999]
    size = 16
    while size < 2 * len(wanted) + 2:
        size *= 2
    table = np.full(size, -1, np.int64)
    fill_set(table, wanted)
    return table


@entry
def fill_set(table: I64, keys: I64) -> None:
    """Put all keys into an open-addressing set."""
    for key in keys:
        table[slot_of(table, key)] = key
