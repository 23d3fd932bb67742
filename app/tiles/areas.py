"""A layer of areas at one version of its content: which of them a tile shows, how they are drawn, where their names stand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from app.tiles.colouring import steady_colours
from app.tiles.grid import BUFFER, EXTENT, HALF_WORLD_M, Tile
from app.tiles.shapes import Drawn, ShapeBook, joined, tolerance_m
from geo.simplifying import Outlines, Square, drawn, in_square, thinned

Geometries = NDArray[np.object_]

WORD_BYTES = 12

FAR = 11
"""Up to this zoom a tile shows so many areas that all are made ready for the zoom at once."""

SMALLEST_NAME_PX = 6.0
"""Names are not sent that the page would have no room for at twice the size: it writes a letter no smaller than 11 pixels where the
area is at least 2.4 times the distance to the border wide."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a tile shows. `word`: a digest of it. `which`: the numbers of its areas."""

    word: str
    which: NDArray[np.intp]


class Areas:
    """The areas of a layer.

    `keys`: of the shapes, each known by it for good. `load`: gives the shapes of some keys, polygons in CGCS2000 degrees.
    `properties`: one mapping for each area, in the same order. `coloured`: the property by which areas choose a `colour` that no
    neighbour has. `before`: the layer as it was, of which all is taken over that has not changed; the result is the same without it.
    """

    def __init__(
        self,
        book: ShapeBook,
        keys: Sequence[str],
        load: Callable[[list[str]], Geometries],
        properties: Sequence[dict[str, Any]],
        *,
        coloured: str | None = None,
        before: Areas | None = None,
    ) -> None:
        self.drawn: list[Drawn] = book.draw(book.shapes(keys, load), before.drawn if before else ())
        self.properties = list(properties)
        if coloured is not None:
            self._colour(coloured)
        self.json, words = self._described(before)
        self._boxes = np.array([one.shape.box for one in self.drawn], dtype=np.float64).reshape(-1, 4)
        self._levels: dict[int, tuple[Outlines, NDArray[np.float64]]] = {}
        self._words = np.frombuffer(b"".join(words), dtype=np.uint8).reshape(-1, WORD_BYTES)

    @classmethod
    def of(
        cls,
        lonlat: Geometries,
        properties: Sequence[dict[str, Any]],
        *,
        book: ShapeBook | None = None,
        coloured: str | None = None,
        before: Areas | None = None,
    ) -> Areas:
        """Of polygons that have no key but their content."""
        keys = [hashlib.blake2b(wkb, digest_size=20).hexdigest() for wkb in shapely.to_wkb(lonlat)]
        by_key = dict(zip(keys, lonlat, strict=True))
        return cls(
            book or ShapeBook(),
            keys,
            lambda wanted: np.array([by_key[key] for key in wanted], dtype=object),
            properties,
            coloured=coloured,
            before=before,
        )

    def _described(self, before: Areas | None) -> tuple[list[str], list[bytes]]:
        """For each area its properties as JSON, and a digest of them and of how it is drawn."""
        known = {} if before is None else {one: at for at, one in enumerate(before.drawn)}
        texts, words = [], []
        for one, properties in zip(self.drawn, self.properties, strict=True):
            at = known.get(one)
            if before is not None and at is not None and before.properties[at] == properties:
                texts.append(before.json[at])
                words.append(before._words[at].tobytes())
                continue
            text = json.dumps(properties, ensure_ascii=False)
            texts.append(text)
            words.append(hashlib.blake2b(text.encode(), digest_size=WORD_BYTES, key=one.word).digest())
        return texts, words

    def _colour(self, named: str) -> None:
        first = {one.shape.key: at for at, one in reversed(list(enumerate(self.drawn)))}
        beside: list[set[int]] = [set() for _ in self.drawn]
        for at, one in enumerate(self.drawn):
            beside[at] = {first[key] for key in one.touching if key in first} - {at}
        for at, one in enumerate(self.drawn):  # two areas of one shape lie on one another
            if first[one.shape.key] != at:
                beside[at].add(first[one.shape.key])
                beside[first[one.shape.key]].add(at)
        colours = steady_colours([str(each[named]) for each in self.properties], beside)
        self.properties = [{**each, "colour": number} for each, number in zip(self.properties, colours, strict=True)]

    def __len__(self) -> int:
        return len(self.drawn)

    def inside(self, tile: Tile) -> NDArray[np.intp]:
        """Which areas may be seen in the tile, its buffer included."""
        west, south, east, north = tile.bounds_m(BUFFER / EXTENT)
        box = self._boxes
        return np.flatnonzero((box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south))

    def shown(self, tile: Tile) -> Shown:
        """What the tile shows; its word changes if and only if an area that may be seen in it is drawn or described otherwise."""
        which = self.inside(tile)
        return Shown(hashlib.blake2b(self._words[which].tobytes(), digest_size=12).hexdigest(), which)

    def at_zoom(self, zoom: int) -> Geometries:
        """The areas in Web Mercator metres as they are drawn at this zoom; empty where they are too small to be seen."""
        return drawn(*self._level(zoom), tolerance_m(zoom))

    def in_tile(self, tile: Tile, which: NDArray[np.intp]) -> Geometries:
        """Some areas as the tile holds them: in its units, y southwards from its north-western corner; empty where nothing is left."""
        west, _, _, north = tile.bounds_m()
        square = Square(west, north, tile.side_m / EXTENT, -BUFFER, EXTENT + BUFFER)
        if tile.z > FAR:
            outlines, ranks = joined([self.drawn[at] for at in which.tolist()])
            which = np.arange(len(which))
        else:
            outlines, ranks = self._level(tile.z)
        return in_square(outlines, ranks, tolerance_m(tile.z), which, square)

    def prepare(self, *, far: bool) -> None:
        """Makes ready what the first tiles would wait for: where names stand and, with `far`, the areas as far zooms draw them."""
        for one in self.drawn:
            if len(one.shape.outline.xy):
                one.shape.label()
        if far:
            self._level(0)

    def _level(self, zoom: int) -> tuple[Outlines, NDArray[np.float64]]:
        """All areas thinned for a zoom; kept for far ones, whose tiles show many."""
        level = self._levels.get(zoom)
        if level is None:
            # What a far zoom leaves is among what the next closer one leaves.
            closer = self._level(zoom + 1) if zoom < FAR else joined(self.drawn)
            level = thinned(*closer, tolerance_m(zoom))
            if zoom <= FAR:
                self._levels[zoom] = level
        return level

    def labels(self, tile: Tile) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
        """The areas whose name stands in the tile, its place in Web Mercator metres, shape (n, 2), and the room around it in metres.

        Areas too small for a name at this zoom are left out.
        """
        west, south, east, north = tile.bounds_m()
        pixel = 2 * HALF_WORLD_M / 512 / 2**tile.z
        which = self.inside(tile)
        box = self._boxes[which]
        narrowest = np.minimum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1])
        # No circle inside an area is wider than its box.
        found = which[1.2 * narrowest >= SMALLEST_NAME_PX * pixel]
        lines = np.array([self.drawn[at].shape.label() for at in found.tolist()], dtype=np.float64).reshape(-1, 3)
        x, y, room = lines.T
        here = (x >= west) & (x < east) & (y > south) & (y <= north) & (2.4 * room >= SMALLEST_NAME_PX * pixel)
        return found[here], lines[here, :2], room[here]
