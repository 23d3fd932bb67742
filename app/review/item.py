"""An item with all that a person needs to decide on it: the address read, the candidates, what covers them, whom it concerns."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy import Connection, RowMapping, text

from app.access.masking import mask_address, mask_degrees, mask_name, mask_phone
from app.access.principal import Scope
from app.errors import LocationReviewNotFound
from app.locating.geocoder import current_geocoder
from app.locating.keys import city_of, keys_of
from app.review.candidates import Cover, covers, rank
from app.review.queue import BUCKET, BUCKETS, Filters, conditions
from geo.geocoding.key import KEY_COLUMNS

_ITEMS = """
    SELECT r.*, {bucket} AS bucket, r.claimed_until > now() AS claimed, a.text AS address, a.kind AS address_kind,
        a.community_code, h.name, h.phone, ST_X(l.point) AS lon, ST_Y(l.point) AS lat, l.level, l.confidence, l.radius_m, l.matched,
        l.provider, o.name AS branch_name, coalesce(o.parent_code, o.code) AS city_code, s.addresses, s.holders, s.policies AS shared_policies,
        s.waiting, ARRAY(
            SELECT c.policy_no FROM orphan_case c WHERE c.decision_id = r.decision_id AND c.open ORDER BY c.policy_no) AS policy_nos
    FROM location_review r
    JOIN address a ON a.id = r.address_id
    JOIN policyholder h ON h.id = r.policyholder_id
    JOIN organisation o ON o.code = r.branch_code
    LEFT JOIN location l ON l.address_id = r.address_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS addresses, count(DISTINCT x.policyholder_id) AS holders,
            (SELECT count(*) FROM policy p WHERE p.policyholder_id IN (
                SELECT y.policyholder_id FROM location k JOIN address y ON y.id = k.address_id WHERE k.key = r.key AND y.point IS NULL)) AS policies,
            (SELECT count(*) FROM location_review w WHERE w.key = r.key) AS waiting
        FROM location k JOIN address x ON x.id = k.address_id WHERE k.key = r.key AND x.point IS NULL) AS s
    WHERE r.id = ANY (:ids) AND {conditions}
"""

# The other current addresses of the same people: a conflict of branches can only be judged beside them.
_OTHERS = text(
    """
    SELECT a.policyholder_id, a.id, a.kind, a.text, a.updated_on, g.level, g.confidence, ST_X(g.point) AS lon, ST_Y(g.point) AS lat,
        a.id = r.address_id AS chosen
    FROM location_review r JOIN address a ON a.policyholder_id = r.policyholder_id
    LEFT JOIN location l ON l.address_id = a.id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN l.review_id IS NULL THEN coalesce(a.point, l.point) ELSE l.point END AS point,
            CASE WHEN l.review_id IS NULL AND a.point IS NOT NULL THEN 'UNIT' ELSE coalesce(l.level, 'NONE') END AS level,
            CASE WHEN l.review_id IS NULL AND a.point IS NOT NULL THEN 1 ELSE coalesce(l.confidence, 0) END AS confidence) AS g
    WHERE r.id = ANY (:ids) ORDER BY a.policyholder_id, a.id
    """
)

_CITIES = text(
    """
    SELECT coalesce(o.parent_code, o.code) AS city, array_agg(o.code) AS branches
    FROM branch_area a JOIN organisation o ON o.code = a.branch_code GROUP BY 1
    """
)


def read_items(
    connection: Connection, ids: Sequence[int], *, scope: Scope, today: date, claim: UUID | None = None
) -> list[dict[str, Any]]:
    """The items in the order of `ids`; those that are not in the queue are left out. Six statements, however many items.

    Those that `claim` holds come with house numbers and exact points, others masked. The holder is masked either way.
    """
    joined, bound = conditions(Filters(decided=None), scope, today)
    query = text(_ITEMS.format(bucket=BUCKET, conditions=joined))
    found = {row["id"]: row for row in connection.execute(query, bound | {"ids": list(ids)}).mappings()}
    rows = [found[each] for each in ids if each in found]
    if not rows:
        return []
    geocoder, version = current_geocoder(connection)
    texts = pl.Series([row["address"] for row in rows], dtype=pl.String)
    parts = keys_of(texts, geocoder, pl.Series([city_of(row["key"]) for row in rows], dtype=pl.String)).rows(named=True)
    ranked = [rank(geocoder, row["address"], row["key"]) for row in rows]
    others: dict[str, list[RowMapping]] = {}
    for other in connection.execute(_OTHERS, {"ids": [row["id"] for row in rows]}).mappings():
        if not other["chosen"]:
            others.setdefault(other["policyholder_id"], []).append(other)
    points = [(c.lon, c.lat) for each in ranked for c in each]
    points += [
        (o["lon"], o["lat"]) for row in rows for o in others.get(row["policyholder_id"], []) if o["lon"] is not None
    ]
    covering = iter(covers(connection, points, today))
    cities = {row.city: set(row.branches) for row in connection.execute(_CITIES)}
    shown: list[dict[str, Any]] = []
    candidates = [
        [{**c.stored(), **_covered(next(covering), cities.get(row["city_code"]))} for c in each]
        for row, each in zip(rows, ranked, strict=True)
    ]
    for row, part, choice in zip(rows, parts, candidates, strict=True):
        full = claim is not None and row["claim"] == claim and bool(row["claimed"])
        beside = [
            _other(o, next(covering) if o["lon"] is not None else None, cities.get(row["city_code"]), full=full)
            for o in others.get(row["policyholder_id"], [])
        ]
        shown.append(_item(row, part, choice, beside, version, full=full))
    return shown


def read_item(
    connection: Connection, review_id: int, *, scope: Scope, today: date, claim: UUID | None = None
) -> dict[str, Any]:
    """One item. Raises `LocationReviewNotFound`."""
    found = read_items(connection, [review_id], scope=scope, today=today, claim=claim)
    if not found:
        raise LocationReviewNotFound
    return found[0]


def etag(row: RowMapping | dict[str, Any]) -> str:
    """What If-Match names: another value after a run has decided anew on the item."""
    return f'"{row["id"]}-{row["revision"]}"'


def masked(row: RowMapping, *, full: bool = False) -> dict[str, Any]:
    """What a list shows of an item."""
    return {
        **{name: row[name] for name in _SHOWN},
        "bucket": BUCKETS[row["bucket"]],
        "uncertainty": float(row["uncertainty"]),
        "policyholder": {"name": mask_name(row["name"]), "phone": mask_phone(row["phone"])},
        "address": row["address"] if full else mask_address(row["address"]),
        "place": place_of(row["key"], full=full),
        "decided": row["location_decision_id"] is not None,
        "claimed_by": row["claimed_by"] if row["claimed"] else None,
        "claimed_until": row["claimed_until"] if row["claimed"] else None,
    }


_SHOWN = (
    *("id", "bundle_no", "branch_code", "code", "reasons", "district", "notice_due_on", "hold_until", "first_event_on"),
    *("policies", "premium", "stake", "address_kind"),
)


def _item(
    row: RowMapping,
    part: dict[str, Any],
    candidates: list[dict[str, Any]],
    others: list[dict[str, Any]],
    version: str,
    *,
    full: bool,
) -> dict[str, Any]:
    located = {name: row[name] for name in ("lon", "lat", "level", "confidence", "radius_m", "matched", "provider")}
    if not full:
        candidates = [_blurred(each, "address", "name") for each in candidates]
        others = [_blurred(each) for each in others]
        located = _blurred(located, "matched")
    return {
        **masked(row, full=full),
        "full": full,
        "etag": etag(row),
        "branch_name": row["branch_name"],
        "policy_nos": row["policy_nos"],
        "community_code": row["community_code"],
        "parts": {name: part[name] if full or name != "number" else None for name in KEY_COLUMNS if name != "key"},
        "location": located if row["level"] is not None else None,
        "location_decision_id": row["location_decision_id"],
        "candidates": candidates,
        "others": others,
        "gazetteer_version": version,
        "sharing": {
            "addresses": row["addresses"],
            "holders": row["holders"],
            "policies": row["shared_policies"],
            "waiting": row["waiting"],
        },
    }


def place_of(key: str | None, *, full: bool) -> str | None:
    """The place that an address names, without its city: 鼓楼区 和燕园."""
    if key is None:
        return None
    said = " ".join(part for part in key.split("/")[1:] if part)
    return said if full else mask_address(said)


def _blurred(place: dict[str, Any], *texts: str) -> dict[str, Any]:
    """A place as it is shown to who has not claimed the item: to about 100 m, without house numbers."""
    axes = {axis: mask_degrees(place[axis]) for axis in ("lon", "lat")}
    return {**place, **axes, **{name: mask_address(place[name]) for name in texts}}


def _covered(cover: Cover, city: set[str] | None) -> dict[str, Any]:
    return {
        "branches": [{"code": code, "name": name} for code, name in cover.branches],
        "teams": [{"code": code, "name": name} for code, name in cover.teams],
        "communities": [{"code": code, "name": name} for code, name in cover.communities],
        # Nothing lies outside of a city whose area is not known.
        "outside_city": city is not None and city.isdisjoint(code for code, _ in cover.branches),
    }


def _other(row: RowMapping, cover: Cover | None, city: set[str] | None, *, full: bool) -> dict[str, Any]:
    return {
        "kind": row["kind"],
        "address": row["text"] if full else mask_address(row["text"]),
        "updated_on": row["updated_on"],
        "level": row["level"],
        "confidence": row["confidence"],
        "lon": row["lon"],
        "lat": row["lat"],
        **_covered(cover or Cover(), city if cover is not None else None),
    }
