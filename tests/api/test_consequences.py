"""Consequences and comparisons over HTTP, on the world of the rulebook: T-E1 owns C01, C02 and a strip; T-E2 owns C03; C04 is free."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from app.cli import app as program

from .world import EAST, NORTH, add_orphan, box

API = "/api/v1"


def rectangle(x0: float, x1: float, y0: float, y1: float) -> dict[str, Any]:
    w, e, s, n = EAST + x0, EAST + x1, NORTH + y0, NORTH + y1
    return {"type": "Polygon", "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]]}


@pytest.fixture
def orphans(world: Engine) -> None:
    """Three in C01, two in C02 (one of them with a name that is a formula), one in C03, one in C04."""
    with world.begin() as connection:
        for number, (x, y) in enumerate(
            [
                (0.002, 0.005),
                (0.004, 0.005),
                (0.006, 0.005),
                (0.012, 0.002),
                (0.014, 0.002),
                (0.025, 0.005),
                (0.005, 0.015),
            ]
        ):
            add_orphan(connection, number, x, y)
        connection.execute(text("UPDATE policyholder SET name = '=1+2' WHERE id = 'H000003'"))


def ask(client: TestClient, *changes: dict[str, Any], path: str = "", **more: Any) -> Any:
    body = {"branch_code": "E", "crs": "CGCS2000", "changes": list(changes), **more}
    return client.post(f"{API}/territories/consequences{path}", json=body)


GIVES_C02 = {"team_code": "T-E1", "geometry": rectangle(0, 0.01, 0, 0.01)}
TAKES_C02 = {"team_code": "T-E2", "geometry": rectangle(0.01, 0.03, 0, 0.01)}


@pytest.mark.usefixtures("orphans")
def test_it_says_who_changes_hands_and_what_each_team_would_have(client: TestClient) -> None:
    answer = ask(client, GIVES_C02, TAKES_C02)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["branch_code"], found["on"], found["customers"], found["policies"]) == ("E", "2026-03-10", 2, 2)
    assert [(m["from_team_codes"], m["to_team_codes"], m["customers"], m["premium"]) for m in found["moves"]] == [
        (["T-E1"], ["T-E2"], 2, "2469.00")
    ]
    one, two = found["teams"]
    assert (one["team_code"], one["before"]["customers"], one["after"]["customers"]) == ("T-E1", 5, 3)
    assert (two["team_code"], two["before"]["customers"], two["after"]["customers"]) == ("T-E2", 1, 3)
    # Rulebook 6: T-E1 carries 40 + 80 of 200 (A3 is leaving), T-E2 50 of 100 (A5 is away); no orphan is anybody's load yet.
    assert (one["before"]["load"], one["before"]["capacity"], one["before"]["load_ratio"]) == (120, 200, 0.6)
    assert (two["before"]["load"], two["before"]["capacity"], two["before"]["load_ratio"]) == (50, 100, 0.5)
    assert (one["after"]["load"], two["after"]["load"]) == (120, 50)
    # T-E1 120, T-E2 50, T-E3 20: Σ|a − b| over all pairs = 2 (70 + 100 + 30) = 400; 400 / (2 · 3 · 190) = 0.3509
    assert found["balance_before"] == {"teams": 3, "gini": 0.3509, "most": 120, "least": 20, "ratio": 6.0}


def test_a_case_that_a_team_holds_goes_along(client: TestClient, world: Engine, orphans: None) -> None:
    for number in (3, 4, 6):
        made = client.post(f"{API}/allocations", json={"policy_no": f"P{number:06}", "confirm": True})
        assert made.status_code in (200, 201), made.text
    # P000003 and P000004 went to T-E1, the owner of C02; P000006 in C04 to T-E3 by balance.
    found = ask(client, GIVES_C02, TAKES_C02, {"team_code": "T-E3", "geometry": rectangle(0, 0.01, 0.01, 0.02)}).json()
    moves = {(tuple(m["from_team_codes"]), tuple(m["to_team_codes"])): m for m in found["moves"]}
    assert {key: (m["orphans"], m["unassigned"], m["carried"]) for key, m in moves.items()} == {
        (("T-E1",), ("T-E2",)): (2, 0, 2),
        ((), ("T-E3",)): (1, 0, 0),
    }
    loads = {team["team_code"]: (team["before"]["load"], team["after"]["load"]) for team in found["teams"]}
    assert loads == {"T-E1": (122, 120), "T-E2": (50, 52), "T-E3": (21, 21)}
    kept = {
        team["team_code"]: [(f["kept_in_team"], f["kept_in_team_rate"]) for f in (team["before"], team["after"])]
        for team in found["teams"]
    }
    assert kept["T-E1"] == [(2, 1.0), (0, None)]
    assert kept["T-E2"] == [(0, None), (2, 1.0)]
    assert kept["T-E3"] == [(0, None), (1, 1.0)]


@pytest.mark.usefixtures("orphans")
def test_a_territory_that_is_given_up_is_nobodys(client: TestClient) -> None:
    found = ask(client, {"team_code": "T-E2", "geometry": None}).json()
    assert [(m["from_team_codes"], m["to_team_codes"], m["customers"]) for m in found["moves"]] == [(["T-E2"], [], 1)]


@pytest.mark.usefixtures("orphans")
def test_other_systems_are_converted(client: TestClient) -> None:
    from geo.crs import Crs, convert

    given = rectangle(0.01, 0.03, 0, 0.01)
    ring = given["coordinates"][0]
    lon, lat = convert([x for x, _ in ring], [y for _, y in ring], Crs.CGCS2000, Crs.GCJ02)
    shifted = {"type": "Polygon", "coordinates": [[[float(x), float(y)] for x, y in zip(lon, lat, strict=True)]]}
    plain = ask(client, {"team_code": "T-E2", "geometry": given}).json()
    found = ask(client, {"team_code": "T-E2", "geometry": shifted}, crs="GCJ02").json()
    assert plain["moves"] == found["moves"] != []


@pytest.mark.usefixtures("orphans")
def test_the_list_is_masked_and_no_spreadsheet_takes_it_for_formulas(client: TestClient) -> None:
    answer = ask(client, GIVES_C02, TAKES_C02, path="/policies")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["policy_no"], row["from_team_codes"], row["to_team_codes"], row["to_teams"]) for row in rows] == [
        ("P000003", "T-E1", "T-E2", "T-E2队"),
        ("P000004", "T-E1", "T-E2", "T-E2队"),
    ]
    assert [row["policyholder"] for row in rows] == ["'=＊＊", "王＊＊"]
    assert {row["phone"] for row in rows} == {"199****0000"}


@pytest.mark.parametrize(
    ("change", "more", "status", "code"),
    [
        (GIVES_C02, {"crs": None}, 422, "CRS_UNDECLARED"),
        (GIVES_C02, {"branch_code": "X"}, 422, "UNKNOWN_ORGANISATION"),
        ({"team_code": "T-W1", "geometry": None}, {}, 422, "TEAM_OF_OTHER_BRANCH"),
        ({"team_code": "T-E1", "geometry": {"type": "Polygon", "coordinates": [[[120, 30], [120.01, 30.01], [120.01, 30], [120, 30.01], [120, 30]]]}}, {}, 422, "SHAPE"),
        ({"team_code": "T-E1", "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]}}, {}, 422, "OUTSIDE_CHINA"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused(
    client: TestClient, change: dict[str, Any], more: dict[str, Any], status: int, code: str
) -> None:
    answer = ask(client, change, **more)
    assert (answer.status_code, code in answer.json()["code"]) == (status, True), answer.text
    twice = ask(client, GIVES_C02, GIVES_C02)
    assert (twice.status_code, twice.json()["code"]) == (422, "TEAM_TWICE")


@pytest.fixture
def plan(client: TestClient, world: Engine, orphans: None) -> tuple[int, int]:
    """The version in force of branch E, and a draft of it in which C02 goes to T-E2 and T-E3 gets C04."""
    with world.connect() as connection:
        base = connection.execute(text("SELECT id FROM territory_plan WHERE branch_code = 'E'")).scalar_one()
    made = client.post(f"{API}/territory-plans", json={"branch_code": "E", "name": "新方案", "by": "李"})
    assert made.status_code == 201, made.text
    draft = made.json()["id"]
    with world.begin() as connection:
        for team, sides in (
            ("T-E1", (0, 0.01, 0, 0.01)),
            ("T-E2", (0.01, 0.03, 0, 0.01)),
            ("T-E3", (0, 0.01, 0.01, 0.02)),
        ):
            shape = connection.execute(
                text(
                    """INSERT INTO territory_shape (geom) VALUES (CAST(:geom AS geometry)) ON CONFLICT (digest)
                    DO NOTHING RETURNING id"""
                ),
                {"geom": box(*sides)},
            ).scalar()
            assert shape is not None
            connection.execute(
                text(
                    """INSERT INTO territory (plan_id, team_code, shape_id) VALUES (:plan, :team, :shape)
                    ON CONFLICT (plan_id, team_code) DO UPDATE SET shape_id = excluded.shape_id"""
                ),
                {"plan": draft, "team": team, "shape": shape},
            )
    return base, draft


def test_a_draft_is_told_against_its_base_and_against_what_is_in_force(
    client: TestClient, plan: tuple[int, int]
) -> None:
    base, draft = plan
    found = client.get(f"{API}/territory-plans/{draft}/consequences").json()
    assert [(m["from_team_codes"], m["to_team_codes"], m["customers"]) for m in found["moves"]] == [
        (["T-E1"], ["T-E2"], 2),
        ([], ["T-E3"], 1),
    ]
    assert client.get(f"{API}/territory-plans/{draft}/consequences?against=IN_FORCE").json() == found
    nothing = client.get(f"{API}/territory-plans/{base}/consequences?against=IN_FORCE").json()
    assert (nothing["teams"], nothing["moves"]) == ([], [])
    everything = client.get(f"{API}/territory-plans/{base}/consequences").json()
    assert {(tuple(m["from_team_codes"]), tuple(m["to_team_codes"])) for m in everything["moves"]} == {
        ((), ("T-E1",)),
        ((), ("T-E2",)),
    }
    rows = list(csv.DictReader(io.StringIO(client.get(f"{API}/territory-plans/{draft}/consequences/policies").text)))
    assert [row["policy_no"] for row in rows] == ["P000003", "P000004", "P000006"]


def test_two_versions_are_compared_in_land_and_customers(client: TestClient, plan: tuple[int, int]) -> None:
    base, draft = plan
    found = client.get(f"{API}/territory-plans/{draft}/comparison", params={"with": base}).json()
    assert (found["before"]["id"], found["after"]["id"], found["customers"]) == (base, draft, 3)
    teams = {team["team_code"]: team for team in found["teams"]}
    # A hundredth of a degree square at 30° N is 965 m by 1,109 m.
    square = 0.9649 * 1.1085
    half = square * 0.04  # of the strip, beyond C02
    assert teams["T-E1"]["area_before_km2"] == pytest.approx(2 * square + half, rel=2e-3)
    assert teams["T-E1"]["area_after_km2"] == pytest.approx(square, rel=2e-3)
    assert teams["T-E1"]["lost"]["area_km2"] == pytest.approx(square + half, rel=2e-3)
    assert teams["T-E1"]["lost"]["customers"] == 2
    assert teams["T-E3"]["gained"] == {
        "area_km2": pytest.approx(square, rel=2e-3), "customers": 1, "policies": 1, "premium": "1234.50", "orphans": 0,
    }  # fmt: skip
    pieces = {
        (piece["properties"]["from_team_code"], piece["properties"]["to_team_code"]): piece
        for piece in found["pieces"]["features"]
    }
    assert set(pieces) == {("T-E1", "T-E2"), (None, "T-E3")}
    # The end of the strip, which T-E2 had too, is T-E1's loss and no gain of T-E2.
    assert pieces["T-E1", "T-E2"]["properties"]["area_km2"] == teams["T-E1"]["lost"]["area_km2"]
    assert teams["T-E2"]["gained"]["area_km2"] == pytest.approx(square, rel=2e-3)
    assert pieces[None, "T-E3"]["geometry"]["type"] in ("Polygon", "MultiPolygon")
    back = client.get(f"{API}/territory-plans/{base}/comparison", params={"with": draft}).json()
    assert back["customers"] == 3
    assert {tuple(m["to_team_codes"]) for m in back["moves"]} == {("T-E1",), ()}
    exported = client.get(f"{API}/territory-plans/{draft}/comparison/policies", params={"with": base})
    assert len(exported.text.splitlines()) == 4


def test_the_picture_is_drawn_over_http_and_by_the_program(
    client: TestClient, plan: tuple[int, int], world_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, draft = plan
    picture = client.get(f"{API}/territory-plans/{draft}/picture", params={"with": base})
    assert picture.status_code == 200, picture.text
    assert (picture.headers["content-type"], picture.content[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    assert client.get(f"{API}/territory-plans/{draft}/picture").content == picture.content
    printed = client.get(f"{API}/territory-plans/{draft}/picture?format=pdf")
    assert (printed.headers["content-type"], printed.content[:5]) == ("application/pdf", b"%PDF-")
    monkeypatch.setenv("DATABASE_URL", world_url)
    monkeypatch.setenv("GUIDAN_TODAY", "2026-03-10")
    told = CliRunner().invoke(program, ["plan", "picture", str(draft), "-o", str(tmp_path / "picture.png")])
    assert told.exit_code == 0, told.output
    assert (tmp_path / "picture.png").read_bytes() == picture.content
    assert CliRunner().invoke(program, ["plan", "picture", str(draft), "-o", "picture.gif"]).exit_code == 2
    assert client.get(f"{API}/territory-plans/999999/picture").status_code == 404
    assert client.get(f"{API}/territory-plans/{draft}/picture?format=gif").status_code == 422


def test_versions_of_two_branches_are_not_compared(client: TestClient, plan: tuple[int, int], world: Engine) -> None:
    with world.connect() as connection:
        other = connection.execute(text("SELECT id FROM territory_plan WHERE branch_code = 'W'")).scalar_one()
    answer = client.get(f"{API}/territory-plans/{plan[1]}/comparison", params={"with": other})
    assert (answer.status_code, answer.json()["code"]) == (422, "TERRITORY_PLANS_OF_OTHER_BRANCHES")
    missing = client.get(f"{API}/territory-plans/{plan[1]}/comparison", params={"with": 999_999})
    assert (missing.status_code, missing.json()["code"]) == (404, "TERRITORY_PLAN_NOT_FOUND")
