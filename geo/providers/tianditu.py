"""天地图: 地理编码 (`/geocoder?ds={"keyWord": …}`). CGCS2000. It takes no city, so the city stands in front of the text."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlencode

import orjson

from geo.crs import Crs
from geo.providers.protocol import Access, Failure, Fault, Outcome, Question, Reply, Request
from geo.providers.reading import answer, document, member, number, word

_KINDS: Final = (
    ("单元", "UNIT"), ("门址", "DOOR"), ("门牌", "DOOR"), ("小区", "COMPOUND"), ("楼", "COMPOUND"), ("社区", "COMMUNITY"), ("村", "COMMUNITY"),
    ("路口", "ROAD"), ("道路", "ROAD"), ("街道", "SUBDISTRICT"), ("乡", "SUBDISTRICT"), ("镇", "SUBDISTRICT"), ("区县", "DISTRICT"),
    ("县", "DISTRICT"), ("市", "CITY"), ("省", "NONE"), ("兴趣点", "POI"), ("地名", "POI"), ("POI", "POI"),
)  # fmt: skip
"""Its documentation lists no words for `level`: the first that the word contains counts, and an unknown one is no level."""

_QUOTA_WORDS: Final = re.compile("次数|配额|超限|上限|超出|限额")
_RELIABLE_SCORE: Final = 80.0


class Tianditu:
    """天地图: the national platform; names no divisions."""

    name = "tianditu"
    title = "天地图"
    data = "tianditu"
    url = "https://api.tianditu.gov.cn"
    needs_key = True
    rate = 2.0

    def request(self, question: Question, access: Access) -> Request:
        """`ds` with the keyword as JSON, `tk`."""
        asked = {"ds": orjson.dumps({"keyWord": question.full}).decode(), "tk": access.key}
        return Request(f"{access.url}/geocoder?{urlencode(asked)}")

    def read(self, body: bytes) -> Outcome:
        """`location` under `status` 0; 101 is an empty result, 404 a fault of the service, `code` a refusal of the gate."""
        value = document(body)
        status = word(member(value, "status"))
        if status == "101":
            return Failure(Fault.NOT_FOUND, status)
        if status == "404":
            return Failure(Fault.UNAVAILABLE, status)
        if status == "1":
            return Failure(Fault.QUESTION_REFUSED, status)
        if status != "0":
            return self._gate(value) or Failure(Fault.UNREADABLE, status)
        place = member(value, "location")
        if place is None or place in ("", [], {}):
            return Failure(Fault.NOT_FOUND, status)
        kind, score = word(member(place, "level")), number(member(place, "score"))
        return answer(
            member(place, "lon"),
            member(place, "lat"),
            Crs.CGCS2000,
            next((level for part, level in _KINDS if part in kind), "NONE"),
            status,
            own_confidence=None if score is None else min(1.0, max(0.0, score / 100)),
            weak=score is not None and score < _RELIABLE_SCORE,
        )

    def refusal(self, reply: Reply) -> Failure | None:
        """418 is the gate's word for a caller it has had enough of for now; a 403 says in its body whether it is the quota."""
        if reply.status == 418:
            return Failure(Fault.QUOTA_SPENT, "HTTP 418")
        return self._gate(document(reply.body)) if reply.status in (401, 403) else None

    @staticmethod
    def _gate(value: object) -> Failure | None:
        code, said = word(member(value, "code")), word(member(value, "msg"))
        if not code or code == "0":
            return None
        return Failure(Fault.QUOTA_SPENT if _QUOTA_WORDS.search(said) else Fault.ACCESS_DENIED, code)
