"""The difference of two versions of a branch's territories, over HTTP, with a million located customers.

Two versions are compared with the one in force: one in which a tenth of the regions gave land to a neighbour, and one that was drawn
anew altogether, so that every region differs. Beside them the whole join that each answer would take without what the program keeps:
geopandas' `sjoin` of all customers with the regions before and after.
"""

import sys
from collections.abc import Callable
from http.client import HTTPConnection
from time import perf_counter
from typing import Any

import geopandas
import numpy as np
import orjson
import shapely
from numpy.typing import NDArray
from sqlalchemy import Engine

from app.bench.database import bench_database
from app.bench.http import server_over
from app.bench.matching import coverage
from app.bench.whatif import LONGEST_S, add_version, fill, make_edits


def run(
    *,
    customers: int = 1_000_000,
    regions: int = 2_000,
    vertices: int = 250,
    rounds: int = 5,
    seed: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Seconds of each comparison, the best and the worst of the rounds, in a database of its own."""
    with bench_database("guidan_bench_compare") as engine:
        areas = coverage(regions, vertices, seed)
        lon, lat = fill(engine, areas, customers, seed, say)
        return measure(
            engine, areas, coverage(regions, vertices, seed + 1), lon, lat, rounds=rounds, seed=seed, say=say
        )


def measure(
    engine: Engine,
    areas: NDArray[Any],
    anew: NDArray[Any],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    *,
    rounds: int,
    seed: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """The same over a database that `app.bench.whatif.fill` has filled."""
    edited = areas.copy()
    taken: set[str] = set()
    for edit in make_edits(areas, max(1, len(areas) // 10), seed):
        if not taken.intersection(edit.teams):
            taken.update(edit.teams)
            for team, area in zip(edit.teams, edit.after, strict=True):
                edited[int(team[1:])] = area
    with engine.begin() as connection:
        versions = {"edited": add_version(connection, edited, 2), "drawn_anew": add_version(connection, anew, 3)}
    found: dict[str, Any] = {"customers": len(lon), "regions": len(areas), "rounds": rounds}
    with server_over(engine) as port:
        for name, plan in versions.items():
            path = f"/api/v1/territory-plans/{plan}/comparison?with=1"
            _ask(port, path)  # the first one reads everybody
            took = [_ask(port, path) for _ in range(rounds)]
            found[name] = {"best_s": round(min(took), 3), "worst_s": round(max(took), 3)}
            say(f"{name}: {found[name]}")
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(lon, lat), crs=4490)
    since = perf_counter()
    for shapes in (areas, anew):
        geopandas.sjoin(points, geopandas.GeoDataFrame(geometry=shapes, crs=4490), predicate="intersects")
    found["two_joins_s"] = round(perf_counter() - since, 3)
    found["regions_edited"] = int((~shapely.equals_exact(edited, areas)).sum())
    return found


def _ask(port: int, path: str) -> float:
    """Seconds until the whole answer is there. Raises `OSError` when there is none, or not a good one."""
    connection = HTTPConnection("127.0.0.1", port, timeout=LONGEST_S)
    since = perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    took = perf_counter() - since
    connection.close()
    if answer.status != 200:
        raise ConnectionError(f"{path} was answered with {answer.status}")
    return took


def main() -> None:
    """Prints the figures."""
    found = run(say=lambda line: print(line, file=sys.stderr))
    sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    main()
