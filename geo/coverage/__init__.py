"""Editing a coverage of areas that share their borders.

A coverage is `Mapping[str, MultiPolygon]`, code → area in CGCS2000 degrees, vertices on a grid of 1e-8 degree (`settle` brings
areas from elsewhere onto it). A verb gets the neighbourhood (`perform` loads what a tool's `reach` takes) and answers a `Change`: the
areas that changed, None where nothing is left, and the pieces of land that changed hands. Borders stay shared vertex by vertex: no
overlap, no gap, triple points exact. What a verb refuses is a `CoverageError` with a stable code. Docs: decision record 0021.
"""

from geo.coverage.along_lines import reshape, split
from geo.coverage.changes import Change, Piece
from geo.coverage.claiming import claim
from geo.coverage.errors import CoverageError
from geo.coverage.gaps import fill_gap, gap, gap_around
from geo.coverage.grid import GRID_DEG, Coordinate, Envelope
from geo.coverage.reach import neighbourhood, perform, reach
from geo.coverage.settling import Settled, Settling, is_settled, settle
from geo.coverage.tracing import trace
from geo.coverage.transferring import assign, cut_hole, draw, give, merge, remove, replace, transfer
from geo.coverage.vertices import delete_vertex, insert_vertex, move_vertex

__all__ = [
    "GRID_DEG",
    "Change",
    "Coordinate",
    "CoverageError",
    "Envelope",
    "Piece",
    "Settled",
    "Settling",
    "assign",
    "claim",
    "cut_hole",
    "delete_vertex",
    "draw",
    "fill_gap",
    "gap",
    "gap_around",
    "give",
    "insert_vertex",
    "is_settled",
    "merge",
    "move_vertex",
    "neighbourhood",
    "perform",
    "reach",
    "remove",
    "replace",
    "reshape",
    "settle",
    "split",
    "trace",
    "transfer",
]
