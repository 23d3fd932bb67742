"""What the geospatial library refuses, each with a stable code and a sentence in Chinese and in English.

The sentences say what to do next and never repeat what was passed in: it may be somebody's address.
"""

from typing import ClassVar


class GeoError(ValueError):
    """Base of all refusals of `geo`.

    `code`: stable, in capitals. `zh`, `en`: what is wrong and what to do next.
    """

    code: ClassVar[str] = "GEO_ERROR"
    zh: ClassVar[str] = "空间数据有误；请检查后重试。"
    en: ClassVar[str] = "The spatial data are not acceptable. Check them and try again."

    def __init__(self) -> None:
        super().__init__(f"{self.code}: {self.zh} {self.en}")


class UndeclaredCrsError(GeoError):
    """A coordinate came without its coordinate reference system."""

    code = "CRS_UNDECLARED"
    zh = "坐标没有说明坐标系；请加上 crs：CGCS2000、WGS84、GCJ02 或 BD09。"
    en = "The coordinate does not declare its system. Add crs: CGCS2000, WGS84, GCJ02 or BD09."


class UnknownCrsError(GeoError):
    """The declared coordinate reference system is none of those that can be converted."""

    code = "CRS_UNKNOWN"
    zh = "不认识所写的坐标系；请改为 CGCS2000、WGS84、GCJ02 或 BD09。"
    en = "The declared coordinate system is not known. Use CGCS2000, WGS84, GCJ02 or BD09."


class NotAnAreaError(GeoError):
    """An area is neither a polygon nor a multipolygon, or one of its coordinates is not finite."""

    code = "NOT_AN_AREA"
    zh = "区域必须是坐标有限的面（Polygon 或 MultiPolygon）；请检查该区域的图形。"
    en = "An area must be a Polygon or MultiPolygon of finite coordinates. Check the shape of this area."

    def __init__(self, position: int) -> None:
        """`position`: index of the area in what was passed in."""
        self.position = position
        super().__init__()
