"""What of an address may leave the machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.address.divisions import Divisions, build_divisions
from geo.providers.sending import questions


@pytest.fixture(scope="module")
def divisions() -> Divisions:
    return build_divisions()


def sent(text: str, divisions: Divisions, known: tuple[str, ...] = (), city: str = "南京市") -> str | None:
    (question,) = questions([text], divisions, cities=[city], known=[known])
    return question.text if question is not None else None


HOUSE = "南京市鼓楼区中山路1号"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("江苏省南京市建邺区庐山路188号奥体新城丹枫园3幢2单元1203室", "江苏省南京市建邺区庐山路188号奥体新城丹枫园3幢"),
        ("上海市黄浦区南京东路100弄5号301", "上海市黄浦区南京东路100弄5号"),
        ("王小明 13912345678 南京市鼓楼区中山路1号", HOUSE),
        ("南京市鼓楼区中山路1号，王小明，139-1234-5678", HOUSE),
        ("南京市鼓楼区中山路1号 王小明 收", HOUSE),
        ("南京市鼓楼区中山路1号王小明收", HOUSE),
        ("南京市鼓楼区中山路1号（王小明收）电话025-83212345", HOUSE),
        ("收件人：王小明，手机１３９ １２３４ ５６７８，南京市鼓楼区中山路１号", HOUSE),
        ("联系人张三丰13812345678南京市鼓楼区中山路1号", HOUSE),
        ("投保人:李雷 保单号:P2020001234567 南京市鼓楼区中山路1号", HOUSE),
        ("南京市鼓楼区中山路1号 身份证320102199001011234", HOUSE),
        ("南京市鼓楼区中山路1号32010219900101123X", HOUSE),
        ("南京市鼓楼区中山路1号 400-820-8820", HOUSE),
        ("南京市鼓楼区中山路1号 一三九一二三四五六七八", HOUSE),
        ("南京市鼓楼区中山路1号 wang@example.com", HOUSE),
        ("南京市鼓楼区中山路1号 微信:wxm_1990", HOUSE),
        ("南京市鼓楼区中山路1号 邮编210008", HOUSE),
        ("王小明南京市鼓楼区中山路1号", HOUSE),
        ("南京市鼓楼区中山路1号402室王小明", HOUSE),
        ("南京市鼓楼区中山路1号陈经理收", HOUSE),
        ("南京市鼓楼区中山路1号 欧阳锋先生", HOUSE),
        ("諸葛亮先生 江蘇省南京市鼓樓區中山路1號", "江苏省南京市鼓楼区中山路1号"),
        ("南京市鼓楼区中山路1号 a座1203室", "南京市鼓楼区中山路1号a座"),
        ("南京市鼓楼区中山路1号\n13912345678\t王小明", HOUSE),
    ],
)
def test_people_and_rooms_stay_here(text: str, left: str, divisions: Divisions) -> None:
    assert sent(text, divisions) == left


@pytest.mark.parametrize(
    "text",
    [
        "江苏省南京市鼓楼区中山路1号",
        "江苏省南京市",
        "南京市建邺区万达广场",
        "浙江省杭州市西湖区转塘街道12号",
        "广东省佛山市高明区荷城街道1号",
        "浙江省台州市路桥区路桥街道20号",
        "南京市溧水区王家村三组12号",
        "南京市江宁区万科金域蓝湾12幢",
        "北京市朝阳区高碑店乡方家村5号",
        "南京市鼓楼区八一路17号",
        "甘肃省天水市秦州区成纪大道3号",
        "江苏路5号",
        "南京市玄武区黄埔路1号",
        "南京市建邺区乾和福邸",
        "南京市秦淮区富昇大厦A座",
    ],
)
def test_an_address_is_sent_as_it_is(text: str, divisions: Divisions) -> None:
    assert sent(text, divisions) == text


def test_what_the_caller_knows_to_be_personal_goes_wherever_it_stands(divisions: Divisions) -> None:
    text = "南京市鼓楼区中山路1号阿依古丽转A-77/1"
    assert sent(text, divisions, ("阿依古丽", "A-77/1")) == "南京市鼓楼区中山路1号转"


def test_a_name_that_is_also_a_road_does_not_lose_the_road(divisions: Divisions) -> None:
    assert sent("南京市鼓楼区中山路1号 中山", divisions, ("中山",)) == HOUSE


@pytest.mark.parametrize(
    "text", ["", "   ", "13912345678", "王小明 13912345678", "3幢", "abc", "（南京市鼓楼区）", "🙂🙂"]
)
def test_nothing_is_asked_where_nothing_is_left(text: str, divisions: Divisions) -> None:
    assert sent(text, divisions) is None


def test_the_city_settles_what_the_text_leaves_open(divisions: Divisions) -> None:
    stated, open_, none = questions(
        ["苏州市姑苏区平江路1号", "鼓楼区中山路1号", "中山路1号"], divisions, cities=["南京市", "南京市", ""]
    )
    assert stated is not None
    assert open_ is not None
    assert none is not None
    assert (stated.city, stated.full) == ("苏州市", "苏州市姑苏区平江路1号")
    assert (open_.city, open_.full) == ("南京市", "南京市鼓楼区中山路1号")
    assert (none.city, none.full) == ("", "中山路1号")


_given = st.text(st.sampled_from("小明伟芳娜敏静丽强磊军洋勇艳杰娟涛超秀霞平刚桂英"), min_size=1, max_size=2)
_names = st.builds(str.__add__, st.sampled_from(["王", "李", "张", "欧阳", "陈", "诸葛", "曾"]), _given)
_phones = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
_policies = st.from_regex(r"[A-Z]{0,3}[0-9]{8,16}", fullmatch=True)
_gaps = st.sampled_from([" ", "，", ",", "\n", "；", "　", " / "])
_shapes = st.sampled_from(
    ["{a}{g}{n}{g}{p}{g}{o}", "{n}{g}{p}{g}{a}{g}{o}", "{a}（{n} {p}）{o}", "收件人：{n}{g}电话：{p}{g}{a}{g}保单号{o}", "{p}{g}{a}{g}{o}{g}{n}收"]
)  # fmt: skip


@given(name=_names, phone=_phones, policy=_policies, gap=_gaps, shape=_shapes, wide=st.booleans())
def test_no_phone_or_policy_number_gets_through_and_no_known_name(
    name: str, phone: str, policy: str, gap: str, shape: str, wide: bool
) -> None:
    divisions = _divisions()
    written = phone.translate(str.maketrans("0123456789", "０１２３４５６７８９")) if wide else phone
    text = shape.format(a="南京市鼓楼区中山路1号3幢402室", n=name, p=written, o=policy, g=gap)
    (question,) = questions([text], divisions, cities=["南京市"], known=[(name,)])
    assert question is not None
    assert question.text.startswith("南京市鼓楼区中山路1号3幢")
    for secret in (name, phone, policy, phone[-8:], policy[-6:], "402"):
        assert secret not in question.text


@given(name=_names, phone=_phones, gap=_gaps, shape=_shapes)
def test_no_unknown_name_gets_through_beside_a_phone(name: str, phone: str, gap: str, shape: str) -> None:
    text = shape.format(a="南京市鼓楼区中山路1号3幢402室", n=name, p=phone, o="", g=gap)
    (question,) = questions([text], _divisions(), cities=["南京市"])
    assert question is not None
    assert name not in question.text
    assert phone not in question.text


@given(text=st.text(max_size=80))
def test_any_text_makes_a_question_or_none(text: str) -> None:
    (question,) = questions([text.encode("utf-8", "ignore").decode()], _divisions())
    assert question is None or len(question.text) <= 200


_kept: list[Divisions] = []


def _divisions() -> Divisions:
    if not _kept:
        _kept.append(build_divisions())
    return _kept[0]
