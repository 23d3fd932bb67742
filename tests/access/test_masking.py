"""What a pool may show of a policyholder."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.masking import mask_address, mask_degrees, mask_name, mask_phone


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王小明", "王＊＊"),
        ("李", "李＊＊"),
        ("欧阳修", "欧＊＊"),
        (" 张三 ", "张＊＊"),
        ("", None),
        ("  ", None),
        (None, None),
    ],
)
def test_a_name_keeps_its_first_character(name: str | None, shown: str | None) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("19912340000", "199****0000"),
        ("199-1234-0000", "199****0000"),
        ("+86 199 1234 0000", "****0000"),
        ("025-84001234", "025****1234"),
        ("84001234", "****34"),
        ("110", "****"),
        ("无", None),
        ("", None),
        (None, None),
    ],
)
def test_a_phone_number_keeps_its_ends(phone: str | None, shown: str | None) -> None:
    assert mask_phone(phone) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("建邺区庐山路188号3幢1203室", "建邺区庐山路＊＊号＊＊幢＊＊室"),
        ("庐山路１８８号", "庐山路＊＊号"),
        ("中山东路十二号二单元", "中山东路＊＊号＊＊单元"),
        ("万科光明城市12-3-405", "万科光明城市＊＊"),
        ("A座1203", "＊＊座＊＊"),
        ("Ｂ栋", "＊＊栋"),
        ("甲三号", "＊＊号"),
        ("312国道88号", "312国道＊＊号"),
        ("东十里长街", "东十里长街"),
        ("三条巷", "三条巷"),
        ("", None),
        (None, None),
    ],
)
def test_an_address_loses_its_house_number(text: str | None, shown: str | None) -> None:
    assert mask_address(text) == shown


parts = st.sampled_from(
    [
        "建邺区",
        "庐山路",
        "188",
        "号",
        "3",
        "幢",
        "１２",
        "室",
        "A",
        "座",
        "-",
        "十二",
        "弄",
        "单元",
        "奥体新城",
        " ",
        "国道",
        "#",
    ]
)


@given(st.lists(parts, max_size=12).map("".join))
def test_no_digit_is_left_but_that_of_a_road(text: str) -> None:
    shown = mask_address(text) or ""
    assert not re.search(r"[0-9０-９]", re.sub(r"[0-9０-９]+(?=国道)", "", shown))


@given(st.text(alphabet="0123456789 -+()", min_size=0, max_size=20))
def test_a_phone_number_shows_at_most_seven_digits(phone: str) -> None:
    digits = re.sub(r"\D", "", phone)
    shown = mask_phone(phone)
    assert (shown is None) == (not digits)
    assert len(re.sub(r"\D", "", shown or "")) <= min(7, max(0, len(digits) - 3))


@pytest.mark.parametrize(("degrees", "shown"), [(118.7312345, 118.731), (32.0, 32.0), (None, None)])
def test_a_point_is_rounded(degrees: float | None, shown: float | None) -> None:
    assert mask_degrees(degrees) == shown
