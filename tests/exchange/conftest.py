"""A store of the test's own and an importer for it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from app.db import make_engine
from app.exchange.importing import Progress, import_folder
from app.exchange.report import FileReport, ImportReport

from . import folders


@dataclass
class Store:
    """A database, a folder to import, and the lines of what was refused."""

    engine: Engine
    folder: Path
    rejected_file: Path

    def load(self, progress: Progress | None = None) -> ImportReport:
        """Import the folder."""
        return import_folder(self.engine, self.folder, rejected=self.rejected_file, progress=progress)

    def load_file(self, file: str) -> FileReport:
        """Import the folder; the report of one file."""
        return next(one for one in self.load().files if one.file == file)

    def rejected(self) -> list[dict[str, str]]:
        """The lines of `rejected.csv`."""
        if not self.rejected_file.exists():
            return []
        with self.rejected_file.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    def codes(self) -> list[tuple[str, str, str, str]]:
        """File, row, column and code of what was refused."""
        return [(one["file"], one["row"], one["column"], one["code"]) for one in self.rejected()]

    def all(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def one(self, query: str) -> Any:
        """The one value of a query."""
        return self.all(query)[0][0]

    def do(self, statement: str) -> None:
        """Run and commit a statement."""
        with self.engine.begin() as connection:
            connection.execute(text(statement))

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table that an import fills."""
        tables = (
            "organisation", "branch_area", "community", "team", "agent", "delivered_territory", "territory_plan", "territory", "policyholder", "address",
            "policy", "gazetteer_place", "team_load", "agent_load",
        )  # fmt: skip
        found = {table: self.all(f"SELECT t::text FROM {table} t ORDER BY 1") for table in tables}
        found["orphan_event"] = self.all("SELECT (to_jsonb(e) - 'received_at')::text FROM orphan_event e ORDER BY 1")
        return found


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    """An empty store, and an empty folder to import."""
    engine = make_engine(database_url)
    folder = tmp_path / "folder"
    folder.mkdir()
    yield Store(engine, folder, tmp_path / "rejected.csv")
    engine.dispose()


@pytest.fixture
def town(store: Store) -> Store:
    """A store whose folder holds the invented town, not yet imported."""
    folders.write(store.folder)
    return store


Spoil = Callable[[Path], None]
