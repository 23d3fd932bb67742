"""What of a draft has been checked: with which shapes, and when the whole of it last was."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class TerritoryCheck(Base):
    """A version whose defects are kept. `on_day`: the day on which its teams are judged; `world`: the state of teams, branch and
    communities with which the whole was last checked."""

    __tablename__ = "territory_check"

    plan_id: Mapped[int] = mapped_column(ForeignKey("territory_plan.id"), primary_key=True)
    on_day: Mapped[date]
    world: Mapped[str] = mapped_column(Text)
    checked_at: Mapped[datetime] = mapped_column(server_default=func.now())


class TerritoryChecked(Base):
    """The shape with which a team's territory was last checked: where the version has another one by now, its defects are to be renewed."""

    __tablename__ = "territory_checked"

    plan_id: Mapped[int] = mapped_column(ForeignKey("territory_plan.id"), primary_key=True)
    team_code: Mapped[str] = mapped_column(Text, primary_key=True)
    shape_id: Mapped[int] = mapped_column(BigInteger)
