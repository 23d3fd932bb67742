"""Addresses that wait for a person, in the world of the rulebook."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, text

from app.allocation.run import create_run, execute_run

from .world import EAST, NORTH, TODAY, add_orphan

URL = "/api/v1/location-reviews"
DECISIONS = "/api/v1/location-decisions"
UNKNOWN = "南京市建邺区雨润大街99号雨润花苑"
"""An estate that the gazetteer of the world does not know."""


def allocate(world: Engine, *, confirm: bool = False) -> int:
    with world.begin() as connection:
        run_id = create_run(connection, as_of=TODAY, confirm=confirm)
    execute_run(world, run_id)
    return run_id


def households(connection: Connection, first: int, count: int, address: str = UNKNOWN) -> list[str]:
    """Orphans of one estate, a door each."""
    return [
        add_orphan(connection, number, None, None, address=f"{address}{number}幢{number:02}01室")
        for number in range(first, first + count)
    ]


def premium(connection: Connection, policy_no: str, yuan: float) -> None:
    connection.execute(text("UPDATE policy SET premium = :y WHERE policy_no = :no"), {"y": yuan, "no": policy_no})


def waiting(world: Engine, **given: Any) -> list[dict[str, Any]]:
    """The rows of the queue's table."""
    with world.connect() as connection:
        return [dict(row) for row in connection.execute(text("SELECT * FROM location_review ORDER BY id")).mappings()]


def state_of(world: Engine, policy_no: str) -> str:
    with world.connect() as connection:
        query = text("SELECT state FROM orphan_case WHERE policy_no = :no AND open")
        return str(connection.execute(query, {"no": policy_no}).scalar_one())


def location_of(world: Engine, policy_no: str) -> dict[str, Any]:
    with world.connect() as connection:
        query = text(
            """
            SELECT l.*, ST_X(l.point) AS lon, ST_Y(l.point) AS lat FROM location l JOIN address a ON a.id = l.address_id
            JOIN policy p ON p.policyholder_id = a.policyholder_id WHERE p.policy_no = :no
            """
        )
        return dict(connection.execute(query, {"no": policy_no}).mappings().one())


def claim(client: TestClient, reviewer: str = "李复核", **wanted: Any) -> dict[str, Any]:
    answer = client.post(f"{URL}/claim", json={"reviewer": reviewer, **wanted})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def at(x: float, y: float) -> dict[str, Any]:
    """A point at offsets from the world's origin."""
    return {"kind": "POINT", "lon": EAST + x, "lat": NORTH + y, "crs": "CGCS2000"}


def decide(
    client: TestClient, item: int, token: str, choice: dict[str, Any], reviewer: str = "李复核", **headers: str
) -> Any:
    body = {"reviewer": reviewer, "claim": token, **choice}
    return client.post(f"{URL}/{item}/decision", json=body, headers=headers)
