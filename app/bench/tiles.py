"""A tile over HTTP: a million orphans, as many customers, 5,000 territories of 500 vertices; the first time, again, and against PostGIS.

*Built* is what a layer costs before its first tile, and after a change. *Cold* is a tile that nobody has asked for since; *warm* the
same once more; *known* the same by a browser that has it already (304). *CPU* is what server and database together spent on a cold tile,
which other work on the machine does not change. The plain side is the same tile by one `ST_AsMVT` straight from
the tables, polygons and points as they are stored, on a connection of its own without HTTP.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, sleep
from typing import Any

import numpy as np
import orjson
import polars as pl
import shapely
from sqlalchemy import Connection, Engine, text

from app.bench.database import bench_database
from app.bench.http import server_over
from app.bench.matching import coverage
from app.db import copy_in
from app.tiles.grid import HALF_WORLD_M, Tile, to_mercator

ZOOMS = {"far": (4, 6, 8), "middle": (9, 10, 11, 12), "near": (13, 14, 15), "closest": (16, 17, 18)}
IDLE_S = 2.0
"""A server closes a connection that nobody uses."""

BRANCH = "B0001"
_COPIED = 100_000

_PLAIN_AREAS = text(
    """
    SELECT ST_AsMVT(drawn, 'territories') FROM (
        SELECT ST_AsMVTGeom(ST_Transform(s.geom, 3857), ST_TileEnvelope(:z, :x, :y), 4096, 128) AS geom,
            t.team_code, team.name, team.branch_code, team.force
        FROM territory t JOIN territory_shape s ON s.id = t.shape_id JOIN team ON team.code = t.team_code
        WHERE t.plan_id = :plan AND s.geom && ST_Transform(ST_TileEnvelope(:z, :x, :y), 4490)
    ) AS drawn WHERE geom IS NOT NULL
    """
)
_PLAIN_ORPHANS = text(
    """
    SELECT ST_AsMVT(drawn, 'orphans') FROM (
        SELECT ST_AsMVTGeom(ST_Transform(d.point, 3857), ST_TileEnvelope(:z, :x, :y), 4096, 0, false) AS geom, d.rung, d.team_code
        FROM decision d WHERE d.point && ST_Transform(ST_TileEnvelope(:z, :x, :y), 4490)
    ) AS drawn WHERE geom IS NOT NULL
    """
)
_PLAIN_CUSTOMERS = text(
    """
    SELECT ST_AsMVT(drawn, 'customers') FROM (
        SELECT ST_AsMVTGeom(ST_Transform(a.point, 3857), ST_TileEnvelope(:z, :x, :y), 4096, 0, false) AS geom
        FROM address a WHERE a.point && ST_Transform(ST_TileEnvelope(:z, :x, :y), 4490)
    ) AS drawn WHERE geom IS NOT NULL
    """
)


def run(
    *,
    points: int = 1_000_000,
    areas: int = 5_000,
    vertices: int = 500,
    tiles: int = 40,
    seed: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """The figures; `tiles`: of each layer and class of zooms. Milliseconds unless a name says otherwise."""
    with bench_database("guidan_bench_tiles") as engine:
        say(f"fill: {points:,} orphans of as many customers, {areas:,} territories of {vertices} vertices")
        with engine.begin() as connection:
            plan = fill(connection, points=points, areas=areas, vertices=vertices, seed=seed)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        with server_over(engine) as port:
            return measure(engine, port, plan, tiles=tiles, seed=seed, say=say)


def fill(connection: Connection, *, points: int, areas: int, vertices: int, seed: int) -> int:
    """A branch whose land is one draft of that many territories, and that many orphans, most of them in a tenth of the land; the draft."""
    run = connection.execute
    # Rows that refer to one another are made here: checking each of millions would take longer than all that is measured.
    run(text("SET LOCAL session_replication_role = replica"))
    rng = np.random.default_rng(seed)
    run(
        text("INSERT INTO organisation VALUES ('C0001', 'city', NULL, '市'), (:b, 'branch', 'C0001', '支')"),
        {"b": BRANCH},
    )
    shapes = coverage(areas, vertices, seed)
    codes = [f"T{at:05}" for at in range(areas)]
    team = pl.DataFrame({"code": codes, "name": [f"{code}队" for code in codes]}).with_columns(
        branch_code=pl.lit(BRANCH), force=pl.lit("COLLECTION"), takes_part=pl.lit(True)
    )
    copy_in(connection, "team", team.columns, team)
    agent = pl.DataFrame({"code": [f"A{code}" for code in codes], "team_code": codes}).with_columns(
        force=pl.lit("COLLECTION"), is_lead=pl.lit(False), state=pl.lit("01"), qualified=pl.lit(True)
    )
    copy_in(connection, "agent", agent.columns, agent)
    wkb = shapely.to_wkb(
        shapely.set_srid(np.array([shapely.MultiPolygon([each]) for each in shapes]), 4490), hex=True, include_srid=True
    )
    first = run(text("SELECT coalesce(max(id), 0) + 1 FROM territory_shape")).scalar_one()
    copy_in(
        connection,
        "territory_shape",
        ["id", "geom"],
        pl.DataFrame({"id": np.arange(first, first + areas), "geom": wkb}),
    )
    run(text("SELECT setval(pg_get_serial_sequence('territory_shape', 'id'), max(id)) FROM territory_shape"))
    plan: int = run(
        text(
            "INSERT INTO territory_plan (branch_code, number, name, origin, state) VALUES (:b, 1, '方案', 'DRAWN', 'DRAFT') RETURNING id"
        ),
        {"b": BRANCH},
    ).scalar_one()
    rows = pl.DataFrame({"team_code": codes, "shape_id": np.arange(first, first + areas)}).with_columns(
        plan_id=pl.lit(plan)
    )
    copy_in(connection, "territory", rows.columns, rows)
    run(
        text(
            "INSERT INTO delivered_territory (team_code, effective_from, geom)"
            " SELECT team_code, '2026-01-01', geom FROM territory t JOIN territory_shape s ON s.id = t.shape_id WHERE plan_id = :p"
        ),
        {"p": plan},
    )
    run(text("INSERT INTO community SELECT team_code, team_code, geom FROM delivered_territory"))
    from app.territories.plans.deliver import deliver

    run(text("SET LOCAL session_replication_role = origin"))
    deliver(connection)
    run(text("SET LOCAL session_replication_role = replica"))
    run(text("INSERT INTO strategy (version, config) VALUES (1, '{}') ON CONFLICT DO NOTHING"))
    number = run(text("INSERT INTO run (as_of, status) VALUES ('2026-03-10', 'CONFIRMED') RETURNING id")).scalar_one()
    west, south, east, north = shapely.total_bounds(shapes)
    # Seven of ten live about thirty centres.
    centres = rng.uniform([west, south], [east, north], (30, 2))
    lonlat = rng.uniform([west, south], [east, north], (points, 2))
    dense = rng.random(points) < 0.7
    lonlat[dense] = centres[rng.integers(0, 30, int(dense.sum()))] + rng.normal(0, 0.02, (int(dense.sum()), 2))
    lonlat = np.clip(lonlat, [west, south], [east, north])
    cell = np.minimum(
        ((lonlat - [west, south]) / ([east - west, north - south]) * np.sqrt(areas)).astype(int),
        int(np.sqrt(areas)) - 1,
    )
    team_of = (cell[:, 0] * int(np.sqrt(areas)) + cell[:, 1]).clip(0, areas - 1)
    kinds = np.array(["REGION_OWNER", "BRANCH_BALANCE", "ORIGIN_TEAM", "DESIGNATED"])[
        rng.choice(4, points, p=[0.8, 0.1, 0.07, 0.03])
    ]
    for begin in range(0, points, _COPIED):
        part = slice(begin, min(begin + _COPIED, points))
        people = pl.DataFrame({"no": np.arange(begin, part.stop)}).with_columns(
            id=pl.format("H{}", "no"), policy_no=pl.format("P{}", "no"),
            team_code=pl.Series([codes[at] for at in team_of[part]]), rung=pl.Series(kinds[part]),
            point=pl.Series(shapely.to_wkb(shapely.set_srid(shapely.points(lonlat[part]), 4490), hex=True, include_srid=True)),
        )  # fmt: skip
        _people(connection, people, number)
    run(text("SELECT setval(pg_get_serial_sequence('decision', 'id'), max(id)) FROM decision"))
    return plan


def _people(connection: Connection, people: pl.DataFrame, run_id: int) -> None:
    copy_in(connection, "policyholder", ["id"], people)
    address = people.select(pl.col("id").alias("policyholder_id"), pl.lit("HOME").alias("kind"), "point")
    copy_in(connection, "address", address.columns, address)
    policy = people.select(
        "policy_no", pl.col("id").alias("policyholder_id"), pl.lit(BRANCH).alias("branch_code"), pl.lit("IN_FORCE").alias("status"),
        pl.lit(False).alias("served_by_collection"), pl.format("A{}", "team_code").alias("servicer_code"),
    )  # fmt: skip
    copy_in(connection, "policy", policy.columns, policy)
    decision = people.select(
        (pl.col("no") + 1).alias("id"), pl.lit(run_id).alias("run_id"), pl.col("id").alias("policyholder_id"),
        pl.col("policy_no").alias("bundle_no"), pl.lit(1).alias("policies"), pl.lit(BRANCH).alias("branch_code"),
        pl.lit("PURE").alias("nature"), pl.lit("").alias("nature_evidence"), "point", pl.lit("POINT").alias("located_by"), "rung",
        "team_code", pl.lit("{}").alias("flags"), pl.lit("2026-01-01").alias("first_event_on"), pl.lit(1).alias("strategy_version"),
        pl.lit("p").alias("plan_version"), pl.lit("[]").alias("trail"),
    )  # fmt: skip
    copy_in(connection, "decision", decision.columns, decision)
    case = people.select(
        "policy_no", pl.col("id").alias("policyholder_id"), pl.lit(BRANCH).alias("branch_code"), pl.lit("TEAM_POOL").alias("state"),
        pl.lit(True).alias("open"), pl.lit("{}").alias("reasons"), pl.lit("{}").alias("event_ids"),
        pl.lit("2026-01-01").alias("first_event_on"), pl.lit(False).alias("collection_serviced"),
        pl.col("policy_no").alias("bundle_no"), (pl.col("no") + 1).alias("decision_id"),
    )  # fmt: skip
    copy_in(connection, "orphan_case", case.columns, case)


def measure(
    engine: Engine, port: int, plan: int, *, tiles: int, seed: int, say: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """The figures over a filled database that a server at the port serves."""
    client = _Client(port)
    layers = {
        "territories (draft)": ("territories", f"plan={plan}"),
        "territories (in force)": ("territories", "on=2026-03-10"),
        "communities": ("communities", ""),
        "orphans": ("orphans", ""),
        "customers": ("customers", ""),
    }
    built = {}
    for name, (layer, query) in layers.items():
        built[name] = round(client.get(f"/tiles/{layer}/0/0/0.mvt?{query}")[0] / 1000, 2)
        say(f"{name}: built in {built[name]} s")
    rng = np.random.default_rng(seed)
    with engine.connect() as connection:
        places: np.ndarray[Any, Any] = np.array(
            connection.execute(
                text("SELECT ST_X(point), ST_Y(point) FROM decision TABLESAMPLE SYSTEM (1) REPEATABLE (1)")
            ).all()
        )
    rows = []
    plain_of = {"territories (draft)": _PLAIN_AREAS, "orphans": _PLAIN_ORPHANS, "customers": _PLAIN_CUSTOMERS}
    for zooms in ZOOMS.values():
        wanted = _tiles(places[rng.permutation(len(places))], zooms, tiles)
        for name, (layer, query) in layers.items():
            paths = [f"/tiles/{layer}/{at.z}/{at.x}/{at.y}.mvt?{query}" for at in wanted]
            before = _cpu_ms(engine)
            cold = [client.get(path) for path in paths]
            spent = None if before is None else (_cpu_ms(engine) or 0.0) - before
            warm = [client.get(path) for path in paths]
            known = [client.get(path, tag=tag) for path, (_, _, tag) in zip(paths, cold, strict=True)]
            plain = _plain(engine, plain_of.get(name), wanted, plan) if name in plain_of else None
            rows.append(
                {
                    "layer": name,
                    "zooms": f"{zooms[0]}-{zooms[-1]}",
                    "tiles": len(wanted),
                    "largest_kib": round(max(size for _, size, _ in cold) / 1024),
                    "cold": _cut([ms for ms, _, _ in cold]),
                    "cold_cpu": None if spent is None else round(spent / len(wanted), 1),
                    "warm": _cut([ms for ms, _, _ in warm]),
                    "known": _cut([ms for ms, _, _ in known]),
                    "plain": None if plain is None else _cut(plain),
                    "ratio": None
                    if plain is None
                    else round(median(ms / mine for ms, (mine, _, _) in zip(plain, cold, strict=True)), 2),
                }
            )
            say(f"{rows[-1]}")
    changes = _after_changes(engine, client, plan, places, layers, say)
    return {
        "built_s": built,
        "zoom_classes": zoom_rows(rows),
        "after_a_change": changes,
        "load": [round(each, 1) for each in os.getloadavg()],
    }


def _cpu_ms(engine: Engine) -> float | None:
    """Processor time of the server and of its connections so far; None where the database is not on this machine."""
    with engine.connect() as connection:
        query = (
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'guidan server' AND datname = current_database()"
        )
        backends = list(connection.execute(text(query)).scalars())
    ticks = 0
    try:
        tasks = Path("/proc/self/task").iterdir()
        servers = {int(pid) for task in tasks for pid in (task / "children").read_text().split()}
        for pid in {*backends, *servers}:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    except OSError:
        return None
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


def zoom_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows by layer."""
    return sorted(rows, key=lambda row: row["layer"])


def _cut(took: list[float]) -> dict[str, float]:
    cuts = quantiles(took, n=100, method="inclusive") if len(took) > 1 else took * 99
    return {"p50": round(cuts[49], 2), "p95": round(cuts[94], 2), "max": round(max(took), 2)}


def _tiles(places: np.ndarray[Any, Any], zooms: tuple[int, ...], most: int) -> list[Tile]:
    """Different tiles in which somebody lives, as likely as many live there."""
    at = to_mercator(places)
    found: dict[Tile, None] = {}
    for number, (x, y) in enumerate(at.tolist()):
        zoom = zooms[number % len(zooms)]
        side = Tile(zoom, 0, 0).side_m
        found[Tile(zoom, int((x + HALF_WORLD_M) // side), int((HALF_WORLD_M - y) // side))] = None
        if len(found) == most:
            break
    return list(found)


def _plain(engine: Engine, query: Any, wanted: list[Tile], plan: int) -> list[float]:
    took = []
    with engine.connect() as connection:
        for at in wanted:
            values = {"z": at.z, "x": at.x, "y": at.y} | ({"plan": plan} if query is _PLAIN_AREAS else {})
            since = perf_counter()
            connection.execute(query, values).scalar_one()
            took.append((perf_counter() - since) * 1000)
    return took


_MIDDLE = text(
    """
    SELECT ST_X(ST_PointOnSurface(s.geom)), ST_Y(ST_PointOnSurface(s.geom))
    FROM territory t JOIN territory_shape s ON s.id = t.shape_id WHERE t.plan_id = :plan AND t.team_code = :team
    """
)
_MOVE = text(
    """
    WITH made AS (
        INSERT INTO territory_shape (geom)
        SELECT ST_Multi(ST_Difference(s.geom, ST_Buffer(ST_PointOnSurface(s.geom), 0.0001 * :turn)))
        FROM territory t JOIN territory_shape s ON s.id = t.shape_id WHERE t.plan_id = :plan AND t.team_code = :team
        RETURNING id
    )
    UPDATE territory SET shape_id = (SELECT id FROM made), revision = revision + 1 WHERE plan_id = :plan AND team_code = :team
    """
)


def _after_changes(
    engine: Engine,
    client: _Client,
    plan: int,
    places: np.ndarray[Any, Any],
    layers: dict[str, tuple[str, str]],
    say: Callable[[str], None],
) -> dict[str, Any]:
    """What a tile takes right after an edit of the draft, and how soon changes of points are seen, without anybody waiting."""
    edits: list[float] = []
    others: list[float] = []
    unchanged = 0
    asked = 0
    for turn in range(1, 21):
        team = f"T{turn * 37:05}"
        with engine.begin() as connection:
            x, y = connection.execute(_MIDDLE, {"plan": plan, "team": team}).one()
            connection.execute(_MOVE, {"plan": plan, "team": team, "turn": turn})
            connection.execute(
                text("UPDATE territory_plan SET revision = revision + 1 WHERE id = :plan"), {"plan": plan}
            )
        (here,) = _tiles(np.array([[x, y]]), (13,), 1)
        ms, _, _ = client.get(f"/tiles/territories/{here.z}/{here.x}/{here.y}.mvt?plan={plan}&turn={turn}")
        edits.append(ms)
        for at in _tiles(places[turn * 10 :], (9, 11, 13), 6):
            path = f"/tiles/territories/{at.z}/{at.x}/{at.y}.mvt?plan={plan}"
            known = client.tags.get(path)
            ms, size, _ = client.get(path, tag=known)
            others.append(ms)
            if known is not None:
                asked += 1
                unchanged += size == 0
    say(f"after an edit: {_cut(edits)}; other tiles {_cut(others)}, {unchanged} of {asked} unchanged")
    seen = {}
    statements = {
        "orphans": "UPDATE orphan_case SET state = 'CLOSED', open = false WHERE id IN (SELECT id FROM orphan_case WHERE open LIMIT 500)",
        "customers": "UPDATE address SET point = ST_Translate(point, 0.01, 0) WHERE id IN (SELECT id FROM address LIMIT 500)",
    }
    for layer, statement in statements.items():
        path = f"/tiles/{layer}/8/0/0.mvt"
        _, _, tag = client.get(path)
        with engine.begin() as connection:
            connection.execute(text(statement))
            connection.execute(text("INSERT INTO run (as_of, status) VALUES ('2026-03-11', 'CONFIRMED')"))
        since = perf_counter()
        waits = []
        while perf_counter() - since < 120:
            ms, _, now = client.get(path)
            waits.append(ms)
            if now != tag:
                break
            sleep(0.05)
        seen[layer] = {"seen_after_s": round(perf_counter() - since, 2), "longest_request": round(max(waits), 1)}
        say(f"{layer} after 500 changes: {seen[layer]}")
    return {"edit": _cut(edits), "other_tiles": _cut(others), "unchanged": f"{unchanged} of {asked}", "points": seen}


class _Client:
    """One connection that is kept open, and nothing else between the clock and the socket."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connect()
        self.tags: dict[str, str] = {}

    def _connect(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=300)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._used = perf_counter()

    def get(self, path: str, tag: str | None = None) -> tuple[float, int, str]:
        """(milliseconds, bytes of the body, its tag). Raises `RuntimeError` for an answer that is none."""
        if perf_counter() - self._used > IDLE_S:
            self._socket.close()
            self._connect()
        asked = f"If-None-Match: {tag}\r\n" if tag else ""
        since = perf_counter()
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{asked}\r\n".encode())
        said = b""
        while (end := said.find(b"\r\n\r\n")) < 0:
            said += self._more()
        head = said[:end].decode().lower().split("\r\n")
        fields = dict(line.split(": ", 1) for line in head[1:])
        missing = int(fields.get("content-length", 0)) - (len(said) - end - 4)
        size = len(said) - end - 4
        while missing > 0:
            part = len(self._more())
            missing -= part
            size += part
        self._used = perf_counter()
        took = (self._used - since) * 1000
        status = head[0].split()[1]
        if status not in ("200", "204", "304"):
            raise RuntimeError(f"{path}: {status}")
        self.tags[path] = fields["etag"]
        return took, size, fields["etag"]

    def _more(self) -> bytes:
        part = self._socket.recv(1 << 20)
        if not part:
            raise ConnectionError("the server closed the connection")
        return part


def main() -> None:
    """Runs the benchmark with the defaults."""
    found = run(say=lambda line: print(line, file=sys.stderr))
    sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    main()
