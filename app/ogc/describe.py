"""What the interface says of itself: landing page, conformance, collections, queryables."""

from typing import Any

from app.ogc.collection import Collection, Extent, Field
from app.ogc.crs import CRS84, STORAGE, uris
from app.ogc.links import GEOJSON, HTML, JSON, OPENAPI, QUERYABLES, SCHEMA, Site, both

VERSION = "1.0"
TITLE = "归单 Guidan：区域与孤儿单"
DESCRIPTION = (
    "供 GIS 软件读取社区、区域、方案与孤儿单，并修改草稿方案。坐标缺省为先经度后纬度。 "
    "Communities, territories, their versions and orphans for GIS clients; drafts can be edited. Longitude first unless `crs` says otherwise."
)

_FEATURES = "http://www.opengis.net/spec/ogcapi-features-"
CONFORMANCE = [
    f"{_FEATURES}1/1.0/conf/core",
    f"{_FEATURES}1/1.0/conf/geojson",
    f"{_FEATURES}1/1.0/conf/html",
    f"{_FEATURES}1/1.0/conf/oas30",
    f"{_FEATURES}2/1.0/conf/crs",
    f"{_FEATURES}3/1.0/conf/queryables",
    f"{_FEATURES}3/1.0/conf/queryables-query-parameters",
    f"{_FEATURES}4/1.0/conf/create-replace-delete",
    f"{_FEATURES}4/1.0/conf/features",
    f"{_FEATURES}4/1.0/conf/optimistic-locking-etags",
]
"""Part 4 is a draft: 20-002. Each class is tested requirement by requirement in tests/ogc."""

_TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
}
_SHAPES = {
    "polygon": "geometry-multipolygon",
    "point": "geometry-point",
    "any": "geometry-any",
}


def landing(site: Site, *, shown: str) -> dict[str, Any]:
    """The landing page."""
    return {
        "title": TITLE,
        "description": DESCRIPTION,
        "links": [
            *both(site, "首页 Landing page", shown=shown),
            site.link("service-desc", OPENAPI, "接口定义 API definition (OpenAPI 3.0)", "api", query={"f": "json"}),
            site.link("service-doc", HTML, "接口说明 API documentation", "api", query={"f": "html"}),
            site.link("conformance", JSON, "符合的规范 Conformance", "conformance"),
            site.link("data", JSON, "要素集合 Collections", "collections"),
        ],
    }


def conformance(site: Site, *, shown: str) -> dict[str, Any]:
    """The classes that the interface conforms to."""
    return {"conformsTo": CONFORMANCE, "links": both(site, "符合的规范 Conformance", "conformance", shown=shown)}


def collections(site: Site, described: list[dict[str, Any]], *, shown: str) -> dict[str, Any]:
    """The list of collections."""
    return {
        "crs": uris(),
        "collections": described,
        "links": both(site, "要素集合 Collections", "collections", shown=shown),
    }


def collection(site: Site, of: Collection, extent: Extent, *, shown: str, listed: bool = False) -> dict[str, Any]:
    """A collection. `listed`: within the list, where it refers to the list's systems."""
    place = ("collections", of.id)
    covered: dict[str, Any] = {}
    if extent.box is not None:
        covered["spatial"] = {"bbox": [list(extent.box)], "crs": CRS84}
    if extent.begins is not None:
        covered["temporal"] = {"interval": [[f"{extent.begins}T00:00:00+08:00", None]]}
    links = [
        *both(site, of.title, *place, shown=shown),
        site.link("items", GEOJSON, of.title, *place, "items", query={"f": "json"}),
        site.link("items", HTML, f"{of.title}（HTML）", *place, "items", query={"f": "html"}),
        site.link(QUERYABLES, SCHEMA, "可查询的属性 Queryables", *place, "queryables", query={"f": "json"}),
    ]
    return {
        "id": of.id,
        "title": of.title,
        "description": of.description,
        **({"extent": covered} if covered else {}),
        "itemType": "feature",
        "crs": ["#/crs"] if listed else uris(),
        "storageCrs": STORAGE,
        "links": links if not listed else [links[0] | {"rel": "self"}, *links[1:]],
    }


def queryables(site: Site, of: Collection) -> dict[str, Any]:
    """What the features of a collection may be filtered by, as a JSON Schema."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": site.at("collections", of.id, "queryables"),
        "type": "object",
        "title": of.title,
        "description": of.description,
        "properties": {
            **{known.name: schema_of(known) for known in of.fields if known.queryable},
            "geometry": {"title": "几何 geometry", "format": _SHAPES[of.shape], "x-ogc-role": "primary-geometry"},
        },
        "additionalProperties": False,
    }


def schema_of(known: Field) -> dict[str, Any]:
    """JSON Schema of a property."""
    return {"title": known.title, **_TYPES[known.kind]}
