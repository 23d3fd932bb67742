"""GET /tiles/extent, /tiles/{layer}/{z}/{x}/{y}.mvt."""

import hashlib
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import Field

from app.deps import CurrentPrincipal, ReadConnection, Today
from app.fields import Code, Day, Output
from app.problems import documented
from app.tiles import build
from app.tiles.grid import Tile
from app.tiles.store import TileStore

router = APIRouter()

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"

On = Annotated[Day | None, Query(description="Show the territories in force on this date; today if not said")]


Bbox = Annotated[list[float], Field(min_length=4, max_length=4)]


class Extent(Output):
    """What there is to look at, and which content the tiles show."""

    bbox: Bbox | None = Field(
        description="West, south, east, north in degrees (CGCS2000); null if there is nothing",
        examples=[[118.3377, 31.2303, 119.2364, 32.6164]],
    )
    on: date = Field(description="The date that territories are shown of")
    versions: dict[str, str] = Field(description="For each layer a word that changes whenever its content does")


@router.get("/tiles/extent", operation_id="getExtent", tags=["tiles"], responses=documented())
def get_extent(
    request: Request,
    connection: ReadConnection,
    principal: CurrentPrincipal,
    today: Today,
    on: On = None,
    team_code: Annotated[Code | None, Query(description="Only the territory of this team")] = None,
    branch_code: Annotated[Code | None, Query(description="Only this branch")] = None,
) -> Extent:
    """The bounding box of all areas, of a branch or of a team's territory, and the versions of the layers."""
    day = on or today
    bbox = build.extent(connection, day, team_code, branch_code)
    named = {layer: _word(text) for layer, text in build.versions(connection, _store(request)).items()}
    return Extent(bbox=None if bbox is None else list(bbox), on=day, versions=named)


@router.get(
    "/tiles/{layer}/{z}/{x}/{y}.mvt",
    operation_id="getTile",
    tags=["tiles"],
    response_class=Response,
    responses={
        200: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}, "description": "The tile"},
        204: {"description": "Nothing is there"},
        304: {"description": "The tile that the caller has is up to date"},
        **documented(404),
    },
)
def get_tile(
    request: Request,
    connection: ReadConnection,
    principal: CurrentPrincipal,
    today: Today,
    layer: Annotated[str, Path(description="branches, communities, territories or orphans", max_length=40)],
    z: int,
    x: int,
    y: int,
    on: On = None,
    if_none_match: Annotated[str | None, Header(max_length=2000)] = None,
) -> Response:
    """A Mapbox Vector Tile of EPSG:3857. Areas come with a second layer, LAYER_labels, of points for their names.

    Orphans are single points where few enough are in sight, else counted together: `count`, the commonest `rung` (or state) and
    `team_code`, and `n_RUNG` for each rung.
    """
    square = Tile(z, x, y)
    store = _store(request)
    at_version = build.version(connection, store, layer)
    day = on or today
    tag = f'"{_word(build.content_name(layer, at_version, day, principal.scope))}"'
    # A tile must not outlive a change, and to ask again costs a millisecond: hence always asked, seldom sent.
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if if_none_match is not None and tag in (each.strip().removeprefix("W/") for each in if_none_match.split(",")):
        return Response(status_code=304, headers=headers)
    made = build.tile(connection, store, layer, square, on=day, at_version=at_version, scope=principal.scope)
    if not made:
        return Response(status_code=204, headers=headers)
    return Response(made, media_type=MEDIA_TYPE, headers=headers)


def _store(request: Request) -> TileStore:
    """The application's caches; made by the first tile. Two first tiles at once may make two: one is kept."""
    state = request.app.state
    if not hasattr(state, "tiles"):
        state.tiles = TileStore()
    store: TileStore = state.tiles
    return store


def _word(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=9).hexdigest()
