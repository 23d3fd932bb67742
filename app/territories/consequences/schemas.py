"""Consequences and comparisons as they go over the wire."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Literal

import numpy as np
import orjson
import shapely
from pydantic import ConfigDict, Field

from app.fields import Output
from app.territories.consequences.balance import Balance
from app.territories.consequences.compare import Comparison
from app.territories.consequences.measure import Consequences, Move, TeamConsequence, TeamFigures
from app.territories.consequences.owning import Owners
from geo.cores import on_all_cores

DIGITS = 7
"""Decimals of a degree that a piece of land is drawn with: about a centimetre."""

FINENESS, FINEST_DEG, COARSEST_DEG = 20_000, 2e-6, 3e-5
"""A border of a piece may run beside the real one by this part of the map's width, but at least 20 cm and at most 3 m."""


class TerritoryFigures(Output):
    """A team's territory in figures. What it covers together with another team counts in `shared` alone.

    `policies`: open ones of the customers that live there, `premium` theirs. `orphans`: their open cases, `unassigned` those of them that
    nobody has been given. `kept_in_team`: orphans that go to this team, the owner of their region; `kept_in_team_rate`: their share.
    `load`: the team's policies wherever they are (open ones serviced, and its pool), `load_ratio`: over its capacity.
    """

    customers: int
    shared: int
    policies: int
    premium: Decimal
    orphans: int
    unassigned: int
    kept_in_team: int
    kept_in_team_rate: float | None
    load: int
    capacity: int
    load_ratio: float | None


class TeamWhatIf(Output):
    """A team before and after."""

    team_code: str
    name: str
    before: TerritoryFigures
    after: TerritoryFigures


class HandOver(Output):
    """What changes hands. No team: nobody owns it; several: they cover it together, and an allocation decides (rulebook 5.2).

    `unassigned`: orphans that the next run gives to the new owner by itself; the rest would need a realignment (rulebook 5.4).
    `carried`: policies that count in the load of the team that loses them.
    """

    from_team_codes: list[str]
    to_team_codes: list[str]
    customers: int
    policies: int
    premium: Decimal
    orphans: int
    unassigned: int
    carried: int


class LoadBalance(Output):
    """How even the loads of a branch's collection teams are. `ratio`: the most over the least; null where that is nought."""

    teams: int
    gini: float
    most: int
    least: int
    ratio: float | None


class WhatIf(Output):
    """What a change of territories would mean on a date, if every policy that changes hands went along."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "branch_code": "E",
                    "on": "2026-03-10",
                    "customers": 1,
                    "policies": 2,
                    "teams": [
                        {
                            "team_code": "T-E1",
                            "name": "收展一队",
                            "before": {
                                "customers": 3,
                                "shared": 0,
                                "policies": 4,
                                "premium": "4938.00",
                                "orphans": 2,
                                "unassigned": 1,
                                "kept_in_team": 2,
                                "kept_in_team_rate": 1.0,
                                "load": 120,
                                "capacity": 200,
                                "load_ratio": 0.6,
                            },
                            "after": {
                                "customers": 2,
                                "shared": 0,
                                "policies": 2,
                                "premium": "2469.00",
                                "orphans": 1,
                                "unassigned": 1,
                                "kept_in_team": 1,
                                "kept_in_team_rate": 1.0,
                                "load": 119,
                                "capacity": 200,
                                "load_ratio": 0.595,
                            },
                        }
                    ],
                    "moves": [
                        {
                            "from_team_codes": ["T-E1"],
                            "to_team_codes": ["T-E2"],
                            "customers": 1,
                            "policies": 2,
                            "premium": "2469.00",
                            "orphans": 1,
                            "unassigned": 0,
                            "carried": 1,
                        }
                    ],
                    "balance_before": {"teams": 3, "gini": 0.3509, "most": 120, "least": 20, "ratio": 6.0},
                    "balance_after": {"teams": 3, "gini": 0.3474, "most": 119, "least": 20, "ratio": 5.95},
                }
            ]
        }
    )

    branch_code: str
    on: date
    customers: int = Field(description="Customers that change hands")
    policies: int = Field(description="Policies that change hands")
    teams: list[TeamWhatIf]
    moves: list[HandOver]
    balance_before: LoadBalance
    balance_after: LoadBalance


class ComparedVersion(Output):
    """One of two versions that are compared."""

    id: int
    number: int
    name: str
    state: Literal["DRAFT", "IN_REVIEW", "APPROVED", "PUBLISHED", "DISCARDED"]
    version: int
    effective_from: date | None
    effective_to: date | None


class Turnover(Output):
    """What a team gains, or loses, from one version to another."""

    area_km2: float | None = Field(description="Null where the borders are too complex to be laid over each other")
    customers: int
    policies: int
    premium: Decimal
    orphans: int


class TeamComparison(Output):
    """A team in two versions."""

    team_code: str
    name: str
    area_before_km2: float
    area_after_km2: float
    gained: Turnover
    lost: Turnover
    before: TerritoryFigures
    after: TerritoryFigures


class VersionComparison(Output):
    """What differs between two versions of a branch's territories.

    `before` is null where there was none. `pieces`: the land that changes hands as a GeoJSON FeatureCollection (CGCS2000, simplified for
    the map) with `from_team_code`, `to_team_code` and `area_km2`; null where the borders are too complex to be laid over each other.
    """

    before: ComparedVersion | None
    after: ComparedVersion
    on: date
    customers: int
    policies: int
    teams: list[TeamComparison]
    moves: list[HandOver]
    balance_before: LoadBalance
    balance_after: LoadBalance
    pieces: dict[str, Any] | None


def told(found: Consequences) -> WhatIf:
    """Consequences for the wire."""
    return WhatIf(
        branch_code=found.branch_code,
        on=found.on,
        customers=found.customers,
        policies=found.policies,
        teams=[
            TeamWhatIf(
                team_code=team.team_code, name=team.name, before=_figures(team.before), after=_figures(team.after)
            )
            for team in found.teams
        ],
        moves=[_move(move) for move in found.moves],
        balance_before=_balance(found.balance_before),
        balance_after=_balance(found.balance_after),
    )


def told_comparison(found: Comparison) -> VersionComparison:
    """A comparison for the wire, without its pieces: see `drawn_pieces`."""
    gaining: dict[Owners, list[Move]] = {}
    losing: dict[Owners, list[Move]] = {}
    for move in found.consequences.moves:
        gaining.setdefault(move.to_team_codes, []).append(move)
        losing.setdefault(move.from_team_codes, []).append(move)
    return VersionComparison(
        before=None if found.versions.before is None else _version(found.versions.before),
        after=_version(found.versions.after),
        on=found.consequences.on,
        customers=found.consequences.customers,
        policies=found.consequences.policies,
        teams=[_compared(found, team, gaining, losing) for team in found.consequences.teams],
        moves=[_move(move) for move in found.consequences.moves],
        balance_before=_balance(found.consequences.balance_before),
        balance_after=_balance(found.consequences.balance_after),
        pieces=None,
    )


def _version(plan: Any) -> ComparedVersion:
    return ComparedVersion(
        id=plan["id"],
        number=plan["number"],
        name=plan["name"],
        state=plan["state"],
        version=plan["revision"],
        effective_from=plan["effective_from"],
        effective_to=plan["effective_to"],
    )


def _figures(figures: TeamFigures) -> TerritoryFigures:
    return TerritoryFigures(
        customers=figures.customers,
        shared=figures.shared,
        policies=figures.policies,
        premium=figures.premium,
        orphans=figures.orphans,
        unassigned=figures.unassigned,
        kept_in_team=figures.kept_in_team,
        kept_in_team_rate=figures.kept_in_team_rate,
        load=figures.load,
        capacity=figures.capacity,
        load_ratio=figures.load_ratio,
    )


def _move(move: Move) -> HandOver:
    return HandOver(
        from_team_codes=list(move.from_team_codes),
        to_team_codes=list(move.to_team_codes),
        customers=move.customers,
        policies=move.policies,
        premium=move.premium,
        orphans=move.orphans,
        unassigned=move.unassigned,
        carried=move.carried,
    )


def _balance(found: Balance) -> LoadBalance:
    return LoadBalance(teams=found.teams, gini=found.gini, most=found.most, least=found.least, ratio=found.ratio)


def _compared(
    found: Comparison,
    team: TeamConsequence,
    gaining: Mapping[Owners, list[Move]],
    losing: Mapping[Owners, list[Move]],
) -> TeamComparison:
    code, land = team.team_code, found.land
    return TeamComparison(
        team_code=code,
        name=team.name,
        area_before_km2=_km2(land.before_m2[code]),
        area_after_km2=_km2(land.after_m2[code]),
        gained=_turnover(gaining.get((code,), []), None if land.gained_m2 is None else land.gained_m2[code]),
        lost=_turnover(losing.get((code,), []), None if land.lost_m2 is None else land.lost_m2[code]),
        before=_figures(team.before),
        after=_figures(team.after),
    )


def _turnover(moves: list[Move], area_m2: float | None) -> Turnover:
    return Turnover(
        area_km2=None if area_m2 is None else _km2(area_m2),
        customers=sum(move.customers for move in moves),
        policies=sum(move.policies for move in moves),
        premium=sum((move.premium for move in moves), Decimal(0)),
        orphans=sum(move.orphans for move in moves),
    )


def _km2(square_metres: float) -> float:
    return round(square_metres / 1e6, 6)


def drawn_pieces(found: Comparison) -> bytes:
    """The pieces as GeoJSON, simplified for the map; `null` where there are none to be told."""
    if found.land.pieces is None:
        return b"null"
    areas = np.array([piece.area for piece in found.land.pieces], dtype=object)
    west, south, east, north = shapely.total_bounds(areas) if len(areas) else (0.0, 0.0, 0.0, 0.0)
    tolerance = min(max((east - west) / FINENESS, (north - south) / FINENESS, FINEST_DEG), COARSEST_DEG)
    simpler = on_all_cores(partial(shapely.simplify, tolerance=tolerance), areas)
    drawn = shapely.transform(simpler, lambda xy: xy.round(DIGITS)) if len(areas) else areas
    features = [
        {
            "type": "Feature",
            "geometry": orjson.Fragment(shape),
            "properties": {
                "from_team_code": piece.from_team_code,
                "to_team_code": piece.to_team_code,
                "area_km2": _km2(piece.area_m2),
            },
        }
        for piece, shape in zip(found.land.pieces, shapely.to_geojson(drawn), strict=True)
    ]
    return orjson.dumps({"type": "FeatureCollection", "crs_declared": "CGCS2000", "features": features})
