"""Roads, numbers, estates, buildings and rooms."""

import numpy as np
import polars as pl
import pytest

from geo.address.characters import code_units
from geo.address.divisions import Divisions, build_divisions
from geo.address.numbers import chinese_value, read_number
from geo.address.parse import parse


@pytest.fixture(scope="module")
def divisions() -> Divisions:
    return build_divisions()


PARTS = (
    "village", "group", "road", "number", "second_number", "third_number", "estate", "building", "unit", "floor", "room",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("杭州市西湖区文三路1199号爱山湾25幢3单元2203室", {"road": "文三路", "number": "1199号", "estate": "爱山湾", "building": "25幢", "unit": "3单元", "room": "2203室"}),
        ("上海市徐汇区漕溪路358弄81号602室", {"road": "漕溪路", "number": "358弄", "second_number": "81号", "room": "602室"}),
        ("杭州市西湖区文三路12-1号院3号楼A座5层501", {"road": "文三路", "number": "12-1号院", "building": "3号楼", "unit": "A座", "floor": "5层", "room": "501"}),
        ("上饶市广信区五府山镇高洲村3组12号", {"village": "高洲村", "group": "3组", "number": "12号"}),
        ("北京市朝阳区八一路七幢二单元五〇四室", {"road": "八一路", "building": "七幢", "unit": "二单元", "room": "五〇四室"}),
        ("深圳市南山区科技园南区B栋502", {"estate": "科技园南区", "building": "B栋", "room": "502"}),
        ("杭州市莫愁东路小区12号17幢", {"estate": "莫愁东路小区", "number": "12号", "building": "17幢"}),
        ("天津市和平区甲12号", {"number": "甲12号"}),
        ("长沙市岳麓区十七中家属院2栋", {"estate": "十七中家属院", "building": "2栋"}),
        ("北京市朝阳区三里屯路", {"road": "三里屯路"}),
        ("北京市朝阳区", {}),
        # Shanghai
        ("上海市静安区愚园路99弄12支弄5号", {"road": "愚园路", "number": "99弄", "second_number": "12支弄", "third_number": "5号"}),
        ("上海市嘉定区宝安公路2999弄296号", {"road": "宝安公路", "number": "2999弄", "second_number": "296号"}),
        ("上海市杨浦区曹杨新村8号501", {"estate": "曹杨新村", "number": "8号", "room": "501"}),
        # Beijing
        ("北京市东城区帽儿胡同甲12号院", {"road": "帽儿胡同", "number": "甲12号院"}),
        ("北京市朝阳区建国路88号院3号楼2单元1203", {"road": "建国路", "number": "88号院", "building": "3号楼", "unit": "2单元", "room": "1203"}),
        ("北京市海淀区中关村南大街5号", {"road": "中关村南大街", "number": "5号"}),
        ("北京市海淀区魏公村中关村南大街46号", {"village": "魏公村", "road": "中关村南大街", "number": "46号"}),
        # Chongqing, Chengdu
        ("重庆市渝中区中山一路12号附3号", {"road": "中山一路", "number": "12号", "second_number": "附3号"}),
        ("成都市武侯区科华北路58号附3号1栋2单元5楼12号", {"road": "科华北路", "number": "58号", "second_number": "附3号", "building": "1栋", "unit": "2单元", "floor": "5楼", "room": "12号"}),
        # Guangzhou
        ("广州市越秀区德政北直街12号之一", {"road": "德政北直街", "number": "12号之一"}),
        ("广州市荔湾区十五甫正街8号之二301房", {"road": "十五甫正街", "number": "8号之二", "room": "301房"}),
        ("广州市海珠区工业大道南金碧花园A区3栋1202", {"road": "工业大道南", "estate": "金碧花园A区", "building": "3栋", "room": "1202"}),
        # villages, groups, hamlets
        ("山东省临沂市兰山区义堂镇大义堂村3组12号", {"village": "大义堂村", "group": "3组", "number": "12号"}),
        ("四川省成都市金堂县清溪村7社12号", {"village": "清溪村", "group": "7社", "number": "12号"}),
        ("河北省定州市东亭镇东亭村五大队二小队", {"village": "东亭村", "group": "五大队二小队"}),
        ("广西扶绥县板利乡板利村板利屯12号", {"village": "板利村", "group": "板利屯", "number": "12号"}),
        ("湖南省浏阳市大瑶镇石坪冲村上湾组15号", {"village": "石坪冲村", "group": "上湾组", "number": "15号"}),
        ("湖南省宁乡市大成桥镇鹊山村石湾组", {"village": "鹊山村", "group": "石湾组"}),
        ("内蒙古陈巴尔虎旗宝日希勒镇哈日干图嘎查", {"village": "哈日干图嘎查"}),
        ("贵州省都匀市甘塘镇绿茵湖村一组2号", {"village": "绿茵湖村", "group": "一组", "number": "2号"}),
        ("北京市朝阳区幸福三村12号楼", {"estate": "幸福三村", "building": "12号楼"}),
        # buildings and rooms without words
        ("杭州市西湖区A座1203", {"building": "A座", "room": "1203"}),
        ("杭州市西湖区爱力中心2幢B座1203", {"estate": "爱力中心", "building": "2幢", "unit": "B座", "room": "1203"}),
        ("郑州市金水区花园路3号院3#1-502", {"road": "花园路", "number": "3号院", "building": "3#", "unit": "1", "room": "502"}),
        ("哈尔滨市南岗区花园小区5-2-301", {"estate": "花园小区", "building": "5", "unit": "2", "room": "301"}),
        ("哈尔滨市南岗区花园街5-2-301", {"road": "花园街", "number": "5", "unit": "2", "room": "301"}),
        ("南通市崇川区12幢302", {"building": "12幢", "room": "302"}),
        ("佛山市顺德区南国中路1号2座18B", {"road": "南国中路", "number": "1号", "building": "2座", "room": "18B"}),
        ("长沙市岳麓区第5栋第三单元12楼1203号", {"building": "第5栋", "unit": "第三单元", "floor": "12楼", "room": "1203号"}),
        # floors
        ("武汉市武昌区中山路12号底商", {"road": "中山路", "number": "12号", "floor": "底商"}),
        ("上海市静安区南京西路1468号负一层B12室", {"road": "南京西路", "number": "1468号", "floor": "负一层", "room": "B12室"}),
        ("上海市静安区南京西路1468号B1层", {"road": "南京西路", "number": "1468号", "floor": "B1层"}),
        ("厦门市思明区前埔西三路288号4F", {"road": "前埔西三路", "number": "288号", "floor": "4F"}),
        ("北京市朝阳区酒仙桥路10号院3号楼一层", {"road": "酒仙桥路", "number": "10号院", "building": "3号楼", "floor": "一层"}),
        # ranges, stems, crossings, highways
        ("南京市鼓楼区湖北路87至89号", {"road": "湖北路", "number": "87至89号"}),
        ("上海市徐汇区漕溪北路12~16号301室", {"road": "漕溪北路", "number": "12-16号", "room": "301室"}),
        ("青岛市市南区香港中路61号甲远洋大厦B座1001室", {"road": "香港中路", "number": "61号甲", "estate": "远洋大厦", "building": "B座", "room": "1001室"}),
        ("南京市鼓楼区中山路与北京东路交叉口东100米", {"road": "中山路"}),
        ("北京市昌平区312国道25号", {"road": "312国道", "number": "25号"}),
        ("无锡市滨湖区万科城别墅12号", {"estate": "万科城别墅", "number": "12号"}),
        # names keep their numerals
        ("西安市雁塔区经七路纬三路5号", {"road": "经七路纬三路", "number": "5号"}),
        ("哈尔滨市道里区经纬七道街12号3单元", {"road": "经纬七道街", "number": "12号", "unit": "3单元"}),
        ("上海市宝山区一二三路5号", {"road": "一二三路", "number": "5号"}),
    ],
)  # fmt: skip
def test_parts_of_an_address(divisions: Divisions, text: str, parts: dict[str, str]) -> None:
    row = parse(pl.Series([text]), divisions).row(0, named=True)
    assert {name: row[name] for name in PARTS if row[name]} == parts


def test_numerals_are_a_key_beside_the_text(divisions: Divisions) -> None:
    rows = parse(pl.Series(["杭州市中山路二十三号", "杭州市中山路23号", "杭州市八一路"]), divisions)
    assert rows["number"].to_list() == ["二十三号", "23号", None]
    assert rows["number_key"].to_list() == [23, 23, None]


def test_hints_stand_apart(divisions: Divisions) -> None:
    row = parse(pl.Series(["杭州市文三路5号（近地铁）(门卫代收)"]), divisions).row(0, named=True)
    assert (row["road"], row["number"], row["hint"]) == ("文三路", "5号", "近地铁;门卫代收")


@pytest.mark.parametrize(
    ("numerals", "value"),
    [
        ("十二", 12),
        ("二十", 20),
        ("一百零五", 105),
        ("二二〇三", 2203),
        ("十", 10),
        ("一千二百", 1200),
        ("五〇四", 504),
        ("两百", 200),
    ],
)
def test_chinese_numerals(numerals: str, value: int) -> None:
    codes, offsets = code_units(pl.Series([numerals]))
    assert chinese_value(codes, 0, int(offsets[1])) == value


def test_branches_of_a_number_are_told_apart() -> None:
    read = []
    for text in ("12", "12-1", "12之1", "甲12", "12甲", "12A", "12-3"):
        codes, offsets = code_units(pl.Series([text]))
        value, branch, after = read_number(codes, 0, int(offsets[1]))
        assert (value, after) == (12, len(text))
        read.append(branch)
    assert read[1] == read[2]
    assert read[3] == read[4]
    assert len(set(read)) == 5


def test_no_number_where_none_stands() -> None:
    codes, offsets = code_units(pl.Series(["甲路"]))
    assert read_number(codes, 1, int(offsets[1])) == (-1, 0, 1)
    assert np.array_equal(offsets, [0, 2])


def test_values_stand_beside_the_text(divisions: Divisions) -> None:
    text = "成都市武侯区科华北路五十八号附三号十二栋二单元五楼一二〇三室"
    row = parse(pl.Series([text]), divisions).row(0, named=True)
    keys = ("number_key", "second_key", "building_key", "unit_key", "floor_key", "room_key")
    assert [row[k] for k in keys] == [58, 3, 12, 2, 5, 1203]
    assert (row["road"], row["building"], row["number_kind"]) == ("科华北路", "十二栋", "号")
    kinds = parse(pl.Series(["上海市溪路358弄81号", "北京市国路88号院", "上海市溪路"]), divisions)["number_kind"]
    assert kinds.to_list() == ["弄", "院", None]


@pytest.mark.parametrize(
    ("text", "zone", "road"),
    [
        ("嘉兴市南湖区余新镇电动机械工业园区文龙路150号", "电动机械工业园区", "文龙路"),
        ("上海市浦东新区张江高科技园区碧波路177号", "张江高科技园区", "碧波路"),
        ("合肥市高新区黄山路5号", "合肥高新技术产业开发区", "黄山路"),
        ("济宁市经济开发区甲路5号", "经济开发区", "甲路"),
        ("济宁市任城区甲路5号", None, "甲路"),
    ],
)
def test_zones_are_named(divisions: Divisions, text: str, zone: str | None, road: str) -> None:
    row = parse(pl.Series([text]), divisions).row(0, named=True)
    assert (row["zone"], row["road"]) == (zone, road)


@pytest.mark.parametrize(
    ("text", "estate"),
    [
        ("南京市鼓楼区和平花园3幢2单元501室", "和平花园"),
        ("南京市鼓楼区和园5幢", "和园"),
        ("南京市鼓楼区中山路8号和泰国际大厦1203室", "和泰国际大厦"),
        ("南京市鼓楼区中山路与湖南路交叉口", None),
        ("南京市鼓楼区中山路和湖南路交叉口和平大厦5幢", "和平大厦"),
    ],
)
def test_an_estate_may_begin_with_the_sign_for_and(text: str, estate: str | None) -> None:
    assert parse(pl.Series([text]), build_divisions())["estate"].to_list() == [estate]
