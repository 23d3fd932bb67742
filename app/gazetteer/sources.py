"""Sources of the gazetteer: how large, how exact, how much they agree; and what in it contradicts itself."""

from __future__ import annotations

from threading import Lock
from typing import Any

from sqlalchemy import Connection

from app.gazetteer import repository
from app.revision import world_revision
from geo.gazetteer import agreement
from geo.gazetteer.agreement import Survey

_lock = Lock()
_kept: tuple[str, str, Survey] | None = None


def current_survey(connection: Connection) -> Survey:
    """The merged gazetteer as this connection sees it, kept until the world changes; building takes seconds if it is large."""
    global _kept
    database, revision = str(connection.engine.url), world_revision(connection)
    with _lock:
        kept = _kept
        if kept is None or kept[:2] != (database, revision):
            kept = (database, revision, agreement.survey(repository.places_at(connection, None)))
            _kept = kept
        return kept[2]


def list_sources(connection: Connection) -> list[dict[str, Any]]:
    """Per source, largest first: `geo.gazetteer.agreement.sources`, and what its latest import said: licence, dated, crs, version."""
    described = repository.described_sources(connection)
    listed = []
    for row in agreement.sources(current_survey(connection)).iter_rows(named=True):
        said = described.get(row["source"])
        listed.append(
            {
                "source": row["source"],
                "rows": row["rows"],
                "error_m": _rounded(row["error_m"], 0),
                "shared": row["shared"] or 0,
                "agreeing": _rounded(row["agreeing"], 4),
                "spread_p50_m": _rounded(row["spread_p50_m"], 0),
                "spread_p90_m": _rounded(row["spread_p90_m"], 0),
                "licence": said["licence"] if said else None,
                "dated": said["dated"] if said else None,
                "crs": said["crs"] if said else None,
                "version": said["version"] if said else None,
            }
        )
    return listed


def find_contradictions(connection: Connection, *, limit: int) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The worst of each kind, `limit` at most, and how many there are of each kind."""
    found = agreement.contradictions(current_survey(connection))
    counts = dict(found.group_by("code").len().iter_rows())
    worst = found.group_by("code", maintain_order=True).head(limit)
    return [
        {**row, "metres": _rounded(row["metres"], 0), "share": _rounded(row["share"], 3)}
        for row in worst.iter_rows(named=True)
    ], counts


def find_places(connection: Connection, name: str, *, limit: int) -> list[dict[str, Any]]:
    """Merged places with a name that holds these letters, with their entries; the least agreed first."""
    found = agreement.places_named(current_survey(connection), name).head(limit)
    return [
        {
            "name": row["name"],
            "city": row["city"],
            "district": row["district"],
            "lon": round(row["lon"], 7),
            "lat": round(row["lat"], 7),
            "sources": row["sources"],
            "spread_m": _rounded(row["spread_m"], 0),
            "error_m": _rounded(row["error_m"], 0),
            "entries": row["entries"],
        }
        for row in found.iter_rows(named=True)
    ]


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(float(value), digits)
