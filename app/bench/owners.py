"""Who owned a point on a day, over HTTP, when a branch has two hundred versions: against a bare endpoint on the same server."""

import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

import orjson
import shapely
from sqlalchemy import Connection, text

from app.bench.database import bench_database
from app.bench.http import AS_OF, LONGEST_S, MOST_REQUESTS, bare_request, figures_of, fire, server_over
from app.models.in_force import in_force
from app.territories.plans.deliver import deliver
from geo.coverage import give, settle
from geo.errors import GeoError

SIDE_DEG = 0.004
"""Side of the land that changes hands from one version to the next: some 400 m."""

_LARGEST = text(
    """
    SELECT p.branch_code, ST_AsBinary(ST_Union(s.geom)) AS land, array_agg(t.team_code ORDER BY t.team_code) AS teams
    FROM territory_plan p JOIN territory t ON t.plan_id = p.id JOIN territory_shape s ON s.id = t.shape_id
    WHERE p.state = 'PUBLISHED' AND p.effective_to IS NULL
    GROUP BY p.branch_code ORDER BY count(*) DESC, p.branch_code LIMIT 1
    """
)
_HELD = text(
    f"""
    SELECT t.team_code, ST_AsBinary(t.geom) AS area FROM published_territory t
    WHERE t.branch_code = :branch AND {in_force("t", ":on")} ORDER BY t.team_code
    """  # noqa: S608 (fixed words)
)
_DELIVER = text(
    """
    INSERT INTO delivered_territory (team_code, effective_from, geom)
    VALUES (:team, :day, ST_Multi(ST_GeomFromWKB(:area, 4490)))
    """
)


def run(
    *,
    requests: int = 2_000,
    versions: int = 200,
    rounds: int = 5,
    seed: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """The figures of `requests` questions for random points and days, and as many bare requests, in rounds that take turns.

    Raises `ValueError` for more than `MOST_REQUESTS`, `TimeoutError` when the server does not answer.
    """
    from app.exchange.importing import import_folder
    from app.sample import write

    if not 0 < requests <= MOST_REQUESTS:
        raise ValueError(f"requests: 1 to {MOST_REQUESTS}")
    random = Random(seed)
    with bench_database("guidan_bench_owners") as engine, tempfile.TemporaryDirectory(prefix="guidan-bench-") as name:
        folder = Path(name)
        say("sample and import")
        write(folder, policies=5_000, orphans=500, seed=seed)
        import_folder(engine, folder, rejected=folder / "rejected.csv")
        with engine.begin() as connection:
            branch, land, teams = connection.execute(_LARGEST).one()
        area = shapely.from_wkb(bytes(land))
        made = 0
        while made < versions:
            with engine.begin() as connection:
                made += _next_version(connection, branch, area, made, random)
            if made % 50 == 0:
                say(f"{made} versions")
        questions = [_question(area, versions, random) for _ in range(requests + 100)]
        deadline = perf_counter() + LONGEST_S
        bare, asked = [], []
        with server_over(engine) as port:
            fire(port, questions[:100], 1, deadline)
            fire(port, [bare_request("P1") for _ in range(100)], 1, deadline)
            size = -(-requests // rounds)
            for start in range(100, requests + 100, size):
                part = questions[start : start + size]
                bare.append(fire(port, [bare_request("P1") for _ in part], 1, deadline))
                asked.append(fire(port, part, 1, deadline))
                say(f"round {len(asked)}")
        ratios = [figures_of([a]).p50_ms / figures_of([b]).p50_ms for a, b in zip(asked, bare, strict=True)]
        return {
            "versions": versions,
            "teams": len(teams),
            "bare": figures_of(bare),
            "owners": figures_of(asked),
            "p50_ratio": round(median(ratios), 2),
        }


def _next_version(connection: Connection, branch: str, area: shapely.Geometry, made: int, random: Random) -> bool:
    """One more version, delivered with a square of land in other hands; False where the square changed nothing."""
    day = AS_OF + timedelta(days=made)
    held = {
        row.team_code: shapely.from_wkb(bytes(row.area))
        for row in connection.execute(_HELD, {"branch": branch, "on": day})
    }
    x, y = _point(area, random)
    square = shapely.box(*shapely.bounds(shapely.box(x, y, x + SIDE_DEG, y + SIDE_DEG).intersection(area)))
    try:
        changed = give(settle(held).areas, square, random.choice(sorted(held))).areas
    except GeoError:
        return False
    rows = [
        {"team": code, "day": day, "area": shapely.to_wkb(after)}
        for code, after in changed.items()
        if after is not None
    ]
    connection.execute(_DELIVER, rows)
    return deliver(connection) == 1


def _point(area: shapely.Geometry, random: Random) -> tuple[float, float]:
    west, south, east, north = shapely.bounds(area)
    while True:
        x, y = round(random.uniform(west, east), 8), round(random.uniform(south, north), 8)
        if shapely.contains_xy(area, x, y):
            return x, y


def _question(area: shapely.Geometry, versions: int, random: Random) -> bytes:
    x, y = _point(area, random)
    day = AS_OF + timedelta(days=random.randrange(versions))
    return (
        f"GET /api/v1/territories/at?lon={x}&lat={y}&crs=CGCS2000&on={day} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    )


def main() -> None:
    """Runs the benchmark with the defaults."""
    found = run(say=lambda line: print(line, file=sys.stderr))
    sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
