"""Policyholders, their addresses and policies, and the events that make orphans."""

from datetime import date, datetime
from decimal import Decimal

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import SRID, Base, one_of

REASONS = (
    "AGENT_TERMINATED",
    "AGENT_REQUEST",
    "CUSTOMER_REQUEST",
    "TRANSFER_IN_DOMESTIC",
    "TRANSFER_IN_EXTERNAL",
    "LAPSED_SELF_SOLD",
    "OTHER_CHANNEL",
    "NO_QUALIFIED_SERVICER",
)
"""Intake reasons, rulebook 4.1."""

ADDRESS_KINDS = ("CUSTOMER_CONFIRMED", "VISIT_CONFIRMED", "POSTAL", "HOME", "WORK")
"""In the order in which they are preferred, rulebook 4.4."""

LEVELS = ("UNIT", "DOOR", "COMPOUND", "POI", "COMMUNITY", "ROAD", "SUBDISTRICT", "DISTRICT", "CITY", "NONE")
"""Match levels, rulebook 4.5."""


class Policyholder(Base):
    """A policyholder; `agent_code` says that the holder is this agent (H6)."""

    __tablename__ = "policyholder"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    agent_code: Mapped[str | None] = mapped_column(ForeignKey("agent.code"))


class Address(Base):
    """An address of a policyholder. `point` is the given coordinate, converted to CGCS2000; geocoded ones are in `location`."""

    __tablename__ = "address"
    __table_args__ = (
        one_of("kind", *ADDRESS_KINDS),
        UniqueConstraint("policyholder_id", "kind", "updated_on", "text", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    policyholder_id: Mapped[str] = mapped_column(ForeignKey("policyholder.id"))
    kind: Mapped[str] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)
    point: Mapped[WKBElement | None] = mapped_column(Geometry("POINT", SRID, spatial_index=False))
    declared_crs: Mapped[str | None] = mapped_column(Text)
    community_code: Mapped[str | None] = mapped_column(Text)
    updated_on: Mapped[date | None]


class Geocoded:
    """The columns that the geocoder fills, and what a person's decision sets aside (`app.locating.columns` lists them for SQL).

    `radius_m`, `radius50_m`: metres within which nine of ten, and half, of such answers lie. `within_…`: the chance that the true place
    is no farther than so many metres; null where nobody measured it. `gazetteer_version`: of the geocoder and its gazetteer.
    `key`: the place that the text names, shared by all addresses of an estate or a house number (`app.locating.keys`).
    """

    point: Mapped[WKBElement | None] = mapped_column(Geometry("POINT", SRID, spatial_index=False))
    level: Mapped[str] = mapped_column(Text)
    confidence: Mapped[float]
    radius_m: Mapped[float | None]
    radius50_m: Mapped[float | None]
    within_50_m: Mapped[float | None] = mapped_column(REAL)
    within_100_m: Mapped[float | None] = mapped_column(REAL)
    within_200_m: Mapped[float | None] = mapped_column(REAL)
    within_500_m: Mapped[float | None] = mapped_column(REAL)
    within_1000_m: Mapped[float | None] = mapped_column(REAL)
    within_2500_m: Mapped[float | None] = mapped_column(REAL)
    district: Mapped[str | None] = mapped_column(Text)
    subdistrict: Mapped[str | None] = mapped_column(Text)
    matched: Mapped[str | None] = mapped_column(Text)
    provider: Mapped[str] = mapped_column(Text)
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    gazetteer_version: Mapped[str] = mapped_column(Text)
    key: Mapped[str | None] = mapped_column(Text)


class Location(Geocoded, Base):
    """Where the geocoder puts an address (the newest attempt), or where a person has put it: provider `REVIEW` with its decision."""

    __tablename__ = "location"
    __table_args__ = (
        one_of("level", *LEVELS),
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
        CheckConstraint("(provider = 'REVIEW') = (review_id IS NOT NULL)", name="review"),
        Index("ix_location_key", "key", postgresql_where="key IS NOT NULL"),  # what a review decision settles
        Index("ix_location_review_id", "review_id", postgresql_where="review_id IS NOT NULL"),  # undo
    )

    address_id: Mapped[int] = mapped_column(ForeignKey("address.id", ondelete="CASCADE"), primary_key=True)
    review_id: Mapped[int | None] = mapped_column(ForeignKey("location_decision.id"))


class Policy(Base):
    """A policy. The seller is a permanent fact, the present servicer a separate one (rulebook 4.1)."""

    __tablename__ = "policy"
    __table_args__ = (
        one_of("status", "IN_FORCE", "LAPSED", "ENDED"),
        Index("ix_policy_policyholder_id", "policyholder_id"),  # nature and grouping of one holder
        Index("ix_policy_combination_id", "combination_id", postgresql_where="combination_id IS NOT NULL"),  # grouping
    )

    policy_no: Mapped[str] = mapped_column(Text, primary_key=True)
    policyholder_id: Mapped[str] = mapped_column(ForeignKey("policyholder.id"))
    branch_code: Mapped[str] = mapped_column(ForeignKey("organisation.code"))
    product: Mapped[str | None] = mapped_column(Text)
    premium: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    combination_id: Mapped[str | None] = mapped_column(Text)
    effective_on: Mapped[date | None]
    term_years: Mapped[int | None]
    status: Mapped[str] = mapped_column(Text)
    lapsed_on: Mapped[date | None]
    seller_code: Mapped[str | None] = mapped_column(ForeignKey("agent.code"))
    servicer_code: Mapped[str | None] = mapped_column(ForeignKey("agent.code"))
    servicer_since: Mapped[date | None]
    served_by_collection: Mapped[bool]


class OrphanEvent(Base):
    """What the core system reports of a policy; replaying it changes nothing."""

    __tablename__ = "orphan_event"
    __table_args__ = (
        one_of("reason", *REASONS),
        Index("ix_orphan_event_policy_no", "policy_no"),  # intake of one policy
    )

    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    policy_no: Mapped[str] = mapped_column(ForeignKey("policy.policy_no"))
    reason: Mapped[str] = mapped_column(Text)
    event_on: Mapped[date]
    origin_agent_code: Mapped[str | None] = mapped_column(ForeignKey("agent.code"))
    formalities_on: Mapped[date | None]
    approval_ref: Mapped[str | None] = mapped_column(Text)
    designated_agent_code: Mapped[str | None] = mapped_column(ForeignKey("agent.code"))
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
