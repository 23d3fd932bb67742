"""The roads that a gazetteer knows, read from its road column and its free addresses.

Published roads carry districts, quarters and other roads in front (鼓楼区清江路, 桥南路多伦路). Such a front is taken
off where what remains is a road by itself and the front is a place known otherwise, or long and rare: 新模范马路 stays.
"""

from __future__ import annotations

from typing import Final

import polars as pl

ROAD_WORD: Final = r"(?:路|街|大道|巷|弄|胡同|道|里|坊|线|径|桥|门|港|圩|营|村|岗|头|坡)"
_SURE_WORD: Final = r"(?:路|街|大道|巷|弄|胡同|公路|里|道)"
_NUMBERED: Final = r"^([^\d]{2,12}?)(?:甲|乙|丙)?\d+(?:-\d+)*(?:$|号|弄|院|、|之|至)"
_ENDING: Final = rf"^([^\d]{{1,8}}{_SURE_WORD})(?:$|附近|旁|口|对面|路口|东侧|西侧|南侧|北侧|交叉口|交界处|交汇处|以东|以西|以南|以北)"
_JOINTS: Final = r"与|和|及|[,()]|靠近|临近|近"


def segments(texts: pl.Series) -> pl.Series:
    """The pieces of folded addresses between separators and joining words, each distinct one once."""
    return texts.str.replace_all(_JOINTS, ",").str.split(",").explode().drop_nulls().unique(maintain_order=True)


def known_roads(pieces: pl.Series, sure: pl.Series, areas: set[str]) -> dict[str, str]:
    """Road as written → road by itself.

    `pieces`: segments of folded addresses behind their divisions; `sure`: roads of a gazetteer's own column;
    `areas`: names of divisions, quarters and estates that may stand in front of a road.
    """
    found = pl.concat([pieces.str.extract(_NUMBERED, 1), pieces.str.extract(_ENDING, 1), sure]).drop_nulls()
    counted = found.rename("road").value_counts().filter(pl.col("road").str.len_chars() >= 2)
    counts: dict[str, int] = dict(counted.iter_rows())
    ends = set(counted.filter(pl.col("road").str.contains(_SURE_WORD + "$"))["road"].to_list())
    return {road: bare_road(road, counts, ends, areas) for road in sorted(counts)}


def bare_road(road: str, counts: dict[str, int], ends: set[str], areas: set[str]) -> str:
    """The road without what stands in front of it."""
    for cut in range(1, len(road) - 1):
        front, rest = road[:cut], road[cut:]
        if rest not in counts or (len(rest) == 2 and rest not in ends):
            continue
        if front in areas or (front in ends and rest in ends):
            return bare_road(rest, counts, ends, areas)
        if cut >= 2 and len(rest) >= 3 and rest in ends and counts[rest] > 2 * counts[road]:
            return bare_road(rest, counts, ends, areas)
    return road
