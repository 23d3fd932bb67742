"""The benchmarks of what-if and comparison run on a small city and find what they say they find."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from app.bench import compare, whatif
from app.bench.matching import coverage
from app.db import make_engine


@pytest.fixture
def empty(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


def test_they_measure(empty: Engine) -> None:
    areas = coverage(25, 20, 1)
    lon, lat = whatif.fill(empty, areas, 2_000, 1)
    with empty.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM published_territory")).scalar_one() == 25
        assert connection.execute(text("SELECT count(*) FROM policy")).scalar_one() == 2_000
    found = whatif.measure(empty, areas, lon, lat, edits=30)
    assert (found["customers"], found["regions"], found["edits"], found["failed"]) == (2_000, 25, 30, 0)
    assert found["p50_ms"] <= found["p95_ms"] <= found["max_ms"]
    both = compare.measure(empty, areas, coverage(25, 20, 2), lon, lat, rounds=2)
    assert both["regions_edited"] >= 2
    assert 0 < both["edited"]["best_s"] <= both["edited"]["worst_s"]
    assert both["drawn_anew"]["best_s"] > 0


@pytest.mark.parametrize("edits", [0, -1, whatif.MOST_EDITS + 1])
def test_they_are_bounded(edits: int) -> None:
    with pytest.raises(ValueError, match="edits"):
        whatif.run(edits=edits)
