"""GET /gazetteer/versions, /gazetteer/sources, /gazetteer/places."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.deps import CurrentPrincipal, ReadConnection, WantedPage
from app.fields import Line
from app.gazetteer import repository
from app.gazetteer.schemas import (
    GazetteerPlace,
    GazetteerPlacePage,
    GazetteerSource,
    GazetteerVersion,
    GazetteerVersionPage,
)
from app.gazetteer.sources import list_sources
from app.paging import cut, decode_cursor
from app.problems import documented

router = APIRouter()


@router.get("/gazetteer/versions", operation_id="listGazetteerVersions", tags=["gazetteer"], responses=documented(400))
def list_gazetteer_versions(
    connection: ReadConnection, principal: CurrentPrincipal, page: WantedPage
) -> GazetteerVersionPage:
    """Versions of the gazetteer, newest first."""
    before = decode_cursor("gazetteer-versions", page.cursor, (int,))[0] if page.cursor else None
    rows = repository.list_versions(connection, limit=page.limit + 1, before=before)
    shown, following = cut("gazetteer-versions", rows, page.limit, lambda row: (row["number"],))
    return GazetteerVersionPage(items=[GazetteerVersion.model_validate(dict(row)) for row in shown], next=following)


@router.get("/gazetteer/sources", operation_id="listGazetteerSources", tags=["gazetteer"], responses=documented())
def list_gazetteer_sources(connection: ReadConnection, principal: CurrentPrincipal) -> list[GazetteerSource]:
    """Sources of the gazetteer, largest first, with their error and how far they agree with each other."""
    return [GazetteerSource.model_validate(row) for row in list_sources(connection)]


@router.get("/gazetteer/places", operation_id="findGazetteerPlaces", tags=["gazetteer"], responses=documented(400))
def find_gazetteer_places(
    connection: ReadConnection,
    principal: CurrentPrincipal,
    page: WantedPage,
    q: Annotated[Line, Query(description="Letters of a name", examples=["花园"])],
) -> GazetteerPlacePage:
    """Entries whose name holds these letters, by id."""
    after = decode_cursor("gazetteer-places", page.cursor, (str,))[0] if page.cursor else None
    rows = repository.search(connection, q, limit=page.limit + 1, after=after)
    shown, following = cut("gazetteer-places", rows, page.limit, lambda row: (row["id"],))
    return GazetteerPlacePage(items=[GazetteerPlace.model_validate(row) for row in shown], next=following)
