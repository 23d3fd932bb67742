"""百度: 地理编码 v3 (`/geocoding/v3/`). BD-09, as `ret_coordtype` is not sent. Codes: its page 服务状态码."""

from __future__ import annotations

from hashlib import md5
from typing import Final
from urllib.parse import quote, quote_plus

from geo.crs import Crs
from geo.providers.protocol import Access, Failure, Fault, Outcome, Question, Reply, Request
from geo.providers.reading import answer, document, member, number, word

PATH: Final = "/geocoding/v3/"
LONGEST_ADDRESS: Final = 84
"""Bytes of an address that the service takes."""

LEVELS: Final = {
    "门址": "DOOR", "地产小区": "COMPOUND", "房地产": "COMPOUND", "小区": "COMPOUND", "工业园区": "COMPOUND", "村庄": "COMMUNITY",
    "道路": "ROAD", "交叉路口": "ROAD", "桥": "ROAD", "商圈": "SUBDISTRICT", "乡镇": "SUBDISTRICT", "区县": "DISTRICT", "城市": "CITY",
    "省": "NONE", "国家": "NONE", "UNKNOWN": "NONE", "NoClass": "NONE", "": "NONE",
}  # fmt: skip
"""Every other word of its list names a kind of point of interest (餐饮, 教育, 政府机构 …)."""

_RADII: Final = (
    (100, 20.0), (90, 50.0), (80, 100.0), (75, 200.0), (70, 300.0), (60, 500.0), (50, 1000.0), (40, 2000.0), (30, 5000.0),
    (25, 8000.0), (20, 10000.0),
)  # fmt: skip
"""`confidence` at least …, error below … metres, by its documentation."""

_BUSY: Final = {"401", "402"}
_QUOTA: Final = {"4", "301", "302"}
_QUESTION: Final = {"2", "8"}


def signature(path_and_query: str, secret: str) -> str:
    """The SN of a request: MD5 over the quoted (path?query + secret key). `path_and_query` is quoted as it is sent."""
    return md5(quote_plus(path_and_query + secret).encode(), usedforsecurity=False).hexdigest()


class Baidu:
    """百度: passes the city, signs where a secret is configured, states no division of its answers."""

    name = "baidu"
    title = "百度"
    data = "baidu"
    url = "https://api.map.baidu.com"
    needs_key = True
    rate = 3.0

    def request(self, question: Question, access: Access) -> Request:
        """`address` (at most 84 bytes), `city`, `ak` and, where there is a secret, `sn` as the last parameter."""
        text = question.text.encode()[:LONGEST_ADDRESS].decode(errors="ignore")
        asked = {"address": text, "output": "json", "ak": access.key}
        if question.city:
            asked["city"] = question.city
        # Every value is quoted whole, so that what is signed is what is sent, byte for byte.
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items())
        sign = f"&sn={signature(f'{PATH}?{query}', access.secret)}" if access.secret else ""
        return Request(f"{access.url}{PATH}?{query}{sign}")

    def read(self, body: bytes) -> Outcome:
        """`result.location`; `precise` 0 or a low `comprehension` makes it weak, `confidence` gives its error."""
        value = document(body)
        status = word(member(value, "status"))
        if not status:
            return Failure(Fault.UNREADABLE)
        if status != "0":
            said = member(value, "message") or member(value, "msg")
            return Failure(self._fault(status, said if isinstance(said, str) else ""), status)
        result = member(value, "result")
        if isinstance(result, list) and not result:
            return Failure(Fault.NOT_FOUND, status)
        kind = word(member(result, "level"))
        level = LEVELS.get(kind, "POI")
        own, understood = number(member(result, "confidence")), number(member(result, "comprehension"))
        radius = next((metres for least, metres in _RADII if own is not None and own >= least), None)
        return answer(
            member(result, "location", "lng"),
            member(result, "location", "lat"),
            Crs.BD09,
            level,
            status,
            radius_m=radius,
            own_confidence=None if own is None else min(1.0, max(0.0, own / 100)),
            weak=(own is not None and own < 50) or (understood is not None and understood < 50),
        )

    def refusal(self, reply: Reply) -> Failure | None:
        """HTTP statuses have their usual meaning."""
        return None

    @staticmethod
    def _fault(status: str, said: str) -> Fault:
        if status == "1":
            # One code for two things: a fault inside, and an address of which it knows nothing.
            return Fault.NOT_FOUND if "无相关结果" in said else Fault.UNAVAILABLE
        if status in _BUSY:
            return Fault.BUSY
        if status in _QUOTA:
            return Fault.QUOTA_SPENT
        if status in _QUESTION:
            return Fault.QUESTION_REFUSED
        # 3, 5, 9 permission; 101 and 2xx key, address list, signature, service switched off
        denied = status in {"3", "5", "9", "101", "102"} or (len(status) == 3 and status.startswith("2"))
        return Fault.ACCESS_DENIED if denied else Fault.UNREADABLE
