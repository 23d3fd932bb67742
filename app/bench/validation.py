"""An edit and the renewal of its defects, over HTTP and through the database, in a branch of 2,000 ragged territories.

Beside it the check of the whole branch, and the same renewal by itself, in the process, without HTTP and without saving.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any, Final

import numpy as np
import orjson
import shapely
from shapely import MultiPolygon
from sqlalchemy import Connection, Engine, text

from app.bench.database import bench_database
from app.bench.http import server_over
from app.bench.ragged import ragged, squares
from app.territories.plans.deliver import deliver
from app.territories.validation.renew import renew_all, renew_defects

PLANS: Final = "/api/v1/territory-plans"


def run(
    *,
    columns: int = 50,
    rows: int = 40,
    steps: int = 62,
    customers: int = 100_000,
    edits: int = 200,
    seed: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """The figures over a world of its own; milliseconds."""
    areas, branch = ragged(columns, rows, steps, seed)
    vertices = int(sum(shapely.get_num_coordinates(area) - 1 for area in areas.values()))
    say(f"{len(areas):,} territories, {vertices:,} vertices")
    with bench_database("guidan_bench_validation") as engine:
        communities = squares(areas, 2)
        with engine.begin() as connection:
            fill(connection, areas, branch, communities=communities, customers=customers, seed=seed)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        with server_over(engine) as port:
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
            say("draft")
            since = perf_counter()
            plan = _ask(client, "POST", PLANS, {"branch_code": "B", "name": "bench", "by": "甲"})["id"]
            drafted = perf_counter() - since
            since = perf_counter()
            found = _ask(client, "POST", f"{PLANS}/{plan}/checks")
            checked = perf_counter() - since
            say(f"{edits} edits")
            took, bare, refused = _edit(client, plan, areas, edits, seed)
        say("by itself")
        alone, busy, whole = _by_itself(engine, plan, areas, seed)
    cuts = quantiles(took, n=100, method="inclusive")
    return {
        "territories": len(areas),
        "vertices": vertices,
        "communities": len(communities),
        "customers": customers,
        "edits": len(took),
        "refused": refused,
        "edit_and_validation_over_http_p50_ms": round(cuts[49], 1),
        "edit_and_validation_over_http_p95_ms": round(cuts[94], 1),
        "edit_and_validation_over_http_max_ms": round(max(took), 1),
        "bare_question_p50_ms": round(median(bare), 2),
        "bare_question_p95_ms": round(quantiles(bare, n=20, method="inclusive")[18], 2),
        "validation_alone_p50_ms": round(median(alone), 1),
        "validation_alone_p95_ms": round(quantiles(alone, n=20, method="inclusive")[18], 1),
        "validation_alone_processor_p50_ms": round(median(busy), 1),
        "validation_alone_processor_p95_ms": round(quantiles(busy, n=20, method="inclusive")[18], 1),
        "whole_check_over_http_s": round(checked, 2),
        "whole_check_alone_s": round(whole, 2),
        "times_faster_than_the_whole": round(whole * 1000 / median(alone), 1),
        "draft_made_settled_and_checked_s": round(drafted, 2),
        "defects_at_first": {name: found[name] for name in ("errors", "warnings", "notes")},
    }


def _edit(
    client: http.client.HTTPConnection, plan: int, areas: dict[str, MultiPolygon], edits: int, seed: int
) -> tuple[list[float], list[float], int]:
    """Milliseconds of each edit over HTTP, of a bare question before each (they tell how busy the machine is), how many were refused."""
    rng = np.random.default_rng(seed)
    version = _ask(client, "GET", f"{PLANS}/{plan}")["version"]
    took, bare, refused = [], [], 0
    for number in range(edits):
        body: dict[str, Any] = {"by": "甲"}
        path = f"{PLANS}/{plan}/undo"
        if number % 5 != 4:
            path = f"{PLANS}/{plan}/edits"
            body |= {"version": version, "edit": _verb(rng, areas, number)}
        since = perf_counter()
        _ask(client, "GET", "/bare?policy_no=N1")
        bare.append((perf_counter() - since) * 1000)
        since = perf_counter()
        status, told = _send(client, "POST", path, body)
        took.append((perf_counter() - since) * 1000)
        refused += status >= 300
        if status < 300:
            version = told["version"]
    return took, bare, refused


def _verb(rng: np.random.Generator, areas: dict[str, MultiPolygon], number: int) -> dict[str, Any]:
    """A lasso of some 50 m around a vertex: given to a team, or made nobody's."""
    codes = list(areas)
    code = codes[int(rng.integers(len(codes)))]
    points = shapely.get_coordinates(areas[code])
    at = points[int(rng.integers(len(points)))]
    turn = np.linspace(0.0, 2.0 * np.pi, 25)[:-1]
    ring = at + np.column_stack([np.cos(turn), np.sin(turn)]) * rng.uniform(0.0003, 0.0006, (24, 1))
    lasso = {"type": "Polygon", "coordinates": [np.round([*ring, ring[0]], 8).tolist()]}
    return {"verb": "GIVE", "geometry": lasso, "to_team_code": None if number % 5 == 3 else code}


def _by_itself(
    engine: Engine, plan: int, areas: dict[str, MultiPolygon], seed: int, rounds: int = 40
) -> tuple[list[float], list[float], float]:
    """Milliseconds of renewals after a territory was taken away, by the clock and of this process, and seconds of the whole; nothing is
    saved."""
    rng = np.random.default_rng(seed + 1)
    took, busy = [], []
    take = text("UPDATE territory SET shape_id = NULL WHERE plan_id = :plan AND team_code = :team")
    with engine.connect() as connection:
        renew_defects(connection, plan)
        for code in rng.choice(list(areas), rounds, replace=False).tolist():
            step = connection.begin_nested()
            connection.execute(take, {"plan": plan, "team": code})
            since, worked = perf_counter(), process_time()
            renew_defects(connection, plan, [code])
            took.append((perf_counter() - since) * 1000)
            busy.append((process_time() - worked) * 1000)
            step.rollback()
        since = perf_counter()
        renew_all(connection, plan)
        whole = perf_counter() - since
        connection.rollback()
    return took, busy, whole


def fill(
    connection: Connection,
    areas: dict[str, MultiPolygon],
    branch: MultiPolygon,
    *,
    communities: dict[str, MultiPolygon],
    customers: int,
    seed: int,
) -> None:
    """A branch B with its teams and territories in force, communities, and customers with a policy each."""
    west, south, east, north = branch.bounds
    connection.execute(
        text(
            """INSERT INTO organisation (code, level, parent_code, name)
            VALUES ('P', 'province', NULL, '省公司'), ('C', 'city', 'P', '市公司'), ('B', 'branch', 'C', '支公司')"""
        )
    )
    connection.execute(
        text("INSERT INTO branch_area (branch_code, geom) VALUES ('B', ST_GeomFromWKB(:area, 4490))"),
        {"area": branch.wkb},
    )
    connection.execute(
        text(
            """INSERT INTO team (code, branch_code, name, force, takes_part)
            SELECT code, 'B', code, 'COLLECTION', true FROM unnest(CAST(:codes AS text[])) AS code"""
        ),
        {"codes": list(areas)},
    )
    connection.execute(
        text(
            """INSERT INTO delivered_territory (team_code, effective_from, geom)
            SELECT code, '2026-01-01', ST_GeomFromWKB(area, 4490)
            FROM unnest(CAST(:codes AS text[]), CAST(:areas AS bytea[])) AS row (code, area)"""
        ),
        {"codes": list(areas), "areas": [area.wkb for area in areas.values()]},
    )
    connection.execute(
        text(
            """INSERT INTO community (code, name, geom) SELECT code, code, ST_GeomFromWKB(area, 4490)
            FROM unnest(CAST(:codes AS text[]), CAST(:areas AS bytea[])) AS row (code, area)"""
        ),
        {"codes": list(communities), "areas": [area.wkb for area in communities.values()]},
    )
    connection.execute(text("SELECT setseed(:seed)"), {"seed": (seed % 1000) / 1000})
    many = {"many": customers}
    connection.execute(text("INSERT INTO policyholder (id) SELECT 'H' || n FROM generate_series(1, :many) AS n"), many)
    connection.execute(
        text(
            """INSERT INTO address (policyholder_id, kind, text, point, declared_crs)
            SELECT 'H' || n, 'POSTAL', 'x', ST_SetSRID(ST_MakePoint(:west + random() * :dx, :south + random() * :dy), 4490), 'CGCS2000'
            FROM generate_series(1, :many) AS n"""
        ),
        {**many, "west": west, "south": south, "dx": east - west, "dy": north - south},
    )
    connection.execute(
        text(
            """INSERT INTO policy (policy_no, policyholder_id, branch_code, premium, status, served_by_collection)
            SELECT 'N' || n, 'H' || n, 'B', 100, 'IN_FORCE', false FROM generate_series(1, :many) AS n"""
        ),
        many,
    )
    deliver(connection)


def _ask(client: http.client.HTTPConnection, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    status, told = _send(client, method, path, body)
    if status >= 300:
        raise RuntimeError(f"{method} {path}: {status} {told.get('code')}")
    return told


def _send(
    client: http.client.HTTPConnection, method: str, path: str, body: dict[str, Any] | None = None
) -> tuple[int, Any]:
    data = orjson.dumps(body) if body is not None else None
    client.request(method, path, data, {"Content-Type": "application/json"} if data else {})
    answer = client.getresponse()
    return answer.status, orjson.loads(answer.read())
