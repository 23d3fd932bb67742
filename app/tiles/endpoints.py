"""GET /tiles/extent, /tiles/{layer}/{z}/{x}/{y}.mvt."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import Field
from sqlalchemy import Connection, Engine, text

from app.deps import CurrentPrincipal, ReadConnection, Today
from app.fields import Code, Day, Output
from app.problems import documented
from app.tiles import build
from app.tiles.content import Plan, read_plan
from app.tiles.grid import Tile
from app.tiles.store import TileStore

router = APIRouter()

LONGEST_BUILD_MS = 300_000

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"

# A tile must not outlive a change, and to ask again costs a millisecond: hence always asked, seldom sent.
ASK_AGAIN = "private, no-cache"
# A published plan never changes. Its teams may be renamed, which changes the word: an address with the word is good for ever.
KEEP_A_DAY = "private, max-age=86400"
KEEP = "private, max-age=31536000, immutable"

On = Annotated[Day | None, Query(description="Show the territories in force on this date; today if not said")]
PlanId = Annotated[
    int | None,
    Query(
        ge=1,
        lt=2**63,
        description="Show the territories of this territory plan, a draft or not, instead of those in force",
    ),
]


Bbox = Annotated[list[float], Field(min_length=4, max_length=4)]


class Extent(Output):
    """What there is to look at, and which content the tiles show."""

    bbox: Bbox | None = Field(
        description="West, south, east, north in degrees (CGCS2000); null if there is nothing",
        examples=[[118.3377, 31.2303, 119.2364, 32.6164]],
    )
    on: date = Field(description="The date that territories are shown of")
    versions: dict[str, str] = Field(
        description="For each layer a word that changes whenever the content does that its tiles show; pass it as `v`"
    )


@router.get("/tiles/extent", operation_id="getExtent", tags=["tiles"], responses=documented(404))
def get_extent(
    request: Request,
    connection: ReadConnection,
    principal: CurrentPrincipal,
    today: Today,
    on: On = None,
    plan: PlanId = None,
    team_code: Annotated[Code | None, Query(description="Only the territory of this team")] = None,
    branch_code: Annotated[Code | None, Query(description="Only this branch")] = None,
) -> Extent:
    """The bounding box of all areas, of a branch, of a team's territory or of a plan, and the versions of the layers."""
    day = on or today
    drawn = None if plan is None else read_plan(connection, plan, today, principal.scope)
    bbox = build.extent(connection, day, team_code, branch_code, drawn)
    words = build.words(connection, _store(request), day, drawn)
    return Extent(bbox=None if bbox is None else list(bbox), on=day if drawn is None else drawn.on, versions=words)


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
    layer: Annotated[str, Path(description="branches, communities, territories, orphans or customers", max_length=40)],
    z: int,
    x: int,
    y: int,
    on: On = None,
    plan: PlanId = None,
    v: Annotated[
        str | None,
        Query(
            max_length=100,
            description="The layer's word from /tiles/extent: with it a published plan's tile is kept for good",
        ),
    ] = None,
    if_none_match: Annotated[str | None, Header(max_length=2000)] = None,
) -> Response:
    """A Mapbox Vector Tile of EPSG:3857. Areas come with a second layer, LAYER_labels, of points for their names.

    Orphans are single points where few enough are in sight, else counted together: `count`, the commonest `rung` (or state) and
    `team_code`, and `n_RUNG` for each rung. Customers are always counted together, at the closest zooms by masked points. While newer
    content is being built, tiles show the content before.
    """
    square = Tile(z, x, y)
    drawn = None
    if plan is not None and layer == "territories":
        drawn = read_plan(connection, plan, today, principal.scope)
    wanted = build.Wanted(layer, on or today, drawn)
    made = build.tile(connection, _store(request), wanted, square, scope=principal.scope)
    tag = f'"{made.tag}"'
    headers = {"ETag": tag, "Cache-Control": _keeping(drawn, v, made.word)}
    if if_none_match is not None and tag in (each.strip().removeprefix("W/") for each in if_none_match.split(",")):
        return Response(status_code=304, headers=headers)
    body = made.body(connection)
    if not body:
        return Response(status_code=204, headers=headers)
    return Response(body, media_type=MEDIA_TYPE, headers=headers)


def _keeping(plan: Plan | None, said: str | None, word: str) -> str:
    """How long the browser may keep a tile without asking."""
    if plan is None or not plan.published or said not in (None, "", word):
        return ASK_AGAIN
    return KEEP if said else KEEP_A_DAY


@contextmanager
def _beside(reading: Engine) -> Iterator[Connection]:
    """A connection for what is built beside the requests: a million rows may take longer than a request's statement may."""
    with reading.connect() as connection:
        connection.execute(text(f"SET LOCAL statement_timeout = {LONGEST_BUILD_MS}"))
        yield connection


def _store(request: Request) -> TileStore:
    """The application's caches; made by the first tile. Two first tiles at once may make two: one is kept."""
    state = request.app.state
    if not hasattr(state, "tiles"):
        state.tiles = TileStore(lambda: _beside(state.reading))
    store: TileStore = state.tiles
    return store
