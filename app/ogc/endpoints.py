"""/ogc: landing page, definition, conformance, collections, features; POST, PUT and DELETE on drafts."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse

from app.access.principal import Principal
from app.deps import CurrentPrincipal, ReadConnection, Today, WriteConnection
from app.ogc import collections as catalogue
from app.ogc import describe, openapi, pages, repository
from app.ogc import store as drafts
from app.ogc.collection import Collection
from app.ogc.crs import Crs
from app.ogc.errors import CollectionReadOnly, FeatureNotFound, ParameterInvalid
from app.ogc.feature import read_feature
from app.ogc.links import GEOJSON, HTML, JSON, OPENAPI, SCHEMA, Site, both, site_of
from app.ogc.parameters import read_crs, read_items, read_known
from app.ogc.person import read_person
from app.paging import decode_cursor, encode_cursor
from app.problems import UnsupportedMediaType, render
from app.territories.editing.errors import TerritoryConflict
from app.territories.plans.errors import PlanNotEditable

router = APIRouter()

HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Accept, X-Forwarded-Host, X-Forwarded-Prefix"}
ITEMS = "/collections/{collection_id}/items"
ITEM = ITEMS + "/{feature_id:path}"


async def get_body(request: Request) -> bytes:
    """The body as it came; its size has been limited already."""
    return await request.body()


Body = Annotated[bytes, Depends(get_body)]


@router.get("/", operation_id="ogcLandingPage")
def landing_page(request: Request) -> Response:
    """The landing page."""
    site, shown = _opened(request)
    told = describe.landing(site, shown=shown)
    if shown == "html":
        return _page(told["title"], [], [pages.paragraph(told["description"]), pages.links(told["links"])])
    return _json(told)


@router.get("/conformance", operation_id="ogcConformance")
def conformance(request: Request) -> Response:
    """The classes of the standard that this conforms to."""
    site, shown = _opened(request)
    told = describe.conformance(site, shown=shown)
    if shown == "html":
        rows = [[pages.cell(uri)] for uri in told["conformsTo"]]
        return _page("符合的规范 Conformance", _trail(site), [pages.table(["URI"], rows), pages.links(told["links"])])
    return _json(told)


@router.get("/api", operation_id="ogcApi")
def api(request: Request, connection: ReadConnection, principal: CurrentPrincipal) -> Response:
    """The definition of the interface, OpenAPI 3.0."""
    site, shown = _opened(request)
    told = openapi.definition(site, catalogue.listed(connection, principal.scope), describe.VERSION)
    if shown == "html":
        rows = [
            [pages.cell(method.upper()), f"<code>{pages.cell(path)}</code>", pages.cell(operation["summary"])]
            for path, methods in told["paths"].items()
            for method, operation in methods.items()
        ]
        parts = [
            pages.paragraph(told["info"]["description"]),
            pages.table(["方法 Method", "路径 Path", "用途 Purpose"], rows),
        ]
        return _page("接口说明 API", _trail(site), parts)
    return _json(told, OPENAPI)


@router.get("/collections", operation_id="ogcCollections")
def list_collections(
    request: Request, connection: ReadConnection, principal: CurrentPrincipal, today: Today
) -> Response:
    """All collections that the caller may see."""
    site, shown = _opened(request)
    known = catalogue.listed(connection, principal.scope)
    if shown == "html":
        rows = [
            [pages.anchor(site.at("collections", of.id, query={"f": "html"}), of.title), pages.cell(of.description)]
            for of in known
        ]
        return _page("要素集合 Collections", _trail(site), [pages.table(["集合 Collection", "说明 Description"], rows)])
    described = [
        describe.collection(
            site,
            of,
            repository.read_extent(connection, of, scope=principal.scope, today=today),
            shown="json",
            listed=True,
        )
        for of in known
    ]
    return _json(describe.collections(site, described, shown=shown))


@router.get("/collections/{collection_id}", operation_id="ogcCollection")
def get_collection(
    request: Request, connection: ReadConnection, principal: CurrentPrincipal, today: Today, collection_id: str
) -> Response:
    """One collection."""
    site, shown = _opened(request)
    of = catalogue.one(connection, collection_id, principal.scope)
    extent = repository.read_extent(connection, of, scope=principal.scope, today=today)
    told = describe.collection(site, of, extent, shown=shown)
    if shown == "html":
        rows = [[pages.cell(known.name), pages.cell(known.title), pages.cell(known.kind)] for known in of.fields]
        parts = [
            pages.paragraph(of.description),
            pages.table(["属性 Property", "含义 Meaning", "类型 Type"], rows),
            pages.links(told["links"]),
        ]
        return _page(of.title, _trail(site, deep=True), parts)
    return _json(told)


@router.get("/collections/{collection_id}/queryables", operation_id="ogcQueryables")
def get_queryables(
    request: Request, connection: ReadConnection, principal: CurrentPrincipal, collection_id: str
) -> Response:
    """What the features of a collection may be filtered by."""
    site, shown = _opened(request)
    of = catalogue.one(connection, collection_id, principal.scope)
    told = describe.queryables(site, of)
    if shown == "html":
        rows = [[pages.cell(name), pages.cell(schema["title"])] for name, schema in told["properties"].items()]
        return _page(
            f"可查询的属性：{of.title}", _trail(site, of), [pages.table(["属性 Property", "含义 Meaning"], rows)]
        )
    return _json(told, SCHEMA)


@router.get(ITEMS, operation_id="ogcItems")
def get_items(
    request: Request, connection: ReadConnection, principal: CurrentPrincipal, today: Today, collection_id: str
) -> Response:
    """A page of features."""
    of = catalogue.one(connection, collection_id, principal.scope)
    wanted = read_items(request.query_params.multi_items(), of.queryables)
    site, shown = _site(request), _shown(request, wanted.given)
    after = decode_cursor(of.id, wanted.cursor, [kind for _, kind in of.key]) if wanted.cursor is not None else None
    scope = principal.scope
    found, more = repository.read_page(connection, of, wanted, scope=scope, today=today, after=after)
    total = None if after is not None else repository.count(connection, of, wanted, scope=scope, today=today)
    place = ("collections", of.id, "items")
    links = both(site, of.title, *place, kind=GEOJSON, shown=shown, query=wanted.given)
    if more:
        following = {**wanted.given, "f": shown, "cursor": encode_cursor(of.id, found[-1].key)}
        links.append(
            site.link("next", GEOJSON if shown == "json" else HTML, "下一页 Next page", *place, query=following)
        )
    links.append(site.link("collection", JSON, f"集合说明 Collection：{of.title}", "collections", of.id))
    if shown == "html":
        return _items_page(site, of, found, links, total)
    head = {
        "type": "FeatureCollection",
        "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **({} if total is None else {"numberMatched": total}),
        "numberReturned": len(found),
        "links": links,
    }
    features = b",".join(_feature(of, one) for one in found)
    body = orjson.dumps(head)[:-1] + b',"features":[' + features + b"]}"
    return Response(body, headers={**HEADERS, **_content_crs(wanted.crs)}, media_type=GEOJSON)


@router.get(ITEM, operation_id="ogcItem")
def get_item(
    request: Request,
    connection: ReadConnection,
    principal: CurrentPrincipal,
    today: Today,
    collection_id: str,
    feature_id: str,
) -> Response:
    """One feature."""
    of = catalogue.one(connection, collection_id, principal.scope)
    given = read_known(request.query_params.multi_items(), ("crs",))
    crs = read_crs(given)
    site, shown = _site(request), _shown(request, given)
    key = of.key_of(feature_id)
    found = (
        repository.read_one(connection, of, key, crs, scope=principal.scope, today=today) if key is not None else None
    )
    if found is None:
        raise FeatureNotFound
    place = ("collections", of.id, "items", feature_id)
    links = [
        *both(site, f"{of.title} {feature_id}", *place, kind=GEOJSON, shown=shown, query=given),
        site.link("collection", JSON, f"集合说明 Collection：{of.title}", "collections", of.id),
    ]
    headers = {**HEADERS, **_content_crs(crs)}
    if found.etag is not None:
        headers["ETag"] = f'"{found.etag}"'
    if shown == "html":
        rows = [[pages.cell(known.title), pages.cell(found.properties[known.name])] for known in of.fields]
        parts = [pages.table(["属性 Property", "值 Value"], rows), pages.links(links)]
        return _page(f"{of.title}：{feature_id}", _trail(site, of), parts)
    return Response(_feature(of, found, links), headers=headers, media_type=GEOJSON)


@router.post(ITEMS, operation_id="ogcCreate", status_code=201)
def create_item(
    request: Request, connection: WriteConnection, principal: CurrentPrincipal, body: Body, collection_id: str
) -> Response:
    """A territory in a draft, for a team that has none there."""
    plan_id, by = _writable(request, connection, principal, collection_id)
    sent = read_feature(body, request.headers.get("content-crs"))
    team_code, stored = drafts.create(connection, plan_id, sent, by=by)
    if stored.conflict_id is not None:
        return _conflict(stored)
    where = _site(request).at("collections", collection_id, "items", team_code)
    return Response(status_code=201, headers={"Location": where, "ETag": f'"{stored.version}"'})


@router.put(ITEM, operation_id="ogcReplace", status_code=204)
def replace_item(
    request: Request,
    connection: WriteConnection,
    principal: CurrentPrincipal,
    body: Body,
    collection_id: str,
    feature_id: str,
) -> Response:
    """Another shape for a territory of a draft."""
    plan_id, by = _writable(request, connection, principal, collection_id)
    sent = read_feature(body, request.headers.get("content-crs"))
    stored = drafts.replace(connection, plan_id, feature_id, sent, by=by, if_match=request.headers.get("if-match"))
    if stored.conflict_id is not None:
        return _conflict(stored)
    return Response(status_code=204, headers={"ETag": f'"{stored.version}"'})


@router.delete(ITEM, operation_id="ogcDelete", status_code=204)
def delete_item(
    request: Request, connection: WriteConnection, principal: CurrentPrincipal, collection_id: str, feature_id: str
) -> Response:
    """No territory for the team in the draft any more."""
    plan_id, by = _writable(request, connection, principal, collection_id, body=False)
    stored = drafts.delete(connection, plan_id, feature_id, by=by, if_match=request.headers.get("if-match"))
    if stored.conflict_id is not None:
        return _conflict(stored)
    return Response(status_code=204)


@router.options(ITEMS, operation_id="ogcItemsOptions")
def items_options(connection: ReadConnection, principal: CurrentPrincipal, collection_id: str) -> Response:
    """What may be done with a collection; QGIS looks here whether it may be edited."""
    of = catalogue.one(connection, collection_id, principal.scope)
    return _allow("GET, POST, OPTIONS" if of.editable else "GET, OPTIONS", of)


@router.options(ITEM, operation_id="ogcItemOptions")
def item_options(
    connection: ReadConnection, principal: CurrentPrincipal, collection_id: str, feature_id: str
) -> Response:
    """What may be done with a feature; the feature need not be there."""
    of = catalogue.one(connection, collection_id, principal.scope)
    return _allow("GET, PUT, DELETE, OPTIONS" if of.editable else "GET, OPTIONS", of)


def _writable(
    request: Request, connection: WriteConnection, principal: Principal, collection_id: str, *, body: bool = True
) -> tuple[int, str]:
    """The draft of a collection, and who edits it."""
    of = catalogue.one(connection, collection_id, principal.scope)
    given = read_known(request.query_params.multi_items(), ())
    if of.etag is None or of.plan_id is None:
        raise CollectionReadOnly
    if not of.editable:
        raise PlanNotEditable
    declared = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if body and declared not in (GEOJSON, JSON):
        raise UnsupportedMediaType(
            "请求体须为 application/geo+json；请改正 Content-Type。",
            "The body must be application/geo+json. Correct the Content-Type.",
        )
    return of.plan_id, read_person(given.get("by"), request.headers)


def _conflict(stored: drafts.Stored) -> Response:
    # Answered and not raised: the conflict is to be kept.
    error = TerritoryConflict(conflict_id=stored.conflict_id, team_codes=list(stored.clashes))
    error.facts["description"] = f"{error.detail_zh} {error.detail_en}"
    status, headers, body = render(error)
    return Response(body, status, headers)


def _allow(methods: str, of: Collection) -> Response:
    headers = {"Allow": methods}
    if of.editable:
        headers["Accept-Post"] = GEOJSON
    return Response(status_code=200, headers=headers)


def _site(request: Request) -> Site:
    return site_of(request.url.scheme, request.headers, str(request.scope.get("root_path", "")))


def _opened(request: Request) -> tuple[Site, str]:
    given = read_known(request.query_params.multi_items(), ())
    return _site(request), _shown(request, given)


def _shown(request: Request, given: dict[str, str] | Any) -> str:
    wanted = given.get("f")
    if wanted is not None:
        if wanted not in ("json", "html"):
            raise ParameterInvalid(parameter="f")
        return str(wanted)
    # A browser names text/html first; a client that takes anything gets JSON.
    first = request.headers.get("accept", "").split(",", 1)[0].split(";", 1)[0].strip().lower()
    return "html" if first in (HTML, "application/xhtml+xml") else "json"


def _json(told: Any, kind: str = JSON) -> Response:
    return Response(orjson.dumps(told), headers=HEADERS, media_type=kind)


def _content_crs(crs: Crs) -> dict[str, str]:
    return {"Content-Crs": f"<{crs.uri}>"}


def _feature(of: Collection, found: repository.Found, links: Sequence[Any] | None = None) -> bytes:
    told: dict[str, Any] = {
        "type": "Feature",
        "id": of.feature_id(found.key),
        "geometry": orjson.Fragment(found.geometry) if found.geometry is not None else None,
        "properties": found.properties,
    }
    if links is not None:
        told["links"] = links
    return orjson.dumps(told)


def _trail(site: Site, of: Collection | None = None, *, deep: bool = False) -> list[tuple[str, str]]:
    trail = [(site.at(query={"f": "html"}), "归单 Guidan")]
    if deep or of is not None:
        trail.append((site.at("collections", query={"f": "html"}), "要素集合 Collections"))
    if of is not None:
        trail.append((site.at("collections", of.id, query={"f": "html"}), of.title))
    return trail


def _page(title: str, trail: pages.Crumbs, parts: list[str]) -> Response:
    return HTMLResponse(pages.page(title, trail, parts), headers={**HEADERS, **pages.HEADERS})


def _items_page(
    site: Site, of: Collection, found: Sequence[repository.Found], links: Sequence[Any], total: int | None
) -> Response:
    rows = [
        [
            pages.anchor(
                site.at("collections", of.id, "items", str(of.feature_id(one.key)), query={"f": "html"}),
                str(of.feature_id(one.key)),
            ),
            *(pages.cell(one.properties[known.name]) for known in of.fields),
        ]
        for one in found
    ]
    counted = f"本页 {len(found)} 个" + (f"，共 {total} 个" if total is not None else "")
    parts = [
        pages.paragraph(counted),
        pages.table(["编号 id", *(known.title for known in of.fields)], rows),
        pages.links(links),
    ]
    return _page(of.title, _trail(site, of), parts)
