"""Phones, numbers of documents and names of recipients never reach the store; what locates an address stays."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.address.personal import strip_personal


def stripped(text: str) -> str:
    return str(strip_personal(pl.Series([text]))[0])


PHONES = [
    "13800138000", "138 0013 8000", "138-0013-8000", "+86 13800138000", "+86-138-0013-8000", "8613800138000", "(+86)13800138000", "138****8000",
    "１３８００１３８０００", "025-84401234", "(025)84401234", "（025）84401234", "02584401234", "0512-6840123", "025-84401234转805", "025-84401234-805",
    "400-820-8820", "4008208820", "手机：13800138000", "电话84401234", "联系电话：025-84401234", "Tel: 025 8440 1234", "320106199001011234", "a.b@example.com",
]  # fmt: skip
PLACE = "江苏省南京市鼓楼区中央路1号3幢502室"


@pytest.mark.parametrize("phone", PHONES)
@pytest.mark.parametrize(
    "pattern",
    ["{p} {n}", "{n} {p}", "{n},{p}", "{p}，{n}", "{p}（{n}）", "张三 {n} {p}", "{p} {n} 李四", "{p},{n},王小明"],
)
def test_no_number_of_a_person_survives(phone: str, pattern: str) -> None:
    assert stripped(pattern.format(n=phone, p=PLACE)) == PLACE


NAMES = [
    ("收件人：张三 {p}", PLACE),
    ("收件人：张三，电话：13800138000，地址：{p}", "地址：" + PLACE),
    ("收货人: 欧阳小雨 手机号码: 13800138000 {p}", PLACE),
    ("联系人：李四 {p}", PLACE),
    ("{p}（李女士收）", PLACE),
    ("{p}(王先生收)", PLACE),
    ("{p} 王先生", PLACE),
    ("{p}王先生", PLACE),
    ("{p}，陈老师收", PLACE),
    ("{p} 张三收", PLACE),
    ("{p}张三代收", PLACE),
    ("{p} 张三", PLACE),
    ("{p}，赵小明", PLACE),
    ("张三 {p}", PLACE),
    ("周小敏，{p}", PLACE),
    ("刘海13800138000{p}", PLACE),
    ("13800138000张三{p}", PLACE),
    ("李*明 138****8000 {p}", PLACE),
    ("王某某 13800138000 {p}", PLACE),
    ("{p}李玉 13800138000", PLACE),
    ("{p}，收件人李玉，13800138000", PLACE),
]


@pytest.mark.parametrize(("text", "left"), NAMES)
def test_no_name_of_a_person_survives(text: str, left: str) -> None:
    assert stripped(text.format(p=PLACE)) == left


@pytest.mark.parametrize(
    "text",
    [
        PLACE,
        "上海市静安区南京西路1468号",
        "幸福小区1380号楼1380室",
        "昆山 千灯镇5号",
        "江宁 东山街道上元大街",
        "安吉 天荒坪镇",
        "高淳 淳溪街道",
        "王府井大街5号",
        "张家港市杨舍镇",
        "广州市天河区体育东路 黄埔大道",
        "南京市鼓楼区湖南路1号 陈记面馆",
        "总统府东侧5号",
        "南京市玄武区 总部大厦",
        "王先生巷5号",
        "石家庄市 长安区 建设大街12号",
        "马鞍山市 花山区 雨山东路",
        "江苏省 南京市 江宁区",
        "李沧区 九水路",
        "320国道1380公里处",
        "12-3-501",
        "",
    ],
)
def test_an_address_without_a_person_is_not_touched(text: str) -> None:
    assert stripped(text) == text


def test_rows_keep_their_places_and_null_stays_null() -> None:
    texts = pl.Series("text", ["甲路1号", None, "张三 13800138000 甲省乙市丙区丁路1号", "13800138000"])
    assert strip_personal(texts).to_list() == ["甲路1号", None, "甲省乙市丙区丁路1号", ""]
    assert strip_personal(texts).name == "text"


@given(
    st.integers(3, 9), st.integers(0, 999_999_999), st.sampled_from(["", " ", ",", "，", "（", "电话:", "手机"]), st.text(max_size=12), st.text(max_size=12)
)  # fmt: skip
def test_a_mobile_never_survives_whatever_stands_around_it(
    second: int, rest: int, before: str, left: str, right: str
) -> None:
    phone = f"1{second}{rest:09d}"
    if left[-1:].isalnum() or right[:1].isalnum() or right[:1] in "*＊" or left[-1:] in "*＊":
        left, right = left + " ", " " + right
    assert phone not in stripped(f"{left}{before}{phone}{right}")


@given(st.lists(st.one_of(st.none(), st.text(max_size=40)), max_size=6))
def test_stripping_never_raises_and_twice_is_once(texts: list[str | None]) -> None:
    once = strip_personal(pl.Series(texts, dtype=pl.String))
    assert len(once) == len(texts)
    assert [t is None for t in once.to_list()] == [t is None for t in texts]
