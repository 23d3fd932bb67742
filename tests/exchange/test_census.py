"""The census adds up after honest work, and says so when something does not."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy import Connection, text

from app.allocation import loads
from app.exchange.census import GROUPS, HELD, census
from app.models import CASE_STATES

from . import folders
from .conftest import Store

BASE = """
    INSERT INTO organisation (code, level, parent_code, name) VALUES ('C', 'city', NULL, '市'), ('E', 'branch', 'C', '东');
    INSERT INTO team (code, branch_code, name, force, takes_part) VALUES ('T', 'E', '队', 'COLLECTION', true);
    INSERT INTO agent (code, team_code, force, is_lead, state, qualified) VALUES ('A', 'T', 'COLLECTION', false, '01', true);
    INSERT INTO policyholder (id) VALUES ('H');
    INSERT INTO run (as_of) VALUES ('2026-03-10');
"""


@pytest.fixture
def books(connection: Connection) -> Connection:
    """A branch with a policy in each state that a case can have, each held by the team where it should be."""
    for statement in BASE.strip().split(";\n"):
        if statement.strip():
            connection.execute(text(statement))
    for number, state in enumerate(CASE_STATES):
        values = {"policy": f"P{number:02}", "event": f"X{number:02}", "state": state}
        connection.execute(
            text(
                "INSERT INTO policy (policy_no, policyholder_id, branch_code, status, servicer_code, served_by_collection)"
                " VALUES (:policy, 'H', 'E', 'IN_FORCE', 'A', true)"
            ),
            values,
        )
        connection.execute(
            text(
                "INSERT INTO orphan_event (event_id, policy_no, reason, event_on) VALUES (:event, :policy, 'AGENT_REQUEST', :on)"
            ),
            {**values, "on": date(2026, 1, 1)},
        )
        connection.execute(
            text(
                "INSERT INTO orphan_case (policy_no, policyholder_id, branch_code, state, open, reasons, event_ids,"
                " first_event_on, collection_serviced) VALUES (:policy, 'H', 'E', :state, :state NOT IN ('REJECTED', 'CLOSED'),"
                " '{AGENT_REQUEST}', ARRAY[:event], '2026-01-01', true)"
            ),
            values,
        )
    connection.execute(
        text(
            "INSERT INTO allocation (case_id, collection_serviced, run_id, team_code, team_force, agent_code, agent_force, live)"
            " SELECT c.id, true, r.id, 'T', 'COLLECTION', CASE WHEN c.state = 'ASSIGNED' THEN 'A' END,"
            " CASE WHEN c.state = 'ASSIGNED' THEN 'COLLECTION' END, true FROM orphan_case c, run r WHERE c.state = ANY (:held)"
        ),
        {"held": list(HELD)},
    )
    loads.refresh(connection)
    return connection


def test_every_state_has_its_place() -> None:
    assert set(GROUPS) == set(CASE_STATES)


def test_every_case_is_somewhere(books: Connection) -> None:
    report = census(books)
    (branch,) = report.branches
    assert (branch.opened, branch.waiting, branch.pooled, branch.proposed) == (18, 2, 5, 1)
    assert (branch.allocated, branch.in_review, branch.suspended, branch.rejected, branch.closed) == (5, 2, 1, 1, 1)
    assert (report.events.total, report.events.in_cases, report.events.refused, report.events.waiting) == (18, 18, 0, 0)
    assert report.ok
    assert json.loads(json.dumps(report.as_json()))["ok"] is True


BROKEN: list[tuple[str, str]] = [
    ("a case without its allocation", "UPDATE allocation SET live = false WHERE case_id = (SELECT id FROM orphan_case WHERE state = 'TEAM_POOL')"),
    ("an allocation without its case", "UPDATE orphan_case SET state = 'POOLED' WHERE state = 'SERVICING'"),
    ("a counter of a team", "UPDATE team_load SET allocated = allocated + 1"),
    ("a counter of an agent", "UPDATE agent_load SET serviced = serviced - 1"),
    ("what an agent was given", "UPDATE agent_load SET allocated = 7"),
    ("no counter at all", "DELETE FROM agent_load"),
    ("a row lost on the way in", "INSERT INTO imported_file (file, sha256, rows_read, rows_stored, rows_rejected) VALUES ('events.csv', 'x', 3, 1, 1)"),
    ("a case that no event opened", "UPDATE orphan_case SET event_ids = '{}' WHERE state = 'CLOSED'"),
]  # fmt: skip


@pytest.mark.parametrize("damage", [one[1] for one in BROKEN], ids=[one[0] for one in BROKEN])
def test_what_does_not_add_up_is_said(books: Connection, damage: str) -> None:
    books.execute(text(damage))
    report = census(books)
    assert not report.ok
    assert report.as_json()["ok"] is False


def test_loads_are_counted_from_the_facts(books: Connection) -> None:
    """Only a case waiting for approval, or none that is open, leaves a policy with its servicer."""
    (serviced, allocated) = books.execute(text("SELECT serviced, allocated FROM agent_load")).one()
    assert (serviced, allocated) == (3, 1)  # PENDING_APPROVAL, REJECTED, CLOSED
    assert books.execute(text("SELECT allocated FROM team_load")).scalar_one() == len(HELD)
    books.execute(text("UPDATE policy SET status = 'ENDED' WHERE policy_no = 'P01'"))
    assert loads.refresh(books) == 1
    assert loads.refresh(books) == 0
    assert loads.differences(books) == []


def test_a_loaded_folder_adds_up(town: Store) -> None:
    records = folders.rows("events.csv")
    folders.write_rows(
        town.folder, "events.csv", [*records, records[0], records[0] | {"event_id": "X9", "reason": "?"}]
    )
    town.load()
    with town.engine.connect() as connection:
        report = census(connection)
    assert report.ok
    assert {one.file: (one.imports, one.read, one.stored, one.rejected) for one in report.files}["events.csv"] == (
        1,
        5,
        4,
        1,
    )
    assert report.events.waiting == 3
