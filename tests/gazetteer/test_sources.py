"""What is told of sources, and what is found to contradict itself."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from app.gazetteer.sources import find_contradictions, find_places, list_sources

from . import grid
from .conftest import Gazetteer


@pytest.fixture
def three(known: Gazetteer) -> Gazetteer:
    """Three sources: 30 m, 40 m and 120 m off."""
    known.take_places(
        grid.town(source="乙图", prefix="2-", noise_m=40, seed=2), licence="内部", dated=date(2026, 1, 31)
    )
    known.take_places(grid.town(source="丙图", prefix="3-", noise_m=120, seed=3))
    return known


def test_the_worst_source_has_the_largest_error(three: Gazetteer) -> None:
    with three.engine.connect() as connection:
        listed = {row["source"]: row for row in list_sources(connection)}
    assert {name: row["rows"] for name, row in listed.items()} == {"甲图": 26, "乙图": 26, "丙图": 26}
    assert listed["丙图"]["error_m"] > 2 * max(listed["甲图"]["error_m"], listed["乙图"]["error_m"])
    assert listed["丙图"]["spread_p50_m"] > listed["甲图"]["spread_p50_m"]
    assert listed["甲图"]["shared"] == 52
    assert listed["甲图"]["agreeing"] > 0.9
    assert (listed["乙图"]["licence"], listed["乙图"]["dated"], listed["乙图"]["crs"]) == (
        "内部",
        date(2026, 1, 31),
        "CGCS2000",
    )


def test_one_source_alone_has_nothing_to_be_measured_by(known: Gazetteer) -> None:
    with known.engine.connect() as connection:
        (row,) = list_sources(connection)
    assert (row["rows"], row["shared"], row["agreeing"], row["spread_p50_m"]) == (26, 0, None, None)


def test_an_empty_gazetteer_has_no_sources(gazetteer: Gazetteer) -> None:
    with gazetteer.engine.connect() as connection:
        assert list_sources(connection) == []
        assert find_contradictions(connection, limit=5) == ([], {})
        assert find_places(connection, "花园", limit=5) == []


def test_sources_that_disagree_are_listed_worst_first(three: Gazetteer) -> None:
    three.do(
        "UPDATE gazetteer_place SET point = ST_Translate(point, 0.02, 0) WHERE id = '2-A'",
        "UPDATE gazetteer_place SET point = ST_Translate(point, 0, 0.03) WHERE id = '3-B'",
    )
    with three.engine.connect() as connection:
        found, counts = find_contradictions(connection, limit=10)
    disagree = [row for row in found if row["code"] == "SOURCES_DISAGREE"]
    assert [row["name"] for row in disagree] == ["乙字花园", "甲字花园"]
    assert disagree[0]["metres"] == pytest.approx(3327, abs=400)
    assert disagree[0]["ids"] == ["2-B", "3-B", "B"]
    assert disagree[1]["metres"] == pytest.approx(1890, abs=400)
    assert counts["SOURCES_DISAGREE"] == 2


def test_a_district_that_the_neighbours_contradict_is_listed(gazetteer: Gazetteer) -> None:
    gazetteer.take_places(
        grid.town("ABCDEF\nGHIJKL\nMNOPQR").with_columns(
            district=pl.when(pl.col("id") == "I").then(pl.lit("西区")).otherwise(pl.lit("东区"))
        )
    )
    with gazetteer.engine.connect() as connection:
        found, _ = find_contradictions(connection, limit=10)
    assert [(row["code"], row["name"], row["district"], row["neighbours"]) for row in found] == [
        ("DISTRICT_CONTRADICTS", "壬字花园", "西区", "东区")
    ]


def test_one_name_far_apart_in_one_district_is_listed(known: Gazetteer) -> None:
    known.do("UPDATE gazetteer_place SET name = '甲字花园' WHERE id = 'W'")
    with known.engine.connect() as connection:
        found, counts = find_contradictions(connection, limit=10)
    assert counts == {"SAME_NAME_FAR": 1}
    assert found[0]["ids"] == ["A", "W"]
    assert found[0]["metres"] == pytest.approx(1775, abs=150)


def test_a_place_is_shown_with_its_entries(three: Gazetteer) -> None:
    with three.engine.connect() as connection:
        (place,) = find_places(connection, "甲字", limit=5)
    assert place["sources"] == 3
    assert {entry["id"] for entry in place["entries"]} == {"A", "2-A", "3-A"}
    assert 0 < place["spread_m"] < 400


def test_the_answer_follows_the_gazetteer(known: Gazetteer) -> None:
    with known.engine.connect() as connection:
        assert len(find_places(connection, "甲字", limit=5)) == 1
    known.do("DELETE FROM gazetteer_place WHERE id = 'A'")
    with known.engine.connect() as connection:
        assert find_places(connection, "甲字", limit=5) == []
