"""What a change of territories would mean: of a draft, of two versions, of territories that are only supposed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Annotated, Any, Literal, NamedTuple

import orjson
from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import Connection

from app.deps import CurrentPrincipal, ReadConnection, Today
from app.fields import Day
from app.problems import documented
from app.strict import StrictRoute
from app.territories.consequences.asking import WhatIfIn
from app.territories.consequences.compare import base_of, compare, read_versions
from app.territories.consequences.export import write_policies
from app.territories.consequences.measure import consequences, holders_moving
from app.territories.consequences.schemas import VersionComparison, WhatIf, drawn_pieces, told, told_comparison
from app.territories.consequences.suppose import supposed
from app.territories.plans.endpoints import PlanId, checked_plan

router = APIRouter(route_class=StrictRoute, tags=["territory consequences"])

CSV = "text/csv; charset=utf-8"
_CSV_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "A row for each policy, UTF-8", "content": {"text/csv": {"schema": {"type": "string"}}}}
}
Against = Annotated[
    Literal["BASE", "IN_FORCE"],
    Query(description="What the version is looked at against: what it was drawn from, or what is in force on the date"),
]
OnDate = Annotated[Day | None, Query(description="Date of loads and of what is in force, today unless given")]
OtherPlan = Annotated[
    int | None,
    Query(alias="with", ge=1, lt=2**63, description="The version before; what it was drawn from unless given"),
]


class Asked(NamedTuple):
    """Two versions in the caller's scope. `before_id`: None where there is none."""

    before_id: int | None
    after_id: int


def against_base(
    connection: ReadConnection,
    principal: CurrentPrincipal,
    today: Today,
    plan_id: PlanId,
    against: Against = "BASE",
    on: OnDate = None,
) -> Asked:
    """A version, and what it was drawn from or what is in force on the date."""
    checked_plan(connection, principal, plan_id)
    return Asked(base_of(connection, plan_id, on or today, in_force=against == "IN_FORCE"), plan_id)


def against_other(
    connection: ReadConnection, principal: CurrentPrincipal, today: Today, plan_id: PlanId, other: OtherPlan = None
) -> Asked:
    """A version, and another one or what it was drawn from."""
    checked_plan(connection, principal, plan_id)
    if other is None:
        return Asked(base_of(connection, plan_id, today), plan_id)
    checked_plan(connection, principal, other)
    return Asked(other, plan_id)


AgainstBase = Annotated[Asked, Depends(against_base)]
AgainstOther = Annotated[Asked, Depends(against_other)]


@router.post(
    "/territories/consequences",
    operation_id="whatIf",
    responses=documented(400, 413, 415),
)
def what_if(connection: ReadConnection, principal: CurrentPrincipal, today: Today, wanted: WhatIfIn) -> WhatIf:
    """What it would mean if these teams had these territories; nothing is saved."""
    principal.need_branch(wanted.branch_code)
    on = wanted.on or today
    changes, around = supposed(connection, wanted, on)
    return told(consequences(connection, wanted.branch_code, changes, on, around=around))


@router.post(
    "/territories/consequences/policies",
    operation_id="exportWhatIf",
    response_class=Response,
    responses=documented(400, 413, 415, also=_CSV_ANSWER),
)
def export_what_if(connection: ReadConnection, principal: CurrentPrincipal, today: Today, wanted: WhatIfIn) -> Response:
    """The policies that would change hands, as CSV."""
    principal.need_branch(wanted.branch_code)
    changes, around = supposed(connection, wanted, wanted.on or today)
    return _csv(write_policies(connection, holders_moving(connection, changes, around=around)), "what-if")


@router.get(
    "/territory-plans/{plan_id}/consequences",
    operation_id="getTerritoryPlanConsequences",
    responses=documented(404),
)
def get_consequences(connection: ReadConnection, asked: AgainstBase, today: Today, on: OnDate = None) -> WhatIf:
    """What a version would mean: customers, loads and balance before and after, and what changes hands."""
    day = on or today
    versions = read_versions(connection, asked.before_id, asked.after_id, day)
    return told(consequences(connection, versions.after["branch_code"], versions.changes, day, around=versions.around))


@router.get(
    "/territory-plans/{plan_id}/consequences/policies",
    operation_id="exportTerritoryPlanConsequences",
    response_class=Response,
    responses=documented(404, also=_CSV_ANSWER),
)
def export_consequences(connection: ReadConnection, asked: AgainstBase, today: Today, on: OnDate = None) -> Response:
    """The policies that a version would give to another team, as CSV; names masked."""
    return _csv(_moving(connection, asked, on or today), f"plan-{asked.after_id}")


@router.get(
    "/territory-plans/{plan_id}/comparison",
    operation_id="compareTerritoryPlans",
    response_model=VersionComparison,
    responses=documented(404),
)
def compare_plans(connection: ReadConnection, asked: AgainstOther, today: Today, on: OnDate = None) -> Response:
    """What differs from another version of the branch to this one: land and customers gained and lost, and the pieces for the map."""
    found = compare(connection, asked.before_id, asked.after_id, on or today)
    with ThreadPoolExecutor(1, thread_name_prefix="pieces") as beside:
        pieces = beside.submit(drawn_pieces, found)
        told_without = told_comparison(found).model_dump(mode="json", exclude={"pieces"})
        body = {**told_without, "pieces": orjson.Fragment(pieces.result())}
    return Response(orjson.dumps(body), media_type="application/json")


@router.get(
    "/territory-plans/{plan_id}/comparison/policies",
    operation_id="exportComparison",
    response_class=Response,
    responses=documented(404, also=_CSV_ANSWER),
)
def export_comparison(connection: ReadConnection, asked: AgainstOther, today: Today, on: OnDate = None) -> Response:
    """The policies whose team differs from another version to this one, as CSV; names masked."""
    return _csv(_moving(connection, asked, on or today), f"plan-{asked.before_id}-to-{asked.after_id}")


def _moving(connection: Connection, asked: Asked, on: date) -> bytes:
    versions = read_versions(connection, asked.before_id, asked.after_id, on)
    return write_policies(connection, holders_moving(connection, versions.changes, around=versions.around))


def _csv(body: bytes, name: str) -> Response:
    return Response(
        body,
        media_type=CSV,
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "private, no-store"},
    )
