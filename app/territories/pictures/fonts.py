"""The Chinese font that pictures are written with: Noto Sans CJK (OFL), which ./dev and the Dockerfile install."""

from pathlib import Path

from matplotlib.font_manager import FontPath, FontProperties
from matplotlib.ft2font import FT2Font

_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts")
_REGULAR = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf",
)
_BOLD = ("NotoSansCJK-Bold.ttc", "NotoSansCJKsc-Bold.otf", "NotoSansSC-Bold.otf", "SourceHanSansSC-Bold.otf")
_LAST_RESORT = ("wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "PingFang.ttc")

SIMPLIFIED = (" SC", " CN")
"""How the face with the letter forms of the mainland is called in a collection."""


class NoChineseFontError(Exception):
    """None of the known fonts is installed."""


def regular() -> FontProperties:
    """The font for running text. Raises `NoChineseFontError`."""
    return _font(_REGULAR + _LAST_RESORT)


def bold() -> FontProperties:
    """The font for titles. Raises `NoChineseFontError`."""
    return _font(_BOLD + _REGULAR + _LAST_RESORT)


def _font(names: tuple[str, ...]) -> FontProperties:
    for name in names:
        for folder in map(Path, _FOLDERS):
            for path in sorted(folder.rglob(name)):
                return FontProperties(fname=FontPath(str(path), _face(path)))
    raise NoChineseFontError


def _face(path: Path) -> int:
    """Which face of a collection has simplified Chinese; the first one if none says so."""
    faces = FT2Font(str(path)).num_faces
    for number in range(faces):
        if FT2Font(str(path), face_index=number).family_name.endswith(SIMPLIFIED):
            return number
    return 0
