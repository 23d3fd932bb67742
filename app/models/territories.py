"""Communities, the territories that teams own from a date on, and the gazetteer's places."""

from datetime import date

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import SRID, Base, one_of

PLACE_KINDS = ("COMPOUND", "POI", "COMMUNITY", "ROAD", "DOOR")


class Community(Base):
    """A neighbourhood-committee area."""

    __tablename__ = "community"
    __table_args__ = (Index("ix_community_geom", "geom", postgresql_using="gist"),)  # tiles, /territories/at

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str | None] = mapped_column(Text)
    geom: Mapped[WKBElement] = mapped_column(Geometry("MULTIPOLYGON", SRID, spatial_index=False))


class Territory(Base):
    """The area that a team owns from a day on, until its next one: per team the latest row not after a date is in force."""

    __tablename__ = "territory"
    __table_args__ = (
        UniqueConstraint("team_code", "effective_from"),
        Index("ix_territory_geom", "geom", postgresql_using="gist"),  # tiles, /territories/at
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    team_code: Mapped[str] = mapped_column(ForeignKey("team.code"))
    effective_from: Mapped[date]
    geom: Mapped[WKBElement] = mapped_column(Geometry("MULTIPOLYGON", SRID, spatial_index=False))


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
