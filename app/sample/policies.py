"""The rows of policyholders.csv and policies.csv."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from app.sample import vocabulary
from app.sample.assignment import Hands
from app.sample.book import KEPT, LAPSED, Book
from app.sample.divisions import Divisions
from app.sample.draws import Bools, Ints, choose, stream
from app.sample.staff import Agents, person_names

EPOCH = date(1970, 1, 1)
IN_FORCE, LAPSED_STATUS, ENDED = 0, 1, 2


@dataclass(frozen=True)
class Terms:
    """Dates are days since 1970-01-01. Arrays by unit (u) and by policy (p)."""

    status: Ints
    """u"""
    lapsed_on: Ints
    """u: -1 where not lapsed."""
    effective_on: Ints
    """u"""
    since: Ints
    """u"""
    product: Ints
    """p"""
    term: Ints
    """p: years; -1 for life."""
    premium: Ints
    """p"""


def day(value: date) -> int:
    """Days since 1970-01-01."""
    return (value - EPOCH).days


def six_months_before(value: date) -> date:
    """The latest lapse that is six calendar months old on ``value`` (a shorter month ends on its last day)."""
    year, month = divmod(value.year * 12 + value.month - 1 - 6, 12)
    for last in range(value.day, 0, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has a first day")


def agree(book: Book, hands: Hands, as_of: date, seed: int) -> Terms:
    """Draws products, premiums, dates and status of every policy."""
    rng = stream(seed, "terms")
    units, today = len(book.branch), day(as_of)
    status = choose(rng, (0.94, 0.04, 0.02), units)
    status = np.where((book.cause != KEPT) & (rng.random(units) < 0.75) & (status == ENDED), IN_FORCE, status)
    status = np.where(book.cause == LAPSED, LAPSED_STATUS, status)

    lapsed_on = today - rng.integers(1, 900, units)
    self_sold = today - rng.integers(186, 480, units)
    # Some events come too early; some lapses are six months old to the day, or a day short of it.
    limit, turn = day(six_months_before(as_of)), rng.random(units)
    self_sold = np.where(turn < 0.06, today - rng.integers(60, 175, units), self_sold)
    self_sold = np.where((turn >= 0.06) & (turn < 0.075), limit, self_sold)
    self_sold = np.where((turn >= 0.075) & (turn < 0.09), limit + 1, self_sold)
    lapsed_on = np.where(book.cause == LAPSED, self_sold, lapsed_on)
    lapsed_on = np.where(status == LAPSED_STATUS, lapsed_on, -1)

    first = day(date(as_of.year - 18, 1, 1))
    last = np.where(lapsed_on >= 0, lapsed_on - 365, today - 220)
    age = rng.random(units) ** 1.3
    effective_on = (last - age * (last - first)).astype(np.int64)
    handed = (effective_on + rng.random(units) * (today - 200 - effective_on)).astype(np.int64)
    since = np.where(hands.seller == hands.servicer, effective_on, np.maximum(handed, effective_on))

    product, term, premium = _products(rng, book)
    return Terms(status, lapsed_on, effective_on, since, product, term, premium)


def _products(rng: np.random.Generator, book: Book) -> tuple[Ints, Ints, Ints]:
    riders = np.array([index for index, product in enumerate(vocabulary.PRODUCTS) if product[1]])
    mains = np.array([index for index, product in enumerate(vocabulary.PRODUCTS) if not product[1]])
    rider: Bools = (book.part > 0) & (rng.random(book.size) < 0.85)
    product = np.where(
        rider, riders[rng.integers(0, len(riders), book.size)], mains[rng.integers(0, len(mains), book.size)]
    )
    longest = max(len(entry[2]) for entry in vocabulary.PRODUCTS)
    terms = np.array(
        [
            [-1 if (years := entry[2][place % len(entry[2])]) is None else years for place in range(longest * 6)]
            for entry in vocabulary.PRODUCTS
        ]
    )
    term = terms[product, rng.integers(0, terms.shape[1], book.size)]
    low = np.array([entry[3] for entry in vocabulary.PRODUCTS], dtype=np.float64)[product]
    high = np.array([entry[4] for entry in vocabulary.PRODUCTS], dtype=np.float64)[product]
    exact = low * (high / low) ** (rng.random(book.size) ** 1.4)
    step = np.where(high > 2_000, 100, 10)
    return product, term, (np.round(exact / step) * step).astype(np.int64)


def names_of(codes: tuple[str, ...], index: Ints) -> pl.Series:
    """Codes by index; null for -1."""
    known = pl.Series(index).replace(-1, None)
    return pl.Series(codes, dtype=pl.String).gather(known)


def dates(days: Ints) -> pl.Series:
    """Days since 1970-01-01 as dates; null for -1."""
    return pl.Series(days.astype(np.int32)).replace(-1, None).cast(pl.Date)


def policy_rows(book: Book, divisions: Divisions, agents: Agents, hands: Hands, terms: Terms) -> pl.DataFrame:
    """One row a policy, columns as in the contract."""
    unit = book.unit
    combined = book.parts[unit] > 1
    served = book.by_collection & book.serviced
    # Policies that came from elsewhere may have been with a collection force there.
    served |= ~book.serviced & (np.arange(len(book.branch)) % 4 == 0)
    return pl.DataFrame(
        {
            "policy_no": policy_numbers(np.arange(book.size)),
            "policyholder_id": holder_ids(book.holder),
            "branch_code": names_of(divisions.branch_codes, book.branch[unit]),
            "product": names_of(tuple(product[0] for product in vocabulary.PRODUCTS), terms.product),
            "premium": terms.premium,
            "combination_id": numbered("K", unit, 7).set(pl.Series(~combined), None),
            "effective_on": dates(terms.effective_on[unit]),
            "term_years": pl.Series(terms.term).replace(-1, None),
            "status": names_of(("IN_FORCE", "LAPSED", "ENDED"), terms.status[unit]),
            "lapsed_on": dates(terms.lapsed_on[unit]),
            "seller_code": names_of(agents.code, hands.seller[unit]),
            "servicer_code": names_of(agents.code, hands.servicer[unit]),
            "servicer_since": dates(np.where(hands.servicer >= 0, terms.since, -1)[unit]),
            "served_by_collection": served[unit],
        }
    )


def policy_numbers(index: Ints) -> pl.Series:
    return numbered("P", index, 8)


def holder_ids(index: Ints) -> pl.Series:
    return numbered("H", index, 7)


def numbered(prefix: str, index: Ints, width: int) -> pl.Series:
    """Codes of a prefix and a number padded with zeros."""
    return pl.select(pl.lit(prefix) + pl.lit(pl.Series(index)).cast(pl.String).str.zfill(width)).to_series()


def holder_rows(book: Book, teams_branch: Ints, agents: Agents, seed: int) -> pl.DataFrame:
    """One row a holder. Three in a thousand are agents themselves, of the branch that manages their policies.

    ``teams_branch``: the branch of every agent's team. Phone numbers count up from 199 0000 0000.
    """
    rng = stream(seed, "holders")
    name = pl.Series(person_names(rng, book.holders), dtype=pl.String)
    myself = np.full(book.holders, -1, dtype=np.int64)
    wanted = max(1, book.holders * 3 // 1000)
    candidates = rng.permutation(agents.size)[:wanted]
    homes = rng.permutation(book.holders)
    place = {
        int(branch): iter(homes[book.holder_branch[homes] == branch].tolist()) for branch in np.unique(teams_branch)
    }
    for agent in candidates.tolist():
        holder = next(place[int(teams_branch[agent])], None)
        if holder is not None:
            myself[holder] = agent
    agent_name = names_of(agents.name, myself)
    return pl.DataFrame(
        {
            "id": holder_ids(np.arange(book.holders)),
            "name": agent_name.fill_null(name),
            "phone": numbered("199", np.arange(book.holders), 8),
            "agent_code": names_of(agents.code, myself),
        }
    )
