"""Territories that somebody supposes, as changes of those in force."""

from datetime import date

from shapely import MultiPolygon
from sqlalchemy import Connection

from app.errors import CrsUndeclared, UnknownOrganisation
from app.territories.consequences.asking import WhatIfIn
from app.territories.consequences.compare import Around
from app.territories.consequences.errors import TeamOfOtherBranch, TeamTwice
from app.territories.consequences.organisation import teams_on
from app.territories.consequences.owning import Change
from app.territories.consequences.repository import read_in_force_near
from app.territories.editing.drawn import region_of
from app.territories.editing.schemas import DrawnArea
from geo.crs import Crs, parse_crs
from geo.soundness import read_area


def supposed(connection: Connection, wanted: WhatIfIn, on: date) -> tuple[list[Change], Around]:
    """The changes against what is in force on the date, and the territories around them.

    Raises `CrsUndeclared`, `UnknownOrganisation`, `TeamOfOtherBranch`, `TeamTwice`, `BadShape`, `TooLargeToEdit`, `OutsideChina`, and what
    `geo.soundness` refuses.
    """
    if wanted.crs is None:
        raise CrsUndeclared
    codes = [change.team_code for change in wanted.changes]
    if len(set(codes)) < len(codes):
        raise TeamTwice
    branch_of = {code: team.branch_code for code, team in teams_on(connection, on).teams.items()}
    if wanted.branch_code not in branch_of.values():
        raise UnknownOrganisation
    if any(branch_of.get(code) != wanted.branch_code for code in codes):
        raise TeamOfOtherBranch
    system = parse_crs(wanted.crs)

    after = {
        change.team_code: _area(change.geometry, system) for change in wanted.changes if change.geometry is not None
    }
    known = read_in_force_near(connection, codes, on, list(after.values()))
    changes = [Change(code, known.get(code), after.get(code)) for code in codes]
    return changes, {code: area for code, area in known.items() if code not in codes}


def _area(drawn: DrawnArea, system: Crs) -> MultiPolygon:
    """What is sound is taken as it is given, so that borders which it shares with what is in force stay shared; else as a draft takes it."""
    if system in (Crs.CGCS2000, Crs.WGS84):
        region = region_of(drawn)
        if region.is_valid:
            return region
    return read_area(drawn.model_dump(), crs=system)[0]
