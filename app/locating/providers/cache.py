"""Answers that were given before. A question is kept as a digest alone: who has the database cannot read addresses out of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, text

from geo.providers import Answer, Failure, Fault, Outcome, Question

_KEEP = text(
    """
    INSERT INTO provider_answer (provider, digest, asked_at, outcome, status, point, level, radius_m, own_confidence, weak,
                                 province, city, district, reasons)
    VALUES (:provider, :digest, :asked_at, :outcome, :status,
            ST_SetSRID(ST_MakePoint(CAST(:lon AS float8), CAST(:lat AS float8)), 4490), :level, :radius_m, :own_confidence, :weak,
            :province, :city, :district, :reasons)
    """
)
_NEWEST = text(
    """
    SELECT DISTINCT ON (digest) digest, outcome, status, ST_X(point) AS lon, ST_Y(point) AS lat, level, radius_m, own_confidence,
        weak, province, city, district
    FROM provider_answer
    WHERE provider = :provider AND digest = ANY(:digests) AND asked_at > :since
      AND outcome IN ('ANSWER', 'NOT_FOUND', 'QUESTION_REFUSED')
    ORDER BY digest, asked_at DESC, id DESC
    """
)


def digest_of(question: Question) -> str:
    """The same for the same text and city, in any database: BLAKE2b, 32 bytes, hexadecimal."""
    asked = f"{question.full}\0{question.city}".encode()
    return hashlib.blake2b(asked, digest_size=32, person=b"guidan-question").hexdigest()


def look_up(connection: Connection, provider: str, digests: Sequence[str], since: datetime) -> dict[str, Outcome]:
    """The newest settled outcome of each question that was asked after `since`."""
    rows = connection.execute(_NEWEST, {"provider": provider, "digests": list(digests), "since": since})
    found: dict[str, Outcome] = {}
    for row in rows:
        if row.outcome == "ANSWER":
            found[row.digest] = Answer(
                row.lon,
                row.lat,
                row.level,
                row.radius_m,
                row.own_confidence,
                row.weak,
                row.province,
                row.city,
                row.district,
                row.status,
            )
        else:
            found[row.digest] = Failure(Fault(row.outcome), row.status)
    return found


def keep(
    engine: Engine, provider: str, digest: str, outcome: Outcome, now: datetime, reasons: Iterable[str] = ()
) -> None:
    """Stores one attempt, an answer or a failure."""
    row = {
        "provider": provider,
        "digest": digest,
        "asked_at": now,
        "status": outcome.status[:100],
        "reasons": list(reasons),
        **dict.fromkeys(("lon", "lat", "level", "radius_m", "own_confidence")),
        **dict.fromkeys(("province", "city", "district"), ""),
        "weak": False,
    }
    if isinstance(outcome, Answer):
        row |= {
            "outcome": "ANSWER",
            "lon": outcome.lon,
            "lat": outcome.lat,
            "level": outcome.level,
            "radius_m": outcome.radius_m,
            "own_confidence": outcome.own_confidence,
            "weak": outcome.weak,
            "province": outcome.province,
            "city": outcome.city,
            "district": outcome.district,
        }
    else:
        row["outcome"] = outcome.fault.value
    with engine.begin() as connection:
        connection.execute(_KEEP, row)


def forget(engine: Engine, now: datetime, days: int) -> int:
    """Deletes what is older than `days`; returns how many attempts."""
    with engine.begin() as connection:
        gone = connection.execute(
            text("DELETE FROM provider_answer WHERE asked_at <= :before"), {"before": now - timedelta(days=days)}
        )
        return gone.rowcount
