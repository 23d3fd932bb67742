"""The names of an estate: as published, and the shorter forms under which people write it.

An alias carries a kind, the way it was made; how far a kind can be trusted is measured, not assumed (see
`calibration`). Kinds are ordered from the surest to the weakest.
"""

from __future__ import annotations

from typing import Final

import polars as pl

FULL, PLAIN, BASE, CORE, PART = 0, 1, 2, 3, 4
KINDS: Final = ("full", "plain", "base", "core", "part")

# Words that say "housing estate" and no more: with or without them it is the same place.
NEUTRAL: Final = "住宅小区|居民小区|小区|住宅区|生活区|家属区|家属院|宿舍区|宿舍|社区|大院|住宅楼|住宅|楼盘|商品房|别墅区|公寓楼|商住楼"
_NUMERAL: Final = "[一二三四五六七八九十]"
# Words that name a part of an estate: a phase, a side, a lettered or numbered quarter.
PHASE: Final = (
    rf"第?(?:{_NUMERAL}+|\d+)(?:期|区|组团|街区|标段|批)|{_NUMERAL}+(?:村|坊|里|弄|巷|条)|[东西南北中]+(?:区|苑|园|院|村|组团|里|块|片区)"
    rf"|[上下前后](?:区|苑|园|村)|[A-Z]\d?(?:区|组团|块|座|栋|幢)?|\d+(?:-\d+)?号?(?:院|楼|幢|栋)|(?:\d+(?:-\d+)?|{_NUMERAL}+)号(?:小区|院|大院|楼)?|(?:新|老)区"
)
# Words that name a kind of estate; two estates may differ in nothing else.
GENERIC: Final = (
    "国际花园|国际公寓|国际广场|商务广场|商业广场|商务中心|商务大厦|花园城|花园|花苑|家园|家苑|公寓|大厦|广场|新村|新寓|新苑|新城|嘉园|嘉苑|佳园|佳苑"
    "|雅苑|雅园|雅居|名苑|名园|名城|名都|名邸|公馆|华府|华庭|华苑|山庄|山居|庄园|别墅|府邸|豪庭|豪园|豪苑|景苑|景园|丽苑|丽园|馨苑|馨园|锦苑|锦园|水岸|国际|中心|城市花园"
    "|人家|家庭|庭院|小镇|世家|春天|商城|商厦|大楼|花城|苑|园|庭|府|居|邸|城|里|坊|村|寓|楼|湾|轩|阁|舍|院"
)
SHORTEST_PART: Final = 3


def aliases(names: pl.DataFrame) -> pl.DataFrame:
    """All aliases of folded names.

    `names`: columns place (any), name (folded, without brackets). Returns place, alias, kind (see above), of which
    the strongest kind per pair; parts of a name are at least three characters long and stand at its beginning or end.
    """
    frame = names.filter(pl.col("name").str.len_chars() >= 2)
    plain = pl.col("name").str.replace(rf"(?:{NEUTRAL})$", "")
    frame = frame.with_columns(plain=pl.when(plain.str.len_chars() >= 2).then(plain).otherwise(pl.col("name")))
    base = pl.col("plain").str.replace(rf"(?:{PHASE})+$", "").str.replace(rf"(?:{NEUTRAL})$", "")
    frame = frame.with_columns(base=pl.when(base.str.len_chars() >= 2).then(base).otherwise(pl.col("plain")))
    core = pl.col("base").str.replace(rf"(?:{GENERIC})$", "")
    frame = frame.with_columns(core=pl.when(core.str.len_chars() >= 2).then(core).otherwise(pl.col("base")))
    parts = []
    length = pl.col("base").str.len_chars().cast(pl.Int64)
    for size in range(SHORTEST_PART, 12):
        longer = frame.filter(length > size)
        if longer.is_empty():
            break
        parts += [
            longer.select("place", alias=pl.col("base").str.head(size), kind=pl.lit(PART, pl.Int8)),
            longer.select("place", alias=pl.col("base").str.tail(size), kind=pl.lit(PART, pl.Int8)),
        ]
    wholes = [
        frame.select("place", alias=pl.col(column), kind=pl.lit(kind, pl.Int8))
        for kind, column in ((FULL, "name"), (PLAIN, "plain"), (BASE, "base"), (CORE, "core"))
    ]
    return (
        pl.concat(wholes + parts)
        .filter(pl.col("alias").str.contains(r"\D"))
        .group_by("place", "alias")
        .agg(pl.col("kind").min())
        .sort("alias", "place")
    )
