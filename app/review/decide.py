"""A decision on an address, or on all that share its key: looked at first, then made. What it settles, no geocoder writes over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

import orjson
import polars as pl
from sqlalchemy import Connection, RowMapping, text

from app.access.masking import mask_address, mask_name
from app.access.principal import Scope
from app.db import lock_branches
from app.errors import (
    CandidateChanged,
    KeyMissing,
    LocationReviewChanged,
    LocationReviewNotFound,
    OutsideCityUnconfirmed,
)
from app.locating.columns import GEOCODED
from app.locating.geocoder import current_geocoder
from app.locating.keys import city_of, keys_of
from app.locating.locate import LOCATING_LOCK
from app.locating.settled import STORE
from app.review.candidates import Ranked, covers, rank
from app.review.claim import require
from app.review.item import etag
from app.review.learn import learn, level_of
from geo.geocoding import Geocoder

Kind = Literal["CANDIDATE", "POINT", "NOT_LOCATABLE"]
Reach = Literal["KEY", "THIS"]

SAMPLE = 50
"""Addresses that a preview names; those that would move farthest come first."""

_ITEM = """
    SELECT r.*, a.text AS address, a.point IS NOT NULL AS given, l.key AS located_key
    FROM location_review r JOIN address a ON a.id = r.address_id LEFT JOIN location l ON l.address_id = r.address_id
    WHERE r.id = :id AND (CAST(:branches AS text[]) IS NULL OR r.branch_code = ANY (:branches))
"""

# An address that a person has settled by itself is an exception that the decision on its place does not touch.
_SHARING = text(
    """
    SELECT l.address_id FROM location l JOIN address a ON a.id = l.address_id LEFT JOIN location_decision d ON d.id = l.review_id
    WHERE l.key = :key AND a.point IS NULL AND (d.scope IS DISTINCT FROM 'THIS' OR l.address_id = :own) ORDER BY 1
    """
)

# The bundles that wait for one of these addresses; a conflict of branches is over once any of the holder's addresses is confirmed.
_WAITING = text(
    """
    SELECT r.id, r.decision_id, r.code, r.branch_code, r.policies, bool_or(a.id = r.address_id) AS chosen
    FROM address a JOIN location_review r ON r.policyholder_id = a.policyholder_id
    WHERE a.id = ANY (:ids) AND (a.id = r.address_id OR r.code = 'BRANCH_CONFLICT')
    GROUP BY r.id ORDER BY r.id
    """
)

# Which branches are of a city whose area, where it is known, leaves the point out.
_OUTSIDE = text(
    """
    WITH city AS (
        SELECT coalesce(o.parent_code, o.code) AS code, bool_or(ST_Covers(a.geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4490))) AS covers
        FROM branch_area a JOIN organisation o ON o.code = a.branch_code GROUP BY 1
    )
    SELECT o.code FROM organisation o JOIN city ON city.code = coalesce(o.parent_code, o.code)
    WHERE o.code = ANY (:branches) AND NOT city.covers
    """
)

_COUNTS = text(
    """
    SELECT count(DISTINCT a.id) AS addresses, count(DISTINCT a.policyholder_id) AS holders, count(DISTINCT p.policy_no) AS policies,
        count(DISTINCT c.id) FILTER (WHERE d.address_id = a.id) AS cases,
        count(DISTINCT c.id) FILTER (WHERE d.address_id = a.id AND allocation.case_id IS NOT NULL) AS allocated
    FROM address a
    LEFT JOIN policy p ON p.policyholder_id = a.policyholder_id
    LEFT JOIN orphan_case c ON c.policy_no = p.policy_no AND c.open
    LEFT JOIN decision d ON d.id = c.decision_id
    LEFT JOIN allocation ON allocation.case_id = c.id AND allocation.live
    WHERE a.id = ANY (:ids)
    """
)

_WHICH = text(
    """
    SELECT a.id, a.kind, a.text, h.name, l.level, l.confidence, l.provider = 'REVIEW' AS reviewed,
        round(ST_DistanceSphere(l.point, ST_SetSRID(ST_MakePoint(CAST(:lon AS float8), CAST(:lat AS float8)), 4490))) AS moved_m
    FROM address a JOIN policyholder h ON h.id = a.policyholder_id LEFT JOIN location l ON l.address_id = a.id
    WHERE a.id = ANY (:ids)
    ORDER BY moved_m DESC NULLS LAST, a.id LIMIT :limit
    """
)

_INSERT = text(
    """
    INSERT INTO location_decision (kind, scope, key, address_id, branch_code, point, level, matched, district, reason, note, candidates,
        addresses, decided_by)
    VALUES (:kind, :scope, :key, :address_id, :branch_code, ST_SetSRID(ST_MakePoint(:lon, :lat), 4490), :level, :matched, :district,
        :reason, :note, :candidates, :addresses, :by)
    RETURNING id
    """
)

_KEPT = ", ".join(GEOCODED)
_KEEP = text(
    f"""
    INSERT INTO location_before (address_id, {_KEPT})
    SELECT address_id, {_KEPT} FROM location WHERE address_id = ANY (:ids) AND review_id IS NULL
    ON CONFLICT (address_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in GEOCODED)}
    """  # noqa: S608 (fixed names)
)
_SETTLE = text(
    STORE.format(
        wanted="""(
            SELECT a.id AS address_id, l.key, CAST(:review AS bigint) AS review_id
            FROM address a LEFT JOIN location l ON l.address_id = a.id WHERE a.id = ANY (:ids)) AS wanted"""
    )
)
_LOCATED = text(
    """
    UPDATE orphan_case SET state = 'LOCATED' WHERE decision_id = ANY (:decisions) AND state = 'LOCATION_REVIEW' RETURNING policy_no
    """
)
_LEAVE = text("DELETE FROM location_review WHERE id = ANY (:ids)")
_STAY = text(
    """
    UPDATE location_review
    SET code = 'OUTSIDE_CITY', hold_until = NULL, uncertainty = 1, location_decision_id = :decision, claim = NULL, claimed_by = NULL,
        claimed_until = NULL, revision = revision + 1
    WHERE id = ANY (:ids)
    """
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person wants: a candidate by its id, a point in CGCS2000 degrees, or to say that the address cannot be located, and why."""

    kind: Kind
    scope: Reach = "KEY"
    candidate: str | None = None
    point: tuple[float, float] | None = None
    reason: str | None = None
    note: str | None = None
    outside_city: bool = False
    """The point may lie outside of the policy's city."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a choice puts the addresses; no point for one that cannot be located."""

    point: tuple[float, float] | None
    level: str
    matched: str | None
    district: str | None
    stated: str | None
    """The district that the address states."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Whom a choice concerns: the addresses it settles, and the bundles that wait for them."""

    address_ids: list[int]
    located: list[RowMapping]
    staying: list[RowMapping]


def preview(connection: Connection, review_id: int, choice: Choice, *, scope: Scope, today: date) -> dict[str, Any]:
    """What a decision would come to: addresses, holders, policies and cases, which ones, and what should be thought of. Changes nothing.

    Raises what `decide` raises, but for the claim and the point outside of the city, which is a warning here.
    """
    item = _read(connection, review_id, scope)
    place, _ = _place(connection, item, choice)
    reached = _reach(connection, item, choice, place)
    return _told(connection, reached, place, choice, today)


def decide(
    connection: Connection,
    review_id: int,
    choice: Choice,
    *,
    claim: UUID | None,
    by: str,
    scope: Scope,
    today: date,
    if_match: str | None = None,
) -> dict[str, Any]:
    """Settle the address, or all that share its key, in the connection's transaction; what `preview` says, and the decision's number.

    Cases that waited become LOCATED; one whose point lies outside its city stays (rulebook 5.5). Raises `LocationReviewNotFound`,
    `ReviewNotClaimed`, `ReviewClaimLost`, `LocationReviewChanged`, `KeyMissing`, `CandidateChanged`, `OutsideCityUnconfirmed`.
    """
    item = _read(connection, review_id, scope)
    place, ranked = _place(connection, item, choice)
    # Branches first, then addresses, as requests do; a run that decides on the same bundles is waited for, and then seen.
    _lock(connection, _reach(connection, item, choice, place))
    held = require(connection, review_id, claim)
    if if_match is not None and if_match != etag(held):
        raise LocationReviewChanged
    reached = _reach(connection, item, choice, place)
    told = _told(connection, reached, place, choice, today)
    if reached.staying and not choice.outside_city:
        raise OutsideCityUnconfirmed
    ids = reached.address_ids
    lon, lat = place.point or (None, None)
    decision_id = connection.execute(
        _INSERT,
        {
            **{"kind": choice.kind, "scope": choice.scope, "reason": choice.reason, "note": choice.note, "by": by},
            **{"key": item["located_key"], "address_id": item["address_id"], "branch_code": item["branch_code"]},
            **{"lon": lon, "lat": lat, "level": place.level, "matched": place.matched, "district": place.district},
            "candidates": orjson.dumps([each.stored() for each in ranked]).decode(),
            "addresses": len(ids),
        },
    ).scalar_one()
    connection.execute(_KEEP, {"ids": ids})
    connection.execute(_SETTLE, {"ids": ids, "review": decision_id})
    if place.point is not None and choice.scope == "KEY":
        geocoder, _ = current_geocoder(connection)
        learn(connection, decision_id, _parts(geocoder, item), place.point)
    decisions = [row["decision_id"] for row in reached.located]
    located = connection.execute(_LOCATED, {"decisions": decisions}).scalars().all()
    connection.execute(_LEAVE, {"ids": [row["id"] for row in reached.located]})
    connection.execute(_STAY, {"ids": [row["id"] for row in reached.staying], "decision": decision_id})
    return {**told, "id": decision_id, "located_policy_nos": sorted(located)}


def _read(connection: Connection, review_id: int, scope: Scope) -> RowMapping:
    branches = scope.listed_branches
    row = connection.execute(text(_ITEM), {"id": review_id, "branches": branches}).mappings().one_or_none()
    if row is None:
        raise LocationReviewNotFound
    return row


def _place(connection: Connection, item: RowMapping, choice: Choice) -> tuple[Place, list[Ranked]]:
    if choice.scope == "KEY" and (item["located_key"] is None or item["given"]):
        raise KeyMissing
    geocoder, _ = current_geocoder(connection)
    ranked = rank(geocoder, item["address"], item["located_key"])
    parts = _parts(geocoder, item)
    stated = parts["district"]
    if choice.kind == "NOT_LOCATABLE":
        return Place(None, "NONE", None, None, stated), ranked
    if choice.kind == "CANDIDATE":
        for each in ranked:
            if each.id == choice.candidate:
                return Place((each.lon, each.lat), each.level, each.name or None, each.district or None, stated), ranked
        raise CandidateChanged
    assert choice.point is not None
    level = "DOOR" if choice.scope == "THIS" else level_of(parts)
    return Place(choice.point, level, None, stated, stated), ranked


def _parts(geocoder: Geocoder, item: RowMapping) -> dict[str, Any]:
    cities = pl.Series([city_of(item["located_key"])], dtype=pl.String)
    return keys_of(pl.Series([item["address"] or ""], dtype=pl.String), geocoder, cities).row(0, named=True)


def _reach(connection: Connection, item: RowMapping, choice: Choice, place: Place) -> Reached:
    ids = [item["address_id"]]
    if choice.scope == "KEY":
        ids = list(connection.execute(_SHARING, {"key": item["located_key"], "own": item["address_id"]}).scalars())
    waiting = connection.execute(_WAITING, {"ids": ids}).mappings().all()
    outside: set[str] = set()
    if place.point is not None:
        lon, lat = place.point
        branches = sorted({row["branch_code"] for row in waiting})
        outside = set(connection.execute(_OUTSIDE, {"lon": lon, "lat": lat, "branches": branches}).scalars())
    staying = [row for row in waiting if row["chosen"] and row["branch_code"] in outside]
    stays = {row["id"] for row in staying}
    return Reached(ids, [row for row in waiting if row["id"] not in stays], staying)


def _lock(connection: Connection, reached: Reached) -> None:
    connection.execute(text("SET LOCAL lock_timeout = '10s'"))
    lock_branches(connection, {row["branch_code"] for row in [*reached.located, *reached.staying]})
    connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": LOCATING_LOCK})


def _told(connection: Connection, reached: Reached, place: Place, choice: Choice, today: date) -> dict[str, Any]:
    ids = reached.address_ids
    lon, lat = place.point or (None, None)
    counts = connection.execute(_COUNTS, {"ids": ids}).mappings().one()
    which = connection.execute(_WHICH, {"ids": ids, "lon": lon, "lat": lat, "limit": SAMPLE}).mappings().all()
    warnings = []
    if reached.staying:
        warnings.append("OUTSIDE_CITY")
    if any(row["reviewed"] for row in which):
        warnings.append("DECIDED_BEFORE")
    if counts["allocated"]:
        warnings.append("ALLOCATED_ALREADY")
    cover = covers(connection, [place.point], today)[0] if place.point is not None else None
    if cover is not None and not cover.teams:
        warnings.append("NO_TERRITORY")
    if place.district and place.stated and place.district != place.stated:
        warnings.append("OTHER_DISTRICT")
    return {
        "kind": choice.kind,
        "scope": choice.scope,
        "lon": lon,
        "lat": lat,
        "level": place.level,
        **{name: counts[name] for name in ("addresses", "holders", "policies", "cases", "allocated")},
        "items": len(reached.located) + len(reached.staying),
        "cases_located": _policies(reached.located),
        "cases_staying": _policies(reached.staying),
        "branches": [{"code": code, "name": name} for code, name in cover.branches] if cover else [],
        "teams": [{"code": code, "name": name} for code, name in cover.teams] if cover else [],
        "warnings": warnings,
        "which": [
            {
                "kind": row["kind"],
                "address": mask_address(row["text"]),
                "name": mask_name(row["name"]),
                "level": row["level"] or "NONE",
                "confidence": row["confidence"] or 0.0,
                "moved_m": row["moved_m"],
            }
            for row in which
        ],
    }


def _policies(rows: Sequence[RowMapping]) -> int:
    return sum(row["policies"] for row in rows)
