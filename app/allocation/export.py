"""The allocations as a file of the contract, and their digest."""

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import orjson
from sqlalchemy import Connection, RowMapping

from app.allocation.explain import sentence
from app.allocation.repository import reading

COLUMNS = (
    "policy_no",
    "policyholder_id",
    "reasons",
    "bundle",
    "team_code",
    "agent_code",
    "rung",
    "flags",
    "nature",
    "state",
    "address_kind",
    "lon",
    "lat",
    "level",
    "confidence",
    "plan_version",
    "strategy_version",
    "run",
    "explanation",
)

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _degrees(value: float | None) -> str:
    """Seven decimals are a centimetre."""
    return "" if value is None else f"{value:.7f}"


def _cells(row: RowMapping, names: dict[str, str]) -> tuple[str, ...]:
    said = sentence(row, names)
    decided = row["decision_id"] is not None
    return (
        row["policy_no"],
        row["policyholder_id"],
        ";".join(row["reasons"]),
        row["bundle_no"] or "",
        row["team_code"] or "",
        row["agent_code"] or "",
        row["rung"] or "",
        ";".join(row["flags"] or ()),
        row["nature"] or "",
        row["state"],
        row["address_kind"] or "",
        _degrees(row["lon"]),
        _degrees(row["lat"]),
        row["level"] or "",
        f"{row['confidence']:.4f}" if row["confidence"] is not None else "",
        row["plan_version"] or "",
        str(row["strategy_version"]) if decided else "",
        str(row["run_id"]) if decided else "",
        f"{said.zh} {said.en}",
    )


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + cell if cell.startswith(_FORMULA) else cell


def write_allocations(
    connection: Connection, file: Path, *, run_id: int | None = None, progress: Callable[[int], None] | None = None
) -> int:
    """Write a row for each policy with a case, by policy number; how many rows.

    The same store gives the same bytes. Raises `OSError` when the file cannot be written.
    """
    names = reading.team_names(connection)
    count = 0
    with file.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(COLUMNS)
        for count, row in enumerate(reading.stream_cases(connection, run_id), start=1):
            writer.writerow([harmless(cell) for cell in _cells(row, names)])
            if progress is not None and count % 5000 == 0:
                progress(count)
    return count


def digest(connection: Connection) -> str:
    """SHA-256 (hexadecimal) over the canonical allocations by policy number: no times, no generated ids."""
    names = reading.team_names(connection)
    total = hashlib.sha256()
    for line in _canonical(reading.stream_cases(connection), names):
        total.update(line)
    return total.hexdigest()


def _canonical(rows: Iterable[RowMapping], names: dict[str, str]) -> Iterator[bytes]:
    run = COLUMNS.index("run")
    for row in rows:
        cells = _cells(row, names)
        yield orjson.dumps(cells[:run] + cells[run + 1 :]) + b"\n"
