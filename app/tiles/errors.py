"""What can be wrong with the address of a tile."""

from app.errors import NotFound


class UnknownLayer(NotFound):
    code = "TILE_LAYER_UNKNOWN"
    zh = "没有这个图层；可用的是 branches、communities、territories、orphans、customers。"
    en = "There is no such layer. Use branches, communities, territories, orphans or customers."


class TileOutsideGrid(NotFound):
    code = "TILE_OUTSIDE_GRID"
    zh = "瓦片编号不在网格内；z 为 0 到 22，x、y 为 0 到 2 的 z 次方减 1。"
    en = "The tile is not on the grid: z is 0 to 22, x and y are 0 to 2 to the power z, less 1."
