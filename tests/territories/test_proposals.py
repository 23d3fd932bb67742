"""Proposals over a real PostGIS: what is read of a branch, what comes of it over HTTP, and the draft that is made of it."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from app.cli import app as program
from app.db import make_engine
from app.main import create_app
from app.settings import Settings
from app.territories.plans.deliver import deliver
from app.territories.proposals import errors, perform
from app.territories.proposals.ground import read_ground
from app.territories.proposals.take import draft_of
from app.territories.proposals.wish import Wish, barriers_of, read_barriers
from app.territories.proposals.work_out import work_out
from app.worker import build_app

from .branch import ON, AddressOf, CustomerOf, PolicyOf, add_customers, build_branch

WEST, SOUTH, SIDE = 120.0, 30.0, 0.01
COLUMNS, ROWS = 8, 3
OWNERS = {"T0": (0, 1, 2), "T1": (3, 4), "T2": (5, 6, 7)}
"""Columns of communities that each team has; T0 and T2 have three, T1 has two."""
PROPOSALS = "/api/v1/territory-plans/proposals"


def code(column: int, row: int) -> str:
    return f"C{column}{row}"


def box(columns: tuple[float, float], rows: tuple[int, int] = (0, ROWS)) -> str:
    w, e = WEST + columns[0] * SIDE, WEST + columns[1] * SIDE
    s, n = SOUTH + rows[0] * SIDE, SOUTH + rows[1] * SIDE
    return f"SRID=4490;MULTIPOLYGON((({w} {s},{e} {s},{e} {n},{w} {n},{w} {s})))"


def build(engine: Engine, *, weights: dict[str, int] | None = None, capacities: tuple[int, ...] = (90, 60, 90)) -> None:
    """A branch of 8 × 3 communities with ten policies each (or as `weights` say), one customer for each policy."""
    with engine.begin() as connection:
        build_branch(connection, ("T0", "T1", "T2"))
        connection.execute(
            text("INSERT INTO branch_area (branch_code, geom) VALUES ('B', CAST(:geom AS geometry))"),
            {"geom": box((0, COLUMNS))},
        )
        for team, capacity in zip(OWNERS, capacities, strict=True):
            connection.execute(
                text("UPDATE team SET capacity = :capacity WHERE code = :team"), {"team": team, "capacity": capacity}
            )
        for team, columns in OWNERS.items():
            connection.execute(
                text(
                    """INSERT INTO delivered_territory (team_code, effective_from, geom)
                    VALUES (:team, '2026-01-01', CAST(:geom AS geometry))"""
                ),
                {"team": team, "geom": box((columns[0], columns[-1] + 1))},
            )
        deliver(connection)
        customers = []
        for column in range(COLUMNS):
            for row in range(ROWS):
                name = code(column, row)
                connection.execute(
                    text("INSERT INTO community (code, name, geom) VALUES (:code, :name, CAST(:geom AS geometry))"),
                    {"code": name, "name": f"{name}社区", "geom": box((column, column + 1), (row, row + 1))},
                )
                for n in range((weights or {}).get(name, 10)):
                    at = (WEST + (column + 0.2 + n % 5 * 0.1) * SIDE, SOUTH + (row + 0.5) * SIDE)
                    customers.append(
                        CustomerOf(
                            f"{name}-{n}", [PolicyOf(Decimal(100))], [AddressOf("HOME", date(2026, 1, 1), given=at)]
                        )
                    )
        add_customers(connection, customers)


@pytest.fixture
def store(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def client(database_url: str, store: Engine) -> Iterator[TestClient]:
    settings = Settings(database_url=database_url, today=ON, web=Path("/nonexistent"))
    with TestClient(create_app(settings, worker=False), raise_server_exceptions=False) as opened:
        yield opened


# T0 has 30 too many, of which three communities of its last column are ten each: 90 + 30 = 120 of 270.
HEAVY = {code(0, row): 20 for row in range(ROWS)}


def quiet(stage: str, share: float) -> None:
    """Nobody is told."""


def perform_jobs(engine: Engine, url: str) -> None:
    """Does the jobs that are there, as the worker would."""

    async def once() -> None:
        jobs = build_app(url, engine)
        async with jobs.open_async():
            await jobs.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)

    asyncio.run(once())


def test_a_branch_is_read_as_units_and_districts(store: Engine) -> None:
    build(store, weights=HEAVY)
    with store.connect() as connection:
        ground = read_ground(connection, Wish("B", ON))
    problem = ground.problem
    assert ground.communities == sorted(code(c, r) for c in range(COLUMNS) for r in range(ROWS))
    assert ground.teams == ["T0", "T1", "T2"]
    assert problem.present.tolist() == [
        d for d, columns in enumerate(OWNERS.values()) for _ in columns for _ in range(ROWS)
    ]
    assert problem.loads[0].tolist() == [20] * 3 + [10] * 21
    assert problem.capacities[0].tolist() == [90, 60, 90]
    assert problem.totals == (270,)
    assert len(problem.edges) == COLUMNS * (ROWS - 1) + (COLUMNS - 1) * ROWS
    # A hundredth of a degree of longitude at 30 degrees is 964 m, of latitude about 1,113 m; in decimetres.
    assert sorted(set(problem.lengths.tolist())) == pytest.approx([9640, 11130], rel=0.01)
    assert (ground.split, ground.left_out) == ([], [])


def test_what_a_divided_community_weighs_is_counted_with_whom_it_is(store: Engine) -> None:
    build(store)
    with store.begin() as connection:
        # T1 takes the western fifth of T2's first column: 2 of 10 customers of each stand there (at .2), the others beyond.
        connection.execute(
            text(
                """INSERT INTO delivered_territory (team_code, effective_from, geom) VALUES
                ('T1', '2026-02-01', CAST(:one AS geometry)), ('T2', '2026-02-01', CAST(:two AS geometry))"""
            ),
            {"one": box((3, 5.25)), "two": box((5.25, 8))},
        )
        deliver(connection)
        ground = read_ground(connection, Wish("B", ON))
    assert ground.split == ["C50", "C51", "C52"]
    problem = ground.problem
    at = [ground.communities.index(name) for name in ground.split]
    assert problem.pinned[at].tolist() == [2, 2, 2]
    assert problem.loads[0, at].tolist() == [8, 8, 8]
    assert problem.base[0].tolist() == [0, 6, 0]
    assert problem.totals == (240,)


def test_a_proposal_balances_the_branch_and_moves_little(store: Engine) -> None:
    build(store, weights=HEAVY)
    told: list[tuple[str, float]] = []
    found = work_out(
        store, Wish("B", ON, seed=3, keep=8_000), progress=lambda stage, share: told.append((stage, share))
    )
    assert found["outcome"] == "BALANCED"
    assert found["before"]["worst_deviation"] == pytest.approx(120 / 101.25 - 1)
    assert found["after"]["within_tolerance"]
    assert found["bindings"] == []
    assert (found["seed"], found["solver"].split()[-2]) == (3, "CP-SAT")
    # T0 should have 101.25 of 270, so between 96.2 and 106.3: two tens leave it, and one leaves T1, which has 60 for 67.5.
    loads = {one["team_code"]: one["after"]["load"] for one in found["teams"]}
    assert sum(loads.values()) == 270
    assert all(abs(one["after"]["deviation"]) <= 0.05 for one in found["teams"])
    assert sum(change["policies"] for change in found["changes"]) == found["after"]["moved"]
    assert found["after"]["kept_share"] >= 0.8
    assert {stage for stage, _ in told} >= {"geocode", "read", "search"}
    assert work_out(store, Wish("B", ON, seed=3, keep=8_000), progress=quiet) == found


def test_locks_pins_and_barriers_are_honoured(store: Engine) -> None:
    build(store, weights=HEAVY)
    river = barriers_of(
        {"type": "LineString", "coordinates": [[WEST + 3.001 * SIDE, 29.99], [WEST + 3.001 * SIDE, 30.04]]}, "CGCS2000"
    )
    found = work_out(store, Wish("B", ON, keep=9_000, barriers=river), progress=quiet)
    assert found["outcome"] in ("PRESENT", "CLOSER")
    barrier = next(one for one in found["bindings"] if one["code"] == "BARRIER")
    assert (barrier["proved"], barrier["team_codes"]) == (True, ["T0"])
    assert "屏障" in barrier["detail"]
    assert barrier["load"] == pytest.approx(120 / 101.25)

    locked = work_out(store, Wish("B", ON, keep=5_000, locked=("T0",)), progress=quiet)
    assert [(one["code"], one["proved"], one["team_codes"]) for one in locked["bindings"]] == [("LOCK", True, ["T0"])]
    assert all("T0" not in (one["from_team_code"], one["to_team_code"]) for one in locked["changes"])

    pinned = work_out(store, Wish("B", ON, keep=5_000, pinned={"C30": "T0", "C20": "T0"}), progress=quiet)
    assert (pinned["assignment"]["C30"], pinned["assignment"]["C20"]) == ("T0", "T0")
    assert pinned["outcome"] == "BALANCED"


def test_teams_that_cannot_take_part(store: Engine) -> None:
    build(store)
    with store.begin() as connection:
        connection.execute(text("UPDATE team SET ended_on = '2026-03-01' WHERE code = 'T1'"))
        ground = read_ground(connection, Wish("B", ON))
        assert (ground.teams, ground.released, ground.standing_still) == (["T0", "T2"], ["T1"], [])
        assert (ground.problem.present == -1).sum() == 6
        connection.execute(text("UPDATE team SET successor_code = 'T2' WHERE code = 'T1'"))
        heir = read_ground(connection, Wish("B", ON))
        assert (heir.problem.present == 1).sum() == 15
        connection.execute(text("UPDATE team SET ended_on = NULL, successor_code = NULL"))
        connection.execute(text("UPDATE agent SET state = '04' WHERE team_code = 'T1'"))
        still = read_ground(connection, Wish("B", ON))
        assert (still.teams, still.standing_still) == (["T0", "T2"], ["T1"])
        assert still.left_out == [code(c, r) for c in (3, 4) for r in range(ROWS)]


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"locked": ("NO",)}, errors.UnknownTeamNamed),
        ({"pinned": {"NO": "T0"}}, errors.UnknownCommunityNamed),
        ({"apart": (("C00", "NO"),)}, errors.UnknownCommunityNamed),
        ({"pinned": {"C00": "T1"}, "locked": ("T0",)}, errors.PinsContradict),
    ],
)
def test_a_wish_that_names_what_is_not_there(store: Engine, wish: dict[str, Any], error: type[Exception]) -> None:
    build(store)
    with store.connect() as connection, pytest.raises(error):
        read_ground(connection, Wish("B", ON, **wish))


def test_a_branch_without_what_is_needed(store: Engine) -> None:
    with store.begin() as connection:
        build_branch(connection, ("T0", "T1"))
        with pytest.raises(errors.NoCommunities):
            read_ground(connection, Wish("B", ON))


def test_over_http_from_a_wish_to_a_draft(client: TestClient, store: Engine, database_url: str) -> None:
    build(store, weights=HEAVY)
    asked = {"branch_code": "B", "by": "李制图", "keep": 0.8, "seed": 5}
    answer = client.post(PROPOSALS, json=asked, headers={"Idempotency-Key": "only-once"})
    assert answer.status_code == 202, answer.text
    again = client.post(PROPOSALS, json=asked, headers={"Idempotency-Key": "only-once"})
    assert again.json()["id"] == answer.json()["id"]
    path = answer.headers["Location"]
    assert (answer.json()["status"], answer.json()["result"]) == ("QUEUED", None)
    early = client.post(f"{path}/draft", json={"by": "李制图"})
    assert (early.status_code, early.json()["code"]) == (409, "TERRITORY_PROPOSAL_NOT_DONE")
    perform_jobs(store, database_url)
    done = client.get(path).json()
    assert (done["status"], done["progress"], done["error"]) == ("DONE", 1.0, None)
    assert done["result"]["outcome"] == "BALANCED"
    listed = client.get(PROPOSALS, params={"branch_code": "B"}).json()["items"]
    assert [(one["id"], one["outcome"]) for one in listed] == [(done["id"], "BALANCED")]

    taken = client.post(f"{path}/draft", json={"by": "李制图", "name": "均衡"})
    assert taken.status_code == 201, taken.text
    plan = taken.json()
    assert (plan["state"], plan["origin"], plan["name"]) == ("DRAFT", "PROPOSED", "均衡")
    assert client.post(f"{path}/draft", json={"by": "王制图"}).json()["id"] == plan["id"]
    assert client.get(path).json()["draft_id"] == plan["id"]
    # The draft is what was proposed: read as a branch, each community is its new team's.
    with store.connect() as connection:
        ground = read_ground(connection, Wish("B", ON, plan_id=plan["id"]))
        assignment = connection.execute(text("SELECT result -> 'assignment' FROM territory_proposal")).scalar_one()
    assert {
        name: ground.teams[d] for name, d in zip(ground.communities, ground.problem.present, strict=True)
    } == assignment
    assert ground.split == []


def test_a_proposal_can_be_cancelled(client: TestClient, store: Engine, database_url: str) -> None:
    build(store)
    made = client.post(PROPOSALS, json={"branch_code": "B", "by": "李制图"}).json()["id"]
    assert client.post(f"{PROPOSALS}/{made}/cancel").json()["status"] == "CANCELLED"
    perform_jobs(store, database_url)
    told = client.get(f"{PROPOSALS}/{made}").json()
    assert (told["status"], told["result"]) == ("CANCELLED", None)
    assert client.post(f"{PROPOSALS}/{made}/cancel").json()["code"] == "TERRITORY_PROPOSAL_OVER"


def test_one_that_is_being_worked_out_stops_when_it_is_cancelled(
    client: TestClient, store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(store, weights=HEAVY)
    made = client.post(PROPOSALS, json={"branch_code": "B", "by": "李制图"}).json()["id"]
    monkeypatch.setattr(perform, "PROGRESS_S", 0.0)
    stages = []
    true_tell = perform.repository.tell

    def tell(connection: Any, proposal_id: int, stage: str, share: float) -> bool:
        stages.append(stage)
        if stage == "search" and stages.count("search") == 3:
            assert client.post(f"{PROPOSALS}/{made}/cancel").status_code == 200
        return true_tell(connection, proposal_id, stage, share)

    monkeypatch.setattr(perform.repository, "tell", tell)
    perform.perform_proposal(store, made)
    assert stages.count("search") == 3
    assert client.get(f"{PROPOSALS}/{made}").json()["status"] == "CANCELLED"


def test_one_that_fails_says_why(client: TestClient, store: Engine, database_url: str) -> None:
    build(store)
    made = client.post(PROPOSALS, json={"branch_code": "B", "by": "李制图", "locked": ["NO"]}).json()["id"]
    perform_jobs(store, database_url)
    told = client.get(f"{PROPOSALS}/{made}").json()
    assert told["status"] == "FAILED"
    assert told["error"].startswith("PROPOSAL_TEAM_UNKNOWN")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"branch_code": "NO"}, 422, "UNKNOWN_ORGANISATION"),
        ({"plan_id": 99}, 404, "TERRITORY_PLAN_NOT_FOUND"),
        ({"tolerance": 2}, 422, "VALIDATION_FAILED"),
        ({"barriers": {"crs": "CGCS2000", "geojson": {"type": "Point", "coordinates": [120, 30]}}}, 422, "PROPOSAL_BARRIER_BAD"),
        ({"barriers": {"crs": "CGCS2000", "geojson": {"type": "LineString", "coordinates": [[30, 120], [31, 120]]}}}, 422, "PROPOSAL_BARRIER_BAD"),
        ({"barriers": {"geojson": {"type": "LineString", "coordinates": [[120, 30], [121, 30]]}}}, 422, "VALIDATION_FAILED"),
        ({"barriers": {"crs": "CGCS2000", "geojson": {"type": "FeatureCollection", "features": [None]}}}, 422, "PROPOSAL_BARRIER_BAD"),
        ({"barriers": {"crs": "CGCS2000", "geojson": {"type": "LineString", "coordinates": [[120, 30]]}}}, 422, "PROPOSAL_BARRIER_BAD"),
    ],
)  # fmt: skip
def test_a_wish_that_cannot_be_read(
    client: TestClient, store: Engine, body: dict[str, Any], status: int, code: str
) -> None:
    build(store)
    answer = client.post(PROPOSALS, json={"branch_code": "B", "by": "李制图", **body})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_draft_is_not_made_of_what_has_changed_since(store: Engine) -> None:
    build(store, weights=HEAVY)
    found = work_out(store, Wish("B", ON, keep=8_000), progress=quiet)
    with store.begin() as connection:
        connection.execute(
            text(
                """INSERT INTO delivered_territory (team_code, effective_from, geom)
                VALUES ('T2', '2026-03-01', CAST(:geom AS geometry))"""
            ),
            {"geom": box((6, 8))},
        )
        deliver(connection)
        with pytest.raises(errors.ProposalOutdated):
            draft_of(connection, "B", found, asked_for=None, name=None, by="李制图", today=ON)


def test_barriers_are_converted_to_the_system_of_the_store() -> None:
    line = {"type": "LineString", "coordinates": [[118.8, 32.0], [118.9, 32.1]]}
    told = {"type": "FeatureCollection", "crs_declared": "GCJ02", "features": [{"type": "Feature", "geometry": line, "properties": {}}]}  # fmt: skip
    (moved,) = read_barriers(orjson.dumps(told))
    (same,) = read_barriers(orjson.dumps(line))
    assert same.coords[0] == (118.8, 32.0)
    assert 0.004 < 118.8 - moved.coords[0][0] < 0.006
    with pytest.raises(errors.BadBarrier):
        read_barriers(b"{")


def test_from_a_shell(store: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    build(store, weights=HEAVY)
    monkeypatch.setenv("DATABASE_URL", database_url)
    output = tmp_path / "assignment.csv"
    asked = ["propose", "--branch", "B", "--as-of", str(ON), "--keep", "80", "--pin", "C30=T0", "-o", str(output)]
    told = CliRunner().invoke(program, [*asked, "--json"])
    assert told.exit_code == 0, told.output
    result = orjson.loads(told.stdout)
    assert result["outcome"] == "BALANCED"
    rows = list(csv.DictReader(io.StringIO(output.read_text())))
    assert {row["community_code"]: row["team_code"] for row in rows} == result["assignment"]
    assert result["assignment"]["C30"] == "T0"
    shown = CliRunner().invoke(program, [*asked, "--draft", "均衡"])
    assert shown.exit_code == 0, shown.output
    assert "各项要求都已满足" in shown.output
    with store.connect() as connection:
        drafts = connection.execute(text("SELECT name, origin FROM territory_plan WHERE state = 'DRAFT'")).all()
    assert [tuple(row) for row in drafts] == [("均衡", "PROPOSED")]
    wrong = CliRunner().invoke(program, ["propose", "--branch", "B", "--pin", "C30"])
    assert wrong.exit_code == 2
