"""What a text states, in every way in which people write it; and one reading for all ways of writing one text."""

from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.address.characters import RADICALS, fold
from geo.address.divisions import (
    AMBIGUOUS,
    BY_LOCAL,
    BY_TOWN,
    BY_ZONE,
    CITY,
    CONTRADICTED,
    DISTRICT,
    LATE,
    STALE,
    WEAK,
    Divisions,
    build_divisions,
    division_candidates,
    resolve_divisions,
)
from geo.address.parse import parse


@cache
def table() -> Divisions:
    return build_divisions()


def read(text: str, prior: str = "") -> dict[str, str | int]:
    divisions = table()
    folded = fold(pl.Series([text]))
    position = divisions.position(CITY, prior) if prior else -1
    s = resolve_divisions(folded, divisions, None, np.array([position], np.int32))
    names, towns, zones = [*divisions.names, ""], [*divisions.town_names, ""], [*divisions.zone_names, "?", ""]
    return {
        "province": names[s.province[0]],
        "city": names[s.city[0]],
        "district": names[s.district[0]],
        "town": towns[s.town[0]],
        "zone": zones[s.zone[0]],
        "other": names[s.other[0]],
        "rest": folded.slices(s.rest, folded.main_end)[0] or "",
        "flags": int(s.flags[0]),
    }


def stated(text: str, prior: str = "") -> tuple[str | int, ...]:
    found = read(text, prior)
    return found["city"], found["district"], found["rest"]


# Text; city, district and the rest that it must give.
CASES = {
    "repeated": [
        ("江苏省南京市江苏省南京市鼓楼区甲路", "南京市", "鼓楼区", "甲路"),
        ("江苏省南京市鼓楼区江苏省南京市鼓楼区甲路", "南京市", "鼓楼区", "甲路"),
        ("南京南京市鼓楼区甲路", "南京市", "鼓楼区", "甲路"),
        ("江苏江苏省南京市鼓楼区甲路", "南京市", "鼓楼区", "甲路"),
        ("上海市上海市青浦区甲路", "上海市", "青浦区", "甲路"),
        ("北京 北京市 顺义区 甲路", "北京市", "顺义区", "甲路"),
        ("湖南省郴州市桂东县桂东县清泉镇甲路", "郴州市", "桂东县", "甲路"),
        ("江西省抚州市临川区上顿渡镇江西省抚州市临川区上顿渡镇甲路", "抚州市", "临川区", "甲路"),
    ],
    "short": [
        ("浙江杭州西湖文三路12号", "杭州市", "西湖区", "文三路12号"),
        ("杭州西湖区文三路", "杭州市", "西湖区", "文三路"),
        ("杭州文三路12号", "杭州市", "", "文三路12号"),
        ("江苏浦口区甲路", "南京市", "浦口区", "甲路"),
        ("江苏省浦口丁香花开5幢", "南京市", "浦口区", "丁香花开5幢"),
        ("昆山千灯镇甲路5号", "苏州市", "昆山市", "甲路5号"),
        ("沪浦东新区甲路", "上海市", "浦东新区", "甲路"),
        ("内蒙古赤峰松山甲乙路5号", "赤峰市", "松山区", "甲乙路5号"),
        ("西藏昌都察雅甲乙路", "昌都市", "察雅县", "甲乙路"),
        ("湘西州吉首市甲路", "湘西土家族苗族自治州", "吉首市", "甲路"),
        ("恩施恩施市甲路", "恩施土家族苗族自治州", "恩施市", "甲路"),
        ("恭城县恭城镇甲路", "桂林市", "恭城瑶族自治县", "甲路"),
        ("吉林吉林船营区甲路", "吉林市", "船营区", "甲路"),
        ("吉林省吉林市船营区甲路", "吉林市", "船营区", "甲路"),
        ("江宁上元大街826号", "南京市", "江宁区", "上元大街826号"),
    ],
    "contracted": [
        ("济南市中区经四路", "济南市", "市中区", "经四路"),
        ("青岛市北区延吉路", "青岛市", "市北区", "延吉路"),
        ("青岛市南区香港路", "青岛市", "市南区", "香港路"),
        ("乐山市中区甲路", "乐山市", "市中区", "甲路"),
    ],
    "cities without districts": [
        ("广东省东莞市南城街道鸿福路", "东莞市", "", "鸿福路"),
        ("广东中山市石岐街道甲路", "中山市", "", "甲路"),
        ("海南省儋州市那大镇甲路", "儋州市", "", "甲路"),
        ("甘肃省嘉峪关市甲路5号", "嘉峪关市", "", "甲路5号"),
    ],
    "directly under the province": [
        ("湖北省仙桃市沙嘴街道甲路", "", "仙桃市", "甲路"),
        ("湖北省省直辖县级行政区划仙桃市甲路", "", "仙桃市", "甲路"),
        ("河南省济源市沁园路", "", "济源市", "沁园路"),
        ("新疆石河子市甲路", "", "石河子市", "甲路"),
        ("新疆维吾尔自治区自治区直辖县级行政区划石河子市甲路", "", "石河子市", "甲路"),
    ],
    "placeholders": [
        ("北京市市辖区朝阳区建国路", "北京市", "朝阳区", "建国路"),
        ("重庆市县酉阳土家族苗族自治县甲路", "重庆市", "酉阳土家族苗族自治县", "甲路"),
        ("市辖区东莞市甲路", "东莞市", "", "甲路"),
        ("江苏省盐城市其它区神州路", "盐城市", "", "神州路"),
    ],
    "roads that hide divisions": [
        ("上海路5号", "", "", "上海路5号"),
        ("南京西路100号", "", "", "南京西路100号"),
        ("北京东路1号", "", "", "北京东路1号"),
        ("萧县路12号", "", "", "萧县路12号"),
        ("中山北一路5号", "", "", "中山北一路5号"),
        ("吉林大路88号", "", "", "吉林大路88号"),
        ("江宁路5号", "", "", "江宁路5号"),
        ("金湖花园路5号", "", "", "金湖花园路5号"),
        ("上海市南京西路1468号", "上海市", "", "南京西路1468号"),
        ("上海市浦东南路256号", "上海市", "", "浦东南路256号"),
        ("上海市黄浦江路5号", "上海市", "", "黄浦江路5号"),
        ("南京市江宁花园3幢", "南京市", "", "江宁花园3幢"),
        ("长春市吉林大学", "长春市", "", "吉林大学"),
    ],
    "divisions that hide roads": [
        ("台州市路桥区路桥大道258号", "台州市", "路桥区", "路桥大道258号"),
        ("路桥区路桥街道甲路", "台州市", "路桥区", "甲路"),
        ("武汉市洪山区街道口珞喻路", "武汉市", "洪山区", "街道口珞喻路"),
        ("沛县路边村", "徐州市", "沛县", "路边村"),
        ("石家庄市长安区长安街道甲路", "石家庄市", "长安区", "甲路"),
        ("南京秦淮马道街99号", "南京市", "秦淮区", "马道街99号"),
    ],
    "not at the head": [
        ("甲路5号，玄武区，南京市", "南京市", "玄武区", ""),
        ("地址：浙江省杭州市西湖区甲路", "杭州市", "西湖区", "甲路"),
        ("中国浙江省杭州市西湖区甲路", "杭州市", "西湖区", "甲路"),
        ("310012浙江省杭州市西湖区甲路", "杭州市", "西湖区", "甲路"),
        ("总部：清远市清城区甲路", "清远市", "清城区", "甲路"),
        ("太阳鲜鲜盐田区甲路", "深圳市", "盐田区", "甲路"),
        ("海淀区北京市甲路", "北京市", "海淀区", "甲路"),
        ("甲路5号，东城区，北京市", "北京市", "东城区", ""),
        ("天津市甲路5号河西区", "天津市", "河西区", "甲路5号河西区"),
    ],
    "towns": [
        ("海南省三亚市吉阳镇甲乙路", "三亚市", "吉阳区", "甲乙路"),
        ("南京市江宁镇甲乙路5号", "南京市", "江宁区", "甲乙路5号"),
        ("陕西省西安市长安区韦曲街办青年街", "西安市", "长安区", "青年街"),
        ("郑州市金水区文化路办事处甲路5号", "郑州市", "金水区", "甲路5号"),
        ("深圳市龙华区民治街道办事处甲路", "深圳市", "龙华区", "甲路"),
        ("布吉街道甲路53号", "深圳市", "龙岗区", "甲路53号"),
    ],
    "abbreviated": [
        ("内蒙古包头市昆区钢铁大街7号", "包头市", "昆都仑区", "钢铁大街7号"),
        ("内蒙赤峰市松山区甲路", "赤峰市", "松山区", "甲路"),
        ("江苏省无锡市新区长江路21号", "无锡市", "新吴区", "长江路21号"),
        ("渝北区龙溪街道甲路", "重庆市", "渝北区", "甲路"),
    ],
    "several of one name": [
        ("鼓楼区甲路", "", "", "甲路"),
        ("福建省鼓楼区甲路", "福州市", "鼓楼区", "甲路"),
        ("河南开封鼓楼区甲路", "开封市", "鼓楼区", "甲路"),
        ("朝阳区望京街道甲路", "北京市", "朝阳区", "甲路"),
        ("朝阳市朝阳县甲路", "朝阳市", "朝阳县", "甲路"),
        ("海南藏族自治州共和县甲路", "海南藏族自治州", "共和县", "甲路"),
        ("海南省海口市龙华区甲路", "海口市", "龙华区", "甲路"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("case", [(kind, *case) for kind, cases in CASES.items() for case in cases], ids=str)
def test_what_is_stated(case: tuple[str, str, str, str, str]) -> None:
    _, text, city, district, rest = case
    assert stated(text) == (city, district, rest)


@pytest.mark.parametrize(
    ("text", "city", "district"),
    [
        ("上海市南汇区惠南镇", "上海市", "浦东新区"),
        ("上海市闸北区甲路", "上海市", "静安区"),
        ("江西省上饶市上饶县甲路", "上饶市", "广信区"),
        ("浙江省杭州市下城区甲路", "杭州市", "拱墅区"),
        ("浙江省杭州市江干区甲路", "杭州市", "上城区"),
        ("河南省洛阳市孟津县甲路", "洛阳市", "孟津区"),
        ("江苏省苏州市沧浪区甲路", "苏州市", "姑苏区"),
        ("山东省莱芜市莱城区甲路", "济南市", "莱芜区"),
        ("山东省莱芜市钢城区甲路", "济南市", "钢城区"),
        ("湖北省襄樊市襄阳区甲路", "襄阳市", "襄州区"),
        ("四川省资阳市简阳市甲路", "成都市", "简阳市"),
        ("安徽省巢湖市庐江县甲路", "合肥市", "庐江县"),
        ("安徽省六安市寿县甲路", "淮南市", "寿县"),
        ("安徽省安庆市枞阳县甲路", "铜陵市", "枞阳县"),
        ("广州市东山区甲路", "广州市", "越秀区"),
        ("云南省思茅市翠云区甲路", "普洱市", "思茅区"),
    ],
)
def test_former_names_and_former_parents(text: str, city: str, district: str) -> None:
    found = read(text)
    assert (found["city"], found["district"], int(found["flags"]) & STALE) == (city, district, STALE)


def test_what_was_split_among_several_leads_to_their_city_only() -> None:
    found = read("江苏省苏州市吴县市甲路")
    assert (found["city"], found["district"]) == ("苏州市", "")


@pytest.mark.parametrize(
    ("text", "zone", "district", "rest"),
    [
        ("四川省成都市高新区甲路", "成都高新区", "", "甲路"),
        ("四川成都天府新区甲路", "成都天府新区", "", "甲路"),
        ("重庆市两江新区甲路", "两江新区", "", "甲路"),
        ("合肥市高新区甲路", "合肥高新技术产业开发区", "蜀山区", "甲路"),
        ("合肥市滨湖新区甲路", "滨湖新区", "包河区", "甲路"),
        ("深圳市龙华新区甲路", "龙华新区", "龙华区", "甲路"),
        ("昆明经开区昌宏路36号", "昆明经开区", "", "昌宏路36号"),
        ("某某开发区大道5号", "", "", "某某开发区大道5号"),
        ("济宁市经济开发区甲路", "?", "", "甲路"),
        ("上海市漕河泾开发区甲路", "漕河泾开发区", "", "甲路"),
    ],
)
def test_zones_are_what_they_are(text: str, zone: str, district: str, rest: str) -> None:
    found = read(text)
    assert (found["zone"], found["district"], found["rest"]) == (zone, district, rest)
    assert bool(int(found["flags"]) & BY_ZONE) == bool(district)


@pytest.mark.parametrize("text", ["江苏省苏州市苏州工业园区甲路", "苏州工业园区甲路", "江苏省苏州市工业园区甲路"])
def test_a_zone_with_a_statistical_code_stands_as_one(text: str) -> None:
    row = parse(pl.Series([text]), table()).row(0, named=True)
    assert (row["city"], row["zone"], row["road"]) == ("苏州市", "苏州工业园区", "甲路")


def test_towns_and_local_names_settle_what_a_name_leaves_open() -> None:
    town = read("深圳市民治街道甲路")
    assert (town["district"], int(town["flags"]) & (BY_TOWN | WEAK)) == ("龙华区", BY_TOWN | WEAK)
    local = read("朝阳区望京西园三区5号楼")
    assert (local["city"], int(local["flags"]) & (BY_LOCAL | WEAK)) == ("北京市", BY_LOCAL | WEAK)
    kind = read("昆山市千灯街道甲路")  # the town is a 镇
    assert kind["town"] == "千灯镇"


def test_nothing_settled_is_no_answer_but_candidates() -> None:
    divisions = table()
    found = read("鼓楼区人民路5号")
    assert (found["province"], found["city"], found["district"], int(found["flags"]) & AMBIGUOUS) == (
        "",
        "",
        "",
        AMBIGUOUS,
    )
    several = division_candidates("鼓楼区人民路5号", divisions)
    assert {divisions.city_name(c) for c in several} == {"南京市", "徐州市", "福州市", "开封市"}
    assert all(divisions.names[c] == "鼓楼区" and divisions.level[c] == DISTRICT for c in several)
    xuzhou = divisions.position(CITY, "徐州市")
    assert [divisions.path(c) for c in division_candidates("鼓楼区人民路5号", divisions, xuzhou)] == [
        "江苏省徐州市鼓楼区"
    ]
    assert [divisions.path(c) for c in division_candidates("南京市鼓楼区", divisions, xuzhou)] == ["江苏省南京市鼓楼区"]
    assert division_candidates("人民路5号", divisions) == []
    row = parse(pl.Series(["鼓楼区人民路5号"]), divisions).row(0, named=True)
    assert (row["district"], row["ambiguous"], len(row["candidates"].split(";"))) == (None, True, 4)


@pytest.mark.parametrize(
    ("text", "province", "city", "other"),
    [("江苏省南京市浦东新区甲路", "江苏省", "南京市", "浦东新区"), ("浙江省南京市鼓楼区甲路", "浙江省", "", "鼓楼区")],
)
def test_a_contradiction_is_flagged_with_both(text: str, province: str, city: str, other: str) -> None:
    found = read(text)
    assert (found["province"], found["city"], found["district"], found["other"]) == (province, city, "", other)
    assert int(found["flags"]) & CONTRADICTED
    row = parse(pl.Series([text]), table()).row(0, named=True)
    assert (row["contradicted"], row["other"], row["road"]) == (True, other, "甲路")


def test_the_prior_city_never_overrules_the_text() -> None:
    assert stated("福州市鼓楼区甲路", prior="徐州市")[:2] == ("福州市", "鼓楼区")
    assert stated("鼓楼区甲路", prior="杭州市")[:2] == ("", "")


def test_late_divisions_are_flagged() -> None:
    assert int(read("甲路5号，玄武区，南京市")["flags"]) & LATE
    assert not int(read("南京市玄武区甲路5号")["flags"]) & LATE


def test_every_district_is_found_under_its_full_name() -> None:
    """Province, city and district, in full and without the province; alone where no other bears the name."""
    divisions = table()
    of = [i for i in range(len(divisions.names)) if divisions.level[i] == DISTRICT and divisions.codes[i][4] != "7"]
    full = [divisions.path(i) + "人民路5号" for i in of]
    below = [divisions.city_name(i) + divisions.names[i] + "人民路5号" for i in of]
    alone = [divisions.names[i] + "人民路5号" for i in of]
    count = {name: sum(divisions.names[i] == name for i in of) for name in {divisions.names[i] for i in of}}
    for texts in (full, below):
        found = resolve_divisions(fold(pl.Series(texts)), divisions).district
        wrong = [
            (t, divisions.path(i))
            for t, i, f in zip(texts, of, found.tolist(), strict=True)
            if f != i and divisions.names[i] != "嘉峪关市"
        ]
        assert wrong == []
    found = resolve_divisions(fold(pl.Series(alone)), divisions).district
    assert [alone[k] for k, i in enumerate(of) if found[k] not in (i, -1)] == []
    lost = [divisions.names[i] for k, i in enumerate(of) if found[k] < 0 and count[divisions.names[i]] == 1]
    assert set(lost) <= {"嘉峪关市"}  # a city of the same name


WIDE = {chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)}
BACK = {c: r for r, c in RADICALS.items()}


def test_one_text_reads_the_same_however_it_is_typed() -> None:
    import opencc

    divisions = table()
    rows = [i for i in range(0, len(divisions.names), 3) if divisions.level[i] == DISTRICT]
    texts = [
        f"{divisions.path(i)}长安街道西门里{n % 90 + 1}号{n % 30 + 1}幢{n % 4 + 1}单元{n % 20 + 1}01室"
        for n, i in enumerate(rows)
    ]
    traditional = [opencc.OpenCC(kind).convert for kind in ("s2t", "s2hk", "s2tw")]
    ways = [
        lambda t: "".join(WIDE.get(c, c) for c in t),
        lambda t: "　".join(t[i : i + 3] for i in range(0, len(t), 3)) if not any(c.isdigit() for c in t) else t,
        lambda t: "".join(BACK.get(c, c) for c in t),
        *traditional,
    ]
    plain = parse(pl.Series(texts), divisions)
    for way in ways:
        written = parse(pl.Series([way(t) for t in texts]), divisions)
        differs = (plain["district"].fill_null("") != written["district"].fill_null("")).sum()
        assert differs <= len(texts) // 500
        for part in ("number", "building", "unit", "room"):
            assert plain[part].to_list() == written[part].to_list()


def test_spaces_anywhere_change_nothing() -> None:
    divisions = table()
    text = "江苏省南京市江宁区东山街道河滨路十二号明月花园3幢2单元501室"
    plain = parse(pl.Series([text]), divisions).row(0)
    spaced = [
        text[:i] + gap + text[i:]
        for gap in (" ", "　", "\u00a0")
        for i in range(1, len(text))
        if not (text[i - 1].isdigit() and text[i].isdigit())
    ]
    for row in parse(pl.Series(spaced), divisions).iter_rows():
        assert row == plain


ALPHABET = "江苏省南京市鼓楼区浦东新西湖路街道镇村组号弄院楼栋幢单元室附之甲乙一二三十百0123456789ABF-#()（）,，. 高新区开发上海北县州至第"


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=30), st.text(ALPHABET, max_size=40)), min_size=1, max_size=5))
def test_reading_never_raises_and_parts_stand_in_the_text(texts: list[str]) -> None:
    frame = parse(pl.Series(texts), table())
    assert len(frame) == len(texts)
    folded = fold(pl.Series(texts))
    whole = (folded.slices(folded.start, folded.end)).fill_null("").to_list()
    for text, row in zip(whole, frame.iter_rows(named=True), strict=True):
        for part in (
            "village",
            "group",
            "road",
            "number",
            "second_number",
            "third_number",
            "estate",
            "building",
            "unit",
            "floor",
            "room",
        ):
            assert row[part] is None or (row[part] and row[part] in text)
        if row["district"] is not None and row["city"] is not None:
            assert row["province"] is not None
