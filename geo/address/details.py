"""What follows the divisions, part by part: village, group, road, numbers, estate, building, unit, floor, room.

One walk from the left over the numbers of a text. The words before a number are names; the word behind it says what it counts. Where
no word does, the place decides: behind a road it is a house number, behind an estate or a building it is a building, a unit or a room.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.address.characters import DASH, SEPARATOR, Codes
from geo.address.compiled import compiled, entry
from geo.address.division_reading import skip_separators
from geo.address.lexicon import NOTHING, Lexicon, build_lexicon, longest_at, longest_before
from geo.address.numbers import DIGIT, KINDS, LETTER, NUMERAL, STEM, ZHI, chinese_value, read_number
from geo.address.tail import BUILDING, COUNTERS, FLOOR, GROUP, HOUSE, LANE, NO_COUNT, ROOM, UNIT, YARD, begins_number

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


@compiled
def ends_with(lexicon: Lexicon, codes: Codes, begin: int, at: int) -> int:
    """Length of the longest word of a reversed lexicon that ends at `at`; 0 if there is none."""
    word, length = longest_before(lexicon, codes, begin, at)
    return length if word != NOTHING else 0


@compiled
def put(spans: npt.NDArray[np.int64], part: int, first: int, last: int) -> None:
    """Write a part unless it is there already or empty."""
    if spans[part, 0] < 0 and last > first:
        spans[part, 0], spans[part, 1] = first, last


@compiled
def find_village(v: Vocabulary, codes: Codes, begin: int, end: int) -> int:
    """Where the village at the head of a name ends; `begin` if there is none."""
    for p in range(begin + 2, end + 1):
        width = ends_with(v.villages, codes, begin, p)
        if width == 0 or p - begin <= width or ends_with(v.not_villages, codes, begin, p) > 0:
            continue
        # 村 of 村委会, 社区 of 社区居委会: the longer word ends further on.
        longer = False
        for q in range(p + 1, min(end, p + 6) + 1):
            longer = longer or ends_with(v.villages, codes, begin, q) >= q - p + width
        if longer:
            continue
        # 中关村南大街 is a road: no village if a road's ending stands right behind it.
        road = False
        for q in range(p + 1, min(end, p + 4) + 1):
            wide = ends_with(v.inner, codes, p, q)
            road = road or (wide > 0 and q - p - wide <= 1)
        if not road:
            return p
    return begin


@compiled
def behind_town(codes: Codes, begin: int, end: int) -> int:
    """Where a village's name begins behind a town that no table knows (板利乡板利村)."""
    for i in range(begin + 2, end - 2):
        if codes[i - 1] in (XIANG, ZHEN) and codes[i - 2] != XIAO and i - begin <= 6:
            return i
    return begin


@compiled
def name_parts(
    v: Vocabulary, codes: Codes, begin: int, end: int, before_number: bool, spans: npt.NDArray[np.int64]
) -> None:
    """Share a name out to village, road and estate. `before_number`: a house number follows."""
    begin = skip_separators(codes, begin, end)
    while end > begin and codes[end - 1] == SEPARATOR:
        end -= 1
    if end <= begin:
        return
    if spans[VILLAGE, 0] < 0 and spans[ROAD, 0] < 0:
        p = find_village(v, codes, begin, end)
        if p > begin:
            put(spans, VILLAGE, behind_town(codes, begin, p), p)
            begin = skip_separators(codes, p, end)
            if end <= begin:
                return
            # A hamlet behind it: 板利村板利屯.
            width = ends_with(v.hamlets, codes, begin, end)
            if width > 0 and end - begin > width and end - begin <= 6 and spans[GROUP_AT, 0] < 0:
                put(spans, GROUP_AT, begin, end)
                return
    width = ends_with(v.roads, codes, begin, end)
    if width > 0 and end - begin > width and before_number and spans[ROAD, 0] < 0:
        # Only the last segment is the road.
        first = begin
        for p in range(begin, end):
            if codes[p] == SEPARATOR:
                first = p + 1
        if end - first > width:
            if first > begin + 1:
                name_parts_before(v, codes, begin, first - 1, spans)
            put(spans, ROAD, first, end)
            return
    if (
        before_number
        and spans[ROAD, 0] < 0
        and end - begin <= 4
        and ends_with(v.estate_ends, codes, begin, end) == 0
        and ends_with(v.inner, codes, begin, end) == 0
    ):
        inner = False
        for p in range(begin + 2, end):
            inner = inner or ends_with(v.inner, codes, begin, p) > 0
        if not inner:
            # Without a road word a longer name before a number is an estate (花园小区12号), a shorter a lane.
            put(spans, ROAD, begin, end)
            return
    name_parts_before(v, codes, begin, end, spans)


@compiled
def name_parts_before(v: Vocabulary, codes: Codes, begin: int, end: int, spans: npt.NDArray[np.int64]) -> None:
    """A road at the head of the name, the rest is the estate."""
    if spans[ROAD, 0] < 0:
        for p in range(begin + 2, end + 1):
            width = ends_with(v.inner, codes, begin, p)
            if width == 0 or p - begin <= width:
                continue
            following = codes[p] if p < end else SEPARATOR
            if following in (DAO, KOU, QU):
                continue
            # The longest ending: 大道东段, 路北段; and 花园路路 is none.
            last = p
            for q in range(p + 1, min(end, p + 3) + 1):
                wide = ends_with(v.inner, codes, begin, q)
                if wide > q - p:
                    last = q
            if last < end and codes[last - 1] == DAO and codes[last - 2] == BIG and codes[last] in SIDES:
                last += 1  # 工业大道南
            estate, length = longest_at(v.estates, codes, last, end)
            if estate != NOTHING and last + length == end:
                break
            put(spans, ROAD, begin, last)
            begin = skip_separators(codes, last, end)
            break
    crossing, length = longest_at(v.crossing, codes, begin, end)
    if crossing != NOTHING:
        begin += length
    if begin < end and (codes[begin] == ord("与") or codes[begin] == ord("和")):
        return  # 甲路与乙路交叉口
    while end > begin and codes[end - 1] == SEPARATOR:
        end -= 1
    put(spans, ESTATE, begin, end)


@compiled
def composite(codes: Codes, at: int, after: int, housed: bool, spans: npt.NDArray[np.int64]) -> bool:
    """Numbers joined by dashes that nothing counts: 5-2-301, 1-502 behind a building, 12-302."""
    count, begin = 1, at
    for i in range(at, after):
        if codes[i] == DASH:
            count += 1
    first = housed or spans[BUILDING_AT, 0] >= 0
    if spans[ROOM_AT, 0] >= 0:
        return False
    part = 0
    for i in range(at, after + 1):
        if i < after and codes[i] != DASH:
            continue
        slot = ROOM_AT
        if part < count - 1:
            slot = UNIT_AT if first or part > 0 else BUILDING_AT
        put(spans, slot, begin, i)
        begin = i + 1
        part += 1
    return True


@compiled
def number_end(codes: Codes, after: int, end: int) -> int:
    """Where a house number ends that goes on behind 号: 12号之一, 61号甲, 12号-1."""
    stem = after < end and KINDS[codes[after]] == STEM
    if stem and not (after + 1 < end and (KINDS[codes[after + 1]] in (DIGIT, NUMERAL) or codes[after + 1] == ZHI_LANE)):
        return after + 1
    if (
        after + 1 < end
        and (codes[after] == ZHI or codes[after] == DASH)
        and KINDS[codes[after + 1]] in (DIGIT, NUMERAL)
    ):
        i = after + 1
        kind = KINDS[codes[i]]
        while i < end and KINDS[codes[i]] == kind:
            i += 1
        return i
    return after


@entry
def take_apart(
    codes: Codes,
    rest: npt.NDArray[np.int64],
    main_end: npt.NDArray[np.int64],
    v: Vocabulary,
    spans: npt.NDArray[np.int64],
    kinds: npt.NDArray[np.int8],
) -> None:
    """Fill `spans` (rows × parts × first, last) and `kinds` (what the first number counts) from left to right."""
    for row in range(len(rest)):
        take_one(codes, skip_separators(codes, rest[row], main_end[row]), main_end[row], v, spans[row], kinds, row)


@compiled
def take_one(
    codes: Codes,
    begin: int,
    end: int,
    v: Vocabulary,
    spans: npt.NDArray[np.int64],
    kinds: npt.NDArray[np.int8],
    row: int,
) -> None:
    """The parts of one text."""
    i = start = begin
    inside = False  # a building, unit, floor or room has been read: what follows is no road
    while i < end:
        code = codes[i]
        word, length = longest_at(v.floors, codes, i, end)
        if word != NOTHING and spans[FLOOR_AT, 0] < 0 and i > start:
            if not inside:
                name_parts(v, codes, begin, i, False, spans)
            put(spans, FLOOR_AT, i, i + length)
            inside, i = True, i + length
            begin = i
            continue
        first = i
        sign = False
        if code in (FU, ORDINAL, FUMINUS) and i + 1 < end and KINDS[codes[i + 1]] in (DIGIT, NUMERAL):
            i, sign = i + 1, True
        elif code == DIXIA and i + 2 < end and codes[i + 1] == XIA and KINDS[codes[i + 2]] in (DIGIT, NUMERAL):
            i, sign = i + 2, True
        if not sign and not begins_number(codes, i, begin):
            i = first + 1
            continue
        letter = KINDS[codes[i]] == LETTER
        value, _, after = read_number(codes, i, end)
        if letter:
            after = i
            while after < end and KINDS[codes[after]] in (LETTER, DIGIT):
                after += 1
            while after + 1 < end and codes[after] == DASH and KINDS[codes[after + 1]] in (DIGIT, LETTER):
                after += 1
                while after < end and KINDS[codes[after]] in (DIGIT, LETTER):
                    after += 1
            value = 0
        if value < 0:
            i = first + 1
            continue
        numeral = KINDS[codes[i]] == NUMERAL
        while (
            after + 1 < end
            and (codes[after] == TO or codes[after] == UNTIL)
            and KINDS[codes[after + 1]] in (DIGIT, NUMERAL)
        ):
            _, _, after = read_number(codes, after + 1, end)
        word, length = longest_at(v.counters, codes, after, end)
        counted = word - 1 if word != NOTHING and word > 0 else NO_COUNT
        if word == NOTHING:
            length = 0
        named = ends_with(v.roads, codes, begin, first)
        if length > 0 and counted == NO_COUNT:
            i = after + length  # 三期, 五路: part of a name
            continue
        if length > 0 and counted == GROUP:
            if not inside and spans[GROUP_AT, 0] < 0:
                p = first
                while p > begin and codes[p - 1] == SEPARATOR:
                    p -= 1
                put_village(v, codes, begin, p, spans)
                put(spans, GROUP_AT, first, after + length)
                begin = after + length
            elif spans[GROUP_AT, 1] == first:
                spans[GROUP_AT, 1] = begin = after + length  # 五大队二小队
            i = after + length
            continue
        if length > 0 and HOUSE <= counted <= YARD and not letter:
            doubtful = numeral and counted != HOUSE and length == 1 and after + 1 < end and first == begin
            if inside or doubtful:
                if inside and counted == HOUSE and spans[ROOM_AT, 0] < 0 and spans[BUILDING_AT, 0] >= 0:
                    put(spans, ROOM_AT, first, after + length)
                i = after + length
                continue
            last = number_end(codes, after + length, end)
            if spans[NUMBER, 0] < 0:
                name_parts(v, codes, begin, first, True, spans)
                put(spans, NUMBER, first, last)
                kinds[row] = counted
            else:
                if first > begin:
                    name_parts(v, codes, begin, first, True, spans)
                put(spans, SECOND if spans[SECOND, 0] < 0 else THIRD, first, last)
            begin = i = last
            continue
        if length > 0 and BUILDING <= counted <= ROOM:
            single = length == 1 and after + 1 < end
            # 三层 and 二楼 end a text or stand before a number; 五门, 三房 begin names.
            doubtful = (
                numeral
                and single
                and counted in (FLOOR, UNIT, ROOM)
                and KINDS[codes[after + 1]] not in (DIGIT, NUMERAL, LETTER)
                and codes[after + 1] != SEPARATOR
            )
            if doubtful and not inside:
                i = after + length
                continue
            if not inside:
                name_parts(v, codes, begin, first, False, spans)
            part = PART_OF[counted]
            if letter and counted == BUILDING:
                # A3幢, B座: the letter is part of the building's name.
                put(spans, part if spans[part, 0] < 0 else UNIT_AT, i, after + length)
            elif spans[part, 0] < 0:
                if counted in (BUILDING, ROOM):
                    split = -1
                    for p in range(i, after):
                        if codes[p] == DASH:
                            split = p
                    if split > 0 and counted == ROOM and (spans[BUILDING_AT, 0] < 0 or spans[UNIT_AT, 0] < 0):
                        composite(codes, i, after, False, spans)
                        spans[ROOM_AT, 1] = after + length
                    else:
                        put(spans, part, first, after + length)
                else:
                    put(spans, part, first, after + length)
            inside = True
            begin = i = after + length
            continue
        if (
            not letter
            and codes[after - 1] == F
            and after - i >= 2
            and spans[FLOOR_AT, 0] < 0
            and (after == end or codes[after] == SEPARATOR)
        ):
            if not inside:
                name_parts(v, codes, begin, first, False, spans)
            put(spans, FLOOR_AT, first, after)
            inside = True
            begin = i = after
            continue
        # Nothing counts it.
        dashes = False
        for p in range(i, after):
            dashes = dashes or codes[p] == DASH
        if inside:
            if letter and not dashes and spans[ROOM_AT, 0] < 0 and (after == end or codes[after] == SEPARATOR):
                put(spans, ROOM_AT, i, after)
            elif not numeral or after == end:
                composite(codes, i, after, False, spans)
            begin = i = after
            continue
        if named > 0 and not letter and not numeral and spans[NUMBER, 0] < 0:
            name_parts(v, codes, begin, first, True, spans)
            kinds[row] = HOUSE
            dash, dashed = 0, 0
            for p in range(i, after):
                if codes[p] == DASH:
                    dashed += 1
                    dash = p if dash == 0 else dash
            if dashed > 1:  # 花园街5-2-301
                put(spans, NUMBER, first, dash)
                composite(codes, dash + 1, after, True, spans)
                inside = True
            else:
                put(spans, NUMBER, first, after)
            begin = i = after
            continue
        whole = after >= end or codes[after] == SEPARATOR
        if not numeral and whole and first > begin and (dashes or value > 100 or letter):
            name_parts(v, codes, begin, first, False, spans)
            composite(codes, i, after, False, spans)
            inside = True
            begin = i = after
            continue
        if spans[NUMBER, 0] >= 0 and first == begin and not numeral and (dashes or whole) and not letter:
            composite(codes, i, after, False, spans)
            inside = True
            begin = i = after
            continue
        i = max(after, first + 1)
    if not inside:
        name_parts(v, codes, begin, end, False, spans)


@compiled
def put_village(v: Vocabulary, codes: Codes, begin: int, end: int, spans: npt.NDArray[np.int64]) -> None:
    """The name before a group: its village, or the whole of it."""
    begin = skip_separators(codes, begin, end)
    p = find_village(v, codes, begin, end)
    if p > begin:
        put(spans, VILLAGE, behind_town(codes, begin, p), p)
        name_parts_before(v, codes, p, end, spans)
    elif end - begin >= 2:
        put(spans, VILLAGE, begin, end)


@entry
def values_of(codes: Codes, spans: npt.NDArray[np.int64], out: npt.NDArray[np.int64]) -> None:
    """The value of the first number in each span (rows × first, last); -1 where there is none. Floors below the ground are negative."""
    for row in range(len(spans)):
        out[row] = -1
        for i in range(spans[row, 0], spans[row, 1]):
            kind = KINDS[codes[i]]
            if kind in (DIGIT, NUMERAL):
                last = i
                while last < spans[row, 1] and KINDS[codes[last]] == kind:
                    last += 1
                if last - i <= 8:
                    out[row] = chinese_value(codes, i, last)
                break
