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
