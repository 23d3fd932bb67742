"""Stored addresses asked about: a real gazetteer, a real database, and a server on this machine in place of the providers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import polars as pl
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text
from typer.testing import CliRunner, Result

from app.cli import app as program
from app.db import make_engine
from app.errors import ConsultationRuns, NoProvider, UnknownProvider
from app.locating import geocoder as kept
from app.locating.consult import Summary, consult, consult_texts
from app.locating.geocoder import current_geocoder
from app.locating.locate import locate_addresses
from app.provider_settings import Online, ProviderAccess
from tests.geo.providers import bodies
from tests.locating.stand_in import Said, Seen, StandIn, stand_in

NOON = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
HERE = (118.7300, 32.0100)
BESIDE = (118.7310, 32.0100)
FAR = (118.7800, 32.0500)
ACCEPT = 0.8


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    kept._kept = None
    yield
    kept._kept = None


@pytest.fixture
def server() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A city of one estate, two policyholders; the second lives where the gazetteer knows nothing."""
    made = make_engine(database_url)
    with made.begin() as connection:
        for statement in (
            "INSERT INTO organisation (code, level, parent_code, name) VALUES ('32', 'province', NULL, '江苏省分公司')",
            "INSERT INTO organisation (code, level, parent_code, name) VALUES ('3201', 'city', '32', '南京市分公司')",
            "INSERT INTO organisation (code, level, parent_code, name) VALUES ('320105', 'branch', '3201', '建邺区支公司')",
            "INSERT INTO policyholder (id, name, phone) VALUES ('H1', '王小明', '13912345678'), ('H2', '李雷', '02583212345')",
            """INSERT INTO policy (policy_no, policyholder_id, branch_code, status, served_by_collection)
               VALUES ('P20200012345', 'H1', '320105', 'IN_FORCE', false), ('Q-77', 'H2', '320105', 'IN_FORCE', false)""",
            """INSERT INTO gazetteer_place (id, name, kind, province, city, district, road, number, address, point, source)
               VALUES ('1', '丹枫园', 'COMPOUND', '江苏省', '南京市', '建邺区', '庐山路', '188', '建邺区庐山路188号',
                       ST_SetSRID(ST_MakePoint(118.73, 32.01), 4490), 'A'),
                      ('2', '青枫园', 'COMPOUND', '江苏省', '南京市', '鼓楼区', '中山路', '1', '鼓楼区中山路1号',
                       ST_SetSRID(ST_MakePoint(118.77, 32.06), 4490), 'A')""",
        ):
            connection.execute(text(statement))
    yield made
    made.dispose()


def add(engine: Engine, holder: str, line: str) -> int:
    with engine.begin() as connection:
        query = "INSERT INTO address (policyholder_id, kind, text) VALUES (:holder, 'HOME', :line) RETURNING id"
        return int(connection.execute(text(query), {"holder": holder, "line": line}).scalar_one())


UNKNOWN = "南京市建邺区云锦路77号9幢1203室 李雷收 025-83212345 保单Q-77"
"""Nothing of it is in the gazetteer but the district."""


def online(server: StandIn, *names: str, **changes: Any) -> Online:
    access = {
        name: ProviderAccess(key=SecretStr(f"KEY-{name}"), url=server.url, rate=500.0, **changes.pop(f"{name}_", {}))
        for name in names
    }
    return Online(names=names, access=access, timeout_s=1.0, **changes)


def ask(engine: Engine, settings: Online, **more: Any) -> Summary:
    return consult(
        engine, settings, accept_confidence=ACCEPT, now=more.pop("now", NOON), sleep=lambda seconds: None, **more
    )


def location(engine: Engine, address: int) -> Any:
    with engine.connect() as connection:
        query = "SELECT *, ST_X(point) AS lon, ST_Y(point) AS lat FROM location WHERE address_id = :id"
        return connection.execute(text(query), {"id": address}).one()


def candidates(engine: Engine, address: int) -> list[list[str]]:
    with engine.connect() as connection:
        query = "SELECT sources FROM location_candidate WHERE address_id = :id ORDER BY rank"
        return list(connection.execute(text(query), {"id": address}).scalars())


def test_a_sole_answer_is_a_candidate_for_a_person(engine: Engine, server: StandIn) -> None:
    address = add(engine, "H2", UNKNOWN)
    server.says["amap"] = bodies.amap(HERE)
    summary = ask(engine, online(server, "amap"))
    found = location(engine, address)
    assert (summary.verdicts, summary.accepted, summary.tally.requests["amap"]) == ({"FOUND": 1}, 0, 1)
    assert (found.provider, found.level, found.confidence, found.district) == ("amap", "DOOR", 0.75, "建邺区")
    assert (round(found.lon, 5), round(found.lat, 5)) == HERE
    assert "ONLY_DISTRICT" not in found.reasons
    assert candidates(engine, address) == [["amap"]]


def test_two_that_agree_settle_it(engine: Engine, server: StandIn) -> None:
    address = add(engine, "H2", UNKNOWN)
    server.says |= {"amap": bodies.amap(HERE), "baidu": bodies.baidu(BESIDE)}
    summary = ask(engine, online(server, "amap", "baidu"))
    found = location(engine, address)
    assert (summary.verdicts, summary.accepted) == ({"AGREED": 1}, 1)
    assert (found.provider, found.confidence > 0.98) == ("amap+baidu", True)
    assert 0 < found.within_50_m < found.within_2500_m <= found.confidence + 1e-6
    assert found.radius50_m < found.radius_m
    assert HERE[0] < found.lon < BESIDE[0]


def test_two_that_disagree_leave_it_to_a_person(engine: Engine, server: StandIn) -> None:
    address = add(engine, "H2", UNKNOWN)
    server.says |= {"amap": bodies.amap(HERE), "baidu": bodies.baidu(FAR)}
    summary = ask(engine, online(server, "amap", "baidu"))
    found = location(engine, address)
    assert (summary.verdicts, found.confidence < ACCEPT) == ({"DISAGREED": 1}, True)
    assert found.within_2500_m < ACCEPT
    assert "SOURCES_DISAGREE" in found.reasons
    assert sorted(candidates(engine, address)) == [["amap"], ["baidu"]]


def test_once_settled_nobody_else_is_asked(engine: Engine, server: StandIn) -> None:
    add(engine, "H2", UNKNOWN)
    server.says |= {"amap": bodies.amap(HERE), "baidu": bodies.baidu(BESIDE), "tencent": bodies.tencent(HERE)}
    ask(engine, online(server, "amap", "baidu", "tencent"))
    assert [server.count(name) for name in ("amap", "baidu", "tencent")] == [1, 1, 0]


def test_a_contradiction_is_kept_out_and_recorded(engine: Engine, server: StandIn) -> None:
    address = add(engine, "H2", UNKNOWN)
    server.says["amap"] = bodies.amap(FAR, district="玄武区")
    summary = ask(engine, online(server, "amap"))
    found = location(engine, address)
    assert (summary.verdicts, summary.tally.contradicted["amap"]) == ({"NOTHING": 1}, 1)
    assert (found.provider, found.lon) == ("gazetteer", None)
    assert "DISTRICT_CONTRADICTION" in found.reasons


def test_what_is_sure_already_is_not_asked_about(engine: Engine, server: StandIn) -> None:
    sure = add(engine, "H1", "南京市建邺区庐山路188号丹枫园3幢402室")
    with engine.begin() as connection:
        geocoder, version = current_geocoder(connection)
        locate_addresses(connection, geocoder=geocoder, version=version)
        connection.execute(text("UPDATE location SET confidence = 0.95"))
    assert ask(engine, online(server, "amap")).addresses == 0
    assert server.seen == []
    assert location(engine, sure).provider == "gazetteer"


def test_the_gazetteer_and_a_provider_confirm_each_other(engine: Engine, server: StandIn) -> None:
    address = add(engine, "H1", "南京市建邺区庐山路188号丹枫园3幢402室")
    with engine.begin() as connection:
        geocoder, version = current_geocoder(connection)
        locate_addresses(connection, geocoder=geocoder, version=version)
        connection.execute(text("UPDATE location SET confidence = 0.6"))
    server.says["amap"] = bodies.amap(BESIDE)
    summary = ask(engine, online(server, "amap"))
    found = location(engine, address)
    assert (found.provider, found.matched) == ("gazetteer+amap", "丹枫园")
    assert (summary.accepted, found.confidence) == (1, pytest.approx(0.9783, abs=1e-3))


def test_a_gazetteer_drawn_from_the_same_map_is_not_confirmed_by_it(engine: Engine, server: StandIn) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE gazetteer_place SET source = 'AMap POI 2025'"))
    address = add(engine, "H1", "南京市建邺区庐山路188号丹枫园3幢402室")
    with engine.begin() as connection:
        geocoder, version = current_geocoder(connection)
        locate_addresses(connection, geocoder=geocoder, version=version)
        connection.execute(text("UPDATE location SET confidence = 0.6"))
    server.says["amap"] = bodies.amap(HERE)
    assert ask(engine, online(server, "amap")).verdicts == {"NOTHING": 1}
    assert location(engine, address).confidence == 0.6


def test_nothing_but_the_address_goes_over_the_wire(engine: Engine, server: StandIn) -> None:
    """Every byte that reached the server, of every provider, is looked through."""
    for holder, line in (
        ("H2", UNKNOWN),
        ("H1", "王小明，139 1234 5678，建邺区集庆路5号2单元301室（保单P20200012345）"),
        ("H1", "收件人:王小明 南京市建邺区水西门大街９号９９９室 电话１３９１２３４５６７８"),
    ):
        add(engine, holder, line)
    server.says |= {
        "amap": bodies.amap_error("30001", "ENGINE_RESPONSE_DATA_ERROR"),
        "baidu": bodies.baidu_error(1, "无相关结果"),
        "tianditu": {"status": "101", "msg": ""},
        "tencent": {"status": 347},
        "nominatim": Said([]),
        "geopy:photon": {"features": []},
    }
    options = {"photon": {"domain": server.url.removeprefix("http://"), "scheme": "http"}}
    names = ("amap", "baidu", "tianditu", "tencent", "nominatim", "geopy:photon")
    summary = ask(engine, online(server, *names, geopy_options=options))
    assert (summary.questions, summary.verdicts) == (3, {"NOTHING": 3})
    assert {name: server.count(name) for name in names} == dict.fromkeys(names, 3)
    wire = server.wire()
    for secret in (
        "王小明",
        "李雷",
        "13912345678",
        "139 1234",
        "83212345",
        "Q-77",
        "P2020",
        "1203",
        "301",
        "9号999",
        "999室",
        "单元",
    ):
        assert secret not in wire
    for address in ("南京市建邺区云锦路77号9幢", "建邺区集庆路5号", "南京市建邺区水西门大街9号"):
        assert address in wire
    asked = [seen.query["address"] for seen in server.seen if seen.provider == "amap"]
    assert sorted(asked) == ["南京市建邺区云锦路77号9幢", "南京市建邺区水西门大街9号", "建邺区集庆路5号"]
    assert {seen.query["city"] for seen in server.seen if seen.provider == "amap"} == {"南京市"}
    allowed = {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}
    assert {name for seen in server.seen for name in seen.headers} <= {word for a in allowed for word in (a, a.lower())}


def test_a_house_is_asked_for_once_however_many_live_there(engine: Engine, server: StandIn) -> None:
    ids = [add(engine, "H1", f"南京市建邺区云锦路77号9幢{room}室") for room in (101, 102, 201)]
    server.says |= {"amap": bodies.amap(HERE), "baidu": bodies.baidu(BESIDE)}
    summary = ask(engine, online(server, "amap", "baidu"))
    assert (summary.addresses, summary.questions, server.count("amap")) == (3, 1, 1)
    assert {location(engine, address).provider for address in ids} == {"amap+baidu"}


def test_asking_again_costs_nothing_and_changes_nothing(engine: Engine, server: StandIn) -> None:
    address = add(engine, "H2", UNKNOWN)
    server.says |= {"amap": bodies.amap(HERE), "baidu": bodies.baidu(FAR)}
    ask(engine, online(server, "amap", "baidu"))
    before = location(engine, address)
    summary = ask(engine, online(server, "amap", "baidu"))
    assert (sum(summary.tally.requests.values()), dict(summary.tally.from_cache)) == (0, {"amap": 1, "baidu": 1})
    assert tuple(location(engine, address)) == tuple(before)
    assert len(server.seen) == 2


def test_a_limit(engine: Engine, server: StandIn) -> None:
    for n in range(5):
        add(engine, "H2", f"南京市建邺区云锦路{n + 1}号")
    server.says["amap"] = bodies.amap(HERE)
    assert ask(engine, online(server, "amap"), limit=2).addresses == 2
    assert server.count("amap") == 2


def test_a_dry_run_sends_and_stores_nothing(engine: Engine, server: StandIn) -> None:
    for n in range(5):
        add(engine, "H2", f"南京市建邺区云锦路{n + 1}号")
    settings = online(server, "amap", "nominatim", amap_={"quota": 3})
    summary = ask(engine, settings, dry_run=True)
    assert (summary.questions, summary.planned, server.seen) == (5, {"amap": 3, "nominatim": 5}, [])
    with engine.connect() as connection:
        for table in ("location", "provider_answer", "provider_quota", "provider_state", "location_candidate"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


def test_what_a_person_decided_is_left_alone(engine: Engine, server: StandIn) -> None:
    address = add(engine, "H2", UNKNOWN)
    with engine.begin() as connection:
        geocoder, version = current_geocoder(connection)
        locate_addresses(connection, geocoder=geocoder, version=version)
        connection.execute(text("UPDATE location SET provider = 'person', confidence = 0.1"))
    assert ask(engine, online(server, "amap")).addresses == 0
    assert location(engine, address).provider == "person"


def test_what_changes_meanwhile_is_left_alone(engine: Engine, server: StandIn) -> None:
    address = add(engine, "H2", UNKNOWN)

    def decide() -> None:
        with engine.begin() as connection:
            connection.execute(
                text("SET LOCAL lock_timeout = '1s'")
            )  # nobody holds a lock while the network is waited for
            connection.execute(text("UPDATE location SET provider = 'person'"))

    server.on_request = decide
    server.says["amap"] = bodies.amap(HERE)
    summary = ask(engine, online(server, "amap"))
    assert (summary.overtaken, summary.verdicts) == (1, {})
    assert location(engine, address).provider == "person"


def test_two_consultations_at_once(engine: Engine, server: StandIn, database_url: str) -> None:
    ids = [add(engine, "H2", f"南京市建邺区云锦路{n + 1}号") for n in range(12)]
    server.says |= {"amap": bodies.amap(HERE), "baidu": bodies.baidu(BESIDE)}
    settings = online(server, "amap", "baidu", amap_={"quota": 20}, baidu_={"quota": 20})
    refused: list[ConsultationRuns] = []

    def run() -> None:
        own = make_engine(database_url)
        try:
            ask(own, settings)
        except ConsultationRuns as error:
            refused.append(error)
        own.dispose()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # One is refused, or it came so late that the other was done and the cache had it all.
    assert len(refused) <= 1
    assert [server.count(name) for name in ("amap", "baidu")] == [12, 12]
    assert {location(engine, address).provider for address in ids} == {"amap+baidu"}


def test_a_second_consultation_is_refused_while_one_is_under_way(
    engine: Engine, server: StandIn, database_url: str
) -> None:
    add(engine, "H2", UNKNOWN)
    met: list[str] = []

    def meanwhile() -> None:
        server.on_request = lambda: None
        own = make_engine(database_url)
        with pytest.raises(ConsultationRuns):
            ask(own, online(server, "amap"))
        met.append("refused")
        own.dispose()

    server.on_request = meanwhile
    server.says["amap"] = bodies.amap(HERE)
    assert ask(engine, online(server, "amap")).verdicts == {"FOUND": 1}
    assert met == ["refused"]
    assert ask(engine, online(server, "amap")).addresses == 1  # the lock is given back


def test_expired_answers_are_forgotten(engine: Engine, server: StandIn) -> None:
    add(engine, "H2", UNKNOWN)
    server.says["amap"] = bodies.amap(HERE)
    ask(engine, online(server, "amap"))
    ask(engine, online(server, "amap"), now=datetime.now(UTC) + timedelta(days=31))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM provider_answer")).scalar_one() == 1
    assert server.count("amap") == 2


def test_a_new_gazetteer_locates_anew(engine: Engine, server: StandIn) -> None:
    address = add(engine, "H2", UNKNOWN)
    server.says |= {"amap": bodies.amap(HERE), "baidu": bodies.baidu(FAR)}
    ask(engine, online(server, "amap", "baidu"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE gazetteer_place SET number = '189' WHERE id = '1'"))
    ask(engine, online(server, "amap", "baidu"))
    assert len(server.seen) == 2  # from the cache
    assert len(candidates(engine, address)) == 2


def test_a_provider_out_of_order_stops_nobody_else(engine: Engine, server: StandIn) -> None:
    address = add(engine, "H2", UNKNOWN)
    server.says |= {"amap": Said(b"", 500), "baidu": bodies.baidu(HERE), "tencent": bodies.tencent(BESIDE)}
    summary = ask(engine, online(server, "amap", "baidu", "tencent"))
    assert dict(summary.tally.faults) == {("amap", "UNAVAILABLE"): 1}
    assert location(engine, address).provider == "baidu+tencent"


def test_nobody_or_somebody_unknown_is_configured(engine: Engine, server: StandIn) -> None:
    with pytest.raises(NoProvider):
        ask(engine, Online())
    with pytest.raises(UnknownProvider):
        ask(engine, Online(names=("google",)))


def test_texts_that_are_not_stored(engine: Engine, server: StandIn) -> None:
    server.says |= {"amap": bodies.amap(HERE), "baidu": bodies.baidu(BESIDE)}
    texts = pl.Series(
        "text", ["南京市建邺区云锦路77号", "不知何处", None, "南京市建邺区云锦路77号2幢"], dtype=pl.String
    )
    with engine.connect() as connection:
        geocoder, _ = current_geocoder(connection)
    found = geocoder.geocode(texts)
    combined, summary = consult_texts(
        engine, online(server, "amap", "baidu"), geocoder, texts, found, accept_confidence=ACCEPT
    )
    assert combined.schema == found.schema
    assert combined["provider"].to_list()[0] == "amap+baidu"
    assert (summary.unsendable, summary.questions) == (1, 3)
    assert combined.height == 4


# From a shell


def run(database_url: str, monkeypatch: pytest.MonkeyPatch, *words: str, **variables: str) -> Result:
    monkeypatch.setenv("DATABASE_URL", database_url)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(program, list(words))


def environment(server: StandIn) -> dict[str, str]:
    return {
        "GUIDAN_PROVIDERS": "amap,baidu",
        **{f"GUIDAN_{name}_KEY": f"SECRET-{name}" for name in ("AMAP", "BAIDU")},
        **{f"GUIDAN_{name}_URL": server.url for name in ("AMAP", "BAIDU")},
        **{f"GUIDAN_{name}_RATE": "500" for name in ("AMAP", "BAIDU")},
    }


def test_without_configuration_no_socket_is_opened(
    engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(engine, "H2", UNKNOWN)
    opened: list[Any] = []
    connect = socket.socket.connect

    def watched(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX:
            opened.append(address)
        connect(self, address)

    def resolved(*args: Any, **kwargs: Any) -> Any:
        opened.append(args)
        raise OSError

    monkeypatch.setattr(socket.socket, "connect", watched)
    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    keys = {
        f"GUIDAN_{name}_KEY": "K" for name in ("AMAP", "BAIDU", "TIANDITU", "TENCENT")
    }  # a key alone switches nothing on
    for words, code in (
        (("providers",), 0),
        (("providers", "--json"), 0),
        (("geocode", "南京市建邺区云锦路77号"), 0),
        (("geocode", "--providers", "南京市建邺区云锦路77号"), 2),
        (("consult",), 2),
        (("consult", "--dry-run"), 2),
        (("allocate", "--as-of", "2026-03-10"), 0),
    ):
        assert run(database_url, monkeypatch, *words, **keys).exit_code == code, words
    assert opened == []


def test_the_commands(engine: Engine, server: StandIn, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(3):
        add(engine, "H2", f"南京市建邺区云锦路{n + 1}号")
    server.says |= {"amap": bodies.amap(HERE), "baidu": bodies.baidu(BESIDE)}
    variables = environment(server)
    planned = run(database_url, monkeypatch, "consult", "--dry-run", "--json", **variables)
    assert orjson.loads(planned.stdout)["planned"] == {"amap": 3, "baidu": 3}
    assert server.seen == []
    done = orjson.loads(run(database_url, monkeypatch, "consult", "--limit", "2", "--json", **variables).stdout)
    assert (done["agreed"], done["requests"], done["accepted"]) == (2, {"amap": 2, "baidu": 2}, 2)
    shown = run(database_url, monkeypatch, "consult", **variables)
    assert (shown.exit_code, "一致 agreed" in shown.stdout) == (0, True)
    listed = run(database_url, monkeypatch, "providers", "--json", **variables)
    rows = {row["provider"]: row for row in orjson.loads(listed.stdout)}
    assert (rows["amap"]["spent"], rows["amap"]["usable"], rows["amap"]["key"]) == (3, True, True)
    assert (rows["tianditu"]["on"], rows["tianditu"]["key"]) == (False, False)
    table = run(database_url, monkeypatch, "providers", **variables)
    assert table.exit_code == 0
    for output in (listed.output, table.output, shown.output, planned.output):
        assert "SECRET" not in output


def test_geocode_with_providers(
    engine: Engine, server: StandIn, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    server.says |= {"amap": bodies.amap(HERE), "baidu": bodies.baidu(BESIDE)}
    result = run(
        database_url, monkeypatch, "geocode", "--providers", "--json", "南京市建邺区云锦路77号", **environment(server)
    )
    (row,) = orjson.loads(result.stdout)
    assert (row["provider"], row["level"], row["confidence"] > 0.98) == ("amap+baidu", "DOOR", True)
    file = tmp_path / "in.csv"
    file.write_text("id,text\n1,南京市建邺区云锦路78号\n", encoding="utf-8")
    out = tmp_path / "out.csv"
    words = ("geocode", str(file), "--column", "text", "-o", str(out), "--providers")
    assert run(database_url, monkeypatch, *words, **environment(server)).exit_code == 0
    assert pl.read_csv(out)["provider"].to_list() == ["amap+baidu"]


@pytest.mark.parametrize("all_at_once", [True, False])
def test_a_refused_key_is_told_with_what_to_do(
    engine: Engine, server: StandIn, database_url: str, monkeypatch: pytest.MonkeyPatch, all_at_once: bool
) -> None:
    for n in range(3):
        add(engine, "H2", f"南京市建邺区云锦路{n + 1}号")
    # All three are refused before any of the refusals has stopped the asking, or one after the other.
    together = threading.Barrier(3 if all_at_once else 1)

    def refuse(seen: Seen) -> Any:
        together.wait(5)
        return bodies.amap_error("10001", "INVALID_USER_KEY")

    server.says |= {"amap": refuse, "baidu": bodies.baidu(HERE)}
    result = run(database_url, monkeypatch, "consult", **environment(server))
    assert result.exit_code == 3, result.output
    assert not all_at_once or server.count("amap") == 3
    assert "guidan providers --resume amap" in result.output.replace("\n", "").replace("  ", " ")
    listed = run(database_url, monkeypatch, "providers", **environment(server))
    assert (listed.exit_code, "ACCESS_DENIED" in listed.stdout) == (3, True)
    assert run(database_url, monkeypatch, "providers", "--resume", "amap", **environment(server)).exit_code == 0
    assert run(database_url, monkeypatch, "providers", "--resume", "nobody", **environment(server)).exit_code == 2


def test_an_unknown_name_is_told(engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("google", "geopy:nosuch"):
        assert run(database_url, monkeypatch, "providers", GUIDAN_PROVIDERS=name).exit_code == 2


def test_the_right_question_gets_the_right_answer_under_load(engine: Engine, server: StandIn) -> None:
    """Several questions are under way at once; each address gets what was said of it."""
    ids = {n: add(engine, "H2", f"南京市建邺区云锦路{n}号") for n in range(1, 61)}

    def place(seen: Seen) -> tuple[float, float]:
        n = int(seen.query["address"].removesuffix("号").rpartition("路")[2])
        return (118.7 + n / 1000, 32.0)

    server.says |= {"amap": lambda seen: bodies.amap(place(seen)), "baidu": lambda seen: bodies.baidu(place(seen))}
    summary = ask(engine, online(server, "amap", "baidu"))
    assert summary.verdicts == {"AGREED": 60}
    for n, address in ids.items():
        assert location(engine, address).lon == pytest.approx(118.7 + n / 1000, abs=1e-5)


def test_a_provider_is_measured_on_confirmed_addresses(
    engine: Engine, server: StandIn, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.begin() as connection:
        for n in range(20):
            connection.execute(
                text(
                    """INSERT INTO address (policyholder_id, kind, text, point)
                    VALUES ('H2', 'VISIT_CONFIRMED', :line, ST_SetSRID(ST_MakePoint(118.73, 32.01), 4490))"""
                ),
                {"line": f"南京市建邺区云锦路{n + 1}号李雷家"},
            )

    def said(seen: Seen) -> Any:
        n = int(seen.query["address"].partition("号")[0].rpartition("路")[2])
        if n == 20:
            return {"status": "1", "infocode": "10000", "geocodes": []}
        return bodies.amap(FAR if n <= 3 else BESIDE, level="道路" if n == 4 else "门牌号")

    server.says["amap"] = said
    variables = environment(server)
    result = run(database_url, monkeypatch, "providers", "--measure", "amap", "--json", **variables)
    found = orjson.loads(result.stdout)
    assert (found["sample"], found["answered"], found["precise"], found["right"]) == (20, 19, 18, 15)
    assert found["share_right"] == pytest.approx(15 / 18)
    assert found["interval"][0] < 15 / 18 < found["interval"][1]
    assert "李雷" not in server.wire()
    assert (
        "GUIDAN_AMAP_PRIOR=0.83" in run(database_url, monkeypatch, "providers", "--measure", "amap", **variables).output
    )
    assert run(database_url, monkeypatch, "providers", "--measure", "tencent", **variables).exit_code == 2
    assert server.count("amap") == 20
