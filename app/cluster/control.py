"""Creating, starting and stopping the cluster of a home."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from app.cluster.installed import Binaries, ClusterError, Owner, find_binaries, find_owner, no_server
from app.cluster.layout import DATABASE, PORT, ROLE, Layout, make_home
from app.cluster.processes import RETRY_S, forget_dead_postmaster, postmaster_lives
from app.cluster.tuning import render

BYTES_FOR_A_NEW_CLUSTER = 256 * 1024**2
START_S = 300
LOG_BYTES = 16 * 1024**2


def ensure_running(home: Path, *, durable: bool = True) -> str:
    """Creates and starts the cluster of `home` as far as needed and returns its SQLAlchemy URL.

    Safe to call from several processes at once. `durable=False` trades crash safety for speed and is for tests; it
    counts at start only. Raises `ClusterError`.
    """
    layout = Layout(_resolved(home))
    if _answers(layout, DATABASE):
        return layout.url
    owner = find_owner()
    make_home(layout, owner)
    with _exclusive(layout):
        binaries = _binaries_for(layout)
        if not (layout.data / "PG_VERSION").exists():
            _create(layout, owner, binaries, durable=durable)
        if not _answers(layout, "postgres"):
            _start(layout, owner, binaries, durable=durable)
        _create_database(layout)
    return layout.url


def stop(home: Path) -> bool:
    """Stops the cluster of `home`, ending its sessions; returns whether it ran. Raises `ClusterError`."""
    layout = Layout(_resolved(home))
    if not (layout.data / "PG_VERSION").exists():
        return False
    owner = find_owner()
    with _exclusive(layout):
        if not postmaster_lives(layout.data):
            return False
        binaries = _binaries_for(layout)
        _stop(layout, owner, binaries)
    return True


def _stop(layout: Layout, owner: Owner, binaries: Binaries) -> None:
    command: list[str | Path] = [binaries.folder / "pg_ctl", "stop", "-D", layout.data, "-m", "fast", "-w", "-t", "60"]
    done = owner.run(command, timeout_s=90)
    if done.returncode != 0 and postmaster_lives(layout.data):
        raise ClusterError(
            f"私有数据库无法停止：{done.stdout.strip()}。日志见 {layout.log}",
            f"The private database does not stop: {done.stdout.strip()}. Its log is {layout.log}",
        )


def is_running(home: Path) -> bool:
    """Whether the cluster of `home` answers."""
    return _answers(Layout(_resolved(home)), "postgres")


def _resolved(home: Path) -> Path:
    return home.expanduser().resolve()


def _binaries_for(layout: Layout) -> Binaries:
    found = find_binaries()
    version_file = layout.data / "PG_VERSION"
    if version_file.exists():
        major = int(version_file.read_text().strip())
        for binaries in found:
            if binaries.major == major:
                return binaries
        raise ClusterError(
            f"{layout.data} 由 PostgreSQL {major} 创建，但本机没有安装该版本。请安装它，或另设 GUIDAN_HOME 新建一套。",
            f"{layout.data} was made by PostgreSQL {major}, which is not installed here. Install that version, "
            "or set GUIDAN_HOME to another folder for a new installation.",
        )
    if not found or not found[0].has_postgis:
        raise no_server()
    return found[0]


@contextmanager
def _exclusive(layout: Layout) -> Iterator[None]:
    """One process at a time creates, starts or stops; the lock goes with the process that held it."""
    descriptor = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + START_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ClusterError(
                        f"另一个进程持有 {layout.lock} 超过 {START_S} 秒。请查看 {layout.log}。",
                        f"Another process has held {layout.lock} for over {START_S} s. See {layout.log}.",
                    ) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _create(layout: Layout, owner: Owner, binaries: Binaries, *, durable: bool) -> None:
    """Initialises the data directory beside its place and renames it, so that an interrupted one leaves no half."""
    free = shutil.disk_usage(layout.cluster).free
    if free < BYTES_FOR_A_NEW_CLUSTER:
        raise _disk_full(layout, free)
    fresh = layout.cluster / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    # Collation C sorts by code point, as Python does, and lets an index serve a prefix search; the character type
    # C.UTF-8 is what pg_trgm needs to see letters in Chinese text.
    done = owner.run(
        [
            *(binaries.folder / "initdb", "-D", fresh, "-U", ROLE, "-A", "trust", "-E", "UTF8"),
            *("--lc-collate=C", "--lc-ctype=C.UTF-8", "--lc-messages=C", "--no-instructions"),
            *([] if durable else ["--no-sync"]),
        ],
        timeout_s=120,
    )
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        if "No space left" in done.stdout:
            raise _disk_full(layout, shutil.disk_usage(layout.cluster).free)
        raise ClusterError(
            f"初始化数据库失败：{done.stdout.strip()}",
            f"initdb failed, see above. Data directory: {layout.data}",
        )
    with (fresh / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\ninclude_if_exists = 'guidan.conf'\n")
    fresh.rename(layout.data)


def _disk_full(layout: Layout, free: int) -> ClusterError:
    return ClusterError(
        f"{layout.home} 所在磁盘空间不足（剩余 {free // 1024**2} MB）。请腾出空间，或将 GUIDAN_HOME 设到别处。",
        f"The disk of {layout.home} is full ({free // 1024**2} MB left). Make room, or set GUIDAN_HOME elsewhere.",
    )


def _start(layout: Layout, owner: Owner, binaries: Binaries, *, durable: bool) -> None:
    """Starts the server. After a kill -9 of the old one its children need a moment to go: retried for ten seconds."""
    if layout.log.exists() and layout.log.stat().st_size > LOG_BYTES:
        layout.log.replace(layout.log.with_suffix(".log.1"))
    deadline = time.monotonic() + RETRY_S
    while True:
        forget_dead_postmaster(layout.data)
        if postmaster_lives(layout.data) and not layout.socket.exists():
            # It lives, and nobody can reach it: something swept the socket's folder.
            _stop(layout, owner, binaries)
        # A new start tells by the log's growth what went wrong in this attempt, not in an older one.
        before = layout.log.stat().st_size if layout.log.exists() else 0
        try:
            _write_settings(layout, owner, durable=durable)
            done = owner.run(
                [
                    *(binaries.folder / "pg_ctl", "start", "-D", layout.data, "-l", layout.log),
                    *("-w", "-t", str(START_S), "-s"),
                ],
                timeout_s=START_S + 30,
            )
        except OSError as error:
            raise _start_failed(layout, error.strerror or str(error)) from error
        if _answers(layout, "postgres"):
            return
        said = done.stdout.strip() + "\n" + _tail(layout.log, before)
        if time.monotonic() > deadline or "No space left" in said:
            raise _start_failed(layout, said)
        time.sleep(0.2)


def _start_failed(layout: Layout, said: str) -> ClusterError:
    if "No space left" in said:
        return _disk_full(layout, shutil.disk_usage(layout.home).free)
    return ClusterError(
        f"私有数据库启动失败，日志见 {layout.log}：\n{said.strip()}",
        f"The private database does not start; its log is {layout.log}.",
    )


def _write_settings(layout: Layout, owner: Owner, *, durable: bool) -> None:
    target = layout.data / "guidan.conf"
    fresh = target.with_suffix(".new")
    fresh.write_text(
        render(layout.socket_folder, PORT, shutil.disk_usage(layout.data).free, durable=durable), encoding="utf-8"
    )
    if owner.switch:
        os.chown(fresh, owner.uid, owner.gid)
    fresh.replace(target)


def _tail(log: Path, start: int) -> str:
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(start)
        return file.read()[-4000:].decode("utf-8", "replace")


def _connect(layout: Layout, database: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host=str(layout.socket_folder), port=PORT, user=ROLE, dbname=database, connect_timeout=10, autocommit=True
    )


def _answers(layout: Layout, database: str) -> bool:
    try:
        with _connect(layout, database) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


def _create_database(layout: Layout) -> None:
    try:
        with _connect(layout, "postgres") as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    except psycopg.Error as error:
        raise _start_failed(layout, str(error)) from error
