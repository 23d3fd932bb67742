"""What an edit of territories would mean, over HTTP, with a million located customers: against joining all of them anew.

The database holds a branch with as many teams as regions, each with five agents. An edit gives a disc of land from a region to the
neighbour that it reaches into; the request carries both territories as they would be, the answer every figure of both, the table from
whom to whom and the balance of the branch. The whole join is geopandas' `sjoin` of the same points with the same regions after one such edit.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from http.client import HTTPConnection
from statistics import quantiles
from time import perf_counter
from typing import Any

import geopandas
import numpy as np
import orjson
import polars as pl
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, Engine, text

from app.allocation.loads import refresh
from app.bench.database import bench_database
from app.bench.http import fire, server_over
from app.bench.matching import coverage
from app.db import copy_in

AS_OF = date(2026, 3, 10)
BRANCH = "B"
MOST_EDITS = 5_000
LONGEST_S = 600.0
AGENTS_A_TEAM = 5
ORPHAN_SHARE = 0.1
PATH = "/api/v1/territories/consequences"


@dataclass(frozen=True, slots=True)
class Edited:
    """Two teams and their territories after an edit."""

    teams: tuple[str, str]
    after: tuple[BaseGeometry, BaseGeometry]


def run(
    *,
    customers: int = 1_000_000,
    regions: int = 2_000,
    vertices: int = 250,
    edits: int = 500,
    seed: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """The figures, in a database of its own. Raises `ValueError` for more than `MOST_EDITS`, `TimeoutError` without an answer."""
    if not 0 < edits <= MOST_EDITS:
        raise ValueError(f"edits: 1 to {MOST_EDITS}")
    with bench_database("guidan_bench_whatif") as engine:
        areas = coverage(regions, vertices, seed)
        lon, lat = fill(engine, areas, customers, seed, say)
        return measure(engine, areas, lon, lat, edits=edits, seed=seed, say=say)


def measure(
    engine: Engine,
    areas: NDArray[Any],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    *,
    edits: int,
    seed: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """The same over a database that `fill` has filled."""
    drawn = make_edits(areas, edits + 20, seed)
    requests = [_request(edit) for edit in drawn]
    deadline = perf_counter() + LONGEST_S
    with server_over(engine) as port:
        say("the first what-if reads everybody")
        first_s = _first(port, requests[0])
        fire(port, requests[1:20], 1, deadline)
        say(f"{first_s:.1f} s; {edits} edits")
        took, _, failed = fire(port, requests[20:], 1, deadline)
        bare, _, _ = fire(port, [b"GET /bare?policy_no=P1 HTTP/1.1\r\nHost: localhost\r\n\r\n"] * edits, 1, deadline)
    say("a whole join")
    joined_ms = [_join(areas, lon, lat, drawn[number]) for number in range(3)]
    cuts = quantiles(took, n=100, method="inclusive")
    bare_cuts = quantiles(bare, n=100, method="inclusive")
    return {
        "customers": len(lon),
        "regions": len(areas),
        "vertices": int(shapely.get_num_coordinates(areas).sum()),
        "edits": len(took),
        "failed": failed,
        "first_s": round(first_s, 2),
        "p50_ms": round(cuts[49], 2),
        "p95_ms": round(cuts[94], 2),
        "p99_ms": round(cuts[98], 2),
        "max_ms": round(max(took), 2),
        "bare_p50_ms": round(bare_cuts[49], 2),
        "bare_p95_ms": round(bare_cuts[94], 2),
        "join_ms": round(min(joined_ms), 1),
        "times_faster_than_join": round(min(joined_ms) / cuts[49], 1),
    }


def _first(port: int, request: bytes) -> float:
    """Seconds of the first question, which waits until everybody has been read."""
    connection = HTTPConnection("127.0.0.1", port, timeout=LONGEST_S)
    since = perf_counter()
    connection.request("POST", PATH, request.split(b"\r\n\r\n", 1)[1], {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 200:
        raise ConnectionError(f"the first question was answered with {answer.status}")
    return perf_counter() - since


def make_edits(areas: NDArray[Any], count: int, seed: int) -> list[Edited]:
    """Edits of random pairs of neighbours: a disc around the middle of their border, of a radius of up to a fifth of a region."""
    rng = np.random.default_rng([seed, 2])
    tree = shapely.STRtree(areas)
    made: list[Edited] = []
    while len(made) < count:
        one = int(rng.integers(len(areas)))
        near = [int(other) for other in tree.query(areas[one], predicate="touches")]
        borders = [shapely.length(shapely.intersection(areas[one], areas[other])) for other in near]
        if not borders or max(borders) == 0:
            continue
        other = near[int(np.argmax(borders))]
        border = shapely.intersection(areas[one], areas[other])
        middle = shapely.point_on_surface(border)
        disc = middle.buffer(float(rng.uniform(0.02, 0.2)) * float(np.sqrt(shapely.area(areas[one]))), 8)
        given = shapely.intersection(disc, areas[one])
        after = (shapely.difference(areas[one], disc), shapely.union(areas[other], given))
        if all(area.geom_type in ("Polygon", "MultiPolygon") and area.is_valid for area in after):
            made.append(Edited((_team(one), _team(other)), after))
    return made


def _team(number: int) -> str:
    return f"T{number:05}"


def _request(edit: Edited) -> bytes:
    body = orjson.dumps(
        {
            "branch_code": BRANCH,
            "on": AS_OF,
            "crs": "CGCS2000",
            "changes": [
                {"team_code": team, "geometry": shapely.geometry.mapping(area)}
                for team, area in zip(edit.teams, edit.after, strict=True)
            ],
        }
    )
    return b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        PATH.encode(),
        len(body),
        body,
    )


def _join(areas: NDArray[Any], lon: NDArray[np.float64], lat: NDArray[np.float64], edit: Edited) -> float:
    """Milliseconds of joining all customers with all regions after an edit, and counting them by region."""
    changed = areas.copy()
    for team, area in zip(edit.teams, edit.after, strict=True):
        changed[int(team[1:])] = area
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(lon, lat), crs=4490)
    regions = geopandas.GeoDataFrame(geometry=changed, crs=4490)
    since = perf_counter()
    geopandas.sjoin(points, regions, predicate="intersects")["index_right"].value_counts()
    return (perf_counter() - since) * 1000


def fill(
    engine: Engine,
    areas: NDArray[Any],
    customers: int,
    seed: int,
    say: Callable[[str], None] = lambda line: None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A branch with these regions in force and customers in clusters over them, a policy each; the customers' points."""
    rng = np.random.default_rng([seed, 1])
    say(f"fill: {customers:,} customers")
    box = shapely.bounds(areas)
    west, south, east, north = box[:, 0].min(), box[:, 1].min(), box[:, 2].max(), box[:, 3].max()
    middles = rng.uniform((west, south), (east, north), (400, 2))
    where = middles[rng.integers(len(middles), size=customers)] + rng.normal(0, 0.02, (customers, 2))
    spread = rng.random(customers) < 0.4
    where[spread] = rng.uniform((west, south), (east, north), (int(spread.sum()), 2))
    lon, lat = where[:, 0], where[:, 1]
    teams = len(areas)
    servicer = rng.integers(0, teams * AGENTS_A_TEAM, customers)
    orphan = rng.random(customers) < ORPHAN_SHARE
    premium = rng.integers(500, 20_000, customers)
    with engine.begin() as connection:
        _organisation(connection, areas)
        connection.execute(
            text(
                """CREATE TEMPORARY TABLE drawn (n int, lon float8, lat float8, servicer text, orphan boolean, premium int)
                ON COMMIT DROP"""
            )
        )
        frame = pl.DataFrame(
            {
                "n": np.arange(customers),
                "lon": lon,
                "lat": lat,
                "servicer": [f"{_team(int(at) // AGENTS_A_TEAM)}-{int(at) % AGENTS_A_TEAM}" for at in servicer],
                "orphan": orphan,
                "premium": premium,
            }
        )
        copy_in(connection, "drawn", frame.columns, frame)
        for statement in _CUSTOMERS:
            connection.execute(text(statement))
        refresh(connection)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return lon, lat


_CUSTOMERS = (
    "INSERT INTO policyholder (id, name) SELECT 'H' || n, '王小明' FROM drawn",
    """INSERT INTO address (policyholder_id, kind, text, point)
    SELECT 'H' || n, 'HOME', '', ST_SetSRID(ST_MakePoint(lon, lat), 4490) FROM drawn""",
    """INSERT INTO policy (policy_no, policyholder_id, branch_code, premium, status, servicer_code, served_by_collection)
    SELECT 'P' || n, 'H' || n, 'B', premium, 'IN_FORCE', servicer, false FROM drawn""",
    """INSERT INTO orphan_case (policy_no, policyholder_id, branch_code, state, open, reasons, event_ids, first_event_on,
        collection_serviced)
    SELECT 'P' || n, 'H' || n, 'B', 'LOCATED', true, '{}', '{}', '2026-03-01', false FROM drawn WHERE orphan""",
)


def _organisation(connection: Connection, areas: NDArray[Any]) -> None:
    connection.execute(
        text(
            """INSERT INTO organisation (code, level, parent_code, name)
            VALUES ('P', 'province', NULL, '省公司'), ('C', 'city', 'P', '市公司'), ('B', 'branch', 'C', '支公司')"""
        )
    )
    codes = [_team(number) for number in range(len(areas))]
    connection.execute(
        text(
            """INSERT INTO team (code, branch_code, name, force, takes_part)
            SELECT code, 'B', code || '队', 'COLLECTION', true FROM unnest(CAST(:codes AS text[])) AS code"""
        ),
        {"codes": codes},
    )
    connection.execute(
        text(
            """INSERT INTO agent (code, team_code, force, is_lead, state, qualified, capacity)
            SELECT team.code || '-' || n, team.code, 'COLLECTION', n = 0, '01', true, 150
            FROM team, generate_series(0, :last) AS n"""
        ),
        {"last": AGENTS_A_TEAM - 1},
    )
    plan = add_version(connection, areas, 1)
    connection.execute(
        text("UPDATE territory_plan SET state = 'PUBLISHED', effective_from = '2026-01-01' WHERE id = :plan"),
        {"plan": plan},
    )


def add_version(connection: Connection, areas: NDArray[Any], number: int) -> int:
    """A draft with these regions; its id."""
    plan: int = connection.execute(
        text(
            """INSERT INTO territory_plan (branch_code, number, name, origin, state)
            VALUES ('B', :number, '基准', 'DELIVERED', 'DRAFT') RETURNING id"""
        ),
        {"number": number},
    ).scalar_one()
    whole = np.empty(len(areas), dtype=object)
    whole[:] = [area if area.geom_type == "MultiPolygon" else shapely.MultiPolygon([area]) for area in areas]
    frame = pl.DataFrame(
        {
            "code": [_team(at) for at in range(len(areas))],
            "shape": [bytes(shape) for shape in shapely.to_wkb(whole)],
        }
    )
    connection.execute(text("DROP TABLE IF EXISTS drawn_shape"))
    connection.execute(text("CREATE TEMPORARY TABLE drawn_shape (code text, shape bytea) ON COMMIT DROP"))
    copy_in(connection, "drawn_shape", frame.columns, frame)
    connection.execute(
        text(
            """INSERT INTO territory_shape (geom) SELECT ST_GeomFromWKB(shape, 4490) FROM drawn_shape
            ON CONFLICT DO NOTHING"""
        )
    )
    connection.execute(
        text(
            """INSERT INTO territory (plan_id, team_code, shape_id, since)
            SELECT :plan, d.code, s.id, '2026-01-01' FROM drawn_shape d
            JOIN territory_shape s ON s.digest = sha256(ST_AsBinary(ST_GeomFromWKB(d.shape, 4490), 'NDR'))"""
        ),
        {"plan": plan},
    )
    return plan


def main() -> None:
    """Prints the figures."""
    found = run(say=lambda line: print(line, file=sys.stderr))
    sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    main()
