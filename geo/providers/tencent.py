"""腾讯: 地址解析 (`/ws/geocoder/v1/`). GCJ-02. Codes: its page 状态码说明."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from geo.crs import Crs
from geo.providers.protocol import Access, Failure, Fault, Outcome, Question, Reply, Request
from geo.providers.reading import answer, document, member, number, word

LEVELS: Final = {
    1: "CITY", 2: "DISTRICT", 3: "SUBDISTRICT", 4: "COMMUNITY", 5: "SUBDISTRICT", 6: "SUBDISTRICT", 7: "ROAD", 8: "ROAD", 9: "DOOR",
    10: "COMPOUND", 11: "POI",
}  # fmt: skip
"""城市, 区县, 乡镇街道, 村社区, 开发区, 商圈, 道路, 道路附属点, 门址, 小区大厦, 兴趣点."""

RELIABLE: Final = 7.0
"""`reliability` from which the documentation calls an answer accurate (1–10)."""

_BUSY: Final = {"120"}
_QUOTA: Final = {"121", "122", "123"}
"""All of 12x are limits; those that do not pass within seconds end the day."""
_DOWN: Final = {"500", "510", "520", "530"}
_NOTHING: Final = {"347", "375", "396"}
_QUESTION: Final = {"301", "306", "310", "320", "348", "365", "395"}
_DENIED: Final = {"110", "111", "112", "113", "190", "199", "311", "403"}


class Tencent:
    """腾讯: the text must hold a city, so it stands in front of one that does not."""

    name = "tencent"
    title = "腾讯"
    data = "tencent"
    url = "https://apis.map.qq.com"
    needs_key = True
    rate = 3.0

    def request(self, question: Question, access: Access) -> Request:
        """`address`, `key`."""
        asked = {"address": question.full, "key": access.key, "output": "json"}
        return Request(f"{access.url}/ws/geocoder/v1/?{urlencode(asked)}")

    def read(self, body: bytes) -> Outcome:
        """`result.location` under `status` 0; a `reliability` below 7 makes it weak."""
        value = document(body)
        status = word(member(value, "status"))
        if status != "0":
            return Failure(self._fault(status), status)
        result = member(value, "result")
        own, deviation = number(member(result, "reliability")), number(member(result, "deviation"))
        kind = number(member(result, "level"))
        return answer(
            member(result, "location", "lng"),
            member(result, "location", "lat"),
            Crs.GCJ02,
            "NONE" if kind is None else LEVELS.get(int(kind), "NONE"),
            status,
            # -1 says that nothing is known of the error.
            radius_m=deviation if deviation is not None and deviation > 0 else None,
            own_confidence=None if own is None else min(1.0, max(0.0, own / 10)),
            weak=own is not None and own < RELIABLE,
            province=word(member(result, "address_components", "province")),
            city=word(member(result, "address_components", "city")),
            district=word(member(result, "address_components", "district")),
        )

    def refusal(self, reply: Reply) -> Failure | None:
        """HTTP statuses have their usual meaning."""
        return None

    @staticmethod
    def _fault(status: str) -> Fault:
        for codes, fault in (
            (_BUSY, Fault.BUSY),
            (_QUOTA, Fault.QUOTA_SPENT),
            (_DOWN, Fault.UNAVAILABLE),
            (_NOTHING, Fault.NOT_FOUND),
            (_QUESTION, Fault.QUESTION_REFUSED),
            (_DENIED, Fault.ACCESS_DENIED),
        ):
            if status in codes:
                return fault
        return Fault.UNREADABLE
