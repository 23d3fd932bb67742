"""One provider asked: cache, rate, quota, patience, and when it is left alone. Over real connections and a real database."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text

from app.db import make_engine
from app.locating.providers import quota
from app.locating.providers.ask import Asked, Asker, Source
from app.locating.providers.cache import digest_of, forget
from app.locating.providers.client import Client
from app.locating.providers.configured import configured
from app.provider_settings import Online, ProviderAccess
from geo.address.divisions import Divisions, build_divisions
from geo.providers import Answer, Failure, Fault, Question
from tests.geo.providers import bodies
from tests.locating.stand_in import Said, StandIn, stand_in

NOON = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
"""Noon in China."""

HOUSE = Question("南京市建邺区庐山路188号", "南京市")


@pytest.fixture(scope="module")
def divisions() -> Divisions:
    return build_divisions()


@pytest.fixture
def server() -> Iterator[StandIn]:
    with stand_in() as running:
        running.says = {"amap": bodies.amap(), "nominatim": bodies.nominatim(), "tianditu": bodies.tianditu()}
        yield running


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = make_engine(database_url, pool_size=20)
    yield made
    made.dispose()


class Hands:
    """Makes askers, with a clock that stands still unless it is moved, and remembers how long they would have slept."""

    def __init__(self, engine: Engine, server: StandIn, divisions: Divisions) -> None:
        self.engine, self.server, self.divisions = engine, server, divisions
        self.now = NOON
        self.slept: list[float] = []
        self.client = Client(timeout_s=0.5)
        self.made: list[Asker] = []

    def asker(self, name: str = "amap", attempts: int = 3, cache_days: int = 30, **access: Any) -> Asker:
        settings = {"key": SecretStr("KEY"), "url": self.server.url, "rate": 500.0} | access
        online = Online(names=(name,), access={name: ProviderAccess(**settings)})
        asker = Asker(
            self.engine,
            configured(online)[0],
            self.client,
            self.divisions,
            attempts=attempts,
            cache_days=cache_days,
            now=lambda: self.now,
            sleep=self.slept.append,
        )
        self.made.append(asker)
        return asker

    def spent(self, name: str = "amap", day: date | None = None) -> int:
        with self.engine.connect() as connection:
            query = text("SELECT coalesce(sum(spent), 0) FROM provider_quota WHERE provider = :name AND day = :day")
            return int(connection.execute(query, {"name": name, "day": day or date(2026, 3, 10)}).scalar_one())

    def attempts(self) -> list[tuple[str, str]]:
        with self.engine.connect() as connection:
            return [
                tuple(row)
                for row in connection.execute(text("SELECT outcome, status FROM provider_answer ORDER BY id"))
            ]


@pytest.fixture
def hands(engine: Engine, server: StandIn, divisions: Divisions) -> Iterator[Hands]:
    made = Hands(engine, server, divisions)
    yield made
    for asker in made.made:
        asker.close()
    made.client.close()


def fault_of(asked: Asked) -> Fault:
    assert isinstance(asked.outcome, Failure)
    return asked.outcome.fault


def test_an_answer_is_asked_for_once(hands: Hands) -> None:
    first, again = hands.asker().ask(HOUSE), hands.asker().ask(HOUSE)
    assert isinstance(first.outcome, Answer)
    assert (first.source, first.requests, again.source, again.requests) == (Source.NETWORK, 1, Source.CACHE, 0)
    assert isinstance(again.outcome, Answer)
    assert (again.outcome.lon, again.outcome.level) == (pytest.approx(first.outcome.lon), first.outcome.level)
    assert (hands.server.count("amap"), hands.spent()) == (1, 1)


def test_another_city_is_another_question(hands: Hands) -> None:
    asker = hands.asker()
    for city in ("南京市", "徐州市"):
        asker.ask(Question("鼓楼区中山路1号", city, states_city=False))
    assert hands.server.count("amap") == 2


def test_that_there_is_nothing_is_an_answer_too(hands: Hands) -> None:
    hands.server.says["amap"] = {"status": "1", "infocode": "10000", "count": "0", "geocodes": []}
    assert [fault_of(hands.asker().ask(HOUSE)) for _ in range(3)] == [Fault.NOT_FOUND] * 3
    assert hands.server.count("amap") == 1


def test_a_cached_answer_expires(hands: Hands) -> None:
    asker = hands.asker(cache_days=30)
    asker.ask(HOUSE)
    hands.now += timedelta(days=29)
    assert asker.ask(HOUSE).source is Source.CACHE
    hands.now += timedelta(days=2)
    assert asker.ask(HOUSE).source is Source.NETWORK
    assert forget(hands.engine, hands.now, 30) == 1
    assert len(hands.attempts()) == 1


def test_no_text_is_kept(hands: Hands) -> None:
    hands.asker().ask(HOUSE)
    with hands.engine.connect() as connection:
        rows = connection.execute(text("SELECT provider_answer::text FROM provider_answer")).scalars().all()
    assert len(rows) == 1
    assert digest_of(HOUSE) in rows[0]
    for word in ("庐山路", "188", "KEY"):
        assert word not in rows[0]


@pytest.mark.parametrize(
    "passing",
    [
        bodies.amap_error("10020", "CKQPS_HAS_EXCEEDED_THE_LIMIT"),
        bodies.amap_error("10004", "ACCESS_TOO_FREQUENT"),
        Said(b"", 500),
        Said(b"", 503),
        Said(b"x" * 100, cut=3),
        Said(b"x", pause_s=1.0),
    ],
    ids=["10020", "10004", "500", "503", "broken off", "silence"],
)
def test_what_passes_is_tried_again(hands: Hands, passing: Any) -> None:
    hands.server.says["amap"] = [passing, passing, bodies.amap()]
    found = hands.asker().ask(HOUSE)
    assert isinstance(found.outcome, Answer)
    assert (found.requests, hands.spent(), len(hands.attempts())) == (3, 3, 3)
    assert len(hands.slept) == 2
    assert 0 < hands.slept[0] < hands.slept[1] + 1


def test_but_not_for_ever(hands: Hands) -> None:
    hands.server.says["amap"] = Said(b"", 500)
    found = hands.asker(attempts=4).ask(HOUSE)
    assert (fault_of(found), found.requests, hands.server.count("amap")) == (Fault.UNAVAILABLE, 4, 4)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (bodies.amap_error("10001", "INVALID_USER_KEY"), Fault.ACCESS_DENIED),
        (bodies.amap_error("10003", "DAILY_QUERY_OVER_LIMIT"), Fault.QUOTA_SPENT),
        (bodies.amap_error("20000", "INVALID_PARAMS"), Fault.QUESTION_REFUSED),
        (bodies.amap_error("30001", "ENGINE_RESPONSE_DATA_ERROR"), Fault.NOT_FOUND),
        (b"<html>login</html>", Fault.UNREADABLE),
        (Said(b"", 302, {"Location": "/"}), Fault.REDIRECTED),
        (Said(b"x" * 300_000), Fault.TOO_LARGE),
    ],
)
def test_what_does_not_pass_is_not_tried_again(hands: Hands, body: Any, fault: Fault) -> None:
    hands.server.says["amap"] = body
    found = hands.asker().ask(HOUSE)
    assert (fault_of(found), found.requests, hands.slept) == (fault, 1, [])


def test_a_wrong_key_ends_it_until_the_configuration_changes(hands: Hands) -> None:
    hands.server.says["amap"] = bodies.amap_error("10001", "INVALID_USER_KEY")
    hands.asker().ask(HOUSE)
    hands.now += timedelta(days=10)
    other = Question("南京市建邺区庐山路1号", "南京市")
    assert hands.asker().ask(other) == Asked(None, Source.NOT_ASKED, 0, "DENIED")
    assert hands.server.count("amap") == 1
    hands.server.says["amap"] = bodies.amap()
    assert isinstance(hands.asker(key=SecretStr("ANOTHER")).ask(other).outcome, Answer)


def test_what_was_put_right_at_the_console_is_resumed(hands: Hands) -> None:
    hands.server.says["amap"] = [bodies.amap_error("10005", "INVALID_USER_IP"), bodies.amap()]
    hands.asker().ask(HOUSE)
    quota.resume(hands.engine, "amap")
    assert isinstance(hands.asker().ask(HOUSE).outcome, Answer)


def test_a_spent_quota_ends_the_day_in_china(hands: Hands) -> None:
    hands.server.says["amap"] = [bodies.amap_error("10003", "DAILY_QUERY_OVER_LIMIT"), bodies.amap()]
    asker = hands.asker()
    asker.ask(HOUSE)
    hands.now = datetime(2026, 3, 10, 15, 59, tzinfo=UTC)
    assert asker.ask(HOUSE).why == "STOPPED"
    hands.now = datetime(2026, 3, 10, 16, 0, 1, tzinfo=UTC)
    assert isinstance(asker.ask(HOUSE).outcome, Answer)
    assert (hands.spent(day=date(2026, 3, 10)), hands.spent(day=date(2026, 3, 11))) == (1, 1)


def test_a_short_pause_that_is_asked_for_is_kept(hands: Hands) -> None:
    hands.server.says["nominatim"] = [Said(b"", 429, {"Retry-After": "20"}), bodies.nominatim()]
    assert isinstance(hands.asker("nominatim").ask(HOUSE).outcome, Answer)
    assert hands.slept[0] >= 20


def test_a_long_pause_is_kept_without_waiting(hands: Hands) -> None:
    hands.server.says["nominatim"] = [Said(b"", 429, {"Retry-After": "600"}), bodies.nominatim()]
    asker = hands.asker("nominatim")
    assert (fault_of(asker.ask(HOUSE)), hands.slept) == (Fault.BUSY, [])
    assert asker.ask(HOUSE).why == "STOPPED"
    hands.now += timedelta(seconds=601)
    assert isinstance(asker.ask(HOUSE).outcome, Answer)


def test_who_is_never_reached_is_given_up(hands: Hands) -> None:
    hands.server.says["amap"] = Said(b"", 500)
    asker = hands.asker(attempts=1)
    asked = [asker.ask(Question(f"南京市建邺区庐山路{n}号")) for n in range(6)]
    assert [one.why for one in asked] == ["", "", "", "UNREACHABLE", "UNREACHABLE", "UNREACHABLE"]
    assert hands.server.count("amap") == 3


def test_without_a_key_nobody_is_asked(hands: Hands) -> None:
    assert hands.asker(key=None).ask(HOUSE).why == "NO_KEY"
    assert hands.server.seen == []


def test_the_public_nominatim_gets_no_batches_and_one_request_a_second(hands: Hands) -> None:
    public = ProviderAccess(rate=50.0)
    (one,) = configured(Online(names=("nominatim",), access={"nominatim": public}))
    assert (one.access.url, one.rate) == ("https://nominatim.openstreetmap.org", 1.0)
    asker = Asker(hands.engine, one, hands.client, hands.divisions, attempts=1, cache_days=1, batch=True)
    assert asker.ask(HOUSE).why == "NO_BATCH"
    asker.close()
    assert hands.spent("nominatim", quota.china_day(datetime.now(UTC))) == 0


def test_a_contradiction_is_recorded(hands: Hands) -> None:
    hands.server.says["amap"] = bodies.amap(district="玄武区")
    assert hands.asker().ask(HOUSE).contradicts
    assert hands.asker().ask(HOUSE).contradicts  # from the cache
    with hands.engine.connect() as connection:
        assert connection.execute(text("SELECT reasons FROM provider_answer")).scalar_one() == [
            "DISTRICT_CONTRADICTION"
        ]


def test_the_quota_here_is_never_overshot(hands: Hands) -> None:
    asked = [hands.asker(quota=3).ask(Question(f"南京市建邺区庐山路{n}号")) for n in range(5)]
    assert [one.why for one in asked] == ["", "", "", "QUOTA", "QUOTA"]
    assert (hands.spent(), hands.server.count("amap")) == (3, 3)
    assert hands.asker(quota=0).ask(Question("南京市建邺区庐山路99号")).why == "QUOTA"


def test_retries_count(hands: Hands) -> None:
    hands.server.says["amap"] = Said(b"", 500)
    found = hands.asker(quota=2, attempts=5).ask(HOUSE)
    assert (found.why, found.requests, hands.spent(), hands.server.count("amap")) == ("QUOTA", 2, 2, 2)


def test_a_race_for_the_last_of_the_quota(database_url: str) -> None:
    """Two pools of real connections, eight threads each: exactly the quota is given out."""
    engines = [make_engine(database_url, pool_size=8) for _ in range(2)]
    barrier = threading.Barrier(16)
    got: list[bool] = []

    def claim(engine: Engine) -> None:
        barrier.wait()
        got.extend(quota.claim(engine, "amap", 150, NOON) for _ in range(20))

    threads = [threading.Thread(target=claim, args=(engines[n % 2],)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engines[0].connect() as connection:
        spent = connection.execute(text("SELECT spent FROM provider_quota")).scalar_one()
    for engine in engines:
        engine.dispose()
    assert (len(got), sum(got), spent) == (320, 150, 150)


def test_two_processes_share_a_quota_over_the_network(hands: Hands, database_url: str) -> None:
    """Two askers with engines of their own, racing: as many requests arrive as the quota allows."""
    other = make_engine(database_url)
    there = Hands(other, hands.server, hands.divisions)
    pair = [hands.asker(quota=15), there.asker(quota=15)]
    barrier = threading.Barrier(2)

    def ask(asker: Asker, offset: int) -> None:
        barrier.wait()
        for n in range(12):
            asker.ask(Question(f"南京市建邺区庐山路{offset + n}号"))

    threads = [threading.Thread(target=ask, args=(asker, 100 * i)) for i, asker in enumerate(pair)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (hands.server.count("amap"), hands.spent()) == (15, 15)
    for asker in there.made:
        asker.close()
    there.client.close()
    other.dispose()


def test_requests_keep_their_distance(hands: Hands) -> None:
    asker = hands.asker(rate=10.0)
    threads = [threading.Thread(target=asker.ask, args=(Question(f"南京市建邺区庐山路{n}号"),)) for n in range(6)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times = sorted(seen.at for seen in hands.server.seen)
    assert len(times) == 6
    assert time.monotonic() - began >= 0.5
    # Any window of a second holds no more than the rate; single gaps may shrink under load.
    assert times[-1] - times[0] >= 0.4


def test_no_transaction_is_open_while_the_network_is_waited_for(hands: Hands) -> None:
    open_: list[int] = []

    def look() -> None:
        with hands.engine.connect() as connection:
            query = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                       AND xact_start IS NOT NULL"""
            open_.append(int(connection.execute(text(query)).scalar_one()))

    hands.server.on_request = look
    hands.asker().ask(HOUSE)
    assert open_ == [0]
