"""The definition of the interface in OpenAPI 3.0, written for GIS clients.

GDAL filters on the server by the parameters that it finds here under the name of a field, at `/collections/ID/items` or, where that
is missing, at `/collections/{collectionId}/items`.
"""

from collections.abc import Sequence
from typing import Any

from app.ogc.collection import Collection
from app.ogc.crs import CRS84, uris
from app.ogc.describe import DESCRIPTION, TITLE, schema_of
from app.ogc.links import GEOJSON, HTML, JSON, SCHEMA, Site
from app.ogc.parameters import DEFAULT_LIMIT, MAX_LIMIT

_PROBLEM = "application/problem+json"


def definition(site: Site, collections: Sequence[Collection], version: str) -> dict[str, Any]:
    """The definition, with a path of its own for each of these collections."""
    paths: dict[str, Any] = {
        "/": _get("getLandingPage", "首页 Landing page"),
        "/api": _get("getApi", "接口定义 API definition", kind="application/vnd.oai.openapi+json;version=3.0"),
        "/conformance": _get("getConformance", "符合的规范 Conformance"),
        "/collections": _get("getCollections", "要素集合 Collections"),
    }
    collection_id = {"name": "collectionId", "in": "path", "required": True, "schema": {"type": "string"}}
    general = "/collections/{collectionId}"
    paths |= _paths(general, "Any", [collection_id], None)
    for of in collections:
        word = "".join(part.capitalize() for part in of.id.split("-"))
        paths |= _paths(f"/collections/{of.id}", word, [], of)
    return {
        "openapi": "3.0.3",
        "info": {"title": TITLE, "description": DESCRIPTION, "version": version, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": site.root}],
        "paths": paths,
        "components": {"parameters": _parameters(), "responses": _responses(), "schemas": _schemas()},
    }


def _paths(base: str, word: str, path_parameters: list[Any], of: Collection | None) -> dict[str, Any]:
    feature_id = {"name": "featureId", "in": "path", "required": True, "schema": {"type": "string"}}
    filters = [
        {
            "name": known.name,
            "in": "query",
            "required": False,
            "description": known.title,
            "schema": {name: value for name, value in schema_of(known).items() if name != "title"},
            "style": "form",
            "explode": False,
        }
        for known in (of.fields if of is not None else ())
        if known.queryable
    ]
    items = _get(
        f"get{word}Features", f"要素 Features{_of(of)}", [*path_parameters, *_refs(*_ITEM_WORDS), *filters], GEOJSON
    )
    item = _get(
        f"get{word}Feature", f"一个要素 One feature{_of(of)}", [*path_parameters, feature_id, *_refs("crs")], GEOJSON
    )
    if of is None or of.editable:
        items["post"] = _edit(f"create{word}Feature", "新增 Create", path_parameters, "201", body=True)
        for method, title, body in (("put", "替换 Replace", True), ("delete", "删除 Delete", False)):
            parameters = [*path_parameters, feature_id, *_refs("ifMatch")]
            item[method] = _edit(f"{method}{word}Feature", title, parameters, "204", body=body)
    return {
        base: _get(f"describe{word}", f"集合说明 Collection{_of(of)}", path_parameters),
        f"{base}/queryables": _get(f"get{word}Queryables", "可查询的属性 Queryables", path_parameters, SCHEMA),
        f"{base}/items": items,
        f"{base}/items/{{featureId}}": item,
    }


def _of(of: Collection | None) -> str:
    return f"：{of.title}" if of is not None else ""


_ITEM_WORDS = ("bbox", "bboxCrs", "datetime", "limit", "crs", "cursor")


def _refs(*words: str) -> list[dict[str, str]]:
    return [{"$ref": f"#/components/parameters/{word}"} for word in words]


def _get(operation: str, title: str, parameters: Sequence[Any] = (), kind: str = JSON) -> dict[str, Any]:
    return {
        "get": {
            "operationId": operation,
            "summary": title,
            "parameters": [*parameters, *_refs("f")],
            "responses": {
                "200": {
                    "description": title,
                    "content": {kind: {"schema": {"type": "object"}}, HTML: {"schema": {"type": "string"}}},
                },
                **_problems("400", "404", "500"),
            },
        }
    }


def _edit(operation: str, title: str, parameters: Sequence[Any], status: str, *, body: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation,
        "summary": f"{title}（仅草稿 drafts only）",
        "parameters": [*parameters, *_refs("by", "person", *(["contentCrs"] if body else []))],
        "responses": {
            status: {"description": title},
            **_problems("400", "404", "409", "412", "415", "422", "500"),
        },
    }
    if body:
        described["requestBody"] = {
            "required": True,
            "content": {GEOJSON: {"schema": {"$ref": "#/components/schemas/TerritoryFeature"}}},
        }
    return described


def _problems(*statuses: str) -> dict[str, Any]:
    return {status: {"$ref": "#/components/responses/Problem"} for status in statuses}


def _parameters() -> dict[str, Any]:
    def query(name: str, title: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"name": name, "in": "query", "required": False, "description": title, "schema": schema, **more}

    numbers = {
        "type": "array",
        "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
        "items": {"type": "number"},
    }
    system = {"type": "string", "format": "uri", "enum": list(uris()), "default": CRS84}
    return {
        "f": query("f", "格式 Format", {"type": "string", "enum": ["json", "html"]}),
        "bbox": query("bbox", "范围 Box, 4 or 6 numbers", numbers, style="form", explode=False),
        "bboxCrs": query("bbox-crs", "bbox 的坐标系 System of bbox", system),
        "datetime": query("datetime", "时刻或区间 Instant or interval, RFC 3339", {"type": "string"}),
        "limit": query(
            "limit",
            "每页个数 Features on a page",
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        ),
        "crs": query("crs", "输出坐标系 System of the answer", system),
        "cursor": query("cursor", "翻页 Paging; follow the links next", {"type": "string"}),
        "by": query("by", "修改人 Who edits", {"type": "string", "maxLength": 64}),
        "person": {
            "name": "X-Guidan-Person",
            "in": "header",
            "description": "修改人，百分号编码 Who edits, percent-encoded",
            "schema": {"type": "string"},
        },
        "contentCrs": {
            "name": "Content-Crs",
            "in": "header",
            "description": "请求体的坐标系 System of the body, such as <http://www.opengis.net/def/crs/EPSG/0/4490>",
            "schema": {"type": "string"},
        },
        "ifMatch": {
            "name": "If-Match",
            "in": "header",
            "description": "载入时的 ETag The ETag that was loaded",
            "schema": {"type": "string"},
        },
    }


def _responses() -> dict[str, Any]:
    return {
        "Problem": {
            "description": "问题说明 Problem details, RFC 9457",
            "content": {_PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    }


def _schemas() -> dict[str, Any]:
    words = ("type", "title", "code", "description", "detail", "detail_en")
    return {
        "Problem": {
            "type": "object",
            "required": ["code", "status", "detail", "detail_en"],
            "properties": {**{word: {"type": "string"} for word in words}, "status": {"type": "integer"}},
        },
        "TerritoryFeature": {
            "type": "object",
            "required": ["type", "geometry", "properties"],
            "properties": {
                "type": {"type": "string", "enum": ["Feature"]},
                "id": {"type": "string"},
                "geometry": {
                    "type": "object",
                    "required": ["type", "coordinates"],
                    "properties": {
                        "type": {"type": "string", "enum": ["Polygon", "MultiPolygon"]},
                        "coordinates": {"type": "array", "items": {}},
                    },
                },
                "properties": {
                    "type": "object",
                    "properties": {
                        "team_code": {"type": "string"},
                        "version": {"type": "integer", "description": "载入时的版本 the version that was loaded"},
                    },
                },
            },
        },
    }
