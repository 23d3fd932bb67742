"""The geocoder of this process, built from the stored gazetteer and kept until the gazetteer or its calibration changes."""

import hashlib
from dataclasses import dataclass
from threading import Lock

import orjson
import polars as pl
from sqlalchemy import Connection, text

from app.db import copy_out
from app.revision import world_revision
from geo.geocoding import EDITION, Geocoder
from geo.geocoding.calibration import Calibration, shipped

FRAME = {
    "id": pl.String,
    "name": pl.String,
    "kind": pl.String,
    "province": pl.String,
    "city": pl.String,
    "district": pl.String,
    "subdistrict": pl.String,
    "road": pl.String,
    "number": pl.String,
    "address": pl.String,
    "lon": pl.Float64,
    "lat": pl.Float64,
    "source": pl.String,
}
"""Columns of the gazetteer as `geo.geocoding` takes it; degrees in CGCS2000."""

_PLACES = """
SELECT id, name, kind, province, city, district, subdistrict, road, number, address, ST_X(point) AS lon, ST_Y(point) AS lat, source
FROM gazetteer_place
UNION ALL
SELECT 'REVIEW-' || decision_id, name, kind, NULL, city, district, subdistrict, road, number, address, ST_X(point), ST_Y(point), 'REVIEW'
FROM learned_place
ORDER BY id
"""

# A sum of 64-bit hashes depends on the rows alone, not on their order, and needs no sort; the texts behind the point are
# hexadecimal EWKB, so the hash is the same on every machine.
_CONTENT = text(
    """
    SELECT count(*) || '-' || md5(coalesce(sum(hashtextextended(place::text, 0)), 0)::text || '-' ||
                                  coalesce(sum(hashtextextended(place::text, 1)), 0)::text)
    FROM gazetteer_place AS place
    """
)

# What people have taught. Undoing a decision takes its place out again, and a new one has a number of its own.
_LEARNED = text("SELECT coalesce(md5(string_agg(decision_id::text, ',' ORDER BY decision_id)), '') FROM learned_place")


_CALIBRATION = text("SELECT weights FROM calibration WHERE in_force")


@dataclass(frozen=True, slots=True)
class _Kept:
    database: str
    revision: str
    learned: str
    version: str
    geocoder: Geocoder


_lock = Lock()
_kept: _Kept | None = None


def read_places(connection: Connection) -> pl.DataFrame:
    """The stored gazetteer with the columns of `FRAME`, by id."""
    return copy_out(connection, _PLACES, FRAME)


def gazetteer_version(connection: Connection) -> str:
    """The version of the stored gazetteer: the same for the same places in any database, whatever their order.

    Places learned from decisions are named by the decisions' numbers.
    """
    learned = str(connection.execute(_LEARNED).scalar_one())
    return str(connection.execute(_CONTENT).scalar_one()) + (f"-{learned}" if learned else "")


def current_calibration(connection: Connection) -> Calibration:
    """The calibration in force, or the one that ships."""
    weights = connection.execute(_CALIBRATION).scalar_one_or_none()
    return shipped() if weights is None else Calibration.from_dict(weights)


def _version(content: str, calibration: Calibration) -> str:
    """Of what the answers come from: gazetteer, weights, and the way of answering."""
    digest = hashlib.sha256(orjson.dumps(calibration.to_dict(), option=orjson.OPT_SORT_KEYS)).hexdigest()
    return f"{content}-{EDITION}-{digest[:8]}"


def current_geocoder(connection: Connection, *, learn: bool = False) -> tuple[Geocoder, str]:
    """The geocoder over the gazetteer as this connection sees it, and the version that its answers are of.

    One read of a single row where nothing has changed since the last call; building takes seconds for a large gazetteer, and
    other threads wait for it meanwhile. `learn`: also build anew when people have taught places since, as a whole run does; a
    request goes on with what its process has.
    """
    global _kept
    database = str(connection.engine.url)
    revision = world_revision(connection)
    learned = str(connection.execute(_LEARNED).scalar_one()) if learn else None

    def usable(kept: _Kept) -> bool:
        same = (kept.database, kept.revision) == (database, revision)
        return same and learned in (None, kept.learned)

    kept = _kept
    if kept is not None and usable(kept):
        return kept.geocoder, kept.version
    with _lock:
        kept = _kept
        if kept is not None and usable(kept):
            return kept.geocoder, kept.version
        learned = str(connection.execute(_LEARNED).scalar_one())
        calibration = current_calibration(connection)
        version = _version(gazetteer_version(connection), calibration)
        if kept is not None and kept.version == version:
            geocoder = kept.geocoder
        else:
            geocoder = Geocoder.build(read_places(connection), calibration=calibration)
        _kept = _Kept(database, revision, learned, version, geocoder)
        return geocoder, version
