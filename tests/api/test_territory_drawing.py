"""Drawing a draft over HTTP: every verb, undo and redo by person, edits that merge and edits that conflict, presence."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient
from shapely.geometry import shape
from sqlalchemy import Engine, text

from .test_territory_plans import HAND_OVER, PLANS, draft, edit, square, step

SQUARE_DEG2 = 0.01 * 0.01
"""Area of a community of the rulebook's world, in square degrees."""


@pytest.fixture
def plan(client: TestClient) -> int:
    """A draft of branch E: T-E1 has C01, C02 and a strip of C03 that T-E2 has too; T-E2 has C03."""
    number: int = draft(client)["id"]
    return number


@pytest.fixture
def clean(client: TestClient) -> int:
    """A draft without the overlap: T-E1 has C01 and C02, T-E2 has C03, C04 is nobody's."""
    number: int = draft(client, empty=True)["id"]
    for team, codes in (("T-E1", ["C01", "C02"]), ("T-E2", ["C03"])):
        edit(client, number, verb="ASSIGN_COMMUNITIES", community_codes=codes, to_team_code=team)
    return number


def areas(client: TestClient, plan: int, **params: str) -> dict[str, shapely.MultiPolygon]:
    features = client.get(f"{PLANS}/{plan}/territories", params=params).json()["features"]
    return {one["id"]: shape(one["geometry"]) for one in features}


def sizes(client: TestClient, plan: int) -> dict[str, float]:
    """Territories in communities' areas."""
    return {team: round(area.area / SQUARE_DEG2, 4) for team, area in areas(client, plan).items()}


def line(*points: tuple[float, float]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [[round(120 + x, 8), round(30 + y, 8)] for x, y in points]}


def at(x: float, y: float) -> list[float]:
    return [round(120 + x, 8), round(30 + y, 8)]


def assert_sound(found: dict[str, shapely.MultiPolygon]) -> None:
    for area in found.values():
        assert area.is_valid
    for one, other in itertools.combinations(found.values(), 2):
        assert one.intersection(other).area == 0


VERBS: list[tuple[dict[str, Any], dict[str, float]]] = [
    ({"verb": "DRAW", "team_code": "T-E3", "geometry": square(0, 0.010, 0.010, 0.020)}, {"T-E1": 2, "T-E2": 1, "T-E3": 1}),
    (
        {"verb": "DRAW", "team_code": "T-E3", "geometry": square(0, 0.010, 0.005, 0.020), "take": True},
        {"T-E1": 1.5, "T-E2": 1, "T-E3": 1.5},
    ),
    ({"verb": "MOVE_VERTEX", "at": at(0.020, 0.010), "to": at(0.022, 0.010)}, {"T-E1": 2.1, "T-E2": 0.9}),
    ({"verb": "INSERT_VERTEX", "at": at(0.020, 0.005), "to": at(0.024, 0.005)}, {"T-E1": 2.2, "T-E2": 0.8}),
    ({"verb": "RESHAPE", "team_code": "T-E1", "line": line((0.020, 0), (0.024, 0.005), (0.020, 0.010))}, {"T-E1": 2.2, "T-E2": 0.8}),
    (
        {"verb": "SPLIT", "team_code": "T-E1", "line": line((0.004, -0.001), (0.004, 0.011)), "to_team_code": "T-E3"},
        {"T-E1": 1.6, "T-E2": 1, "T-E3": 0.4},
    ),
    (
        {"verb": "SPLIT", "team_code": "T-E1", "line": line((0.004, -0.001), (0.004, 0.011)), "to_team_code": "T-E3",
         "part": at(0.010, 0.005)},
        {"T-E1": 0.4, "T-E2": 1, "T-E3": 1.6},
    ),
    ({"verb": "MERGE", "team_code": "T-E2", "into_team_code": "T-E1"}, {"T-E1": 3}),
    ({"verb": "GIVE", "geometry": square(0.015, 0.025, 0, 0.010), "to_team_code": "T-E3"}, {"T-E1": 1.5, "T-E2": 0.5, "T-E3": 1}),
    (
        {"verb": "GIVE", "geometry": square(0.015, 0.025, 0, 0.010), "to_team_code": "T-E3", "from_team_codes": ["T-E2"]},
        {"T-E1": 2, "T-E2": 0.5, "T-E3": 0.5},
    ),
    ({"verb": "GIVE", "geometry": square(0.015, 0.020, 0, 0.010), "to_team_code": None}, {"T-E1": 1.5, "T-E2": 1}),
    ({"verb": "ASSIGN_COMMUNITIES", "community_codes": ["C02", "C04"], "to_team_code": "T-E2"}, {"T-E1": 1, "T-E2": 3}),
    ({"verb": "ASSIGN_COMMUNITIES", "community_codes": ["C03"], "to_team_code": None}, {"T-E1": 2}),
    ({"verb": "CUT_HOLE", "team_code": "T-E1", "geometry": square(0.002, 0.004, 0.002, 0.004)}, {"T-E1": 1.96, "T-E2": 1}),
    ({"verb": "REPLACE", "team_code": "T-E2", "geometry": square(0.020, 0.025, 0, 0.010)}, {"T-E1": 2, "T-E2": 0.5}),
    ({"verb": "REMOVE", "team_code": "T-E2"}, {"T-E1": 2}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("verb", "expected"), VERBS, ids=lambda value: value.get("verb", "") if "verb" in value else ""
)
def test_every_verb(client: TestClient, clean: int, verb: dict[str, Any], expected: dict[str, float]) -> None:
    before = sizes(client, clean)
    body = {"by": "李制图", "version": 2, "edit": verb}
    looked = client.post(f"{PLANS}/{clean}/edits/preview", json=body)
    assert looked.status_code == 200, looked.text
    assert sizes(client, clean) == before
    done = edit(client, clean, **verb)
    assert done["changed"] == looked.json()["changed"]
    assert (done["version"], done["undo"], done["redo"]) == (3, verb["verb"], None)
    assert sizes(client, clean) == expected
    assert_sound(areas(client, clean))
    undone = client.post(f"{PLANS}/{clean}/undo", json={"by": "李制图"}).json()
    assert sizes(client, clean) == before
    assert (undone["version"], undone["redo"]) == (4, verb["verb"])
    redone = client.post(f"{PLANS}/{clean}/redo", json={"by": "李制图"}).json()
    assert redone["changed"] == done["changed"]
    assert sizes(client, clean) == expected


def test_a_vertex_that_is_shared_moves_in_both_and_a_corner_is_taken_out(client: TestClient, clean: int) -> None:
    edit(client, clean, verb="INSERT_VERTEX", at=at(0.020, 0.005), to=at(0.021, 0.005))
    edit(client, clean, verb="MOVE_VERTEX", at=at(0.021, 0.005), to=at(0.019, 0.005))
    assert sizes(client, clean) == {"T-E1": 1.95, "T-E2": 1.05}
    edit(client, clean, verb="DELETE_VERTEX", at=at(0.019, 0.005))
    assert sizes(client, clean) == {"T-E1": 2, "T-E2": 1}


def test_a_gap_is_filled_by_the_neighbour_with_the_longest_border_or_by_the_one_named(
    client: TestClient, clean: int
) -> None:
    edit(client, clean, verb="GIVE", geometry=square(0.016, 0.021, 0.004, 0.006), to_team_code=None)
    edit(client, clean, verb="FILL_GAP", at=at(0.018, 0.005))
    assert sizes(client, clean) == {"T-E1": 2.02, "T-E2": 0.98}
    edit(client, clean, verb="FILL_GAP", at=at(0.005, 0.015), to_team_code="T-E3")
    assert sizes(client, clean)["T-E3"] == 3


def test_only_the_neighbourhood_is_sent_in_full_detail(client: TestClient, clean: int) -> None:
    assert set(areas(client, clean, bbox="120.021,30.001,120.022,30.002")) == {"T-E2"}
    assert set(areas(client, clean, bbox="120.0199,30.001,120.022,30.002")) == {"T-E1", "T-E2"}
    assert client.get(f"{PLANS}/{clean}/territories", params={"bbox": "1,2,3"}).status_code == 422


def test_steps_are_undone_by_their_own_person_in_their_own_order(client: TestClient, clean: int) -> None:
    edit(client, clean, by="甲", verb="CUT_HOLE", team_code="T-E1", geometry=square(0.002, 0.004, 0.002, 0.004))
    edit(client, clean, by="乙", verb="CUT_HOLE", team_code="T-E2", geometry=square(0.025, 0.026, 0.002, 0.004))
    edit(client, clean, by="甲", verb="CUT_HOLE", team_code="T-E1", geometry=square(0.012, 0.014, 0.002, 0.004))
    for expected in (1.96, 2.0):
        client.post(f"{PLANS}/{clean}/undo", json={"by": "甲"})
        assert sizes(client, clean) == {"T-E1": expected, "T-E2": 0.98}
    for expected in (1.96, 1.92):
        client.post(f"{PLANS}/{clean}/redo", json={"by": "甲"})
        assert sizes(client, clean) == {"T-E1": expected, "T-E2": 0.98}
    answer = client.post(f"{PLANS}/{clean}/redo", json={"by": "甲"})
    assert (answer.status_code, answer.json()["code"]) == (409, "NOTHING_TO_REDO")
    answer = client.post(f"{PLANS}/{clean}/undo", json={"by": "丙"})
    assert (answer.status_code, answer.json()["code"]) == (409, "NOTHING_TO_UNDO")


def test_a_new_step_forgets_what_was_undone(client: TestClient, clean: int) -> None:
    edit(client, clean, verb="REMOVE", team_code="T-E2")
    client.post(f"{PLANS}/{clean}/undo", json={"by": "李制图"})
    told = edit(client, clean, verb="CUT_HOLE", team_code="T-E1", geometry=square(0.002, 0.004, 0.002, 0.004))
    assert told["redo"] is None
    assert client.post(f"{PLANS}/{clean}/redo", json={"by": "李制图"}).status_code == 409


def test_a_step_that_somebody_has_built_upon_is_not_undone(client: TestClient, clean: int) -> None:
    edit(client, clean, by="甲", verb="CUT_HOLE", team_code="T-E1", geometry=square(0.002, 0.004, 0.002, 0.004))
    edit(client, clean, by="乙", verb="CUT_HOLE", team_code="T-E1", geometry=square(0.006, 0.008, 0.002, 0.004))
    answer = client.post(f"{PLANS}/{clean}/undo", json={"by": "甲"})
    assert (answer.status_code, answer.json()["code"]) == (409, "STEP_BUILT_UPON")
    assert (answer.json()["team_codes"], answer.json()["person"]) == (["T-E1"], "乙")
    client.post(f"{PLANS}/{clean}/undo", json={"by": "乙"})
    assert client.post(f"{PLANS}/{clean}/undo", json={"by": "甲"}).status_code == 200
    assert sizes(client, clean) == {"T-E1": 2, "T-E2": 1}


def test_a_step_is_undone_though_a_neighbour_has_got_vertices_since(client: TestClient, clean: int) -> None:
    before = areas(client, clean)
    edit(client, clean, by="甲", verb="CUT_HOLE", team_code="T-E2", geometry=square(0.025, 0.026, 0.002, 0.004))
    # gives T-E2 vertices on the common border, and takes none of its land
    edit(client, clean, by="乙", verb="GIVE", geometry=square(0.018, 0.020, 0.004, 0.006), to_team_code=None)
    edit(client, clean, by="乙", verb="FILL_GAP", at=at(0.019, 0.005), to_team_code="T-E1")
    answer = client.post(f"{PLANS}/{clean}/undo", json={"by": "甲"})
    assert answer.status_code == 200, answer.text
    after = areas(client, clean)
    assert {team: area.area for team, area in after.items()} == pytest.approx(
        {team: area.area for team, area in before.items()}
    )
    assert shapely.coverage_is_valid(list(after.values()))
    assert client.post(f"{PLANS}/{clean}/redo", json={"by": "甲"}).status_code == 200
    assert sizes(client, clean) == {"T-E1": 2, "T-E2": 0.98}
    assert shapely.coverage_is_valid(list(areas(client, clean).values()))


def test_edits_of_different_territories_merge(client: TestClient, clean: int) -> None:
    one = {"verb": "CUT_HOLE", "team_code": "T-E1", "geometry": square(0.002, 0.004, 0.002, 0.004)}
    other = {"verb": "CUT_HOLE", "team_code": "T-E2", "geometry": square(0.025, 0.026, 0.002, 0.004)}
    edit(client, clean, by="甲", version=2, **one)
    told = edit(client, clean, by="乙", version=2, **other)
    assert told["version"] == 4
    assert sizes(client, clean) == {"T-E1": 1.96, "T-E2": 0.98}


def conflict(client: TestClient, plan: int) -> dict[str, Any]:
    """甲 and 乙 have both seen version 2; 甲 was first."""
    edit(
        client, plan, by="甲", version=2, verb="CUT_HOLE", team_code="T-E1", geometry=square(0.002, 0.004, 0.002, 0.004)
    )
    late = {"verb": "GIVE", "geometry": square(0, 0.006, 0, 0.010), "to_team_code": "T-E2"}
    answer = client.post(f"{PLANS}/{plan}/edits", json={"by": "乙", "version": 2, "edit": late})
    assert (answer.status_code, answer.json()["code"]) == (409, "TERRITORY_CONFLICT")
    told: dict[str, Any] = answer.json()
    return told


def test_a_true_conflict_keeps_both_versions_and_is_not_forgotten(client: TestClient, clean: int) -> None:
    told = conflict(client, clean)
    assert sizes(client, clean) == {"T-E1": 1.96, "T-E2": 1}
    assert client.get(f"{PLANS}/{clean}").json()["conflicts"] == 1
    (found,) = client.get(f"{PLANS}/{clean}/conflicts").json()["items"]
    assert (found["id"], found["person"], found["verb"]) == (told["conflict_id"], "乙", "GIVE")
    of_team = {side["team_code"]: side for side in found["sides"]}
    assert set(of_team) == {"T-E1", "T-E2"}
    assert of_team["T-E1"]["theirs_person"] == "甲"
    # mine is what 乙 would have made of what 乙 saw: without the hole
    assert round(shape(of_team["T-E1"]["mine"]).area / SQUARE_DEG2, 4) == 1.4
    assert round(shape(of_team["T-E1"]["theirs"]).area / SQUARE_DEG2, 4) == 1.96
    answer = client.post(f"{PLANS}/{clean}/submit", json={"by": "乙"})
    assert (answer.status_code, answer.json()["code"]) == (409, "TERRITORY_PLAN_HAS_CONFLICTS")


@pytest.mark.parametrize(
    ("choice", "expected"), [("THEIRS", {"T-E1": 2.1, "T-E2": 0.9}), ("MINE", {"T-E1": 1.9, "T-E2": 1.1})]
)
def test_what_cannot_be_done_any_more_is_a_conflict_too(
    client: TestClient, clean: int, choice: str, expected: dict[str, float]
) -> None:
    """Two people move the same vertex: the second one's is not there any more."""
    for by, to, status in (("甲", at(0.022, 0.010), 200), ("乙", at(0.018, 0.010), 409)):
        body = {"by": by, "version": 2, "edit": {"verb": "MOVE_VERTEX", "at": at(0.020, 0.010), "to": to}}
        answer = client.post(f"{PLANS}/{clean}/edits", json=body)
        assert answer.status_code == status, answer.text
    assert answer.json()["code"] == "TERRITORY_CONFLICT"
    path = f"{PLANS}/{clean}/conflicts/{answer.json()['conflict_id']}/resolve"
    assert sizes(client, clean) == {"T-E1": 2.1, "T-E2": 0.9}
    settled = client.post(path, json={"by": "乙", "choice": choice})
    assert settled.status_code == 200, settled.text
    assert client.get(f"{PLANS}/{clean}").json()["conflicts"] == 0
    assert sizes(client, clean) == expected
    if choice == "MINE":
        # It is a step like any other: its person takes it back.
        undone = client.post(f"{PLANS}/{clean}/undo", json={"by": "乙"})
        assert undone.status_code == 200, undone.text
        assert sizes(client, clean) == {"T-E1": 2.1, "T-E2": 0.9}


@pytest.mark.parametrize(
    ("choice", "expected"), [("THEIRS", {"T-E1": 1.96, "T-E2": 1}), ("MINE", {"T-E1": 1.4, "T-E2": 1.6})]
)
def test_a_conflict_is_settled_by_a_choice(
    client: TestClient, clean: int, choice: str, expected: dict[str, float]
) -> None:
    number = conflict(client, clean)["conflict_id"]
    path = f"{PLANS}/{clean}/conflicts/{number}/resolve"
    answer = client.post(path, json={"by": "乙", "choice": choice})
    assert answer.status_code == 200, answer.text
    assert sizes(client, clean) == expected
    assert client.get(f"{PLANS}/{clean}/conflicts").json()["items"] == []
    (kept,) = client.get(f"{PLANS}/{clean}/conflicts", params={"settled": True}).json()["items"]
    assert (kept["choice"], kept["resolved_by"]) == (choice, "乙")
    again = client.post(path, json={"by": "乙", "choice": choice})
    assert (again.status_code, again.json()["code"]) == (409, "TERRITORY_CONFLICT_SETTLED")


def test_vertices_that_a_neighbour_got_are_no_conflict(client: TestClient, clean: int) -> None:
    # a hole that begins in the middle of the common border gives T-E2 vertices, and takes none of its land
    edit(client, clean, by="甲", version=2, verb="GIVE", geometry=square(0.018, 0.020, 0.004, 0.006), to_team_code=None)
    told = edit(
        client,
        clean,
        by="乙",
        version=2,
        verb="CUT_HOLE",
        team_code="T-E2",
        geometry=square(0.025, 0.026, 0.002, 0.004),
    )
    assert told["version"] == 4


@pytest.mark.parametrize(
    ("body", "header", "status", "code"),
    [
        (None, '"2"', 200, None),
        (None, 'W/"2"', 200, None),
        (2, None, 200, None),
        (2, '"2"', 200, None),
        (1, '"2"', 422, "TERRITORY_VERSIONS_DIFFER"),
        (None, None, 422, "TERRITORY_VERSION_MISSING"),
        (None, "*", 422, "TERRITORY_VERSION_MISSING"),
        (3, None, 422, "TERRITORY_VERSION_UNKNOWN"),
        (-1, None, 422, "VALIDATION_FAILED"),
    ],
)
def test_the_version_is_said_in_the_body_or_by_if_match(
    client: TestClient, clean: int, body: int | None, header: str | None, status: int, code: str | None
) -> None:
    sent = {"by": "甲", "edit": {"verb": "REMOVE", "team_code": "T-E2"}} | (
        {"version": body} if body is not None else {}
    )
    answer = client.post(f"{PLANS}/{clean}/edits", json=sent, headers={"If-Match": header} if header else {})
    assert (answer.status_code, answer.json().get("code")) == (status, code)


def test_the_etag_of_a_plan_is_what_if_match_names(client: TestClient, clean: int) -> None:
    tag = client.get(f"{PLANS}/{clean}").headers["etag"]
    sent = {"by": "甲", "edit": {"verb": "REMOVE", "team_code": "T-E2"}}
    assert client.post(f"{PLANS}/{clean}/edits", json=sent, headers={"If-Match": tag}).status_code == 200
    assert client.get(f"{PLANS}/{clean}").headers["etag"] != tag


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"verb": "MOVE_VERTEX", "at": at(0.0123, 0.0123), "to": at(0, 0)}, 422, "NO_SUCH_VERTEX"),
    ({"verb": "MERGE", "team_code": "T-E1", "into_team_code": "T-E1"}, 422, "SAME_AREA"),
    ({"verb": "REMOVE", "team_code": "T-E3"}, 422, "NO_AREA"),
    ({"verb": "REMOVE", "team_code": "T-W1"}, 422, "TEAM_NOT_OF_BRANCH"),
    ({"verb": "REMOVE", "team_code": "NONE"}, 422, "TEAM_NOT_OF_BRANCH"),
    ({"verb": "ASSIGN_COMMUNITIES", "community_codes": ["C99"], "to_team_code": "T-E1"}, 422, "UNKNOWN_COMMUNITY"),
    ({"verb": "ASSIGN_COMMUNITIES", "community_codes": ["C01"], "to_team_code": "T-E1"}, 422, "NOTHING_THERE"),
    ({"verb": "DRAW", "team_code": "T-E1", "geometry": square(0.022, 0.024, 0.002, 0.004)}, 422, "LAND_TAKEN"),
    ({"verb": "SPLIT", "team_code": "T-E1", "line": line((0.1, 0.1), (0.2, 0.2)), "to_team_code": "T-E3"}, 422, "LINE_DOES_NOT_CROSS"),
    ({"verb": "FILL_GAP", "at": at(0.005, 0.005)}, 422, "NOTHING_THERE"),
    ({"verb": "GIVE", "geometry": {"type": "Polygon", "coordinates": [[[1, 2]]]}, "to_team_code": "T-E1"}, 422, "SHAPE_UNREADABLE"),
    ({"verb": "GIVE", "geometry": {"type": "Polygon", "coordinates": [["x"]]}, "to_team_code": "T-E1"}, 422, "SHAPE_UNREADABLE"),
    ({"verb": "GIVE", "geometry": {"type": "Polygon", "coordinates": [[[1, 2], [3, 4], [5, 6]]]}, "to_team_code": None}, 422, "OUTSIDE_CHINA"),
    ({"verb": "GIVE", "geometry": {"type": "Point", "coordinates": [120, 30]}, "to_team_code": None}, 422, "VALIDATION_FAILED"),
    ({"verb": "REPLACE", "team_code": "T-E1", "geometry": {"type": "Polygon", "coordinates": [[at(0, 0), at(0.01, 0.01), at(0.01, 0), at(0, 0.01), at(0, 0)]]}}, 422, "SHAPE_AMBIGUOUS"),
    ({"verb": "FLY"}, 422, "VALIDATION_FAILED"),
    ({"verb": "MOVE_VERTEX", "at": [500, 30], "to": at(0, 0)}, 422, "VALIDATION_FAILED"),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "status", "code"), REFUSED)
def test_what_cannot_be_done_is_refused_and_changes_nothing(
    client: TestClient, clean: int, verb: dict[str, Any], status: int, code: str
) -> None:
    for path in ("edits", "edits/preview"):
        answer = client.post(f"{PLANS}/{clean}/{path}", json={"by": "甲", "version": 2, "edit": verb})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert client.get(f"{PLANS}/{clean}").json()["version"] == 2


def test_a_draft_of_what_overlaps_can_be_drawn_on(client: TestClient, plan: int) -> None:
    edit(
        client,
        plan,
        verb="GIVE",
        geometry=square(0.020, 0.022, 0.004, 0.006),
        to_team_code="T-E2",
        from_team_codes=["T-E1"],
    )
    assert_sound(areas(client, plan))
    assert sizes(client, plan)["T-E2"] == 1


def test_the_history_tells_who_did_what(client: TestClient, clean: int) -> None:
    edit(client, clean, by="甲", **HAND_OVER)
    client.post(f"{PLANS}/{clean}/undo", json={"by": "甲"})
    items = client.get(f"{PLANS}/{clean}/edits").json()["items"]
    told = [(one["version"], one["person"], one["verb"], one["state"], one["team_codes"]) for one in items[:2]]
    assert told == [
        (4, "甲", "UNDO", "DONE", ["T-E1", "T-E2"]),
        (3, "甲", "ASSIGN_COMMUNITIES", "UNDONE", ["T-E1", "T-E2"]),
    ]
    assert items[0]["edit_id"] == items[1]["id"]
    page = client.get(f"{PLANS}/{clean}/edits", params={"limit": 1}).json()
    assert client.get(f"{PLANS}/{clean}/edits", params={"limit": 1, "cursor": page["next"]}).json()["items"] == [
        items[1]
    ]


def test_who_is_there_is_told_until_they_have_not_been_heard_of_for_a_while(
    client: TestClient, clean: int, world: Engine
) -> None:
    def present(person: str) -> list[str]:
        body = {"by": person, "bbox": [120, 30, 120.01, 30.01]}
        return [one["person"] for one in client.put(f"{PLANS}/{clean}/presence", json=body).json()["items"]]

    assert present("甲") == ["甲"]
    assert present("乙") == ["乙", "甲"]
    with world.begin() as connection:
        connection.execute(
            text("UPDATE territory_presence SET seen_at = now() - interval '1 minute' WHERE person = '甲'")
        )
    assert present("乙") == ["乙"]


def test_of_many_who_draw_at_once_nothing_is_lost(client: TestClient, clean: int) -> None:
    """Eight people cut holes of their own into one territory: each is done, or kept as a conflict."""
    holes = [(0.001 * (2 * n + 1), 0.001 * (2 * n + 2)) for n in range(8)]

    def cut(n: int) -> int:
        verb = {"verb": "CUT_HOLE", "team_code": "T-E1", "geometry": square(*holes[n], 0.002, 0.004)}
        body = {"by": f"P{n}", "version": 2, "edit": verb}
        return client.post(f"{PLANS}/{clean}/edits", json=body).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(cut, range(8)))
    kept = client.get(f"{PLANS}/{clean}/conflicts").json()["items"]
    assert sorted(codes) == [200] + [409] * 7
    assert len(kept) == 7
    for one in kept:
        answer = client.post(
            f"{PLANS}/{clean}/conflicts/{one['id']}/resolve", json={"by": one["person"], "choice": "MINE"}
        )
        assert answer.status_code == 200
    assert sizes(client, clean)["T-E1"] == round(2 - 8 * 0.02, 4)


def test_a_repeated_edit_is_done_once(client: TestClient, clean: int) -> None:
    body = {"by": "甲", "version": 2, "edit": {"verb": "REMOVE", "team_code": "T-E2"}}
    answers = [
        client.post(f"{PLANS}/{clean}/edits", json=body, headers={"Idempotency-Key": "abcdefgh-2"}) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert client.get(f"{PLANS}/{clean}").json()["version"] == 3


def test_after_everything_was_undone_the_draft_is_as_it_was(client: TestClient, clean: int) -> None:
    before = areas(client, clean)
    for verb, _ in VERBS[:7]:
        client.post(
            f"{PLANS}/{clean}/edits",
            json={"by": "李制图", "version": client.get(f"{PLANS}/{clean}").json()["version"], "edit": verb},
        )
    while client.post(f"{PLANS}/{clean}/undo", json={"by": "李制图"}).json().get("undo") != "ASSIGN_COMMUNITIES":
        pass
    assert areas(client, clean) == before
    step(client, clean, "submit", "李制图")


@pytest.mark.parametrize(
    ("long_way", "expected"),
    [
        (False, [(0.010, 0.010), (0.020, 0.010)]),
        (True, [(0.010, 0.010), (0, 0.010), (0, 0), (0.020, 0), (0.020, 0.010)]),
    ],
)
def test_a_line_runs_along_the_borders(
    client: TestClient, clean: int, long_way: bool, expected: list[tuple[float, float]]
) -> None:
    body = {"start": at(0.010, 0.010), "end": at(0.020, 0.010), "long_way": long_way}
    answer = client.post(f"{PLANS}/{clean}/trace", json=body)
    assert answer.status_code == 200, answer.text
    found = shapely.simplify(shape(answer.json()["line"]), 1e-9)
    assert found.equals_exact(shape(line(*expected)), 1e-8)


def test_where_there_is_no_border_there_is_nothing_to_trace(client: TestClient, clean: int) -> None:
    answer = client.post(f"{PLANS}/{clean}/trace", json={"start": at(0.5, 0.5), "end": at(0.6, 0.5)})
    assert (answer.status_code, answer.json()["code"]) == (422, "NO_BORDER_THERE")


def test_a_draft_shows_nobody_a_customer(client: TestClient, clean: int) -> None:
    """What T-E2 would get by a draft is not in its pool, and the owner of the place is who it was."""
    before = client.get("/api/v1/teams/T-E2/pool").json()
    edit(client, clean, verb="MERGE", team_code="T-E1", into_team_code="T-E2")
    step(client, clean, "submit", "李制图")
    step(client, clean, "approve", "王审批")
    assert client.get("/api/v1/teams/T-E2/pool").json() == before
    told = client.get("/api/v1/territories/at", params={"lon": 120.005, "lat": 30.005, "crs": "CGCS2000"}).json()
    assert [team["team_code"] for team in told["teams"]] == ["T-E1"]
