"""The benchmark of one allocation over HTTP runs, and counts what it says it counts."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from app.bench import http

from .world import add_orphan


def test_it_allocates_each_policy_once_and_compares(world: Engine) -> None:
    with world.begin() as connection:
        for number in range(124):
            add_orphan(connection, number, y=0.015)
    found = http.measure(world, requests=24, connections=3, rounds=3)
    assert (found["bare"].requests, found["bare"].failed) == (24, 0)
    assert (found["allocations"].requests, found["allocations"].failed) == (24, 0)
    assert found["allocations"].p50_ms <= found["allocations"].p99_ms
    assert len(found["ratio_of_each_round"]) == 3
    with world.connect() as connection:
        decided = connection.execute(text("SELECT count(*), count(DISTINCT policy_no) FROM orphan_case")).one()
    assert tuple(decided) == (124, 124)


def test_it_says_when_there_is_not_enough_to_do(world: Engine) -> None:
    with pytest.raises(ValueError, match="only 0"):
        http.measure(world, requests=5, connections=1, rounds=1)


@pytest.mark.parametrize("requests", [0, -1, http.MOST_REQUESTS + 1])
def test_it_is_bounded(requests: int) -> None:
    with pytest.raises(ValueError, match="requests"):
        http.run(requests=requests)
