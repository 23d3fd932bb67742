"""Claims: an item belongs to one person for a while, and with it every item of the same place, so that no two people get the same one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, RowMapping, text

from app.access.principal import Scope
from app.errors import LocationReviewNotFound, ReviewClaimed, ReviewClaimLost, ReviewNotClaimed
from app.review.queue import BUCKET, Filters, conditions

LEASE_S = 300
LONGEST_LEASE_S = 1800
MOST = 20
"""Items claimed at a time."""

PLACE_LOCKS = 0x6764_0005
"""Namespace of the locks that keep two claims from taking two items of one place at once."""

_FREE = "(r.claimed_until IS NULL OR r.claimed_until <= now() OR r.claim = :claim)"
# Two households of one place are not given to two people: one decision settles both.
_PLACE_FREE = """
    (r.key IS NULL OR r.key NOT IN (
        SELECT o.key FROM location_review o WHERE o.claim IS NOT NULL AND o.claimed_until > now() AND o.claim <> :claim AND o.key IS NOT NULL))
"""
_NEXT = """
    SELECT r.id, r.key FROM location_review r
    WHERE {conditions} AND (r.claimed_until IS NULL OR r.claimed_until <= now()) AND NOT r.id = ANY (:passed)
      AND (r.key IS NULL OR r.key NOT IN (
          SELECT o.key FROM location_review o WHERE o.claim IS NOT NULL AND o.claimed_until > now() AND o.key IS NOT NULL))
    ORDER BY {bucket}, r.stake DESC, r.id LIMIT :limit
    FOR UPDATE OF r SKIP LOCKED
"""
_ONE = (
    "SELECT r.id, r.key FROM location_review r WHERE r.id = :id AND {conditions} AND {free} FOR UPDATE OF r SKIP LOCKED"
)
_LOCK = text(
    "SELECT key FROM unnest(CAST(:keys AS text[])) AS key WHERE pg_try_advisory_xact_lock(:space, hashtext(key))"
)
# A statement of its own, so that it sees what others had committed when the places were locked.
_TAKE = """
    UPDATE location_review r SET claim = :claim, claimed_by = :by, claimed_until = now() + make_interval(secs => :seconds)
    WHERE r.id = ANY (:ids) AND {free} AND {place_free} RETURNING r.id, r.claimed_until
"""
_READ = text(
    """
    INSERT INTO location_review_reading (policyholder_id, address_id, read_by)
    SELECT policyholder_id, address_id, :by FROM location_review WHERE id = ANY (:ids)
    """
)
_RENEW = text(
    """
    UPDATE location_review SET claimed_until = now() + make_interval(secs => :seconds)
    WHERE claim = :claim AND claimed_until > now() RETURNING id, claimed_until
    """
)
_RELEASE = text(
    """
    UPDATE location_review SET claim = NULL, claimed_by = NULL, claimed_until = NULL
    WHERE claim = :claim AND (CAST(:id AS bigint) IS NULL OR id = :id)
    """
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim on some items until a time; `claim` is the word by which its holder is known."""

    claim: UUID
    until: datetime | None
    ids: list[int]


def claim_next(
    connection: Connection,
    *,
    by: str,
    scope: Scope,
    today: date,
    filters: Filters,
    count: int = 1,
    claim: UUID | None = None,
    seconds: int = LEASE_S,
) -> Claim:
    """Give the next free items of the queue to `by`, in its order; fewer or none where fewer are free.

    `claim`: one that the caller has already and adds to. Of each place only one item is given, and none
    of a place that somebody is at work on. Each is logged as read: with the claim its full address is shown.
    """
    token = claim or uuid4()
    joined, bound = conditions(filters, scope, today)
    query = text(_NEXT.format(conditions=joined, bucket=BUCKET))
    got: list[int] = []
    passed: list[int] = []
    until = None
    while len(got) < count:
        bound |= {"limit": count - len(got), "passed": passed}
        found = connection.execute(query, bound).mappings().all()
        if not found:
            break
        # One of each place: a decision on it settles the others.
        firsts = {row["key"] or row["id"]: row for row in reversed(found)}
        for row in _take(connection, [row for row in found if row in firsts.values()], token, by, seconds):
            got.append(row["id"])
            until = row["claimed_until"]
        passed += [row["id"] for row in found]
    _log(connection, got, by)
    return Claim(token, until, got)


def claim_one(
    connection: Connection,
    review_id: int,
    *,
    by: str,
    scope: Scope,
    today: date,
    claim: UUID | None = None,
    seconds: int = LEASE_S,
) -> Claim:
    """Give one item to `by`. Raises `LocationReviewNotFound`, and `ReviewClaimed` where somebody else has it or its place."""
    token = claim or uuid4()
    joined, bound = conditions(Filters(decided=None), scope, today)
    found = (
        connection.execute(text(_ONE.format(conditions=joined, free=_FREE)), bound | {"id": review_id, "claim": token})
        .mappings()
        .all()
    )
    taken = _take(connection, found, token, by, seconds)
    if not taken:
        exists = text("SELECT FROM location_review r WHERE r.id = :id AND " + joined)
        if connection.execute(exists, bound | {"id": review_id}).first() is None:
            raise LocationReviewNotFound
        raise ReviewClaimed
    _log(connection, [review_id], by)
    return Claim(token, taken[0]["claimed_until"], [review_id])


def _take(
    connection: Connection, found: Sequence[RowMapping], token: UUID, by: str, seconds: int
) -> Sequence[RowMapping]:
    keys = sorted({row["key"] for row in found if row["key"] is not None})
    free = set(connection.execute(_LOCK, {"keys": keys, "space": PLACE_LOCKS}).scalars()) if keys else set()
    ids = [row["id"] for row in found if row["key"] is None or row["key"] in free]
    if not ids:
        return []
    query = text(_TAKE.format(free=_FREE, place_free=_PLACE_FREE))
    taken = connection.execute(query, {"ids": ids, "claim": token, "by": by, "seconds": seconds}).mappings().all()
    order = {row["id"]: position for position, row in enumerate(found)}
    return sorted(taken, key=lambda row: order[row["id"]])


def _log(connection: Connection, ids: Sequence[int], by: str) -> None:
    if ids:
        connection.execute(_READ, {"ids": list(ids), "by": by})


def renew(connection: Connection, claim: UUID, *, seconds: int = LEASE_S) -> Claim:
    """Keep what is claimed for `seconds` from now. Raises `ReviewClaimLost` when nothing of it is left."""
    rows = connection.execute(_RENEW, {"claim": claim, "seconds": seconds}).all()
    if not rows:
        raise ReviewClaimLost
    return Claim(claim, rows[0].claimed_until, sorted(row.id for row in rows))


def release(connection: Connection, claim: UUID, review_id: int | None = None) -> int:
    """Give back what is claimed, or one item of it; how many. Giving back what one does not have is no error."""
    return connection.execute(_RELEASE, {"claim": claim, "id": review_id}).rowcount


def require(connection: Connection, review_id: int, claim: UUID | None) -> RowMapping:
    """The item, locked until the transaction ends, if `claim` holds it.

    Raises `LocationReviewNotFound`, `ReviewNotClaimed` without a claim, `ReviewClaimLost` when it has run out or is another's.
    """
    query = text(
        "SELECT r.*, r.claimed_until > clock_timestamp() AS held FROM location_review r WHERE r.id = :id FOR UPDATE"
    )
    row = connection.execute(query, {"id": review_id}).mappings().one_or_none()
    if row is None:
        raise LocationReviewNotFound
    if claim is None:
        raise ReviewNotClaimed
    if row["claim"] != claim or not row["held"]:
        raise ReviewClaimLost
    return row
