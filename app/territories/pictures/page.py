"""The page: title, key figures, the two maps side by side, the legend with each team before and after. A3, landscape."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final, Literal

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch, Rectangle

from app.territories.pictures import fonts, palette
from app.territories.pictures.maps import draw_map, view_of, width_of
from app.territories.pictures.scene import Scene, SceneTeam
from app.tiles.colouring import fill_and_border

WIDTH_MM: Final = 420.0
HEIGHT_MM: Final = 297.0
MARGIN: Final = 12.0
DPI: Final = 200
POINTS_A_MM: Final = 72 / 25.4

HEAD_MM, FIGURES_MM, FOOT_MM = 27.0, 20.0, 8.0
ROW_MM: Final = 5.6
MOST_ROWS: Final = 12
COLUMNS: Final = 3
CUSTOMERS_AT, ORPHANS_AT = 0.52, 0.72
"""Where columns of a legend's row end, as parts of its width."""

Format = Literal["png", "pdf"]
Fonts = dict[str, FontProperties]

_STYLE: Final[Any] = {
    "pdf.compression": 9,
    "pdf.fonttype": 42,
    "hatch.linewidth": 0.45,
    "path.simplify": False,
    "text.parse_math": False,
    "axes.unicode_minus": False,
}


def draw(scene: Scene, format_: Format) -> bytes:
    """The picture of a scene. The same scene gives the same bytes. Raises `fonts.NoChineseFontError`."""
    written: Fonts = {"regular": fonts.regular(), "bold": fonts.bold()}
    with rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH_MM / 25.4, HEIGHT_MM / 25.4), facecolor=palette.PAPER, dpi=DPI)
        page = figure.add_axes((0, 0, 1, 1))
        page.set_xlim(0, WIDTH_MM)
        page.set_ylim(HEIGHT_MM, 0)  # millimetres from the upper left
        page.set_axis_off()
        listed = _listed(scene)
        rows = -(-len(listed) // COLUMNS)
        legend_mm = 13.0 + rows * ROW_MM
        _head(page, scene, written)
        _figures(page, scene, written, MARGIN + HEAD_MM)
        top = MARGIN + HEAD_MM + FIGURES_MM + 4
        bottom = HEIGHT_MM - MARGIN - FOOT_MM - legend_mm - 4
        _maps(figure, page, scene, written, top, bottom)
        _legend(page, scene, listed, written, bottom + 4, rows)
        _foot(page, scene, written)
        out = BytesIO()
        if format_ == "png":
            FigureCanvasAgg(figure)
            figure.savefig(out, format="png", dpi=DPI, facecolor=palette.PAPER, metadata={"Software": None})
        else:
            FigureCanvasPdf(figure)
            about = {
                "Title": f"{scene.branch} 团队区域化效果图",
                "Creator": "Guidan 归单",
                "Producer": None,
                "CreationDate": None,
            }
            figure.savefig(out, format="pdf", facecolor=palette.PAPER, metadata=about)
        return out.getvalue()


def _listed(scene: Scene) -> list[SceneTeam]:
    """The teams of the legend by number: all, or if they are too many those that change most."""
    most = MOST_ROWS * COLUMNS
    if len(scene.teams) <= most:
        return list(scene.teams)
    ranked = sorted(
        scene.teams,
        key=lambda team: (not team.changed, -abs(team.customers[1] - team.customers[0]), team.number),
    )
    return sorted(ranked[:most], key=lambda team: team.number)


def _write(
    page: Axes,
    x: float,
    y: float,
    text: str,
    font: FontProperties,
    size: float,
    *,
    colour: str = palette.INK,
    ha: str = "left",
    room_mm: float | None = None,
) -> None:
    """A line of text on its baseline; what does not fit into `room_mm` ends in an ellipsis."""
    if room_mm is not None:
        most = room_mm * POINTS_A_MM / size
        if width_of(text) > most:
            while text and width_of(text) > most - 1:
                text = text[:-1]
            text += "…"
    page.text(x, y, text, fontproperties=font, fontsize=size, color=colour, ha=ha, va="baseline", zorder=5)


def _card(page: Axes, x: float, y: float, wide: float, high: float) -> None:
    page.add_patch(
        FancyBboxPatch(
            (x, y), wide, high, boxstyle="round,pad=0,rounding_size=2", facecolor=palette.CARD, edgecolor=palette.RULE,
            linewidth=0.8, zorder=1,
        )
    )  # fmt: skip


def _head(page: Axes, scene: Scene, written: Fonts) -> None:
    page.add_patch(Rectangle((MARGIN, MARGIN + 1), 2.2, 17.5, facecolor=palette.ACCENT, edgecolor="none", zorder=2))
    _write(page, MARGIN + 6, MARGIN + 9.5, f"{scene.branch} 团队区域化效果图", written["bold"], 27, room_mm=290)
    _write(
        page, MARGIN + 6, MARGIN + 17.5, f"{scene.before}  →  {scene.after}", written["regular"], 12.5,
        colour=palette.QUIET, room_mm=320,
    )  # fmt: skip
    right = WIDTH_MM - MARGIN
    _write(page, right, MARGIN + 8, "Team regionalisation", written["regular"], 11, colour=palette.QUIET, ha="right")
    _write(page, right, MARGIN + 17.5, f"数据日期 {scene.on}", written["regular"], 12, ha="right")


def _figures(page: Axes, scene: Scene, written: Fonts, top: float) -> None:
    before = sum(team.before is not None for team in scene.teams)
    after = sum(team.after is not None for team in scene.teams)
    cards = (
        ("拥有区域的团队", _pair(str(before), str(after)), "teams with a territory"),
        ("换手保单", f"{scene.policies:,}", f"客户 {scene.customers:,} · policies moving"),
        ("其中孤儿单", f"{scene.orphans:,}", "orphans among them"),
        ("换手面积", "—" if scene.area_km2 is None else f"{_short(scene.area_km2)} km²", "land changing hands"),
        ("负荷基尼系数", _pair(f"{scene.gini[0]:.3f}", f"{scene.gini[1]:.3f}"), "Gini of load（越低越均衡）"),
        ("最高 / 最低负荷", _pair(*(_number(each) for each in scene.spread)), "highest over lowest load"),
        ("肥水不流外人田", _pair(*(_percent(each) for each in scene.kept)), "kept in team"),
    )
    gap = 4.0
    wide = (WIDTH_MM - 2 * MARGIN - gap * (len(cards) - 1)) / len(cards)
    for number, (name, value, said) in enumerate(cards):
        x = MARGIN + number * (wide + gap)
        _card(page, x, top, wide, FIGURES_MM - 1)
        _write(page, x + 4, top + 5.4, name, written["regular"], 9.5, colour=palette.QUIET)
        size = min(17.0, (wide - 7) * POINTS_A_MM / width_of(value))
        _write(page, x + 4, top + 12.6, value, written["bold"], size, colour=palette.ACCENT)
        _write(page, x + 4, top + 16.9, said, written["regular"], 7, colour=palette.QUIET, room_mm=wide - 6)


def _pair(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "—" if value is None else f"{value * 100:.1f}%"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _maps(figure: Figure, page: Axes, scene: Scene, written: Fonts, top: float, bottom: float) -> None:
    gap = 6.0
    wide = (WIDTH_MM - 2 * MARGIN - gap) / 2
    caption = 9.0
    high = bottom - top - caption - 3
    view = view_of(scene, high / (wide - 6))
    for number, (side, title, said) in enumerate(
        (("before", "调整前 Before", scene.before), ("after", "调整后 After", scene.after))
    ):
        x = MARGIN + number * (wide + gap)
        _card(page, x, top, wide, bottom - top)
        _write(page, x + 4, top + 6.6, title, written["bold"], 14, colour=palette.INK)
        _write(
            page,
            x + wide - 4,
            top + 6.4,
            said,
            written["regular"],
            9,
            colour=palette.QUIET,
            ha="right",
            room_mm=wide - 55,
        )
        place = ((x + 3) / WIDTH_MM, 1 - (top + caption + high) / HEIGHT_MM, (wide - 6) / WIDTH_MM, high / HEIGHT_MM)
        axes = figure.add_axes(place, zorder=3)
        draw_map(axes, scene, "before" if side == "before" else "after", view, (wide - 6) * POINTS_A_MM, written)


def _legend(page: Axes, scene: Scene, listed: list[SceneTeam], written: Fonts, top: float, rows: int) -> None:
    high = 13.0 + rows * ROW_MM - 2
    _card(page, MARGIN, top, WIDTH_MM - 2 * MARGIN, high)
    inner = 5.0
    gap = 9.0
    wide = (WIDTH_MM - 2 * MARGIN - 2 * inner - gap * (COLUMNS - 1)) / COLUMNS
    used = min(COLUMNS, -(-len(listed) // max(1, rows)))
    for column in range(used):
        x = MARGIN + inner + column * (wide + gap)
        y = top + 6.2
        _write(page, x, y, "团队 team", written["bold"], 8, colour=palette.QUIET)
        for right, name in (
            (CUSTOMERS_AT, "客户 customers"),
            (ORPHANS_AT, "孤儿单 orphans"),
            (1.0, "负荷 / 容量 load"),
        ):
            _write(page, x + wide * right, y, name, written["bold"], 8, colour=palette.QUIET, ha="right")
        page.plot([x, x + wide], [y + 1.9, y + 1.9], color=palette.RULE, linewidth=0.7, zorder=4)
    for number, team in enumerate(listed):
        x = MARGIN + inner + (number // rows) * (wide + gap)
        _row(page, team, written, x, top + 12.6 + (number % rows) * ROW_MM, wide)


def _row(page: Axes, team: SceneTeam, written: Fonts, x: float, y: float, wide: float) -> None:
    fill, line = fill_and_border(team.colour)
    page.add_patch(Rectangle((x, y - 3.1), 5.4, 3.9, facecolor=fill, edgecolor=line, linewidth=0.8, zorder=3))
    _write(page, x + 2.7, y - 0.2, str(team.number), written["regular"], 6.5, ha="center")
    font = written["bold"] if team.changed else written["regular"]
    _write(page, x + 7, y, team.name, font, 9, room_mm=wide * CUSTOMERS_AT - 28)
    _change(page, x + wide * CUSTOMERS_AT, y, team.customers, written)
    _change(page, x + wide * ORPHANS_AT, y, team.orphans, written)
    _change(page, x + wide, y, team.load, written, f" / {team.capacity:,}")


def _change(page: Axes, right: float, y: float, values: tuple[int, int], written: Fonts, after: str = "") -> None:
    """One figure, or two with an arrow, the second one in the colour of its way."""
    old, new = values
    size = 8.5
    if old == new:
        _write(page, right, y, f"{old:,}{after}", written["regular"], size, colour=palette.QUIET, ha="right")
        return
    colour = palette.RISE if new > old else palette.FALL
    if after:
        _write(page, right, y, after, written["regular"], size, colour=palette.QUIET, ha="right")
        right -= width_of(after) * size / POINTS_A_MM
    said = f"{new:,}"
    _write(page, right, y, said, written["bold"], size, colour=colour, ha="right")
    back = width_of(said) * size / POINTS_A_MM + 0.8
    _write(page, right - back, y, f"{old:,} →", written["regular"], size, colour=palette.QUIET, ha="right")


def _foot(page: Axes, scene: Scene, written: Fonts) -> None:
    y = HEIGHT_MM - MARGIN - 0.5
    x = MARGIN
    for kind, words in (
        ("before", "换手区域（调整前） changes hands, before"),
        ("after", "换手区域（调整后） … after"),
        ("free", "无团队拥有 unowned"),
    ):
        page.add_patch(
            Rectangle(
                (x, y - 3.4), 8, 4.2,
                facecolor=palette.LAND if kind == "free" else palette.CARD,
                edgecolor=palette.HATCH if kind == "free" else palette.SEAL,
                hatch={"before": "....", "after": "////", "free": "//////"}[kind],
                linewidth=0.9,
                linestyle=(0, (3, 2)) if kind == "before" else "solid",
                zorder=3,
            )
        )  # fmt: skip
        _write(page, x + 10, y, words, written["regular"], 8, colour=palette.QUIET)
        x += 14 + width_of(words) * 8 / POINTS_A_MM
    said = "客户按服务地址所在区域计；负荷 = 团队有效成员服务的有效保单 + 保单池；换手保单随区域移交计。归单 Guidan · CGCS2000"
    _write(
        page,
        WIDTH_MM - MARGIN,
        y,
        said,
        written["regular"],
        7.5,
        colour=palette.QUIET,
        ha="right",
        room_mm=WIDTH_MM - MARGIN - x,
    )
