"""What can go wrong, in the words of the subject. Nothing here knows of HTTP: `app.problems` gives each kind its status.

A kind (`Invalid`, `NotFound`, …) says what the caller can do about it; a concrete error adds the stable code and the sentences.
Sentences say what to do next and never repeat what was sent in.
"""

from typing import Any, ClassVar


class AppError(Exception):
    """An error that a caller may be told of.

    `code`: stable, in capitals. `zh`, `en`: what happened and what to do next. `facts`: further members of the answer, such as
    the position of the bad item; never personal data, never the input itself.
    """

    code: str = "INTERNAL"
    zh: ClassVar[str] = "系统内部出错，已记入日志；请稍后再试。"
    en: ClassVar[str] = "Something went wrong inside; it has been logged. Try again later."

    def __init__(self, zh: str | None = None, en: str | None = None, **facts: Any) -> None:
        self.detail_zh = zh or self.zh
        self.detail_en = en or self.en
        self.facts = facts
        super().__init__(f"{self.code}: {self.detail_zh} {self.detail_en}")


class Malformed(AppError):
    """The request cannot be read at all."""


class Invalid(AppError):
    """It can be read, but what it says is not acceptable."""


class NotFound(AppError):
    """What was asked for does not exist, or is outside of the caller's scope."""


class Conflict(AppError):
    """It contradicts the present state: look at the state, then decide again."""


class Forbidden(AppError):
    """The caller may not do this."""


class Unavailable(AppError):
    """It cannot be done at this moment; the same request may succeed after `retry_after` seconds."""

    retry_after: ClassVar[int] = 5


class MalformedJson(Malformed):
    code = "MALFORMED_JSON"
    zh = "请求体不是合法的 JSON（NaN、Infinity、过深的嵌套也不接受）；请改正后重发。"
    en = "The body is not valid JSON (NaN, Infinity and too deep nesting are not accepted). Correct it and send it again."


class InvalidCursor(Malformed):
    code = "CURSOR_INVALID"
    zh = "翻页游标无效；请从第一页重新取。"
    en = "The paging cursor is not valid. Start again from the first page."


class ValidationFailed(Invalid):
    code = "VALIDATION_FAILED"
    zh = "请求中有不合要求的字段，见 errors；请改正后重发。"
    en = "Some fields are not acceptable, see errors. Correct them and send it again."


class CrsUndeclared(Invalid):
    code = "CRS_UNDECLARED"
    zh = "坐标没有说明坐标系；请加上 crs：CGCS2000、WGS84、GCJ02 或 BD09。"
    en = "The coordinate does not declare its system. Add crs: CGCS2000, WGS84, GCJ02 or BD09."


class OutsideChina(Invalid):
    code = "OUTSIDE_CHINA"
    zh = "坐标不在中国境内；请检查经纬度是否颠倒（先经度后纬度）。"
    en = "The coordinate is outside of China. Check its order: longitude first."


class UnknownPolicy(Invalid):
    code = "UNKNOWN_POLICY"
    zh = "没有这张保单；请先导入保单再上报事件。"
    en = "There is no such policy. Import the policy first, then report the event."


class UnknownAgent(Invalid):
    code = "UNKNOWN_AGENT"
    zh = "没有这名业务员；请先导入人员再上报事件。"
    en = "There is no such agent. Import the agents first, then report the event."


class UnknownOrganisation(Invalid):
    code = "UNKNOWN_ORGANISATION"
    zh = "没有这个支公司；请核对机构代码。"
    en = "There is no such branch. Check the organisation's code."


class PolicyNotFound(NotFound):
    code = "POLICY_NOT_FOUND"
    zh = "没有这张保单；请核对保单号。"
    en = "There is no such policy. Check its number."


class CaseNotFound(NotFound):
    code = "CASE_NOT_FOUND"
    zh = "这张保单没有孤儿单案件；请核对保单号，或先上报事件并分配。"
    en = "This policy has no orphan case. Check its number, or report an event and allocate first."


class TeamNotFound(NotFound):
    code = "TEAM_NOT_FOUND"
    zh = "没有这个团队；请核对团队代码。"
    en = "There is no such team. Check its code."


class RunNotFound(NotFound):
    code = "RUN_NOT_FOUND"
    zh = "没有这次分配运行；请核对编号。"
    en = "There is no such run. Check its number."


class OutOfScope(Forbidden):
    code = "OUT_OF_SCOPE"
    zh = "这不在您的管辖范围内；请向上级机构查询。"
    en = "This is outside of your scope. Ask the organisation above you."


class EventConflict(Conflict):
    code = "EVENT_CONFLICT"
    zh = "这个事件编号已经用于内容不同的事件；改正事件请换一个新编号。"
    en = "This event id already belongs to an event with other content. Send a correction under a new id."


class RunNotProposed(Conflict):
    code = "RUN_NOT_PROPOSED"
    zh = "只有处于预分配状态的运行才能确认或放弃；请先查看它的状态。"
    en = "Only a proposed run can be confirmed or discarded. Look at its status first."


class IdempotencyKeyReused(Invalid):
    code = "IDEMPOTENCY_KEY_REUSED"
    zh = "这个 Idempotency-Key 已用于另一个请求；新的请求请用新的键。"
    en = "This Idempotency-Key was used for another request. Use a new key for a new request."


class PlaceNotGiven(Invalid):
    code = "PLACE_NOT_GIVEN"
    zh = "请给出一个坐标（lon、lat、crs）或一个地址（address），二者取一。"
    en = "Give either a point (lon, lat, crs) or an address, and not both."


class NotLocatable(Invalid):
    code = "ADDRESS_NOT_LOCATED"
    zh = "这个地址无法定位；请写得更完整（区、路、门牌或小区），或改用坐标查询。"
    en = "The address cannot be located. Write it in full (district, road, number or estate), or ask with a coordinate."


class DatabaseUnavailable(Unavailable):
    code = "DATABASE_UNAVAILABLE"
    zh = "数据库暂时连不上；请稍后再试。"
    en = "The database cannot be reached at the moment. Try again in a while."


class NotReady(Unavailable):
    code = "NOT_READY"
    zh = "数据库结构不是最新版本；请运行 guidan migrate。"
    en = "The database does not have the newest schema. Run guidan migrate."


class StorageFull(Unavailable):
    code = "STORAGE_FULL"
    zh = "数据库的磁盘已满，没有任何改动；请联系管理员清理后再试。"
    en = "The database's disk is full; nothing was changed. Ask the operator to make room, then try again."
    retry_after = 60


class TooBusy(Unavailable):
    code = "BUSY"
    zh = "系统正忙或同一数据正被处理；请稍后重试同一请求。"
    en = "The system is busy, or the same data is being worked on. Try the same request again shortly."
    retry_after = 1


class TimedOut(Unavailable):
    code = "TIMED_OUT"
    zh = "处理超时，没有任何改动；请缩小范围后再试。"
    en = "It took too long; nothing was changed. Try again with a smaller scope."


class NothingToAllocate(Conflict):
    code = "NOTHING_TO_ALLOCATE"
    zh = "没有事件使这张保单成为孤儿单（reasons 给出未立案的原因）；请先上报有效的事件。"
    en = "No event makes this policy an orphan (reasons says why none did). Report a valid event first."


class TooFewConfirmed(Conflict):
    """There is too little to measure a calibration on."""

    code = "TOO_FEW_CONFIRMED"

    def __init__(self, found: int = 0, least: int = 200) -> None:
        super().__init__(
            f"只有 {found} 条可用来标定的答案，至少需要 {least} 条；请先复核更多地址，或改用地名库的多个来源（--basis gazetteer）。",
            f"Only {found} answers to measure on, at least {least} are needed. Review more addresses first, or measure on the gazetteer's "
            "several sources (--basis gazetteer).",
        )


class UnknownCalibration(NotFound):
    code = "CALIBRATION_NOT_FOUND"
    zh = "没有这个编号的标定；用 `guidan calibrate --list` 查看。"
    en = "There is no calibration of this number. `guidan calibrate --list` shows them."


class UnknownProvider(Invalid):
    code = "PROVIDER_UNKNOWN"
    zh = "GUIDAN_PROVIDERS 中有不认识的名称；可用：amap、baidu、tianditu、tencent、nominatim、geopy:名称。"
    en = "GUIDAN_PROVIDERS names an unknown provider. Known: amap, baidu, tianditu, tencent, nominatim, geopy:NAME."


class ConsultationRuns(Unavailable):
    code = "CONSULTATION_RUNS"
    zh = "另一次在线询问正在进行；为不重复花费配额，请等它结束后再试。"
    en = "Another consultation is under way. Wait until it ends: two at once would spend the quota twice."
    retry_after = 60


class NoProvider(Invalid):
    code = "PROVIDER_NONE"
    zh = "没有启用在线定位服务；请设 GUIDAN_PROVIDERS（如 amap,tianditu）与相应的 GUIDAN_AMAP_KEY，再运行 guidan providers 核对。"
    en = "No online provider is on. Set GUIDAN_PROVIDERS (such as amap,tianditu) and the keys (such as GUIDAN_AMAP_KEY), then check with guidan providers."


class LocationReviewNotFound(NotFound):
    code = "LOCATION_REVIEW_NOT_FOUND"
    zh = "这一条不在位置复核队列中（可能已经处理）；请刷新队列。"
    en = "This is not in the queue of location review (it may have been decided). Load the queue anew."


class LocationDecisionNotFound(NotFound):
    code = "LOCATION_DECISION_NOT_FOUND"
    zh = "没有这个位置复核决定；请核对编号。"
    en = "There is no such decision of location review. Check its number."


class ReviewClaimed(Conflict):
    code = "LOCATION_REVIEW_CLAIMED"
    zh = "这一条（或同一小区、同一门牌的另一条）正由他人复核；请取下一条，或等其到期。"
    en = "Somebody else is at work on this, or on another address of the same place. Take the next one, or wait until their time is up."


class ReviewNotClaimed(Conflict):
    code = "LOCATION_REVIEW_NOT_CLAIMED"
    zh = "决定之前请先领取这一条（POST /location-reviews/claim）。"
    en = "Claim this item before deciding on it (POST /location-reviews/claim)."


class ReviewClaimLost(Conflict):
    code = "LOCATION_REVIEW_CLAIM_LOST"
    zh = "您的领取已经到期或被释放，没有任何改动；请重新领取，看清现状后再决定。"
    en = "Your claim has run out or was released; nothing was changed. Claim it again, look, then decide."


class CandidateChanged(Conflict):
    code = "CANDIDATE_CHANGED"
    zh = "这个候选位置已经不在当前的候选之中；请刷新后重新选择。"
    en = "This candidate is not among the present ones any more. Load the item anew and choose again."


class OutsideCityUnconfirmed(Conflict):
    code = "OUTSIDE_CITY_UNCONFIRMED"
    zh = "所选位置不在保单所属城市内；确实如此请以 outside_city=true 确认（保单会留在待定位，由人工转出），否则请改选。"
    en = "The point lies outside of the policy's city. If that is right, confirm it with outside_city=true (the policy stays in location review); else choose another."


class LocationDecisionUndone(Conflict):
    code = "LOCATION_DECISION_UNDONE"
    zh = "这个决定已经撤销；无需再撤销。"
    en = "This decision has been undone already; there is nothing left to undo."


class UndoReasonMissing(Invalid):
    code = "UNDO_REASON_MISSING"
    zh = "撤销他人的决定须写明原因（reason）。"
    en = "Undoing somebody else's decision needs a reason."


class KeyMissing(Invalid):
    code = "PLACE_KEY_MISSING"
    zh = "这个地址没有写明城市与小区或门牌，不能一并处理其他地址；请选择“仅此一条”（scope=THIS）。"
    en = "This address names no city with an estate or house number, so no others share it. Decide on this one only (scope=THIS)."


class PreconditionFailed(AppError):
    """What the caller saw is not what is there any more."""


class LocationReviewChanged(PreconditionFailed):
    code = "LOCATION_REVIEW_CHANGED"
    zh = "这一条在您查看之后有了新的分配结果，没有任何改动；请刷新后再决定。"
    en = "A run has decided anew since you looked; nothing was changed. Load the item anew, then decide."


class LocationDecisionChanged(PreconditionFailed):
    code = "LOCATION_DECISION_CHANGED"
    zh = "这个决定在您查看之后已有变化，没有任何改动；请刷新后再试。"
    en = "This decision has changed since you looked; nothing was changed. Load it anew, then try again."
