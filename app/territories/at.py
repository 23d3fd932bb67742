"""Who owns a place on a date: the teams whose territory covers a point, borders included."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, RowMapping, text

from app.errors import CrsUndeclared, NotLocatable, OutsideChina
from app.locating.geocoder import current_geocoder
from app.models.in_force import in_force
from geo.crs import Crs, convert, parse_crs

PRECISE = frozenset({"UNIT", "DOOR", "COMPOUND", "POI", "COMMUNITY"})
"""Match levels that are precise enough to be matched to a territory (rulebook 4.5)."""

WEST, SOUTH, EAST, NORTH = 73.0, 3.0, 136.0, 54.0
"""Degrees within which China lies; a point outside is a swapped or mistyped coordinate."""

# The GiST index finds the shapes whose box holds the point, in all versions; only those in force are looked at closely.
_TEAMS = text(
    f"""
    WITH place AS (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4490) AS point),
    t AS MATERIALIZED (
        SELECT t.team_code, t.effective_from, t.geom, place.point
        FROM place JOIN published_territory t ON t.geom && place.point WHERE {in_force("t", ":on")})
    SELECT team.code AS team_code, team.name, team.branch_code, team.force, team.successor_code,
           t.effective_from, ST_Touches(t.geom, t.point) AS touching,
           team.ended_on IS NOT NULL AND team.ended_on <= :on AS ended,
           team.takes_part, team.force = 'COLLECTION' AS collecting
    FROM t JOIN team ON team.code = t.team_code
    WHERE ST_Covers(t.geom, t.point)
    ORDER BY team.code
    """  # noqa: S608 (fixed words)
)
_BRANCHES = text(
    """
    SELECT branch_code FROM branch_area
    WHERE ST_Covers(geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4490)) ORDER BY branch_code
    """
)
_COMMUNITIES = text(
    """
    SELECT code, name FROM community
    WHERE ST_Covers(geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4490)) ORDER BY code
    """
)


@dataclass(frozen=True, slots=True)
class Place:
    """A point in CGCS2000 degrees and how well it is known. A given point has neither level nor confidence."""

    lon: float
    lat: float
    level: str | None = None
    confidence: float | None = None
    radius_m: float | None = None
    matched: str | None = None

    @property
    def precise(self) -> bool:
        """Whether the point is good enough to be matched to a territory."""
        return self.level is None or self.level in PRECISE


@dataclass(frozen=True, slots=True)
class Owners:
    """What covers a place on a date, each by code."""

    teams: Sequence[RowMapping]
    branch_codes: Sequence[str]
    communities: Sequence[RowMapping]


def given_place(lon: float, lat: float, crs: str | None) -> Place:
    """A point given in degrees of a declared system. Raises `CrsUndeclared`, `OutsideChina`, `geo.errors.UnknownCrsError`."""
    if crs is None:
        raise CrsUndeclared
    if not (WEST <= lon <= EAST and SOUTH <= lat <= NORTH):
        raise OutsideChina
    xs, ys = convert(lon, lat, parse_crs(crs), Crs.CGCS2000)
    return Place(float(xs), float(ys))


def geocoded_place(connection: Connection, address: str) -> Place:
    """The point of an address by the geocoder of this process. Raises `NotLocatable`."""
    geocoder, _ = current_geocoder(connection)
    found = geocoder.geocode_one(address)
    if found["lon"] is None or found["lat"] is None:
        raise NotLocatable
    known = {name: found[name] for name in ("lon", "lat", "level", "confidence", "radius_m")}
    return Place(**known, matched=found["matched"] or None)


def owners_at(connection: Connection, place: Place, on: date) -> Owners:
    """The teams whose territory in force on the date covers the place, and the branches and communities that do.

    Teams that have ended or take no part are among them: whether they may receive is for the caller to say.
    """
    point = {"lon": place.lon, "lat": place.lat}
    return Owners(
        connection.execute(_TEAMS, {**point, "on": on}).mappings().all(),
        connection.execute(_BRANCHES, point).scalars().all(),
        connection.execute(_COMMUNITIES, point).mappings().all(),
    )
