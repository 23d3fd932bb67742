"""The queue in its order, filtered, page by page; and its figures.

The order is what is at stake: first those whose notice is overdue, then those due within `SOON_DAYS`, then later ones, then those without a
notice; within each by the stake, (premium + 1 yuan) × uncertainty, where uncertainty is 1 − confidence of the geocoder, and 1 for an
address outside the city and a conflict of branches; then by number. Same queue, same day ⇒ same order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from app.access.principal import Scope

SOON_DAYS = 7

BUCKETS = ("OVERDUE", "SOON", "LATER", "NO_NOTICE")

BUCKET = """
    CASE WHEN r.notice_due_on < :today THEN 0 WHEN r.notice_due_on <= :soon THEN 1 WHEN r.notice_due_on IS NOT NULL THEN 2 ELSE 3 END
"""

# Each condition is put in only if it is asked for.
_CONDITIONS = {
    "branch_code": "r.branch_code = :branch_code",
    "branches": "r.branch_code = ANY (:branches)",
    "code": "r.code = :code",
    "reason": ":reason = ANY (r.reasons)",
    "district": "r.district = :district",
    "text": """(r.bundle_no = :text OR strpos(r.key, :text) > 0 OR EXISTS (
        SELECT FROM address WHERE address.id = r.address_id AND strpos(address.text, :text) > 0))""",
    "decided": "(r.location_decision_id IS NOT NULL) = :decided",
}

_PAGE = """
    WITH page AS (
        SELECT * FROM (SELECT r.*, {bucket} AS bucket FROM location_review r WHERE {conditions}) AS r
        WHERE {after} ORDER BY bucket, stake DESC, id LIMIT :limit
    ), shared AS (
        SELECT key, count(*) AS sharing FROM location WHERE key IN (SELECT DISTINCT key FROM page) GROUP BY key
    )
    SELECT page.*, page.claimed_until > now() AS claimed, address.text AS address, address.kind AS address_kind,
        policyholder.name, policyholder.phone,
        coalesce(shared.sharing, 0) AS sharing
    FROM page JOIN address ON address.id = page.address_id JOIN policyholder ON policyholder.id = page.policyholder_id
    LEFT JOIN shared ON shared.key = page.key
    ORDER BY bucket, stake DESC, page.id
"""

_FIGURES = """
    SELECT grouping(r.code, r.branch_code, r.district, {bucket}) AS level, r.code, r.branch_code, r.district, {bucket} AS bucket,
        count(*) AS items, count(*) FILTER (WHERE r.claimed_until > now()) AS claimed, sum(r.policies) AS policies, sum(r.premium) AS premium
    FROM location_review r WHERE r.location_decision_id IS NULL AND {conditions}
    GROUP BY GROUPING SETS ((), (r.code), (r.branch_code), (r.district), ({bucket}))
"""
_REASONS = """
    SELECT reason, count(*) AS items FROM location_review r CROSS JOIN LATERAL unnest(r.reasons) AS reason
    WHERE r.location_decision_id IS NULL AND {conditions} GROUP BY reason ORDER BY reason
"""
_DECIDED = "SELECT count(*) FROM location_review r WHERE r.location_decision_id IS NOT NULL AND {conditions}"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which part of the queue; None: all. `decided`: those that wait although a person has decided (outside the city)."""

    branch_code: str | None = None
    code: str | None = None
    reason: str | None = None
    district: str | None = None
    text: str | None = None
    decided: bool | None = False


@dataclass(frozen=True, slots=True)
class After:
    """The last row of the page before."""

    bucket: int
    stake: int
    id: int


def conditions(filters: Filters, scope: Scope, today: date) -> tuple[str, dict[str, Any]]:
    """The SQL condition on `location_review AS r`, and what it is bound to; `today` decides the buckets."""
    values = {name: getattr(filters, name) for name in filters.__dataclass_fields__}
    values["branches"] = scope.listed_branches
    bound = {name: value for name, value in values.items() if value is not None}
    joined = " AND ".join(_CONDITIONS[name] for name in bound) or "true"
    return joined, bound | {"today": today, "soon": today + timedelta(days=SOON_DAYS)}


def list_queue(
    connection: Connection, *, filters: Filters, scope: Scope, today: date, limit: int, after: After | None = None
) -> Sequence[RowMapping]:
    """Up to `limit` items in the order of the queue, with their addresses unmasked and how many addresses share each key."""
    joined, bound = conditions(filters, scope, today)
    behind = "true"
    if after is not None:
        behind = "(bucket, -stake, id) > (:after_bucket, -:after_stake, :after_id)"
        bound |= {"after_bucket": after.bucket, "after_stake": after.stake, "after_id": after.id}
    query = _PAGE.format(bucket=BUCKET, conditions=joined, after=behind)
    return connection.execute(text(query), bound | {"limit": limit}).mappings().all()


def figures(connection: Connection, *, scope: Scope, today: date) -> dict[str, Any]:
    """How many wait: by code, branch, district, the geocoder's reason and bucket of days; those decided already are counted apart."""
    joined, bound = conditions(Filters(decided=None), scope, today)
    found: dict[str, Any] = {"by_code": {}, "by_branch": {}, "by_district": {}, "by_bucket": {}}
    features = {0b0111: ("by_code", "code"), 0b1011: ("by_branch", "branch_code"), 0b1101: ("by_district", "district")}
    for row in connection.execute(text(_FIGURES.format(bucket=BUCKET, conditions=joined)), bound).mappings():
        if row["level"] == 0b1111:
            totals = {name: row[name] or 0 for name in ("items", "claimed", "policies", "premium")}
        elif row["level"] == 0b1110:
            found["by_bucket"][BUCKETS[row["bucket"]]] = row["items"]
        else:
            feature, column = features[row["level"]]
            if row[column] is not None:
                found[feature][row[column]] = row["items"]
    reasons = connection.execute(text(_REASONS.format(conditions=joined)), bound)
    found["by_reason"] = {row.reason: row.items for row in reasons}
    found["decided"] = connection.execute(text(_DECIDED.format(conditions=joined)), bound).scalar_one()
    return found | totals
