"""Communities, the versions of the territories that teams own, how they are drawn, and the gazetteer's places."""

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import SRID, Base, one_of

PLAN_STATES = ("DRAFT", "IN_REVIEW", "APPROVED", "PUBLISHED", "DISCARDED")
"""What is stored; a published version is scheduled, active or superseded by the day."""

PLAN_ORIGINS = ("DELIVERED", "DRAWN", "ROLLED_BACK", "PROPOSED")
"""Where a version comes from: a core system's file, a person, a published version taken up again, a solver."""

PLACE_KINDS = ("COMPOUND", "POI", "COMMUNITY", "ROAD", "DOOR")


class Community(Base):
    """A neighbourhood-committee area."""

    __tablename__ = "community"
    __table_args__ = (Index("ix_community_geom", "geom", postgresql_using="gist"),)  # tiles, /territories/at

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str | None] = mapped_column(Text)
    geom: Mapped[WKBElement] = mapped_column(Geometry("MULTIPOLYGON", SRID, spatial_index=False))


class DeliveredTerritory(Base):
    """A territory as a core system's file delivered it: of a team, from a day on. `app.territories.plans.deliver` makes versions of them.

    `shape_id`: the shape that the versions were last made with; another one than `geom` says means that the row waits for it.
    """

    __tablename__ = "delivered_territory"
    __table_args__ = (UniqueConstraint("team_code", "effective_from"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    team_code: Mapped[str] = mapped_column(ForeignKey("team.code"))
    effective_from: Mapped[date]
    geom: Mapped[WKBElement] = mapped_column(Geometry("MULTIPOLYGON", SRID, spatial_index=False))
    shape_id: Mapped[int | None] = mapped_column(ForeignKey("territory_shape.id"))


class TerritoryPlan(Base):
    """A version of a branch's territories. Published ones decide, each on the days from `effective_from` until before `effective_to`.

    `revision` rises with every edit of a draft. Of a published version nothing changes but the day on which a later one takes over
    (trigger `keep_published`). A version that never came into force has an empty period.
    """

    __tablename__ = "territory_plan"
    __table_args__ = (
        one_of("state", *PLAN_STATES),
        one_of("origin", *PLAN_ORIGINS),
        UniqueConstraint("branch_code", "number"),
        CheckConstraint("(state = 'PUBLISHED') = (effective_from IS NOT NULL)", name="published"),
        CheckConstraint("effective_to IS NULL OR effective_from <= effective_to", name="period"),
        CheckConstraint("approved_by <> submitted_by", name="approved_by"),
        CheckConstraint("(submitted_by IS NULL) = (submitted_at IS NULL)", name="submitted"),
        CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approved"),
        CheckConstraint(
            "origin = 'DELIVERED' OR state NOT IN ('APPROVED', 'PUBLISHED') OR approved_by IS NOT NULL", name="approval"
        ),
        ExcludeConstraint(
            (text("branch_code"), "="),
            (text("daterange(effective_from, effective_to)"), "&&"),
            where=text("state = 'PUBLISHED'"),
            using="gist",
            name="ex_territory_plan_one_a_day",
        ),  # at most one on any day; also finds the one in force
        Index("ix_territory_plan_base_id", "base_id"),  # what was drawn from a version
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    branch_code: Mapped[str] = mapped_column(ForeignKey("organisation.code"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    base_id: Mapped[int | None] = mapped_column(ForeignKey("territory_plan.id"))
    revision: Mapped[int] = mapped_column(server_default="0")
    effective_from: Mapped[date | None]
    effective_to: Mapped[date | None]
    created_by: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    submitted_by: Mapped[str | None] = mapped_column(Text)
    submitted_at: Mapped[datetime | None]
    approved_by: Mapped[str | None] = mapped_column(Text)
    approved_at: Mapped[datetime | None]
    published_by: Mapped[str | None] = mapped_column(Text)
    published_at: Mapped[datetime | None]


class TerritoryShape(Base):
    """An area that never changes; versions share it. Known by its content: the SHA-256 of its WKB (ISO, little-endian)."""

    __tablename__ = "territory_shape"
    __table_args__ = (
        Index("uq_territory_shape_digest", "digest", unique=True),
        Index(
            "ix_territory_shape_geom", "geom", postgresql_using="gist"
        ),  # /territories/at, the neighbourhood of an edit
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    digest: Mapped[bytes] = mapped_column(BYTEA, Computed("sha256(ST_AsBinary(geom, 'NDR'::text))", persisted=True))
    geom: Mapped[WKBElement] = mapped_column(Geometry("MULTIPOLYGON", SRID, spatial_index=False))


class Territory(Base):
    """The area of a team in a version. `since`: the day from which the team has had this area, null until the version is published.

    `revision`: of the draft, when it last changed. `shape_id` null: the team owns nothing in this draft any more.
    Rows of anything but a draft do not change (trigger `keep_published`).
    """

    __tablename__ = "territory"
    __table_args__ = (Index("ix_territory_shape_id", "shape_id"),)  # from a shape that covers a point to its versions

    plan_id: Mapped[int] = mapped_column(ForeignKey("territory_plan.id"), primary_key=True)
    team_code: Mapped[str] = mapped_column(ForeignKey("team.code"), primary_key=True)
    shape_id: Mapped[int | None] = mapped_column(ForeignKey("territory_shape.id"))
    since: Mapped[date | None]
    revision: Mapped[int] = mapped_column(server_default="0")


class TerritoryEdit(Base):
    """A step of the history of a draft. An undo and a redo are steps too, and name the step that they take back or repeat."""

    __tablename__ = "territory_edit"
    __table_args__ = (
        one_of("state", "DONE", "UNDONE", "DISCARDED"),
        UniqueConstraint("plan_id", "revision"),
        Index(
            "ix_territory_edit_person", "plan_id", "person", "revision"
        ),  # the next step that a person may undo or redo
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("territory_plan.id"))
    revision: Mapped[int]
    person: Mapped[str] = mapped_column(Text)
    verb: Mapped[str] = mapped_column(Text)
    arguments: Mapped[Any] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text, server_default="DONE")
    edit_id: Mapped[int | None] = mapped_column(ForeignKey("territory_edit.id"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class TerritoryChange(Base):
    """What a step made of a team's territory. Null: no territory. `land` false: it only got vertices that it shares with a neighbour."""

    __tablename__ = "territory_change"

    edit_id: Mapped[int] = mapped_column(ForeignKey("territory_edit.id"), primary_key=True)
    team_code: Mapped[str] = mapped_column(ForeignKey("team.code"), primary_key=True)
    before_shape_id: Mapped[int | None] = mapped_column(ForeignKey("territory_shape.id"))
    after_shape_id: Mapped[int | None] = mapped_column(ForeignKey("territory_shape.id"))
    land: Mapped[bool] = mapped_column(server_default="true")


class TerritoryConflict(Base):
    """An edit that met somebody else's change of the same territory. It stays open until a person has chosen."""

    __tablename__ = "territory_conflict"
    __table_args__ = (
        one_of("choice", "MINE", "THEIRS"),
        CheckConstraint("(choice IS NULL) = (resolved_by IS NULL)", name="resolved"),
        Index("ix_territory_conflict_open", "plan_id", postgresql_where="choice IS NULL"),  # what blocks a draft
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("territory_plan.id"))
    person: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    verb: Mapped[str] = mapped_column(Text)
    arguments: Mapped[Any] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    choice: Mapped[str | None] = mapped_column(Text)
    resolved_by: Mapped[str | None] = mapped_column(Text)
    resolved_at: Mapped[datetime | None]


class TerritoryConflictSide(Base):
    """A team's territory in a conflict: as the edit would have made it, and as somebody else has."""

    __tablename__ = "territory_conflict_side"

    conflict_id: Mapped[int] = mapped_column(ForeignKey("territory_conflict.id"), primary_key=True)
    team_code: Mapped[str] = mapped_column(ForeignKey("team.code"), primary_key=True)
    mine_shape_id: Mapped[int | None] = mapped_column(ForeignKey("territory_shape.id"))
    theirs_shape_id: Mapped[int | None] = mapped_column(ForeignKey("territory_shape.id"))
    theirs_edit_id: Mapped[int | None] = mapped_column(ForeignKey("territory_edit.id"))


class TerritoryPresence(Base):
    """Who has a draft open, and which part of the map they look at. Unlogged: it is worth nothing after a crash."""

    __tablename__ = "territory_presence"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    plan_id: Mapped[int] = mapped_column(ForeignKey("territory_plan.id"), primary_key=True)
    person: Mapped[str] = mapped_column(Text, primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    view: Mapped[WKBElement | None] = mapped_column(Geometry("POLYGON", SRID, spatial_index=False))


class TerritoryStep(Base):
    """A step in the life of a version: who moved it from one state to another, and why."""

    __tablename__ = "territory_step"
    __table_args__ = (Index("ix_territory_step_plan_id", "plan_id"),)  # the life of a version

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("territory_plan.id"))
    from_state: Mapped[str | None] = mapped_column(Text)
    to_state: Mapped[str] = mapped_column(Text)
    person: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    effective_from: Mapped[date | None]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class TerritoryDefect(Base):
    """What is wrong with a draft, and where. Renewed around every edit (`app.territories.validation`)."""

    __tablename__ = "territory_defect"
    __table_args__ = (
        one_of("severity", "ERROR", "WARNING", "NOTE"),
        Index("ix_territory_defect_plan_id", "plan_id"),  # the list; what blocks a publication
        Index("ix_territory_defect_geom", "geom", postgresql_using="gist"),  # what lies where an edit was made
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("territory_plan.id"))
    code: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    team_codes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    community_codes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    geom: Mapped[WKBElement | None] = mapped_column(Geometry("GEOMETRY", SRID, spatial_index=False))
    area_m2: Mapped[float | None]
    length_m: Mapped[float | None]
    details: Mapped[Any] = mapped_column(JSONB, server_default="{}")
    ways: Mapped[Any] = mapped_column(JSONB, server_default="[]")
    customers: Mapped[int | None]
    orphans: Mapped[int | None]
    inherited: Mapped[bool] = mapped_column(server_default=false())


class GazetteerPlace(Base):
    """A known place of the gazetteer, in CGCS2000."""

    __tablename__ = "gazetteer_place"
    __table_args__ = (one_of("kind", *PLACE_KINDS),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    province: Mapped[str | None] = mapped_column(Text)
    city: Mapped[str | None] = mapped_column(Text)
    district: Mapped[str | None] = mapped_column(Text)
    subdistrict: Mapped[str | None] = mapped_column(Text)
    road: Mapped[str | None] = mapped_column(Text)
    number: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    point: Mapped[WKBElement] = mapped_column(Geometry("POINT", SRID, spatial_index=False))
    source: Mapped[str | None] = mapped_column(Text)
