"""The grid over the areas: how fine it is, how it is laid, and the lookups in it, on as many threads as pay."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.cores import evenly, spread
from geo.matching import building, kernels
from geo.matching.rings import Rings

Floats = NDArray[np.float64]

# Below these many points, or edges, another thread costs more than it saves.
_POINTS_PER_THREAD = 50_000
_EDGES_PER_THREAD = 100_000
# No more than this many (part, cell) pairs are considered while a grid is laid: 40 bytes each.
_MOST_PAIRS = 30_000_000

# Points are looked up tile by tile if there are so many, and if the grid and the borders outgrow the caches.
_TILED_POINTS = 50_000
_TILED_BYTES = 12 * 2**20
_TILES = 16
_NO_ORDER: NDArray[np.int32] = np.empty(0, dtype=np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Cells over the areas' extent; see `building` for what a cell keeps.

    `frame`: west, south, columns a degree, rows a degree, width and height of a cell in degrees.
    """

    rings: Rings
    frame: Floats
    nx: int
    ny: int
    table: NDArray[np.int32]
    lists: NDArray[np.int32]
    threads: int

    @property
    def nbytes(self) -> int:
        """Memory of the grid, without that of the rings."""
        return self.table.nbytes + self.lists.nbytes

    def _slices(self, points: int) -> list[slice]:
        return evenly(points, min(self.threads, max(1, points // _POINTS_PER_THREAD)))

    def first(self, lon: Floats, lat: Floats) -> NDArray[np.int32]:
        """The lowest area that covers each point; -1 for none."""
        return self._look_up(lon, lat, every=False)[0]

    def covers(self, lon: Floats, lat: Floats) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.bool_]]:
        """(point, area, touching) by point, then area."""
        found, touching, number = self._look_up(lon, lat, every=True)
        slices = self._slices(len(lon))
        ends = np.cumsum([number[some].sum() for some in slices])
        pairs = int(ends[-1])
        point = np.empty(pairs, dtype=np.int64)
        area = np.empty(pairs, dtype=np.int32)
        touches = np.empty(pairs, dtype=np.bool_)
        starts = dict(zip((some.start for some in slices), [0, *ends[:-1].tolist()], strict=True))

        def work(some: slice) -> None:
            kernels.list_pairs(
                *(lon[some], lat[some], found[some], touching[some], number[some], some.start, starts[some.start]),
                *(point, area, touches),
                *self._cells(),
            )

        spread(slices, work)
        return point, area, touches

    def covers_one(self, lon: float, lat: float) -> list[tuple[int, bool]]:
        """(area, touching) of all areas that cover one point, by area."""
        x, y, found, number = np.array([lon]), np.array([lat]), np.empty(1, dtype=np.int32), np.empty(1, dtype=np.int32)
        touching = np.empty(1, dtype=np.bool_)
        kernels.look_up(x, y, _NO_ORDER, True, found, touching, number, *self._cells())
        if number[0] <= 1:
            return [(int(found[0]), bool(touching[0]))] if number[0] else []
        _, areas, touches = self.covers(x, y)
        return list(zip(areas.tolist(), touches.tolist(), strict=True))

    def _look_up(
        self, lon: Floats, lat: Floats, every: bool
    ) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.int32]]:
        found = np.empty(len(lon), dtype=np.int32)
        touching = np.empty(len(lon), dtype=np.bool_)
        number = np.empty(len(lon), dtype=np.int32)

        def work(some: slice) -> None:
            order, x, y = _NO_ORDER, lon[some], lat[some]
            if len(x) >= _TILED_POINTS and self.nbytes + self.rings.xy.nbytes >= _TILED_BYTES:
                order, x, y = kernels.by_tile(
                    x, y, self.frame, self.nx, self.ny, max(1, max(self.nx, self.ny) // _TILES)
                )
            kernels.look_up(x, y, order, every, found[some], touching[some], number[some], *self._cells())

        spread(self._slices(len(lon)), work)
        return found, touching, number

    def near(
        self, lon: Floats, lat: Floats, sine: Floats, cosine: Floats, radius: Floats, window: Floats
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], Floats]:
        """(point, area, metres) of the areas nearer than `radius` that do not cover the point, by point, then area."""
        pieces: dict[int, tuple[NDArray[np.int64], NDArray[np.int32], Floats]] = {}

        def work(some: slice) -> None:
            point, area, metres = kernels.near(
                lon[some],
                lat[some],
                sine[some],
                cosine[some],
                radius[some],
                window[some],
                self.rings.areas,
                *self._cells(),
            )
            pieces[some.start] = point + some.start, area, metres

        spread(self._slices(len(lon)), work)
        points, areas, metres = zip(*(pieces[start] for start in sorted(pieces)), strict=True)
        return np.concatenate(points), np.concatenate(areas), np.concatenate(metres)

    def nearest(
        self, lon: Floats, lat: Floats, sine: Floats, cosine: Floats, area: NDArray[np.int32], to_border: bool
    ) -> tuple[Floats, Floats]:
        """Metres from each point to the area of the same position, and the (n, 2) places; as `kernels.nearest`."""
        metres = np.empty(len(lon))
        place = np.full((len(lon), 2), np.nan)
        rings = self.rings

        def work(some: slice) -> None:
            kernels.nearest(
                *(lon[some], lat[some], sine[some], cosine[some], area[some], to_border, metres[some], place[some]),
                *(rings.xy, rings.ends, rings.part_start, rings.area_start),
            )

        # A pair costs about as much as a hundred lookups.
        threads = min(self.threads, max(1, 100 * len(lon) // _POINTS_PER_THREAD))
        spread(evenly(len(lon), threads), work)
        return metres, place

    def warm(self) -> None:
        """Compiles or loads every kernel, on nothing."""
        none, no_areas = np.empty(0), np.empty(0, dtype=np.int32)
        self.covers(none, none)
        kernels.by_tile(none, none, self.frame, self.nx, self.ny, 1)
        self.near(none, none, none, none, none, np.empty((0, 2)))
        self.nearest(none, none, none, none, no_areas, False)

    def _cells(self) -> tuple[Any, ...]:
        return self.frame, self.nx, self.ny, self.table, self.lists, self.rings.xy


def lay_grid(rings: Rings, expected_points: int, threads: int, fineness: int | None = None) -> Grid:
    """The grid of `rings`, as fine as pays for `expected_points` lookups; `fineness`: cells along the longer side instead."""
    west, south = rings.boxes[:, :2].min(axis=0) if rings.parts else (0.0, 0.0)
    east, north = rings.boxes[:, 2:].max(axis=0) if rings.parts else (1.0, 1.0)
    # A rim, so that no border lies on the grid's own edge.
    rim = max(1e-9, 1e-3 * max(east - west, north - south))
    x0, y0 = west - rim, south - rim
    x_span, y_span = east + rim - x0, north + rim - y0
    nx, ny = _shape(fineness or _fineness(rings, x_span, y_span, expected_points), x_span, y_span)
    width, height = x_span / nx, y_span / ny

    edges = rings.part_start[-1]
    chunks = min(threads, max(1, int(edges) // _EDGES_PER_THREAD))
    cuts = np.searchsorted(rings.part_start, edges * np.arange(chunks + 1) / chunks)
    cuts[0], cuts[-1] = 0, rings.parts
    pieces: dict[int, tuple[NDArray[Any], ...]] = {}

    def work(parts: slice) -> None:
        pieces[parts.start] = building.lay(
            *(rings.xy, rings.ends, rings.part_start, rings.boxes, parts.start, parts.stop),
            *(x0, y0, width, height, nx, ny),
        )

    spread([slice(int(a), int(b)) for a, b in pairwise(cuts)], work)
    laid = list(zip(*(pieces[start] for start in sorted(pieces)), strict=True))
    cell, part, state, _, run_from, run_count, full_cell, full_part, full_count = (np.concatenate(c) for c in laid)
    before = np.cumsum([0, *(len(runs) for runs in laid[4])])
    begin = np.concatenate([starts[:-1] + b for starts, b in zip(laid[3], before[:-1], strict=True)])
    end = np.concatenate([starts[1:] + b for starts, b in zip(laid[3], before[:-1], strict=True)])
    table, lists = building.tabulate(
        *(
            nx * ny,
            cell,
            part,
            state,
            begin,
            end,
            run_from,
            run_count,
            full_cell,
            full_part,
            full_count,
            rings.part_area,
        )
    )
    return Grid(
        rings=rings,
        frame=np.array([x0, y0, 1.0 / width, 1.0 / height, width, height]),
        nx=nx,
        ny=ny,
        table=table,
        lists=lists,
        threads=threads,
    )


def _shape(fineness: int, x_span: float, y_span: float) -> tuple[int, int]:
    longer = max(x_span, y_span)
    return max(1, round(fineness * x_span / longer)), max(1, round(fineness * y_span / longer))


def _fineness(rings: Rings, x_span: float, y_span: float, points: int) -> int:
    """Cells along the longer side that make laying the grid and `points` lookups cheapest together.

    A rough count in nanoseconds, measured once: a cell 25, a (part, cell) pair 2, a border's cell 100, an edge 20; a lookup 30, a
    part's border met 50, an edge looked at 6.
    """
    if not rings.parts:
        return 1
    edges = float(rings.part_start[-1])
    best, cheapest = 1, np.inf
    for fineness in (round(2 ** (half / 2)) for half in range(25)):
        nx, ny = _shape(fineness, x_span, y_span)
        across = (rings.boxes[:, 2] - rings.boxes[:, 0]) * (nx / x_span)
        up = (rings.boxes[:, 3] - rings.boxes[:, 1]) * (ny / y_span)
        pairs = float(((across + 1.0) * (up + 1.0)).sum())
        if pairs > _MOST_PAIRS and fineness > 1:
            break
        # A border winds: it passes more cells than the box around it.
        borders = float(np.minimum(3.0 * (across + up) + 1.0, (across + 1.0) * (up + 1.0)).sum())
        cells = nx * ny
        build = 25.0 * cells + 2.0 * pairs + 100.0 * borders + 20.0 * edges
        cost = build + points * (30.0 + 50.0 * borders / cells + 6.0 * (edges + borders) / cells)
        if cost < cheapest:
            best, cheapest = fineness, cost
    return best
