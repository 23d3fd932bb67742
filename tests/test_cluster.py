from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from app import cluster
from app.cluster import control, installed, tuning
from app.cluster.layout import SOCKET_PATH_BYTES, Layout

ROOT = Path(__file__).resolve().parent.parent
START = "import sys, pathlib, app.cluster as c; print(c.ensure_running(pathlib.Path(sys.argv[1]), durable=False))"


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="gc-"))
    folder.chmod(0o711)
    yield folder / "h"
    cluster.stop(folder / "h")
    shutil.rmtree(folder)


def ask(url: str, *statements: str) -> object:
    """What the last statement answers, in a connection of its own."""
    parsed = make_url(url)
    with psycopg.connect(
        host=str(parsed.query["host"]), port=5432, user=parsed.username, dbname=parsed.database, autocommit=True
    ) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        row = cursor.fetchone()
    assert row is not None
    return row[0]


def postmaster(home: Path) -> int:
    return int((home / "cluster" / "data" / "postmaster.pid").read_text().split()[0])


@pytest.mark.db
def test_a_cluster_is_made_started_found_again_and_stopped(home: Path) -> None:
    assert not cluster.is_running(home)
    assert not cluster.stop(home)
    url = cluster.ensure_running(home)
    assert cluster.is_running(home)
    pid = postmaster(home)
    assert cluster.ensure_running(home) == url
    assert postmaster(home) == pid
    assert ask(url, "SHOW listen_addresses") == ""
    assert ask(url, "SHOW server_encoding") == "UTF8"
    assert ask(url, "SHOW fsync") == "on"
    assert ask(url, "SHOW synchronous_commit") == "on"
    assert ask(url, "SELECT count(*) FROM pg_settings WHERE pending_restart") == 0
    assert ask(url, "SELECT count(*) FROM pg_file_settings WHERE error IS NOT NULL") == 0
    assert cluster.stop(home)
    assert not cluster.is_running(home)
    assert not cluster.stop(home)


@pytest.mark.db
def test_nobody_else_may_enter(home: Path) -> None:
    cluster.ensure_running(home, durable=False)
    for folder in ("cluster", "cluster/data", "cluster/run"):
        assert stat.S_IMODE((home / folder).stat().st_mode) == 0o700
    assert ask(cluster.ensure_running(home), "SHOW fsync") == "off"


@pytest.mark.db
def test_text_sorts_by_code_point_and_chinese_has_letters(home: Path) -> None:
    url = cluster.ensure_running(home, durable=False)
    assert ask(url, "SELECT array_agg(v ORDER BY v) FROM unnest(ARRAY['b','B','a-1','a1','陆','é']) v") == sorted(
        ["b", "B", "a-1", "a1", "陆", "é"]
    )
    ask(url, "CREATE EXTENSION pg_trgm", "SELECT 1")
    assert ask(url, "SELECT cardinality(show_trgm('陆家嘴'))") != 0


@pytest.mark.db
def test_committed_rows_outlive_a_killed_server(home: Path) -> None:
    url = cluster.ensure_running(home)
    ask(url, "CREATE TABLE t AS SELECT 42 AS v", "SELECT 1")
    for _ in range(2):
        os.kill(postmaster(home), signal.SIGKILL)
        assert cluster.ensure_running(home) == url
        assert ask(url, "SELECT v FROM t") == 42


@pytest.mark.db
def test_a_pid_that_now_belongs_to_another_program_is_no_server(home: Path) -> None:
    url = cluster.ensure_running(home, durable=False)
    cluster.stop(home)
    (home / "cluster" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{home / 'cluster' / 'data'}\n")
    assert not cluster.stop(home)
    assert ask(cluster.ensure_running(home, durable=False), "SELECT 1") == 1
    assert url == cluster.ensure_running(home, durable=False)


@pytest.mark.db
def test_a_lost_socket_is_made_again(home: Path) -> None:
    url = cluster.ensure_running(home, durable=False)
    (home / "cluster" / "run" / ".s.PGSQL.5432").unlink()
    assert ask(cluster.ensure_running(home, durable=False), "SELECT 1") == 1
    assert url == cluster.ensure_running(home, durable=False)


@pytest.mark.db
def test_simultaneous_starts_make_one_server(home: Path) -> None:
    starting = [
        subprocess.Popen([sys.executable, "-c", START, str(home)], stdout=subprocess.PIPE, cwd=ROOT) for _ in range(4)
    ]
    said = [process.communicate(timeout=120)[0] for process in starting]
    assert [process.returncode for process in starting] == [0] * 4
    assert len(set(said)) == 1
    assert ask(said[0].decode().strip(), "SELECT 1") == 1
    assert len(list((home / "cluster").glob("data*"))) == 1


@pytest.mark.db
def test_a_half_made_cluster_is_made_anew(home: Path) -> None:
    cluster.ensure_running(home, durable=False)
    cluster.stop(home)
    data = home / "cluster" / "data"
    data.rename(data.with_suffix(".new"))
    (data.with_suffix(".new") / "PG_VERSION").unlink()
    assert ask(cluster.ensure_running(home, durable=False), "SELECT 1") == 1


@pytest.mark.db
def test_a_deep_home_has_its_socket_elsewhere(home: Path) -> None:
    deep = home / ("长" * 40)
    url = cluster.ensure_running(deep, durable=False)
    folder = Path(str(make_url(url).query["host"]))
    assert len(os.fsencode(folder / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert ask(url, "SELECT 1") == 1
    assert cluster.stop(deep)
    folder.rmdir()


@pytest.mark.db
def test_two_homes_are_two_installations(home: Path) -> None:
    one, other = home / "one", home / "other"
    urls = [cluster.ensure_running(each, durable=False) for each in (one, other)]
    ask(urls[0], "CREATE TABLE t AS SELECT 1 AS v", "SELECT 1")
    assert ask(urls[1], "SELECT to_regclass('t') IS NULL") is True
    assert cluster.stop(one)
    assert cluster.is_running(other)
    assert cluster.stop(other)


def refusal(home: Path) -> cluster.ClusterError:
    with pytest.raises(cluster.ClusterError) as caught:
        cluster.ensure_running(home)
    assert caught.value.chinese
    assert caught.value.english
    return caught.value


def test_without_postgis_the_package_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = [installed.Binaries(Path("/nowhere"), 17, has_postgis=False)]
    for found in ([], bare):
        monkeypatch.setattr(control, "find_binaries", lambda found=found: found)
        assert "postgresql-postgis" in refusal(home).english


def test_another_version_s_data_is_left_alone(home: Path) -> None:
    data = home / "cluster" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    assert "PostgreSQL 9" in refusal(home).english


def test_a_full_disk_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=10 * 1024**2)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert "10 MB left" in refusal(home).english
    assert not (home / "cluster" / "data").exists()


def test_a_user_without_an_entry_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 987654)
    assert "/etc/passwd" in refusal(home).english


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's cluster runs as another user")
def test_a_home_behind_a_closed_folder_is_refused() -> None:
    closed = Path(tempfile.mkdtemp(prefix="gc-"))
    assert "postgres user cannot enter" in refusal(closed / "h").english
    shutil.rmtree(closed)


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert str(tmp_path / "file") in refusal(tmp_path / "file" / "h").english


def test_a_socket_folder_of_another_is_refused(home: Path) -> None:
    (home / "cluster").mkdir(parents=True)
    (home / "cluster" / "run").symlink_to("/tmp")
    assert "not ours" in refusal(home).english


def test_binaries_come_with_postgis_first_then_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for major, has_postgis in ((13, True), (15, True), (16, True), (17, False), (18, True)):
        folder = tmp_path / str(major) / "bin"
        folder.mkdir(parents=True)
        for name in ("initdb", "pg_ctl", "postgres"):
            (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {major}.4 (Debian)'\n")
            (folder / name).chmod(0o755)
        if has_postgis:
            (tmp_path / str(major) / "share" / "extension").mkdir(parents=True)
            (tmp_path / str(major) / "share" / "extension" / "postgis.control").touch()
    (tmp_path / "18" / "lib").mkdir()
    (tmp_path / "18" / "lib" / "plpgsql.so").touch()
    monkeypatch.setattr(installed, "DEBIAN_SHARE", str(tmp_path / "{major}" / "share"))
    found = installed.find_binaries([f"{tmp_path}/*/bin"])
    assert [(one.major, one.has_postgis) for one in found] == [
        (16, True),
        (15, True),
        (18, False),
        (17, False),
    ]


GIB = 1024**3


@pytest.mark.parametrize(
    ("memory", "free", "durable", "lines"),
    [
        (24 * GIB, 100 * GIB, True, ["shared_buffers = 2097152kB", "max_wal_size = 8388608kB", "fsync = on"]),
        (1 * GIB, 4 * GIB, True, ["shared_buffers = 131072kB", "max_wal_size = 524288kB", "work_mem = 8192kB"]),
        (24 * GIB, 100 * GIB, False, ["shared_buffers = 262144kB", "fsync = off", "full_page_writes = off"]),
    ],
)
def test_settings_follow_the_machine(memory: int, free: int, durable: bool, lines: list[str]) -> None:
    text = tuning.render(Path("/run/it's"), 5432, free, durable=durable, memory=memory)
    assert set(lines) <= set(text.splitlines())
    assert "unix_socket_directories = '/run/it''s'" in text


def test_long_homes_have_different_sockets() -> None:
    folders = {Layout(Path("/" + "x" * 120 + str(number))).socket_folder for number in range(3)}
    assert len(folders) == 3
