"""Results of the test as sentences."""

from __future__ import annotations

from typing import Final

from geo.crs import Crs
from geo.gazetteer.sniffing import Evidence, Sniff, Verdict

_EVIDENCE: Final = {
    Evidence.PLACES: ("与 {n:,} 处已知地点比较", "compared with {n:,} known places"),
    Evidence.EARLIER: ("与这个来源以前的 {n:,} 处地点比较", "compared with {n:,} earlier places of this source"),
    Evidence.OUTLINES: (
        "以 {n:,} 个点所写的区划与区划界线比较",
        "compared with the outlines of the districts that {n:,} points state",
    ),
    Evidence.SOURCES: (
        "与文件中其他来源的 {n:,} 处地点比较",
        "compared with {n:,} places of the file's other sources",
    ),
    Evidence.NOTHING: ("没有可比的地点", "nothing to compare with"),
}


def described(sniff: Sniff) -> tuple[str, str]:
    """What the test says, in Chinese and in English, without a full stop."""
    zh_source, en_source = (f"来源 {sniff.source}：", f"source {sniff.source}: ") if sniff.source else ("", "")
    zh_how, en_how = (text.format(n=sniff.n) for text in _EVIDENCE[sniff.evidence])
    declared, best = sniff.declared.value, _named(sniff.best)
    match sniff.verdict:
        case Verdict.MISDECLARED:
            zh_figures, en_figures = _figures(sniff)
            zh = f"声明 {declared}，实为 {best}：{zh_figures}"
            en = f"declared {declared}, but it is {best}: {en_figures}"
            if sniff.evidence is Evidence.OUTLINES:
                zh += "（若坐标无误，请检查界线的坐标系）"
                en += " (if the points are right, check the system of the outlines)"
        case Verdict.SHIFTED:
            off = f"{sniff.east_m:+.0f} m, {sniff.north_m:+.0f} m"
            zh = f"声明 {declared}，但整体偏移（东、北 {off}），与四种坐标系都不符"
            en = f"declared {declared}, but all is off by (east, north) {off}, which none of the four systems explains"
        case Verdict.MIXED:
            second = _named(sniff.second)
            zh_figures, en_figures = _votes(sniff)
            zh = f"声明 {declared}，但一部分是 {best}，一部分是 {second}：{zh_figures}；请按坐标系拆开"
            en = f"declared {declared}, but part is {best} and part {second}: {en_figures}; split it by system"
        case Verdict.PASSED:
            zh_figures, en_figures = _figures(sniff)
            zh, en = f"声明 {declared}，相符：{zh_figures}", f"declared {declared}, which fits: {en_figures}"
            if sniff.second is not None:
                zh_votes, en_votes = _votes(sniff)
                zh += f"；注意：有一部分点更像 {_named(sniff.second)}（{zh_votes}）"
                en += f"; note: a part of the points looks like {_named(sniff.second)} ({en_votes})"
        case Verdict.UNTESTED:
            zh = f"声明 {declared}，未能检验：共有地点太少，或偏差太散"
            en = f"declared {declared}, could not be tested: too little in common, or it scatters too much"
    return f"{zh_source}{zh}（{zh_how}）", f"{en_source}{en} ({en_how})"


def _named(crs: Crs | None) -> str:
    """A hypothesis by its name: WGS-84 and CGCS2000 are one."""
    return "" if crs is None else "CGCS2000/WGS84" if crs is Crs.CGCS2000 else crs.value


def _figures(sniff: Sniff) -> tuple[str, str]:
    own, best = sniff.fit(sniff.declared), sniff.fit(sniff.best) if sniff.best else None
    if own is None or best is None:
        return "", ""
    if sniff.evidence is Evidence.OUTLINES:
        wrong = [100.0 * (1.0 - fit.votes / max(sniff.n, 1)) for fit in (own, best)]
        if own == best:
            return f"与区划不符 {wrong[0]:.1f} %", f"outside of their district {wrong[0]:.1f} %"
        return (
            f"与区划不符 {wrong[0]:.1f} % → {wrong[1]:.1f} %",
            f"outside of their district {wrong[0]:.1f} % → {wrong[1]:.1f} %",
        )
    if own == best:
        return (
            f"中位偏差 {own.median_m or 0:,.0f} m，{own.votes:,} 处吻合",
            f"median deviation {own.median_m or 0:,.0f} m, {own.votes:,} agree",
        )
    return (
        f"中位偏差 {own.median_m or 0:,.0f} m → {best.median_m or 0:,.0f} m，吻合 {own.votes:,} → {best.votes:,} 处",
        f"median deviation {own.median_m or 0:,.0f} m → {best.median_m or 0:,.0f} m, agreeing {own.votes:,} → {best.votes:,}",
    )


def _votes(sniff: Sniff) -> tuple[str, str]:
    told = ", ".join(f"{fit.crs.value} {fit.votes:,}" for fit in sniff.fits)
    return f"吻合处 {told}", f"agreeing {told}"
