"""Where customers live and what they have, kept in the process by point, and brought up to date by what has changed.

A customer is a policyholder with an open policy whose service address has a point that is precise enough to be matched to a
territory (rulebook 4.4, 4.5). Decision record 0023 says what is how fresh.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock, RLock
from time import monotonic
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlalchemy import Connection

from app.allocation.domain import KIND_RANK, PRECISE_LEVELS
from app.territories.consequences.repository import MOST_CHANGES, News, read_news, read_places, read_policies
from geo.points import Edges, PointIndex
from geo.points.index import strip_order

Positions = NDArray[np.int64]
Ints = NDArray[np.int64]

LONGEST_UNSEEN_S = 12 * 3600.0
"""After so long the notes of changes may be forgotten: everybody is read anew."""

NOBODY = -1


@dataclass(frozen=True, slots=True)
class Facts:
    """Customers by policyholder, and in whose load their policies count. `points`: policyholder_id, lon, lat, policies, cents, orphans,
    unassigned, free (orphans that no allocation holds). `holdings`: policyholder_id, agent_code or team_code, policies, orphans; also
    those of policyholders without a point."""

    points: pl.DataFrame
    holdings: pl.DataFrame

    def without(self, holders: pl.Series) -> Facts:
        """All but some policyholders."""
        out = pl.col("policyholder_id").is_in(holders.implode())
        return Facts(self.points.filter(~out), self.holdings.filter(~out))

    def and_also(self, other: Facts) -> Facts:
        """Both together."""
        return Facts(pl.concat([self.points, other.points]), pl.concat([self.holdings, other.holdings]))


def service_addresses(addresses: pl.DataFrame) -> pl.DataFrame:
    """Of each policyholder the one address that an allocation goes by: `app.allocation.grouping.current_addresses`, in columns.

    The best kind, of that the latest; what follows only makes the choice independent of the order of rows.
    """
    ordered = addresses.with_columns(
        pl.col("kind").replace_strict(KIND_RANK, return_dtype=pl.Int8).alias("rank"),
        pl.col("text").fill_null(""),
        pl.col("community_code").fill_null(""),
        pl.col("lon").fill_null(0.0).alias("x"),
        pl.col("lat").fill_null(0.0).alias("y"),
    )
    several = pl.len().over("policyholder_id") > 1
    alone, others = ordered.filter(~several), ordered.filter(several)
    recency = ["updated_on", "text", "x", "y", "community_code"]
    chosen = others.sort(
        "policyholder_id", "rank", *recency, descending=[False, False] + [True] * len(recency), nulls_last=True
    ).unique("policyholder_id", keep="first", maintain_order=True)
    return pl.concat([alone, chosen]).drop("rank", "x", "y")


def read_facts(connection: Connection, holders: list[str] | None = None) -> Facts:
    """The customers there are, or those among some policyholders."""
    policies = read_policies(connection, holders)
    precise = pl.col("confirmed") | pl.col("level").is_in(sorted(PRECISE_LEVELS))
    places = (
        service_addresses(read_places(connection, holders))
        .filter(precise & pl.col("lon").is_not_null())
        .select("policyholder_id", "lon", "lat")
    )
    free = pl.col("orphan") & pl.col("team_code").is_null()
    opened = policies.filter(~pl.col("ended"))
    counted = opened.group_by("policyholder_id").agg(
        pl.len().cast(pl.Int64).alias("policies"),
        pl.col("cents").sum(),
        pl.col("orphan").sum().cast(pl.Int64).alias("orphans"),
        pl.col("unassigned").sum().cast(pl.Int64),
        free.sum().cast(pl.Int64).alias("free"),
    )
    points = places.join(counted, on="policyholder_id", how="inner", maintain_order="left")
    carried = policies.filter(pl.col("agent_code").is_not_null() | pl.col("team_code").is_not_null())
    holdings = carried.group_by("policyholder_id", "agent_code", "team_code").agg(
        pl.len().cast(pl.Int64).alias("policies"),
        (pl.col("orphan") & ~pl.col("ended")).sum().cast(pl.Int64).alias("orphans"),
    )
    return Facts(points, holdings)


class Customers:
    """Customers by point, in the order of an index; behind them policyholders without a point who have policies.

    `sums` (n, 6): customers (1 each), policies, cents, orphans, unassigned, free; all nought for those without a point or taken out.
    `held`, `agent`, `team` (rows of holdings): policies and orphans, and the place in `agents` or `teams` of who carries them, -1 for none.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        lon, lat = (facts.points[name].to_numpy() for name in ("lon", "lat"))
        order = strip_order(lon, lat)
        points = facts.points[order] if len(order) else facts.points
        placed = points["policyholder_id"]
        homeless = facts.holdings.join(points.select("policyholder_id"), on="policyholder_id", how="anti")
        self.ids = pl.concat([placed, homeless["policyholder_id"].unique(maintain_order=True)])
        self.index = PointIndex.build(lon[order], lat[order])
        columns = ("policies", "cents", "orphans", "unassigned", "free")
        self.sums: Ints = np.zeros((len(self.ids), 6), dtype=np.int64)
        self.sums[: len(order), 0] = 1
        self.sums[: len(order), 1:] = points.select(columns).to_numpy()
        self._hash: NDArray[np.uint64] = self.ids.hash(seed=0).to_numpy()
        self._by_hash = np.argsort(self._hash, kind="stable")
        self._hash = self._hash[self._by_hash]
        self._hold(facts.holdings)

    def _hold(self, holdings: pl.DataFrame) -> None:
        places = pl.DataFrame({"policyholder_id": self.ids}).with_row_index("position")
        rows = holdings.join(places, on="policyholder_id", how="inner").sort("position")
        self.agents = sorted(set(rows["agent_code"].drop_nulls().unique().to_list()))
        self.teams = sorted(set(rows["team_code"].drop_nulls().unique().to_list()))
        self.agent = _numbered(rows["agent_code"], self.agents)
        self.team = _numbered(rows["team_code"], self.teams)
        self.held = np.column_stack([rows["policies"].to_numpy(), rows["orphans"].to_numpy()]).astype(np.int64)
        self.holding_start = np.searchsorted(rows["position"].to_numpy(), np.arange(len(self.ids) + 1)).astype(np.int64)

    def __len__(self) -> int:
        return len(self.ids)

    def take_out(self, holders: list[str]) -> None:
        """Leave these policyholders out of all sums from now on."""
        wanted = pl.Series(holders, dtype=pl.String)
        number = wanted.hash(seed=0).to_numpy()
        first = np.searchsorted(self._hash, number, side="left")
        last = np.searchsorted(self._hash, number, side="right")
        gone = set(holders)
        for a, b in zip(first.tolist(), last.tolist(), strict=True):
            for position in self._by_hash[a:b].tolist():
                if self.ids[position] in gone:
                    self.sums[position] = 0
                    self.held[self.holding_start[position] : self.holding_start[position + 1]] = 0

    def covered(self, edges: Edges) -> Positions:
        """Positions of the customers that an area covers, its border included."""
        return self.living(self.index.covered(edges))

    def living(self, positions: Positions) -> Positions:
        """Those that have not been taken out."""
        found: Positions = positions[self.sums[positions, 0] > 0]
        return found

    def holdings(self, positions: Positions) -> tuple[Positions, Positions]:
        """Rows of `held`, `agent` and `team` of these customers, and for each which of `positions` it belongs to."""
        starts, ends = self.holding_start[positions], self.holding_start[positions + 1]
        lengths = ends - starts
        of = np.repeat(np.arange(len(positions)), lengths)
        within = np.arange(len(of)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return np.repeat(starts, lengths) + within, of


def _numbered(codes: pl.Series, known: list[str]) -> NDArray[np.int32]:
    """For each code its position among the known ones, which are sorted; -1 for null."""
    numbers = pl.DataFrame({"code": pl.Series(known, dtype=pl.String)}).with_row_index("number")
    joined = pl.DataFrame({"code": codes}).join(numbers, on="code", how="left", maintain_order="left")
    return joined["number"].cast(pl.Int32).fill_null(NOBODY).to_numpy().astype(np.int32)


class Book:
    """The customers of one database as a process keeps them: a large part that seldom changes, and the latest changes beside it."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.version = 0
        """Rises whenever anything has changed: the key of what is derived."""
        self.parts: tuple[Customers, ...] = ()
        self.derived: dict[Any, Any] = {}
        self.world = ""
        """The state of the world (`app.revision`) as the connection sees it that looked last."""
        self._seen: News | None = None
        self._looked = 0.0
        self._changed: set[str] = set()

    def look(self, connection: Connection) -> bool:
        """Bring it up to what the connection sees. False where the connection has changes of its own that others do not see yet:
        then nothing is done, and it must read for itself."""
        seen = self._seen
        recent = seen is not None and monotonic() - self._looked < LONGEST_UNSEEN_S
        news = read_news(connection, seen.snapshot if seen is not None and recent else None)
        if news.own:
            return False
        many = None in news.holders or len(news.holders) > MOST_CHANGES
        if seen is None or not recent or seen.database != news.database or many:
            self._replace(read_facts(connection))
        elif news.holders:
            self._patch(connection, [holder for holder in news.holders if holder is not None])
        self._seen, self._looked, self.world = news, monotonic(), news.world
        return True

    def _replace(self, facts: Facts) -> None:
        self.parts = (Customers(facts),)
        self._changed = set()
        self._renew()

    def _patch(self, connection: Connection, holders: list[str]) -> None:
        self._changed.update(holders)
        latest = read_facts(connection, holders)
        base = self.parts[0]
        if len(self.parts) > 1:
            latest = self.parts[1].facts.without(pl.Series(holders, dtype=pl.String)).and_also(latest)
        if len(self._changed) > MOST_CHANGES:
            gone = pl.Series(sorted(self._changed), dtype=pl.String)
            self._replace(base.facts.without(gone).and_also(latest))
            return
        base.take_out(holders)
        self.parts = (base, Customers(latest))
        self._renew()

    def _renew(self) -> None:
        self.version += 1
        self.derived = {}

    @classmethod
    def own(cls, connection: Connection) -> Book:
        """What a connection sees, for itself alone."""
        book = cls()
        book.world = read_news(connection, None).world
        book._replace(read_facts(connection))
        return book


def warm(connection: Connection) -> None:
    """Read everybody and compile what counts them, so that the first question does not wait."""
    with customers(connection) as book:
        for part in book.parts:
            part.covered(Edges(np.zeros((1, 4)), np.zeros(1, dtype=np.int32)))


_books: dict[str, Book] = {}
_books_lock = Lock()

MOST_BOOKS = 4
"""Databases that a process keeps the customers of: one in a server, several in tests."""


@contextmanager
def customers(connection: Connection) -> Iterator[Book]:
    """The customers as the connection sees them, for as long as the context lasts; one caller of a process at a time.

    The first caller of a process waits until everybody has been read: some seconds for a million.
    """
    url = str(connection.engine.url)
    with _books_lock:
        book = _books.pop(url, None) or Book()
        _books[url] = book
        while len(_books) > MOST_BOOKS:
            del _books[next(iter(_books))]
    with book.lock:
        yield book if book.look(connection) else Book.own(connection)
