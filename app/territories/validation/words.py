"""What defects and the ways to mend them are called, Chinese and English."""

from typing import Any, Final

_TITLES: Final = {
    "INVALID_RING": ("边界自相交", "The border crosses itself"),
    "OVERLAP": ("区域重叠", "Two territories overlap"),
    "GAP": ("无主空白", "Nobody's land"),
    "HOLE": ("区域内的空洞", "A hole in a territory"),
    "SLIVER": ("碎屑", "A sliver"),
    "OUTSIDE_BRANCH": ("超出支公司范围", "Outside of the branch"),
    "UNOWNED_COMMUNITY": ("社区无人负责", "A community that nobody owns"),
    "COMMUNITY_SHARED": ("一个社区分属几个团队", "A community that several teams own"),
    "DISCONNECTED_PART": ("飞地：与主体不相连", "A part apart from the rest"),
    "TOO_MANY_VERTICES": ("顶点过多", "Too many vertices"),
    "DUPLICATED_VERTEX": ("重复的顶点", "Repeated vertices"),
    "TEAM_WITHOUT_TERRITORY": ("团队没有区域", "A team without a territory"),
    "TEAM_DISSOLVED": ("团队已撤销", "The team is dissolved"),
    "TEAM_WRONG_FORCE": ("不是收展团队", "Not a team of the collection force"),
    "NAME_CLASH": ("团队重名", "Two teams of one name"),
    "OPEN_CONFLICT": ("编辑冲突未选定", "An edit conflict that nobody has settled"),
}
_KINDS: Final = {
    "GAP": ("狭缝", "A narrow gap"),
    "OVERLAP": ("狭窄的重叠", "A narrow overlap"),
    "PART": ("零碎的一块", "A crumb of a territory"),
}
_WAYS: Final = {
    "GIVE": ("划给 {team}", "Give it to {team}"),
    "CLIP": ("裁去支公司以外的部分", "Clip it to the branch"),
    "MEND": ("修复边界", "Rebuild the border"),
    "DROP_DUPLICATES": ("去掉重复的顶点", "Drop the repeated vertices"),
    "REMOVE": ("收回该团队的区域", "Take the territory away"),
}


def title(code: str, details: dict[str, Any]) -> tuple[str, str]:
    """What a defect is called."""
    return _KINDS.get(details.get("kind", ""), _TITLES[code]) if code == "SLIVER" else _TITLES[code]


def way_words(way: str, team: str | None) -> tuple[str, str]:
    """What a way to mend a defect is called; `team`: the name of who gets the land."""
    zh, en = _WAYS[way]
    return zh.format(team=team or ""), en.format(team=team or "")
