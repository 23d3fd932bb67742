"""The key of the place that an address names: the same for every household of an estate, or of a house number.

City, district, then the estate without its neutral words (小区, 社区), else the road with its number, else the village; building, unit,
floor and room are left out. Two texts with one key name one place as far as the texts themselves say; nothing similar is joined.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.address.divisions import Divisions
from geo.address.parse import parse
from geo.geocoding.names import GENERIC, NEUTRAL

SEPARATOR: Final = "/"

# From a building on, a text says nothing of its key: texts that differ only there are read once.
_UNIT: Final = r"(\d{1,4})(幢|栋|号楼|座)[^幢栋座号]*$"
# What may be left of a text and is the name of no estate: a gate, a side, a parcel shelf, a word for a kind of place.
_NO_ESTATE: Final = (
    rf"^(?:{GENERIC}|{NEUTRAL}|号.*|\\d+(?:幢|栋|号楼|座)"
    r"|[东西南北中正后前侧]{0,2}(?:门|区|侧|边|面|院|楼|口|段|头|端)|旁|旁边|附近|对面|隔壁|内|院内|路口|.*(?:快递柜|驿站|门卫|传达室|收发室)"
    r"|卫生院|卫生所|医院|诊所|小学|中学|学校|幼儿园|村委会|居委会|社区|小区|超市|商店|商铺|门面房?|门市部?|菜场|菜市场|市场|工厂|厂区?|公司"
    r"|集体?宿舍|职工宿舍|家属[院区楼]|宿舍|车库|仓库|工地|大厦|花园|广场|公寓|新村|银行|邮局|派出所|加油站|车站|地铁站"
    r"|不详|不明|不知.*|未知|没有|暂?无|无此.*|同上|家里?|地址.*)$"
)
_PLAIN_NUMBER: Final = r"^[〇零一二三四五六七八九十百千两\d]+(号|弄|号院|院)?$"

KEY_COLUMNS: Final = {
    "key": pl.String, "city": pl.String, "district": pl.String, "town": pl.String, "road": pl.String, "number": pl.String, "estate": pl.String,
    "village": pl.String,
}  # fmt: skip


def place_keys(texts: pl.Series, divisions: Divisions, prior_city: npt.NDArray[np.int32] | None = None) -> pl.DataFrame:
    """One row per text with the columns of `KEY_COLUMNS`; `key` is null where no city is known or no place is named.

    `prior_city`: of each text the position in `divisions` of the city that is meant where it states none, or -1. The parts are those
    that make the key: an estate goes before a road with its number, a road without one goes last.
    """
    prior = np.full(len(texts), -1, np.int32) if prior_city is None else prior_city
    asked = pl.DataFrame({"stem": texts.cast(pl.String).fill_null("").str.replace(_UNIT, "1${2}"), "prior": prior})
    distinct = asked.unique(maintain_order=True)
    keys = _keys(distinct["stem"], divisions, distinct["prior"].to_numpy())
    if len(distinct) == len(asked):
        return keys
    keyed = pl.concat([distinct, keys], how="horizontal")
    joined = asked.join(keyed, on=["stem", "prior"], how="left", maintain_order="left")
    return joined.select(list(KEY_COLUMNS))


def _keys(texts: pl.Series, divisions: Divisions, prior: npt.NDArray[np.int32]) -> pl.DataFrame:
    if not len(texts):
        return pl.DataFrame(schema=KEY_COLUMNS)
    parsed = parse(texts, divisions, prior)
    names = pl.Series([*divisions.names, None], dtype=pl.String)
    assumed = names.gather(np.where(prior >= 0, prior, len(names) - 1).astype(np.uint32))
    estate = pl.col("estate").str.replace(rf"(?:{NEUTRAL})$", "")
    estate = pl.when(estate.str.len_chars() >= 2).then(estate).otherwise(pl.col("estate"))
    plain = pl.col("number").str.extract(_PLAIN_NUMBER, 1).fill_null("号")
    number = (
        pl.when(pl.col("number").str.contains(_PLAIN_NUMBER))
        .then(pl.col("number_key").cast(pl.String) + plain)
        .otherwise(pl.col("number"))
    )
    frame = parsed.with_columns(
        city=parsed["city"].zip_with(parsed["city"].is_not_null(), assumed),
        number=number,
        estate=pl.when(estate.str.contains(_NO_ESTATE) | (estate.str.len_chars() < 2)).then(None).otherwise(estate),
    )
    village = pl.concat_str(pl.col("town").fill_null(""), pl.col("village"), pl.col("group").fill_null(""))
    house = pl.col("road") + pl.col("number")
    # Two characters (百花, 复建) are the name of many: the house number beside them is surer.
    short = pl.col("estate").str.len_chars() <= 2
    place = pl.coalesce(pl.when(~short).then(pl.col("estate")), house, "estate", village, "road")
    key = pl.concat_str(
        pl.col("city"), pl.col("district").fill_null(""), place.str.replace_all("[/,]", ""), separator=SEPARATOR
    )
    return frame.with_columns(key=key).select(list(KEY_COLUMNS))
