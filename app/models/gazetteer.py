"""The gazetteer's history: a row for each version, and what every row was before it was changed."""

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import BigInteger, Identity, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import SRID, Base, one_of

VERSION_CAUSES = ("EARLIER", "IMPORT", "FOLDER", "REMOVAL", "RESTORE", "OTHER")
"""What made a version: rows from before the history was kept; `guidan gazetteer import`; `guidan import`; a source removed; an
earlier version restored; anything else that wrote to the table (the review queue, psql)."""


class GazetteerVersion(Base):
    """One transaction that changed the gazetteer. Triggers of `gazetteer_place` make it and count; who made it adds the rest.

    `xid` and `at` tell a transaction its own version. `total`: places after it. `content`: the geocoder's name for this content.
    """

    __tablename__ = "gazetteer_version"
    __table_args__ = (one_of("cause", *VERSION_CAUSES),)

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    xid: Mapped[int] = mapped_column(BigInteger)
    cause: Mapped[str] = mapped_column(Text, server_default=text("'OTHER'"))
    added: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    changed: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    removed: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    total: Mapped[int] = mapped_column(BigInteger)
    file: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(Text)
    sources: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    licence: Mapped[str | None] = mapped_column(Text)
    dated: Mapped[date | None]
    crs: Mapped[str | None] = mapped_column(Text)
    rejected: Mapped[int | None]
    sniff: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    forced: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    content: Mapped[str | None] = mapped_column(Text)


class GazetteerChange(Base):
    """What a place was before a version changed it; a place that was not there (`was_there` false) has its id alone.

    Only ever added to, by triggers. The state at version n: rows that no later version touched, and what the others were before
    the first later change. The key is also the order of changes within a version.
    """

    __tablename__ = "gazetteer_change"

    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    no: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    was_there: Mapped[bool]
    id: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str | None] = mapped_column(Text)
    province: Mapped[str | None] = mapped_column(Text)
    city: Mapped[str | None] = mapped_column(Text)
    district: Mapped[str | None] = mapped_column(Text)
    subdistrict: Mapped[str | None] = mapped_column(Text)
    road: Mapped[str | None] = mapped_column(Text)
    number: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    point: Mapped[WKBElement | None] = mapped_column(Geometry("POINT", SRID, spatial_index=False))
    source: Mapped[str | None] = mapped_column(Text)
