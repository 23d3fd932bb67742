"""Province, city, branch; teams of one force in a branch; their agents; where a branch reaches."""

from datetime import date

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import SRID, Base, one_of


class Organisation(Base):
    """A province, city or branch: the three management tiers."""

    __tablename__ = "organisation"
    __table_args__ = (one_of("level", "province", "city", "branch"),)

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    level: Mapped[str] = mapped_column(Text)
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("organisation.code"))
    name: Mapped[str] = mapped_column(Text)


class BranchArea(Base):
    """The area of a branch; a city's area is the union of its branches' areas (rulebook 5.5)."""

    __tablename__ = "branch_area"
    __table_args__ = (Index("ix_branch_area_geom", "geom", postgresql_using="gist"),)  # tiles, /territories/at

    branch_code: Mapped[str] = mapped_column(ForeignKey("organisation.code"), primary_key=True)
    geom: Mapped[WKBElement] = mapped_column(Geometry("MULTIPOLYGON", SRID, spatial_index=False))


class Team(Base):
    """A unit of one force inside one branch."""

    __tablename__ = "team"
    __table_args__ = (
        one_of("force", "COLLECTION", "MARKETING"),
        UniqueConstraint("code", "force"),  # what H1 on allocation refers to
        Index("ix_team_branch_code", "branch_code"),  # a branch's candidates
    )

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    branch_code: Mapped[str] = mapped_column(ForeignKey("organisation.code"))
    name: Mapped[str] = mapped_column(Text)
    force: Mapped[str] = mapped_column(Text)
    takes_part: Mapped[bool]
    capacity: Mapped[int | None]
    successor_code: Mapped[str | None] = mapped_column(ForeignKey("team.code", deferrable=True, initially="DEFERRED"))
    founded_on: Mapped[date | None]
    ended_on: Mapped[date | None]


class Agent(Base):
    """An agent of a team. States: 01 active, 02 rejoined, 03 leaving, 04 left (rulebook 4.3)."""

    __tablename__ = "agent"
    __table_args__ = (
        one_of("state", "01", "02", "03", "04"),
        one_of("force", "COLLECTION", "MARKETING"),
        UniqueConstraint("code", "force"),  # what H1 on allocation refers to
        ForeignKeyConstraint(["team_code", "force"], ["team.code", "team.force"], onupdate="CASCADE"),
        Index("ix_agent_team_code", "team_code"),  # a team's members
    )

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    team_code: Mapped[str] = mapped_column(Text)
    force: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    is_lead: Mapped[bool]
    state: Mapped[str] = mapped_column(Text)
    qualified: Mapped[bool]
    capacity: Mapped[int | None]
    leave_from: Mapped[date | None]
    leave_to: Mapped[date | None]
    community_codes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
