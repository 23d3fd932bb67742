"""Makes tiles: what is drawn comes from memory or from PostGIS, the encoding is PostGIS's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import shapely
from sqlalchemy import Connection, TextClause, text

from app.access.principal import EVERYTHING, Scope
from app.db import copy_out, read_sql_file
from app.tiles.areas import Areas
from app.tiles.density import Density
from app.tiles.errors import UnknownLayer
from app.tiles.grid import Tile
from app.tiles.store import TileStore

LAYERS = ("branches", "communities", "territories", "orphans")


@cache
def _sql(name: str) -> TextClause:
    return text(read_sql_file("app.tiles", f"sql/{name}"))


def versions(connection: Connection, store: TileStore) -> dict[str, str]:
    """For each layer a word that changes whenever its content may have changed; that of orphans may rest a while."""
    row = connection.execute(_sql("versions")).mappings().one()
    return {
        "branches": f"{row['branches']}-{row['organisations']}",
        "communities": str(row["communities"]),
        "territories": f"{row['territories']}-{row['teams']}",
        "orphans": store.version_to_show("orphans", str(row["orphans"])),
    }


def version(connection: Connection, store: TileStore, layer: str) -> str:
    """The version of one layer. Raises `UnknownLayer`."""
    if layer not in LAYERS:
        raise UnknownLayer()
    return versions(connection, store)[layer]


def content_name(layer: str, at_version: str, on: date, scope: Scope) -> str:
    """What a layer's tiles depend on, in words that every process chooses alike."""
    if layer == "orphans":
        return f"{layer} {at_version} {_seen(scope)}"
    return f"{layer} {at_version} {on if layer == 'territories' else ''}"


def tile(
    connection: Connection,
    store: TileStore,
    layer: str,
    square: Tile,
    *,
    on: date,
    at_version: str,
    scope: Scope = EVERYTHING,
) -> bytes:
    """The Mapbox Vector Tile (2.1) of a layer; empty if nothing is there.

    `on`: the date that territories are shown of. `at_version`: what `version` said on this connection before. `scope`: whose
    orphans may be seen; areas are no secret.
    """
    content = content_name(layer, at_version, on, scope)
    if layer == "orphans":
        return store.tiles.get(
            (content, square), lambda: _orphans_tile(connection, store, square, scope, at_version, content)
        )
    return store.tiles.get((content, square), lambda: _areas_tile(connection, store, layer, square, on, content))


def _orphans_tile(
    connection: Connection, store: TileStore, square: Tile, scope: Scope, at_version: str, content: str
) -> bytes:
    counted = store.build("orphans", at_version, content, lambda: load_density(connection, scope))
    if square.z >= counted.exact_from:
        values = {"z": square.z, "x": square.x, "y": square.y, **_seen(scope)}
        return bytes(connection.execute(_sql("orphans"), values).scalar_one())
    bins = counted.bins(square)
    if not bins.properties:
        return b""
    places = {"tile_x": bins.x.tolist(), "tile_y": bins.y.tolist(), "props": _json(bins.properties)}
    return bytes(connection.execute(_sql("orphan_bins"), places).scalar_one())


def _areas_tile(connection: Connection, store: TileStore, layer: str, square: Tile, on: date, content: str) -> bytes:
    areas: Areas = store.layers.get(content, lambda: load_areas(connection, layer, on))
    shown = areas.inside(square)
    if not len(shown):
        return b""
    labelled, place, room = areas.labels(square)
    named = [
        {**areas.properties[at], "room": round(float(free))} for at, free in zip(labelled.tolist(), room, strict=True)
    ]
    values = {
        "z": square.z,
        "x": square.x,
        "y": square.y,
        "layer": layer,
        "shapes": shapely.to_wkb(areas.at_zoom(square.z)[shown]).tolist(),
        "props": _json([areas.properties[at] for at in shown.tolist()]),
        "label_x": place[:, 0].tolist(),
        "label_y": place[:, 1].tolist(),
        "label_props": _json(named),
    }
    return bytes(connection.execute(_sql("areas"), values).scalar_one())


def _seen(scope: Scope) -> dict[str, list[str] | None]:
    return {
        "branch_codes": None if scope.branch_codes is None else sorted(scope.branch_codes),
        "team_codes": None if scope.team_codes is None else sorted(scope.team_codes),
    }


def _json(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [json.dumps(row, ensure_ascii=False) for row in rows]


def load_areas(connection: Connection, layer: str, on: date) -> Areas:
    """The areas of `branches`, `communities` or, as they are on a date, `territories`."""
    values = {"on": on} if layer == "territories" else {}
    rows = connection.execute(_sql(f"load_{layer}"), values).mappings().all()
    shapes = shapely.from_wkb(np.array([bytes(row["shape"]) for row in rows], dtype=object))
    properties = [{key: value for key, value in row.items() if key != "shape"} for row in rows]
    return Areas(shapes, properties, coloured=layer == "territories")


def load_density(connection: Connection, scope: Scope = EVERYTHING) -> Density:
    """The open orphans of a scope that have a point, counted."""
    columns = {"lon": pl.Float64, "lat": pl.Float64, "kind": pl.String, "team_code": pl.String}
    return Density(copy_out(connection, read_sql_file("app.tiles", "sql/load_orphans"), columns, _seen(scope)))


def extent(
    connection: Connection, on: date, team_code: str | None = None, branch_code: str | None = None
) -> tuple[float, float, float, float] | None:
    """West, south, east, north in CGCS2000 degrees of all there is, of a branch or of a team's territory; None if there is nothing."""
    values = {"on": on, "team_code": team_code, "branch_code": branch_code}
    row = connection.execute(_sql("extent"), values).one_or_none()
    return None if row is None else (row.west, row.south, row.east, row.north)
