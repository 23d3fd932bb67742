"""From imported to confirmed: seconds per stage, peak memory, and the ratio to COPYing the resulting rows into the same tables.

The floor is measured in the same run on the same database: the rows that the run wrote are taken out, the tables emptied, and the
rows put back by COPY with all constraints and indexes in place, in one transaction.
"""

import resource
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, Engine, text

from app.allocation.run import create_run, execute_run
from app.bench.database import bench_database
from app.db import driver
from app.exchange.importing import import_folder
from app.sample import write

AS_OF = date(2026, 3, 10)
WRITTEN = ("location", "decision", "orphan_case", "allocation", "location_review")
"""The tables that a run fills, in an order that their foreign keys allow."""


def run(*, orphans: int, seed: int = 1, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """The figures of one line from imported to confirmed. Seconds are wall-clock; memory is this process's peak in MiB."""
    with bench_database() as engine, tempfile.TemporaryDirectory(prefix="guidan-bench-") as name:
        return measure(engine, Path(name), orphans=orphans, seed=seed, say=say)


def measure(
    engine: Engine, folder: Path, *, orphans: int, seed: int = 1, say: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """The same on an empty, migrated database, with the sample written to `folder`."""
    say(f"sample: {orphans:,} orphans")
    since = perf_counter()
    write(folder, policies=orphans, orphans=orphans, seed=seed)
    sample_s = perf_counter() - since
    say(f"sample {sample_s:.1f} s; import")
    since = perf_counter()
    import_folder(engine, folder, rejected=folder / "rejected.csv")
    import_s = perf_counter() - since
    say(f"import {import_s:.1f} s; allocate")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))
    before_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with engine.begin() as connection:
        run_id = create_run(connection, as_of=AS_OF, confirm=True, requested_by="bench")
    since = perf_counter()
    outcome = execute_run(engine, run_id)
    total_s = perf_counter() - since
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(f"allocate {total_s:.1f} s; floor")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
    with engine.begin() as connection:
        floor_s, rows = _floor(connection, folder)
    return {
        "orphans": orphans,
        "cases": outcome.cases,
        "bundles": outcome.bundles,
        "by_state": outcome.by_state,
        "sample_s": round(sample_s, 2),
        "import_s": round(import_s, 2),
        "stages_s": outcome.seconds,
        "imported_to_confirmed_s": round(total_s, 2),
        "floor_s": round(floor_s, 2),
        "floor_rows": rows,
        "ratio_to_floor": round(total_s / floor_s, 2),
        "peak_mib": round(peak_mib),
        "peak_before_run_mib": round(before_mib),
    }


def _floor(connection: Connection, folder: Path) -> tuple[float, dict[str, int]]:
    """Seconds to COPY the rows of a run back into the emptied tables, the commit left out, and how many rows there were."""
    raw = driver(connection)
    rows = {}
    for table in WRITTEN:
        with (folder / table).open("wb") as file, raw.cursor() as cursor:
            with cursor.copy(f"COPY {table} TO STDOUT (FORMAT csv)".encode()) as copy:
                for chunk in copy:
                    file.write(chunk)
            rows[table] = cursor.rowcount
    raw.execute(f"TRUNCATE {', '.join(WRITTEN)} CASCADE".encode())  # with what depends on them
    since = perf_counter()
    for table in WRITTEN:
        with (
            (folder / table).open("rb") as file,
            raw.cursor() as cursor,
            cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)".encode()) as copy,
        ):
            while chunk := file.read(1 << 20):
                copy.write(chunk)
    return perf_counter() - since, rows
