"""The rulebook's world as a file is held against it: teams of branch E, their territories, and communities."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import shapely
from shapely import MultiPolygon

from app.territories.files.compare import Comparison, Said, World, compare_bytes
from app.territories.files.formats import Written
from app.territories.files.repository import Held
from app.territories.files.write import write_territories

EAST, NORTH = 120.0, 30.0

SIDES = {
    "C01": (0, 0.010, 0, 0.010),
    "C02": (0.010, 0.020, 0, 0.010),
    "C03": (0.020, 0.030, 0, 0.010),
    "C04": (0, 0.010, 0.010, 0.020),
    "C05": (0.030, 0.040, 0, 0.010),
}


def box(x0: float, x1: float, y0: float, y1: float) -> MultiPolygon:
    """A rectangle in degrees from the town's origin."""
    w, e, s, n = (round(v, 8) for v in (EAST + x0, EAST + x1, NORTH + y0, NORTH + y1))
    return MultiPolygon([shapely.box(w, s, e, n)])


COMMUNITIES = {code: box(*sides) for code, sides in SIDES.items()}
TEAMS = [("T-E1", "东一队"), ("T-E2", "东二队"), ("T-E3", "东三队"), ("T-E4", "同名队"), ("T-E5", "同名队")]
OTHERS = ["T-W1", "T-W2"]
PRESENT = {"T-E1": box(0, 0.020, 0, 0.010), "T-E2": box(0.020, 0.030, 0, 0.010)}


def world(present: dict[str, MultiPolygon] | None = None) -> World:
    """What a file is held against."""
    return World(TEAMS, OTHERS, _hex(PRESENT if present is None else present), _hex(COMMUNITIES))


def _hex(areas: dict[str, MultiPolygon]) -> dict[str, str]:
    return {code: str(shapely.to_wkb(area, hex=True)) for code, area in areas.items()}


def take(content: bytes | str, suffix: str, present: dict[str, MultiPolygon] | None = None, **said: Any) -> Comparison:
    """Hold a file against the town."""
    data = content.encode() if isinstance(content, str) else content
    return compare_bytes(data, suffix, Said(**said), world(present))


def held(areas: dict[str, MultiPolygon], names: dict[str, str] | None = None) -> list[Held]:
    """Territories to be written."""
    known = dict(TEAMS) | (names or {})
    return [Held(code, known.get(code, code), "COLLECTION", None, area) for code, area in areas.items()]


def written(kind: Written, areas: dict[str, MultiPolygon] | None = None, encoding: str = "utf-8") -> bytes:
    """A good file of a format."""
    with tempfile.TemporaryDirectory() as folder:
        return write_territories(Path(folder), "plan", kind, held(areas or PRESENT), encoding).read_bytes()


def geojson(*features: dict[str, Any] | Any, **members: Any) -> str:
    """A collection of features."""
    return json.dumps({"type": "FeatureCollection", **members, "features": list(features)}, ensure_ascii=False)


def feature(team: Any = "T-E1", area: Any = None, **properties: Any) -> dict[str, Any]:
    """A feature; `area`: a shape, or a geometry as it is to be written."""
    shape = box(0, 0.020, 0, 0.010) if area is None else area
    geometry = shapely.geometry.mapping(shape) if isinstance(shape, shapely.Geometry) else shape
    return {"type": "Feature", "properties": {"team_code": team, **properties}, "geometry": geometry}
