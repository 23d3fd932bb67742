"""What a previewed step would mean: told with the preview, of this step alone, and nothing saved."""

from __future__ import annotations

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from .test_territory_plans import PLANS, draft, edit
from .world import add_orphan


def test_a_preview_tells_who_would_change_hands(client: TestClient, world: Engine) -> None:
    with world.begin() as connection:
        for number, x in enumerate((0.005, 0.015, 0.015, 0.025)):
            add_orphan(connection, number, x, 0.005 + 0.0001 * number)
    number = draft(client, empty=True)["id"]
    edit(client, number, verb="ASSIGN_COMMUNITIES", community_codes=["C01", "C02"], to_team_code="T-E1")
    version = client.get(f"{PLANS}/{number}").json()["version"]
    wanted = {"verb": "ASSIGN_COMMUNITIES", "community_codes": ["C02"], "to_team_code": "T-E2"}
    told = client.post(
        f"{PLANS}/{number}/edits/preview", json={"by": "李制图", "version": version, "edit": wanted}
    ).json()
    (move,) = told["consequences"]["moves"]
    # of this step: C01, given before, is not among it
    assert (move["from_team_codes"], move["to_team_codes"], move["customers"]) == (["T-E1"], ["T-E2"], 2)
    after = {team["team_code"]: team["after"]["customers"] for team in told["consequences"]["teams"]}
    assert (after["T-E1"], after["T-E2"]) == (1, 2)
    assert client.get(f"{PLANS}/{number}").json()["version"] == version


def test_a_step_begins_where_the_draft_stands(client: TestClient, world: Engine) -> None:
    """A policy held by the owner of its place went along in the draft already: the next step finds it there, and takes it on."""
    with world.begin() as connection:
        policy = add_orphan(connection, 1, 0.005, 0.005)
    held = client.post("/api/v1/allocations", json={"policy_no": policy, "confirm": True}).json()
    assert held["team_code"] == "T-E1"
    number = draft(client)["id"]
    edit(client, number, verb="ASSIGN_COMMUNITIES", community_codes=["C01"], to_team_code="T-E2")
    whole = client.get(f"{PLANS}/{number}/consequences").json()
    version = client.get(f"{PLANS}/{number}").json()["version"]
    wanted = {"verb": "ASSIGN_COMMUNITIES", "community_codes": ["C01"], "to_team_code": "T-E3"}
    step = client.post(
        f"{PLANS}/{number}/edits/preview", json={"by": "李制图", "version": version, "edit": wanted}
    ).json()["consequences"]
    stands = {team["team_code"]: team["after"] for team in whole["teams"]}
    before = {team["team_code"]: team["before"] for team in step["teams"]}
    after = {team["team_code"]: team["after"] for team in step["teams"]}
    assert before["T-E2"] == stands["T-E2"]
    assert before["T-E2"]["load"] - after["T-E2"]["load"] == 1
    assert after["T-E3"]["load"] - before["T-E3"]["load"] == 1
    assert after["T-E3"]["kept_in_team"] == 1
    # and so it does after any number of edits and of steps taken back
    for deed in ({"verb": "ASSIGN_COMMUNITIES", "community_codes": ["C01"], "to_team_code": "T-E3"}, None):
        if deed is not None:
            edit(client, number, **deed)
        else:
            assert client.post(f"{PLANS}/{number}/undo", json={"by": "李制图"}).status_code == 200
        version = client.get(f"{PLANS}/{number}").json()["version"]
        wanted = {"verb": "REMOVE", "team_code": "T-E3" if deed is not None else "T-E2"}
        step = client.post(
            f"{PLANS}/{number}/edits/preview", json={"by": "李制图", "version": version, "edit": wanted}
        ).json()["consequences"]
        whole = client.get(f"{PLANS}/{number}/consequences").json()
        stands = {team["team_code"]: team["after"] for team in whole["teams"]}
        for team in step["teams"]:
            assert team["before"] == stands[team["team_code"]]
