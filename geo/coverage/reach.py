"""Which areas a verb may touch: the caller loads these and no others."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from geo.coverage.arrangement import Edges, sheet
from geo.coverage.changes import Change
from geo.coverage.errors import NoTool, TooComplex
from geo.coverage.grid import CELLS_PER_DEGREE, Envelope

MARGIN_DEG: Final = 1e-6
"""A tenth of a metre around the tool: hands name a vertex within `NEAR_CELLS`, and rounding moves things by a cell."""


def reach(*tools: BaseGeometry | Sequence[Any], margin: float = MARGIN_DEG) -> Envelope:
    """(west, south, east, north) in degrees around all that a verb names: areas whose envelope touches it are what it may touch.

    `tools`: geometries, places (lon, lat) or lists of places, in degrees. What to name, verb by verb:

    - `draw`, `give`, `assign`, `cut_hole`, `replace`, `transfer`: the region(s).
    - `merge`, `remove`: the area that goes.
    - `split`, `reshape`: the area and the line.
    - `move_vertex`: both places; `insert_vertex`: both places, with its `within` as margin; `delete_vertex`: the place.
    - `fill_gap`: the limit, or what `gap_around` found. `trace`: both places and what lies between them.

    `neighbourhood` widens it by the edges that it meets. The areas of all codes that a verb names are needed, too, wherever they are.
    Raises `NoTool` for nothing, or a coordinate that is not finite.
    """
    found = []
    for tool in tools:
        if isinstance(tool, BaseGeometry):
            found.append(shapely.get_coordinates(tool))
        else:
            found.append(np.array([point[:2] for point in np.atleast_2d(tool)], dtype=np.float64))
    xy = np.concatenate([*found, np.empty((0, 2))])
    if not len(xy) or not np.isfinite(xy).all():
        raise NoTool
    west, south = xy.min(axis=0) - margin
    east, north = xy.max(axis=0) + margin
    return float(west), float(south), float(east), float(north)


Load = Callable[[Envelope], Mapping[str, MultiPolygon]]
_MOST_LOADS: Final = 8


def neighbourhood(load: Load, around: Envelope) -> tuple[Envelope, Mapping[str, MultiPolygon]]:
    """The areas that a verb with this reach needs, in at most two loads, and the envelope in which none is missing: an edge that
    a verb bends is longer than its tool."""
    areas = load(around)
    edges = Edges.of(sheet(areas))
    west, south, east, north = around
    box = np.array([[west, south, east, north]]) * CELLS_PER_DEGREE
    met = edges.ends[edges.meeting(np.rint(box).astype(np.int64))].reshape(-1, 2) / CELLS_PER_DEGREE
    if not len(met):
        return around, areas
    (w, s), (e, n) = met.min(axis=0) - MARGIN_DEG, met.max(axis=0) + MARGIN_DEG
    wider = _both(around, (float(w), float(s), float(e), float(n)))
    return (around, areas) if wider == around else (wider, load(wider))


def perform(
    load: Load,
    around: Envelope,
    named: Mapping[str, MultiPolygon],
    verb: Callable[[Mapping[str, MultiPolygon]], Change],
) -> Change:
    """Does a verb on the areas that it needs, loading no others.

    `load`: (west, south, east, north) in degrees → code → area, of all areas whose envelope touches it. `around`: the verb's `reach`. `named`: the
    areas of the codes that the verb names, wherever they are. `verb`: the verb on a neighbourhood. Where rounding bends an edge that leads
    out of what was loaded, more is loaded and the verb done anew. Raises what the verb raises.
    """
    around, areas = neighbourhood(load, around)
    for _ in range(_MOST_LOADS):
        change = verb({**named, **areas})
        if change.around is None or _both(around, change.around) == around:
            return change
        around, areas = neighbourhood(load, _both(around, change.around))
    raise TooComplex


def _both(a: Envelope, b: Envelope) -> Envelope:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
