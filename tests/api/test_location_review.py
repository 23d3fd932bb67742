"""The queue of location review and decisions on it, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event, text

from app.locating import geocoder as kept
from app.locating.geocoder import current_geocoder

from .reviews import (
    DECISIONS,
    UNKNOWN,
    URL,
    allocate,
    at,
    claim,
    decide,
    households,
    location_of,
    premium,
    state_of,
    waiting,
)
from .world import EAST, NORTH, add_orphan, box


def test_what_a_run_puts_into_review_is_listed(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        first, *_ = households(connection, 1, 3)
        add_orphan(connection, 9)
    assert client.get(URL).json() == {"items": [], "next": None}
    allocate(world)
    items = client.get(URL).json()["items"]
    assert [each["bundle_no"] for each in items] == ["P000001", "P000002", "P000003"]
    one = items[0]
    assert (one["code"], one["bucket"], one["hold_until"]) == ("TOO_COARSE", "LATER", "2026-03-12")
    assert one["policyholder"] == {"name": "王＊＊", "phone": "199****0000"}
    assert "1幢" not in one["address"]
    assert "99" not in one["address"] + one["place"]
    assert one["sharing"] == 3
    assert one["stake"] == round((one["premium"] + 1) * one["uncertainty"] * 100)
    assert state_of(world, first) == "LOCATION_REVIEW"


def test_the_queue_is_ordered_by_what_is_at_stake(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        for number, (yuan, due) in enumerate(
            [
                (10, "2026-04-30"),
                (10_000, "2026-04-30"),
                (10, "2026-03-16"),
                (500, None),
                (1, "2026-03-09"),
                (90, "2026-03-09"),
            ],
            start=1,
        ):
            (no,) = households(connection, number, 1)
            premium(connection, no, yuan)
            connection.execute(
                text(
                    "UPDATE orphan_event SET formalities_on = CAST(:due AS date) - 30, event_on = '2026-03-08' WHERE policy_no = :no"
                ),
                {"due": due, "no": no},
            )
            # else it would not be held past five days before the notice
            connection.execute(
                text("UPDATE strategy SET config = config || '{\"hold_ends_before_notice_days\": -90}'::jsonb")
            )
    allocate(world)
    found = client.get(URL).json()["items"]
    assert [(each["bundle_no"][-1], each["bucket"]) for each in found] == [
        ("6", "OVERDUE"),
        ("5", "OVERDUE"),
        ("3", "SOON"),
        ("2", "LATER"),
        ("1", "LATER"),
        ("4", "NO_NOTICE"),
    ]
    paged: list[str] = []
    cursor: str | None = None
    while True:
        page = client.get(URL, params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        paged += [each["bundle_no"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert paged == [each["bundle_no"] for each in found]
    assert client.get(URL, params={"cursor": "forged"}).json()["code"] == "CURSOR_INVALID"


def test_filters_and_figures(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        households(connection, 1, 2)
        households(connection, 5, 1, "南京市鼓楼区某某新路8号甲乙花园")
        connection.execute(text("UPDATE policy SET branch_code = 'W' WHERE policy_no = 'P000005'"))
    allocate(world)

    def nos(**params: str) -> list[str]:
        return [each["bundle_no"] for each in client.get(URL, params=params).json()["items"]]

    assert nos(branch_code="W") == ["P000005"]
    assert nos(district="建邺区") == ["P000001", "P000002"]
    assert nos(text="雨润花苑2幢") == ["P000002"]
    assert nos(text="P000005") == ["P000005"]
    assert nos(text="%") == []
    assert nos(code="OUTSIDE_CITY") == []
    assert set(nos(reason="ONLY_DISTRICT")) == {"P000001", "P000002", "P000005"}
    figures = client.get(f"{URL}/figures").json()
    assert (figures["items"], figures["policies"], figures["decided"], figures["claimed"]) == (3, 3, 0, 0)
    assert figures["by_branch"] == {"E": 2, "W": 1}
    assert figures["by_code"] == {"TOO_COARSE": 3}
    assert figures["by_district"] == {"建邺区": 2, "鼓楼区": 1}
    assert figures["by_bucket"] == {"LATER": 3}
    assert figures["by_reason"]["ONLY_DISTRICT"] == 3


def test_an_item_shows_candidates_and_what_covers_them(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        add_orphan(connection, 1, None, None, address="南京市建邺区奥体新城丹枫园3幢101室")
        connection.execute(text("UPDATE strategy SET config = config || '{\"accept_confidence\": 1.0}'::jsonb"))
    allocate(world)
    (row,) = waiting(world)
    answer = client.get(f"{URL}/{row['id']}")
    blurred = answer.json()
    assert answer.headers["etag"] == blurred["etag"]
    assert blurred["code"] == "UNSURE"
    assert not blurred["full"]
    assert "101室" not in blurred["address"]
    got = claim(client, id=row["id"])
    (item,) = got["items"]
    assert item["full"]
    assert item["address"].endswith("3幢101室")
    best = item["candidates"][0]
    assert (best["rank"], best["name"], best["outside_city"]) == (1, "奥体新城丹枫园", False)
    assert [each["code"] for each in best["teams"]] == ["T-E1"]
    assert [each["code"] for each in best["branches"]] == ["E"]
    assert [each["code"] for each in best["communities"]] == ["C01"]
    assert item["parts"] == {
        **dict.fromkeys(("town", "road", "number", "village")),
        **{"city": "南京市", "district": "建邺区", "estate": "奥体新城丹枫园"},
    }
    assert item["sharing"] == {"addresses": 1, "holders": 1, "policies": 1, "waiting": 1}
    with world.connect() as connection:
        read = connection.execute(text("SELECT policyholder_id, read_by FROM location_review_reading")).all()
    assert [tuple(each) for each in read] == [("H000001", "李复核")]


def test_one_decision_settles_the_estate_and_the_next_run_allocates_it(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        nos = households(connection, 1, 3)
    allocate(world)
    got = claim(client)
    item = got["ids"][0]
    choice = at(0.025, 0.005)
    before = [waiting(world), state_of(world, nos[0])]
    seen = client.post(f"{URL}/{item}/preview", json=choice).json()
    assert [waiting(world), state_of(world, nos[0])] == before
    assert (seen["addresses"], seen["holders"], seen["policies"], seen["cases_located"]) == (3, 3, 3, 3)
    assert [each["code"] for each in seen["teams"]] == ["T-E2"]
    assert len(seen["which"]) == 3
    assert "雨润花苑＊＊幢" in seen["which"][0]["address"]

    answer = decide(client, item, got["claim"], choice)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["located_policy_nos"] == nos
    assert {name: told[name] for name in seen} == seen
    assert answer.headers["location"] == f"{DECISIONS}/{told['id']}"
    assert {state_of(world, no) for no in nos} == {"LOCATED"}
    assert waiting(world) == []
    for no in nos:
        found = location_of(world, no)
        assert (found["provider"], found["confidence"], found["radius_m"], found["level"]) == (
            "REVIEW",
            1.0,
            0.0,
            "COMPOUND",
        )
        assert found["review_id"] == told["id"]
        assert (found["lon"], found["lat"]) == (choice["lon"], choice["lat"])

    run_id = allocate(world)
    client.post(f"/api/v1/runs/{run_id}/confirm")
    for no in nos:
        case = client.get(f"/api/v1/cases/{no}").json()
        assert (case["state"], case["team_code"], case["rung"]) == ("TEAM_POOL", "T-E2", "REGION_OWNER")
        assert location_of(world, no)["provider"] == "REVIEW"


def test_only_this_one(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        nos = households(connection, 1, 2)
    allocate(world)
    got = claim(client)
    told = decide(client, got["ids"][0], got["claim"], at(0.005, 0.005) | {"scope": "THIS"}).json()
    assert (told["addresses"], told["level"]) == (1, "DOOR")
    assert [state_of(world, no) for no in nos] == ["LOCATED", "LOCATION_REVIEW"]
    assert client.get(DECISIONS).json()["items"][0]["learned"] is False
    # an exception stays one when its estate is decided later
    got = claim(client)
    assert decide(client, got["ids"][0], got["claim"], at(0.025, 0.005)).json()["addresses"] == 1
    assert round(location_of(world, nos[0])["lon"], 3) == 120.005
    assert round(location_of(world, nos[1])["lon"], 3) == 120.025


def test_a_candidate_is_chosen(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        no = add_orphan(connection, 1, None, None, address="南京市建邺区万科光明城市3幢101室")
        connection.execute(text("UPDATE strategy SET config = config || '{\"accept_confidence\": 1.0}'::jsonb"))
    allocate(world)
    got = claim(client)
    best = got["items"][0]["candidates"][0]
    item = got["ids"][0]
    gone = decide(client, item, got["claim"], {"kind": "CANDIDATE", "candidate": "000000000000"})
    assert (gone.status_code, gone.json()["code"]) == (409, "CANDIDATE_CHANGED")
    told = decide(client, item, got["claim"], {"kind": "CANDIDATE", "candidate": best["id"]}).json()
    assert (told["level"], told["lon"]) == (best["level"], best["lon"])
    assert location_of(world, no)["matched"] == best["name"]
    with world.connect() as connection:
        kept_ones = connection.execute(text("SELECT candidates FROM location_decision")).scalar_one()
    assert [each["id"] for each in kept_ones] == [each["id"] for each in got["items"][0]["candidates"]]


def test_not_locatable_goes_the_way_of_the_rungs(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        (no,) = households(connection, 1, 1)
    allocate(world)
    got = claim(client)
    told = decide(
        client, got["ids"][0], got["claim"], {"kind": "NOT_LOCATABLE", "reason": "INCOMPLETE", "note": "无门牌"}
    )
    assert told.status_code == 201
    found = location_of(world, no)
    assert (found["level"], found["point"], found["provider"]) == ("NONE", None, "REVIEW")
    run_id = allocate(world)
    client.post(f"/api/v1/runs/{run_id}/confirm")
    case = client.get(f"/api/v1/cases/{no}").json()
    assert case["rung"] == "BRANCH_BALANCE"
    assert "ADDRESS_UNRESOLVED" in case["flags"]
    assert waiting(world) == []


def test_outside_the_city_is_warned_of_and_stays(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        (no,) = households(connection, 1, 1)
    allocate(world)
    got = claim(client)
    item = got["ids"][0]
    away = at(1.0, 1.0)
    assert "OUTSIDE_CITY" in client.post(f"{URL}/{item}/preview", json=away).json()["warnings"]
    refused = decide(client, item, got["claim"], away)
    assert (refused.status_code, refused.json()["code"]) == (409, "OUTSIDE_CITY_UNCONFIRMED")
    assert location_of(world, no)["provider"] == "gazetteer"
    told = decide(client, item, got["claim"], away | {"outside_city": True}).json()
    assert (told["cases_located"], told["cases_staying"]) == (0, 1)
    assert state_of(world, no) == "LOCATION_REVIEW"
    allocate(world)
    assert state_of(world, no) == "LOCATION_REVIEW"
    assert client.get(URL).json()["items"] == []
    (row,) = client.get(URL, params={"decided": "true"}).json()["items"]
    assert (row["code"], row["decided"]) == ("OUTSIDE_CITY", True)
    assert client.get(f"{URL}/figures").json()["decided"] == 1
    assert claim(client)["ids"] == []
    # with the branch's area grown the same decision lets it go on
    with world.begin() as connection:
        connection.execute(
            text(
                "UPDATE branch_area SET geom = ST_Multi(ST_Union(geom, CAST(:more AS geometry))) WHERE branch_code = 'E'"
            ),
            {"more": box(0.9, 1.1, 0.9, 1.1)},
        )
    allocate(world)
    assert state_of(world, no) == "PROPOSED"
    assert waiting(world) == []


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ({"kind": "POINT", "lon": 120.005, "lat": 30.005}, "CRS_UNDECLARED"),
        ({"kind": "POINT", "lon": 30.005, "lat": 80.0, "crs": "WGS84"}, "OUTSIDE_CHINA"),
        ({"kind": "POINT", "lon": 134.0, "lat": 36.0, "crs": "WGS84"}, "OUTSIDE_CHINA"),
        ({"kind": "POINT", "crs": "WGS84"}, "VALIDATION_FAILED"),
        ({"kind": "CANDIDATE"}, "VALIDATION_FAILED"),
        ({"kind": "NOT_LOCATABLE"}, "VALIDATION_FAILED"),
        ({"kind": "NOT_LOCATABLE", "reason": "OTHER", "lon": 120.0}, "VALIDATION_FAILED"),
        ({"kind": "CANDIDATE", "candidate": "绝密地址绝密地址绝密"}, "VALIDATION_FAILED"),
    ],
)
def test_a_choice_that_does_not_fit_is_refused_without_echo(
    client: TestClient, world: Engine, choice: dict[str, Any], code: str
) -> None:
    with world.begin() as connection:
        households(connection, 1, 1)
    allocate(world)
    (row,) = waiting(world)
    answer = client.post(f"{URL}/{row['id']}/preview", json=choice)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert "绝密" not in answer.text


def test_a_point_in_another_system_is_converted(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        (no,) = households(connection, 1, 1)
    allocate(world)
    got = claim(client)
    choice = {"kind": "POINT", "lon": 120.022707, "lat": 30.002588, "crs": "GCJ02"}
    assert decide(client, got["ids"][0], got["claim"], choice).status_code == 201
    found = location_of(world, no)
    assert (round(found["lon"], 4), round(found["lat"], 4)) == (120.018, 30.005)


def test_a_conflict_of_branches_is_over_once_an_address_is_confirmed(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        no = add_orphan(connection, 1, 0.005, 0.005)
        connection.execute(
            text(
                "INSERT INTO address (policyholder_id, kind, text, point) VALUES"
                " ('H000001', 'WORK', '南京市建邺区金陵世纪花园', ST_SetSRID(ST_MakePoint(120.035, 30.005), 4490))"
            )
        )
    allocate(world)
    got = claim(client)
    (item,) = got["items"]
    assert (item["code"], item["uncertainty"]) == ("BRANCH_CONFLICT", 1.0)
    (other,) = item["others"]
    assert (other["kind"], [each["code"] for each in other["branches"]]) == ("WORK", ["W"])
    # its point came with the address: nobody shares it
    refused = decide(client, item["id"], got["claim"], at(0.025, 0.005))
    assert (refused.status_code, refused.json()["code"]) == (422, "PLACE_KEY_MISSING")
    assert decide(client, item["id"], got["claim"], at(0.025, 0.005) | {"scope": "THIS"}).status_code == 201
    run_id = allocate(world)
    client.post(f"/api/v1/runs/{run_id}/confirm")
    case = client.get(f"/api/v1/cases/{no}").json()
    assert (case["team_code"], case["confidence"]) == ("T-E2", 1.0)


def test_addresses_that_arrive_later_are_settled_too(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        households(connection, 1, 1)
    allocate(world)
    got = claim(client)
    told = decide(client, got["ids"][0], got["claim"], at(0.025, 0.005)).json()
    with world.begin() as connection:
        (bulk,) = households(connection, 20, 1)
        (single,) = households(connection, 30, 1)
        (elsewhere,) = households(connection, 40, 1, "南京市建邺区别处大街1号别处花苑")
        connection.execute(text("UPDATE orphan_event SET event_on = '2026-03-11' WHERE policy_no = 'P000030'"))
    allocate(world)
    found = location_of(world, bulk)
    assert (found["provider"], found["review_id"]) == ("REVIEW", told["id"])
    assert location_of(world, elsewhere)["provider"] == "gazetteer"
    answer = client.post("/api/v1/allocations", json={"policy_no": single, "as_of": "2026-03-11"})
    assert answer.json()["team_code"] == "T-E2"
    assert location_of(world, single)["review_id"] == told["id"]


def test_a_decision_teaches_the_gazetteer_but_no_request_waits_for_it(client: TestClient, world: Engine) -> None:
    text_of_others = "南京市建邺区雨润花苑北门"
    with world.begin() as connection:
        households(connection, 1, 1)
    allocate(world)
    asked = {"address": text_of_others}
    assert client.get("/api/v1/territories/at", params=asked).json()["code"] == "ADDRESS_NOT_LOCATED"
    built = kept._kept
    assert built is not None
    got = claim(client)
    told = decide(client, got["ids"][0], got["claim"], at(0.025, 0.005)).json()
    assert client.get("/api/v1/territories/at", params=asked).status_code == 422
    assert kept._kept is built  # nothing was built anew
    allocate(world)
    assert kept._kept is not built  # a whole run learns
    found = client.get("/api/v1/territories/at", params=asked).json()
    assert [each["team_code"] for each in found["teams"]] == ["T-E2"]
    assert client.post(f"{DECISIONS}/{told['id']}/undo", json={"reviewer": "李复核"}).status_code == 200
    allocate(world)
    assert client.get("/api/v1/territories/at", params=asked).status_code == 422


def test_the_number_of_statements_does_not_grow_with_the_queue(client: TestClient, app: Any, world: Engine) -> None:
    with world.begin() as connection:
        households(connection, 1, 12)
    allocate(world)
    counted: list[str] = []
    engine: Engine = app.state.engine
    event.listen(engine, "before_cursor_execute", lambda *given: counted.append(given[2]))

    def statements(ask: Any) -> int:
        counted.clear()
        assert ask().status_code == 200
        return len(counted)

    assert statements(lambda: client.get(URL, params={"limit": 1})) == statements(lambda: client.get(URL)) == 1
    one = statements(lambda: client.post(f"{URL}/claim", json={"reviewer": "甲"}))
    client.post(f"{URL}/claim/release", json={"claim": str(claim(client, "乙", seconds=10)["claim"])})
    with world.begin() as connection:
        connection.execute(
            text("UPDATE location_review SET claim = NULL, claimed_by = NULL, claimed_until = NULL, key = NULL")
        )
    many = statements(lambda: client.post(f"{URL}/claim", json={"reviewer": "甲", "count": 12}))
    assert many <= one


def test_an_old_view_is_refused(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        households(connection, 1, 1)
    allocate(world)
    got = claim(client)
    item = got["items"][0]
    allocate(world)  # decides anew on the same bundle
    answer = decide(client, item["id"], got["claim"], at(0.005, 0.005), **{"If-Match": item["etag"]})
    assert (answer.status_code, answer.json()["code"]) == (412, "LOCATION_REVIEW_CHANGED")
    fresh = client.get(f"{URL}/{item['id']}").json()["etag"]
    assert fresh != item["etag"]
    assert decide(client, item["id"], got["claim"], at(0.005, 0.005), **{"If-Match": fresh}).status_code == 201


def test_a_retried_decision_is_made_once(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        households(connection, 1, 1)
    allocate(world)
    key = {"Idempotency-Key": "claim-0123456789"}
    first = client.post(f"{URL}/claim", json={"reviewer": "甲"}, headers=key)
    again = client.post(f"{URL}/claim", json={"reviewer": "甲"}, headers=key)
    assert first.json()["claim"] == again.json()["claim"]
    assert again.headers["idempotency-replayed"] == "true"
    with world.connect() as connection:
        stored = str(connection.execute(text("SELECT body FROM idempotency_key")).scalar_one())
    assert "雨润" not in stored
    got = first.json()
    decided = {"Idempotency-Key": "decide-0123456789"}
    one = decide(client, got["ids"][0], got["claim"], at(0.005, 0.005), "甲", **decided)
    two = decide(client, got["ids"][0], got["claim"], at(0.005, 0.005), "甲", **decided)
    assert (one.status_code, one.content) == (two.status_code, two.content)
    assert len(client.get(DECISIONS).json()["items"]) == 1


def test_an_unresolved_address_waits_while_it_is_unallocated(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        no = add_orphan(connection, 1, None, None, address="地址不详")
    run_id = allocate(world)
    assert state_of(world, no) == "PROPOSED"
    assert waiting(world) == []
    client.post(f"/api/v1/runs/{run_id}/discard")
    (row,) = client.get(URL).json()["items"]
    assert (row["code"], row["place"]) == ("ADDRESS_UNRESOLVED", None)
    got = claim(client)
    assert decide(client, row["id"], got["claim"], at(0.025, 0.005)).json()["code"] == "PLACE_KEY_MISSING"
    assert decide(client, row["id"], got["claim"], at(0.025, 0.005) | {"scope": "THIS"}).status_code == 201
    assert waiting(world) == []
    answer = client.post("/api/v1/allocations", json={"policy_no": no})
    assert (answer.json()["rung"], answer.json()["team_code"]) == ("REGION_OWNER", "T-E2")


def test_an_allocation_of_one_policy_keeps_the_queue_too(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        no, other = households(connection, 1, 2)
    answer = client.post("/api/v1/allocations", json={"policy_no": no}).json()
    assert answer["state"] == "LOCATION_REVIEW"
    client.post("/api/v1/allocations", json={"policy_no": other})
    assert [row["bundle_no"] for row in waiting(world)] == [no, other]
    # after the hold it goes on without a person
    client.post("/api/v1/allocations", json={"policy_no": no, "as_of": "2026-03-20"})
    assert [row["bundle_no"] for row in waiting(world)] == [other]


def test_a_name_shared_by_two_cities_settles_no_stranger(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        (here,) = households(connection, 1, 1)
        (there,) = households(connection, 2, 1, UNKNOWN.replace("建邺区", "鼓楼区"))
    allocate(world)
    got = claim(client)
    decide(client, got["ids"][0], got["claim"], at(0.005, 0.005))
    assert [state_of(world, no) for no in (here, there)] == ["LOCATED", "LOCATION_REVIEW"]


EXPECTED = """
    SELECT DISTINCT c.policyholder_id FROM orphan_case c JOIN decision d ON d.id = c.decision_id
    LEFT JOIN location l ON l.address_id = d.address_id
    WHERE c.open AND (c.state = 'LOCATION_REVIEW'
        OR (c.state IN ('LOCATED', 'CITY_REVIEW') AND 'ADDRESS_UNRESOLVED' = ANY (d.flags) AND d.review_code IS NULL AND l.review_id IS NULL))
"""


def test_the_queue_is_what_waits_whatever_happens(client: TestClient, world: Engine) -> None:
    def exact() -> int:
        with world.connect() as connection:
            expected = set(connection.execute(text(EXPECTED)).scalars())
        found = {row["policyholder_id"] for row in waiting(world)}
        assert found == expected
        return len(found)

    with world.begin() as connection:
        households(connection, 1, 4)
        households(connection, 10, 2, "南京市建邺区别处大街1号别处花苑")
        add_orphan(connection, 20, 1.0, 1.0)
        add_orphan(connection, 21, None, None, address="地址不详")
        add_orphan(connection, 22)
    first = allocate(world)
    assert exact() == 7
    client.post(f"/api/v1/runs/{first}/discard")
    assert exact() == 8
    got = claim(client)
    decision = decide(
        client, got["ids"][0], got["claim"], at(0.025, 0.005) | {"outside_city": True, "scope": "THIS"}
    ).json()["id"]
    exact()
    client.post(f"{DECISIONS}/{decision}/undo", json={"reviewer": "李复核"})
    assert exact() == 8
    got = claim(client, code="TOO_COARSE")
    decide(client, got["ids"][0], got["claim"], at(0.025, 0.005))
    left = exact()
    assert left < 7
    client.post("/api/v1/allocations", json={"policy_no": "P000020"})
    assert exact() == left
    client.post("/api/v1/allocations", json={"policy_no": "P000021"})
    assert exact() == left - 1
    allocate(world, confirm=True)
    exact()


def test_an_address_that_waits_for_a_border_says_so(world: Engine) -> None:
    """Two answers that are as unsure, one of them ten metres from the next territory."""
    beside, inside = "南京市建邺区庐山路1号3幢101室", "南京市建邺区庐山路2号3幢101室"
    with world.begin() as connection:
        _, version = current_geocoder(connection)
        for number, (line, x) in enumerate(((beside, 0.0199), (inside, 0.005))):
            add_orphan(connection, number, None, None, address=line)
            connection.execute(
                text(
                    """
                    INSERT INTO location (address_id, point, level, confidence, radius_m, within_50_m, within_100_m, within_200_m,
                        within_500_m, within_1000_m, within_2500_m, provider, gazetteer_version)
                    SELECT id, ST_SetSRID(ST_MakePoint(:lon, :lat), 4490), 'COMPOUND', 0.7, 120, 0.3, 0.5, 0.6, 0.65, 0.68, 0.7,
                        'gazetteer', :version
                    FROM address WHERE text = :line
                    """
                ),
                {"lon": EAST + x, "lat": NORTH + 0.005, "version": version, "line": line},
            )
    allocate(world)
    rows = {row["policyholder_id"]: (row["code"], row["reasons"]) for row in waiting(world)}
    assert rows == {"H000000": ("UNSURE", ["NEAR_BORDER"]), "H000001": ("UNSURE", [])}
