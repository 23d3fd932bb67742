"""Drafts edited as QGIS and others do: through the editing of drafts, with its history, conflicts and words."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from tests.ogc.conftest import GEOJSON, Standing, feature, ring

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
BY = {"by": "李制图"}


@pytest.fixture
def items(draft: int) -> str:
    """Address of the draft's features."""
    return f"/ogc/collections/territory-plan-{draft}/items"


def address_of(standing: Standing) -> str:
    return f"/ogc/collections/territory-plan-{standing.draft}/items"


def basic(name: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:secret".encode()).decode()}


def version(client: TestClient, draft: int) -> int:
    return int(client.get(f"/api/v1/territory-plans/{draft}").json()["version"])


def put(client: TestClient, where: str, sent: Any, **more: Any) -> Any:
    headers = {**GEOJSON, **more.pop("headers", {})}
    return client.put(where, params=more.pop("params", BY), json=sent, headers=headers)


@pytest.mark.parametrize(
    ("params", "headers", "person"),
    [
        ({"by": "李制图"}, {}, "李制图"),
        ({}, {"X-Guidan-Person": "%E6%9D%8E%E5%88%B6%E5%9B%BE"}, "李制图"),
        ({}, {"X-Guidan-Person": "李制图".encode()}, "李制图"),
        ({}, basic("李制图"), "李制图"),
        ({"by": "li"}, basic("li"), "li"),
    ],
)
def test_the_history_knows_who_it_was(
    client: TestClient, draft: int, items: str, params: Any, headers: Any, person: str
) -> None:
    sent = feature([ring(0, 0.01, 0.01, 0.02)], team_code="T-E3")
    made = client.post(items, params=params, json=sent, headers={**GEOJSON, **headers})
    assert made.status_code == 201, made.text
    step = client.get(f"/api/v1/territory-plans/{draft}/edits").json()["items"][0]
    assert (step["person"], step["verb"]) == (person, "REPLACE")
    assert "T-E3" in step["team_codes"]  # and a neighbour that has got its vertices
    undone = client.post(f"/api/v1/territory-plans/{draft}/undo", json={"by": person})
    assert undone.status_code == 200
    assert client.get(f"{items}/T-E3").status_code == 404


@pytest.mark.parametrize(
    ("params", "headers", "code"),
    [
        ({}, {}, "OGC_PERSON_MISSING"),
        ({}, {"Authorization": "Bearer x"}, "OGC_PERSON_MISSING"),
        ({}, {"Authorization": "Basic !!!"}, "OGC_PERSON_INVALID"),
        ({}, {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:x").decode()}, "OGC_PERSON_INVALID"),
        ({"by": "a"}, basic("b"), "OGC_PERSON_INVALID"),
        ({"by": "x" * 65}, {}, "OGC_PERSON_INVALID"),
        ({}, {"X-Guidan-Person": "a%0Ab"}, "OGC_PERSON_INVALID"),
        ({}, {"X-Guidan-Person": "%FF"}, "OGC_PERSON_INVALID"),
    ],
)
def test_somebody_must_be_named(standing: Standing, params: Any, headers: Any, code: str) -> None:
    client, items = standing.client, address_of(standing)
    sent = feature([ring(0, 0.01, 0.01, 0.02)], team_code="T-E3")
    answer = client.post(items, params=params, json=sent, headers={**GEOJSON, **headers})
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_what_comes_back_unchanged_changes_nothing(client: TestClient, draft: int, items: str) -> None:
    """In every system: the decimals are enough for each vertex to find its place again."""
    for uri in (None, 4490, 4326, 3857, 4549, 4508, 4528):
        crs = {} if uri is None else {"crs": f"{EPSG}{uri}"}
        loaded = client.get(f"{items}/T-E1", params=crs)
        before = version(client, draft)
        headers = {"Content-Crs": loaded.headers["content-crs"], "If-Match": loaded.headers["etag"]}
        answer = put(client, f"{items}/T-E1", loaded.json(), headers=headers)
        assert answer.status_code == 204, answer.text
        assert answer.headers["etag"] == loaded.headers["etag"]
        assert version(client, draft) == before


def test_a_change_of_somebody_else_makes_a_conflict_that_is_kept(client: TestClient, draft: int, items: str) -> None:
    loaded = client.get(f"{items}/T-E2").json()  # as QGIS has it, which sends all its fields back and no If-Match
    theirs = feature([ring(0.020, 0.029, 0, 0.010)], team_code="T-E2")
    assert put(client, f"{items}/T-E2", theirs, params={"by": "王测绘"}).status_code == 204
    mine = {**loaded, "geometry": feature([ring(0.020, 0.030, 0, 0.009)])["geometry"]}
    met = put(client, f"{items}/T-E2", mine)
    assert (met.status_code, met.json()["code"]) == (409, "TERRITORY_CONFLICT")
    assert met.json()["description"].startswith("别人在您查看之后改了")
    (kept,) = client.get(f"/api/v1/territory-plans/{draft}/conflicts").json()["items"]
    assert kept["id"] == met.json()["conflict_id"]
    theirs_by = {side["team_code"]: side["theirs_person"] for side in kept["sides"]}
    assert (kept["person"], theirs_by["T-E2"]) == ("李制图", "王测绘")
    # one's own later change is none
    loaded = client.get(f"{items}/T-E1").json()
    again = {**loaded, "geometry": feature([ring(0, 0.019, 0, 0.010)])["geometry"]}
    assert put(client, f"{items}/T-E1", again).status_code == 204
    again = {**loaded, "geometry": feature([ring(0, 0.018, 0, 0.010)])["geometry"]}
    assert put(client, f"{items}/T-E1", again).status_code == 204


def test_a_draft_alone_can_be_written(client: TestClient, draft: int, items: str, world: Engine) -> None:
    sent = feature([ring(0, 0.01, 0.01, 0.02)], team_code="T-E3")
    published = "/ogc/collections/territory-plan-1/items"
    for answer in (
        client.post(published, params=BY, json=sent, headers=GEOJSON),
        put(client, f"{published}/T-E1", sent),
        client.delete(f"{published}/T-E1", params=BY),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "TERRITORY_PLAN_NOT_EDITABLE")
    assert client.options(f"{published}/T-E1").headers["allow"] == "GET, OPTIONS"
    with world.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM territory_edit WHERE plan_id = 1")).scalar_one() == 0
    for where in ("communities/items/C01", "territories/items/1.T-E1", f"territory-plan-{draft}-defects/items/1"):
        answer = put(client, f"/ogc/collections/{where}", sent)
        assert (answer.status_code, answer.json()["code"]) == (409, "OGC_COLLECTION_READ_ONLY")
    assert client.patch(f"{items}/T-E1", params=BY, json={}).status_code == 405


SQUARE = ring(0, 0.01, 0.01, 0.02)


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (feature([SQUARE], team_code="T-E1"), 409, "TERRITORY_EXISTS"),
        (feature([SQUARE], team_code="T-W1"), 422, "TEAM_NOT_OF_BRANCH"),
        (feature([SQUARE], team_code="' OR 1=1"), 422, "TEAM_NOT_OF_BRANCH"),
        (feature([SQUARE]), 422, "OGC_FEATURE_INVALID"),
        (feature([SQUARE], team_code=7), 422, "OGC_FEATURE_INVALID"),
        (feature([SQUARE], team_code="T-E3", version="1"), 422, "OGC_FEATURE_INVALID"),
        (feature([SQUARE], team_code="x" * 65), 422, "OGC_FEATURE_INVALID"),
        ({**feature([SQUARE], team_code="T-E3"), "geometry": None}, 422, "OGC_FEATURE_INVALID"),
        ({**feature([SQUARE], team_code="T-E3"), "type": "FeatureCollection"}, 422, "OGC_FEATURE_INVALID"),
        ({**feature([SQUARE], team_code="T-E3"), "properties": []}, 422, "OGC_FEATURE_INVALID"),
        ([], 422, "OGC_FEATURE_INVALID"),
        ({"type": "Feature", "geometry": {"type": "Point", "coordinates": [120, 30]}, "properties": {"team_code": "T-E3"}}, 422, "OGC_FEATURE_INVALID"),
        (feature([], team_code="T-E3"), 422, None),
        (feature([[]], team_code="T-E3"), 422, None),
        (feature(["x"], team_code="T-E3"), 422, None),
        (feature([[[120, 30], [120.01, 30]]], team_code="T-E3"), 422, None),
        (feature([[["120", "30"], ["121", "30"], ["121", "31"], ["120", "30"]]], team_code="T-E3"), 422, None),
        (feature([[[30, 120], [30, 120.01], [30.01, 120.01], [30, 120]]], team_code="T-E3"), 422, None),
        (feature([[[120, 30], [120.01, 30.01], [120.01, 30], [120, 30.01], [120, 30]]], team_code="T-E3"), 422, None),
    ],
)  # fmt: skip
def test_what_cannot_be_a_territory_is_refused(standing: Standing, sent: Any, status: int, code: str | None) -> None:
    client, draft, items = standing.client, standing.draft, address_of(standing)
    before = version(client, draft)
    answer = client.post(items, params=BY, json=sent, headers=GEOJSON)
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert code is None or told["code"] == code
    assert told["description"] == f"{told['detail']} {told['detail_en']}"
    assert version(client, draft) == before


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", GEOJSON, 400, "MALFORMED_JSON"),
        (b"", GEOJSON, 400, "MALFORMED_JSON"),
        (b"[" * 100_000, GEOJSON, 400, "MALFORMED_JSON"),
        (b'{"type":"Feature","geometry":NaN}', GEOJSON, 400, "MALFORMED_JSON"),
        (b"<x/>", {"Content-Type": "application/xml"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b"{}", {**GEOJSON, "Content-Crs": "EPSG:4490"}, 400, "OGC_CRS_UNKNOWN"),
        (b"{}", {**GEOJSON, "Content-Crs": "<http://x/>"}, 400, "OGC_CRS_UNKNOWN"),
    ],
)
def test_bodies_that_cannot_be_read(
    standing: Standing, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = standing.client.put(f"{address_of(standing)}/T-E1", params=BY, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "coordinates", [None, 1, [1], [[1]], [[[1]]], [[[1, 2, 3, 4, 5]]], [[[[[[1, 2]]]]]], [[["1", "2"]]], [[[True, False]]], {}, [[[1e300, 1e300]]]]
)  # fmt: skip
def test_coordinates_of_another_system_are_read_as_strictly(standing: Standing, coordinates: Any) -> None:
    client, items = standing.client, address_of(standing)
    sent = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": coordinates}, "properties": {}}
    answer = put(client, f"{items}/T-E1", sent, headers={"Content-Crs": f"<{EPSG}4549>"})
    assert answer.status_code == 422, answer.text


def test_a_team_cannot_be_renamed(client: TestClient, items: str) -> None:
    answer = put(client, f"{items}/T-E1", feature([SQUARE], team_code="T-E3"))
    assert (answer.status_code, answer.json()["code"]) == (422, "TERRITORY_TEAM_FIXED")


def test_the_id_in_the_body_does_not_count(client: TestClient, items: str) -> None:
    answer = put(client, f"{items}/T-E1", {**feature([SQUARE]), "id": "T-E2"})
    assert answer.status_code == 204
    assert client.get(f"{items}/T-E1").json()["geometry"]["coordinates"][0][0][0] == [120, 30.01]
