"""The cascade on a fictional town: which place, which level, how sure, and why not."""

import pickle
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.geocoding import Geocoder
from geo.geocoding.answers import REASONS, SCHEMA
from geo.geocoding.distance import metres
from geo.geocoding.geocoder import SURE
from tests.geo.geocoding.town import CITY, EAST, PROVINCE, WEST, at, row, town


@pytest.fixture(scope="module")
def geocoder() -> Geocoder:
    return Geocoder.build(town())


def off(found: dict[str, Any], x: float, y: float) -> float:
    """Metres between an answer and a point of the town."""
    assert found["lon"] is not None, found
    return metres(found["lon"], found["lat"], *at(x, y))


@pytest.mark.parametrize(
    ("text", "level", "matched", "x", "y", "within"),
    [
        ("云江省月湖市西屏区采石路8号丹枫苑3幢2单元501室", "COMPOUND", "丹枫苑", 1012, 2000, 40),
        ("云江省月湖市西屏区采石路18号丹枫苑二期3幢", "COMPOUND", "丹枫苑二期", 1412, 2000, 40),
        ("月湖市西屏区锦鲤湾花园5幢", "COMPOUND", "锦鲤湾花园", 2012, 3000, 40),
        ("月湖市西屏区钓台路1号锦鲤湾花园小区5幢", "COMPOUND", "锦鲤湾花园", 2012, 3000, 40),
        ("西屏区钓台路1号锦鲤湾5幢501", "COMPOUND", "锦鲤湾花园", 2012, 3000, 40),
        ("月湖市西屏区钓台路1号", "DOOR", "锦鲤湾花园", 2012, 3000, 40),
        ("月湖市东屏区环湖路88号", "DOOR", "环湖国际公寓", 9012, 500, 40),
        ("月湖市东屏区环湖路八十八号", "DOOR", "环湖国际公寓", 9012, 500, 40),
        ("月湖市西屏区桂香巷3号金桂小区2栋", "COMPOUND", "金桂小区", 1512, 1000, 40),
        ("月湖市东屏区环湖路30号金桂小区2栋", "COMPOUND", "金桂小区", 8012, 1000, 40),
        ("月湖市东屏区金桂小区2栋", "COMPOUND", "金桂小区", 8012, 1000, 40),
        ("月湖市西屏区望山路22号", "DOOR", "", 1200, 30, 60),
        ("月湖市西屏区望山路23号", "DOOR", "", 1300, -30, 60),
    ],
)
def test_which_place_an_address_means(
    geocoder: Geocoder, text: str, level: str, matched: str, x: float, y: float, within: float
) -> None:
    found = geocoder.geocode_one(text)
    assert (found["level"], found["matched"], found["city"]) == (level, matched, CITY)
    assert off(found, x, y) <= within


@pytest.mark.parametrize(
    ("text", "x", "y"),
    [
        ("月湖市西屏区柳荫里3幢2单元101室", 3012, 500),  # an estate whose own name is what its houses are counted on
        ("月湖市西屏区谢家巷4幢", 3412, 900),  # … or that is named after its lane
        ("月湖市西屏区不知名路9号锦鲤湾花园5幢", 2012, 3000),  # behind a road that the gazetteer does not know
        ("月湖市西屏区不知名大道锦鲤湾花园听涛苑5幢", 2012, 3000),  # a part of it that the gazetteer does not know
    ],
)
def test_an_estate_is_found_by_its_name_alone(text: str, x: float, y: float) -> None:
    more = [
        row(name, east + shift, north, road, number, source=source, address=address)
        for source, shift in (("P", 0), ("Q", 25))
        for name, east, north, road, number, address in (
            ("柳荫里", 3000, 500, "", "", "西屏区柳荫里1号"),
            ("谢家巷小区", 3400, 900, "", "", "西屏区谢家巷"),
        )
    ]
    found = Geocoder.build(pl.concat([town(), pl.DataFrame(more)])).geocode_one(text)
    assert found["level"] == "COMPOUND"
    assert off(found, x, y) < 40


def test_lanes_and_houses_of_a_road_are_counted_apart() -> None:
    more = [
        row(name, x, 500, road="沪太路", number=number, source=source, address=f"西屏区沪太路{number}")
        for source in "PQ"
        for name, x, number in (("云锦苑", 1000, "358弄"), ("霞飞苑", 3000, "358号"), ("松涛苑", 4000, "366号"))
    ]
    geocoder = Geocoder.build(pl.concat([town(), pl.DataFrame(more)]))
    for text, x in (("沪太路358弄81号502室", 1000), ("沪太路358号502室", 3000), ("沪太路362号502室", 3500)):
        best = geocoder.candidates(f"月湖市西屏区{text}")[0]
        assert metres(best.lon, best.lat, *at(x, 500)) < 60, text


def test_the_district_told_is_where_the_point_lies_and_a_contradiction_is_told(geocoder: Geocoder) -> None:
    found = geocoder.geocode_one(f"月湖市{EAST}钓台路1号锦鲤湾花园5幢")
    if found["lon"] is None:
        assert found["district"] == EAST
    else:
        assert found["district"] == WEST
    assert "DISTRICT_CONTRADICTION" in found["reasons"].split(";")


def test_the_error_of_an_answer_is_told_in_full(geocoder: Geocoder) -> None:
    found = geocoder.geocode(pl.Series(["月湖市西屏区采石路8号丹枫苑3幢", "月湖市西屏区没有此处花园"]))
    within = found["within"].to_list()
    assert within[0] == sorted(within[0])
    assert within[0][3] >= SURE
    assert found["radius50_m"][0] <= found["radius_m"][0]
    assert within[1] == [0.0] * 6
    assert found["radius50_m"][1] is None


def test_a_stated_district_decides_between_places_of_one_name(geocoder: Geocoder) -> None:
    west, east = (geocoder.geocode_one(f"月湖市{d}金桂小区2栋") for d in (WEST, EAST))
    assert (west["district"], east["district"]) == (WEST, EAST)
    assert off(west, 8012, 1000) > 5000


def test_one_name_in_two_districts_is_ambiguous_without_one(geocoder: Geocoder) -> None:
    found = geocoder.geocode_one("月湖市金桂小区2栋")
    assert "AMBIGUOUS_NAME" in found["reasons"].split(";")
    assert found["confidence"] < geocoder.geocode_one("月湖市西屏区桂香巷3号金桂小区2栋")["confidence"]


def test_sources_that_lie_apart_lower_confidence(geocoder: Geocoder) -> None:
    apart = geocoder.geocode_one("月湖市滩头路9号白鹭洲3幢")
    together = geocoder.geocode_one("月湖市采石路8号丹枫苑3幢")
    assert apart["confidence"] < together["confidence"]


@pytest.mark.parametrize(
    ("text", "level", "reason"),
    [
        ("月湖市西屏区", "DISTRICT", "ONLY_DISTRICT"),
        ("月湖市西屏区没有此处花园", "DISTRICT", "ONLY_DISTRICT"),
        ("月湖市", "CITY", "NOT_FOUND"),
        ("", "NONE", "NOT_FOUND"),
        ("月湖市西屏区外沟村3组12号", "DISTRICT", "RURAL"),
        ("月湖市浦东新区采石路", "CITY", "DISTRICT_CONTRADICTION"),
        ("🙂🙂", "NONE", "NOT_FOUND"),
    ],
)
def test_what_is_not_found_has_no_point_and_a_reason(geocoder: Geocoder, text: str, level: str, reason: str) -> None:
    found = geocoder.geocode_one(text)
    assert (found["lon"], found["lat"], found["radius_m"]) == (None, None, None)
    assert found["level"] == level
    assert reason in found["reasons"].split(";")


def test_nothing_is_told_of_a_text_that_says_nothing(geocoder: Geocoder) -> None:
    found = geocoder.geocode_one("🙂🙂")
    assert (found["province"], found["city"], found["district"]) == ("", "", "")


def test_the_answer_has_every_column_and_known_reasons_only(geocoder: Geocoder) -> None:
    answers = geocoder.geocode(pl.Series(["月湖市采石路8号丹枫苑", None, "月湖市金桂小区", "甲"]))
    assert dict(answers.schema) == SCHEMA
    assert set(answers["reasons"].str.split(";").explode()) - {""} <= set(REASONS)
    assert answers["confidence"].is_between(0, 1).all()
    assert answers["provider"].unique().to_list() == ["gazetteer"]
    assert answers["province"].to_list()[0] == PROVINCE


def test_an_address_of_another_city_is_not_put_into_this_one(geocoder: Geocoder) -> None:
    found = geocoder.geocode_one("江苏省南京市鼓楼区采石路8号丹枫苑3幢")
    assert (found["lon"], found["city"], found["district"]) == (None, "南京市", "鼓楼区")


@pytest.mark.parametrize(
    "written",
    [
        "云江省月湖市西屏区釣臺路1號錦鯉灣花園5幢",
        "云江省月湖市西屏区钓台路１号锦鲤湾花园５幢",
        "云江省 月湖市 西屏区 钓台路 1号 锦鲤湾花园 5幢",
        "云江省月湖市西屏区钓台路一号锦鲤湾花园五幢",
        "云江省月湖市⻄屏区钓台路1号锦鲤湾花园5幢",
        "云江省月湖市西屏区钓台路1号锦鲤湾花园5幢（近地铁口）",
    ],
)
def test_how_it_is_written_changes_nothing(geocoder: Geocoder, written: str) -> None:
    plain = geocoder.geocode_one("云江省月湖市西屏区钓台路1号锦鲤湾花园5幢")
    assert geocoder.geocode_one(written) == plain


@settings(deadline=None)
@given(gaps=st.lists(st.integers(0, 30), max_size=4))
def test_spaces_between_words_change_nothing(geocoder: Geocoder, gaps: list[int]) -> None:
    text = "云江省月湖市西屏区钓台路1号锦鲤湾花园5幢甲"
    spaced = text
    for gap in sorted(gaps, reverse=True):
        spaced = spaced[:gap] + "　 "[gap % 2] + spaced[gap:]
    assert geocoder.geocode_one(spaced) == geocoder.geocode_one(text)


def test_a_column_and_single_texts_give_the_same_in_the_same_order(geocoder: Geocoder) -> None:
    texts = ["月湖市采石路8号丹枫苑", "月湖市", "月湖市采石路8号丹枫苑", "月湖市西屏区望山路22号", "月湖市金桂小区"] * 3
    column = geocoder.geocode(pl.Series(texts))
    assert column.to_dicts() == [geocoder.geocode_one(text) for text in texts]


def test_the_order_of_the_gazetteer_changes_nothing() -> None:
    texts = pl.Series(
        ["月湖市采石路8号丹枫苑", "月湖市西屏区望山路22号", "月湖市西屏区金桂小区", "月湖市东屏区环湖路62号"]
    )
    one, other = (Geocoder.build(table).geocode(texts) for table in (town(), town().reverse()))
    assert one.drop("lon", "lat", "matched").equals(other.drop("lon", "lat", "matched"))
    assert np.allclose(one.select("lon", "lat").to_numpy(), other.select("lon", "lat").to_numpy(), atol=1e-7)


def test_the_prior_city_settles_what_the_text_leaves_open() -> None:
    twin = town().with_columns(city=pl.lit("日湖市"), lon=pl.col("lon") + 2.0)
    geocoder = Geocoder.build(pl.concat([town(), twin]))
    texts = pl.Series(["采石路8号丹枫苑3幢"] * 2)
    both = geocoder.geocode(texts, prior_city=pl.Series(["月湖市", "日湖市"]))
    assert both["city"].to_list() == ["月湖市", "日湖市"]
    assert both["lon"][1] - both["lon"][0] == pytest.approx(2.0, abs=1e-6)
    district = geocoder.geocode(pl.Series(["采石路8号丹枫苑3幢"]), prior_district=pl.Series(["鼓楼区"]))
    assert district["city"].to_list() != ["南京市"]
    stated = geocoder.geocode(pl.Series(["月湖市采石路8号丹枫苑3幢"]), prior_city=pl.Series(["日湖市"]))
    assert stated["city"].to_list() == ["月湖市"]


def test_candidates_are_ranked_and_named(geocoder: Geocoder) -> None:
    candidates = geocoder.candidates("月湖市金桂小区2栋", limit=2)
    assert {c.district for c in candidates} == {WEST, EAST}
    assert {c.name for c in candidates} == {"金桂小区"}
    assert candidates[0].confidence >= candidates[1].confidence


def test_a_geocoder_survives_pickling(geocoder: Geocoder) -> None:
    copy = pickle.loads(pickle.dumps(geocoder))
    assert copy.geocode_one("月湖市采石路8号丹枫苑") == geocoder.geocode_one("月湖市采石路8号丹枫苑")


@pytest.mark.parametrize("rows", [0, 1])
def test_an_empty_or_tiny_gazetteer_answers_all_the_same(rows: int) -> None:
    found = Geocoder.build(town().head(rows)).geocode_one("江苏省南京市鼓楼区中山路1号")
    assert (found["city"], found["district"], found["lon"]) == ("南京市", "鼓楼区", None)


def test_rows_without_a_point_and_missing_columns_are_borne() -> None:
    table = town().with_columns(lon=pl.when(pl.col("name") == "丹枫苑").then(float("nan")).otherwise(pl.col("lon")))
    assert "丹枫苑" not in [c.name for c in Geocoder.build(table).candidates("月湖市丹枫苑")]
    bare = Geocoder.build(town().select("name", "lon", "lat", "city"))
    assert off(bare.geocode_one("月湖市锦鲤湾花园5幢"), 2012, 3000) < 40


def test_what_is_measured_on_does_not_depend_on_the_blocks(geocoder: Geocoder, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = pl.Series(["月湖市采石路8号丹枫苑", "月湖市", "月湖市西屏区望山路22号", "月湖市金桂小区", "甲"] * 3)
    whole = geocoder.weighed(texts)
    monkeypatch.setattr("geo.geocoding.geocoder.BLOCK", 4)
    parts = geocoder.weighed(texts)
    assert np.array_equal(whole.rows, parts.rows)
    assert np.array_equal(whole.inputs, parts.inputs)
    assert (whole.level, whole.lon.tolist()) == (parts.level, parts.lon.tolist())
    assert geocoder.weighed(texts.clear()).level == []
