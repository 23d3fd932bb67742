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


PARTS = ("village", "group", "road", "number", "second_number", "estate", "building", "unit", "floor", "room")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("杭州市西湖区文三路1199号爱山湾25幢3单元2203室", {"road": "文三路", "number": "1199号", "estate": "爱山湾", "building": "25幢", "unit": "3单元", "room": "2203室"}),
        ("上海市徐汇区漕溪路358弄81号602室", {"road": "漕溪路", "number": "358弄", "second_number": "81号", "room": "602室"}),
        ("杭州市西湖区文三路12-1号院3号楼A座5层501", {"road": "文三路", "number": "12-1号院", "building": "3号楼", "floor": "5层", "room": "501"}),
        ("上饶市广信区五府山镇高洲村3组12号", {"village": "高洲村", "group": "3组", "number": "12号"}),
        ("北京市朝阳区八一路七幢二单元五〇四室", {"road": "八一路", "building": "七幢", "unit": "二单元", "room": "五〇四室"}),
        ("深圳市南山区科技园南区B栋502", {"estate": "科技园南区", "building": "B栋", "room": "502"}),
        ("杭州市莫愁东路小区12号17幢", {"estate": "莫愁东路小区", "number": "12号", "building": "17幢"}),
        ("天津市和平区甲12号", {"number": "甲12号"}),
        ("长沙市岳麓区十七中家属院2栋", {"estate": "十七中家属院", "building": "2栋"}),
        ("北京市朝阳区三里屯路", {"road": "三里屯路"}),
        ("北京市朝阳区", {}),
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
