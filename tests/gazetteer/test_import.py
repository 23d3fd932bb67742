"""Files of places into a real store: declared systems, the test of them, columns, bad rows, questions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pyproj
import pytest
from sqlalchemy import text

from app.gazetteer.stopped import GazetteerStopped
from geo.crs import Crs
from geo.gazetteer.sniffing import Verdict

from . import grid
from .conftest import Gazetteer

SYSTEMS = (Crs.CGCS2000, Crs.WGS84, Crs.GCJ02, Crs.BD09)


def other(seed: int = 2) -> pl.DataFrame:
    """The same town as another source has it."""
    return grid.town(source="乙图", prefix="2-", noise_m=40, seed=seed)


@pytest.mark.parametrize("true", SYSTEMS)
def test_a_rightly_declared_file_goes_in_and_lands_in_place(known: Gazetteer, true: Crs) -> None:
    report = known.take_places(grid.in_system(other(), true), true.value, licence="内部", dated=date(2026, 1, 31))
    assert (report.exit_code, report.added) == (0, 26)
    assert [sniff.verdict for sniff in report.sniffs] == [Verdict.PASSED]
    stored = known.now().filter(pl.col("source") == "乙图").sort("id")
    assert np.abs(stored["lon"].to_numpy() - other().sort("id")["lon"].to_numpy()).max() < 1e-6
    version = known.versions()[-1]
    assert (version["number"], version["cause"], version["added"], version["total"]) == (2, "IMPORT", 26, 52)
    assert (version["licence"], version["dated"], version["crs"]) == ("内部", date(2026, 1, 31), true.value)
    assert version["sniff"][0]["verdict"] == "PASSED"
    assert len(version["sha256"]) == 64


@pytest.mark.parametrize("true", SYSTEMS)
@pytest.mark.parametrize("declared", SYSTEMS)
def test_a_wrongly_declared_file_is_refused_with_the_system_that_fits(
    known: Gazetteer, true: Crs, declared: Crs
) -> None:
    same = {true, declared} <= {Crs.CGCS2000, Crs.WGS84} or true is declared
    report = known.take_places(grid.in_system(other(), true), declared.value)
    if same:
        assert report.exit_code == 0
        return
    assert report.exit_code == 2
    assert report.refused is not None
    assert report.refused.code == "CRS_CONTRADICTED"
    fits = "CGCS2000/WGS84" if true in (Crs.CGCS2000, Crs.WGS84) else true.value
    assert f"声明 {declared.value}，实为 {fits}：中位偏差" in report.refused.zh
    assert known.now().height == 26
    assert len(known.versions()) == 1
    assert known.rejected() == [("", "crs", "CRS_CONTRADICTED")]


def test_a_contradicted_file_goes_in_with_a_reason_on_record(known: Gazetteer) -> None:
    report = known.take_places(grid.in_system(other(), Crs.BD09), "WGS84", force="已与测绘院核实")
    assert (report.exit_code, report.added, report.forced) == (0, 26, "已与测绘院核实")
    assert known.versions()[-1]["forced"] == "已与测绘院核实"
    assert known.versions()[-1]["sniff"][0]["best"] == "BD09"


def test_a_reason_that_is_not_needed_is_not_recorded(known: Gazetteer) -> None:
    assert known.take_places(other(), force="以防万一").forced is None


def test_one_source_of_two_in_another_system_is_named(known: Gazetteer) -> None:
    file = pl.concat(
        [
            grid.in_system(grid.town(source="乙图", prefix="2-", noise_m=40, seed=2), Crs.GCJ02),
            grid.in_system(grid.town(source="丙图", prefix="3-", noise_m=40, seed=3), Crs.BD09),
        ]
    )
    report = known.take_places(file, "GCJ02")
    assert report.refused is not None
    assert "来源 丙图：声明 GCJ02，实为 BD09" in report.refused.zh
    assert "乙图" not in report.refused.zh


def test_the_first_file_is_taken_and_said_to_be_untested(gazetteer: Gazetteer) -> None:
    report = gazetteer.take_places(grid.in_system(grid.town(), Crs.BD09), "WGS84")
    assert (report.exit_code, [sniff.verdict for sniff in report.sniffs]) == (0, [Verdict.UNTESTED])


def test_an_edition_of_the_same_source_is_compared_with_the_one_before(known: Gazetteer) -> None:
    report = known.take_places(grid.in_system(grid.town(noise_m=30, seed=5), Crs.GCJ02), "CGCS2000")
    assert report.refused is not None
    assert "与这个来源以前的" in report.refused.zh


def test_outlines_of_branches_speak_where_no_place_is_known(gazetteer: Gazetteer) -> None:
    gazetteer.do(
        "INSERT INTO organisation (code, level, parent_code, name) VALUES ('P', 'province', NULL, '省'), ('C', 'city', 'P', '市'), "
        "('E', 'branch', 'C', '东'), ('W', 'branch', 'C', '西')",
        "INSERT INTO branch_area (branch_code, geom) VALUES "
        "('E', ST_Multi(ST_MakeEnvelope(118.6, 32.0, 118.9, 32.05, 4490))), ('W', ST_Multi(ST_MakeEnvelope(118.6, 32.05, 118.9, 32.2, 4490)))",
    )
    lon = np.linspace(118.65, 118.85, 200)
    lat = 32.05 + np.where(np.arange(200) % 2, 1, -1) * 0.0005
    places = pl.DataFrame({"lon": lon, "lat": lat}).with_columns(
        id=pl.format("X{}", pl.int_range(pl.len())),
        name=pl.format("第{}号院", pl.int_range(pl.len())),
        kind=pl.lit("COMPOUND"),
        city=pl.lit("乙市"),
        district=pl.when(pl.col("lat") < 32.05).then(pl.lit("南区")).otherwise(pl.lit("北区")),
        source=pl.lit("乙图"),
    )
    report = gazetteer.take_places(grid.in_system(places, Crs.GCJ02), "WGS84")
    assert report.refused is not None
    assert "与区划不符" in report.refused.zh
    assert gazetteer.take_places(grid.in_system(places, Crs.GCJ02), "GCJ02").exit_code == 0


@pytest.mark.parametrize("code", [4490, 4326, 4549, 4528, 32650, 3857])
def test_codes_of_projections_are_converted(known: Gazetteer, code: int) -> None:
    places = other()
    x, y = pyproj.Transformer.from_crs(4490 if code != 4326 else 4326, code, always_xy=True).transform(
        places["lon"].to_numpy(), places["lat"].to_numpy()
    )
    file = places.with_columns(X=pl.Series(x), Y=pl.Series(y)).drop("lon", "lat")
    report = known.take(grid.write_csv(known.folder / "metres.csv", file), crs=f"EPSG:{code}")
    assert (report.exit_code, report.added, report.columns["lon"]) == (0, 26, "X")
    stored = known.now().filter(pl.col("source") == "乙图").sort("id")
    assert np.abs(stored["lat"].to_numpy() - places.sort("id")["lat"].to_numpy()).max() < 2e-9


@pytest.mark.parametrize(
    ("crs", "code"),
    [("EPSG:4214", "CRS_NO_TRANSFORMATION"), ("EPSG:4610", "CRS_NO_TRANSFORMATION"), ("火星", "CRS_UNKNOWN"), ("BD09MC", "CRS_UNKNOWN")],
)  # fmt: skip
def test_systems_without_a_way_are_refused(gazetteer: Gazetteer, crs: str, code: str) -> None:
    report = gazetteer.take(grid.write_csv(gazetteer.folder / "f.csv", grid.town()), crs=crs)
    assert report.refused is not None
    assert report.refused.code == code


def test_what_is_not_said_is_asked_for(gazetteer: Gazetteer) -> None:
    places = grid.town()
    path = gazetteer.folder / "f.csv"

    def asked(frame: pl.DataFrame, **said: object) -> str:
        refused = gazetteer.take(grid.write_csv(path, frame), **said).refused
        return "" if refused is None else refused.code

    assert asked(places) == "CRS_NOT_DECLARED"
    assert asked(places.drop("source"), crs="GCJ02") == "SOURCE_NOT_NAMED"
    assert asked(places.drop("kind"), crs="GCJ02") == "KIND_NOT_NAMED"
    assert asked(places, crs="GCJ02", columns={"name": "名字"}) == "COLUMN_IN_VAIN"
    assert asked(places, crs="GCJ02", columns={"title": "name"}) == "COLUMN_IN_VAIN"
    assert asked(places.rename({"lon": "lat", "lat": "lon"}), crs="GCJ02") == "AXES_SWAPPED"
    assert asked(places.drop("source", "kind"), crs="GCJ02", source="丙", kind="COMPOUND") == ""


def test_columns_are_known_by_their_chinese_names_or_by_what_is_said(known: Gazetteer) -> None:
    names = {
        "name": "小区名称",
        "lon": "经度（°）",
        "lat": "纬度（°）",
        "district": "区县",
        "city": "城市",
        "kind": "类别",
        "road": "甲",
    }
    file = other().rename(names).drop("id", "source").with_columns(类别=pl.lit("小区"))
    path = grid.write_csv(known.folder / "f.csv", file)
    report = known.take(path, crs="CGCS2000", source="丁图", columns={"road": "甲"})
    assert (report.exit_code, report.added) == (0, 26)
    stored = known.now().filter(pl.col("source") == "丁图")
    assert set(stored["kind"]) == {"COMPOUND"}
    assert set(stored["road"]) == {"中央路"}
    # Ids that are derived are the same in the next edition.
    again = known.take(path, crs="CGCS2000", source="丁图", columns={"road": "甲"})
    assert (again.unchanged, again.version) == (26, None)


def test_bad_rows_come_back_and_the_others_go_in(gazetteer: Gazetteer) -> None:
    lines = [
        "id,name,kind,lon,lat,crs,source",
        "G1,甲,COMPOUND,118.7,32.1,GCJ02,X",
        "G2,乙,COMPOUND,abc,32.1,GCJ02,X",
        "G3,丙,CASTLE,118.7,32.1,GCJ02,X",
        "G4,丁,COMPOUND,118.7,32.1,,X",
        "G5,戊,COMPOUND,32.1,118.7,GCJ02,X",
        "G6,己,COMPOUND,2.35,48.85,GCJ02,X",
        "G1,另一个,COMPOUND,118.7,32.1,GCJ02,X",
        "G1,甲,COMPOUND,118.7,32.1,GCJ02,X",
        ",庚,COMPOUND,118.7,32.1,GCJ02,X",
        'G9,"辛,COMPOUND,118.7,32.1,GCJ02,X',
        "G10,壬,COMPOUND,118.7,32.1,BD09,X",
        "G11,癸,COMPOUND,,,GCJ02,X",
    ]
    path = gazetteer.folder / "f.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = gazetteer.take(path)
    assert (report.exit_code, report.read, report.added, report.unchanged, report.rejected) == (3, 12, 2, 1, 9)
    assert set(gazetteer.now()["id"]) == {"G1", "G10"}
    assert sorted(gazetteer.rejected(), key=lambda one: int(one[0])) == [
        ("3", "lon", "BAD_NUMBER"),
        ("4", "kind", "BAD_VALUE"),
        ("5", "crs", "CRS_UNDECLARED"),
        ("6", "lon", "SWAPPED_AXES"),
        ("7", "lon", "OUTSIDE_CHINA"),
        ("8", "id", "DUPLICATE_KEY"),
        ("10", "id", "MISSING_VALUE"),
        ("11", "", "BAD_RECORD"),
        ("13", "lon", "MISSING_VALUE"),
    ]


def test_ids_of_another_source_are_not_overwritten(known: Gazetteer) -> None:
    clash = grid.town(source="乙图", noise_m=30, seed=4)
    report = known.take_places(clash)
    assert (report.exit_code, report.added, report.rejected) == (3, 0, 26)
    assert {code for _, _, code in known.rejected()} == {"ID_OF_OTHER_SOURCE"}
    assert set(known.now()["source"]) == {"甲图"}
    assert known.take_places(clash, id_prefix="乙-").added == 26


def test_a_new_edition_replaces_its_source(known: Gazetteer) -> None:
    known.take_places(other())
    edition = grid.town(noise_m=30).filter(~pl.col("id").is_in(["A", "B"]))
    bad = edition.with_columns(kind=pl.when(pl.col("id") == "C").then(pl.lit("CASTLE")).otherwise("kind"))
    path = grid.write_csv(known.folder / "f.csv", bad, "CGCS2000")
    assert known.take(path).removed == 0
    report = known.take(path, replace_source=True)
    assert (report.removed, report.unchanged, report.rejected) == (2, 23, 1)
    # What was refused keeps its earlier version, and other sources are not touched.
    assert set(known.now().filter(pl.col("source") == "甲图")["id"]) == set(edition["id"])
    assert known.now().filter(pl.col("source") == "乙图").height == 26
    assert known.versions()[-1]["removed"] == 2


def test_a_dry_run_tells_the_same_and_changes_nothing(known: Gazetteer) -> None:
    before = known.now()
    report = known.take_places(other(), dry_run=True)
    assert (report.exit_code, report.added, report.dry_run) == (0, 26, True)
    assert known.now().equals(before)
    assert len(known.versions()) == 1
    assert known.all("SELECT count(*) FROM imported_file") == [(1,)]


def test_repeating_changes_nothing(known: Gazetteer) -> None:
    report = known.take_places(grid.town(noise_m=30))
    assert (report.unchanged, report.added, report.changed, report.version) == (26, 0, 0, None)
    assert len(known.versions()) == 1


def test_a_gbk_file_is_read_if_it_is_declared(known: Gazetteer) -> None:
    path = grid.write_csv(known.folder / "f.csv", other(), "CGCS2000", encoding="gbk")
    refused = known.take(path).refused
    assert refused is not None
    assert refused.code == "ENCODING_UNDECLARED"
    report = known.take(path, encoding="GBK")
    assert report.added == 26
    assert "甲字花园" in set(known.now()["name"])
    # One broken byte costs one record.
    path.write_bytes(path.read_bytes().replace("丙字".encode("gbk"), b"\xff\xff"))
    broken = known.take(path, encoding="GBK")
    assert (broken.unchanged, broken.rejected) == (25, 1)


def test_an_interrupted_import_leaves_nothing(known: Gazetteer) -> None:
    known.do(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$",
        "CREATE TRIGGER zz_fail AFTER INSERT ON gazetteer_change FOR EACH STATEMENT EXECUTE FUNCTION fail()",
    )
    with pytest.raises(GazetteerStopped):
        known.take_places(other())
    known.do("DROP TRIGGER zz_fail ON gazetteer_change")
    assert known.now().height == 26
    assert len(known.versions()) == 1
    assert known.all("SELECT count(*) FROM imported_file") == [(1,)]
    assert known.take_places(other()).version == 2


def test_a_killed_session_leaves_nothing(known: Gazetteer) -> None:
    known.do(
        "CREATE FUNCTION kill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); "
        "RETURN NULL; END $$",
        "CREATE TRIGGER zz_kill AFTER INSERT ON gazetteer_place FOR EACH STATEMENT EXECUTE FUNCTION kill()",
    )
    with pytest.raises(GazetteerStopped):
        known.take_places(other())
    known.do("DROP TRIGGER zz_kill ON gazetteer_place")
    assert (known.now().height, len(known.versions())) == (26, 1)
    assert known.take_places(other()).version == 2


def test_two_imports_do_not_meet(known: Gazetteer) -> None:
    from app.exchange.repository import IMPORT_LOCK
    from app.exchange.stopped import ImportBusy

    with known.engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": IMPORT_LOCK})
        with pytest.raises(ImportBusy):
            known.take_places(other())
    assert known.now().height == 26


def test_a_file_without_rows_changes_nothing(known: Gazetteer) -> None:
    report = known.take_places(grid.town().clear())
    assert (report.exit_code, report.read, report.version, report.sniffs) == (0, 0, None, ())
    assert known.now().height == 26


def test_a_missing_file_is_an_os_error(gazetteer: Gazetteer) -> None:
    with pytest.raises(FileNotFoundError):
        gazetteer.take(Path(gazetteer.folder / "none.csv"))
