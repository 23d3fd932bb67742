"""The shipped tables agree with each other."""

import polars as pl
import pytest

from geo.address.division_words import table


def codes_of(level: str | None = None) -> set[str]:
    rows = table("divisions.csv")
    return set((rows if level is None else rows.filter(pl.col("level") == level))["code"].to_list())


def parents() -> dict[str, str]:
    rows = table("divisions.csv")
    return dict(zip(rows["code"].to_list(), rows["parent"].to_list(), strict=True))


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("towns.csv", ["parent"]),
        ("division_changes.csv", ["code"]),
        ("former_parents.csv", ["parent", "code"]),
        ("district_words.csv", ["code"]),
        ("zones.csv", ["city", "district"]),
    ],
)
def test_every_code_is_one_of_the_divisions(name: str, columns: list[str]) -> None:
    rows = table(name)
    for column in columns:
        assert set(rows[column].to_list()) - {""} <= codes_of()


def test_codes_and_parents_are_sound() -> None:
    above = parents()
    assert len(above) == len(table("divisions.csv"))
    assert {above[c] for c in codes_of("province")} == {""}
    assert {above[c] for c in codes_of("city")} <= codes_of("province")
    assert {above[c] for c in codes_of("district")} <= codes_of("province") | codes_of("city")


def test_a_zone_lies_in_the_city_of_its_district() -> None:
    above = parents()
    for name, city, district in table("zones.csv").iter_rows():
        assert not district or above[district] == city, name
        assert not city or city in codes_of("city") | codes_of("province"), name


def test_former_names_are_dated_and_no_longer_borne_where_they_lead() -> None:
    rows = table("division_changes.csv")
    names = dict(table("divisions.csv").select("code", "name").iter_rows())
    assert rows["year"].cast(pl.Int32).is_between(1999, 2023).all()
    assert set(rows["what"].to_list()) == {"renamed", "merged", "status"}
    assert all(names[code] != former for former, _, code, _ in rows.iter_rows())
    assert rows.select("former", "code").is_duplicated().sum() == 0


@pytest.mark.parametrize(
    ("former", "year", "now", "what"),
    [
        ("南汇区", 2009, "浦东新区", "merged"),
        ("上饶县", 2019, "广信区", "renamed"),
        ("崇文区", 2010, "东城区", "merged"),
        ("江宁县", 2000, "江宁区", "status"),
        ("襄樊市", 2010, "襄阳市", "renamed"),
        ("江干区", 2021, "上城区", "merged"),
        ("莱芜市", 2018, "莱芜区", "status"),
        ("吴县市", 2000, "苏州市", "merged"),
    ],
)
def test_changes_that_everybody_knows(former: str, year: int, now: str, what: str) -> None:
    names = dict(table("divisions.csv").select("code", "name").iter_rows())
    found = [(int(y), names[c], w) for f, y, c, w in table("division_changes.csv").iter_rows() if f == former]
    assert (year, now, what) in found


def test_local_names_belong_to_one_of_several_districts_of_a_name() -> None:
    names = dict(table("divisions.csv").select("code", "name").iter_rows())
    several = {
        n
        for n, c in table("divisions.csv").filter(pl.col("level") == "district")["name"].value_counts().iter_rows()
        if c > 1
    }
    homes: dict[tuple[str, str], int] = {}
    for word, code, weight in table("district_words.csv").iter_rows():
        assert names[code] in several
        assert weight in ("1", "2")
        homes[word, names[code]] = homes.get((word, names[code]), 0) + 1
    assert set(homes.values()) == {1}
