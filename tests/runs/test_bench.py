"""The benchmark of a run comes to its ratio, and puts back all the rows that it took out."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from app.bench.allocation import WRITTEN, measure
from app.db import make_engine


def test_the_floor_puts_back_what_the_run_wrote(database_url: str, tmp_path: Path) -> None:
    engine = make_engine(database_url)
    found = measure(engine, tmp_path, orphans=300)
    assert found["cases"] > 200
    assert found["ratio_to_floor"] > 0
    with engine.connect() as connection:
        for table in WRITTEN[:3]:
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() > 0
    engine.dispose()
