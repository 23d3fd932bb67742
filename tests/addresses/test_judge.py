"""Whether a geocoded address is sure enough to act on."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from shapely import box

from app.addresses.judge import judge
from app.allocation.areas import Areas
from app.allocation.strategy import Strategy
from geo.geocoding.answers import SCHEMA

DEGREE_M = 111_320.0
SHARP = [0.6, 0.9, 0.97, 0.99, 0.995, 0.999]
AREAS = Areas(
    {"B": box(119.5, 29.5, 120.5, 30.5)}, {}, {"T-W": box(119.5, 29.5, 120, 30.5), "T-E": box(120, 29.5, 120.5, 30.5)}
)


def answer(metres_east: float | None = -5000, **given: Any) -> pl.DataFrame:
    """What a geocoder says of one address, so many metres east of the line between two teams."""
    row = {
        "lon": None if metres_east is None else 120 + metres_east / (DEGREE_M * 0.866),
        "lat": None if metres_east is None else 30.0,
        "level": "COMPOUND",
        "confidence": 0.99,
        "within": [0.0] * 6 if metres_east is None else SHARP,
        "reasons": "",
    } | given
    return pl.DataFrame([row], schema={name: SCHEMA[name] for name in row})


def judged(found: pl.DataFrame, areas: Areas = AREAS, **strategy: Any) -> dict[str, Any]:
    return judge(found, areas, Strategy(**strategy)).row(0, named=True)


def test_a_sharp_answer_far_from_borders_is_accepted() -> None:
    found = judged(answer())
    assert (found["decision"], found["reasons"], found["territories"]) == ("accept", "", "T-W:0.999")
    assert found["share"] == pytest.approx(1.0, abs=0.001)


def test_the_same_answer_beside_a_border_goes_to_a_person_who_is_told_why() -> None:
    found = judged(answer(-10), accept_confidence=0.95)
    assert (found["decision"], found["reasons"]) == ("review", "NEAR_BORDER")
    assert found["share"] == pytest.approx(0.55, abs=0.08)
    assert [each.split(":")[0] for each in found["territories"].split(";")] == ["T-W", "T-E"]
    assert found["confidence"] < judged(answer())["confidence"]


@pytest.mark.parametrize(
    ("given", "reasons"),
    [
        ({"level": "ROAD"}, "UNSURE"),  # however sure, a road is no place
        ({"level": "ROAD", "reasons": "ONLY_ROAD"}, "ONLY_ROAD"),
        ({"within": [0.1, 0.2, 0.4, 0.66, 0.7, 0.75]}, "UNSURE"),
    ],
)
def test_every_review_has_a_reason(given: dict[str, Any], reasons: str) -> None:
    found = judged(answer(**given))
    assert (found["decision"], found["reasons"]) == ("review", reasons)


def test_an_address_without_a_point_is_reviewed() -> None:
    found = judged(answer(None, level="DISTRICT", confidence=0.0, reasons="ONLY_DISTRICT"))
    assert (found["decision"], found["share"], found["territories"]) == ("review", None, "")
    assert found["reasons"] == "ONLY_DISTRICT"


def test_the_threshold_is_the_strategys() -> None:
    confidence = judged(answer())["confidence"]
    assert judged(answer(), accept_confidence=confidence)["decision"] == "accept"
    assert judged(answer(), accept_confidence=confidence + 0.0001)["decision"] == "review"


def test_without_territories_the_geocoders_own_confidence_stays() -> None:
    found = judged(answer(), Areas({}, {}, {}))
    assert (found["confidence"], found["decision"], found["territories"]) == (0.99, "accept", "")
