"""What a good file of territories becomes: systems, names, encodings, several records of a team, overlaps, communities."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon

from app.territories.files.columns import Teams, choose
from app.territories.files.compare import Comparison
from app.territories.files.formats import Written
from app.territories.files.outcome import same_area
from geo.coverage import settle
from geo.crs import Crs, convert

from .town import COMMUNITIES, PRESENT, box, feature, geojson, take, written

HALF = box(0, 0.010, 0, 0.010)


def fates(told: Comparison) -> list[tuple[str | None, str, str | None]]:
    return [(row["team_code"], row["action"], row["code"]) for row in told.rows]


def after(told: Comparison, team: str) -> MultiPolygon:
    text, _ = told.changes[team]
    assert text is not None
    area: Any = shapely.from_wkb(bytes.fromhex(text))
    return area  # type: ignore[no-any-return]


def shifted(area: MultiPolygon, crs: Crs) -> MultiPolygon:
    """An area as it is written in another system."""
    moved: Any = shapely.transform(area, lambda p: np.column_stack(convert(p[:, 0], p[:, 1], Crs.CGCS2000, crs)))
    return moved  # type: ignore[no-any-return]


def with_gdal(suffix: str, driver: str, area: MultiPolygon, crs: str, **columns: str) -> bytes:
    """A file of one record as a GIS writes it; a shapefile as a zip."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"f{suffix}"
        pyogrio.raw.write(
            path,
            np.array([shapely.to_wkb(area)], dtype=object),
            [np.array([value], dtype=object) for value in columns.values()],
            list(columns),
            geometry_type="MultiPolygon" if suffix != ".shp" else "Polygon",
            crs=crs,
            driver=driver,
        )
        if suffix != ".shp":
            return path.read_bytes()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for part in sorted(Path(folder).iterdir()):
                archive.write(part, part.name)
        return packed.getvalue()


@pytest.mark.parametrize("crs", [Crs.GCJ02, Crs.BD09, Crs.WGS84])
@pytest.mark.parametrize("how", ["said", "in the file"])
def test_a_declared_system_is_converted(crs: Crs, how: str) -> None:
    content = geojson(
        feature("T-E1", shifted(HALF, crs)), **({"crs_declared": crs.value} if how == "in the file" else {})
    )
    told = take(content, ".geojson", crs=crs.value if how == "said" else None)
    assert (told.crs, fates(told)) == (crs.value, [("T-E1", "CHANGED", None)])
    assert shapely.hausdorff_distance(after(told, "T-E1"), HALF) < 2e-8


@pytest.mark.parametrize(("suffix", "driver"), [(".shp", "ESRI Shapefile"), (".gpkg", "GPKG"), (".fgb", "FlatGeobuf")])
@pytest.mark.parametrize("code", ["EPSG:4549", "EPSG:32651", "EPSG:4326"])
def test_projected_files_come_by_their_own_system(suffix: str, driver: str, code: str) -> None:
    """CGCS2000 / 3-degree Gauss-Kruger, UTM, plain degrees."""
    way = pyproj.Transformer.from_crs("EPSG:4490", code, always_xy=True)
    area: Any = shapely.transform(HALF, lambda p: np.column_stack(way.transform(p[:, 0], p[:, 1])))
    told = take(with_gdal(suffix, driver, area, code, TEAM_CODE="T-E1"), ".zip" if suffix == ".shp" else suffix)
    assert fates(told) == [("T-E1", "CHANGED", None)]
    assert shapely.hausdorff_distance(after(told, "T-E1"), HALF) < 2e-8


def test_kml_is_in_wgs84_and_names_its_team() -> None:
    told = take(with_gdal(".kml", "KML", HALF, "EPSG:4326", Name="东一队"), ".kml")
    assert (told.crs, fates(told)) == ("WGS84", [("T-E1", "CHANGED", None)])


@pytest.mark.parametrize(
    "column",
    ["team_code", "TEAM_CODE", "Team Code", "团队编码", "团队代码", "团队名称", "团队编", "ｔｅａｍ＿ｃｏｄｅ"],
)
def test_how_the_column_of_teams_may_be_called(column: str) -> None:
    value = "东一队" if "名称" in column else "T-E1"
    told = take(geojson({**feature(), "properties": {"id": 7, column: value}}), ".geojson")
    assert fates(told) == [("T-E1", "UNCHANGED", None)]


def test_a_column_may_be_said() -> None:
    content = geojson({**feature(), "properties": {"队": "T-E1", "team_code": "T-E9"}})
    assert fates(take(content, ".geojson", columns={"team_code": "队"})) == [("T-E1", "UNCHANGED", None)]
    assert choose(["a", "team_code"], {"team_code": "b"})[1] == ["team_code=b"]


def test_whose_territory_a_record_is() -> None:
    teams = Teams([("1", "甲队"), ("2", "乙 队"), ("3", "同名"), ("4", "同名")], ["9"])
    assert teams.recognise("1", None) == ("1", None)
    assert teams.recognise(None, "甲队") == ("1", None)
    assert teams.recognise("乙  队", None) == ("2", None)
    assert teams.recognise(" ", "同名") == (None, "AMBIGUOUS_TEAM")
    assert teams.recognise("9", "甲队") == (None, "TEAM_OF_OTHER_BRANCH")
    # A code that is wrong is not made good by a name: one of the two is a mistake.
    assert teams.recognise("8", "甲队") == (None, "UNKNOWN_TEAM")
    assert teams.recognise(None, "") == (None, "MISSING_TEAM")


@pytest.mark.parametrize(("encoding", "cpg"), [("gbk", "GBK"), ("gbk", None), ("utf-8", "UTF-8"), ("utf-8", None)])
def test_a_shapefile_in_gbk_or_utf8_with_or_without_a_cpg(encoding: str, cpg: str | None) -> None:
    source, packed = zipfile.ZipFile(io.BytesIO(written("shp", encoding=encoding))), io.BytesIO()
    with source, zipfile.ZipFile(packed, "w") as target:
        for name in source.namelist():
            if not name.endswith(".cpg"):
                target.writestr(name, source.read(name))
        if cpg is not None:
            target.writestr("plan.cpg", cpg)
    # Known by the name alone, so the letters must be right.
    told = take(packed.getvalue(), ".zip", columns={"team_name": "name", "team_code": "name"})
    assert fates(told) == [("T-E1", "UNCHANGED", None), ("T-E2", "UNCHANGED", None)]
    assert told.encoding == {"gbk": "GBK", "utf-8": "UTF-8"}[encoding]


def test_a_shapefile_beside_its_parts_on_disk(tmp_path: Path) -> None:
    from app.territories.files.compare import Said, compare

    from .town import world

    with zipfile.ZipFile(io.BytesIO(written("shp"))) as archive:
        archive.extractall(tmp_path)
    before = sorted((path.name, path.read_bytes()) for path in tmp_path.iterdir())
    told = compare(tmp_path / "plan.shp", Said(), world())
    assert {row["action"] for row in told.rows} == {"UNCHANGED"}
    assert sorted((path.name, path.read_bytes()) for path in tmp_path.iterdir()) == before


def test_records_of_one_team_that_do_not_overlap_are_one_territory() -> None:
    told = take(geojson(feature("T-E1", HALF), feature("T-E1", box(0.01, 0.02, 0, 0.01))), ".geojson")
    assert fates(told) == [("T-E1", "UNCHANGED", "UNITED")] * 2
    apart = take(geojson(feature("T-E3", HALF), feature("T-E3", box(0.015, 0.02, 0, 0.01))), ".geojson")
    assert fates(apart) == [("T-E3", "NEW", "UNITED")] * 2
    assert len(after(apart, "T-E3").geoms) == 2
    twice = take(geojson(feature("T-E1"), feature("T-E1")), ".geojson")
    assert fates(twice) == [("T-E1", "UNCHANGED", "UNITED")] * 2


def test_a_repair_is_told_with_what_it_did() -> None:
    spike = {
        "type": "Polygon",
        "coordinates": [[[120, 30], [120.01, 30], [120.01, 30.01], [120.01, 30.02], [120.01, 30.01], [120, 30.01]]],
    }
    (row,) = take(geojson(feature("T-E3", spike)), ".geojson").rows
    assert row["action"] == "REPAIRED"
    assert {"SPIKES_CUT", "RING_CLOSED"} <= {step["code"] for step in row["repairs"]}
    assert all(step["zh"] and step["en"] for step in row["repairs"])
    assert row["area_before_m2"] is None
    assert row["area_after_m2"] == pytest.approx(1_069_521, rel=1e-3)


def test_overlaps_to_be_are_told_largest_first() -> None:
    told = take(
        geojson(feature("T-E1", box(0, 0.021, 0, 0.01)), feature("T-E3", box(0.005, 0.02, 0, 0.01))), ".geojson"
    )
    assert [one["team_codes"] for one in told.overlaps] == [["T-E1", "T-E3"], ["T-E1", "T-E2"]]
    assert told.overlaps[1]["area_m2"] == pytest.approx(106_952, rel=1e-3)
    assert told.overlap_count == 2


def test_both_sides_of_a_border_get_the_same_vertices() -> None:
    told = take(geojson(feature("T-E3", box(0.005, 0.010, 0.010, 0.020))), ".geojson")
    areas = {code: after(told, code) for code in told.changes}
    # T-E1's border gets the corners of its new neighbour; its land is as it was.
    assert {code: land for code, (_, land) in told.changes.items()} == {"T-E3": True, "T-E1": False}
    assert same_area(areas["T-E1"], PRESENT["T-E1"])
    assert not settle({**PRESENT, **areas}).done
    assert [(one["team_code"], one["action"]) for one in told.teams] == [
        ("T-E1", "KEPT"), ("T-E2", "KEPT"), ("T-E3", "NEW"),
    ]  # fmt: skip


def test_communities_change_hands_as_a_whole() -> None:
    table = "社区编码,团队编码\nC01,T-E1\nC02,T-E2\nC04,东三队\n"
    told = take(table.encode("gbk"), ".csv")
    assert told.encoding == "GBK"
    assert fates(told) == [("T-E1", "UNCHANGED", None), ("T-E2", "CHANGED", "TAKEN_FROM"), ("T-E3", "NEW", None)]
    assert same_area(after(told, "T-E1"), COMMUNITIES["C01"])
    assert same_area(after(told, "T-E2"), box(0.010, 0.030, 0, 0.010))
    assert same_area(after(told, "T-E3"), COMMUNITIES["C04"])
    assert told.overlap_count == 0


def test_a_table_leaves_what_it_cannot_say_as_it_is() -> None:
    present = {"T-E1": box(0, 0.015, 0, 0.010), "T-E2": box(0.015, 0.033, 0, 0.010)}
    head = "community_code,team_code,share\n"
    same = take(f"{head}C01,T-E1,1\nC02,T-E1,0.5\nC02,T-E2,50%\nC03,T-E2,\n", ".csv", present)
    assert {row["action"] for row in same.rows} == {"UNCHANGED"}
    assert same.changes == {}
    told = take(f"{head}C02,T-E1,\n", ".csv", present)
    assert fates(told) == [("T-E1", "CHANGED", "TAKEN_FROM")]
    # What T-E2 has beyond the branch's communities stays with it.
    assert same_area(after(told, "T-E2"), box(0.020, 0.033, 0, 0.010))
    assert fates(take(f"{head}C02,T-E3,0.5\n", ".csv", present)) == [("T-E3", "REFUSED", "SHARE_CONTRADICTED")]


def test_a_community_may_go_to_nobody_and_a_team_with_it() -> None:
    told = take("community_code,team_code\nC03,\n", ".csv")
    assert [(one["team_code"], one["action"]) for one in told.teams] == [("T-E1", "KEPT"), ("T-E2", "REMOVED")]
    assert told.changes["T-E2"] == (None, True)


@st.composite
def plans(draw: st.DrawFn) -> dict[str, MultiPolygon]:
    """Territories of one to four teams on a grid of cells, some in several parts, some with holes; settled, as a draft's are."""
    owners = draw(st.lists(st.sampled_from(["T-E1", "T-E2", "T-E3", "T-E4", None]), min_size=25, max_size=25))
    step = draw(st.sampled_from([0.001, 0.00123457, 0.0000301]))
    cells: dict[str, list[shapely.Polygon]] = {}
    for place, owner in enumerate(owners):
        if owner is not None:
            x, y = place % 5, place // 5
            cells.setdefault(owner, []).extend(box(x * step, (x + 1) * step, y * step, (y + 1) * step).geoms)
    areas = {owner: shapely.multipolygons(shapely.get_parts(shapely.union_all(some))) for owner, some in cells.items()}
    return dict(settle(areas).areas) or dict(PRESENT)


@pytest.mark.parametrize(("kind", "suffix"), [("geojson", ".geojson"), ("gpkg", ".gpkg"), ("shp", ".zip")])
# Each example starts two processes, so a failing one is told as it is and not made smaller.
@settings(
    max_examples=5, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
@given(areas=plans(), encoding=st.sampled_from(["utf-8", "gbk"]))
def test_any_plan_goes_out_and_comes_in_unchanged(
    kind: Written, suffix: str, areas: dict[str, MultiPolygon], encoding: str
) -> None:
    content = written(kind, areas, encoding)
    assert written(kind, areas, encoding) == content
    told = take(content, suffix, areas)
    assert [(row["team_code"], row["action"]) for row in told.rows] == [(code, "UNCHANGED") for code in areas]
    assert told.changes == {}
    assert told.overlap_count == 0
    # And into a draft that has nothing, it comes as it was.
    fresh = take(content, suffix, {})
    assert {row["action"] for row in fresh.rows} == {"NEW"}
    assert all(same_area(after(fresh, code), area) for code, area in areas.items())


def test_geojson_is_as_the_rfc_and_the_contract_want_it() -> None:
    document = json.loads(written("geojson"))
    assert document["crs_declared"] == "CGCS2000"
    for one in document["features"]:
        assert set(one["properties"]) == {"team_code", "name", "force", "effective_from"}
        for polygon in shapely.geometry.shape(one["geometry"]).geoms:
            assert polygon.exterior.is_ccw


def test_a_geopackage_and_a_shapefile_say_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "f.gpkg"
    path.write_bytes(written("gpkg"))
    info = pyogrio.read_info(path, layer="territories")
    assert (info["crs"], info["geometry_type"], info["features"]) == ("EPSG:4490", "MultiPolygon", 2)
    with zipfile.ZipFile(io.BytesIO(written("shp"))) as archive:
        parts = {Path(name).suffix: archive.read(name) for name in archive.namelist()}
    assert sorted(parts) == [".cpg", ".dbf", ".prj", ".shp", ".shx"]
    assert parts[".cpg"] == b"UTF-8"
    assert b"GCS_China_Geodetic_Coordinate_System_2000" in parts[".prj"]
