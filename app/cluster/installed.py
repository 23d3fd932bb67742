"""The PostgreSQL programs of this machine, who may run them, and what is said when they cannot be had."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

OLDEST_MAJOR = 14
BINARY_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin")
DEBIAN_SHARE = "/usr/share/postgresql/{major}"


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
    shares = [Path(DEBIAN_SHARE.format(major=major)), folder.parent / "share", folder.parent / "share" / "postgresql"]
    if (folder / "pg_config").exists():
        shares.append(Path(_output([folder / "pg_config", "--sharedir"]).strip() or "/nonexistent"))
    described = any((share / "extension" / "postgis.control").exists() for share in shares)
    # Debian has the description and the library in two packages, and the first may be there without the second.
    debian = folder.parent / "lib"
    return described and (any(debian.glob("postgis-*.so")) or not (debian / "plpgsql.so").exists())


def _output(command: Sequence[str | Path]) -> str:
    try:
        done = subprocess.run(
            [str(word) for word in command], capture_output=True, text=True, timeout=20, check=False, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def find_owner() -> Owner:
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
        raise no_server() from None
    return Owner(entry.pw_uid, entry.pw_gid, switch=True)


def no_server() -> ClusterError:
    return ClusterError(
        f"未找到 PostgreSQL（{OLDEST_MAJOR} 或更新版本）及 PostGIS。请运行 apt-get install postgresql-postgis，"
        "或设置 DATABASE_URL 使用已有数据库。",
        f"No PostgreSQL ({OLDEST_MAJOR} or newer) with PostGIS was found. Run apt-get install postgresql-postgis, "
        "or set DATABASE_URL to a database of yours.",
    )
