"""Reads the facts of policyholders: whole columns for a run, a few rows for one holder; assembled by the same function."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from sqlalchemy import Connection, text

from app.allocation.areas import Areas, Flags, Floats
from app.allocation.domain import PRECISE_LEVELS, UNALLOCATED_STATES, Address, Event, Holder, OpenCase, Policy
from app.db import copy_out
from app.locating.columns import WITHIN

Row = tuple[Any, ...]

_HOLDERS = """
    CREATE TEMPORARY TABLE run_holder ON COMMIT DROP AS
    SELECT DISTINCT p.policyholder_id
    FROM orphan_event e
    JOIN policy p ON p.policy_no = e.policy_no
    LEFT JOIN orphan_case c ON c.policy_no = e.policy_no AND c.open
    WHERE e.event_on <= :as_of AND (c.id IS NULL OR c.state = ANY(:unallocated))
"""

POLICIES = """
    SELECT p.policyholder_id, h.agent_code AS holder_agent_code, p.policy_no, p.branch_code, p.combination_id,
        p.term_years, p.status, p.lapsed_on, p.seller_code, p.servicer_code, p.servicer_since, p.served_by_collection,
        c.id AS case_id, c.state, c.generation, c.decision_id
    FROM policy p
    JOIN policyholder h ON h.id = p.policyholder_id
    LEFT JOIN orphan_case c ON c.policy_no = p.policy_no AND c.open
    WHERE {scope}
"""

# An event that a closed case has used up opens nothing again.
EVENTS = """
    SELECT e.policy_no, e.event_id, e.reason, e.event_on, e.origin_agent_code, e.formalities_on, e.approval_ref,
        e.designated_agent_code
    FROM orphan_event e
    JOIN policy p ON p.policy_no = e.policy_no
    WHERE {scope} AND e.event_on <= :as_of AND NOT EXISTS (
        SELECT FROM orphan_case c
        WHERE c.policy_no = e.policy_no AND NOT c.open AND e.event_id = ANY(c.event_ids))
"""

# A person's decision goes before the point that came with the address, and that before the geocoder's.
ADDRESSES = """
    SELECT p.policyholder_id, p.id, p.kind, p.updated_on, p.text, k.code AS community_code, g.given,
        ST_X(CASE WHEN g.given THEN p.point ELSE l.point END) AS lon,
        ST_Y(CASE WHEN g.given THEN p.point ELSE l.point END) AS lat,
        CASE WHEN g.given THEN 'UNIT' ELSE coalesce(l.level, 'NONE') END AS level,
        CASE WHEN g.given THEN 1.0 ELSE coalesce(l.confidence, 0.0) END AS confidence,
        CASE WHEN g.given THEN 0.0 ELSE coalesce(l.radius_m, 0.0) END AS radius_m,
        l.review_id IS NOT NULL AS confirmed,
        l.within_50_m, l.within_100_m, l.within_200_m, l.within_500_m, l.within_1000_m, l.within_2500_m
    FROM address p
    LEFT JOIN location l ON l.address_id = p.id
    CROSS JOIN LATERAL (SELECT p.point IS NOT NULL AND l.review_id IS NULL AS given) AS g
    LEFT JOIN community k ON k.code = p.community_code
    WHERE {scope}
"""

_IN_RUN = "p.policyholder_id IN (SELECT policyholder_id FROM run_holder)"


class Facts(NamedTuple):
    """Rows of policies, events and addresses, in the order of the columns above, in any order."""

    policies: list[Row]
    events: list[Row]
    addresses: list[Row]


def choose_holders(connection: Connection, as_of: date, branch_code: str | None, policy_nos: list[str] | None) -> None:
    """Fill the temporary table `run_holder`: the holders with an event that has not led to an allocation yet.

    With `branch_code`, those with a policy that the branch manages; with `policy_nos`, the holders of these policies.
    """
    query = _HOLDERS
    values: dict[str, Any] = {"as_of": as_of, "unallocated": sorted(UNALLOCATED_STATES)}
    if branch_code is not None:
        query += " AND p.policyholder_id IN (SELECT policyholder_id FROM policy WHERE branch_code = :branch_code)"
        values["branch_code"] = branch_code
    if policy_nos is not None:
        query += " AND p.policyholder_id IN (SELECT policyholder_id FROM policy WHERE policy_no = ANY(:policy_nos))"
        values["policy_nos"] = policy_nos
    connection.execute(text(query), values)
    connection.execute(text("ALTER TABLE run_holder ADD PRIMARY KEY (policyholder_id)"))
    connection.execute(text("ANALYZE run_holder"))


def read_run(connection: Connection, as_of: date) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Policies, events and addresses of the holders in `run_holder`, as frames, sorted as `holders` wants them."""
    policies = copy_out(connection, POLICIES.format(scope=_IN_RUN), _POLICY_SCHEMA)
    events = copy_out(connection, EVENTS.format(scope=_IN_RUN), _EVENT_SCHEMA, {"as_of": as_of})
    addresses = copy_out(connection, ADDRESSES.format(scope=_IN_RUN), _ADDRESS_SCHEMA)
    return (
        policies.sort("policyholder_id", "policy_no"),
        events.sort("policy_no", "event_on", "event_id"),
        addresses.sort("policyholder_id", "id"),
    )


def holders(
    policies: Iterable[Row], events: Iterable[Row], addresses: Iterable[Row], places: Iterable[Row]
) -> Iterator[Holder]:
    """The holders one after the other.

    `policies` and `addresses` come sorted by holder, `events` by policy number, event date and id; `places` has for each address
    what `places` gives.
    """
    events_of: dict[str, tuple[Event, ...]] = {
        policy_no: tuple(Event(*row[1:]) for row in rows) for policy_no, rows in groupby(events, key=itemgetter(0))
    }
    located = groupby(
        (
            (row[0], Address._make((*row[1:10], place[0], *row[11:13], *place[1:])))
            for row, place in zip(addresses, places, strict=True)
        ),
        key=itemgetter(0),
    )
    holder_id, rows = next(located, ("", iter(())))
    for policyholder_id, group in groupby(policies, key=itemgetter(0)):
        agent_code = None
        owned = []
        for row in group:
            agent_code = row[1]
            case = OpenCase(*row[12:]) if row[12] is not None else None
            owned.append(Policy._make((*row[2:12], events_of.get(row[2], ()), case)))
        while holder_id and holder_id < policyholder_id:
            holder_id, rows = next(located, ("", iter(())))
        known = [address for _, address in rows] if holder_id == policyholder_id else []
        yield Holder(policyholder_id, agent_code, owned, known)


def places_of(addresses: pl.DataFrame, areas: Areas) -> list[Row]:
    """What is known of the place of each address, in the order of the frame, as `places` gives it."""
    lon, lat, confidence, radius_m = (
        addresses[name].to_numpy().astype(np.float64) for name in ("lon", "lat", "confidence", "radius_m")
    )
    coarse = ~addresses["level"].is_in(sorted(PRECISE_LEVELS)).to_numpy()
    measured = addresses.select(pl.when(~pl.col("given")).then(pl.col(*WITHIN))).to_numpy().astype(np.float64)
    return places(areas, lon, lat, confidence, radius_m, measured, coarse)


def places_of_rows(addresses: Sequence[Row], areas: Areas) -> list[Row]:
    """The same for a few rows as `ADDRESSES` selects them."""
    lon, lat, confidence, radius_m = (
        np.array([row[column] for row in addresses], dtype=np.float64) for column in (7, 8, 10, 11)
    )
    coarse = np.array([row[9] not in PRECISE_LEVELS for row in addresses], dtype=np.bool_)
    unknown = (None,) * len(WITHIN)
    measured = np.array([unknown if row[6] else row[13 : 13 + len(WITHIN)] for row in addresses], dtype=np.float64)
    return places(areas, lon, lat, confidence, radius_m, measured.reshape(-1, len(WITHIN)), coarse)


def places(
    areas: Areas, lon: Floats, lat: Floats, confidence: Floats, radius_m: Floats, measured: Floats, coarse: Flags
) -> list[Row]:
    """(confidence, branches, communities, owners, within_one, near_border) of n addresses, as `domain.Address` has them.

    NaN: no point. `measured`: the chances that the truth lies within each of the geocoder's radii (n × radii, NaN: not measured);
    with them the confidence takes in where borders run.
    """
    rows: list[Row] = [(each, (), (), (), False, False) for each in confidence.tolist()]
    located = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    if len(located):
        sure = areas.confidence(lon[located], lat[located], confidence[located], measured[located])
        found = areas.places(lon[located], lat[located], radius_m[located], coarse[located])
        columns = (
            sure.tolist(),
            found.branches,
            found.communities,
            found.owners,
            found.within_one,
            found.near_border,
        )
        for position, row in zip(located.tolist(), zip(*columns, strict=True), strict=True):
            rows[position] = row
    return rows


_POLICY_SCHEMA: dict[str, Any] = {
    "policyholder_id": pl.String,
    "holder_agent_code": pl.String,
    "policy_no": pl.String,
    "branch_code": pl.String,
    "combination_id": pl.String,
    "term_years": pl.Int32,
    "status": pl.String,
    "lapsed_on": pl.Date,
    "seller_code": pl.String,
    "servicer_code": pl.String,
    "servicer_since": pl.Date,
    "served_by_collection": pl.Boolean,
    "case_id": pl.Int64,
    "state": pl.String,
    "generation": pl.Int32,
    "decision_id": pl.Int64,
}
_EVENT_SCHEMA: dict[str, Any] = {
    "policy_no": pl.String,
    "event_id": pl.String,
    "reason": pl.String,
    "event_on": pl.Date,
    "origin_agent_code": pl.String,
    "formalities_on": pl.Date,
    "approval_ref": pl.String,
    "designated_agent_code": pl.String,
}
_ADDRESS_SCHEMA: dict[str, Any] = {
    "policyholder_id": pl.String,
    "id": pl.Int64,
    "kind": pl.String,
    "updated_on": pl.Date,
    "text": pl.String,
    "community_code": pl.String,
    "given": pl.Boolean,
    "lon": pl.Float64,
    "lat": pl.Float64,
    "level": pl.String,
    "confidence": pl.Float64,
    "radius_m": pl.Float64,
    "confirmed": pl.Boolean,
    **dict.fromkeys(WITHIN, pl.Float64),
}
