"""Whatever stops an import: a file is in with all its good rows or not at all, and the same command completes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.exchange import importing, records, repository
from app.exchange.importing import ImportBusy, ImportStopped
from app.exchange.rejections import RejectedFile

from . import folders
from .conftest import Store

POLICIES = 3000


def many_policies(store: Store) -> None:
    """Enough policies for many batches, and one bad one near the end."""
    first, *_ = folders.rows("policies.csv")
    policies = [first | {"policy_no": f"N{number:05}"} for number in range(POLICIES)]
    policies[-5]["status"] = "?"
    folders.write_rows(store.folder, "policies.csv", policies)
    folders.write_text(store.folder, "events.csv", folders.lines("events.csv")[0] + "\n")


HERE = "locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
"""Advisory locks of this database, and not of another test's."""


def whole_or_nothing(store: Store) -> None:
    """The files that are in the book are in the store, the others are not."""
    booked = {row[0] for row in store.all("SELECT file FROM imported_file")}
    for file, table in (("policyholders.csv", "policyholder"), ("addresses.csv", "address"), ("teams.csv", "team")):
        assert (store.one(f"SELECT count(*) FROM {table}") > 0) == (file in booked)
    assert store.one("SELECT count(*) FROM policy") == (POLICIES - 1 if "policies.csv" in booked else 0)


@pytest.mark.parametrize("large", [0, importing.LARGE], ids=["filled", "merged"])
def test_a_lost_connection(town: Store, monkeypatch: pytest.MonkeyPatch, large: int) -> None:
    monkeypatch.setattr(importing, "LARGE", large)
    monkeypatch.setattr(records, "BLOCK", 4096)
    many_policies(town)

    def cut(file: str, done: int, _of: int) -> None:
        if file == "policies.csv" and done > POLICIES // 2:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            town.do(f"{others} AND pid <> pg_backend_pid()")

    with pytest.raises(ImportStopped) as stopped:
        town.load(cut)
    assert (stopped.value.cause, stopped.value.file) == ("DATABASE_UNAVAILABLE", "policies.csv")
    assert "policies.csv" in stopped.value.detail_zh
    assert "重新执行" in stopped.value.detail_zh
    assert [one.file for one in stopped.value.report.files][-1] == "addresses.csv"
    whole_or_nothing(town)
    assert town.one("SELECT count(*) FROM policy") == 0

    report = town.load()
    assert {one.file: one.stored for one in report.files}["policies.csv"] == POLICIES - 1
    assert town.codes() == [("policies.csv", str(POLICIES - 3), "status", "BAD_VALUE")]
    whole_or_nothing(town)


KILLED = """
import sys
from pathlib import Path
from app.db import make_engine
from app.exchange import importing, records
records.BLOCK = 4096
importing.LARGE = int(sys.argv[4])

def tell(file, done, of):
    print(file, done, flush=True)
    sys.stdin.readline()

importing.import_folder(make_engine(sys.argv[1]), Path(sys.argv[2]), rejected=Path(sys.argv[3]), progress=tell)
"""


@pytest.mark.parametrize("large", [0, importing.LARGE], ids=["filled", "merged"])
def test_a_killed_import(town: Store, large: int) -> None:
    many_policies(town)
    url = town.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", KILLED, url, str(town.folder), str(town.rejected_file), str(large)]
    root = Path(importing.__file__).parents[2]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        for line in process.stdout:
            file, done = line.split()
            if file == "policies.csv" and int(done) > POLICIES // 2:
                break
            process.stdin.write("\n")
            process.stdin.flush()
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    for _ in range(100):  # the server notices in its own time, and gives the import's lock back
        if not town.all(f"SELECT 1 FROM pg_locks WHERE {HERE}"):
            break
        time.sleep(0.1)
    whole_or_nothing(town)
    assert town.one("SELECT count(*) FROM policy") == 0
    assert town.load().files[-2].file == "events.csv"
    whole_or_nothing(town)


def failing(error: Exception) -> Any:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


class DiskFull(Exception):
    """What psycopg raises, as far as it is looked at."""

    sqlstate = "53100"


CAUSES: list[tuple[str, Any, str, Exception, str]] = [
    ("the store's disk", repository, "merge", OperationalError("INSERT", None, DiskFull()), "STORAGE_FULL"),
    ("the list's disk", RejectedFile, "add", OSError(28, "No space left on device"), "STORAGE_FULL"),
    ("the list's folder", RejectedFile, "add", PermissionError(13, "Permission denied", "rejected.csv"), "FILE_ERROR"),
]


@pytest.mark.parametrize(
    ("where", "name", "error", "cause"), [one[1:] for one in CAUSES], ids=[one[0] for one in CAUSES]
)
def test_what_stops_it_is_named(
    town: Store, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, error: Exception, cause: str
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(where, name, failing(error))
        with pytest.raises(ImportStopped) as stopped:
            town.load()
    assert (stopped.value.cause, stopped.value.file) == (cause, "organisations.csv")
    assert "organisations.csv" in stopped.value.detail_en
    assert town.one("SELECT count(*) FROM organisation") == 0
    assert town.load().exit_code == 0


def test_refused_by_a_constraint_that_nobody_foresaw(town: Store) -> None:
    town.do("ALTER TABLE team ADD CONSTRAINT ck_team_name CHECK (name <> '西收展一部')")
    with pytest.raises(ImportStopped) as stopped:
        town.load()
    assert (stopped.value.cause, stopped.value.file) == ("STORE_REFUSED", "teams.csv")
    assert "ck_team_name" in stopped.value.detail_zh
    assert town.one("SELECT count(*) FROM organisation") == 4
    assert town.one("SELECT count(*) FROM team") == 0


def test_a_list_that_cannot_be_written_stops_before_anything_is_lost(town: Store) -> None:
    folders.write_text(town.folder, "organisations.csv", folders.TOWN["organisations.csv"].replace(" ", "") + "X,x,,\n")
    town.rejected_file.mkdir()
    with pytest.raises(ImportStopped) as stopped:
        town.load()
    assert stopped.value.cause == "FILE_ERROR"
    assert str(town.rejected_file) in stopped.value.detail_zh
    assert town.one("SELECT count(*) FROM organisation") == 0


def test_one_import_at_a_time(town: Store) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def wait(_file: str, _done: int, _of: int) -> None:
        inside.set()
        go_on.wait(20)

    first = threading.Thread(target=town.load, args=(wait,))
    first.start()
    try:
        assert inside.wait(20)
        with pytest.raises(ImportBusy):
            town.load()
    finally:
        go_on.set()
        first.join()
    assert town.load().exit_code == 0


def test_nothing_stays_behind_in_the_connection(town: Store) -> None:
    town.load()
    with town.engine.connect() as connection:
        assert connection.execute(text(f"SELECT count(*) FROM pg_locks WHERE {HERE}")).scalar_one() == 0
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "0"
        assert connection.execute(text("SELECT count(*) FROM pg_class WHERE relname = 'incoming'")).scalar_one() == 0
