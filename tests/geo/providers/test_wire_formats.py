"""What is sent to each provider, and what each of its documented answers means."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import distance_m
from geo.providers import Access, Answer, Failure, Fault, Provider, Question, Reply, provider_named, read_reply
from geo.providers.baidu import LONGEST_ADDRESS, signature
from geo.providers.levels import LEVELS
from geo.providers.through_geopy import UnknownGeocoderError
from tests.geo.providers import bodies

PHOTON = "geopy:photon"
OK = {
    "amap": bodies.amap(),
    "baidu": bodies.baidu(),
    "tianditu": bodies.tianditu(),
    "tencent": bodies.tencent(),
    "nominatim": bodies.nominatim(),
    PHOTON: bodies.photon(),
}
QUESTION = Question(
    "建邺区庐山路188号",
    "南京市",
    states_city=False,
    parts={"province": "", "city": "", "district": "建邺区", "road": "庐山路", "number": "188号", "estate": ""},
)


def named(name: str) -> Provider:
    provider = provider_named(name)
    assert provider is not None
    return provider


def read(name: str, value: Any) -> Answer | Failure:
    return named(name).read(value if isinstance(value, bytes) else bodies.as_bytes(value))


def asked(name: str, question: Question = QUESTION, **access: str) -> tuple[str, dict[str, str]]:
    provider = named(name)
    url = urlsplit(provider.request(question, Access(access.pop("url", provider.url), **access)).url)
    return f"{url.scheme}://{url.netloc}{url.path}", dict(parse_qsl(url.query, keep_blank_values=True))


# What is asked


def test_amap_is_asked_with_city_and_key() -> None:
    where, query = asked("amap", key="K")
    assert where == "https://restapi.amap.com/v3/geocode/geo"
    assert query == {"key": "K", "address": "建邺区庐山路188号", "city": "南京市", "output": "JSON"}


def test_a_batch_sign_does_not_make_two_addresses_of_one() -> None:
    _, query = asked("amap", Question("庐山路1号|中山路2号"), key="K")
    assert query["address"] == "庐山路1号 中山路2号"


def test_baidu_is_asked_with_city_and_without_another_coordinate_type() -> None:
    where, query = asked("baidu", key="K")
    assert where == "https://api.map.baidu.com/geocoding/v3/"
    assert query == {"address": "建邺区庐山路188号", "output": "json", "ak": "K", "city": "南京市"}


def test_the_signature_is_that_of_the_documented_example() -> None:
    path = "/geocoder/v2/?address=%E7%99%BE%E5%BA%A6%E5%A4%A7%E5%8E%A6&output=json&ak=yourak"
    assert signature(path, "yoursk") == "7de5a22212ffaa9e326444c75a58f9a0"


def test_baidu_signs_what_it_sends() -> None:
    question = Question("庐山路1号 (a&b=c)", "南京市")
    url = named("baidu").request(question, Access("https://h", "K", "S")).url
    path, _, sent = url.removeprefix("https://h").rpartition("&sn=")
    assert signature(path, "S") == sent
    assert parse_qs(urlsplit(url).query)["address"] == ["庐山路1号 (a&b=c)"]


def test_baidu_gets_no_more_than_it_takes() -> None:
    _, query = asked("baidu", Question("庐山路" * 40), key="K")
    assert len(query["address"].encode()) <= LONGEST_ADDRESS
    assert ("庐山路" * 40).startswith(query["address"])


def test_tianditu_gets_the_city_in_front() -> None:
    where, query = asked("tianditu", key="K")
    assert where == "https://api.tianditu.gov.cn/geocoder"
    assert (orjson.loads(query["ds"]), query["tk"]) == ({"keyWord": "南京市建邺区庐山路188号"}, "K")


def test_tencent_gets_the_city_in_front_since_it_demands_one() -> None:
    where, query = asked("tencent", key="K")
    assert where == "https://apis.map.qq.com/ws/geocoder/v1/"
    assert query == {"address": "南京市建邺区庐山路188号", "key": "K", "output": "json"}


def test_nominatim_gets_road_and_number_apart() -> None:
    where, query = asked("nominatim")
    assert where == "https://nominatim.openstreetmap.org/search"
    assert query["q"] == "南京市 建邺区 庐山路 188号"
    assert (query["format"], query["addressdetails"], query["countrycodes"]) == ("jsonv2", "1", "cn")


def test_geopy_builds_the_address_and_opens_no_connection() -> None:
    provider = provider_named(PHOTON, {"domain": "photon.example", "scheme": "http"})
    assert provider is not None
    url = urlsplit(provider.request(QUESTION, Access(provider.url)).url)
    assert (url.scheme, url.netloc, url.path) == ("http", "photon.example", "/api")
    assert parse_qs(url.query)["q"] == ["南京市建邺区庐山路188号"]


@pytest.mark.parametrize("name", ["amap", "baidu", "tianditu", "tencent", "nominatim"])
def test_another_address_may_stand_in(name: str) -> None:
    assert asked(name, url="http://127.0.0.1:1/proxy")[0].startswith("http://127.0.0.1:1/proxy/")


@pytest.mark.parametrize("name", ["geopy:nosuch", "geopy:pelias"])
def test_what_geopy_does_not_know_is_refused(name: str) -> None:
    with pytest.raises(UnknownGeocoderError):
        provider_named(name)


def test_an_unknown_name_is_nobody() -> None:
    assert provider_named("google") is None


# What is answered


@pytest.mark.parametrize("name", OK)
def test_a_documented_answer_comes_back_in_cgcs2000(name: str) -> None:
    found = read(name, OK[name])
    assert isinstance(found, Answer)
    assert distance_m(found.lon, found.lat, *bodies.PLACE) < 0.2
    assert found.level in ("DOOR", "COMPOUND")


def test_geocodejson_is_read_too() -> None:
    found = read("nominatim", bodies.geocodejson())
    assert isinstance(found, Answer)
    assert (found.level, distance_m(found.lon, found.lat, *bodies.PLACE) < 0.01) == ("DOOR", True)
    assert "建邺区" in found.province


@pytest.mark.parametrize("name", ["amap", "tencent"])
def test_division_names_are_kept(name: str) -> None:
    found = read(name, OK[name])
    assert isinstance(found, Answer)
    assert (found.province, found.city, found.district) == ("江苏省", "南京市", "建邺区")


def test_nominatim_names_divisions_from_coarse_to_fine() -> None:
    found = read("nominatim", OK["nominatim"])
    assert isinstance(found, Answer)
    assert found.province == "江苏省建邺区沙洲街道"


@pytest.mark.parametrize(
    ("name", "body", "level"),
    [
        ("amap", bodies.amap(level="单元号"), "UNIT"),
        ("amap", bodies.amap(level="兴趣点"), "POI"),
        ("amap", bodies.amap(level="村庄"), "COMMUNITY"),
        ("amap", bodies.amap(level="道路交叉路口"), "ROAD"),
        ("amap", bodies.amap(level="热点商圈"), "SUBDISTRICT"),
        ("amap", bodies.amap(level="区县"), "DISTRICT"),
        ("amap", bodies.amap(level="市"), "CITY"),
        ("amap", bodies.amap(level="未知"), "NONE"),
        ("amap", bodies.amap(level="something new"), "NONE"),
        ("baidu", bodies.baidu(level="地产小区"), "COMPOUND"),
        ("baidu", bodies.baidu(level="餐饮"), "POI"),
        ("baidu", bodies.baidu(level="道路"), "ROAD"),
        ("baidu", bodies.baidu(level="UNKNOWN"), "NONE"),
        ("tianditu", bodies.tianditu(level="兴趣点"), "POI"),
        ("tianditu", bodies.tianditu(level="乡镇"), "SUBDISTRICT"),
        ("tianditu", bodies.tianditu(level="?"), "NONE"),
        ("tencent", bodies.tencent(level=10), "COMPOUND"),
        ("tencent", bodies.tencent(level=11), "POI"),
        ("tencent", bodies.tencent(level=7), "ROAD"),
        ("tencent", bodies.tencent(level=1), "CITY"),
        ("tencent", bodies.tencent(level=99), "NONE"),
        ("nominatim", bodies.nominatim(addresstype="road", place_rank=26), "ROAD"),
        ("nominatim", bodies.nominatim(addresstype="suburb", place_rank=19), "SUBDISTRICT"),
        ("nominatim", bodies.nominatim(addresstype="something", place_rank=30), "DOOR"),
        ("nominatim", bodies.nominatim(addresstype="something", place_rank=4), "NONE"),
        (PHOTON, bodies.photon(type="street"), "ROAD"),
        (PHOTON, bodies.photon(type="?"), "NONE"),
    ],
)  # fmt: skip
def test_levels(name: str, body: Any, level: str) -> None:
    found = read(name, body)
    assert isinstance(found, Answer)
    assert found.level == level


@pytest.mark.parametrize(
    ("name", "body", "weak"),
    [
        ("tencent", bodies.tencent(reliability=7), False),
        ("tencent", bodies.tencent(reliability=3), True),
        ("baidu", bodies.baidu(confidence=80), False),
        ("baidu", bodies.baidu(confidence=30), True),
        ("baidu", bodies.baidu(comprehension=10), True),
        ("tianditu", bodies.tianditu(score=50), True),
        ("amap", bodies.amap(), False),
    ],
)
def test_a_provider_may_doubt_itself(name: str, body: Any, weak: bool) -> None:
    found = read(name, body)
    assert isinstance(found, Answer)
    assert found.weak is weak


def test_several_places_of_amap_are_a_doubt() -> None:
    here, beside, elsewhere = (
        bodies.amap(place)["geocodes"][0] for place in ((118.73, 32.01), (118.731, 32.01), (118.8, 32.1))
    )
    for geocodes, weak in (([here, beside], False), ([here, elsewhere], True), ([here, {"location": []}], False)):
        found = read("amap", bodies.amap() | {"geocodes": geocodes})
        assert isinstance(found, Answer)
        assert found.weak is weak


@pytest.mark.parametrize(("confidence", "radius"), [(100, 20), (80, 100), (70, 300), (20, 10_000), (5, 100)])
def test_baidu_states_its_error(confidence: int, radius: float) -> None:
    found = read("baidu", bodies.baidu(confidence=confidence))
    assert isinstance(found, Answer)
    assert found.radius_m == radius


# What goes wrong

FAULTS: list[tuple[str, Any, Fault]] = [
    ("amap", bodies.amap_error("10001", "INVALID_USER_KEY"), Fault.ACCESS_DENIED),
    ("amap", bodies.amap_error("10002", "SERVICE_NOT_AVAILABLE"), Fault.ACCESS_DENIED),
    ("amap", bodies.amap_error("10003", "DAILY_QUERY_OVER_LIMIT"), Fault.QUOTA_SPENT),
    ("amap", bodies.amap_error("10004", "ACCESS_TOO_FREQUENT"), Fault.BUSY),
    ("amap", bodies.amap_error("10005", "INVALID_USER_IP"), Fault.ACCESS_DENIED),
    ("amap", bodies.amap_error("10007", "INVALID_USER_SIGNATURE"), Fault.ACCESS_DENIED),
    ("amap", bodies.amap_error("10009", "USERKEY_PLAT_NOMATCH"), Fault.ACCESS_DENIED),
    ("amap", bodies.amap_error("10020", "CKQPS_HAS_EXCEEDED_THE_LIMIT"), Fault.BUSY),
    ("amap", bodies.amap_error("10021", "CUQPS_HAS_EXCEEDED_THE_LIMIT"), Fault.BUSY),
    ("amap", bodies.amap_error("10044", "USER_DAILY_QUERY_OVER_LIMIT"), Fault.QUOTA_SPENT),
    ("amap", bodies.amap_error("10016", "SERVER_IS_BUSY"), Fault.BUSY),
    ("amap", bodies.amap_error("10015", "GATEWAY_TIMEOUT"), Fault.UNAVAILABLE),
    ("amap", bodies.amap_error("20000", "INVALID_PARAMS"), Fault.QUESTION_REFUSED),
    ("amap", bodies.amap_error("20003", "UNKNOWN_ERROR"), Fault.UNAVAILABLE),
    ("amap", bodies.amap_error("30001", "ENGINE_RESPONSE_DATA_ERROR"), Fault.NOT_FOUND),
    ("amap", bodies.amap_error("40000", "QUOTA_PLAN_RUN_OUT"), Fault.QUOTA_SPENT),
    ("amap", bodies.amap_error("40002", "SERVICE_EXPIRED"), Fault.ACCESS_DENIED),
    ("amap", {"status": "1", "infocode": "10000", "count": "0", "geocodes": []}, Fault.NOT_FOUND),
    ("amap", {"status": "1", "infocode": "10000"}, Fault.UNREADABLE),
    ("amap", {"status": "0"}, Fault.UNREADABLE),
    ("amap", bodies.amap(location=[]), Fault.UNREADABLE),
    ("amap", bodies.amap(location="118.7"), Fault.UNREADABLE),
    ("baidu", bodies.baidu_error(1, "Internal Service Error:无相关结果"), Fault.NOT_FOUND),
    ("baidu", bodies.baidu_error(1, "Internal Service Error"), Fault.UNAVAILABLE),
    ("baidu", bodies.baidu_error(2, "Parameter Invalid"), Fault.QUESTION_REFUSED),
    ("baidu", bodies.baidu_error(3, "Verify Failure"), Fault.ACCESS_DENIED),
    ("baidu", bodies.baidu_error(4, "Quota Failure"), Fault.QUOTA_SPENT),
    ("baidu", bodies.baidu_error(5, "AK Failure"), Fault.ACCESS_DENIED),
    ("baidu", bodies.baidu_error(101, "AK参数不存在"), Fault.ACCESS_DENIED),
    ("baidu", bodies.baidu_error(200, "APP不存在，AK有误"), Fault.ACCESS_DENIED),
    ("baidu", bodies.baidu_error(201, "APP被用户自己禁用"), Fault.ACCESS_DENIED),
    ("baidu", bodies.baidu_error(210, "APP IP校验失败"), Fault.ACCESS_DENIED),
    ("baidu", bodies.baidu_error(211, "APP SN校验失败"), Fault.ACCESS_DENIED),
    ("baidu", bodies.baidu_error(240, "APP 服务被禁用"), Fault.ACCESS_DENIED),
    ("baidu", bodies.baidu_error(301, "永久配额超限"), Fault.QUOTA_SPENT),
    ("baidu", bodies.baidu_error(302, "天配额超限"), Fault.QUOTA_SPENT),
    ("baidu", bodies.baidu_error(401, "当前并发量已经超过约定并发配额"), Fault.BUSY),
    ("baidu", bodies.baidu_error(402, "当前并发量已经超过约定并发配额"), Fault.BUSY),
    ("baidu", {"status": 0, "result": []}, Fault.NOT_FOUND),
    ("baidu", {"status": 0, "result": {}}, Fault.UNREADABLE),
    ("tianditu", {"msg": "结果为空", "status": "101"}, Fault.NOT_FOUND),
    ("tianditu", {"msg": "服务异常", "status": "404"}, Fault.UNAVAILABLE),
    ("tianditu", {"msg": "ok", "status": "0"}, Fault.NOT_FOUND),
    ("tianditu", {"code": 301012, "msg": "权限类型错误", "resolve": "…"}, Fault.ACCESS_DENIED),
    ("tianditu", {"code": 301016, "msg": "访问次数超限"}, Fault.QUOTA_SPENT),
    ("tianditu", b"<html><head><title>403 Forbidden</title></head></html>", Fault.UNREADABLE),
    ("tencent", {"status": 110, "message": "请求来源未被授权"}, Fault.ACCESS_DENIED),
    ("tencent", {"status": 111, "message": "签名验证失败"}, Fault.ACCESS_DENIED),
    ("tencent", {"status": 112, "message": "IP未被授权"}, Fault.ACCESS_DENIED),
    ("tencent", {"status": 120, "message": "此key每秒请求量已达到上限"}, Fault.BUSY),
    ("tencent", {"status": 121, "message": "此key每日调用量已达到上限"}, Fault.QUOTA_SPENT),
    ("tencent", {"status": 122, "message": "limit"}, Fault.QUOTA_SPENT),
    ("tencent", {"status": 199, "message": "此key未开启webservice功能"}, Fault.ACCESS_DENIED),
    ("tencent", {"status": 311, "message": "key格式错误"}, Fault.ACCESS_DENIED),
    ("tencent", {"status": 347, "message": "查询无结果"}, Fault.NOT_FOUND),
    ("tencent", {"status": 348, "message": "参数错误"}, Fault.QUESTION_REFUSED),
    ("tencent", {"status": 510, "message": "后端服务无法连接"}, Fault.UNAVAILABLE),
    ("tencent", {"status": 0, "message": "Success"}, Fault.UNREADABLE),
    ("nominatim", [], Fault.NOT_FOUND),
    ("nominatim", {"type": "FeatureCollection", "features": []}, Fault.NOT_FOUND),
    ("nominatim", {"error": {"code": 400, "message": "Nothing to search for."}}, Fault.QUESTION_REFUSED),
    ("nominatim", {"error": "Unable to geocode"}, Fault.UNREADABLE),
    (PHOTON, {"features": []}, Fault.NOT_FOUND),
    (PHOTON, {"message": "no"}, Fault.UNREADABLE),
]  # fmt: skip


@pytest.mark.parametrize(("name", "body", "fault"), FAULTS)
def test_documented_faults(name: str, body: Any, fault: Fault) -> None:
    found = read(name, body)
    assert isinstance(found, Failure)
    assert found.fault is fault


@pytest.mark.parametrize(
    ("name", "status", "body", "fault"),
    [
        ("amap", 500, b"", Fault.UNAVAILABLE),
        ("amap", 502, b"<html>", Fault.UNAVAILABLE),
        ("amap", 302, b"", Fault.REDIRECTED),
        ("amap", 404, b"", Fault.QUESTION_REFUSED),
        ("amap", 407, b"", Fault.ACCESS_DENIED),
        ("tianditu", 418, b"I'm a teapot", Fault.QUOTA_SPENT),
        ("tianditu", 403, b"<html>", Fault.ACCESS_DENIED),
        ("tianditu", 403, bodies.as_bytes({"code": 301016, "msg": "访问次数超限"}), Fault.QUOTA_SPENT),
        ("tianditu", 403, bodies.as_bytes({"code": 301012, "msg": "权限类型错误"}), Fault.ACCESS_DENIED),
        ("nominatim", 403, b"<html>", Fault.ACCESS_DENIED),
        ("nominatim", 429, b"", Fault.BUSY),
        (PHOTON, 429, b"", Fault.BUSY),
    ],
)
def test_http_statuses(name: str, status: int, body: bytes, fault: Fault) -> None:
    found = read_reply(named(name), Reply(status, body))
    assert isinstance(found, Failure)
    assert found.fault is fault


def test_a_wished_pause_is_passed_on() -> None:
    found = read_reply(named("nominatim"), Reply(429, b"", 120.0))
    assert isinstance(found, Failure)
    assert found.retry_after_s == 120.0


@pytest.mark.parametrize("name", OK)
@pytest.mark.parametrize(
    "place", [(2.35, 48.85), (-170.0, 20.0), (32.01, 118.73), (0.0, 0.0)], ids=["Paris", "Pacific", "swapped", "null"]
)
def test_a_point_outside_of_china_is_no_answer(name: str, place: tuple[float, float]) -> None:
    made = {
        "amap": bodies.amap(location=f"{place[0]},{place[1]}"),
        "baidu": bodies.baidu(location={"lng": place[0], "lat": place[1]}),
        "tianditu": bodies.tianditu(place),
        "tencent": bodies.tencent(location={"lng": place[0], "lat": place[1]}),
        "nominatim": bodies.nominatim(place),
        PHOTON: bodies.photon(place),
    }
    found = read(name, made[name])
    assert isinstance(found, Failure)
    assert found.fault in (Fault.NOT_FOUND, Fault.UNREADABLE)


@pytest.mark.parametrize("name", OK)
@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.999])
def test_half_an_answer_is_none(name: str, cut: float) -> None:
    body = bodies.as_bytes(OK[name])
    assert read(name, body[: int(len(body) * cut)]) == Failure(Fault.UNREADABLE)


@pytest.mark.parametrize("name", OK)
@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"<html></html>", b"NaN", b"[" * 100_000, "江苏".encode("gbk"), b"null", b"1", b'""']
)
def test_what_is_no_answer_at_all(name: str, body: bytes) -> None:
    found = read(name, body)
    assert isinstance(found, Failure)
    assert found.fault is Fault.UNREADABLE


@pytest.mark.parametrize("name", OK)
def test_not_a_number_is_no_coordinate(name: str) -> None:
    body = bodies.as_bytes(OK[name]).replace(b"118.7", b"NaN118.7")
    found = read(name, body)
    assert isinstance(found, Failure)


_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_json = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_paths = st.integers(0, 30)


def _spoilt(value: Any, at: int, by: Any) -> Any:
    """A documented answer with one of its values, at any depth, replaced."""
    count = 0

    def walk(node: Any) -> Any:
        nonlocal count
        count += 1
        if count - 1 == at:
            return by
        if isinstance(node, dict):
            return {key: walk(inner) for key, inner in node.items()}
        return [walk(inner) for inner in node] if isinstance(node, list) else node

    return walk(value)


@pytest.mark.parametrize("name", OK)
@given(value=_json)
def test_any_json_is_an_answer_or_a_named_fault(name: str, value: Any) -> None:
    _check(read(name, orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS) if _fits(value) else b"{}"))


@pytest.mark.parametrize("name", OK)
@given(at=_paths, by=_json)
def test_any_spoilt_answer_is_an_answer_or_a_named_fault(name: str, at: int, by: Any) -> None:
    spoilt = _spoilt(OK[name], at, by)
    _check(read(name, orjson.dumps(spoilt) if _fits(spoilt) else b"{}"))


@pytest.mark.parametrize("name", OK)
@given(body=st.binary(max_size=200), status=st.integers(100, 999))
def test_any_bytes_under_any_status_are_a_named_fault_or_an_answer(name: str, body: bytes, status: int) -> None:
    _check(read_reply(named(name), Reply(status, body)))


def _fits(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except (orjson.JSONEncodeError, TypeError):
        return False
    return True


def _check(found: Answer | Failure) -> None:
    if isinstance(found, Failure):
        assert found.fault in Fault
    else:
        assert found.level in LEVELS
        assert 73 < found.lon < 136
        assert 3 < found.lat < 54
        assert found.radius_m > 0
        assert found.own_confidence is None or 0 <= found.own_confidence <= 1
        assert (found.province + found.city + found.district).isprintable()
    assert found.status.isprintable()


@pytest.mark.parametrize("name", [*OK])
@given(text=st.text(max_size=60), city=st.sampled_from(["", "南京市"]))
def test_any_question_makes_a_request(name: str, text: str, city: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    provider = named(name)
    request = provider.request(Question(text, city, states_city=False), Access(provider.url, "K"))
    assert request.url.startswith(provider.url + "/")
    assert request.url.isascii()
