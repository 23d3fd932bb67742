"""What is told of a file and of its records: code → what is wrong and what to do next, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FILE: Final[Mapping[str, tuple[str, str]]] = {
    "FORMAT": (
        "不认识这种文件；请用 filename 或 Content-Type 说明，可读：{zh}。",
        "This kind of file is not known. Say what it is by filename or Content-Type; readable: {en}.",
    ),
    "FILE_TOO_LARGE": (
        "文件过大（{zh}）；请拆成几份，或先简化边界。",
        "The file is too large ({en}). Split it, or simplify the borders first.",
    ),
    "EMPTY_FILE": ("文件是空的；请重新导出。", "The file is empty. Export it again."),
    "NO_ROWS": ("文件里没有一条记录；请重新导出。", "The file holds no record. Export it again."),
    "NOT_OF_ITS_FORMAT": (
        "文件内容与后缀 {zh} 不符；请用 GIS 软件重新导出，不要只改文件名。",
        "The content is not what the suffix {en} says. Export it again from the GIS instead of renaming it.",
    ),
    "UNREADABLE_FILE": (
        "读不了这个文件（{zh}）；请用 GIS 软件重新导出。",
        "The file cannot be read ({en}). Export it again from the GIS.",
    ),
    "BAD_JSON": (
        "不是合法的 GeoJSON：{zh}；请用 GIS 软件重新导出。",
        "Not valid GeoJSON: {en}. Export it again from the GIS.",
    ),
    "DUPLICATE_MEMBER": (
        "同一个 JSON 对象里有两个同名成员，无法知道哪个算数；请删去一个。",
        "An object of the JSON has two members of one name, so that nobody knows which counts. Remove one.",
    ),
    "XML_ENTITIES": (
        "KML 里声明了实体（DOCTYPE），已拒绝；请用 GIS 软件重新导出。",
        "The KML declares entities (DOCTYPE). Export it again from the GIS.",
    ),
    "LAYER": (
        "文件里有几个图层，要导入哪一个？请用 layer 说明，可选：{zh}。",
        "The file has several layers. Say which by layer; one of: {en}.",
    ),
    "ENCODING_UNDECLARED": (
        "文字不是 UTF-8，也没有声明编码；请用 encoding 说明，例如 GBK。",
        "The texts are not UTF-8 and no encoding is declared. Say it by encoding, for example GBK.",
    ),
    "ENCODING_UNKNOWN": (
        "不认识这个编码，或文件不是这个编码；常用的是 UTF-8 与 GBK。",
        "The encoding is not known, or the file is not in it. Usual ones are UTF-8 and GBK.",
    ),
    "SHAPEFILE_PARTS": (
        "Shapefile 缺少 {zh}；请把同名的 .shp .shx .dbf .prj 打成一个 zip。",
        "The shapefile lacks {en}. Pack .shp .shx .dbf .prj of one name into a zip.",
    ),
    "ZIP_PATH": (
        "压缩包里有指向包外的路径、链接或重名文件，已拒绝；请重新打包。",
        "The zip holds paths that lead out of it, links or doubled names. Pack it again.",
    ),
    "ZIP_BOMB": (
        "压缩包解开后过大（{zh}），已拒绝；请拆成几份。",
        "The zip would unpack to too much ({en}). Split it.",
    ),
    "PARSER_STOPPED": (
        "读取进程被中止（{zh}）：文件损坏，或超出内存、时间限制；请用 GIS 软件重新导出，或先简化边界。",
        "The reading process was stopped ({en}): the file is broken, or beyond the limits of memory and time. Export it again, or "
        "simplify the borders.",
    ),
    "TOO_COMPLEX": (
        "边界交叉过多，无法在限定的时间内处理（{zh}）；请先简化边界，或分几个文件导入。",
        "Too many borders cross for the time that is allowed ({en}). Simplify them, or import several files.",
    ),
    "CRS_UNDECLARED": (
        "文件没有说明坐标系（Shapefile 缺少 .prj）。它是哪一个：CGCS2000、WGS84、GCJ02（高德、腾讯）还是 BD09（百度）？请用 crs 说明，也可写 EPSG:4549 之类。",
        "The file does not declare its coordinate system (a shapefile without .prj). Which is it: CGCS2000, WGS84, GCJ02 (AMap, Tencent) or "
        "BD09 (Baidu)? Say it by crs; a code like EPSG:4549 will do, too.",
    ),
    "CRS_UNKNOWN": (
        "不认识文件所写的坐标系（{zh}）。它是哪一个：CGCS2000、WGS84、GCJ02、BD09 或 EPSG:4549 之类？请用 crs 说明。",
        "The coordinate system that is declared is not known ({en}). Say by crs which it is: CGCS2000, WGS84, GCJ02, BD09 or a code like "
        "EPSG:4549.",
    ),
    "CRS_NO_TRANSFORMATION": (
        "所写的坐标系（{zh}）没有公开的高精度转换参数；请让数据提供方转换为 CGCS2000 后再导入。",
        "There is no public transformation of useful accuracy from the declared system ({en}). Have the provider convert it to CGCS2000.",
    ),
    "COLUMN_IN_VAIN": (
        "column 写的列不存在，或不是 team_code、team_name、community_code、share：{zh}。",
        "What column says is not there, or is none of team_code, team_name, community_code, share: {en}.",
    ),
    "TEAM_COLUMN_MISSING": (
        "哪一列是团队？没有找到 team_code、团队编码 或 团队名称（文件的列：{zh}）；请用 column=team_code=列名 说明。",
        "Which column is the team? There is no team_code, 团队编码 or 团队名称 (columns: {en}). Say column=team_code=NAME.",
    ),
    "COLUMNS_MISSING": (
        "表里需要 community_code（社区编码）与 team_code（团队编码）两列（文件的列：{zh}）；请补上，或用 column=community_code=列名 说明。",
        "The table needs the columns community_code (社区编码) and team_code (团队编码); it has: {en}. Add them, or say "
        "column=community_code=NAME.",
    ),
    "DUPLICATE_COLUMN": (
        "表头里有两列同名；请删去其中一列。",
        "Two columns have one name. Remove one of them.",
    ),
    "BAD_RECORD": (
        "{zh}起引号不成对；字段内的引号应写两次。请改正后重新导入。",
        "From {en} on quotes do not match; a quote inside a field is doubled. Correct it and import again.",
    ),
}  # fmt: skip
"""Why a file cannot be taken at all."""

ROW: Final[Mapping[str, tuple[str, str]]] = {
    "BAD_FEATURE": (
        "不是合格的 GeoJSON Feature；请重新导出。",
        "It is no well-formed GeoJSON feature. Export it again.",
    ),
    "BAD_RECORD": ("字段数与表头不符（{zh}）；请改正。", "It has not the fields of the header ({en}). Correct it."),
    "EMPTY_GEOMETRY": ("没有图形；请画出区域。", "It has no shape. Draw one."),
    "MISSING_TEAM": ("没有写明团队；请填团队编码。", "It names no team. Fill in the team's code."),
    "UNKNOWN_TEAM": (
        "本支公司没有这个团队；请核对编码，或先导入团队。",
        "This branch has no such team. Check the code, or import the team first.",
    ),
    "AMBIGUOUS_TEAM": (
        "有几个团队叫这个名字；请写团队编码。",
        "Several teams have this name. Write the team's code.",
    ),
    "TEAM_OF_OTHER_BRANCH": (
        "这个团队属于别的支公司；请导入那个支公司的方案。",
        "This team belongs to another branch. Import it into a plan of that branch.",
    ),
    "BAD_CHARACTER": ("团队编码含有不可见的字符；请删去。", "The team's code holds invisible characters. Remove them."),
    "DUPLICATE_TEAM": (
        "同一个团队有几条记录，而且相互重叠；请只留一条，或让各部分不重叠。",
        "Several records of one team overlap. Keep one of them, or draw parts that do not overlap.",
    ),
    "TEAM_INCOMPLETE": (
        "这个团队的另一条记录被拒绝，只导入其余部分会丢掉区域；请一并改正。",
        "Another record of this team is refused; the rest alone would lose land. Correct them together.",
    ),
    "UNITED": (
        "与第 {zh} 条同属一个团队，已合并为一个区域。",
        "United with records {en} of the same team to one territory.",
    ),
    "MISSING_COMMUNITY": ("没有写明社区；请填社区编码。", "It names no community. Fill in its code."),
    "UNKNOWN_COMMUNITY": (
        "没有这个社区，或它不在本支公司；请核对编码，或先导入社区。",
        "There is no such community in this branch. Check the code, or import the communities first.",
    ),
    "COMMUNITY_TWICE": (
        "同一个社区分给了两个团队；请只留一条（分属几个团队的社区请在地图上划分）。",
        "One community is given to two teams. Keep one record; divide a community on the map.",
    ),
    "SHARED_COMMUNITY": (
        "这个社区分属几个团队，表格说不清界线，保持现状；要整块给一个团队，请只留一行并清空占比。",
        "Several teams share this community; a table cannot say where, so it stays as it is. To give it to one team as a whole, keep one record "
        "without a share.",
    ),
    "SHARE_CONTRADICTED": (
        "占比与现状不符，表格说不清界线该怎么改；请在地图上划分，或只留一行并清空占比。",
        "The share is not what it is now, and a table cannot say where the line should run. Divide it on the map, or keep one record without "
        "a share.",
    ),
    "TAKEN_FROM": ("这个社区原属 {zh}。", "This community is taken from {en}."),
    "BAD_SHARE": ("占比应为 0 到 1 的数；请改正或删去。", "The share is a number from 0 to 1. Correct or remove it."),
    "CRS_NO_TRANSFORMATION": (
        "坐标无法转换为 CGCS2000；请检查坐标系与坐标。",
        "The coordinates cannot be converted to CGCS2000. Check the system and the coordinates.",
    ),
}  # fmt: skip
"""What there is to know of a record. Codes of shapes bring their own sentences (`geo.soundness.errors`)."""


def of_file(code: str, detail: tuple[str, str]) -> tuple[str, str]:
    """The sentences of a refused file."""
    zh, en = FILE[code]
    return zh.format(zh=detail[0], en=detail[1]), en.format(zh=detail[0], en=detail[1])


def of_row(code: str, detail: tuple[str, str]) -> tuple[str, str]:
    """The sentences of a record: those of its code, or the detail where the code belongs to the shape."""
    if code not in ROW:
        return detail
    zh, en = ROW[code]
    return zh.format(zh=detail[0], en=detail[1]), en.format(zh=detail[0], en=detail[1])
