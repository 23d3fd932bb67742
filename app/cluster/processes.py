"""Whether the server of a data directory lives, and the clearing up after one that was killed."""

from __future__ import annotations

import time
from pathlib import Path

RETRY_S = 10.0
"""Seconds that the children of a killed server are given to notice and go."""


def _postmaster_pid(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def postmaster_lives(data: Path) -> bool:
    pid = _postmaster_pid(data)
    return pid is not None and (pid in _processes_in(data) or not Path("/proc/self/cwd").exists())


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


def forget_dead_postmaster(data: Path) -> None:
    """Removes a pid file whose process is gone, is a zombie, or is some other program that now has its number.

    PostgreSQL refuses to start while a process of that number exists. The file also guards the old server's shared
    memory, so it stays as long as any process of that server lives.
    """
    if _postmaster_pid(data) is None or not Path("/proc/self/cwd").exists():
        return
    deadline = time.monotonic() + RETRY_S
    while time.monotonic() < deadline:
        living = _processes_in(data)
        if not living:
            (data / "postmaster.pid").unlink(missing_ok=True)
            return
        if _postmaster_pid(data) in living:
            return
        time.sleep(0.1)
