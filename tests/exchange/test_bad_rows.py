"""Every way to spoil a record: the code, the row and the column that come back, and that the others go in."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any

import pytest

from app.exchange.rejections import MESSAGES

from . import folders
from .conftest import Store

Spoilt = tuple[dict[str, str], str, str]
"""What is changed in a good record, the column and the code that come back."""

GOOD: dict[str, dict[str, str]] = {
    "organisations.csv": {"code": "N", "level": "branch", "parent_code": "C", "name": "新"},
    "teams.csv": {"code": "N", "branch_code": "E", "name": "新", "force": "COLLECTION"},
    "agents.csv": {"code": "N", "team_code": "E-1"},
    "policyholders.csv": {"id": "N"},
    "addresses.csv": {"policyholder_id": "H1", "kind": "HOME", "lon": "120.005", "lat": "30.005", "crs": "WGS84"},
    "policies.csv": {"policy_no": "N", "policyholder_id": "H1", "branch_code": "E", "status": "IN_FORCE"},
    "events.csv": {"event_id": "N", "policy_no": "P1", "reason": "AGENT_REQUEST", "event_on": "2026-01-01"},
    "gazetteer.csv": {"id": "N", "kind": "POI", "lon": "120.005", "lat": "30.005", "crs": "WGS84"},
}

LONG_CODE, LONG_TEXT = "长" * 65, "长" * 501

BAD: dict[str, list[Spoilt]] = {
    "organisations.csv": [
        ({"code": ""}, "code", "MISSING_VALUE"),
        ({"code": LONG_CODE}, "code", "TOO_LONG"),
        ({"code": "a\nb"}, "code", "BAD_CHARACTER"),
        ({"level": ""}, "level", "MISSING_VALUE"),
        ({"level": "BRANCH"}, "level", "BAD_VALUE"),
        ({"parent_code": "nowhere"}, "parent_code", "UNKNOWN_CODE"),
        ({"parent_code": "E"}, "parent_code", "BAD_PARENT"),
        ({"parent_code": "N"}, "parent_code", "BAD_PARENT"),
        ({"name": ""}, "name", "MISSING_VALUE"),
        ({"name": LONG_TEXT}, "name", "TOO_LONG"),
        ({"name": "\x07"}, "", "BAD_CHARACTER"),
        ({"name": "a\x00b"}, "", "BAD_CHARACTER"),
        ({"name": "a\n\\.\nb"}, "name", "BAD_CHARACTER"),
    ],
    "teams.csv": [
        ({"branch_code": "nowhere"}, "branch_code", "UNKNOWN_CODE"),
        ({"branch_code": "C"}, "branch_code", "UNKNOWN_CODE"),
        ({"name": ""}, "name", "MISSING_VALUE"),
        ({"force": ""}, "force", "MISSING_VALUE"),
        ({"force": "SALES"}, "force", "BAD_VALUE"),
        ({"takes_part": "1"}, "takes_part", "BAD_BOOLEAN"),
        ({"capacity": "1.5"}, "capacity", "BAD_NUMBER"),
        ({"capacity": "many"}, "capacity", "BAD_NUMBER"),
        ({"capacity": "NaN"}, "capacity", "BAD_NUMBER"),
        ({"capacity": "-1"}, "capacity", "OUT_OF_RANGE"),
        ({"capacity": "2147483648"}, "capacity", "OUT_OF_RANGE"),
        ({"successor_code": "nowhere"}, "successor_code", "UNKNOWN_CODE"),
        ({"successor_code": "N"}, "successor_code", "BAD_VALUE"),
        ({"founded_on": "2026-02-30"}, "founded_on", "BAD_DATE"),
        ({"founded_on": "2026/2/3"}, "founded_on", "BAD_DATE"),
        ({"founded_on": "2026-2-3"}, "founded_on", "BAD_DATE"),
        ({"founded_on": "2026-02-03T00:00:00"}, "founded_on", "BAD_DATE"),
        ({"founded_on": "0000-01-01"}, "founded_on", "OUT_OF_RANGE"),
        ({"founded_on": "1066-10-14"}, "founded_on", "OUT_OF_RANGE"),
        ({"founded_on": "2201-01-01"}, "founded_on", "OUT_OF_RANGE"),
        ({"force": "SALES", "takes_part": "yes"}, "force", "BAD_VALUE"),
    ],
    "agents.csv": [
        ({"team_code": ""}, "team_code", "MISSING_VALUE"),
        ({"team_code": "nowhere"}, "team_code", "UNKNOWN_CODE"),
        ({"state": "1"}, "state", "BAD_VALUE"),
        ({"is_lead": "ja"}, "is_lead", "BAD_BOOLEAN"),
        ({"qualified": "0"}, "qualified", "BAD_BOOLEAN"),
        ({"leave_from": "soon"}, "leave_from", "BAD_DATE"),
        ({"community_codes": LONG_TEXT}, "community_codes", "TOO_LONG"),
    ],
    "policyholders.csv": [
        ({"id": ""}, "id", "MISSING_VALUE"),
        ({"agent_code": "nobody"}, "agent_code", "UNKNOWN_CODE"),
        ({"phone": LONG_TEXT}, "phone", "TOO_LONG"),
    ],
    "addresses.csv": [
        ({"policyholder_id": "nobody"}, "policyholder_id", "UNKNOWN_CODE"),
        ({"kind": "OFFICE"}, "kind", "BAD_VALUE"),
        ({"kind": ""}, "kind", "MISSING_VALUE"),
        ({"text": LONG_TEXT}, "text", "TOO_LONG"),
        ({"lon": ""}, "lon", "MISSING_VALUE"),
        ({"lat": ""}, "lat", "MISSING_VALUE"),
        ({"lon": "东经120度"}, "lon", "BAD_NUMBER"),
        ({"lat": "30°0'18\""}, "lat", "BAD_NUMBER"),
        ({"lon": "nan"}, "lon", "NOT_FINITE"),
        ({"lat": "Infinity"}, "lat", "NOT_FINITE"),
        ({"lat": "1e999"}, "lat", "NOT_FINITE"),
        ({"lon": "200"}, "lon", "OUT_OF_RANGE"),
        ({"lat": "-91"}, "lat", "OUT_OF_RANGE"),
        ({"lon": "0", "lat": "0"}, "lon", "OUTSIDE_CHINA"),
        ({"lon": "2.35", "lat": "48.86"}, "lon", "OUTSIDE_CHINA"),
        ({"lon": "30.005", "lat": "120.005"}, "lon", "SWAPPED_AXES"),
        ({"lon": "40.5", "lat": "80.5"}, "lon", "SWAPPED_AXES"),
        ({"crs": ""}, "crs", "CRS_UNDECLARED"),
        ({"crs": "EPSG:3857"}, "crs", "CRS_UNKNOWN"),
        ({"updated_on": "yesterday"}, "updated_on", "BAD_DATE"),
    ],
    "policies.csv": [
        ({"policyholder_id": "nobody"}, "policyholder_id", "UNKNOWN_CODE"),
        ({"branch_code": "C"}, "branch_code", "UNKNOWN_CODE"),
        ({"premium": "1,000"}, "premium", "BAD_NUMBER"),
        ({"premium": "1E+05"}, "premium", "BAD_NUMBER"),
        ({"premium": "-1"}, "premium", "OUT_OF_RANGE"),
        ({"premium": "0.001"}, "premium", "OUT_OF_RANGE"),
        ({"premium": "1000000000000"}, "premium", "OUT_OF_RANGE"),
        ({"premium": "NaN"}, "premium", "NOT_FINITE"),
        ({"premium": "-inf"}, "premium", "NOT_FINITE"),
        ({"term_years": "lifelong"}, "term_years", "BAD_NUMBER"),
        ({"status": ""}, "status", "MISSING_VALUE"),
        ({"status": "LAPSE"}, "status", "BAD_VALUE"),
        ({"seller_code": "nobody"}, "seller_code", "UNKNOWN_CODE"),
        ({"servicer_code": "nobody"}, "servicer_code", "UNKNOWN_CODE"),
        ({"served_by_collection": "maybe"}, "served_by_collection", "BAD_BOOLEAN"),
        ({"lapsed_on": "20260101"}, "lapsed_on", "BAD_DATE"),
    ],
    "events.csv": [
        ({"policy_no": "none"}, "policy_no", "UNKNOWN_CODE"),
        ({"reason": "DIED"}, "reason", "BAD_VALUE"),
        ({"event_on": ""}, "event_on", "MISSING_VALUE"),
        ({"event_on": "2026-13-01"}, "event_on", "BAD_DATE"),
        ({"formalities_on": "9999-12-31"}, "formalities_on", "OUT_OF_RANGE"),
        ({"origin_agent_code": "nobody"}, "origin_agent_code", "UNKNOWN_CODE"),
        ({"designated_agent_code": "nobody"}, "designated_agent_code", "UNKNOWN_CODE"),
    ],
    "gazetteer.csv": [
        ({"kind": "SHOP"}, "kind", "BAD_VALUE"),
        ({"lon": ""}, "lon", "MISSING_VALUE"),
        ({"lat": "x"}, "lat", "BAD_NUMBER"),
        ({"crs": ""}, "crs", "CRS_UNDECLARED"),
    ],
}


@pytest.mark.parametrize("file", BAD)
def test_bad_records_come_back_and_the_others_go_in(town: Store, file: str) -> None:
    good = folders.rows(file)
    template = dict.fromkeys(good[0], "") | GOOD[file]
    spoilt = [template | change for change, _, _ in BAD[file]]
    # A good record before, between and behind the bad ones.
    folders.write_rows(town.folder, file, [*good[:-1], *spoilt, good[-1], template])
    report = town.load()
    first = len(good) - 1 + 2
    expected = [(file, str(first + number), column, code) for number, (_, column, code) in enumerate(BAD[file])]
    assert town.codes() == expected
    one = next(found for found in report.files if found.file == file)
    assert (one.read, one.stored, one.rejected) == (len(good) + 1 + len(spoilt), len(good) + 1, len(spoilt))
    assert report.exit_code == 3


AREA = folders.square(120.0, 30.0)
BOW_TIE = [[[120.0, 30.0], [120.01, 30.01], [120.01, 30.0], [120.0, 30.01], [120.0, 30.0]]]
BAD_AREAS: list[tuple[Any, str, str]] = [
    (folders.feature({}, AREA), "team_code", "MISSING_VALUE"),
    (folders.feature({"team_code": None}, AREA), "team_code", "MISSING_VALUE"),
    (folders.feature({"team_code": LONG_CODE}, AREA), "team_code", "TOO_LONG"),
    (folders.feature({"team_code": "a\u0000"}, AREA), "team_code", "BAD_CHARACTER"),
    (folders.feature({"team_code": "nowhere"}, AREA), "team_code", "UNKNOWN_CODE"),
    (folders.feature({"team_code": "E-1", "effective_from": "2026-1-1"}, AREA), "effective_from", "BAD_DATE"),
    (folders.feature({"team_code": "E-1", "effective_from": 20260101}, AREA), "effective_from", "BAD_DATE"),
    (folders.feature({"team_code": "E-1", "effective_from": "2300-01-01"}, AREA), "effective_from", "OUT_OF_RANGE"),
    ({"type": "Feature", "properties": {"team_code": "E-1"}, "geometry": None}, "geometry", "EMPTY_GEOMETRY"),
    (folders.feature({"team_code": "E-1"}, []), "geometry", "EMPTY_GEOMETRY"),
    (folders.feature({"team_code": "E-1"}, [[]]), "geometry", "BAD_GEOMETRY"),
    (folders.feature({"team_code": "E-1"}, [120.0, 30.0], "Point"), "geometry", "BAD_GEOMETRY"),
    (folders.feature({"team_code": "E-1"}, [[["120", "30"]] * 4]), "geometry", "BAD_GEOMETRY"),
    (folders.feature({"team_code": "E-1"}, [[[120.0]] * 4]), "geometry", "BAD_GEOMETRY"),
    (folders.feature({"team_code": "E-1"}, AREA, "MultiPolygon"), "geometry", "BAD_GEOMETRY"),
    (folders.feature({"team_code": "E-1"}, [AREA[0][:-1]]), "geometry", "INVALID_GEOMETRY"),
    (folders.feature({"team_code": "E-1"}, BOW_TIE), "geometry", "INVALID_GEOMETRY"),
    (folders.feature({"team_code": "E-1"}, [AREA[0], folders.square(120.02, 30.0)[0]]), "geometry", "INVALID_GEOMETRY"),
    (folders.feature({"team_code": "E-1"}, [[[120.0, 30.0], [120.01, 30.0], [120.02, 30.0], [120.0, 30.0]]]), "geometry", "INVALID_GEOMETRY"),
    (folders.feature({"team_code": "E-1"}, [[[y, x] for x, y in AREA[0]]]), "geometry", "SWAPPED_AXES"),
    (folders.feature({"team_code": "E-1"}, folders.square(2.3, 48.8)), "geometry", "OUTSIDE_CHINA"),
    (folders.feature({"team_code": "E-1"}, folders.square(500000.0, 3300000.0, 100)), "geometry", "OUT_OF_RANGE"),
    (folders.feature({"team_code": "E-1"}, [[[float("nan"), 30.0], *AREA[0]]]), "geometry", "NOT_FINITE"),
    (folders.feature({"team_code": "E-1"}, [[[120.0, float("inf")], *AREA[0]]]), "geometry", "NOT_FINITE"),
    ("no feature", "team_code", "MISSING_VALUE"),
]  # fmt: skip


def test_bad_areas_come_back_and_the_others_go_in(town: Store) -> None:
    good = folders.AREAS["territories.geojson"]
    folders.write_areas(town.folder, "territories.geojson", [*(one for one, _, _ in BAD_AREAS), *good])
    report = town.load_file("territories.geojson")
    assert town.codes() == [
        ("territories.geojson", str(row), column, code) for row, (_, column, code) in enumerate(BAD_AREAS, start=1)
    ]
    assert (report.read, report.stored, report.rejected) == (len(BAD_AREAS) + 4, 4, len(BAD_AREAS))
    assert town.one("SELECT count(*) FROM delivered_territory") == 3


def test_an_invalid_shape_is_named_by_its_place(town: Store) -> None:
    folders.write_areas(town.folder, "branches.geojson", [folders.feature({"branch_code": "E"}, BOW_TIE)])
    town.load()
    message = next(one["message"] for one in town.rejected() if one["file"] == "branches.geojson")
    assert "自相交" in message
    assert "Self-intersection at 120.005, 30.005" in message


@pytest.mark.parametrize("file", ["branches.geojson", "communities.geojson"])
def test_an_area_drawn_twice_in_two_shapes_is_a_contradiction(town: Store, file: str) -> None:
    first = folders.AREAS[file][0]
    other = folders.feature(first["properties"], folders.square(120.02, 30.02))
    folders.write_areas(town.folder, file, [first, other, first])
    report = town.load_file(file)
    assert (report.stored, report.unchanged, report.rejected) == (1, 1, 1)
    assert [(row, code) for _, row, _, code in town.codes()] == [("2", "DUPLICATE_KEY")]


BROKEN: list[tuple[str, bytes, list[tuple[str, str]], int]] = [
    ("a field too many", b"X9,P1,AGENT_REQUEST,2026-01-01,,,,,\n", [("3", "BAD_RECORD")], 2),
    ("a field too few", b"X9,P1,AGENT_REQUEST,2026-01-01,,,\n", [("3", "BAD_RECORD")], 2),
    ("a quote inside a field", b'X"9,P1,AGENT_REQUEST,2026-01-01,,,,\n', [("3", "BAD_RECORD")], 2),
    ("text behind a quote", b'"X"9,P1,AGENT_REQUEST,2026-01-01,,,,\n', [("3", "BAD_RECORD")], 2),
    ("a quote that is never closed", b'"X9,P1,AGENT_REQUEST,2026-01-01,,,,\n', [("3", "BAD_RECORD")], 2),
    ("two of them", b'"X9,P1,AGENT_REQUEST,2026-01-01,,,,\nX8,P1,"AGENT_REQUEST,2026-01-01,,,,\n',
     [("3", "BAD_RECORD"), ("4", "BAD_RECORD")], 2),
    ("a byte that is not UTF-8", "X9,P1,AGENT_REQUEST,2026-01-01,,,批".encode() + b"\xff,\n", [("3", "ENCODING")], 2),
    ("cut in the middle of a letter", "X9,P1,AGENT_REQUEST,2026-01-01,,,批".encode()[:-1] + b",\n", [("3", "ENCODING")], 2),
    ("a surrogate", b"X9,P1,AGENT_REQUEST,2026-01-01,,,\xed\xa0\x80,\n", [("3", "ENCODING")], 2),
    ("nothing but commas", b",,,,,,,\n", [("3", "MISSING_VALUE")], 2),
    ("blanks alone", b"  \n", [("3", "BAD_RECORD")], 2),
    ("an empty line before", b"\n\nX9,P1,DIED,2026-01-01,,,,\n", [("5", "BAD_VALUE")], 2),
    ("a record on two lines before", b'X9,P1,AGENT_REQUEST,2026-01-01,,,"a\nb",\nX8,,AGENT_REQUEST,2026-01-01,,,,\n',
     [("4", "MISSING_VALUE")], 3),
]  # fmt: skip


@pytest.mark.parametrize(
    ("bytes_between", "expected", "stored"), [one[1:] for one in BROKEN], ids=[one[0] for one in BROKEN]
)
def test_a_broken_record_costs_no_other(
    town: Store, bytes_between: bytes, expected: list[tuple[str, str]], stored: int
) -> None:
    header, first, second, *_ = (line.encode() + b"\n" for line in folders.lines("events.csv"))
    folders.write_text(town.folder, "events.csv", header + first + bytes_between + second)
    report = town.load_file("events.csv")
    assert [(row, code) for _, row, _, code in town.codes()] == expected
    assert (report.stored, report.rejected) == (stored, len(expected))
    assert {"X1", "X2"} <= {row[0] for row in town.all("SELECT event_id FROM orphan_event")}


def test_a_line_tells_the_place_the_reason_and_the_record(town: Store) -> None:
    records = folders.rows("events.csv")
    records[1] |= {"reason": "DIED", "event_on": "morgen"}
    folders.write_rows(town.folder, "events.csv", records)
    report = town.load()
    (line,) = town.rejected()
    assert list(line) == ["file", "row", "column", "code", "message", "record"]
    assert (line["file"], line["row"], line["column"], line["code"]) == ("events.csv", "3", "reason", "BAD_VALUE")
    assert "应为" in line["message"]
    assert "Expected: AGENT_TERMINATED" in line["message"]
    assert "event_on BAD_DATE" in line["message"]
    assert line["record"] == "X2,P2,DIED,morgen,M1,,SP09746,A2"
    assert report.rejected_file == town.rejected_file


def test_no_spreadsheet_takes_a_record_for_a_formula(town: Store) -> None:
    header, *_ = folders.lines("events.csv")
    formulas = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)"]
    folders.write_text(town.folder, "events.csv", "\n".join([header, *formulas]))
    town.load()
    assert [one["record"] for one in town.rejected()] == [f"'{formula}" for formula in formulas]


def test_what_is_refused_takes_what_rests_on_it_along(town: Store) -> None:
    """A bad branch, its team, its agents, and so on down to the event: each says why."""
    for file, key, change in (
        ("organisations.csv", ("code", "W"), {"level": "?"}),
        ("policyholders.csv", ("id", "H3"), {"name": LONG_TEXT}),
    ):
        records = folders.rows(file)
        for record in records:
            if record[key[0]] == key[1]:
                record |= change
        folders.write_rows(town.folder, file, records)
    town.load()
    assert town.codes() == [
        ("organisations.csv", "3", "level", "BAD_VALUE"),
        ("branches.geojson", "2", "branch_code", "UNKNOWN_CODE"),
        ("teams.csv", "5", "branch_code", "UNKNOWN_CODE"),
        ("agents.csv", "4", "team_code", "UNKNOWN_CODE"),
        ("policyholders.csv", "4", "name", "TOO_LONG"),
        ("addresses.csv", "5", "policyholder_id", "UNKNOWN_CODE"),
        ("policies.csv", "4", "branch_code", "UNKNOWN_CODE"),
        ("policies.csv", "5", "policyholder_id", "UNKNOWN_CODE"),
        ("events.csv", "4", "policy_no", "UNKNOWN_CODE"),
    ]


def test_a_successor_may_come_later_but_must_be_good(town: Store) -> None:
    records = {record["code"]: record for record in folders.rows("teams.csv")}
    records["E-1"]["successor_code"], records["E-2"]["successor_code"] = "E-2", "W-1"
    records["W-1"]["force"] = "?"
    folders.write_rows(town.folder, "teams.csv", list(records.values()))
    town.load()
    assert [(row, column, code) for file, row, column, code in town.codes() if file == "teams.csv"] == [
        ("2", "successor_code", "UNKNOWN_CODE"),
        ("3", "successor_code", "UNKNOWN_CODE"),
        ("5", "force", "BAD_VALUE"),
    ]


REPEATED: list[tuple[str, Callable[[dict[str, str]], dict[str, str]], str]] = [
    ("policyholders.csv", lambda one: one | {"name": "另一人"}, "DUPLICATE_KEY"),
    ("policies.csv", lambda one: one | {"product": "另一种"}, "DUPLICATE_KEY"),
    ("addresses.csv", lambda one: one | {"community_code": "C77"}, "DUPLICATE_KEY"),
    ("gazetteer.csv", lambda one: one | {"name": "另一处"}, "DUPLICATE_KEY"),
    ("events.csv", lambda one: one | {"approval_ref": "SP1"}, "EVENT_CONFLICT"),
]


@pytest.mark.parametrize(("file", "change", "code"), REPEATED, ids=[one[0] for one in REPEATED])
def test_the_same_key_twice(
    town: Store, file: str, change: Callable[[dict[str, str]], dict[str, str]], code: str
) -> None:
    """Sent twice it is a repetition; with another content the first one counts."""
    records = folders.rows(file)
    folders.write_rows(town.folder, file, [*records, change(records[0]), records[0], records[1]])
    report = town.load_file(file)
    assert (report.stored, report.unchanged, report.rejected) == (len(records), 2, 1)
    assert [(row, found) for _, row, _, found in town.codes()] == [(str(len(records) + 2), code)]
    assert "2" in town.rejected()[0]["message"]


def test_a_good_record_counts_after_a_bad_one_of_the_same_key(town: Store) -> None:
    records = folders.rows("events.csv")
    folders.write_rows(town.folder, "events.csv", [records[0] | {"reason": "DIED"}, *records])
    report = town.load_file("events.csv")
    assert (report.stored, report.rejected) == (3, 1)


def test_every_message_is_said_in_both_languages() -> None:
    for code, (chinese, english) in MESSAGES.items():
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese), code
        assert english.isascii() or "“" in english, code


def test_rejected_lines_are_csv(town: Store) -> None:
    """A record with commas, quotes and line breaks is one cell."""
    header, *_ = folders.lines("addresses.csv")
    record = 'H1,HOME,"a ""b"",\nc",,,,,gestern'
    folders.write_text(town.folder, "addresses.csv", f"{header}\n{record}\n")
    town.load()
    assert [one["record"] for one in town.rejected() if one["file"] == "addresses.csv"] == [record]
    with town.rejected_file.open(encoding="utf-8", newline="") as stream:
        assert {len(row) for row in csv.reader(stream)} == {6}
