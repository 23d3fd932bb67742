"""What can be wrong with a request of a GIS client."""

from app.errors import Conflict, Invalid, Malformed, NotFound, PreconditionFailed


class ParameterUnknown(Malformed):
    code = "OGC_PARAMETER_UNKNOWN"
    zh = "有不认识的查询参数；known 列出可用的参数，请改正后再试。"
    en = "A query parameter is not known; `known` lists those that are. Correct it and try again."


class ParameterInvalid(Malformed):
    code = "OGC_PARAMETER_INVALID"
    zh = "查询参数的值不合要求，parameter 指出是哪一个；请改正后再试。"
    en = "The value of a query parameter is not acceptable; `parameter` names it. Correct it and try again."


class CrsUnknown(Malformed):
    code = "OGC_CRS_UNKNOWN"
    zh = "不支持这个坐标系；可用的坐标系列在集合说明的 crs 中。"
    en = "That coordinate reference system is not supported. The collection lists those that are, under crs."


class CollectionNotFound(NotFound):
    code = "OGC_COLLECTION_NOT_FOUND"
    zh = "没有这个要素集合；全部集合见 /ogc/collections。"
    en = "There is no such collection. See /ogc/collections for those there are."


class FeatureNotFound(NotFound):
    code = "OGC_FEATURE_NOT_FOUND"
    zh = "集合中没有这个要素；请刷新图层。"
    en = "There is no such feature in the collection. Refresh the layer."


class FeatureInvalid(Invalid):
    code = "OGC_FEATURE_INVALID"
    zh = "要素须为 GeoJSON Feature，几何为 Polygon 或 MultiPolygon，properties 中有 team_code；请改正后再存。"
    en = "A feature must be a GeoJSON Feature with a Polygon or MultiPolygon, and team_code among its properties. Correct it, then save again."


class CoordinatesInvalid(Invalid):
    code = "OGC_COORDINATES_INVALID"
    zh = "坐标无法换算为 CGCS2000；请检查 Content-Crs 与坐标轴的先后（EPSG:4490 先纬度后经度）。"
    en = "The coordinates cannot be converted to CGCS2000. Check Content-Crs and the order of axes (EPSG:4490 puts latitude first)."


class PersonMissing(Invalid):
    code = "OGC_PERSON_MISSING"
    zh = "请说明是谁在修改：在 QGIS 连接的“基本认证”中填写用户名，或加参数 by、请求头 X-Guidan-Person。"
    en = "Say who is editing: as the user name of basic authentication in the QGIS connection, the parameter by, or the header X-Guidan-Person."


class PersonInvalid(Invalid):
    code = "OGC_PERSON_INVALID"
    zh = "修改人的姓名须为 1 到 64 个可打印字符，且只用一种方式给出；请改正后再存。"
    en = "The person's name must have 1 to 64 printable characters and be given in one way only. Correct it, then save again."


class TerritoryExists(Conflict):
    code = "TERRITORY_EXISTS"
    zh = "这个团队在草稿中已有区域，一个团队一行；请修改它的图形，不要新增。"
    en = "The team already has a territory in this draft: one row a team. Change its shape instead of adding a row."


class TeamFixed(Invalid):
    code = "TERRITORY_TEAM_FIXED"
    zh = "不能把区域改给别的团队；请删除本行，并修改那个团队的图形。"
    en = "A territory cannot be renamed to another team. Delete this row and change the shape of the other team."


class TerritoryChanged(PreconditionFailed):
    code = "TERRITORY_CHANGED"
    zh = "这块区域在您载入之后被改过，没有保存；请刷新图层后重做。"
    en = "This territory has changed since you loaded it; nothing was saved. Refresh the layer, then edit again."


class CollectionReadOnly(Conflict):
    code = "OGC_COLLECTION_READ_ONLY"
    zh = "这个集合只读；能修改的是草稿方案的集合（territory-plan-编号）。"
    en = "This collection is read-only. Those of drafts (territory-plan-NUMBER) can be edited."
