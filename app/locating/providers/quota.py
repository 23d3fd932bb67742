"""What is spent of a provider's quota, and when it is left alone. Each step is a transaction of its own, over before the network is waited for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, text

from geo.providers import Failure

CHINA: Final = ZoneInfo("Asia/Shanghai")
"""The providers' day begins at midnight in China."""

_CLAIM = text(
    """
    INSERT INTO provider_quota (provider, day, spent) VALUES (:provider, :day, 1)
    ON CONFLICT (provider, day) DO UPDATE SET spent = provider_quota.spent + 1 WHERE provider_quota.spent < :quota
    RETURNING spent
    """
)
_SPENT = text("SELECT spent FROM provider_quota WHERE provider = :provider AND day = :day")
_STATE = text(
    "SELECT fault, status, fault_at, stopped_until, stopped_for FROM provider_state WHERE provider = :provider"
)
_RECORD = text(
    """
    INSERT INTO provider_state (provider, fault, status, fault_at, stopped_until, stopped_for)
    VALUES (:provider, :fault, :status, now(), :until, :fingerprint)
    ON CONFLICT (provider) DO UPDATE SET fault = excluded.fault, status = excluded.status, fault_at = excluded.fault_at,
        stopped_until = greatest(provider_state.stopped_until, excluded.stopped_until),
        stopped_for = coalesce(excluded.stopped_for, provider_state.stopped_for)
    """
)


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a provider. `fault`, `status`, `fault_at`: the last trouble; `stopped_until`, `denied`: why it is left alone."""

    spent: int
    fault: str | None = None
    status: str = ""
    fault_at: datetime | None = None
    stopped_until: datetime | None = None
    denied: bool = False

    @property
    def stopped(self) -> bool:
        """It is not to be asked."""
        return self.denied or self.stopped_until is not None


def china_day(now: datetime) -> date:
    """The day in China; `now` must be aware."""
    return now.astimezone(CHINA).date()


def next_midnight(now: datetime) -> datetime:
    """When the next day begins in China."""
    return datetime.combine(china_day(now) + timedelta(days=1), time(), CHINA)


def claim(engine: Engine, provider: str, quota: int, now: datetime) -> bool:
    """Takes one request from today's quota, if one is left. Committed at once: a crash before the request wastes one, and no two
    processes ever get the last one (the row's lock orders them).
    """
    if quota <= 0:
        return False
    with engine.begin() as connection:
        asked = {"provider": provider, "day": china_day(now), "quota": quota}
        return connection.execute(_CLAIM, asked).scalar_one_or_none() is not None


def read_state(connection: Connection, provider: str, fingerprint: str, now: datetime) -> State:
    """What is known of a provider under this configuration."""
    spent = connection.execute(_SPENT, {"provider": provider, "day": china_day(now)}).scalar_one_or_none() or 0
    row = connection.execute(_STATE, {"provider": provider}).one_or_none()
    if row is None:
        return State(spent)
    until = row.stopped_until if row.stopped_until is not None and row.stopped_until > now else None
    return State(spent, row.fault, row.status, row.fault_at, until, row.stopped_for == fingerprint)


def record_fault(
    engine: Engine, provider: str, failure: Failure, *, until: datetime | None = None, fingerprint: str | None = None
) -> None:
    """Keeps the last trouble with a provider; leaves it alone until a time, or for as long as its configuration is this one."""
    with engine.begin() as connection:
        connection.execute(
            _RECORD,
            {
                "provider": provider,
                "fault": failure.fault.value,
                "status": failure.status[:100],
                "until": until,
                "fingerprint": fingerprint,
            },
        )


def resume(engine: Engine, provider: str) -> None:
    """Asks it again from now on: for a fault that was put right at the provider's own console."""
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE provider_state SET stopped_until = NULL, stopped_for = NULL WHERE provider = :provider"),
            {"provider": provider},
        )
