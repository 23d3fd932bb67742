"""What is told of a provider's trouble, in Chinese and English: what it is, and what to do next."""

from __future__ import annotations

from typing import Final, NamedTuple


class Words(NamedTuple):
    """One sentence in both languages."""

    zh: str
    en: str


FAULTS: Final = {
    "NOT_FOUND": Words("查无此址；无需处理。", "it knows no such address; nothing to do."),
    "QUESTION_REFUSED": Words(
        "不接受这样的地址；请检查地址是否完整。", "it does not take this address; check that it is complete."
    ),
    "BUSY": Words("请求过于频繁；请调低 GUIDAN_…_RATE。", "it is asked too often; lower GUIDAN_…_RATE."),
    "UNAVAILABLE": Words(
        "连不上或超时；请检查网络、GUIDAN_…_URL 与 GUIDAN_PROVIDER_PROXY 后重试。",
        "it cannot be reached or is too slow; check the network, GUIDAN_…_URL and GUIDAN_PROVIDER_PROXY, then try again.",
    ),
    "QUOTA_SPENT": Words(
        "服务方的当日配额已用尽或本机被限制，明天零点（北京时间）起再问；可在其控制台提高配额。",
        "its own quota is spent, or it blocks this machine for now: asked again from midnight in China. Raise the quota at its console.",
    ),
    "ACCESS_DENIED": Words(
        "密钥、签名、IP 白名单或服务权限不符，改正配置前不再询问；若是在其控制台改正的，请运行 guidan providers --resume 名称。",
        "key, signature, address list or permission is refused: not asked before the configuration changes. "
        "If you put it right at its console, run guidan providers --resume NAME.",
    ),
    "UNREADABLE": Words(
        "答复不是它文档所写的格式；请检查 GUIDAN_…_URL 是否指向代理的登录页或别的服务。",
        "its answer is not of the documented form; check that GUIDAN_…_URL does not lead to a login page or another service.",
    ),
    "TOO_LARGE": Words(
        "答复过大，已放弃；请检查 GUIDAN_…_URL。", "its answer is too large and was dropped; check GUIDAN_…_URL."
    ),
    "REDIRECTED": Words(
        "它要求转到别的地址，未跟随；请把 GUIDAN_…_URL 设为最终地址。",
        "it redirects, which is not followed; set GUIDAN_…_URL to the final address.",
    ),
}
"""By `geo.providers.Fault`."""

NOT_ASKED: Final = {
    "NO_KEY": Words("没有密钥；请设 GUIDAN_…_KEY。", "no key; set GUIDAN_…_KEY."),
    "NO_BATCH": Words(
        "公共 Nominatim 服务器的使用政策不允许批量询问；请自建并设 GUIDAN_…_URL。",
        "the policy of the public Nominatim server allows no batches; run one of your own and set GUIDAN_…_URL.",
    ),
    "QUOTA": Words(
        "本机设定的当日配额已用完；明天再问，或调高 GUIDAN_…_QUOTA。",
        "the quota set here is spent for today; go on tomorrow, or raise GUIDAN_…_QUOTA.",
    ),
    "STOPPED": FAULTS["QUOTA_SPENT"],
    "DENIED": FAULTS["ACCESS_DENIED"],
    "UNREACHABLE": Words(
        "连续多次没有可读的答复，本次不再询问；请运行 guidan providers 看原因。",
        "several questions in a row brought no readable answer, so it is asked no more in this run; see guidan providers.",
    ),
}
"""By `Asked.why`."""


def environment(sentence: str, name: str) -> str:
    """The sentence with the variables of one provider: GUIDAN_…_KEY → GUIDAN_AMAP_KEY."""
    return sentence.replace("…", name.upper().replace(":", "_")).replace("NAME", name).replace("名称", name)
