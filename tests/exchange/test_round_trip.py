"""Every column of the interchange arrives in the store as it was written."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from app.exchange.layout import FOLDER, Layout

from . import folders
from .conftest import Store


def test_the_whole_town_goes_in(town: Store) -> None:
    report = town.load()
    assert [(one.file, one.read, one.stored) for one in report.files] == [
        ("organisations.csv", 4, 4),
        ("branches.geojson", 2, 2),
        ("communities.geojson", 2, 2),
        ("teams.csv", 4, 4),
        ("agents.csv", 4, 4),
        ("territories.geojson", 4, 4),
        ("policyholders.csv", 3, 3),
        ("addresses.csv", 4, 4),
        ("policies.csv", 4, 4),
        ("events.csv", 3, 3),
        ("gazetteer.csv", 2, 2),
    ]
    assert report.exit_code == 0
    assert report.rejected_file is None
    assert not town.rejected_file.exists()


def test_the_town_has_every_column() -> None:
    for layout in FOLDER:
        if isinstance(layout, Layout):
            assert list(folders.rows(layout.file)[0]) == [column.name for column in layout.columns]


ARRIVED = [
    (
        "SELECT code, level, parent_code, name FROM organisation ORDER BY code",
        [
            ("C", "city", "P", "乙市分公司"),
            ("E", "branch", "C", "东支公司"),
            ("P", "province", None, "甲省分公司"),
            ("W", "branch", "C", "西支公司"),
        ],
    ),
    (
        "SELECT code, branch_code, name, force, takes_part, capacity, successor_code, founded_on, ended_on"
        " FROM team ORDER BY code",
        [
            ("E-1", "E", "东收展一部", "COLLECTION", True, 120, "E-2", date(2015, 3, 1), date(2026, 6, 30)),
            ("E-2", "E", "东收展二部", "COLLECTION", True, None, None, None, None),
            ("E-M", "E", "东营销一部", "MARKETING", False, 0, None, date(2010, 1, 1), date(9999, 12, 31)),
            ("W-1", "W", "西收展一部", "COLLECTION", True, 80, None, None, None),
        ],
    ),
    (
        "SELECT code, team_code, force, name, is_lead, state, qualified, capacity, leave_from, leave_to,"
        " community_codes FROM agent ORDER BY code",
        [
            ("A1", "E-1", "COLLECTION", "甲一", True, "01", True, 60, date(2026, 2, 1), date(2026, 3, 31), ["C01", "C02"]),
            ("A2", "E-2", "COLLECTION", "甲二", False, "02", False, None, None, None, []),
            ("A3", "W-1", "COLLECTION", None, False, "01", True, None, None, None, []),
            ("M1", "E-M", "MARKETING", "乙一", True, "04", True, 30, None, None, ["C09"]),
        ],
    ),
    (
        "SELECT id, name, phone, agent_code FROM policyholder ORDER BY id",
        [("H1", "张三", "19900000001", None), ("H2", "李,四", "19900000002", "A2"), ("H3", None, None, None)],
    ),
    (
        "SELECT policyholder_id, kind, text, ST_SRID(point), round(ST_X(point)::numeric, 7), round(ST_Y(point)::numeric, 7),"
        " declared_crs, community_code, updated_on FROM address ORDER BY id",
        [
            ("H1", "CUSTOMER_CONFIRMED", "示例路1号", 4490, Decimal("120.005"), Decimal("30.005"), "CGCS2000", "C01", date(2025, 5, 26)),
            ("H1", "HOME", "示例路2号", 4490, Decimal("120.018"), Decimal("30.005"), "GCJ02", None, date(2024, 1, 1)),
            ("H2", "POSTAL", "示例路3号\n2单元", None, None, None, None, "C02", None),
            ("H3", "WORK", None, 4490, Decimal("120.01"), Decimal("30.01"), "WGS84", None, date(2023, 12, 31)),
        ],
    ),
    (
        "SELECT policy_no, policyholder_id, branch_code, product, premium, combination_id, effective_on, term_years,"
        " status, lapsed_on, seller_code, servicer_code, servicer_since, served_by_collection FROM policy ORDER BY policy_no",
        [
            ("P1", "H1", "E", "年金甲款", Decimal("30000.00"), "K1", date(2012, 1, 10), 0, "IN_FORCE", None, "M1", "A1", date(2022, 6, 24), True),
            ("P2", "H1", "E", "住院医疗", Decimal("199.50"), "K1", date(2019, 8, 25), 1, "LAPSED", date(2025, 8, 1), "M1", "M1", None, False),
            ("P3", "H2", "W", "终身寿险", None, None, None, None, "ENDED", None, None, "A3", None, True),
            ("P4", "H3", "E", None, Decimal("0.01"), None, None, None, "IN_FORCE", None, None, None, None, False),
        ],
    ),
    (
        "SELECT event_id, policy_no, reason, event_on, origin_agent_code, formalities_on, approval_ref,"
        " designated_agent_code FROM orphan_event ORDER BY event_id",
        [
            ("X1", "P1", "AGENT_TERMINATED", date(2026, 2, 7), "M1", date(2026, 2, 10), None, None),
            ("X2", "P2", "CUSTOMER_REQUEST", date(2026, 1, 8), "M1", None, "SP09746", "A2"),
            ("X3", "P4", "OTHER_CHANNEL", date(2026, 1, 9), None, None, None, None),
        ],
    ),
    (
        "SELECT id, name, kind, province, city, district, subdistrict, road, number, address,"
        " round(ST_X(point)::numeric, 3), round(ST_Y(point)::numeric, 3), source FROM gazetteer_place ORDER BY id",
        [
            ("G1", "示例花园", "COMPOUND", "甲省", "乙市", "东区", "一街道", "示例路", "1", "示例路1号", Decimal("120.005"), Decimal("30.005"), "自编"),
            ("G2", None, "DOOR", None, None, None, None, None, None, None, Decimal("120.018"), Decimal("30.005"), None),
        ],
    ),
    (
        "SELECT branch_code, ST_AsText(geom) FROM branch_area WHERE branch_code = 'W'",
        [("W", "MULTIPOLYGON(((120.03 30,120.04 30,120.04 30.01,120.03 30.01,120.03 30)))")],
    ),
    (
        "SELECT code, name, ST_NumGeometries(geom), ST_SRID(geom) FROM community ORDER BY code",
        [("C01", "第一社区", 1, 4490), ("C02", None, 2, 4490)],
    ),
    (
        "SELECT team_code, effective_from, ST_Equals(geom, ST_MakeEnvelope(120, 30, 120.01, 30.02, 4490)) FROM delivered_territory"
        " ORDER BY team_code, effective_from",
        [
            ("E-1", date(2026, 1, 1), True),
            ("E-1", date(2026, 4, 1), False),
            ("E-2", date(1, 1, 1), False),
        ],
    ),
    (
        "SELECT file, rows_read, rows_stored, rows_rejected, length(sha256) FROM imported_file WHERE file = 'events.csv'",
        [("events.csv", 3, 3, 0, 64)],
    ),
    (
        "SELECT agent_code, serviced, allocated FROM agent_load ORDER BY 1",
        [("A1", 1, 0), ("A2", 0, 0), ("A3", 0, 0), ("M1", 1, 0)],
    ),
    ("SELECT team_code, allocated FROM team_load ORDER BY 1", [("E-1", 0), ("E-2", 0), ("E-M", 0), ("W-1", 0)]),
]  # fmt: skip
"""Query, rows."""


def test_every_column_arrives(town: Store) -> None:
    town.load()
    for query, expected in ARRIVED:
        assert town.all(query) == expected, query


def test_a_column_may_be_left_out_only_if_it_is_optional(town: Store) -> None:
    without = "\n".join(line.rpartition(",")[0] for line in folders.lines("policyholders.csv"))
    folders.write_text(town.folder, "policyholders.csv", without)
    assert town.load().exit_code == 0
    assert town.all("SELECT DISTINCT agent_code FROM policyholder") == [(None,)]


def test_further_columns_in_any_order_are_left_alone(town: Store) -> None:
    records = folders.rows("teams.csv")
    header = ["note", *reversed(list(records[0])), ""]
    text = "\n".join(
        [",".join(header), *(",".join(["=1+1", *reversed(list(record.values())), "x"]) for record in records)]
    )
    folders.write_text(town.folder, "teams.csv", text)
    assert town.load().exit_code == 0
    assert town.one("SELECT name FROM team WHERE code = 'E-2'") == "东收展二部"


@pytest.mark.parametrize(
    "dress",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.removesuffix("\n"),
        lambda text: text.replace(",", " , ").replace("\n", "　\n"),
        lambda text: "\n".join(
            ",".join(f'"{field}"' for field in line.split(",")) for line in text.split("\n") if line
        ),
        lambda text: text.replace("\n", "\n\n"),
    ],
    ids=["byte order mark", "carriage returns", "no last line break", "blanks", "quotes", "empty lines"],
)
def test_how_it_is_dressed_does_not_matter(town: Store, dress: object) -> None:
    assert callable(dress)
    text = "\n".join(folders.lines("teams.csv")) + "\n"
    folders.write_text(town.folder, "teams.csv", dress(text))
    assert town.load_file("teams.csv").stored == 4
    assert town.one("SELECT count(*) FROM team WHERE name = '东收展二部' AND capacity IS NULL") == 1


@pytest.mark.parametrize("crs", ["CGCS2000", "WGS84", "GCJ02", "BD09"])
def test_areas_in_any_system_meet_where_they_met(store: Store, crs: str) -> None:
    folders.write(store.folder, ["organisations.csv", "teams.csv"])
    west, east = folders.square(120.0, 30.0), folders.square(120.01, 30.0)
    areas = [folders.feature({"code": code}, ring) for code, ring in (("C01", west), ("C02", east))]
    folders.write_areas(store.folder, "communities.geojson", areas, crs_declared=crs)
    assert store.load().exit_code == 0
    shared, apart = store.all(
        "SELECT ST_Length(ST_Intersection(a.geom, b.geom)), ST_Distance(ST_Centroid(a.geom), 'SRID=4490;POINT(120.005 30.005)')"
        " FROM community a, community b WHERE a.code = 'C01' AND b.code = 'C02'"
    )[0]
    assert shared == pytest.approx(0.01, rel=0.01)
    assert (apart > 0.003) == (crs in ("GCJ02", "BD09"))


def test_points_in_all_systems_meet_on_the_border(store: Store) -> None:
    """One place, written with seven digits in each system, is the same point in the store."""
    folders.write(store.folder, ["organisations.csv", "teams.csv", "agents.csv", "policyholders.csv"])
    text = "\n".join(
        [
            folders.lines("addresses.csv")[0],
            "H1,HOME,a,118.54,31.52,CGCS2000,,",
            "H1,HOME,b,118.54,31.52,WGS84,,",
            "H1,HOME,c,118.5450532,31.517912,gcj-02,,",
            "H1,HOME,d,118.5514706,31.52416,bd09ll,,",
        ]
    )
    folders.write_text(store.folder, "addresses.csv", text)
    assert store.load().exit_code == 0
    assert store.all("SELECT DISTINCT ST_AsText(point) FROM address") == [("POINT(118.54 31.52)",)]


def test_phones_and_names_in_an_address_are_not_stored(town: Store) -> None:
    header = "policyholder_id,kind,text,lon,lat,crs,community_code,updated_on"
    rows = (
        "H1,HOME,收件人：张三 13800138000 甲省乙市丙区示例路5号2幢,,,,,",
        "H2,HOME,甲省乙市丙区示例路6号（李女士收）,,,,,",
        "H3,HOME,13800138000,,,,C01,",
    )
    folders.write_text(town.folder, "addresses.csv", "\n".join((header, *rows)) + "\n")
    report = town.load_file("addresses.csv")
    assert (report.read, report.stored) == (3, 3)
    stored = town.all("SELECT policyholder_id, text FROM address ORDER BY policyholder_id")
    assert stored == [("H1", "甲省乙市丙区示例路5号2幢"), ("H2", "甲省乙市丙区示例路6号"), ("H3", None)]
    assert town.load_file("addresses.csv").stored == 0
