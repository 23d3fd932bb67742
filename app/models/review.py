"""Location review: the queue, what people decided, and what the gazetteer learns of it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    SmallInteger,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import SRID, Base, one_of
from app.models.policies import LEVELS, Geocoded
from app.models.territories import PLACE_KINDS

WAITING_CODES = ("TOO_COARSE", "UNSURE", "OUTSIDE_CITY", "BRANCH_CONFLICT", "ADDRESS_UNRESOLVED")
"""Why an address waits for a person (rulebook 4.4, 4.5, 5.2)."""

UNLOCATABLE_REASONS = ("INCOMPLETE", "NO_SUCH_PLACE", "SEVERAL_PLACES", "DEMOLISHED", "OTHER")
"""Why a person says that an address cannot be located."""


class LocationReview(Base):
    """A bundle that waits for a person to look at its service address; a policyholder has at most one bundle that waits.

    `stake` orders the queue: (premium + 1 yuan) × uncertainty, in fen. `location_decision_id`: a person has decided and it waits all the
    same, because a point outside the city stays in review (rulebook 5.5). `revision` rises whenever a run decides anew.
    """

    __tablename__ = "location_review"
    __table_args__ = (
        one_of("code", *WAITING_CODES),
        CheckConstraint("uncertainty BETWEEN 0 AND 1", name="uncertainty"),
        CheckConstraint("(claim IS NULL) = (claimed_until IS NULL)", name="claim"),
        Index("ix_location_review_branch_code", "branch_code"),  # the queue of a branch
        Index("ix_location_review_address_id", "address_id"),  # what a decision settles
        Index("ix_location_review_key", "key"),  # who works on a place; counts of those who share it
        Index("ix_location_review_claim", "claim", postgresql_where="claim IS NOT NULL"),  # renew, release
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    policyholder_id: Mapped[str] = mapped_column(ForeignKey("policyholder.id"), unique=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"))
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id", ondelete="CASCADE"))
    bundle_no: Mapped[str] = mapped_column(Text)
    branch_code: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text))
    district: Mapped[str | None] = mapped_column(Text)
    key: Mapped[str | None] = mapped_column(Text)
    notice_due_on: Mapped[date | None]
    hold_until: Mapped[date | None]
    first_event_on: Mapped[date]
    policies: Mapped[int] = mapped_column(SmallInteger)
    premium: Mapped[Decimal] = mapped_column(Numeric(16, 2))
    uncertainty: Mapped[Decimal] = mapped_column(Numeric(5, 4))
    stake: Mapped[int] = mapped_column(
        BigInteger, Computed("round((premium + 1) * uncertainty * 100)::bigint", persisted=True)
    )
    revision: Mapped[int] = mapped_column(server_default="1")
    location_decision_id: Mapped[int | None] = mapped_column(ForeignKey("location_decision.id"))
    claim: Mapped[UUID | None]
    claimed_by: Mapped[str | None] = mapped_column(Text)
    claimed_until: Mapped[datetime | None]


class LocationDecision(Base):
    """What a person decided of an address, or of all that share its key. Kept for good; undoing it only marks it."""

    __tablename__ = "location_decision"
    __table_args__ = (
        one_of("kind", "CANDIDATE", "POINT", "NOT_LOCATABLE"),
        one_of("scope", "KEY", "THIS"),
        one_of("level", *LEVELS),
        one_of("reason", *UNLOCATABLE_REASONS),
        CheckConstraint("(kind = 'NOT_LOCATABLE') = (point IS NULL)", name="point"),
        CheckConstraint("(kind = 'NOT_LOCATABLE') = (reason IS NOT NULL)", name="unlocatable"),
        CheckConstraint("scope <> 'KEY' OR key IS NOT NULL", name="key"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone"),
        # addresses that arrive later are settled by their key
        Index("ix_location_decision_key", "key", "id", postgresql_where="scope = 'KEY' AND undone_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(Text)
    key: Mapped[str | None] = mapped_column(Text)
    address_id: Mapped[int | None] = mapped_column(ForeignKey("address.id", ondelete="SET NULL"))
    branch_code: Mapped[str] = mapped_column(Text)
    point: Mapped[WKBElement | None] = mapped_column(Geometry("POINT", SRID, spatial_index=False))
    level: Mapped[str] = mapped_column(Text)
    matched: Mapped[str | None] = mapped_column(Text)
    district: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    candidates: Mapped[list[Any]] = mapped_column(JSONB)
    addresses: Mapped[int]
    decided_by: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(server_default=func.now())
    undone_by: Mapped[str | None] = mapped_column(Text)
    undone_at: Mapped[datetime | None]
    undone_reason: Mapped[str | None] = mapped_column(Text)


class LocationBefore(Geocoded, Base):
    """What the geocoder said of an address before a person settled it: what undoing goes back to."""

    __tablename__ = "location_before"

    address_id: Mapped[int] = mapped_column(ForeignKey("address.id", ondelete="CASCADE"), primary_key=True)


class LearnedPlace(Base):
    """A place that a decision teaches; it joins the gazetteer when a whole run, or a process that starts, builds its geocoder.

    A table of its own, without the trigger that raises `world_revision`: a decision must not make the next request rebuild.
    """

    __tablename__ = "learned_place"
    __table_args__ = (one_of("kind", *PLACE_KINDS),)

    decision_id: Mapped[int] = mapped_column(ForeignKey("location_decision.id"), primary_key=True)
    name: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    city: Mapped[str | None] = mapped_column(Text)
    district: Mapped[str | None] = mapped_column(Text)
    subdistrict: Mapped[str | None] = mapped_column(Text)
    road: Mapped[str | None] = mapped_column(Text)
    number: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    point: Mapped[WKBElement] = mapped_column(Geometry("POINT", SRID, spatial_index=False))


class LocationReviewReading(Base):
    """Who was shown the full address of a policyholder in location review (rulebook section 9: each read logged)."""

    __tablename__ = "location_review_reading"
    __table_args__ = (
        Index("ix_location_review_reading_policyholder_id", "policyholder_id"),
    )  # who has seen this holder's address

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    policyholder_id: Mapped[str] = mapped_column(ForeignKey("policyholder.id", ondelete="CASCADE"))
    address_id: Mapped[int] = mapped_column(BigInteger)
    read_by: Mapped[str] = mapped_column(Text)
    read_at: Mapped[datetime] = mapped_column(server_default=func.now())
