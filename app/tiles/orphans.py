"""The open orphans that have a point: counted where they are many, by kind and team, for whoever may see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlalchemy import Connection

from app.access.principal import Scope
from app.db import copy_out, read_sql_file
from app.tiles import changes
from app.tiles.grid import Tile
from app.tiles.pyramid import CLOSEST, Counted, Points, Pyramid

Group = tuple[str, str | None, str]
"""Kind (the rung, or the state where there is no rung), team or none, branch."""

EXACT_AT_MOST = 2_500
"""A zoom shows orphans one by one if its fullest tile has at most so many."""

EXACT_FROM_LATEST = CLOSEST + 1
"""… and this zoom and closer ones always do."""

MOST_CHANGED = 50_000

_TABLES = ("orphan_case", "decision")
_COLUMNS: dict[str, Any] = {
    "id": pl.Int64, "lon": pl.Float64, "lat": pl.Float64, "kind": pl.String, "team_code": pl.String, "branch_code": pl.String,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """What a tile shows: one entry per bin. Places in units of the tile, y down as in the tile."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    properties: list[dict[str, Any]]


class Orphans:
    """Orphans, one point for each policy. It never changes; `refreshed` gives another one."""

    def __init__(self, rows: pl.DataFrame, snapshot: changes.Snapshot | None = None) -> None:
        self._groups: dict[Group, int] = {}
        self._pyramid = Pyramid(self._points(rows))
        self._snapshot = snapshot
        self._exact_from: dict[Scope, int] = {}
        self._masks: dict[Scope, NDArray[np.bool_]] = {}

    @classmethod
    def read(cls, connection: Connection) -> Orphans:
        """All that the connection sees."""
        snapshot = changes.take(connection, _TABLES)
        return cls(copy_out(connection, _located("true"), _COLUMNS), snapshot)

    def refreshed(self, connection: Connection) -> Orphans:
        """As the connection sees them now, by what has changed where that can be told."""
        now = changes.take(connection, _TABLES)
        if self._snapshot is None or not self._snapshot.leads_to(now):
            return Orphans.read(connection)
        since = {"since": self._snapshot.since}
        condition = changes.CHANGED.format(row="orphan_case")
        touched = copy_out(
            connection,
            f"SELECT id FROM orphan_case WHERE {condition} LIMIT {MOST_CHANGED + 1}",  # noqa: S608 (fixed words)
            {"id": pl.Int64},
            since,
        )["id"]
        if len(touched) > MOST_CHANGED:
            return Orphans.read(connection)
        rows = copy_out(connection, _located("orphan_case.id = ANY (:ids)"), _COLUMNS, {"ids": touched.to_list()})
        made = object.__new__(Orphans)
        made._groups = dict(self._groups)
        made._pyramid = self._pyramid.changed(touched.to_numpy(), made._points(rows))
        made._snapshot = now
        made._exact_from = {}
        made._masks = {}
        return made

    def _points(self, rows: pl.DataFrame) -> Points:
        names = ["kind", "team_code", "branch_code"]
        for group in rows.select(names).unique().sort(names).iter_rows():
            self._groups.setdefault(group, len(self._groups))
        numbers = pl.DataFrame(
            [(*group, number) for group, number in self._groups.items()],
            schema={"kind": pl.String, "team_code": pl.String, "branch_code": pl.String, "number": pl.Int64},
            orient="row",
        )
        joined = rows.join(numbers, on=names, how="left", nulls_equal=True, maintain_order="left")
        return Points.at(rows["id"].to_numpy(), rows.select("lon", "lat").to_numpy(), joined["number"].to_numpy())

    def __len__(self) -> int:
        return len(self._pyramid)

    def _seen(self, scope: Scope) -> NDArray[np.bool_] | None:
        if scope.branch_codes is None and scope.team_codes is None:
            return None
        mask = self._masks.get(scope)
        if mask is None:
            mask = self._masks[scope] = self._mask(scope)
        return mask

    def _mask(self, scope: Scope) -> NDArray[np.bool_]:
        return np.array(
            [
                (scope.branch_codes is None or branch in scope.branch_codes)
                and (scope.team_codes is None or team in scope.team_codes)
                for _, team, branch in self._groups
            ],
            dtype=np.bool_,
        )

    def exact_from(self, scope: Scope) -> int:
        """The zoom from which orphans are shown one by one; it follows from those alone that the scope may see."""
        if scope not in self._exact_from:
            fullest = self._pyramid.fullest(self._seen(scope))
            self._exact_from[scope] = next(
                (zoom for zoom, most in enumerate(fullest) if most <= EXACT_AT_MOST), EXACT_FROM_LATEST
            )
        return self._exact_from[scope]

    def bins(self, tile: Tile, scope: Scope) -> Bins:
        """The tile's bins: policies, the commonest kind and team, policies of each kind as `n_KIND`; placed at the mean of their points.

        Ties go to the name that sorts first; no team sorts last.
        """
        counted = self._pyramid.counted(tile, self._seen(scope))
        kinds, teams = self._counts(counted)
        properties: list[dict[str, Any]] = []
        for by_kind, by_team in zip(kinds, teams, strict=True):
            first = sorted(by_kind.items(), key=lambda each: (-each[1], each[0]))
            team = min(by_team.items(), key=lambda each: (-each[1], each[0] is None, each[0] or ""))[0]
            told = {f"n_{name}": n for name, n in first}
            properties.append({"count": sum(by_kind.values()), "rung": first[0][0], "team_code": team, **told})
        return Bins(counted.x, counted.y, properties)

    def _counts(self, counted: Counted) -> tuple[list[dict[str, int]], list[dict[str | None, int]]]:
        groups = list(self._groups)
        kinds: list[dict[str, int]] = [{} for _ in counted.x]
        teams: list[dict[str | None, int]] = [{} for _ in counted.x]
        for at, group, points in zip(
            counted.bin.tolist(), counted.group.tolist(), counted.points.tolist(), strict=True
        ):
            kind, team, _ = groups[group]
            kinds[at][kind] = kinds[at].get(kind, 0) + points
            teams[at][team] = teams[at].get(team, 0) + points
        return kinds, teams


def _located(condition: str) -> str:
    return read_sql_file("app.tiles", "sql/load_orphans").replace("TRUE /* which */", condition)
