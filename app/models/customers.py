"""What tells a process that facts of policyholders which it keeps in memory have changed."""

from datetime import datetime

from sqlalchemy import BigInteger, Identity, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class CustomerChange(Base):
    """A policyholder of whom a policy, address, location, case or allocation has changed, whoever changed it; null: many.

    Written by statement triggers. `xid`: the transaction, by which a reader knows what it has not seen yet, in whatever order
    transactions commit. Rows of more than a day are forgotten.
    """

    __tablename__ = "customer_change"
    __table_args__ = (Index("ix_customer_change_xid", "xid"),)  # what is new to a process

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    xid: Mapped[int] = mapped_column(
        BigInteger, server_default=text("CAST(CAST(pg_current_xact_id() AS text) AS bigint)")
    )
    policyholder_id: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
