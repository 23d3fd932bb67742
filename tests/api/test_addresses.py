"""Where an address is, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from .world import EAST, NORTH, TODAY

PLACES = (  # name, road, number, x, y in degrees from the world's origin
    ("丹枫苑", "庐山路", "8", 0.005, 0.005),
    ("锦鲤湾花园", "庐山路", "18", 0.0201, 0.002),
    ("白鹭洲", "滩头路", "1", 0.002, 0.008),
    ("白鹭洲", "滩头路", "9", 0.028, 0.008),
)


@pytest.fixture
def places(world: Engine) -> Iterator[None]:
    with world.begin() as connection:
        connection.execute(
            text(
                """INSERT INTO gazetteer_place (id, name, kind, province, city, district, road, number, address, point, source)
                VALUES (:id, :name, 'COMPOUND', '江苏省', '南京市', '建邺区', :road, :number, :address,
                        ST_SetSRID(ST_MakePoint(:lon, :lat), 4490), :source)"""
            ),
            [
                {
                    "id": f"{source}{i}", "name": name, "road": road, "number": number,
                    "address": f"建邺区{road}{number}号", "lon": EAST + x, "lat": NORTH + y, "source": source,
                }
                for source in "PQ"
                for i, (name, road, number, x, y) in enumerate(PLACES)
            ],
        )  # fmt: skip
    return


@pytest.mark.usefixtures("places")
class TestGeocode:
    def ask(self, client: TestClient, text: str, **more: object) -> dict[str, object]:
        answer = client.post("/api/v1/addresses/geocode", json={"text": text, **more})
        assert answer.status_code == 200, answer.text
        told: dict[str, object] = answer.json()
        return told

    def test_an_address_and_whose_it_is(self, client: TestClient) -> None:
        told = self.ask(client, "江苏省南京市建邺区庐山路8号丹枫苑3幢501室")
        assert told["lon"] == pytest.approx(EAST + 0.005, abs=1e-4)
        assert (told["level"], told["district"], told["decision"]) == ("COMPOUND", "建邺区", "accept")
        assert [each["team_code"] for each in told["territories"]][:1] == ["T-E1"]  # type: ignore[index]
        assert told["candidates"][0]["name"] == "丹枫苑"  # type: ignore[index]

    def test_beside_a_border_it_is_less_sure(self, client: TestClient) -> None:
        inside = self.ask(client, "江苏省南京市建邺区庐山路8号丹枫苑3幢501室")
        beside = self.ask(client, "江苏省南京市建邺区庐山路18号锦鲤湾花园3幢501室")
        assert beside["confidence"] < inside["confidence"]  # type: ignore[operator]
        assert "NEAR_BORDER" in beside["reasons"]  # type: ignore[operator]
        assert {each["team_code"] for each in beside["territories"]} >= {"T-E1", "T-E2"}  # type: ignore[index,union-attr]

    def test_an_ambiguous_name_goes_to_review_with_its_candidates(self, client: TestClient) -> None:
        told = self.ask(client, "南京市建邺区白鹭洲3幢", candidates=2)
        assert told["decision"] == "review"
        assert "AMBIGUOUS_NAME" in told["reasons"]  # type: ignore[operator]
        assert [each["name"] for each in told["candidates"]] == ["白鹭洲", "白鹭洲"]  # type: ignore[index,union-attr]

    def test_many_are_answered_in_order(self, client: TestClient) -> None:
        texts = ["南京市建邺区庐山路8号丹枫苑3幢", "没有此处", "南京市建邺区庐山路18号锦鲤湾花园"]
        answer = client.post("/api/v1/addresses/geocode/batch", json={"texts": texts, "on": TODAY.isoformat()})
        items = answer.json()["items"]
        assert [item["matched"] for item in items] == ["丹枫苑", "", "锦鲤湾花园"]
        assert (items[1]["lon"], items[1]["decision"], items[1]["reasons"]) == (None, "review", ["NOT_FOUND"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "甲" * 301},
        {"text": "甲\u0000"},
        {"text": "甲", "candidates": 21},
        {"text": "甲", "name": "张三"},
        {"text": 3},
    ],
)
def test_bad_questions_are_refused_without_an_echo(shared_client: TestClient, body: dict[str, object]) -> None:
    answer = shared_client.post("/api/v1/addresses/geocode", json=body)
    assert answer.status_code == 422
    assert "张三" not in answer.text
    assert "甲甲" not in answer.text


def test_a_batch_has_a_limit(shared_client: TestClient) -> None:
    answer = shared_client.post("/api/v1/addresses/geocode/batch", json={"texts": ["甲"] * 1001})
    assert answer.status_code == 422
