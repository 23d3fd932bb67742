"""Why a shape from elsewhere is refused: stable codes, and what to do next."""

from geo.errors import GeoError


class ShapeRefused(GeoError):
    """Base of the refusals of `read_area` and of overlays."""

    code = "SHAPE_REFUSED"
    zh = "这个图形不能作为区域；请检查后重新绘制。"
    en = "This shape cannot be an area. Check it and draw it again."


class Malformed(ShapeRefused):
    code = "GEOMETRY_MALFORMED"
    zh = "图形不是合格的 GeoJSON 几何或 WKB；请以 {type, coordinates} 的形式给出面。"
    en = "The shape is neither a GeoJSON geometry nor WKB. Give an area as {type, coordinates}."


class TooLarge(ShapeRefused):
    code = "GEOMETRY_TOO_LARGE"
    zh = "图形的数据过大；请简化或分批处理。"
    en = "The shape takes too many bytes. Simplify it, or do it in parts."


class TooDeep(ShapeRefused):
    code = "GEOMETRY_TOO_DEEP"
    zh = "图形的嵌套过深；请把其中的面直接放在一个 MultiPolygon 里。"
    en = "The shape is nested too deeply. Put its polygons into one MultiPolygon."


class TooManyVertices(ShapeRefused):
    code = "GEOMETRY_TOO_MANY_VERTICES"
    zh = "图形的顶点过多；请先简化边界。"
    en = "The shape has too many vertices. Simplify its border first."


class TooComplex(ShapeRefused):
    code = "GEOMETRY_TOO_COMPLEX"
    zh = "图形的线条相互交叉过多，无法在限定的时间与内存内处理；请简化边界或分块绘制。"
    en = "Too many lines cross for the time and memory that are allowed. Simplify the border, or draw it in pieces."


class NotAnArea(ShapeRefused):
    code = "GEOMETRY_NOT_AN_AREA"
    zh = "需要面（Polygon 或 MultiPolygon），给出的是点、线或其他类型；请画成面。"
    en = "An area is needed (Polygon or MultiPolygon); this is a point, a line or something else. Draw an area."


class Empty(ShapeRefused):
    code = "GEOMETRY_EMPTY"
    zh = "图形是空的；请画出一个面。"
    en = "The shape is empty. Draw an area."


class Collapsed(ShapeRefused):
    code = "GEOMETRY_COLLAPSED"
    zh = "图形没有面积（顶点少于三个、重合或在一条线上）；请重新绘制。"
    en = "The shape has no area: fewer than three vertices, or all in one place or on one line. Draw it again."


class NotANumber(ShapeRefused):
    code = "COORDINATE_NOT_A_NUMBER"
    zh = "坐标必须是数字；请去掉引号、空值和文字。"
    en = "A coordinate must be a number. Remove quotes, nulls and words."


class NotFinite(ShapeRefused):
    code = "COORDINATE_NOT_FINITE"
    zh = "坐标中有 NaN、无穷大或过大的数；请改正这些顶点。"
    en = "A coordinate is NaN, infinite or too large. Correct these vertices."


class AxesSwapped(ShapeRefused):
    code = "AXES_SWAPPED"
    zh = "经纬度似乎颠倒了：对调后正好在中国境内。请先写经度，后写纬度。"
    en = "Longitude and latitude seem to be swapped: exchanged, the shape lies in China. Write longitude first."


class Projected(ShapeRefused):
    code = "COORDINATES_PROJECTED"
    zh = "坐标不是经纬度，像是投影坐标（米）；请先转换为 CGCS2000 经纬度，或声明坐标系。"
    en = "The coordinates are no degrees; they look projected (metres). Convert them to CGCS2000 degrees, or declare their system."


class CrsContradicted(ShapeRefused):
    code = "CRS_CONTRADICTED"
    zh = "图形自带的坐标系与声明的坐标系不一致；请核对后只声明一个。"
    en = "The shape names another coordinate system than the one declared with it. Check, and declare one only."


class CrossesAntimeridian(ShapeRefused):
    code = "CROSSES_ANTIMERIDIAN"
    zh = "图形跨越 180° 经线，不可能是国内的区域；请检查坐标。"
    en = "The shape crosses the 180th meridian; no area in China does. Check the coordinates."


class OutsideOfChina(ShapeRefused):
    code = "OUTSIDE_CHINA"
    zh = "图形有顶点不在中国境内；请检查坐标系与坐标（先经度后纬度）。"
    en = "Some vertices lie outside of China. Check the coordinate system and the order: longitude first."


class Ambiguous(ShapeRefused):
    code = "SHAPE_AMBIGUOUS"
    zh = "边界自相交、面或洞相互重叠，可以有几种理解，面积相差太大；请按本意重新绘制相交处。"
    en = (
        "The border crosses itself, or parts or holes overlap, so that several areas could be meant which differ too much. "
        "Draw it again where lines cross."
    )
