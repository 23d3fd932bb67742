"""`guidan gazetteer restore` and `remove`: back to an earlier version, or without a source; either makes a new version."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from app.exchange import repository as staging
from app.exchange.stopped import cause_of
from app.gazetteer import repository
from app.gazetteer.import_file import sole_writer
from app.gazetteer.stopped import GazetteerStopped, SourceNotFound, VersionNotFound
from app.locating.geocoder import gazetteer_version


@dataclass(frozen=True)
class Change:
    """`version`: the one that this made, None if nothing had to change."""

    version: int | None
    added: int
    changed: int
    removed: int
    total: int | None

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def restore_version(engine: Engine, number: int) -> Change:
    """Make the gazetteer what it was at a version. Raises `VersionNotFound`, `GazetteerStopped`, `ImportBusy`."""
    try:
        with sole_writer(engine) as connection:
            staging.begin(connection)
            if repository.find_version(connection, number) is None:
                raise VersionNotFound
            repository.restore(connection, number)
            change = _described(connection, "RESTORE", note=f"= {number}")
            connection.commit()
            return change
    except SQLAlchemyError as error:
        raise GazetteerStopped(*cause_of(error)) from error


def remove_source(engine: Engine, source: str, *, reason: str | None = None) -> Change:
    """Remove all places of a source. Raises `SourceNotFound`, `GazetteerStopped`, `ImportBusy`."""
    try:
        with sole_writer(engine) as connection:
            staging.begin(connection)
            if not repository.remove_source(connection, source):
                raise SourceNotFound
            change = _described(connection, "REMOVAL", note=reason, sources=[source])
            connection.commit()
            return change
    except SQLAlchemyError as error:
        raise GazetteerStopped(*cause_of(error)) from error


def _described(connection: Connection, cause: str, *, note: str | None, sources: list[str] | None = None) -> Change:
    version = staging.describe_version(connection, cause=cause, note=note, sources=sources)
    if version is None:
        return Change(None, 0, 0, 0, None)
    staging.analyze(connection, "gazetteer_place")
    repository.name_content(connection, version["number"], gazetteer_version(connection))
    return Change(version["number"], version["added"], version["changed"], version["removed"], version["total"])
