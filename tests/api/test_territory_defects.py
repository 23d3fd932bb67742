"""Defects of a draft over HTTP: found after each edit, told with the customers they touch, mended, and holding back what they must."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytest
from fastapi.testclient import TestClient
from shapely.geometry import shape
from sqlalchemy import Engine, text

from app.territories.validation.renew import renew_all, renew_defects
from app.territories.validation.repository import identity, read_known

from .test_territory_plans import PLANS, draft, edit, mend, square
from .world import EAST, NORTH


@pytest.fixture
def plan(client: TestClient) -> int:
    """A draft of branch E: T-E1 has C01, C02 and a strip of C03, which T-E2 has too; nobody has C04 and what lies east of it."""
    number: int = draft(client)["id"]
    return number


def defects(client: TestClient, plan: int, **params: str) -> list[dict[str, Any]]:
    answer = client.get(f"{PLANS}/{plan}/defects", params={"limit": "500", **params})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def told(items: list[dict[str, Any]]) -> list[tuple[str, str, list[str], list[str]]]:
    return sorted(
        (one["severity"], one["code"], sorted(team["code"] for team in one["teams"]), one["community_codes"])
        for one in items
    )


OF_THE_WORLD = [
    ("ERROR", "OVERLAP", ["T-E1", "T-E2"], []),
    ("NOTE", "COMMUNITY_SHARED", ["T-E1", "T-E2"], ["C03"]),
    ("WARNING", "GAP", ["T-E1", "T-E2"], []),
    ("WARNING", "TEAM_WITHOUT_TERRITORY", ["T-E3"], []),
    ("WARNING", "UNOWNED_COMMUNITY", [], ["C04"]),
]


def live_in(world: Engine, *places: tuple[str, float, float]) -> None:
    """Customers with a policy and, where the name begins with O, an open orphan case."""
    with world.begin() as connection:
        for name, x, y in places:
            connection.execute(text("INSERT INTO policyholder (id) VALUES (:id)"), {"id": name})
            connection.execute(
                text(
                    """INSERT INTO address (policyholder_id, kind, text, point, declared_crs)
                    VALUES (:id, 'POSTAL', '庐山路', ST_SetSRID(ST_MakePoint(:x, :y), 4490), 'CGCS2000')"""
                ),
                {"id": name, "x": EAST + x, "y": NORTH + y},
            )
            connection.execute(
                text(
                    """INSERT INTO policy (policy_no, policyholder_id, branch_code, premium, status, served_by_collection)
                    VALUES (:id, :id, 'E', 100, 'IN_FORCE', false)"""
                ),
                {"id": name},
            )
            if name.startswith("O"):
                connection.execute(
                    text(
                        """INSERT INTO orphan_case (policy_no, policyholder_id, branch_code, state, open, reasons, event_ids, first_event_on, collection_serviced)
                        VALUES (:id, :id, 'E', 'LOCATED', true, '{AGENT_TERMINATED}', '{}', '2026-03-01', false)"""
                    ),
                    {"id": name},
                )


def test_a_draft_has_its_defects_from_the_beginning(client: TestClient, plan: int) -> None:
    items = defects(client, plan)
    assert told(items) == OF_THE_WORLD
    assert [one["severity"] for one in items] == sorted(
        (one["severity"] for one in items), key=["ERROR", "WARNING", "NOTE"].index
    )
    page = client.get(f"{PLANS}/{plan}/defects").json()
    assert (page["errors"], page["warnings"], page["notes"], page["fresh"], page["judged_on"]) == (
        1,
        3,
        1,
        True,
        "2026-03-10",
    )
    overlap = items[0]
    assert overlap["bbox"] == pytest.approx([120.020, 30.004, 120.022, 30.006])
    assert shape(overlap["geometry"]).area == pytest.approx(0.002 * 0.002)
    assert 120.020 < overlap["at"][0] < 120.022
    assert {way["team_code"] for way in overlap["ways"]} == {"T-E1", "T-E2"}
    nowhere = next(one for one in items if one["code"] == "TEAM_WITHOUT_TERRITORY")
    assert (nowhere["bbox"], nowhere["at"], nowhere["geometry"]) == (None, None, None)


def test_defects_are_filtered_and_paged(client: TestClient, plan: int) -> None:
    assert told(defects(client, plan, severity="ERROR")) == OF_THE_WORLD[:1]
    assert told(defects(client, plan, code="GAP")) == OF_THE_WORLD[2:3]
    assert told(defects(client, plan, team_code="T-E3")) == OF_THE_WORLD[3:4]
    seen, cursor = [], None
    while True:
        page = client.get(
            f"{PLANS}/{plan}/defects", params={"limit": 2, **({"cursor": cursor} if cursor else {})}
        ).json()
        seen += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [one["id"] for one in seen] == [one["id"] for one in defects(client, plan)]
    assert client.get(f"{PLANS}/{plan}/defects", params={"cursor": "x"}).json()["code"] == "CURSOR_INVALID"
    assert client.get(f"{PLANS}/999/defects").json()["code"] == "TERRITORY_PLAN_NOT_FOUND"


def test_each_defect_tells_the_customers_and_orphans_that_it_touches(client: TestClient, world: Engine) -> None:
    live_in(
        world,
        ("A1", 0.021, 0.005),
        ("O1", 0.0215, 0.0045),
        ("A2", 0.005, 0.015),
        ("O2", 0.001, 0.011),
        ("O3", 0.005, 0.005),
    )
    plan = draft(client)["id"]
    counts = {one["code"]: (one["customers"], one["orphans"]) for one in defects(client, plan)}
    assert counts == {
        "OVERLAP": (2, 1),
        "GAP": (2, 2 - 1),
        "UNOWNED_COMMUNITY": (2, 1),
        "COMMUNITY_SHARED": (2, 1),
        "TEAM_WITHOUT_TERRITORY": (0, 0),
    }
    # what touches most customers comes first among equals
    warnings = [one["customers"] for one in defects(client, plan, severity="WARNING")]
    assert warnings == sorted(warnings, reverse=True)


def test_an_edit_tells_the_defects_that_it_makes_and_mends(client: TestClient, plan: int) -> None:
    hole = edit(client, plan, verb="CUT_HOLE", team_code="T-E1", geometry=square(0.004, 0.006, 0.004, 0.006))
    assert ("WARNING", "HOLE", ["T-E1"], []) in told(hole["defects"])
    assert ("WARNING", "UNOWNED_COMMUNITY", ["T-E1"], ["C01"]) in told(hole["defects"])
    assert hole["errors"] == 1
    filled = edit(client, plan, verb="FILL_GAP", at=[120.005, 30.005])
    assert not {"HOLE", "UNOWNED_COMMUNITY"} & {one["code"] for one in filled["defects"]}
    assert told(defects(client, plan)) == OF_THE_WORLD


def test_undo_and_redo_renew_them_too(client: TestClient, plan: int) -> None:
    edit(client, plan, verb="CUT_HOLE", team_code="T-E1", geometry=square(0.004, 0.006, 0.004, 0.006))
    with_hole = told(defects(client, plan))
    client.post(f"{PLANS}/{plan}/undo", json={"by": "李制图"})
    assert told(defects(client, plan)) == OF_THE_WORLD
    client.post(f"{PLANS}/{plan}/redo", json={"by": "李制图"})
    assert told(defects(client, plan)) == with_hole != OF_THE_WORLD


def test_defects_elsewhere_keep_their_numbers(client: TestClient, plan: int) -> None:
    before = {one["code"]: one["id"] for one in defects(client, plan)}
    edit(client, plan, verb="CUT_HOLE", team_code="T-E1", geometry=square(0.004, 0.006, 0.004, 0.006))
    after = {one["code"]: one["id"] for one in defects(client, plan) if one["community_codes"] != ["C01"]}
    assert {code: after[code] for code in before} == before


def test_what_a_repair_would_give_is_told_and_then_done(client: TestClient, world: Engine, plan: int) -> None:
    live_in(world, ("A2", 0.005, 0.015), ("O2", 0.001, 0.011))
    (gap,) = defects(client, plan, code="GAP")
    offers = client.get(f"{PLANS}/{plan}/defects/{gap['id']}").json()
    assert offers["defect"]["id"] == gap["id"]
    assert [(offer["way"], offer["team_code"]) for offer in offers["offers"]] == [("GIVE", "T-E1"), ("GIVE", "T-E2")]
    (gift,) = offers["offers"][1]["gifts"]
    assert (gift["from_team_code"], gift["to_team_code"], gift["customers"], gift["orphans"]) == (None, "T-E2", 2, 1)
    assert gift["area_m2"] == pytest.approx(gap["area_m2"], rel=1e-6)
    verb = {"verb": "REPAIR", "defect_id": gap["id"], "way": "GIVE", "team_code": "T-E2"}
    version = client.get(f"{PLANS}/{plan}").json()["version"]
    seen = client.post(f"{PLANS}/{plan}/edits/preview", json={"by": "李制图", "version": version, "edit": verb})
    assert {one["team_code"] for one in seen.json()["changed"]} >= {"T-E2"}
    assert defects(client, plan, code="GAP") == [gap]
    edit(client, plan, **verb)
    assert defects(client, plan, code="GAP") == []
    assert defects(client, plan, code="UNOWNED_COMMUNITY") == []


@pytest.mark.parametrize(
    ("winner", "sizes"), [("T-E1", {"T-E1": 2.04, "T-E2": 0.96}), ("T-E2", {"T-E1": 2.0, "T-E2": 1.0})]
)
def test_an_overlap_is_given_to_one_of_its_two(
    client: TestClient, plan: int, winner: str, sizes: dict[str, float]
) -> None:
    (overlap,) = defects(client, plan, code="OVERLAP")
    edit(client, plan, verb="REPAIR", defect_id=overlap["id"], way="GIVE", team_code=winner)
    features = client.get(f"{PLANS}/{plan}/territories").json()["features"]
    assert {one["id"]: round(shape(one["geometry"]).area / 1e-4, 4) for one in features} == sizes
    assert defects(client, plan, severity="ERROR") == []


def test_a_repair_that_is_not_offered_or_too_late_is_refused(client: TestClient, plan: int) -> None:
    (overlap,) = defects(client, plan, code="OVERLAP")
    version = client.get(f"{PLANS}/{plan}").json()["version"]

    def refused(**verb: Any) -> tuple[int, str]:
        answer = client.post(
            f"{PLANS}/{plan}/edits", json={"by": "李制图", "version": version, "edit": {"verb": "REPAIR", **verb}}
        )
        return answer.status_code, answer.json()["code"]

    assert refused(defect_id=overlap["id"], way="GIVE", team_code="T-E3") == (422, "REPAIR_WAY_UNKNOWN")
    assert refused(defect_id=overlap["id"], way="CLIP") == (422, "REPAIR_WAY_UNKNOWN")
    mend(client, plan)
    version = client.get(f"{PLANS}/{plan}").json()["version"]
    assert refused(defect_id=overlap["id"], way="GIVE", team_code="T-E1") == (404, "TERRITORY_DEFECT_NOT_FOUND")
    assert client.get(f"{PLANS}/{plan}/defects/{overlap['id']}").status_code == 404


def test_errors_hold_back_a_submission_and_warnings_do_not(client: TestClient, plan: int) -> None:
    answer = client.post(f"{PLANS}/{plan}/submit", json={"by": "李制图"})
    assert (answer.status_code, answer.json()["code"], answer.json()["errors"]) == (409, "TERRITORY_PLAN_HAS_ERRORS", 1)
    mend(client, plan)
    assert defects(client, plan, severity="WARNING")
    assert client.post(f"{PLANS}/{plan}/submit", json={"by": "李制图"}).status_code == 200


def test_a_dissolved_team_is_an_error_and_its_heir_can_be_given_its_land(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        connection.execute(text("UPDATE team SET successor_code = 'T-W3' WHERE code = 'T-W2'"))
    plan = draft(client, "W")["id"]
    (gone,) = defects(client, plan, severity="ERROR")
    assert (gone["code"], gone["details"]["ended_on"]) == ("TEAM_DISSOLVED", "2026-01-31")
    assert [(way["way"], way["team_code"]) for way in gone["ways"]] == [("GIVE", "T-W3"), ("REMOVE", "T-W2")]
    edit(client, plan, verb="REPAIR", defect_id=gone["id"], way="GIVE", team_code="T-W3")
    assert defects(client, plan) == []
    features = client.get(f"{PLANS}/{plan}/territories").json()["features"]
    assert [one["id"] for one in features] == ["T-W1", "T-W3"]


def test_a_team_that_ends_before_the_version_begins_holds_back_its_publication(
    client: TestClient, world: Engine
) -> None:
    plan = draft(client)["id"]
    mend(client, plan)
    for step, by in (("submit", "李制图"), ("approve", "王审批")):
        assert client.post(f"{PLANS}/{plan}/{step}", json={"by": by}).status_code == 200
    with world.begin() as connection:
        connection.execute(text("UPDATE team SET ended_on = '2026-04-01' WHERE code = 'T-E2'"))
    publish = {"by": "王审批", "effective_from": "2026-04-01"}
    answer = client.post(f"{PLANS}/{plan}/publish", json=publish)
    assert (answer.status_code, answer.json()["code"]) == (409, "TERRITORY_PLAN_HAS_ERRORS")
    answer = client.post(f"{PLANS}/{plan}/publish", json={**publish, "effective_from": "2026-03-31"})
    assert answer.status_code == 200, answer.text


def test_a_marketing_team_with_land_and_teams_of_one_name(client: TestClient, world: Engine, plan: int) -> None:
    edit(client, plan, verb="ASSIGN_COMMUNITIES", community_codes=["C04"], to_team_code="M-E1")
    with world.begin() as connection:
        connection.execute(
            text("UPDATE team SET name = (SELECT name FROM team WHERE code = 'T-E1') || ' ' WHERE code = 'T-E3'")
        )
    answer = client.post(f"{PLANS}/{plan}/checks")
    assert answer.status_code == 201
    codes = {one["code"]: one for one in defects(client, plan)}
    assert codes["TEAM_WRONG_FORCE"]["severity"] == "ERROR"
    assert [team["code"] for team in codes["NAME_CLASH"]["teams"]] == ["T-E1", "T-E3"]
    edit(client, plan, verb="REPAIR", defect_id=codes["TEAM_WRONG_FORCE"]["id"], way="REMOVE")
    assert not defects(client, plan, code="TEAM_WRONG_FORCE")


def test_an_open_conflict_is_an_error_until_it_is_settled(client: TestClient, plan: int) -> None:
    version = client.get(f"{PLANS}/{plan}").json()["version"]
    edit(client, plan, by="李制图", verb="ASSIGN_COMMUNITIES", community_codes=["C02"], to_team_code="T-E3")
    answer = client.post(
        f"{PLANS}/{plan}/edits",
        json={
            "by": "赵制图",
            "version": version,
            "edit": {"verb": "ASSIGN_COMMUNITIES", "community_codes": ["C02"], "to_team_code": "T-E2"},
        },
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "TERRITORY_CONFLICT")
    (conflict,) = defects(client, plan, code="OPEN_CONFLICT")
    assert (conflict["severity"], conflict["details"]["conflict_id"]) == ("ERROR", answer.json()["conflict_id"])
    assert conflict["bbox"] is not None
    client.post(
        f"{PLANS}/{plan}/conflicts/{answer.json()['conflict_id']}/resolve", json={"by": "赵制图", "choice": "THEIRS"}
    )
    assert defects(client, plan, code="OPEN_CONFLICT") == []


def test_drawing_stays_in_the_branch_unless_told(client: TestClient, plan: int) -> None:
    drawn = edit(client, plan, verb="DRAW", team_code="T-E3", geometry=square(0.025, 0.035, 0.012, 0.018))
    assert not [one for one in drawn["defects"] if one["code"] == "OUTSIDE_BRANCH"]
    area = next(one for one in drawn["changed"] if one["team_code"] == "T-E3")["geometry"]
    assert shape(area).bounds == pytest.approx((120.025, 30.012, 120.030, 30.018))


def test_what_a_draft_was_made_with_is_told_from_what_it_brought(client: TestClient, plan: int) -> None:
    edit(client, plan, verb="REPLACE", team_code="T-E3", geometry=square(0.005, 0.015, 0.002, 0.008))
    assert sorted(one["inherited"] for one in defects(client, plan, code="OVERLAP")) == [False, True]
    made = client.post(PLANS, json={"branch_code": "E", "name": "接着画", "by": "李制图", "base_id": plan}).json()["id"]
    before = defects(client, made)
    assert [one["inherited"] for one in before] == [True] * len(before)
    assert "OVERLAP" in {one["code"] for one in before}
    # a vertex beside it gives the overlap another outline: it is the same one, and has not grown
    edit(client, made, verb="INSERT_VERTEX", at=[120.005, 30.005], to=[120.005, 30.005])
    assert all(one["inherited"] for one in defects(client, made, code="OVERLAP"))
    edit(client, made, verb="CUT_HOLE", team_code="T-E1", geometry=square(0.001, 0.003, 0.002, 0.004))
    assert {one["code"] for one in defects(client, made) if not one["inherited"]} >= {"HOLE"}


def test_land_outside_of_the_branch_is_clipped(client: TestClient, plan: int) -> None:
    drawn = edit(client, plan, verb="DRAW", team_code="T-E3", geometry=square(0.025, 0.035, 0.012, 0.018), take=True)
    (outside,) = [one for one in drawn["defects"] if one["code"] == "OUTSIDE_BRANCH"]
    assert (outside["severity"], outside["ways"][0]["way"]) == ("ERROR", "CLIP")
    clipped = edit(client, plan, verb="REPAIR", defect_id=outside["id"], way="CLIP", team_code="T-E3")
    assert not [one for one in clipped["defects"] if one["code"] == "OUTSIDE_BRANCH"]
    area = next(one for one in clipped["changed"] if one["team_code"] == "T-E3")["geometry"]
    assert shape(area).bounds == pytest.approx((120.025, 30.012, 120.030, 30.018))


EDITS: list[dict[str, Any]] = [
    {"verb": "ASSIGN_COMMUNITIES", "community_codes": ["C04"], "to_team_code": "T-E3"},
    {"verb": "CUT_HOLE", "team_code": "T-E1", "geometry": square(0.008, 0.012, 0.003, 0.007)},
    {"verb": "REPLACE", "team_code": "T-E3", "geometry": square(0.005, 0.025, 0.005, 0.015)},
    {"verb": "GIVE", "geometry": square(0.018, 0.03, 0.0, 0.02), "to_team_code": "T-E2"},
    {"verb": "DRAW", "team_code": "T-E1", "geometry": square(-0.002, 0.002, 0.012, 0.022)},
    {"verb": "REMOVE", "team_code": "T-E3"},
    {"verb": "GIVE", "geometry": square(0.0, 0.001, 0.0, 0.03), "to_team_code": None},
    {"verb": "MERGE", "team_code": "T-E1", "into_team_code": "T-E2"},
]


def test_around_each_edit_the_store_has_what_the_whole_has(client: TestClient, world: Engine, plan: int) -> None:
    for verb in EDITS:
        if verb["verb"] in ("GIVE", "DRAW", "MERGE"):
            mend(client, plan)  # these refuse to work on overlaps
        edit(client, plan, **verb)
        with world.connect() as connection:
            near = sorted(_what(one.defect) for one in read_known(connection, plan))
            renew_all(connection, plan)
            whole = sorted(_what(one.defect) for one in read_known(connection, plan))
            connection.rollback()
        assert near == whole, verb["verb"]


def _what(defect: Any) -> tuple[Any, ...]:
    ways = tuple(sorted((way.code, way.team_code or "") for way in defect.ways))
    return (
        defect.code,
        defect.kind,
        tuple(sorted(defect.team_codes)),
        defect.community_codes,
        round(defect.area_m2 or 0),
        ways,
    )


def test_what_somebody_else_has_written_is_found_by_the_next_renewal(
    client: TestClient, world: Engine, plan: int
) -> None:
    with world.begin() as connection:
        connection.execute(
            text("UPDATE territory SET shape_id = NULL WHERE plan_id = :plan AND team_code = 'T-E2'"), {"plan": plan}
        )
    assert client.get(f"{PLANS}/{plan}/defects").json()["fresh"] is False
    with world.begin() as connection:
        renew_defects(connection, plan)
    assert client.get(f"{PLANS}/{plan}/defects").json()["fresh"] is True
    assert defects(client, plan, code="OVERLAP") == []
    assert ("WARNING", "UNOWNED_COMMUNITY", ["T-E1"], ["C03"]) in told(defects(client, plan))


def test_nothing_is_rewritten_where_nothing_has_changed(client: TestClient, world: Engine, plan: int) -> None:
    with world.begin() as connection:
        before = {one.id: identity(one.defect) for one in read_known(connection, plan)}
        assert renew_defects(connection, plan, ["T-E1", "T-E2"]).added == []
        assert renew_all(connection, plan).added == []
        assert {one.id: identity(one.defect) for one in read_known(connection, plan)} == before


def comb(vertices: int, turned: bool) -> dict[str, Any]:
    """A valid comb over branch E, its teeth upwards or (turned) to the right."""
    teeth = (vertices - 3) // 4
    points = [(0.0, 0.0)]
    for n in range(teeth):
        x = n / teeth
        points += [(x, 1.0), (x + 0.4 / teeth, 1.0), (x + 0.5 / teeth, 0.01), (x + 0.9 / teeth, 0.01)]
    points += [(1.0, 0.01), (1.0, 0.0), (0.0, 0.0)]
    ring = [(y, x) if turned else (x, y) for x, y in points]
    return {
        "type": "Polygon",
        "coordinates": [[[round(EAST + x * 0.03, 8), round(NORTH + y * 0.02, 8)] for x, y in ring]],
    }


@pytest.mark.parametrize("verb", ["REPLACE", "DRAW", "GIVE"])
def test_hostile_combs_are_refused_in_time(client: TestClient, verb: str) -> None:
    plan = draft(client, empty=True)["id"]
    edit(client, plan, verb="REPLACE", team_code="T-E1", geometry=comb(2_000, False))
    version = client.get(f"{PLANS}/{plan}").json()["version"]
    given = {
        "REPLACE": {"team_code": "T-E2"},
        "DRAW": {"team_code": "T-E2", "take": True},
        "GIVE": {"to_team_code": "T-E2"},
    }[verb]
    since = monotonic()
    answer = client.post(
        f"{PLANS}/{plan}/edits",
        json={"by": "李制图", "version": version, "edit": {"verb": verb, "geometry": comb(2_000, True), **given}},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "GEOMETRY_TOO_COMPLEX")
    assert monotonic() - since < 5
    assert client.get(f"{PLANS}/{plan}").json()["version"] == version


def test_a_shape_that_could_mean_several_areas_is_refused(client: TestClient, plan: int) -> None:
    bow = [[120.001, 30.011], [120.009, 30.019], [120.009, 30.011], [120.001, 30.019], [120.001, 30.011]]
    version = client.get(f"{PLANS}/{plan}").json()["version"]
    verb = {"verb": "REPLACE", "team_code": "T-E3", "geometry": {"type": "Polygon", "coordinates": [bow]}}
    answer = client.post(f"{PLANS}/{plan}/edits", json={"by": "李制图", "version": version, "edit": verb})
    assert (answer.status_code, answer.json()["code"]) == (422, "SHAPE_AMBIGUOUS")
