"""GeoPackage, Shapefile, zip, GeoJSON, Parquet: what they declare, how they are encoded, and the way out and in again."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pyogrio.raw
import pyproj
import pytest
import shapely

from app.gazetteer.export import export_places
from app.gazetteer.formats.reading import read_table
from geo.crs import Crs

from . import grid
from .conftest import Gazetteer


def other() -> pl.DataFrame:
    """The town as another source has it."""
    return grid.town(source="乙图", prefix="2-", noise_m=40, seed=2)


def code_of(known: Gazetteer, path: Path, **said: object) -> str:
    """Why a file is refused, or nothing."""
    refused = known.take(path, **said).refused
    return refused.code if refused else ""


@pytest.mark.parametrize("driver", ["GPKG", "ESRI Shapefile"])
@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4326", "EPSG:4549"])
def test_the_files_own_system_counts(known: Gazetteer, driver: str, crs: str) -> None:
    places = other()
    x, y = pyproj.Transformer.from_crs(4490 if crs != "EPSG:4326" else 4326, crs, always_xy=True).transform(
        places["lon"].to_numpy(), places["lat"].to_numpy()
    )
    suffix = "gpkg" if driver == "GPKG" else "shp"
    file = places.with_columns(x=pl.Series(x), y=pl.Series(y))
    report = known.take(grid.write_gis(known.folder / f"f.{suffix}", file, crs, driver=driver, xy=("x", "y")))
    assert (report.exit_code, report.added, report.crs) == (0, 26, crs)


@pytest.mark.parametrize("driver", ["GPKG", "ESRI Shapefile"])
def test_a_file_that_lies_of_its_system_is_refused(known: Gazetteer, driver: str) -> None:
    """The usual lie: the file says WGS-84, the points are GCJ-02."""
    path = known.folder / ("f.gpkg" if driver == "GPKG" else "f.shp")
    grid.write_gis(path, grid.in_system(other(), Crs.GCJ02), "EPSG:4326", driver=driver)
    refused = known.take(path).refused
    assert refused is not None
    assert "声明 WGS84，实为 GCJ02" in refused.zh
    assert known.take(path, crs="GCJ02").added == 26


@pytest.mark.parametrize(("encoding", "cpg"), [("GBK", True), ("GBK", False), ("UTF-8", True), ("UTF-8", False)])
def test_texts_of_a_shapefile(known: Gazetteer, encoding: str, cpg: bool) -> None:
    path = known.folder / "f.shp"
    grid.write_gis(path, other(), "EPSG:4490", driver="ESRI Shapefile", encoding=encoding)
    if not cpg:
        path.with_suffix(".cpg").unlink()
        dbf = bytearray(path.with_suffix(".dbf").read_bytes())
        dbf[29] = 0  # nor does the table's header say it
        path.with_suffix(".dbf").write_bytes(dbf)
    assert known.take(path).added == 26
    assert "丙字花园" in set(known.now().filter(pl.col("source") == "乙图")["name"])


def test_texts_in_no_encoding_are_asked_for(known: Gazetteer) -> None:
    path = known.folder / "f.shp"
    grid.write_gis(path, other(), "EPSG:4490", driver="ESRI Shapefile")
    path.with_suffix(".cpg").unlink()
    dbf = bytearray(path.with_suffix(".dbf").read_bytes().replace("字".encode(), b"\xff\xff\xff"))
    dbf[29] = 0
    path.with_suffix(".dbf").write_bytes(dbf)
    assert code_of(known, path) == "ENCODING_UNDECLARED"


def test_a_shapefile_without_prj_is_asked_for_its_system(known: Gazetteer) -> None:
    path = grid.write_gis(known.folder / "f.shp", other(), "EPSG:4490", driver="ESRI Shapefile")
    path.with_suffix(".prj").unlink()
    assert code_of(known, path) == "CRS_NOT_DECLARED"
    assert code_of(known, path, crs="CGCS2000") == ""


def test_a_prj_that_names_nothing_is_asked_for_its_system(known: Gazetteer) -> None:
    path = grid.write_gis(known.folder / "f.shp", other(), "EPSG:4490", driver="ESRI Shapefile")
    path.with_suffix(".prj").write_text('LOCAL_CS["城市独立坐标系",UNIT["metre",1]]', encoding="utf-8")
    assert code_of(known, path) == "CRS_NOT_DECLARED"
    path.with_suffix(".prj").write_text(pyproj.CRS.from_epsg(4214).to_wkt("WKT1_ESRI"), encoding="utf-8")
    assert code_of(known, path) == "CRS_NO_TRANSFORMATION"


@pytest.mark.parametrize("part", [".shx", ".dbf"])
def test_a_shapefile_without_a_part_is_refused(known: Gazetteer, part: str) -> None:
    path = grid.write_gis(known.folder / "f.shp", other(), "EPSG:4490", driver="ESRI Shapefile")
    path.with_suffix(part).unlink()
    assert code_of(known, path) == "SHAPEFILE_PARTS"


def test_a_zipped_shapefile_in_a_folder_with_a_chinese_name(known: Gazetteer) -> None:
    path = grid.write_gis(known.folder / "f.shp", other(), "EPSG:4490", driver="ESRI Shapefile", encoding="GBK")
    packed = known.folder / "f.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in known.folder.glob("f.*"):
            if part.suffix != ".zip":
                archive.write(part, f"数据/地名.{part.suffix[1:].upper()}")
        archive.writestr("说明.txt", "说明")
    report = known.take(packed)
    assert (report.exit_code, report.added, report.file) == (0, 26, "f.zip")
    assert path.exists()


def test_several_layers_are_asked_for(known: Gazetteer) -> None:
    path = known.folder / "f.gpkg"
    grid.write_gis(path, other(), "EPSG:4490", driver="GPKG", layer="places")
    grid.write_gis(path, other(), "EPSG:4490", driver="GPKG", layer="roads", append=True)
    refused = known.take(path).refused
    assert refused is not None
    assert (refused.code, "places" in refused.zh) == ("LAYER", True)
    assert code_of(known, path, layer="none") == "LAYER"
    assert known.take(path, layer="places").added == 26


def test_shapes_that_are_no_points_come_back(known: Gazetteer) -> None:
    points = [
        shapely.Point(118.7, 32.1),
        shapely.MultiPoint([(118.71, 32.1)]),
        None,
        shapely.box(118.7, 32.0, 118.8, 32.1),
    ]
    wkb = np.array([None if one is None else shapely.to_wkb(one) for one in points], dtype=object)
    names = np.array(["子", "丑", "寅", "卯"], dtype=object)
    pyogrio.raw.write(
        known.folder / "f.gpkg", wkb, [names], ["name"], geometry_type="Unknown", crs="EPSG:4490", driver="GPKG"
    )
    report = known.take(known.folder / "f.gpkg", source="丙", kind="POI")
    assert (report.read, report.added, report.rejected) == (4, 2, 2)
    assert known.rejected() == [("3", "geometry", "EMPTY_GEOMETRY"), ("4", "geometry", "NOT_A_POINT")]


def test_geojson_declares_wgs84_unless_it_says_otherwise(known: Gazetteer) -> None:
    def written(places: pl.DataFrame, **members: object) -> Path:
        features = [
            {
                "type": "Feature",
                "properties": row,
                "geometry": {"type": "Point", "coordinates": [row.pop("lon"), row.pop("lat")]},
            }
            for row in places.to_dicts()
        ]
        path = known.folder / "f.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", **members, "features": features}), encoding="utf-8")
        return path

    assert known.take(written(other()), dry_run=True).added == 26
    assert code_of(known, written(grid.in_system(other(), Crs.GCJ02))) == "CRS_CONTRADICTED"
    assert known.take(written(grid.in_system(other(), Crs.GCJ02), crs_declared="GCJ02")).added == 26
    old = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    assert known.take(written(other(), crs=old), dry_run=True).crs == "urn:ogc:def:crs:EPSG::4490"


def test_geoparquet_of_another_program(known: Gazetteer) -> None:
    import geopandas

    places = other()
    frame = geopandas.GeoDataFrame(
        {name: places[name].to_list() for name in grid.COLUMNS},
        geometry=geopandas.points_from_xy(places["lon"].to_numpy(), places["lat"].to_numpy()),
        crs="EPSG:4490",
    )
    # Written by hand as geopandas would need pyarrow: the metadata is what the specification asks for.
    table = pl.DataFrame({name: frame[name].to_list() for name in grid.COLUMNS}).with_columns(
        geometry=pl.Series(frame.geometry.to_wkb().to_list(), dtype=pl.Binary)
    )
    about = {"version": "1.1.0", "primary_column": "geometry"}
    about["columns"] = {"geometry": {"encoding": "WKB", "geometry_types": ["Point"], "crs": frame.crs.to_json_dict()}}  # type: ignore[assignment]
    table.write_parquet(known.folder / "f.parquet", metadata={"geo": json.dumps(about)})
    report = known.take(known.folder / "f.parquet")
    assert (report.added, report.crs) == (26, "EPSG:4490")


@pytest.mark.parametrize("suffix", ["csv", "gpkg", "shp", "geojson", "parquet"])
@pytest.mark.parametrize("crs", [Crs.CGCS2000, Crs.GCJ02, Crs.BD09])
def test_what_goes_out_comes_in_unchanged(known: Gazetteer, suffix: str, crs: Crs) -> None:
    known.take_places(grid.in_system(other(), crs), crs.value)
    known.do(
        "INSERT INTO gazetteer_place (id, kind, name, address, point) VALUES "
        "('Z1', 'POI', '=1+1,\"引号\"', '换行\n第二行', 'SRID=4490;POINT(118.7123456789 32.0987654321)'), "
        "('Z2', 'DOOR', NULL, NULL, 'SRID=4490;POINT(118.7 32)')"
    )
    # A converted coordinate keeps 7 digits: those of the first source are rounded once, then nothing changes any more.
    path = known.folder / f"out.{suffix}"
    with known.engine.connect() as connection:
        export_places(connection, path, crs=crs)
    known.take(path)
    before = known.now()
    with known.engine.connect() as connection:
        done = export_places(connection, path, crs=crs)
    report = known.take(path)
    assert (done.rows, report.read, report.unchanged, report.rejected) == (54, 54, 54, 0)
    assert known.now().equals(before)


def test_a_shapefile_may_be_written_in_gbk(known: Gazetteer) -> None:
    path = known.folder / "out.shp"
    with known.engine.connect() as connection:
        done = export_places(connection, path, encoding="GBK")
    assert "甲字花园".encode("gbk") in path.with_suffix(".dbf").read_bytes()
    assert done.cut == 0
    assert known.take(path).unchanged == 26


def test_an_older_prj_does_not_stay_beside_points_without_a_code(known: Gazetteer) -> None:
    path = known.folder / "out.shp"
    with known.engine.connect() as connection:
        export_places(connection, path)
        assert path.with_suffix(".prj").exists()
        export_places(connection, path, crs=Crs.GCJ02)
    assert not path.with_suffix(".prj").exists()
    assert read_table(path).crs is None


def test_texts_that_a_shapefile_cuts_are_counted(known: Gazetteer) -> None:
    known.do(f"UPDATE gazetteer_place SET address = '{'很长' * 60}' WHERE id = 'A'")
    with known.engine.connect() as connection:
        assert export_places(connection, known.folder / "out.shp").cut == 1
        assert export_places(connection, known.folder / "out.gpkg").cut == 0


def test_an_export_replaces_an_older_file_whole(known: Gazetteer) -> None:
    path = known.folder / "out.gpkg"
    path.write_bytes(b"older")
    with known.engine.connect() as connection:
        export_places(connection, path)
        with pytest.raises(ValueError, match="csv"):
            export_places(connection, known.folder / "out.xlsx")
    assert read_table(path).frame.height == 26
    assert [one.name for one in known.folder.iterdir() if one.name.startswith(".guidan")] == []


def test_reading_leaves_nothing_behind(known: Gazetteer, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = known.folder / "scratch"
    scratch.mkdir()
    path = grid.write_gis(known.folder / "f.shp", other(), "EPSG:4490", driver="ESRI Shapefile")
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    known.take(path)
    shutil.copy(path, known.folder / "g.zip")
    known.take(known.folder / "g.zip")
    assert list(scratch.iterdir()) == []
