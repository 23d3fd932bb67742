"""/territory-plans: versions of a branch's territories, their life, and their territories."""

from typing import Annotated

import orjson
import shapely
from fastapi import APIRouter, Path, Query, Response
from sqlalchemy import Connection

from app.access.principal import Principal
from app.deps import CurrentPrincipal, IdempotencyKey, ReadConnection, Today, WantedPage, WriteConnection
from app.fields import Code
from app.idempotency import Answer, answer_once
from app.paging import cut, decode_cursor
from app.problems import documented
from app.strict import StrictRoute
from app.territories.plans import listing, repository
from app.territories.plans.draft import make_draft, roll_back
from app.territories.plans.errors import PlanNotFound
from app.territories.plans.move import move, publish
from app.territories.plans.schemas import (
    PlanChangeIn,
    PlanIn,
    PlanLife,
    PlanLifeStep,
    PlanMoveIn,
    PlanState,
    PublishIn,
    TerritoryPlan,
    TerritoryPlanPage,
)

router = APIRouter(route_class=StrictRoute, prefix="/territory-plans", tags=["territory plans"])

PlanId = Annotated[int, Path(ge=1, lt=2**63, description="Number of the plan version", examples=[12])]
Box = Annotated[
    str | None,
    Query(
        pattern=r"^-?\d{1,3}(\.\d{1,12})?(,-?\d{1,3}(\.\d{1,12})?){3}$",
        description="West, south, east, north in CGCS2000 degrees",
        examples=["120,30,120.03,30.02"],
    ),
]
GEOJSON = "application/geo+json"


@router.get("", operation_id="listTerritoryPlans", responses=documented(400))
def list_plans(
    connection: ReadConnection,
    principal: CurrentPrincipal,
    today: Today,
    page: WantedPage,
    branch_code: Annotated[Code | None, Query()] = None,
    state: Annotated[PlanState | None, Query()] = None,
) -> TerritoryPlanPage:
    """Versions, the newest first; all of them or a branch's, or those in a state today."""
    before = decode_cursor("territory-plans", page.cursor, (int,))[0] if page.cursor else None
    rows = listing.list_plans(
        connection,
        scope=principal.scope,
        today=today,
        branch_code=branch_code,
        state=state,
        limit=page.limit + 1,
        before=before,
    )
    shown, following = cut("territory-plans", rows, page.limit, lambda row: (row.id,))
    return TerritoryPlanPage(items=list(shown), next=following)


@router.post("", operation_id="createTerritoryPlan", status_code=201, responses=documented(400, 404, 413, 415))
def create_plan(
    connection: WriteConnection,
    principal: CurrentPrincipal,
    today: Today,
    wanted: PlanIn,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A new draft."""
    principal.need_branch(wanted.branch_code)

    def act() -> Answer:
        made = make_draft(
            connection,
            wanted.branch_code,
            name=wanted.name,
            note=wanted.note,
            by=wanted.by,
            today=today,
            base_id=wanted.base_id,
            empty=wanted.empty,
        )
        plan = listing.one_plan(connection, made, scope=principal.scope, today=today)
        return Answer(201, plan.model_dump_json().encode(), f"/api/v1/territory-plans/{made}")

    return answer_once(
        connection,
        caller=principal.name,
        key=idempotency_key,
        operation="createTerritoryPlan",
        request=wanted.model_dump_json(),
        act=act,
    )


@router.get("/{plan_id}", operation_id="getTerritoryPlan", response_model=TerritoryPlan, responses=documented(404))
def get_plan(connection: ReadConnection, principal: CurrentPrincipal, today: Today, plan_id: PlanId) -> Response:
    """One version; its ETag is what If-Match of an edit names."""
    return _answer(listing.one_plan(connection, plan_id, scope=principal.scope, today=today))


@router.patch(
    "/{plan_id}",
    operation_id="changeTerritoryPlan",
    response_model=TerritoryPlan,
    responses=documented(400, 404, 409, 415),
)
def change_plan(
    connection: WriteConnection, principal: CurrentPrincipal, today: Today, plan_id: PlanId, wanted: PlanChangeIn
) -> Response:
    """Another name or note for a draft."""
    listing.one_plan(connection, plan_id, scope=principal.scope, today=today)
    listing.rename(connection, plan_id, {"name": wanted.name, "note": wanted.note})
    return _answer(listing.one_plan(connection, plan_id, scope=principal.scope, today=today))


@router.get("/{plan_id}/life", operation_id="getTerritoryPlanLife", responses=documented(404))
def get_life(connection: ReadConnection, principal: CurrentPrincipal, today: Today, plan_id: PlanId) -> PlanLife:
    """Who moved the version from one state to another, when and why."""
    listing.one_plan(connection, plan_id, scope=principal.scope, today=today)
    return PlanLife(items=[PlanLifeStep.model_validate(dict(row)) for row in listing.life(connection, plan_id)])


@router.get(
    "/{plan_id}/territories",
    operation_id="listPlanTerritories",
    response_class=Response,
    responses=documented(
        404,
        also={
            200: {"description": "A FeatureCollection, CGCS2000", "content": {GEOJSON: {"schema": {"type": "object"}}}}
        },
    ),
)
def list_territories(
    connection: ReadConnection, principal: CurrentPrincipal, today: Today, plan_id: PlanId, bbox: Box = None
) -> Response:
    """The territories of a version that a box touches, whole and in full detail, as GeoJSON."""
    plan = listing.one_plan(connection, plan_id, scope=principal.scope, today=today)
    sides = [float(side) for side in bbox.split(",")] if bbox else None
    box = (sides[0], sides[1], sides[2], sides[3]) if sides else None
    features = [
        {
            "type": "Feature",
            "id": row.team_code,
            "geometry": orjson.Fragment(shapely.to_geojson(shapely.from_wkb(bytes(row.area)))),
            "properties": {name: row._mapping[name] for name in listing.PROPERTIES},
        }
        for row in listing.territories(connection, plan_id, box, today)
    ]
    body = {"type": "FeatureCollection", "crs_declared": "CGCS2000", "version": plan.version, "features": features}
    return Response(orjson.dumps(body), headers={"ETag": f'"{plan.version}"'}, media_type=GEOJSON)


@router.delete("/{plan_id}", operation_id="discardTerritoryPlan", responses=documented(404, 409))
def discard_plan(
    connection: WriteConnection,
    principal: CurrentPrincipal,
    today: Today,
    plan_id: PlanId,
    by: Annotated[Code, Query(description="Who does it; goes into the books", examples=["李制图"])],
) -> TerritoryPlan:
    """Puts a draft away. It stays in the books."""
    listing.one_plan(connection, plan_id, scope=principal.scope, today=today)
    move(connection, plan_id, "discard", by=by)
    return listing.one_plan(connection, plan_id, scope=principal.scope, today=today)


def _mover(step: str, summary: str) -> None:
    def endpoint(
        connection: WriteConnection, principal: CurrentPrincipal, today: Today, plan_id: PlanId, wanted: PlanMoveIn
    ) -> TerritoryPlan:
        listing.one_plan(connection, plan_id, scope=principal.scope, today=today)
        move(connection, plan_id, step, by=wanted.by, reason=wanted.reason)  # type: ignore[arg-type]
        return listing.one_plan(connection, plan_id, scope=principal.scope, today=today)

    endpoint.__doc__ = summary
    router.add_api_route(
        f"/{{plan_id}}/{step}",
        endpoint,
        methods=["POST"],
        operation_id=f"{step}TerritoryPlan",
        responses=documented(400, 404, 409, 413, 415),
    )


_mover(
    "submit", "Hands a draft in for approval; it cannot be edited meanwhile. Errors and open conflicts hold it back."
)
_mover("withdraw", "Takes a version that is not yet published back into drawing.")
_mover("reject", "Sends a version back into drawing, with a reason.")
_mover("approve", "Approves a version: somebody else than those who drew or submitted it.")


@router.post("/{plan_id}/publish", operation_id="publishTerritoryPlan", responses=documented(400, 404, 409, 413, 415))
def publish_plan(
    connection: WriteConnection, principal: CurrentPrincipal, today: Today, plan_id: PlanId, wanted: PublishIn
) -> TerritoryPlan:
    """Lets an approved version decide from a day on: at once and whole, or not at all."""
    listing.one_plan(connection, plan_id, scope=principal.scope, today=today)
    publish(
        connection,
        plan_id,
        effective_from=wanted.effective_from,
        by=wanted.by,
        today=today,
        replace=wanted.replace,
    )
    return listing.one_plan(connection, plan_id, scope=principal.scope, today=today)


@router.post(
    "/{plan_id}/roll-back",
    operation_id="rollBackTerritoryPlan",
    status_code=201,
    responses=documented(400, 404, 409, 413, 415),
)
def roll_back_plan(
    connection: WriteConnection, principal: CurrentPrincipal, today: Today, plan_id: PlanId, wanted: PlanMoveIn
) -> TerritoryPlan:
    """Takes up a published version again: a new version with its territories, submitted for approval by somebody else."""
    listing.one_plan(connection, plan_id, scope=principal.scope, today=today)
    made = roll_back(connection, plan_id, by=wanted.by, today=today)
    return listing.one_plan(connection, made, scope=principal.scope, today=today)


def _answer(plan: TerritoryPlan) -> Response:
    headers = {"ETag": f'"{plan.version}"'}
    return Response(plan.model_dump_json(), headers=headers, media_type="application/json")


def checked_plan(connection: Connection, principal: Principal, plan_id: int) -> None:
    """Raises `PlanNotFound` unless the plan exists in the caller's scope."""
    plan = repository.read_plan(connection, plan_id)
    if principal.scope.branch_codes is not None and plan["branch_code"] not in principal.scope.branch_codes:
        raise PlanNotFound
