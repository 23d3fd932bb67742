"""GET /territory-plans/{id}/picture."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from app.deps import CurrentPrincipal, Today
from app.fields import Day
from app.problems import documented
from app.territories.consequences.compare import base_of
from app.territories.pictures.gather import read_scene
from app.territories.pictures.render import render
from app.territories.plans.endpoints import PlanId, checked_plan

router = APIRouter(tags=["territory consequences"])

MEDIA = {"png": "image/png", "pdf": "application/pdf"}


@router.get(
    "/territory-plans/{plan_id}/picture",
    operation_id="drawTerritoryPlan",
    response_class=Response,
    responses=documented(
        404,
        409,
        also={
            200: {
                "description": "The picture, A3 landscape",
                "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA.values()},
            }
        },
    ),
)
def draw_plan(
    request: Request,
    principal: CurrentPrincipal,
    today: Today,
    plan_id: PlanId,
    other: Annotated[
        int | None,
        Query(alias="with", ge=1, lt=2**63, description="The version before; what it was drawn from unless given"),
    ] = None,
    format_: Annotated[Literal["png", "pdf"], Query(alias="format", description="For a screen, or for paper")] = "png",
    on: Annotated[Day | None, Query(description="Date of the figures, today unless given")] = None,
) -> Response:
    """The picture of the regionalisation before and after, for a meeting (团队区域化效果图)."""
    # No connection is held while the picture is drawn.
    with request.app.state.reading.connect() as connection:
        checked_plan(connection, principal, plan_id)
        if other is not None:
            checked_plan(connection, principal, other)
        before = base_of(connection, plan_id, on or today) if other is None else other
        scene = read_scene(connection, before, plan_id, on or today).dump()
    picture = render(scene, format_)
    name = f"plan-{before}-to-{plan_id}.{format_}" if before is not None else f"plan-{plan_id}.{format_}"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(picture, media_type=MEDIA[format_], headers=headers)
