"""Reads customers, their policies and places, and what has changed of them since a process last looked."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import polars as pl
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, RowMapping, text

from app.allocation.domain import UNALLOCATED_STATES
from app.allocation.repository.facts import ADDRESSES
from app.db import copy_out
from app.models.in_force import in_force
from app.revision import WORLD_REVISION

UNASSIGNED_STATES = UNALLOCATED_STATES | {"PROPOSED", "RECLAIMED"}
"""Open cases that nobody has been given yet: a proposal that is never confirmed changes nothing (rulebook 5.3)."""

MOST_CHANGES = 20_000
"""So many changed policyholders are read one by one; more, and everybody is read anew."""

# A policy that is an open orphan counts with whoever holds its live allocation, any other with its servicer; one that waits for
# approval still with its servicer (rulebook 5.2 and 5.5).
_POLICIES = """
    SELECT p.policyholder_id, p.status = 'ENDED' AS ended, CAST(round(coalesce(p.premium, 0) * 100) AS bigint) AS cents,
        c.id IS NOT NULL AS orphan, coalesce(c.state = ANY (:unassigned), false) AS unassigned,
        CASE WHEN c.id IS NULL OR c.state = 'PENDING_APPROVAL' THEN p.servicer_code END AS agent_code, a.team_code
    FROM policy p
    LEFT JOIN orphan_case c ON c.policy_no = p.policy_no AND c.open
    LEFT JOIN allocation a ON a.case_id = c.id AND a.live
    WHERE (p.status <> 'ENDED' OR a.id IS NOT NULL) AND {scope}
"""
_PLACES = f"""
    SELECT policyholder_id, kind, updated_on, text, community_code, given OR confirmed AS confirmed, level, lon, lat
    FROM ({ADDRESSES}) AS known
"""  # noqa: S608 (fixed words)
_ONE_BY_ONE = "p.policyholder_id = ANY (:holders)"

_POLICY_SCHEMA: dict[str, Any] = {
    "policyholder_id": pl.String,
    "ended": pl.Boolean,
    "cents": pl.Int64,
    "orphan": pl.Boolean,
    "unassigned": pl.Boolean,
    "agent_code": pl.String,
    "team_code": pl.String,
}
_PLACE_SCHEMA: dict[str, Any] = {
    "policyholder_id": pl.String,
    "kind": pl.String,
    "updated_on": pl.Date,
    "text": pl.String,
    "community_code": pl.String,
    "confirmed": pl.Boolean,
    "level": pl.String,
    "lon": pl.Float64,
    "lat": pl.Float64,
}

# The transactions that this connection sees and that were not seen under an earlier snapshot: exact whatever the order in which
# they began and ended.
_NEWS = text(
    f"""
    SELECT CAST(pg_current_snapshot() AS text) AS snapshot,
        (SELECT oid FROM pg_database WHERE datname = current_database()) AS database, ({WORLD_REVISION}) AS world,
        EXISTS (SELECT FROM customer_change
                WHERE xid = CAST(CAST(pg_current_xact_id_if_assigned() AS text) AS bigint)) AS own,
        ARRAY(
            SELECT DISTINCT policyholder_id FROM customer_change
            WHERE xid >= CAST(CAST(pg_snapshot_xmin(CAST(:seen AS pg_snapshot)) AS text) AS bigint)
              AND NOT pg_visible_in_snapshot(CAST(CAST(xid AS text) AS xid8), CAST(:seen AS pg_snapshot))
            LIMIT {MOST_CHANGES + 1}
        ) AS holders
    """  # noqa: S608 (a number)
)

_POLICIES_OF = text(
    """
    SELECT p.policy_no, p.policyholder_id, h.name, h.phone, p.branch_code, p.product, p.status, p.premium, c.state,
           coalesce(a.team_code, servicer.team_code) AS holder_team_code, coalesce(a.agent_code, p.servicer_code) AS agent_code
    FROM policy p
    JOIN policyholder h ON h.id = p.policyholder_id
    LEFT JOIN orphan_case c ON c.policy_no = p.policy_no AND c.open
    LEFT JOIN allocation a ON a.case_id = c.id AND a.live
    LEFT JOIN agent servicer ON servicer.code = p.servicer_code AND (c.id IS NULL OR c.state = 'PENDING_APPROVAL')
    WHERE p.status <> 'ENDED' AND p.policyholder_id = ANY (:holders)
    """
)
# Of a team without a row in a version the version says nothing: it owns nothing there.
_DIFFERENCES = text(
    """
    SELECT team_code, a.shape_id AS before, b.shape_id AS after
    FROM (SELECT team_code, shape_id FROM territory WHERE plan_id = :before) AS a
    FULL JOIN (SELECT team_code, shape_id FROM territory WHERE plan_id = :after) AS b USING (team_code)
    WHERE a.shape_id IS DISTINCT FROM b.shape_id
    ORDER BY team_code
    """
)
_IN_PLAN = """
    SELECT t.team_code, ST_AsBinary(s.geom) AS area
    FROM territory t JOIN territory_shape s ON s.id = t.shape_id
    WHERE t.plan_id = :plan AND s.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4490)
"""
_OF_OTHER_BRANCHES = f"""
    SELECT t.team_code, ST_AsBinary(t.geom) AS area
    FROM published_territory t
    WHERE t.branch_code <> :branch AND {in_force("t", ":on")} AND t.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4490)
"""  # noqa: S608 (fixed words)
_AROUND = text(f"{_IN_PLAN} UNION ALL {_OF_OTHER_BRANCHES}")
# The territories of some teams, and all that the box of these and of what they would be meets.
_IN_FORCE_NEAR = text(
    f"""
    WITH asked AS MATERIALIZED (
        SELECT t.team_code, t.geom FROM published_territory t WHERE {in_force("t", ":on")} AND t.team_code = ANY (:teams)
    ), box AS MATERIALIZED (
        SELECT ST_Extent(geom)::geometry AS shape FROM (
            SELECT geom FROM asked UNION ALL SELECT ST_MakeEnvelope(:west, :south, :east, :north, 4490) WHERE :west <= :east
        ) AS known
    )
    SELECT team_code, ST_AsBinary(geom) AS area FROM asked
    UNION ALL
    SELECT t.team_code, ST_AsBinary(t.geom)
    FROM box CROSS JOIN LATERAL (
        SELECT * FROM published_territory
        WHERE geom && ST_SetSRID(box.shape, 4490) AND NOT team_code = ANY (:teams)
    ) AS t
    WHERE {in_force("t", ":on")}
    """  # noqa: S608 (fixed words)
)
_ALL_IN_FORCE = text(
    f"""
    SELECT t.team_code, ST_AsBinary(t.geom) AS area
    FROM published_territory t WHERE {in_force("t", ":on")} ORDER BY t.team_code
    """  # noqa: S608 (fixed words)
)
_BRANCH_AREA = text("SELECT ST_AsBinary(geom) FROM branch_area WHERE branch_code = :branch")
_ALL_OF_PLAN = text(
    """
    SELECT t.team_code, ST_AsBinary(s.geom) AS area
    FROM territory t JOIN territory_shape s ON s.id = t.shape_id WHERE t.plan_id = :plan ORDER BY t.team_code
    """
)
_FORGET = text("DELETE FROM customer_change WHERE at < now() - interval '1 day'")


class News(NamedTuple):
    """What a connection knows of changes: its snapshot, its database, the state of the world (`app.revision`), whether it has itself
    changed customers and not committed yet, and the policyholders that have changed since (None among them: many)."""

    snapshot: str
    database: int
    world: str
    own: bool
    holders: list[str | None]


def read_news(connection: Connection, seen: str | None) -> News:
    """The changes that a snapshot `seen` has not seen; of nobody where nothing has been seen yet."""
    if seen is None:
        row = connection.execute(text("SELECT CAST(pg_current_snapshot() AS text)")).scalar_one()
        news = read_news(connection, str(row))
        return news._replace(holders=[])
    return News(*connection.execute(_NEWS, {"seen": seen}).one())


def read_policies(connection: Connection, holders: Sequence[str] | None = None) -> pl.DataFrame:
    """A row for each open policy, and for an ended one that a team still holds, of everybody or of some holders. `cents`: the premium."""
    values: dict[str, Any] = {"unassigned": sorted(UNASSIGNED_STATES)}
    if holders is None:
        return copy_out(connection, _POLICIES.format(scope="true"), _POLICY_SCHEMA, values)
    return copy_out(
        connection, _POLICIES.format(scope=_ONE_BY_ONE), _POLICY_SCHEMA, {**values, "holders": list(holders)}
    )


def read_places(connection: Connection, holders: Sequence[str] | None = None) -> pl.DataFrame:
    """A row for each address, of everybody or of some holders, with its point as an allocation sees it."""
    if holders is None:
        return copy_out(connection, _PLACES.format(scope="true"), _PLACE_SCHEMA)
    return copy_out(connection, _PLACES.format(scope=_ONE_BY_ONE), _PLACE_SCHEMA, {"holders": list(holders)})


def read_policies_of(connection: Connection, holders: Sequence[str]) -> Sequence[RowMapping]:
    """The open policies of some holders as they are listed, with who holds each now."""
    return connection.execute(_POLICIES_OF, {"holders": list(holders)}).mappings().all()


def read_differences(
    connection: Connection, before: int | None, after: int
) -> list[tuple[str, int | None, int | None]]:
    """(team, its shape in the version `before`, and in `after`) of the teams whose shapes differ; no version: nobody owns anything."""
    rows = connection.execute(_DIFFERENCES, {"before": before, "after": after})
    return [(row.team_code, row.before, row.after) for row in rows]


def read_around(
    connection: Connection, plan_id: int | None, branch_code: str, on: date, shapes: Sequence[BaseGeometry | None]
) -> dict[str, BaseGeometry]:
    """Team → territory of those whose boxes meet the box of `shapes`: in a version of the branch, and in force in other branches."""
    box = _box(shapes)
    if box is None:
        return {}
    values = {"plan": plan_id, "branch": branch_code, "on": on, **box}
    return _shapes(connection.execute(_AROUND, values).all())


def read_in_force_near(
    connection: Connection, team_codes: Sequence[str], on: date, supposed: Sequence[BaseGeometry]
) -> dict[str, BaseGeometry]:
    """Team → territory in force on a date: of some teams, as far as they have one, and of all whose boxes meet the box around these
    and around what is supposed."""
    nothing = {"west": 1.0, "south": 0.0, "east": 0.0, "north": 0.0}
    values = {"teams": list(team_codes), "on": on, **(_box(supposed) or nothing)}
    return _shapes(connection.execute(_IN_FORCE_NEAR, values).all())


def read_all_in_force(connection: Connection, on: date) -> dict[str, BaseGeometry]:
    """Team → territory in force on a date, of all branches, by team."""
    return _shapes(connection.execute(_ALL_IN_FORCE, {"on": on}).all())


def read_version(connection: Connection, plan_id: int) -> dict[str, BaseGeometry]:
    """Team → territory of a whole version."""
    return _shapes(connection.execute(_ALL_OF_PLAN, {"plan": plan_id}).all())


def read_branch_area(connection: Connection, branch_code: str) -> BaseGeometry | None:
    """The area of a branch, if it is known."""
    area = connection.execute(_BRANCH_AREA, {"branch": branch_code}).scalar()
    return None if area is None else shapely.from_wkb(bytes(area))


def _box(shapes: Sequence[BaseGeometry | None]) -> dict[str, float] | None:
    """The box around shapes; None around nothing."""
    known = [shape for shape in shapes if shape is not None and not shape.is_empty]
    if not known:
        return None
    return dict(zip(("west", "south", "east", "north"), shapely.total_bounds(known).tolist(), strict=True))


def _shapes(rows: Sequence[Any]) -> dict[str, BaseGeometry]:
    areas = shapely.from_wkb([bytes(row.area) for row in rows])
    return {row.team_code: area for row, area in zip(rows, areas, strict=True)}


def forget_changes(connection: Connection) -> None:
    """Drop the notes of more than a day ago; a process that has not looked for so long reads everybody anew."""
    connection.execute(_FORGET)
