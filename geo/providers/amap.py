"""高德 AMap: Web 服务 API 地理编码 v3 (`/v3/geocode/geo`). GCJ-02. Codes: its page 错误码说明."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from geo.crs import Crs
from geo.providers.protocol import Access, Failure, Fault, Outcome, Question, Reply, Request
from geo.providers.reading import answer, document, first, member, number, word

LEVELS: Final = {
    "单元号": "UNIT", "楼栋号": "UNIT", "门牌号": "DOOR", "门址": "DOOR", "住宅区": "COMPOUND", "小区": "COMPOUND", "兴趣点": "POI",
    "公交站台": "POI", "公交地铁站点": "POI", "地铁站": "POI", "村庄": "COMMUNITY", "热点商圈": "SUBDISTRICT", "开发区": "SUBDISTRICT",
    "道路": "ROAD", "道路交叉路口": "ROAD", "乡镇": "SUBDISTRICT", "区县": "DISTRICT", "市": "CITY", "城市": "CITY", "省": "NONE",
    "国家": "NONE", "未知": "NONE",
}  # fmt: skip

_BUSY: Final = {"10004", "10014", "10019", "10020", "10021", "10016"}
_QUOTA: Final = {"10003", "10010", "10029", "10044", "10045", "40000", "40003"}
_DOWN: Final = {"10015", "10017", "20003"}
_QUESTION: Final = {"20000", "20001", "20002", "20011", "20012"}


_APART_DEGREES: Final = 0.002
"""About 200 m: places of one answer that lie farther apart are different ones."""


class Amap:
    """高德: passes the city, takes the first geocode."""

    name = "amap"
    title = "高德"
    data = "amap"
    url = "https://restapi.amap.com"
    needs_key = True
    rate = 3.0

    def request(self, question: Question, access: Access) -> Request:
        """`address`, `city` (a name that the service reads), `key`; a batch sign in the text would be read as two addresses."""
        asked = {"key": access.key, "address": question.text.replace("|", " "), "output": "JSON"}
        if question.city:
            asked["city"] = question.city
        return Request(f"{access.url}/v3/geocode/geo?{urlencode(asked)}")

    def read(self, body: bytes) -> Outcome:
        """The first of `geocodes`; `infocode` names the failure. Text it cannot read at all is 30001."""
        value = document(body)
        status, code = word(member(value, "status")), word(member(value, "infocode"))
        if status == "0" and code:
            return Failure(self._fault(code), code)
        if status != "1" or not isinstance(member(value, "geocodes"), list):
            return Failure(Fault.UNREADABLE, code)
        geocodes = member(value, "geocodes")
        if not geocodes:
            return Failure(Fault.NOT_FOUND, code)
        found = first(geocodes)
        lon, lat = _point(found)
        return answer(
            lon,
            lat,
            Crs.GCJ02,
            LEVELS.get(word(member(found, "level")), "NONE"),
            code,
            # Several places are its way to say that the text may mean any of them.
            weak=any(_apart(_point(other), (lon, lat)) for other in geocodes[1:]),
            province=word(member(found, "province")),
            city=word(member(found, "city")),
            district=word(member(found, "district")),
        )

    def refusal(self, reply: Reply) -> Failure | None:
        """HTTP statuses have their usual meaning."""
        return None

    @staticmethod
    def _fault(code: str) -> Fault:
        if code in _BUSY:
            return Fault.BUSY
        if code in _QUOTA:
            return Fault.QUOTA_SPENT
        if code in _DOWN:
            return Fault.UNAVAILABLE
        if code in _QUESTION:
            return Fault.QUESTION_REFUSED
        if code.startswith("3"):
            return Fault.NOT_FOUND  # ENGINE_RESPONSE_DATA_ERROR: it made no sense of the text
        # 10001 key, 10005 address list, 10007 signature, 10009 kind of key, 10012 permission, 40002 expired …
        return Fault.ACCESS_DENIED if code.startswith(("1", "4")) else Fault.UNREADABLE


def _point(geocode: object) -> tuple[str, str]:
    lon, _, lat = word(member(geocode, "location")).partition(",")
    return lon, lat


def _apart(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Both are points, and not the same place."""
    pairs = [(number(a), number(b)) for a, b in zip(one, other, strict=True)]
    return all(a is not None and b is not None for a, b in pairs) and any(
        abs(a - b) > _APART_DEGREES for a, b in pairs if a is not None and b is not None
    )
