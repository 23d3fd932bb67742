"""Colours of the picture: those of the web's map (web/src/map/palette.ts), a little fuller for paper on a wall."""

PAPER = "#f4f2ec"
CARD = "#fdfcf9"
LAND = "#f7f5ef"
HATCH = "#cdc8ba"
RULE = "#d9d4c7"
BRANCH_LINE = "#6f6a5c"
INK = "#1c2733"
QUIET = "#6d6a61"
ACCENT = "#0d5c63"
SEAL = "#a5342a"
RISE = "#a5342a"
FALL = "#2f6b3a"

TERRITORIES = (
    ("#d3e4cf", "#86a881"),
    ("#d2e2ef", "#84a3bd"),
    ("#f0dfc6", "#c0a276"),
    ("#e1d9ec", "#a394b8"),
    ("#f1d8d2", "#bf9087"),
    ("#cfe6e3", "#7eaaa5"),
    ("#ece7bf", "#b3aa6b"),
)
"""Fill and border by the number that `app.tiles.colouring` gives."""


def territory(number: int) -> tuple[str, str]:
    """Fill and border of a colour number."""
    return TERRITORIES[number % len(TERRITORIES)]
