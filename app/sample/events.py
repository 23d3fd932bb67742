"""The rows of events.csv: what happened to the policies that lose their servicer."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from app.sample.assignment import Hands
from app.sample.book import AGENT, ANNOUNCED, CHANNEL, CUSTOMER, DOMESTIC, LAPSED, REASONS, TERMINATED, Book
from app.sample.draws import Floats, Ints, stream
from app.sample.policies import Terms, dates, day, names_of, numbered, policy_numbers
from app.sample.staff import Agents

_APPROVED = {AGENT: 0.85, CUSTOMER: 0.80, CHANNEL: 0.75}
_DESIGNATED = {AGENT: 0.06, CUSTOMER: 0.30}


def event_rows(book: Book, agents: Agents, hands: Hands, terms: Terms, as_of: date, seed: int) -> pl.DataFrame:
    """At least one event for every policy that the book names; columns as in the contract.

    Some policies get a second event of another reason, some rows are sent twice, and some events lie ahead or come too
    early for their reason's test: an intake has to cope with all of them.
    """
    rng = stream(seed, "events")
    policy = np.flatnonzero(book.named)
    unit = book.unit[policy]
    reason = book.cause[unit]
    happened = _dates(rng, book, agents, hands, terms, as_of, unit, reason)

    again = np.flatnonzero(rng.random(len(policy)) < 0.015)
    other = np.where(book.serviced[unit[again]], np.where(reason[again] == CUSTOMER, AGENT, CUSTOMER), DOMESTIC)
    other = np.where((other == DOMESTIC) & (reason[again] == DOMESTIC), CHANNEL, other)
    policy = np.concatenate([policy, policy[again]])
    happened = np.concatenate([happened, np.minimum(happened[again], day(as_of)) - rng.integers(0, 25, len(again))])
    reason = np.concatenate([reason, other])
    unit = book.unit[policy]

    order = np.lexsort((policy, happened))
    policy, unit, reason, happened = policy[order], unit[order], reason[order], happened[order]
    rows = _rows(rng, agents, hands, policy, unit, reason, happened, as_of)
    repeated = np.sort(rng.permutation(len(policy))[: int(np.ceil(len(policy) * 0.005))])
    return pl.concat([rows, rows[repeated]])


def _dates(
    rng: np.random.Generator,
    book: Book,
    agents: Agents,
    hands: Hands,
    terms: Terms,
    as_of: date,
    unit: Ints,
    reason: Ints,
) -> Ints:
    """Days since 1970-01-01. All policies of a leaver share the day on which the contract ended."""
    today = day(as_of)
    ago = 1 + np.minimum(rng.exponential(45, len(book.branch)).astype(np.int64), 176)
    happened = today - ago[unit]
    leaver = np.maximum(hands.servicer[unit], 0)
    gone = np.isin(reason, (TERMINATED, ANNOUNCED)) & (hands.servicer[unit] >= 0)
    happened = np.where(gone, today - agents.left_days[leaver], happened)
    # The core system reports a lapse some days after half a year has passed, and sometimes too early.
    half_year = terms.lapsed_on[unit] + 184 + ago[unit] % 25
    reported = np.where(half_year <= today, np.maximum(half_year, today - 170), today - ago[unit] % 12)
    return np.where(reason == LAPSED, reported, happened)


def _rows(
    rng: np.random.Generator,
    agents: Agents,
    hands: Hands,
    policy: Ints,
    unit: Ints,
    reason: Ints,
    happened: Ints,
    as_of: date,
) -> pl.DataFrame:
    count, today = len(policy), day(as_of)
    chance: Floats = rng.random(count)
    needed = sum((np.where(reason == which, share, 0.0) for which, share in _APPROVED.items()), np.zeros(count))
    approved = chance < needed
    wished = sum((np.where(reason == which, share, 0.0) for which, share in _DESIGNATED.items()), np.zeros(count))
    designated = np.where(approved & (rng.random(count) < wished), hands.designated[unit], -1)
    origin = hands.servicer[unit]
    # Formalities of one leaver are completed on one day, some days after the contract ended, if they are at all.
    slow = np.maximum(origin, 0) * 7 % 19 + 1
    formalities = np.where((reason == TERMINATED) & (happened + slow <= today), happened + slow, -1)
    formalities = np.where(rng.random(count) < 0.02, -1, formalities)
    names = (*REASONS, REASONS[TERMINATED])
    return pl.DataFrame(
        {
            "event_id": numbered("E", np.arange(count), 7),
            "policy_no": policy_numbers(policy),
            "reason": names_of(names, reason),
            "event_on": dates(happened),
            "origin_agent_code": names_of(agents.code, origin),
            "formalities_on": dates(formalities),
            "approval_ref": numbered("SP", np.arange(count) + 10_000, 7).set(pl.Series(~approved), None),
            "designated_agent_code": names_of(agents.code, designated),
        }
    )
