"""A table of communities and teams as territories: whole communities change hands, everything else stays as it is."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import numpy as np
import shapely
from shapely import MultiPolygon

from app.territories.files.columns import shown
from app.territories.files.outcome import Fate, Outcome
from app.territories.files.parse import Row
from geo.coverage import assign, settle
from geo.coverage.errors import NothingThere

WHOLE: Final = 1.0 - 1e-6
"""Share of a community from which on it is a team's as a whole: of a square kilometre all but a square metre."""

SHARE_TOLERANCE: Final = 0.005
"""How far a share that is written may be from what it is: people round to a percent."""


def assign_communities(
    outcome: Outcome, rows: list[Row], chosen: dict[str, str], communities: dict[str, MultiPolygon]
) -> None:
    """Gives each community of the table to its team, or to nobody where no team is named.

    A record with a share below 1 tells that a community is divided; a table cannot say where, so the team keeps its part.
    """
    wanted: dict[str, list[tuple[Fate, float]]] = defaultdict(list)
    for row in rows:
        fate = Fate(row.number)
        outcome.fates.append(fate)
        if row.code is not None:
            fate.refuse(row.code, *row.detail)
            continue
        cells = {name: row.attributes.get(column) for name, column in chosen.items()}
        code = cells.get("community_code")
        fate.community_code = shown(code)
        fate.given = shown(cells.get("team_code"), cells.get("team_name"))
        if code is None:
            fate.refuse("MISSING_COMMUNITY")
            continue
        nobody = not cells.get("team_code") and not cells.get("team_name")
        if not nobody:
            fate.team_code, fault = outcome.teams.recognise(cells.get("team_code"), cells.get("team_name"))
            if fault is not None:
                fate.refuse(fault)
                continue
        if code not in communities:
            fate.refuse("UNKNOWN_COMMUNITY")
            continue
        share = _share(cells.get("share"))
        if share is None:
            fate.refuse("BAD_SHARE")
        else:
            wanted[code].append((fate, share))
    outcome.named |= {fate.team_code for fate in outcome.fates if fate.team_code is not None}
    _settle(outcome, wanted, communities)


def _share(text: str | None) -> float | None:
    """A share as it is written, 1 where it is not; None if it is none."""
    if text is None:
        return 1.0
    try:
        share = float(text.rstrip("%")) / (100.0 if text.endswith("%") else 1.0)
    except ValueError:
        return None
    return share if 0.0 <= share <= 1.0 else None


def _settle(
    outcome: Outcome, wanted: dict[str, list[tuple[Fate, float]]], communities: dict[str, MultiPolygon]
) -> None:
    teams = sorted(outcome.present)
    tree = shapely.STRtree([outcome.present[team] for team in teams])
    gained: dict[str, list[MultiPolygon]] = defaultdict(list)
    released: list[MultiPolygon] = []
    moved: list[Fate] = []
    for code, records in wanted.items():
        community = communities[code]
        held = {teams[i]: _share_of(outcome.present[teams[i]], community) for i in tree.query(community).tolist()}
        if any(share < WHOLE for _, share in records):
            _keep_shared(records, held)
            continue
        named = {fate.team_code for fate, _ in records}
        losers = [other for other, share in held.items() if other not in named and share > 1.0 - WHOLE]
        gains = {team for team in named if team is not None and held.get(team, 0.0) < WHOLE}
        if len(named) > 1 and (gains or losers):
            for fate, _ in records:
                fate.refuse("COMMUNITY_TWICE")
            continue
        for team in named:
            if team is not None and (gains or losers):
                gained[team].append(community)
        if named == {None} and losers:
            released.append(community)
        for fate, _ in records:
            if not gains and not losers:
                fate.action = "UNCHANGED"
            else:
                moved.append(fate)
            if losers:
                fate.code, fate.detail = "TAKEN_FROM", (", ".join(losers)[:100], ", ".join(losers)[:100])
    _transfer(outcome, gained, released)
    for fate in moved:
        fresh = fate.team_code is not None and fate.team_code not in outcome.present
        fate.action = "NEW" if fresh else "CHANGED"


def _transfer(outcome: Outcome, gained: dict[str, list[MultiPolygon]], released: list[MultiPolygon]) -> None:
    """Does it as drawing would (`geo.coverage.assign`), team by team, so that all borders stay shared vertex by vertex."""
    areas = dict(settle(outcome.present).areas)
    for team, wholes in [*sorted(gained.items()), (None, released)]:
        if not wholes:
            continue
        try:
            change = assign(areas, wholes, team)
        except NothingThere:
            continue
        for code, area in change.areas.items():
            if area is None:
                areas.pop(code, None)
            else:
                areas[code] = area
    for code in sorted({*areas, *outcome.present}):
        if code in areas:
            outcome.set_area(code, areas[code])
        else:
            outcome.changes[code] = None


def _keep_shared(records: list[tuple[Fate, float]], held: dict[str, float]) -> None:
    """Records of a community that several teams share. What they say must be what is so: a table cannot say where else the line runs."""
    for fate, share in records:
        now = held.get(fate.team_code, 0.0) if fate.team_code is not None else 1.0 - sum(held.values())
        if abs(now - share) > SHARE_TOLERANCE:
            fate.refuse("SHARE_CONTRADICTED")
        else:
            fate.action, fate.code = "UNCHANGED", "SHARED_COMMUNITY"


def _share_of(area: MultiPolygon, community: MultiPolygon) -> float:
    """The share of a community that lies in an area; both in degrees, so that the plane's areas have the same scale."""
    if shapely.covers(area, community):
        return 1.0
    return float(np.divide(shapely.area(shapely.intersection(area, community)), shapely.area(community)))
