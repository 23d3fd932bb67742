"""Samples that several tests read; each is written once."""

from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
import pytest
import shapely

from app.sample import write

AS_OF = date(2026, 3, 10)
TOWN = 20_000


class City:
    """The files of one sample, read back."""

    def __init__(self, directory: Path, rows: dict[str, int]) -> None:
        self.directory = directory
        self.rows = rows

    @cache  # noqa: B019 - lives as long as the test session
    def table(self, name: str) -> pl.DataFrame:
        return pl.read_csv(self.directory / f"{name}.csv", infer_schema=False)

    @cache  # noqa: B019
    def features(self, name: str) -> tuple[list[dict[str, str]], Any]:
        """Properties and shapes of a GeoJSON file."""
        document = orjson.loads((self.directory / f"{name}.geojson").read_bytes())
        assert document["crs_declared"] == "CGCS2000"
        shapes = [shapely.from_geojson(orjson.dumps(feature["geometry"])) for feature in document["features"]]
        return [feature["properties"] for feature in document["features"]], np.array(shapes, dtype=object)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., City]:
    """``sample(policies, seed=…, orphans=…)``: a written sample, shared by all tests that ask for the same one."""

    @cache
    def written(policies: int, seed: int = 1, orphans: int | None = None, as_of: date = AS_OF) -> City:
        directory = tmp_path_factory.mktemp("sample")
        return City(directory, write(directory, policies=policies, seed=seed, orphans=orphans, as_of=as_of))

    return written


@pytest.fixture(scope="session")
def town(sample: Callable[..., City]) -> City:
    """The sample that a first start writes: 20,000 policies."""
    return sample(TOWN)
