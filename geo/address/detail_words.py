"""The words by which the parts behind the divisions are known: roads, villages, counting words, floors, estates."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import polars as pl

from geo.address.lexicon import Lexicon, build_lexicon
from geo.address.tail import BUILDING, COUNTERS, FLOOR, GROUP, HOUSE, LANE, NO_COUNT, ROOM, UNIT, YARD

ROAD_WORDS: Final = (
    "路", "街", "大道", "道", "巷", "弄", "胡同", "公路", "大街", "里", "坊", "径", "支路", "环路", "步行街", "高速", "国道", "省道", "县道", "乡道", "直街", "横街", "横巷",
    "直巷", "条", "段", "埭", "浜", "堤", "街坊", "道路", "大马路", "马路", "辅路", "东段", "西段", "南段", "北段", "中段",
)  # fmt: skip
# Within a name only these end a road (文三路爱山湾); 里, 坊, 条 end one only before a number.
INNER_ROADS: Final = (
    "路", "大街", "街", "大道", "巷", "弄", "胡同", "公路", "国道", "省道", "步行街", "支路", "环路", "马路", "路东段", "路西段", "路南段", "路北段", "路中段", "大道东段",
    "大道西段", "大道南段", "大道北段", "大道中段", "东街", "西街", "南街", "北街",
)  # fmt: skip
VILLAGES: Final = (
    "村", "社区", "村委会", "居委会", "村民委员会", "居民委员会", "社区居委会", "行政村", "自然村", "嘎查", "嘎查村", "片区村", "村委",
)  # fmt: skip
HAMLETS: Final = (
    "屯", "寨", "庄", "营", "湾", "冲", "坪", "坳", "垭", "沟", "坡", "岭", "坝", "塆", "垸", "墩", "圩", "组", "队", "社", "大队", "生产队", "小组", "浩特", "独贵龙",
)  # fmt: skip
NOT_A_VILLAGE: Final = (
    "新村", "小村", "度假村", "一村", "二村", "三村", "四村", "五村", "六村", "七村", "八村", "九村", "十村", "亚运村", "大学村",
)  # fmt: skip
MORE_COUNTERS: Final = {
    "社": GROUP, "大队": GROUP, "生产队": GROUP, "小队": GROUP, "村民小组": GROUP, "居民小组": GROUP, "居民组": GROUP, "分队": GROUP, "连": GROUP,
    "号别墅": BUILDING, "号厂房": BUILDING, "号车间": BUILDING, "号宿舍": BUILDING, "号宿舍楼": BUILDING, "号住宅楼": BUILDING, "号公寓楼": BUILDING,
    "号教学楼": BUILDING, "号办公楼": BUILDING, "号商业楼": BUILDING, "号塔": BUILDING, "号商铺": ROOM, "号铺": ROOM, "号门面": ROOM, "号门市": ROOM, "号店面": ROOM,
    "铺": ROOM, "号单元": UNIT, "层楼": FLOOR, "门牌": HOUSE, "门牌号": HOUSE, "条": NO_COUNT, "支巷": LANE, "号巷": LANE, "弄堂": LANE, "里": NO_COUNT, "坊": NO_COUNT,
    "街坊": NO_COUNT, "道": NO_COUNT, "道街": NO_COUNT, "大街": NO_COUNT, "号大街": NO_COUNT, "胡同": NO_COUNT, "中": NO_COUNT, "小": NO_COUNT, "标段": NO_COUNT, "国道": NO_COUNT, "省道": NO_COUNT,
    "县道": NO_COUNT, "区块": NO_COUNT, "马路": NO_COUNT, "公里": NO_COUNT, "米": NO_COUNT, "号门店": ROOM, "大院": YARD, "号小院": YARD, "宅": HOUSE, "号宅": HOUSE, "支": NO_COUNT,
    "环": NO_COUNT, "环路": NO_COUNT, "段": NO_COUNT, "台": NO_COUNT, "村": NO_COUNT, "纬路": NO_COUNT, "经路": NO_COUNT, "厂": NO_COUNT, "院区": NO_COUNT, "医院": NO_COUNT,
}  # fmt: skip
FLOOR_WORDS: Final = (
    "底商", "底店", "底层", "顶层", "顶楼", "地下室", "地下层", "阁楼", "架空层", "夹层", "裙楼", "临街门面", "临街商铺", "门面房", "临街铺",
)  # fmt: skip
CROSSING: Final = ("交叉口", "交口", "交汇处", "交界处", "路口", "交叉路口", "十字路口", "转角")
# With nothing but one of these behind it a road is part of an estate's name (莫愁东路小区).
ESTATE_WORDS: Final = (
    "小区", "新村", "花园", "公寓", "大院", "宿舍", "家属院", "家属楼", "社区", "大厦", "广场", "住宅区", "生活区", "宿舍区", "花苑", "家园", "新苑", "苑", "大楼", "住宅", "住宅小区",
    "职工宿舍", "综合楼", "商住楼", "居民区",
)  # fmt: skip
NUMBER_KINDS: Final = {HOUSE: "号", LANE: "弄", YARD: "院"}
# Spans in the order of the columns that `take_apart` fills, two each.
SPANS: Final = (
    "village", "group", "road", "number", "second_number", "estate", "building", "unit", "floor", "room", "third_number",
)  # fmt: skip
VILLAGE, GROUP_AT, ROAD, NUMBER, SECOND, ESTATE, BUILDING_AT, UNIT_AT, FLOOR_AT, ROOM_AT, THIRD = range(11)
PART_OF: Final = np.array([NUMBER, NUMBER, NUMBER, BUILDING_AT, UNIT_AT, FLOOR_AT, ROOM_AT, GROUP_AT], np.int64)
FU, FUMINUS, DIXIA, XIA, ORDINAL, TO, UNTIL, HAO, B = (ord(c) for c in "附负地下第至到号B")
XIANG, ZHEN, XIAO, BIG, DAO, KOU, QU, ZHI_LANE, F = (ord(c) for c in "乡镇小大道口区支F")
SIDES: Final = (ord("东"), ord("西"), ord("南"), ord("北"), ord("中"))


class Vocabulary(NamedTuple):
    """The words that parts end with, as lexicons; `roads`, `inner`, `villages`, `hamlets`, `not_villages` are reversed."""

    counters: Lexicon
    roads: Lexicon
    inner: Lexicon
    villages: Lexicon
    hamlets: Lexicon
    not_villages: Lexicon
    floors: Lexicon
    crossing: Lexicon
    estates: Lexicon
    estate_ends: Lexicon


def vocabulary() -> Vocabulary:
    """All words of this module."""

    def words(of: tuple[str, ...], *, reverse: bool = False) -> Lexicon:
        return build_lexicon(pl.Series(list(dict.fromkeys(of))), reverse=reverse)

    counters = COUNTERS | MORE_COUNTERS
    values = np.array(list(counters.values()), np.int32) + 1
    return Vocabulary(
        build_lexicon(pl.Series(list(counters)), values),
        words(ROAD_WORDS, reverse=True),
        words(INNER_ROADS, reverse=True),
        words(VILLAGES, reverse=True),
        words(HAMLETS, reverse=True),
        words(NOT_A_VILLAGE, reverse=True),
        words(FLOOR_WORDS),
        words(CROSSING),
        words(ESTATE_WORDS),
        words(ESTATE_WORDS, reverse=True),
    )
