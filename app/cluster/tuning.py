"""Server settings of the private cluster: bulk loads and map queries on a small machine, in proportion to its memory."""

from __future__ import annotations

import os
from pathlib import Path

MIB = 1024**2
GIB = 1024**3


def memory_bytes() -> int:
    """Memory that this process may count on: the machine's, or less where a control group says so."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for limit in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        try:
            sizes.append(int(limit.read_text()))
        except (OSError, ValueError):
            continue
    return min(sizes)


def render(socket_folder: Path, port: int, free_disk: int, *, durable: bool, memory: int | None = None) -> str:
    """The text of `guidan.conf`.

    `memory` and `free_disk` are in bytes. With `durable` an acknowledged commit survives a power cut; without it
    nothing is promised after a crash.
    """
    available = memory_bytes() if memory is None else memory
    shared = _between(128 * MIB, available // 8, 2 * GIB) if durable else _between(64 * MIB, available // 32, 256 * MIB)
    values = {
        "listen_addresses": "''",
        "unix_socket_directories": "'" + str(socket_folder).replace("'", "''") + "'",
        "unix_socket_permissions": "0700",
        "port": str(port),
        "max_connections": "100",
        "shared_buffers": _kilobytes(shared),
        "effective_cache_size": _kilobytes(max(available // 2, shared)),
        "work_mem": _kilobytes(_between(8 * MIB, available // 256, 64 * MIB)),
        "maintenance_work_mem": _kilobytes(_between(64 * MIB, available // 24, GIB)),
        # No replica and no archive read this log: a table filled in the transaction that made it needs none.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": _kilobytes(_between(256 * MIB, min(8 * GIB, free_disk // 8), 8 * GIB)),
        "min_wal_size": "128MB",
        "wal_buffers": "16MB",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "random_page_cost": "1.1",
        "jit": "off",
        "fsync": _switch(durable),
        "synchronous_commit": _switch(durable),
        "full_page_writes": _switch(durable),
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "log_line_prefix": "'%m [%p] '",
        "log_lock_waits": "on",
        "log_checkpoints": "off",
    }
    lines = [f"{name} = {value}" for name, value in values.items()]
    return "# Written at every start. Use ALTER SYSTEM for settings of your own.\n" + "\n".join(lines) + "\n"


def _between(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))


def _kilobytes(size: int) -> str:
    return f"{size // 1024}kB"


def _switch(on: bool) -> str:
    return "on" if on else "off"
