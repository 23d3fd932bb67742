"""The key of the place that an address names."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from geo.address.divisions import Divisions, build_divisions
from geo.geocoding.key import place_keys


@pytest.fixture(scope="module")
def divisions() -> Divisions:
    return build_divisions()


def keys(divisions: Divisions, *texts: str, city: str | None = None) -> list[str | None]:
    prior = np.full(len(texts), divisions.names.index(city) if city else -1, np.int32)
    return place_keys(pl.Series(texts, dtype=pl.String), divisions, prior)["key"].to_list()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("江苏省南京市鼓楼区和燕路8号凤燕苑小区12幢3单元501室", "南京市/鼓楼区/凤燕苑"),
        ("南京市鼓楼区凤燕苑", "南京市/鼓楼区/凤燕苑"),
        ("江蘇省南京市鼓樓區鳳燕苑１２幢", "南京市/鼓楼区/凤燕苑"),
        ("南京市玄武区珠江路222号", "南京市/玄武区/珠江路222号"),
        ("南京市玄武区珠江路二百二十二号3幢", "南京市/玄武区/珠江路222号"),
        ("南京市玄武区珠江路222号东门", "南京市/玄武区/珠江路222号"),
        ("南京市玄武区珠江路222号百花小区3幢", "南京市/玄武区/珠江路222号"),
        ("南京市玄武区百花小区3幢", "南京市/玄武区/百花"),
        ("上海市长宁区仙霞路358弄81号502室", "上海市/长宁区/仙霞路358弄"),
        ("南京市玄武区", None),
        ("不详", None),
        ("", None),
    ],
)
def test_building_and_room_do_not_count(divisions: Divisions, text: str, key: str | None) -> None:
    assert keys(divisions, text) == [key]


def test_without_a_city_there_is_no_key(divisions: Divisions) -> None:
    assert keys(divisions, "凤燕苑12幢") == [None]
    assert keys(divisions, "凤燕苑12幢", city="南京市") == ["南京市//凤燕苑"]
    assert keys(divisions, "苏州市姑苏区凤燕苑12幢", city="南京市") == ["苏州市/姑苏区/凤燕苑"]


def test_each_text_has_a_city_of_its_own(divisions: Divisions) -> None:
    prior = np.array([divisions.names.index(name) for name in ("南京市", "苏州市")], np.int32)
    found = place_keys(pl.Series(["鼓楼区凤燕苑12幢", "凤燕苑12幢"]), divisions, prior)["key"].to_list()
    assert found == ["南京市/鼓楼区/凤燕苑", "苏州市//凤燕苑"]


def test_many_texts_get_what_each_gets_alone(divisions: Divisions) -> None:
    texts = [f"南京市鼓楼区和燕路{n % 3}号{n}幢{n}01室" for n in range(1, 40)] + ["", "南京市鼓楼区凤燕苑1幢"]
    together = keys(divisions, *texts)
    assert together == [keys(divisions, text)[0] for text in texts]
    assert len(set(together)) == 5


def test_null_and_nothing(divisions: Divisions) -> None:
    assert place_keys(pl.Series([None], dtype=pl.String), divisions)["key"].to_list() == [None]
    assert place_keys(pl.Series([], dtype=pl.String), divisions).is_empty()
