"""Mends a defect of a draft in one of its ways, and tells beforehand what a way would give to whom."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import shapely
from shapely import MultiPolygon
from sqlalchemy import Connection, text

from app.territories.consequences.measure import touched
from app.territories.editing.errors import UnknownDefect
from app.territories.editing.repository import Areas, read_areas
from app.territories.validation import repository
from app.territories.validation.errors import DefectHasNoSuchWay
from app.territories.validation.repository import Envelope, Stored
from geo import coverage
from geo.coverage import Change, CoverageError
from geo.coverage.measure import area_m2
from geo.errors import GeoError
from geo.soundness.defects import Defect, Way, repair

_ONE = text(
    """
    SELECT d.id, d.code, d.severity, d.team_codes, d.community_codes, ST_AsBinary(d.geom) AS place, d.area_m2, d.length_m,
        d.details, d.ways, d.customers, d.orphans
    FROM territory_defect d WHERE d.plan_id = :plan AND d.id = :id
    """
)

_NOWHERE: Final[Envelope] = (0.0, 0.0, 0.0, 0.0)

Seen = Callable[[Areas], Areas]


@dataclass(frozen=True, slots=True)
class Gift:
    """Land that a way would give. `from_team_code`, `to_team_code` None: nobody."""

    from_team_code: str | None
    to_team_code: str | None
    area: MultiPolygon
    area_m2: float
    customers: int
    orphans: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A way, and what it would give to whom; `refused`: why it cannot be taken at present."""

    way: Way
    gifts: list[Gift]
    refused: GeoError | None = None


def read_defect(connection: Connection, plan_id: int, defect_id: int) -> Stored:
    """A defect of a version. Raises `UnknownDefect`."""
    row = connection.execute(_ONE, {"plan": plan_id, "id": defect_id}).mappings().one_or_none()
    if row is None:
        raise UnknownDefect
    return repository.stored(row)


def work_out_repair(
    connection: Connection, plan_id: int, defect_id: int, way: str, team_code: str | None, seen: Seen
) -> tuple[Areas, Change]:
    """The territories around a defect, and what a way makes of them. `seen`: what the editor saw of territories as they are stored now.

    `team_code` may be left out where only one team could be meant. Raises `UnknownDefect`, `DefectHasNoSuchWay`,
    `geo.coverage.CoverageError`.
    """
    defect = read_defect(connection, plan_id, defect_id).defect
    meant = [one for one in defect.ways if one.code == way and team_code in (None, one.team_code)]
    if not meant or (team_code is None and len(meant) > 1 and way != "GIVE"):
        raise DefectHasNoSuchWay
    return _mended(connection, plan_id, defect, meant[0], seen)


def offers(connection: Connection, plan_id: int, defect_id: int) -> list[Offer]:
    """What each way of a defect would give to whom, with the customers who live there. Nothing is saved. Raises `UnknownDefect`."""
    defect = read_defect(connection, plan_id, defect_id).defect
    found: list[Offer] = []
    for way in defect.ways:
        try:
            _, change = _mended(connection, plan_id, defect, way, lambda areas: areas)
        except CoverageError as refused:
            found.append(Offer(way, [], refused))
            continue
        sizes = area_m2([piece.area for piece in change.pieces])
        counts = touched(connection, [piece.area for piece in change.pieces])
        found.append(
            Offer(
                way,
                [
                    Gift(piece.from_code, piece.to_code, piece.area, float(size), customers, orphans)
                    for piece, size, (customers, orphans) in zip(change.pieces, sizes, counts, strict=True)
                ],
            )
        )
    return found


def _mended(connection: Connection, plan_id: int, defect: Defect, way: Way, seen: Seen) -> tuple[Areas, Change]:
    """The territories around a defect, and what a way makes of them: of those at its place, and around the named ones where all of one
    may change."""
    loaded: Areas = {}

    def load(envelope: Envelope) -> Areas:
        found = seen(read_areas(connection, plan_id, envelope))
        loaded.update(found)
        return found

    codes = sorted({*defect.team_codes, *([way.team_code] if way.team_code else [])})
    named = seen(read_areas(connection, plan_id, _NOWHERE, codes))
    loaded.update(named)
    tools = [defect.place]
    if way.code in ("MEND", "DROP_DUPLICATES", "REMOVE") or defect.kind == "OVERLAP":
        tools += [named[code] for code in defect.team_codes if code in named]
    reach = coverage.reach(*(tool for tool in tools if not shapely.is_empty(tool)))
    return loaded, coverage.perform(load, reach, named, lambda areas: repair(areas, defect, way))
