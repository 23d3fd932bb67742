"""What a verb on a coverage refuses, each with a stable code. Nothing was changed when one of these is raised."""

from geo.errors import GeoError


class CoverageError(GeoError):
    """Base of what a verb refuses."""

    code = "COVERAGE_ERROR"
    zh = "区域不能这样改，没有任何改动；请换一种画法再试。"
    en = "The areas cannot be changed in this way; nothing was changed. Draw it differently and try again."


class NoArea(CoverageError):
    """A code that the verb names has no area among those given."""

    code = "NO_AREA"
    zh = "所指的团队在此处没有区域；请先为它画一块，或改选另一个团队。"
    en = "This team has no area here. Draw one for it first, or choose another team."


class SameArea(CoverageError):
    code = "SAME_AREA"
    zh = "两次选了同一个团队；请选两个不同的团队。"
    en = "The same team was named twice. Choose two different teams."


class NoSuchVertex(CoverageError):
    code = "NO_SUCH_VERTEX"
    zh = "此处没有边界顶点（可能刚被他人移动）；请重新载入后再选一个顶点。"
    en = "There is no border vertex at this place (it may have just been moved). Load the areas anew and pick a vertex."


class NoBorderThere(CoverageError):
    code = "NO_BORDER_THERE"
    zh = "附近没有边界；请放大后点在边界上。"
    en = "There is no border near this place. Zoom in and click on the border."


class VertexIsJunction(CoverageError):
    code = "VERTEX_IS_JUNCTION"
    zh = "此顶点是几条边界的交点，不能删除；请移动它，或先合并相邻的区域。"
    en = "Several borders meet at this vertex, so it cannot be deleted. Move it, or merge the neighbouring areas first."


class MoveCrossesBorder(CoverageError):
    code = "MOVE_CROSSES_BORDER"
    zh = "这样移动会使边界相互穿过；请移近一些，或改用“重塑边界”。"
    en = "Moved like this, borders would cross each other. Move it less far, or reshape the border with a line."


class AreaVanishes(CoverageError):
    code = "AREA_VANISHES"
    zh = "这样改会使一个团队的区域消失；若确实如此，请用“合并”或“移除”。"
    en = "A team's area would vanish. If that is meant, merge or remove it."


class LineDoesNotCross(CoverageError):
    code = "LINE_DOES_NOT_CROSS"
    zh = "画的线没有穿过区域的边界两次；请从区域外画到区域外（或从边界画到边界）。"
    en = "The line does not cross the area's border twice. Draw it from one side of the area to the other."


class NothingThere(CoverageError):
    code = "NOTHING_THERE"
    zh = "所画范围内没有可以改动的土地；请在区域上重画。"
    en = "There is no land to change where you drew. Draw over an area."


class LandTaken(CoverageError):
    code = "LAND_TAKEN"
    zh = "所画范围已全部属于其他团队；要取得它，请勾选“可占用他队土地”，或用“划转”。"
    en = "All of this land belongs to other teams. To take it, allow taking others' land, or give it."


class GapNotEnclosed(CoverageError):
    code = "GAP_NOT_ENCLOSED"
    zh = "此处的空白没有被区域围住；请用“绘制”补上，或先画出支公司边界。"
    en = "The empty land here is not enclosed by areas. Draw the missing area instead."


class NotConnected(CoverageError):
    """There is no way along borders from one place to the other."""

    code = "BORDERS_NOT_CONNECTED"
    zh = "两点之间没有相连的边界；请选同一片边界上的两点。"
    en = "No borders connect the two places. Choose two places on connected borders."


class NoTool(CoverageError):
    """The tool is empty, has no area or length, or a coordinate that is not finite."""

    code = "TOOL_EMPTY"
    zh = "所画的图形没有面积或长度，或坐标无效；请重画。"
    en = "What was drawn has no area or no length, or its coordinates are not valid. Draw it again."


class TooComplex(CoverageError):
    code = "TOO_COMPLEX"
    zh = "所画的图形过于复杂（交点太多）；请画得简单些，或分几次完成。"
    en = (
        "What was drawn is too complex: it crosses too many borders. Draw something simpler, or do it in several steps."
    )


class NotExact(CoverageError):
    """The verb's own check failed: areas before and after do not add up."""

    code = "COVERAGE_NOT_EXACT"
    zh = "此处的边界互相重叠或有误，改动无法精确完成，没有任何改动；请先修复校验列出的问题。"
    en = "The borders here overlap or are faulty, so the change would not be exact; nothing was changed. Repair the listed defects first."
