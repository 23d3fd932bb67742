"""What can be wrong with a step in the life of a plan."""

from app.errors import Conflict, Invalid, NotFound, PreconditionFailed


class PlanNotFound(NotFound):
    code = "TERRITORY_PLAN_NOT_FOUND"
    zh = "没有这个区域方案；请核对编号。"
    en = "There is no such territory plan. Check its number."


class PlanNotEditable(Conflict):
    code = "TERRITORY_PLAN_NOT_EDITABLE"
    zh = "只有草稿可以修改；请先撤回，或以它为底新建草稿。"
    en = "Only a draft can be changed. Withdraw it, or make a new draft from it."


class PlanStepRefused(Conflict):
    code = "TERRITORY_PLAN_STEP_REFUSED"
    zh = "方案目前的状态不允许这一步；facts 中有现状与要去的状态。"
    en = "The plan's state does not allow this step; from_state and to_state name the two."


class SamePerson(Conflict):
    code = "TERRITORY_PLAN_SAME_PERSON"
    zh = "须由提交人和绘制人以外的人审批；请换一位同事。"
    en = "Somebody else than those who drew or submitted it must approve it. Ask a colleague."


class PlanHasErrors(Conflict):
    code = "TERRITORY_PLAN_HAS_ERRORS"
    zh = "方案还有必须改正的缺陷；请逐个处理后再试。"
    en = "The plan has defects that must be mended first. Walk through them, then try again."


class PlanHasConflicts(Conflict):
    code = "TERRITORY_PLAN_HAS_CONFLICTS"
    zh = "方案还有没有选定的编辑冲突；请先选定。"
    en = "The plan has editing conflicts that nobody has settled. Settle them first."


class PlanOutdated(Conflict):
    code = "TERRITORY_PLAN_OUTDATED"
    zh = "这个草稿所依据的版本在生效日已被别的版本取代；请先比较两者，确认后以 replace=true 发布，或从新版本重画。"
    en = (
        "Another version than the one that this draft was drawn from is in force on that day. Compare the two; "
        "then publish with replace=true, or draw anew from the newer one."
    )


class PublishedInThePast(Invalid):
    code = "TERRITORY_PLAN_IN_THE_PAST"
    zh = "生效日不能早于今天：过去的归属不再改变。"
    en = "A plan cannot begin before today: who owned a place in the past does not change."


class BaseOfOtherBranch(Invalid):
    code = "TERRITORY_PLAN_OTHER_BRANCH"
    zh = "所依据的版本属于别的支公司；请选本支公司的版本。"
    en = "The base belongs to another branch. Choose a version of this branch."


class PlanNotPublished(Conflict):
    code = "TERRITORY_PLAN_NOT_PUBLISHED"
    zh = "只有发布过的版本可以恢复；请选一个发布过的版本。"
    en = "Only a published version can be taken up again. Choose one that was published."


class PlanChanged(PreconditionFailed):
    code = "TERRITORY_PLAN_CHANGED"
    zh = "方案在您查看之后又有改动；请重新载入再试。"
    en = "The plan has changed since you looked at it. Load it again, then try again."
