"""A store of the test's own, and the gazetteer in it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, text

from app.db import make_engine
from app.gazetteer import repository
from app.gazetteer.import_file import Report, import_file
from app.gazetteer.places import Said

from . import grid


@dataclass
class Gazetteer:
    """A database, and a folder for files."""

    engine: Engine
    folder: Path

    @property
    def rejected_file(self) -> Path:
        """Where bad rows go."""
        return self.folder / "rejected.csv"

    def take(self, path: Path, *, replace_source: bool = False, dry_run: bool = False, **said: Any) -> Report:
        """Import a file."""
        return import_file(
            self.engine,
            path,
            Said(**said),
            rejected=self.rejected_file,
            replace_source=replace_source,
            dry_run=dry_run,
        )

    def take_places(self, places: pl.DataFrame, crs: str = "CGCS2000", **said: Any) -> Report:
        """Import places by way of a CSV."""
        return self.take(grid.write_csv(self.folder / "places.csv", places, crs), **said)

    def rejected(self) -> list[tuple[str, str, str]]:
        """Row, column and code of what was refused."""
        with self.rejected_file.open(encoding="utf-8", newline="") as stream:
            return [(one["row"], one["column"], one["code"]) for one in csv.DictReader(stream)]

    def now(self) -> pl.DataFrame:
        """The gazetteer as it is."""
        return self.at(None)

    def at(self, version: int | None) -> pl.DataFrame:
        """The gazetteer as it was."""
        with self.engine.connect() as connection:
            return repository.places_at(connection, version)

    def versions(self) -> list[dict[str, Any]]:
        """Versions, oldest first."""
        with self.engine.connect() as connection:
            return [dict(row) for row in reversed(repository.list_versions(connection, limit=1000))]

    def do(self, *statements: str) -> None:
        """Run statements in one transaction."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def all(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]


@pytest.fixture
def gazetteer(database_url: str, tmp_path: Path) -> Iterator[Gazetteer]:
    """An empty gazetteer."""
    engine = make_engine(database_url)
    yield Gazetteer(engine, tmp_path)
    engine.dispose()


@pytest.fixture
def known(gazetteer: Gazetteer) -> Gazetteer:
    """A gazetteer that knows the town from one source, off by 30 m."""
    assert gazetteer.take_places(grid.town(noise_m=30)).exit_code == 0
    return gazetteer
