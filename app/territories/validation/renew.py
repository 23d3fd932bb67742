"""Renews the defects of a version: around what has changed since they were last renewed, or all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, text

from app.revision import world_revision
from app.territories.consequences.measure import touched
from app.territories.editing.repository import read_areas
from app.territories.limited import run_apart
from app.territories.plans.repository import lock_plan
from app.territories.validation import repository
from app.territories.validation.organisation import CODES, organisation_defects
from app.territories.validation.repository import Envelope, Stored
from geo.soundness import Thresholds
from geo.soundness.defects import (
    Defect,
    Neighbourhood,
    changed_land,
    defects,
    defects_near,
    neighbourhood,
    superseded,
)
from geo.soundness.errors import TooComplex

MARGIN_DEG: Final = 1e-6
"""A tenth of a metre around what has changed, so that what only touches is looked at, too."""

CALM: Final = Thresholds()
"""What is examined at once."""

RAGGED: Final = Thresholds(max_crossings=2_000_000)
"""What is examined in a process that is stopped after some seconds."""

MOST_CHANGED: Final = 200
"""Territories changed at once, beyond which looking at everything is no slower."""

_TODAY = text("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date")


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a renewal made of the defects: the numbers of new ones, and of those that are gone."""

    added: list[int]
    gone: list[int]


def renew_defects(
    connection: Connection, plan_id: int, changed_codes: Collection[str] | None = None, *, on: date | None = None
) -> Renewal:
    """Renews what the territories concern that have changed since the last renewal, in the connection's transaction.

    Which these are is known by their shapes, whoever changed them; `changed_codes` may say more. `on`: the day on which teams are judged;
    as at the last check of the whole unless given. A version that was never checked is checked wholly. Defects that are found again keep
    their numbers. Raises `PlanNotFound`, `geo.soundness.errors.TooComplex`.
    """
    plan = lock_plan(connection, plan_id)
    last = repository.last_check(connection, plan_id)
    changed = repository.changed_since(connection, plan_id)
    if last is None or len(changed) > MOST_CHANGED:
        return renew_all(connection, plan_id, on=on)
    before = {one.team_code: one.before for one in changed}
    after = {one.team_code: one.after for one in changed}
    unmoved = sorted(set(changed_codes or ()) - set(before))
    if unmoved:
        same = read_areas(connection, plan_id, _NOWHERE, unmoved)
        before |= same
        after |= same
    found = organisation_defects(connection, plan_id, plan["branch_code"], on or last["on_day"])
    lands = [area for area in (*before.values(), *after.values()) if area is not None]
    if not lands:
        known = repository.read_near(connection, plan_id, _NOWHERE, teams=(), communities=(), always=CODES)
        return _replace(connection, plan_id, [one for one in known if one.defect.code in CODES], found)
    land = changed_land(before, after)
    near = repository.communities_in(connection, _around([land])) if not land.is_empty else {}
    shapely.prepare(land)
    communities = {code: area for code, area in near.items() if shapely.intersects(land, area)}
    known = repository.read_near(
        connection, plan_id, _around(lands), teams=list(before), communities=list(communities), always=CODES
    )
    old = [one for one in known if one.defect.code in CODES]
    of_land = [one for one in known if one.defect.code not in CODES]
    whole = shapely.GeometryCollection([part for area in lands for part in shapely.get_parts(area)])
    gone = [of_land[n] for n in superseded([one.defect for one in of_land], whole, set(before), communities)]
    reach = _around([*lands, *communities.values(), *(one.defect.place for one in gone)])
    around = neighbourhood(
        read_areas(connection, plan_id, reach, list(before)),
        before,
        [one.defect for one in gone],
        communities=communities,
        branch=repository.branch_area(connection, plan["branch_code"]),
    )
    renewal = _replace(connection, plan_id, [*old, *gone], [*found, *_found_near(around)])
    repository.remember(connection, plan_id, teams=[one.team_code for one in changed])
    return renewal


def renew_all(connection: Connection, plan_id: int, *, on: date | None = None) -> Renewal:
    """Looks at the whole version. `on`: the day on which teams are judged, as at the last such check, else today in China, unless given. Raises as `renew_defects`."""
    plan = lock_plan(connection, plan_id)
    last = repository.last_check(connection, plan_id)
    day: date = on or (last["on_day"] if last else connection.execute(_TODAY).scalar_one())
    areas = read_areas(connection, plan_id)
    branch = repository.branch_area(connection, plan["branch_code"])
    reach = [branch] if branch is not None else list(areas.values())
    near = repository.communities_in(connection, _around(reach)) if reach else {}
    found = [
        *organisation_defects(connection, plan_id, plan["branch_code"], day),
        *_found(areas, branch, near),
    ]
    renewal = _replace(connection, plan_id, repository.read_known(connection, plan_id), found, recount=True)
    repository.remember(connection, plan_id, day=day, world=world_revision(connection))
    return renewal


def _replace(
    connection: Connection, plan_id: int, old: Sequence[Stored], found: Sequence[Defect], *, recount: bool = False
) -> Renewal:
    """Keeps what was found again, takes away the rest, and adds what is new with the customers it touches. `recount`: those anew, too."""
    again = {repository.identity(one): one for one in found}
    kept: dict[bytes, int] = {}
    gone = []
    for one in old:
        key = repository.identity(one.defect)
        if key in again and key not in kept:
            kept[key] = one.id
        else:
            gone.append(one.id)
    counted = list(kept) if recount else []
    fresh = [key for key in again if key not in kept]
    places = [again[key].place for key in (*counted, *fresh)]
    counts = touched(connection, places) if places else []
    repository.count(connection, [kept[key] for key in counted], counts[: len(counted)])
    added = repository.insert(connection, plan_id, [again[key] for key in fresh], counts[len(counted) :])
    repository.inherit(connection, gone, added)
    repository.delete(connection, gone)
    return Renewal(added, gone)


def _found_near(around: Neighbourhood) -> list[Defect]:
    """`defects_near`, where it can be stopped if territories are so ragged that it may take long."""
    try:
        return defects_near(around, CALM)
    except TooComplex:
        return run_apart(defects_near, around, RAGGED)


def _found(
    areas: Mapping[str, MultiPolygon], branch: MultiPolygon | None, communities: Mapping[str, MultiPolygon]
) -> list[Defect]:
    """`defects`, likewise."""
    try:
        return defects(areas, branch=branch, communities=communities, thresholds=CALM)
    except TooComplex:
        return run_apart(defects, areas, branch=branch, communities=communities, thresholds=RAGGED)


_NOWHERE: Final[Envelope] = (0.0, 0.0, 0.0, 0.0)


def _around(shapes: Sequence[BaseGeometry]) -> Envelope:
    west, south, east, north = shapely.total_bounds(list(shapes)).tolist()
    return west - MARGIN_DEG, south - MARGIN_DEG, east + MARGIN_DEG, north + MARGIN_DEG
