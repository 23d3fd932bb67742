"""How the layers of a project look, as QGIS writes it. Colours are those of the page (web/src/map/palette.ts)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

OTHERS = ("#fdfcf9", "#8d8778")
SEVERITIES = {"ERROR": "#a5342a", "WARNING": "#d3a544", "NOTE": "#0d5c63"}
SEVERITY_NAMES = {"ERROR": "错误 error", "WARNING": "警告 warning", "NOTE": "提示 note"}


@dataclass(frozen=True, slots=True)
class Symbol:
    """Fill and line as `#rrggbb`; fill None: empty. `opacity` of the fill 0–1, `width` and `size` in mm, `line`: solid, dash, dot."""

    shape: str
    fill: str | None
    line_colour: str
    width: float = 0.3
    line: str = "solid"
    opacity: float = 1.0
    size: float = 2.0


@dataclass(frozen=True, slots=True)
class Style:
    """A symbol for all, or one for each value of a field, and the field that labels."""

    symbol: Symbol
    field: str | None = None
    categories: Sequence[tuple[str, str, Symbol]] = ()
    label: str | None = None
    label_size: float = 9.0


def renderer(style: Style) -> Element:
    """The element `renderer-v2` of a style."""
    if style.field is None:
        made = Element("renderer-v2", type="singleSymbol", symbollevels="0", enableorderby="0", forceraster="0")
        symbols = SubElement(made, "symbols")
        symbols.append(_symbol("0", style.symbol))
        return made
    made = Element(
        "renderer-v2", type="categorizedSymbol", attr=style.field, symbollevels="0", enableorderby="0", forceraster="0"
    )
    categories, symbols = SubElement(made, "categories"), SubElement(made, "symbols")
    for number, (value, label, symbol) in enumerate((*style.categories, ("", "其他 others", style.symbol))):
        SubElement(categories, "category", value=value, label=label, symbol=str(number), render="true")
        symbols.append(_symbol(str(number), symbol))
    return made


def labeling(style: Style) -> Element | None:
    """The element `labeling` of a style, None without a label."""
    if style.label is None:
        return None
    made = Element("labeling", type="simple")
    settings = SubElement(made, "settings", calloutType="simple")
    text = SubElement(
        settings,
        "text-style",
        fieldName=style.label,
        isExpression="0",
        fontSize=str(style.label_size),
        fontSizeUnit="Point",
        fontFamily="Noto Sans CJK SC",
        textColor="59,70,82,255",
        textOpacity="1",
    )
    SubElement(
        text,
        "text-buffer",
        bufferDraw="1",
        bufferSize="0.8",
        bufferSizeUnits="MM",
        bufferColor="255,255,255,200",
        bufferOpacity="0.8",
    )
    SubElement(settings, "placement", placement={"fill": "1", "line": "2", "marker": "0"}[style.symbol.shape])
    SubElement(settings, "rendering", drawLabels="1", obstacle="1", scaleVisibility="0")
    return made


def _symbol(name: str, of: Symbol) -> Element:
    made = Element("symbol", name=name, type=of.shape, alpha="1", clip_to_extent="1", force_rhr="0")
    kind = {"fill": "SimpleFill", "marker": "SimpleMarker", "line": "SimpleLine"}[of.shape]
    layer = SubElement(made, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    options = SubElement(layer, "Option", type="Map")
    for key, value in _options(of).items():
        SubElement(options, "Option", name=key, type="QString", value=value)
    return made


def _options(of: Symbol) -> Mapping[str, str]:
    line = _rgba(of.line_colour, 1.0)
    if of.shape == "line":
        return {
            "line_color": line,
            "line_style": of.line,
            "line_width": str(of.width),
            "line_width_unit": "MM",
            "capstyle": "round",
            "joinstyle": "round",
        }
    fill = _rgba(of.fill or "#ffffff", of.opacity)
    outline = {
        "outline_color": line,
        "outline_style": of.line,
        "outline_width": str(of.width),
        "outline_width_unit": "MM",
        "joinstyle": "round",
    }
    if of.shape == "marker":
        return {"name": "circle", "color": fill, "size": str(of.size), "size_unit": "MM", **outline}
    return {"color": fill, "style": "solid" if of.fill else "no", **outline}


def _rgba(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{round(opacity * 255)}"
