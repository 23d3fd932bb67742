"""One address geocoded over HTTP against a bare endpoint with one SELECT on the same server: p50, p99, and what the one takes over the other.

As `app.bench.http` measures an allocation; a single connection, because the figure is what somebody waits, not what a server bears.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import orjson
from sqlalchemy import text

from app.bench.database import bench_database
from app.bench.http import AS_OF, LONGEST_S, MOST_REQUESTS, bare_request, figures_of, fire, server_over

_TEXTS = text("SELECT DISTINCT text FROM address WHERE text <> '' ORDER BY text LIMIT :limit")


def run(
    *, requests: int = 2_000, rounds: int = 5, seed: int = 1, say: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """The figures of `requests` distinct addresses of a sample city and as many bare requests, in rounds that take turns.

    Raises `ValueError` for more than `MOST_REQUESTS`, `TimeoutError` when the server does not answer.
    """
    from app.exchange.importing import import_folder
    from app.sample import write

    if not 0 < requests <= MOST_REQUESTS:
        raise ValueError(f"requests: 1 to {MOST_REQUESTS}")
    with bench_database("guidan_bench_address") as engine, tempfile.TemporaryDirectory(prefix="guidan-bench-") as name:
        folder = Path(name)
        say("sample and import")
        write(folder, policies=4 * requests, orphans=requests, seed=seed)
        import_folder(engine, folder, rejected=folder / "rejected.csv")
        with engine.connect() as connection:
            texts = list(connection.execute(_TEXTS, {"limit": requests + 100}).scalars())
        warm, texts = texts[:100], texts[100:]
        deadline = perf_counter() + LONGEST_S
        bare, asked = [], []
        with server_over(engine) as port:
            say("warm up")
            fire(port, [_question(line) for line in warm], 1, deadline)
            fire(port, [bare_request("P1") for _ in warm], 1, deadline)
            size = -(-len(texts) // rounds)
            for start in range(0, len(texts), size):
                part = texts[start : start + size]
                bare.append(fire(port, [bare_request("P1") for _ in part], 1, deadline))
                asked.append(fire(port, [_question(line) for line in part], 1, deadline))
                say(f"round {len(asked)}")
        few, many = figures_of(bare), figures_of(asked)
        over = [figures_of([a]).p99_ms - figures_of([b]).p99_ms for a, b in zip(asked, bare, strict=True)]
        return {
            "rounds": len(asked),
            "bare": few,
            "geocode": many,
            "p50_over_bare_ms": round(many.p50_ms - few.p50_ms, 2),
            "p99_over_bare_ms": round(median(over), 2),
            "p99_over_bare_ms_of_each_round": [round(each, 2) for each in over],
        }


def _question(line: str) -> bytes:
    body = orjson.dumps({"text": line, "on": AS_OF})
    return (
        b"POST /api/v1/addresses/geocode HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )


def main() -> None:
    """Runs the benchmark with the defaults."""
    found = run(say=lambda line: print(line, file=sys.stderr))
    sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
