"""POST /territory-plans/{id}/import, GET /territory-plans/{id}/export."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated, Literal

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.deps import CurrentEngine, CurrentPrincipal, ReadConnection
from app.fields import Line
from app.problems import documented
from app.territories.editing.endpoints import IfMatch, version_of
from app.territories.editing.schemas import Person
from app.territories.files.compare import Comparison, Said, World, columns_of, compare_bytes, format_of
from app.territories.files.errors import PersonMissing
from app.territories.files.formats import MEDIA_TYPES, WRITTEN, Written
from app.territories.files.put_out import media_type, put_out
from app.territories.files.schemas import TerritoryFileReport
from app.territories.files.take_in import take_in
from app.territories.plans.endpoints import PlanId, checked_plan
from app.territories.plans.repository import read_plan

router = APIRouter(prefix="/territory-plans/{plan_id}", tags=["territory files"])

BLOCK = 256 * 1024


async def upload(request: Request) -> bytes:
    """The body as it is; `LimitBody` has limited it."""
    return await request.body()


@router.post(
    "/import",
    operation_id="importTerritories",
    response_model=TerritoryFileReport,
    responses=documented(400, 404, 409, 412, 413),
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file itself; `filename` or the Content-Type says what it is.",
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES},
        }
    },
)
def import_territories(
    engine: CurrentEngine,
    principal: CurrentPrincipal,
    plan_id: PlanId,
    content: Annotated[bytes, Depends(upload)],
    dry_run: Annotated[bool, Query(description="Only tell what would become of each record")] = False,
    filename: Annotated[Line | None, Query(description="Its suffix says the format", examples=["区域.zip"])] = None,
    crs: Annotated[
        Line | None, Query(description="System of the file: CGCS2000, WGS84, GCJ02, BD09 or a code like EPSG:4549")
    ] = None,
    encoding: Annotated[Line | None, Query(description="Encoding of its texts, such as GBK")] = None,
    layer: Annotated[Line | None, Query(description="Which layer of several")] = None,
    column: Annotated[
        list[Line] | None,
        Query(
            max_length=4,
            description="team_code=NAME, team_name=NAME, community_code=NAME, share=NAME: which column is what",
        ),
    ] = None,
    missing: Annotated[
        Literal["keep", "remove"], Query(description="What becomes of territories of teams that the file lacks")
    ] = "keep",
    strict: Annotated[bool, Query(description="Save nothing where a record is refused")] = False,
    by: Annotated[Person | None, Query(description="Who imports; needed unless it is a dry run")] = None,
    version: Annotated[
        int | None, Query(ge=0, lt=2**31, description="Version of the draft that the editor saw")
    ] = None,
    if_match: IfMatch = None,
    content_type: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """Territories from a file into a draft, as one edit that can be undone; a dry run lists the fate of every record and saves nothing."""
    with engine.connect() as connection:
        checked_plan(connection, principal, plan_id)
    seen = None if dry_run else version_of(version, if_match)
    if not dry_run and by is None:
        raise PersonMissing
    suffix = format_of(filename, content_type)
    said = Said(crs=crs, encoding=encoding, layer=layer, columns=columns_of(column or []), missing=missing)

    def compare(world: World) -> Comparison:
        return compare_bytes(content, suffix, said, world)

    report = take_in(
        engine,
        plan_id,
        compare,
        communities=suffix in (".csv", ".zip"),
        file=filename or f"upload{suffix}",
        dry_run=dry_run,
        strict=strict,
        by=by,
        version=seen,
    )
    return Response(
        orjson.dumps(report.as_json()), media_type="application/json", headers={"ETag": f'"{report.revision}"'}
    )


@router.get(
    "/export",
    operation_id="exportTerritories",
    response_class=StreamingResponse,
    responses=documented(
        404,
        also={
            200: {
                "description": "The file",
                "content": {kind: {"schema": {"type": "string", "format": "binary"}} for _, kind in WRITTEN.values()},
            }
        },
    ),
)
def export_territories(
    connection: ReadConnection,
    principal: CurrentPrincipal,
    plan_id: PlanId,
    wanted: Annotated[
        Written, Query(alias="format", description="csv: which team has which community; shp: a zip of its parts")
    ] = "geojson",
    encoding: Annotated[
        Literal["utf-8", "gbk"], Query(description="Of the attributes of a shapefile and of a table")
    ] = "utf-8",
) -> StreamingResponse:
    """A version, draft or published, as a file that can be imported again, in CGCS2000. The same version gives the same bytes."""
    checked_plan(connection, principal, plan_id)
    with tempfile.TemporaryDirectory(prefix="guidan-") as folder:
        path = put_out(connection, read_plan(connection, plan_id), Path(folder), wanted, encoding)
        size = path.stat().st_size
        # Without a name on disk any more it is gone as soon as it is sent, or the caller has gone.
        stream = path.open("rb")
    headers = {
        "Content-Length": str(size),
        "Content-Disposition": f'attachment; filename="{path.name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(_blocks(stream), media_type=media_type(wanted, encoding), headers=headers)


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    with stream:
        while block := stream.read(BLOCK):
            yield block
