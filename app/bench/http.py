"""One allocation over HTTP against a bare endpoint with one SELECT on the same server: p50, p99, requests per second, and the ratio.

The server is a process of its own on the loopback interface, configured as `guidan serve` configures it; the client is this process,
with a plain socket and a thread for each connection, so that it costs the shared processors little. Rounds of both kinds take turns,
and the ratio is the median of the rounds' ratios: what else the machine does meanwhile meets both alike.
"""

import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Annotated, Any

import orjson
from sqlalchemy import Engine, text

from app.bench.database import bench_database
from app.locating.geocoder import current_geocoder
from app.locating.locate import locate_addresses

AS_OF = date(2026, 3, 10)
MOST_REQUESTS = 20_000
LONGEST_S = 300.0
"""However much is asked for, a benchmark ends."""

_POLICIES = text(
    """
    SELECT policy_no FROM (
        SELECT DISTINCT ON (policy.policyholder_id) policy.policy_no
        FROM orphan_event JOIN policy USING (policy_no)
        WHERE orphan_event.event_on <= :as_of AND policy.status = 'IN_FORCE'
          AND NOT EXISTS (SELECT FROM orphan_case WHERE orphan_case.policyholder_id = policy.policyholder_id)
        ORDER BY policy.policyholder_id, policy.policy_no
    ) AS one_of_each_holder
    ORDER BY md5(policy_no) LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a number of requests took. Milliseconds; requests per second over all connections together."""

    requests: int
    failed: int
    p50_ms: float
    p99_ms: float
    per_second: float


def run(
    *,
    requests: int = 2_000,
    connections: int = 4,
    rounds: int = 5,
    seed: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """The figures of `requests` allocations and as many bare requests, over a sample city in a database of its own.

    Raises `ValueError` for more than `MOST_REQUESTS`, `TimeoutError` when the server does not answer.
    """
    from app.exchange.importing import import_folder
    from app.sample import write

    if not 0 < requests <= MOST_REQUESTS:
        raise ValueError(f"requests: 1 to {MOST_REQUESTS}")
    with bench_database("guidan_bench_http") as engine, tempfile.TemporaryDirectory(prefix="guidan-bench-") as name:
        folder = Path(name)
        wanted = 2 * requests + 500
        say(f"sample and import: {2 * wanted:,} policies")
        write(folder, policies=2 * wanted, orphans=wanted, seed=seed)
        import_folder(engine, folder, rejected=folder / "rejected.csv")
        return measure(engine, requests=requests, connections=connections, rounds=rounds, say=say)


def measure(
    engine: Engine,
    *,
    requests: int,
    connections: int,
    rounds: int,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """The same over a database that holds orphans without a case; they are allocated and confirmed by it."""
    with engine.begin() as connection:
        say("locate")
        geocoder, version = current_geocoder(connection)
        locate_addresses(connection, geocoder=geocoder, version=version)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    with engine.connect() as connection:
        policies = list(connection.execute(_POLICIES, {"as_of": AS_OF, "limit": requests + 100}).scalars())
    warm, policies = policies[:100], policies[100:]
    if len(policies) < requests:
        raise ValueError(f"only {len(policies)} policyholders with an orphan and without a case")
    deadline = perf_counter() + LONGEST_S
    bare: list[tuple[list[float], float, int]] = []
    full: list[tuple[list[float], float, int]] = []
    with server_over(engine) as port:
        say("warm up")
        fire(port, [_allocation(number) for number in warm], connections, deadline)
        fire(port, [bare_request(number) for number in warm], connections, deadline)
        size = -(-requests // rounds)
        for start in range(0, requests, size):
            part = policies[start : min(start + size, requests)]
            bare.append(fire(port, [bare_request(number) for number in part], connections, deadline))
            full.append(fire(port, [_allocation(number) for number in part], connections, deadline))
            say(
                f"round {len(full)}: {len(part) / bare[-1][1]:,.0f} bare, {len(part) / full[-1][1]:,.0f} allocations per second"
            )
    ratios = [few[1] / many[1] for few, many in zip(bare, full, strict=True)]
    return {
        "connections": connections,
        "rounds": len(full),
        "bare": figures_of(bare),
        "allocations": figures_of(full),
        "ratio": round(median(ratios), 3),
        "ratio_of_each_round": [round(ratio, 3) for ratio in ratios],
    }


def figures_of(rounds: Sequence[tuple[list[float], float, int]]) -> Figures:
    """The figures of what `fire` gave, all rounds together."""
    took = [ms for times, _, _ in rounds for ms in times]
    cuts = quantiles(took, n=100, method="inclusive")
    seconds = sum(seconds for _, seconds, _ in rounds)
    return Figures(
        len(took),
        sum(failed for _, _, failed in rounds),
        round(cuts[49], 2),
        round(cuts[98], 2),
        round(len(took) / seconds),
    )


def _allocation(policy_no: str) -> bytes:
    body = orjson.dumps({"policy_no": policy_no, "as_of": AS_OF, "confirm": True})
    return (
        b"POST /api/v1/allocations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )


def bare_request(policy_no: str) -> bytes:
    """A request to the bare endpoint."""
    return f"GET /bare?policy_no={policy_no} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def fire(port: int, requests: Sequence[bytes], connections: int, deadline: float) -> tuple[list[float], float, int]:
    """Milliseconds of each request, seconds of all together, and how many were not answered with 2xx."""
    took: list[float] = []
    failed = 0
    failures: list[BaseException] = []
    queue = iter(requests)
    lock = threading.Lock()
    barrier = threading.Barrier(connections + 1)

    def work() -> None:
        nonlocal failed
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                barrier.wait(30)
                while perf_counter() < deadline:
                    with lock:
                        request = next(queue, None)
                    if request is None:
                        return
                    since = perf_counter()
                    connection.sendall(request)
                    good = _receive(connection)
                    took.append((perf_counter() - since) * 1000)
                    failed += not good
        except BaseException as error:
            failures.append(error)
            barrier.abort()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    barrier.wait(30)
    since = perf_counter()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    if len(took) < len(requests):
        raise TimeoutError("the server did not answer in time")
    return took, perf_counter() - since, failed


def _receive(connection: socket.socket) -> bool:
    """Reads one answer; whether it is a good one."""
    said = b""
    while (end := said.find(b"\r\n\r\n")) < 0:
        said += _more(connection)
    head = said[:end].lower()
    at = head.index(b"content-length:") + 15
    length = int(head[at : head.find(b"\r\n", at) if head.find(b"\r\n", at) > 0 else None])
    missing = length - (len(said) - end - 4)
    while missing > 0:
        missing -= len(_more(connection))
    return said[9:10] == b"2"


def _more(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    if not part:
        raise ConnectionError("the server closed the connection")
    return part


@contextmanager
def server_over(engine: Engine) -> Iterator[int]:
    """The port of a server over the engine's database, in a process of its own; it ends when we do."""
    url = engine.url.render_as_string(hide_password=False)
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-m", "app.bench.http", "--serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as child:
        try:
            assert child.stdout is not None
            line = child.stdout.readline()
            if not line.strip().isdigit():
                raise TimeoutError("the server did not start")
            yield int(line)
        finally:
            child.terminate()


def serve() -> None:
    """Serves the application, without a worker, and a bare endpoint beside it; says its port; ends with standard input."""
    import uvicorn
    from fastapi import Query

    from app.deps import ReadConnection
    from app.main import configured, create_app
    from app.settings import load

    app = create_app(load().model_copy(update={"web": Path(os.devnull)}), worker=False)
    status = text("SELECT status FROM policy WHERE policy_no = :policy_no")

    @app.get("/bare")
    def bare(connection: ReadConnection, policy_no: Annotated[str, Query(max_length=64)]) -> str | None:
        found: str | None = connection.execute(status, {"policy_no": policy_no}).scalar()
        return found

    # Asked first, before any route of the product: else finding it would cost more than finding the other.
    app.router.routes.insert(0, app.router.routes.pop())
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    server = uvicorn.Server(configured(app))

    def end_with_parent() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True

    def announce() -> None:
        while not server.started:
            threading.Event().wait(0.02)
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()

    threading.Thread(target=end_with_parent, daemon=True).start()
    threading.Thread(target=announce, daemon=True).start()
    server.run(sockets=[listening])


def main() -> None:
    """Runs the benchmark with the defaults, or the server that it measures."""
    if sys.argv[1:] == ["--serve"]:
        serve()
        return
    found = run(say=lambda line: print(line, file=sys.stderr))
    sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    main()
