"""Keeps the queue of location review (`location_review`): the bundles whose address a person should look at.

A bundle waits while its case is in LOCATION_REVIEW, or, its address unresolved, while it is unallocated (rulebook 4.5, 5.2). Whoever
changes the state of cases follows up here in the same transaction; a whole run also drops whatever no longer waits.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from app.allocation.domain import UNALLOCATED_STATES
from app.models.in_force import in_force

# Once a person has said of an unresolved address that it cannot be located there is nothing left to look at.
_WAITS = """
    d.address_id IS NOT NULL AND (c.state = 'LOCATION_REVIEW' OR (
        c.state = ANY(:unallocated) AND d.review_code IS NULL AND l.review_id IS NULL AND 'ADDRESS_UNRESOLVED' = ANY(d.flags)))
"""

_LEAVE = """
    DELETE FROM location_review r WHERE {holder} NOT EXISTS (
        SELECT FROM orphan_case c JOIN decision d ON d.id = c.decision_id LEFT JOIN location l ON l.address_id = d.address_id
        WHERE c.policyholder_id = r.policyholder_id AND c.open AND {waits})
"""

# A territory in force that does not cover the point and is nearer than its accuracy radius (rulebook 4.5). The box goes through the
# index of territories; a degree is nowhere in China shorter than 60 km.
_NEAR = f"""
    EXISTS (
        SELECT FROM run CROSS JOIN published_territory t
        WHERE run.id = d.run_id AND t.geom && ST_Expand(d.point, d.radius_m / 60000)
          AND NOT ST_Covers(t.geom, d.point) AND ST_DWithin(t.geom::geography, d.point::geography, d.radius_m)
          AND {in_force("t", "run.as_of")})
"""

# Outside the city and a conflict of branches are the rules' doubt, not the geocoder's: its confidence says nothing of them.
_ENTER = """
    INSERT INTO location_review AS r (policyholder_id, decision_id, address_id, bundle_no, branch_code, code, reasons, district,
        key, notice_due_on, hold_until, first_event_on, policies, premium, uncertainty, location_decision_id)
    SELECT d.policyholder_id, d.id, d.address_id, d.bundle_no, d.branch_code, coalesce(d.review_code, 'ADDRESS_UNRESOLVED'),
        coalesce(l.reasons, '{{}}') || CASE WHEN d.review_code = 'UNSURE' AND {near} THEN ARRAY['NEAR_BORDER'] ELSE '{{}}' END, l.district, l.key, d.notice_due_on, d.hold_until, d.first_event_on, count(*),
        coalesce(sum(p.premium), 0),
        CASE WHEN d.review_code IN ('OUTSIDE_CITY', 'BRANCH_CONFLICT') THEN 1
             ELSE round((1 - coalesce(d.confidence, 0))::numeric, 4) END,
        l.review_id
    FROM decision d
    JOIN orphan_case c ON c.decision_id = d.id AND c.open
    JOIN policy p ON p.policy_no = c.policy_no
    LEFT JOIN location l ON l.address_id = d.address_id
    WHERE {scope} AND {waits}
    GROUP BY d.id, l.address_id
    ON CONFLICT (policyholder_id) DO UPDATE
    SET decision_id = excluded.decision_id, address_id = excluded.address_id, bundle_no = excluded.bundle_no,
        branch_code = excluded.branch_code, code = excluded.code, reasons = excluded.reasons, district = excluded.district,
        key = excluded.key, notice_due_on = excluded.notice_due_on, hold_until = excluded.hold_until,
        first_event_on = excluded.first_event_on, policies = excluded.policies, premium = excluded.premium,
        uncertainty = excluded.uncertainty, location_decision_id = excluded.location_decision_id, revision = r.revision + 1
"""


def follow_run(connection: Connection, run_id: int) -> None:
    """After a run has written its cases, or has been discarded: what it put into review waits, what waits no longer is gone."""
    _follow(connection, holder="", scope="d.run_id = :run", values={"run": run_id})


def follow_holder(connection: Connection, policyholder_id: str, run_id: int | None) -> None:
    """The same after one holder's bundle was allocated by itself."""
    values = {"run": run_id, "holder": policyholder_id}
    _follow(connection, holder="r.policyholder_id = :holder AND", scope="d.run_id = :run", values=values)


def enter(connection: Connection, decision_ids: Sequence[int]) -> None:
    """The bundles of these decisions wait again, as far as their cases do."""
    _follow(connection, holder="false AND", scope="d.id = ANY(:decisions)", values={"decisions": list(decision_ids)})


def _follow(connection: Connection, *, holder: str, scope: str, values: dict[str, Any]) -> None:
    values = {**values, "unallocated": sorted(UNALLOCATED_STATES - {"LOCATION_REVIEW", "PENDING_APPROVAL"})}
    connection.execute(text(_LEAVE.format(holder=holder, waits=_WAITS)), values)
    connection.execute(text(_ENTER.format(scope=scope, waits=_WAITS, near=_NEAR)), values)
