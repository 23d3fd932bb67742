"""Decisions in words, Chinese and English, made from the stored codes and numbers when they are read."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from app.allocation.domain import Asked, Candidate


class Sentence(NamedTuple):
    """The same thing said twice."""

    zh: str
    en: str


RUNG_NAMES: Mapping[str, Sentence] = {
    "DESIGNATED": Sentence("指定服务人员", "designated agent"),
    "CURRENT_SERVICER": Sentence("现有服务人员", "current servicer"),
    "REGION_OWNER": Sentence("区域所属团队", "region owner"),
    "REGION_TIE_ORIGIN": Sentence("多队共有区域：出单团队优先", "shared region: the producing team"),
    "REGION_TIE_COMMUNITY": Sentence(
        "多队共有区域：社区所属团队优先", "shared region: the team that holds the community"
    ),
    "REGION_TIE_LOAD": Sentence("多队共有区域：负荷率低者优先", "shared region: the lowest load ratio"),
    "ORIGIN_TEAM": Sentence("出单团队", "producing team"),
    "BRANCH_BALANCE": Sentence("支公司内均衡", "balanced within the branch"),
    "CITY_REVIEW": Sentence("市公司人工处理", "referred to the city"),
}

CHECKS: Mapping[str, Sentence] = {
    "PASS": Sentence("符合条件", "eligible"),
    "H1": Sentence(
        "收展队伍服务过的保单不得转给营销队伍（H1）",
        "the collection force serviced it, so the marketing force may not have it (H1)",
    ),
    "H2_ENDED": Sentence("团队已撤销（H2）", "the team has been dissolved (H2)"),
    "H2_NOT_FOUNDED": Sentence("团队尚未成立（H2）", "the team does not exist yet (H2)"),
    "H2_NOT_TAKING_PART": Sentence("团队不参与分配（H2）", "the team takes no part (H2)"),
    "H2_NO_MEMBER": Sentence("团队没有可接单的人员（H2）", "the team has no eligible member (H2)"),
    "H2_STATE": Sentence("人员合同无效（H2）", "the agent's contract is not valid (H2)"),
    "H2_ON_LEAVE": Sentence("人员休假中（H2）", "the agent is on leave (H2)"),
    "H2_UNKNOWN_AGENT": Sentence("没有这名人员（H2）", "there is no such agent (H2)"),
    "H3_MARKETING": Sentence("营销队伍不能自动接单（H3）", "a marketing team is never an automatic target (H3)"),
    "H3_NOT_QUALIFIED": Sentence("人员不具备资格（H3）", "the agent is not qualified (H3)"),
    "H4": Sentence("容量已满（H4）", "at capacity (H4)"),
    "H4_AGENT": Sentence("人员容量已满（H4）", "the agent is at capacity (H4)"),
    "H6": Sentence(
        "是离职或被要求回避的人员，或投保人本人（H6）",
        "the leaver, the agent whom the customer asked to leave, or the holder (H6)",
    ),
    "H9": Sentence("属于其他城市（H9）", "in another city (H9)"),
}

OUTCOMES: Mapping[str, Sentence] = {
    "NO_DESIGNATION": Sentence("没有经批准的指定", "nobody was designated with approval"),
    "PURE": Sentence("没有收展人员在服务该客户", "no collection agent services this policyholder"),
    "ONLY_MARKETING": Sentence("只有营销人员在服务该客户", "only a marketing agent services this policyholder"),
    "NOT_LOCATED": Sentence("地址无法定位", "the address could not be located"),
    "NO_OWNER": Sentence("该处不属于任何团队的区域", "no team owns the place"),
    "NO_PRODUCER": Sentence("出单团队不详", "the producing team is not known"),
    "PRODUCER_IS_MARKETING": Sentence("出单团队属于营销队伍", "the producing team is of the marketing force"),
    "PRODUCER_IN_OTHER_BRANCH": Sentence("出单团队不在该支公司", "the producing team is in another branch"),
    "NONE_ELIGIBLE": Sentence("没有符合条件的团队", "nobody asked was eligible"),
    "FOR_A_PERSON": Sentence(
        "支公司内无人可接，由市公司决定", "nobody in the branch can take it; a person in the city decides"
    ),
    "TAKEN": Sentence("由其接收", "takes it"),
}

REVIEWS: Mapping[str, Sentence] = {
    "OUTSIDE_CITY": Sentence(
        "地址的位置不在保单所在城市，需人工核实",
        "the address lies outside of the policy's city; a person must look at it",
    ),
    "BRANCH_CONFLICT": Sentence(
        "几个地址落在不同支公司且均未确认，需人工核实",
        "the addresses lie in different branches and none is confirmed; a person must look at them",
    ),
    "TOO_COARSE": Sentence(
        "地址只能定位到较粗的范围，等待人工补充", "the address could be located only coarsely; it waits for a person"
    ),
    "UNSURE": Sentence(
        "地址定位把握不足，等待人工核实", "the location of the address is not sure enough; it waits for a person"
    ),
}

FLAGS: Mapping[str, Sentence] = {
    "NEAR_BORDER": Sentence("靠近区域边界", "near a territory's border"),
    "BORDER": Sentence("位于区域边界上", "on a border"),
    "OVERLAP": Sentence("位于重叠区域内", "in an overlap"),
    "CROSS_BRANCH": Sentence("跨支公司", "in another branch than the managing one"),
    "NON_PURE_MARKETING": Sentence("仅营销人员在服务该客户", "only marketing agents service the policyholder"),
    "ADDRESS_UNRESOLVED": Sentence("地址未能定位", "address not located"),
}

STATES: Mapping[str, Sentence] = {
    "PENDING_APPROVAL": Sentence(
        "转入原因需要批准，等待批准。", "The intake reason needs an approval; waiting for it."
    ),
    "LOCATED": Sentence("预分配已放弃，等待下一次分配。", "The proposal was discarded; it waits for the next run."),
}

Names = Callable[[str], str]
"""Team code → how to call it."""


def candidate(one: Candidate, name: Names) -> Sentence:
    """A candidate and what became of it, with its load where that decided."""
    who = name(one.team_code) + (f" {one.agent_code}" if one.agent_code else "")
    check = CHECKS[one.check]
    numbers = f" {one.load}/{one.capacity}" if one.check in ("PASS", "H4", "H4_AGENT") else ""
    return Sentence(f"{who}：{check.zh}{numbers}", f"{who}: {check.en}{numbers}")


def asked(one: Asked, name: Names) -> Sentence:
    """A rung and what came of it, with every candidate."""
    rung, outcome = RUNG_NAMES[one.rung], OUTCOMES[one.outcome]
    said = [candidate(c, name) for c in one.candidates]
    zh = f"{rung.zh}：{outcome.zh}" + (f"（{'；'.join(s.zh for s in said)}）" if said else "")
    en = f"{rung.en}: {outcome.en}" + (f" ({'; '.join(s.en for s in said)})" if said else "")
    return Sentence(zh, en)


def summary(
    *,
    state: str,
    rung: str | None,
    team: str | None,
    agent_code: str | None,
    flags: Sequence[str],
    review_code: str | None,
    trail: Sequence[Asked],
) -> Sentence:
    """The whole decision in one sentence: the target and the rung, why the rungs before it passed it on, the flags.

    `team` is the name to call the team by.
    """
    if state in STATES:
        return STATES[state]
    if rung is None:
        review = REVIEWS[review_code or "UNSURE"]
        return Sentence(review.zh + "。", review.en[0].upper() + review.en[1:] + ".")
    before = [one for one in trail if one.outcome not in ("TAKEN", "FOR_A_PERSON", "NO_DESIGNATION", "PURE")]
    why_zh = "；".join(f"{RUNG_NAMES[one.rung].zh}，{_why(one).zh}" for one in before)
    why_en = "; ".join(f"{RUNG_NAMES[one.rung].en}, {_why(one).en}" for one in before)
    if team is None:
        target = OUTCOMES["FOR_A_PERSON"]
    else:
        who = team + (f" {agent_code}" if agent_code else "")
        target = Sentence(f"分配给{who}，依据：{RUNG_NAMES[rung].zh}", f"goes to {who} as {RUNG_NAMES[rung].en}")
    marks_zh = "、".join(FLAGS[flag].zh for flag in flags)
    marks_en = ", ".join(FLAGS[flag].en for flag in flags)
    zh = target.zh + (f"。此前未采用：{why_zh}" if why_zh else "") + (f"。注意：{marks_zh}" if marks_zh else "") + "。"
    en = (
        target.en
        + (f". Passed over before: {why_en}" if why_en else "")
        + (f". Note: {marks_en}" if marks_en else "")
        + "."
    )
    return Sentence(zh, en[0].upper() + en[1:])


def _why(one: Asked) -> Sentence:
    """Why a rung passed a bundle on: with one candidate its constraint, else the outcome."""
    if len(one.candidates) == 1:
        only = one.candidates[0]
        check, who = CHECKS[only.check], only.agent_code or only.team_code
        return Sentence(f"{who} {check.zh}", f"{who}: {check.en}")
    return OUTCOMES[one.outcome]
