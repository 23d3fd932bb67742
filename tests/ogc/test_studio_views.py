"""The views of the schema `studio`: what QGIS edits over PostGIS keeps the same invariants and the same history."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg import sql
from sqlalchemy import Engine, make_url
from typer.testing import CliRunner

from app.cli import app as program

ROLE = f"gis_of_a_test_{os.getpid()}"
"""Of this process alone: roles belong to the whole cluster, which several processes share."""
SQUARE = "MULTIPOLYGON(((120 30.01,120.01 30.01,120.01 30.02,120 30.02,120 30.01)))"


@pytest.fixture
def granted(world_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A role with the rights that the command gives."""
    monkeypatch.setenv("DATABASE_URL", world_url)
    done = CliRunner().invoke(program, ["gis", "grant", "--role", ROLE])
    assert done.exit_code == 0, done.output
    yield ROLE
    assert CliRunner().invoke(program, ["gis", "revoke", "--role", ROLE]).exit_code == 0
    with _connect(world_url, None) as connection:
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(ROLE)))


def _connect(world_url: str, role: str | None, options: str = "") -> psycopg.Connection[tuple[object, ...]]:
    url = make_url(world_url)
    return psycopg.connect(
        host=str(url.query["host"]),
        port=int(str(url.query["port"])),
        user=role or url.username,
        dbname=url.database,
        options=options,
        autocommit=True,
    )


@pytest.fixture
def gis(world_url: str, granted: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection as QGIS has it: with the role, one statement a transaction."""
    with _connect(world_url, granted) as connection:
        yield connection


Gis = psycopg.Connection[tuple[object, ...]]
INSERT = "INSERT INTO studio.draft_territory (plan_id, team_code, geom) VALUES (%s, %s, ST_GeomFromText(%s, 4490))"


def test_a_new_territory_has_its_history_and_can_be_undone(
    client: TestClient, draft: int, gis: Gis, world: Engine
) -> None:
    version = client.get(f"/api/v1/territory-plans/{draft}").json()["version"]
    gis.execute("SET guidan.person = '王测绘'")
    made = gis.execute(INSERT + " RETURNING version", (draft, "T-E3", SQUARE)).fetchone()
    assert made == (version + 1,)
    (step,) = client.get(f"/api/v1/territory-plans/{draft}/edits").json()["items"][:1]
    assert (step["person"], step["verb"], step["team_codes"], step["version"]) == (
        "王测绘",
        "REPLACE",
        ["T-E3"],
        version + 1,
    )
    undone = client.post(f"/api/v1/territory-plans/{draft}/undo", json={"by": "王测绘"})
    assert undone.status_code == 200, undone.text
    assert undone.json()["changed"] == [{"team_code": "T-E3", "geometry": None}]
    assert gis.execute("SELECT count(*) FROM studio.draft_territory WHERE plan_id = %s", (draft,)).fetchone() == (2,)


def test_the_person_is_the_role_or_whom_the_connection_names(
    client: TestClient, draft: int, granted: str, world_url: str
) -> None:
    for options, team, person in (("", "T-E3", ROLE), ("-cguidan.person=王测绘", "T-E2", "王测绘")):
        with _connect(world_url, granted, options) as connection:
            connection.execute(
                "DELETE FROM studio.draft_territory WHERE plan_id = %s AND team_code = %s", (draft, team)
            )
            if team == "T-E3":
                connection.execute(INSERT, (draft, team, SQUARE))
        assert client.get(f"/api/v1/territory-plans/{draft}/edits").json()["items"][0]["person"] == person


def test_what_is_wrong_is_found_when_the_draft_is_checked(client: TestClient, draft: int, gis: Gis) -> None:
    over = "MULTIPOLYGON(((120 30,120.01 30,120.01 30.01,120 30.01,120 30)))"  # T-E1 has it
    gis.execute(INSERT, (draft, "T-E3", over))
    refused = client.post(f"/api/v1/territory-plans/{draft}/submit", json={"by": "王测绘"})
    assert (refused.status_code, refused.json()["code"]) == (409, "TERRITORY_PLAN_HAS_ERRORS")
    assert client.post(f"/api/v1/territory-plans/{draft}/checks", json={"by": "王测绘"}).status_code == 201
    found = gis.execute("SELECT code, team_codes FROM studio.defect WHERE plan_id = %s", (draft,)).fetchall()
    assert ("OVERLAP", "T-E1,T-E3") in found
    layer = client.get(f"/ogc/collections/territory-plan-{draft}-defects-areas/items?code=OVERLAP").json()
    assert layer["features"][0]["geometry"]["type"] in ("Polygon", "MultiPolygon")


def test_a_shape_is_changed_and_taken_away(client: TestClient, draft: int, gis: Gis) -> None:
    gis.execute(
        "UPDATE studio.draft_territory SET geom = ST_GeomFromText(%s, 4490) WHERE plan_id = %s AND team_code = 'T-E2'",
        (SQUARE, draft),
    )
    territories = client.get(f"/api/v1/territory-plans/{draft}/territories").json()["features"]
    assert [min(p[1] for p in one["geometry"]["coordinates"][0][0]) for one in territories] == [30.0, 30.01]
    gis.execute("DELETE FROM studio.draft_territory WHERE plan_id = %s AND team_code = 'T-E2'", (draft,))
    territories = client.get(f"/api/v1/territory-plans/{draft}/territories").json()["features"]
    assert [one["id"] for one in territories] == ["T-E1"]
    verbs = [step["verb"] for step in client.get(f"/api/v1/territory-plans/{draft}/edits").json()["items"]]
    assert verbs[:2] == ["REMOVE", "REPLACE"]


def test_what_is_stored_lies_on_the_grid_of_editing(draft: int, gis: Gis, client: TestClient) -> None:
    off = "MULTIPOLYGON(((120.000000001234 30.01,120.01 30.01,120.01 30.02,120 30.02,120.000000001234 30.01)))"
    gis.execute(INSERT, (draft, "T-E3", off))
    (area,) = [
        one["geometry"]["coordinates"]
        for one in client.get(f"/api/v1/territory-plans/{draft}/territories").json()["features"]
        if one["id"] == "T-E3"
    ]
    assert sorted(map(tuple, area[0][0]))[0] == (120.0, 30.01)


def test_to_store_what_is_there_changes_nothing(client: TestClient, draft: int, gis: Gis) -> None:
    before = client.get(f"/api/v1/territory-plans/{draft}").json()["version"]
    gis.execute("UPDATE studio.draft_territory SET geom = geom WHERE plan_id = %s", (draft,))
    assert client.get(f"/api/v1/territory-plans/{draft}").json()["version"] == before


BOW = "MULTIPOLYGON(((120 30,120.01 30.01,120.01 30,120 30.01,120 30)))"
FAR = "MULTIPOLYGON(((10 50,11 50,11 51,10 50)))"
THIN = "MULTIPOLYGON(((120 30,120.01 30,120 30.000000001,120 30)))"
MANY = "SELECT ST_Multi(ST_Buffer(ST_SetSRID(ST_MakePoint(120, 30), 4490), 0.01, 6000))"


@pytest.mark.parametrize(
    ("team", "shape", "state"),
    [
        ("T-W1", SQUARE, "GS002"),
        ("nobody", SQUARE, "GS002"),
        ("T-E1", SQUARE, "GS007"),
        ("T-E3", None, "GS003"),
        ("T-E3", "MULTIPOLYGON EMPTY", "GS003"),
        ("T-E3", BOW, "GS004"),
        ("T-E3", FAR, "GS005"),
        ("T-E3", THIN, "GS004"),
    ],
)
def test_what_is_refused_is_told_in_two_languages(
    client: TestClient, draft: int, gis: Gis, team: str, shape: str | None, state: str
) -> None:
    before = client.get(f"/api/v1/territory-plans/{draft}").json()["version"]
    with pytest.raises(psycopg.Error) as refused:
        gis.execute(INSERT, (draft, team, shape))
    assert refused.value.sqlstate == state
    told = str(refused.value.diag.message_primary)
    assert " / " in told
    assert any("一" <= letter <= "鿿" for letter in told)
    assert client.get(f"/api/v1/territory-plans/{draft}").json()["version"] == before


def test_too_many_vertices_and_another_system_are_refused(draft: int, gis: Gis) -> None:
    with pytest.raises(psycopg.Error) as refused:
        gis.execute(
            f"INSERT INTO studio.draft_territory (plan_id, team_code, geom) VALUES (%s, 'T-E3', ({MANY}))", (draft,)
        )
    assert refused.value.sqlstate == "GS006"
    with pytest.raises(psycopg.Error, match="SRID"):
        gis.execute(
            "INSERT INTO studio.draft_territory (plan_id, team_code, geom) VALUES (%s, 'T-E3', ST_GeomFromText(%s, 4326))",
            (draft, SQUARE),
        )


def test_another_team_or_an_old_version_is_refused(draft: int, gis: Gis) -> None:
    for assignment, state in (("team_code = 'T-E3'", "GS008"), ("version = version + 1", "GS009")):
        with pytest.raises(psycopg.Error) as refused:
            gis.execute(
                f"UPDATE studio.draft_territory SET {assignment} WHERE plan_id = %s AND team_code = 'T-E1'", (draft,)
            )
        assert refused.value.sqlstate == state


def test_only_drafts_can_be_changed(client: TestClient, draft: int, gis: Gis) -> None:
    with pytest.raises(psycopg.Error) as refused:
        gis.execute(INSERT, (1, "T-E3", SQUARE))  # what is in force
    assert refused.value.sqlstate == "GS001"
    assert gis.execute("UPDATE studio.draft_territory SET geom = geom WHERE plan_id = 1").rowcount == 0
    assert client.delete(f"/api/v1/territory-plans/{draft}", params={"by": "李制图"}).status_code == 200
    assert gis.execute("SELECT count(*) FROM studio.draft_territory").fetchone() == (0,)
    with pytest.raises(psycopg.Error):
        gis.execute(INSERT, (draft, "T-E3", SQUARE))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM policyholder",
        "SELECT * FROM territory",
        "INSERT INTO territory_shape (geom) VALUES (NULL)",
        "UPDATE territory_plan SET state = 'PUBLISHED'",
        "DELETE FROM studio.territory",
        "UPDATE studio.community SET name = 'x'",
        "CREATE TABLE studio.mine (x int)",
    ],
)
def test_the_role_can_do_nothing_else(gis: Gis, statement: str) -> None:
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)):
        gis.execute(statement)


def test_what_is_published_has_its_days_in_plain_columns(gis: Gis) -> None:
    rows = gis.execute(
        "SELECT team_code, CAST(valid_from AS text), valid_to FROM studio.territory_in_force ORDER BY team_code"
    ).fetchall()
    assert rows[0] == ("T-E1", "2026-01-01", None)
    typed = dict(
        gis.execute(
            "SELECT f_table_name, type || srid FROM geometry_columns WHERE f_table_schema = 'studio'"
        ).fetchall()
    )
    assert typed["draft_territory"] == typed["territory"] == typed["community"] == "MULTIPOLYGON4490"


def test_two_writers_wait_for_each_other(draft: int, granted: str, world_url: str) -> None:
    with _connect(world_url, granted) as first, _connect(world_url, granted) as second:
        first.autocommit = second.autocommit = False
        change = (
            "UPDATE studio.draft_territory SET geom = ST_GeomFromText(%s, 4490) WHERE plan_id = %s AND team_code = %s"
        )
        first.execute(change, (SQUARE, draft, "T-E1"))
        second.execute("SET lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            second.execute(change, (SQUARE, draft, "T-E1"))
        first.commit()
        second.rollback()
        other = SQUARE.replace("30.02", "30.03")
        second.execute(change, (other, draft, "T-E1"))
        second.commit()
        versions = second.execute(
            "SELECT version FROM studio.draft_territory WHERE plan_id = %s ORDER BY 1", (draft,)
        ).fetchall()
    assert len(versions) == 2
