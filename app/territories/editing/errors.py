"""What can be wrong with an edit."""

from app.errors import Conflict, Invalid, NotFound


class VersionMissing(Invalid):
    code = "TERRITORY_VERSION_MISSING"
    zh = "请说明是在哪个版本号上修改：请求体的 version，或 If-Match。"
    en = "Say which version you have edited: version in the body, or If-Match."


class VersionsDiffer(Invalid):
    code = "TERRITORY_VERSIONS_DIFFER"
    zh = "请求体的 version 与 If-Match 不一致；请只用一个。"
    en = "version in the body and If-Match are not the same. Use one of them."


class VersionUnknown(Invalid):
    code = "TERRITORY_VERSION_UNKNOWN"
    zh = "草稿没有过这个版本号；请重新载入。"
    en = "The draft has never had that version. Load it again."


class TerritoryConflict(Conflict):
    code = "TERRITORY_CONFLICT"
    zh = "别人在您查看之后改了同一块区域；两个版本都已保留，请在“冲突”中选定其一。"
    en = "Somebody has changed the same territory since you looked. Both versions are kept: choose one of them under conflicts."


class ConflictNotFound(NotFound):
    code = "TERRITORY_CONFLICT_NOT_FOUND"
    zh = "没有这个编辑冲突；请核对编号。"
    en = "There is no such conflict. Check its number."


class ConflictSettled(Conflict):
    code = "TERRITORY_CONFLICT_SETTLED"
    zh = "这个冲突已经选定过了；请重新载入。"
    en = "That conflict has been settled already. Load the list again."


class NothingToUndo(Conflict):
    code = "NOTHING_TO_UNDO"
    zh = "您在这个草稿中没有可以撤销的步骤。"
    en = "There is no step of yours to undo in this draft."


class NothingToRedo(Conflict):
    code = "NOTHING_TO_REDO"
    zh = "没有可以重做的步骤。"
    en = "There is no step to redo."


class StepBuiltUpon(Conflict):
    code = "STEP_BUILT_UPON"
    zh = "别人在这一步之后又改了同一块区域；请先请对方撤销，或直接修改。"
    en = "Somebody has changed the same territory after that step. Ask them to undo theirs first, or draw it anew."


class NothingChanged(Conflict):
    code = "NOTHING_CHANGED"
    zh = "这一步不会改变任何区域；请检查位置与团队。"
    en = "That step would change nothing. Check the place and the team."


class BadShape(Invalid):
    code = "SHAPE_UNREADABLE"
    zh = "图形的坐标读不出来；请按 GeoJSON 写成 [经度, 纬度] 的环，至少三个点。"
    en = "The shape's coordinates cannot be read. Write rings of [longitude, latitude] as GeoJSON does, three positions at least."


class TeamNotOfBranch(Invalid):
    code = "TEAM_NOT_OF_BRANCH"
    zh = "团队不存在，或不属于方案所在的支公司；请换一个团队。"
    en = "There is no such team in the plan's branch. Choose another team."


class UnknownCommunity(Invalid):
    code = "UNKNOWN_COMMUNITY"
    zh = "没有这个社区；请核对社区代码。"
    en = "There is no such community. Check its code."


class UnknownDefect(NotFound):
    code = "TERRITORY_DEFECT_NOT_FOUND"
    zh = "没有这个缺陷，可能已经解决；请重新载入。"
    en = "There is no such defect; it may have been mended. Load the list again."


class TooLargeToEdit(Invalid):
    code = "TERRITORY_TOO_LARGE"
    zh = "这一步涉及的图形太大或太复杂；请缩小范围分几步来做。"
    en = "That step takes in too much. Make it smaller, in several steps."
