"""What an endpoint may ask for: a connection, the caller and scope, today, a page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Header, Query, Request
from pydantic import AfterValidator
from sqlalchemy import Connection, Engine

from app.access.principal import Principal
from app.fields import printable
from app.settings import Settings

CHINA = ZoneInfo("Asia/Shanghai")
"""Business dates are those of China, wherever the server stands."""

# Dependencies that do not wait are coroutines: a plain function would cost a change of threads on each request.


async def get_settings(request: Request) -> Settings:
    """The settings that the application was built with."""
    settings: Settings = request.app.state.settings
    return settings


async def get_engine(request: Request) -> Engine:
    """The engine of this process."""
    engine: Engine = request.app.state.engine
    return engine


async def get_principal() -> Principal:
    """The caller. There is no login yet: everyone is the branch and sees everything."""
    return Principal(name="branch", role="branch")


def read(request: Request) -> Iterator[Connection]:
    """A connection that can only read; what it sees is consistent for the whole request."""
    with request.app.state.reading.connect() as connection:
        yield connection


def write(request: Request) -> Iterator[Connection]:
    """A connection in a transaction that is committed after the endpoint returns and before the answer is sent."""
    with request.app.state.engine.begin() as connection:
        yield connection


def business_day(settings: Settings) -> date:
    """The configured day, else the day in China."""
    return settings.today or datetime.now(CHINA).date()


async def get_today(request: Request) -> date:
    """Today's business date."""
    return business_day(request.app.state.settings)


@dataclass(frozen=True, slots=True)
class Page:
    """Which page of a list is asked for."""

    limit: int
    cursor: str | None


async def get_page(
    limit: Annotated[int, Query(ge=1, le=500, description="Items on a page")] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Page:
    """The page asked for."""
    return Page(limit, cursor)


CurrentSettings = Annotated[Settings, Depends(get_settings)]
CurrentEngine = Annotated[Engine, Depends(get_engine)]
CurrentPrincipal = Annotated[Principal, Depends(get_principal)]
Today = Annotated[date, Depends(get_today)]
WantedPage = Annotated[Page, Depends(get_page)]

# Without the scope the code after `yield`, and so the commit, would run after the answer was sent.
ReadConnection = Annotated[Connection, Depends(read, scope="function")]
WriteConnection = Annotated[Connection, Depends(write, scope="function")]

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=8,
        max_length=200,
        description="Makes a retry safe: the same key with the same request gets the same answer, and nothing happens twice.",
        examples=["6f1c1f5e-3b0f-4a55-9e0c-2f1f0f9f7c1a"],
    ),
    AfterValidator(lambda key: key if key is None else printable(key)),
]
