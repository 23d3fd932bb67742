"""Files that cannot be taken at all: nothing of them is stored, the others go in, and the line says what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.exchange import areas, importing, records
from app.exchange.importing import import_folder

from . import folders
from .conftest import Store

EVENTS = "\n".join(folders.lines("events.csv")) + "\n"
TEAMS = "\n".join(folders.lines("teams.csv")) + "\n"
HEADER, FIRST, *_ = EVENTS.encode().splitlines(keepends=True)

REFUSED: list[tuple[str, str, bytes, str, str, str]] = [
    ("no bytes", "events.csv", b"", "", "", "EMPTY_FILE"),
    ("a byte order mark alone", "events.csv", b"\xef\xbb\xbf\r\n", "", "", "EMPTY_FILE"),
    ("GBK", "teams.csv", TEAMS.encode("gbk"), "2", "", "ENCODING"),
    ("GBK header", "teams.csv", TEAMS.replace("name", "名称").encode("gbk"), "1", "", "ENCODING"),
    ("UTF-16", "teams.csv", TEAMS.encode("utf-16"), "1", "", "ENCODING"),
    ("no column reason", "events.csv", EVENTS.replace("reason", "why").encode(), "1", "reason", "MISSING_COLUMN"),
    ("no header", "events.csv", FIRST, "1", "event_id, policy_no, reason, event_on, origin_agent_code, formalities_on,"
     " approval_ref, designated_agent_code", "MISSING_COLUMN"),
    ("semicolons", "events.csv", EVENTS.replace(",", ";").encode(), "1", "event_id, policy_no, reason, event_on,"
     " origin_agent_code, formalities_on, approval_ref, designated_agent_code", "MISSING_COLUMN"),
    ("a column twice", "events.csv", EVENTS.replace("approval_ref", "reason").encode(), "1", "reason", "DUPLICATE_COLUMN"),
    ("no JSON", "branches.geojson", b'{"type":\n"FeatureCollection",', "2", "", "BAD_JSON"),
    ("an OGR virtual layer", "branches.geojson", b"<OGRVRTDataSource/>", "1", "", "BAD_JSON"),
    ("JSON in GBK", "communities.geojson", '{"type":"FeatureCollection","features":["区"]}'.encode("gbk"), "1", "", "ENCODING"),
    ("a single feature", "branches.geojson", json.dumps(folders.AREAS["branches.geojson"][0]).encode(), "", "", "BAD_JSON"),
    ("brackets without end", "branches.geojson", b"[" * 200_000, "1", "", "BAD_JSON"),
    ("an unknown system", "branches.geojson", b'{"type":"FeatureCollection","crs_declared":"EPSG:4547","features":[]}', "",
     "crs_declared", "CRS_UNKNOWN"),
    ("an older member crs", "branches.geojson", b'{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":'
     b'"urn:ogc:def:crs:EPSG::4547"}},"features":[]}', "", "crs_declared", "CRS_UNKNOWN"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "content", "row", "column", "code"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED]
)
def test_a_file_that_cannot_be_taken(town: Store, file: str, content: bytes, row: str, column: str, code: str) -> None:
    folders.write_text(town.folder, file, content)
    report = town.load()
    assert (file, row, column, code) in town.codes()
    (refused,) = [one for one in report.files if one.refused]
    assert (refused.file, refused.read, refused.stored) == (file, 0, 0)
    assert refused.refused is not None
    assert refused.refused.code == code
    assert report.exit_code == 3
    assert town.one(f"SELECT count(*) FROM imported_file WHERE file = '{file}'") == 0
    assert town.one("SELECT count(*) FROM organisation") == 4


def test_the_encoding_is_named_with_its_place(town: Store) -> None:
    folders.write_text(town.folder, "teams.csv", TEAMS.encode("gbk"))
    town.load()
    message = next(one["message"] for one in town.rejected() if one["code"] == "ENCODING")
    byte = len(TEAMS.encode("gbk").split("东".encode("gbk"))[0]) + 1
    assert "第 2 行" in message
    assert f"byte {byte} of the file" in message
    assert "GBK" in message


def test_a_few_broken_bytes_do_not_refuse_the_file(town: Store) -> None:
    folders.write_text(
        town.folder, "teams.csv", TEAMS.encode().replace("东收展二部".encode(), "东收展二部".encode("gbk"))
    )
    report = town.load_file("teams.csv")
    assert report.refused is None
    # The team whose successor it was goes with it.
    assert [(row, code) for file, row, _, code in town.codes() if file == "teams.csv"] == [
        ("2", "UNKNOWN_CODE"),
        ("3", "ENCODING"),
    ]


def test_a_file_that_is_too_large_is_not_read(town: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(areas, "LARGEST", 100)
    report = import_folder(town.engine, town.folder, rejected=town.rejected_file, max_bytes=400)
    refused = {one.file: one.refused.code for one in report.files if one.refused}
    expected = {path.name for path in town.folder.iterdir() if path.stat().st_size > 400 or path.suffix == ".geojson"}
    assert refused == dict.fromkeys(expected, "FILE_TOO_LARGE")


def test_a_line_without_end_is_refused(town: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "BLOCK", 1024)
    monkeypatch.setattr(records, "LONGEST_RECORD", 2048)
    folders.write_text(town.folder, "events.csv", HEADER + b"x" * 100_000)
    report = town.load_file("events.csv")
    assert report.refused is not None
    assert report.refused.code == "BAD_RECORD"


def test_what_refers_to_a_refused_file_is_refused_too(town: Store) -> None:
    folders.write_text(town.folder, "policies.csv", "\n".join(folders.lines("policies.csv")).encode("utf-16"))
    town.load()
    assert {code for file, _, _, code in town.codes() if file == "events.csv"} == {"UNKNOWN_CODE"}


def test_rows_read_before_a_refusal_are_forgotten(town: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first batch is good, a later one shows that the file is no UTF-8: its policyholders must not count as there."""
    monkeypatch.setattr(records, "BLOCK", 256)
    good = [f"N{number},name,," for number in range(20)]
    bad = [f"M{number},姓名,," for number in range(40)]
    content = (folders.lines("policyholders.csv")[0] + "\n" + "\n".join(good)).encode() + "\n".join(["", *bad]).encode(
        "gbk"
    )
    folders.write_text(town.folder, "policyholders.csv", content)
    folders.write_text(town.folder, "addresses.csv", f"{folders.lines('addresses.csv')[0]}\nN1,HOME,a,,,,,\n")
    report = town.load()
    assert {one.file for one in report.files if one.refused} == {"policyholders.csv"}
    assert ("addresses.csv", "2", "policyholder_id", "UNKNOWN_CODE") in town.codes()
    assert [code for file, _, _, code in town.codes() if file == "policyholders.csv"] == ["ENCODING"]
    assert town.one("SELECT count(*) FROM policyholder") == 0


@pytest.mark.parametrize("there", [True, False])
def test_nothing_to_read(store: Store, there: bool, tmp_path: Path) -> None:
    (store.folder / "policy.csv").write_text("a\n")
    report = import_folder(store.engine, store.folder if there else tmp_path / "none", rejected=store.rejected_file)
    assert report.exit_code == 2
    assert report.problem is not None
    assert ("policies.csv" in report.problem[0]) == there
    assert not store.rejected_file.exists()


def test_the_list_of_refusals_never_overwrites_an_input(town: Store) -> None:
    events = (town.folder / "events.csv").read_bytes()
    report = import_folder(town.engine, town.folder, rejected=town.folder / "." / "events.csv")
    assert (report.exit_code, report.files) == (2, ())
    assert (town.folder / "events.csv").read_bytes() == events


def test_all_files_refused_is_nothing_read(store: Store) -> None:
    folders.write_text(store.folder, "events.csv", b"")
    assert store.load().exit_code == 2


def test_files_of_other_names_are_told(town: Store) -> None:
    (town.folder / "truth.csv").write_text("a\n")
    assert town.load().ignored == ("truth.csv",)


def test_an_unreadable_file_is_refused(town: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(records, "read_blocks", broken)
    report = town.load()
    codes = {one.refused.code for one in report.files if one.refused and one.file.endswith(".csv")}
    assert codes == {"UNREADABLE_FILE"}


def test_an_old_list_of_refusals_does_not_stay(town: Store) -> None:
    town.rejected_file.write_text("file,row,column,code,message,record\nevents.csv,2,,OLD,,\n")
    assert town.load().rejected_file is None
    assert town.rejected() == []


def test_an_import_tells_how_far_it_is(town: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "BLOCK", 256)
    first, *_ = folders.rows("events.csv")
    folders.write_rows(town.folder, "events.csv", [first | {"event_id": f"N{number}"} for number in range(30)])
    told: list[tuple[str, int, int]] = []
    town.load(lambda file, done, of: told.append((file, done, of)))
    events = [(done, of) for file, done, of in told if file == "events.csv"]
    assert [done for done, _ in events] == sorted(done for done, _ in events)
    assert len(events) > 1
    assert events[-1] == (30, 30)
    assert all(done <= of for _, done, of in told)
    assert {file for file, _, _ in told} == {*folders.TOWN, *folders.AREAS}


def test_large_is_large() -> None:
    assert importing.LARGE < records.BLOCK
