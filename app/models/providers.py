"""Online geocoding providers: what they answered, what was spent of their quota, and the places that they bring to mind."""

from datetime import date, datetime

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import SRID, Base, one_of
from app.models.policies import LEVELS

OUTCOMES = (
    "ANSWER",
    "NOT_FOUND",
    "QUESTION_REFUSED",
    "BUSY",
    "UNAVAILABLE",
    "QUOTA_SPENT",
    "ACCESS_DENIED",
    "UNREADABLE",
    "TOO_LARGE",
    "REDIRECTED",
)
"""What one request brought: an answer, or `geo.providers.Fault`."""


class ProviderAnswer(Base):
    """One request to a provider and what came of it. The question itself is not kept: `digest` is BLAKE2b of its text and city."""

    __tablename__ = "provider_answer"
    __table_args__ = (
        one_of("outcome", *OUTCOMES),
        one_of("level", *LEVELS),
        CheckConstraint("(outcome = 'ANSWER') = (point IS NOT NULL AND level IS NOT NULL)", name="answered"),
        Index("ix_provider_answer_question", "provider", "digest", "asked_at"),  # the cache: the newest of one question
        Index("ix_provider_answer_asked_at", "asked_at"),  # forgetting what has expired
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    provider: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    outcome: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="")
    point: Mapped[WKBElement | None] = mapped_column(Geometry("POINT", SRID, spatial_index=False))
    level: Mapped[str | None] = mapped_column(Text)
    radius_m: Mapped[float | None]
    own_confidence: Mapped[float | None]
    weak: Mapped[bool] = mapped_column(server_default="false")
    province: Mapped[str] = mapped_column(Text, server_default="")
    city: Mapped[str] = mapped_column(Text, server_default="")
    district: Mapped[str] = mapped_column(Text, server_default="")
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")


class ProviderQuota(Base):
    """Requests sent to a provider on a day (of China), by all processes together, retries included."""

    __tablename__ = "provider_quota"
    __table_args__ = (CheckConstraint("spent >= 0", name="spent"),)

    provider: Mapped[str] = mapped_column(Text, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    spent: Mapped[int]


class ProviderState(Base):
    """The last trouble with a provider, and whether it is left alone: until a time, or for a configuration."""

    __tablename__ = "provider_state"

    provider: Mapped[str] = mapped_column(Text, primary_key=True)
    fault: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="")
    fault_at: Mapped[datetime | None]
    stopped_until: Mapped[datetime | None]
    stopped_for: Mapped[str | None] = mapped_column(Text)


class LocationCandidate(Base):
    """A place that an address may mean, by all sources together; of `rank` 1 is the likeliest."""

    __tablename__ = "location_candidate"
    __table_args__ = (one_of("level", *LEVELS), CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"))

    address_id: Mapped[int] = mapped_column(ForeignKey("location.address_id", ondelete="CASCADE"), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    point: Mapped[WKBElement] = mapped_column(Geometry("POINT", SRID, spatial_index=False))
    level: Mapped[str] = mapped_column(Text)
    confidence: Mapped[float]
    radius_m: Mapped[float]
    sources: Mapped[list[str]] = mapped_column(ARRAY(Text))
    gazetteer_version: Mapped[str] = mapped_column(Text)
