"""Gathers what a picture shows of two versions of a branch's territories."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, RowMapping

from app.territories.consequences.compare import read_versions
from app.territories.consequences.measure import Change, Consequences, consequences
from app.territories.consequences.pieces import land_of
from app.territories.consequences.repository import read_all_in_force, read_branch_area, read_version
from app.territories.pictures.scene import Scene, SceneTeam
from app.territories.plans.life import STATE_NAMES, state_on
from app.tiles.colouring import beside, steady_colours
from app.tiles.grid import to_mercator


def read_scene(connection: Connection, before_id: int | None, after_id: int, on: date) -> Scene:
    """The scene of two versions of a branch. Raises `PlanNotFound`, `OtherBranch`."""
    versions = read_versions(connection, before_id, after_id, on)
    old = {} if before_id is None else read_version(connection, before_id)
    new = read_version(connection, after_id)
    codes = sorted({*old, *new})
    changes = [Change(code, old.get(code), new.get(code)) for code in codes]
    branch = versions.after["branch_code"]
    others = {code: area for code, area in versions.around.items() if code not in codes}
    found = consequences(connection, branch, changes, on, around=others)
    land = land_of(versions.changes, versions.around)
    changed = {change.team_code for change in versions.changes}
    colours = _colours(connection, changes, on)
    outline = read_branch_area(connection, branch)
    teams = tuple(
        SceneTeam(
            number=number,
            name=team.name,
            colour=colours[team.team_code],
            before=_wkb(old.get(team.team_code)),
            after=_wkb(new.get(team.team_code)),
            changed=team.team_code in changed,
            customers=(team.before.customers, team.after.customers),
            orphans=(team.before.orphans, team.after.orphans),
            load=(team.before.load, team.after.load),
            capacity=team.after.capacity,
        )
        for number, team in enumerate(found.teams, start=1)
    )
    return Scene(
        branch=versions.after["branch_name"],
        before="无方案" if versions.before is None else _caption(versions.before, on),
        after=_caption(versions.after, on),
        on=on.isoformat(),
        outline=_wkb(outline),
        teams=teams,
        pieces=tuple(shapely.to_wkb(piece.area) for piece in land.pieces or ()),
        customers=found.customers,
        policies=found.policies,
        orphans=sum(move.orphans for move in found.moves),
        area_km2=None if land.pieces is None else sum(piece.area_m2 for piece in land.pieces) / 1e6,
        gini=(found.balance_before.gini, found.balance_after.gini),
        spread=(found.balance_before.ratio, found.balance_after.ratio),
        kept=_kept(found),
    )


def _kept(found: Consequences) -> tuple[float | None, float | None]:
    """Orphans kept in team over all that live in a team's territory, before and after."""
    rates: list[float | None] = []
    for figures in ([team.before for team in found.teams], [team.after for team in found.teams]):
        orphans = sum(each.orphans for each in figures)
        rates.append(round(sum(each.kept_in_team for each in figures) / orphans, 4) if orphans else None)
    return rates[0], rates[1]


def _wkb(area: BaseGeometry | None) -> bytes | None:
    return None if area is None else bytes(shapely.to_wkb(area))


def _caption(plan: RowMapping, on: date) -> str:
    """方案 3 · 二季度区域（草稿）."""
    state = STATE_NAMES[state_on(plan["state"], plan["effective_from"], plan["effective_to"], on)]
    day = plan["effective_from"]
    since = "" if day is None or day == date.min else f" · {day} 起"
    return f"第 {plan['number']} 版 · {plan['name']}（{state}{since}）"


def _colours(connection: Connection, changes: list[Change], on: date) -> dict[str, int]:
    """The colours of the map's tiles, where a team has one there and keeps apart by it from its neighbours in both versions; else a free one."""
    known = _colours_of_tiles(connection, on)
    codes = [change.team_code for change in changes]
    touching: list[set[int]] = [set() for _ in codes]
    for version in ([change.before for change in changes], [change.after for change in changes]):
        there = [number for number, area in enumerate(version) if area is not None]
        for a, b in _touching([version[number] for number in there]):
            touching[there[a]].add(there[b])
    found: dict[int, int] = {}
    for number, code in enumerate(codes):
        if code in known and all(found.get(other) != known[code] for other in touching[number]):
            found[number] = known[code]
    for number in range(len(codes)):
        if number not in found:
            taken = {found[other] for other in touching[number] if other in found}
            found[number] = next(free for free in range(len(codes)) if free not in taken)
    return {code: found[number] for number, code in enumerate(codes)}


def _colours_of_tiles(connection: Connection, on: date) -> dict[str, int]:
    """As `app.tiles.areas` colours what is in force on a date."""
    shapes = read_all_in_force(connection, on)
    areas = [shapely.transform(area, to_mercator) for area in shapes.values()]
    pairs = np.array(_touching(areas), dtype=np.int64).reshape(-1, 2).T
    return dict(zip(shapes, steady_colours(list(shapes), beside(len(areas), pairs)), strict=True))


def _touching(areas: Sequence[BaseGeometry | None]) -> list[tuple[int, int]]:
    """Pairs of areas that meet, both ways round."""
    shapes = np.array(areas, dtype=object)
    pairs = (
        shapely.STRtree(shapes).query(shapes, predicate="intersects")
        if len(shapes)
        else np.empty((2, 0), dtype=np.int64)
    )
    return [(a, b) for a, b in pairs.T.tolist() if a != b]
