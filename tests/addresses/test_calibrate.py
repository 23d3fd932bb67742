"""How far the geocoder can be trusted is measured on confirmed addresses, kept with its day and sample, and used."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from sqlalchemy import Connection, text

from app.addresses.calibrate import calibrate, listed, put_into_force, store
from app.addresses.figures import figures
from app.errors import TooFewConfirmed, UnknownCalibration
from app.locating.geocoder import current_calibration
from geo.geocoding.calibration import shipped
from tests.geo.geocoding.town import at

ON = date(2026, 3, 10)
SYLLABLES = "云霞松竹梅兰菊荷枫柏桂榕杉柳桐杏桃李梨橘"


def names(count: int) -> list[str]:
    return [f"{SYLLABLES[i % 20]}{SYLLABLES[i // 20 % 20]}{SYLLABLES[i * 7 % 20]}苑" for i in range(count)]


def fill(connection: Connection, count: int, *, wrong: float = 0.0, kind: str = "VISIT_CONFIRMED") -> None:
    """So many estates and as many visited addresses; a share of the estates stand elsewhere in the gazetteer."""
    rng = np.random.default_rng(3)
    places, addresses, holders = [], [], []
    for i, name in enumerate(names(count)):
        lon, lat = at(*rng.uniform(0, 20000, 2))
        off = rng.uniform(3000, 9000, 2) if rng.random() < wrong else rng.normal(0, 30, 2)
        east, north = at(*off)
        origin = at(0, 0)
        places.append(
            {
                "id": f"G{i}",
                "name": name,
                "lon": lon + east - origin[0],
                "lat": lat + north - origin[1],
                "number": str(i),
            }
        )
        holders.append({"id": f"H{i}"})
        addresses.append(
            {"id": f"H{i}", "text": f"云江省月湖市西屏区{name}{i % 30 + 1}幢", "lon": lon, "lat": lat, "kind": kind}
        )
    connection.execute(
        text(
            """INSERT INTO gazetteer_place (id, name, kind, province, city, district, road, number, point, source)
            VALUES (:id, :name, 'COMPOUND', '云江省', '月湖市', '西屏区', '', :number,
                    ST_SetSRID(ST_MakePoint(:lon, :lat), 4490), 'P')"""
        ),
        places,
    )
    connection.execute(text("INSERT INTO policyholder (id) VALUES (:id)"), holders)
    connection.execute(
        text(
            """INSERT INTO address (policyholder_id, kind, text, point, declared_crs)
            VALUES (:id, :kind, :text, ST_SetSRID(ST_MakePoint(:lon, :lat), 4490), 'CGCS2000')"""
        ),
        addresses,
    )


@pytest.mark.db
def test_a_gazetteer_that_is_often_wrong_is_trusted_less(connection: Connection) -> None:
    fill(connection, 600, wrong=0.4)
    measured = calibrate(connection, basis="CONFIRMED", on=ON)
    assert measured.calibration.sample == measured.figures["asked"] == 600
    assert measured.figures["calibration_error"] < 0.1 < measured.before["calibration_error"]
    number = store(connection, measured)
    assert current_calibration(connection).sample == 600
    (row,) = listed(connection)
    assert (row["id"], row["basis"], row["in_force"]) == (number, "CONFIRMED", True)
    assert row["figures"]["after"] == measured.figures


@pytest.mark.db
def test_one_calibration_is_in_force_and_the_shipped_one_comes_back(connection: Connection) -> None:
    fill(connection, 300)
    first = store(connection, calibrate(connection, basis="CONFIRMED", on=ON))
    second = store(connection, calibrate(connection, basis="CONFIRMED", on=ON))
    assert [(row["id"], row["in_force"]) for row in listed(connection)] == [(second, True), (first, False)]
    put_into_force(connection, first)
    assert [row["in_force"] for row in listed(connection)] == [False, True]
    put_into_force(connection, None)
    assert np.array_equal(current_calibration(connection).reach, shipped().reach)
    with pytest.raises(UnknownCalibration):
        put_into_force(connection, second + 1000)


@pytest.mark.db
@pytest.mark.parametrize(("count", "kind"), [(50, "VISIT_CONFIRMED"), (300, "HOME")])
def test_too_few_confirmed_addresses_are_refused(connection: Connection, count: int, kind: str) -> None:
    fill(connection, count, kind=kind)
    with pytest.raises(TooFewConfirmed):
        calibrate(connection, basis="CONFIRMED", on=ON)


@pytest.mark.db
def test_a_gazetteer_of_one_source_cannot_ask_itself(connection: Connection) -> None:
    fill(connection, 300)
    with pytest.raises(TooFewConfirmed):
        calibrate(connection, basis="GAZETTEER", on=ON)


def test_figures_of_answers_whose_truth_is_known() -> None:
    found = figures(
        np.array([0.95, 0.95, 0.95, 0.95, 0.55]),
        np.array([10.0, 20.0, 30.0, 4000.0, 600.0]),
        ["COMPOUND", "COMPOUND", "DOOR", "COMPOUND", "ROAD"],
        np.array([True, True, False, False, True]),
        asked=10,
    )
    assert found["levels"]["COMPOUND"]["n"] == 3
    assert found["levels"]["DOOR"] == {"n": 1, "p50_m": 30, "p90_m": 30}
    # Observed are right territory or within 500 m: three of four, and one of one.
    assert found["calibration_error"] == pytest.approx(4 / 5 * abs(0.95 - 0.75) + 1 / 5 * abs(0.55 - 1.0), abs=1e-4)
    assert found["curve"][-1] == {"threshold": 0.95, "accepted": 0.4, "right": 0.5}
