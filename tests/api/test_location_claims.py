"""Two people never get the same item: claims, over real connections at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, text

from app.access.principal import EVERYTHING
from app.db import make_engine
from app.errors import ReviewClaimed, ReviewClaimLost
from app.review.claim import claim_next, claim_one, release, renew
from app.review.decide import Choice, decide
from app.review.queue import Filters

from .reviews import URL, allocate, at, claim, households, state_of, waiting
from .reviews import decide as ask_decision
from .world import TODAY


def fill(world: Engine, places: int, doors: int = 1) -> None:
    with world.begin() as connection:
        for place in range(places):
            households(connection, 1 + place * doors, doors, f"南京市建邺区雨润大街{place + 1}号")
    allocate(world)


def take(connection: Connection, by: str, count: int = 1) -> list[int]:
    return claim_next(connection, by=by, scope=EVERYTHING, today=TODAY, filters=Filters(), count=count).ids


def expire(world: Engine) -> None:
    with world.begin() as connection:
        connection.execute(
            text("UPDATE location_review SET claimed_until = now() - interval '1 second' WHERE claim IS NOT NULL")
        )


@pytest.mark.parametrize("count", [1, 3])
def test_many_at_once_get_different_items(world_url: str, world: Engine, count: int) -> None:
    fill(world, 24)
    people = 8
    engine = make_engine(world_url, pool_size=people)
    barrier = Barrier(people)

    def work(person: int) -> list[int]:
        got: list[int] = []
        barrier.wait()
        for _ in range(3 // count):
            with engine.begin() as connection:
                got += take(connection, f"人{person}", count)
        return got

    with ThreadPoolExecutor(people) as pool:
        everyone = list(pool.map(work, range(people)))
    engine.dispose()
    seen = Counter(item for got in everyone for item in got)
    assert set(seen.values()) == {1}
    assert len(seen) == 24
    by = {row["id"]: row["claimed_by"] for row in waiting(world)}
    assert all(by[item] == f"人{person}" for person, got in enumerate(everyone) for item in got)


def test_households_of_one_place_are_not_given_to_two_people(world_url: str, world: Engine) -> None:
    fill(world, 3, doors=8)
    key_of = {row["id"]: row["key"] for row in waiting(world)}
    people = 8
    engine = make_engine(world_url, pool_size=people)
    for _ in range(5):
        barrier = Barrier(people)

        def work(person: int, barrier: Barrier = barrier) -> list[int]:
            barrier.wait()
            with engine.begin() as connection:
                return take(connection, f"人{person}")

        with ThreadPoolExecutor(people) as pool:
            everyone = list(pool.map(work, range(people)))
        got = [item for each in everyone for item in each]
        keys = Counter(key_of[item] for item in got)
        assert got
        assert set(keys.values()) == {1}
        with world.begin() as connection:
            connection.execute(text("UPDATE location_review SET claim = NULL, claimed_by = NULL, claimed_until = NULL"))
    engine.dispose()


def test_one_item_is_decided_once_however_many_try(world_url: str, world: Engine) -> None:
    fill(world, 1, doors=4)
    with world.begin() as connection:
        got = claim_next(connection, by="甲", scope=EVERYTHING, today=TODAY, filters=Filters())
    engine = make_engine(world_url, pool_size=6)
    barrier = Barrier(6)

    def work(_: int) -> str:
        barrier.wait()
        try:
            with engine.begin() as connection:
                decide(
                    connection,
                    got.ids[0],
                    Choice("POINT", point=(120.005, 30.005)),
                    claim=got.claim,
                    by="甲",
                    scope=EVERYTHING,
                    today=TODAY,
                )
        except Exception as error:
            return getattr(error, "code", type(error).__name__)
        return "decided"

    with ThreadPoolExecutor(6) as pool:
        ends = Counter(pool.map(work, range(6)))
    engine.dispose()
    assert ends == {"decided": 1, "LOCATION_REVIEW_NOT_FOUND": 5}
    with world.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM location_decision")).scalar_one() == 1


def test_a_decision_and_a_run_at_once_lose_nothing(world_url: str, world: Engine) -> None:
    fill(world, 4, doors=3)
    engine = make_engine(world_url, pool_size=8)
    with world.begin() as connection:
        got = claim_next(connection, by="甲", scope=EVERYTHING, today=TODAY, filters=Filters(), count=4)
    barrier = Barrier(5)

    def settle(item: int) -> str:
        barrier.wait()
        try:
            with engine.begin() as connection:
                decide(
                    connection,
                    item,
                    Choice("POINT", point=(120.005, 30.005)),
                    claim=got.claim,
                    by="甲",
                    scope=EVERYTHING,
                    today=TODAY,
                )
        except Exception as error:
            return getattr(error, "code", repr(error))
        return "decided"

    def run() -> str:
        barrier.wait()
        allocate(engine)
        return "run"

    with ThreadPoolExecutor(5) as pool:
        ends = [pool.submit(settle, item) for item in got.ids] + [pool.submit(run)]
        assert Counter(each.result(60) for each in ends) == {"decided": 4, "run": 1}
    allocate(world)
    engine.dispose()
    assert waiting(world) == []
    assert {state_of(world, f"P{number:06}") for number in range(1, 13)} == {"PROPOSED"}


def test_a_claim_is_renewed_released_and_runs_out(world: Engine) -> None:
    fill(world, 2)
    with world.begin() as connection:
        got = claim_next(connection, by="甲", scope=EVERYTHING, today=TODAY, filters=Filters(), seconds=60)
    with world.begin() as connection:
        later = renew(connection, got.claim, seconds=600)
    assert later.until is not None
    assert got.until is not None
    assert later.until - got.until > timedelta(seconds=500)
    with world.begin() as connection, pytest.raises(ReviewClaimed):
        claim_one(connection, got.ids[0], by="乙", scope=EVERYTHING, today=TODAY)
    expire(world)
    with world.begin() as connection:
        with pytest.raises(ReviewClaimLost):
            renew(connection, got.claim)
        other = claim_one(connection, got.ids[0], by="乙", scope=EVERYTHING, today=TODAY)
        assert release(connection, got.claim) == 0
        assert release(connection, other.claim) == 1
        assert release(connection, other.claim) == 0
        assert claim_one(connection, got.ids[0], by="丙", scope=EVERYTHING, today=TODAY).ids == got.ids


def test_more_is_added_to_a_claim(world: Engine) -> None:
    fill(world, 3)
    with world.begin() as connection:
        first = claim_next(connection, by="甲", scope=EVERYTHING, today=TODAY, filters=Filters())
        more = claim_next(
            connection, by="甲", scope=EVERYTHING, today=TODAY, filters=Filters(), count=5, claim=first.claim
        )
        assert more.claim == first.claim
        assert len({*first.ids, *more.ids}) == 3
        assert renew(connection, first.claim).ids == sorted([*first.ids, *more.ids])


def test_deciding_without_or_after_losing_the_claim_is_refused(client: TestClient, world: Engine) -> None:
    fill(world, 1)
    (row,) = waiting(world)
    body = {"reviewer": "甲", **at(0.005, 0.005)}
    without = client.post(f"{URL}/{row['id']}/decision", json=body)
    assert (without.status_code, without.json()["code"]) == (409, "LOCATION_REVIEW_NOT_CLAIMED")
    foreign = ask_decision(client, row["id"], str(uuid4()), at(0.005, 0.005))
    assert (foreign.status_code, foreign.json()["code"]) == (409, "LOCATION_REVIEW_CLAIM_LOST")
    got = claim(client)
    expire(world)
    late = ask_decision(client, row["id"], got["claim"], at(0.005, 0.005))
    assert (late.status_code, late.json()["code"]) == (409, "LOCATION_REVIEW_CLAIM_LOST")
    assert (
        client.post(f"{URL}/claim/renew", json={"claim": got["claim"]}).json()["code"] == "LOCATION_REVIEW_CLAIM_LOST"
    )
    assert state_of(world, "P000001") == "LOCATION_REVIEW"
    with world.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM location_decision")).scalar_one() == 0


def test_what_somebody_has_is_shown_and_refused(client: TestClient, world: Engine) -> None:
    fill(world, 2)
    got = claim(client, "甲")
    (mine, free) = client.get(URL).json()["items"]
    assert mine["id"] == got["ids"][0]
    assert (mine["claimed_by"], free["claimed_by"]) == ("甲", None)
    refused = client.post(f"{URL}/claim", json={"reviewer": "乙", "id": mine["id"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "LOCATION_REVIEW_CLAIMED")
    assert claim(client, "乙")["ids"] == [free["id"]]
    assert claim(client, "丙")["items"] == []
    assert (
        client.post(f"{URL}/claim", json={"reviewer": "乙", "id": 10**9}).json()["code"] == "LOCATION_REVIEW_NOT_FOUND"
    )
    assert client.post(f"{URL}/claim/release", json={"claim": got["claim"]}).json() == {"released": 1}
    assert claim(client, "丙")["ids"] == [mine["id"]]
    UUID(got["claim"])
