"""Makes tiles: what is drawn comes from memory or from PostGIS, the encoding is PostGIS's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Connection

from app.access.principal import EVERYTHING, Scope
from app.tiles import content
from app.tiles.areas import Areas
from app.tiles.content import Plan, sql
from app.tiles.customers import Customers
from app.tiles.errors import UnknownLayer
from app.tiles.grid import EXTENT, RADIUS_M, Tile, to_degrees
from app.tiles.orphans import Bins, Orphans
from app.tiles.store import PATIENCE_S, Held, Make, TileStore

LAYERS = ("branches", "communities", "territories", "orphans", "customers")
POINTS = ("orphans", "customers")

DRAWING = "2"
"""Of the way in which tiles are made: another one where the same content gives other tiles, so that no browser keeps the old."""

ROUNDING_DEG = 1e-9

PATIENCE_FOR_A_DRAFT_S = 5.0
"""Who draws waits for what was drawn: a neighbourhood, so it is some hundredths of a second."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A layer as it is asked for. `on`: the day that territories are shown of. `plan`: its territories instead of those in force."""

    layer: str
    on: date
    plan: Plan | None = None

    def __post_init__(self) -> None:
        if self.layer not in LAYERS:
            raise UnknownLayer

    @property
    def name(self) -> str:
        """The layer as it is kept."""
        if self.layer != "territories":
            return self.layer
        if self.plan is None:
            return f"territories {self.on}"
        return f"plan {self.plan.id} {self.plan.published} {self.plan.on}"

    def newest(self, connection: Connection, store: TileStore) -> str:
        """The version that the connection sees."""
        if self.layer == "territories" and self.plan is not None:
            return store.versions.newest_of_plan(connection, self.plan.id, published=self.plan.published)
        return store.versions.newest(connection, self.layer)


@dataclass(frozen=True, slots=True)
class Made:
    """A tile at the version that is shown. `tag`: changes whenever the tile does. `word`: of the layer, changes with its content."""

    tag: str
    word: str
    _store: TileStore
    _wanted: Wanted
    _square: Tile
    _content: Any
    _scope: Scope

    def body(self, connection: Connection) -> bytes:
        """The Mapbox Vector Tile (2.1); empty if nothing is there."""
        wanted, square, scope = self._wanted, self._square, self._scope

        def make() -> bytes:
            if wanted.layer == "orphans":
                return _orphans_tile(connection, self._content, square, scope)
            if wanted.layer == "customers":
                return _bins_tile(connection, "customers", self._content.bins(square, scope))
            return _areas_tile(connection, self._content, wanted.layer, square)

        return self._store.tiles.get((wanted.layer, square, self.tag), make)


def tile(connection: Connection, store: TileStore, wanted: Wanted, square: Tile, *, scope: Scope = EVERYTHING) -> Made:
    """A tile of a layer. `scope`: whose orphans and customers may be seen; areas are no secret.

    Raises what reading the layer raises.
    """
    held = _held(connection, store, wanted)
    word = _digest(wanted.name, held.version)
    if wanted.layer in POINTS:
        tag = _digest(wanted.name, held.version, json.dumps(_seen(scope)))
    else:
        tag = _digest(wanted.layer, held.content.shown(square).word)
    return Made(tag, word, store, wanted, square, held.content, scope)


def words(connection: Connection, store: TileStore, on: date, plan: Plan | None = None) -> dict[str, str]:
    """For each layer a word that changes whenever the content does that tiles show. Content that has changed is built at once."""
    found = {}
    for layer in LAYERS:
        wanted = Wanted(layer, on, plan)
        version = wanted.newest(connection, store)
        if store.held(wanted.name) is not None:
            version = _held(connection, store, wanted, newest=version, patience_s=0.0).version
        found[layer] = _digest(wanted.name, version)
    return found


def _held(
    connection: Connection,
    store: TileStore,
    wanted: Wanted,
    *,
    newest: str | None = None,
    patience_s: float | None = None,
) -> Held:
    if patience_s is None:
        patience_s = PATIENCE_S if wanted.plan is None else PATIENCE_FOR_A_DRAFT_S
    version = wanted.newest(connection, store) if newest is None else newest
    rests = wanted.layer in POINTS
    return store.current(connection, wanted.name, version, _make(store, wanted), rests=rests, patience_s=patience_s)


def _make(store: TileStore, wanted: Wanted) -> Make:
    def make(connection: Connection, before: Any) -> tuple[str, Any]:
        return wanted.newest(connection, store), _content(connection, store, wanted, before)

    return make


def _content(connection: Connection, store: TileStore, wanted: Wanted, before: Any) -> Any:
    if wanted.layer == "orphans":
        return Orphans.read(connection) if before is None else before.refreshed(connection)
    if wanted.layer == "customers":
        return Customers.read(connection) if before is None else before.refreshed(connection)
    if wanted.layer == "branches":
        return content.read_branches(connection, store.book, before)
    if wanted.layer == "communities":
        return content.read_communities(connection, store.book, before)
    if wanted.plan is not None:
        return content.read_plan_territories(connection, store.book, wanted.plan, before)
    return content.read_territories(connection, store.book, wanted.on, before)


def _orphans_tile(connection: Connection, counted: Orphans, square: Tile, scope: Scope) -> bytes:
    if square.z >= counted.exact_from(scope):
        west, south, east, north = square.bounds_m()
        (lon_from, lat_from), (lon_to, lat_to) = to_degrees(np.array([[west, south], [east, north]])).tolist()
        values = {
            "west": west,
            "north": north,
            "unit": square.side_m / EXTENT,
            "radius": RADIUS_M,
            "lon_from": lon_from - ROUNDING_DEG,
            "lat_from": lat_from - ROUNDING_DEG,
            "lon_to": lon_to + ROUNDING_DEG,
            "lat_to": lat_to + ROUNDING_DEG,
            **_seen(scope),
        }
        return bytes(connection.execute(sql("orphans"), values).scalar_one())
    return _bins_tile(connection, "orphans", counted.bins(square, scope))


def _bins_tile(connection: Connection, layer: str, bins: Bins) -> bytes:
    if not bins.properties:
        return b""
    values = {
        "layer": layer,
        "tile_x": bins.x.tolist(),
        "tile_y": bins.y.tolist(),
        "props": _array(_json(bins.properties)),
    }
    return bytes(connection.execute(sql("bins"), values).scalar_one())


def _areas_tile(connection: Connection, areas: Areas, layer: str, square: Tile) -> bytes:
    which = areas.inside(square)
    if not len(which):
        return b""
    shapes = areas.in_tile(square, which)
    there = np.flatnonzero(~shapely.is_empty(shapes))
    wkb = shapely.to_wkb(shapes[there]).tolist()
    lengths = np.array([len(each) for each in wkb], dtype=np.int64)
    labelled, place, room = areas.labels(square)
    named = [
        {**areas.properties[at], "room": round(float(free))} for at, free in zip(labelled.tolist(), room, strict=True)
    ]
    west, _, _, north = square.bounds_m()
    unit = square.side_m / EXTENT
    values = {
        "layer": layer,
        "shapes": b"".join(wkb),
        "starts": (np.cumsum(lengths) - lengths + 1).tolist(),
        "lengths": lengths.tolist(),
        "props": _array(areas.json[at] for at in which[there].tolist()),
        "label_x": np.rint((place[:, 0] - west) / unit).tolist(),
        "label_y": np.rint((north - place[:, 1]) / unit).tolist(),
        "label_props": _array(_json(named)),
    }
    return bytes(connection.execute(sql("areas"), values).scalar_one())


def _seen(scope: Scope) -> dict[str, list[str] | None]:
    return {
        "branch_codes": scope.listed_branches,
        "team_codes": None if scope.team_codes is None else sorted(scope.team_codes),
    }


def _json(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [json.dumps(row, ensure_ascii=False) for row in rows]


def _array(rows: Iterable[str]) -> str:
    return f"[{','.join(rows)}]"


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\n".join((DRAWING, *parts)).encode(), digest_size=9).hexdigest()


def extent(
    connection: Connection,
    on: date,
    team_code: str | None = None,
    branch_code: str | None = None,
    plan: Plan | None = None,
) -> tuple[float, float, float, float] | None:
    """West, south, east, north in CGCS2000 degrees of all there is, of a branch or of a team's territory; None if there is nothing.

    With a plan: of the plan's territories, or else of its branch.
    """
    if plan is not None:
        row = connection.execute(sql("extent_of_plan"), {"plan": plan.id, "team_code": team_code}).one_or_none()
        if row is not None:
            return (row.west, row.south, row.east, row.north)
        branch_code = plan.branch_code
    values = {"on": on, "team_code": team_code, "branch_code": branch_code}
    row = connection.execute(sql("extent"), values).one_or_none()
    return None if row is None else (row.west, row.south, row.east, row.north)
