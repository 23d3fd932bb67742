"""Importing again: nothing changes, or what changed is replaced, and what may not change does not."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from app.exchange import importing, records

from . import folders
from .conftest import Store


@pytest.fixture(params=["merged", "keys dropped", "keys dropped whatever is there", "in small parts"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The ways into a table give the same."""
    if request.param != "merged":
        monkeypatch.setattr(importing, "LARGE", 0)
    if request.param == "keys dropped whatever is there":
        monkeypatch.setattr(importing, "OUTWEIGHS", 1e-9)
    if request.param == "in small parts":
        monkeypatch.setattr(records, "BLOCK", 256)
    return str(request.param)


def test_the_second_time_changes_nothing(town: Store, way: str) -> None:
    town.load()
    before, places = town.contents(), town.all("SELECT ctid, xmin FROM policy ORDER BY policy_no")
    report = town.load()
    assert town.contents() == before
    assert town.all("SELECT ctid, xmin FROM policy ORDER BY policy_no") == places
    for one in report.files:
        assert (one.stored, one.replaced, one.rejected) == (0, 0, 0)
        assert one.unchanged == one.read > 0
    assert report.exit_code == 0


def test_rows_that_are_there_already_stay_and_are_replaced(town: Store, way: str) -> None:
    town.load()
    for file, change in (("policies.csv", {"product": "换了"}), ("addresses.csv", {"community_code": "C77"})):
        first, *others = folders.rows(file)
        new = first | {"policy_no": "P9"} if file == "policies.csv" else first | {"text": "别处"}
        folders.write_rows(town.folder, file, [new, first | change, *others[1:]])
    report = {one.file: (one.stored, one.replaced, one.unchanged) for one in town.load().files}
    assert report["policies.csv"] == report["addresses.csv"] == (1, 1, 2)
    assert town.all("SELECT policy_no, product FROM policy ORDER BY 1")[::4] == [("P1", "换了"), ("P9", "年金甲款")]
    assert town.one("SELECT count(*) FROM address") == 5
    with pytest.raises(IntegrityError):
        town.do(
            "INSERT INTO policy (policy_no, policyholder_id, branch_code, status, served_by_collection) SELECT policy_no,"
            " policyholder_id, branch_code, status, false FROM policy"
        )


def test_every_way_in_leaves_the_same(town: Store, way: str) -> None:
    """Filled or merged: the same rows, the same keys, indexes and constraints."""
    keys = """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), condeferrable, condeferred, convalidated
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
    """
    indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
    before = town.all(keys), town.all(indexes)
    records_ = folders.rows("events.csv")
    folders.write_rows(town.folder, "events.csv", [*records_, records_[0], records_[0] | {"approval_ref": "SP9"}])
    report = town.load()
    assert (town.all(keys), town.all(indexes)) == before
    assert {one.file: (one.stored, one.unchanged, one.rejected) for one in report.files}["events.csv"] == (3, 1, 1)
    assert town.codes() == [("events.csv", "6", "event_id", "EVENT_CONFLICT")]
    assert town.one("SELECT approval_ref IS NULL FROM orphan_event WHERE event_id = 'X1'")
    assert len(town.all("SELECT 1 FROM policy")) == 4


CHANGES: list[tuple[str, dict[str, str], str, object]] = [
    ("organisations.csv", {"name": "新名"}, "SELECT name FROM organisation WHERE code = 'E'", "新名"),
    ("teams.csv", {"capacity": ""}, "SELECT capacity FROM team WHERE code = 'E-1'", None),
    ("agents.csv", {"community_codes": "C03"}, "SELECT community_codes FROM agent WHERE code = 'A1'", ["C03"]),
    ("agents.csv", {"team_code": "E-M"}, "SELECT force FROM agent WHERE code = 'A1'", "MARKETING"),
    ("policyholders.csv", {"agent_code": "M1"}, "SELECT agent_code FROM policyholder WHERE id = 'H1'", "M1"),
    ("addresses.csv", {"lon": "120.006"}, "SELECT ST_X(point) FROM address WHERE kind = 'CUSTOMER_CONFIRMED'", 120.006),
    (
        "addresses.csv",
        {"community_code": ""},
        "SELECT community_code FROM address WHERE kind = 'CUSTOMER_CONFIRMED'",
        None,
    ),
    ("policies.csv", {"status": "ENDED"}, "SELECT status FROM policy WHERE policy_no = 'P1'", "ENDED"),
    ("policies.csv", {"servicer_code": ""}, "SELECT servicer_code FROM policy WHERE policy_no = 'P1'", None),
    ("gazetteer.csv", {"name": "新名"}, "SELECT name FROM gazetteer_place WHERE id = 'G1'", "新名"),
]


@pytest.mark.parametrize(("file", "change", "query", "value"), CHANGES)
def test_a_changed_record_replaces_the_stored_one(
    town: Store, file: str, change: dict[str, str], query: str, value: object
) -> None:
    town.load()
    first, *others = folders.rows(file)
    folders.write_rows(town.folder, file, [first | change, *others])
    report = town.load_file(file)
    assert (report.stored, report.replaced, report.unchanged) == (0, 1, len(others))
    assert town.one(query) == value


def test_an_address_of_another_day_is_another_address(town: Store) -> None:
    town.load()
    first, *others = folders.rows("addresses.csv")
    folders.write_rows(town.folder, "addresses.csv", [first | {"updated_on": "2026-01-01"}, *others])
    assert town.load_file("addresses.csv").stored == 1
    assert town.one("SELECT count(*) FROM address") == 5


def test_a_redrawn_area_replaces_the_stored_one(town: Store) -> None:
    town.load()
    first, *others = folders.AREAS["territories.geojson"]
    moved = folders.feature(first["properties"], folders.square(120.02, 30.0))
    folders.write_areas(town.folder, "territories.geojson", [moved, *others])
    report = town.load_file("territories.geojson")
    assert (report.read, report.replaced, report.rejected) == (4, 1, 0)
    assert (
        town.one(
            "SELECT ST_XMax(geom) FROM delivered_territory WHERE team_code = 'E-1' ORDER BY effective_from LIMIT 1"
        )
        == 120.03
    )


def test_counters_follow_the_facts(town: Store) -> None:
    town.load()
    records_ = folders.rows("policies.csv")
    records_[0]["servicer_code"], records_[1]["status"] = "A2", "ENDED"
    folders.write_rows(town.folder, "policies.csv", records_)
    folders.write_rows(
        town.folder, "agents.csv", [*folders.rows("agents.csv"), folders.rows("agents.csv")[2] | {"code": "A9"}]
    )
    town.load()
    assert town.all("SELECT agent_code, serviced FROM agent_load ORDER BY 1") == [
        ("A1", 0), ("A2", 1), ("A3", 0), ("A9", 0), ("M1", 0),
    ]  # fmt: skip


def test_an_event_never_changes(town: Store) -> None:
    town.load()
    received = town.all("SELECT event_id, received_at FROM orphan_event ORDER BY 1")
    first, *others = folders.rows("events.csv")
    folders.write_rows(
        town.folder, "events.csv", [first | {"approval_ref": "SP1"}, *others, first, first | {"approval_ref": "SP1"}]
    )
    report = town.load_file("events.csv")
    assert (report.read, report.unchanged, report.rejected) == (5, 3, 2)
    assert [(row, code) for _, row, _, code in town.codes()] == [("2", "EVENT_CONFLICT"), ("6", "EVENT_CONFLICT")]
    assert town.all("SELECT event_id, received_at FROM orphan_event ORDER BY 1") == received


def test_a_known_seller_is_permanent(town: Store) -> None:
    town.load()
    records_ = folders.rows("policies.csv")
    records_[0] |= {"seller_code": "A1", "product": "换了"}
    records_[1] |= {"seller_code": "", "product": "换了"}
    records_[2] |= {"seller_code": "A2"}
    folders.write_rows(town.folder, "policies.csv", records_)
    report = town.load_file("policies.csv")
    assert (report.replaced, report.unchanged, report.rejected) == (2, 1, 1)
    assert town.codes() == [("policies.csv", "2", "seller_code", "SELLER_CHANGED")]
    assert "M1" in town.rejected()[0]["message"]
    assert town.all("SELECT policy_no, seller_code, product FROM policy ORDER BY 1")[:3] == [
        ("P1", "M1", "年金甲款"),
        ("P2", "M1", "换了"),
        ("P3", "A2", "终身寿险"),
    ]


@pytest.mark.parametrize("given", ["false", ""])
def test_once_serviced_by_collection_is_always_so(town: Store, given: str) -> None:
    town.load()
    first, *others = folders.rows("policies.csv")
    change = {"served_by_collection": given, "servicer_code": "M1", "product": "换了"}
    folders.write_rows(town.folder, "policies.csv", [first | change, *others])
    assert town.load_file("policies.csv").replaced == 1
    assert town.all("SELECT served_by_collection, product FROM policy WHERE policy_no = 'P1'") == [(True, "换了")]


@pytest.mark.parametrize(
    ("file", "change", "column"),
    [("teams.csv", {"force": "MARKETING"}, "force"), ("agents.csv", {"team_code": "E-M"}, "team_code")],
)
def test_nothing_the_collection_force_serviced_reaches_marketing_by_an_import(
    town: Store, file: str, change: dict[str, str], column: str
) -> None:
    """H1: the holder of such an allocation does not change sides."""
    town.load()
    town.do("INSERT INTO run (as_of) VALUES ('2026-03-10')")
    town.do(
        "INSERT INTO orphan_case (policy_no, policyholder_id, branch_code, state, open, reasons, event_ids, first_event_on,"
        " collection_serviced) VALUES ('P1', 'H1', 'E', 'ASSIGNED', true, '{}', '{X1}', '2026-02-07', true)"
    )
    town.do(
        "INSERT INTO allocation (case_id, collection_serviced, run_id, team_code, team_force, agent_code, agent_force, live)"
        " SELECT c.id, true, r.id, 'E-1', 'COLLECTION', 'A1', 'COLLECTION', true FROM orphan_case c, run r"
    )
    first, *others = folders.rows(file)
    folders.write_rows(town.folder, file, [first | change, *others])
    report = town.load()
    assert town.codes() == [(file, "2", column, "FORCE_CHANGED")]
    assert {one.file for one in report.files if one.rejected} == {file}
    assert town.one("SELECT force FROM agent WHERE code = 'A1'") == "COLLECTION"


def test_a_teams_other_force_reaches_its_agents(town: Store) -> None:
    town.load()
    first, *others = folders.rows("teams.csv")
    folders.write_rows(town.folder, "teams.csv", [first | {"force": "MARKETING"}, *others])
    (town.folder / "agents.csv").unlink()
    assert town.load_file("teams.csv").replaced == 1
    assert town.one("SELECT force FROM agent WHERE code = 'A1'") == "MARKETING"


def test_a_folder_may_hold_a_part_only(town: Store) -> None:
    """What the store knows can be referred to."""
    town.load()
    for path in town.folder.iterdir():
        if path.name != "events.csv":
            path.unlink()
    first, *_ = folders.rows("events.csv")
    folders.write_rows(
        town.folder, "events.csv", [first | {"event_id": "X9"}, first | {"event_id": "X8", "policy_no": "none"}]
    )
    report = town.load()
    assert [(one.file, one.stored, one.rejected) for one in report.files] == [("events.csv", 1, 1)]


def test_a_table_in_use_is_not_taken_apart(town: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that holds a table makes the import go round: it merges."""
    monkeypatch.setattr(importing, "LARGE", 0)
    monkeypatch.setattr("app.exchange.rebuild.PATIENCE_MS", 50)
    with town.engine.connect() as reader, reader.begin():
        reader.exec_driver_sql("SELECT count(*) FROM policy")
        report = town.load()
    assert report.exit_code == 0
    assert town.one("SELECT count(*) FROM policy") == 4


def test_the_book_adds_up(town: Store) -> None:
    records_ = folders.rows("events.csv")
    folders.write_rows(
        town.folder, "events.csv", [*records_, records_[0], records_[1] | {"event_id": "X9", "reason": "?"}]
    )
    town.load()
    town.load()
    assert town.all("SELECT rows_read, rows_stored, rows_rejected FROM imported_file WHERE file = 'events.csv'") == [
        (5, 4, 1),
        (5, 4, 1),
    ]
