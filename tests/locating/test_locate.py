"""The process's geocoder, and the locations that it gives to stored addresses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import Barrier, Thread
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Connection, Engine, text

from app.db import make_engine
from app.locating import geocoder as kept
from app.locating.geocoder import FRAME, current_geocoder, gazetteer_version
from app.locating.locate import locate_addresses, locate_holder
from geo.address.divisions import build_divisions
from geo.geocoding import Geocoder
from geo.geocoding.calibration import Calibration, shipped


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """Each test starts without a geocoder and leaves none."""
    kept._kept = None
    yield
    kept._kept = None


class Counting:
    """Stands in for the geocoder where its answers do not matter: the longer the text, the farther east."""

    divisions = build_divisions()
    only_city = -1

    def __init__(self) -> None:
        self.texts: list[str] = []

    def geocode(self, texts: pl.Series, *, prior_city: pl.Series | None = None) -> pl.DataFrame:
        self.texts += texts.to_list()
        found = texts.str.contains("路")
        return pl.DataFrame(
            {
                "lon": pl.select(pl.when(found).then(118 + texts.str.len_chars() / 100)).to_series(),
                "lat": pl.select(pl.when(found).then(32.0)).to_series(),
                "level": pl.select(pl.when(found).then(pl.lit("DOOR")).otherwise(pl.lit("NONE"))).to_series(),
                "confidence": pl.select(pl.when(found).then(0.9).otherwise(0.0)).to_series(),
                "radius_m": pl.select(pl.when(found).then(30.0)).to_series(),
                "province": [""] * len(texts),
                "city": [""] * len(texts),
                "district": [""] * len(texts),
                "matched": ["庐山路"] * len(texts),
                "provider": ["gazetteer"] * len(texts),
                "reasons": ["ONLY_ROAD;RURAL"] * len(texts),
                "subdistrict": [""] * len(texts),
                "radius50_m": pl.select(pl.when(found).then(10.0)).to_series(),
                "within": pl.Series([[0.5, 0.9, 1.0, 1.0, 1.0, 1.0]] * len(texts), dtype=pl.Array(pl.Float32, 6)),
            }
        )


def add_places(connection: Connection, *rows: tuple[str, str, float, float]) -> None:
    for id_, name, lon, lat in rows:
        connection.execute(
            text(
                """INSERT INTO gazetteer_place (id, name, kind, city, district, road, number, address, point)
                VALUES (:id, :name, 'COMPOUND', '南京市', '建邺区', '庐山路', :id, '建邺区庐山路' || :id || '号',
                        ST_SetSRID(ST_MakePoint(:lon, :lat), 4490))"""
            ),
            {"id": id_, "name": name, "lon": lon, "lat": lat},
        )


PLACES = (("1", "奥体新城丹枫园", 118.73, 32.01), ("2", "万科光明城市", 118.74, 32.02))


def add_address(connection: Connection, holder: str, line: str | None, point: str | None = None) -> int:
    connection.execute(text("INSERT INTO policyholder (id) VALUES (:id) ON CONFLICT DO NOTHING"), {"id": holder})
    return int(
        connection.execute(
            text(
                """INSERT INTO address (policyholder_id, kind, text, point)
                VALUES (:holder, 'HOME', :line, CAST(:point AS geometry)) RETURNING id"""
            ),
            {"holder": holder, "line": line, "point": point},
        ).scalar_one()
    )


def locations(connection: Connection) -> dict[int, Any]:
    rows = connection.execute(
        text("SELECT *, ST_X(point) AS lon, ST_SRID(point) AS srid FROM location ORDER BY address_id")
    )
    return {row.address_id: row for row in rows}


def test_every_address_with_text_and_without_a_point_is_located(connection: Connection) -> None:
    geocoder: Any = Counting()
    wanted = [add_address(connection, "H1", "庐山路1号"), add_address(connection, "H2", "不知何处")]
    add_address(connection, "H3", None)
    add_address(connection, "H4", "")
    add_address(connection, "H5", "庐山路5号", "SRID=4490;POINT(118 32)")
    told: list[float] = []
    assert locate_addresses(connection, geocoder=geocoder, version="v1", progress=told.append) == 2
    found = locations(connection)
    assert list(found) == wanted
    first, second = found.values()
    assert (first.level, round(first.lon, 2), first.srid, first.radius_m) == ("DOOR", 118.05, 4490, 30.0)
    assert (first.matched, first.district, first.reasons) == ("庐山路", None, ["ONLY_ROAD", "RURAL"])
    assert (second.level, second.point, second.confidence, second.radius_m) == ("NONE", None, 0.0, None)
    assert {row.gazetteer_version for row in found.values()} == {"v1"}
    assert told[-1] == 1.0


def test_nothing_is_located_twice_until_the_gazetteer_changes(connection: Connection) -> None:
    geocoder: Any = Counting()
    add_address(connection, "H1", "庐山路1号")
    assert locate_addresses(connection, geocoder=geocoder, version="v1") == 1
    assert locate_addresses(connection, geocoder=geocoder, version="v1") == 0
    add_address(connection, "H2", "庐山路22号")
    assert locate_addresses(connection, geocoder=geocoder, version="v1") == 1
    assert geocoder.texts == ["庐山路1号", "庐山路22号"]
    assert locate_addresses(connection, geocoder=geocoder, version="v2") == 2
    assert {row.gazetteer_version for row in locations(connection).values()} == {"v2"}


def test_one_text_of_many_is_geocoded_once(connection: Connection) -> None:
    geocoder: Any = Counting()
    for number in range(5):
        add_address(connection, f"H{number}", "庐山路1号")
    assert locate_addresses(connection, geocoder=geocoder, version="v1") == 5
    assert geocoder.texts == ["庐山路1号"]
    assert len(locations(connection)) == 5


@pytest.mark.parametrize(
    "line",
    [
        '"庐山路", 1号',
        "庐山路\\1号",
        "庐山路\t1号",
        "庐山路\n1号",
        "\\.",
        "庐山路%s:x",
        "NULL",
        "  庐山路 ",
        "庐山路'1号",
    ],
)
def test_a_text_comes_through_as_it_is(connection: Connection, line: str) -> None:
    geocoder: Any = Counting()
    add_address(connection, "H1", line)
    assert locate_addresses(connection, geocoder=geocoder, version="v1") == 1
    assert geocoder.texts == [line]


def test_it_is_restricted_to_the_holders_asked_for(connection: Connection) -> None:
    geocoder: Any = Counting()
    add_address(connection, "H1", "庐山路1号")
    second = add_address(connection, "H2", "庐山路22号")
    query = "SELECT id FROM policyholder WHERE id = 'H2'"
    assert locate_addresses(connection, geocoder=geocoder, version="v1", holder_ids_query=query) == 1
    assert list(locations(connection)) == [second]
    assert locate_addresses(connection, geocoder=geocoder, version="v2", holder_ids_query=query) == 1
    assert list(locations(connection)) == [second]


def test_a_large_number_goes_in_parts(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.locating.locate.BATCH", 3)
    geocoder: Any = Counting()
    for number in range(8):
        add_address(connection, f"H{number}", f"庐山路{number}号")
    told: list[float] = []
    assert locate_addresses(connection, geocoder=geocoder, version="v1", progress=told.append) == 8
    assert told == [3 / 8, 6 / 8, 1.0]
    assert len(locations(connection)) == 8


def test_the_addresses_of_one_holder(connection: Connection) -> None:
    geocoder: Any = Counting()
    add_address(connection, "it's %s:x", "庐山路1号")
    add_address(connection, "H2", "庐山路22号")
    holder = "it's %s:x"
    assert locate_holder(connection, holder, geocoder=geocoder, version="v1") == 1
    assert locate_holder(connection, holder, geocoder=geocoder, version="v1") == 0
    assert locate_holder(connection, holder, geocoder=geocoder, version="v2") == 1
    (row,) = locations(connection).values()
    assert (row.level, row.gazetteer_version, row.reasons) == ("DOOR", "v2", ["ONLY_ROAD", "RURAL"])
    assert locate_holder(connection, "nobody", geocoder=geocoder, version="v1") == 0


def test_two_who_locate_the_same_holder_at_once_agree(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        add_address(connection, "H1", "庐山路1号")
    barrier = Barrier(4)
    failures: list[BaseException] = []

    def locate(bulk: bool) -> None:
        geocoder: Any = Counting()
        barrier.wait()
        try:
            with engine.begin() as connection:
                if bulk:
                    locate_addresses(connection, geocoder=geocoder, version="v1")
                else:
                    locate_holder(connection, "H1", geocoder=geocoder, version="v1")
        except BaseException as error:
            failures.append(error)

    threads = [Thread(target=locate, args=(n % 2 == 0,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with engine.connect() as connection:
        assert len(locations(connection)) == 1
    engine.dispose()


def test_the_version_depends_on_the_places_and_not_on_their_order(engine: Engine) -> None:
    versions = []
    for places in (PLACES, PLACES[::-1], PLACES[:1], (PLACES[0], ("2", "万科光明城市", 118.74, 32.03)), ()):
        with engine.connect() as connection:
            add_places(connection, *places)
            versions.append(gazetteer_version(connection))
            connection.rollback()
    assert versions[0] == versions[1]
    assert len(set(versions)) == 4


def test_the_geocoder_is_kept_until_the_gazetteer_changes(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[int] = []

    def build(frame: pl.DataFrame, calibration: Calibration) -> object:
        assert dict(frame.schema) == FRAME
        built.append(len(frame))
        return object()

    monkeypatch.setattr(Geocoder, "build", build)
    add_places(connection, PLACES[0])
    first, version = current_geocoder(connection)
    assert current_geocoder(connection) == (first, version)
    # something else of the world changes: asked again, and found to be the same
    connection.execute(text("INSERT INTO organisation (code, level, name) VALUES ('P', 'province', 'P')"))
    assert current_geocoder(connection)[0] is first
    add_places(connection, PLACES[1])
    second, changed = current_geocoder(connection)
    assert (second is first, changed == version) == (False, False)
    assert built == [1, 2]


def test_a_calibration_in_force_is_used_and_dates_the_answers(connection: Connection) -> None:
    add_places(connection, *PLACES)
    first, version = current_geocoder(connection)
    weights = shipped()._replace(sample=321)
    connection.execute(
        text(
            """INSERT INTO calibration (basis, sample, gazetteer_version, weights, figures, in_force)
            VALUES ('CONFIRMED', 321, 'v', :weights, '{}', true)"""
        ),
        {"weights": json.dumps(weights.to_dict())},
    )
    second, changed = current_geocoder(connection)
    assert (first.calibration.sample, second.calibration.sample) == (0, 321)
    assert changed != version


def test_a_gazetteer_that_was_rolled_back_is_forgotten(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Geocoder, "build", lambda frame, calibration: frame)
    seen = []
    for place in PLACES:
        with engine.connect() as connection:
            add_places(connection, place)
            frame: Any = current_geocoder(connection)[0]
            seen.append(frame.get_column("id").to_list())
            connection.rollback()
    assert seen == [["1"], ["2"]]


def test_two_databases_have_geocoders_of_their_own(
    connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Geocoder, "build", lambda frame, calibration: frame)
    other = make_engine(database_url)
    with other.begin() as elsewhere:
        add_places(elsewhere, *PLACES)
        there: Any = current_geocoder(elsewhere)[0]
        here: Any = current_geocoder(connection)[0]
    other.dispose()
    assert (len(there), len(here)) == (2, 0)


def test_the_real_geocoder_finds_an_estate(connection: Connection) -> None:
    add_places(connection, *PLACES)
    address = add_address(connection, "H1", "南京市建邺区庐山路1号奥体新城丹枫园3幢1203室")
    geocoder, version = current_geocoder(connection)
    assert locate_addresses(connection, geocoder=geocoder, version=version) == 1
    found = locations(connection)[address]
    assert (round(found.lon, 4), found.district, found.provider) == (118.73, "建邺区", "gazetteer")
    assert found.level in ("DOOR", "COMPOUND")
    assert 0 < found.confidence <= 1
    assert 0 < found.within_50_m <= found.within_500_m <= found.within_2500_m <= 1
    assert found.radius50_m <= found.radius_m


def test_the_branch_of_the_newest_policy_settles_the_city(connection: Connection) -> None:
    for statement in (
        """INSERT INTO organisation (code, level, parent_code, name) VALUES ('P', 'province', NULL, '江苏省分公司'),
           ('N', 'city', 'P', '南京市分公司'), ('S', 'city', 'P', '苏州分公司'), ('N1', 'branch', 'N', '鼓楼支公司'),
           ('S1', 'branch', 'S', '姑苏支公司')""",
        """INSERT INTO gazetteer_place (id, name, kind, province, city, district, road, number, address, point)
           SELECT city || n, '丹枫园', 'COMPOUND', '江苏省', city, district, '中山路', '8', '中山路8号', ST_SetSRID(ST_MakePoint(lon, lat), 4490)
           FROM (VALUES ('南京市', '鼓楼区', 118.77, 32.06), ('苏州市', '姑苏区', 120.62, 31.3)) AS place (city, district, lon, lat),
                generate_series(1, 2) AS n""",
    ):
        connection.execute(text(statement))
    written = "中山路8号丹枫园3幢501室"
    addresses = {holder: add_address(connection, holder, written) for holder in ("H1", "H2", "H3")}
    connection.execute(
        text(
            """INSERT INTO policy (policy_no, policyholder_id, branch_code, status, served_by_collection, effective_on)
            VALUES ('A', 'H1', 'N1', 'IN_FORCE', false, '2020-01-01'), ('B', 'H2', 'N1', 'IN_FORCE', false, '2020-01-01'),
                   ('C', 'H2', 'S1', 'IN_FORCE', false, '2022-01-01')"""
        )
    )
    geocoder, version = current_geocoder(connection)
    assert locate_addresses(connection, geocoder=geocoder, version=version) == 3
    bulk = locations(connection)
    assert [bulk[addresses[holder]].district for holder in ("H1", "H2", "H3")] == ["鼓楼区", "姑苏区", None]
    connection.execute(text("DELETE FROM location"))
    for holder in addresses:
        locate_holder(connection, holder, geocoder=geocoder, version=version)
    assert {key: row.district for key, row in locations(connection).items()} == {
        key: row.district for key, row in bulk.items()
    }
