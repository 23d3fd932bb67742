"""Who has a draft open at the moment, and what they look at."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, RowMapping, text

from app.territories.editing.repository import Envelope

PRESENT_S: Final = 45
"""Seconds after which somebody who has not been heard of is gone; the page says so every fifteen."""

_SEE = text(
    """
    INSERT INTO territory_presence AS p (plan_id, person, seen_at, view)
    VALUES (:plan, :by, now(), ST_MakeEnvelope(:west, :south, :east, :north, 4490))
    ON CONFLICT (plan_id, person) DO UPDATE SET seen_at = excluded.seen_at, view = excluded.view
    """
)
_GONE = text("DELETE FROM territory_presence WHERE plan_id = :plan AND seen_at < now() - make_interval(secs => :secs)")
_LIST = text(
    """
    SELECT person, seen_at, ST_XMin(view) AS west, ST_YMin(view) AS south, ST_XMax(view) AS east, ST_YMax(view) AS north
    FROM territory_presence
    WHERE plan_id = :plan AND seen_at >= now() - make_interval(secs => :secs) ORDER BY person
    """
)


def be_present(connection: Connection, plan_id: int, *, by: str, view: Envelope) -> Sequence[RowMapping]:
    """Says that somebody looks at a part of a draft, and tells who else does."""
    west, south, east, north = view
    connection.execute(_SEE, {"plan": plan_id, "by": by, "west": west, "south": south, "east": east, "north": north})
    connection.execute(_GONE, {"plan": plan_id, "secs": PRESENT_S})
    return connection.execute(_LIST, {"plan": plan_id, "secs": PRESENT_S}).mappings().all()
