"""Proposals of territories: asked for, worked out, taken as a draft."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, one_of

PROPOSAL_STATUSES = ("QUEUED", "RUNNING", "DONE", "FAILED", "CANCELLED")


class TerritoryProposal(Base):
    """How a branch's communities could be shared among its teams. `wish`: all that was asked, so that it can be worked out once more;
    `plan_id`: the version that it starts from; `draft_id`: the draft that was made of it."""

    __tablename__ = "territory_proposal"
    __table_args__ = (
        one_of("status", *PROPOSAL_STATUSES),
        CheckConstraint("progress BETWEEN 0 AND 1", name="progress"),
        CheckConstraint("(status = 'DONE') = (result IS NOT NULL)", name="result"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    branch_code: Mapped[str] = mapped_column(ForeignKey("organisation.code"))
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("territory_plan.id"))
    wish: Mapped[Any] = mapped_column(JSONB)
    seed: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, server_default="QUEUED")
    stage: Mapped[str | None] = mapped_column(Text)
    progress: Mapped[float] = mapped_column(server_default="0")
    result: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    error: Mapped[str | None] = mapped_column(Text)
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("territory_plan.id"))
    requested_by: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
