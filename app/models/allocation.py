"""Strategies, runs, and what they leave: decisions on bundles, cases and allocations.

H1 and H8 of the rulebook (5.1) live here as constraints, so that psql and QGIS meet them too. H1 is two composite
foreign keys and a CHECK: an allocation carries the force of its team and agent, and whether the collection force ever
serviced the case; neither copy can drift from its original, and the two together refuse the one forbidden pair.
"""

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import SRID, Base, one_of
from app.models.policies import ADDRESS_KINDS, LEVELS

CASE_STATES = (
    "REPORTED",
    "PENDING_APPROVAL",
    "REJECTED",
    "POOLED",
    "CLASSIFIED",
    "GROUPED",
    "LOCATION_REVIEW",
    "LOCATED",
    "PROPOSED",
    "CITY_REVIEW",
    "TEAM_POOL",
    "ASSIGNED",
    "SYNC_FAILED",
    "CONFIRMED",
    "SERVICING",
    "RECLAIMED",
    "SUSPENDED",
    "CLOSED",
)
"""Life of a case, rulebook 5.3."""

RUNGS = (
    "DESIGNATED",
    "CURRENT_SERVICER",
    "REGION_OWNER",
    "REGION_TIE_ORIGIN",
    "REGION_TIE_COMMUNITY",
    "REGION_TIE_LOAD",
    "ORIGIN_TEAM",
    "BRANCH_BALANCE",
    "CITY_REVIEW",
)
"""The ladder, rulebook 5.2."""


class Strategy(Base):
    """A published version of the province's configuration; never changed once published."""

    __tablename__ = "strategy"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    config: Mapped[dict[str, Any]] = mapped_column(JSONB)
    published_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Run(Base):
    """One allocation of many cases: computed, looked at, then confirmed or discarded."""

    __tablename__ = "run"
    __table_args__ = (
        one_of("status", "QUEUED", "RUNNING", "PROPOSED", "CONFIRMED", "DISCARDED", "FAILED"),
        CheckConstraint("progress BETWEEN 0 AND 1", name="progress"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    as_of: Mapped[date]
    branch_code: Mapped[str | None] = mapped_column(ForeignKey("organisation.code"))
    policy_nos: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    confirm: Mapped[bool] = mapped_column(server_default="false")
    distribute: Mapped[bool] = mapped_column(server_default="false")
    status: Mapped[str] = mapped_column(Text, server_default="QUEUED")
    stage: Mapped[str | None] = mapped_column(Text)
    progress: Mapped[float] = mapped_column(server_default="0")
    strategy_version: Mapped[int | None] = mapped_column(ForeignKey("strategy.version"))
    plan_version: Mapped[str | None] = mapped_column(Text)
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    seconds: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    error: Mapped[str | None] = mapped_column(Text)
    requested_by: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class RefusedEvent(Base):
    """An event that opened nothing in a run, and why."""

    __tablename__ = "refused_event"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("orphan_event.event_id"), primary_key=True)
    code: Mapped[str] = mapped_column(Text)


class Decision(Base):
    """What a run decided of one bundle, with all that it was decided on. Never changed afterwards."""

    __tablename__ = "decision"
    __table_args__ = (
        one_of("rung", *RUNGS),
        one_of("nature", "PURE", "NON_PURE"),
        one_of("located_by", "POINT", "COMMUNITY", "NONE"),
        one_of("address_kind", *ADDRESS_KINDS),
        one_of("level", *LEVELS),
        Index("ix_decision_run_id", "run_id"),  # confirm, discard, export of a run
        Index("ix_decision_point", "point", postgresql_using="gist"),  # orphan tiles
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"))
    policyholder_id: Mapped[str] = mapped_column(ForeignKey("policyholder.id"))
    bundle_no: Mapped[str] = mapped_column(Text)
    policies: Mapped[int] = mapped_column(SmallInteger)
    branch_code: Mapped[str] = mapped_column(Text)
    nature: Mapped[str] = mapped_column(Text)
    nature_evidence: Mapped[str] = mapped_column(Text)
    address_id: Mapped[int | None] = mapped_column(BigInteger)
    address_kind: Mapped[str | None] = mapped_column(Text)
    point: Mapped[WKBElement | None] = mapped_column(Geometry("POINT", SRID, spatial_index=False))
    level: Mapped[str | None] = mapped_column(Text)
    confidence: Mapped[float | None]
    radius_m: Mapped[float | None]
    community_code: Mapped[str | None] = mapped_column(Text)
    located_by: Mapped[str] = mapped_column(Text)
    rung: Mapped[str | None] = mapped_column(Text)
    team_code: Mapped[str | None] = mapped_column(ForeignKey("team.code"))
    flags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    review_code: Mapped[str | None] = mapped_column(Text)
    hold_until: Mapped[date | None]
    notice_due_on: Mapped[date | None]
    first_event_on: Mapped[date]
    strategy_version: Mapped[int]
    plan_version: Mapped[str] = mapped_column(Text)
    trail: Mapped[list[Any]] = mapped_column(JSON)


class OrphanCase(Base):
    """A policy in orphan management. One open case per policy (H8)."""

    __tablename__ = "orphan_case"
    __table_args__ = (
        one_of("state", *CASE_STATES),
        one_of("nature", "PURE", "NON_PURE"),
        CheckConstraint("open = (state NOT IN ('REJECTED', 'CLOSED'))", name="open"),
        Index("uq_orphan_case_policy_no_open", "policy_no", unique=True, postgresql_where="open"),  # H8
        Index("ix_orphan_case_policyholder_id", "policyholder_id", postgresql_where="open"),  # grouping of one holder
        Index("ix_orphan_case_decision_id", "decision_id"),  # orphan tiles, confirm, discard
        UniqueConstraint("id", "collection_serviced"),  # what H1 on allocation refers to
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    policy_no: Mapped[str] = mapped_column(ForeignKey("policy.policy_no"))
    policyholder_id: Mapped[str] = mapped_column(Text)
    branch_code: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    open: Mapped[bool]
    generation: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text))
    event_ids: Mapped[list[str]] = mapped_column(ARRAY(Text))
    origin_agent_code: Mapped[str | None] = mapped_column(Text)
    first_event_on: Mapped[date]
    notice_due_on: Mapped[date | None]
    collection_serviced: Mapped[bool]
    nature: Mapped[str | None] = mapped_column(Text)
    bundle_no: Mapped[str | None] = mapped_column(Text)
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))


class Allocation(Base):
    """A case given to a team, and to an agent of it. At most one live one per case (H8); never against H1."""

    __tablename__ = "allocation"
    __table_args__ = (
        CheckConstraint(
            "NOT live OR NOT collection_serviced OR (team_force <> 'MARKETING' AND coalesce(agent_force, '') <> 'MARKETING')",
            name="h1",
        ),
        CheckConstraint("(agent_code IS NULL) = (agent_force IS NULL)", name="agent"),
        ForeignKeyConstraint(
            ["case_id", "collection_serviced"],
            ["orphan_case.id", "orphan_case.collection_serviced"],
            onupdate="CASCADE",
        ),
        ForeignKeyConstraint(["team_code", "team_force"], ["team.code", "team.force"], onupdate="CASCADE"),
        ForeignKeyConstraint(["agent_code", "agent_force"], ["agent.code", "agent.force"], onupdate="CASCADE"),
        Index("uq_allocation_case_id_live", "case_id", unique=True, postgresql_where="live"),  # H8
        Index("ix_allocation_team_code", "team_code", postgresql_where="live"),  # a team's pool
        Index("ix_allocation_run_id", "run_id"),  # discard, export of a run
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    case_id: Mapped[int] = mapped_column(BigInteger)
    collection_serviced: Mapped[bool]
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"))
    team_code: Mapped[str] = mapped_column(Text)
    team_force: Mapped[str] = mapped_column(Text)
    agent_code: Mapped[str | None] = mapped_column(Text)
    agent_force: Mapped[str | None] = mapped_column(Text)
    live: Mapped[bool]


class WorldRevision(Base):
    """One row, whose number a statement trigger raises with every change of organisation, areas, gazetteer or strategy, so that what a
    process keeps of them in memory is never stale."""

    __tablename__ = "world_revision"
    __table_args__ = (CheckConstraint("single", name="single"),)

    single: Mapped[bool] = mapped_column(primary_key=True, server_default="true")
    revision: Mapped[int] = mapped_column(BigInteger, server_default="1")


class TeamLoad(Base):
    """Policies that a team holds by live allocations: the counter that keeps concurrent single allocations within capacity (H4)."""

    __tablename__ = "team_load"
    __table_args__ = (CheckConstraint("allocated >= 0", name="allocated"),)

    team_code: Mapped[str] = mapped_column(ForeignKey("team.code", ondelete="CASCADE"), primary_key=True)
    allocated: Mapped[int]


class AgentLoad(Base):
    """Open policies that an agent services, the open orphans left out (rulebook 5.2, 5.5); `allocated`: live allocations to the agent."""

    __tablename__ = "agent_load"
    __table_args__ = (
        CheckConstraint("serviced >= 0", name="serviced"),
        CheckConstraint("allocated >= 0", name="allocated"),
    )

    agent_code: Mapped[str] = mapped_column(ForeignKey("agent.code", ondelete="CASCADE"), primary_key=True)
    serviced: Mapped[int]
    allocated: Mapped[int]
