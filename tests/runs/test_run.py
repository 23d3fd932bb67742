"""Runs over a real store: proposed, confirmed, discarded, rehearsed, repeated."""

import csv
import random
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from app.allocation.confirm import confirm_run, discard_run
from app.allocation.explain import explain_policy
from app.allocation.export import COLUMNS, digest, write_allocations
from app.allocation.run import rehearse
from app.allocation.single import allocate_policy
from app.db import make_engine
from app.errors import NothingToAllocate, PolicyNotFound, RunNotFound, RunNotProposed
from app.exchange.importing import import_folder

from .conftest import AS_OF, allocate

pytestmark = pytest.mark.db


def count(store: Engine, query: str) -> int:
    with store.connect() as connection:
        return int(connection.execute(text(query)).scalar_one())


def exported(store: Engine, folder: Path) -> bytes:
    with store.connect() as connection:
        write_allocations(connection, folder / "out.csv")
    return (folder / "out.csv").read_bytes()


def test_a_run_gives_every_case_one_state_and_every_target_one_allocation(store: Engine) -> None:
    _, outcome = allocate(store)
    assert outcome.cases == count(store, "SELECT count(*) FROM orphan_case") > 100
    assert {"REGION_OWNER", "BRANCH_BALANCE", "CURRENT_SERVICER"} <= outcome.by_rung.keys()
    placed = "SELECT count(*) FROM orphan_case WHERE state IN ('TEAM_POOL', 'ASSIGNED')"
    assert count(store, placed) == count(store, "SELECT count(*) FROM allocation WHERE live")
    unplaced = """SELECT count(*) FROM orphan_case c JOIN allocation a ON a.case_id = c.id AND a.live
                  WHERE c.state NOT IN ('TEAM_POOL', 'ASSIGNED')"""
    assert count(store, unplaced) == 0


def test_a_confirmed_run_leaves_nothing_for_the_next(store: Engine, tmp_path: Path) -> None:
    allocate(store)
    with store.connect() as connection:
        before = digest(connection)
    _, again = allocate(store)
    assert again.by_state.keys() <= {"PENDING_APPROVAL", "LOCATION_REVIEW", "CITY_REVIEW"}
    with store.connect() as connection:
        assert digest(connection) == before


def test_a_proposal_is_confirmed_to_what_confirming_at_once_gives(store: Engine, tmp_path: Path) -> None:
    run_id, outcome = allocate(store, confirm=False)
    assert count(store, "SELECT count(*) FROM orphan_case WHERE state IN ('TEAM_POOL', 'ASSIGNED')") == 0
    with store.begin() as connection:
        moved = confirm_run(connection, run_id)
    assert moved == outcome.by_state["TEAM_POOL"] + outcome.by_state["ASSIGNED"]
    assert count(store, "SELECT count(*) FROM orphan_case WHERE state = 'PROPOSED'") == 0
    assert count(store, "SELECT count(*) FROM orphan_case WHERE state = 'TEAM_POOL'") == outcome.by_state["TEAM_POOL"]
    with store.begin() as connection, pytest.raises(RunNotProposed):
        confirm_run(connection, run_id)


def test_a_discarded_proposal_changes_nothing_for_the_next_run(store: Engine) -> None:
    run_id, first = allocate(store, confirm=False)
    with store.begin() as connection:
        discard_run(connection, run_id)
    assert count(store, "SELECT count(*) FROM allocation WHERE live") == 0
    assert count(store, "SELECT coalesce(sum(allocated), 0) FROM team_load") == 0
    _, second = allocate(store)
    assert second.counts() == first.counts()


def test_unknown_runs_and_policies_are_named(store: Engine) -> None:
    with store.begin() as connection, pytest.raises(RunNotFound):
        confirm_run(connection, 4711)
    with store.begin() as connection, pytest.raises(PolicyNotFound):
        allocate_policy(connection, "NO-SUCH-POLICY", as_of=AS_OF)
    quiet = "SELECT policy_no FROM policy p WHERE NOT EXISTS (SELECT FROM orphan_event e WHERE e.policy_no = p.policy_no) AND combination_id IS NULL LIMIT 1"
    with store.connect() as connection:
        policy_no = connection.execute(text(quiet)).scalar_one()
    with store.begin() as connection, pytest.raises(NothingToAllocate):
        allocate_policy(connection, policy_no, as_of=AS_OF)


def test_a_rehearsal_tells_the_same_and_saves_nothing(store: Engine) -> None:
    with store.connect() as connection:
        rehearsed = rehearse(connection, as_of=AS_OF)
        connection.rollback()
    for table in ("run", "orphan_case", "decision", "allocation", "location"):
        assert count(store, f"SELECT count(*) FROM {table}") == 0, table
    _, outcome = allocate(store)
    assert rehearsed.counts() == outcome.counts()


def test_branches_run_one_after_the_other_leave_no_case_out(store: Engine) -> None:
    with store.connect() as connection:
        codes = (
            connection.execute(text("SELECT code FROM organisation WHERE level = 'branch' ORDER BY code"))
            .scalars()
            .all()
        )
    cases = sum(allocate(store, branch_code=code)[1].cases for code in codes)
    assert cases == count(store, "SELECT count(*) FROM orphan_case")
    _, rest = allocate(store)
    assert rest.by_state.keys() <= {"PENDING_APPROVAL", "LOCATION_REVIEW", "CITY_REVIEW"}


def test_one_policy_is_decided_as_a_run_of_one_would(store: Engine, server_url: str, imported: str) -> None:
    with store.connect() as connection:
        numbers = (
            connection.execute(text("SELECT DISTINCT policy_no FROM orphan_event ORDER BY 1 LIMIT 40")).scalars().all()
        )
    with store.begin() as connection:
        connection.execute(text("CREATE TEMP TABLE told (policy_no text, told jsonb)"))
    compared = ("state", "rung", "team_code", "agent_code", "flags", "nature", "bundle_no", "explanation")
    for policy_no in numbers:
        told = None
        with store.connect() as connection:
            transaction = connection.begin()
            try:
                told = allocate_policy(connection, policy_no, as_of=AS_OF, confirm=True)
            except NothingToAllocate:
                told = None
            transaction.rollback()
        allocate(store, policy_nos=[policy_no])
        with store.connect() as connection:
            found = explain_policy(connection, policy_no)
        if told is None or found is None:
            assert told is found is None, policy_no
            continue
        assert {key: told.get(key) or None for key in compared} == {key: found.get(key) or None for key in compared}


def test_single_allocations_keep_the_counters_true(store: Engine) -> None:
    with store.connect() as connection:
        numbers = (
            connection.execute(text("SELECT DISTINCT policy_no FROM orphan_event ORDER BY 1 LIMIT 60")).scalars().all()
        )
    for policy_no in numbers:
        try:
            with store.begin() as connection:
                allocate_policy(connection, policy_no, as_of=AS_OF, confirm=True)
        except NothingToAllocate:
            continue
    from app.allocation import loads

    with store.begin() as connection:
        assert loads.refresh(connection) == 0


def test_the_same_input_gives_the_same_bytes_whatever_the_row_order(
    store: Engine, database_url: str, city: Path, tmp_path: Path
) -> None:
    allocate(store, distribute=True)
    shuffled = tmp_path / "shuffled"
    shuffled.mkdir()
    for file in city.iterdir():
        if file.suffix == ".csv" and file.name != "rejected.csv":
            head, *rows = file.read_text(encoding="utf-8").splitlines(keepends=True)
            random.Random(3).shuffle(rows)
            (shuffled / file.name).write_text(head + "".join(rows), encoding="utf-8")
        else:
            (shuffled / file.name).write_bytes(file.read_bytes())
    other = make_engine(database_url)
    import_folder(other, shuffled, rejected=tmp_path / "rejected.csv")
    allocate(other, distribute=True)
    assert exported(store, tmp_path) == exported(other, tmp_path)
    with store.connect() as one, other.connect() as two:
        assert digest(one) == digest(two)
    other.dispose()


def test_the_export_has_the_columns_of_the_contract_and_a_reason_for_each_row(store: Engine, tmp_path: Path) -> None:
    allocate(store)
    rows = list(csv.DictReader(exported(store, tmp_path).decode().splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len({row["policy_no"] for row in rows})
    assert all(row["explanation"] for row in rows)
    pending = [row for row in rows if row["state"] == "PENDING_APPROVAL"]
    assert pending
    assert not any(row["bundle"] or row["nature"] or row["rung"] for row in pending)
