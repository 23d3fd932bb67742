"""What somebody asks of a proposal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import numpy as np
import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from app.errors import CrsUndeclared
from app.territories.proposals.errors import BadBarrier
from geo.crs import Crs, convert, parse_crs

Measure = Literal["policies", "premium"]

MOST_BARRIER_BYTES = 5_000_000
MOST_BARRIER_POSITIONS = 200_000

_KINDS = ("LineString", "MultiLineString", "Polygon", "MultiPolygon")


@dataclass(frozen=True)
class Wish:
    """`plan_id`: the version to start from, the one in force on `as_of` unless given. `tolerance`, `keep`: basis points. `weigh`: what most of
    must stay. `measures`: in what loads are balanced. `apart`: pairs of communities that must not be one team's. `barriers`: lines and
    areas in CGCS2000 degrees over which no territory may reach."""

    branch_code: str
    as_of: date
    seed: int = 1
    plan_id: int | None = None
    tolerance: int = 500
    keep: int = 9_500
    weigh: Measure = "policies"
    measures: tuple[Measure, ...] = ("policies",)
    locked: tuple[str, ...] = ()
    pinned: Mapping[str, str] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    barriers: tuple[BaseGeometry, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For the store; `from_json` takes it back."""
        return {
            "branch_code": self.branch_code,
            "as_of": self.as_of.isoformat(),
            "seed": self.seed,
            "plan_id": self.plan_id,
            "tolerance": self.tolerance,
            "keep": self.keep,
            "weigh": self.weigh,
            "measures": list(self.measures),
            "locked": list(self.locked),
            "pinned": dict(self.pinned),
            "include": list(self.include),
            "apart": [list(pair) for pair in self.apart],
            "barriers": [shapely.to_wkt(one, rounding_precision=-1) for one in self.barriers],
        }

    @staticmethod
    def from_json(kept: Mapping[str, Any]) -> "Wish":
        """The wish as it was stored."""
        return Wish(
            **{
                **kept,
                "as_of": date.fromisoformat(kept["as_of"]),
                "measures": tuple(kept["measures"]),
                "locked": tuple(kept["locked"]),
                "include": tuple(kept["include"]),
                "apart": tuple((a, b) for a, b in kept["apart"]),
                "barriers": tuple(shapely.from_wkt(one) for one in kept["barriers"]),
            }
        )


def read_barriers(content: bytes) -> tuple[BaseGeometry, ...]:
    """The lines and areas of a GeoJSON text in CGCS2000. `crs_declared` as in the interchange contract, WGS 84 unless given.

    Raises `BadBarrier`, `geo.errors.UnknownCrsError`.
    """
    if len(content) > MOST_BARRIER_BYTES:
        raise BadBarrier
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise BadBarrier from error
    if not isinstance(document, dict):
        raise BadBarrier
    return barriers_of(document, document.get("crs_declared", "WGS84"))


def barriers_of(document: Mapping[str, Any], crs: str | None) -> tuple[BaseGeometry, ...]:
    """The lines and areas of a geometry, a feature or a collection of features. Raises `CrsUndeclared`, `BadBarrier`."""
    if crs is None:
        raise CrsUndeclared
    system = parse_crs(str(crs))
    kind = document.get("type")
    features = document.get("features") if kind == "FeatureCollection" else [document]
    found = []
    try:
        for feature in features or ():
            geometry = feature["geometry"] if feature.get("type") == "Feature" else feature
            if geometry["type"] not in _KINDS:
                raise BadBarrier
            shape = shapely.from_geojson(
                orjson.dumps({"type": geometry["type"], "coordinates": geometry["coordinates"]})
            )
            found.append(shapely.force_2d(shape))
    except (shapely.GEOSException, KeyError, TypeError, AttributeError, orjson.JSONEncodeError) as error:
        raise BadBarrier from error
    points = shapely.get_coordinates(found)
    inside = (points >= [73.0, 3.0]).all() and (points <= [136.0, 54.0]).all()
    if not found or not inside or len(points) > MOST_BARRIER_POSITIONS or not all(map(shapely.is_valid, found)):
        raise BadBarrier

    def move(positions: Any) -> Any:
        return np.column_stack(convert(positions[:, 0], positions[:, 1], system, Crs.CGCS2000))

    return tuple(shapely.transform(one, move) for one in found)
