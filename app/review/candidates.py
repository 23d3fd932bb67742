"""The places that an address may mean, ranked by the geocoder, each with what covers it."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from app.locating.geocoder import current_geocoder
from app.locating.keys import city_of
from app.models.in_force import in_force
from geo.geocoding import Candidate, Geocoder

LIMIT = 9
"""Candidates shown: the keys 1 to 9 choose among them."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate: `id` stays the same while the gazetteer does; degrees in CGCS2000; `radius_m`: nine in ten such answers lie within."""

    rank: int
    id: str
    lon: float
    lat: float
    level: str
    confidence: float
    radius_m: float | None
    name: str
    district: str
    address: str

    def stored(self) -> dict[str, Any]:
        """As kept with a decision."""
        return asdict(self)


@dataclass(slots=True)
class Cover:
    """What covers a point on a date: (code, name) of branches, teams and communities, borders included."""

    branches: list[tuple[str, str]] = field(default_factory=list)
    teams: list[tuple[str, str]] = field(default_factory=list)
    communities: list[tuple[str, str]] = field(default_factory=list)


# One statement for any number of points.
_COVERS = text(
    f"""
    WITH place AS (
        SELECT n, ST_SetSRID(ST_MakePoint(lon, lat), 4490) AS point
        FROM unnest(CAST(:lon AS float8[]), CAST(:lat AS float8[])) WITH ORDINALITY AS given (lon, lat, n)
    ),
    t AS MATERIALIZED (
        SELECT place.n, place.point, t.team_code, t.geom
        FROM place JOIN published_territory t ON t.geom && place.point WHERE {in_force("t", ":on")})
    SELECT n, 'branches' AS kind, o.code, o.name
    FROM place JOIN branch_area a ON ST_Covers(a.geom, place.point) JOIN organisation o ON o.code = a.branch_code
    UNION ALL
    SELECT n, 'teams', team.code, team.name
    FROM t JOIN team ON team.code = t.team_code WHERE ST_Covers(t.geom, t.point)
    UNION ALL
    SELECT n, 'communities', c.code, coalesce(c.name, c.code)
    FROM place JOIN community c ON ST_Covers(c.geom, place.point)
    ORDER BY 1, 2, 3
    """  # noqa: S608 (fixed words)
)


def rank(geocoder: Geocoder, address: str | None, key: str | None = None) -> list[Ranked]:
    """The candidates of an address, likeliest first; each place once. `key`: the address's, whose city settles what it leaves open."""
    if not address:
        return []
    ranked: dict[str, Ranked] = {}
    for candidate in geocoder.candidates(address, limit=2 * LIMIT, prior_city=city_of(key) or None):
        name = _name(candidate)
        if name not in ranked and len(ranked) < LIMIT:
            ranked[name] = Ranked(
                rank=len(ranked) + 1,
                id=name,
                lon=candidate.lon,
                lat=candidate.lat,
                level=candidate.level,
                confidence=candidate.confidence,
                radius_m=candidate.radius_m,
                name=candidate.name,
                district=candidate.district,
                address=candidate.address,
            )
    return list(ranked.values())


def rank_of(connection: Connection, review_id: int, position: int) -> Ranked | None:
    """The candidate at a position (1 is the likeliest) of an item of the queue; None where there is none."""
    query = text("SELECT a.text, r.key FROM location_review r JOIN address a ON a.id = r.address_id WHERE r.id = :id")
    geocoder, _ = current_geocoder(connection)
    row = connection.execute(query, {"id": review_id}).one_or_none()
    ranked = rank(geocoder, row.text, row.key) if row is not None else []
    return ranked[position - 1] if 0 < position <= len(ranked) else None


def covers(connection: Connection, points: Sequence[tuple[float, float]], on: date) -> list[Cover]:
    """What covers each of the points (CGCS2000 degrees, longitude first)."""
    found = [Cover() for _ in points]
    if points:
        bound = {"lon": [lon for lon, _ in points], "lat": [lat for _, lat in points], "on": on}
        for row in connection.execute(_COVERS, bound):
            getattr(found[row.n - 1], row.kind).append((row.code, row.name))
    return found


def _name(candidate: Candidate) -> str:
    said = f"{candidate.lon:.6f},{candidate.lat:.6f},{candidate.level},{candidate.name}"
    return hashlib.sha256(said.encode()).hexdigest()[:12]
