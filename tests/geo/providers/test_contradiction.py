"""Whether an answer lies in the division that the text states."""

from __future__ import annotations

import pytest

from geo.address.divisions import build_divisions
from geo.providers import Answer, Question
from geo.providers.contradiction import contradictions

DIVISIONS = build_divisions()


@pytest.mark.parametrize(
    ("text", "province", "city", "district", "apart"),
    [
        ("南京市鼓楼区中山路1号", "江苏省", "南京市", "鼓楼区", False),
        ("南京市鼓楼区中山路1号", "江苏省", "南京市", "玄武区", True),
        ("南京市鼓楼区中山路1号", "福建省", "福州市", "鼓楼区", True),
        ("南京市鼓楼区中山路1号", "江苏省", "徐州市", "鼓楼区", True),
        ("南京市鼓楼区中山路1号", "江苏省", "", "", False),
        ("南京市鼓楼区中山路1号", "", "", "玄武区", True),
        ("南京市鼓楼区中山路1号", "", "", "", False),
        ("中山路1号", "江苏省", "南京市", "玄武区", False),
        ("上海市南汇区惠南镇", "上海市", "上海市", "浦东新区", False),
        ("北京市朝阳区阜通东大街6号", "北京市", "", "海淀区", True),
        ("苏州市苏州工业园区星湖街1号", "江苏省", "苏州市", "吴中区", False),
        ("东莞市南城街道1号", "广东省", "东莞市", "", False),
        ("东莞市南城街道1号", "广东省", "深圳市", "南山区", True),
        ("江苏省昆山市玉山镇1号", "江苏省", "苏州市", "昆山市", False),
        ("南京市鼓楼区中山路1号", "江苏省鼓楼区华侨路街道", "", "", False),
        ("南京市鼓楼区中山路1号", "江苏省南京市玄武区新街口街道", "", "", True),
    ],
)
def test_stated_divisions(text: str, province: str, city: str, district: str, apart: bool) -> None:
    answer = Answer(118.7, 32.0, "DOOR", 50, province=province, city=city, district=district)
    assert contradictions([Question(text)], [answer], DIVISIONS) == [apart]


def test_the_city_of_the_policy_counts_where_the_text_names_none() -> None:
    question = Question("鼓楼区中山路1号", "南京市", states_city=False)
    answers = [
        Answer(118.7, 32.0, "DOOR", 50, city=city, district=district)
        for city, district in (("南京市", "鼓楼区"), ("南京市", "玄武区"), ("徐州市", "鼓楼区"))
    ]
    assert contradictions([question] * 3, answers, DIVISIONS) == [False, True, True]


def test_nothing_to_compare() -> None:
    assert contradictions([], [], DIVISIONS) == []
