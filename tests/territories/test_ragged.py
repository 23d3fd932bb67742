"""Territories so ragged that comparing them is done where it can be stopped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from app.bench.hostile import comb
from app.territories import limited
from app.territories.editing import repository
from app.territories.limited import Pool
from app.territories.validation import renew
from app.territories.validation.repository import read_known
from geo.soundness import Thresholds
from geo.soundness.errors import TooComplex

from .branch import build_branch


def put(connection: Connection, plan: int, team: str, area: object) -> None:
    (shape,) = repository.store_shapes(connection, [area])  # type: ignore[list-item]
    connection.execute(
        text("INSERT INTO territory (plan_id, team_code, shape_id) VALUES (:plan, :team, :shape)"),
        {"plan": plan, "team": team, "shape": shape},
    )


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A slow machine fails no test: children get a minute."""
    pool = Pool(children=1, seconds=60.0)
    monkeypatch.setattr(limited, "_pool", lambda: pool)
    yield
    pool.close()


@pytest.fixture
def plan(connection: Connection) -> int:
    build_branch(connection)
    made: int = connection.execute(
        text(
            """INSERT INTO territory_plan (branch_code, number, name, origin, state)
            VALUES ('B', 1, 'x', 'DRAWN', 'DRAFT') RETURNING id"""
        )
    ).scalar_one()
    return made


@pytest.mark.parametrize("first", [True, False])
def test_the_overlap_of_two_ragged_territories_is_found(
    connection: Connection, plan: int, first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # some 2,000 pairs of edges: here more than is looked at in the process that answers others
    monkeypatch.setattr(renew, "CALM", Thresholds(max_crossings=500))
    put(connection, plan, "T0", comb(100, False))
    if not first:
        renew.renew_all(connection, plan)
    put(connection, plan, "T1", comb(100, True))
    renew.renew_defects(connection, plan)
    (overlap,) = [one.defect for one in read_known(connection, plan) if one.defect.code == "OVERLAP"]
    assert overlap.team_codes == ("T0", "T1")
    assert overlap.area_m2 is not None
    assert overlap.area_m2 > 100_000


def test_a_pair_that_is_beyond_all_measure_is_refused(connection: Connection, plan: int) -> None:
    put(connection, plan, "T0", comb(8_000, False))
    put(connection, plan, "T1", comb(8_000, True))
    with pytest.raises(TooComplex):
        renew.renew_defects(connection, plan)
