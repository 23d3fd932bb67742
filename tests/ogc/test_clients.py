"""GIS clients that exist, against a real server: GDAL's driver in pyogrio, and OWSLib."""

from __future__ import annotations

import warnings

import numpy as np
import pyogrio
import shapely
from owslib.ogcapi.features import Features

from tests.ogc.conftest import Standing, feature, make_draft, ring

EPSG_4549 = "http://www.opengis.net/def/crs/EPSG/0/4549"


def read(address: str, layer: str, **options: object) -> tuple[dict[str, list[object]], list[shapely.Geometry], str]:
    """Columns, geometries and the system that GDAL tells of a layer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # GDAL logs what it tries
        meta, _, geometries, columns = pyogrio.raw.read(f"OAPIF:{address}/ogc", layer=layer, **options)
    table = {name: list(column) for name, column in zip(meta["fields"], columns, strict=True)}
    return table, list(shapely.from_wkb(geometries)), str(meta["crs"])


def test_gdal_lists_the_layers(standing: Standing) -> None:
    address, draft = standing.address, standing.draft
    layers = {str(name) for name, _ in pyogrio.list_layers(f"OAPIF:{address}/ogc")}
    assert layers >= {
        "communities",
        "branches",
        "territories",
        "orphans",
        f"territory-plan-{draft}",
        f"territory-plan-{draft}-defects",
    }


def test_gdal_reads_territories(standing: Standing) -> None:
    address = standing.address
    table, areas, crs = read(address, "territories")
    assert table["team_code"] == ["T-E1", "T-E2", "T-W1", "T-W2"]
    assert [area.geom_type for area in areas] == ["MultiPolygon"] * 4
    assert areas[1].equals(shapely.box(120.02, 30, 120.03, 30.01))
    assert crs == "EPSG:4490"  # the storage's system, its axes turned for the caller


def test_gdal_asks_for_a_projected_system_and_gets_its_axes_right(standing: Standing) -> None:
    address = standing.address
    _, areas, crs = read(address, "communities", CRS="EPSG:4549")
    assert crs == "EPSG:4549"
    east, north = shapely.get_coordinates(areas)[0]
    assert 400_000 < east < 600_000 < 3_000_000 < north  # zone 120 °E: false easting 500 km
    _, plain, _ = read(address, "communities", CRS="EPSG:4490")
    assert 119 < shapely.get_coordinates(plain)[0][0] < 121


def test_gdal_pages(standing: Standing) -> None:
    address = standing.address
    table, _, _ = read(address, "communities", PAGE_SIZE="2")
    assert table["code"] == ["C01", "C02", "C03", "C04", "C05", "C06"]


def test_gdal_filters_on_the_server(standing: Standing) -> None:
    address = standing.address
    table, _, _ = read(address, "communities", where="code = 'C03'")
    assert table["code"] == ["C03"]
    table, _, _ = read(address, "communities", bbox=(120.031, 30.011, 120.032, 30.012))
    assert table["code"] == ["C06"]


def test_gdal_counts(standing: Standing) -> None:
    address = standing.address
    info = pyogrio.read_info(f"OAPIF:{address}/ogc", layer="communities")
    assert info["features"] == 6
    assert info["geometry_type"] in ("MultiPolygon", "Unknown")
    assert np.allclose(info["total_bounds"], (120, 30, 120.04, 30.02))


def test_gdal_reads_orphans_masked(standing: Standing) -> None:
    address, orphans = standing.address, standing.orphans
    table, places, _ = read(address, "orphans")
    assert table["policy_no"] == orphans
    assert table["policyholder"] == ["王＊＊"] * 3
    assert (places[0].x, places[0].y) == (120.005, 30.006)


def test_owslib_reads_everything(standing: Standing) -> None:
    address = standing.address
    service = Features(f"{address}/ogc/")
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in service.conformance()["conformsTo"]
    assert {"communities", "territories", "orphans"} <= set(service.feature_collections())
    assert service.api()["openapi"].startswith("3.0")
    assert service.collection("territories")["storageCrs"].endswith("/4490")
    assert "team_code" in service.collection_queryables("territories")["properties"]
    page = service.collection_items("territories", bbox=[120.021, 30.001, 120.029, 30.009], limit=10)
    assert [one["properties"]["team_code"] for one in page["features"]] == ["T-E1", "T-E2"]
    assert service.collection_item("communities", "C02")["properties"]["name"] == "社区C02"


def test_owslib_edits_a_draft(standing: Standing) -> None:
    address, draft = standing.address, make_draft(standing.client)
    service = Features(f"{address}/ogc/", headers={"X-Guidan-Person": "%E6%9D%8E%E5%88%B6%E5%9B%BE"})
    layer = f"territory-plan-{draft}"
    made = feature([ring(0, 0.01, 0.01, 0.02)], team_code="T-E3")
    service.headers["Content-Type"] = "application/geo+json"
    assert service.collection_item_create(layer, made)
    table, _, _ = read(address, layer)
    assert table["team_code"] == ["T-E1", "T-E2", "T-E3"]
    changed = feature([ring(0, 0.005, 0.01, 0.02)], team_code="T-E3")
    assert service.collection_item_update(layer, "T-E3", changed)
    assert service.collection_item(layer, "T-E3")["geometry"]["type"] == "MultiPolygon"
    assert service.collection_item_delete(layer, "T-E3")
    table, _, _ = read(address, layer)
    assert table["team_code"] == ["T-E1", "T-E2"]
