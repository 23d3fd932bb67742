"""The private PostgreSQL + PostGIS cluster that the program creates, starts and stops when no `DATABASE_URL` is given.

It listens on a unix socket alone, in a directory that only its owner may enter. Several processes may ask for it at
the same time: a file lock lets one of them do the work. Layout of a home: `cluster/data`, `cluster/postgres.log`,
`cluster/run` (the socket; elsewhere when the path would be too long for one) and `cluster.lock`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL

from app.cluster_settings import render

ROLE = "guidan"
DATABASE = "guidan"
PORT = 5432
SOCKET_PATH_BYTES = 107
"""Longest path of a unix socket (`sun_path` in unix(7), without its closing zero byte)."""

OLDEST_MAJOR = 14
BYTES_FOR_A_NEW_CLUSTER = 256 * 1024**2
RETRY_S = 10.0
START_S = 300
LOG_BYTES = 16 * 1024**2
BINARY_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin")


class ClusterError(RuntimeError):
    """The private cluster cannot be had; the message says why and what to do, in Chinese and in English."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(f"{chinese}\n{english}")
        self.chinese = chinese
        self.english = english


@dataclass(frozen=True)
class Binaries:
    """One installed PostgreSQL."""

    folder: Path
    major: int
    has_postgis: bool


@dataclass(frozen=True)
class Owner:
    """Who runs the server: ourselves, or `postgres` when we are root, because the server refuses root."""

    uid: int
    gid: int
    switch: bool

    def run(self, command: Sequence[str | Path], timeout_s: float) -> subprocess.CompletedProcess[str]:
        """Runs a server program as this owner, without the caller's `PG…` variables, and returns what it said."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        environment |= {"LC_ALL": "C.UTF-8", "TZ": "UTC"}
        return subprocess.run(
            [str(word) for word in command],
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )


@dataclass(frozen=True)
class _Layout:
    """The files of one home."""

    home: Path

    @property
    def lock(self) -> Path:
        return self.home / "cluster.lock"

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"

    @property
    def data(self) -> Path:
        return self.cluster / "data"

    @property
    def log(self) -> Path:
        return self.cluster / "postgres.log"

    @property
    def socket_folder(self) -> Path:
        inside = self.cluster / "run"
        if len(os.fsencode(inside / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_BYTES:
            return inside
        mark = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"guidan-{mark}"

    @property
    def url(self) -> str:
        query = {"host": str(self.socket_folder), "port": str(PORT)}
        url = URL.create("postgresql+psycopg", username=ROLE, database=DATABASE, query=query)
        return url.render_as_string(hide_password=False)


def ensure_running(home: Path, *, durable: bool = True) -> str:
    """Creates and starts the cluster of `home` as far as needed and returns its SQLAlchemy URL.

    Safe to call from several processes at once. `durable=False` trades crash safety for speed and is for tests; it
    counts at start only. Raises `ClusterError`.
    """
    layout = _Layout(_resolved(home))
    if _answers(layout, DATABASE):
        return layout.url
    owner = _owner()
    _make_home(layout, owner)
    with _exclusive(layout):
        binaries = _binaries_for(layout)
        if not (layout.data / "PG_VERSION").exists():
            _create(layout, owner, binaries)
        if not _answers(layout, "postgres"):
            _start(layout, owner, binaries, durable=durable)
        _create_database(layout)
    return layout.url


def stop(home: Path) -> bool:
    """Stops the cluster of `home`, ending its sessions; returns whether it ran. Raises `ClusterError`."""
    layout = _Layout(_resolved(home))
    if not (layout.data / "PG_VERSION").exists():
        return False
    owner = _owner()
    with _exclusive(layout):
        if not _postmaster_lives(layout):
            return False
        binaries = _binaries_for(layout)
        control = binaries.folder / "pg_ctl"
        done = owner.run([control, "stop", "-D", layout.data, "-m", "fast", "-w", "-t", "60"], timeout_s=90)
        if done.returncode != 0 and _postmaster_lives(layout):
            raise ClusterError(
                f"私有数据库无法停止：{done.stdout.strip()}。日志见 {layout.log}",
                f"The private database does not stop: {done.stdout.strip()}. Its log is {layout.log}",
            )
    return True


def is_running(home: Path) -> bool:
    """Whether the cluster of `home` answers."""
    return _answers(_Layout(_resolved(home)), "postgres")


def find_binaries(patterns: Sequence[str] = BINARY_FOLDERS) -> list[Binaries]:
    """Every PostgreSQL server on this machine that is new enough: those with PostGIS first, then the newest."""
    folders = [folder for pattern in patterns for folder in sorted(Path("/").glob(pattern.lstrip("/")))]
    on_path = shutil.which("pg_ctl")
    if on_path is not None:
        folders.append(Path(on_path).resolve().parent)
    found = []
    for folder in dict.fromkeys(folders):
        if not all((folder / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            continue
        said = _output([folder / "postgres", "--version"])
        major = next((int(word.split(".")[0]) for word in said.split() if word[0].isdigit()), 0)
        if major >= OLDEST_MAJOR:
            found.append(Binaries(folder, major, _has_postgis(folder, major)))
    return sorted(found, key=lambda one: (one.has_postgis, one.major), reverse=True)


def _has_postgis(folder: Path, major: int) -> bool:
    shares = [Path(f"/usr/share/postgresql/{major}"), folder.parent / "share", folder.parent / "share" / "postgresql"]
    if (folder / "pg_config").exists():
        shares.append(Path(_output([folder / "pg_config", "--sharedir"]).strip() or "/nonexistent"))
    return any((share / "extension" / "postgis.control").exists() for share in shares)


def _output(command: Sequence[str | Path]) -> str:
    try:
        done = subprocess.run(
            [str(word) for word in command], capture_output=True, text=True, timeout=20, check=False, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _resolved(home: Path) -> Path:
    return home.expanduser().resolve()


def _owner() -> Owner:
    uid = os.geteuid()
    if uid != 0:
        try:
            pwd.getpwuid(uid)
        except KeyError:
            raise ClusterError(
                f"当前用户编号 {uid} 在 /etc/passwd 中没有条目，PostgreSQL 无法初始化。"
                "请换用正常用户运行，或设置 DATABASE_URL 使用已有数据库。",
                f"User id {uid} has no entry in /etc/passwd, and PostgreSQL cannot be initialised without one. "
                "Run as an ordinary user, or set DATABASE_URL to a database of yours.",
            ) from None
        return Owner(uid, os.getegid(), switch=False)
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        raise _no_server() from None
    return Owner(entry.pw_uid, entry.pw_gid, switch=True)


def _no_server() -> ClusterError:
    return ClusterError(
        f"未找到 PostgreSQL（{OLDEST_MAJOR} 或更新版本）及 PostGIS。请运行 apt-get install postgresql-postgis，"
        "或设置 DATABASE_URL 使用已有数据库。",
        f"No PostgreSQL ({OLDEST_MAJOR} or newer) with PostGIS was found. Run apt-get install postgresql-postgis, "
        "or set DATABASE_URL to a database of yours.",
    )


def _binaries_for(layout: _Layout) -> Binaries:
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
        raise _no_server()
    return found[0]


def _make_home(layout: _Layout, owner: Owner) -> None:
    """Makes the folders, the inner ones owned by whoever runs the server."""
    try:
        missing = [layout.home, *layout.home.parents]
        for folder in reversed([folder for folder in missing if not folder.exists()]):
            folder.mkdir(exist_ok=True)
            if owner.switch:
                folder.chmod(0o755)
        _private_folder(layout.cluster, owner)
        _private_folder(layout.socket_folder, owner)
    except PermissionError as error:
        raise ClusterError(
            f"无法写入 {error.filename}。请检查权限，或将 GUIDAN_HOME 设为可写的文件夹。",
            f"Cannot write to {error.filename}. Check its permissions, or set GUIDAN_HOME to a folder you may write.",
        ) from error
    except OSError as error:
        raise ClusterError(
            f"无法创建数据目录 {layout.home}：{error.strerror}。",
            f"Cannot make the data directory {layout.home}: {error.strerror}.",
        ) from error
    if owner.switch:
        _require_reach(layout.cluster, owner)


def _private_folder(folder: Path, owner: Owner) -> None:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (owner.uid, os.geteuid()):
            raise ClusterError(
                f"{folder} 已存在且不属于本程序。请删除它或换一个 GUIDAN_HOME。",
                f"{folder} exists and is not ours. Remove it, or choose another GUIDAN_HOME.",
            ) from None
    if owner.switch:
        os.chown(folder, owner.uid, owner.gid)
    folder.chmod(0o700)


def _require_reach(folder: Path, owner: Owner) -> None:
    try:
        reached = owner.run(["test", "-x", folder], timeout_s=20).returncode == 0
    except PermissionError as error:
        raise ClusterError(
            "以 root 运行但无法切换到 postgres 用户。请换用普通用户运行，或设置 DATABASE_URL。",
            "Running as root, but not allowed to switch to the postgres user. "
            "Run as an ordinary user, or set DATABASE_URL.",
        ) from error
    if not reached:
        raise ClusterError(
            f"postgres 用户无法进入 {folder}。请将 GUIDAN_HOME 设到所有人可进入的路径（例如 /var/lib/guidan）。",
            f"The postgres user cannot enter {folder}. Set GUIDAN_HOME to a path everybody may enter, "
            "such as /var/lib/guidan.",
        )


@contextmanager
def _exclusive(layout: _Layout) -> Iterator[None]:
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


def _create(layout: _Layout, owner: Owner, binaries: Binaries) -> None:
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


def _disk_full(layout: _Layout, free: int) -> ClusterError:
    return ClusterError(
        f"{layout.home} 所在磁盘空间不足（剩余 {free // 1024**2} MB）。请腾出空间，或将 GUIDAN_HOME 设到别处。",
        f"The disk of {layout.home} is full ({free // 1024**2} MB left). Make room, or set GUIDAN_HOME elsewhere.",
    )


def _start(layout: _Layout, owner: Owner, binaries: Binaries, *, durable: bool) -> None:
    """Starts the server. After a kill -9 of the old one its children need a moment to go: retried for ten seconds."""
    if layout.log.exists() and layout.log.stat().st_size > LOG_BYTES:
        layout.log.replace(layout.log.with_suffix(".log.1"))
    deadline = time.monotonic() + RETRY_S
    while True:
        _forget_dead_postmaster(layout)
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


def _start_failed(layout: _Layout, said: str) -> ClusterError:
    if "No space left" in said:
        return _disk_full(layout, shutil.disk_usage(layout.home).free)
    return ClusterError(
        f"私有数据库启动失败，日志见 {layout.log}：\n{said.strip()}",
        f"The private database does not start; its log is {layout.log}.",
    )


def _write_settings(layout: _Layout, owner: Owner, *, durable: bool) -> None:
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


def _postmaster_pid(layout: _Layout) -> int | None:
    try:
        return int((layout.data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _postmaster_lives(layout: _Layout) -> bool:
    pid = _postmaster_pid(layout)
    return pid is not None and (pid in _processes_in(layout.data) or not Path("/proc/self/cwd").exists())


def _processes_in(data: Path) -> set[int]:
    """Living processes that work in the data directory, as every process of its server does; zombies are dead."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == data and (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.add(int(entry.name))
        except OSError:
            continue
    return found


def _forget_dead_postmaster(layout: _Layout) -> None:
    """Removes a pid file whose process is gone, is a zombie, or is some other program that now has its number.

    PostgreSQL refuses to start while a process of that number exists. The file also guards the old server's shared
    memory, so it stays as long as any process of that server lives.
    """
    if _postmaster_pid(layout) is None or not Path("/proc/self/cwd").exists():
        return
    deadline = time.monotonic() + RETRY_S
    while time.monotonic() < deadline:
        living = _processes_in(layout.data)
        if not living:
            (layout.data / "postmaster.pid").unlink(missing_ok=True)
            return
        if _postmaster_pid(layout) in living:
            return
        time.sleep(0.1)


def _connect(layout: _Layout, database: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host=str(layout.socket_folder), port=PORT, user=ROLE, dbname=database, connect_timeout=10, autocommit=True
    )


def _answers(layout: _Layout, database: str) -> bool:
    try:
        with _connect(layout, database) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


def _create_database(layout: _Layout) -> None:
    try:
        with _connect(layout, "postgres") as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    except psycopg.Error as error:
        raise _start_failed(layout, str(error)) from error
