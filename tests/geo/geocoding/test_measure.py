"""Merging sources, and measuring how far evidence can be trusted."""

import numpy as np
import polars as pl
import pytest

from geo.geocoding import Geocoder
from geo.geocoding.calibration import (
    INPUTS,
    RADII,
    RINGS,
    Calibration,
    chances_within,
    confidence_of,
    fit_choice,
    fit_logistic,
    fit_reach,
    masses,
    radius_within,
    shipped,
)
from geo.geocoding.gazetteer import prepare
from geo.geocoding.measure import measure, questions
from geo.geocoding.merging import merge, name_keys, source_errors
from geo.geocoding.names import BASE, CORE, FULL, PART, PLAIN, aliases
from geo.geocoding.roads import known_roads
from tests.geo.geocoding.town import METRE_LAT, METRE_LON, row, town


def blurred(errors: dict[str, float], count: int = 300) -> pl.DataFrame:
    """A city whose sources publish the same estates with different errors (metres, one standard deviation)."""
    rng = np.random.default_rng(7)
    words = "云霞松竹梅兰菊荷枫柏桂榕杉柳桐杏桃李梨橘"
    rows = []
    for i in range(count):
        name = f"{words[i % 20]}{words[i // 20 % 20]}{words[(i * 7) % 20]}苑"
        x, y = rng.uniform(0, 9000, 2)
        for source, error in errors.items():
            dx, dy = rng.normal(0, error, 2)
            rows.append(row(name, x + dx, y + dy, f"{words[i % 20]}山路", str(i), source=source))
    return pl.DataFrame(rows)


def test_the_error_of_a_source_shows_in_its_distance_from_the_others() -> None:
    frame = prepare(blurred({"P": 20, "Q": 30, "R": 150}))
    errors = source_errors(frame, name_keys(frame), np.zeros(len(frame), np.int32))
    assert max(errors["P"], errors["Q"]) < 60
    assert errors["R"] > 120


def test_the_point_of_a_place_lies_with_the_precise_sources() -> None:
    frame = prepare(blurred({"P": 5, "Q": 5, "R": 150}))
    place_of, places = merge(frame, np.zeros(len(frame), np.int32), frame["lon"].to_numpy(), frame["lat"].to_numpy())
    precise = (frame["source"] == "P").to_numpy()
    x = (places["lon"][place_of[precise]] - frame["lon"].to_numpy()[precise]) / METRE_LON
    y = (places["lat"][place_of[precise]] - frame["lat"].to_numpy()[precise]) / METRE_LAT
    assert np.median(np.hypot(x, y)) < 20


def test_entries_of_one_name_that_lie_apart_are_two_places() -> None:
    frame = prepare(
        pl.DataFrame([row("白鹭洲", 0, 0), row("白鹭洲小区", 100, 0, source="Q"), row("白鹭洲", 3000, 0, source="R")])
    )
    place_of, places = merge(frame, np.zeros(3, np.int32), frame["lon"].to_numpy(), frame["lat"].to_numpy())
    assert place_of[0] == place_of[1] != place_of[2]
    assert sorted(places["rivals"].tolist()) == [1, 2]


@pytest.mark.parametrize(
    ("name", "alias", "kind"),
    [
        ("锦鲤湾花园小区", "锦鲤湾花园小区", FULL),
        ("锦鲤湾花园小区", "锦鲤湾花园", PLAIN),
        ("锦鲤湾花园二期", "锦鲤湾花园", BASE),
        ("锦鲤湾花园东区", "锦鲤湾花园", BASE),
        ("锦鲤湾花园", "锦鲤湾", CORE),
        ("滨江锦鲤湾花园", "锦鲤湾花园", PART),
        ("采石路8号小区", "采石路8号", PLAIN),
    ],
)
def test_aliases(name: str, alias: str, kind: int) -> None:
    made = aliases(pl.DataFrame({"place": [0], "name": [name]}))
    assert made.filter(pl.col("alias") == alias)["kind"].to_list() == [kind]


def test_a_front_comes_off_a_road_only_where_a_road_remains() -> None:
    pieces = pl.Series(["清江路100号", "清江路9号", "模范马路3号", "新模范马路8号", "桥南路清江路7号"])
    written = known_roads(pieces, pl.Series(["西屏清江路"]), {"西屏"})
    assert written["西屏清江路"] == "清江路"
    assert written["桥南路清江路"] in ("清江路", "桥南路清江路")
    assert written["新模范马路"] == "新模范马路"


def test_questions_are_addresses_in_several_forms() -> None:
    asked = questions(prepare(pl.concat([town()] * 20)))
    assert asked.str.contains("月湖市|西屏|东屏").all()
    for form in (r"幢\d+单元\d+室$", r"^月湖市[^西东]", r"^云江省[西东]屏区", r"[里苑园区洲寓馆]\d+幢", r"号\d+幢"):
        assert 0 < asked.str.contains(form).sum() < len(asked), form


def test_measured_weights_give_sounder_confidence_than_none() -> None:
    table = blurred({"P": 20, "Q": 30})
    calibration = measure(table)
    assert calibration.sample >= 200
    assert np.isfinite(calibration.candidate).all()
    assert np.isfinite(calibration.reach).all()
    found = Geocoder.build(table, calibration=calibration).geocode(
        pl.Series([f"月湖市{name}3幢" for name in table["name"].unique().sort().to_list()])
    )
    assert found["confidence"].mean() > 0.8


def test_one_source_leaves_the_shipped_weights() -> None:
    measured, given = measure(blurred({"P": 20})), shipped()
    assert measured.sample == 0
    assert np.array_equal(measured.candidate, given.candidate)


def test_a_calibration_can_be_stored() -> None:
    calibration = shipped()
    again = Calibration.from_dict(calibration.to_dict())
    assert np.allclose(again.candidate, calibration.candidate)
    assert np.allclose(again.reach, calibration.reach)


def test_evidence_that_a_stored_calibration_lacks_weighs_nothing() -> None:
    stored = shipped().to_dict()
    del stored["candidate"]["spread"]
    assert 0.0 in Calibration.from_dict(stored).candidate


def test_logistic_regression_finds_the_weights_of_its_data() -> None:
    rng = np.random.default_rng(3)
    x = np.c_[np.ones(20000), rng.normal(size=(20000, 2))]
    truth = np.array([-0.5, 1.5, -1.0])
    y = (rng.random(20000) < 1 / (1 + np.exp(-x @ truth))).astype(np.float64)
    assert np.allclose(fit_logistic(x, y, np.zeros(3), 0.01), truth, atol=0.1)


def test_the_choice_among_candidates_is_learnt() -> None:
    rng = np.random.default_rng(4)
    evidence = rng.normal(size=(3000, 2))
    owner = np.repeat(np.arange(1000), 3)
    z = evidence[:, 0] * 2.0
    near = z == np.repeat(z.reshape(1000, 3).max(1), 3)
    weights = fit_choice(evidence, owner, near, np.zeros(2), 1.0, 300)
    assert weights[0] > 1.0 > abs(weights[1])


def test_a_judge_that_is_often_wrong_does_not_make_answers_worse() -> None:
    """Two sources judge the same answers; a fifth of the points of the second are wrong."""
    rng = np.random.default_rng(5)
    inputs = np.zeros((20000, len(INPUTS)))
    inputs[:, 0], inputs[:, 1] = 1.0, rng.normal(size=20000)
    sound = 1 / (1 + np.exp(-(1.0 + 2.0 * inputs[:, 1])))
    judge = np.arange(20000) % 2
    off = np.where(rng.random(20000) < sound, 20.0, 5000.0)
    off[(judge == 1) & (rng.random(20000) < 0.2)] = 5000.0
    reach, wrong = fit_reach(inputs, off, judge, np.zeros((len(RADII), len(INPUTS))), 0.1, rounds=60)
    assert np.allclose(reach[:, 0], 1.0, atol=0.25)
    assert np.allclose(reach[:, 1], 2.0, atol=0.25)
    assert (wrong[0] < 0.05).all()
    assert np.allclose(wrong[1], 0.2, atol=0.05)


def random_chances(rows: int = 400) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    rng = np.random.default_rng(6)
    return chances_within(rng.normal(size=(rows, len(INPUTS))), rng.normal(size=(len(RADII), len(INPUTS))))


def test_chances_grow_with_the_radius_and_add_up() -> None:
    within = random_chances()
    assert (np.diff(within, axis=1) >= 0).all()
    assert np.allclose(masses(within).sum(axis=1), within[:, -1])
    assert (masses(within) >= 0).all()


def test_the_radius_is_where_the_chance_is_reached() -> None:
    within = np.array([[0.1, 0.2, 0.5, 0.9, 0.95, 0.99], [0.5, 0.6, 0.7, 0.8, 0.85, 0.88]])
    assert radius_within(within, 0.9)[0] == pytest.approx(500)
    assert radius_within(within, 0.5) == pytest.approx([200, 50])
    assert np.isinf(radius_within(within, 0.9)[1])
    chances = random_chances()
    assert (radius_within(chances, 0.9) >= radius_within(chances, 0.5)).all()


def test_a_border_in_the_disc_lowers_confidence_and_never_raises_it() -> None:
    within = random_chances()
    rings = np.ones((len(within), len(RINGS)))
    inside, split = confidence_of(within, rings), confidence_of(within, rings * 0.5)
    assert ((split >= 0) & (split <= inside) & (inside <= 1)).all()
    assert (split[within[:, 3] > 0.1] < inside[within[:, 3] > 0.1]).all()
