"""Organisations, teams and pools as they go over the wire."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PlainSerializer

from app.fields import CaseState, Output, Rung
from app.fields import Level as MatchLevel

Level = Literal["province", "city", "branch"]
Force = Literal["COLLECTION", "MARKETING"]

Money = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
"""An amount in yuan, two decimals."""


class Organisation(Output):
    """A province, city or branch."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"code": "NJ-JY", "level": "branch", "parent_code": "NJ", "name": "建邺支公司"}]
        }
    )

    code: str
    level: Level
    parent_code: str | None
    name: str


class Team(Output):
    """A team with what it carries today.

    `capacity`: the team's own figure, else the sum over its eligible members. `load`: open policies that its eligible members
    service, and its live allocations. `pool`: policies that wait in the team for an agent.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "T-E1",
                    "name": "收展一队",
                    "branch_code": "E",
                    "branch_name": "东支公司",
                    "force": "COLLECTION",
                    "takes_part": True,
                    "capacity": 300,
                    "load": 121,
                    "pool": 1,
                    "ended_on": None,
                    "has_territory": True,
                }
            ]
        }
    )

    code: str
    name: str
    branch_code: str
    branch_name: str
    force: Force
    takes_part: bool
    capacity: int
    load: int
    pool: int
    ended_on: date | None
    has_territory: bool


class TeamPage(Output):
    """A page of teams by code; `next`: the cursor of the next page, null on the last one."""

    items: list[Team]
    next: str | None


class MaskedHolder(Output):
    """A policyholder as far as a pool may show."""

    name: str | None = Field(examples=["王＊＊"])
    phone: str | None = Field(examples=["199****0000"])


class PoolItem(Output):
    """A policy in a team's pool. The address lacks its house number and the point is rounded to about 100 m."""

    policy_no: str
    policyholder: MaskedHolder
    product: str | None
    premium: Money | None
    reasons: list[str]
    nature: Literal["PURE", "NON_PURE"] | None
    rung: Rung | None
    flags: list[str]
    state: CaseState
    agent_code: str | None
    bundle_no: str | None
    address: str | None = Field(examples=["建邺区庐山路＊＊号＊＊幢＊＊室"])
    lon: float | None
    lat: float | None
    level: MatchLevel | None


class PoolPage(Output):
    """A page of a pool by policy number; `total` counts the whole pool."""

    items: list[PoolItem]
    next: str | None
    total: int
