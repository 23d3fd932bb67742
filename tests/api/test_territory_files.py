"""Files over HTTP: a dry run, one edit that can be undone, export of any version, and that nothing is ever half saved."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from tests.territories.files.bad_files import FAMILIES, SECRET
from tests.territories.files.town import box, feature, geojson

from .test_territory_plans import PLANS, draft, edit

HALF = box(0, 0.010, 0, 0.010)


def send(client: TestClient, plan: int, content: bytes | str, name: str = "f.geojson", **given: Any) -> Any:
    """Import into the version that is there now, by 李制图, unless something else is said; None leaves a parameter out."""
    seen = client.get(f"{PLANS}/{plan}").json().get("version")
    params = {"filename": name, "by": "李制图", "version": seen, **given}
    data = content.encode() if isinstance(content, str) else content
    said = {name: value for name, value in params.items() if value is not None}
    return client.post(f"{PLANS}/{plan}/import", content=data, params=said)


def territories(client: TestClient, plan: int) -> dict[str, Any]:
    answer = client.get(f"{PLANS}/{plan}/territories").json()
    return {one["properties"]["team_code"]: one["geometry"] for one in answer["features"]}


def test_a_dry_run_tells_and_saves_nothing(client: TestClient) -> None:
    plan = draft(client)
    before = territories(client, plan["id"])
    told = send(client, plan["id"], geojson(feature("T-E1", HALF)), dry_run=True, by=None, version=None)
    assert told.status_code == 200, told.text
    body = told.json()
    assert [(row["team_code"], row["action"]) for row in body["rows"]] == [("T-E1", "CHANGED")]
    assert body["rows"][0]["area_after_m2"] == pytest.approx(1_069_521, rel=1e-3)
    assert (body["dry_run"], body["edit_id"], body["version"]) == (True, None, plan["version"])
    assert [(one["team_code"], one["action"]) for one in body["teams"]] == [("T-E1", "CHANGED"), ("T-E2", "KEPT")]
    assert territories(client, plan["id"]) == before


def test_an_import_is_one_edit_that_can_be_undone(client: TestClient) -> None:
    plan = draft(client)["id"]
    before = territories(client, plan)
    version = client.get(f"{PLANS}/{plan}").json()["version"]
    told = send(client, plan, geojson(feature("T-E1", HALF), feature("T-E3", box(0.01, 0.02, 0, 0.01)))).json()
    assert told["counts"] == {"CHANGED": 1, "NEW": 1}
    assert told["version"] == version + 1
    after = territories(client, plan)
    assert sorted(after) == ["T-E1", "T-E2", "T-E3"]
    steps = client.get(f"{PLANS}/{plan}/edits").json()["items"]
    assert (steps[0]["id"], steps[0]["verb"], steps[0]["person"]) == (told["edit_id"], "REPLACE", "李制图")
    undone = client.post(f"{PLANS}/{plan}/undo", json={"by": "李制图"})
    assert undone.status_code == 200, undone.text
    assert territories(client, plan) == before
    client.post(f"{PLANS}/{plan}/redo", json={"by": "李制图"})
    assert territories(client, plan) == after


def test_teams_that_the_file_lacks_are_kept_or_removed(client: TestClient) -> None:
    plan = draft(client)["id"]
    send(client, plan, geojson(feature("T-E1", HALF)), missing="keep")
    assert sorted(territories(client, plan)) == ["T-E1", "T-E2"]
    told = send(client, plan, geojson(feature("T-E1", HALF)), missing="remove").json()
    assert [(one["team_code"], one["action"]) for one in told["teams"]] == [("T-E1", "UNCHANGED"), ("T-E2", "REMOVED")]
    assert sorted(territories(client, plan)) == ["T-E1"]


def test_strict_saves_all_or_nothing(client: TestClient) -> None:
    plan = draft(client)["id"]
    before = territories(client, plan)
    content = geojson(feature("T-E1", HALF), feature("T-X", HALF))
    refused = send(client, plan, content, strict=True)
    assert (refused.status_code, refused.json()["code"]) == (422, "TERRITORY_ROWS_REFUSED")
    assert [(row["row"], row["code"]) for row in refused.json()["rows"]] == [(2, "UNKNOWN_TEAM")]
    assert territories(client, plan) == before
    assert send(client, plan, content).json()["counts"] == {"CHANGED": 1, "REFUSED": 1}
    none = send(client, plan, geojson(feature("T-X")))
    assert (none.status_code, none.json()["code"]) == (422, "TERRITORY_ROWS_ALL_REFUSED")


def test_only_the_draft_that_was_seen_is_changed(client: TestClient, world: Engine) -> None:
    plan = draft(client)
    content = geojson(feature("T-E1", HALF))
    edit(client, plan["id"], verb="ASSIGN_COMMUNITIES", community_codes=["C04"], to_team_code="T-E3")
    stale = send(client, plan["id"], content, version=plan["version"])
    assert (stale.status_code, stale.json()["code"]) == (412, "TERRITORY_PLAN_CHANGED")
    nobody = client.post(f"{PLANS}/{plan['id']}/import", content=content, params={"filename": "f.json", "version": 1})
    assert nobody.json()["code"] == "TERRITORY_PERSON_MISSING"
    unsaid = client.post(f"{PLANS}/{plan['id']}/import", content=content, params={"filename": "f.json", "by": "李"})
    assert unsaid.json()["code"] == "TERRITORY_VERSION_MISSING"
    published = plan["base_id"]
    assert send(client, published, content).json()["code"] == "TERRITORY_PLAN_NOT_EDITABLE"
    assert send(client, published, content, dry_run=True).status_code == 200
    assert send(client, 999_999, content, version=0, dry_run=True).status_code == 404


def test_the_content_type_says_what_it_is_too(client: TestClient) -> None:
    plan = draft(client)["id"]
    for kind, code in (("application/geo+json", None), ("text/csv", "DUPLICATE_COLUMN"), ("image/png", "FORMAT")):
        answer = client.post(
            f"{PLANS}/{plan}/import?dry_run=true", content=geojson(feature()), headers={"Content-Type": kind}
        )
        assert answer.json().get("code") == code
    answer = client.post(
        f"{PLANS}/{plan}/import?dry_run=true&crs=GCJ02&filename=a.json", content=geojson(feature("T-E1", HALF))
    )
    assert answer.json()["crs"] == "GCJ02"


def test_a_missing_prj_is_answered_with_a_question(client: TestClient) -> None:
    plan = draft(client)["id"]
    packed = client.get(f"{PLANS}/{plan}/export", params={"format": "shp"}).content
    bare = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as source, zipfile.ZipFile(bare, "w") as target:
        for name in source.namelist():
            if not name.endswith(".prj"):
                target.writestr(name, source.read(name))
    asked = send(client, plan, bare.getvalue(), "f.zip", dry_run=True)
    assert (asked.status_code, asked.json()["code"]) == (422, "CRS_UNDECLARED")
    assert asked.json()["choices"] == ["CGCS2000", "WGS84", "GCJ02", "BD09"]
    answered = send(client, plan, bare.getvalue(), "f.zip", dry_run=True, crs="CGCS2000")
    assert answered.json()["counts"] == {"UNCHANGED": 2}


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
@pytest.mark.parametrize("kind", ["geojson", "gpkg", "shp", "csv"])
def test_what_goes_out_comes_in_unchanged(client: TestClient, kind: str, encoding: str) -> None:
    plan = draft(client)
    for number in (plan["id"], plan["base_id"]):
        first = client.get(f"{PLANS}/{number}/export", params={"format": kind, "encoding": encoding})
        assert first.status_code == 200, first.text
        name = first.headers["content-disposition"].partition('"')[2].rstrip('"')
        assert (
            client.get(f"{PLANS}/{number}/export", params={"format": kind, "encoding": encoding}).content
            == first.content
        )
        told = send(client, plan["id"], first.content, name).json()
        assert set(told["counts"]) == {"UNCHANGED"}, told
        assert (told["edit_id"], told["version"]) == (None, plan["version"])


def test_a_table_of_communities(client: TestClient) -> None:
    plan = draft(client)["id"]
    table = client.get(f"{PLANS}/{plan}/export", params={"format": "csv"}).content.decode()
    # The strip of T-E1 lies in C03, which T-E2 has as a whole; nobody has C04.
    assert table.splitlines() == [
        "community_code,community_name,team_code,team_name,share",
        "C01,社区C01,T-E1,T-E1队,1",
        "C02,社区C02,T-E1,T-E1队,1",
        "C03,社区C03,T-E2,T-E2队,1",
        "C03,社区C03,T-E1,T-E1队,0.04",
        "C04,社区C04,,,",
    ]
    told = send(client, plan, "社区编码,团队编码\nC02,T-E2\nC04,T-E3\n", "f.csv").json()
    assert told["counts"] == {"CHANGED": 1, "NEW": 1}
    assert [(one["team_code"], one["action"]) for one in told["teams"]] == [
        ("T-E1", "CHANGED"), ("T-E2", "CHANGED"), ("T-E3", "NEW"),
    ]  # fmt: skip
    again = client.get(f"{PLANS}/{plan}/export", params={"format": "csv"}).content.decode().splitlines()
    assert again[2:3] == ["C02,社区C02,T-E2,T-E2队,1"]
    assert again[-1] == "C04,社区C04,T-E3,T-E3队,1"
    nobody = send(client, plan, "community_code,team_code\nC04,\n", "f.csv").json()
    assert [(one["team_code"], one["action"]) for one in nobody["teams"] if one["team_code"] == "T-E3"] == [
        ("T-E3", "REMOVED")
    ]


def test_names_and_an_empty_plan(client: TestClient, world: Engine) -> None:
    names = {"T-E1": '=HYPERLINK("http://x")', "T-E2": "很长" * 60 + '"引号"\n第二行'}
    with world.begin() as connection:
        for code, name in names.items():
            connection.execute(text("UPDATE team SET name = :name WHERE code = :code"), {"name": name, "code": code})
    plan = draft(client)["id"]
    for kind, name in (("geojson", "f.geojson"), ("gpkg", "f.gpkg"), ("shp", "f.zip"), ("csv", "f.csv")):
        content = client.get(f"{PLANS}/{plan}/export", params={"format": kind}).content
        assert set(send(client, plan, content, name).json()["counts"]) == {"UNCHANGED"}
    assert b"\n=HYPERLINK" not in client.get(f"{PLANS}/{plan}/export?format=csv").content
    assert b"'=HYPERLINK" in client.get(f"{PLANS}/{plan}/export?format=csv").content
    with world.begin() as connection:
        connection.execute(text("UPDATE team SET name = '𠮷野家队' WHERE code = 'T-E1'"))
    refused = client.get(f"{PLANS}/{plan}/export", params={"format": "shp", "encoding": "gbk"})
    assert (refused.status_code, refused.json()["code"]) == (409, "TERRITORY_TEXT_NOT_ENCODABLE")
    empty = draft(client, empty=True)["id"]
    for kind, name in (("geojson", "f.geojson"), ("gpkg", "f.gpkg"), ("shp", "f.zip")):
        answer = client.get(f"{PLANS}/{empty}/export", params={"format": kind})
        assert answer.status_code == 200
        assert send(client, empty, answer.content, name).json()["code"] == "NO_ROWS"
    assert client.get(f"{PLANS}/{empty}/export?format=csv").content.decode().splitlines()[1].endswith(",,,")


def test_a_large_file_may_come_and_a_larger_one_not(client: TestClient) -> None:
    plan = draft(client)["id"]
    padded = geojson(feature("T-E1", HALF)) + " " * (17 << 20)
    assert send(client, plan, padded, dry_run=True).status_code == 200
    assert client.post(f"{PLANS}/{plan}/edits", content=padded).status_code == 413
    too_large = send(client, plan, b" " * (65 << 20), dry_run=True)
    assert (too_large.status_code, too_large.json()["code"]) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("family", FAMILIES)
def test_bad_files_over_http(client: TestClient, world: Engine, tmp_path: Path, family: str) -> None:
    """Five of each family: never a 500, never a half-saved draft."""
    secret = tmp_path / "secret.csv"
    secret.write_text(SECRET, encoding="utf-8")
    plan = draft(client)["id"]
    before = territories(client, plan)
    files = list(FAMILIES[family](secret, "http://127.0.0.1:9"))
    for bad in files[:: max(len(files) // 5, 1)][:5]:
        said = dict(bad.said)
        columns = [f"{wanted}={name}" for wanted, name in said.pop("columns", {}).items()]
        answer = send(client, plan, bad.content, f"f{bad.suffix}", column=columns or None, strict=True, **said)
        assert answer.status_code in (200, 422, 413), (bad.name, answer.text)
        assert SECRET not in answer.text
        if answer.status_code != 200:
            assert answer.json()["code"]
            assert territories(client, plan) == before, bad.name
        elif answer.json()["edit_id"] is not None:
            client.post(f"{PLANS}/{plan}/undo", json={"by": "李制图"})
        assert territories(client, plan) == before, bad.name
    with world.connect() as connection:
        lost = connection.execute(
            text(
                "SELECT count(*) FROM territory_edit e WHERE NOT EXISTS (SELECT FROM territory_change c WHERE c.edit_id = e.id)"
            )
        ).scalar_one()
    assert lost == 0
    assert json.loads(client.get(f"{PLANS}/{plan}").text)["state"] == "DRAFT"
