"""One of the two maps: territories, their names, what changes hands, the branch's outline, a scale bar and north."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, log10, radians
from typing import Any, Literal

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from app.territories.pictures import palette
from app.territories.pictures.scene import Scene, SceneTeam
from app.tiles.colouring import fill_and_border

METRES_A_DEGREE = 111_320.0
"""Along a meridian, near enough for a scale bar."""

FINENESS = 5_000
"""A border is drawn as exactly as this many steps across the map show."""

SMALLEST_NAME, LARGEST_NAME, NUMBER_SIZE = 5.0, 13.0, 7.5
"""Points."""

Side = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class View:
    """The part of the world that both maps show, in degrees, and how much narrower a degree of longitude is there."""

    west: float
    south: float
    east: float
    north: float
    squeeze: float

    @property
    def aspect(self) -> float:
        """Height over width, as it is on the ground."""
        return (self.north - self.south) / ((self.east - self.west) * self.squeeze)


def view_of(scene: Scene, aspect: float) -> View:
    """The view that holds the branch and every territory, with a rim, as tall in proportion to its width as `aspect` says."""
    shapes = [scene.outline, *(shape for team in scene.teams for shape in (team.before, team.after))]
    known = shapely.from_wkb([shape for shape in shapes if shape is not None])
    west, south, east, north = shapely.total_bounds(known) if len(known) else (73.0, 18.0, 136.0, 54.0)
    squeeze = cos(radians((south + north) / 2))
    wide, high = max((east - west) * squeeze, 1e-6) * 1.06, max(north - south, 1e-6) * 1.06
    wide, high = max(wide, high / aspect), max(high, wide * aspect)
    x, y = (west + east) / 2, (south + north) / 2
    return View(x - wide / squeeze / 2, y - high / 2, x + wide / squeeze / 2, y + high / 2, squeeze)


def draw_map(
    axes: Axes, scene: Scene, side: Side, view: View, width_pt: float, fonts: dict[str, FontProperties]
) -> None:
    """Draw the territories before or after. `width_pt`: how wide the axes are, in points."""
    axes.set_xlim(view.west, view.east)
    axes.set_ylim(view.south, view.north)
    axes.set_aspect(1 / view.squeeze)
    axes.set_axis_off()
    degrees_a_point = (view.east - view.west) / width_pt
    tolerance = (view.east - view.west) / FINENESS
    if scene.outline is not None:
        outline = shapely.simplify(shapely.from_wkb(scene.outline), tolerance)
        axes.add_patch(
            _patch(outline, facecolor=palette.LAND, edgecolor=palette.HATCH, hatch="//////", linewidth=0, zorder=1)
        )
    there = [team for team in scene.teams if getattr(team, side) is not None]
    shapes = _simplified([getattr(team, side) for team in there], tolerance)
    for team, shape in zip(there, shapes, strict=True):
        fill, line = fill_and_border(team.colour)
        axes.add_patch(_patch(shape, facecolor=fill, edgecolor=line, linewidth=0.8, zorder=2))
    pieces = shapely.from_wkb(list(scene.pieces))
    for piece in shapely.simplify(pieces, tolerance):
        if not piece.is_empty:
            axes.add_patch(
                _patch(
                    piece,
                    facecolor="none",
                    edgecolor=palette.SEAL,
                    hatch="////" if side == "after" else "....",
                    linewidth=1.1,
                    linestyle="solid" if side == "after" else (0, (3, 2)),
                    zorder=3,
                )
            )
    if scene.outline is not None:
        for width, colour in ((3.2, "white"), (1.4, palette.BRANCH_LINE)):
            axes.add_patch(_patch(outline, facecolor="none", edgecolor=colour, linewidth=width, zorder=4))
    for team, shape in zip(there, shapes, strict=True):
        _name(axes, team, shape, view, degrees_a_point, fonts)
    _scale_bar(axes, view, fonts["regular"])
    _north(axes, view, fonts["bold"])


def _simplified(shapes: Sequence[bytes], tolerance: float) -> NDArray[Any]:
    """Simplified so that neighbours go on sharing their border."""
    areas: NDArray[Any] = np.array(shapely.from_wkb(list(shapes)), dtype=object)
    return shapely.coverage_simplify(areas, tolerance) if len(areas) else areas


def _patch(shape: BaseGeometry, **style: Any) -> PathPatch:
    """A polygon with its holes, or several, as one path."""
    vertices: list[NDArray[np.float64]] = []
    codes: list[NDArray[np.uint8]] = []
    for part in shapely.get_parts(shape):
        if part.geom_type != "Polygon":
            continue
        for ring in (part.exterior, *part.interiors):
            points = shapely.get_coordinates(ring)
            kinds = np.full(len(points), Path.LINETO, dtype=np.uint8)
            kinds[0], kinds[-1] = Path.MOVETO, Path.CLOSEPOLY
            vertices.append(points)
            codes.append(kinds)
    path = Path(np.concatenate(vertices), np.concatenate(codes)) if vertices else Path(np.empty((0, 2)))
    return PathPatch(path, joinstyle="round", capstyle="round", **style)


def _name(
    axes: Axes,
    team: SceneTeam,
    shape: BaseGeometry,
    view: View,
    degrees_a_point: float,
    fonts: dict[str, FontProperties],
) -> None:
    """The team's name where its territory has most room; its number in the legend where the name does not fit."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and not part.is_empty]
    if not parts:
        return
    # On the ground a circle is round only once longitude is squeezed.
    grounds = [shapely.transform(part, lambda xy: xy * (view.squeeze, 1.0)) for part in parts]
    ground = max(grounds, key=lambda part: part.area)
    circle = shapely.maximum_inscribed_circle(ground, max(ground.area, 1e-16) ** 0.5 * 0.02)
    x, y = shapely.get_coordinates(circle)[0]
    room = 1.95 * circle.length / view.squeeze / degrees_a_point
    size = min(LARGEST_NAME, room / max(1.0, width_of(team.name)), 0.4 * room)
    written, font = team.name, fonts["bold"]
    if size < SMALLEST_NAME:
        written, size = str(team.number), NUMBER_SIZE
        if room < 0.8 * width_of(written) * size:
            return
    axes.text(
        x / view.squeeze,
        y,
        written,
        fontproperties=font,
        fontsize=size,
        color=palette.INK,
        ha="center",
        va="center_baseline",
        zorder=6,
        path_effects=[withStroke(linewidth=2.2, foreground="white", alpha=0.85)],
    )


def width_of(text: str) -> float:
    """About how wide a text is, in letter heights: a Chinese character is as wide as high."""
    return sum(_width(letter) for letter in text)


def _width(letter: str) -> float:
    if ord(letter) > 0x2E7F or letter in "→—…·":
        return 1.0
    if letter in " .,:;'|il":
        return 0.27
    if letter in "()[]/fjrt-":
        return 0.37
    return 0.65 if letter.isupper() or letter in "%mw" else 0.56


def _scale_bar(axes: Axes, view: View, font: FontProperties) -> None:
    metres = (view.east - view.west) * view.squeeze * METRES_A_DEGREE
    length = _round_below(metres / 4)
    wide = length / METRES_A_DEGREE / view.squeeze
    tall = (view.north - view.south) * 0.008
    x, y = view.west + (view.east - view.west) * 0.02, view.south + (view.north - view.south) * 0.012
    paper = [
        (x - wide * 0.06, y - tall),
        (x + wide * 1.16, y - tall),
        (x + wide * 1.16, y + 5.2 * tall),
        (x - wide * 0.06, y + 5.2 * tall),
    ]
    axes.add_patch(Polygon(paper, facecolor=palette.CARD, edgecolor="none", alpha=0.82, zorder=6.5))
    for number in range(4):
        left = x + wide * number / 4
        corners = [(left, y), (left + wide / 4, y), (left + wide / 4, y + tall), (left, y + tall)]
        axes.add_patch(
            Polygon(
                corners,
                facecolor=palette.INK if number % 2 == 0 else "white",
                edgecolor=palette.INK,
                linewidth=0.6,
                zorder=7,
            )
        )
    unit = (1000, " km") if length >= 1000 else (1, " m")
    for at, said in ((0.0, "0"), (0.5, f"{length / 2 / unit[0]:g}"), (1.0, f"{length / unit[0]:g}{unit[1]}")):
        axes.text(
            x + wide * at, y + 2.0 * tall, said, fontproperties=font, fontsize=6.5, color=palette.INK, ha="center",
            va="bottom", zorder=7, path_effects=[withStroke(linewidth=2, foreground="white", alpha=0.8)],
        )  # fmt: skip


def _round_below(metres: float) -> float:
    """The largest 1, 2 or 5 times a power of ten that is not more."""
    power: float = 10.0 ** int(np.floor(log10(max(metres, 1e-3))))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= metres * (1 + 1e-12))


def _north(axes: Axes, view: View, font: FontProperties) -> None:
    high = (view.north - view.south) * 0.06
    wide = high * 0.32 / view.squeeze
    x = view.east - (view.east - view.west) * 0.035
    y = view.north - (view.north - view.south) * 0.045 - high
    for side, colour in ((-1, palette.INK), (1, "white")):
        corners = [(x, y + high), (x + side * wide, y), (x, y + high * 0.25)]
        axes.add_patch(
            Polygon(corners, facecolor=colour, edgecolor=palette.INK, linewidth=0.7, joinstyle="round", zorder=7)
        )
    axes.text(
        x, y + high * 1.08, "北", fontproperties=font, fontsize=8, color=palette.INK, ha="center", va="bottom", zorder=7
    )
