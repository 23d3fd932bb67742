"""GeoJSON as the contract asks for it: RFC 7946 with the declared coordinate system."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely


def write_features(path: Path, features: Iterable[tuple[Mapping[str, str], Any]]) -> int:
    """Writes (properties, polygon in CGCS2000 degrees) pairs, one feature a line; returns how many."""
    rows = list(features)
    shapes = shapely.orient_polygons(np.array([shape for _, shape in rows], dtype=object))
    with path.open("wb") as out:
        out.write(b'{"type":"FeatureCollection","crs_declared":"CGCS2000","features":[\n')
        for index, ((properties, _), shape) in enumerate(zip(rows, shapes, strict=True)):
            feature = {"type": "Feature", "properties": properties, "geometry": _geometry(shape)}
            out.write(b",\n" if index else b"")
            out.write(orjson.dumps(feature))
        out.write(b"\n]}\n")
    return len(rows)


def _geometry(shape: Any) -> dict[str, Any]:
    polygons = [
        [np.round(shapely.get_coordinates(ring), 6).tolist() for ring in shapely.get_rings(part)]
        for part in shapely.get_parts(shape)
    ]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}
