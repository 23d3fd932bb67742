"""Folding: one place is written in one way, and folding twice changes nothing."""

import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.address.characters import fold, fold_words


def folded(text: str) -> str:
    return str(fold_words(pl.Series([text]))[0])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("１２號－３", "12号,3"),
        ("１２－３號", "12-3号"),
        ("⻄⻓安街２３号", "西长安街23号"),
        ("江蘇省臺州", "江苏省台州"),
        ("台里面干后发", "台里面干后发"),
        ("和 平 里", "和平里"),
        ("5 6", "5,6"),
        ("12号 3幢", "12号3幢"),
        ("a座b室", "A座B室"),
        ("仁恒·江湾", "仁恒江湾"),
        ("甲路，近乙路", "甲路,近乙路"),
        ("临江-桥北-甲路16-2号", "临江,桥北,甲路16-2号"),
        ("①号楼", "1号楼"),
        ("12 - 3號", "12-3号"),
        ("陝西省咸陽市乾縣乾隆路", "陕西省咸阳市乾县乾隆路"),
        ("乾安縣，乾洗店", "乾安县,干洗店"),
        ("關後街裡仁里", "关后街里仁里"),
        ("臺北路颱風臺檯", "台北路台风台台"),
        ("於潛鎮鍾鼓樓鐘樓", "于潜镇钟鼓楼钟楼"),
        ("曹楊新邨", "曹杨新村"),
        ("𩯳路", "〓路"),
        ("㎡", "M2"),
        ("(东门)甲路【近站】5号", "甲路5号(东门)(近站)"),
        ("甲路(乙(丙)丁)", "甲路(乙丙丁)"),
        ("甲路(乙", "甲路(乙)"),
        ("甲路)5号", "甲路5号"),
        ("𠮷野家", "〓野家"),
        ("\u200b甲\ufeff路\t1", "甲路,1"),
        ("", ""),
    ],
)
def test_each_way_of_writing(written: str, expected: str) -> None:
    assert folded(written) == expected


def test_every_radical_is_the_character_that_it_stands_for() -> None:
    radicals = [chr(c) for c in (*range(0x2E80, 0x2EF4), *range(0x2F00, 0x2FD6)) if unicodedata.name(chr(c), "")]
    left = [r for r in radicals if not folded(r) or 0x2E80 <= ord(folded(r)) < 0x2FE0]
    assert left == ["⺀", "⺂"]  # no ideograph stands for these two
    assert folded("⻄⼭⻓⻔⼯") == "西山长门工"


def test_a_null_is_an_empty_text_and_rows_keep_their_places() -> None:
    assert fold_words(pl.Series(["甲", None, "①", "乙"])).to_list() == ["甲", "", "1", "乙"]


def test_hints_come_behind_the_rest() -> None:
    texts = fold(pl.Series(["甲路5号（近站）"]))
    assert texts.slices(texts.start, texts.main_end).to_list() == ["甲路5号"]
    assert texts.slices(texts.main_end, texts.end).to_list() == ["(近站)"]


@given(st.lists(st.text(max_size=30), max_size=8))
def test_folding_is_idempotent(texts: list[str]) -> None:
    once = fold_words(pl.Series(texts, dtype=pl.String))
    assert fold_words(once).to_list() == once.to_list()


@given(st.text(st.sampled_from("甲乙路街0123456789ABC号"), max_size=20))
def test_full_width_letters_and_digits_are_the_same(text: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isascii() else c for c in text)
    assert folded(wide) == folded(text)
