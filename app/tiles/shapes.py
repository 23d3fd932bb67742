"""Shapes that never change, and how each is drawn among its neighbours: computed once, whatever version of a layer they are in."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from threading import Lock, RLock
from weakref import WeakValueDictionary

import numpy as np
import shapely
from numpy.typing import NDArray

from app.tiles.grid import HALF_WORLD_M, to_mercator
from geo.simplifying import Outlines, drawn, flatten, rank

Geometries = NDArray[np.object_]

CLOSEST = 16
"""From this zoom on areas are drawn with all their vertices."""

TOLERANCE_PX = 0.75
"""How coarse a border may be otherwise, in pixels of a tile drawn 512 pixels wide."""

MOST_CHANGED = 200
"""Boxes that are looked at one by one; more, and a tree is built of all."""

LABEL_TOLERANCE = 0.02
"""How exactly the middle of an area is sought, as a part of the square root of its size."""


class Shape:
    """An area that never changes, known by its key. `box`: its bounds in Web Mercator metres."""

    __slots__ = ("__weakref__", "_label", "box", "key", "outline")

    def __init__(self, key: str, outline: Outlines) -> None:
        self.key = key
        self.outline = outline
        self._label: tuple[float, float, float] | None = None
        if len(outline.xy):
            low, high = outline.xy.min(axis=0) / 1000, outline.xy.max(axis=0) / 1000
            self.box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
        else:
            self.box = (np.inf, np.inf, -np.inf, -np.inf)

    def label(self) -> tuple[float, float, float]:
        """Where its name is best written, in Web Mercator metres, and how far its border is from there: the centre and the radius of
        the largest circle inside it. It must not be empty."""
        if self._label is None:
            parts = shapely.get_parts(drawn(self.outline, np.full(len(self.outline.xy), np.inf), 0.0))
            sizes = shapely.area(parts)
            largest = parts[np.argmax(sizes)]
            length = np.sqrt(max(float(sizes.max()), 1.0))
            try:
                line = shapely.maximum_inscribed_circle(largest, LABEL_TOLERANCE * length)
                self._label = (*line.coords[0], float(line.length))
            except shapely.errors.GEOSException:
                point = largest.representative_point()
                self._label = (point.x, point.y, 0.0)
        return self._label


class Drawn:
    """A shape as it is drawn among certain neighbours. `touching`: the keys of those whose borders meet its own.

    `word`: a digest of what is drawn at any zoom, so that a neighbour's change that does not show does not count.
    """

    __slots__ = ("__weakref__", "outline", "ranks", "shape", "touching", "word")

    def __init__(self, shape: Shape, outline: Outlines, ranks: NDArray[np.float64], touching: frozenset[str]) -> None:
        self.shape = shape
        self.outline = outline
        self.ranks = ranks.astype(np.float32)
        self.touching = touching
        digest = hashlib.blake2b(digest_size=12)
        for array in (outline.xy, outline.rings, outline.polygons, self.ranks):
            digest.update(np.ascontiguousarray(array).data)
        self.word = digest.digest()


def tolerance_m(zoom: int) -> float:
    """How coarse a border may be at a zoom, in Web Mercator metres."""
    return 0.0 if zoom >= CLOSEST else TOLERANCE_PX * 2 * HALF_WORLD_M / 512 / 2**zoom


def joined(each: Sequence[Drawn]) -> tuple[Outlines, NDArray[np.float64]]:
    """Shapes after one another, and the ranks of their vertices."""
    if not each:
        return flatten(np.empty(0, dtype=object)), np.empty(0)
    return (
        Outlines.joined([one.outline for one in each]),
        np.concatenate([one.ranks for one in each]).astype(np.float64),
    )


class ShapeBook:
    """The shapes that some version of a layer is made of now, and how they are drawn; what no version needs is forgotten.

    How a shape is drawn follows from the shapes whose boxes meet its own (`geo.simplifying.rank`), so it is kept under their keys: a
    change of one shape costs its neighbourhood and not the layer.
    """

    def __init__(self) -> None:
        self._shapes: WeakValueDictionary[str, Shape] = WeakValueDictionary()
        self._drawn: WeakValueDictionary[tuple[str, tuple[str, ...]], Drawn] = WeakValueDictionary()
        self._lock = Lock()
        self._computing = RLock()
        self.computed = 0
        """How many shapes have been computed anew so far."""

    def shapes(self, keys: Sequence[str], load: Callable[[list[str]], Geometries]) -> list[Shape]:
        """The shapes of these keys. `load` gives those that are not known, in CGCS2000 degrees."""
        with self._lock:
            found = {key: shape for key in keys if (shape := self._shapes.get(key)) is not None}
        missing = sorted({key for key in keys if key not in found})
        if missing:
            outlines = flatten(shapely.transform(load(missing), to_mercator))
            made = {key: Shape(key, outlines.one(at)) for at, key in enumerate(missing)}
            with self._lock:
                for key, shape in made.items():
                    found[key] = self._shapes.setdefault(key, shape)
        return [found[key] for key in keys]

    def draw(self, shapes: Sequence[Shape], before: Sequence[Drawn] = ()) -> list[Drawn]:
        """How each of the shapes of a layer is drawn among the others.

        `before`: as the layer was drawn, of which what no changed shape's box meets is taken over without looking for its neighbours.
        """
        boxes = np.array([shape.box for shape in shapes], dtype=np.float64).reshape(-1, 4)
        known = _unaffected(shapes, boxes, before)
        asked = [at for at, one in enumerate(known) if one is None]
        meeting = dict(zip(asked, _meeting(boxes, asked), strict=True))
        names = {at: (shapes[at].key, tuple(sorted(shapes[other].key for other in meeting[at]))) for at in asked}
        with self._computing:
            with self._lock:
                for at, name in names.items():
                    known[at] = self._drawn.get(name)
            missing = [at for at in asked if known[at] is None]
            if missing:
                made = self._compute(shapes, meeting, missing)
                with self._lock:
                    for at, one in made.items():
                        known[at] = self._drawn[names[at]] = one
        return [one for one in known if one is not None]

    def _compute(self, shapes: Sequence[Shape], meeting: dict[int, list[int]], missing: list[int]) -> dict[int, Drawn]:
        self.computed += len(missing)
        around = sorted({*missing, *(other for at in missing for other in meeting[at])})
        place = {at: number for number, at in enumerate(around)}
        ranked = rank(Outlines.joined([shapes[at].outline for at in around]))
        starts = ranked.outlines.starts()
        touching: dict[int, set[str]] = {at: set() for at in around}
        for a, b in ranked.touching.T.tolist():
            touching[around[a]].add(shapes[around[b]].key)
            touching[around[b]].add(shapes[around[a]].key)
        return {
            at: Drawn(
                shapes[at],
                ranked.outlines.one(place[at]),
                ranked.ranks[starts[place[at]] : starts[place[at] + 1]],
                frozenset(touching[at]),
            )
            for at in missing
        }


def _unaffected(shapes: Sequence[Shape], boxes: NDArray[np.float64], before: Sequence[Drawn]) -> list[Drawn | None]:
    """Those of the shapes that are drawn as they were, because the same shapes meet their boxes."""
    old = Counter(one.shape for one in before)
    new = Counter(shapes)
    found: list[Drawn | None] = [None] * len(shapes)
    changed = [shape for shape in {*old, *new} if old[shape] != new[shape]]
    if not before or len(changed) > MOST_CHANGED:
        return found
    as_it_was = {one.shape: one for one in before}
    near = np.zeros(len(shapes), dtype=np.bool_)
    for shape in changed:
        near |= _meets(boxes, shape.box)
    for at in np.flatnonzero(~near).tolist():
        found[at] = as_it_was.get(shapes[at])
    return found


def _meets(boxes: NDArray[np.float64], box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    meets: NDArray[np.bool_] = (
        (boxes[:, 0] <= box[2]) & (boxes[:, 2] >= box[0]) & (boxes[:, 1] <= box[3]) & (boxes[:, 3] >= box[1])
    )
    return meets


def _meeting(boxes: NDArray[np.float64], asked: Sequence[int]) -> list[list[int]]:
    """For each of the boxes asked for those that meet it, itself left out."""
    if len(asked) <= MOST_CHANGED:
        return [
            [other for other in np.flatnonzero(_meets(boxes, tuple(boxes[at]))).tolist() if other != at] for at in asked
        ]
    found: dict[int, list[int]] = {at: [] for at in asked}
    full = np.flatnonzero(boxes[:, 0] <= boxes[:, 2])
    if len(full):
        tree = shapely.STRtree(np.asarray(shapely.box(*boxes[full].T), dtype=object))
        for a, b in full[tree.query(tree.geometries)].T.tolist():
            if a != b and a in found:
                found[a].append(b)
    return list(found.values())
