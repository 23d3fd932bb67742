"""The files of one home, and their owners."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from app.cluster.installed import ClusterError, Owner

ROLE = "guidan"
DATABASE = "guidan"
PORT = 5432
SOCKET_PATH_BYTES = 107
"""Longest path of a unix socket (`sun_path` in unix(7), without its closing zero byte)."""


@dataclass(frozen=True)
class Layout:
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
    def socket(self) -> Path:
        return self.socket_folder / f".s.PGSQL.{PORT}"

    @property
    def url(self) -> str:
        query = {"host": str(self.socket_folder), "port": str(PORT)}
        url = URL.create("postgresql+psycopg", username=ROLE, database=DATABASE, query=query)
        return url.render_as_string(hide_password=False)


def make_home(layout: Layout, owner: Owner) -> None:
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
