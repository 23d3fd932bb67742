"""Located customers, counted in cells no finer than a masked point (rulebook section 9), for whoever may see them.

A customer is a policyholder with a policy that has not ended and a service address whose point is precise enough to be matched to a
territory (rulebook 4.4, 4.5). Customers of a branch have a policy that it manages; those of a team have one that it services, or that
is allocated to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from app.access.masking import POINT_DIGITS
from app.access.principal import Scope
from app.allocation.domain import PRECISE_LEVELS
from app.db import copy_out, read_sql_file
from app.territories.consequences.customers import LONGEST_UNSEEN_S, service_addresses
from app.territories.consequences.repository import News, read_news, read_places
from app.tiles import changes
from app.tiles.grid import Tile
from app.tiles.orphans import Bins
from app.tiles.pyramid import Points, Pyramid

MOST_CHANGED = 20_000

_HELD: dict[str, Any] = {"policyholder_id": pl.String, "branch_code": pl.String, "team_code": pl.String}


@dataclass(frozen=True, slots=True)
class _Seen:
    """Up to when everything is known: of customers by the notes of their changes, of agents by their rows."""

    news: News
    agents: changes.Snapshot
    at_s: float

    @classmethod
    def now(cls, connection: Connection) -> _Seen:
        return cls(read_news(connection, None), changes.take(connection, ("agent",)), monotonic())

    def leads_to(self, later: _Seen) -> bool:
        return (
            self.news.database == later.news.database
            and self.agents.leads_to(later.agents)
            and later.at_s - self.at_s < LONGEST_UNSEEN_S
        )


class Customers:
    """Customers by cell. It never changes; `refreshed` gives another one. Exact points are not kept."""

    def __init__(self, held: pl.DataFrame, placed: pl.DataFrame, seen_at: _Seen | None = None) -> None:
        self._groups: dict[str, int] = {}
        self._pyramid = Pyramid(self._points(held, placed))
        self._seen_at = seen_at

    @classmethod
    def read(cls, connection: Connection) -> Customers:
        """All that the connection sees."""
        seen_at = _Seen.now(connection)
        return cls(_read_held(connection, None), _read_placed(connection, None), seen_at)

    def refreshed(self, connection: Connection) -> Customers:
        """As the connection sees them now, by what has changed where that can be told."""
        now = _Seen.now(connection)
        if self._seen_at is None or not self._seen_at.leads_to(now):
            return Customers.read(connection)
        noted = read_news(connection, self._seen_at.news.snapshot).holders
        moved = connection.execute(_OF_CHANGED_AGENTS, {"since": self._seen_at.agents.since}).scalars()
        touched = sorted({*noted, *moved} - {None}) if None not in noted else []
        if None in noted or len(touched) > MOST_CHANGED:
            return Customers.read(connection)
        made = object.__new__(Customers)
        made._groups = dict(self._groups)
        points = made._points(_read_held(connection, touched), _read_placed(connection, touched))
        made._pyramid = self._pyramid.changed(_keys(pl.Series(touched, dtype=pl.String)), points)
        made._seen_at = now
        return made

    def _points(self, held: pl.DataFrame, placed: pl.DataFrame) -> Points:
        # Whose a customer is, in one text: each policy's branch and team, each pair once.
        pair = pl.concat_str("branch_code", pl.col("team_code").fill_null(""), separator="\t")
        pairs = held.select("policyholder_id", pair.alias("pair")).unique().sort("policyholder_id", "pair")
        of = pairs.group_by("policyholder_id").agg(pl.col("pair").str.join("\n"))
        rows = placed.join(of, on="policyholder_id", how="inner", maintain_order="left")
        for group in rows["pair"].unique().sort():
            self._groups.setdefault(group, len(self._groups))
        numbers = pl.DataFrame({"pair": list(self._groups)}, schema={"pair": pl.String}).with_row_index("number")
        number = rows.join(numbers, on="pair", how="left", maintain_order="left")["number"].cast(pl.Int64).to_numpy()
        masked = np.round(rows.select("lon", "lat").to_numpy(), POINT_DIGITS)
        return Points.at(_keys(rows["policyholder_id"]), masked, number)

    def __len__(self) -> int:
        return len(self._pyramid)

    def _seen(self, scope: Scope) -> NDArray[np.bool_] | None:
        if scope.branch_codes is None and scope.team_codes is None:
            return None
        return np.array([_is_seen(group, scope) for group in self._groups], dtype=np.bool_)

    def bins(self, tile: Tile, scope: Scope) -> Bins:
        """The tile's bins and the customers of the scope in each, as `count`; a customer of several branches or teams counts once.

        A bin lies at the mean of its customers' masked points; from zoom 15 on it is one masked point.
        """
        counted = self._pyramid.counted(tile, self._seen(scope))
        totals = np.bincount(counted.bin, weights=counted.points, minlength=len(counted.x)).astype(np.int64)
        return Bins(counted.x, counted.y, [{"count": n} for n in totals.tolist()])


def _is_seen(group: str, scope: Scope) -> bool:
    for pair in group.split("\n"):
        branch, team = pair.split("\t")
        if (scope.branch_codes is None or branch in scope.branch_codes) and (
            scope.team_codes is None or team in scope.team_codes
        ):
            return True
    return False


def _keys(ids: pl.Series) -> NDArray[np.int64]:
    """64 bits of each policyholder's id: of a million, two agree once in 37 million times."""
    return np.ascontiguousarray(ids.hash(seed=0).to_numpy()).view(np.int64)


def _read_placed(connection: Connection, holders: list[str] | None) -> pl.DataFrame:
    """Of each policyholder the point of the service address, if it is precise enough."""
    precise = pl.col("confirmed") | pl.col("level").is_in(sorted(PRECISE_LEVELS))
    chosen = service_addresses(read_places(connection, holders))
    return chosen.filter(precise & pl.col("lon").is_not_null()).select("policyholder_id", "lon", "lat")


def _read_held(connection: Connection, holders: list[str] | None) -> pl.DataFrame:
    query = read_sql_file("app.tiles", "sql/load_customers")
    if holders is None:
        return copy_out(connection, query, _HELD)
    return copy_out(
        connection, query.replace("TRUE /* which */", "p.policyholder_id = ANY (:holders)"), _HELD, {"holders": holders}
    )


# A policy goes with its agent to another team.
_OF_CHANGED_AGENTS = text(
    f"""
    SELECT DISTINCT policyholder_id FROM policy
    WHERE servicer_code IN (SELECT code FROM agent WHERE {changes.CHANGED.format(row="agent")}) LIMIT {MOST_CHANGED + 1}
    """  # noqa: S608 (fixed words)
)
