"""Pages of features: under change, within a scope, at speed, and with parameters of ill will."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pyproj
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from app.access.principal import EVERYTHING, Scope
from app.ogc import collections, repository
from app.ogc.parameters import read_items
from tests.api.world import TODAY, box

Scoped = Callable[[Scope], None]


def pages(client: TestClient, where: str, change: Callable[[int], None] = lambda _: None) -> list[list[Any]]:
    """The ids of the features, page by page, along the links `next`; `change` happens after each page."""
    found: list[list[Any]] = []
    href: str | None = where
    while href is not None:
        answer = client.get(href)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found.append([one["id"] for one in page["features"]])
        href = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
        change(len(found))
        assert len(found) < 50
    return found


def test_pages_neither_repeat_nor_skip_while_rows_come_and_go(client: TestClient, world: Engine) -> None:
    def change(page: int) -> None:
        with world.begin() as connection:
            if page == 1:
                connection.execute(text("DELETE FROM community WHERE code = 'C01'"))
                connection.execute(
                    text("INSERT INTO community VALUES ('C00', 'x', CAST(:geom AS geometry))"),
                    {"geom": box(0, 1, 0, 1)},
                )
            if page == 2:
                connection.execute(
                    text("INSERT INTO community VALUES ('C045', 'x', CAST(:geom AS geometry))"),
                    {"geom": box(0, 1, 0, 1)},
                )

    found = pages(client, "/ogc/collections/communities/items?limit=2&f=json", change)
    assert found == [["C01", "C02"], ["C03", "C04"], ["C045", "C05"], ["C06"]]


def test_links_to_the_next_page_keep_what_was_asked(client: TestClient) -> None:
    crs = "http://www.opengis.net/def/crs/EPSG/0/4490"
    where = f"/ogc/collections/communities/items?limit=1&bbox=119,29,120.015,30.005&crs={crs}"
    assert pages(client, where) == [["C01"], ["C02"]]
    first = client.get(where).json()
    (following,) = [link["href"] for link in first["links"] if link["rel"] == "next"]
    second = client.get(following)
    assert second.headers["content-crs"] == f"<{crs}>"
    assert "numberMatched" not in second.json()


def test_a_cursor_of_another_collection_is_refused(client: TestClient) -> None:
    page = client.get("/ogc/collections/communities/items?limit=1").json()
    (following,) = [link["href"] for link in page["links"] if link["rel"] == "next"]
    other = following.replace("communities", "branches")
    answer = client.get(other)
    assert (answer.status_code, answer.json()["code"]) == (400, "CURSOR_INVALID")


def test_a_page_ends_before_it_becomes_too_long(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository, "PAGE_BYTES", 300)
    found = pages(client, "/ogc/collections/communities/items")
    assert [one for page in found for one in page] == ["C01", "C02", "C03", "C04", "C05", "C06"]
    assert len(found) > 1


def everything_told(client: TestClient, draft: int) -> str:
    told = []
    for place in (
        "collections",
        "api",
        *(
            f"collections/{name}{more}"
            for name in ("branches", "territories", "orphans", "communities")
            for more in ("", "/items", "/items?f=html")
        ),
    ):
        answer = client.get(f"/ogc/{place}")
        assert answer.status_code == 200
        told.append(answer.text)
    return "".join(told)


def test_nothing_out_of_scope_is_told(client: TestClient, draft: int, orphans: list[str], as_scope: Scoped) -> None:
    counts = {
        name: client.get(f"/ogc/collections/{name}/items").json()["numberMatched"]
        for name in ("branches", "territories", "orphans", "communities")
    }
    assert counts == {"branches": 2, "territories": 4, "orphans": 3, "communities": 6}
    as_scope(Scope(branch_codes=frozenset({"W"})))
    counts = {
        name: client.get(f"/ogc/collections/{name}/items").json()["numberMatched"]
        for name in ("branches", "territories", "orphans", "communities")
    }
    assert counts == {"branches": 1, "territories": 2, "orphans": 0, "communities": 6}
    told = everything_told(client, draft)
    assert "T-E1" not in told
    assert "东支公司" not in told
    assert "二季度" not in told
    assert "P000001" not in told
    extent = client.get("/ogc/collections/territories").json()["extent"]["spatial"]["bbox"][0]
    assert extent[0] == 120.03
    items = f"/ogc/collections/territory-plan-{draft}"
    for where in (items, f"{items}/items", f"{items}/items/T-E1", f"{items}/queryables", f"{items}-defects/items"):
        assert client.get(where).status_code == 404
    assert client.options(f"{items}/items").status_code == 404
    assert client.delete(f"{items}/items/T-E1?by=x").status_code == 404
    territories = client.get("/ogc/collections/territories/items?team_code=T-E1").json()
    assert (territories["numberMatched"], territories["features"]) == (0, [])
    assert client.get("/ogc/collections/territories/items/1.T-E1").status_code == 404
    assert client.get("/ogc/collections/orphans/items/1").status_code == 404


def test_a_lead_sees_the_own_team_only(client: TestClient, draft: int, orphans: list[str], as_scope: Scoped) -> None:
    as_scope(Scope(branch_codes=frozenset({"E"}), team_codes=frozenset({"T-E2"})))
    told = client.get("/ogc/collections/orphans/items").json()
    assert [one["properties"]["policy_no"] for one in told["features"]] == [orphans[2]]
    told = client.get(f"/ogc/collections/territory-plan-{draft}/items").json()
    assert [one["id"] for one in told["features"]] == ["T-E2"]


def test_orphans_are_masked_and_their_place_cannot_be_closed_in_on(client: TestClient, orphans: list[str]) -> None:
    told = client.get("/ogc/collections/orphans/items").json()
    (one,) = [each for each in told["features"] if each["properties"]["policy_no"] == orphans[0]]
    assert one["geometry"] == {"type": "Point", "coordinates": [120.005, 30.006]}
    assert one["properties"]["policyholder"] == "王＊＊"
    assert one["properties"]["phone"] == "199****0000"
    assert "1203" not in json.dumps(told, ensure_ascii=False)
    assert "小明" not in json.dumps(told, ensure_ascii=False)

    def count(west: float, south: float, east: float, north: float) -> int:
        answer = client.get(f"/ogc/collections/orphans/items?bbox={west},{south},{east},{north}")
        return int(answer.json()["numberMatched"])

    assert count(120.00512, 30.00567, 120.00513, 30.00568) == 0  # round the exact point there is nothing
    assert (
        count(120.0049, 30.0059, 120.0051, 30.0061) == 1
    )  # the rounded one is found, with a box that leaves the exact one out
    projected = client.get(
        "/ogc/collections/orphans/items?crs=http://www.opengis.net/def/crs/EPSG/0/3857&policy_no=" + orphans[0]
    ).json()
    x, y = projected["features"][0]["geometry"]["coordinates"]
    expected = pyproj.Transformer.from_crs(4490, 3857, always_xy=True).transform(120.005, 30.006)
    assert (x, y) == pytest.approx(expected, abs=0.001)


HOSTILE = {
    "bbox": [
        "", ",,,", "1,2,3", "1,2,3,4,5", "1,2,3,4,5,6,7", "a,b,c,d", "nan,nan,nan,nan", "inf,0,inf,0", "1e999,0,1,1", "0x1,0,1,1",
        "120,31,121,30", "0,0,181,1", "0,-91,1,1", "0,0,9,1,1,0", "1;DROP TABLE community,0,1,1", "１,２,３,４", "1_0,0,11,1", " , , , ",
        "120,30,121,31,", "1,2,3,4\x00",
    ],
    "datetime": [
        "", "..", "/", "../..", "2026-13-01", "2026-02-30", "20260101", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00",
        "2026-01-02/2026-01-01", "2026-01-01/2026-01-02/2026-01-03", "now", "2026-01-01'--", "0000-01-01", "9999-12-31T23:59:59-08:00",
        "2026-01-01T00:00:00+99:99", "２０２６-01-01",
    ],
    "limit": ["", "0", "-1", "+5", "1e3", "０", "٣", "1 ", "0x10", "NaN", "000", "1,2"],
    "crs": ["", "CRS84", "EPSG:4490", "http://www.opengis.net/def/crs/EPSG/0/4490 ", "http://www.opengis.net/def/crs/EPSG/9.9/4490", "\x00"],
    "cursor": ["", "x", "a" * 2000, "WyJjb21tdW5pdGllcyJd", "WyJjb21tdW5pdGllcyIsMV0", "\x00", "..", "[]"],
    "code": ["\x00", "a\nb", "x" * 3000],
    "f": ["", "JSON", "geojson", "../html", "html\x00"],
    "by": ["\x00", "a\u2028b"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in HOSTILE.items() for value in values])
def test_nonsense_is_refused(shared_client: TestClient, name: str, value: str) -> None:
    answer = shared_client.get("/ogc/collections/communities/items", params={name: value})
    assert answer.status_code == 400, answer.text
    told = answer.json()
    assert told["code"] in {"OGC_PARAMETER_INVALID", "OGC_CRS_UNKNOWN", "CURSOR_INVALID"}
    assert len(value) < 5 or value not in answer.text


@pytest.mark.parametrize(
    "value",
    ["' OR 1=1 --", "C01'; DROP TABLE community; --", "%", "_", "C01\\", ":code", "%(code)s", "{0}", "𠮷", "＇"],
)
def test_values_are_values(shared_client: TestClient, value: str) -> None:
    answer = shared_client.get("/ogc/collections/communities/items", params={"code": value})
    assert answer.status_code == 200
    assert answer.json()["numberMatched"] == 0


@pytest.mark.parametrize(
    "place",
    [
        "communities/items/' OR 1=1",
        "communities/items/C01%00",
        "communities/items/",
        "orphans/items/1e3",
        "orphans/items/99999999999999999999999999",
        "orphans/items/-1",
        "orphans/items/01",
        "territories/items/1",
        "territories/items/x.T-E1",
        "territory-plan-0/items",
        "territory-plan-99999999999999999999/items",
        "territory-plan-9/items",
        "territory-plan-1%27/items",
        "territory-plan-1-defects-volumes/items",
        "pg_class/items",
    ],
)
def test_what_is_not_there_is_not_found(shared_client: TestClient, place: str) -> None:
    answer = shared_client.get(f"/ogc/collections/{place}")
    assert answer.status_code == 404, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_numbers_and_truths_of_a_filter_are_read(shared_client: TestClient) -> None:
    items = "/ogc/collections/territories/items"
    assert shared_client.get(f"{items}?ended=true").json()["numberMatched"] == 1
    assert shared_client.get(f"{items}?plan=1&team_code=T-E1").json()["numberMatched"] == 1
    for bad in ("ended=yes", "plan=1.0", "plan=x", "plan=" + "9" * 30, "plan=1&plan=2"):
        assert shared_client.get(f"{items}?{bad}").status_code == 400


@pytest.mark.parametrize(
    ("headers", "root"),
    [
        ({"Host": "gis.example.cn:8443"}, "http://gis.example.cn:8443/ogc"),
        ({"X-Forwarded-Prefix": "/guidan/"}, "http://testserver/guidan/ogc"),
        ({"X-Forwarded-Host": "gis.example.cn", "X-Forwarded-Prefix": "/a/b"}, "http://gis.example.cn/a/b/ogc"),
        ({"X-Forwarded-Prefix": '/"><script>'}, "http://testserver/ogc"),
        ({"X-Forwarded-Prefix": "//evil.example"}, "http://testserver/ogc"),
        ({"X-Forwarded-Prefix": "/../x"}, "http://testserver/ogc"),
        ({"X-Forwarded-Host": "a b<c>"}, "http://testserver/ogc"),
    ],
)
def test_links_lead_back_the_way_the_client_came(shared_client: TestClient, headers: dict[str, str], root: str) -> None:
    for place in ("", "collections", "collections/communities", "collections/communities/items?limit=2"):
        told = shared_client.get(f"/ogc/{place}", headers=headers)
        assert "<script" not in told.text
        assert "evil" not in told.text
        for link in told.json()["links"]:
            assert link["href"] == root + link["href"].removeprefix(root)
            assert link["href"].startswith((f"{root}/", root))


def test_links_know_the_root_path_that_the_server_is_told(app: FastAPI) -> None:
    with TestClient(app, root_path="/guidan") as behind:
        told = behind.get("/guidan/ogc/collections/communities/items?limit=2")
        assert told.status_code == 200
        assert all(link["href"].startswith("http://testserver/guidan/ogc/") for link in told.json()["links"])
        (following,) = [link["href"] for link in told.json()["links"] if link["rel"] == "next"]
        assert behind.get(following).json()["numberReturned"] == 2
        moved = behind.get("/guidan/ogc?f=json", follow_redirects=False)
        assert moved.headers["location"] == "/guidan/ogc/?f=json"


def test_requests_are_counted_by_route(client: TestClient) -> None:
    client.get("/ogc/collections/communities/items/C01")
    counted = client.get("/metrics").text
    assert 'route="/ogc/collections/{collection_id}/items/{feature_id:path}"' in counted
    assert "C01" not in counted


def test_a_big_collection_is_read_through_the_index(world: Engine) -> None:
    with world.begin() as connection:
        connection.execute(
            text(
                """
                INSERT INTO community (code, name, geom)
                SELECT 'X' || x || '-' || y, 'x', ST_Multi(ST_MakeEnvelope(118 + x * 0.01, 31 + y * 0.01, 118.01 + x * 0.01, 31.01 + y * 0.01, 4490))
                FROM generate_series(0, 99) AS x, generate_series(0, 99) AS y
                """
            )
        )
        connection.execute(text("INSERT INTO territory_shape (geom) SELECT geom FROM community ON CONFLICT DO NOTHING"))
        for table in ("community", "territory_shape"):
            connection.execute(text(f"ANALYZE {table}"))
        for collection, index in (
            (collections.COMMUNITIES, "ix_community_geom"),
            (collections.TERRITORIES, "ix_territory_shape_geom"),
            (collections.ORPHANS, "ix_decision_point"),
        ):
            wanted = read_items([("bbox", "118.101,31.101,118.119,31.119")], collection.queryables)
            if collection is collections.ORPHANS:
                connection.execute(
                    text("SET LOCAL enable_seqscan = off")
                )  # the table is empty here: it is the condition that is tested
            plan = "\n".join(repository.explain(connection, collection, wanted, scope=EVERYTHING, today=TODAY))
            assert index in plan, plan


def test_the_planner_knows_how_many_orphans_a_box_holds(world: Engine) -> None:
    """Where it believes that there is one, it looks that one up for every orphan case that there is: a minute for a million."""
    wanted = read_items([("bbox", "118,31,118.05,31.05")], collections.ORPHANS.queryables)
    with world.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("INSERT INTO policyholder (id) SELECT 'H' || n FROM generate_series(0, 9999) AS n"))
        connection.execute(
            text(
                """
                INSERT INTO decision (run_id, policyholder_id, bundle_no, policies, branch_code, nature, nature_evidence, point, located_by,
                    flags, first_event_on, strategy_version, plan_version, trail)
                SELECT 1, 'H' || n, 'P' || n, 1, 'E', 'PURE', '', ST_SetSRID(ST_MakePoint(118 + n % 100 / 1000.0, 31 + n / 100 / 1000.0), 4490),
                    'POINT', '{}', '2026-01-01', 1, 'p', '[]'
                FROM generate_series(0, 9999) AS n
                """
            )
        )
        connection.execute(
            text(
                """
                INSERT INTO orphan_case (policy_no, policyholder_id, branch_code, state, open, reasons, event_ids, first_event_on,
                    collection_serviced, bundle_no, decision_id)
                SELECT bundle_no, policyholder_id, 'E', 'TEAM_POOL', true, '{}', '{}', '2026-01-01', false, bundle_no, id FROM decision
                """
            )
        )
        for table in ("policyholder", "decision", "orphan_case"):
            connection.execute(text(f"ANALYZE {table}"))
        plan = repository.explain(connection, collections.ORPHANS, wanted, scope=EVERYTHING, today=TODAY)
    scan = next(line for line in plan if "on decision" in line)
    assert int(scan.split("rows=")[1].split()[0]) > 500, "\n".join(plan)
