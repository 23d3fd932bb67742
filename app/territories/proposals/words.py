"""What binds, and what was left aside, in words."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

from app.territories.proposals.ground import Ground
from geo.districting import Binding, Kind

SHOWN = 5
"""So many names stand in a sentence; the lists beside it hold all."""


def percent(share: Fraction | float) -> str:
    """A share as people read it, rounded to a hundredth of a percent."""
    return f"{float(share) * 100:.2f}".rstrip("0").rstrip(".") + " %"


def _named(codes: Iterable[int], name: Callable[[int], str]) -> str:
    listed = list(codes)
    shown = "、".join(name(one) for one in listed[:SHOWN])
    return shown if len(listed) <= SHOWN else f"{shown} … ({len(listed)})"


def binding(ground: Ground, one: Binding) -> dict[str, Any]:
    """A binding rule as it is told: code, sentences, and whom it concerns."""
    zh, en = _sentences(ground, one)
    return {
        "code": one.kind.value,
        "proved": one.proved,
        "detail": zh,
        "detail_en": en,
        "team_codes": [ground.teams[d] for d in one.districts],
        "community_codes": [ground.communities[u] for u in one.units],
        "needed": None if one.needed is None else float(one.needed),
        "found": None if one.found is None else float(one.found),
        "load": None if one.load is None else float(one.load),
    }


def _sentences(ground: Ground, one: Binding) -> tuple[str, str]:
    teams = _named(one.districts, lambda d: ground.team_names.get(ground.teams[d], ground.teams[d]))
    communities = _named(one.units, lambda u: ground.names[u])
    tolerance = percent(Fraction(ground.problem.tolerance, 10_000))
    keep = percent(Fraction(ground.problem.keep, 10_000))
    match one.kind:
        case Kind.KEEP:
            least_zh = f"至少要移动 {percent(one.needed)}（已证明）" if one.needed is not None else "要移动的超过允许"
            least_en = (
                f"at least {percent(one.needed)} must move (proved)"
                if one.needed is not None
                else "more must move than allowed"
            )
            found_zh = f"，找到的做法移动 {percent(one.found)}" if one.found is not None else ""
            found_en = f"; a way was found that moves {percent(one.found)}" if one.found is not None else ""
            return (
                f"保留比例：负荷均衡到 ±{tolerance} 以内，{least_zh}{found_zh}，而现在要求保留 {keep}。"
                "可降低“至少这么多保单不换手”（keep），或放宽“各团队负荷与应有份额相差不超过”（tolerance）。",
                f"The share kept: for balance within ±{tolerance} {least_en}{found_en}, but {keep} must stay. "
                "Lower the share kept (keep) or widen the deviation (tolerance).",
            )
        case Kind.LOCK if one.load is not None:
            return (
                f"锁定：{teams} 不许改动，其负荷是应有份额的 {percent(one.load)}，超出 ±{tolerance}（或使其余团队无法均衡）。请解除锁定。",
                f"A lock: {teams} may not change and carry {percent(one.load)} of their fair share, so ±{tolerance} cannot be met. Unlock them.",
            )
        case Kind.LOCK:
            return (
                f"锁定：解除 {teams} 的锁定后找到了均衡的做法。",
                f"A lock: with {teams} unlocked a balanced way was found.",
            )
        case Kind.PIN if one.load is not None:
            return (
                f"固定：固定在 {teams} 的社区（{communities}）已使其负荷达到应有份额的 {percent(one.load)}，超出 +{tolerance}。请减少固定。",
                f"Pins: what is pinned to {teams} ({communities}) already makes {percent(one.load)} of its fair share, more than +{tolerance}. Pin less.",
            )
        case Kind.PIN:
            return (
                f"固定：不固定 {communities} 时找到了均衡的做法（被多个团队分占的社区也算固定）。",
                f"Pins: without those on {communities} a balanced way was found (communities that teams share count as pinned).",
            )
        case Kind.HEAVY_UNIT:
            return (
                f"社区过重：{communities} 一个社区的负荷就超过任何团队的上限（+{tolerance}）；请把它分给两个团队，或提高容量。",
                f"One community is too heavy: {communities} alone exceeds what any team may carry (+{tolerance}). Divide it, or raise a capacity.",
            )
        case Kind.BARRIER | Kind.SEPARATE if one.units and one.proved:
            why_zh = "屏障" if one.kind is Kind.BARRIER else "地图上不相连"
            why_en = "A barrier" if one.kind is Kind.BARRIER else "A part of the map that borders on nothing"
            load_zh = f"是其应有份额的 {percent(one.load)}" if one.load is not None else "没有团队可以承担"
            load_en = (
                f"is {percent(one.load)} of their fair share" if one.load is not None else "has no team to carry it"
            )
            who_zh, who_en = teams or "（无）", teams or "nobody"
            return (
                f"{why_zh}：{communities} 与其余部分隔开，能在那里的团队是 {who_zh}，那里的负荷{load_zh}，超出 ±{tolerance}。",
                f"{why_en}: {communities} are cut off, the teams that can be there are {who_en}, and the load there {load_en}, beyond ±{tolerance}.",
            )
        case Kind.BARRIER | Kind.SEPARATE:
            return (
                "屏障：去掉屏障后找到了均衡的做法。",
                "A barrier: without the barriers a balanced way was found.",
            )
        case Kind.UNREACHABLE:
            return (
                f"够不着：没有团队能连片地到达 {communities}，它们仍无归属。",
                f"Out of reach: no team can come to {communities} without a gap; they stay with nobody.",
            )
        case Kind.VACANT:
            return (
                f"无主社区：把 {communities} 分给邻近团队会使最大偏差比现在更差，因此保持无主。",
                f"Unowned: giving {communities} to neighbours would make the worst deviation worse than it is, so they stay with nobody.",
            )
        case Kind.GRAIN:
            return (
                f"社区太粗：即使不保留、不锁定、不固定、不设屏障，也没有找到 ±{tolerance} 以内的连片做法。"
                "请放宽“各团队负荷与应有份额相差不超过”（tolerance），或拆分大的社区。",
                f"Too coarse: even with nothing kept, locked, pinned or barred no contiguous way within ±{tolerance} was found. "
                "Widen the deviation (tolerance), or "
                "divide large communities.",
            )
    raise NotImplementedError(one.kind)


def notes(ground: Ground) -> list[dict[str, Any]]:
    """What was left aside in posing the question."""

    def listed(codes: Sequence[str], names: dict[str, str]) -> str:
        shown = "、".join(names.get(code, code) for code in codes[:SHOWN])
        return shown if len(codes) <= SHOWN else f"{shown} … ({len(codes)})"

    names = dict(zip(ground.communities, ground.names, strict=True))
    found = []
    if ground.split:
        who = listed(ground.split, names)
        found.append(
            ("SPLIT", f"{who} 由几个团队分占，保持不变。", f"{who} are shared by several teams and stay as they are.")
        )
    if ground.left_out:
        who = listed(ground.left_out, names)
        found.append(
            (
                "LEFT_OUT",
                f"{who} 只有一部分归团队，或归不参与的团队，不在计算之内。",
                f"{who} are partly nobody's, or belong to teams that do not take part; they are left out.",
            )
        )
    if ground.standing_still:
        who = listed(ground.standing_still, ground.team_names)
        found.append(
            (
                "TEAM_STANDS_STILL",
                f"{who} 目前没有可用的成员或容量，其区域不动。",
                f"{who} have no member or capacity at present; their territories are left alone.",
            )
        )
    if ground.released:
        who = listed(ground.released, ground.team_names)
        found.append(
            (
                "TEAM_RELEASED",
                f"{who} 已撤销、不参与或不是收展团队，其区域分给其他团队。",
                f"{who} are dissolved, take no part or are no collection teams; their territories go to others.",
            )
        )
    return [{"code": code, "detail": zh, "detail_en": en} for code, zh, en in found]
