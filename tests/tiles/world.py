"""A small city in rows: two branches side by side, four teams, five orphans, and how to read a tile of it."""

from __future__ import annotations

import tempfile
import warnings
from datetime import date
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
from sqlalchemy import Connection, text

from app.territories.plans.deliver import deliver
from app.territories.plans.repository import new_draft, plan_in_force
from app.tiles.grid import Tile, to_mercator

TODAY = date(2026, 3, 10)
EAST, NORTH = 120.0, 30.0


def box(x0: float, x1: float, y0: float, y1: float) -> str:
    """A rectangle in degrees from the city's corner, as EWKT."""
    w, e, s, n = EAST + x0, EAST + x1, NORTH + y0, NORTH + y1
    return f"SRID=4490;MULTIPOLYGON((({w} {s},{e} {s},{e} {n},{w} {n},{w} {s})))"


TERRITORIES = (
    ("T-E1", date(2026, 1, 1), box(0, 0.02, 0, 0.01)),
    ("T-E1", date(2026, 4, 1), box(0, 0.01, 0, 0.01)),
    ("T-E2", date(2026, 1, 1), box(0.02, 0.03, 0, 0.01)),
    ("T-W1", date(2026, 1, 1), box(0.03, 0.04, 0, 0.01)),
    ("T-W2", date(2025, 1, 1), box(0.03, 0.04, 0.01, 0.02)),
)

ORPHANS = (  # policy, bundle, lon, lat, rung, state, team, branch
    ("P1", "P1", 0.005, 0.005, "REGION_OWNER", "TEAM_POOL", "T-E1", "E"),
    ("P2", "P1", 0.005, 0.005, "REGION_OWNER", "TEAM_POOL", "T-E1", "E"),
    ("P3", "P3", 0.025, 0.005, "REGION_OWNER", "TEAM_POOL", "T-E2", "E"),
    ("P4", "P4", 0.035, 0.015, "CITY_REVIEW", "CITY_REVIEW", None, "W"),
    ("P5", "P5", 0.015, 0.015, None, "LOCATION_REVIEW", None, "E"),
)


def build_city(connection: Connection) -> None:
    """The organisation and its areas, without orphans."""
    run = connection.execute
    run(
        text(
            "INSERT INTO organisation VALUES ('C', 'city', NULL, '市'), ('E', 'branch', 'C', '东'), ('W', 'branch', 'C', '西')"
        )
    )
    for code, shape in (("E", box(0, 0.03, 0, 0.02)), ("W", box(0.03, 0.04, 0, 0.02))):
        run(text("INSERT INTO branch_area VALUES (:code, ST_GeomFromEWKT(:shape))"), {"code": code, "shape": shape})
    for code, shape in (("C01", box(0, 0.01, 0, 0.01)), ("C02", box(0.01, 0.02, 0, 0.01))):
        run(text("INSERT INTO community VALUES (:code, NULL, ST_GeomFromEWKT(:shape))"), {"code": code, "shape": shape})
    for code, branch, ended in (
        ("T-E1", "E", None),
        ("T-E2", "E", None),
        ("T-W1", "W", None),
        ("T-W2", "W", date(2026, 1, 31)),
    ):
        run(
            text(
                "INSERT INTO team (code, branch_code, name, force, takes_part, ended_on)"
                " VALUES (:code, :branch, :name, 'COLLECTION', true, :ended)"
            ),
            {"code": code, "branch": branch, "name": f"{code}队", "ended": ended},
        )
    for team, since, shape in TERRITORIES:
        run(
            text(
                "INSERT INTO delivered_territory (team_code, effective_from, geom) VALUES (:team, :since, ST_GeomFromEWKT(:shape))"
            ),
            {"team": team, "since": since, "shape": shape},
        )
    deliver(connection)


def build_orphans(connection: Connection, orphans: tuple[tuple[Any, ...], ...] = ORPHANS) -> None:
    """A run that decided on these policies."""
    run = connection.execute
    run(text("INSERT INTO strategy (version, config) VALUES (1, '{}') ON CONFLICT DO NOTHING"))
    number = run(
        text("INSERT INTO run (as_of, status) VALUES (:day, 'PROPOSED') RETURNING id"), {"day": TODAY}
    ).scalar_one()
    decided: dict[str, int] = {}
    for policy, bundle, lon, lat, rung, state, team, branch in orphans:
        values = {
            "run": number, "policy": policy, "bundle": bundle, "rung": rung, "state": state, "team": team, "branch": branch,
            "lon": EAST + lon, "lat": NORTH + lat, "holder": f"H-{bundle}", "day": TODAY,
        }  # fmt: skip
        run(text("INSERT INTO policyholder (id) VALUES (:holder) ON CONFLICT DO NOTHING"), values)
        run(
            text(
                "INSERT INTO policy (policy_no, policyholder_id, branch_code, status, served_by_collection)"
                " VALUES (:policy, :holder, :branch, 'IN_FORCE', false)"
            ),
            values,
        )
        if bundle not in decided:
            decided[bundle] = run(
                text(
                    "INSERT INTO decision (run_id, policyholder_id, bundle_no, policies, branch_code, nature, nature_evidence,"
                    " point, located_by, rung, team_code, flags, first_event_on, strategy_version, plan_version, trail)"
                    " VALUES (:run, :holder, :bundle, 1, :branch, 'PURE', '', ST_SetSRID(ST_MakePoint(:lon, :lat), 4490), 'POINT',"
                    " :rung, :team, '{}', :day, 1, 'p', '[]') RETURNING id"
                ),
                values,
            ).scalar_one()
        run(
            text(
                "INSERT INTO orphan_case (policy_no, policyholder_id, branch_code, state, open, reasons, event_ids, first_event_on,"
                " collection_serviced, bundle_no, decision_id)"
                " VALUES (:policy, :holder, :branch, :state, true, '{}', '{}', :day, false, :bundle, :decision)"
            ),
            {**values, "decision": decided[bundle]},
        )


CUSTOMERS = (  # holder, lon, lat, branch, team
    ("C1", 0.00541, 0.00491, "E", "T-E1"),
    ("C2", 0.0054, 0.0051, "E", "T-E1"),
    ("C3", 0.0251, 0.0052, "E", "T-E2"),
    ("C3", 0.0251, 0.0052, "W", "T-W1"),
    ("C4", 0.0352, 0.0151, "W", "T-W1"),
    ("C5", 0.0152, 0.0151, "E", None),
)


def build_customers(connection: Connection, customers: tuple[tuple[Any, ...], ...] = CUSTOMERS) -> None:
    """Policyholders with an address that has a point, and policies that agents of teams service."""
    run = connection.execute
    for number, (holder, lon, lat, branch, team) in enumerate(customers):
        values = {
            "holder": holder, "lon": EAST + lon, "lat": NORTH + lat, "branch": branch, "team": team,
            "agent": team and f"A-{team}", "policy": f"{holder}-{number}",
        }  # fmt: skip
        run(text("INSERT INTO policyholder (id) VALUES (:holder) ON CONFLICT DO NOTHING"), values)
        run(
            text(
                "INSERT INTO address (policyholder_id, kind, point)"
                " VALUES (:holder, 'HOME', ST_SetSRID(ST_MakePoint(:lon, :lat), 4490)) ON CONFLICT DO NOTHING"
            ),
            values,
        )
        if team is not None:
            run(
                text(
                    "INSERT INTO agent (code, team_code, force, is_lead, state, qualified)"
                    " VALUES (:agent, :team, 'COLLECTION', false, '01', true) ON CONFLICT DO NOTHING"
                ),
                values,
            )
        run(
            text(
                "INSERT INTO policy (policy_no, policyholder_id, branch_code, status, served_by_collection, servicer_code)"
                " VALUES (:policy, :holder, :branch, 'IN_FORCE', false, :agent)"
            ),
            values,
        )


def build_draft(connection: Connection, branch: str = "E") -> int:
    """A draft from the version that is in force in a branch; its number."""
    with connection.begin_nested():
        base = plan_in_force(connection, branch, TODAY)
        return new_draft(connection, branch, name="草稿", origin="DRAWN", by="甲", base_id=base, content_id=base)


def draw(connection: Connection, plan: int, team: str, shape: str) -> None:
    """Gives a team another shape in a draft, as an edit does."""
    values = {"plan": plan, "team": team, "shape": shape}
    with connection.begin_nested():
        connection.execute(
            text("INSERT INTO territory_shape (geom) VALUES (ST_GeomFromEWKT(:shape)) ON CONFLICT DO NOTHING"), values
        )
        connection.execute(text("UPDATE territory_plan SET revision = revision + 1 WHERE id = :plan"), values)
        connection.execute(
            text(
                "UPDATE territory SET shape_id = (SELECT id FROM territory_shape WHERE ST_AsBinary(geom, 'NDR') ="
                " ST_AsBinary(ST_GeomFromEWKT(:shape), 'NDR')) WHERE plan_id = :plan AND team_code = :team"
            ),
            values,
        )


def square(zoom: int, x: float = 0.015, y: float = 0.01) -> Tile:
    """The tile with a place of the city."""
    at = Tile(0, 0, 0).bounds_m()
    px, py = to_mercator(np.array([[EAST + x, NORTH + y]]))[0]
    side = Tile(zoom, 0, 0).side_m
    return Tile(zoom, int((px - at[0]) // side), int((at[3] - py) // side))


def layers(tile: bytes) -> dict[str, geopandas.GeoDataFrame]:
    """The layers of a tile as GDAL reads them: coordinates in units of the tile, y upwards from its south-west corner."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "tile.pbf"
        path.write_bytes(tile)
        return {str(name): pyogrio.read_dataframe(path, layer=str(name)) for name, _ in pyogrio.list_layers(path)}
