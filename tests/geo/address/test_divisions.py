"""Divisions: which are stated, which words belong to roads, what settles several of one name."""

import numpy as np
import polars as pl
import pytest

from geo.address.characters import fold
from geo.address.divisions import (
    AMBIGUOUS,
    CITY,
    CONTRADICTED,
    STALE,
    WEAK,
    Divisions,
    build_divisions,
    resolve_divisions,
    short_name,
)


@pytest.fixture(scope="module")
def divisions() -> Divisions:
    return build_divisions()


def read(divisions: Divisions, text: str, covered: str = "", prior: str = "") -> tuple[str, str, str, str, int]:
    """(province, city, district, rest, flags) of one text."""
    texts = fold(pl.Series([text]))
    mask = np.zeros(len(divisions.names), np.bool_)
    for name in filter(None, covered.split()):
        city = divisions.position(CITY, name)
        mask |= divisions.city == city
    prior_city = np.array([divisions.position(CITY, prior) if prior else -1], np.int32)
    stated = resolve_divisions(texts, divisions, mask, prior_city)
    name = [divisions.names[p] if p >= 0 else "" for p in (stated.province[0], stated.city[0], stated.district[0])]
    rest = texts.slices(stated.rest, texts.end)[0] or ""
    return name[0], name[1], name[2], rest, int(stated.flags[0])


@pytest.mark.parametrize(
    ("text", "province", "city", "district", "rest"),
    [
        ("浙江省杭州市西湖区文三路12号", "浙江省", "杭州市", "西湖区", "文三路12号"),
        ("浙江杭州西湖文三路12号", "浙江省", "杭州市", "西湖区", "文三路12号"),
        ("浙江省浙江省杭州市杭州市西湖区文三路", "浙江省", "杭州市", "西湖区", "文三路"),
        ("北京市朝阳区建国路88号", "北京市", "北京市", "朝阳区", "建国路88号"),
        ("上海市浦东新区世纪大道", "上海市", "上海市", "浦东新区", "世纪大道"),
        ("上海浦东世纪大道", "上海市", "上海市", "浦东新区", "世纪大道"),
        ("济南市中区经四路", "山东省", "济南市", "市中区", "经四路"),
        ("济南市市中区经四路", "山东省", "济南市", "市中区", "经四路"),
        ("台州市路桥区路桥大道", "浙江省", "台州市", "路桥区", "路桥大道"),
        ("黔南州都匀市", "贵州省", "黔南布依族苗族自治州", "都匀市", ""),
        ("广东省东莞市南城街道鸿福路", "广东省", "东莞市", "", "鸿福路"),
        ("苏州工业园区星湖街", "江苏省", "苏州市", "苏州工业园区", "星湖街"),
        ("南京市高新区星火路", "江苏省", "南京市", "", "星火路"),
        ("海南省儋州市那大镇", "海南省", "儋州市", "", ""),
        ("湖北省仙桃市沙嘴街道", "湖北省", "", "仙桃市", ""),
        ("峨边县沙坪镇", "四川省", "乐山市", "峨边彝族自治县", ""),
    ],
)
def test_what_a_text_states(
    divisions: Divisions, text: str, province: str, city: str, district: str, rest: str
) -> None:
    assert read(divisions, text)[:4] == (province, city, district, rest)


@pytest.mark.parametrize("text", ["上海路5号", "南京西路100号", "北京东路1号", "重庆大厦", "长沙花园3幢", "江宁新村"])
def test_a_road_or_estate_is_not_the_division_in_its_name(divisions: Divisions, text: str) -> None:
    assert read(divisions, text, covered="南京市 上海市")[:4] == ("", "", "", text)


def test_a_short_district_counts_where_its_city_is_known(divisions: Divisions) -> None:
    assert read(divisions, "江宁上元大街826号", covered="徐州市")[2] == ""
    assert read(divisions, "江宁花园826号")[2] == ""
    _, _, district, rest, flags = read(divisions, "南京江宁上元大街826号")
    assert (district, rest, flags & WEAK) == ("江宁区", "上元大街826号", WEAK)


def test_several_districts_of_one_name_are_settled_by_prior_or_gazetteer_only(divisions: Divisions) -> None:
    assert read(divisions, "鼓楼区中央路")[2:] == ("", "中央路", AMBIGUOUS)
    assert read(divisions, "鼓楼区中央路", prior="徐州市")[1:3] == ("徐州市", "鼓楼区")
    assert read(divisions, "鼓楼区中央路", covered="南京市")[1:3] == ("南京市", "鼓楼区")
    assert read(divisions, "南京市鼓楼区中央路", prior="徐州市")[1] == "南京市"


@pytest.mark.parametrize(
    ("text", "district"),
    [("上海市南汇区惠南镇", "浦东新区"), ("江西省上饶市上饶县", "广信区"), ("北京市宣武区广安门", "西城区")],
)
def test_former_names_lead_to_what_they_became(divisions: Divisions, text: str, district: str) -> None:
    found = read(divisions, text)
    assert (found[2], found[4] & STALE) == (district, STALE)


def test_a_district_of_another_city_is_a_contradiction(divisions: Divisions) -> None:
    _, city, district, _, flags = read(divisions, "南京市浦东新区甲路")
    assert (city, district, flags & CONTRADICTED) == ("南京市", "", CONTRADICTED)


def test_divisions_of_the_gazetteer_are_known_too() -> None:
    places = pl.DataFrame({"province": ["云江省"], "city": ["月湖市"], "district": ["东屏区"]})
    own = build_divisions(None, places)
    assert read(own, "云江省月湖市东屏区甲路1号")[:4] == ("云江省", "月湖市", "东屏区", "甲路1号")


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("江苏省", "江苏"), ("广西壮族自治区", "广西"), ("新疆维吾尔自治区", "新疆"), ("黔南布依族苗族自治州", "黔南"), ("浦东新区", "浦东"),
        ("香港特别行政区", "香港"), ("大兴安岭地区", "大兴安岭"), ("阿拉善盟", "阿拉善"), ("沙县区", "沙县"), ("赣县", "赣县"), ("郊区", "郊区"),
    ],
)  # fmt: skip
def test_short_names(name: str, short: str) -> None:
    assert short_name(name) == short
