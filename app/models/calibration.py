"""How far the geocoder's evidence can be trusted, each time somebody measured it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, one_of

BASES = ("GAZETTEER", "CONFIRMED")
"""What was asked for: the gazetteer's own entries, or addresses whose points people have confirmed."""


class Calibration(Base):
    """Weights of the geocoder, measured on a day. The one in force is used; without one, those that ship.

    `sample`: how many answers they were measured on. `figures`: what came out, as `guidan calibrate` prints it.
    """

    __tablename__ = "calibration"
    __table_args__ = (
        one_of("basis", *BASES),
        CheckConstraint("sample > 0", name="sample"),
        Index("uq_calibration_in_force", "in_force", unique=True, postgresql_where="in_force"),  # at most one
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    measured_at: Mapped[datetime] = mapped_column(server_default=func.now())
    basis: Mapped[str] = mapped_column(Text)
    sample: Mapped[int]
    gazetteer_version: Mapped[str] = mapped_column(Text)
    weights: Mapped[dict[str, Any]] = mapped_column(JSONB)
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
    in_force: Mapped[bool]
