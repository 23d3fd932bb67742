"""What can be wrong with a wish for a proposal, or with what is done to one."""

from app.errors import Conflict, Invalid, NotFound


class ProposalNotFound(NotFound):
    code = "TERRITORY_PROPOSAL_NOT_FOUND"
    zh = "没有这个区域建议；请核对编号。"
    en = "There is no such proposal of territories. Check its number."


class ProposalNotDone(Conflict):
    code = "TERRITORY_PROPOSAL_NOT_DONE"
    zh = "这个建议还没有算好（或没有成功）；请先查看它的状态。"
    en = "This proposal has not been worked out (or did not succeed). Look at its status first."


class ProposalOver(Conflict):
    code = "TERRITORY_PROPOSAL_OVER"
    zh = "这个建议已经结束，无法取消。"
    en = "This proposal is over already and cannot be cancelled."


class ProposalChangesNothing(Conflict):
    code = "TERRITORY_PROPOSAL_CHANGES_NOTHING"
    zh = "这个建议没有改动任何社区，不必另建草稿；bindings 说明了原因。"
    en = "This proposal changes no community, so there is nothing to draft; bindings say why."


class ProposalOutdated(Conflict):
    code = "TERRITORY_PROPOSAL_OUTDATED"
    zh = "建议所依据的区域方案此后有改动；请重新计算建议。"
    en = "The territories that the proposal was made from have changed since. Have it worked out anew."


class ProposalCancelled(Conflict):
    code = "TERRITORY_PROPOSAL_CANCELLED"
    zh = "这个建议已被取消，没有任何改动。"
    en = "This proposal was cancelled; nothing was changed."


class NoCommunities(Invalid):
    code = "PROPOSAL_NO_COMMUNITIES"
    zh = "该支公司范围内没有社区；请先导入 communities.geojson 与 branches.geojson。"
    en = "There are no communities in this branch. Import communities.geojson and branches.geojson first."


class TooFewTeams(Invalid):
    code = "PROPOSAL_TOO_FEW_TEAMS"
    zh = "可参与的收展团队少于两个（须在职、参与分配、容量大于零并拥有区域，或以 include 指明）；请核对团队，或用 include 加入尚无区域的团队。"
    en = (
        "Fewer than two collection teams can take part (active, taking part, with capacity and a territory, or named by include). "
        "Check the teams, or include some that have no territory yet."
    )


class NoCustomers(Invalid):
    code = "PROPOSAL_NO_CUSTOMERS"
    zh = "该支公司范围内没有已定位的客户保单；请先导入保单与地址。"
    en = "There are no located customers' policies in this branch. Import policies and addresses first."


class UnknownTeamNamed(Invalid):
    code = "PROPOSAL_TEAM_UNKNOWN"
    zh = "锁定、固定或加入的团队不在参与者之中（facts 中列出）；请核对团队代码与其是否可以参与。"
    en = "A team that is locked, pinned to or included does not take part (team_codes). Check the codes and whether it may."


class UnknownCommunityNamed(Invalid):
    code = "PROPOSAL_COMMUNITY_UNKNOWN"
    zh = "固定或屏障中的社区不在该支公司范围内（facts 中列出）；请核对社区代码。"
    en = "A community that is pinned or barred is not in this branch (community_codes). Check the codes."


class PinsContradict(Invalid):
    code = "PROPOSAL_PINS_CONTRADICT"
    zh = "固定的社区与锁定的团队（或另一处固定）互相矛盾；请改正后重试。"
    en = "A pinned community contradicts a locked team or another pin. Correct them and try again."


class BadBarrier(Invalid):
    code = "PROPOSAL_BARRIER_BAD"
    zh = "屏障须为线或面（GeoJSON，坐标系须声明，先经度后纬度）；请检查文件。"
    en = "A barrier must be lines or areas (GeoJSON, longitude first, its system declared). Check the file."
