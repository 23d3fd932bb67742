"""Reads the feature that a GIS client sends: its geometry in CGCS2000, its team, and the version that the client had loaded."""

import math
from dataclasses import dataclass
from typing import Any

import orjson
import shapely

from app.errors import MalformedJson
from app.ogc.crs import CRS84, find
from app.ogc.errors import CoordinatesInvalid, CrsUnknown, FeatureInvalid

MOST_DEPTH = 5
"""Nesting of the coordinates of a MultiPolygon, with the position itself."""


@dataclass(frozen=True, slots=True)
class SentFeature:
    """`geometry`: GeoJSON, CGCS2000 degrees, longitude first. `version`: of the draft when the client loaded the feature, if it says."""

    geometry: dict[str, Any]
    team_code: str | None
    version: int | None


def read_feature(body: bytes, content_crs: str | None) -> SentFeature:
    """The feature in a body. `content_crs`: the header Content-Crs, else CRS84.

    Raises `MalformedJson`, `FeatureInvalid`, `CrsUnknown`, `CoordinatesInvalid`.
    """
    crs = find(_uri(content_crs))
    if crs is None:
        raise CrsUnknown(parameter="Content-Crs")
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedJson from error
    if not isinstance(sent, dict) or sent.get("type") != "Feature":
        raise FeatureInvalid
    geometry, properties = sent.get("geometry"), sent.get("properties") or {}
    if not isinstance(geometry, dict) or not isinstance(properties, dict):
        raise FeatureInvalid
    team_code, version = properties.get("team_code"), properties.get("version")
    if not (team_code is None or isinstance(team_code, str)):
        raise FeatureInvalid
    if isinstance(version, bool) or not (version is None or (isinstance(version, int) and 0 <= version < 2**31)):
        raise FeatureInvalid
    if geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise FeatureInvalid
    if crs.uri == CRS84:
        placed = {"type": geometry["type"], "coordinates": geometry.get("coordinates")}
    else:
        placed = _converted(geometry, crs.uri)
    return SentFeature(placed, team_code, version)


def _uri(header: str | None) -> str:
    # The header holds the URI in angle brackets.
    return CRS84 if header is None else header.strip().removeprefix("<").removesuffix(">")


def _converted(geometry: dict[str, Any], uri: str) -> dict[str, Any]:
    """The geometry in CGCS2000, position by position, so that what is wrong with its rings is still there to be judged."""
    crs = find(uri)
    assert crs is not None
    positions: list[tuple[float, float]] = []

    def collect(node: Any, depth: int) -> None:
        if not isinstance(node, list) or depth > MOST_DEPTH:
            raise FeatureInvalid
        if node and all(isinstance(part, (int, float)) and not isinstance(part, bool) for part in node):
            if len(node) not in (2, 3, 4):
                raise FeatureInvalid
            positions.append((float(node[0]), float(node[1])))
            return
        for part in node:
            collect(part, depth + 1)

    collect(geometry.get("coordinates"), 1)
    if not positions:
        raise FeatureInvalid
    placed = shapely.get_coordinates(crs.to_store(shapely.MultiPoint(positions))).tolist()
    if len(placed) != len(positions) or not all(math.isfinite(x) and math.isfinite(y) for x, y in placed):
        raise CoordinatesInvalid
    following = iter(placed)

    def rebuild(node: list[Any]) -> list[Any]:
        if node and isinstance(node[0], (int, float)):
            return list(next(following))
        return [rebuild(part) for part in node]

    return {"type": geometry["type"], "coordinates": rebuild(geometry["coordinates"])}
