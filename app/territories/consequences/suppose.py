"""Territories that somebody supposes, as changes of those in force."""

from datetime import date
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection

from app.errors import CrsUndeclared, UnknownOrganisation
from app.territories.consequences.asking import WhatIfIn
from app.territories.consequences.compare import Around
from app.territories.consequences.errors import TeamOfOtherBranch, TeamTwice
from app.territories.consequences.organisation import teams_on
from app.territories.consequences.owning import Change
from app.territories.consequences.repository import read_around, read_in_force
from app.territories.editing.drawn import area_of
from app.territories.plans.repository import plan_in_force
from geo.crs import Crs, convert, parse_crs


def supposed(connection: Connection, wanted: WhatIfIn, on: date) -> tuple[list[Change], Around]:
    """The changes against what is in force on the date, and the territories around them.

    Raises `CrsUndeclared`, `UnknownOrganisation`, `TeamOfOtherBranch`, `TeamTwice`, `BadShape`, `TooLargeToEdit`, `OutsideChina`.
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

    def to_degrees(points: NDArray[Any]) -> NDArray[Any]:
        return np.column_stack(convert(points[:, 0], points[:, 1], system, Crs.CGCS2000))

    before = read_in_force(connection, codes, on)
    after = {
        change.team_code: shapely.transform(area_of(change.geometry), to_degrees)
        for change in wanted.changes
        if change.geometry is not None
    }
    changes = [Change(code, before.get(code), after.get(code)) for code in codes]
    shapes = [*before.values(), *after.values()]
    plan = plan_in_force(connection, wanted.branch_code, on)
    around = read_around(connection, plan, wanted.branch_code, on, shapes) if shapes else {}
    return changes, {code: area for code, area in around.items() if code not in codes}
