"""The gazetteer's versions, sources and places as they go over the wire."""

from datetime import date, datetime
from typing import Literal

from pydantic import ConfigDict, Field

from app.fields import Crs, Output

Cause = Literal["EARLIER", "IMPORT", "FOLDER", "REMOVAL", "RESTORE", "OTHER"]
Verdict = Literal["PASSED", "MISDECLARED", "SHIFTED", "MIXED", "UNTESTED"]
Evidence = Literal["PLACES", "EARLIER", "OUTLINES", "SOURCES", "NOTHING"]
Kind = Literal["COMPOUND", "POI", "COMMUNITY", "ROAD", "DOOR"]


class SystemFit(Output):
    """How a coordinate system fits: places that agree under it, and their median distance in metres."""

    crs: Crs
    votes: int
    median_m: float | None


class SniffResult(Output):
    """Whether a source of a file was in the system that it declared. `n`: places that could be compared."""

    source: str | None
    declared: Crs
    verdict: Verdict
    evidence: Evidence
    n: int
    best: Crs | None
    second: Crs | None
    offset_m: list[float] = Field(description="Common offset that is left, metres east and north")
    fits: list[SystemFit]


class GazetteerVersion(Output):
    """One change of the gazetteer: what made it, from which file, and how many places it added, changed and removed.

    `cause`: EARLIER before versions were kept, IMPORT of a file of places, FOLDER with the interchange folder, REMOVAL of a source,
    RESTORE of an earlier version, OTHER such as a decision of the review queue. `forced`: the reason for which a file was taken
    although its coordinates contradict the declared system. `content`: the name under which decisions refer to this content.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "number": 2,
                    "at": "2026-03-10T02:00:00Z",
                    "cause": "IMPORT",
                    "added": 120,
                    "changed": 3,
                    "removed": 0,
                    "total": 8897,
                    "file": "places.gpkg",
                    "sha256": "0f343b0931126a20f133d67c2b018a3b5e6c3b1a6f0f1d5c9e1d4bb7d7a3f1aa",
                    "sources": ["测绘院"],
                    "licence": "内部使用",
                    "dated": "2026-01-31",
                    "crs": "EPSG:4549",
                    "rejected": 1,
                    "sniff": [
                        {
                            "source": "测绘院",
                            "declared": "CGCS2000",
                            "verdict": "PASSED",
                            "evidence": "PLACES",
                            "n": 61,
                            "best": "CGCS2000",
                            "second": None,
                            "offset_m": [2.1, -0.4],
                            "fits": [{"crs": "CGCS2000", "votes": 55, "median_m": 31.2}],
                        }
                    ],
                    "forced": None,
                    "note": None,
                    "content": "8897-5d41402abc4b2a76b9719d911017c592",
                }
            ]
        }
    )

    number: int
    at: datetime
    cause: Cause
    added: int
    changed: int
    removed: int
    total: int
    file: str | None
    sha256: str | None
    sources: list[str] | None
    licence: str | None
    dated: date | None
    crs: str | None
    rejected: int | None
    sniff: list[SniffResult] | None
    forced: str | None
    note: str | None
    content: str | None


class GazetteerVersionPage(Output):
    """Versions, newest first."""

    items: list[GazetteerVersion]
    next: str | None


class GazetteerSource(Output):
    """A source of the gazetteer, measured against the others.

    `error_m`: its typical error in metres. `shared`: names that it has in common with another source; `agreeing`: the share of
    these within 400 m; `spread_p50_m`, `spread_p90_m`: how far the sources lie apart there. Null where nothing is in common.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": "测绘院",
                    "rows": 1505,
                    "error_m": 41.0,
                    "shared": 1463,
                    "agreeing": 0.836,
                    "spread_p50_m": 78.0,
                    "spread_p90_m": 816.0,
                    "licence": "内部使用",
                    "dated": "2026-01-31",
                    "crs": "EPSG:4549",
                    "version": 2,
                }
            ]
        }
    )

    source: str
    rows: int
    error_m: float | None
    shared: int
    agreeing: float | None
    spread_p50_m: float | None
    spread_p90_m: float | None
    licence: str | None
    dated: date | None
    crs: str | None
    version: int | None


class GazetteerPlace(Output):
    """An entry of the gazetteer, degrees in CGCS2000."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "G1",
                    "name": "示例花园",
                    "kind": "COMPOUND",
                    "province": "甲省",
                    "city": "乙市",
                    "district": "东区",
                    "subdistrict": None,
                    "road": "示例路",
                    "number": "1",
                    "address": "示例路1号",
                    "lon": 120.005,
                    "lat": 30.005,
                    "source": "测绘院",
                }
            ]
        }
    )

    id: str
    name: str | None
    kind: Kind
    province: str | None
    city: str | None
    district: str | None
    subdistrict: str | None
    road: str | None
    number: str | None
    address: str | None
    lon: float
    lat: float
    source: str | None


class GazetteerPlacePage(Output):
    """Entries by id."""

    items: list[GazetteerPlace]
    next: str | None
